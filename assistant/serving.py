"""Serves a desk until it is told to stop: its web address, its local socket, its clock and its channels."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from assistant import local
from assistant.app import Assembly, build, build_monitor, running
from assistant.errors import ConfigurationError
from assistant.web.connections import connections_for_watchers, connections_of_this_machine, listening

log = structlog.get_logger(__name__)


def bind(host: str, port: int, key: str = "server.port") -> socket.socket:
    """Take a port (0 takes a free one); raises ConfigurationError naming it, and its setting, when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"{key}: {host}:{port} cannot be taken ({os.strerror(error.errno or 0)}); stop what listens there, or choose another."
        ) from None
    return listener


async def serve(
    assembly: Assembly,
    listener: socket.socket,
    *,
    routes: list[web.RouteDef] | None = None,
    monitor: socket.socket,
    ready: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, and at another socket whoever monitors; what is under way is finished first."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    settings = assembly.services.settings
    connections = connections_of_this_machine(behind_proxy=settings.webchat.behind_proxy)
    public = listening(build(assembly, more_routes=routes), listener, connections)
    watched = listening(build_monitor(assembly), monitor, connections_for_watchers())
    async with running(assembly), local.socket_of(assembly), public, watched:
        gc.freeze()  # what was loaded stays: nothing is found by looking through it again and again
        gc.enable()
        log.info("desk.ready", port=listener.getsockname()[1])
        if ready:
            await ready()
        await stop.wait()


def run(main: Awaitable[None], event_loop: str) -> None:
    """Run to the end on the loop that the settings name."""
    if event_loop == "uvloop" and sys.platform != "win32":
        import uvloop

        uvloop.run(main)  # type: ignore[arg-type]
    else:
        asyncio.run(main)  # type: ignore[arg-type]
