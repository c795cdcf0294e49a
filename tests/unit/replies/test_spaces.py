"""Every text as it is sent, whatever values it is given: one space between words, none before a comma, and French ones that do not break."""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import pytest

from assistant.domain.messages import MESSAGES, PAGES
from assistant.domain.rights import Right
from assistant.replies import TextError, Texts
from assistant.wording.written import LOCALES
from tests.unit.replies.samples import a_request, values_for

_SPACES = " \u00a0\u202f\t"
_NEVER = (
    (re.compile(rf"(?<=\S)[{_SPACES}]{{2,}}(?=\S)"), "two spaces"),
    (re.compile(rf"[{_SPACES}][,.](?=[{_SPACES}]|$)"), "a space before a comma or a point"),
    (re.compile(rf"\([{_SPACES}]|[{_SPACES}]\)"), "a space within brackets"),
)
_BREAKS = (re.compile(r"« | [:;!?»](?:[\s\"<]|$)"), "a French space that breaks")
_MOST = 7  # values that are left out and put in together: 128 texts


def faults(text: str, locale: str) -> list[str]:
    never = [*_NEVER, _BREAKS] if locale == "fr" else _NEVER
    lines = [line.strip() for line in text.splitlines()]
    return [f"{what}: {line}" for line in lines for pattern, what in never if pattern.search(line)]


def sets_of(names: Mapping[str, Any], right: str, requests: int) -> Iterator[dict[str, Any]]:
    """Give values with each of those that may be missing left out and put in, all together where they are few."""
    base = {
        name: value for name, value in values_for(names["name"], requests).items() if name in names["all"]
    }
    if "requests" in base:
        base["requests"] = [a_request(right, f"PD-7K2M-{n}Q") for n in range(requests)]
    free = sorted(
        name for name in base if name in names["may"] or isinstance(base[name], bool) or base[name] is None
    )
    sample = {
        "part": "first",
        "copy_from": values_for("x")["until"],
        "changed_from": values_for("x")["until"],
    }
    for chosen in (
        itertools.product((False, True), repeat=len(free)) if len(free) <= _MOST else [(True,) * len(free)]
    ):
        told = {
            name: (sample.get(name, base[name] or True) if on else None)
            for name, on in zip(free, chosen, strict=True)
        }
        yield base | told


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", MESSAGES)
def test_no_text_has_two_spaces_or_one_before_a_comma_whatever_it_is_given(
    texts: Texts, name: str, locale: str
) -> None:
    names = {"name": name, "all": MESSAGES[name].variables, "may": MESSAGES[name].may}
    found: set[str] = set()
    for right, requests in itertools.product(Right, (1, 2)):
        for values in sets_of(names, right, requests):
            try:
                rendered = texts.render(name, locale, **values)
            except TextError:
                continue  # no such values together
            found.update(faults(f"{rendered.subject or ''}\n{rendered.text}", locale))
    assert found == set()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", PAGES)
def test_no_page_has_either(texts: Texts, name: str, locale: str) -> None:
    values = {key: values_for(name)[key] for key in PAGES[name]}
    found = {fault for part in texts.page(name, locale, **values).values() for fault in faults(part, locale)}
    assert found == set()


def _words(found: Any) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, Mapping):
        for value in found.values():
            yield from _words(value)
    elif isinstance(found, list):
        for value in found:
            yield from _words(value)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("place", ["web/widget/static/texts", "web/console/texts", "disclosure/texts"])
def test_nor_do_the_words_of_chat_console_and_copy(place: str, locale: str) -> None:
    """Those files are read as they stand; what their reader mends of French spaces is left to it."""
    folder = files("assistant").joinpath(place)
    read = [each for each in folder.iterdir() if each.name.startswith(f"{locale}.")]
    if not read:
        read = list((folder / locale).iterdir())
    found = set()
    for file in read:
        text = file.read_text(encoding="utf-8")
        told = json.loads(text) if file.name.endswith(".json") else tomllib.loads(text)
        found |= {fault for words in _words(told) for fault in faults(words, "en")}
    assert found == set()
