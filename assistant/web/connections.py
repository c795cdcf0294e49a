"""Open connections: how many there may be, over all and of one address, and how long one may say nothing whole."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

import structlog
from aiohttp import web

from assistant.domain.networks import address_of
from assistant.web.errors import problem

if TYPE_CHECKING:
    from aiohttp.web_request import BaseRequest

log = structlog.get_logger(__name__)

# For whole headers of a request to arrive, since the connection or since the last answer.
_SECONDS: Final = 20.0
_LINGERING: Final = 2.0  # what an answer did not wait for is read so long, so that the answer arrives
_MOST: Final = 8_192
_KEPT_FREE: Final = 200  # files that the desk opens itself: database, mail, packages, other systems
_OF_ONE_ADDRESS: Final = 4  # the share of all connections that one address may hold: a quarter
_FOR_WATCHERS: Final = 20  # theirs alone, so that a flood does not blind them
_SHUTDOWN_SECONDS: Final = 5.0


class Connections:
    """Counts what is open; nought of one address means no limit, as behind a proxy that is the one address of all."""

    def __init__(self, most: int, of_one_address: int) -> None:
        """Begin with nothing open."""
        self._most, self._of_one_address = most, of_one_address
        self._open: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """Count one more, or say that there are too many."""
        if self._open.total() >= self._most:
            return False
        if self._of_one_address and self._open[address] >= self._of_one_address:
            return False
        self._open[address] += 1
        return True

    def leave(self, address: str) -> None:
        """Count one less."""
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]


def connections_of_this_machine(*, behind_proxy: bool) -> Connections:
    """Allow as many as this process may open files, which it asks the system to be many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    if soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    most = max(allowed - _KEPT_FREE, _KEPT_FREE)
    return Connections(most, 0 if behind_proxy else most // _OF_ONE_ADDRESS)


def connections_for_watchers() -> Connections:
    """Allow the few that monitoring needs, whatever is open elsewhere."""
    return Connections(_FOR_WATCHERS, 0)


class _Connection(web.RequestHandler):
    """One connection: counted, closed when it says nothing whole in time, and silent about what it could not read."""

    __slots__ = ("_counted", "_counted_under")

    def __init__(self, manager: web.Server, connections: Connections, **options: Any) -> None:
        super().__init__(manager, **options)
        self._counted, self._counted_under = connections, ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection, or close it before anything is read."""
        peer = transport.get_extra_info("peername")
        address = address_of(str(peer[0]) if peer else None)
        super().connection_made(transport)
        if self._counted.enter(address):
            self._counted_under = address
        else:
            self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Count it no more."""
        super().connection_lost(exc)
        if self._counted_under:
            self._counted.leave(self._counted_under)
            self._counted_under = ""

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP without repeating a byte of it, here or in the log."""
        del message
        if isinstance(exc, UnicodeError):  # of an `Expect` that is no text, which no application gets to see
            status = 400
        log.warning("web.unreadable", status=status, kind=type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("the answer was begun already")
        answer = problem(status, "http", HTTPStatus(status).phrase)
        # No application stands behind it that would add these.
        answer.headers.update({"Server": "privacy-desk", "X-Content-Type-Options": "nosniff"})
        answer.force_close()
        return answer

    def log_exception(self, *args: Any, **more: Any) -> None:
        """Log its kind alone: the message of an exception may hold what was sent."""
        del args
        log.warning("web.broken_off", kind=type(more.get("exc_info")).__name__)


@asynccontextmanager
async def listening(
    app: web.Application, listener: socket.socket, connections: Connections, *, seconds: float = _SECONDS
) -> AsyncIterator[None]:
    """Serve an application at a socket while the context is open; what is under way is finished first."""
    runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    manager, loop = cast("web.Server", runner.server), asyncio.get_running_loop()  # there after setup

    def accept() -> asyncio.Protocol:
        return _Connection(
            manager,
            connections,
            loop=loop,
            access_log=None,
            keepalive_timeout=seconds,
            lingering_time=_LINGERING,
            auto_decompress=False,  # a packed body is refused: what it unpacks to has no measure
        )

    server = await loop.create_server(accept, sock=listener)
    try:
        yield
    finally:
        server.close()
        await runner.cleanup()
