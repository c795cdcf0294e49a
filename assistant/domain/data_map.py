"""The map an operator writes of where personal data lives: which tables, whose rows, what each right does there.

Pure data with its checks; `assistant sources check` holds it against the live schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from assistant.domain.link import Columns, Link, Name
from assistant.domain.recipients import AnyRecipient
from assistant.domain.rectifying import Correctable


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Overwrite(_Model):
    """How erasure overwrites one column; `random` satisfies NOT NULL, UNIQUE and the column's length."""

    how: Literal["null", "empty", "fixed", "random", "random_email"]
    value: str = ""  # for `fixed`


class KeepRule(_Model):
    """What erasure leaves in place: the named columns of each row, until the retention rule has run."""

    rule: Name  # a retention rule of the settings
    counted_from: Name  # the date or instant column from which the period runs
    columns: Columns  # kept; every other column is erased as `erase` says


class Rectifiable(_Model):
    """A field a person may have rectified: the column behind it, or the parts of which it is made up with theirs."""

    column: Name | None = None
    parts: dict[Name, Name] = {}  # of an address: street, postcode, city, country -> column
    harmless: bool = False  # T1 is enough

    @model_validator(mode="after")
    def _column_or_parts(self) -> Rectifiable:
        if (self.column is None) == (not self.parts):
            raise ValueError("a rectifiable field needs its column, or its parts with theirs, and not both")
        return self

    def columns(self, name: str) -> Mapping[str, str]:
        """Give the column behind the field, or behind each of its parts, by field."""
        return {name: self.column} if self.column else self.parts


class ContactColumn(_Model):
    """A column that holds an address at which the person can be reached."""

    column: Name
    own: bool = True
    changed: Name | None = None
    kind: Literal["email", "phone", "telegram"] = "email"


class Flag(_Model):
    """A column and the value that restricts the row, or ends its use for a purpose."""

    column: Name
    value: str | int | bool | None


class Restriction(Flag):
    """The value that restricts a row (GDPR 18); where `instead_of` is given only rows that hold it are restricted.

    Lifting writes `instead_of` back. A flag of yes and no, or of 1 and 0, needs none.
    """

    instead_of: str | int | None = None


class ActiveWhen(_Model):
    """What marks a running service: `column` holds one of `values`, and `until` is not past."""

    what: Name
    column: Name | None = None
    values: tuple[str | int, ...] = ()
    until: Name | None = None
    label: Name | None = None  # column that names the service to the agent


class Needed(_Model):
    """What of a table a running service of the person needs, beside what its row hangs on.

    The rows that `link` leads from to the service's row, or to a row that it needs in turn; of a row that erasure
    would overwrite only `columns`, where some are named.
    """

    link: tuple[Link, ...] = ()
    columns: Columns = ()


class TableMap(_Model):
    """One table that holds personal data."""

    name: Name
    table_schema: Name | None = Field(default=None, alias="schema")
    title: str = ""
    title_fr: str = Field("", alias="title@fr")
    key: Columns
    identity: dict[Name, Columns] = {}  # kind (email, client_id, phone, cookie, …) -> columns
    account: bool = False  # its rows are accounts, told apart by `label`
    label: Name | None = None
    link: tuple[Link, ...] = ()  # several: a row belongs if any of them leads to the person
    category: Name
    purpose: Name
    recipients: tuple[AnyRecipient, ...] = ()
    origin: Literal["person", "observed", "derived", "third_party"] = "person"
    exported: Columns | Literal["all"] = "all"
    hidden: Columns = ()  # never exported: password hashes and the like, said in the manifest
    portable: Columns = ()
    redacted: Columns = ()  # name third persons
    free_text: Columns = ()  # may name third persons somewhere: searched, and an agent decides
    meanings: dict[Name, str] = {}
    rectifiable: dict[Name, Rectifiable] = {}
    contacts: tuple[ContactColumn, ...] = ()
    erase: Literal["delete", "keep_untouched"] | dict[Name, Overwrite]
    keep: KeepRule | None = None
    stays: Columns = ()  # say nothing about the person: erasure leaves them as they are in a row it overwrites
    restrict: Restriction | None = None
    stop: dict[Name, Flag | Literal["delete"]] = {}  # purpose -> how its use ends
    agreed_at: dict[Name, Name] = {}  # purpose -> column that says when the person last agreed to it
    active_when: ActiveWhen | None = None
    needed_by_service: Needed | None = None

    @property
    def links(self) -> tuple[Link, ...]:
        """List every link the map names for this table, whatever it is for."""
        needed = self.needed_by_service.link if self.needed_by_service else ()
        return (*self.link, *needed, *(link for each in self.recipients for link in each.link))

    def rectified(self) -> dict[str, str]:
        """Give the column behind every field, or part of one, that may be rectified here."""
        return {f: c for name, each in self.rectifiable.items() for f, c in each.columns(name).items()}

    def correctable(self) -> Iterator[tuple[str, Correctable]]:
        """Say of each field that may be rectified here what it needs."""
        reached = {contact.column for contact in self.contacts}
        for name, each in self.rectifiable.items():
            columns = each.columns(name)
            contact = not reached.isdisjoint(columns.values())
            if each.parts:
                yield name, Correctable(each.harmless, contact, tuple(each.parts))
            yield from (
                (part, Correctable(each.harmless, column in reached)) for part, column in columns.items()
            )

    @model_validator(mode="after")
    def _belongs_somehow(self) -> TableMap:
        if not self.identity and not self.link:
            raise ValueError(
                f"table {self.name}: neither an identity column nor a link says whose its rows are"
            )
        if self.keep and self.erase == "keep_untouched":
            raise ValueError(f"table {self.name}: keep_untouched and a keep rule exclude each other")
        return self

    @model_validator(mode="after")
    def _needs_columns_of_rows_that_stay(self) -> TableMap:
        needed = self.needed_by_service
        if needed and needed.columns and not isinstance(self.erase, dict):
            raise ValueError(
                f"table {self.name}: needed_by_service names columns, but erase says of none how it would go; "
                "leave them out, and the whole row stays"
            )
        return self

    @model_validator(mode="after")
    def _agreed_to_what_can_end(self) -> TableMap:
        if endless := sorted(self.agreed_at.keys() - self.stop.keys()):
            raise ValueError(
                f"table {self.name}: agreed_at names {endless}, and stop does not say how that ends"
            )
        return self

    @model_validator(mode="after")
    def _recipients_differ(self) -> TableMap:
        names = [each.name for each in self.recipients]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"table {self.name}: names {', '.join(twice)} twice among its recipients")
        return self

    @model_validator(mode="after")
    def _keys_stay(self) -> TableMap:
        joined = {c for link in self.link for c in link.columns} | set(self.key)
        if isinstance(self.erase, dict) and (blanked := joined & self.erase.keys()):
            raise ValueError(f"table {self.name}: {sorted(blanked)} join tables and are never blanked")
        return self


class DataMap(_Model):
    """The whole map of one source."""

    tables: tuple[TableMap, ...]
    ignored: tuple[Name, ...] = ()  # tables looked at and found to hold nothing personal

    @model_validator(mode="after")
    def _links_lead_somewhere(self) -> DataMap:
        names = {table.name for table in self.tables}
        for table in self.tables:
            for link in table.links:
                if link.to not in names:
                    raise ValueError(
                        f"table {table.name}: its link leads to {link.to}, which the map does not name"
                    )
        return self

    @model_validator(mode="after")
    def _a_way_in(self) -> DataMap:
        reached = {table.name for table in self.tables if table.identity}
        while grown := {
            t.name for t in self.tables if t.name not in reached and any(k.to in reached for k in t.link)
        }:
            reached |= grown
        if lost := sorted({table.name for table in self.tables} - reached):
            raise ValueError(f"no chain of links leads from an identity column to {lost}")
        return self

    def correctable(self) -> dict[str, Correctable]:
        """Give the fields that a person may have corrected, and each part of them."""
        found: dict[str, Correctable] = {}
        for table in self.tables:
            for name, each in table.correctable():
                found[name] = found[name].beside(each) if name in found else each
        return found

    def table(self, name: str) -> TableMap:
        """Give the map of one table; KeyError if it has none."""
        return next(t for t in self.tables if t.name == name)
