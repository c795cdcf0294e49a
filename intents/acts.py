"""Hears an act on somebody's data that is asked after, complained of or cautioned against: *did you delete it?*, *ask me before you do*."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from intents.tables import any_in, in_plain

_any: Final = partial(any_in, "acts")
_OF_DONE: Final = "of_done"


def without_acts(sentences: Sequence[str]) -> tuple[list[str], bool] | None:
    """Give what is said beside such acts, and whether it is asked of one if it was done; None where there is none. Linear in length."""
    plain = [in_plain(sentence) for sentence in sentences]
    if not any(_any(table).may_be_in(each) for table in (_OF_DONE, "of_doing") for each in plain):
        return None
    asks_if_done = any(map(_any(_OF_DONE).search, plain))
    left = [_without(each) for each in plain]
    return (left, asks_if_done) if left != plain else None


def asks_nothing_yet(sentences: Sequence[str]) -> bool:
    """Tell whether a message says of itself that it makes no request yet: it only asks how they are met."""
    return any(map(_any("asks_nothing_yet").search, map(in_plain, sentences)))


def _without(sentence: str) -> str:
    """Give a sentence without each such act, to where a wish begins or the sentence ends."""
    for table in ("of_doing", _OF_DONE):
        if found := _any(table).search(sentence):
            end = _any("wished_beside").search(sentence, found.end())
            behind = sentence[end.start() :] if end else ""
            return f"{sentence[: found.start()]} {behind}".strip(" ,;:?!.")
    return sentence
