"""The records of one person in a system that is reached by HTTP, page after page, and nobody else's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from assistant.domain.addresses import normal_address
from assistant.errors import SourceMisfit
from assistant.sources.http.client import Known, at

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from assistant.domain.http_map import Finding, HttpMap, HttpTable, Paging
    from assistant.domain.plan import Identity
    from assistant.sources.http.client import HttpClient

_MOST_PAGES: Final = 100_000
_PARENT: Final = "parent"


@dataclass(frozen=True, slots=True)
class Record:
    """One record, what it was found by, and the record it hangs on."""

    data: Mapping[str, Any]
    value: str
    parent: Record | None = None

    def known(self, new: str | None = None) -> Known:
        """Give what stands for a placeholder in a call about this record."""

        def put(name: str) -> Any:
            what, _, path = name.partition(".")
            match what:
                case "value":
                    return self.value
                case "new":
                    return new
                case "record":
                    return at(self.data, path)
                case "parent":
                    return at(self.parent.data, path) if self.parent else None
            return None

        return put


@dataclass(frozen=True, slots=True)
class Records:
    """Reads records; `keys` are those of an approved plan by table, None where none was made yet."""

    source: str
    client: HttpClient
    http_map: HttpMap
    identity: Identity
    keys: Mapping[str, AbstractSet[str]] | None = None

    async def of(self, table: HttpTable) -> AsyncIterator[list[Record]]:
        """Give the person's records of a table in batches, each record once."""
        if table.within is not None:
            async for parents in self.of(self.http_map.table(table.within)):
                for parent in parents:
                    async for batch in self._found(table, table.find[_PARENT], parent.value, parent):
                        yield batch
            return
        seen: set[str] = set()
        allowed = None if self.keys is None else self.keys.get(table.name, frozenset())
        async for batch in self._by_identity(table):
            fresh = []
            for record in batch:
                key = key_of(self.source, table, record)
                if key not in seen and (allowed is None or key in allowed):
                    seen.add(key)
                    fresh.append(record)
            yield fresh

    async def _by_identity(self, table: HttpTable) -> AsyncIterator[list[Record]]:
        for kind in table.unread:
            yield [Record({table.key: value}, value) for value in self.identity.values(kind)]
        for kind, find in table.find.items():
            for value in self.identity.values(kind):
                async for batch in self._found(table, find, value, None):
                    yield [r for r in batch if _matches(r.data, find.matches, value, kind)]

    async def _found(
        self, table: HttpTable, find: Finding, value: str, parent: Record | None
    ) -> AsyncIterator[list[Record]]:
        known = Record({}, value, parent).known()
        more: dict[str, str] = {}
        read = 0
        for number in range(_MOST_PAGES):
            if find.paging and find.paging.kind == "page":
                more = {find.paging.parameter: str(find.paging.first + number)}
            answer = await self.client.call(find, known, more)
            if answer.missing:
                return
            listed = self._listed(table, find, answer.data)
            read += len(listed)
            yield [Record(each, value, parent) for each in listed]
            following = self._following(table, find.paging, answer.data, listed, read)
            if following is None:
                return
            if following == more and find.paging and find.paging.kind != "page":
                raise SourceMisfit(f"{self.source}: the pages of {table.name} go round in a circle.")
            more = following
        raise SourceMisfit(f"{self.source}: the pages of {table.name} do not end.")

    def _listed(self, table: HttpTable, find: Finding, data: Any) -> list[Mapping[str, Any]]:
        found = [data] if find.records is None else at(data, find.records)
        if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
            where = find.records or "the answer"
            raise SourceMisfit(f"{self.source}: {where} of {table.name} holds no records; its map is wrong.")
        return found

    def _following(
        self,
        table: HttpTable,
        paging: Paging | None,
        data: Any,
        listed: list[Mapping[str, Any]],
        read: int,
    ) -> dict[str, str] | None:
        """Give the query of the next page, None after the last."""
        if paging is None or (paging.more and not at(data, paging.more)):
            return None
        if paging.kind == "cursor":
            cursor = at(data, paging.cursor)
            return {paging.parameter: str(cursor)} if cursor not in (None, "", False) else None
        total = at(data, paging.total)
        if not listed or (isinstance(total, int) and read >= total):
            return None
        match paging.kind:
            case "offset":
                return {paging.parameter: str(read)}
            case "after":
                return {paging.parameter: str(at(listed[-1], table.key))}
        return {}


def key_of(source: str, table: HttpTable, record: Record) -> str:
    """Give the key of a record; raises SourceMisfit where it has none."""
    key = at(record.data, table.key)
    if key is None or isinstance(key, dict | list):
        raise SourceMisfit(f"{source}: a record of {table.name} has no {table.key}; its map is wrong.")
    return str(key)


def _matches(data: Mapping[str, Any], path: str | None, value: str, kind: str) -> bool:
    """Tell whether a record is this person's: what a search finds beside is somebody else's."""
    if path is None:
        return True
    found = at(data, path)
    if kind == "email":
        return isinstance(found, str) and normal_address(found) == normal_address(value)
    return found is not None and str(found) == value
