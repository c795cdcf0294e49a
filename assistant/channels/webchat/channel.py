"""The live chat as a channel: who may connect, how many, and an orderly end."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from aiohttp import WSCloseCode, web

from assistant.channels.webchat.frames import Instants, none_named
from assistant.channels.webchat.socket import CHANNEL, ChatSocket, Limits
from assistant.channels.webchat.texts import language_of
from assistant.domain.networks import address_of
from assistant.domain.pacing import Addresses, Bucket
from assistant.errors import ConfigurationError, DeliveryRefused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from assistant.interfaces import ChatDesk, Clock, Desk, Finding, Outgoing, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class WebChatSettings:
    """Who may connect to the live chat, and how much they may send; nought means no limit."""

    public_url: str  # where people reach the desk: the panel's own origin
    extra_origins: tuple[str, ...] = ()
    behind_proxy: bool = False  # count by the last X-Forwarded-For entry, which our own proxy wrote
    max_text: int = 4000  # characters
    max_frame: int = 64 * 1024  # 4 000 characters may take 48 000 bytes once escaped as JSON
    messages_per_minute: int = 120  # per socket; as many at once
    sockets_per_address: int = 500
    hellos_per_minute: int = 600  # per address
    hello_seconds: float = 15.0
    heartbeat_seconds: float = 25.0


class WebChat:
    """The channel behind `GET /chat/ws`."""

    name = CHANNEL

    def __init__(self, settings: WebChatSettings, clock: Clock, instants: Instants = none_named) -> None:
        """Take the settings, and who knows which instants a text names; raises ConfigurationError where an origin is none."""
        self._settings = settings
        self._instants = instants
        self._clock = clock
        self._origins = frozenset(_origin(url) for url in (settings.public_url, *settings.extra_origins))
        self._addresses = Addresses(settings.sockets_per_address, settings.hellos_per_minute)
        self._desk: ChatDesk | None = None
        self._sockets: set[ChatSocket] = set()

    def routes(self) -> list[web.RouteDef]:
        """Give the one route of this channel."""
        return [web.get("/chat/ws", self._accept)]

    @asynccontextmanager
    async def listening(self, desk: Desk) -> AsyncIterator[None]:
        """Take connections while the context is open; the desk must be a ChatDesk."""
        self._desk = cast("ChatDesk", desk)  # one desk answers every channel, and this one asks it for more
        try:
            yield
        finally:
            await self.hang_up()

    async def hang_up(self, _app: web.Application | None = None) -> None:
        """Take no more connections and close the open ones as going away (1001); fits `app.on_shutdown`."""
        self._desk = None
        await asyncio.gather(*(socket.close(WSCloseCode.GOING_AWAY) for socket in self._sockets))

    def ways(self) -> Sequence[Way]:
        """It is deaf only where this desk serves no page at all."""
        return ()

    async def check(self) -> Sequence[Finding]:
        """There is nobody to sign in to."""
        return ()

    async def deliver(self, outgoing: Outgoing) -> None:
        """Refuse: a chat message is a stored row that its socket follows, never a delivery of its own."""
        raise DeliveryRefused(
            "A live chat shows what is stored; nothing is left to deliver.", key=outgoing.key
        )

    async def _accept(self, http_request: web.Request) -> web.StreamResponse:
        origin = http_request.headers.get("Origin")
        if origin is not None and origin.lower() not in self._origins:
            return _refusal(
                403, "This site may not open the chat; its operator can add it to webchat.extra_origins."
            )
        if self._desk is None:
            return _refusal(503, "The desk is starting or stopping. Connect again in a moment.")
        address = self._address(http_request)
        if not self._addresses.enter(address):
            return _refusal(429, "Too many chats are open from your network. Close some, or try again later.")
        try:
            return await self._serve(http_request, self._desk, address)
        finally:
            self._addresses.leave(address)

    def _address(self, http_request: web.Request) -> str:
        forwarded = http_request.headers.getall("X-Forwarded-For", ()) if self._settings.behind_proxy else ()
        return address_of(http_request.remote, forwarded)

    async def _serve(self, http_request: web.Request, desk: ChatDesk, address: str) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse(
            timeout=2.0,
            heartbeat=self._settings.heartbeat_seconds,
            compress=False,
            max_msg_size=4 * self._settings.max_frame,  # between the two, the error is told before hanging up
        )
        await websocket.prepare(http_request)
        socket = self._socket(websocket, desk, address, http_request.headers.get("Accept-Language"))
        self._sockets.add(socket)
        try:
            with suppress(ConnectionResetError):  # gone before the session began
                await self._converse(socket, address)
        finally:
            self._sockets.discard(socket)
            await websocket.close(code=WSCloseCode.INTERNAL_ERROR)  # no effect on one that is closed
        return websocket

    async def _converse(self, socket: ChatSocket, address: str) -> None:
        hello = await socket.greet(self._settings.hello_seconds)
        if hello is None:
            return
        wait = self._addresses.hello(address, asyncio.get_running_loop().time())
        if wait:
            await socket.refuse("flood", close=WSCloseCode.TRY_AGAIN_LATER)
        else:
            await socket.talk(hello)

    def _socket(
        self, websocket: web.WebSocketResponse, desk: ChatDesk, address: str, accepts: str | None
    ) -> ChatSocket:
        rate = self._settings.messages_per_minute
        return ChatSocket(
            websocket,
            desk,
            self._clock,
            Bucket(rate, rate, asyncio.get_running_loop().time()),
            address=address,
            language=language_of(accepts),
            limits=Limits(self._settings.max_text, self._settings.max_frame),
            instants=self._instants,
        )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(f"{url!r} is no origin; write it like https://desk.example.")
    return f"{parts.scheme}://{parts.netloc}".lower()


def _refusal(status: int, detail: str) -> web.Response:
    headers = {"Retry-After": "5"} if status in (429, 503) else {}
    body = {"title": detail, "status": status}
    return web.json_response(body, status=status, headers=headers, content_type="application/problem+json")
