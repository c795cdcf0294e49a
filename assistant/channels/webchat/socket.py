"""One open socket of the live chat: a loop reads the person, a task pushes what the desk says."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import structlog
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from assistant.channels.webchat import frames
from assistant.channels.webchat.frames import FrameRefused, Hello, Identify, Instants, Said, Seen, Typing
from assistant.channels.webchat.texts import Language, language_of
from assistant.errors import AssistantError, NothingToProve, NotVerified, StoreUnavailable
from assistant.interfaces import ChatDesk, ChatMessage, ChatSession, Clock, Incoming

if TYPE_CHECKING:
    from assistant.domain.pacing import Bucket

log = structlog.get_logger(__name__)
CHANNEL: Final = "webchat"
_CHEAP: Final = 0.25  # what a frame costs that stores nothing, beside a message
_PATIENCE: Final = 20  # refusals in a row before a flood is cut off
_OF_SOMEBODY: Final = (WSMsgType.TEXT, WSMsgType.BINARY)
_OWN: Final = 256  # client ids remembered until their echo came by
_GRACE: Final = 5.0  # seconds a message being stored may hold up the end

Stream = AsyncIterator[ChatMessage | Literal["typing"]]


class Limits(NamedTuple):
    """How long a person's text and a whole frame may be."""

    text: int  # characters
    frame: int  # characters of JSON


class ChatSocket:
    """Speaks the protocol of the live chat on one accepted WebSocket."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        desk: ChatDesk,
        clock: Clock,
        bucket: Bucket,
        *,
        address: str,
        language: Language,
        limits: Limits,
        instants: Instants,
    ) -> None:
        """Take the accepted socket, whom it talks to, and its limits."""
        self._socket = socket
        self._desk = desk
        self._clock = clock
        self._bucket = bucket
        self._address = address
        self._language = language
        self._limits = limits
        self._instants = instants
        self._locale: str | None = None
        self._thread = ""
        self._seen = 0
        self._refusals = 0
        self._token: str | None = None
        self._own: dict[str, None] = {}
        self._ahead: asyncio.Task[WSMessage] | None = None  # what comes while a message waits for its turn
        self._turn = asyncio.Lock()  # an acknowledgement goes out before what its message caused
        self._now = asyncio.get_running_loop().time

    async def greet(self, patience: float) -> Hello | None:
        """Wait for hello; None when the peer left or kept us waiting for `patience` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                return await self._hello()
        await self.refuse("hello_late", close=WSCloseCode.POLICY_VIOLATION)
        return None

    async def talk(self, hello: Hello) -> None:
        """Carry the conversation until either side hangs up."""
        self._locale = hello.locale
        try:
            session = await self._desk.open_session(hello.session, hello.after, hello.locale)
            self._thread = session.thread
            async with self._desk.watch(session.thread) as stream:
                session = await self._caught_up(hello, session)
                await self._socket.send_str(frames.session_frame(session, self._instants))
                await self._both_ways(stream, frozenset(message.id for message in session.messages))
        except StoreUnavailable:
            await self.refuse("store_unavailable", close=WSCloseCode.TRY_AGAIN_LATER)

    async def close(self, code: int) -> None:
        """Hang up after the message being stored is acknowledged, or when that takes too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE), self._turn:
                pass
        await self._socket.close(code=code)

    async def refuse(
        self, reason: str, *, client_id: str | None = None, close: int | None = None, **values: Any
    ) -> None:
        """Say what is wrong, and hang up with the given code where there is one."""
        text = frames.error_frame(reason, self._language, client_id=client_id, **values)
        await self._socket.send_str(text)
        if close is not None:
            await self._socket.close(code=close)

    async def _hello(self) -> Hello | None:
        while (raw := await self._next()) is not None:
            frame = await self._parsed(raw)
            if isinstance(frame, Hello):
                self._language = language_of(frame.locale) if frame.locale else self._language
                return frame
            if frame is not None:
                await self.refuse("hello_first", client_id=getattr(frame, "client_id", None))
        return None

    async def _caught_up(self, hello: Hello, session: ChatSession) -> ChatSession:
        """Add what was committed after the history was read and before the watch began."""
        if hello.session != session.token:
            return session
        last = max((message.id for message in session.messages), default=hello.after)
        later = await self._desk.open_session(session.token, last, hello.locale)
        known = {message.id for message in session.messages}
        missed = tuple(message for message in later.messages if message.id not in known)
        return replace(session, messages=session.messages + missed)

    async def _both_ways(self, stream: Stream, shown: frozenset[int]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                push = group.create_task(self._push(stream, shown))
                await self._listen()
                push.cancel()
        except* ConnectionResetError:
            pass  # the person left in the middle; their client comes back with `after`
        finally:
            if self._ahead is not None:
                self._ahead.cancel()

    async def _push(self, stream: Stream, shown: frozenset[int]) -> None:
        with suppress(ConnectionResetError):  # whoever left: what they said last is stored all the same
            await self._push_all(stream, shown)

    async def _push_all(self, stream: Stream, shown: frozenset[int]) -> None:
        async for item in stream:
            if isinstance(item, str):
                await self._socket.send_str(frames.typing_frame())
            elif item.id not in shown and not self._is_echo(item):
                async with self._turn:
                    await self._socket.send_str(frames.message_frame(item, self._instants))
        await self._socket.close(code=WSCloseCode.OK)  # the desk ended the session

    def _is_echo(self, message: ChatMessage) -> bool:
        if message.sender != "you" or message.client_id not in self._own:
            return False
        del self._own[message.client_id]
        return True

    async def _listen(self) -> None:
        while (raw := await self._next()) is not None:
            frame = await self._parsed(raw)
            if isinstance(frame, Said):
                await self._said(frame)
            elif frame is not None:
                await self._besides(frame)

    async def _said(self, said: Said) -> None:
        incoming = Incoming(
            channel=CHANNEL,
            thread=self._thread,
            external_id=said.client_id,
            text=said.text,
            received_at=self._clock.now(),
            kind=said.kind,
            locale=self._locale,
            peer=self._address,
            has_left=self._has_left,
        )
        self._remember(said.client_id)
        self._ahead = asyncio.create_task(self._socket.receive())
        async with self._turn:
            try:
                receipt = await self._desk.receive(incoming)
            except Exception as error:  # broad: whatever failed is ours, and the socket stays for another try
                if not isinstance(error, AssistantError):
                    log.error("chat.not_stored", kind=type(error).__name__)  # noqa: TRY400 - it may quote words
                is_refused = isinstance(error, AssistantError) and not isinstance(error, StoreUnavailable)
                await self.refuse("refused" if is_refused else "store_unavailable", client_id=said.client_id)
            else:
                await self._socket.send_str(frames.ack_frame(said.client_id, receipt.message_id))
        if self._token is not None:
            await self._identify(self._token, again=True)

    def _has_left(self) -> bool:
        """Tell whether the socket was closed from the other side while a message of it waited."""
        ahead = self._ahead
        if ahead is None or not ahead.done() or ahead.cancelled():
            return False
        return ahead.exception() is not None or ahead.result().type not in _OF_SOMEBODY

    def _remember(self, client_id: str) -> None:
        self._own[client_id] = None
        if len(self._own) > _OWN:
            del self._own[next(iter(self._own))]

    async def _besides(self, frame: Hello | Typing | Seen | Identify) -> None:
        match frame:
            case Seen(message_id):
                await self._note_seen(message_id)
            case Identify(token):
                await self._identify(token)
            case Hello():
                await self.refuse("hello_twice")

    async def _note_seen(self, message_id: int) -> None:
        if message_id > self._seen:
            self._seen = message_id
            with suppress(StoreUnavailable):  # nobody waits for it, and the next one repairs it
                await self._desk.seen(self._thread, message_id)

    async def _identify(self, token: str, *, again: bool = False) -> None:
        """Hand in the token of a page; one that came before there was anything to prove is kept for what is asked next."""
        self._token = None
        try:
            await self._desk.identify(self._thread, token)
        except NothingToProve:
            self._token = token  # it lives five minutes at most, and the desk looks at that each time
        except NotVerified:
            if not again:
                await self.refuse("not_verified")
        except StoreUnavailable:
            self._token = token
            await self.refuse("store_unavailable")

    async def _next(self) -> str | None:
        """Give the next text frame that is small enough; None when the socket is closed."""
        while True:
            ahead, self._ahead = self._ahead, None
            message = await (ahead or self._socket.receive())
            if message.type is WSMsgType.TEXT:
                text: str = message.data
                if len(text) <= self._limits.frame:
                    return text
                await self.refuse("too_large", close=WSCloseCode.MESSAGE_TOO_BIG, limit=self._limits.frame)
            elif message.type is not WSMsgType.BINARY:
                return None
            elif await self._allowed(_CHEAP):
                await self.refuse("binary")

    async def _parsed(self, raw: str) -> frames.Frame | None:
        """Read a frame within the limits; None when it was refused, which the person was told."""
        try:
            frame = frames.parse(raw, self._limits.text)
        except FrameRefused as refused:
            if await self._allowed(1.0, refused.client_id):
                await self.refuse(refused.reason, client_id=refused.client_id, **refused.values)
            return None
        if isinstance(frame, Said):
            return frame if await self._allowed(1.0, frame.client_id) else None
        return frame if await self._allowed(_CHEAP) else None

    async def _allowed(self, cost: float, client_id: str | None = None) -> bool:
        """Let a frame pass, or tell the person when to send it again; a flood is cut off."""
        wait = self._bucket.take(self._now(), cost)
        if not wait:
            self._refusals = 0
            return True
        self._refusals += 1
        if self._refusals > _PATIENCE:
            await self.refuse("flood", close=WSCloseCode.POLICY_VIOLATION)
        else:
            seconds = math.ceil(wait)
            await self.refuse("too_fast", client_id=client_id, seconds=seconds)
        return False
