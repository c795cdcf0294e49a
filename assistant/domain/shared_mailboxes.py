"""Mailboxes that several people read: what a code to one proves of any single person is little (A27)."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files


def is_shared(address: str) -> bool:
    """Tell whether an address names a function or a family and no person: info@, sales@, famille@."""
    local = address.strip().partition("@")[0].partition("+")[0]
    return _bare(local) in _known()


def is_read_by_nobody(address: str) -> bool:
    """Tell whether programs send from an address and nobody reads what comes there: no-reply@, wordpress@."""
    return _bare(address.strip().partition("@")[0].partition("+")[0]) in _told()["nobody"]


def _bare(local: str) -> str:
    letters = unicodedata.normalize("NFKD", local.casefold())
    return re.sub(r"[^a-z0-9]", "", letters)


@cache
def _told() -> dict[str, list[str]]:
    return tomllib.loads((files(__package__) / "shared_mailboxes.toml").read_text(encoding="utf-8"))


@cache
def _known() -> frozenset[str]:
    return frozenset(name for names in _told().values() for name in names)
