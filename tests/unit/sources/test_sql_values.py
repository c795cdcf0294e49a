"""Single values: what overwrites, what is recognised afterwards, what day a column holds."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.data_map import Overwrite
from assistant.domain.retention import RetentionRule, kept_until
from assistant.sources.keeping import Retention
from assistant.sources.sql.schema import ColumnFacts, Kind, TableFacts
from assistant.sources.sql.values import (
    blanking,
    converted,
    day_of,
    instant_of,
    unfit_to_blank,
)


def facts(type_: sa.types.TypeEngine[Any], *, unique: bool = False, nullable: bool = True) -> TableFacts:
    column = ColumnFacts("c", type_, nullable)
    return TableFacts((None, "t"), {"c": column}, uniques=(frozenset({"c"}),) if unique else (), raw=True)


def written(type_: sa.types.TypeEngine[Any], how: str, **more: Any) -> Any:
    write = blanking(facts(type_, **more), "c", Overwrite(how=how), secrets.token_bytes)  # type: ignore[arg-type]
    assert write.fresh
    return write.fresh()


def recognised(type_: sa.types.TypeEngine[Any], how: str, value: Any) -> bool:
    """Ask a real database whether it takes a value for a blanked one."""
    table = facts(type_)
    done = blanking(table, "c", Overwrite(how=how), secrets.token_bytes).done  # type: ignore[arg-type]
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (c)")
        connection.execute(sa.insert(table.clause).values(c=value))
        found = connection.execute(
            sa.select(sa.func.count()).select_from(table.clause).where(done)
        ).scalar_one()
    engine.dispose()
    return bool(found)


LENGTHS = st.none() | st.integers(7, 300)


@given(LENGTHS)
def test_random_text_fits_its_column_and_is_recognised(length: int | None) -> None:
    value = written(sa.String(length), "random")
    assert length is None or len(value) <= length
    assert recognised(sa.String(length), "random", value)


@given(st.none() | st.integers(30, 300))
def test_random_address_fits_and_can_never_receive_mail(length: int | None) -> None:
    value = written(sa.String(length), "random_email", unique=True)
    assert value.endswith("@erased.invalid")
    assert length is None or len(value) <= length
    assert recognised(sa.String(length), "random_email", value)


@pytest.mark.parametrize(
    "type_", [sa.SmallInteger(), sa.Integer(), sa.BigInteger(), sa.Numeric(8, 2), sa.Float()]
)
def test_random_number_is_far_from_real_ones_and_recognised(type_: sa.types.TypeEngine[Any]) -> None:
    values = {written(type_, "random") for _ in range(20)}
    assert len(values) > 1
    assert max(values) < 0
    assert all(recognised(type_, "random", value) for value in values)
    assert not recognised(type_, "random", 42)


@pytest.mark.parametrize(
    "value", ["mari@example.test", "erased-", "erased-abc", "x-erased-0123456789abcdef@erased.invalid"]
)
def test_real_value_is_not_taken_for_a_blanked_one(value: str) -> None:
    assert not recognised(sa.String(254), "random_email", value)


def test_column_that_holds_nothing_counts_as_blanked() -> None:
    assert recognised(sa.String(254), "random_email", None)
    assert recognised(sa.Text(), "empty", None)


@pytest.mark.parametrize(
    ("type_", "how", "unique", "said"),
    [
        (sa.String(6), "random", False, "too few"),
        (sa.String(14), "random", True, "too few"),
        (sa.String(29), "random_email", True, "too few"),
        (sa.Boolean(), "random", False, "no random value"),
        (sa.Numeric(4, 2), "random", False, "too few digits"),
        (sa.Date(), "empty", False, "no empty value"),
        (sa.Text(), "random", True, None),
        (sa.JSON(), "empty", False, None),
        (sa.LargeBinary(), "empty", False, None),
    ],
)
def test_what_a_column_forbids_is_said(
    type_: sa.types.TypeEngine[Any], how: str, unique: bool, said: str | None
) -> None:
    unfit = unfit_to_blank(facts(type_, unique=unique), "c", Overwrite(how=how))  # type: ignore[arg-type]
    assert (unfit is None) if said is None else (said in (unfit or ""))


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (sa.Integer(), "7", 7),
        (sa.Numeric(), "7.5", 7.5),
        (sa.Boolean(), "true", True),
        (sa.Boolean(), "0", False),
        (sa.Date(), "2026-02-03", "2026-02-03"),
        (sa.DateTime(), "2026-02-03T10:00", "2026-02-03T10:00"),
        (sa.Text(), "7", "7"),
    ],
)
def test_text_becomes_what_the_column_takes(
    type_: sa.types.TypeEngine[Any], text: str, value: object
) -> None:
    assert converted(facts(type_), "c", text) == value


@pytest.mark.parametrize("type_", [sa.Integer(), sa.Numeric(), sa.Boolean(), sa.Date(), sa.DateTime()])
def test_text_that_is_nothing_of_the_kind_is_refused(type_: sa.types.TypeEngine[Any]) -> None:
    with pytest.raises(ValueError, match="perhaps"):
        converted(facts(type_), "c", "perhaps")


@pytest.mark.parametrize(
    ("stored", "day"),
    [
        ("2024-02-29", "2024-02-29"),
        ("2024-02-29 23:59:59", "2024-02-29"),
        ("2024-02-29T23:59:59+02:00", "2024-02-29"),
        (1709164800, "2024-02-29"),
        (1709164800000, "2024-02-29"),
        (1709164800.5, "2024-02-29"),
        ("29/02/2024", None),
        ("2024-99-99", None),
        ("0000-00-00", None),
        ("", None),
        (None, None),
    ],
)
def test_day_of_a_column_whatever_it_really_stores(stored: object, day: str | None) -> None:
    table = facts(sa.Date())
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (c)")
        connection.execute(sa.insert(table.clause).values(c=stored))
        assert connection.execute(sa.select(day_of(table, "c")).select_from(table.clause)).scalar_one() == day
    engine.dispose()


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "stored",
    [
        "2026-01-01 12:00:00",
        " 2026-01-01T12:00:00Z ",
        "2026-01-01T14:00:00+02:00",
        1767268800,
        1767268800000,
        datetime(2026, 1, 1, 12),  # noqa: DTZ001 - what a driver gives for a column without a zone
        NOON,
    ],
)
def test_instant_is_read_whatever_it_is_stored_as(stored: object) -> None:
    assert instant_of(stored) == NOON


@pytest.mark.parametrize("stored", [None, "", "last spring", b"\x00", True])
def test_what_is_no_instant_is_none(stored: object) -> None:
    assert instant_of(stored) is None


def test_day_is_an_instant_at_its_beginning() -> None:
    assert instant_of(date(2026, 1, 1)) == datetime(2026, 1, 1, tzinfo=UTC)


RULES = st.builds(
    RetentionRule,
    st.just("rule"),
    st.just("Act"),
    st.just("1"),
    years=st.integers(0, 30),
    months=st.integers(0, 11),
    days=st.integers(1, 400),
    counted_from=st.sampled_from(["event", "end_of_financial_year"]),
)


@given(RULES, st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_first_kept_day_divides_what_is_over_from_what_is_kept(
    rule: RetentionRule, today: date, event_on: date
) -> None:
    retention = Retention({"rule": rule})
    kept = kept_until(rule, event_on) >= today
    if event_on <= today:
        assert (event_on >= retention.first_kept(rule, today)) is kept


def test_event_at_the_end_of_time_is_kept_until_then() -> None:
    rule = RetentionRule("rule", "Act", "1", years=7)
    assert Retention({"rule": rule}).until(rule, date(9999, 12, 31)) == date.max


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        (sa.VARCHAR(3), Kind.TEXT),
        (sa.BIGINT(), Kind.INTEGER),
        (sa.REAL(), Kind.NUMBER),
        (sa.TIMESTAMP(), Kind.INSTANT),
        (sa.BLOB(), Kind.BINARY),
        (sa.types.NullType(), Kind.OTHER),
        (sa.Uuid(), Kind.OTHER),
        (sa.Enum("a"), Kind.OTHER),
    ],
)
def test_kind_of_a_column(type_: sa.types.TypeEngine[Any], kind: Kind) -> None:
    assert ColumnFacts("c", type_, nullable=True).kind is kind
