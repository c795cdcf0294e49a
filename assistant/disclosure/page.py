"""The page of a package: one file that anyone can read and print, with nothing from elsewhere."""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Final

from jinja2 import Environment

from assistant.disclosure.copying import PORTABLE_FILE, SCHEMA_FILE
from assistant.wording.texts import pages_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assistant.disclosure.explanation import Explanation
    from assistant.disclosure.facts import CopiedTable

_PIECES: Final = 500
# Records with many fields are read one under the other; more of them than this need a table to be compared.
_MANY_COLUMNS: Final = 6
_FEW_RECORDS: Final = 12

ACCESS_SECTIONS: Final = (
    "summary",
    "purposes",
    "recipients",
    "retention",
    "origin",
    "automated",
    "rights",
    "search",
    "withheld",
    "copy",
    "files",
)
PORTABILITY_SECTIONS: Final = ("summary", "rights", "search", "withheld", "copy", "files")


def page(explanation: Explanation) -> Iterator[bytes]:
    """Write the page, piece by piece."""
    facts = explanation.facts
    pieces = (
        _environment()
        .get_template("index.html")
        .generate(
            it=explanation,
            facts=facts,
            controller=facts.settings.controller,
            words=explanation.words,
            say=explanation.words.say,
            sections=PORTABILITY_SECTIONS if facts.portable_only else ACCESS_SECTIONS,
            kind=str(facts.right),
            portable_file=PORTABLE_FILE,
            schema_file=SCHEMA_FILE,
        )
    )
    while chunk := "".join(islice(pieces, _PIECES)):
        yield chunk.encode()


def is_read_record_by_record(table: CopiedTable) -> bool:
    """Say whether a table is clearer as records than as lines."""
    return len(table.columns) > _MANY_COLUMNS and table.rows <= _FEW_RECORDS


@cache
def _environment() -> Environment:
    environment = pages_of("assistant.disclosure")
    environment.tests["read_record_by_record"] = is_read_record_by_record
    return environment
