"""How rows of one table belong to rows of another, as a map says it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

Name = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Columns = tuple[Name, ...]


class Link(BaseModel):
    """Rows belong together because `columns` equal `references` of the rows of table `to`.

    Works in either direction (a child that points to its parent, a parent that the other row points to),
    through any number of steps and without a foreign key in the schema.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: Columns
    to: Name
    references: Columns

    @model_validator(mode="after")
    def _same_length(self) -> Link:
        if len(self.columns) != len(self.references):
            raise ValueError("a link needs as many columns as references")
        return self
