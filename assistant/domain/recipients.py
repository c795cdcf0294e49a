"""To whom data went: what a map says of a recipient, and what a person's rows show of it (Articles 15(1)(c) and 19)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from assistant.domain.link import Link

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Recorded(_Model):
    """Where a hand-over is recorded: `column` of the row is set (not empty, nought or no), or holds one of `values`.

    With `link` that column stands in the row of the person to which the links lead, one after the other.
    """

    column: Name
    set_: Annotated[Literal["set"] | None, Field(alias="is")] = None
    values: tuple[str | int | bool, ...] = ()
    link: tuple[Link, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Recorded:
        if bool(self.set_) == bool(self.values):
            raise ValueError('when needs is = "set", or values that show a hand-over, and not both')
        return self

    def shows(self, value: Any) -> bool:
        """Tell whether this value of the column records a hand-over."""
        return value in self.values if self.values else bool(value)


class Recipient(_Model):
    """Somebody who receives rows of a table.

    `when` says by what a row shows it: always, by what is recorded, or not at all ("unknown"): then an agent is asked.
    `columns` are those that go there, all where none is named (of a system reached by HTTP: fields); `known_by` gives for an identifier
    of the catalogue the column that holds it, in the row or in the one that `when` links to; `uses` are the purposes
    for which they use it, the table's own where none is named.
    """

    name: Name
    when: Recorded | Literal["always", "unknown"] = "always"
    columns: tuple[Name, ...] = ()
    known_by: dict[Name, Name] = {}
    uses: tuple[Name, ...] = ()

    @property
    def link(self) -> tuple[Link, ...]:
        """Give the links to the row that records the hand-over; none where the row itself does."""
        return self.when.link if isinstance(self.when, Recorded) else ()

    def got(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Give which of these columns went there."""
        return tuple(c for c in columns if c in self.columns) if self.columns else columns

    def uses_for(self, purpose: str, own_purpose: str) -> bool:
        """Tell whether they use it for a purpose, `own_purpose` being the table's."""
        return purpose in (self.uses or (own_purpose,))


def _in_full(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


AnyRecipient = Annotated[Recipient, BeforeValidator(_in_full)]  # the name alone is a recipient of every row


@dataclass(frozen=True, slots=True)
class HandOver:
    """That rows of a table went to a recipient, as far as these rows show.

    `known_by` are kind and value under which the recipient knows them, `fields` what of a correction they had, `uses`
    what they use it for that ends; where it is not `sure` nothing shows it, and an agent is asked.
    """

    recipient: str
    known_by: tuple[tuple[str, str], ...] = ()
    fields: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    sure: bool = True


Where = tuple[str, str]  # source, table


@dataclass(frozen=True, slots=True)
class Notice:
    """What one recipient is told: which data, of whom as they know them, which fields are corrected or which uses end."""

    tables: tuple[Where, ...]
    known_by: tuple[tuple[str, str], ...]
    fields: tuple[str, ...]
    uses: tuple[str, ...]


def notice_of(parts: Sequence[tuple[Where, HandOver]]) -> Notice:
    """Put together what concerns one recipient."""
    return Notice(
        tuple(dict.fromkeys(where for where, _ in parts)),
        tuple(dict.fromkeys(pair for _, part in parts for pair in part.known_by)),
        tuple(dict.fromkeys(field for _, part in parts for field in part.fields)),
        tuple(dict.fromkeys(use for _, part in parts for use in part.uses)),
    )
