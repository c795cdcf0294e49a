"""What the links of our letters ask, and what their buttons do: looking changes nothing, and only a press changes (A22)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import col, select

from assistant.casework import saying
from assistant.casework.decisions import closing, sparing
from assistant.casework.proof import attaching, challenges, sending, stopping
from assistant.casework.requests import rectification
from assistant.casework.requests.together import stopped_together
from assistant.domain.assurance import Method
from assistant.domain.lifecycle import CLOSED, ChallengeState, Status, advance
from assistant.errors import NotVerified
from assistant.services import Unit
from assistant.store.queries import requests_named
from assistant.store.tables import ChallengeRow, Conversation, PrivacyRequest, StopLink

STANDS: Final = "where_it_stands"
_WITHDRAWAL: Final = "withdraw"
# What is asked beside "was it you?", and on which page.
ASKING: Final = {_WITHDRAWAL: "verify_withdrawal", sparing.PURPOSE: "verify_dont"}


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a press, or would come of the next one: the page that says it, of what, and in which language."""

    page: str
    requests: list[dict[str, Any]]
    language: str


def seen(requests: Sequence[PrivacyRequest]) -> list[dict[str, Any]]:
    """Give what a page says of requests."""
    return [saying.as_seen(request) for request in requests]


# ── the link by which somebody confirms, takes back or lets go on ───────────────────────────────────


@dataclass(frozen=True, slots=True)
class MailedLink:
    """A link that still lives: the question for proof it answers, what that is about, and the talk it was asked in."""

    challenge: ChallengeRow
    requests: list[PrivacyRequest]
    conversation: Conversation
    channel: str

    @property
    def is_asking(self) -> bool:
        """Tell whether it asks something beside "was it you?", so that it proves nothing."""
        return self.challenge.purpose in ASKING

    @property
    def language(self) -> str:
        """Name the language of its talk."""
        return self.conversation.language or "en"

    @property
    def undecided(self) -> list[PrivacyRequest]:
        """List what it still decides; what became of the rest meanwhile is said instead of asked."""
        if self.challenge.purpose == sparing.PURPOSE:
            return self.paused
        if self.challenge.purpose == _WITHDRAWAL:
            return self.ends
        return [each for each in self.requests if each.status not in CLOSED - {Status.LAPSED}]

    @property
    def paused(self) -> list[PrivacyRequest]:
        """List the erasures that stand still."""
        return [request for request in self.requests if sparing.is_paused(request)]

    @property
    def ends(self) -> list[PrivacyRequest]:
        """List what can still be taken back."""
        return [request for request in self.requests if sparing.may_still_stop(request)]


def find(unit: Unit, secret: str) -> MailedLink | None:
    """Give the link of a secret, as long as it is alive."""
    row = unit.session.exec(
        select(ChallengeRow).where(
            col(ChallengeRow.link_hash) == unit.services.keyring.keyed_hash(secret, "link"),
            col(ChallengeRow.method) == Method.EMAIL_LINK,
        )
    ).first()
    if row is None or not challenges.is_open(unit.services, row):
        return None
    talk_of = unit.session.get_one(Conversation, row.conversation_id)
    said_in = sending.channel_of(unit.session, row, talk_of)
    return MailedLink(row, requests_named(unit.session, row.references), talk_of, said_in)


def language_of(unit: Unit, secret: str) -> str | None:
    """Name the language of what a link of a letter was about, alive or not; None where there was no such link, or it is forgotten."""
    keyed_hash = unit.services.keyring.keyed_hash
    asked = select(ChallengeRow).where(col(ChallengeRow.link_hash) == keyed_hash(secret, "link"))
    if row := unit.session.exec(asked).first():
        return unit.session.get_one(Conversation, row.conversation_id).language
    link = unit.session.get(StopLink, keyed_hash(secret, "stop"))
    return (
        next((each.language for each in requests_named(unit.session, link.references)), None)
        if link
        else None
    )


def _found(unit: Unit, secret: str) -> MailedLink:
    link = find(unit, secret)
    if link is None:
        raise NotVerified
    return link


def without_reference(unit: Unit, secret: str, typed: str) -> MailedLink | None:
    """Count a confirmation that lacks what only the receipt says, and give what is to be shown again; None where it is right."""
    link = _found(unit, secret)
    right = link.is_asking or challenges.has_reference(unit.session, link.challenge, typed)
    return None if right else link


def confirm(unit: Unit, secret: str, changes: str) -> Came:
    """Do what a link asks, once: prove, or take back; raises NotVerified, and ChangedMeanwhile where the page showed other changes."""
    link = _found(unit, secret)
    if not link.undecided and not (link.is_asking and link.ends):
        return Came(STANDS, seen(link.requests), link.language)  # or a lapsed request would be taken up again
    if not link.is_asking:
        rectification.confirm_as_shown(unit, link.requests, changes)
    unit.services.methods[Method.EMAIL_LINK].check(link.challenge.stored or "", secret)
    attaching.consume(unit, link.challenge.id)
    if not link.is_asking:
        going = [each for each in link.requests if each.status not in CLOSED]
        return Came("verify_confirmed", seen(going), link.language)
    is_dont = link.challenge.purpose == sparing.PURPOSE
    done = sparing.keep(unit, link.requests, "subject") if is_dont else closing.withdraw(unit, link.requests)
    return _said("verify_withdrawn", done, link.requests, link.language)


def asks_again(unit: Unit, secret: str, answer: str) -> Came | None:
    """Tell what a first press would end, stop or let go on; None where there is nothing of it, or it need not be asked twice."""
    link = find(unit, secret)
    if link is None:
        return None
    if answer == "yes" and link.is_asking:
        keeps = link.challenge.purpose == sparing.PURPOSE
        page, meant = "keep_sure" if keeps else "withdraw_sure", link.ends
    elif answer == "no" and link.challenge.purpose == sparing.PURPOSE:
        page, meant = "go_on_sure", link.paused
    elif answer == "no" and not link.is_asking:
        page, meant = "not_me_sure", stopped_together(unit.session, link.requests)
    else:
        return None
    return Came(page, seen(meant), link.language) if meant else None


def deny(unit: Unit, secret: str, *, sure: bool) -> Came:
    """Take a "no": pressed twice it stops what was never asked, or lets an erasure go on; raises NotVerified."""
    link = _found(unit, secret)
    if sure:
        link.challenge.state = advance(link.challenge.state, ChallengeState.DEAD)
        unit.session.add(link.challenge)
        if not link.is_asking:
            return stopped(unit, link.requests, link.language)
        if link.challenge.purpose == sparing.PURPOSE:
            sparing.go_on(unit, link.requests, "subject")
    if not link.is_asking:
        return Came(STANDS, seen(link.requests), link.language)
    going = [request for request in link.requests if request.status not in CLOSED]
    return _said("verify_goes_on", going, link.requests, link.language)


def stopped(unit: Unit, requests: Sequence[PrivacyRequest], language: str) -> Came:
    """Stop what can still be stopped, and say so of that alone."""
    return _said("verify_stopped", stopping.stop_requests(unit, requests), requests, language)


def _said(page: str, done: Sequence[PrivacyRequest], named: Sequence[PrivacyRequest], language: str) -> Came:
    """Say what was done of those it was done to; where that is nothing, how all of them stand."""
    return Came(page if done else STANDS, seen(done or named), language)


# ── the link by which whoever never asked stops, and whoever asked takes back ───────────────────────


@dataclass(frozen=True, slots=True)
class Stoppable:
    """What a link names, what of it can still be stopped, and what its mailbox asked and can take back."""

    named: list[PrivacyRequest]
    stops: list[PrivacyRequest]
    own: list[PrivacyRequest]


def stoppable_by(unit: Unit, secret: str) -> Stoppable | None:
    """Give what a link of "this was not me" can do, as long as it is alive."""
    link = stopping.live_stop_link(unit, secret)
    if link is None:
        return None
    named = requests_named(unit.session, link.references)
    stops = stopped_together(unit.session, named)
    # Only the mailbox by which it was proved speaks for whoever asked: any other may stop it, and not end it.
    own = [r for r in stops if r.ref in link.references and r.contact_hash == link.contact_hash]
    return Stoppable(named, stops, own)


def stop(unit: Unit, secret: str, *, take_back: bool) -> list[PrivacyRequest]:
    """Stop what its contact never asked, or take back what they no longer want; raises NotVerified."""
    if not take_back:
        return stopping.do_stop(unit, secret)
    found = stoppable_by(unit, secret)
    if found is None:
        raise NotVerified
    return closing.withdraw(unit, found.own)
