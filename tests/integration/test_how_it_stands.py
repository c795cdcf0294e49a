"""What a person hears of where a request stands is so: each status, with each thing that may hold it up."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Collection, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from assistant.casework import audit
from assistant.casework.answers import running_services
from assistant.casework.requests.intake import recompute_dates
from assistant.casework.requests.reach import FOR_OTHER, MAILBOX_LOST
from assistant.casework.saying.seen import as_seen, card_of
from assistant.casework.talk import standing
from assistant.casework.talk.turn import Turn
from assistant.domain.assurance import DENIED_BEFORE
from assistant.domain.lifecycle import CLOSED, OPEN, STOPPABLE, Status
from assistant.domain.messages import MESSAGES, PAGES, Audience
from assistant.replies import Texts
from assistant.services import Unit
from assistant.store.tables import Conversation, PrivacyRequest
from tests.doubles.console_app import ConsoleSite, console_site
from tests.unit.replies.samples import a_request, facts, values_for

WAITING = {Status.RECEIVED, Status.VERIFYING}
DONTS = ((False, None), (True, None), (True, "go_on"), (True, "keep"))
BY_PEOPLE = (None, FOR_OTHER, MAILBOX_LOST, DENIED_BEFORE)
ASKED = (None, "in_time", "late", "answered")
SERVICES = (None, running_services.WAIT, running_services.END_BY_MAIL, running_services.UNCLEAR)
# What a sentence claims, in the words of either language.
CLAIMS = {
    "confirm": r"please show us that|montrez-nous que|waiting for your confirmation|en attente de votre conf",
    "answer": r"please answer our|répondez à notre",
    "clock_stops": r"stands still|est suspendu\b",
    "by": r"We will answer by|Nous répondrons au plus tard",
    "paused": r": paused\.|: en pause\.",
    "undecided": r"Nothing is erased before you|Rien n’est effacé avant que vous",
    "held": r"waiting period|délai d’attente",
    "looked_at": r"a person reviews it|une personne l’examine|reviewed by a person|examinée par une",
    "no_more": r"Nothing more is needed|plus rien à faire",
}


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as opened:
        yield opened


def claimed(text: str) -> set[str]:
    return {name for name, words in CLAIMS.items() if re.search(words, text.replace("\u00a0", " "))}


def true_of(request: PrivacyRequest, asked: str | None, services: str | None) -> set[str]:
    """Give what may be claimed: written anew from what is so, not from the code that says it."""
    status = Status(request.status)
    is_open, paused = (
        status in OPEN,
        bool(request.dont_at) and not request.dont_answer and status not in CLOSED,
    )
    questioned = is_open and asked in {"in_time", "late"}
    choice = status in STOPPABLE and services == running_services.WAIT
    by_people = any(request.details.get(each) for each in BY_PEOPLE if each)
    true = {"by"} if is_open else set()
    if is_open and asked == "in_time":
        true = {"clock_stops"} if not paused else set()
    if paused:
        return true | {"paused", "undecided"}
    if questioned or choice or (status == Status.RECEIVED and not by_people):
        return true | {"answer"}
    if status in WAITING:
        return true | ({"looked_at"} if by_people else {"confirm"})
    if status in {Status.OPEN, Status.AWAITING_APPROVAL}:
        return true | {"looked_at"}
    if status == Status.SCHEDULED:
        return true | {"held"}
    return true if is_open or status == Status.LAPSED else {"no_more"}


async def test_no_status_claims_what_is_not_so(site: ConsoleSite) -> None:
    wrong: list[Any] = []

    def look(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, site.refs["erasure"])
        turn = Turn.quiet(unit, unit.session.get_one(Conversation, request.conversation_id))
        base, today = dict(request.details), unit.services.local_day(request.received_at)
        for services in SERVICES:
            if services:
                audit.record(unit, request.ref, "desk", services)
            for status, dont, people, asked in itertools.product(Status, DONTS, BY_PEOPLE, ASKED):
                request.status, request.attention = status, None
                request.dont_at, request.dont_answer = (unit.now if dont[0] else None), dont[1]
                request.details = {**base, **({people: True} if people else {})}
                on = today + timedelta(days=30 if asked == "late" else 0)
                answered = str(on) if asked == "answered" else None
                request.suspensions = [[str(on), answered]] if asked else []
                request.remind_on = None if asked == "in_time" else today
                unit.session.add(request)
                unit.session.flush()
                seen = {**as_seen(request), **standing.how_it_stands(turn, request)}
                for language in ("en", "fr"):
                    text = unit.services.texts.render("request_status", language, requests=[seen]).text
                    true = true_of(request, asked, services)
                    if claimed(text) != true:
                        wrong.append((status, dont, people, asked, services, claimed(text) ^ true, text))
        unit.session.rollback()

    await site.services.read(look)
    assert wrong == [], (len(wrong), wrong[:3])


DATED = [  # where it stands is held against each status above
    name
    for name, each in MESSAGES.items()
    if {"requests", "listed"} & each.needs
    and each.audience is not Audience.AGENT
    and name != "request_status"
]
LATER = {"en": " (plus the days that we wait", "fr": " (plus les jours où nous attendons"}


async def test_no_text_and_no_card_says_a_day_while_the_clock_stands_as_if_it_ran(site: ConsoleSite) -> None:
    """Each text and page that may say until when, in each status, by what an agent asked."""
    wrong: list[Any] = []

    def look(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, site.refs["erasure"])
        today, texts = unit.services.local_day(request.received_at), cast("Texts", unit.services.texts)
        for status, asked in itertools.product(Status, ASKED):
            request.status, request.remind_on = status, None
            on = today + timedelta(days=30 if asked == "late" else 0)
            request.suspensions = [[str(on), str(on) if asked == "answered" else None]] if asked else []
            if status in OPEN:
                recompute_dates(unit, request)
            request.due_on = date(2031, 5, 6)  # a day that nothing else says
            stands = status in OPEN and asked == "in_time"
            seen = as_seen(request)
            if (card_of(seen)["due_on"] is None) != stands:
                wrong.append((status, asked, "card"))
            for language in ("en", "fr"):
                day = texts.labels(language).day(request.due_on)
                for name, text in said_of(texts, language, seen):
                    after = [part.startswith(LATER[language]) for part in text.split(day)[1:]]
                    if any(later != stands for later in after):
                        wrong.append((status, asked, name, language))
        unit.session.rollback()

    await site.services.read(look)
    assert wrong == [], (len(wrong), wrong[:5])


def said_of(texts: Texts, language: str, seen: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Give each text and page about this one request, by its name."""

    def told(name: str, wanted: Collection[str]) -> dict[str, Any]:
        chosen = {key: each for key, each in values_for(name).items() if key in wanted}
        return {**chosen, **{key: [seen] for key in ("requests", "listed", "stops") if key in chosen}}

    for name in DATED:
        yield name, texts.render(name, language, **told(name, MESSAGES[name].variables)).text
    for name, wanted in PAGES.items():
        if "requests" in wanted:
            yield name, "\n".join(texts.page(name, language, **told(name, wanted)).values())


TOGETHER = re.compile(
    r"confirm|décidé ensemble|decided|demandé avec|asked with", re.IGNORECASE
)  # what is stopped with a request may have been neither


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", [name for name, each in MESSAGES.items() if "stops" in each.variables])
def test_no_letter_says_how_what_is_stopped_with_a_request_came_to_be(name: str, language: str) -> None:
    """An erasure that waits for a copy falls with it, confirmed or not."""
    values = values_for(name)
    values["stops"] = [a_request(ref="PD-7K2M-4Q"), a_request(ref="PD-UNPR-4V", status="verifying")]
    needed = {key: values[key] for key in MESSAGES[name].needs}
    text = Texts.load(desk=facts()).render(name, language, **needed).text
    (clause,) = [part for part in re.split(r"[.;,?!]\s", text) if "PD-UNPR-4V" in part]
    assert not TOGETHER.search(clause), clause
