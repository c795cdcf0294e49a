"""Whoever has left the chat is reached: what is asked, replied and done comes as a letter, and its thread goes on with the talk."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from tests.doubles.attacks import Victim
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import answer_mail, links_in, prove_in_chat

pytestmark = pytest.mark.asyncio(loop_scope="module")
LANGUAGES = ("en", "fr")
GREETING = {"en": "Hello,", "fr": "Bonjour,"}
CLOSING = {"en": "Kind regards,", "fr": "Cordialement,"}
COPY = {
    "en": "Please send me a copy of all my data.",
    "fr": "Envoyez-moi une copie de toutes mes données, s’il vous plaît.",
}
ASKED = {"en": "Which of your two accounts do you mean?", "fr": "Lequel de vos deux comptes ?"}
QUESTION = {"en": "A question about your request", "fr": "Une question sur votre demande"}
ANSWER = {"en": "The one with the bakery, please.", "fr": "Celui de la boulangerie, je vous prie."}
UNRELATED = {
    "en": "My website has been down since this morning, can you restart the server?",
    "fr": "Mon site ne répond plus depuis ce matin, pouvez-vous redémarrer le serveur ?",
}
STRANGER = "stranger@elsewhere.example"


class Left(NamedTuple):
    """Somebody who proved who they are in a chat, and left it."""

    email: str
    ref: str
    session: str
    language: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("reached")) as opened:
        yield opened


async def left(desk: DeskInside, who: Victim, language: str, wish: str | None = None) -> Left:
    async with desk.chat(language) as chat:
        await chat.say(wish or COPY[language])
        ref = (await chat.opened())["access"]
        await prove_in_chat(desk, chat, who.email, ref)
        return Left(who.email, ref, chat.session, language)


async def ask(desk: DeskInside, who: Left) -> None:
    body = {"text": ASKED[who.language], "ground": "specify"}
    await desk.api("POST", f"/requests/{who.ref}/ask", json=body)


async def asked_and_left(desk: DeskInside, who: Left, language: str, words: str) -> dict[str, Any]:
    """Say this in the chat, be asked with buttons, and leave; gives what is asked."""
    async with desk.chat(language, session=who.session) as chat:
        await chat.say(words)
        asked = await chat.asked("choice")
    await later(desk)
    return asked


def letters(desk: DeskInside, who: Left, holding: str) -> list[EmailMessage]:
    return [m for m in desk.mails(who.email) if holding in f"{m['subject']}\n{m.get_content()}"]


def is_letter(mail: EmailMessage, who: Left) -> bool:
    """Tell whether a mail has a letter's form: a subject with the reference, a greeting, a closing."""
    text = str(mail.get_content()).replace("\r\n", "\n")
    whole = len(re.findall(rf"^{GREETING[who.language]}$", text, re.MULTILINE)) == 1
    return whole and who.ref in str(mail["subject"]) and f"\n{CLOSING[who.language]}\n" in text


async def later(desk: DeskInside, how_long: str = "11m") -> None:
    await desk.forward(how_long)
    await desk.idle()


async def answer(desk: DeskInside, letter: EmailMessage, words: str, sender: str) -> None:
    await asyncio.to_thread(answer_mail, desk, letter, words, sender)
    await desk.idle()


async def write(desk: DeskInside, sender: str, words: str, subject: str = "Hello") -> None:
    await asyncio.to_thread(desk.send_mail, words, sender=sender, subject=subject)
    await desk.idle()


def clock(desk: DeskInside, ref: str) -> str:
    return str(desk.own("SELECT suspensions FROM request WHERE ref = ?", ref)[0][0])


def stands_still(desk: DeskInside, ref: str) -> bool:
    return "null" in clock(desk, ref)


async def shown_again(desk: DeskInside, who: Left) -> list[dict[str, Any]]:
    """Come back to the chat, prove to be the same, and give what it says."""
    await desk.forward("31m")
    async with desk.chat(who.language, session=who.session) as chat:
        codes = len(
            [m for m in desk.mails(who.email) if re.search(r"^\s*\d{8}\s*$", m.get_content(), re.MULTILINE)]
        )
        await chat.say(who.email)
        await chat.asked("code")
        await chat.say(await desk.code(who.email, seen=codes))
        await chat.until(lambda m: m.get("hidden_before") == 0, "that it is shown again")
    async with desk.chat(who.language, session=who.session) as chat:
        return chat.history


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_agents_question_is_a_letter_and_only_its_thread_answers_it(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    who = await left(desk, next(people), language)
    await ask(desk, who)
    await desk.idle()
    assert letters(desk, who, ASKED[language]) == [], "they may still be there"
    await later(desk)
    await later(desk)
    (letter,) = letters(desk, who, ASKED[language])
    assert is_letter(letter, who)
    assert str(letter["subject"]).startswith(QUESTION[language])

    await write(desk, who.email, UNRELATED[language])
    assert stands_still(desk, who.ref)
    assert (await desk.request(who.ref))["attention"] == "new_message"
    assert [m for m in desk.mails() if m["resent-to"] and UNRELATED[language] in m.get_content()]
    await answer(desk, letter, ANSWER[language], STRANGER)
    assert stands_still(desk, who.ref)

    before = len(letters(desk, who, ""))
    await answer(desk, letter, ANSWER[language], who.email)
    assert not stands_still(desk, who.ref)
    assert (await desk.request(who.ref))["attention"] == "question_answered"
    (told,) = letters(desk, who, "")[before:]
    assert is_letter(told, who), "an answer by mail is answered by mail, at once"
    heard = [m["text"] for m in await shown_again(desk, who)]
    said = {"en": "we have your answer", "fr": "nous avons votre réponse"}[language]
    assert any(said in text for text in heard), heard
    assert [e for e in await desk.events(who.ref) if e["event"] == "question_answered"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_answer_whose_program_lost_the_thread_is_one_by_its_subject(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    who = await left(desk, next(people), language)
    await ask(desk, who)
    await later(desk)
    (letter,) = letters(desk, who, ASKED[language])
    await write(desk, STRANGER, ANSWER[language], f"Re: {letter['subject']}")
    assert stands_still(desk, who.ref)
    await write(desk, who.email, ANSWER[language], f"Re: {letter['subject']}")
    assert not stands_still(desk, who.ref)


async def test_nobody_knows_what_was_read_in_telegram_so_a_question_is_mailed_unless_they_wrote(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    email, before = next(people).email, await desk.refs()
    for words in (COPY["en"], email):
        await desk.telegram(words)
    (ref,) = await desk.opened_by(before)
    await desk.idle()
    await desk.telegram(await desk.code(email))
    await desk.idle()
    who = Left(email, ref, "", "en")
    await ask(desk, who)
    await later(desk)
    (letter,) = letters(desk, who, ASKED["en"])
    assert is_letter(letter, who)
    await answer(desk, letter, ANSWER["en"], email)
    assert not stands_still(desk, ref)


MORE = {
    "en": "The one with the bakery. I also want you to restrict the processing of my personal data.",
    "fr": "Celui de la boulangerie. Je demande aussi la limitation du traitement de mes données.",
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_answer_that_asks_for_something_new_opens_that_too(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    who = await left(desk, next(people), language)
    await ask(desk, who)
    await later(desk)
    (letter,) = letters(desk, who, ASKED[language])
    before = await desk.refs()
    await answer(desk, letter, MORE[language], who.email)
    assert not stands_still(desk, who.ref)
    opened = [(await desk.request(ref))["right"] for ref in await desk.refs() - before]
    assert opened == ["restriction"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_question_seen_in_the_chat_is_no_letter_and_nobody_unproved_gets_one(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    victim = next(people)
    async with desk.chat(language) as chat:
        await chat.say(COPY[language])
        ref = (await chat.opened())["access"]
        await chat.asked("email")
        await chat.say(victim.email)
        await chat.asked("code")
        await desk.code(victim.email)
        assert "+" not in str((await desk.mail(victim.email))["reply-to"]), "it proved nothing yet"
        before = len(desk.mails(victim.email))
        await ask(desk, Left(victim.email, ref, chat.session, language))
        await chat.until(lambda m: ASKED[language] in m["text"], "the question")
        await later(desk)
        assert len(desk.mails(victim.email)) == before, "typed, and not proved"
    who = await left(desk, next(people), language)
    async with desk.chat(language, session=who.session) as chat:
        await ask(desk, who)
        asked = await chat.until(lambda m: ASKED[language] in m["text"], "the question")
        await chat.socket.send_json({"type": "seen", "id": asked["id"]})
        await asyncio.sleep(0.3)
        await later(desk)
    assert letters(desk, who, ASKED[language]) == []


MOVED = {
    "en": "also my address changed, I live at 4 Mill Lane, Bristol BS1 4XX now",
    "fr": "et aussi mon adresse a changé, j’habite maintenant au 12 rue des Lilas 35000 Rennes",
}
COUNTRY = {"en": "United Kingdom", "fr": "France"}
STREET = {"en": "4 Mill Lane", "fr": "12 rue des Lilas"}
YES = {"en": "Yes, that is right.", "fr": "Oui, c’est exact."}


async def asked_of_correction(desk: DeskInside, who: Victim, language: str) -> Left:
    """Have somebody prove who they are below a question about a correction, and leave."""
    async with desk.chat(language) as chat:
        await chat.say(COPY[language])
        await chat.asked("email")
        await chat.say(MOVED[language])
        ref = (await chat.opened())["rectification"]
        await chat.asked("detail")
        await chat.say(who.email)
        await chat.asked("detail")
        await chat.say(await desk.code(who.email))
        await chat.asked("detail")
        return Left(who.email, ref, chat.session, language)


def confirmed(desk: DeskInside, ref: str) -> bool:
    return '"changes_confirmed": true' in str(
        desk.own("SELECT opened(details) FROM request WHERE ref = ?", ref)
    )


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_asked_of_a_correction_is_a_letter_and_settled_in_its_thread_alone(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    who = await asked_of_correction(desk, next(people), language)
    await later(desk)
    await later(desk)
    (letter,) = [m for m in letters(desk, who, QUESTION[language]) if who.ref in str(m["subject"])]
    assert is_letter(letter, who)
    await write(desk, who.email, COUNTRY[language])
    await answer(desk, letter, COUNTRY[language], STRANGER)
    assert len(letters(desk, who, QUESTION[language])) == 1
    await answer(desk, letter, COUNTRY[language], who.email)
    (_, confirm) = letters(desk, who, QUESTION[language])
    assert is_letter(confirm, who)
    assert STREET[language] in " ".join(confirm.get_content().split()), (
        "an answer by mail is answered by mail"
    )

    await write(desk, who.email, YES[language])
    await answer(desk, confirm, YES[language], STRANGER)
    assert not confirmed(desk, who.ref)
    before = len(letters(desk, who, ""))
    polite = f"{GREETING[language]}\n\n{YES[language]}\n\n{CLOSING[language]}\nMari"
    await answer(desk, confirm, polite, who.email)
    assert confirmed(desk, who.ref), (await desk.request(who.ref))["attention"]
    told = [m for m in letters(desk, who, "")[before:] if who.ref in str(m["subject"])]
    assert told
    assert all(is_letter(m, who) for m in told), [m.get_content() for m in told]
    heard = [m["text"] for m in await shown_again(desk, who)]
    assert any(STREET[language] in text for text in heard), "and shown in the chat"


DOUBT = {"en": "I have a question about my data.", "fr": "J’ai une question au sujet de mes données."}
MEANT = {"en": "Restrict the use of my data.", "fr": "Limiter l’utilisation de mes données."}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_which_right_is_meant_is_asked_by_letter_and_opened_from_its_thread(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    who = await left(desk, next(people), language)
    menu = await asked_and_left(desk, who, language, DOUBT[language])
    (letter,) = letters(desk, who, menu["text"].split(".")[0])
    assert is_letter(letter, who)
    before = await desk.refs()
    await answer(desk, letter, MEANT[language], who.email)
    (ref,) = await desk.opened_by(before)
    assert (await desk.request(ref))["right"] == "restriction"
    assert links_in((await desk.mail(who.email, re.compile("/verify/(?!stop/)"))).get_content(), "/verify/")


TAKE_BACK = {"en": "Please cancel my request.", "fr": "Annulez ma demande, s’il vous plaît."}
SURE = {"en": "Yes, withdraw what I asked for", "fr": "Oui, retirer ce que j’ai demandé"}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_whether_to_take_it_back_is_asked_by_letter_and_a_mail_alone_ends_nothing(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    who = await left(desk, next(people), language)
    asked = await asked_and_left(desk, who, language, TAKE_BACK[language])
    (letter,) = letters(desk, who, SURE[language])
    assert is_letter(letter, who)
    assert asked["choices"][0]["label"] == SURE[language]
    await answer(desk, letter, SURE[language], who.email)
    assert (await desk.request(who.ref))["status"] != "withdrawn"
    mails = [m.get_content() for m in letters(desk, who, "/verify/")]
    (link,) = [link for text in mails for link in links_in(text, "/verify/")]
    await desk.press(link, answer="yes_sure")
    assert (await desk.request(who.ref))["status"] == "withdrawn"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_no_letter_names_what_was_asked_there_since_and_proved_by_nobody(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    """B13: who sits there by now may be somebody else."""
    who = await left(desk, next(people), language)
    async with desk.chat(language, session=who.session) as chat:
        await chat.say(
            {"en": "Restrict the use of my data.", "fr": "Limitez l’utilisation de mes données."}[language]
        )
        other = (await chat.opened())["restriction"]
        await chat.say({"en": "Cancel everything.", "fr": "Annulez tout."}[language])
        await chat.asked("choice")
    await later(desk)
    assert not [m for m in letters(desk, who, other) if "code" not in str(m["subject"])]


WAITS = {"en": "A question is waiting for you", "fr": "Une question vous attend"}
MORE_ASKED = {
    "en": ("correct my first name, it is Inez", "Restrict the use of my data."),
    "fr": ("corriger mon prénom, c'est Inèz", "Limitez l’utilisation de mes données."),
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_question_about_what_was_asked_since_is_a_letter_that_says_only_that_it_waits(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    who = await left(desk, next(people), language)
    async with desk.chat(language, session=who.session) as chat:
        await chat.say(MORE_ASKED[language][0])
        (other,) = (await chat.opened()).values()
        await chat.asked("choice")
    await later(desk, "9m")
    assert not letters(desk, who, WAITS[language])
    await later(desk, "3m")
    (letter,) = letters(desk, who, WAITS[language])
    assert is_letter(letter, who)
    assert not any(each in f"{letter['subject']}{letter.get_content()}" for each in (other, "Inez", "Inèz"))
    await later(desk, "25h")
    assert len(letters(desk, who, WAITS[language])) == 1
    before = await desk.refs()
    await answer(desk, letter, MORE_ASKED[language][1], who.email)
    (ref,) = await desk.opened_by(before)
    assert (await desk.request(ref))["right"] == "restriction"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_question_that_was_answered_or_read_in_the_chat_has_no_such_letter(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    who = await left(desk, next(people), language)
    async with desk.chat(language, session=who.session) as chat:
        await chat.say(MORE_ASKED[language][0])
        asked = await chat.asked("choice")
        await chat.socket.send_json({"type": "seen", "id": asked["id"]})
        await asyncio.sleep(0.3)
        await later(desk)
    assert not letters(desk, who, WAITS[language])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_letter_to_who_proved_it_in_a_chat_goes_on_with_that_chat(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    """A reply, a result, a reminder of a sweep: whatever is answered comes to the same case."""
    who = await left(desk, next(people), language)
    await desk.api("POST", f"/requests/{who.ref}/reply", json={"text": ASKED[language]})
    await later(desk)
    await desk.approve(who.ref)
    await later(desk, "73h")
    await desk.until_status(who.ref, "answered")
    await later(desk, "6d")
    proved = [m for m in desk.mails(who.email) if who.ref in str(m["subject"])]
    told = {str(m["reply-to"]) for m in proved if "code" not in str(m["subject"])}
    assert len(told) == 1, told
    assert "+" in told.pop()
    assert all(is_letter(m, who) for m in proved)
    assert len(proved) >= 4, [str(m["subject"]) for m in proved]
    await answer(desk, proved[-1], UNRELATED[language], who.email)
    assert "wrote_again" in [e["event"] for e in await desk.events(who.ref)], (
        "shown at the case, though closed"
    )
    assert [m for m in desk.mails() if m["resent-to"] and UNRELATED[language] in m.get_content()]
