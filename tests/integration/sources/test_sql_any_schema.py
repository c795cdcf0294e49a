"""Whatever the links look like: all of the person is found, nobody else is touched, and once is enough."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.domain.plan import Operation
from tests.doubles.databases import SQLITE, Database
from tests.integration.sources.shop import KINDS, Shop, link, no_progress, order, table

MARI, OTHERS = "mari@example.test", ("luc@example.test", "eva@example.test", None)
KEYS = st.integers(0, 4)
Row = dict[str, Any]


@dataclass(frozen=True)
class World:
    """Random tables: t0 holds accounts, each later one hangs on earlier, later or its own rows."""

    links: tuple[tuple[tuple[int, str], ...], ...]  # per table: (table it leads to, direction)
    identity: tuple[bool, ...]
    overwrites: tuple[bool, ...]
    strict: tuple[bool, ...]  # its note is NOT NULL
    enforced: bool  # whatever the rows satisfy is a foreign key of the schema
    rows: tuple[tuple[Row, ...], ...]

    @property
    def names(self) -> list[str]:
        return [f"t{i}" for i in range(len(self.rows))]

    def joins(self, i: int) -> list[tuple[str, int, str]]:
        """Give (own column, table, its column): a column points there, or one there points here."""
        return [
            ("a" if way == "down" else "id", to, "id" if way == "down" else "b") for to, way in self.links[i]
        ]

    def maps(self) -> list[dict[str, Any]]:
        return [
            table(
                name,
                account=i == 0,
                identity={"email": ["email"]} if self.identity[i] else {},
                link=[link(own, f"t{to}", there) for own, to, there in self.joins(i)],
                stays=["a", "b"],
                erase=self.blank(i) if self.overwrites[i] else "delete",
            )
            for i, name in enumerate(self.names)
        ]

    def blank(self, i: int) -> dict[str, Any]:
        return {"email": {"how": "random_email"}, "note": {"how": "empty" if self.strict[i] else "null"}}

    def foreign_keys(self) -> list[tuple[int, str]]:
        """Give (table, key) for every link that the rows satisfy."""
        every = {
            (i, "a", to) if way == "down" else (to, "b", i)
            for i, links in enumerate(self.links)
            for to, way in links
        }
        ids = [{row["id"] for row in rows} for rows in self.rows]
        return [
            (t, f"FOREIGN KEY ({column}) REFERENCES t{to} (id)")
            for t, column, to in sorted(every)
            if self.enforced and all(row[column] is None or row[column] in ids[to] for row in self.rows[t])
        ]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    size = draw(st.integers(2, 5))
    reached = {0}
    links: list[tuple[tuple[int, str], ...]] = [()]
    for i in range(1, size):
        first = (draw(st.sampled_from(sorted(reached))), draw(st.sampled_from(["down", "up"])))
        more = draw(
            st.lists(st.tuples(st.integers(0, size - 1), st.sampled_from(["down", "up"])), max_size=2)
        )
        links.append(tuple(dict.fromkeys([first, *more])))
        reached.add(i)
    rows = tuple(
        tuple(
            {
                "id": key,
                "email": draw(st.sampled_from([MARI, MARI.upper(), *OTHERS])),
                "a": draw(st.none() | KEYS),
                "b": draw(st.none() | KEYS),
                "note": "x",
            }
            for key in sorted(draw(st.sets(KEYS, max_size=5)))
        )
        for _ in range(size)
    )
    identity = (True, *(draw(st.booleans()) for _ in range(size - 1)))
    overwrites, strict = (tuple(draw(st.booleans()) for _ in range(size)) for _ in range(2))
    return World(tuple(links), identity, overwrites, strict, draw(st.booleans()), rows)


def is_mari(row: Row) -> bool:
    return (row["email"] or "").lower() == MARI


Place = tuple[int, int]  # table, row


def expected(world: World) -> tuple[set[Place], set[Place]]:
    """Work out slowly what is hers, and what of it is somebody else's as well."""
    places = [(t, r) for t, rows in enumerate(world.rows) for r in range(len(rows))]

    def leading(place: Place) -> list[Place]:
        (t, r), found = place, []
        for own, to, there in world.joins(t) if t else []:
            value = world.rows[t][r][own]
            found += [
                (to, q) for q, row in enumerate(world.rows[to]) if value is not None and row[there] == value
            ]
        return found

    hers = {(t, r) for t, r in places if world.identity[t] and is_mari(world.rows[t][r])}
    while grown := {p for p in places if p not in hers and any(q in hers for q in leading(p))}:
        hers |= grown
    shared: set[Place] = set()
    while grown := {p for p in hers - shared if any(q not in hers or q in shared for q in leading(p))}:
        shared |= grown
    return hers, shared


def build(database: Database, world: World) -> None:
    keys = world.foreign_keys()
    with database.engine.connect() as connection:
        for at, (name, rows) in enumerate(zip(world.names, world.rows, strict=True)):
            note = "VARCHAR(9) NOT NULL" if world.strict[at] else "VARCHAR(9)"
            inline = [f", {key}" for table, key in keys if table == at and database.kind == SQLITE]
            shape = f"id INTEGER PRIMARY KEY, email VARCHAR(50), a INT, b INT, note {note}{''.join(inline)}"
            connection.execute(sa.text(f"CREATE TABLE {name} ({shape})"))
            if rows:
                values = ":id, :email, :a, :b, :note"
                connection.execute(sa.text(f"INSERT INTO {name} VALUES ({values})"), list(rows))
        for table, key in keys if database.kind != SQLITE else ():
            connection.execute(sa.text(f"ALTER TABLE t{table} ADD {key}"))


async def erase(shop: Shop, world: World) -> None:
    hers, shared = expected(world)
    before = shop.dump()
    located = await shop.locate(MARI)
    assert [(t.rows, t.shared) for t in located.tables] == [
        (len([p for p in hers if p[0] == t]), len([p for p in shared if p[0] == t]))
        for t in range(len(world.rows))
    ]
    proposal = await shop.propose(located)
    assert shop.dump() == before
    if world.enforced and proposal.conflicts:
        return  # a foreign key stands in the way: found before anybody approved anything
    assert proposal.conflicts == ()
    if proposal.step is None:
        assert not hers
        return
    await shop.source.carry_out(proposal.step, located, order(Operation.ERASE), no_progress)
    after = shop.dump()
    for t, name in enumerate(world.names):
        kept = {row[0]: row for row in after[name]}
        for r, row in enumerate(world.rows[t]):
            was = tuple(row.values())
            if (t, r) not in hers or (t, r) in shared:
                assert kept[row["id"]] == was
            elif not world.overwrites[t]:
                assert row["id"] not in kept
            else:
                now = kept[row["id"]]
                assert (now[0], now[2:]) == (was[0], (was[2], was[3], "" if world.strict[t] else None))
                assert now[1] is None or now[1].endswith("@erased.invalid")
    again = await shop.source.carry_out(proposal.step, located, order(Operation.ERASE), no_progress)
    assert again.already_done
    assert shop.dump() == after


def holds_in(database: Database, world: World) -> None:
    build(database, world)
    shop = Shop(database, world.maps())

    async def run() -> None:
        try:
            await erase(shop, world)
        finally:
            await shop.source.close()

    asyncio.run(run())


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_any_links_find_everything_and_touch_nobody_else(world: World) -> None:
    with tempfile.TemporaryDirectory() as folder:
        holds_in(Database(SQLITE, f"sqlite:///{folder}/world.db"), world)


@pytest.mark.parametrize("kind", KINDS[1:])
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(world=worlds())
def test_on_a_server_any_links_find_everything_and_touch_nobody_else(
    new_database: Callable[[], Database], world: World
) -> None:
    holds_in(new_database(), world)
