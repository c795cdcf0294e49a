"""Answers to questions about the privacy policy, from settings, catalogue and maps: the same for everybody, or none."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from assistant.disclosure.policy import Line, Policy, Where
from assistant.disclosure.words import words
from assistant.domain.policy import Topic

if TYPE_CHECKING:
    from assistant.config import Settings

_WORD: Final = re.compile(r"[^\W\d_]{4,}")
_TEXTS: Final[Mapping[Topic, str]] = {
    Topic.DATA: "policy_data",
    Topic.PURPOSES: "policy_purposes",
    Topic.BASIS: "policy_basis",
    Topic.RETENTION: "policy_retention",
    Topic.RECIPIENTS: "policy_recipients",
    Topic.TRANSFERS: "policy_transfers",
    Topic.ORIGIN: "policy_origin",
    Topic.MACHINES: "policy_machines",
    Topic.CONTACT: "policy_contact",
    Topic.RIGHTS: "policy_rights",
    Topic.USING: "policy_using",
    Topic.AUTHORITY: "policy_authority",
    Topic.SELF_SERVICE: "policy_self_service",
    Topic.COOKIES: "policy_cookies",
    Topic.SECURITY: "policy_elsewhere",
    Topic.HOSTED: "policy_elsewhere",
    Topic.CHANGES: "policy_elsewhere",
    Topic.WHERE: "policy_where",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A text and what it says."""

    text: str
    values: Mapping[str, Any]


def answer_of(
    settings: Settings, topic: Topic, chosen: Collection[Where] | None, language: str, asked: str = ""
) -> Answer | None:
    """Give the answer to a question on a topic, of the tables it names; None where nothing holds it: a person answers then.

    `chosen` is empty where it names none, and None where it names a kind of data that no map knows; `asked` is the
    question, which may name somebody who receives data.
    """
    if topic not in _OF_WHAT_IS_NAMED:
        chosen = ()
    elif chosen is None:
        return None
    policy = Policy(settings, words(language, settings.controller.timezone), chosen)
    said = _SAID[topic](policy) if topic in _SAID else _of_settings(settings, topic)
    if said is None:
        return None
    if topic is Topic.RECIPIENTS:
        said = {**said, "named": _named(said["lines"], asked)}
    clause = settings.controller.clauses.get(topic, "")
    return Answer(_TEXTS[topic], {"clause": clause, **said})


def _named(lines: Collection[Line], asked: str) -> list[str]:
    """Name the recipients that a question names, so that it is answered by a yes."""
    words = set(_WORD.findall(asked.casefold()))
    return [line.text for line in lines if words & set(_WORD.findall(line.text.partition("(")[0].casefold()))]


def text_of(topic: Topic) -> str:
    """Name the text that answers a topic."""
    return _TEXTS[topic]


def _lines(lines: Collection[object] | None, **more: Any) -> dict[str, Any] | None:
    return {"lines": lines, **more} if lines else None


def _abroad(policy: Policy) -> dict[str, Any] | None:
    outside = policy.outside()
    return None if outside is None else {"lines": outside, "countries": policy.countries()}


# An answer on these is about the kind of data that the question names.
_OF_WHAT_IS_NAMED: Final = frozenset(
    {Topic.RETENTION, Topic.PURPOSES, Topic.BASIS, Topic.ORIGIN, Topic.RECIPIENTS, Topic.COOKIES}
)
_SAID: Final[Mapping[Topic, Callable[[Policy], dict[str, Any] | None]]] = {
    Topic.DATA: lambda policy: _lines(policy.data()),
    Topic.PURPOSES: lambda policy: _lines(policy.purposes()),
    Topic.BASIS: lambda policy: _lines(policy.purposes()),
    Topic.RETENTION: lambda policy: _lines(policy.retention()),
    Topic.RECIPIENTS: lambda policy: _lines(policy.recipients()),
    Topic.TRANSFERS: _abroad,
    Topic.ORIGIN: lambda policy: _lines(policy.sources()),
    Topic.COOKIES: lambda policy: _lines(policy.purposes(), consent=policy.rests_on_consent()),
    Topic.MACHINES: lambda policy: {"machines": policy.automated} if policy.automated else None,
}


def _of_settings(settings: Settings, topic: Topic) -> dict[str, Any] | None:
    """Give what the settings alone say; where only a clause speaks of it, that it does."""
    if topic is Topic.SELF_SERVICE:
        return {"url": settings.client_area.login_url} if settings.client_area.login_url else None
    if _TEXTS[topic] == "policy_elsewhere":
        return {} if settings.controller.clauses.get(topic) else None
    return {}
