"""The widget says the same things in both languages, and says everything it is asked to."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from assistant.domain.lifecycle import CLOSED, Status
from assistant.domain.rights import Right
from assistant.replies import Texts
from assistant.replies.labels import sentence
from assistant.web.widget.pages import LANGUAGES, catalogue
from tests.unit.replies.samples import facts

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
    assert {f"status.{status}" for status in [*Status, "joined"]} == {
        key for key in texts if key.startswith("status.")
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_names_each_right_as_every_sentence_does(language: str) -> None:
    labels = Texts.load(desk=facts()).labels(language)
    named = {right: catalogue(language)[f"right.{right}"] for right in Right}
    assert named == {right: sentence(labels.label("rights", right)) for right in Right}
    assert catalogue(language)["date.first"] == labels.form["first"]


# What else a right could be called, in what a person reads.
OTHER_NAMES = {
    "en": re.compile(r"\b(?:rectif\w*|deletions?)\b", re.IGNORECASE),
    "fr": re.compile(r"\b(?:corrections?|suppressions?)\b", re.IGNORECASE),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_to_a_person_calls_a_right_by_another_name(language: str) -> None:
    package = resources.files("assistant")
    folders = [package / "replies" / language, package / "disclosure" / "texts" / language]
    patterns = ("lint.toml", "typed.toml")
    files = [file for folder in folders for file in folder.iterdir() if not file.name.endswith(patterns)]
    assert len(files) > 90
    lines = [line for file in files for line in file.read_text("utf-8").splitlines()]
    said = [line.partition(" = ")[2] or line for line in lines if not line.startswith(("#", "["))]
    said = [re.sub(r"\{[{%].*?[%}]\}", "", line) for line in [*said, *catalogue(language).values()]]
    assert [line for line in said if OTHER_NAMES[language].search(line)] == []


def test_every_text_that_is_said_exists_and_none_is_idle() -> None:
    texts = catalogue("en")
    said = {next(filter(None, groups)) for groups in SAID.findall(sources())}
    assert said <= texts.keys()
    idle = [key for key in texts.keys() - said if not key.startswith((*FAMILIES, *LOOSE))]
    assert idle == []


def test_the_strip_knows_which_requests_are_closed() -> None:
    """A status that the widget takes for open would show a date by which nothing comes."""
    script = STATIC.joinpath("requests.js").read_text("utf-8")
    listed = re.search(r"CLOSED = new Set\(\[(.*?)\]\)", script)
    assert listed is not None
    assert set(re.findall(r"\w+", listed[1])) == {*CLOSED, "joined"}
