"""Conversations that want a person: the list, one talk, and what is new in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from assistant.casework.agents.talking import get_conversation
from assistant.casework.answers.undelivered import lost_letters_in
from assistant.casework.presses import labels_of
from assistant.casework.requests.hidden import is_hidden
from assistant.domain.masking import mask_text
from assistant.domain.outside import number_of
from assistant.domain.presses import PRESS
from assistant.domain.rights import Right
from assistant.services import Unit
from assistant.store import queries
from assistant.store.paging import Page
from assistant.store.rows import Conversation, Message
from assistant.web.console.access import HEADERS, Visit, show
from assistant.web.console.request_page import Entry, LossView, losses, message_entries, said_in

_LINE = 120


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation in the list."""

    ident: str
    channel: str
    line: str
    since: str
    taken_by: str


async def show_talks(visit: Visit) -> web.StreamResponse:
    """List who waits for a person, longest first."""
    page, found = await visit.services.read(lambda unit: _talks(visit, unit))
    title = visit.words("talks.title")
    version = _version(page.count, found)
    return show(
        visit, "talks.html", title=title, talks=found, version=version, page=page, after=visit.after()
    )


async def new_talks(visit: Visit) -> web.StreamResponse:
    """Say whether the list is another one by now."""
    page, found = await visit.services.read(lambda unit: _talks(visit, unit))
    return web.json_response({"version": _version(page.count, found)}, headers=HEADERS)


def _version(count: int, found: list[Talk]) -> str:
    return hashlib.sha256(repr((count, found)).encode()).hexdigest()[:16]


def _talks(visit: Visit, unit: Unit) -> tuple[Page[Conversation], list[Talk]]:
    page = queries.conversations_wanting_a_person(unit.session, visit.after())
    return page, [_talk(visit, unit, conversation) for conversation in page.rows]


def _talk(visit: Visit, unit: Unit, conversation: Conversation) -> Talk:
    message = queries.last_message_of(unit.session, conversation.id)
    line = mask_text(_last_words(visit, unit, message))[:_LINE] if message else ""
    since = visit.words.short_moment(conversation.wants_person_at or conversation.last_at)
    channel = visit.services.texts.label("channels", conversation.channel, visit.words.locale)
    return Talk(conversation.id, channel, line, since, conversation.taken_by or "")


def _last_words(visit: Visit, unit: Unit, message: Message) -> str:
    is_press = message.kind == PRESS  # what stood on the button is read from the talk before it
    before = queries.messages_of(unit.session, message.conversation_id) if is_press else ()
    return said_in(visit.words, message, labels_of(before))


async def show_talk(visit: Visit) -> web.StreamResponse:
    """Show one conversation, with the requests opened in it."""
    ident = visit.ident()

    def look(unit: Unit) -> tuple[Conversation, list[Entry], list[str], int, tuple[LossView, ...]]:
        conversation = get_conversation(unit.session, ident)
        messages = queries.messages_of(unit.session, ident)
        entries = message_entries(visit.words, messages)
        refs = [request.ref for request in queries.requests_in(unit.session, ident)]
        lost = losses(visit.words, lost_letters_in(unit, ident))
        return conversation, entries, refs, max((message.id or 0 for message in messages), default=0), lost

    conversation, entries, refs, last, lost = await visit.services.read(look)
    title = visit.words(
        "talk.title",
        channel=visit.services.texts.label("channels", conversation.channel, visit.words.locale),
    )
    rights = [
        (str(right), visit.services.texts.label("right_names", right, visit.words.locale)) for right in Right
    ]
    rights.append(("none", visit.words("talk.misread_none")))
    return show(
        visit,
        "talk.html",
        title=title,
        talk=conversation,
        is_hidden=is_hidden(conversation),
        entries=entries,
        refs=refs,
        last=last,
        lost=lost,
        rights=rights,
    )


async def new_messages(visit: Visit) -> web.StreamResponse:
    """Give what was written since a message, for a page that is open."""
    ident = visit.ident()
    after = visit.http_request.query.get("after", "0")
    since = number_of(after) or 0

    def look(unit: Unit) -> list[dict[str, Any]]:
        get_conversation(unit.session, ident)
        messages = queries.messages_of(unit.session, ident)
        told = zip(messages, message_entries(visit.words, messages), strict=True)
        return [{"id": m.id, **_line(visit, entry)} for m, entry in told if (m.id or 0) > since]

    return web.json_response({"messages": await visit.services.read(look)}, headers=HEADERS)


def _line(visit: Visit, entry: Entry) -> dict[str, str]:
    return {
        "kind": entry.kind,
        "who": entry.who,
        "at": visit.words.short_moment(entry.at),
        "text": entry.text,
    }
