"""Changes the key that seals from outside the desk: batch by batch through its own socket, so that it may be ended anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from assistant.asking import run_command
from assistant.config import Settings


async def change_sealing_key(settings: Settings, tell: Callable[[str], object]) -> str:
    """Have everything sealed under a new key; gives its id. Tells how far it has come."""
    reached: Mapping[str, Any] = await run_command(settings, "keys-rotate", {})
    key, rows, sealed = str(reached["key"]), int(reached["left"]), 0
    tell(f"{rows} rows are to be sealed under {key}.\n")
    while not reached["done"]:
        reached = await run_command(settings, "keys-rotate", {"place": reached["place"]})
        if count := reached.get("sealed"):
            sealed += count
            tell(f"{sealed} of {max(rows, sealed)} rows are sealed.\n")
    return key
