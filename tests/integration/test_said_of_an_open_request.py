"""What people say of a request once it is open: a limit, another person, another right, a moment; read, acted on and said so in both languages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from assistant.casework.requests import asked_beside
from assistant.casework.requests.queue import Principal, Role, plan_again
from assistant.domain.attention import Attention
from assistant.domain.rectifying import Changes
from assistant.services import Unit
from assistant.store.tables import Message, PrivacyRequest
from tests.doubles.attacks import ACCESS, Victim, ask, proved, victims
from tests.doubles.console_pages import pages_that_fail
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import type_code
from tests.doubles.typing_visitor import Talk

pytestmark = pytest.mark.asyncio(loop_scope="module")

ERASE = {"en": "Please delete all my personal data.", "fr": "Supprimez toutes mes données personnelles."}
MENU = {"en": "hi I want something with my data", "fr": "que pouvez vous faire de mes données ?"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("said-after")) as opened:
        yield opened
        assert await pages_that_fail(opened) == []


async def answers(talk: Talk, words: str, kind: str = "text") -> str:
    """Say something, and give all that was answered."""
    before = await talk.answers()
    await talk.say(words, kind)
    said = sorted(
        (row for row in await talk.all_of(Message) if row.sender == "assistant"), key=lambda row: row.id
    )
    return " ".join(row.text for row in said[before:])


@pytest.mark.parametrize(
    ("language", "words", "told"),
    [
        ("en", "only the newsletter data, not the account", "A person here has to look at this"),
        (
            "fr",
            "juste les données de la newsletter pas le compte",
            "Une personne de notre équipe doit examiner",
        ),
    ],
)
async def test_a_limit_is_read_by_a_person_before_anything_is_erased(
    desk: DeskInside, language: str, words: str, told: str
) -> None:
    talk = Talk(desk, language)
    await talk.say(ERASE[language])
    assert told in await answers(talk, words)
    request = (await talk.requests())["erasure"]

    def unread(unit: Unit) -> bool:
        return asked_beside.is_unread(unit.session, unit.session.get_one(PrivacyRequest, request.ref))

    assert await desk.assembly.services.read(unread)
    assert (await talk.state()).question == "ask_contact", "who asks is still asked"


@pytest.mark.parametrize(
    ("language", "words", "told"),
    [
        ("en", "it is for my father", "You write for somebody else"),
        ("fr", "c'est pour mon père", "Vous écrivez pour une autre personne"),
    ],
)
@pytest.mark.parametrize("awaited", ["email", "code"])
async def test_for_somebody_else_no_proof_is_asked_and_a_person_is_called(
    desk: DeskInside, language: str, words: str, told: str, awaited: str
) -> None:
    talk = Talk(desk, language)
    await talk.say(ERASE[language])
    if awaited == "code":
        await talk.say(f"{talk.thread}@post.example")
    assert told in await answers(talk, words)
    request = (await talk.requests())["erasure"]
    assert (request.attention, request.tier_needed) == ("for_somebody_else", 3)
    assert (await talk.state()).question == "ask_where_to_write"
    other = Talk(desk, language)
    await other.say(MENU[language])
    assert (await other.state()).question == "chat_ask_right"
    await other.say(words)
    assert told in await answers(other, "right:erasure", "choice")


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "I meant correct, not delete"), ("fr", "je voulais dire corriger, pas supprimer")],
)
async def test_another_right_is_opened_and_the_erasure_stands_still(
    desk: DeskInside, language: str, words: str
) -> None:
    talk = Talk(desk, language)
    await talk.say(ERASE[language])
    await talk.say(words)
    requests = await talk.requests()
    assert requests["erasure"].dont_at is not None
    assert "rectification" in requests


@pytest.mark.parametrize(
    ("language", "hold", "told", "paused"),
    [
        ("en", "hang on a second", "Take your time", "We have paused"),
        ("fr", "pas encore", "Prenez votre temps", "Nous avons suspendu"),
    ],
)
async def test_whoever_needs_a_moment_has_it_and_an_erasure_that_is_proved_stands_still(
    desk: DeskInside, language: str, hold: str, told: str, paused: str
) -> None:
    talk = Talk(desk, language)
    await talk.say(ERASE[language])
    assert told in await answers(talk, hold)
    email = f"{talk.thread}@post.example"
    await talk.say(email)
    assert told in await answers(talk, hold)
    assert (await talk.state()).expects == "code"
    assert (await talk.requests())["erasure"].dont_at is None
    await talk.say(await desk.code(email))
    assert paused in await answers(talk, hold)
    assert (await talk.requests())["erasure"].dont_at is not None


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Did I ask you to erase my data?"),
        ("en", "have i already asked for a copy of my data"),
        ("fr", "Est-ce que j'ai demandé l'effacement ?"),
        ("fr", "ai-je déjà demandé une copie de mes données ?"),
    ],
)
async def test_a_question_whether_something_was_asked_opens_nothing_and_is_answered(
    desk: DeskInside, language: str, words: str
) -> None:
    talk = Talk(desk, language)
    none = {"en": "Nothing was asked in this conversation", "fr": "Rien n’a encore été demandé"}[language]
    assert none in await answers(talk, words)
    assert not await talk.requests()
    await talk.say(ERASE[language])
    assert (await talk.requests())["erasure"].ref in await answers(talk, words)
    assert set(await talk.requests()) == {"erasure"}


@pytest.mark.parametrize(("language", "words"), [("en", "article 15"), ("fr", "l'article 15 svp")])
async def test_an_article_opens_its_right_under_a_menu_and_beside_another_question(
    desk: DeskInside, language: str, words: str
) -> None:
    for first in (MENU[language], ERASE[language]):
        talk = Talk(desk, language)
        await talk.say(first)
        await talk.say(words)
        assert "access" in await talk.requests()


STOP = {"en": "Please stop sending me the newsletter.", "fr": "Arrêtez de m'envoyer votre newsletter."}


@pytest.mark.parametrize(
    ("language", "words", "told"),
    [
        ("en", "sorry, I meant {}", "to this one too"),
        ("en", "wrong address, it's {}", "to this one too"),
        ("en", "oops its {} not {other}", "to this one too"),
        ("fr", "je me suis trompé d'adresse, c'est {}", "aussi notre publicité"),
        ("fr", "pardon, mauvaise adresse", "Quelle adresse e-mail"),
    ],
)
@pytest.mark.parametrize("later", [False, True])
async def test_marketing_ends_for_the_right_address_too_once_the_first_was_mistyped(
    desk: DeskInside, language: str, words: str, told: str, later: bool
) -> None:
    talk = Talk(desk, language)
    wrong, right = f"{talk.thread}.jame@post.example", f"{talk.thread}.jane@post.example"
    await talk.say(STOP[language])
    await talk.say(wrong)
    if later:
        await desk.idle()
    assert told in await answers(talk, words.format(right, other=wrong))
    if "{}" not in words:
        assert "aussi notre publicité" in await answers(talk, right)
    await desk.idle()
    stopped = [request.details["address"] for request in await talk.all_of(PrivacyRequest)]
    assert sorted(stopped) == [wrong, right]
    assert {request.status for request in await talk.all_of(PrivacyRequest)} == {"answered"}
    assert not await talk.claims(), "no proof is asked"
    said = " ".join(row.text for row in await talk.all_of(Message))
    assert f"{right} receives no more" in said or f"{right} ne reçoit plus" in said


@pytest.mark.parametrize(
    ("language", "asked", "words", "told"),
    [
        ("en", "my last name is wrong", "+372 5123 4567", "That cannot be your last name."),
        (
            "en",
            "My phone number is wrong, please correct it.",
            "Tallinn",
            "That cannot be your phone number.",
        ),
        ("fr", "Mon nom est faux, corrigez-le.", "06 12 34 56 78", "Cela ne peut pas être votre nom."),
        (
            "en",
            "Send me a copy of all my data.",
            "+372 5123 4567",
            "neither an e-mail address nor a client number",
        ),
        (
            "fr",
            "Envoyez-moi une copie de mes données",
            "Mari Kask",
            "ni une adresse e-mail ni un numéro client",
        ),
    ],
)
async def test_what_cannot_be_the_answer_is_asked_again_and_why_is_said(
    desk: DeskInside, language: str, asked: str, words: str, told: str
) -> None:
    talk = Talk(desk, language)
    await talk.say(asked)
    assert told in await answers(talk, words)
    assert (await talk.state()).expects in {"detail", "email"}


@pytest.mark.parametrize(
    "words", ["{}", "c{}", "C-{}", "c {}", "C.{}", "n° {}", "client {}", "my number is {spelt}", "C {spelt}"]
)
async def test_a_client_number_is_one_however_it_is_typed(desk: DeskInside, words: str) -> None:
    talk = Talk(desk)
    number = str(10500 + int(talk.thread.partition("-")[2]))
    await talk.say("Send me a copy of all my data.")
    await talk.say(words.format(number, spelt=" ".join(number)))
    assert await talk.claims() == [("client_id", f"C-{number}")]


@pytest.mark.parametrize(
    ("language", "asked", "words", "street", "city"),
    [
        ("en", "Please correct my address to 12 Long Road, 10111 Durham, UK", "house number 14, not 12", "14 Long Road", "Durham"),
        ("en", "Please correct my address to 12 Long Road, 10111 Durham, UK", "not Durham but Darlington", "12 Long Road", "Darlington"),
        ("en", "Please correct my address to 12 Long Road, 10111 Durham, UK", "number 15", "15 Long Road", "Durham"),
        ("fr", "Corrigez mon adresse : 12 rue des Lilas, 29000 Quimper, France", "le numéro 14 et pas 12", "14 rue des Lilas", "Quimper"),
        ("fr", "Corrigez mon adresse : 12 rue des Lilas, 29000 Quimper, France", "c'est Brest, pas Quimper", "12 rue des Lilas", "Brest"),
    ],
)  # fmt: skip
async def test_one_word_of_a_value_that_was_given_is_put_right(
    desk: DeskInside, language: str, asked: str, words: str, street: str, city: str
) -> None:
    talk = Talk(desk, language)
    await talk.say(asked)
    await talk.say(words)
    found = Changes.of((await talk.requests())["rectification"].details)
    assert (found.new_values["street"], found.new_values["city"]) == (street, city)
    assert (await talk.state()).question == "confirm_rectification"


@pytest.mark.parametrize(
    ("language", "words", "told"),
    [
        ("en", "it is for my father", "a person will ask you there what allows you to act"),
        ("fr", "c'est pour mon père", "quelqu’un vous demandera ce qui vous permet d’agir"),
    ],
)
async def test_whoever_writes_for_somebody_else_is_told_once_what_is_asked_and_nothing_more(
    desk: DeskInside, language: str, words: str, told: str
) -> None:
    mine = f"{language}.writer@post.example"
    async with desk.chat(language) as chat:
        ref = await ask(chat, ERASE[language])
        await chat.asked("email")
        await chat.say(words)
        await type_code(desk, chat, mine)
        said = await chat.until(lambda m: ref in m["text"] and m["expects"] is None, "what is asked")
        assert told in said["text"]
        assert [choice for choice in said["choices"] if choice.get("url")] == []
        await desk.idle()
    rows = desk.own("SELECT count(*) FROM message WHERE sender = 'assistant' AND id > ?", said["id"])
    assert rows == [(0,)]
    assert (await desk.request(ref))["attention"] == "for_somebody_else"


PROVED = ("Please restrict the processing of my data.", ACCESS)


@pytest.mark.parametrize("words", ["it is for my mother", "it is for my mother, not me"])
@pytest.mark.parametrize("sentence", PROVED)
async def test_what_was_proved_and_is_for_somebody_else_waits_for_the_mandate_with_its_plan_void(
    desk: DeskInside, sentence: str, words: str
) -> None:
    victim = _people(desk, sentence, words)
    async with desk.chat() as chat:
        ref = await proved(desk, chat, victim.email, sentence)
        await desk.until_status(ref, "awaiting_approval")
        await chat.say(words)
        await chat.until(lambda m: "You write for somebody else" in m["text"], "that a person asks")
    request = await desk.request(ref)
    assert (request["status"], request["attention"]) == ("awaiting_approval", "for_somebody_else")
    assert desk.own("SELECT DISTINCT state FROM action WHERE ref = ?", ref) == [("void",)]
    lead = Principal("lead", Role.LEAD)
    await desk.assembly.services.write(lambda unit: plan_again(unit, ref, lead))
    item = await desk.plan(ref)
    body = {"plan_hash": item["plan_hash"]}
    refused = await desk.api_status(
        "POST", f"/queue/{item['id']}/approve", token=desk.tokens["lead"], json=body
    )
    assert refused[0] == 403, "people weigh the mandate before anything of the writer's own goes on"
    assert "(T3)" in str(refused[1])


def _people(desk: DeskInside, sentence: str, words: str) -> Victim:
    """Give each case a client of its own."""
    cases = [
        (each, said) for each in PROVED for said in ("it is for my mother", "it is for my mother, not me")
    ]
    return list(victims(desk))[10 + cases.index((sentence, words))]


LIMITED = [
    ("en", "Please delete only my account C-10045."),
    ("en", "I want one of my accounts deleted."),
    ("en", "Delete my account at the end of the month"),
    ("en", "erase everything on January 1st"),
    ("en", "Please delete my account when my contract ends in March"),
    ("fr", "supprimez uniquement mon compte pro"),
    ("fr", "supprimez mon compte le 1er janvier"),
    ("fr", "Le 1er janvier, supprimez toutes mes données."),
]


@pytest.mark.parametrize(("language", "words"), LIMITED)
async def test_an_erasure_that_is_asked_of_one_account_or_for_a_day_is_read_before_it_is_approved(
    desk: DeskInside, language: str, words: str
) -> None:
    talk = Talk(desk, language)
    await talk.say(words)
    if not await talk.requests():
        await talk.say("right:erasure", "choice")
    said = " ".join(row.text for row in await talk.all_of(Message))
    assert {"en": "A person here", "fr": "Une personne de notre équipe"}[language] in said
    request = (await talk.requests())["erasure"]
    assert request.attention == Attention.ASKED_BESIDE
    assert (await talk.state()).expects == "email" or await talk.claims(), "and who asks is asked as ever"


@pytest.mark.parametrize("words", ["Delete my account at the end of the month", LIMITED[-2][1]])
async def test_an_erasure_that_is_mailed_for_a_day_is_read(desk: DeskInside, words: str) -> None:
    before, sender = await desk.refs(), f"limited.{len(words)}@post.example"
    await asyncio.to_thread(desk.send_mail, words, sender=sender)
    (ref,) = await desk.opened_by(before)
    assert (await desk.request(ref))["attention"] == Attention.ASKED_BESIDE


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "I just want to delete my account, within 30 days please."),
        ("en", "Delete my account that I opened on January 1st 2020."),
        ("en", "Please delete all my data by Friday."),
        ("fr", "Supprimez mon compte avant le 1er janvier."),
        ("fr", "Supprimez mes données sous un mois. Je suis né le 1er janvier 1980."),
    ],
)
async def test_by_when_it_must_be_done_and_what_was_long_ago_limits_no_erasure(
    desk: DeskInside, language: str, words: str
) -> None:
    talk = Talk(desk, language)
    await talk.say(words)
    if not await talk.requests():
        await talk.say("right:erasure", "choice")
    assert (await talk.requests())["erasure"].attention is None


@pytest.mark.parametrize(("language", "words"), [("en", "not before January"), ("fr", "le 1er janvier")])
async def test_a_day_that_is_named_later_is_read_too(desk: DeskInside, language: str, words: str) -> None:
    talk = Talk(desk, language)
    await talk.say(ERASE[language])
    await talk.say(words)
    assert (await talk.requests())["erasure"].attention == Attention.ASKED_BESIDE


@pytest.mark.parametrize(
    ("language", "other", "own"),
    [
        ("en", "it is for my father", "no it is for me after all"),
        ("en", "not for me", "sorry, it's about me"),
        ("fr", "c'est pour mon père", "non c'est pour moi finalement"),
        ("fr", "pas pour moi", "non, ce sont mes propres données en fait"),
    ],
)
async def test_what_is_for_its_writer_after_all_asks_for_their_own_proof_again(
    desk: DeskInside, language: str, other: str, own: str
) -> None:
    talk = Talk(desk, language)
    await talk.say(ERASE[language])
    await talk.say(other)
    assert (await talk.requests())["erasure"].tier_needed == 3
    await talk.say(own)
    request = (await talk.requests())["erasure"]
    assert (request.attention, request.tier_needed) == (None, 2)
    assert (await talk.state()).question == "ask_contact"


@pytest.mark.parametrize(
    ("language", "asked", "no", "answers", "told"),
    [
        ("en", "Please change my city to Narva and my last name to Tamm", "no", ["Tartu", "Tamme"], {"city": "Tartu", "last_name": "Tamme"}),
        ("en", "Please change my city to Narva and my last name to Tamm", "no", ["my last name is Tamme", "Tartu"], {"city": "Tartu", "last_name": "Tamme"}),
        ("en", "Please correct my address to 12 Long Road, 10111 Durham, UK", "no", ["14 Long Road, 10111 Durham, UK"],
         {"street": "14 Long Road", "postcode": "10111", "city": "Durham", "country": "UK"}),
        ("fr", "Corrigez mon adresse : 12 rue des Lilas, 29000 Quimper, France", "non", ["14 rue des Lilas", "29000", "Quimper", "France"],
         {"street": "14 rue des Lilas", "postcode": "29000", "city": "Quimper", "country": "France"}),
    ],
)  # fmt: skip
async def test_after_a_no_to_several_fields_each_is_asked_for_by_its_name(
    desk: DeskInside, language: str, asked: str, no: str, answers: list[str], told: dict[str, str]
) -> None:
    talk = Talk(desk, language)
    for words in (asked, no, *answers):
        await talk.say(words)
    assert (await talk.state()).question == "confirm_rectification"
    assert Changes.of((await talk.requests())["rectification"].details).new_values == told


@pytest.mark.parametrize(("language", "country"), [("en", "uk"), ("en", "USA"), ("fr", "France")])
async def test_a_country_is_no_town_of_an_address(desk: DeskInside, language: str, country: str) -> None:
    talk = Talk(desk, language)
    asked = {
        "en": "Please correct my address to 12 Long Road",
        "fr": "Corrigez mon adresse : 12 rue des Lilas",
    }
    for words in (asked[language], "35000", country, "Durham"):
        await talk.say(words)
    told = Changes.of((await talk.requests())["rectification"].details).new_values
    assert (told["city"], told["country"]) == ("Durham", country)


@pytest.mark.parametrize(
    ("language", "words", "keep"),
    [
        ("en", ["do not delete anything", "send me a copy of my data"], "keep everything"),
        ("en", ["do not delete anything, send me a copy instead"], "keep it all"),
        ("fr", ["ne supprimez rien", "je veux une copie de mes données"], "gardez tout"),
    ],
)
async def test_a_copy_that_is_wished_beside_does_not_take_the_place_of_keep_or_go_on(
    desk: DeskInside, language: str, words: list[str], keep: str
) -> None:
    talk = Talk(desk, language)
    await talk.say(ERASE[language])
    for each in words:
        await talk.say(each)
    assert set(await talk.requests()) == {"erasure", "access"}
    last = max(
        (row for row in await talk.all_of(Message) if row.sender == "assistant"), key=lambda row: row.id
    )
    assert [choice["value"].rpartition(":")[0] for choice in last.choices][:2] == ["dont:keep", "dont:go_on"]
    assert (await talk.state()).question == "dont_asked"
    await talk.say(keep)
    assert (await talk.requests())["erasure"].status == "withdrawn"
    assert (await talk.state()).question == "ask_contact", "and the copy is not forgotten"


async def test_an_address_beside_a_wish_is_taken_though_keep_or_go_on_is_asked(desk: DeskInside) -> None:
    talk = Talk(desk)
    await talk.say(ERASE["en"])
    await talk.say("do not delete anything")
    await talk.say(f"send me a copy of my data, I am {talk.thread}@post.example")
    assert await talk.claims() == [("email", f"{talk.thread}@post.example")]
