"""What the rules of a talk hear: words that were read, a button, a code that was none; each with the talk that it came into."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from assistant.casework.talk.policy_answers import Answer
from assistant.domain.addresses import (
    client_number_in,
    emails_in,
    is_part_of_no_address,
    may_be_client_number,
    no_address_in,
)
from assistant.domain.assurance import code_in, without_codes
from assistant.domain.moves import Move
from assistant.domain.rectifying import Changes
from assistant.domain.rights import CONFIRMED_FIRST, ERASING, Right
from assistant.domain.talk import RequestSeen, TalkState, TalkView
from assistant.domain.uses import OWN_TOO, each_once
from assistant.domain.words import Words as DeskWords
from intents import Reading, for_support
from intents.awaiting import contact_given, is_number, lacks_mailbox, without_lost
from intents.details import ends_for_writer_too, of_ending
from intents.narrowing import without_details
from intents.purposes import without_channels
from intents.rectifying import says_which_address

_RIGHTS: Final = frozenset(Right)
_TABLES: Final = DeskWords("assistant.conversation")
_CALLED_ELSE: Final = _TABLES.whole("number_of_else")
_NAMED_NUMBER: Final = re.compile(
    rf"\b(?:{_TABLES.one_of('number_of_else')}|{_TABLES.one_of('number_of_own')})\b"
    rf"(?:[\s'’:=.#°]|\b{_TABLES.one_of('leads_to_number')}\b){{1,12}}\d(?:[ \u00a0./-]?\d){{4,14}}",
    re.IGNORECASE,
)
_BARE: Final = "\0"  # where a code stood
_LEADS_TO_CODE: Final = re.compile(rf"\b{_TABLES.one_of('leads_to_code')}[\s:=]*{_BARE}", re.IGNORECASE)
_OF_CODE: Final = re.compile(r"\bcodes?\b[^.,;!?\n]{0,40}\d", re.IGNORECASE)
EMAIL: Final = re.compile(r"[^\s<>,;:\"()@]{1,64}@[^\s<>,;:\"()@]{1,190}\.[^\s<>,;:\"()@.]{2,63}")


@dataclass(frozen=True, slots=True)
class OfPolicy:
    """What a message asks of the privacy policy: an answer to each question, or None where a person has to answer."""

    language: str
    answers: tuple[Answer | None, ...]
    is_all: bool  # and it asks for nothing else
    is_vague: bool = False  # it asks by its sense alone


@dataclass(frozen=True, slots=True)
class Words:
    """A message, as it was read."""

    text: str
    reading: Reading
    received_at: datetime
    forwarded: bool = False
    muted: bool = False  # a machine wrote this, or nobody knows who: read, and not answered by rule
    of_policy: OfPolicy | None = None

    @property
    def language(self) -> str:
        """Give the language that was heard."""
        return self.reading.language


def typed_code(text: str) -> str:
    """Give what was typed without the numbers that are called something else than the code: a telephone's, a client's."""
    return text if _OF_CODE.search(text) else _NAMED_NUMBER.sub(" , ", text)


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button: its value is the text, with the mark of its question where it has one."""

    words: Words


@dataclass(frozen=True, slots=True)
class NoCode:
    """Words that were tried as a code beside another question, and are none."""

    words: Words


Heard = Words | Pressed | NoCode


@dataclass(frozen=True)
class Hearing:
    """A message in its talk: what every rule looks at, and what a message gives beside what it asks."""

    view: TalkView
    words: Words

    @property
    def state(self) -> TalkState:
        """Give where the talk stands."""
        return self.view.state

    @property
    def text(self) -> str:
        """Give what was written."""
        return self.words.text

    @property
    def reading(self) -> Reading:
        """Give what was read in it."""
        return self.words.reading

    @property
    def received_at(self) -> datetime:
        """Give when its channel got it."""
        return self.words.received_at

    @property
    def rights(self) -> list[Right]:
        """List the rights that are used, or may be."""
        return [Right(intent.name) for intent in self.reading.intents if intent.name in _RIGHTS]

    @property
    def is_request(self) -> bool:
        """Tell whether a right is used, beyond doubt."""
        return self.reading.decision == "request"

    @property
    def conversational(self) -> set[str]:
        """Name what is asked for beside rights: a person, where something stands, to take it back."""
        return {intent.name for intent in self.reading.intents} - _RIGHTS

    @property
    def is_quiet(self) -> bool:
        """Tell whether nobody sits there who said this to us: by mail, handed on, by a machine."""
        return self.view.is_mail or self.words.forwarded or self.words.muted

    def reads(self, reading: Reading) -> Hearing:
        """Give the message as it is read otherwise."""
        return Hearing(self.view, replace(self.words, reading=reading))

    def reads_nothing(self) -> Hearing:
        """Give the message as one in which no right is used."""
        return self.reads(replace(self.reading, intents=(), decision="none"))

    def beside_code(self, further: Sequence[Right]) -> Hearing:
        """Give what stands beside a code, with the rights that are used beside what it proves."""
        intents = tuple(i for i in self.reading.intents if i.name in {*self.conversational, *further})
        decision = self.reading.decision if further else "none"
        reading = replace(self.reading, intents=intents, decision=decision)
        text = _LEADS_TO_CODE.sub("", without_codes(self.text, _BARE)).replace(_BARE, " ").strip(" ,;:.!-\n")
        return Hearing(self.view, replace(self.words, text=text, reading=reading))

    def stands(self, state: TalkState, about: Sequence[RequestSeen] = ()) -> Hearing:
        """Give the message in a talk that stands elsewhere by now."""
        return Hearing(replace(self.view, state=state, about=tuple(about)), self.words)

    @property
    def further_rights(self) -> list[Right]:
        """List the rights that are used, or may be, beside those that the open question is about.

        To erase is one of them only beside a proof, and beyond doubt: of any other answer it may be a word.
        """
        if self.reading.decision == "none":
            return []
        if not self.state.asks_else and (beside := self.wishes_beside):
            return beside
        return [r for r in self.rights if r not in ERASING | self.view.rights_asked_about]

    @property
    def wishes_beside(self) -> list[Right]:
        """List the rights that are used beyond doubt beside those that the open question is about."""
        return [r for r in self.rights if self.is_request and r not in self.view.rights_asked_about]

    @property
    def uses_another_right(self) -> bool:
        """Tell whether some right is used, or may be, that the open question is not about."""
        if self.reading.decision == "ask" and (contact_given(self.text) or self._gives_number):
            return False  # "my address is …" corrects none where one is awaited
        return self.reading.decision != "none" and bool(set(self.rights) - self.view.rights_asked_about)

    @property
    def _gives_number(self) -> bool:
        is_of_number = set(self.rights) <= CONFIRMED_FIRST
        return is_of_number and self.state.expects == "email" and self.number_typed is not None

    # ── what is given beside ───────────────────────────────────────────────────────────────────────

    @cached_property
    def details(self) -> Mapping[str, Any]:
        """Give the details of whatever right it uses."""
        found = dict(self.reading.details)
        named = found.pop("email", None) or []
        emails = [email for email in named if not is_part_of_no_address(self.text, email)]
        purposes = found.get("purpose")
        if isinstance(purposes, list):
            purposes = without_channels(self.text, purposes) if found.get("marketing") else purposes
            found["purpose"] = purposes if len(purposes) > 1 else next(iter(purposes), None)
        if found.get("marketing"):
            meant = of_ending(self.text, [*emails, *(found.get("phone") or [])], _values_in(found))
            written = any("@" in each for each in meant)
            sender = self.view.sender if self.view.is_mail else None
            is_own_too = written and ends_for_writer_too(self.text)
            own = [sender] if sender and (is_own_too or not written) else []
            found |= _left_alone(each_once([*meant, *own]))
            if is_own_too and not own:
                found[OWN_TOO] = True
        return found

    @property
    def emails(self) -> Sequence[str]:
        """Give the addresses in it."""
        return self.reading.details.get("email") or ()

    @property
    def numbers(self) -> Sequence[str]:
        """Give the client numbers in it; what has the form of a code is none where codes were sent."""
        named = [str(each) for each in self.reading.details.get("client_id") or ()]
        meant = [each for each in named if may_be_client_number(each, self.view.client_number)]
        return [each for each in meant if code_in(each) is None or not self.view.code_sent]

    @property
    def number_typed(self) -> str | None:
        """Give a client number that stands there as the answer to a question."""
        if named := self.numbers:
            return named[0]
        late = code_in(self.text) is not None and self.view.code_sent
        return None if late else self.number_alone

    @property
    def number_alone(self) -> str | None:
        """Give the one number of a short message, where it has the form of a client number and is called nothing else."""
        return (
            None if _CALLED_ELSE.search(self.text) else client_number_in(self.text, self.view.client_number)
        )

    @cached_property
    def no_address(self) -> str | None:
        """Give what was typed for an address and cannot be one."""
        return no_address_in(self.text)

    @cached_property
    def mailbox_lost(self) -> bool:
        """Tell whether it says that its writer cannot open a mailbox."""
        return lacks_mailbox(self.text, awaited=False)

    @property
    def readable(self) -> Sequence[str]:
        """Give the addresses in it of which that is not said."""
        return without_lost(self.text, self.emails)

    @property
    def names_details(self) -> bool:
        """Tell whether it names details rather than all that is held."""
        return without_details([self.text]) is not None

    @property
    def says_which_address(self) -> bool:
        """Tell whether it says which address is meant, the postal or the e-mail one."""
        return says_which_address(self.text)

    @property
    def asks_support(self) -> bool:
        """Tell whether support is asked for something beside."""
        return for_support(self.text) is not None

    @property
    def is_number(self) -> bool:
        """Tell whether it is a number, and nothing else."""
        return is_number(self.text)


_CLAUSE_END: Final = re.compile(r"[,;.\n]|\b(?:but|and|mais|et)\b", re.IGNORECASE)
_LEFT_OUT: Final = re.compile(
    r"\b(?:not?|never|keep|leave|except|pas|sauf|gard(?:e[rz]?|ons)|laiss(?:e[rz]?|ons)|conserve[rz]?)\b[^@]{0,24}$",
    re.IGNORECASE,
)
_LOOKED_BACK: Final = 48  # characters before an address that may leave it out


def addresses_meant(text: str) -> list[str]:
    """List the addresses of an answer but those that it leaves out: *not the old one, …*, *keep …*."""
    found = []
    for each in emails_in(text):
        before = text[: text.find(each)][-_LOOKED_BACK:]
        if _LEFT_OUT.search(_CLAUSE_END.split(before)[-1]) is None:
            found.append(each)
    return found


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule makes of a message, and what is left of it to be heard; None where nothing is."""

    moves: tuple[Move, ...]
    left: Hearing | None = None


def all_of(*moves: Move) -> Found:
    """Say that a message asks for nothing else."""
    return Found(moves)


def _values_in(found: Mapping[str, Any]) -> set[str]:
    """Give what a message wants entered, and what stood there before: addresses of a correction, and of nothing else."""
    return {
        value for part in Changes.read(found).parts for value in (part.old, part.new, *part.either) if value
    }


def _left_alone(named: Sequence[str]) -> dict[str, Any]:
    """Give the detail of addresses and numbers that marketing is to leave alone."""
    return {"address": named[0] if len(named) == 1 else list(named)} if named else {}
