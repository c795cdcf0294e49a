"""How single values are blanked, replaced, recognised and dated, in terms every database understands."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assistant.sources.sql.schema import ColumnFacts, Kind, TableFacts

if TYPE_CHECKING:
    from assistant.domain.data_map import Overwrite, Restriction

Random = Callable[[int], bytes]
Condition = sa.ColumnElement[bool]
Scalar = str | int | bool | None

NEVER: Condition = sa.false()

_MARK = "erased-"
_NOWHERE = "@erased.invalid"  # RFC 2606: no mail is ever delivered there
_DIGITS = 16
_ENOUGH_DIGITS = 8  # below that, values that must be unique would soon meet
_ENOUGH_NUMBERS = 1000
_MILLISECONDS_FROM = 10**11


def both(*conditions: Condition) -> Condition:
    """Select what fits all; NEVER stays NEVER, so that nobody asks the database for it."""
    return NEVER if any(condition is NEVER for condition in conditions) else sa.and_(*conditions)


def either(*conditions: Condition) -> Condition:
    """Select what fits any; of nothing, or of NEVER alone, that is NEVER."""
    possible = [condition for condition in conditions if condition is not NEVER]
    return sa.or_(*possible) if possible else NEVER


@dataclass(frozen=True, slots=True)
class Write:
    """One column's new value: what to write, how a plan says it, and how to see that it is there."""

    column: str
    said: str
    done: Condition
    value: Any = None
    fresh: Callable[[], Any] | None = None  # instead of `value`: another one at every call
    unique: bool = False  # every row needs a value of its own


def blanking(facts: TableFacts, name: str, rule: Overwrite, random: Random) -> Write:
    """Say how erasure overwrites a column; ValueError with the mend where the column forbids it.

    A column that holds nothing is as good as blanked.
    """
    column, clause = facts.columns[name], facts.clause.c[name]
    unique = any(name in columns for columns in facts.uniques)
    if unfit := unfit_to_blank(facts, name, rule):
        raise ValueError(unfit)
    if rule.how in {"random", "random_email"}:
        fresh, done = _random(column, clause, rule.how, random)
        return Write(name, rule.how, sa.or_(clause.is_(None), done), fresh=fresh, unique=unique)
    if rule.how == "null":
        return Write(name, "null", clause.is_(None))
    value = converted(facts, name, rule.value) if rule.how == "fixed" else _empty(facts, column)
    said = f"fixed: {rule.value}" if rule.how == "fixed" else rule.how
    return Write(name, said, sa.or_(clause.is_(None), _holds(clause, value)), value=value)


def assigning(facts: TableFacts, name: str, value: Scalar) -> Write:
    """Say how a column gets a given value; ValueError with the reason where it cannot hold it."""
    column, clause = facts.columns[name], facts.clause.c[name]
    if value is None and not column.nullable:
        raise ValueError("the column does not take NULL")
    new = converted(facts, name, value) if isinstance(value, str) else value
    if isinstance(new, str) and column.length and len(new) > column.length:
        raise ValueError(f"the column takes {column.length} characters, the value has {len(new)}")
    unique = facts.is_unique([name])
    shown = "null" if value is None else str(value)
    return Write(name, shown, clause.is_not_distinct_from(new), value=new, unique=unique)


def unfit_to_blank(facts: TableFacts, name: str, rule: Overwrite) -> str | None:
    """Say why a column cannot be overwritten in this way and what to write instead; None if it can."""
    column = facts.columns[name]
    if rule.how == "null":
        return (
            None
            if column.nullable
            else "is NOT NULL, so it cannot be set to null; use empty, fixed or random"
        )
    if rule.how in {"random", "random_email"}:
        return _unfit_for_random(facts, column, rule.how)
    if facts.is_unique([name]):
        return f"is UNIQUE, so {rule.how} fails for the second person; use random or random_email"
    if rule.how == "empty":
        takes = column.kind in {Kind.TEXT, Kind.JSON, Kind.BINARY, Kind.OTHER}
        return None if takes else f"holds a {column.kind}, which has no empty value; use null or fixed"
    return _unfit_for_fixed(facts, column, rule.value)


def _unfit_for_fixed(facts: TableFacts, column: ColumnFacts, value: str) -> str | None:
    if column.length is not None and len(value) > column.length:
        return f"takes {column.length} characters, the fixed value has {len(value)}; shorten it"
    try:
        converted(facts, column.name, value)
    except ValueError:
        return f"holds a {column.kind}, which the fixed value is not; write one that fits"
    return None


def _unfit_for_random(facts: TableFacts, column: ColumnFacts, how: str) -> str | None:
    if how == "random" and column.kind in {Kind.INTEGER, Kind.NUMBER}:
        low, high = _band(column.type)
        narrow = high - low < _ENOUGH_NUMBERS or type(column.type).__name__ == "TINYINT"
        return "takes too few digits for random; use null or fixed" if narrow else None
    if column.kind is not Kind.TEXT:
        return f"holds a {column.kind}, for which there is no {how} value; use null or fixed"
    digits = _digits(column, how)
    short = digits < (_ENOUGH_DIGITS if facts.is_unique([column.name]) else 0)
    return f"takes {column.length} characters, too few for {how}; use null, empty or fixed" if short else None


def _digits(column: ColumnFacts, how: str) -> int:
    around = len(_MARK) + (len(_NOWHERE) if how == "random_email" else 0)
    return min(_DIGITS, column.length - around) if column.length else _DIGITS


def _random(
    column: ColumnFacts, clause: sa.ColumnClause[Any], how: str, random: Random
) -> tuple[Callable[[], Any], Condition]:
    if column.kind is not Kind.TEXT:
        low, high = _band(column.type)
        return (lambda: low + int.from_bytes(random(8)) % (high - low + 1)), clause.between(low, high)
    digits, end = _digits(column, how), _NOWHERE if how == "random_email" else ""
    return (lambda: f"{_MARK}{random(_DIGITS).hex()[:digits]}{end}"), clause.like(
        f"{_MARK}{'_' * digits}{end}"
    )


def _band(type_: sa.types.TypeEngine[Any]) -> tuple[int, int]:
    """Give the numbers used as random ones: so far from real ones that they can be told apart."""
    if not isinstance(type_, sa.Integer):
        digits = (getattr(type_, "precision", None) or 9) - (getattr(type_, "scale", None) or 0)
        return -(10**digits) + 1, -(10**digits) // 2
    bits = 16 if isinstance(type_, sa.SmallInteger) else 64 if isinstance(type_, sa.BigInteger) else 32
    if getattr(type_, "unsigned", False):
        return int(2 ** (bits - 1)), int(2**bits) - 1
    return -int(2 ** (bits - 1)), -int(2 ** (bits - 2)) - 1


def _empty(facts: TableFacts, column: ColumnFacts) -> str | bytes | dict[str, Any]:
    if column.kind is Kind.JSON:
        return {} if _typed_json(facts, column) else "{}"
    return b"" if column.kind is Kind.BINARY else ""


def _typed_json(facts: TableFacts, column: ColumnFacts) -> bool:
    """Say whether a value is turned into JSON on its way to the database, rather than being JSON already."""
    return isinstance(column.type, sa.JSON) and not facts.raw


def _holds(clause: sa.ColumnClause[Any], value: Any) -> Condition:
    """Compare a column with a value; JSON of a server as the text it gives, since some kinds know no equality."""
    if isinstance(value, str) or not isinstance(clause.type, sa.JSON):
        same: Condition = clause == value
        return same
    return sa.cast(clause, sa.Text) == json.dumps(value)


def converted(facts: TableFacts, name: str, text: str) -> Any:
    """Turn text into what the column takes; ValueError if it is nothing of the kind."""
    kind = facts.columns[name].kind
    if kind is Kind.INTEGER:
        return int(text)
    if kind is Kind.NUMBER:
        return _number(text, raw=facts.raw)
    if kind is Kind.BOOLEAN:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower()) or _false(text)
    if kind in {Kind.DATE, Kind.INSTANT}:
        when = (date if kind is Kind.DATE else datetime).fromisoformat(text)
        return text if facts.raw else when
    if kind is Kind.JSON:
        meant = json.loads(text)
        return meant if _typed_json(facts, facts.columns[name]) else text
    return text


def _number(text: str, *, raw: bool) -> Decimal | float:
    try:
        return float(text) if raw else Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None


def _false(text: str) -> bool:
    if text.lower() not in {"false", "0"}:
        raise ValueError(text)
    return False


def lifted(facts: TableFacts, restrict: Restriction) -> str | int | bool | None:
    """Give the value that a restriction had replaced."""
    if restrict.instead_of is not None:
        return restrict.instead_of
    return False if facts.columns[restrict.column].kind is Kind.BOOLEAN else 0


def unfit_to_lift(facts: TableFacts, restrict: Restriction) -> str | None:
    """Say why a restriction could not be lifted again; None if it could."""
    flag = facts.columns[restrict.column].kind in {Kind.BOOLEAN, Kind.INTEGER, Kind.NUMBER}
    if restrict.instead_of is not None or flag:
        return None
    return "is no flag of yes and no, so nothing says what lifting writes back; give restrict its instead_of"


# ── days and instants ───────────────────────────────────────────────────────────────────────────────


def can_be_dated(facts: TableFacts, name: str) -> bool:
    """Say whether a column can hold a day: a date, an instant, ISO 8601 text, and in SQLite Unix time."""
    kind = facts.columns[name].kind
    return kind in {Kind.DATE, Kind.INSTANT, Kind.TEXT} or (
        facts.raw and kind in {Kind.INTEGER, Kind.NUMBER, Kind.OTHER}
    )


def day_of(facts: TableFacts, name: str) -> sa.ColumnElement[str]:
    """Give a column's day as text YYYY-MM-DD in SQL, NULL where it holds no day."""
    clause, kind = facts.clause.c[name], facts.columns[name].kind
    if facts.raw:
        return _sqlite_day(clause)
    if kind is Kind.TEXT:
        return sa.case((clause.like("____-__-__%"), sa.func.substr(clause, 1, 10)))
    return sa.func.nullif(sa.func.substr(sa.cast(clause, sa.String), 1, 10), "0000-00-00")


def _sqlite_day(clause: sa.ColumnClause[Any]) -> sa.ColumnElement[str]:
    # A column declared DATE may hold text or Unix seconds or milliseconds: each row is asked what it is.
    seconds = sa.case((sa.func.abs(clause) > _MILLISECONDS_FROM, clause / 1000), else_=clause)
    stored = sa.func.typeof(clause)
    is_day = sa.and_(stored == "text", clause.like("____-__-__%"))
    return sa.case(
        (is_day, sa.func.date(sa.func.substr(clause, 1, 10))),
        (stored.in_(["integer", "real"]), sa.func.date(seconds, "unixepoch")),
    )


def instant_of(value: Any) -> datetime | None:
    """Read an instant as a database gives it; without a zone it is UTC; None if it is none."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = value / 1000 if abs(value) > _MILLISECONDS_FROM else value
        return datetime.fromtimestamp(seconds, UTC)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return None


# ── whose ───────────────────────────────────────────────────────────────────────────────────────────

_PUNCTUATION = " -./()"
WITHOUT_CASE = frozenset({"email", "client_id"})  # people type them as they like, and systems store that


def sought(facts: TableFacts, name: str, kind: str, values: Sequence[str]) -> tuple[str | int, ...]:
    """Give what was proved as an identifying column spells it; nothing where no row can hold it."""
    column = facts.columns[name]
    wanted = sorted({v.strip() for v in values if v.strip()})
    if column.kind is Kind.INTEGER:
        return tuple(int(v) for v in wanted if v.isascii() and v.isdigit() and str(int(v)) == v)
    if kind in WITHOUT_CASE:
        return tuple(sorted({w for v in wanted for w in _spellings(v)}))
    if kind == "phone":
        return tuple("".join(c for c in v if c not in _PUNCTUATION) for v in wanted)
    return tuple(wanted)


def identified(
    facts: TableFacts, name: str, kind: str, values: Sequence[sa.BindParameter[str | int]]
) -> Condition:
    """Compare an identifying column with what `sought` gave; addresses and client numbers without regard to case."""
    column, clause = facts.columns[name], facts.clause.c[name]
    if column.kind is Kind.INTEGER:
        return clause.in_(values)
    text = clause if column.kind is Kind.TEXT or facts.raw else sa.cast(clause, sa.String)
    if kind in WITHOUT_CASE:
        exact = _told_apart(facts, sa.func.lower(sa.func.trim(text))).in_(values)
        return _narrowed(facts, column, text, values, exact)
    stored = _without_punctuation(text) if kind == "phone" else text
    plain = stored.in_(values)  # what an index answers; letter by letter it does not
    return sa.and_(plain, _told_apart(facts, stored).in_(values)) if facts.collates else plain


def _told_apart(facts: TableFacts, text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Compare letter by letter where the collation of a column would take é for e: that is somebody else."""
    if not facts.collates:
        return text
    from sqlalchemy.dialects import mysql  # which a desk without such a source need not load

    return sa.collate(sa.cast(text, mysql.CHAR(charset="utf8mb4")), "utf8mb4_bin")


def _narrowed(
    facts: TableFacts,
    column: ColumnFacts,
    text: sa.ColumnElement[Any],
    values: Sequence[sa.BindParameter[str | int]],
    exact: Condition,
) -> Condition:
    """Let an index that disregards case find the few rows that are then compared exactly."""
    if column.name not in facts.folded:
        return exact
    if facts.raw:
        return sa.and_(_near(text, values), exact)
    if column.folds_case:  # spaces behind do not count there, but before
        return sa.and_(sa.or_(text.in_(values), text.like(" %")), exact)
    return exact


def _near(text: sa.ColumnElement[Any], spelled: Sequence[sa.BindParameter[str | int]]) -> Condition:
    """Narrow down by ranges that a NOCASE index answers: spaces may stand behind the address or before it."""
    folded, end = sa.collate(text, "NOCASE"), sa.literal_column("'!'", sa.String)
    ranges = [(value, value.concat(end)) for value in spelled]
    before = sa.and_(folded >= sa.literal_column("' '"), folded < end)
    return sa.or_(before, *(sa.and_(folded >= low, folded < high) for low, high in ranges))


def _spellings(address: str) -> tuple[str, ...]:
    """Give what lower() of a database leaves of an address.

    SQLite's knows ASCII only, so an accented address all in capitals is looked for as that leaves it. But never as
    capitals that do not lead back: `straße` is not the address of whoever has `strasse`, nor a dotless i an i.
    """
    low = _lower(address)
    capitals = "".join(c.upper() if _lower(c.upper()) == c else c for c in low)
    return low, _ascii_lower(address), _ascii_lower(capitals)


def _lower(text: str) -> str:
    return "".join(c.lower() if c.lower().upper() == c else c for c in text)


def _ascii_lower(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


def _without_punctuation(text: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    for character in _PUNCTUATION:
        text = sa.func.replace(text, character, "")
    return text


def keyed(facts: TableFacts, key: Sequence[str], values: Sequence[Sequence[str]]) -> Condition:
    """Find rows by their keys as text, through the index of the key."""
    return either(
        *(sa.and_(*(_equals(facts, n, v) for n, v in zip(key, row, strict=True))) for row in values),
    )


def _equals(facts: TableFacts, name: str, value: str) -> Condition:
    column, clause = facts.columns[name], facts.clause.c[name]
    if column.kind is Kind.INTEGER:
        return clause == int(value)
    if column.kind is Kind.TEXT or (facts.raw and column.kind is not Kind.NUMBER):
        return clause == value
    return sa.cast(clause, sa.String) == value
