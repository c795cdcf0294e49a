"""Whoever asks by mail is answered, or an agent is called: also where no letter can be sent to the address it came from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import count

import pytest
import pytest_asyncio
from sqlmodel import col, select

from assistant.domain.addresses import deliverable
from assistant.services import Unit
from assistant.store.tables import Conversation, PrivacyRequest
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.desk_process import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

DESK = "privacy@kuusik-lierre.example"
WISHES = {
    "en": [
        "Please delete my account and all my personal data.",
        "Please send me a copy of my data.",
        "I would like to correct my personal data.",
        "I withdraw my consent.",
        "I complain about how you handled my personal data.",
        "Please stop sending me your newsletter.",
    ],
    "fr": [
        "Supprimez toutes mes données.",
        "Envoyez-moi une copie de mes données.",
        "Mon nom est mal écrit dans vos fichiers.",
        "Je retire mon consentement.",
    ],
}
HOSTS = ("my_host.example", "_mail.my_host.example")
UNREACHABLE = (
    "märi{}@post{}.example",
    "mari{}@-host{}.example",
    "mari{}@host{}-.example",
    "mari..kask{}@host{}.example",
)
_numbers = count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("senders")) as opened:
        yield opened


async def write(desk: DeskInside, sender: str, words: str) -> None:
    head = [
        f"From: {sender}",
        f"To: {DESK}",
        "Subject: Hello",
        f"Message-ID: <m{next(_numbers)}@post.example>",
    ]
    raw = "\r\n".join([*head, "Content-Type: text/plain; charset=utf-8", "", words, ""]).encode()
    await desk.raw_mail(raw)


async def newest(desk: DeskInside) -> tuple[Conversation, Sequence[PrivacyRequest]]:
    def look(unit: Unit) -> tuple[Conversation, Sequence[PrivacyRequest]]:
        last = select(Conversation).order_by(col(Conversation.last_at).desc(), col(Conversation.id))
        talk = unit.session.exec(last.limit(1)).one()
        asked = select(PrivacyRequest).where(col(PrivacyRequest.conversation_id) == talk.id)
        return talk, unit.session.exec(asked).all()

    return await desk.assembly.services.read(look)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    ("language", "words"), [(lang, words) for lang, each in WISHES.items() for words in each]
)
async def test_a_host_with_an_underscore_is_written_to(
    desk: DeskInside, language: str, words: str, host: str
) -> None:
    sender = f"{language}{next(_numbers)}@{host}"
    assert deliverable(sender) == sender
    await write(desk, sender, words)

    async def came() -> bool:
        return bool(desk.mails(sender))

    assert await eventually(came, "that a letter goes out")


@pytest.mark.parametrize("address", UNREACHABLE)
@pytest.mark.parametrize("words", [words for each in WISHES.values() for words in each])
async def test_what_an_address_asks_that_takes_no_letter_calls_an_agent(
    desk: DeskInside, words: str, address: str
) -> None:
    number = next(_numbers)
    await write(desk, address.format(number, number), words)

    async def called() -> bool:
        talk, asked = await newest(desk)
        return talk.triage or (bool(asked) and all(request.attention for request in asked))

    assert await eventually(called, "that an agent is called")
