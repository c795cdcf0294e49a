"""The second sample company, a shop for outdoor gear: made in code at any size, in any database, with every trap in it.

A few persons are written by hand, so that a test knows each row of theirs; everybody else is filled in by number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from assistant.domain.retention import RetentionRule
from tests.doubles.databases import MARIADB, POSTGRESQL, SQLITE, Database

FIRST: Final = 100  # the number of the first customer who is filled in
MARI: Final = "mari.tamm@mail.example"
_NUMBERS: Final = "WITH RECURSIVE n (i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) "

_SCHEMA: Final = """
CREATE TABLE addresses (id INTEGER PRIMARY KEY, street VARCHAR(60) NOT NULL, city VARCHAR(40) NOT NULL);
CREATE TABLE employees (email VARCHAR(80) PRIMARY KEY, name VARCHAR(60) NOT NULL, phone VARCHAR(30),
    address_id INTEGER REFERENCES addresses (id), hired_on DATE NOT NULL);
CREATE TABLE wishlists (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, title VARCHAR(80));
CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(80) NOT NULL, name VARCHAR(60) NOT NULL,
    phone VARCHAR(30), born DATE, referred_by INTEGER REFERENCES customers (id),
    address_id INTEGER REFERENCES addresses (id), wishlist_id INTEGER REFERENCES wishlists (id),
    preferences JSON, deleted_at VARCHAR(30));
CREATE TABLE cards (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id),
    number VARCHAR(19) NOT NULL UNIQUE, holder VARCHAR(60) NOT NULL, expires VARCHAR(7) NOT NULL);
CREATE TABLE products (id INTEGER PRIMARY KEY, title VARCHAR(60) NOT NULL);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id),
    card_id INTEGER REFERENCES cards (id), address_id INTEGER REFERENCES addresses (id),
    placed_on DATE NOT NULL, note VARCHAR(200));
CREATE TABLE order_items (order_id INTEGER NOT NULL REFERENCES orders (id),
    product_id INTEGER NOT NULL REFERENCES products (id), quantity INTEGER NOT NULL, engraving VARCHAR(60),
    PRIMARY KEY (order_id, product_id));
CREATE TABLE invoices (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id),
    number VARCHAR(20) NOT NULL UNIQUE, issued_on DATE NOT NULL, billed_to VARCHAR(60), cents INTEGER NOT NULL,
    card_used VARCHAR(19));
CREATE TABLE visits (email VARCHAR(80) NOT NULL, at VARCHAR(30) NOT NULL, page VARCHAR(80) NOT NULL,
    PRIMARY KEY (email, at));
CREATE TABLE service_requests (id INTEGER PRIMARY KEY, email VARCHAR(80) NOT NULL, alternate_email VARCHAR(80),
    opened_on DATE NOT NULL, words VARCHAR(400) NOT NULL, handled_by VARCHAR(80) REFERENCES employees (email));
CREATE TABLE logins (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, at VARCHAR(30) NOT NULL,
    internet_address VARCHAR(45) NOT NULL);
CREATE TABLE reviews (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id),
    product_id INTEGER NOT NULL REFERENCES products (id), signed VARCHAR(60) NOT NULL, words VARCHAR(400));
CREATE TABLE reports (id INTEGER PRIMARY KEY, email VARCHAR(80) NOT NULL, month VARCHAR(7) NOT NULL,
    spent INTEGER NOT NULL);
CREATE TABLE activity (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, at VARCHAR(30) NOT NULL,
    what VARCHAR(80) NOT NULL);
CREATE VIEW active_customers AS SELECT id, email FROM customers WHERE deleted_at IS NULL;
"""
_BACKUP: Final = (
    "CREATE TABLE {backup}customers (id INTEGER PRIMARY KEY, email VARCHAR(80) NOT NULL, name VARCHAR(60));"
)

_PERSONS: Final = """
INSERT INTO products VALUES (1, 'Tent'), (2, 'Stove'), (3, 'Rope');
INSERT INTO addresses VALUES (1, 'Pikk 1', 'Tartu'), (2, 'Lai 2', 'Tallinn'), (3, 'Rue Haute 3', 'Lyon'),
    (4, 'Kitsas 4', 'Narva');
INSERT INTO employees VALUES ('mari.tamm@mail.example', 'Mari Tamm', '+372 5551001', 2, '2022-03-01'),
    ('jaan.kask@shop.example', 'Jaan Kask', '+372 5551002', 2, '2020-01-01');
INSERT INTO wishlists VALUES (1, 1, 'Mari for the summer'), (2, 2, 'Luc for the winter'), (3, 5, 'Mari long ago');
INSERT INTO customers VALUES
    (1, 'Mari.Tamm@Mail.example', 'Mari Tamm', '+372 5551001', '1990-02-03', NULL, 1, 1,
        '{"contact": "mari.tamm@mail.example", "colours": ["red"]}', NULL),
    (2, 'luc.martin@mail.example', 'Luc Martin', '+33 600000002', '1985-05-06', 1, 1, 2, NULL, NULL),
    (3, 'eva.kask@mail.example', 'Eva Kask', NULL, NULL, 2, 3, NULL, '{"contact": "eva.kask@mail.example"}', NULL),
    (5, 'MARI.TAMM@MAIL.EXAMPLE', 'M. Tamm', '+372 5551001', NULL, 5, 4, 3, NULL, '2021-01-01T00:00:00');
INSERT INTO cards VALUES (1, 1, '4000000000000001', 'MARI TAMM', '2028-01'), (2, 2, '4000000000000002', 'LUC MARTIN',
    '2028-02'), (3, 5, '4000000000000003', 'M TAMM', '2020-03');
INSERT INTO orders VALUES (1, 1, 1, 1, '2024-03-04', 'Mari: leave it at the door'), (2, 1, 2, 3, '2025-03-04', NULL),
    (3, 2, 1, 1, '2025-05-06', 'Luc: ring twice'), (4, 5, 3, 4, '2019-01-02', 'Mari, old account');
INSERT INTO order_items VALUES (1, 1, 1, 'Mari'), (1, 2, 2, NULL), (2, 1, 1, NULL), (3, 1, 1, 'Luc'), (4, 3, 1, NULL);
INSERT INTO invoices VALUES (1, 1, 'A-1', '2024-03-04', 'Mari Tamm', 9900, '4000000000000001'),
    (2, 1, 'A-2', '2025-03-04', 'Mari Tamm', 4900, '4000000000000002'), (3, 2, 'A-3', '2025-05-06', 'Luc Martin',
    9900, '4000000000000002');
INSERT INTO visits VALUES ('mari.tamm@mail.example', '2026-01-01T10:00:00', '/tents'), ('Mari.Tamm@mail.example',
    '2026-01-02T10:00:00', '/ropes'), ('luc.martin@mail.example', '2026-01-01T10:00:00', '/tents');
INSERT INTO service_requests VALUES (1, 'mari.tamm@mail.example', NULL, '2026-02-01', 'Mari: my tent is torn',
    'jaan.kask@shop.example'), (2, 'mari@firm.example', 'Mari.Tamm@Mail.example', '2026-02-02',
    'Please answer at the other address', NULL), (3, 'luc.martin@mail.example', NULL, '2026-02-03',
    'Luc: my stove is cold', 'mari.tamm@mail.example');
INSERT INTO logins VALUES (1, 1, '2026-01-01T09:59:00', '192.0.2.1'), (2, 2, '2026-01-01T09:58:00', '192.0.2.2'),
    (3, 77, '2020-01-01T00:00:00', '192.0.2.77');
INSERT INTO reviews VALUES (1, 1, 1, 'Mari T.', 'Dry in the rain'), (2, 2, 2, 'Luc', 'Cold');
INSERT INTO reports VALUES (1, 'mari.tamm@mail.example', '2026-01', 9900), (2, 'luc.martin@mail.example', '2026-01', 100);
INSERT INTO activity VALUES (1, 1, '2026-01-01T10:00:00', 'looked at tents'), (2, 2, '2026-01-01T10:00:00', 'signed in');
"""
# Who fills the shop: an address for two each, an order, a card, visits and a login for each.
_FILLED: Final = """
INSERT INTO addresses {numbers} SELECT i, 'Street ' || i, 'Town' FROM n WHERE i % 2 = 0;
INSERT INTO customers {numbers} SELECT i, 'c' || i || '@mail.example', 'Name ' || i, NULL, NULL, NULL,
    i - i % 2, NULL, NULL, NULL FROM n;
INSERT INTO orders {numbers} SELECT i, i, NULL, i - i % 2, '2025-01-01', 'note ' || i FROM n;
INSERT INTO order_items {numbers} SELECT i, 1 + i % 3, 1, NULL FROM n;
INSERT INTO visits {numbers} SELECT 'c' || i || '@mail.example', '2026-01-01T00:00:00', '/tents' FROM n;
INSERT INTO logins {numbers} SELECT i, i, '2026-01-01T00:00:00', '192.0.2.9' FROM n;
"""
_LOG: Final = (
    "INSERT INTO activity {numbers} SELECT i, {customer}, '2026-01-01T00:00:00', 'page ' || (i % 977) FROM n;"
)
_INDEXED: Final = {
    "customers": ("email*", "address_id", "referred_by", "wishlist_id"),
    "employees": ("email*", "address_id"),
    "cards": ("customer_id",),
    "orders": ("customer_id", "card_id", "address_id"),
    "order_items": ("order_id", "product_id"),
    "invoices": ("customer_id",),
    "visits": ("email*",),
    "service_requests": ("email*", "alternate_email*", "handled_by"),
    "logins": ("customer_id",),
    "reviews": ("customer_id",),
    "reports": ("email*",),
    "activity": ("customer_id",),
    "wishlists": ("customer_id",),
}
_FORBIDS: Final = {
    SQLITE: "CREATE TRIGGER no_delete BEFORE DELETE ON invoices BEGIN SELECT RAISE(ABORT, 'kept'); END;",
    POSTGRESQL: """
        CREATE FUNCTION kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''kept''; END';
        CREATE TRIGGER no_delete BEFORE DELETE ON invoices FOR EACH ROW EXECUTE FUNCTION kept();""",
    MARIADB: "CREATE TRIGGER no_delete BEFORE DELETE ON invoices FOR EACH ROW SIGNAL SQLSTATE '45000';",
}


def _table(name: str, **more: Any) -> dict[str, Any]:
    base = {"name": name, "key": ["id"], "category": "contact", "purpose": "contract", "erase": "delete"}
    return base | more


def _of(to: str, columns: str = "customer_id", references: str = "id") -> dict[str, Any]:
    return {"columns": [columns], "to": to, "references": [references]}


def tables(kind: str) -> list[dict[str, Any]]:
    """Give the map of the shop."""
    null, empty, random = {"how": "null"}, {"how": "empty"}, {"how": "random"}
    backup: dict[str, Any] = {"schema": "backup"} if kind == POSTGRESQL else {}
    return [
        _table(
            "customers",
            identity={"email": ["email"], "client_id": ["id"]},
            account=True,
            label="name",
            stays=["deleted_at", "referred_by"],
            erase={
                "email": {"how": "random_email"},
                "name": random,
                "phone": null,
                "born": null,
                "preferences": null,
            },
        ),
        _table(
            "employees",
            key=["email"],
            identity={"email": ["email"]},
            account=True,
            label="name",
            keep={"rule": "employment", "counted_from": "hired_on", "columns": ["name", "email"]},
            erase={"phone": null},
        ),
        _table(
            "addresses",
            link=[_of(to, "id", "address_id") for to in ("customers", "employees", "orders")],
            erase={"street": empty, "city": empty},
        ),
        _table(
            "wishlists", link=[_of("customers"), _of("customers", "id", "wishlist_id")], erase={"title": null}
        ),
        _table(
            "cards",
            link=[_of("customers")],
            erase={"number": random, "holder": random, "expires": {"how": "fixed", "value": "0000-00"}},
        ),
        _table("orders", link=[_of("customers")]),
        _table("order_items", key=["order_id", "product_id"], link=[_of("orders", "order_id")]),
        _table(
            "invoices",
            link=[_of("customers")],
            keep={
                "rule": "accounting",
                "counted_from": "issued_on",
                "columns": ["number", "billed_to", "cents"],
            },
            erase={"card_used": null},
        ),
        _table("visits", key=["email", "at"], identity={"email": ["email"]}),
        _table("service_requests", identity={"email": ["email", "alternate_email"]}),
        _table("logins", link=[_of("customers")]),
        _table("reviews", link=[_of("customers")]),
        _table("reports", identity={"email": ["email"]}),
        _table("activity", link=[_of("customers")]),
        _table("customers" if backup else "backup_customers", identity={"email": ["email"]}, **backup),
    ]


IGNORED: Final = ("products", "active_customers")
RULES: Final = {
    "accounting": RetentionRule("accounting", "Accounting Act", "section 12", years=7),
    "employment": RetentionRule("employment", "Employment Contracts Act", "section 5", years=10),
}
# Every row of hers by table and key, and of these the rows that are somebody else's as well.
HERS: Final[Mapping[str, frozenset[Any]]] = {
    "customers": frozenset({1, 5}),
    "employees": frozenset({MARI}),
    "addresses": frozenset({1, 2, 3, 4}),
    "wishlists": frozenset({1, 3}),
    "cards": frozenset({1, 3}),
    "orders": frozenset({1, 2, 4}),
    "order_items": frozenset({(1, 1), (1, 2), (2, 1), (4, 3)}),
    "invoices": frozenset({1, 2}),
    "visits": frozenset({(MARI, "2026-01-01T10:00:00"), ("Mari.Tamm@mail.example", "2026-01-02T10:00:00")}),
    "service_requests": frozenset({1, 2}),
    "logins": frozenset({1}),
    "reviews": frozenset({1}),
    "reports": frozenset({1}),
    "activity": frozenset({1}),
    "backup": frozenset({1}),
}
SHARED: Final = frozenset({1, 2, 3})  # of addresses
# What nobody but her has, and where a rule keeps some of it.
PRIVATE: Final = (
    "mari",
    "5551001",
    "1990-02-03",
    "4000000000000001",
    "4000000000000003",
    "Kitsas",
    "192.0.2.1",
)
KEPT: Final[Mapping[str, frozenset[str]]] = {
    "invoices": frozenset({"billed_to"}),
    "employees": frozenset({"email", "name"}),
    "service_requests": frozenset({"handled_by"}),  # Luc's, whom she served
}


def build(database: Database, *, customers: int = 0, log: int = 0) -> None:
    """Make the shop: its persons, as many customers beside, and as many lines in Mari's log."""
    kind = database.kind
    if kind == POSTGRESQL:
        database.run("CREATE SCHEMA backup;")
    backup = "backup." if kind == POSTGRESQL else "backup_"
    copied = f"INSERT INTO {backup}customers SELECT id, email, name FROM customers WHERE id IN (1, 2);"
    first = "SET sql_mode = CONCAT(@@sql_mode, ',PIPES_AS_CONCAT'); SET max_recursive_iterations = 100000000;"
    script = [
        first if kind == MARIADB else "",
        _SCHEMA,
        _BACKUP.format(backup=backup),
        "PRAGMA foreign_keys = OFF;",
        _PERSONS,
        copied,
    ]
    if customers:
        script.append(_FILLED.format(numbers=_NUMBERS.format(first=FIRST, last=FIRST + customers - 1)))
    if log:
        script.append(_LOG.format(numbers=_NUMBERS.format(first=FIRST, last=FIRST + log - 1), customer=1))
    script += [_index(kind, table, column) for table, columns in _INDEXED.items() for column in columns]
    database.run("\n".join([*script, "PRAGMA foreign_keys = ON;"]))
    database.run(_FORBIDS[kind])
    database.run("ANALYZE TABLE customers;" if kind == MARIADB else "ANALYZE;")


def _index(kind: str, table: str, column: str) -> str:
    name = column.removesuffix("*")
    folded = {SQLITE: f"{name} COLLATE NOCASE", POSTGRESQL: f"lower(trim({name}))"}
    what = folded.get(kind, name) if column.endswith("*") else name
    return f"CREATE INDEX {table}_by_{name} ON {table} ({what});"
