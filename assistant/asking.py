"""How a command reaches the desk that runs: by its own socket, and without loading what only a desk needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp

from assistant.config import Settings
from assistant.errors import AssistantError, ConfigurationError, Invalid

_ERRORS = {cls.code: cls for cls in (AssistantError, Invalid, ConfigurationError)}


def socket_path(settings: Settings) -> Path:
    """Give where the running desk listens for its own commands."""
    return settings.server.data_dir / "desk.sock"


async def run_command(settings: Settings, command: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Run a command that writes: through the running desk, or alone on its database."""
    if (answer := await ask_running(settings, f"/run/{command}", json=dict(asked))) is not None:
        return answer
    from assistant.local import run_alone  # a whole desk, which takes long to load

    return await run_alone(settings, command, asked)


async def ask_running(settings: Settings, path: str, **body: Any) -> Mapping[str, Any] | None:
    """Ask the running desk; None when none is running. Raises what it answered."""
    socket = socket_path(settings)
    if not socket.exists():
        return None
    try:
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(socket))) as client,
            client.post(f"http://desk{path}", **body) as response,
        ):
            # What the server says of an error that nobody foresaw.
            if response.content_type != "application/json":
                raise AssistantError("The desk failed at this, and nothing was changed; its log says where.")
            answer: Mapping[str, Any] = await response.json()
    except aiohttp.ClientConnectorError:
        return None  # left behind by a killed desk
    except (aiohttp.ClientError, OSError, ValueError):  # it was there, and is not any more
        raise AssistantError(
            "The desk ended while it was asked; start it again, look whether it was done, and ask again."
        ) from None
    if response.status >= 400:  # noqa: PLR2004 - HTTP
        raise _ERRORS.get(answer.get("code", ""), AssistantError)(answer.get("message"))
    return answer
