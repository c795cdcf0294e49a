"""A source is looked through by primary key, batch by batch, for the addresses of whoever it uses for a purpose."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from assistant.domain.data_map import DataMap
from assistant.domain.plan import Identity
from assistant.sources.sql import addresses
from tests.integration.sources.shop import KINDS, Shop, link, table

if TYPE_CHECKING:
    from collections.abc import Callable

    OpenShop = Callable[..., Shop]

EVERYWHERE = pytest.mark.parametrize("kind", KINDS)
PEOPLE = """
CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT, phone TEXT, wants_mail INTEGER);
CREATE TABLE readers (list TEXT NOT NULL, number INTEGER NOT NULL, email TEXT, state TEXT, confirmed TIMESTAMP NULL,
    PRIMARY KEY (list, number));
CREATE TABLE orders (id INTEGER PRIMARY KEY, email TEXT);
INSERT INTO clients VALUES (1, 'mari@example.test', '+372 555', 1), (2, ' ', NULL, 1), (3, 'luc@example.test', NULL, 0),
    (7, 'Eva@Example.test', '0123456', 1), (8, NULL, NULL, 0);
INSERT INTO readers VALUES ('news', 1, 'mari@example.test', 'on', '2026-11-01 08:00:00'),
    ('news', 2, 'luc@example.test', 'off', '2026-11-20 08:00:00'), ('tips', 1, 'mari@example.test', 'on', NULL),
    ('tips', 2, 'ann@example.test', 'on', '2026-10-01 08:00:00');
INSERT INTO orders VALUES (1, 'nobody@example.test');
"""
CLIENT = table(
    "clients",
    identity={"email": ["email"], "phone": ["phone"]},
    stop={"marketing": {"column": "wants_mail", "value": 0}},
)
READER = table(
    "readers",
    key=["list", "number"],
    identity={"email": ["email"]},
    stop={"marketing": {"column": "state", "value": "off"}},
    agreed_at={"marketing": "confirmed"},
)
ORDER = table("orders", identity={"email": ["email"]})
ALL = [
    ("email", "mari@example.test"),
    ("phone", "+372 555"),
    ("email", "luc@example.test"),
    ("email", "Eva@Example.test"),
    ("phone", "0123456"),
    ("email", "mari@example.test"),
    ("email", "luc@example.test"),
    ("email", "mari@example.test"),
    ("email", "ann@example.test"),
]


async def looked_through(company: Shop) -> tuple[list[tuple[str, str]], int]:
    found: list[tuple[str, str]] = []
    after, batches = None, 0
    while True:
        batch = await company.source.addresses("marketing", after)
        found += batch.found
        batches += 1
        if (after := batch.after) is None:
            return found, batches


@EVERYWHERE
@pytest.mark.parametrize("batch", [1, 2, 1000])
async def test_every_address_is_read_once_whatever_the_batch(
    shop: OpenShop, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(addresses, "_BATCH", batch)
    company = shop(PEOPLE, CLIENT, READER, ORDER)

    found, batches = await looked_through(company)

    assert found == ALL, "not the orders: nothing there is used for marketing"
    assert batches <= 2 * (9 // batch + 1)


@pytest.mark.parametrize("kind", KINDS[1:2])
async def test_keys_of_any_kind_can_be_gone_on_from(shop: OpenShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_BATCH", 2)
    keys = ["uuid", "timestamp", "date", "numeric(10, 2)", "bigint", "text"]
    values: list[list[object]] = [
        [uuid.UUID(int=n) for n in range(5)],
        [f"2026-11-0{n + 1} 08:00:00.5" for n in range(5)],
        [f"2026-11-0{n + 1}" for n in range(5)],
        [f"{n}.25" for n in range(5)],
        [n + 2**40 for n in range(5)],
        [f"it's {n}" for n in range(5)],
    ]
    for kind, column in zip(keys, values, strict=True):
        rows = ", ".join(
            "('{}', 'p{}@example.test')".format(str(v).replace("'", "''"), n) for n, v in enumerate(column)
        )
        company = shop(
            f"CREATE TABLE people (id {kind} PRIMARY KEY, email TEXT); INSERT INTO people VALUES {rows};",
            table("people", identity={"email": ["email"]}, stop={"marketing": "delete"}),
        )
        found, _ = await looked_through(company)
        assert found == [("email", f"p{n}@example.test") for n in range(5)], kind


@EVERYWHERE
async def test_an_address_that_leads_to_rows_used_for_the_purpose_is_read_too(shop: OpenShop) -> None:
    consents = table(
        "consents",
        link=[link("order_id", "orders")],
        stop={"marketing": "delete"},
    )
    company = shop(
        PEOPLE + "CREATE TABLE consents (id INTEGER PRIMARY KEY, order_id INTEGER);", ORDER, consents
    )
    assert (await looked_through(company))[0] == [("email", "nobody@example.test")]


async def test_where_the_map_changed_meanwhile_it_begins_anew(shop: OpenShop) -> None:
    company = shop(PEOPLE, CLIENT)
    batch = await company.source.addresses("marketing", '["gone", ["4"]]')
    assert next(value for kind, value in batch.found if kind == "email") == "mari@example.test"
    assert (await company.source.addresses("fishing", None)).after is None


@EVERYWHERE
async def test_when_somebody_last_agreed_is_told_of_what_has_not_ended(shop: OpenShop) -> None:
    company = shop(PEOPLE, CLIENT, READER)

    async def agreed(email: str, purpose: str = "marketing") -> datetime | None:
        return await company.source.agreed_at(Identity(emails=(email,)), purpose)

    assert await agreed("mari@example.test") == datetime(2026, 11, 1, 8, tzinfo=UTC)
    assert await agreed("luc@example.test") is None, "he has left the list since"
    assert await agreed("eva@example.test") is None, "no column says when"
    assert await agreed("mari@example.test", "survey") is None


def test_agreeing_to_what_cannot_end_is_no_map() -> None:
    with pytest.raises(ValidationError, match="agreed_at names"):
        DataMap.model_validate({"tables": [READER | {"stop": {}}]})


async def test_a_column_of_agreement_that_is_not_there_is_told(shop: OpenShop) -> None:
    company = shop(PEOPLE, READER | {"agreed_at": {"marketing": "confirmd"}}, ignored=("clients", "orders"))
    told = [f.text for f in await company.source.check() if f.level == "error"]
    assert "agreed_at: there is no such column; did you mean confirmed?" in told
