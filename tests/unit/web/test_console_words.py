"""The console's own words: complete, alike in both languages, and in step with the casework."""

from __future__ import annotations

import ast
import re
from datetime import date
from pathlib import Path
from string import Formatter

import pytest

from assistant.casework.proof.mail_domains import GONE, MOVED
from assistant.casework.requests.evidence import CONTACT_TYPED
from assistant.casework.requests.one_by_one import SWEEPS
from assistant.disclosure.words import words as words_of_copies
from assistant.domain.assurance import SHARED, Method
from assistant.domain.attention import Attention
from assistant.domain.grounds import grounds_for
from assistant.domain.lifecycle import Status
from assistant.domain.plan import Operation
from assistant.domain.rights import Right
from assistant.sources.sql.conflicts import _ALONG, _REFUSES
from assistant.web.console.words import catalogue, words_of
from assistant.wording.written import LOCALES

ROOT = Path(__file__).parents[3] / "assistant"
TODAY = date(2026, 12, 5)


def test_both_languages_have_the_same_texts_with_the_same_values() -> None:
    english, french = catalogue("en"), catalogue("fr")
    assert english.keys() == french.keys()

    def values(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    assert [key for key in english if values(english[key]) != values(french[key])] == []


def test_no_text_is_left_untranslated() -> None:
    english, french = catalogue("en"), catalogue("fr")
    alike = {key for key in english if len(english[key]) > 14 and english[key] == french[key]}
    assert alike == set()


@pytest.mark.parametrize(
    ("folder", "called", "known"),
    [("web/console", "t", words_of("en", "UTC")), ("disclosure", "words", words_of_copies("en", "UTC"))],
)
def test_whatever_a_page_asks_of_its_words_is_there(folder: str, called: str, known: object) -> None:
    asked = re.compile(rf"(?<![\w.]){called}\.(\w+)")
    pages = [path for path in (ROOT / folder).rglob("*") if path.suffix in {".html", ".toml"}]
    names = {name for path in pages for name in asked.findall(path.read_text("utf-8"))}
    assert len(names) > 3
    assert [name for name in names if not hasattr(known, name)] == []


def test_french_has_one_word_for_an_email_and_one_for_its_box() -> None:
    other = re.compile(r"\b(?:courriels?|boîtes? (?:aux lettres|mail))\b", re.IGNORECASE)
    assert [key for key, text in catalogue("fr").items() if other.search(text)] == []


def said_to(name: str, position: int, *folders: str) -> set[str]:
    """Give the codes that the source passes to a function at a position, as far as they stand there."""
    codes = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and getattr(node.func, "id", "") == name
                    and not of_no_request(node)
                ):
                    codes |= {code for arg in node.args[position:] for code in codes_in(arg)}
    return codes


def of_no_request(call: ast.Call) -> bool:
    """Tell whether an audit entry belongs to no request, so that no timeline shows it."""
    return any(isinstance(arg, ast.Constant) and arg.value == "" for arg in call.args)


def codes_in(node: ast.expr) -> set[str]:
    if isinstance(node, ast.JoinedStr):
        node = node.values[0]
    text = node.value if isinstance(node, ast.Constant) else ""
    code = str(text or "").split(":")[0]
    return {code} if re.fullmatch(r"[a-z_]+", code) else set()


def test_every_attention_code_of_the_casework_has_words() -> None:
    assert said_to("set_attention", 2, "casework", "conversation") == set()  # each is an Attention
    for language in LOCALES:
        assert [code for code in Attention if f"attention.{code}" not in catalogue(language)] == []


@pytest.mark.parametrize("language", LOCALES)
def test_every_way_to_stand_in_the_way_of_a_plan_has_words(language: str) -> None:
    kinds = said_to("Hindrance", 0, "sources") | {kind for kind, _ in (_REFUSES, *_ALONG.values())}
    texts = catalogue(language)
    known = {key.split(".")[1] for key in texts if key.startswith("hindrance.")}
    assert kinds - {""} == known - {"other"}


@pytest.mark.parametrize("language", LOCALES)
def test_every_way_to_prove_and_every_doubt_about_it_has_words(language: str) -> None:
    texts = catalogue(language)
    assert [method for method in Method if f"method.{method}" not in texts] == []
    doubts = {CONTACT_TYPED, SHARED, GONE, MOVED, "recent_contact_change", "two_verifiers"}
    assert [flag for flag in doubts if f"attention.{flag}" not in texts] == []


def test_every_reason_for_which_a_plan_is_void_has_words() -> None:
    reasons = said_to("void_actions", 2, "casework", "conversation")
    assert len(reasons) > 3
    assert [code for code in reasons if f"reason.{code}" not in catalogue("fr")] == []


@pytest.mark.parametrize("language", LOCALES)
def test_every_sweep_whose_rows_may_fail_has_words(language: str) -> None:
    assert [sweep for sweep in SWEEPS if f"failing.{sweep}" not in catalogue(language)] == []


def test_every_ground_is_written_in_french() -> None:
    assert [each.name for right in Right for each in grounds_for(right) if len(each.text_fr) < 20] == []


def test_every_audit_entry_of_a_request_has_words() -> None:
    said = said_to("record", 3, "casework", "conversation")
    named = said - {"desk", "subject", "status", "attention"}
    assert len(named) > 12
    assert [event for event in named if f"event.{event}" not in catalogue("en")] == []


@pytest.mark.parametrize("language", LOCALES)
def test_every_status_and_operation_has_words(language: str) -> None:
    texts = catalogue(language)
    assert [status for status in Status if f"status.{status}" not in texts] == []
    for operation in Operation:
        assert {f"operation.{operation}", f"confirm.{operation}.many", f"go.{operation}.one"} <= texts.keys()


@pytest.mark.parametrize(
    ("due_on", "english", "french", "urgency"),
    [
        (date(2026, 12, 8), "due in 3 days, Tue 8 Dec", "à rendre dans 3 jours, mar. 8 déc.", "soon"),
        (date(2026, 12, 6), "due tomorrow, Sun 6 Dec", "à rendre demain, dim. 6 déc.", "soon"),
        (date(2026, 12, 5), "due today, Sat 5 Dec", "à rendre aujourd’hui, sam. 5 déc.", "late"),
        (date(2026, 12, 4), "one day overdue, Fri 4 Dec", "un jour de retard, ven. 4 déc.", "late"),
        (date(2026, 11, 30), "5 days overdue, Mon 30 Nov", "5 jours de retard, lun. 30 nov.", "late"),
        (date(2026, 12, 20), "due in 15 days, Sun 20 Dec", "à rendre dans 15 jours, dim. 20 déc.", "later"),
    ],
)
def test_a_due_date_is_written_as_people_think_of_it(
    due_on: date, english: str, french: str, urgency: str
) -> None:
    for language, text in (("en", english), ("fr", french)):
        due = words_of(language, "Europe/Tallinn").due(due_on, TODAY)
        assert (due.text, due.urgency) == (text, urgency)


def test_a_code_that_nobody_wrote_words_for_is_made_readable() -> None:
    words = words_of("en", "Europe/Tallinn")
    assert words.attention("something_new") == "something new"
    assert (
        words.attention("step_failed:source_unavailable")
        == "Carrying out failed (the system cannot be reached)"
    )


def test_an_unknown_language_is_spoken_in_english() -> None:
    assert words_of("et", "Europe/Tallinn").locale == "en"
