"""What a press says to people, shown to whoever presses before it leaves: nobody answers for words they have not read.

The act itself is tried and taken back, so that what is shown is what its own code would send.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.domain.masking import mask_email
from assistant.errors import Conflict
from assistant.services import Unit
from assistant.store.tables import Conversation

_TO_PEOPLE = frozenset({"mail", "reply"})


@dataclass(frozen=True, slots=True)
class ShownLetter:
    """One text as it would leave, with each place it would go to: a masked address, or a channel.

    No language is that of the request: a live chat is told in it.
    """

    subject: str | None
    text: str
    language: str
    to: tuple[str, ...]


class NotShown(Conflict):
    """Nothing was done: what this sends has changed since it was shown; read it again, then press."""

    code = "not_shown"

    def __init__(self, letters: Sequence[ShownLetter], *, changed: bool) -> None:
        """Take what would be sent, and whether something else was shown before."""
        super().__init__()
        self.letters, self.changed = tuple(letters), changed


def check_shown(unit: Unit, seen: str) -> None:
    """Return if all that this unit says to people is what was seen; raises NotShown, so that nothing of it is done."""
    letters = said_in(unit)
    if letters and not hmac.compare_digest(seen.encode(), fingerprint(letters).encode()):
        raise NotShown(letters, changed=bool(seen))


def fingerprint(letters: Sequence[ShownLetter]) -> str:
    """Name exactly these words to these people."""
    words = json.dumps([[each.subject, each.text, each.to] for each in letters], ensure_ascii=False)
    return hashlib.sha256(words.encode()).hexdigest()


def said_in(unit: Unit) -> list[ShownLetter]:
    """List what the unit of a session has said so far; the same words to two places once."""
    told: list[ShownLetter] = []
    for letter in (*_letters(unit), *_in_live_chats(unit)):
        alike = (i for i, each in enumerate(told) if letter.text in each.text)
        at = next(alike, None)
        if at is None:
            told.append(letter)
        else:
            told[at] = replace(told[at], to=tuple(dict.fromkeys((*told[at].to, *letter.to))))
    return told


def _letters(unit: Unit) -> Iterator[ShownLetter]:
    """Give what the outbox got; a link of ours without its secret, which is another at each try."""
    ours = re.compile(rf"({re.escape(unit.services.settings.server.public_url)}(?:/[a-z-]+)*/)[\w-]{{16,}}")
    for letter in unit.letters:
        if letter.kind in _TO_PEOPLE:
            text = ours.sub(r"\1…", letter.text)
            to = mask_email(letter.recipient or "") if letter.channel == "email" else letter.channel
            yield ShownLetter(letter.subject, text, letter.language, (to,))


def _in_live_chats(unit: Unit) -> Iterator[ShownLetter]:
    for conversation_id, message in unit.posted:
        channel = unit.session.get_one(Conversation, conversation_id).channel
        yield ShownLetter(None, message.text, "", (channel,))
