"""An answer to whoever signed in says that no more than one account was looked at, and how to get the rest."""

from __future__ import annotations

import pytest

from assistant.domain.messages import MESSAGES, Audience
from assistant.replies import Texts
from assistant.replies.linter import Linter
from assistant.wording.written import LOCALES
from tests.unit.replies.test_linter import values

SAYS = {"en": "This answer is about one account alone", "fr": "Cette réponse ne porte que sur un seul compte"}
HOW = {"en": "choose the code", "fr": "choisissez le code"}
TOLD = sorted(name for name, message in MESSAGES.items() if "account_only" in message.may)
# What answers about nothing held, or nothing of what is held.
WITHOUT = {
    "answer_access_nothing",
    "answer_erasure_nothing",
    "answer_rectification_nothing",
    "answer_use_nothing",
    "answer_refused",
    "answer_by_agent",
    "lapse_letter",
    "forwarded_processor",
}


def test_every_answer_about_what_is_held_can_say_it() -> None:
    answers = {name for name, message in MESSAGES.items() if message.audience is Audience.ANSWER}
    assert set(TOLD) == answers - WITHOUT


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", TOLD)
def test_it_is_said_where_a_sign_in_was_the_proof_and_nowhere_else(
    texts: Texts, name: str, locale: str
) -> None:
    for count in (1, 2):
        known = values(name, count) | {"account_only": True}
        rendered = texts.render(name, locale, **known)
        assert SAYS[locale] in rendered.text
        assert HOW[locale] in rendered.text
        assert Linter(texts).faults(name, locale, rendered, known) == ()
        other = texts.render(name, locale, **values(name, count))
        assert SAYS[locale] not in other.text
