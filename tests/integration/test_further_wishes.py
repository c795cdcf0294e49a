"""Whoever says more while a code, an address or a detail is awaited is heard, and a right code is taken whatever is asked."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from assistant.casework.requests import asked_beside
from assistant.domain.attention import Attention
from assistant.services import Unit
from assistant.store.tables import ChallengeRow, Conversation, EvidenceRow, Message, PrivacyRequest
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.typing_visitor import Talk

pytestmark = pytest.mark.asyncio(loop_scope="module")
LANGUAGES = ("en", "fr")
ERASE = {"en": "Please delete my account and all my data", "fr": "effacez mon compte et toutes mes données"}
COPY = {"en": "I want a copy of my data", "fr": "je voudrais une copie de mes données"}
_people = itertools.count()
# What stands between the code that was sent and the code that is typed: a question is open, and it is named.
BETWEEN = {
    "en": {
        "also my adress changed, I live at 4 Mill Lane, Bristol BS1 4XX now": "ask_rectification_part",
        "actually first send me a copy of my invoices": "chat_ask_right",
        "please delete my phone number": "chat_ask_detail",
        "my phone number is wrong, please correct it": "ask_rectification_value",
        "please correct my first name to Anneli": "confirm_rectification",
        "I object to the use of my data.": "ask_objection_purpose",
        "cancel my request": "withdraw_confirm",
        "don't delete anything after all": "dont_asked",
        "please restrict the use of my data": "code_sent_email",
    },
    "fr": {
        "et aussi mon adresse a changé, jhabite maintenant au 12 rue des Lilas 35000 Rennes": "ask_rectification_part",
        "et mon adresse a changé : 3 rue du Port, 29200 Brest": "chat_ask_right",
        "supprimez mon numéro de téléphone": "chat_ask_detail",
        "mon numéro de téléphone est faux, corrigez-le": "ask_rectification_value",
        "corrigez mon prénom : Annelise": "confirm_rectification",
        "Je m'oppose à l'utilisation de mes données.": "ask_objection_purpose",
        "annulez ma demande": "withdraw_confirm",
        "finalement n'effacez rien": "dont_asked",
        "merci de limiter l'utilisation de mes données": "code_sent_email",
    },
}
AS_TYPED = {
    "en": ("{0}", "the code is {0}", "your code is: {1}"),
    "fr": ("{0}", "le code est {0}", "code : {1} merci"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("further")) as opened:
        yield opened


class Person(Talk):
    """Somebody in a chat with a mailbox of their own."""

    address: str

    @classmethod
    async def awaited(cls, desk: DeskInside, language: str, begin: str, address: str = "") -> Person:
        """Give somebody who asked for something, gave an address and was sent a code."""
        person = cls(desk, language)
        person.address = address or f"further.{next(_people)}@courriel.example"
        await person.say(begin)
        await person.say(person.address)
        assert (await person.state()).expects == "code"
        return person

    async def code(self, seen: int = 0) -> str:
        await self.desk.assembly.sweeper.run("challenge")
        return await self.desk.code(self.address, seen=seen)

    async def said(self) -> list[str]:
        return [m.text for m in await self.all_of(Message) if m.sender == "assistant"]

    async def said_to(self, words: str) -> str:
        before = len(await self.said())
        await self.say(words)
        return "\n".join((await self.said())[before:])

    async def proofs(self) -> list[EvidenceRow]:
        return await self.all_of(EvidenceRow)


CASES = [(language, words) for language in LANGUAGES for words in BETWEEN[language]]


@pytest.mark.parametrize("begin", [ERASE, COPY], ids=["erase", "copy"])
@pytest.mark.parametrize(("language", "between"), CASES)
async def test_a_right_code_is_taken_whatever_is_asked_and_the_question_is_asked_again(
    desk: DeskInside, begin: dict[str, str], language: str, between: str
) -> None:
    question = BETWEEN[language][between]
    if begin is COPY and question == "dont_asked":
        question = "code_sent_email"  # nothing to be spared
    typed = AS_TYPED[language][CASES.index((language, between)) % len(AS_TYPED[language])]
    person = await Person.awaited(desk, language, begin[language])
    code = await person.code()
    await person.say(between)
    assert (await person.state()).question == question, (await person.said())[-1]
    asked = (await person.said())[-1]
    told = await person.said_to(typed.format(code, f"{code[:4]} {code[4:]}"))
    assert await person.proofs(), told
    if question != "code_sent_email":
        assert (await person.state()).question == question, told
        assert told.splitlines()[-1:] == asked.splitlines()[-1:], (told, asked, await person.said())
    for request in await person.all_of(PrivacyRequest):
        assert (await person.state()).expects or request.status not in {"received", "verifying"}


@pytest.mark.parametrize(("language", "between"), CASES)
async def test_a_wrong_code_is_said_to_be_one_and_the_question_stays(
    desk: DeskInside, language: str, between: str
) -> None:
    question = BETWEEN[language][between]
    person = await Person.awaited(desk, language, ERASE[language])
    wrong = f"{(int(await person.code()) + 1) % 10**8:08}"
    await person.say(between)
    told = await person.said_to(wrong)
    if question == "ask_rectification_value":  # a phone number may have eight digits
        assert wrong in told
    else:
        assert {"en": "This code was not accepted", "fr": "Ce code n’a pas"}[language] in told
        assert (await person.state()).question == question, told
    assert not await person.proofs()
    assert {row.attempts for row in await person.all_of(ChallengeRow) if row.claimed} == {1}


async def test_a_code_is_taken_while_an_agent_talks(desk: DeskInside) -> None:
    person = await Person.awaited(desk, "en", COPY["en"])
    code = await person.code()

    def take(unit: Unit) -> None:
        talk = unit.session.get_one(Conversation, person._conversation)
        talk.taken_by = "maya"
        unit.session.add(talk)

    await desk.assembly.services.write(take)
    assert await person.said_to("12345678") == ""
    await person.say(f"it is {code}")
    assert await person.proofs()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_code_and_a_wish_in_one_message_are_both_taken(desk: DeskInside, language: str) -> None:
    person = await Person.awaited(desk, language, ERASE[language])
    more = {"en": "and also send me a copy of my data", "fr": "et je veux aussi une copie de mes données"}
    await person.say(f"{await person.code()} {more[language]}")
    assert set(await person.requests()) == {"erasure", "access"}
    assert await person.proofs()
    assert (await person.state()).expects == "code"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_address_that_was_given_is_not_asked_for_again(desk: DeskInside, language: str) -> None:
    person = await Person.awaited(desk, language, ERASE[language])
    told = await person.said_to(COPY[language])
    first, later = (
        await person.code(),
        {"en": "we send another one for", "fr": "nous en enverrons un autre pour"},
    )
    assert later[language] in told
    told = await person.said_to(first)
    assert (await person.requests())["erasure"].status == "open"
    assert (await person.state()).expects == "code", told
    await person.say(await person.code(seen=1))
    assert (await person.requests())["access"].status == "open"
    assert await person.claims() == [("email", person.address)] * 2
    asked = {"en": "Under which", "fr": "Sous quelle"}[language]
    assert asked not in "\n".join((await person.said())[2:])
    restrict = {
        "en": "Please restrict the use of my data.",
        "fr": "Merci de limiter l'utilisation de mes données.",
    }
    assert asked not in await person.said_to(restrict[language])
    await person.say(await person.code(seen=2))
    assert (await person.requests())["restriction"].status == "open"
    assert await person.claims() == [("email", person.address)] * 3


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_address_that_was_a_mistake_or_of_somebody_before_is_asked_for_again(
    desk: DeskInside, language: str
) -> None:
    slips = {
        "en": ("sorry, wrong email", "I no longer have access to that mailbox"),
        "fr": ("pardon, mauvaise adresse", "je n'ai plus accès à cette boîte mail"),
    }
    for slip in slips[language]:
        person = await Person.awaited(desk, language, ERASE[language])
        await person.code()
        await person.say(slip)
        await person.say(COPY[language])
        assert (await person.state()).expects == "email", slip
    person = await Person.awaited(desk, language, ERASE[language])
    code = await person.code()
    await person.say(code)
    await desk.forward("45m")
    await person.say(COPY[language])
    assert (await person.state()).expects == "email"
    assert await person.claims() == [("email", person.address)]


BESIDE = {
    "en": ("before that send me my invoices please", "send me my invoices first", "keep my invoices"),
    "fr": ("et je veux aussi mes factures avant", "envoyez-moi mes factures d'abord", "gardez mes factures"),
}
READS = {"en": "A person here has to look at this", "fr": "Une personne de notre équipe doit examiner cela"}


@pytest.mark.parametrize("awaited", ["address", "code", "nothing", "detail", "choice"])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_no_rule_reads_beside_an_erasure_is_shown_to_an_agent_and_holds_it_back(
    desk: DeskInside, language: str, awaited: str
) -> None:
    for words in BESIDE[language]:
        person = Person(desk, language)
        await person.say(ERASE[language])
        if awaited != "address":
            person = await Person.awaited(desk, language, ERASE[language])
        code = await person.code() if awaited != "address" else ""
        if awaited == "nothing":
            await person.say(code)
        between = {"detail": "ask_rectification_part", "choice": "withdraw_confirm"}.get(awaited)
        if between:
            await person.say(next(w for w, q in BETWEEN[language].items() if q == between))
        before = await person.state()
        told = await person.said_to(words)
        assert READS[language] in told, (words, told)
        assert (await person.state()).question == before.question, (words, told)
        request = (await person.requests())["erasure"]
        assert request.attention == Attention.ASKED_BESIDE, (words, request.attention)
        assert await desk.assembly.services.read(
            lambda unit, r=request: asked_beside.is_unread(unit.session, r)  # type: ignore[misc]
        )


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_said_of_a_code_or_of_nothing_calls_nobody_to_an_erasure(
    desk: DeskInside, language: str
) -> None:
    said = {
        "en": (
            "I never got the code",
            "send me the code again",
            "hm?",
            "how long does it take?",
            "ok thanks",
        ),
        "fr": ("j'ai rien reçu", "renvoyez moi le code", "combien de temps ça prend ?", "ok merci"),
    }
    for words in said[language]:
        person = await Person.awaited(desk, language, ERASE[language])
        await person.say(words)
        assert (await person.requests())["erasure"].attention is None, words


async def test_an_erasure_goes_on_only_after_somebody_read_what_was_asked_beside_it(desk: DeskInside) -> None:
    before = await desk.refs()
    person = await Person.awaited(desk, "en", ERASE["en"], address="ines.delormeau@boite-lettres.example")
    await person.say(BESIDE["en"][0])
    await person.say(await person.code())
    (ref,) = await desk.refs() - before
    item = await desk.plan(ref)
    assert (await desk.request(ref))["attention"] == Attention.ASKED_BESIDE
    approve = (f"/queue/{item['id']}/approve", {"plan_hash": item["plan_hash"]})
    status, answer = await desk.api_status("POST", approve[0], json=approve[1])
    assert (status, "beside this erasure" in str(answer)) == (409, True), answer
    await desk.api("POST", f"/requests/{ref}/note", json={"text": "The invoices were sent."})
    await desk.approve(ref)
    await person.say(BESIDE["en"][1])
    await desk.forward("80h")
    await desk.idle()
    assert (await desk.request(ref))["status"] == "scheduled", "and what is asked later holds it back too"
    await desk.api("POST", f"/requests/{ref}/note", json={"text": "These too."})
    await desk.idle()
    await desk.until_status(ref, "answered", "partly_answered")


async def test_a_mailbox_that_denied_a_request_gets_no_code_unless_it_is_named_again(
    desk: DeskInside,
) -> None:
    person = await Person.awaited(desk, "en", ERASE["en"])
    await person.code()
    mail = (await desk.mail(person.address, "/verify/stop/")).get_content()
    link = next(line for line in mail.splitlines() if "/verify/stop/" in line)
    await desk.press(link.strip(), answer="not_me_sure")
    await person.say(COPY["en"])
    assert (await person.state()).expects == "email"
    assert await person.claims() == [("email", person.address)]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_answer_about_something_else_loses_no_wish_that_stands_beside_it(
    desk: DeskInside, language: str
) -> None:
    person = Person(desk, language)
    await person.say(ERASE[language])
    await person.say({"en": "cancel my request", "fr": "annulez ma demande"}[language])
    await person.say(
        {"en": "no, I also want a copy of my data", "fr": "non, je veux aussi une copie de mes données"}[
            language
        ]
    )
    assert set(await person.requests()) == {"erasure", "access"}
    person = Person(desk, language)
    await person.say(ERASE[language])
    slip = {
        "en": "oops, wrong email, and I also want a copy of my data",
        "fr": "pardon, mauvaise adresse, et je veux aussi une copie de mes données",
    }
    await person.say(slip[language])
    assert set(await person.requests()) == {"erasure", "access"}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_address_of_a_handover_is_taken_in_a_sentence_too(desk: DeskInside, language: str) -> None:
    person = await Person.awaited(desk, language, COPY[language])
    await person.code()
    await person.say({"en": "I want to talk to a person", "fr": "je veux parler à quelqu'un"}[language])
    words = {
        "en": "my new e-mail is ginette.m@ailleurs.example",
        "fr": "mon nouveau mail est ginette.m@ailleurs.example",
    }
    told = await person.said_to(words[language])
    assert {"en": "finds this address", "fr": "trouve cette adresse"}[language] in told, told


TALK_OF_CODE = {
    "en": ("what code? I got nothing", "I never got the code"),
    "fr": ("cest quoi ce code j'ai rien recu", "j'ai rien recu"),
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_said_of_a_code_beside_a_detail_is_answered_and_no_answer_to_it(
    desk: DeskInside, language: str
) -> None:
    person = await Person.awaited(desk, language, COPY[language])
    await person.code()
    await person.say(next(iter(BETWEEN[language])))
    for words in TALK_OF_CODE[language] * 2:
        told = await person.said_to(words)
        assert {"en": "was asked for at", "fr": "a été demandé à"}[language] in told, (words, told)
        assert (await person.state()).question == "ask_rectification_part", told
    assert (await person.requests())["rectification"].attention is None


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_address_typed_instead_of_a_detail_is_where_the_code_goes(
    desk: DeskInside, language: str
) -> None:
    person = Person(desk, language)
    person.address = f"instead.{language}@courriel.example"
    await person.say(COPY[language])
    await person.say(next(iter(BETWEEN[language])))
    assert (await person.state()).question == "ask_rectification_part"
    told = await person.said_to(person.address)
    assert (await person.state()).question == "ask_rectification_part", told
    await person.say(await person.code())
    assert {row.status for row in await person.all_of(PrivacyRequest)} == {"open"}
    assert (await person.state()).question == "ask_rectification_part"
    await person.say({"en": "United Kingdom", "fr": "France"}[language])
    assert (await person.state()).question == "confirm_rectification"
    await person.say({"en": "yes", "fr": "oui"}[language])
    assert (await person.requests())["rectification"].details["changes_confirmed"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_correction_that_went_to_a_person_is_taken_up_where_its_address_is_written_again(
    desk: DeskInside, language: str
) -> None:
    person = Person(desk, language)
    await person.say(next(iter(BETWEEN[language])))
    for words in ("17?", "18?"):
        await person.say(words)
    assert (await person.requests())["rectification"].attention == "correction_not_understood"
    told = await person.said_to(
        {"en": "where does my request stand?", "fr": "où en est ma demande ?"}[language]
    )
    assert {"en": "answer our last question", "fr": "répondez à notre dernière question"}[
        language
    ] not in told
    again = {
        "en": "4 Mill Lane, Bristol BS1 4XX, United Kingdom",
        "fr": "12 rue des Lilas, 35000 Rennes, France",
    }
    told = await person.said_to(again[language])
    assert (await person.state()).question == "confirm_rectification", told
    await person.say({"en": "yes", "fr": "oui"}[language])
    request = (await person.requests())["rectification"]
    assert (request.attention, request.details["changes_confirmed"]) == (None, True)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_whole_address_answers_the_question_for_a_part_of_it(desk: DeskInside, language: str) -> None:
    person = Person(desk, language)
    await person.say(next(iter(BETWEEN[language])))
    again = {
        "en": "4 Mill Lane, Bristol BS1 4XX, United Kingdom",
        "fr": "12 rue des Lilas, 35000 Rennes, France",
    }
    told = await person.said_to(again[language])
    assert (await person.state()).question == "confirm_rectification", told
