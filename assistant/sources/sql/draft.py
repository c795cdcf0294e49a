"""A first map of a database nobody has described yet: what looks personal there, and what hangs on it.

It is for a person to finish. Values are looked at to tell an address from a name; none is ever written down.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal

import sqlalchemy as sa

from assistant.domain.data_map import Overwrite
from assistant.errors import ConfigurationError
from assistant.sources.sql.engine import make_engine, transaction
from assistant.sources.sql.schema import Kind, Schema, TableFacts, TableId, read_schema
from assistant.sources.sql.values import unfit_to_blank

_LOOKED_AT: Final = 200  # rows of a table whose values are looked at
_MOST: Final = 0.6  # of them that must look alike
_LOCK_TIMEOUT: Final = timedelta(seconds=5)
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,}")
_PHONE: Final = re.compile(r"(?:\+|00|0)\d(?:[\s./()-]{0,2}\d){6,14}")
_CARD: Final = re.compile(r"\d(?:[ -]?\d){12,18}")
_DOUBLED_OVER: Final = 9


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _is_card(value: str) -> bool:
    """Check the last digit of a card number (ISO/IEC 7812, Luhn)."""
    if not _CARD.fullmatch(value):
        return False
    total = 0
    for place, digit in enumerate(int(c) for c in reversed(value) if c.isdigit()):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > _DOUBLED_OVER else doubled
    return total % 10 == 0


_Way = Literal["null", "empty", "random", "random_email"]
_NEVER: Final = frozenset({Kind.INSTANT, Kind.DATE, Kind.BOOLEAN})  # `email_changed_at` holds no address
_BIRTH: Final = r"birth|(?:^|_)dob(?:_|$)|naissance|geburts"
# What a column is called, and what its values look like where that tells more; tried in this order.
_SIGNS: Final[tuple[tuple[str, str, Callable[[str], object] | None], ...]] = (
    ("secret", r"passw|passphrase|secret|token|(?:^|_)(?:hash|salt|otp|totp)(?:_|$)|api_?key", None),
    ("email", r"e[-_]?mail|courriel|mail_?addr|^mail$", _EMAIL.fullmatch),
    ("card", r"card_?(?:no|num)|(?:^|_)(?:iban|pan|last_?4|bic)(?:_|$)", _is_card),
    ("ip", r"(?:^|_)ip(?:_|$|v[46])|ip_?addr|remote_addr", _is_address),
    ("phone", r"phone|mobile|(?:^|_)(?:tel|gsm|fax)(?:_|$)|telefon|t[ée]l[ée]phone", _PHONE.fullmatch),
    ("date_of_birth", _BIRTH, None),
    (
        "name",
        r"(?:first|last|family|given|full|maiden|contact|customer|client|display|user|nick)_?name|surname|pr[ée]nom|nom_|vorname|nachname|apellido|cognome|achternaam",
        None,
    ),
    (
        "address",
        r"street|address|adresse|postcode|postal|zip|(?:^|_)(?:city|town|ville|stra(?:ss|ß)e)(?:_|$)",
        None,
    ),
)
_NUMBERED: Final = re.compile(
    r"(?:customer|client|account|member|user)_?(?:no|number|code|ref)$", re.IGNORECASE
)


@dataclass
class _Drafted:
    """One table on its way into the map."""

    facts: TableFacts
    looks: Mapping[str, str]  # column -> what it looks like
    links: list[tuple[tuple[str, ...], TableFacts, tuple[str, ...], bool]] = field(default_factory=list)
    account: bool = False

    def columns(self, look: str) -> list[str]:
        return [column for column, found in self.looks.items() if found == look]


def draft(url: str) -> str:
    """Write a first map as TOML; raises SourceUnavailable, or ConfigurationError where nothing looks personal."""
    engine = make_engine(url, _LOCK_TIMEOUT)
    try:
        with transaction(engine, "the database") as connection:
            schema = read_schema(connection, [None])
            looks = {
                id_: dict(_looks(connection, facts))
                for id_, facts in schema.tables.items()
                if not facts.is_view
            }
    finally:
        engine.dispose()
    tables = _personal(schema, looks)
    if not tables:
        raise ConfigurationError("No table there has a column that looks personal; is it the right database?")
    return "\n".join(_written(tables, [i[1] for i in looks if i not in {t.facts.id for t in tables}]))


def _looks(connection: sa.Connection, facts: TableFacts) -> Iterator[tuple[str, str]]:
    texts = [c.name for c in facts.columns.values() if c.kind in {Kind.TEXT, Kind.OTHER}]
    query = sa.select(*(facts.clause.c[name] for name in texts)).limit(_LOOKED_AT)
    sample = connection.execute(query).all() if texts else []
    for name, column in facts.columns.items():
        if column.kind in _NEVER and not re.search(_BIRTH, name, re.IGNORECASE):
            continue
        values = [
            str(row[texts.index(name)]).strip() for row in sample if name in texts and row[texts.index(name)]
        ]
        if look := _look(name, values):
            yield name, look


def _look(name: str, values: Sequence[str]) -> str | None:
    for look, called, fits in _SIGNS:
        if re.search(called, name, re.IGNORECASE):
            return look
        if fits and values and sum(bool(fits(value)) for value in values) >= _MOST * len(values):
            return look
    return None


# ── what belongs to whom ────────────────────────────────────────────────────────────────────────────


def _personal(schema: Schema, looks: Mapping[TableId, Mapping[str, str]]) -> list[_Drafted]:
    """Choose the tables of the map: those with an address in them, and what hangs on them."""
    found = {
        id_: _Drafted(schema.tables[id_], columns)
        for id_, columns in looks.items()
        if "email" in columns.values()
    }
    if not found:
        return []
    account = max(found, key=lambda id_: (len(schema.pointing_at(id_)), id_[1]))
    found[account].account = True
    waiting = [id_ for id_ in looks if id_ not in found]
    while grown := [id_ for id_ in waiting if _links(schema, looks, found, id_)]:
        for id_ in grown:
            found[id_] = _Drafted(schema.tables[id_], looks[id_], _links(schema, looks, found, id_))
        waiting = [id_ for id_ in waiting if id_ not in found]
    for id_, table in found.items():
        if not table.links and id_ != account:
            table.links = _links(schema, looks, {account: found[account]}, id_)
    return sorted(found.values(), key=lambda t: (not t.account, not t.columns("email"), t.facts.name))


def _links(
    schema: Schema,
    looks: Mapping[TableId, Mapping[str, str]],
    found: Mapping[TableId, _Drafted],
    id_: TableId,
) -> list[tuple[tuple[str, ...], TableFacts, tuple[str, ...], bool]]:
    """Give the ways that lead from a table to a person: its references, those to it, and columns named so."""
    facts = schema.tables[id_]
    down = [(r.columns, schema.tables[r.to], r.references, True) for r in facts.references if r.to in found]
    up = [
        (r.references, other.facts, r.columns, True)
        for other in found.values()
        for r in other.facts.references
        if r.to == id_ and looks[id_]
    ]
    return [*down, *up] or list(_named(facts, found))


def _named(
    facts: TableFacts, found: Mapping[TableId, _Drafted]
) -> Iterator[tuple[tuple[str, ...], TableFacts, tuple[str, ...], bool]]:
    for other in found.values():
        stem = re.sub(r"(?<=\w)s$", "", other.facts.id[1].lower())
        for column in facts.columns:
            if len(other.facts.key) == 1 and column.lower() in {f"{stem}_id", f"{stem}id", f"id_{stem}"}:
                yield (column,), other.facts, other.facts.key, False


# ── written down ────────────────────────────────────────────────────────────────────────────────────


def _written(tables: Sequence[_Drafted], others: Sequence[str]) -> Iterator[str]:
    yield "# A first map, drafted from the live schema; it is yours to finish. Fill in every category and purpose"
    yield "# (names of your catalogue), think about every table in `ignored`, then run `assistant sources check`."
    yield f"ignored = {_toml(sorted(others))}"
    for table in tables:
        joined = {
            c for other in tables for _, to, there, _ in other.links if to is table.facts for c in there
        }
        yield ""
        yield from _table(table, joined)


def _table(table: _Drafted, joined: set[str]) -> Iterator[str]:
    facts = table.facts
    if told := sorted({f"{column} looks like {look}" for column, look in table.looks.items()}):
        yield f"# {'; '.join(told)}."
    yield "[[tables]]"
    yield f"name = {_toml(facts.id[1])}"
    if facts.key:
        yield f"key = {_toml(facts.key)}"
    else:
        yield "key = []  # it has no primary key: name columns that tell its rows apart"
    if identity := _identity(table):
        yield f"identity = {{ {', '.join(f'{kind} = {_toml(names)}' for kind, names in identity.items())} }}"
    if table.account:
        yield "account = true  # most other tables point here"
    if table.links:
        yield from _link_lines(table)
    yield 'category = ""'
    yield 'purpose = ""'
    if secrets := table.columns("secret"):
        yield f"hidden = {_toml(secrets)}"
    if table.account:
        yield from _erasing(facts, table, joined)
    else:
        yield 'erase = "delete"  # or a column by column overwriting, or a keep rule: what does a law oblige you to keep?'


def _identity(table: _Drafted) -> dict[str, list[str]]:
    numbers = [name for name in table.facts.columns if table.account and _NUMBERED.search(name)]
    return {
        kind: names for kind, names in (("email", table.columns("email")), ("client_id", numbers)) if names
    }


def _link_lines(table: _Drafted) -> Iterator[str]:
    yield "link = ["
    for columns, to, references, known in table.links:
        doubt = "" if known else "  # no foreign key says so: by the name of the column"
        there = f"columns = {_toml(columns)}, to = {_toml(to.id[1])}, references = {_toml(references)}"
        yield f"    {{ {there} }},{doubt}"
    yield "]"


def _erasing(facts: TableFacts, table: _Drafted, joined: set[str]) -> Iterator[str]:
    """Overwrite an account column by column: other rows point to it, so it seldom can go."""
    yield ""
    yield "[tables.erase]  # the row stays as an empty shell, since others point to it"
    kept = {*joined, *facts.key, *(c for columns, *_ in table.links for c in columns)}
    for name in facts.columns:
        if name in kept:
            continue
        is_email = table.looks.get(name) == "email"
        order: tuple[_Way, ...] = ("null", "random_email" if is_email else "empty", "random")
        how = next((how for how in order if unfit_to_blank(facts, name, Overwrite(how=how)) is None), None)
        if how is None:
            yield f'# {name} = {{ how = "fixed", value = "" }}  # choose a value that says nothing about anybody'
        else:
            yield f"{name} = {{ how = {_toml(how)} }}"


def _toml(value: Any) -> str:
    """Write a string or strings: in JSON's words they are TOML too."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
