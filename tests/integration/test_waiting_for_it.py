"""Whoever waits is told where it stands once they are known, how to be known before, and a person sees to what is late or angers them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from assistant.store.tables import ChallengeRow, Conversation, Message, Outbox
from intents import Reader
from tests.doubles.console_app import ConsoleSite, console_site
from tests.doubles.posting_desk import PostingDesk, posting_desk
from tests.integration.test_limits_told import words_in
from tests.integration.test_sparing import ERASE, MARI, Talk

WAITING = {
    "en": (
        "I have been waiting for ten days",
        "Still nothing after two weeks.",
        "Nobody has answered me.",
        "It's been three weeks and I have heard nothing.",
        "When will I get my data?",
        "How long is this going to take?",
        "Any news?",
        "Why is nothing happening?",
        "I am still waiting",
        "How much longer?",
    ),
    "fr": (
        "toujours rien depuis deux semaines",
        "J’attends depuis dix jours.",
        "Ça fait trois semaines que j'attends.",
        "Je n'ai toujours pas de réponse",
        "Personne ne m'a répondu",
        "Quand est-ce que j'aurai mes données ?",
        "C'est vraiment long",
        "Pourquoi personne ne répond ?",
        "Des nouvelles ?",
        "Combien de temps faut-il encore ?",
    ),
}
ANGRY = {
    "en": (
        "I've been waiting for ten days!! This is ridiculous",
        "Two weeks without an answer, this is unacceptable",
    ),
    "fr": ("Toujours rien depuis deux semaines !!", "J'attends depuis un mois, c'est inadmissible"),
}
ORDINARY = {
    "en": (
        "I have been waiting for my refund for two weeks",
        "Still no answer about my server",
        "Good morning",
    ),
    "fr": ("J'attends ma facture depuis dix jours", "Toujours pas de réponse pour mon serveur", "Bonjour"),
}
CAN_DO = {"en": "Here you can make a request", "fr": "Ici, vous pouvez faire une demande"}
DUE = {"en": "We will answer by", "fr": "Nous répondrons au plus tard"}
UNKNOWN = "PR-00000000"


@pytest.fixture
async def talk(tmp_path: Path, prepared: ConsoleSite, reader: Reader) -> AsyncIterator[Talk]:
    async with console_site(tmp_path, prepared) as site:
        yield Talk(site, reader)


async def since(talk: Talk, count: int = 0) -> list[str]:
    ours = select(Message.text).where(col(Message.sender) == "assistant").order_by(col(Message.id))
    return list(await talk.site.services.read(lambda unit: unit.session.exec(ours).all()))[count:]


async def proved(talk: Talk, language: str) -> str:
    await talk.write(ERASE[language], locale=language)
    ref = (await talk.one()).ref
    await talk.prove(ref)
    return ref


async def is_called(talk: Talk) -> bool:
    mine = (await talk.one()).conversation_id
    found = await talk.site.services.read(lambda unit: unit.session.get_one(Conversation, mine))
    return found.wants_person_at is not None


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_whoever_complains_of_waiting_in_a_proved_talk_hears_where_it_stands(
    talk: Talk, language: str
) -> None:
    ref = await proved(talk, language)
    for words in WAITING[language]:
        before = len(await since(talk))
        await talk.write(words)
        (said,) = await since(talk, before)
        assert ref in said, words
        assert DUE[language] in said, words
        assert not await is_called(talk), words
    assert len(await talk.requests()) == 1


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("number", [0, 1])
async def test_a_person_is_called_to_whoever_has_had_enough_and_to_what_is_late(
    talk: Talk, language: str, number: int
) -> None:
    ref = await proved(talk, language)
    before = len(await since(talk))
    await talk.write(ANGRY[language][number])
    assert ref in (await since(talk, before))[0]
    assert await is_called(talk)


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_person_is_called_where_the_day_is_over(
    talk: Talk, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await proved(talk, language)
    late = (await talk.one()).due_on + timedelta(days=1)
    monkeypatch.setattr("assistant.services.local_day", lambda *_: late)
    await talk.write(WAITING[language][0])
    assert await is_called(talk)


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_who_waits_for_something_of_support_hears_no_status(talk: Talk, language: str) -> None:
    ref = await proved(talk, language)
    for words in ORDINARY[language]:
        before = len(await since(talk))
        await talk.write(words)
        assert not any(ref in said for said in await since(talk, before)), words


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_who_complains_of_waiting_before_any_proof_is_asked_what_is_missing(
    talk: Talk, language: str
) -> None:
    await talk.write(ERASE[language], locale=language)
    asked = (await since(talk))[-1]
    await talk.write(WAITING[language][0])
    assert (await since(talk))[-1] == asked


async def test_what_was_asked_for_and_came_another_way_leaves_nobody_without_an_answer(talk: Talk) -> None:
    await proved(talk, "en")  # beside the talk, which still waits for an address
    before = len(await since(talk))
    await talk.write("Good morning")
    assert len(await since(talk)) > before


# ── a request that was made elsewhere ───────────────────────────────────────────────────────────────

SEEKS = {
    "en": ("where is {}?", "What about my request {}?", "Hello, any update on {}?", "{}"),
    "fr": ("Où en est ma demande {} ?", "Bonjour, des nouvelles de {} ?", "et {} ?", "Référence : {}"),
}
HOW = {
    "en": "Under which e-mail address or client number was it made?",
    "fr": "Sous quelle adresse e-mail ou quel numéro client a-t-elle été faite",
}


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


async def code_to(desk: PostingDesk, address: str) -> str:
    await desk.post()
    mails = [words_in(mail) for mail in desk.server.arrived if mail.to == address]
    return next(str(found) for text in reversed(mails) for found in re.findall(r"\b\d{8}\b", text))


async def asked_in_chat(desk: PostingDesk, thread: str, address: str) -> str:
    """Ask for an erasure in a chat and prove it; gives the reference."""
    await desk.chat(thread, ERASE["en"], address)
    code = await code_to(desk, address)
    await desk.chat(thread, code)
    (request,) = await desk.requests_in(await desk.chat_of(thread))
    assert request.contact_hash
    return str(request.ref)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("number", range(4))
async def test_whoever_names_a_reference_in_another_chat_is_told_how_to_be_known_and_nothing_of_the_request(
    desk: PostingDesk, language: str, number: int
) -> None:
    ref, told = await asked_in_chat(desk, "first", MARI), []
    for named in (ref, UNKNOWN):
        await desk.chat(f"of {named}", SEEKS[language][number].format(named), locale=language)
        said = await desk.said_in(await desk.chat_of(f"of {named}"))
        told.append([text.replace(named, "") for text in said])
        assert HOW[language] in said[-1]
        assert not any(word in said[-1].lower() for word in ("erasure of", "effacement de"))
    assert told[0] == told[1]
    assert not await desk.all(ChallengeRow, col(ChallengeRow.state) == "wanted")


async def test_it_is_told_there_to_its_own_contact_alone(desk: PostingDesk) -> None:
    ref = await asked_in_chat(desk, "first", MARI)
    await desk.wait(hours=2)
    stranger = "stranger@elsewhere.example"
    for address in (MARI, stranger):
        await desk.chat(address, f"where is {ref}?", address)
        code = await code_to(desk, address)
        mails = [words_in(mail) for mail in desk.server.arrived if mail.to == address]
        assert "to hear where a request stands" in mails[-1]
        assert ref not in mails[-1]
        before = len(await desk.said_in(await desk.chat_of(address)))
        await desk.chat(address, code)
        said = (await desk.said_in(await desk.chat_of(address)))[before:]
        assert any(ref in text and "We will answer by" in text for text in said) == (address == MARI), said
        assert address == MARI or any("We found no such request" in text for text in said), said


async def test_a_number_that_is_none_of_ours_is_no_menu(desk: PostingDesk) -> None:
    for words in ("where is DSAR-2026-0017?", "What about SAR-1234"):
        await desk.chat(words, words)
        assert "type its reference" in (await desk.said_in(await desk.chat_of(words)))[-1]


@pytest.mark.parametrize(
    "words",
    [
        "PR-7K2M4QZ8",
        "Bonjour, référence PR-7K2M4QZ8. Merci.",
        "where is PR-7K2M4QZ8?",
        "Où en est PR-7K2M4QZ8 ?",
    ],
)
@pytest.mark.parametrize("exists", [True, False])
async def test_a_mail_that_only_names_a_reference_is_told_where_to_prove_it_and_goes_to_support_and_to_an_agent_whether_or_not_there_is_one(
    desk: PostingDesk, words: str, exists: bool
) -> None:
    ref = await asked_in_chat(desk, "first", MARI) if exists else UNKNOWN
    sender = "somebody@elsewhere.example"
    await desk.mail(sender, words.replace("PR-7K2M4QZ8", ref), "Subject: Bonjour")
    conversation = await desk.conversation_of(sender)
    assert conversation.triage
    assert [each.kind for each in await desk.outbox(col(Outbox.conversation_id) == conversation.id)] == [
        "reply",
        "relay",
    ]


async def test_the_reference_in_the_subject_of_an_answer_of_ours_is_not_named_by_its_writer(
    desk: PostingDesk,
) -> None:
    await desk.mail(MARI, "Thank you, all is well.", "Subject: Re: Our answer (PR-7K2M4QZ8)")
    assert not (await desk.conversation_of(MARI)).triage
