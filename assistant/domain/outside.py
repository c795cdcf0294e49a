"""Text from outside, made into values that a database, a hash and an answer can hold; whatever cannot be is refused."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NoReturn

from assistant.errors import Invalid

# No database takes these; JSON and headers may carry them.
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")

_NUMBER: Final = re.compile("[0-9]{1,18}")


def is_storable(text: str) -> bool:
    """Tell whether a text can be stored, hashed and sent as it stands."""
    return _UNSTORABLE.search(text) is None


def number_of(text: str) -> int | None:
    """Read a whole number that a column holds; None for anything else, such as 5 000 digits or a superscript two."""
    return int(text) if _NUMBER.fullmatch(text) else None


def json_of(raw: bytes) -> Any:
    """Read a JSON document; raises Invalid for what is none, is too deep, or holds what nothing can store."""
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError):  # a number of 5 000 digits is a ValueError too
        raise Invalid("The body is not JSON; send one JSON object, in UTF-8.") from None
    if not all(is_storable(text) for text in _texts_in(value)):
        raise Invalid("The body holds characters that are none: NUL, or half of a surrogate pair.")
    return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _texts_in(value: Any) -> list[str]:
    found, waiting = [], [value]
    while waiting:
        match waiting.pop():
            case str() as text:
                found.append(text)
            case list() as items:
                waiting += items
            case dict() as fields:
                waiting += [*fields, *fields.values()]
    return found
