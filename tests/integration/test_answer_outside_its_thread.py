"""The answer to a question of ours reaches its request, or an agent, also where a mail program lost the thread."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email import policy
from email.message import EmailMessage
from itertools import count

import pytest
import pytest_asyncio
from sqlmodel import select

from assistant.channels.email.fields import fields_of
from assistant.services import Unit
from assistant.store.tables import Conversation, PrivacyRequest
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.desk_process import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

DESK = "privacy@kuusik-lierre.example"
CASES = {
    "en": ("I withdraw my consent.", "About your message to us", "the newsletter"),
    "fr": ("Je retire mon consentement.", "Au sujet de votre message", "pour le profilage"),
}
_numbers = count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("outside")) as opened:
        yield opened


async def write(desk: DeskInside, sender: str, subject: str, words: str, **fields: str) -> None:
    answer = EmailMessage(policy=policy.SMTP)
    answer["From"], answer["To"], answer["Subject"] = sender, DESK, subject
    answer["Message-ID"] = f"<m{next(_numbers)}@post.example>"
    for name, value in fields.items():
        answer[name.replace("_", "-")] = value
    answer.set_content(words)
    await desk.raw_mail(answer.as_bytes(), sender)


async def talk_of(desk: DeskInside, sender: str) -> list[Conversation]:
    def look(unit: Unit) -> list[Conversation]:
        return [each for each in unit.session.exec(select(Conversation)) if each.subject_hint == sender]

    return await desk.assembly.services.read(look)


async def request_of(desk: DeskInside, ref: str) -> PrivacyRequest:
    return await desk.assembly.services.read(lambda unit: unit.session.get_one(PrivacyRequest, ref))


async def asked(desk: DeskInside, language: str) -> tuple[str, PrivacyRequest, EmailMessage]:
    """Have something asked about a request; give who asked for what, and the letter."""
    number = next(_numbers)
    sender = f"mari{number}@post{number}.example"
    wish, subject, _ = CASES[language]
    await write(desk, sender, "Hello", wish)

    async def came() -> list[EmailMessage]:
        return [letter for letter in desk.mails(sender) if subject in letter["Subject"]]

    (letter,) = await eventually(came, "that it is asked")
    ref = letter["Subject"].removeprefix(f"{subject} (").removesuffix(")")
    return sender, await request_of(desk, ref), letter


@pytest.mark.parametrize("language", CASES)
async def test_an_answer_that_only_its_subject_ties_to_the_question_is_taken(
    desk: DeskInside, language: str
) -> None:
    sender, before, letter = await asked(desk, language)
    await write(desk, sender, f"Re: {letter['Subject']}", CASES[language][2])
    after = await request_of(desk, before.ref)
    assert after.details != before.details
    assert (after.evidence_id, after.contact) == (None, None), "it proves nothing"


@pytest.mark.parametrize("language", CASES)
async def test_an_answer_without_the_reference_calls_an_agent_to_the_request(
    desk: DeskInside, language: str
) -> None:
    sender, before, _ = await asked(desk, language)
    await write(desk, sender, "Re: hello", CASES[language][2])
    assert (await request_of(desk, before.ref)).attention == "new_message"


@pytest.mark.parametrize("language", CASES)
async def test_somebody_else_who_names_the_reference_answers_nothing_and_an_agent_sees_it(
    desk: DeskInside, language: str
) -> None:
    _, before, letter = await asked(desk, language)
    quote = f"\n\nOn Mon, 2 Nov 2026 at 10:00, Desk <{DESK}> wrote:\n> {letter['Subject']}\n> Which one?\n"
    for subject in (f"Re: {letter['Subject']}", "Re: hello"):
        other = f"eve{next(_numbers)}@elsewhere.example"
        await write(desk, other, subject, CASES[language][2] + quote)
        assert [talk.triage for talk in await talk_of(desk, other)] == [True]
    assert (await request_of(desk, before.ref)).details == before.details


async def test_ids_that_a_program_wrote_as_encoded_words_are_read() -> None:
    own = "<desk." + "a" * 26 + "." + "b" * 26 + "." + "c" * 16 + "@privacy.kuusik-lierre.example>"
    message = EmailMessage(policy=policy.SMTP)
    message["In-Reply-To"] = own
    message["References"] = f"<first@post.example> {own}"
    fields = fields_of(message.as_bytes())
    assert "=?" in fields.first("in-reply-to")
    assert fields.ids("in-reply-to") == [own]
    assert fields.ids("references")[-1] == own


@pytest.mark.parametrize("value", ["=?utf-8?q?" * 20_000, "=?" * 100_000, "<a@b.example>" * 10_000])
async def test_what_only_begins_encoded_words_is_read_as_it_stands(value: str) -> None:
    assert len(fields_of(f"References: {value}".encode()).ids("references")) <= 100


async def test_an_encoded_thread_is_found(desk: DeskInside) -> None:
    sender, before, letter = await asked(desk, "en")
    await write(desk, sender, "Re: your letter", CASES["en"][2], In_Reply_To=letter["Message-ID"])
    assert (await request_of(desk, before.ref)).details != before.details
    assert len(await talk_of(desk, sender)) == 1
