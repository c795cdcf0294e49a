"""The least a WebSocket server in this framework does: `python -m tests.benchmarks.echo PORT`."""

from __future__ import annotations

import sys

from aiohttp import WSMsgType, web


async def _echo(http_request: web.Request) -> web.WebSocketResponse:
    peer = web.WebSocketResponse(compress=False)
    await peer.prepare(http_request)
    async for message in peer:
        if message.type is WSMsgType.TEXT:
            await peer.send_str(message.data)
    return peer


def main(port: int) -> None:
    """Serve until terminated."""
    app = web.Application()
    app.add_routes([web.get("/chat/ws", _echo)])
    web.run_app(app, host="127.0.0.1", port=port, print=None)


if __name__ == "__main__":
    main(int(sys.argv[1]))
