"""The map of a system that is reached by HTTP: how its records are found, read, changed and erased; data, no code.

Placeholders in braces stand in addresses, query values and bodies (`placeholders`):
`{value}` what is searched for, `{record.id}` a field of the record, `{parent.id}` one of the record it hangs on,
`{new}` a new value, and every name under `values` of the settings. A filter may follow, as in `{value|sql}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from assistant.domain.link import Name
from assistant.domain.recipients import AnyRecipient

Path = Annotated[str, StringConstraints(pattern=r"^[^.\s]+(\.[^.\s]+)*$", max_length=200)]  # fields, dotted
FILTERS: Final = ("sql", "search", "md5")
_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+(?:\.[\w-]+)*)(?:\|([a-z0-9]+))?\}")
_BRACE: Final = re.compile(r"[{}]")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Call(_Model):
    """One call. It must be safe to make twice: after a failure it is made again."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    path: Annotated[str, StringConstraints(pattern=r"^/")]
    query: dict[str, str] = {}
    json_body: Annotated[dict[str, Any] | None, Field(alias="json")] = None
    form: dict[str, str] | None = None
    done: tuple[int, ...] = (200, 201, 202, 204)  # statuses that count as done
    missing: tuple[int, ...] = (404, 410)  # statuses that mean: there is nothing there
    answers: Path | None = None  # a field without which the answer does not count as done

    @model_validator(mode="after")
    def _one_body(self) -> Call:
        if self.json_body is not None and self.form is not None:
            raise ValueError("json and form exclude each other")
        return self

    def texts(self) -> Iterator[str]:
        """Give every text in which placeholders may stand."""
        yield self.path
        yield from self.query.values()
        yield from (self.form or {}).values()
        yield from _leaves(self.json_body)


class Change(Call):
    """A call that changes a record, and how the record shows that it did."""

    becomes: dict[Path, str | int | float | bool | None]  # field -> its value afterwards; may hold {new}


class Erasing(Call):
    """A call that erases a record."""

    # The system erases later, within so many days; it cannot be looked at before.
    within_days: int = Field(0, ge=0)


class Paging(_Model):
    """How the answer goes on, page after page."""

    kind: Literal["page", "offset", "cursor", "after"]
    parameter: str  # of the query: number of the page, rows to skip, the cursor, or the last key seen
    first: int = 1  # of `page`
    cursor: Path | None = None  # where in the answer the next cursor stands
    more: Path | None = None  # where it says whether more follows
    total: Path | None = None  # where it says how many there are

    @model_validator(mode="after")
    def _can_end(self) -> Paging:
        if self.kind == "cursor" and self.cursor is None:
            raise ValueError("paging by cursor needs cursor: where in the answer the next one stands")
        return self


class Finding(Call):
    """How records are listed: for a value of an identity, or for a record they hang on."""

    records: Path | None = None  # where in the answer they are; without it the answer is the record
    paging: Paging | None = None
    matches: Path | None = None  # the field that must equal what was searched for, whatever the system finds


class HttpKeep(_Model):
    """What erasure leaves: records whose retention period runs."""

    rule: Name
    counted_from: Path  # ISO 8601 or Unix seconds
    columns: tuple[Name, ...] = ()


class HttpTable(_Model):
    """One kind of record that holds personal data."""

    table_schema: ClassVar[None] = None  # as a table of a database may have one

    name: Name
    title: str = ""
    title_fr: str = Field("", alias="title@fr")
    within: Name | None = None  # another table, on whose records these hang
    key: Path = "id"
    label: Path | None = None
    find: dict[Name, Finding] = {}  # kind of identity -> call; with `within` its only key is "parent"
    unread: tuple[Name, ...] = ()  # kinds of identity under which the system keeps data that it gives nobody
    category: Name
    purpose: Name
    recipients: tuple[AnyRecipient, ...] = ()
    origin: Literal["person", "observed", "derived", "third_party"] = "person"
    # Shown first and by these names; whatever else a record holds follows as one.
    columns: dict[Name, Path] = {}
    hidden: tuple[Path, ...] = ()  # never exported
    redacted: tuple[Name, ...] = ()
    free_text: tuple[Name, ...] = ()
    portable: tuple[Name, ...] = ()
    meanings: dict[Name, str] = {}
    erase: Erasing | Literal["with_parent"] | None = None
    gone: Finding | None = None  # how to see that one record is gone, where the list may lag behind
    gone_when: dict[Path, str | int | bool] = {}  # what such an answer holds if the record is only a trace
    keep: HttpKeep | None = None
    rectify: dict[Name, Change] = {}
    harmless: tuple[Name, ...] = ()  # of those: a proof of the mailbox is enough
    restrict: Change | None = None
    lift: Change | None = None
    stop: dict[Name, Change | Erasing] = {}

    @model_validator(mode="after")
    def _found_somehow(self) -> HttpTable:
        if bool(self.find) == bool(self.unread):
            raise ValueError(f"{self.name}: give find, or unread for what cannot be read, and not both")
        if (self.within is not None) != (set(self.find) == {"parent"}):
            raise ValueError(f"{self.name}: records within others are found by find.parent, and only those")
        return self

    @model_validator(mode="after")
    def _harmless_is_rectified(self) -> HttpTable:
        if unknown := sorted(set(self.harmless) - self.rectify.keys()):
            raise ValueError(f"{self.name}: harmless names {unknown}, which rectify does not")
        return self

    @model_validator(mode="after")
    def _erased_somehow(self) -> HttpTable:
        if self.erase is None and self.keep is None:
            raise ValueError(f"{self.name}: say how it is erased, or under which rule it is kept")
        if self.erase == "with_parent" and self.within is None:
            raise ValueError(f"{self.name}: it hangs on no other record, so it cannot go with one")
        if (self.restrict is None) != (self.lift is None):
            raise ValueError(f"{self.name}: restrict and lift belong together (GDPR 18(3))")
        return self

    @model_validator(mode="after")
    def _hand_overs_stand_in_the_record(self) -> HttpTable:
        for recipient in self.recipients:
            if recipient.link:
                raise ValueError(
                    f"{self.name}: a hand-over to {recipient.name} is read from the record itself"
                )
        return self

    @model_validator(mode="after")
    def _searches_are_checked(self) -> HttpTable:
        for kind, find in self.find.items():
            if kind == "email" and find.matches is None:
                raise ValueError(f"{self.name}: find.email needs matches: a search may find strangers too")
        return self

    def calls(self) -> Iterator[tuple[str, Call]]:
        """Give every call with the place where it stands."""
        yield from ((f"find.{kind}", call) for kind, call in self.find.items())
        yield from ((f"rectify.{field}", call) for field, call in self.rectify.items())
        yield from ((f"stop.{purpose}", call) for purpose, call in self.stop.items())
        for name in ("erase", "gone", "restrict", "lift"):
            call = getattr(self, name)
            if isinstance(call, Call):
                yield name, call


class Auth(_Model):
    """How the desk signs in; the secrets themselves stand in the environment."""

    kind: Literal["none", "bearer", "basic", "query", "header", "oauth2"] = "none"
    secret: Name = "key"  # noqa: S105 - its name under `secrets` of the settings
    name: str = "Authorization"  # of the header or the query value
    prefix: str = ""  # before the secret in a header, as in "Key "
    # Of basic; may hold placeholders; the secret is the password, or the user where it is empty.
    user: str = ""
    token_path: str = ""  # of oauth2: a path here, or a whole address
    grant: Literal["client_credentials", "refresh_token"] = "client_credentials"
    client_id: str = ""
    refresh_secret: Name = "refresh_token"  # noqa: S105 - likewise
    scope: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Name the secrets that signing in takes."""
        if self.kind == "none":
            return ()
        renewed = self.kind == "oauth2" and self.grant == "refresh_token"
        return (self.secret, self.refresh_secret) if renewed else (self.secret,)


class HttpMap(_Model):
    """The whole map of one system that is reached by HTTP."""

    about: str = ""
    address: str  # begins every path; may hold placeholders of `values`
    auth: Auth = Auth()
    headers: dict[str, str] = {}
    per_second: float = Field(10.0, gt=0)  # calls at most
    try_: Annotated[Call | None, Field(alias="try")] = None  # a call that shows that it can be reached
    values: tuple[Name, ...] = ()  # what the settings must say
    tables: tuple[HttpTable, ...]

    @model_validator(mode="after")
    def _parents_exist(self) -> HttpMap:
        names = [table.name for table in self.tables]
        if len(set(names)) != len(names):
            raise ValueError("two tables have the same name")
        before: set[str] = set()
        for table in self.tables:
            if table.within is not None and table.within not in before:
                raise ValueError(f"{table.name}: within names {table.within!r}, which no table before it is")
            before.add(table.name)
        return self

    @model_validator(mode="after")
    def _placeholders_are_known(self) -> HttpMap:
        for where, text, allowed in self._texts():
            if _BRACE.search(_PLACEHOLDER.sub("", text)):
                raise ValueError(f"{where}: a brace stands alone in {text!r}; a placeholder is {{name}}")
            for name, filtered in placeholders(text):
                if name.partition(".")[0] not in allowed:
                    raise ValueError(f"{where}: {{{name}}} is unknown here; known are {sorted(allowed)}")
                if filtered and filtered not in FILTERS:
                    raise ValueError(f"{where}: there is no filter {filtered!r}; there are {list(FILTERS)}")
        return self

    def _texts(self) -> Iterator[tuple[str, str, set[str]]]:
        fixed = set(self.values)
        for place, text in (("address", self.address), ("auth.user", self.auth.user)):
            yield place, text, fixed
        yield "auth.client_id", self.auth.client_id, fixed
        yield from (("headers", text, fixed) for text in self.headers.values())
        yield from (("try", text, fixed) for text in (self.try_.texts() if self.try_ else ()))
        for table in self.tables:
            within = {"parent"} if table.within else set()
            for where, call in table.calls():
                known = fixed | within | ({"value"} if where.startswith("find.") else {"record", "value"})
                new = {"new"} if where.startswith("rectify.") else set()
                texts = [*call.texts()]
                if isinstance(call, Change):
                    texts += [text for text in call.becomes.values() if isinstance(text, str)]
                yield from ((f"{table.name}.{where}", text, known | new) for text in texts)

    def table(self, name: str) -> HttpTable:
        """Give one table; KeyError if there is none."""
        found = next((table for table in self.tables if table.name == name), None)
        if found is None:
            raise KeyError(name)
        return found


def placeholders(text: str) -> list[tuple[str, str]]:
    """List the placeholders of a text with their filters, '' for none."""
    return [(name, filtered or "") for name, filtered in _PLACEHOLDER.findall(text)]


def filled(text: str, put: Any) -> str:
    """Write a text with each placeholder replaced by what `put(name, filter)` gives."""
    return _PLACEHOLDER.sub(lambda found: str(put(found[1], found[2] or "")), text)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
