"""The words in every locale agree with the catalogue, and with one another."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from jinja2 import meta

from assistant.domain.assurance import CODE_DIGITS
from assistant.domain.lifecycle import Status
from assistant.domain.messages import MESSAGES, PAGES, Audience
from assistant.domain.rights import Right
from assistant.wording.written import LOCALES

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

    from assistant.replies import Texts

FOLDER = files("assistant.replies")


def source(locale: str, name: str) -> str:
    return (FOLDER / locale / name).read_text(encoding="utf-8")


def table(locale: str, name: str) -> dict[str, Any]:
    return tomllib.loads(source(locale, name))


def environment(texts: Texts, locale: str) -> SandboxedEnvironment:
    return texts._locale(locale).environment


def variables(texts: Texts, locale: str, text: str) -> set[str]:
    return meta.find_undeclared_variables(environment(texts, locale).parse(text)) - {"desk"}


def shared(locale: str) -> set[str]:
    return {entry.name for entry in (FOLDER / locale).iterdir() if entry.name.startswith("_")}


@pytest.mark.parametrize("locale", LOCALES)
def test_each_locale_holds_the_texts_of_the_catalogue_and_no_others(locale: str) -> None:
    written = {entry.name for entry in (FOLDER / locale).iterdir() if entry.name.endswith(".txt")}
    assert written - shared(locale) == {f"{name}.txt" for name in MESSAGES}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", MESSAGES)
def test_a_text_uses_exactly_the_variables_of_the_catalogue(texts: Texts, name: str, locale: str) -> None:
    assert variables(texts, locale, source(locale, f"{name}.txt")) == MESSAGES[name].variables


@pytest.mark.parametrize("locale", LOCALES)
def test_shared_paragraphs_know_only_the_facts_of_the_desk(texts: Texts, locale: str) -> None:
    assert shared(locale) == {
        "_account_only.txt",
        "_backups.txt",
        "_own_records.txt",
        "_remedies.txt",
        "_sign_off.txt",
    }
    for name in shared(locale):
        assert variables(texts, locale, source(locale, name)) == set()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", MESSAGES)
def test_what_is_shared_is_a_whole_paragraph_never_a_part_of_one(name: str, locale: str) -> None:
    text = source(locale, f"{name}.txt")
    assert re.sub(r"(?:\A|\n\n)\{% include \"_\w+\.txt\" %\}(?=\n\n|\n\Z)", "", text).count("include") == 0
    assert "~" not in text


@pytest.mark.parametrize("name", MESSAGES)
def test_only_mails_have_a_subject_and_they_all_have_one(name: str) -> None:
    begins = [source(locale, f"{name}.txt").startswith("Subject: ") for locale in LOCALES]
    assert begins == [MESSAGES[name].audience is not Audience.CHAT] * len(LOCALES)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", MESSAGES)
def test_texts_are_set_with_typographic_marks(name: str, locale: str) -> None:
    words = re.sub(r"\{[{%].*?[%}]\}", "", source(locale, f"{name}.txt"))
    assert not set(words) & set("'\"\u00a0\u202f")


@pytest.mark.parametrize("locale", LOCALES)
def test_pages_hold_the_same_parts_with_the_variables_of_the_catalogue(texts: Texts, locale: str) -> None:
    pages, english = table(locale, "pages.toml"), table("en", "pages.toml")
    assert pages.keys() == PAGES.keys()
    for name, parts in pages.items():
        assert parts.keys() == english[name].keys()
        assert {used for part in parts.values() for used in variables(texts, locale, part)} == PAGES[name]
        for key, part in parts.items():
            theirs, ours = (
                variables(texts, at, text) for at, text in ((locale, part), ("en", english[name][key]))
            )
            assert theirs ^ ours <= {"requests"}, "one language asks how many where another need not"


@pytest.mark.parametrize("locale", LOCALES)
def test_labels_have_the_same_names_in_every_locale(locale: str) -> None:
    labels, english = table(locale, "labels.toml"), table("en", "labels.toml")
    assert labels.keys() == english.keys()
    for name in labels.keys() - {"cities"}:
        assert labels[name].keys() == english[name].keys(), name


@pytest.mark.parametrize("locale", LOCALES)
def test_every_right_and_status_has_its_labels(locale: str) -> None:
    labels = table(locale, "labels.toml")
    assert labels["right_names"].keys() == set(Right)
    for name in ("rights", "rights_of_another", "cited", "cited_of_another"):
        assert labels[name].keys() == {*Right, "marketing"}, name
    assert labels["effects"].keys() == {
        *Right,
        "withdraw",
        "erasure_limited",
        "rectification_to_empty",
        "consent_withdrawal_named",
        "shown_again",
    }
    assert labels["statuses"].keys() == {*Status, "paused", "joined"}
    assert labels["stands"].keys() == {*Status, "joined"}
    assert set(Right) <= labels["buttons"].keys()


@pytest.mark.parametrize("locale", LOCALES)
def test_texts_that_speak_of_a_code_name_its_true_length(locale: str) -> None:
    speaking = [source(locale, f"{name}.txt") for name in ("code_sent_email", "code_sent_client_id")] + [
        part
        for page in ("package_code", "package_code_wrong")
        for part in table(locale, "pages.toml")[page].values()
    ]
    said = {number for text in speaking for number in re.findall(r"(\d+) (?:digits|chiffres)", text)}
    assert said == {str(CODE_DIGITS)}


@pytest.mark.parametrize("locale", LOCALES)
def test_no_file_holds_a_period_that_belongs_to_the_settings(locale: str) -> None:
    for name in MESSAGES:
        words = re.sub(r"\{[{%].*?[%}]\}", "", source(locale, f"{name}.txt"))
        periods = re.findall(r"\d+ (?:days?|hours?|minutes?|jours?|heures?)", words)
        # Failed attempts are counted over a day: that is no setting.
        assert [period[:2] for period in periods] == (["24"] if name == "verification_paused" else [])
