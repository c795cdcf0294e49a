"""What a part of the desk may need, handed to it whole; no globals."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from sqlmodel import Session

from assistant.domain.calendars import local_day
from assistant.domain.letter import Letter
from assistant.domain.turns import Turns
from assistant.interfaces import ChatMessage
from assistant.slow_hashes import SlowHashes

if TYPE_CHECKING:
    from assistant.config import Settings
    from assistant.domain.assurance import Method
    from assistant.domain.calendars import LegalCalendar
    from assistant.domain.rights import Right
    from assistant.interfaces import Channel, Clock, DataSource, Handler, Resolver, SignIn, VerificationMethod
    from assistant.store.keyring import Keyring
    from assistant.store.writer import Store

T = TypeVar("T")
K = TypeVar("K")
Signal = ChatMessage | Literal["typing"]


class Rendered(Protocol):
    """A text in one language, ready to send."""

    @property
    def subject(self) -> str | None:
        """The subject of a mail; chat texts have none."""

    @property
    def text(self) -> str:
        """The text itself."""


class TextSource(Protocol):
    """Every word to a person, by name."""

    def render(self, name: str, locale: str | None, /, **values: Any) -> Rendered:
        """Give a whole text; an unknown locale gets English."""

    def page(self, name: str, locale: str | None, /, **values: Any) -> Mapping[str, str]:
        """Give the texts of a page."""

    def label(self, group: str, name: str, locale: str | None, /) -> str:
        """Give the words for a machine name."""


class Hub:
    """Tells the sockets of this process what was committed; a hint, the row is the truth."""

    def __init__(self) -> None:
        """Begin with nobody listening."""
        self._queues: defaultdict[str, set[asyncio.Queue[Signal]]] = defaultdict(set)

    @asynccontextmanager
    async def watch(self, conversation_id: str) -> AsyncIterator[AsyncIterator[Signal]]:
        """Give what is published for a conversation while the context is open."""
        queue: asyncio.Queue[Signal] = asyncio.Queue(maxsize=1000)
        self._queues[conversation_id].add(queue)
        try:
            yield _drain(queue)
        finally:
            self._queues[conversation_id].discard(queue)
            if not self._queues[conversation_id]:
                del self._queues[conversation_id]

    def publish(self, conversation_id: str, signal: Signal) -> None:
        """Hand a signal to whoever listens; a listener that does not keep up reconnects and catches up."""
        for queue in self._queues.get(conversation_id, ()):
            if not queue.full():
                queue.put_nowait(signal)


async def _drain(queue: asyncio.Queue[Signal]) -> AsyncIterator[Signal]:
    while True:
        yield await queue.get()


class Peers:
    """By which address each talk of late is held: for fair turns, in memory alone, and of so many talks at most."""

    def __init__(self, most: int = 10_000) -> None:
        """Begin with nobody known."""
        self._most = most
        self._of: dict[str, str] = {}

    def note(self, conversation_id: str, peer: str) -> None:
        """Keep who holds a talk; the one noted longest ago is forgotten."""
        self._of.pop(conversation_id, None)
        self._of[conversation_id] = peer
        if len(self._of) > self._most:
            del self._of[next(iter(self._of))]

    def of(self, conversation_id: str) -> str:
        """Name with whom a talk shares its turns: itself where its address is not known."""
        return self._of.get(conversation_id, conversation_id)

    def in_turn(self, talks: Iterable[tuple[K, str]]) -> list[K]:
        """Put what belongs to talks in fair order: the first of everybody, then the second, each in the order given."""
        waiting: Turns[K] = Turns()
        for item, conversation_id in talks:
            waiting.put(self.of(conversation_id), item)
        return [waiting.take()[1] for _ in range(len(waiting))]


class WrittenTo:
    """Whom each address on the network had the desk write to of late: in memory alone, and of so many addresses at most."""

    def __init__(self, most: int = 10_000) -> None:
        """Begin with nobody."""
        self._most = most
        self._by: dict[str, dict[str, datetime]] = {}

    def full_until(
        self, network: str, whom: str, now: datetime, room: int, period: timedelta
    ) -> datetime | None:
        """Keep one more, each once; where there is no room nothing is kept, and it is said from when there is."""
        held = {each: at for each, at in self._by.pop(network, {}).items() if now - period < at <= now}
        self._by[network] = held
        if len(self._by) > self._most:
            del self._by[next(iter(self._by))]
        if whom not in held and len(held) >= room:
            return sorted(held.values())[-room] + period
        held.setdefault(whom, now)
        return None


class Waker:
    """Wakes a sweep before its next tick."""

    def __init__(self) -> None:
        """Begin with nothing due."""
        self.events: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def wake(self, names: Iterable[str]) -> None:
        """Say that these sweeps have something to do."""
        for name in names:
            self.events[name].set()


@dataclass(frozen=True, slots=True)
class Services:
    """The desk's parts, typed by their interfaces."""

    store: Store
    keyring: Keyring
    clock: Clock
    settings: Settings
    calendar: LegalCalendar
    texts: TextSource
    sources: tuple[DataSource, ...] = ()
    channels: Mapping[str, Channel] = field(default_factory=dict)
    handlers: Mapping[Right, Handler] = field(default_factory=dict)
    methods: Mapping[Method, VerificationMethod] = field(default_factory=dict)
    sign_ins: Mapping[Method, SignIn] = field(default_factory=dict)
    resolver: Resolver | None = None  # None: nobody asks where the mail of a domain goes
    slow: SlowHashes = field(default_factory=SlowHashes)
    hub: Hub = field(default_factory=Hub)
    waker: Waker = field(default_factory=Waker)
    peers: Peers = field(default_factory=Peers)
    written_to: WrittenTo = field(default_factory=WrittenTo)
    # What people's authenticators go by; the desk's own clock unless it is moved.
    device_clock: Clock | None = None
    random: Callable[[int], bytes] = secrets.token_bytes
    counts: Counter[str] = field(default_factory=Counter)  # since the start, for /metrics; names only
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)  # kind and agent, not yet written
    others: Callable[[str, frozenset[str]], Sequence[tuple[str, str]]] = lambda _text, _own: ()

    async def write(self, work: Callable[[Unit], T], *, whose: str = "") -> T:
        """Run one unit in somebody's turn; after its commit its messages reach the sockets and the sweeps it feeds wake up."""
        return await self.prepare_and_write(lambda: work, whose=whose)

    async def prepare_and_write(self, prepare: Callable[[], Callable[[Unit], T]], *, whose: str = "") -> T:
        """Compute before the transaction and run the unit that comes of it, as `write` does."""

        def prepared() -> Callable[[Session], tuple[T, Unit]]:
            work = prepare()

            def in_unit(session: Session) -> tuple[T, Unit]:
                unit = Unit(self, session)
                return work(unit), unit

            return in_unit

        result, unit = await self.store.prepare_and_write(prepared, whose=whose)
        for conversation_id, message in unit.posted:
            self.hub.publish(conversation_id, message)
        if unit.wakes:
            self.waker.wake(unit.wakes)
        return result

    async def read(self, work: Callable[[Unit], T]) -> T:
        """Run queries beside the writer, in a unit of which nothing is committed."""
        return await self.store.read(lambda session: work(Unit(self, session)))

    @property
    def own_sources(self) -> Sequence[str]:
        """Name the systems that are the desk's own records."""
        return [source.name for source in self.sources if source.kind == "own_records"]

    def local_day(self, instant: datetime) -> date:
        """Give the day of an instant where the controller is."""
        return local_day(instant, self.calendar.zone)

    def with_parts(self, **parts: Any) -> Services:
        """Give the same services with some parts replaced."""
        return replace(self, **parts)


@dataclass(frozen=True, slots=True)
class Unit:
    """One piece of work on the desk's database: what is written in it is committed together.

    What it says, queues and wakes is kept here until that commit: nobody hears of what was never written.
    """

    services: Services
    session: Session
    posted: list[tuple[str, ChatMessage]] = field(default_factory=list)
    wakes: set[str] = field(default_factory=set)
    letters: list[Letter] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        """Give the instant, aware and in UTC."""
        return self.services.clock.now()

    @property
    def today(self) -> date:
        """Give the day that it is where the controller is."""
        return self.services.local_day(self.now)

    def post(self, conversation_id: str, message: ChatMessage) -> None:
        """Have a message pushed to the sockets once this unit is committed."""
        self.posted.append((conversation_id, message))

    def wake(self, *names: str) -> None:
        """Have sweeps woken once this unit is committed."""
        self.wakes.update(names)
