"""Every text passes the reply checklist, and the checklist sees what a bad text does."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from assistant.domain.messages import MESSAGES, PAGES, Audience
from assistant.replies import Rendered, Texts
from assistant.replies.linter import Linter, sentences
from assistant.wording.written import LOCALES
from tests.unit.replies.samples import values_for


def values(name: str, requests: int = 1) -> dict[str, Any]:
    return {k: v for k, v in values_for(name, requests).items() if k in MESSAGES[name].variables}


def items(texts: Texts, name: str, locale: str, rendered: Rendered) -> set[int]:
    return {fault.item for fault in Linter(texts).faults(name, locale, rendered, values(name))}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", MESSAGES)
def test_every_text_passes_the_checklist(texts: Texts, name: str, locale: str) -> None:
    for count in (1, 2):
        chosen = values(name, count)
        assert Linter(texts).faults(name, locale, texts.render(name, locale, **chosen), chosen) == ()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", ["answer_erasure", "answer_consent_withdrawal", "package_ready"])
def test_an_answer_with_nothing_to_list_passes_too(texts: Texts, name: str, locale: str) -> None:
    empty = {k: ([] if isinstance(v, list) and k != "requests" else v) for k, v in values(name).items()}
    empty |= {"services_kept": False} if "services_kept" in empty else {}
    assert Linter(texts).faults(name, locale, texts.render(name, locale, **empty), empty) == ()


OF_A_CHAT = ("too long for a chat", "stand below the end")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", PAGES)
def test_no_page_says_what_must_never_be_said(texts: Texts, name: str, locale: str) -> None:
    parts = texts.page(name, locale, **{key: values_for(name)[key] for key in PAGES[name]})
    spoken = Rendered(None, "\n".join(part for key, part in parts.items() if key != "what"))
    faults = Linter(texts).faults("chat_can_do", locale, spoken, {})
    assert [fault.what for fault in faults if not fault.what.endswith(OF_A_CHAT)] == []
    assert all(len(part.split()) <= 60 for part in parts.values())


LOSSES = [
    ("answer_refused", "en", "AKI, ", "", 13),
    ("answer_refused", "en", "go to court", "take a walk", 13),
    ("answer_refused", "fr", "saisir un tribunal", "vous promener", 13),
    ("answer_refused", "en", "Article 17(3)(e)", "our policy", 13),
    ("answer_erasure", "en", "22 November 2026", "last month", 1),
    ("answer_erasure", "fr", "Nous avons effacé", "Nous sommes ravis. Nous avons effacé", 1),
    ("answer_erasure", "en", "PD-7K2M-4Q", "", 3),
    ("answer_erasure", "en", "who received these data from us", "concerned", 7),
    ("answer_consent_withdrawal", "fr", "reste licite", "reste fait", 12),
    ("extension_notice", "en", "22 December 2026", "soon", 24),
    ("mail_opened", "en", "22 December 2026", "soon", 4),
    ("mail_opened", "fr", "gratuit", "rapide", 14),
    ("mail_opened", "en", "privacy@host.example", "us", 22),
    ("mail_opened", "en", "dpo@host.example", "nobody", 22),
    ("mail_opened", "en", "Hello,", "Dear Mr Tamm,", 22),
    ("mail_link", "en", "https://desk.example.test/not-me/b", "", 15),
]


@pytest.mark.parametrize(("name", "locale", "old", "new", "item"), LOSSES)
def test_what_a_text_has_lost_is_seen(
    texts: Texts, name: str, locale: str, old: str, new: str, item: int
) -> None:
    whole = texts.render(name, locale, **values(name))
    assert old in whole.text
    subject = whole.subject.replace(old, new) if whole.subject else None
    assert item in items(texts, name, locale, Rendered(subject, whole.text.replace(old, new)))


ADDITIONS = [
    ("en", "Please send us a copy of your passport.", 15),
    ("fr", "Envoyez-nous une pièce d’identité.", 15),
    ("en", "Please tell us why you want this.", 16),
    ("fr", "Pour quelle raison le demandez-vous ?", 16),
    ("en", "You must use the form on our website.", 17),
    ("fr", "Vous devez passer par notre formulaire.", 17),
    ("en", "A fee of 10 euros applies.", 14),
    ("fr", "Des frais de dossier s’appliquent.", 14),
    ("en", "The controller has suppressed your token.", 20),
    ("fr", "Merci, nous nous occupons de ta demande.", 20),
    ("fr", "L’utilisateur sera notifié.", 20),
    ("en", "Your data were deleted from all backups today.", 23),
    ("fr", "Toutes les sauvegardes sont effacées.", 23),
    ("en", "There was no account found for you.", 25),
    ("fr", "Il n’y a aucun compte à ce nom.", 25),
    ("en", "This sentence goes " + "on and " * 20 + "on.", 20),
]


@pytest.mark.parametrize(("locale", "addition", "item"), ADDITIONS)
def test_what_must_never_be_said_is_seen(texts: Texts, locale: str, addition: str, item: int) -> None:
    whole = texts.render("answer_by_agent", locale, **values("answer_by_agent"))
    spoilt = Rendered(whole.subject, whole.text.replace("\n\n", f"\n\n{addition}\n\n", 2))
    assert item in items(texts, "answer_by_agent", locale, spoilt)


def test_a_chat_text_that_became_a_letter_is_seen(texts: Texts) -> None:
    long = Rendered("Subject", "One. Two. Three. Four. Five.")
    assert items(texts, "chat_ask_right", "en", long) == {18, 20}


def test_a_chat_text_that_goes_on_after_its_question_is_seen(texts: Texts) -> None:
    assert items(texts, "chat_ask_right", "en", Rendered(None, "Is that right? We wait.")) == {20}
    assert items(texts, "chat_ask_right", "en", Rendered(None, "We wait. Is that right?")) == set()


# What a text may be told or not, and what it then says more.
VARIED: dict[str, tuple[Any, ...]] = {
    "instead": (None, True),
    "later": ([], values_for("code_sent_email")["requests"]),
    "addresses": (None, ["maarja@example.test"], ["maarja@example.test", "+372 000"]),
    "part": (None, "first", "rest"),
    "untold": (False, True),
    "untaken": (False, True),
    "unproved": (False, True),
    "awaited": (None, "code", "email"),
}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", [n for n, each in MESSAGES.items() if each.audience is Audience.CHAT])
def test_every_chat_text_is_three_sentences_and_a_list_whatever_it_is_told(
    texts: Texts, name: str, locale: str
) -> None:
    """Letters are for mail; only a complaint must name authorities and court at once."""
    variables = MESSAGES[name].variables
    varied = VARIED | ({"next_at": (None, values(name)["next_at"])} if "code_was_sent" in name else {})
    may = [key for key in varied if key in variables]
    for mix in product(*(varied[key] for key in may)):
        chosen = values(name) | dict(zip(may, mix, strict=True))
        assert Linter(texts).faults(name, locale, texts.render(name, locale, **chosen), chosen) == ()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    "name", [name for name in MESSAGES if name.startswith(("code_sent", "code_was_sent"))]
)
def test_what_a_code_is_waited_for_ends_with_until_when(texts: Texts, name: str, locale: str) -> None:
    told = values(name)
    said = sentences(texts.render(name, locale, **told).text)
    assert texts.labels(locale).time(told["until"]) in said[-1]


def test_sentences_leave_out_lists_addresses_and_codes() -> None:
    text = "Hello! See here:\nhttps://desk.example.test/a.b\n- one. two.\n48159263\nBye."
    assert sentences(text) == ["Hello!", "See here:", "Bye."]
