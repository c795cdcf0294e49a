"""An end of marketing is about the addresses that it names, and about no detail of what is asked beside it (GDPR 21(3))."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path

import pytest

from assistant.domain.uses import addresses_in
from assistant.store.tables import Message, PrivacyRequest
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk

ANNA, OTHER, NEW, PHONE = (
    "anna.kask@post.example",
    "anna@old.example",
    "anna@new.example",
    "+33 6 12 34 56 78",
)
ENDS = {
    "fr": ("arrêtez la newsletter{}", "je ne veux plus recevoir vos publicités{}"),
    "en": ("stop the newsletter{}", "no more marketing{} please"),
}
CHANGES = {
    "fr": (
        f"changez mon telephone en {PHONE}",
        f"mon nouveau numéro de téléphone est le {PHONE}",
        f"changez mon adresse mail en {NEW}",
        f"ma nouvelle adresse mail est {NEW}",
        f"remplacez mon adresse mail {OTHER} par {NEW}",
    ),
    "en": (
        f"change my phone number to {PHONE}",
        f"my new phone number is {PHONE}",
        f"please change my email to {NEW}",
        f"my new email address is {NEW}",
        f"replace my email address {OTHER} with {NEW}",
    ),
}
FORMS = ("{end}. {change}.", "{change}. {end}.", "{end} {and_} {change}", "{change} {and_} {end}")
AND = {"fr": "et", "en": "and"}
SIGNED = {
    "fr": f"Merci de ne plus m'envoyer votre newsletter.\n\nCordialement,\nAnna Kask\n{PHONE}",
    "en": f"Please stop sending me your newsletter.\n\nKind regards,\nAnna Kask\n{PHONE}",
}


def _grid(language: str, named: str = "") -> list[str]:
    every = product(FORMS, ENDS[language], CHANGES[language])
    return [
        form.format(end=end.format(named), change=change, and_=AND[language]) for form, end, change in every
    ]


def _sure(reader: Reader, texts: list[str]) -> list[str]:
    """Keep what opens an end of marketing; of the rest the person is asked first."""
    read = ((text, reader.read(text)) for text in texts)
    sure = [text for text, found in read if found.decision == "request" and found.details.get("marketing")]
    assert len(sure) > len(texts) * 4 // 5
    return sure


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


async def _left_alone(desk: PostingDesk, sender: str) -> set[str]:
    ident = (await desk.conversation_of(sender)).id
    opened = await desk.all(PrivacyRequest, PrivacyRequest.conversation_id == ident)
    ends = [request for request in opened if request.details.get("marketing")]
    assert ends, [request.right for request in opened]
    return {address for request in ends for address in addresses_in(request.details)}


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_what_is_to_be_entered_elsewhere_is_not_left_alone(
    desk: PostingDesk, reader: Reader, language: str
) -> None:
    for number, words in enumerate(_sure(reader, _grid(language))):
        sender = f"{number}.{ANNA}"
        await desk.mail(sender, words)
        assert await _left_alone(desk, sender) == {sender}, words


@pytest.mark.parametrize(("language", "to"), [("fr", f" à {OTHER}"), ("en", f" to {OTHER}")])
async def test_what_is_named_with_the_end_is_left_alone(
    desk: PostingDesk, reader: Reader, language: str, to: str
) -> None:
    for number, words in enumerate(_sure(reader, _grid(language, to))):
        sender = f"{number}.{ANNA}"
        await desk.mail(sender, words)
        assert await _left_alone(desk, sender) == {OTHER}, words


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_number_in_a_signature_is_not_left_alone_unless_calls_are_to_end(
    desk: PostingDesk, language: str
) -> None:
    await desk.mail(ANNA, SIGNED[language])
    assert await _left_alone(desk, ANNA) == {ANNA}
    calls = {
        "fr": ("votre newsletter", "vos appels publicitaires, ni m'appeler"),
        "en": ("your newsletter", "your newsletter, and no marketing calls"),
    }
    await desk.mail(f"2.{ANNA}", SIGNED[language].replace(*calls[language]))
    assert PHONE in await _left_alone(desk, f"2.{ANNA}")


@pytest.mark.parametrize(
    ("words", "named", "not_named"),
    [
        ("Arrêtez la newsletter.", "arrêt de la publicité", "opposition à une utilisation"),
        ("Please stop the newsletter.", "end to marketing", "objection to a use"),
    ],
)
async def test_an_end_of_marketing_is_called_so_to_whoever_asks_for_it(
    desk: PostingDesk, words: str, named: str, not_named: str
) -> None:
    await desk.mail(ANNA, words)
    (receipt,) = [m.text for m in await desk.all(Message, Message.sender == "assistant")]
    assert named in receipt
    assert not_named not in receipt
