"""Questions about the privacy policy, in the chat and by mail: answered with the clause in any state, and with nobody's data."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from assistant.config import load_settings
from assistant.domain.policy import Topic
from tests.doubles.desk_process import Chat, DeskProcess
from tests.doubles.journeys import prove_in_chat

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("policy")]

HELD: dict[str, dict[str, list[str]]] = tomllib.loads(
    (Path(__file__).parents[1] / "data/policy_questions.toml").read_text("utf-8")
)["held"]
STARTER = {"en": "What do you collect?", "fr": "Que collectez-vous ?"}
INVOICES = {"en": "How long do you keep my invoices?", "fr": "Combien de temps conservez-vous mes factures ?"}
SEVEN_YEARS = {"en": "seven years", "fr": "sept ans"}
ERASE = {"en": "Please delete all my data.", "fr": "Supprimez toutes mes données, s’il vous plaît."}
WITHDRAW = {"en": "I want to withdraw my consent.", "fr": "Je veux retirer mon consentement."}
FINGERPRINTS = {
    "en": "How long do you keep my fingerprints?",
    "fr": "Combien de temps gardez-vous mes empreintes ?",
}
# Of what the policy has no clause, the words that an answer holds.
WORDS = {
    Topic.MACHINES: {"en": "a person looks at every order", "fr": "une personne examine"},
    Topic.TRANSFERS: {"en": "outside the European Economic Area", "fr": "Espace économique européen"},
    Topic.WHERE: {"en": "privacy policy is here", "fr": "politique de confidentialité se trouve ici"},
}
FEWEST_ANSWERED = 59  # of sixty; the rest goes to a person


def told(message: dict[str, Any]) -> str:
    return str(message["text"]).replace("\u00a0", " ")


def offers_person(message: dict[str, Any]) -> bool:
    return any(choice["value"].startswith("human") for choice in message["choices"])


def answers(right: str, message: dict[str, Any]) -> bool:
    return right in told(message) or offers_person(message)


async def answered(chat: Chat, question: str, *words: str) -> dict[str, Any]:
    await chat.say(question)
    return await chat.until(lambda m: all(word in told(m) for word in words), f"an answer to {question}")


def sixty() -> list[tuple[Topic, str, str]]:
    """Give thirty questions in each language, of every topic in turn."""
    every = {
        language: [
            (Topic(topic), language, each[language][n])
            for n in range(5)
            for topic, each in HELD.items()
            if n < len(each[language])
        ]
        for language in ("en", "fr")
    }
    return [*every["en"][:30], *every["fr"][:30]]


async def test_sixty_questions_get_the_right_clause_or_a_person_and_nothing_invented(
    desk: DeskProcess,
) -> None:
    clauses = load_settings(desk.config).controller.clauses
    given: list[str] = []
    for topic, language, question in sixty():
        right = f"clause {clauses[topic]}" if topic in clauses else WORDS[topic][language]
        async with desk.chat(language) as chat:
            await chat.say(question)
            heard = await chat.until(partial(answers, right), f"an answer to {question}")
        named = re.search(r"is clause [\d.]+ of|la clause [\d.]+ de", told(heard))
        assert right in told(heard) or not named, (question, told(heard))
        given += [question] if right in told(heard) else []
    assert len(sixty()) == 60
    assert len(given) >= FEWEST_ANSWERED, sorted({q for _, _, q in sixty()} - set(given))


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_chat_answers_what_is_collected_and_for_how_long(desk: DeskProcess, language: str) -> None:
    async with desk.chat(language) as chat:
        listed = await answered(chat, STARTER[language], "clause 4.1.1", "clause 4.2.2")
        assert told(listed).count("\n- ") > 10
        await answered(chat, INVOICES[language], SEVEN_YEARS[language], "clause 5.4.3", "clause 5.4", "§ 12")
        assert all(not message["requests"] for message in chat.heard), "a question opens nothing"
        handed = await answered(chat, FINGERPRINTS[language])
        handed = await chat.until(offers_person, "that a person can answer")
        assert not re.search(r"\d+ (?:year|month|day|an|mois|jour)", told(handed))


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_question_beside_an_erasure_is_answered_and_the_erasure_is_opened(
    desk: DeskProcess, language: str
) -> None:
    async with desk.chat(language) as chat:
        await chat.say(f"{INVOICES[language]} {ERASE[language]}")
        await chat.until(lambda m: SEVEN_YEARS[language] in told(m), "how long")
        assert "erasure" in await chat.opened()
        await chat.asked("email")


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_what_was_asked_is_asked_again_after_an_answer(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str
) -> None:
    email, _ = next(people)
    async with desk.chat(language) as chat:
        await chat.say(WITHDRAW[language])
        await chat.opened()
        asked = await chat.asked("choice")
        await answered(chat, INVOICES[language], SEVEN_YEARS[language])
        assert told(await chat.asked("choice")) == told(asked), "the purpose"
    async with desk.chat(language) as chat:
        await chat.say(ERASE[language])
        ref = (await chat.opened())["erasure"]
        for awaited in ("email", "code"):
            await chat.asked(awaited)
            await answered(chat, INVOICES[language], SEVEN_YEARS[language])
            await chat.asked(awaited)
            if awaited == "email":
                await chat.say(email)
        await chat.say(await desk.code(email))
        await chat.until(lambda m: ref in m["text"] and m["expects"] is None, "that it is confirmed")


async def test_no_answer_holds_anything_of_the_person_who_asks(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    email, number = next(people)
    row = desk.query("SELECT first_name, last_name, phone, tax_id FROM clients WHERE email = ?", email)[0]
    theirs = {str(value) for value in row if value}
    theirs |= {str(n) for (n,) in desk.query("SELECT number FROM invoices WHERE client_email = ?", email)}
    async with desk.chat("en") as chat:
        await chat.say("Please send me a copy of all the personal data you hold about me.")
        await prove_in_chat(desk, chat, email, (await chat.opened())["access"])
        before = len(chat.heard)
        for topic in HELD:
            await chat.say(HELD[topic]["en"][0])
            await chat.until(lambda m: m["from"] == "assistant", f"an answer on {topic}")
        said = "\n".join(told(m) for m in chat.heard[before:] if m["from"] == "assistant")
    assert len(said) > 3_000
    assert {value for value in {*theirs, email, number} if value in said} == set()


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_mail_to_the_privacy_address_is_answered_with_a_letter(
    desk: DeskProcess, language: str
) -> None:
    sender = f"curious.{language}@post.example"
    hello, bye = {"en": ("Hello,", "Kind regards,"), "fr": ("Bonjour,", "Cordialement,")}[language]
    desk.send_mail(f"{hello}\n\n{INVOICES[language]}\n\n{bye}\nKai Sample", sender=sender, subject="Question")
    letter = await desk.mail(sender, SEVEN_YEARS[language])
    text = letter.get_content().replace("\u00a0", " ")
    assert text.startswith(hello)
    assert "clause 5.4.3" in text
    assert "PR-" not in text
