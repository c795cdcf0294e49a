"""Trying the systems and channels of the settings side by side, none for longer than a person would wait."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import chain
from typing import Protocol

from assistant.errors import AssistantError
from assistant.interfaces import Finding

_PATIENCE = 30.0  # seconds, for all that one of them checks


class Checkable(Protocol):
    """A source or a channel."""

    @property
    def name(self) -> str:
        """Its name in the settings."""

    async def check(self) -> Sequence[Finding]:
        """Look at what is there, changing nothing."""


async def check_each(parts: Sequence[Checkable], *, patience: float = _PATIENCE) -> list[Finding]:
    """Check all at once; one that raises or does not come back is a finding, and holds up no other."""
    found = await asyncio.gather(*(_checked(part, patience) for part in parts))
    return list(chain.from_iterable(found))


async def _checked(part: Checkable, patience: float) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(patience):
            return await part.check()
    except AssistantError as error:
        return [Finding("error", part.name, "", error.message)]
    except TimeoutError:
        text = f"does not answer within {patience:g} seconds; look at its address and at what stands between"
        return [Finding("error", part.name, "", text)]
