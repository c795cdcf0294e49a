"""The widget says the same things in both languages, and says everything it is asked to."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from assistant.domain.rights import Right
from assistant.domain.status import Status
from assistant.web.widget.pages import LANGUAGES, catalogue

STATIC = resources.files("assistant.web.widget").joinpath("static")
SAID = re.compile(r"""say\("([a-z_.]+)"|data-(?:text|label|placeholder)="([a-z_.]+)"|text\("([a-z_.]+)"\)""")
FAMILIES = ("right.", "status.", "from.", "role.", "typing.", "starter.", "compose.", "state.")
LOOSE = ("launcher.", "counter", "sending", "waiting", "retrying", "request.")  # named before they are said


def sources() -> str:
    files = [file for file in STATIC.iterdir() if file.name.endswith((".js", ".html"))]
    assert len(files) >= 8
    return "\n".join(file.read_text("utf-8") for file in files)


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    english, french = (catalogue(language) for language in LANGUAGES)
    assert list(english) == list(french)
    differing = [key for key in english if placeholders(english[key]) != placeholders(french[key])]
    assert differing == []


def test_no_text_is_empty_or_left_in_the_other_language() -> None:
    english, french = (catalogue(language) for language in LANGUAGES)
    assert all(text.strip() == text and text for text in [*english.values(), *french.values()])
    alike = {key for key in english if english[key] == french[key]}
    assert alike == {"menu", "log", "from.assistant", "transcript.file"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_right_and_status_has_a_name(language: str) -> None:
    texts = catalogue(language)
    assert {f"right.{right.value}" for right in Right} == {key for key in texts if key.startswith("right.")}
    assert {f"status.{status.value}" for status in Status} == {
        key for key in texts if key.startswith("status.")
    }


def test_every_text_that_is_said_exists_and_none_is_idle() -> None:
    texts = catalogue("en")
    said = {next(filter(None, groups)) for groups in SAID.findall(sources())}
    assert said <= texts.keys()
    idle = [key for key in texts.keys() - said if not key.startswith((*FAMILIES, *LOOSE))]
    assert idle == []
