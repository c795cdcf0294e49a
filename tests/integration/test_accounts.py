"""One address, two accounts: both are found and told apart, and an agent says which is somebody else's."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from assistant.casework.decisions.approval import check_approve
from assistant.casework.requests import queue
from assistant.casework.requests.named_accounts import named_in
from assistant.casework.requests.queue import Principal, Role
from assistant.domain.plan import plan_from_json
from assistant.errors import AssistantError, Conflict, NotFound, SourceUnavailable
from assistant.store.tables import Action
from tests.doubles.attacks import victims
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import prove_in_chat

pytestmark = pytest.mark.asyncio(loop_scope="module")
AGENT = Principal("Tiina", Role.AGENT)
APPROVER = Principal("Aime", Role.APPROVER)
_SOURCE = """
[[sources]]
name = "shop"
kind = "sql"
title = "The shop"
url = "sqlite:///{file}"
map = "shop.toml"
"""
_MAP = """
[[tables]]
name = "customers"
key = ["id"]
identity = { email = ["email"] }
account = true
label = "name"
category = "contact"
purpose = "contract"
erase = "delete"

[[tables]]
name = "orders"
key = ["id"]
link = [{ columns = ["customer_id"], to = "customers", references = ["id"] }]
category = "account"
purpose = "contract"
erase = "delete"
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with opened(tmp_path_factory.mktemp("accounts")) as ready:
        yield ready


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[DeskInside]:
    (folder / "shop.toml").write_text(_MAP, encoding="utf-8")
    with closing(sqlite3.connect(folder / "shop.db")) as db, db:
        db.executescript(
            "CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(60), name TEXT);"
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, what TEXT);"
            "CREATE INDEX customers_by_email ON customers (email COLLATE NOCASE);"
        )
    async with desk_inside(folder, _SOURCE.format(file=folder / "shop.db")) as ready:
        yield ready


def rows(desk: DeskInside, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(desk.config.parent / "shop.db")) as db:
        return db.execute(query).fetchall()


async def act(desk: DeskInside, verb: Any, *arguments: Any) -> Any:
    services = desk.assembly.services
    return await services.write(lambda unit: verb(unit, *arguments))


async def accounts(desk: DeskInside, plan: dict[str, Any]) -> list[str]:
    action = await desk.assembly.services.read(lambda unit: unit.session.get_one(Action, plan["id"]))
    return [a.label for a in plan_from_json(action.plan).accounts if a.source == "shop"]


async def planned_again(desk: DeskInside, ref: str, before: dict[str, Any]) -> dict[str, Any]:
    await desk.idle()
    plan = await desk.plan(ref)
    assert plan["plan_hash"] != before["plan_hash"], "an approval of the old plan is worth nothing now"
    return plan


async def test_an_account_of_somebody_else_is_left_alone_and_can_be_taken_back(desk: DeskInside) -> None:
    person = next(victims(desk))
    with closing(sqlite3.connect(desk.config.parent / "shop.db")) as db, db:
        db.executemany(
            "INSERT INTO customers VALUES (?, ?, ?)",
            [
                (1, person.email, "Hers"),
                (2, person.email.upper(), "Her father's"),
                (3, "x@mail.example", "Else"),
            ],
        )
        db.executemany("INSERT INTO orders VALUES (?, ?, ?)", [(1, 1, "a"), (2, 2, "b"), (3, 3, "c")])
    async with desk.chat("en") as chat:
        await chat.say("Please delete all my data.")
        ref = (await chat.opened())["erasure"]
        await prove_in_chat(desk, chat, person.email, ref)
    both = await desk.plan(ref)
    assert await accounts(desk, both) == ["Hers", "Her father's"]
    with pytest.raises(NotFound):
        await act(desk, queue.choose_accounts, ref, ["7"], AGENT)
    action = await desk.assembly.services.read(lambda unit: unit.session.get_one(Action, both["id"]))
    all_accounts = plan_from_json(action.plan).accounts
    number = next(n for n, a in enumerate(all_accounts) if a.label == "Her father's")
    await act(desk, queue.choose_accounts, ref, [str(number)], AGENT)
    hers = await planned_again(desk, ref, both)
    assert await accounts(desk, hers) == ["Hers"]

    await act(desk, queue.take_accounts_back, ref, AGENT)
    again = await planned_again(desk, ref, hers)
    assert await accounts(desk, again) == ["Hers", "Her father's"]
    assert again["plan_hash"] == both["plan_hash"]
    await act(desk, queue.choose_accounts, ref, [str(number)], AGENT)
    await planned_again(desk, ref, again)

    await desk.approve(ref)
    await desk.forward("73h")
    await desk.idle()
    await desk.until_status(ref, "answered")
    assert rows(desk, "SELECT id FROM customers ORDER BY id") == [(2,), (3,)]
    assert rows(desk, "SELECT id FROM orders ORDER BY id") == [(2,), (3,)]
    with pytest.raises(Conflict):
        await act(desk, queue.choose_accounts, ref, ["0"], AGENT)


@pytest.mark.parametrize(
    "words",
    [
        "I have two accounts, C-10044 and C-10045. Please erase C-10045, keep C-10044.",
        "Supprimez toutes les données de mon compte n° 10045, je garde l’autre.",
        "The account under anna.pro@example.net, please.",
        "Supprimez uniquement mon compte pro.",
    ],
)
async def test_who_names_one_of_several_accounts_has_nothing_erased_before_an_agent_chose(
    tmp_path: Path, words: str
) -> None:
    async with opened(tmp_path) as desk:
        person = next(victims(desk))
        with closing(sqlite3.connect(tmp_path / "shop.db")) as db, db:
            rows = [(1, person.email, "C-10044"), (2, person.email, "C-10045")]
            db.executemany("INSERT INTO customers VALUES (?, ?, ?)", rows)
        async with desk.chat("en") as chat:
            await chat.say("Please delete all my data.")
            ref = (await chat.opened())["erasure"]
            await prove_in_chat(desk, chat, person.email, ref)
            first = await desk.plan(ref)
            await desk.idle()
            await desk.forward("1m")
            await chat.say(words)
            await desk.idle()
        await act(desk, queue.plan_again, ref, AGENT)
        await desk.idle()
        plan = await desk.plan(ref)
        assert plan["id"] != first["id"]
        assert (await desk.request(ref))["attention"] == "accounts_named"
        action = await desk.assembly.services.read(lambda unit: unit.session.get_one(Action, plan["id"]))
        with pytest.raises(Conflict, match="several accounts"):
            await act(desk, check_approve, action.id, action.plan_hash, APPROVER, None)
        await desk.forward("1m")
        await act(desk, queue.choose_accounts, ref, [], AGENT)
        await desk.idle()
        again = await desk.plan(ref)
        assert (await desk.request(ref))["attention"] != "accounts_named"
        with pytest.raises(AssistantError) as refused:
            await act(desk, check_approve, again["id"], again["plan_hash"], APPROVER, None)
        assert "several accounts" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Erase C-10045, keep C-10044.", True),
        ("Effacez mon compte 10045.", True),
        ("Effacez tout, mais gardez mon ancien compte.", True),
        ("Customer number: 10045", True),
        ("Please delete only my pro account.", True),
        ("Delete my second account.", True),
        ("just the account under anna.pro@example.net", True),
        ("I want one of my accounts deleted.", True),
        ("Supprimez uniquement mon compte.", True),
        ("supprimez mon compte pro", True),
        ("Fermez le compte lié à l'adresse anna.pro@example.net", True),
        ("Please delete my account, my address is anna@example.net.", False),
        ("I just want to delete my account and my data.", False),
        ("Please delete all my data and my account.", False),
        ("It is about PR-7K2M4Q9X.", False),
        ("Supprimez mes deux comptes et toutes mes données.", False),
        ("It was in 2024.", False),
    ],
)
async def test_what_names_an_account(text: str, *, named: bool) -> None:
    assert bool(named_in(text)) is named


async def test_words_that_name_accounts_are_looked_for_in_linear_time() -> None:
    started = time.process_time()
    named_in("account number " * 200_000 + "C-" * 200_000)
    assert time.process_time() - started < 1


async def test_an_agent_sees_the_first_rows_with_the_name_and_only_then(
    desk: DeskInside, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = list(victims(desk))[1]
    with closing(sqlite3.connect(desk.config.parent / "shop.db")) as db, db:
        db.execute("DELETE FROM customers")
        db.execute("DELETE FROM orders")
        db.execute("INSERT INTO customers VALUES (1, ?, 'A name <b>')", (person.email,))
        db.executemany("INSERT INTO orders VALUES (?, 1, ?)", [(n, f"tent {n} {'x' * 99}") for n in range(9)])
    async with desk.chat("en") as chat:
        await chat.say("Please delete all my data.")
        ref = (await chat.opened())["erasure"]
        await prove_in_chat(desk, chat, person.email, ref)
    await desk.plan(ref)
    form = (await desk.agent("lead")).form()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as console:
        async with console.post(f"{desk.url}/console/sign-in", data=form) as page:
            assert page.url.path == "/console/queue"
        async with console.get(f"{desk.url}/console/requests/{ref}") as page:
            masked = await page.text()
        token = re.search(r'name="csrf" value="(\w+)"', masked)
        assert token
        assert "tent 0" not in masked
        reveal = {"csrf": token[1]}
        async with console.post(f"{desk.url}/console/requests/{ref}/reveal", data=reveal) as page:
            shown = await page.text()
        assert "tent 0" in shown
        assert "tent 1" in shown
        assert "tent 2" not in shown, "samples, not everything"
        assert "A name &lt;b&gt;" in shown
        assert "x" * 90 not in shown
        assert '<th scope="col">password_hash</th>' not in shown

        shop = next(source for source in desk.assembly.services.sources if source.name == "shop")

        def down(*_: object, **__: object) -> None:
            raise SourceUnavailable("The shop cannot be reached.")

        monkeypatch.setattr(shop, "export", down)
        async with console.post(f"{desk.url}/console/requests/{ref}/reveal", data=reveal) as page:
            assert "The shop cannot be reached." in await page.text()
    assert [event["event"] for event in await desk.events(ref)].count("revealed") == 2
