from __future__ import annotations

import re
from enum import Enum
from pathlib import Path

import pytest

from assistant.domain.assurance import Method, Tier
from assistant.domain.lifecycle import Status
from assistant.domain.plan import Operation
from assistant.domain.rights import Right

GLOSSARY = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text("utf-8")


def _explained(heading: str) -> dict[str, str]:
    section = re.search(rf"(?ms)^## {heading}$(.*?)(?=^## |\Z)", GLOSSARY)
    assert section, heading
    return dict(re.findall(r"(?m)^\| `(\w+)` \| (.+?) \|$", section[1]))


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Rights", Right),
        ("Statuses", Status),
        ("Tiers", Tier),
        ("Methods", Method),
        ("Operations", Operation),
    ],
)
def test_every_name_of_the_domain_is_explained_and_no_other(heading: str, kind: type[Enum]) -> None:
    explained = _explained(heading)
    names = [member.name if issubclass(kind, int) else str(member.value) for member in kind]

    assert list(explained) == names
    assert all(len(text.split()) >= 4 for text in explained.values())
