"""The map of what has no interface: what an agent looks up there by hand, and what each right asks of them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from assistant.domain.link import Name
from assistant.domain.recipients import AnyRecipient, Recorded

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class LookUp(BaseModel):
    """What to look up and where, in the languages of the agents."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: Text
    fr: Text


class ManualMap(BaseModel):
    """One such place: a filing cabinet, a telephone system, a colleague's spreadsheet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table_schema: ClassVar[None] = None  # what maps of databases say beside
    keep: ClassVar[None] = None
    erase: ClassVar[Literal["by_hand"]] = "by_hand"

    name: Name = "records"  # as plans and copies call what is found there
    title: str = ""
    title_fr: str = Field("", alias="title@fr")
    look_up: LookUp
    agent: str = ""  # who does it; empty: whoever comes first
    remind_days: int = Field(5, ge=1, le=30)
    category: Name
    purpose: Name
    recipients: tuple[AnyRecipient, ...] = ()
    origin: Literal["person", "observed", "derived", "third_party"] = "person"
    portable: bool = False
    rectifiable: tuple[Name, ...] = ()  # fields that may be wrong there
    harmless: tuple[Name, ...] = ()  # of those: a proof of the mailbox is enough
    stop: tuple[Name, ...] = ()  # purposes for which it is used

    @model_validator(mode="after")
    def _nothing_is_read_from_paper(self) -> ManualMap:
        if any(isinstance(each.when, Recorded) or each.known_by for each in self.recipients):
            raise ValueError('no column is read there: a recipient is told always, or when = "unknown"')
        return self

    @property
    def tables(self) -> tuple[ManualMap, ...]:
        """Give it as the one table that it is."""
        return (self,)
