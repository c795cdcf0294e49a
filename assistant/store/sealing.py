"""Columns that are sealed at the driver's edge: code above reads and writes plain values, the disk never has them.

The keyring of an engine is on its dialect, where a type can reach it; an engine without one stores nothing here.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

from sqlalchemy import ColumnClause, Dialect, Engine, LargeBinary, String, Text, TypeDecorator
from sqlalchemy.sql import operators

from assistant.store.keyring import Keyring, is_sealed

T = TypeVar("T")
SAYS_NOTHING = ("", "{}", "[]")  # whether there is anything is no secret, and most messages have no buttons
_MAY_BE_ASKED = (operators.is_, operators.is_not)


def give_keyring(engine: Engine, keyring: Keyring) -> None:
    """Have an engine seal and open with a keyring."""
    engine.dialect.keyring = keyring  # type: ignore[attr-defined]


def _keyring(dialect: Dialect) -> Keyring:
    keyring: Keyring = dialect.keyring  # type: ignore[attr-defined]
    return keyring


class _Unsearchable(TypeDecorator.Comparator[Any]):
    """Refuses to compare what is sealed: no two sealings are equal, so it would silently find nothing."""

    def operate(self, op: Any, *other: Any, **more: Any) -> Any:
        # SQLAlchemy looks itself up in its lists.
        among_columns = other and isinstance(other[0], ColumnClause)
        if op not in _MAY_BE_ASKED and not among_columns:
            raise TypeError(
                f"{self.expr} is sealed: it cannot be searched; keep a keyed hash of it beside it"
            )
        return super().operate(op, *other, **more)


class Sealing(TypeDecorator[T]):
    """What both kinds of sealed columns share."""

    impl = Text
    cache_ok = True
    hashable = False

    comparator_factory = _Unsearchable

    def _stored(self, text: str, dialect: Dialect) -> str:
        return text if text in SAYS_NOTHING else _keyring(dialect).seal(text)

    def _read(self, stored: str, dialect: Dialect) -> str:
        """What does not begin with the mark was stored before its column was sealed."""
        return _keyring(dialect).unseal(stored) if is_sealed(stored) else stored


class Sealed(Sealing[str]):
    """A text that is sealed."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Seal it."""
        return None if value is None else self._stored(value, dialect)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Open it."""
        return None if value is None else self._read(value, dialect)


class SealedJson(Sealing[Any]):
    """Anything that JSON can say, sealed; None is NULL."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Seal it."""
        if value in ({}, []):  # most of what a message has of these
            return "{}" if isinstance(value, dict) else "[]"
        return None if value is None else self._stored(json.dumps(value), dialect)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Open it."""
        return None if value is None else json.loads(self._read(value, dialect))


class SealedByHand(TypeDecorator[str]):
    """A text that code seals with the keyring itself, because it is opened only where it is needed."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Seal anew what was on its way when the key changed; raises ConfigurationError for what is not sealed."""
        return value if value is None or value in SAYS_NOTHING else _keyring(dialect).sealed_now(value)


class SealedBytes(TypeDecorator[bytes]):
    """Bytes that code seals itself: originals may be large, and are sealed beside the writer."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Seal anew what was on its way when the key changed."""
        return None if value is None else _keyring(dialect).bytes_sealed_now(value)
