"""Whole texts and tables of one language: read with the spaces that it sets, filled in by one engine."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any, Final

from jinja2 import DictLoader, Environment, PackageLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from assistant.wording.written import NO_BREAK

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

_FRENCH_SPACES: Final = re.compile(r"""(?<=«) | (?=[:;!?»%](?:[\s"<]|$))""", re.MULTILINE)


def read_text(entry: Traversable, locale: str) -> str:
    """Read a file of texts; French sets « : ; ! ? % » off with a space that must not break, and files hold an ordinary one."""
    text = entry.read_text(encoding="utf-8")
    return _FRENCH_SPACES.sub(NO_BREAK, text) if locale == "fr" else text


def read_table(entry: Traversable, locale: str) -> dict[str, Any]:
    """Read a table of labels or of parts of a page."""
    return tomllib.loads(read_text(entry, locale))


def pages_of(package: str) -> Environment:
    """Give what fills in the pages of a package: HTML, in which every value is escaped. What is not given raises."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def environment(texts: Mapping[str, str], **known: Any) -> SandboxedEnvironment:
    """Give what fills in texts by their names; plain text, for a page to escape. What is not given raises."""
    made = SandboxedEnvironment(
        loader=DictLoader(texts),
        cache_size=-1,
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals.clear()  # no text uses them, and copying them takes most of the time of filling one in
    made.globals.update(known)
    return made
