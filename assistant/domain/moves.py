"""The moves that a message may lead to: decided by the rules of a talk, carried out by casework, and nothing else is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assistant.domain.addresses import normal_address
from assistant.domain.rectifying import Changes
from assistant.domain.rights import Right


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody typed to say who they are."""

    kind: str  # email or client_id
    value: str
    asked_by: str | None = None  # the contact on file of a client number, where it asks for its link itself

    @property
    def normal(self) -> str:
        """The form under which it is compared and counted."""
        return normal_address(self.value) if self.kind == "email" else self.value.strip().upper()


@dataclass(frozen=True, slots=True)
class Say:
    """Say a text about nothing that changes."""

    name: str
    expects: str | None = None
    about: tuple[str, ...] = ()
    offers_person: bool = False
    typed: str | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """Open these rights, or go on with them where they are open already; what is missing is asked for."""

    rights: tuple[Right, ...]
    received_at: datetime
    details: Mapping[str, Any]
    from_rest: bool = False  # the question that was open is answered by it


@dataclass(frozen=True, slots=True)
class OpenForOther:
    """Register what somebody else's data are asked for, and call a person."""

    rights: tuple[Right, ...]
    received_at: datetime
    details: Mapping[str, Any]
    several: bool = False  # whose marketing is to end, a person tells
    from_rest: bool = False  # the question that was open is answered by it


@dataclass(frozen=True, slots=True)
class WaitForMandate:
    """What these ask for is somebody else's, it turns out: no proof is asked, and a person is called."""

    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TakeAsOwn:
    """What these ask for is the writer's own after all: their own proof is asked as ever."""

    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskRight:
    """Ask which right is meant, with buttons: any, only the detail that was named, or all but an exception."""

    rights: tuple[Right, ...]
    menu: str
    since: str  # receipt of the first message that was in doubt
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Choose:
    """Do what a button says under the question that is open."""

    what: str
    answer: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class NotThat:
    """None of the rights was meant: what was noted meanwhile is used for what was asked before."""

    noted: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class QuestionOver:
    """A button did nothing, since its question is over."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """Call a person."""


@dataclass(frozen=True, slots=True)
class TellStatus:
    """Say where requests stand: all of the talk, or these."""

    about: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class AskWhose:
    """Ask who is there before anything is said of a request that was made elsewhere, or nowhere."""

    sought: tuple[str, ...]
    email: str | None = None
    takes_back: bool = False


@dataclass(frozen=True, slots=True)
class NeverMind:
    """Ask whether these are taken back, or all that can be stopped."""

    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AskWhichBack:
    """Ask which of these is taken back: several are open, and none was named."""

    about: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskToWithdraw:
    """Let the erasures stand still, and ask whether these are taken back."""

    about: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StandStill:
    """Let these erasures stand still, and ask whether they are still wanted."""

    about: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HaveReadBeside:
    """Have a person read what was said beside these erasures or corrections before anything is carried out."""

    about: tuple[str, ...]
    said: bool


@dataclass(frozen=True, slots=True)
class NewMessage:
    """Show an agent a right that may be used beside what was answered."""


@dataclass(frozen=True, slots=True)
class TryCode:
    """Count a try at the code; it is checked after this unit."""


@dataclass(frozen=True, slots=True)
class TellOfCode:
    """Say where the code is, and leave the question that is open."""


@dataclass(frozen=True, slots=True)
class WantCode:
    """Have a code sent to what was named, for these requests; another question may go on after it."""

    claim: Claim
    references: tuple[str, ...]
    # Typed instead of an answer: one code for all that waits, and the question again.
    asks_again: bool = False


@dataclass(frozen=True, slots=True)
class MendSlip:
    """The address that was named is a mistake: ask for it again."""

    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeaveAddress:
    """Send nothing to somebody else's address, and call a person to what it was given for."""

    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MailboxLost:
    """Call a person, since a mailbox cannot be opened; an address that can is used."""

    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeaveAlone:
    """Marketing is to leave these addresses and numbers alone; none where they are still to be named."""

    addresses: tuple[str, ...]
    references: tuple[str, ...] = ()  # what ended it for others that were named before, by mistake


@dataclass(frozen=True, slots=True)
class EndUse:
    """This is the use that is to end."""

    use: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Correct:
    """Keep what is to be corrected, as far as it is known now, and ask for the rest."""

    ref: str
    changes: Changes


@dataclass(frozen=True, slots=True)
class ConfirmChange:
    """Do what was answered to what is to be corrected: yes, the other way round, another value."""

    ref: str
    answer: str


@dataclass(frozen=True, slots=True)
class LeaveEmpty:
    """Nothing is to be put instead."""

    ref: str


@dataclass(frozen=True, slots=True)
class NoteContact:
    """Keep who asks for later, and ask again what is missing of a correction."""

    ref: str
    noted: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AskValueAgain:
    """What was written for a value is none: ask once more, then a person reads it."""

    ref: str
    of_code: bool = False  # it spoke of a code
    cannot_be: bool = False  # it is something else by its form, and that is said


@dataclass(frozen=True, slots=True)
class NoteContactFirst:
    """Keep an address or a number that was typed before it is needed."""

    noted: Mapping[str, Any]
    says: str


@dataclass(frozen=True, slots=True)
class TellPolicy:
    """Answer what was asked of the privacy policy: texts by name, with what they say, in the language of the question."""

    texts: tuple[tuple[str, Mapping[str, Any]], ...]
    language: str
    offers_person: bool = False
    is_below: bool = False  # something is asked above it that is asked again


@dataclass(frozen=True, slots=True)
class SmallTalk:
    """Answer what is about nothing; what is asked stays asked."""

    said: str


@dataclass(frozen=True, slots=True)
class SayBesideProof:
    """Say what answers a question beside the address or the code that is awaited; that stays asked."""

    name: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """Ask again what is still awaited, in the same words."""


@dataclass(frozen=True, slots=True)
class GoBack:
    """Leave the menu for the question that it came before: that one is answered."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Wait for nothing any more."""


Move = (
    Say
    | Open
    | OpenForOther
    | WaitForMandate
    | TakeAsOwn
    | AskRight
    | Choose
    | NotThat
    | QuestionOver
    | HandOver
    | TellStatus
    | AskWhose
    | NeverMind
    | AskWhichBack
    | AskToWithdraw
    | StandStill
    | HaveReadBeside
    | NewMessage
    | TryCode
    | TellOfCode
    | WantCode
    | MendSlip
    | LeaveAddress
    | MailboxLost
    | LeaveAlone
    | EndUse
    | Correct
    | ConfirmChange
    | LeaveEmpty
    | NoteContact
    | AskValueAgain
    | NoteContactFirst
    | TellPolicy
    | SmallTalk
    | SayBesideProof
    | Repeat
    | GoBack
    | Rest
)
