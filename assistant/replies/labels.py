"""The words of one locale that stand inside sentences: names of rights, dates, numbers, lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.domain.rights import called
from assistant.naming import readable
from assistant.wording.written import Written

Filter = Callable[..., str]
Words = Mapping[str, Mapping[str, str]]  # table -> name -> label


def attribute(thing: Any, name: str) -> Any:
    """Read a field of a request, given as an object or as a mapping."""
    return thing[name] if isinstance(thing, Mapping) else getattr(thing, name)


def sentence(words: str) -> str:
    """Begin with a capital, and leave the rest as it is."""
    return f"{words[:1].upper()}{words[1:]}"


def _is(request: Any, name: str) -> bool:
    """Tell whether something is so of a request, which may say nothing of it."""
    if isinstance(request, Mapping):
        return bool(request.get(name))
    return bool(getattr(request, name, False))


def _is_of_another(request: Any) -> bool:
    """Tell whether somebody asks for somebody else, whose data are then not *yours*."""
    return _is(request, "for_other")


def _named_right(request: Any) -> str:
    """Name the right that is used, as whoever asked would."""
    marketing = isinstance(request, Mapping) and bool(request.get("marketing"))
    return called(str(attribute(request, "right")), marketing=marketing)


@dataclass(frozen=True)
class Labels(Written):
    """Labels of one locale; a name without a label is shown as the operator wrote it, whose own words stand before ours."""

    tables: Mapping[str, Mapping[str, Any]]

    def label(self, table: str, name: str) -> str:
        """Give a label, or the name itself made readable."""
        known = self.tables.get(table, {})
        return str(known.get(name) or known.get(name.replace("-", "_")) or readable(name))

    def refs(self, requests: Sequence[Any]) -> str:
        """Name the requests by their references."""
        return self.listed(str(attribute(request, "ref")) for request in requests)

    def yours(self, requests: Sequence[Any]) -> str:
        """Name the requests as the person's, in one word and their references."""
        name = "your_requests" if len(requests) > 1 else "your_request"
        return self.label("format", name).format(refs=self.refs(requests))

    def cited(self, requests: Sequence[Any]) -> str:
        """Name the requests as an answer does: right, day of receipt and reference."""
        return self.listed(
            self.label(
                "cited_of_another" if _is_of_another(request) else "cited", _named_right(request)
            ).format(on=self.day(attribute(request, "received_on")), ref=attribute(request, "ref"))
            for request in requests
        )

    def asked(self, request: Any) -> str:
        """Name what a request asks for: about the data of whoever wrote, or of the person they wrote for; and for which of many addresses."""
        asked, part = (
            self._right_asked(request),
            request.get("part") if isinstance(request, Mapping) else None,
        )
        return f"{asked} ({self.label('parts', part)})" if part else asked

    def _right_asked(self, request: Any) -> str:
        table = "rights_of_another" if _is_of_another(request) else "rights"
        return self.label(table, _named_right(request))

    def all_asked(self, requests: Sequence[Any]) -> str:
        """Name what requests ask for, each thing once, for a subject that tells one mail from the next."""
        return self.listed(dict.fromkeys(map(self._right_asked, requests)))

    def due(self, requests: Sequence[Any]) -> str:
        """Write the day by which the last of the requests is answered, and that it is later where a clock stands still."""
        day = self.day(max(attribute(request, "due_on") for request in requests))
        stands_still = any(_is(request, "clock_stops") for request in requests)
        return self.label("format", "due_later").format(day=day) if stands_still else day

    def filters(self) -> dict[str, Filter]:
        """Give the filters that texts may use."""
        return {name: self._labelling(table) for name, table in LABELLED.items()} | {
            "article": self.article,
            "day": self.day,
            "time": self.time,
            "moment": self.moment,
            "count": self.counted,
            "listed": self.listed,
            "sentence": sentence,
            "refs": self.refs,
            "yours": self.yours,
            "asked": self.asked,
            "all_asked": self.all_asked,
            "cited": self.cited,
            "due": self.due,
        }

    def _labelling(self, table: str) -> Filter:
        return lambda name: self.label(table, name)


# filter -> table of labels.toml
LABELLED: Mapping[str, str] = {
    "right_name": "right_names",  # as said to agents: "erasure"
    "status": "statuses",
    "stands": "stands",  # a status as a page tells it to whoever meant to change it
    "step": "steps",
    "channel": "channels",
    "by_channel": "by_channel",
    "field": "fields",
    "your_field": "your_fields",
    "purpose": "purposes",
    "category": "categories",
    "system": "systems",
    "effect": "effects",
    "recipient": "recipients",  # empty here: only the operator has words for them
    "law": "laws",
    "table": "tables",  # likewise, by `source.table` and `source.table.column`
    "column": "columns",
    "identifier": "identifiers",
}
