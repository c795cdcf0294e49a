"""Files that came with a message: listed with it, handed out as downloads and never shown in the browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from aiohttp import web

from assistant.casework.answers.originals import files_of, open_file
from assistant.domain.masking import mask_text
from assistant.domain.outside import number_of
from assistant.domain.unread import why_unread
from assistant.errors import NotFound
from assistant.store.rows import Message
from assistant.web.console.access import HEADERS, Visit
from assistant.web.console.words import Words

_KILO: Final = 1_000
# Whatever it calls itself, no browser opens it as a page of ours.
_AS_A_FILE: Final = {
    **HEADERS,
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Content-Type": "application/octet-stream",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class FilesView:
    """What came with a message: names as a list may show them, types and sizes."""

    message_id: int
    listed: tuple[tuple[str, str, str], ...]


def files_view(words: Words, message: Message, *, revealed: bool = False) -> FilesView | None:
    """List the files of a message; one that no program reads has its original to fetch in any case."""
    listed = tuple(
        (file.name if revealed else mask_text(file.name), file.media_type, size_of(words, file.size))
        for file in files_of(message)
    )
    unread = message.sender == "you" and why_unread(message.headers, message.text) is not None
    return FilesView(message.id or 0, listed) if listed or unread else None


def size_of(words: Words, size: int) -> str:
    """Write a size as people read it."""
    if size < _KILO * _KILO:
        return words("files.kilobytes", n=-(-size // _KILO))
    whole, tenth = divmod(round(size / (_KILO * _KILO / 10)), 10)
    return words("files.megabytes", whole=whole, tenth=tenth)


async def fetch_file(visit: Visit) -> web.StreamResponse:
    """Hand a file to an agent, on record."""
    ident, which = number_of(visit.ident()), visit.http_request.match_info["which"]
    if ident is None:
        raise NotFound
    file = await open_file(visit.services, ident, which, visit.write)
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in file.name)
    named = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}"
    return web.Response(body=file.content, headers={**_AS_A_FILE, "Content-Disposition": named})
