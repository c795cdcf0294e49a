"""The addresses on file: where a person can be told something, and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assistant.domain.plan import Account, Contact
from assistant.sources.sql.values import instant_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from assistant.domain.data_map import ContactColumn
    from assistant.sources.sql.layout import Join, Mapped
    from assistant.sources.sql.rows import PersonRows

_Key = tuple[str, ...]


def contacts(rows: PersonRows, source: str) -> Iterator[Contact]:
    """Give every contact column of every row of the person, each address once per account."""
    accounts = {(account.table, account.key): account for account in rows.accounts(source)}
    seen = set()
    for mapped in rows.layout:
        for contact in mapped.map.contacts:
            for found in _read(rows, source, mapped, contact, accounts):
                mark = found.account, found.address.lower(), found.kind
                if mark not in seen:
                    seen.add(mark)
                    yield found


def _read(
    rows: PersonRows,
    source: str,
    mapped: Mapped,
    contact: ContactColumn,
    accounts: Mapping[tuple[str, _Key], Account],
) -> Iterator[Contact]:
    table, key = _account_of(rows, mapped)
    changed = mapped.clause.c[contact.changed] if contact.changed else sa.null()
    query = sa.select(mapped.clause.c[contact.column], changed, *key).where(rows.theirs(mapped))
    only = next(iter(accounts.values())) if len(accounts) == 1 else None
    for address, changed_at, *of in rows.connection.execute(query):
        account = accounts.get((table, tuple(map(str, of)))) if table else None
        if address and str(address).strip():
            yield Contact(
                source,
                account or only,
                str(address).strip(),
                contact.own,
                instant_of(changed_at),
                contact.kind,
            )


def _account_of(rows: PersonRows, mapped: Mapped) -> tuple[str, Sequence[sa.ColumnElement[Any]]]:
    """Give the account table a row belongs to and its own columns that hold the account's key."""
    if mapped.map.account:
        return mapped.label, mapped.columns(mapped.map.key)
    for join in mapped.joins:
        to = rows.layout.tables[join.to]
        if to.map.account and set(join.references) == set(to.map.key):
            return to.label, mapped.columns(_by_key(join, to.map.key))
    return "", []


def _by_key(join: Join, key: _Key) -> list[str]:
    pairs = dict(zip(join.references, join.columns, strict=True))
    return [pairs[name] for name in key]
