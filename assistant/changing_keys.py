"""Changes the key that seals from outside the desk: batch by batch through its own socket, so that it may be ended anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from assistant.config import Settings
from assistant.local import run_command

_LOOKS_AGAIN = 2.0  # seconds


async def change_sealing_key(settings: Settings, tell: Callable[[str], object]) -> str:
    """Have everything sealed under a new key; gives its id. Tells how far it has come."""
    reached: Mapping[str, Any] = await run_command(settings, "keys-rotate", {})
    key, rows, sealed, waited = str(reached["key"]), int(reached["left"]), 0, False
    tell(f"{rows} rows are to be sealed under {key}.\n")
    while not reached["done"]:
        reached = await run_command(settings, "keys-rotate", {"place": reached["place"]})
        if count := reached.get("sealed"):
            sealed += count
            tell(f"{sealed} of {max(rows, sealed)} rows are sealed.\n")
        if reached.get("waits"):
            if not waited:
                tell("All are; what was on its way when the key changed is waited for.\n")
            waited = True
            await asyncio.sleep(min(reached["waits"], _LOOKS_AGAIN))
    return key
