"""Slow hashes, each kind in a thread of its own with fair turns: who sends many waits for themselves, not others for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Final

from assistant.one_thread import OneThread

_WAITING_OF_ONE: Final = 8
_WAITING: Final = 256
_thread = partial(OneThread, "hash", most_of_one=_WAITING_OF_ONE, most=_WAITING)


@dataclass(frozen=True, slots=True)
class SlowHashes:
    """The kinds: none of them waits for another."""

    sign_ins: OneThread = field(default_factory=_thread)  # by the address it comes from
    codes: OneThread = field(default_factory=_thread)  # by whose talk, or the package, they are typed in
    # Of codes that are sent, by whose talk they were asked in.
    made: OneThread = field(default_factory=_thread)

    def close(self) -> None:
        """End every thread."""
        for thread in (self.sign_ins, self.codes, self.made):
            thread.close()
