"""Reads what a letter claims: what was erased, kept until when, told to whom, corrected, stopped, copied, left."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

_COUNT = r"\((?P<rows>[\d \u00a0\u202f,]+)[ \u00a0](?:records?|enregistrements?)\)"
_LINE = re.compile(rf"- (?P<what>.+?) {_COUNT}")
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}
_HEADS = {
    "erased": ("What we have erased:", "Ce que nous avons effacé"),
    "kept": ("What we keep, why and until when:", "Ce que nous gardons, pourquoi et jusqu’à quand"),
    "told": ("We tell those who received", "Nous informons de", "Nous en informons"),
    "copied": ("We found:", "Nous avons trouvé"),
    "corrected": ("What we have changed, and where:", "Ce que nous avons changé, et où"),
    "stopped": ("What has stopped:", "Ce qui est arrêté", "Ce qui a cessé"),
    "restricted": ("What is restricted:", "Ce dont l’utilisation est limitée"),
    "left": ("What we could not erase yet", "Ce que nous n’avons pas encore pu effacer"),
}
_NOBODY = ("passed these data on to nobody", "n’avons transmis ces données à personne")


@dataclass
class Claims:
    """What one letter says, by kind; categories as they are written, without their counts."""

    counts: dict[str, dict[str, int]] = field(default_factory=dict)  # kind -> category -> records
    names: dict[str, list[str]] = field(default_factory=dict)  # kind -> what is listed
    until: dict[str, date] = field(default_factory=dict)  # category kept -> the last day named
    nobody_told: bool = False


def claims_in(text: str, language: str) -> Claims:
    """Read a letter, block by block; a heading that is not known claims nothing here."""
    found = Claims(nobody_told=any(phrase in text for phrase in _NOBODY))
    for kind, heads in _HEADS.items():
        block = next((_under(text, head) for head in heads if head in text), None)
        if block is not None:
            _read(found, kind, block, language)
    return found


def _under(text: str, head: str) -> list[str]:
    block = text.split(head, 1)[1].split("\n\n", maxsplit=1)[0]
    return block.splitlines()[1:] or block.splitlines()


def _read(found: Claims, kind: str, block: list[str], language: str) -> None:
    counts, names, current = found.counts.setdefault(kind, {}), found.names.setdefault(kind, []), ""
    for line in block:
        if match := _LINE.match(line):
            current = match["what"]
            counts[current] = counts.get(current, 0) + int(re.sub(r"\D", "", match["rows"]))
        elif line.startswith("- "):
            current = re.split(r"[ \u00a0]?: ", line[2:])[0]
        if line.startswith("- "):
            names.append(current)
        for day in _days(line, language) if kind == "kept" else ():
            found.until[current] = max(day, found.until.get(current, day))


def _days(line: str, language: str) -> list[date]:
    months = {name: n for n, name in enumerate(_MONTHS[language].split(), 1)}
    written = re.findall(rf"(\d{{1,2}})(?:er)? ({'|'.join(months)}) (\d{{4}})", line)
    return [date(int(year), months[month], int(day)) for day, month, year in written]
