"""The extension surface on one page: Clock, Channel, DataSource, Handler, VerificationMethod."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, runtime_checkable

from assistant.domain.assurance import Method, Need, Tier
from assistant.domain.plan import (
    Account,
    Contact,
    Identity,
    Located,
    Operation,
    Order,
    Plan,
    Proposal,
    Step,
    StepOutcome,
)
from assistant.domain.rectifying import Correctable
from assistant.domain.results import Result
from assistant.domain.rights import Right

if TYPE_CHECKING:  # a program that only reads mails loads no settings
    from assistant.config import Settings


class Clock(Protocol):
    """The only source of time for whatever decides something."""

    def now(self) -> datetime:
        """Give the instant, aware and in UTC."""


# ── channels ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message: what its sender calls it, made safe to show."""

    name: str
    media_type: str
    size: int  # bytes


def nobody_left() -> bool:
    """Say so of a message whose writer cannot leave while it waits."""
    return False


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message, whatever it came from; the channel fills in what it knows and judges nothing."""

    channel: str
    thread: str  # the channel's own name of the conversation: session id, mail thread, chat id
    external_id: str  # the same within a thread means the same message
    text: str  # what the person wrote, quotes and signature cut
    received_at: datetime
    kind: Literal["text", "choice"] = "text"
    sender: str | None = None  # as claimed: a routing hint, never proof
    subject: str | None = None
    locale: str | None = None
    automatic: bool = False  # auto-reply, bounce, list: stored and read, never answered automatically
    doubtful_sender: str | None = None  # why the sender cannot even be used as a hint (two From, no From, …)
    raw: bytes | None = None  # the original, kept
    attachments: tuple[Attachment, ...] = ()  # what is in the original beside the text, to be listed
    headers: Mapping[str, str] = field(default_factory=dict)  # what an answer needs for threading
    # From where it was sent: for fair turns, kept nowhere.
    peer: str = field(default="", repr=False, compare=False)
    quoted: str = field(default="", repr=False, compare=False)  # below a mail's own words; kept nowhere
    # whether its writer has left meanwhile: nobody waits for the answer
    has_left: Callable[[], bool] = field(default=nobody_left, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the desk says once a message is stored: only then may a channel acknowledge it."""

    conversation_id: str
    message_id: int
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A button."""

    label: str
    value: str
    url: str | None = None


class Instant(NamedTuple):
    """An instant that a text names, in the words in which it does: on the desk's clock, and whose clock that is."""

    words: str
    at: datetime
    with_day: bool


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message as a person sees it; the JSON of the live chat."""

    id: int
    sender: Literal["assistant", "agent", "you"]
    name: str
    text: str
    at: datetime
    choices: tuple[Choice, ...] = ()
    expects: str | None = None
    requests: tuple[Mapping[str, Any], ...] = ()
    client_id: str | None = None
    # Earlier messages up to this one are hidden now; None where nobody asked.
    hidden_before: int | None = None


OutgoingKind = Literal["reply", "mail", "relay", "put"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Something to deliver: a reply in a thread, a fresh mail, an original to relay unchanged, a document to put."""

    key: str  # idempotency key
    kind: OutgoingKind
    thread: str | None
    recipient: str | None
    subject: str | None
    text: str
    language: str
    choices: tuple[Choice, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None  # for relay and put
    automatic: Literal["auto-replied", "auto-generated"] = "auto-generated"


class Desk(Protocol):
    """What a channel may ask of the desk; everything else is behind it."""

    async def receive(self, incoming: Incoming) -> Receipt:
        """Store a message; returns after its commit, and the answer follows by itself."""


@dataclass(frozen=True, slots=True)
class ChatSession:
    """A live-chat session as its holder may see it now."""

    token: str
    thread: str
    messages: tuple[ChatMessage, ...]
    hidden_before: int = 0  # what an open page still shows up to this message is to go
    # After so many seconds without a word of the person an open page hides what it shows; and what is left of them.
    idle_seconds: int = field(kw_only=True)
    hidden_in: int = field(kw_only=True)


class ChatDesk(Desk, Protocol):
    """What the live-chat socket asks beside."""

    async def open_session(self, token: str | None, after: int | None, locale: str | None) -> ChatSession:
        """Resume the session of a token, or begin a new one; history hidden after 30 idle minutes."""

    async def identify(self, thread: str, token: str) -> None:
        """Take a signed page-load token of the host site: proves T1 only; raises NotVerified."""

    async def seen(self, thread: str, message_id: int) -> None:
        """Note the last message the person has seen."""

    def watch(
        self, thread: str
    ) -> AbstractAsyncContextManager[AsyncIterator[ChatMessage | Literal["typing"]]]:
        """Give the messages to this thread as they are committed."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way in or out of a channel: mailbox, listener, hook, polling, outgoing."""

    name: str
    deaf_since: datetime | None  # None while it works
    why: str = ""  # one word for machines: sign_in, certificate, folder, unreachable, not_stored, …


class MailDesk(Desk, Protocol):
    """What a mailbox that was in use before the desk asks beside."""

    async def receive_earlier(self, incoming: Incoming) -> None:
        """List a mail from before the desk read its mailbox, if it may be a request; nobody is answered."""

    async def looked_through(self, mailbox: str) -> int:
        """Give the number up to which a mailbox's earlier mail was looked through."""

    async def note_looked_through(self, mailbox: str, number: int) -> None:
        """Keep that number."""


class Channel(Protocol):
    """A way in and out; one that needs HTTP also has `routes()`."""

    name: str

    def listening(self, desk: Desk) -> AbstractAsyncContextManager[None]:
        """Listen while the context is open."""

    async def deliver(self, outgoing: Outgoing) -> str | None:
        """Hand over one message and give the id under which a report would name it, if any; raises DeliveryDelayed or DeliveryRefused."""

    def ways(self) -> Sequence[Way]:
        """Say of each way in and out since when it does not work."""

    async def check(self) -> Sequence[Finding]:
        """Sign in wherever the channel must, changing nothing; one finding for each way."""


class Attaching(Protocol):
    """A channel whose messages bring files; they stay in the original."""

    def attached(self, raw: bytes, number: int) -> bytes:
        """Give one file of an original by its place in `Incoming.attachments`; raises NotFound. Slow."""


# ── sources ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `sources check`."""

    level: Literal["ok", "warning", "error"]
    source: str
    where: str  # table or table.column
    text: str  # what is wrong and how to mend it


@dataclass(frozen=True, slots=True)
class ExportedTable:
    """One table of a disclosure: rows come as they are read, third persons already redacted."""

    source: str
    table: str
    category: str
    columns: tuple[str, ...]
    meanings: Mapping[str, str]
    rows: AsyncIterator[Sequence[tuple[Any, ...]]]  # in batches
    redacted: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    purpose: str = ""
    origin: str = "person"
    free_text: tuple[str, ...] = ()  # columns in which others may be named
    partly: tuple[str, ...] = ()  # columns in which such names are left out


Progress = Callable[[int, int], None]  # rows done, rows to do; may raise asyncio.CancelledError's kin to stop


class Exporter(Protocol):
    """What a copy is made from."""

    @property
    def name(self) -> str:
        """The name of the source in settings, plans and copies."""

    def export(self, located: Located, *, portable_only: bool = False) -> AsyncIterator[ExportedTable]:
        """Read the person's rows table by table in flat memory."""


class DataSource(Exporter, Protocol):
    """A system in which personal data lives; knows nothing of requests."""

    name: str
    kind: str

    async def check(self) -> Sequence[Finding]:
        """Compare the map with what is really there; raises SourceUnavailable if it cannot be reached."""

    def correctable(self) -> Mapping[str, Correctable]:
        """Give the fields that its map lets a person have corrected."""

    async def contacts(self, identity: Identity) -> Sequence[Contact]:
        """List the addresses on file of whoever the identity matches."""

    async def locate(self, identity: Identity, accounts: Sequence[Account] | None = None) -> Located:
        """Count what is held about the identity, table by table, of these accounts alone where some are given; reads only."""

    async def known_as(self, located: Located) -> Sequence[tuple[str, str]]:
        """Give the ids, kind and value, under which systems elsewhere know whoever was located; no addresses."""

    async def propose(self, located: Located, order: Order) -> Proposal:
        """Say what the order would do here; changes nothing."""

    async def carry_out(self, step: Step, located: Located, order: Order, progress: Progress) -> StepOutcome:
        """Carry out one step in one transaction, verified before its commit.

        Where the step's postcondition already holds nothing is done and the outcome says so.
        Raises SourceUnavailable or EffectNotVerified; the source is then as it was.
        """


@dataclass(frozen=True, slots=True)
class AddressBatch:
    """Addresses and numbers by which a source finds whom it uses for a purpose, and where the next batch begins."""

    found: Sequence[tuple[str, str]]  # kind (email, phone) and value as it stands there
    after: str | None  # None: there are no more


@runtime_checkable
class ListsAddresses(Protocol):
    """What a source may offer beside: to be looked through for whoever must not be used for a purpose."""

    async def addresses(self, purpose: str, after: str | None) -> AddressBatch:
        """Read a batch by primary key, in a short transaction of its own; reads only."""

    async def agreed_at(self, identity: Identity, purpose: str) -> datetime | None:
        """Give when the person last agreed to a purpose that has not ended since, if the map says where that stands."""


# ── verification ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a method made: the part to store (a hash, never the secret) and the part to send."""

    method: Method
    secret: str  # goes into the text to the contact, and nowhere else
    stored: str  # slow salted hash, or a keyed hash for long secrets
    text: str  # name of the text that carries it
    expires_at: datetime


class VerificationMethod(Protocol):
    """Pure: gives a challenge, and checks an answer against what was stored."""

    method: Method
    tier: Tier

    def challenge(self, now: datetime) -> Challenge:
        """Make a fresh challenge; slow (a password hash), so call it in a thread."""

    def check(self, stored: str, answer: str) -> None:
        """Return if the answer is right, raise NotVerified if not; slow."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a token signed by the controller's own site says."""

    client_id: str
    email: str
    token_id: str
    nonce: str | None
    expires_at: datetime


class SignIn(Protocol):
    """Reads the tokens of a site that the settings trust; using each once is the caller's part."""

    def read(self, token: str, now: datetime) -> SignedIn:
        """Check signature, issuer, audience and times; raises NotVerified."""


class Resolver(Protocol):
    """Asks where the mail of a domain goes."""

    async def records(self, domain: str) -> Sequence[str]:
        """Give its mail servers and its name servers, in any order; none where the domain is gone. Raises SourceUnavailable."""


# ── handlers ────────────────────────────────────────────────────────────────────────────────────────


Sources = Sequence[DataSource]
Stored = Mapping[str, Any]  # the details of a request, as they are kept with it
Told = tuple[str, dict[str, Any]]  # the text that answers a request, by its name, and its values


@dataclass(frozen=True, slots=True)
class Telling:
    """What an answer is written with, beside the result that it tells."""

    settings: Settings
    language: str
    now: datetime
    day_of: Callable[[datetime], date]  # the calendar day of an instant where the controller is
    failed: Sequence[Mapping[str, Any]]  # each system in which something was left, and why, in words


class Handler(Protocol):
    """One right, from its first question to its last letter."""

    right: Right
    takes: frozenset[str]  # the details of a message that are its own
    freezes: bool  # its plan is carried out at once, and a person weighs whether it stays so
    portable_only: bool  # of a copy: it holds what the person gave or caused, and nothing else
    nothing: str  # the text where nothing is held

    @property
    def operation(self) -> Operation | None:
        """What the sources are told to do; None where people answer by themselves."""

    def asks_same(self, details: Stored, others: Stored) -> bool:
        """Tell whether two requests, each complete, want the very same: then one of them does for both."""

    def missing(self, details: Stored) -> str | None:
        """Name the text of the one question to ask next, or None when nothing is missing."""

    def need(self, details: Stored, plan: Plan | None, settings: Settings, sources: Sources) -> Need:
        """Say how sure the desk must be who is asking, with these details and, once planned, these data."""

    def effects(self, details: Stored) -> Sequence[str]:
        """Name what confirming the request does, for the labels of these effects."""

    async def propose(self, identity: Identity, sources: Sources, details: Stored, now: datetime) -> Plan:
        """Locate the person and put the steps in order; changes nothing anywhere. Raises Conflict where people answer."""

    def answer(self, result: Result, details: Stored, telling: Telling) -> Told:
        """Say what a plan came to, or will; raises Conflict where nothing was done, since nothing is said of that."""
