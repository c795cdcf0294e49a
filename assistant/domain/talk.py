"""A talk as its rules see it: where it stands, what is open in it, and the moves that a message may lead to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final, Protocol

from assistant.domain.assurance import DENIED_BEFORE
from assistant.domain.lifecycle import CLOSED, STOPPABLE, Status
from assistant.domain.presses import mark_of
from assistant.domain.rectifying import Correctable
from assistant.domain.rights import CONFIRMED_FIRST, ERASING

ANY: Final = (
    "any"  # is sought where no reference was typed: whatever is under way of whoever proves who they are
)
NOBODY: Final = "nobody"  # stands for whose a talk was in which nobody was proved or named
SESSION_HIDDEN: Final = "session_hidden"
WAITING: Final = frozenset({Status.RECEIVED, Status.VERIFYING})
TO_PROVE: Final = WAITING | {Status.LAPSED}  # that one is taken up again, as its letter says

# ── where a talk stands ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class TalkState:
    """Kept with the conversation, so that a talk goes on after a restart, on whichever node."""

    expects: str | None = None  # email, code, choice, detail, login
    question: str | None = None  # the text that asked
    about: tuple[str, ...] = ()  # references the question is about
    received_at: str | None = None  # receipt of the message in doubt, when a choice decides it
    details: Mapping[str, Any] | None = None
    hidden_before: int = 0  # messages up to this one stay hidden until the same person proves again
    hidden: tuple[str, ...] = ()  # the requests of then: for whoever is here now there are none of them
    # Keyed hashes of who was proved then, else named; NOBODY where nobody was.
    hidden_of: tuple[str, ...] = ()
    back: tuple[str, ...] = ()  # names of who proved since: of what is hidden, their own is there again
    told_language: bool = False
    locale: str | None = None  # the language of the page that it was written on last
    repeated: bool = False  # the question with buttons was asked once more already
    asked: tuple[str, ...] = ()  # requests an agent asked about, until the person writes
    named: str | None = None  # keyed hash of who was said last to ask, by whoever is here now
    misgiven: bool = False  # the address that was named last is a mistake, or cannot be read any more
    # References that were typed here and are not there, until a mailbox is proved.
    sought: tuple[str, ...] = ()
    takes_back: bool = False  # and they were typed to be taken back
    brought: tuple[str, ...] = ()  # requests of other talks that a proof made here showed to be theirs
    displaced: Mapping[str, Any] | None = None  # the question that a menu came before, answered all the same
    # Somebody is here who was called: the desk stands back until they come, or do not.
    awaits_person: bool = False

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> TalkState:
        """Read what `as_json` wrote, now or in a version before."""
        known = {key: value for key, value in stored.items() if key in cls.__dataclass_fields__}
        return cls(**{**known, **{name: tuple(known.get(name, ())) for name in _LISTS}})

    def as_json(self) -> dict[str, Any]:
        """Give the state as plain JSON, without what is at rest."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values |= {name: list(values[name]) for name in _LISTS}
        return {key: value for key, value in values.items() if value not in (None, [], 0, False)}

    def asking(self, question: str, expects: str, about: Sequence[str] = (), **more: Any) -> TalkState:
        """Give the state after a question."""
        return replace(self.at_rest(), question=question, expects=expects, about=tuple(about), **more)

    def menu(self, question: str, since: str, details: Mapping[str, Any]) -> TalkState:
        """Give the state after a menu of rights; what was asked before it can still be answered."""
        asked: dict[str, Any] = {
            "question": self.question,
            "expects": self.expects,
            "about": list(self.about),
        }
        asked |= {"details": dict(self.details)} if self.details else {}
        awaited = self.expects is not None and self.question not in WHERE_TO_WRITE
        displaced = self.displaced if self.question in PICKERS else (asked if awaited else None)
        return self.asking(question, "choice", received_at=since, details=details, displaced=displaced)

    def before_menu(self) -> TalkState:
        """Give the state as it was when a menu came before another question."""
        asked = dict(self.displaced or {})
        return self.asking(asked.pop("question"), asked.pop("expects"), asked.pop("about"), **asked)

    @property
    def asks_else(self) -> bool:
        """Tell whether something else is asked than who is there."""
        return self.expects in {"choice", "detail"}

    @property
    def mark(self) -> str:
        """Name the question that is open, so that a button shown with another is no answer to it."""
        return mark_of(self.question, sorted(self.about), self.received_at)

    def at_rest(self) -> TalkState:
        """Give the state in which nothing is awaited."""
        return TalkState(**{name: getattr(self, name) for name in _STAYS})

    def hiding(self, last_message: int, references: Sequence[str], known: Sequence[str]) -> TalkState:
        """Give the state in which nothing of before is there for whoever comes, and nothing of it is awaited."""
        whose = dict.fromkeys([*self.hidden_of, *(known or (NOBODY,))])
        hidden = replace(self.at_rest(), hidden_before=last_message, hidden=tuple(references))
        hidden = replace(hidden, sought=(), takes_back=False, back=(), named=None)
        return replace(hidden, hidden_of=tuple(whose)).asking(SESSION_HIDDEN, "email")

    def asking_again(self, asked: TalkState) -> TalkState:
        """Give the state in which a question of before is open again; whose the talk is stays as it is now."""
        return replace(asked, **{name: getattr(self, name) for name in _STAYS})

    @property
    def awaits_owner(self) -> bool:
        """Tell whether it is hidden, and nobody has proved who they are since."""
        return bool(self.hidden_of) and not self.back

    def is_of(self, *names: str) -> bool:
        """Tell whether what is hidden is this one person's, and nobody else had a part in it."""
        return len(self.hidden_of) == 1 and self.hidden_of[0] in names

    def is_now_of(self, name: str) -> bool:
        """Tell whether what is asked now is asked of this person: of whoever sits there since it was hidden they are one who proved it."""
        return not self.hidden_of or name in self.back

    def opened_by(self, names: Sequence[str], theirs: Collection[str]) -> TalkState:
        """Give the state once a mailbox was proved: its own comes back, and what others asked, or nobody claimed, stays hidden."""
        if self.is_of(*names):
            return replace(self.at_rest(), hidden_before=0, hidden=(), hidden_of=())
        left = tuple(ref for ref in self.hidden if ref not in theirs)
        return replace(self.at_rest(), back=tuple(names), hidden=left)


# What a question ends and what it does not: whoever asks anything else in a talk keeps these.
_STAYS = (
    "hidden_before",
    "hidden",
    "hidden_of",
    "back",
    "told_language",
    "locale",
    "asked",
    "named",
    "misgiven",
    "sought",
    "takes_back",
    "brought",
    "awaits_person",
)
_LISTS = ("about", "asked", "sought", "brought", "hidden", "hidden_of", "back")

# The questions that a talk may ask, by the name of their text.
ASK_RIGHT: Final = "chat_ask_right"
ASK_DETAIL: Final = "chat_ask_detail"  # only what was named, or all
ASK_EXCEPTION: Final = "chat_ask_exception"
PICKERS: Final = frozenset({ASK_RIGHT, ASK_DETAIL})  # the answer opens a right
ASK_SERVICES: Final = "services_running"
WITHDRAW: Final = "withdraw_confirm"
WITHDRAW_WHICH: Final = "withdraw_which"
DONT: Final = "dont_asked"
DONT_GOING_ON: Final = "dont_going_on"  # they go on after all: the erasures alone may be withdrawn
ASK_CONTACT: Final = "ask_contact"
ASK_SOUGHT: Final = "ask_contact_of_request"
ASK_ANY: Final = "ask_whose_request"  # the same question, where no reference was typed
ASK_MARKETING: Final = "ask_marketing_address"
# Asked for, and nothing hangs on it.
WHERE_TO_WRITE: Final = frozenset({"answer_waits_here", "ask_where_to_write"})
# Answered by a button, or its words.
PRESSED: Final = PICKERS | {ASK_SERVICES, WITHDRAW, WITHDRAW_WHICH, DONT}
CONFIRM: Final = "confirm_rectification"
WHICH: Final = "ask_rectification_which"
WHAT: Final = "ask_rectification"
ONE_VALUE: Final = frozenset({"ask_rectification_value", "ask_rectification_part"})
CORRECTING: Final = frozenset({CONFIRM, WHICH, WHAT, *ONE_VALUE})
USES: Final = frozenset({"ask_objection_purpose", "ask_consent_purpose"})
# What a letter asks too where nobody reads it in the chat: the others have letters of their own, or name nobody's wish.
ASKED_BY_MAIL: Final = PICKERS | CORRECTING | USES | {WITHDRAW, WITHDRAW_WHICH, DONT_GOING_ON}

# The buttons of a menu about one detail: the value of either names the right that it opens.
ALL: Final = f"right:{next(iter(ERASING))}"
ONLY_NAMED: Final = f"right:{next(iter(CONFIRMED_FIRST))}"

# ── what is there ───────────────────────────────────────────────────────────────────────────────────


class RequestSeen(Protocol):
    """What the rules of a talk look at in a request; its row is one."""

    @property
    def ref(self) -> str:
        """Its reference."""

    @property
    def right(self) -> str:
        """The right that is used."""

    @property
    def status(self) -> str:
        """Where it stands."""

    @property
    def details(self) -> Mapping[str, Any]:
        """What was said of it."""

    @property
    def tier_needed(self) -> int:
        """What proof it needs."""

    @property
    def attention(self) -> str | None:
        """Why a person is needed."""

    @property
    def contact(self) -> str | None:
        """The mailbox that was proved, sealed."""

    @property
    def channel(self) -> str:
        """Where it was asked."""

    @property
    def due_on(self) -> date:
        """The day by which it is answered."""

    @property
    def dont_at(self) -> datetime | None:
        """When it was first said not to go on with it."""

    @property
    def dont_answer(self) -> str | None:
        """What was answered to that."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button of the open question: its value, without the mark, and what it says in every language."""

    value: str
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TalkView:
    """What casework looked up of a talk before its rules decide; nothing of it changes while they do."""

    is_mail: bool
    state: TalkState = TalkState()
    own: tuple[RequestSeen, ...] = ()  # the requests that are there for whoever is in the talk now
    hidden: tuple[RequestSeen, ...] = ()  # those of whoever was in it before
    about: tuple[RequestSeen, ...] = ()  # what the open question is about
    lacks: Mapping[str, str] = field(default_factory=dict)  # by reference, the question for what is missing
    agent_talks: bool = False
    person_called: bool = False
    code_awaited: bool = False  # one was asked for and not used
    code_live: bool = False  # it can still be typed
    code_sent: bool = False  # some code was asked for in this talk
    called_since_code: bool = False  # a person was called after the last of them
    buttons: tuple[Button, ...] | None = None  # of the open question; None where it has none
    sender: str | None = None  # the address a mail claims to come from
    is_privacy_mailbox: bool = False  # where a mail came: for privacy alone, or a general one
    languages: tuple[str, ...] = ("en", "fr")
    client_number: str = ""  # how the company writes them, by an example
    today: date = date.min
    fields: Mapping[str, Correctable] = field(default_factory=dict)  # what the maps let a person correct

    @property
    def open(self) -> list[RequestSeen]:
        """List what is not closed."""
        return [request for request in self.own if request.status not in CLOSED]

    @property
    def stoppable(self) -> list[RequestSeen]:
        """List what can still be taken back."""
        return [request for request in self.own if request.status in STOPPABLE]

    @property
    def rights_asked_about(self) -> set[str]:
        """Name the rights that the open question is about."""
        return {request.right for request in self.about}

    def named(self, references: Sequence[str]) -> list[RequestSeen]:
        """Give the requests of these references that are there for whoever is in the talk."""
        known = {request.ref: request for request in (*self.about, *self.own)}
        return [known[ref] for ref in references if ref in known]


def was_denied(request: RequestSeen) -> bool:
    """Tell whether the contact said before any proof that they never asked this, and nobody has proved anything since."""
    return bool(request.details.get(DENIED_BEFORE))


class Given(Protocol):
    """What a message gives beside what it asks: read where a move needs it, and not before."""

    @property
    def emails(self) -> Sequence[str]:
        """The addresses in it."""

    @property
    def numbers(self) -> Sequence[str]:
        """The client numbers in it, which may be codes."""

    @property
    def no_address(self) -> str | None:
        """What was typed for an address and cannot be one."""

    @property
    def mailbox_lost(self) -> bool:
        """Whether it says that its writer cannot open a mailbox."""

    @property
    def readable(self) -> Sequence[str]:
        """The addresses in it of which that is not said."""

    @property
    def names_details(self) -> bool:
        """Whether it names details rather than all that is held."""

    @property
    def says_which_address(self) -> bool:
        """Whether it says which address is meant, the postal or the e-mail one."""

    @property
    def asks_support(self) -> bool:
        """Whether support is asked for something beside."""

    @property
    def is_number(self) -> bool:
        """Whether it is a number, and nothing else."""


@dataclass(frozen=True, slots=True)
class NothingGiven:
    """What is given where nobody wrote: nothing."""

    emails: Sequence[str] = ()
    numbers: Sequence[str] = ()
    no_address: str | None = None
    mailbox_lost: bool = False
    readable: Sequence[str] = ()
    names_details: bool = False
    says_which_address: bool = False
    asks_support: bool = False
    is_number: bool = False
