"""What is typed while something else is asked is never met by the bare question again: what was taken is said, or why not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from assistant.domain.talk import ASK_RIGHT
from assistant.store.tables import Message
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.typing_visitor import Talk

pytestmark = pytest.mark.asyncio(loop_scope="module")

# What leaves the right in doubt.
VAGUE = {"en": "I want something done about my data.", "fr": "C'est au sujet de mes données."}
COPY = {"en": "Send me a copy of all my data.", "fr": "Envoyez-moi une copie de toutes mes données."}
COMPLAINT = {
    "en": "I want to make a complaint about how you handle my data.",
    "fr": "Je veux faire une réclamation sur la façon dont vous traitez mes données.",
}
MARKETING = {"en": "I object to direct marketing.", "fr": "Je m'oppose à la prospection."}
EMAIL_WRONG = {
    "en": "My e-mail address is wrong, please correct it.",
    "fr": "Mon adresse e-mail est fausse, corrigez-la.",
}
SLIPS = [
    "camille@courriel,example",
    "camille@courriel",
    "c'est camille@courriel,example, merci",
    "camille,dupont@courriel.example",
    "camille@courriel.co,example",
    "<camille@courriel;example>",
]
NO_ADDRESS = {"en": "cannot be an e-mail address", "fr": "ne peut pas être une adresse e-mail"}
TAKEN = {
    "camille@courriel.example": {"en": "noted your e-mail address", "fr": "noté votre adresse e-mail"},
    "10423": {"en": "noted your client number", "fr": "noté votre numéro client"},
    "48159263": {"en": "none is needed at this point", "fr": "aucun n’est nécessaire à ce stade"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("early")) as opened:
        yield opened


async def heard(talk: Talk, before: int = 0) -> list[str]:
    """Give what the desk has said in a talk."""
    return [m.text for m in await talk.all_of(Message) if m.sender == "assistant"][before:]


async def in_doubt(desk: DeskInside, language: str) -> Talk:
    talk = Talk(desk, language)
    await talk.say(VAGUE[language])
    assert (await talk.state()).question == ASK_RIGHT
    return talk


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("typed", TAKEN)
async def test_what_is_typed_before_the_right_is_known_is_taken_aloud(
    desk: DeskInside, language: str, typed: str
) -> None:
    talk = await in_doubt(desk, language)
    before = len(await heard(talk))
    await talk.say(typed)
    said = await heard(talk, before)
    assert TAKEN[typed][language] in said[0]
    assert len(said) == 2, "and the question again, with its buttons"
    await talk.say("right:access", "choice")
    expected = {"camille@courriel.example": ("email", typed), "10423": ("client_id", "C-10423")}
    assert await talk.claims() == ([expected[typed]] if typed in expected else [])


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("typed", SLIPS)
@pytest.mark.parametrize(
    "asked", ["right", "contact", "code", "marketing", "correction", "complaint", "wish"]
)
async def test_what_cannot_be_an_address_is_shown_and_sent_nothing(
    desk: DeskInside, language: str, typed: str, asked: str
) -> None:
    talk = await in_doubt(desk, language) if asked == "right" else Talk(desk, language)
    opening = {"marketing": MARKETING, "correction": EMAIL_WRONG, "complaint": COMPLAINT}.get(asked, COPY)
    if asked not in {"right", "wish"}:
        await talk.say(opening[language])
    if asked == "code":
        await talk.say(f"{talk.thread}.first@post.example")
    before, sent = len(await talk.claims()), len(await heard(talk))
    await talk.say(f"{COPY[language]} {typed}" if asked == "wish" else typed)
    said = await heard(talk, sent)
    slip = typed.removeprefix("c'est ").removesuffix(", merci").strip("<>")
    assert [text for text in said if NO_ADDRESS[language] in text and slip in text]
    assert len(await talk.claims()) == before, "no code goes anywhere"
    details = [str(request.details) for request in (await talk.requests()).values()]
    assert "courriel" not in "".join(details) + str(await talk.state())
