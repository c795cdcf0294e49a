"""A message that was stored, in its talk: what every rule of the mail looks at."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assistant.casework.requests.intake import requests_of
from assistant.casework.talk.look import look
from assistant.casework.talk.turn import Turn
from assistant.conversation.decide import language_heard
from assistant.conversation.heard import Hearing, Words
from assistant.domain.reference import parse_references
from assistant.domain.rights import Right
from assistant.interfaces import Incoming
from assistant.services import Unit
from assistant.store.rows import PrivacyRequest
from intents import Reading


@dataclass(slots=True)
class Received:
    """One message, the turn in which it is answered, and how it is read by now."""

    turn: Turn
    incoming: Incoming
    message_id: int
    words: Words

    @property
    def unit(self) -> Unit:
        """Give the unit."""
        return self.turn.unit

    @property
    def text(self) -> str:
        """Give what was written, quotes and signature cut."""
        return self.words.text

    @property
    def sender(self) -> str:
        """Give the address that it claims to come from."""
        return self.incoming.sender or ""

    @property
    def reading(self) -> Reading:
        """Give what was read in it."""
        return self.words.reading

    @property
    def muted(self) -> bool:
        """Tell whether a machine wrote it, or nobody knows who."""
        return self.turn.muted

    @property
    def is_request(self) -> bool:
        """Tell whether a right is used, beyond doubt."""
        return self.reading.decision == "request"

    @property
    def rights(self) -> list[Right]:
        """List the rights that are used beyond doubt."""
        return self.hearing.rights if self.is_request else []

    @property
    def hearing(self) -> Hearing:
        """Give the message in its talk, as it stands now."""
        return Hearing(look(self.turn), self.words)

    @property
    def requests(self) -> list[PrivacyRequest]:
        """List the requests of its talk."""
        return requests_of(self.unit.session, self.turn.conversation)

    def choose_language(self) -> None:
        """Answer in the language that was heard, where it is one of ours."""
        spoken = self.turn.conversation.language
        self.turn.speak(language_heard(self.hearing.view, spoken, self.words))

    def within(self, ident: str) -> Received:
        """Give this message as one in another talk of the same person."""
        return replace(self, turn=self.turn.within(ident))

    def named(self, *more: str) -> list[str]:
        """List the references in its subject and its text, or in what is given instead of the text."""
        return parse_references("\n".join((self.incoming.subject or "", *(more or (self.text,)))))
