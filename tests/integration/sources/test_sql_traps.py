"""What real schemas hold that breaks a careless erasure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assistant.errors import StalePlan
from tests.doubles.databases import MARIADB, POSTGRESQL, SQLITE
from tests.integration.sources.shop import (
    CLIENT,
    CLIENTS,
    KINDS,
    Shop,
    counts,
    link,
    no_progress,
    order,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    OpenShop = Callable[..., Shop]

# What an index is made of that finds an address without regard to case.
FOLDING = {SQLITE: "email COLLATE NOCASE", POSTGRESQL: "lower(email)", MARIADB: "email"}
pytestmark = pytest.mark.parametrize("kind", KINDS)


async def test_address_shared_by_two_people_stays_until_the_second_goes(shop: OpenShop) -> None:
    company = shop(
        CLIENTS
        + """CREATE TABLE addresses (id INTEGER PRIMARY KEY, street TEXT);
        CREATE TABLE doorbells (id INTEGER PRIMARY KEY, address_id INTEGER, label TEXT);
        INSERT INTO addresses VALUES (50, 'Pikk 1'), (51, 'Lai 2');
        INSERT INTO doorbells VALUES (1, 50, 'both'), (2, 51, 'Eva');""",
        table(
            "clients",
            identity={"email": ["email"]},
            account=True,
            erase={"email": {"how": "random_email"}},
        ),
        table("addresses", link=[link("id", "clients", "address_id")]),
        table("doorbells", link=[link("address_id", "addresses")]),
    )
    located = await company.locate("mari@example.test")
    assert [(t.table, t.rows, t.shared) for t in located.tables] == [
        ("clients", 1, 0),
        ("addresses", 1, 1),
        ("doorbells", 1, 1),
    ]
    step = (await company.propose(located)).step
    assert step
    assert [(e.table, e.rows, e.shared) for e in step.effects] == [
        ("clients", 1, 0),
        ("addresses", 0, 1),
        ("doorbells", 0, 1),
    ]
    await company.carry_out(located)
    assert company.rows("SELECT id FROM addresses ORDER BY id") == [(50,), (51,)]
    await company.carry_out(await company.locate("luc@example.test"))
    assert company.rows("SELECT id FROM addresses") == [(51,)]
    assert company.rows("SELECT id FROM doorbells") == [(2,)]


async def test_another_persons_card_used_on_an_order_stays(shop: OpenShop) -> None:
    company = shop(
        CLIENTS
        + """CREATE TABLE cards (id INTEGER PRIMARY KEY, client_id INTEGER, number TEXT);
        CREATE TABLE orders (id INTEGER PRIMARY KEY, client_id INTEGER, card_id INTEGER);
        INSERT INTO cards VALUES (7, 2, 'of Luc'), (8, 1, 'of Mari');
        INSERT INTO orders VALUES (1, 1, 7), (2, 1, 8), (3, 2, 7);""",
        CLIENT,
        table("orders", link=[link("client_id", "clients")]),
        table("cards", link=[link("client_id", "clients"), link("id", "orders", "card_id")]),
    )
    await company.carry_out(await company.locate("mari@example.test"))
    assert company.rows("SELECT * FROM cards") == [(7, 2, "of Luc")]
    assert company.rows("SELECT * FROM orders") == [(3, 2, 7)]


async def test_email_inside_a_composite_key_goes_with_its_row(shop: OpenShop) -> None:
    company = shop(
        """CREATE TABLE seats (event INTEGER, email TEXT, note TEXT, PRIMARY KEY (event, email));
        CREATE TABLE meals (event INTEGER, email TEXT, meal TEXT);
        INSERT INTO seats VALUES (1, 'Mari@example.test', ''), (2, 'mari@example.test', ''),
            (1, 'luc@example.test', '');
        INSERT INTO meals VALUES (1, 'Mari@example.test', 'soup'), (1, 'luc@example.test', 'fish'),
            (9, 'x', 'none');""",
        table("seats", key=["event", "email"], identity={"email": ["email"]}),
        table("meals", key=["event", "email"], link=[link("event email", "seats", "event email")]),
    )
    located = await company.locate("mari@example.test")
    assert counts(located) == {"seats": 2, "meals": 1}
    await company.carry_out(located)
    assert company.rows("SELECT email FROM seats") == [("luc@example.test",)]
    assert company.rows("SELECT meal FROM meals") == [("fish",), ("none",)]


async def test_alternate_email_on_file_is_never_followed_to_somebody_else(shop: OpenShop) -> None:
    company = shop(
        CLIENTS
        + """CREATE TABLE alternates (id INTEGER PRIMARY KEY, client_id INTEGER, email TEXT);
        INSERT INTO alternates VALUES (1, 1, 'luc@example.test'), (2, 3, 'MARI@example.test');""",
        CLIENT,
        table("alternates", identity={"email": ["email"]}, link=[link("client_id", "clients")]),
    )
    located = await company.locate("mari@example.test")
    assert [account.key for account in located.accounts] == [("1",)]
    assert counts(located) == {"clients": 1, "alternates": 2}
    await company.carry_out(located)
    assert company.rows("SELECT id FROM clients ORDER BY id") == [(2,), (3,)]
    assert company.rows("SELECT id FROM alternates") == [(2,)]  # it is Eva's as well


async def test_link_between_accounts_does_not_make_one_the_others(shop: OpenShop) -> None:
    company = shop(
        """CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT, referred_by INTEGER);
        INSERT INTO clients VALUES (1, 'mari@example.test', NULL), (2, 'luc@example.test', 1);""",
        table("clients", identity={"email": ["email"]}, account=True, link=[link("referred_by", "clients")]),
    )
    assert counts(await company.locate("mari@example.test")) == {"clients": 1}
    assert any("links are not followed" in f.text for f in await company.source.check())


async def test_self_reference_is_followed_to_its_end(shop: OpenShop) -> None:
    company = shop(
        CLIENTS
        + """CREATE TABLE posts (id INTEGER PRIMARY KEY, client_id INTEGER,
            reply_to INTEGER REFERENCES posts (id));
        INSERT INTO posts VALUES (1, 1, NULL), (2, NULL, 1), (3, NULL, 2), (4, NULL, 3), (9, 2, NULL),
            (10, NULL, 9);""",
        CLIENT,
        table("posts", link=[link("client_id", "clients"), link("reply_to", "posts")]),
    )
    located = await company.locate("mari@example.test")
    assert counts(located) == {"clients": 1, "posts": 4}
    await company.carry_out(located)
    assert company.rows("SELECT id FROM posts") == [(9,), (10,)]


async def test_cycle_of_tables_ends_and_goes_as_a_whole(shop: OpenShop, kind: str) -> None:
    company = shop(
        f"""CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT);
        CREATE TABLE teams (id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients (id),
            lead_id INTEGER {"REFERENCES members (id)" if kind == SQLITE else ""});
        CREATE TABLE members (id INTEGER PRIMARY KEY, team_id INTEGER NOT NULL REFERENCES teams (id));
        {"" if kind == SQLITE else "ALTER TABLE teams ADD FOREIGN KEY (lead_id) REFERENCES members (id);"}
        PRAGMA foreign_keys = OFF;
        INSERT INTO clients VALUES (1, 'mari@example.test'), (2, 'luc@example.test');
        INSERT INTO teams VALUES (1, 1, 11), (2, 2, 21), (3, NULL, 12);
        INSERT INTO members VALUES (11, 1), (12, 1), (21, 2), (31, 3);""",
        CLIENT,
        table("teams", link=[link("client_id", "clients"), link("lead_id", "members")]),
        table("members", link=[link("team_id", "teams")]),
    )
    located = await company.locate("mari@example.test")
    assert counts(located) == {"clients": 1, "teams": 2, "members": 3}
    await company.carry_out(located)
    assert company.dump() == {
        "clients": [(2, "luc@example.test")],
        "teams": [(2, 2, 21)],
        "members": [(21, 2)],
    }


async def test_many_to_many_keeps_what_others_are_in(shop: OpenShop) -> None:
    company = shop(
        CLIENTS
        + """CREATE TABLE groups (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE group_members (group_id INTEGER, client_id INTEGER, PRIMARY KEY (group_id, client_id));
        INSERT INTO groups VALUES (1, 'Mari alone'), (2, 'Mari and Luc'), (3, 'Luc alone');
        INSERT INTO group_members VALUES (1, 1), (2, 1), (2, 2), (3, 2);""",
        CLIENT,
        table("group_members", key=["group_id", "client_id"], link=[link("client_id", "clients")]),
        table("groups", link=[link("id", "group_members", "group_id")]),
    )
    await company.carry_out(await company.locate("mari@example.test"))
    assert company.rows("SELECT id FROM groups") == [(2,), (3,)]
    assert company.rows("SELECT * FROM group_members") == [(2, 2), (3, 2)]


async def test_child_whose_parent_is_missing_disturbs_nobody(shop: OpenShop) -> None:
    company = shop(
        CLIENTS
        + """PRAGMA foreign_keys = OFF;
        CREATE TABLE orders (id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients (id), email TEXT);
        INSERT INTO orders VALUES (1, 1, NULL), (2, 99, 'mari@example.test'), (3, 98, 'x@example.test'),
            (4, NULL, NULL);""",
        CLIENT,
        table("orders", identity={"email": ["email"]}, link=[link("client_id", "clients")]),
    )
    await company.carry_out(await company.locate("mari@example.test"))
    assert company.rows("SELECT id FROM orders ORDER BY id") == [(3,), (4,)]


@pytest.mark.parametrize(
    "stored", ["MARI@EXAMPLE.TEST", " mari@example.test  ", "Mari@Example.Test", "mari@example.test"]
)
@pytest.mark.parametrize("indexed", [False, True])
async def test_email_is_compared_without_case_and_spaces(
    shop: OpenShop, kind: str, stored: str, indexed: bool
) -> None:
    index = f"CREATE INDEX i ON clients ({FOLDING[kind]});" if indexed else ""
    company = shop("CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT);" + index, CLIENT)
    company.database.insert(
        "clients", (1, stored), (2, "xmari@example.test"), (3, "mari@example.test.example")
    )
    assert counts(await company.locate(" MARI@example.test ")) == {"clients": 1}


async def test_address_in_capitals_with_an_accent_is_found(shop: OpenShop) -> None:
    company = shop(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT);"
        "INSERT INTO clients VALUES (1, 'RÉMI@EXAMPLE.TEST'), (2, 'rémi@example.test'),"
        " (3, 'RÉMI@example.test');",
        CLIENT,
    )
    assert counts(await company.locate("Rémi@Example.test")) == {"clients": 3}


@pytest.mark.parametrize(
    "email", ["o'neil@example.test", "a%@example.test", "x'; DROP TABLE clients; --", '"q"@example.test']
)
async def test_address_is_never_read_as_sql(shop: OpenShop, email: str) -> None:
    company = shop(CLIENTS, CLIENT)
    company.database.insert("clients", (9, email, None))
    located = await company.locate(email)
    assert [account.key for account in located.accounts] == [("9",)]
    await company.carry_out(located)
    assert company.rows("SELECT id FROM clients ORDER BY id") == [(1,), (2,), (3,)]


async def test_person_with_two_accounts_loses_both(shop: OpenShop) -> None:
    company = shop(
        CLIENTS
        + """CREATE TABLE orders (id INTEGER PRIMARY KEY, client_id INTEGER);
        INSERT INTO clients VALUES (4, 'MARI@example.test', 51);
        INSERT INTO orders VALUES (1, 1), (2, 4), (3, 2);""",
        CLIENT,
        table("orders", link=[link("client_id", "clients")]),
    )
    located = await company.locate("mari@example.test")
    assert [account.key for account in located.accounts] == [("1",), ("4",)]
    await company.carry_out(located)
    assert company.rows("SELECT id FROM clients ORDER BY id") == [(2,), (3,)]
    assert company.rows("SELECT id FROM orders") == [(3,)]


async def test_account_made_after_the_plan_is_not_touched(shop: OpenShop) -> None:
    company = shop(CLIENTS, CLIENT)
    located = await company.locate("mari@example.test")
    company.run("INSERT INTO clients VALUES (5, 'mari@example.test', NULL)")
    await company.carry_out(located)
    assert company.rows("SELECT id FROM clients ORDER BY id") == [(2,), (3,), (5,)]


async def test_rows_nobody_approved_are_left_and_reported(shop: OpenShop) -> None:
    company = shop(
        CLIENTS + "CREATE TABLE orders (id INTEGER PRIMARY KEY, client_id INTEGER);",
        table(
            "clients", identity={"email": ["email"]}, account=True, erase={"email": {"how": "random_email"}}
        ),
        table("orders", link=[link("client_id", "clients")]),
    )
    located = await company.locate("mari@example.test")
    step = (await company.propose(located)).step
    assert step
    company.run("INSERT INTO orders VALUES (1, 1)")
    outcome = await company.source.carry_out(step, located, order(), no_progress)
    assert [(left.table, left.rows) for left in outcome.left] == [("orders", 1)]
    assert company.rows("SELECT id FROM orders") == [(1,)]


async def test_employee_who_is_a_client_is_found_as_both(shop: OpenShop) -> None:
    company = shop(
        CLIENTS
        + """CREATE TABLE staff (id INTEGER PRIMARY KEY, private_email TEXT, work_email TEXT, name TEXT);
        INSERT INTO staff VALUES (1, 'mari@example.test', 'mt@corp.example', 'Mari'),
            (2, NULL, 'lp@corp.example', 'Luc');""",
        CLIENT,
        table(
            "staff",
            identity={"email": ["private_email", "work_email"]},
            account=True,
            label="name",
            erase={"private_email": {"how": "null"}},
            keep={"rule": "accounting", "counted_from": "work_email", "columns": ["work_email", "name"]},
        ),
    )
    located = await company.locate("mari@example.test")
    assert [(a.table, a.key) for a in located.accounts] == [("clients", ("1",)), ("staff", ("1",))]


async def test_json_column_with_an_address_inside_is_overwritten(shop: OpenShop) -> None:
    company = shop(
        CLIENTS
        + """CREATE TABLE events (id INTEGER PRIMARY KEY, client_id INTEGER, payload JSON NOT NULL, raw TEXT);
        INSERT INTO events VALUES (1, 1, '{"to": "mari@example.test"}', 'x'),
            (2, 2, '{"to": "luc@example.test"}', 'y');""",
        CLIENT,
        table(
            "events",
            link=[link("client_id", "clients")],
            erase={"payload": {"how": "empty"}, "raw": {"how": "null"}},
        ),
    )
    await company.carry_out(await company.locate("mari@example.test"))
    assert company.rows("SELECT payload, raw FROM events ORDER BY id") == [
        ("{}", None),
        ('{"to": "luc@example.test"}', "y"),
    ]


async def test_soft_deleted_rows_are_found_and_go(shop: OpenShop) -> None:
    company = shop(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT, deleted_at TEXT);"
        "INSERT INTO clients VALUES (1, 'mari@example.test', '2020-01-01'), (2, 'mari@example.test', NULL);",
        CLIENT,
    )
    await company.carry_out(await company.locate("mari@example.test"))
    assert company.rows("SELECT * FROM clients") == []


async def test_view_is_refused_before_anybody_approves(shop: OpenShop) -> None:
    company = shop(
        CLIENTS + "CREATE VIEW people AS SELECT id, email FROM clients;",
        CLIENT,
        table("people", identity={"email": ["email"]}),
    )
    proposal = await company.propose(await company.locate("mari@example.test"))
    assert [c for c in proposal.conflicts if c.said.startswith("people is a view")]


# ── conflicts that the plan finds ───────────────────────────────────────────────────────────────────


async def conflicts(company: Shop) -> str:
    before = company.dump()
    found = (await company.propose(await company.locate("mari@example.test"))).conflicts
    assert company.dump() == before
    return " ".join(each.said for each in found)


async def test_not_null_that_forbids_blanking_is_found_while_planning(shop: OpenShop) -> None:
    company = shop(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT NOT NULL);"
        "INSERT INTO clients VALUES (1, 'mari@example.test');",
        table("clients", identity={"email": ["email"]}, erase={"email": {"how": "null"}}),
    )
    assert "clients.email is NOT NULL" in await conflicts(company)


async def test_unique_that_forbids_a_fixed_value_is_found_while_planning(shop: OpenShop) -> None:
    company = shop(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT UNIQUE);"
        "INSERT INTO clients VALUES (1, 'mari@example.test');",
        table("clients", identity={"email": ["email"]}, erase={"email": {"how": "fixed", "value": "gone"}}),
    )
    assert "clients.email is UNIQUE" in await conflicts(company)


@pytest.mark.parametrize(
    ("taken", "clash"),
    [("INSERT INTO cards VALUES (3, 2, 'gone')", False), ("INSERT INTO cards VALUES (3, 1, 'gone')", True)],
)
async def test_composite_unique_is_asked_of_the_rows(shop: OpenShop, taken: str, clash: bool) -> None:
    company = shop(
        CLIENTS
        + f"""CREATE TABLE cards (id INTEGER PRIMARY KEY, client_id INTEGER, name TEXT,
            UNIQUE (client_id, name));
        INSERT INTO cards VALUES (1, 1, 'a'); {taken};""",
        CLIENT | {"erase": {"email": {"how": "random_email"}, "address_id": {"how": "null"}}},
        table(
            "cards", link=[link("client_id", "clients")], erase={"name": {"how": "fixed", "value": "gone"}}
        ),
    )
    assert ("must be unique" in await conflicts(company)) is clash


@pytest.mark.parametrize(
    ("on_delete", "said"),
    [
        ("", "so the database refuses"),
        ("ON DELETE RESTRICT", "so the database refuses"),
        ("ON DELETE CASCADE", "would be deleted along"),
        ("ON DELETE SET NULL", "would lose what they point to"),
    ],
)
async def test_rows_of_unmapped_tables_that_point_here_are_found_while_planning(
    shop: OpenShop, on_delete: str, said: str
) -> None:
    company = shop(
        CLIENTS
        + f"""CREATE TABLE scores (id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients (id) {on_delete});
        INSERT INTO scores VALUES (1, 1), (2, 1), (3, 2);""",
        CLIENT,
    )
    found = await conflicts(company)
    assert found.startswith("2 rows of scores")
    assert said in found


async def test_referrer_of_somebody_else_cannot_simply_go(shop: OpenShop) -> None:
    company = shop(
        """CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT,
            referred_by INTEGER REFERENCES clients (id));
        INSERT INTO clients VALUES (1, 'mari@example.test', NULL), (2, 'luc@example.test', 1);""",
        CLIENT,
    )
    assert "1 rows of clients that are not part of the plan" in await conflicts(company)


async def test_table_left_untouched_without_a_rule_is_a_conflict(shop: OpenShop) -> None:
    company = shop(CLIENTS, CLIENT | {"erase": "keep_untouched"})
    assert "leaves it untouched and no rule says why" in await conflicts(company)


async def test_column_nobody_speaks_of_is_a_conflict(shop: OpenShop) -> None:
    company = shop(CLIENTS, CLIENT | {"erase": {"email": {"how": "null"}}})
    assert "clients.address_id would be left as it is" in await conflicts(company)


# ── running services ────────────────────────────────────────────────────────────────────────────────

HOSTING = """
CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT);
CREATE TABLE contact_emails (id INTEGER PRIMARY KEY, client_id INTEGER, email TEXT);
CREATE TABLE plans (id INTEGER PRIMARY KEY, client_id INTEGER, note TEXT);
CREATE TABLE domains (id INTEGER PRIMARY KEY, client_id INTEGER, plan_id INTEGER, name TEXT, status TEXT,
    expires_on DATE);
CREATE TABLE tickets (id INTEGER PRIMARY KEY, client_id INTEGER, body TEXT);
INSERT INTO clients VALUES (1, 'mari@example.test'), (2, 'mari@example.test');
INSERT INTO contact_emails VALUES (1, 1, 'billing@example.test'), (2, 2, 'old@example.test');
INSERT INTO plans VALUES (1, 1, 'in use'), (2, 1, 'unused'), (3, 2, 'unused');
INSERT INTO domains VALUES (1, 1, 1, 'mari.example', 'active', '2027-01-01'),
    (2, 1, NULL, 'old.example', 'active', '2020-01-01'),
    (3, 1, NULL, 'gone.example', 'closed', NULL);
INSERT INTO tickets VALUES (1, 1, 'help'), (2, 2, 'help');
"""


def hosting(shop: OpenShop) -> Shop:
    return shop(
        HOSTING,
        CLIENT | {"erase": {"email": {"how": "random_email"}}},
        table("contact_emails", link=[link("client_id", "clients")], contacts=[{"column": "email"}]),
        table("plans", link=[link("client_id", "clients"), link("id", "domains", "plan_id")]),
        table(
            "domains",
            link=[link("client_id", "clients")],
            active_when={
                "what": "domain",
                "column": "status",
                "values": ["active"],
                "until": "expires_on",
                "label": "name",
            },
        ),
        table("tickets", link=[link("client_id", "clients")]),
    )


async def test_running_service_blocks_and_is_named(shop: OpenShop) -> None:
    company = hosting(shop)
    located = await company.locate("mari@example.test")
    (blocker,) = (await company.propose(located)).blockers
    assert (blocker.table, blocker.rows, blocker.what, blocker.labels) == (
        "domains",
        1,
        "domain",
        ("mari.example",),
    )


async def test_step_planned_before_a_service_began_is_stale(shop: OpenShop) -> None:
    company = hosting(shop)
    located = await company.locate("mari@example.test")
    step = (await company.propose(located)).step
    assert step
    before = company.dump()
    with pytest.raises(StalePlan, match="running service"):
        await company.source.carry_out(step, located, order(), no_progress)
    assert company.dump() == before


async def test_kept_service_keeps_what_it_hangs_on_and_nothing_else(shop: OpenShop) -> None:
    company = hosting(shop)
    located = await company.locate("mari@example.test")
    proposal = await company.propose(located, keep_services=True)
    assert proposal.blockers == ()
    assert {(k.table, k.rows, k.rule, k.until) for k in proposal.keeps} == {
        ("domains", 1, "running_service", None),
        ("clients", 1, "running_service", None),
        ("plans", 1, "running_service", None),
        ("contact_emails", 1, "running_service", None),
    }
    await company.carry_out(located, keep_services=True)
    assert company.rows("SELECT email FROM clients WHERE id = 1") == [("mari@example.test",)]
    assert company.rows("SELECT email FROM clients WHERE id = 2")[0][0].startswith("erased-")
    assert company.rows("SELECT id FROM domains") == [(1,)]
    assert company.rows("SELECT id FROM plans") == [(1,)]
    assert company.rows("SELECT id FROM contact_emails") == [(1,)]
    assert company.rows("SELECT id FROM tickets") == []
