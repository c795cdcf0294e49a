"""To whom data went is what the person's rows show of it, in every database (Articles 15(1)(c) and 19)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from assistant.domain.plan import Operation, Plan
from assistant.domain.recipients import Notice
from assistant.domain.rights import Right
from tests.integration.sources.shop import KINDS, Shop, link, order, table

if TYPE_CHECKING:
    from collections.abc import Callable

    OpenShop = Callable[..., Shop]

pytestmark = pytest.mark.parametrize("kind", KINDS)

SCHEMA = """
CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT, name TEXT, phone TEXT, offers TEXT);
CREATE TABLE addresses (id INTEGER PRIMARY KEY, client_id INTEGER, street TEXT);
CREATE TABLE domains (id INTEGER PRIMARY KEY, client_id INTEGER, name TEXT, registry TEXT, holder TEXT);
CREATE TABLE invoices (id INTEGER PRIMARY KEY, client_id INTEGER, number TEXT, issued_on DATE, paid_on DATE,
    handed_on DATE, phone TEXT);
CREATE TABLE servers (id INTEGER PRIMARY KEY, client_id INTEGER, host TEXT, state TEXT);
CREATE TABLE letters (id INTEGER PRIMARY KEY, client_id INTEGER, list TEXT, sub_id TEXT, sent INTEGER);
CREATE TABLE reports (id INTEGER PRIMARY KEY, client_id INTEGER, ref TEXT);
INSERT INTO clients VALUES (1, 'mari@example.test', 'Mari', '+372 5550', 'yes'),
    (2, 'luc@example.test', 'Luc', NULL, 'yes'), (3, 'eva@example.test', 'Eva', NULL, 'yes');
INSERT INTO addresses VALUES (1, 1, 'Pikk 1'), (2, 2, 'Lai 2'), (3, 3, 'Uus 3');
INSERT INTO domains VALUES (1, 1, 'mari.example', 'north', 'N-1'), (2, 2, 'luc.example', 'south', 'S-2');
INSERT INTO invoices VALUES
    (1, 1, 'F-1', '2026-01-01', NULL, NULL, '+372 5550'), (2, 1, 'F-2', '2026-02-01', '2026-02-02', NULL, NULL),
    (3, 2, 'F-3', '2026-01-01', '2026-06-01', '2026-03-01', '+33 5'), (4, 2, 'F-4', '2010-01-01', NULL, NULL, NULL);
INSERT INTO servers VALUES (1, 1, 'runs.example', 'active'), (2, 1, 'ended.example', 'ended');
INSERT INTO letters VALUES (1, 1, 'news', 'L-1', 1), (2, 2, 'news', '', 0);
INSERT INTO reports VALUES (1, 3, 'R-3');
"""


def registry(name: str, *links: dict[str, Any], **more: Any) -> dict[str, Any]:
    when = {"column": "registry", "values": [name], "link": list(links)}
    return {"name": f"registry_{name}", "when": when, "known_by": {"holder": "holder"}, **more}


def tables() -> list[dict[str, Any]]:
    of_client = [link("client_id", "clients")]
    to_domains = link("id", "domains", "client_id")
    through_client = (link("client_id", "clients"), to_domains)
    return [
        table(
            "clients",
            identity={"email": ["email"]},
            account=True,
            recipients=[registry(n, to_domains, columns=["name", "email"]) for n in ("north", "south")],
            rectifiable={n: {"column": n} for n in ("name", "phone", "email")},
            stop={"marketing": {"column": "offers", "value": "no"}},
            erase={c: {"how": "null"} for c in ("email", "name", "phone", "offers")},
        ),
        table(
            "addresses",
            link=of_client,
            recipients=[registry("north", *through_client)],
            rectifiable={"street": {"column": "street"}},
        ),
        table("domains", link=of_client, recipients=[registry("north"), registry("south")]),
        table(
            "invoices",
            link=of_client,
            recipients=[
                {"name": "books", "columns": ["number", "issued_on"], "known_by": {"invoice": "number"}},
                {
                    "name": "collector",
                    "columns": ["number", "phone"],
                    "when": {"column": "handed_on", "is": "set"},
                    "known_by": {"invoice": "number"},
                },
            ],
            erase={"phone": {"how": "null"}, "handed_on": {"how": "null"}},
            keep={
                "rule": "accounting",
                "counted_from": "issued_on",
                "columns": ["number", "issued_on", "paid_on"],
            },
        ),
        table(
            "servers",
            link=of_client,
            recipients=[{"name": "data_centre", "known_by": {"machine": "host"}}],
            active_when={"what": "server", "column": "state", "values": ["active"], "label": "host"},
        ),
        table(
            "letters",
            link=of_client,
            purpose="news",
            recipients=[
                {
                    "name": "mailer",
                    "when": {"column": "sent", "is": "set"},
                    "known_by": {"subscription": "sub_id"},
                    "uses": ["marketing"],
                },
                {"name": "printer"},
            ],
            stop={"marketing": "delete"},
        ),
        table(
            "reports",
            link=of_client,
            recipients=[{"name": "authority", "when": "unknown", "known_by": {"report": "ref"}}],
        ),
    ]


@pytest.fixture
def company(shop: OpenShop) -> Shop:
    return shop(SCHEMA, *tables())


async def planned(company: Shop, email: str, operation: Operation = Operation.ERASE, **more: Any) -> Plan:
    located = await company.locate(email)
    proposal = await company.propose(located, operation, **more)
    assert proposal.conflicts == ()
    steps = (proposal.step,) if proposal.step else ()
    return Plan(Right.ERASURE, (located,), order(operation, **more), steps)


def known(told: dict[str, Notice]) -> dict[str, set[tuple[str, str]]]:
    return {name: set(notice.known_by) for name, notice in told.items()}


async def test_only_whom_a_row_shows_is_told_and_by_what_they_know(company: Shop) -> None:
    plan = await planned(company, "luc@example.test")
    assert known(plan.told()) == {
        "registry_south": {("holder", "S-2")},
        "collector": {("invoice", "F-3")},  # paid since, and handed over all the same
        "books": {("invoice", "F-4")},  # F-3 is kept, and what goes of it the books never had
        "printer": set(),
    }
    assert plan.undecided == ()


async def test_of_however_many_records_a_recipient_is_told(company: Shop) -> None:
    rows = ", ".join(f"({n}, 2, 'luc.example', 'south', 'S-{n}')" for n in range(100, 1600))
    company.run(f"INSERT INTO domains VALUES {rows};")
    plan = await planned(company, "luc@example.test")
    assert known(plan.told())["registry_south"] == {("holder", f"S-{n}") for n in (2, *range(100, 1600))}


async def test_an_invoice_never_handed_over_is_nothing_to_a_collector(company: Shop) -> None:
    plan = await planned(company, "mari@example.test", keep_services=True)
    assert "collector" not in plan.told()


async def test_recipients_of_what_a_running_service_needs_are_not_told_to_erase_it(company: Shop) -> None:
    plan = await planned(company, "mari@example.test", keep_services=True)
    assert known(plan.told())["data_centre"] == {("machine", "ended.example")}


async def test_a_correction_goes_to_whoever_had_that_column_with_nothing_else(company: Shop) -> None:
    wanted = {"name": "Marie", "phone": "+372 5551"}
    plan = await planned(company, "mari@example.test", Operation.RECTIFY, new_values=wanted)
    told = plan.told()
    assert {name: notice.fields for name, notice in told.items()} == {"registry_north": ("name",)}
    only_phone = await planned(
        company, "mari@example.test", Operation.RECTIFY, new_values={"phone": "+372 5552"}
    )
    assert only_phone.told() == {}


async def test_a_hand_over_is_found_through_several_links(company: Shop) -> None:
    for email, told in (("mari@example.test", {"registry_north"}), ("eva@example.test", set())):
        plan = await planned(company, email, Operation.RECTIFY, new_values={"street": "Vana 9"})
        assert plan.told().keys() == told


async def test_the_end_of_a_use_is_told_to_whoever_uses_it_for_that(company: Shop) -> None:
    plan = await planned(company, "mari@example.test", Operation.STOP, purposes=("marketing",))
    assert known(plan.told()) == {"mailer": {("subscription", "L-1")}}
    assert plan.told()["mailer"].uses == ("marketing",)
    nothing_sent = await planned(company, "luc@example.test", Operation.STOP, purposes=("marketing",))
    assert nothing_sent.told() == {}


async def test_a_copy_names_those_to_whom_its_rows_went(company: Shop) -> None:
    plan = await planned(company, "luc@example.test", Operation.EXPORT)
    received = {t.table: plan.received("shop", t.table) for t in plan.located[0].tables}
    assert {name: who for name, who in received.items() if who} == {
        "clients": ("registry_south",),
        "domains": ("registry_south",),
        "invoices": ("books", "collector"),
        "letters": ("printer",),
    }


async def test_where_nothing_is_recorded_an_agent_is_asked_and_the_hash_covers_the_answer(
    company: Shop,
) -> None:
    asked = await planned(company, "eva@example.test")
    assert asked.undecided == ("authority",)
    assert asked.told() == {}
    yes = await planned(company, "eva@example.test", handed_over=("authority",))
    assert yes.undecided == ()
    assert known(yes.told()) == {"authority": {("report", "R-3")}}
    no = await planned(company, "eva@example.test", not_handed_over=("authority",))
    assert (no.undecided, no.told()) == ((), {})
    assert len({asked.hash, yes.hash, no.hash}) == 3


async def test_more_rows_of_the_same_kind_leave_the_hash_as_it_is(company: Shop) -> None:
    before = await planned(company, "mari@example.test", keep_services=True)
    company.run("INSERT INTO servers VALUES (9, 1, 'late.example', 'ended')")
    after = await planned(company, "mari@example.test", keep_services=True)
    assert after.hash == before.hash


async def test_a_misspelt_column_of_a_hand_over_is_found_by_the_check(shop: OpenShop) -> None:
    mapped = tables()
    mapped[0]["recipients"][0]["known_by"] = {"holder": "handle"}
    mapped[3]["recipients"][1]["when"] = {"column": "handed_over", "is": "set"}
    found = await shop(SCHEMA, *mapped).source.check()
    texts = [f"{each.where} {each.text}" for each in found if each.level == "error"]
    assert any("domains.handle, which does not exist" in text for text in texts)
    assert any("invoices.handed_over recipients" in text for text in texts)
