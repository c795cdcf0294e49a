"""A letter is known by its words, whatever it is about; one that lost a point of the checklist is seen."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from assistant.domain.messages import MESSAGES, Audience
from assistant.replies import Rendered, Texts
from assistant.wording.written import LOCALES
from tests.doubles.checklist import Score
from tests.doubles.letter_score import Sent, recognise, score_one
from tests.unit.replies.samples import a_request, values_for

LETTERS = [n for n, m in MESSAGES.items() if m.audience in {Audience.MAIL, Audience.ANSWER}]


def written(texts: Texts, name: str, locale: str) -> Rendered:
    values = {k: v for k, v in values_for(name).items() if k in MESSAGES[name].variables}
    return texts.render(name, locale, **values)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", LETTERS)
def test_every_letter_is_known_by_its_words(texts: Texts, name: str, locale: str) -> None:
    rendered, mail = written(texts, name, locale), EmailMessage()
    mail["Subject"] = rendered.subject
    mail.set_content(rendered.text)
    assert recognise(texts, mail) == (name, locale)


@pytest.mark.parametrize(
    ("old", "new", "points"),
    [
        ("", "", set()),
        ("We have erased your data", "Your data are gone", {1}),
        ("22 November 2026", "last month", {1, 2}),
        ("until 31 December", "for a while, or", {8}),
        ("The reason:", "Note:", {12}),
        ("go to court", "do something", {13}),
        ("Kind regards,", "Kind regards, Maarja Tamm,", {21, 22}),
        ("You can also go", "Send us your passport. You can also go", {15}),
    ],
)
def test_a_letter_that_lost_a_point_is_seen(texts: Texts, old: str, new: str, points: set[int]) -> None:
    whole, score = written(texts, "answer_erasure", "en"), Score()
    assert old in whole.text
    spoilt = Rendered(whole.subject, whole.text.replace(old, new) if old else whole.text)
    request = a_request("erasure", language="en")
    score_one(score, texts, Sent(MESSAGES["answer_erasure"], "en", spoilt, [request], ["Tamm"]))
    assert {int(line.split()[0]) for line in score.broken} == points
