"""Long messages are read beside the writer, one after the other, whoever sends them each in turn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from assistant.one_thread import OneThread

if TYPE_CHECKING:
    from assistant.interfaces import Incoming
    from intents import Reader, Reading

SHORT: Final = 600  # characters: so much is read by the writer, in about a millisecond
LONG_ENOUGH: Final = 12  # characters from which on the language of a message is worth believing
_thread = partial(OneThread, "read-long", most_of_one=math.inf, most=math.inf)  # whoever wrote is read


@dataclass(frozen=True, slots=True)
class LongReadings:
    """Who sends forty long messages waits for forty, and nobody else does."""

    reader: Reader
    _thread: OneThread = field(default_factory=_thread)

    async def read(self, whose: str, text: str, quoted: Sequence[str] = ()) -> Reading:
        """Read a message when it is its sender's turn; raises what reading raised."""
        return await self._thread.run(whose, partial(self.reader.read, text, quoted=quoted))


def whose_turn(incoming: Incoming) -> str:
    """Say with whom a message shares its turns: who sends from one place is one, and all mail is one, for it can wait."""
    return incoming.peer or (incoming.channel if incoming.channel == "email" else incoming.thread)
