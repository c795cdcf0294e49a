"""A greeting, thanks, "are you a robot?", an insult, nonsense: each gets its answer in a chat, and no wish is lost beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlmodel import col, select

from assistant.casework.requests.intake import conversation_id
from assistant.interfaces import Incoming
from assistant.store.tables import Message
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.typing_visitor import Talk

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMALL = {
    "en": {
        "Hello": "What can we do for you?",
        "how are you?": "All is well, thank you.",
        "thanks a lot!": "You’re welcome!",
        "bye": "Goodbye",
        "ok": "All right.",
        "Are you a robot?": "with a program",
        "you idiot": "We are sorry that this annoys you.",
        "asdfgh": "we could not make sense of that",
    },
    "fr": {
        "Bonjour": "Que pouvons-nous faire pour vous",
        "bonjour, ça va ?": "Tout va bien, merci.",
        "ok merci bcp": "Avec plaisir",
        "merci beaucoup": "Avec plaisir",
        "au revoir": "Au revoir",
        "d’accord": "Très bien.",
        "Êtes-vous un robot ?": "ous parlez à un programme",
        "connard": "Nous sommes désolés",
        "qsdfgh": "nous n’avons pas compris",
    },
}
MENU = {"en": "Here you can make a request", "fr": "Vous pouvez faire ici une demande"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("small-talk")) as opened:
        yield opened


async def said(talk: Talk, words: str) -> list[Message]:
    """Say something, and give what was answered."""
    before = await talk.answers()
    await talk.say(words)
    return [row for row in await talk.all_of(Message) if row.sender == "assistant"][before:]


@pytest.mark.parametrize("language", SMALL)
async def test_each_gets_its_own_answer_and_no_menu(desk: DeskInside, language: str) -> None:
    talk = Talk(desk, language)
    for words, answer in SMALL[language].items():
        (told,) = await said(talk, words)
        assert answer in told.text, words
        assert [each["value"] for each in told.choices] == ["human"]
    assert await talk.requests() == {}


@pytest.mark.parametrize(
    ("words", "rights"),
    [
        ("hello, delete my data", {"erasure"}),
        ("thanks, and delete me from your newsletter", {"objection"}),
        ("Bonjour, supprimez mes données", {"erasure"}),
        ("merci, et envoyez-moi une copie de mes données", {"access"}),
        ("Are you a robot? Send me a copy of my data.", {"access"}),
        ("delete all my data you idiots", {"erasure"}),
    ],
)
async def test_a_wish_beside_it_is_opened(desk: DeskInside, words: str, rights: set[str]) -> None:
    talk = Talk(desk, "fr" if "données" in words else "en")
    await talk.say(words)
    assert set(await talk.requests()) >= rights


@pytest.mark.parametrize("words", ["thanks", "Hello", "Are you a robot?", "you idiot", "bye"])
async def test_what_is_awaited_stays_awaited(desk: DeskInside, words: str) -> None:
    talk = Talk(desk, "en")
    await talk.say("Please delete all my personal data.")
    (asked,) = await said(talk, words)
    assert asked.expects == "email"
    assert asked.text.endswith("please answer it here.") or words == "bye"
    await talk.say(f"{words.split(maxsplit=1)[0].lower()}@post.example")
    before = await talk.state()
    assert before.expects == "code"
    (code,) = await said(talk, words)
    assert code.expects == "code"
    assert "type the code from our e-mail here" in code.text
    assert await talk.state() == before


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        (("My phone number is wrong, please correct it.",), "thanks"),
        (("I object to the use of my data.",), "thank you"),
        (("something about my personal data",), "thanks"),
        (("Please delete all my personal data.", "Never mind, cancel my request."), "thanks"),
    ],
)
async def test_a_detail_that_is_asked_is_asked_again_below(
    desk: DeskInside, wishes: tuple[str, ...], words: str
) -> None:
    talk = Talk(desk, "en")
    for wish in wishes:
        await talk.say(wish)
    asked, before = (await talk.all_of(Message))[-1], await talk.state()
    answer, again = await said(talk, words)
    assert "You’re welcome" in answer.text
    assert (again.text, again.choices) == (asked.text, asked.choices)
    assert (await talk.state()).question == before.question


async def test_a_yes_to_what_is_to_be_confirmed_is_no_small_talk(desk: DeskInside) -> None:
    talk = Talk(desk, "en")
    await talk.say("Please correct my town: it is Durham, not Darlington.")
    assert (await talk.state()).question == "confirm_rectification"
    await talk.say("Perfect, thanks")
    assert (await talk.state()).question in {"confirm_rectification", "ask_contact"}


@pytest.mark.parametrize(
    ("channel", "sender", "answers"),
    [("telegram", "4711", ["You’re welcome!"]), ("email", "quiet@post.example", [])],
)
async def test_telegram_talks_too_and_a_mail_of_thanks_gets_no_small_talk_back(
    desk: DeskInside, channel: str, sender: str, answers: list[str]
) -> None:
    said = Incoming(
        channel, sender, "<thanks>", "Thanks a lot!", desk.clock.now(), sender=sender, locale="en"
    )
    await desk.assembly.desk.receive(said)
    await desk.assembly.desk.settle()
    ident = conversation_id(desk.assembly.services, channel, said.thread)
    rows = select(Message).where(col(Message.sender) == "assistant", col(Message.conversation_id) == ident)
    told = await desk.assembly.services.read(lambda unit: [row.text for row in unit.session.exec(rows)])
    assert [each[: len("You’re welcome!")] for each in told] == answers
