"""Read aloud with real values, every text in both languages: no stray point, no broken sentence, no small first letter."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from assistant.casework.requests.queue import Principal, Role, Scope
from assistant.domain.messages import MESSAGES, PAGES
from assistant.domain.rights import Right
from assistant.errors import NotAllowed
from assistant.replies import Texts
from assistant.wording.written import LOCALES
from tests.unit.replies.samples import a_request, facts, values_for

AFTER_DELIVERY = {"portability_sent", "forwarded_processor"}  # written once what they tell of has arrived
_SENTENCE = re.compile(r"(?:^|(?<!Inc)[.!?]\s)(?P<word>[^\W\d_][^\s.@:/]*)(?=[\s.,]|$)")
_NEVER = {
    "en": [
        (re.compile(r"(?<!\.)\.\.(?!\.)"), "two points"),
        (re.compile(r"\s[.,;:!?](?:\s|$)"), "a space before a mark"),
        (re.compile(r"\b[Aa] (?!us|un[io]|eu|one)[aeiou]\w+"), "a for an"),
        (re.compile(r"\b[Aa]n [bcdfgjklmnpqrstvwxyz]\w+"), "an for a"),
        (re.compile(r"\b(\w+) \1\b"), "a word twice"),
        (re.compile(r"[^\s(]https?://"), "a link stuck to a word"),
    ],
    "fr": [
        (re.compile(r"(?<!\.)\.\.(?!\.)"), "deux points de suite"),
        (re.compile(r"\s[.,](?:\s|$)"), "une espace devant un signe"),
        (re.compile(r"(?<!-)\b(?:de|que|le|la|je|ne|se) [aeéèêiou]\w+"), "une élision oubliée"),
        (re.compile(r"\b(?!vous|nous)(\w+) \1\b"), "un mot deux fois"),
        (
            re.compile(r"\b(?:courriels?|boîtes? (?:aux lettres|mail))\b", re.IGNORECASE),
            "un autre mot pour un e-mail, ou sa boîte",
        ),
        (re.compile(r"[^\s(]https?://"), "un lien collé à un mot"),
    ],
}


@pytest.fixture(scope="module")
def real() -> Texts:
    """Texts of a controller whose name ends in a point."""
    return Texts.load(desk=facts(controller_name="Example Hosting Inc.", support_name="Example Support Ltd."))


def spoken(texts: Texts, locale: str) -> Iterator[tuple[str, str]]:
    """Give each paragraph of each text and page, about each right."""
    for right in Right:
        real = {"requests": [a_request(right)], "recipient": "Example Mailer Inc.", "name": "Liis"}
        real |= {"recipients": ["Example Mailer Inc."], "reason": "A claim is open.", "host": "host.example"}
        for name, message in MESSAGES.items():
            values = {k: v for k, v in (values_for(name) | real).items() if k in message.variables}
            rendered = texts.render(name, locale, **values)
            for line in (rendered.subject or "", *rendered.text.splitlines()):
                yield name, line
        for name, needs in PAGES.items():
            values = {key: (values_for(name) | real)[key] for key in needs}
            for key, part in texts.page(name, locale, **values).items():
                yield from ((f"{name}.{key}", line) for line in part.splitlines())


@pytest.mark.parametrize("locale", LOCALES)
def test_every_sentence_begins_with_a_capital(real: Texts, locale: str) -> None:
    small = {
        (name, line)
        for name, line in spoken(real, locale)
        if not line.startswith(("- ", "  "))
        for found in _SENTENCE.finditer(line)
        if found["word"][0].islower() and "." not in found["word"]
    }
    assert small == set()


@pytest.mark.parametrize("locale", LOCALES)
def test_no_sentence_is_broken_where_values_are_filled_in(real: Texts, locale: str) -> None:
    broken = {
        (name, what, line)
        for name, line in spoken(real, locale)
        for pattern, what in _NEVER[locale]
        if pattern.search(line)
    }
    assert broken == set()


@pytest.mark.parametrize("locale", LOCALES)
def test_a_right_is_called_the_same_everywhere(real: Texts, locale: str) -> None:
    said = " ".join(line for _, line in spoken(real, locale))
    for never in ("limitation of your data", "elsewhere (", "limitation de vos données", "emporter ailleurs"):
        assert never not in said


def test_nothing_is_said_to_be_sent_by_a_text_that_is_written_before_it(real: Texts) -> None:
    sent = re.compile(
        r"(?i)have sent|has been sent|have passed your message|avons envoyé|a été envoyé|avons transmis votre"
    )
    saying = {name for locale in LOCALES for name, line in spoken(real, locale) if sent.search(line)}
    assert saying <= AFTER_DELIVERY


def test_a_point_of_a_value_is_not_doubled_in_prose_and_kept_in_what_is_data(real: Texts) -> None:
    values = values_for("recipient_corrected") | {"recipient": "Example Mailer Inc."}
    values["corrected"] = [{"field": "name", "value": "Tamm Inc.."}]
    chosen = {k: v for k, v in values.items() if k in MESSAGES["recipient_corrected"].variables}
    assert "Tamm Inc.." in real.render("recipient_corrected", "en", **chosen).text
    assert "Inc.. " not in real.render("recipient_corrected", "en", **chosen).text


@pytest.mark.parametrize("role", Role)
def test_a_role_that_may_not_is_named_in_english(role: Role) -> None:
    with pytest.raises(NotAllowed, match=f"The role {role} may not do this"):
        Principal("Liis", role).require(*(set(Role) - {role}), scope=Scope.REPLY)
