"""The lists an agent works from: what is due, what was searched, mails in doubt, colleagues."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from aiohttp import web

from assistant.casework import events
from assistant.casework.agents.staff import list_agents
from assistant.casework.answers.outcomes import Outcome, outcome_of
from assistant.casework.answers.undelivered import Lost, lost_relay_of
from assistant.casework.decisions import sparing
from assistant.casework.requests.doubt import mails_in_doubt
from assistant.casework.requests.earlier import is_earlier
from assistant.casework.requests.intake import lost_letter_reason
from assistant.casework.requests.person import masked_person_of
from assistant.casework.requests.queue import Role
from assistant.domain.addresses import normal_address
from assistant.domain.attention import Attention
from assistant.domain.due_date import due_dates
from assistant.domain.masking import mask_email, mask_text
from assistant.domain.rights import IRREVERSIBLE, Right
from assistant.domain.unread import why_unread
from assistant.services import Unit
from assistant.store import queries
from assistant.store.keyring import client_hash
from assistant.store.paging import Page
from assistant.store.queries import RequestFilter, View
from assistant.store.rows import Conversation, Message, PrivacyRequest
from assistant.web.console.access import Visit, show
from assistant.web.console.files import FilesView, files_view
from assistant.web.console.words import Due, Words

MOST_EVENTS: Final = 500
EVENTS_SHOWN: Final = timedelta(days=7)
VIEWS: Final[tuple[View, ...]] = ("todo", "open", "all")


@dataclass(frozen=True, slots=True)
class Row:
    """A request in a list."""

    ref: str
    right: str
    status: str
    outcome: str
    channel: str
    person: str
    due: Due
    why: str
    assignee: str
    irreversible: bool


def row_of(unit: Unit, words: Words, request: PrivacyRequest) -> Row:
    """Give a request as a list shows it: masked, and why somebody must look."""
    today, came = unit.services.local_day(unit.now), outcome_of(unit.session, request)
    first = sparing.first_reason(request)
    reasons = [reason for reason in dict.fromkeys((first, request.attention)) if reason]
    if request.attention not in {None, Attention.LOST_LETTER, Attention.UNPROVED_LOSS} and (
        lost := lost_letter_reason(unit, request)
    ):
        reasons.append(lost)
    why = "; ".join(words.attention(reason) for reason in reasons)
    return Row(
        request.ref,
        unit.services.texts.label("right_names", request.right, words.locale),
        words.known("status", Outcome.JOINED if came == Outcome.JOINED else request.status),
        words(f"outcome.{came}") if came else "",
        unit.services.texts.label("channels", request.channel, words.locale),
        masked_person_of(unit, request) or words("queue.nobody"),
        words.due(request.due_on, today),
        why,
        request.assignee or "",
        request.right in IRREVERSIBLE,
    )


def loss_in_words(words: Words, lost: Lost) -> str:
    """Say why a letter did not arrive, and what the mail server's number means where it means something more."""
    told = words.known("loss", lost.why)
    if lost.why == queries.UNPROVED:
        return told  # what its number would mean is said by nobody we know
    meant = words.texts.get(f"loss_code.{lost.code.replace('.', '_')}", "")
    return f"{told} ({meant or lost.code})" if lost.code else told


async def show_queue(visit: Visit) -> web.StreamResponse:
    """List requests by legal due date, what irrevocably happens first where two are due alike."""
    chosen = visit.http_request.query.get("show", "todo")
    view: View = next((each for each in VIEWS if each == chosen), "todo")

    def look(unit: Unit) -> tuple[Page[PrivacyRequest], list[Row]]:
        found = queries.request_list(unit.session, view, visit.after())
        shown = sorted(
            found.rows,
            key=lambda request: (
                view != "all" and request.evidence_id is None,
                request.due_on,
                request.right not in IRREVERSIBLE,
                request.ref,
            ),
        )
        return found, [row_of(unit, visit.words, request) for request in shown]

    page, rows = await visit.services.read(look)
    return _show_requests(visit, "queue.title", page, rows, view=view)


def _show_requests(
    visit: Visit, title: str, page: Page[PrivacyRequest], rows: list[Row], *, view: str = "", words: str = ""
) -> web.StreamResponse:
    return show(
        visit,
        "queue.html",
        title=visit.words(title),
        rows=rows,
        page=page,
        view=view,
        views=VIEWS,
        searched=words,
    )


async def search(visit: Visit) -> web.StreamResponse:
    """Find requests by reference, proved address or client number; a form, so that no address stands in an address bar."""
    words = visit.form.get("q", "").strip()[:320]
    is_address = "@" in words

    def look(unit: Unit) -> tuple[Page[PrivacyRequest], list[Row]]:
        keyring = visit.services.keyring
        wanted = (
            RequestFilter(contact_hash=keyring.keyed_hash(normal_address(words)))
            if is_address
            else RequestFilter(reference=words.upper(), client_hash=client_hash(keyring, words))
        )
        after = visit.form.get("after", "")
        nothing: Page[PrivacyRequest] = Page(())
        found = queries.requests_found(unit.session, wanted, after) if words else nothing
        return found, [row_of(unit, visit.words, request) for request in found.rows]

    page, rows = await visit.services.read(look)
    return _show_requests(visit, "queue.found", page, rows, words=words or " ")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A mail of which it is in doubt whether it holds a request."""

    ident: str
    sender: str
    subject: str
    text: str
    at: str
    sentence: str
    guesses: tuple[str, ...]
    standing: str  # who has it and why it is here
    files: FilesView | None


async def show_triage(visit: Visit) -> web.StreamResponse:
    """List the mails in doubt, oldest first, with what the reading made of them."""
    page, doubts = await visit.services.read(lambda unit: _doubts(visit, unit))
    rights = [
        (right, visit.services.texts.label("right_names", right, visit.words.locale)) for right in Right
    ]
    return show(
        visit, "triage.html", title=visit.words("triage.title"), doubts=doubts, rights=rights, page=page
    )


def _doubts(visit: Visit, unit: Unit) -> tuple[Page[Conversation], list[Doubt]]:
    doubts = []
    page = queries.conversations_in_triage(unit.session, visit.after())
    for conversation in page.rows:
        for message in mails_in_doubt(unit.session, conversation.id)[:1]:  # the one from which its time runs
            guesses = tuple(str(intent["name"]) for intent in message.reading.get("intents", ()))
            doubts.append(
                Doubt(
                    conversation.id,
                    mask_email(conversation.subject_hint or ""),
                    mask_text(message.subject or ""),
                    mask_text(message.text),
                    visit.words.short_moment(message.at),
                    mask_text(str(message.reading.get("sentence") or "")),
                    guesses,
                    _standing(visit, unit, conversation.id, message),
                    files_view(visit.words, message),
                )
            )
    return page, doubts


def _standing(visit: Visit, unit: Unit, ident: str, message: Message) -> str:
    """Say who has a mail and why it is here."""
    words = visit.words
    if lost := lost_relay_of(unit, ident):
        standing = "triage.said_not_at_support" if lost.why == queries.UNPROVED else "triage.not_at_support"
        return words(standing, why=loss_in_words(words, lost), at=words.short_moment(lost.failed_at))
    if is_earlier(message):
        due_on = due_dates(message.at, calendar=visit.services.calendar).due_on
        return words("triage.earlier", at=words.short_moment(message.at), due=words.short_day(due_on))
    unread = why_unread(message.headers, message.text)
    if unread:
        return words(f"triage.unread_{unread}")
    return words(
        "triage.at_support" if queries.was_passed_on(unit.session, message.id) else "triage.held_here"
    )


async def show_agents(visit: Visit) -> web.StreamResponse:
    """List the colleagues, to a lead or an auditor."""
    visit.agent.require(Role.LEAD, Role.AUDITOR)
    agents = await visit.services.read(lambda unit: list_agents(unit.session))
    return show(
        visit, "agents.html", title=visit.words("agents.title"), agents=agents, now=visit.services.clock.now()
    )


async def show_events(visit: Visit) -> web.StreamResponse:
    """List what was refused in the last days, to a lead or an auditor: counts, with no visitor's name or address."""
    visit.agent.require(Role.LEAD, Role.AUDITOR)
    since = visit.services.clock.now() - EVENTS_SHOWN
    rows = await visit.services.read(lambda unit: events.events_since(unit.session, since))
    return show(visit, "events.html", title=visit.words("refused.title"), rows=rows[:MOST_EVENTS])


async def show_settings(visit: Visit) -> web.StreamResponse:
    """Show what each agent may choose: language and keys."""
    return show(visit, "settings.html", title=visit.words("settings.title"))
