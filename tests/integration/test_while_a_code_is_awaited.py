"""While an address or a code is awaited: each thing that people say then is answered by what is so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import col, select

from assistant.services import Unit
from assistant.store.tables import ChallengeRow
from handlers import HANDLERS
from intents import Reader
from tests.doubles.console_app import ConsoleSite, console_site
from tests.integration.test_nothing_silent import Visitor
from tests.integration.test_sparing import ERASE, Talk

LANGUAGES = ("en", "fr")
MINE = "mari.kask@post.example"
SENDING = {"en": "We are sending", "fr": "Nous envoyons"}
SAID = {
    "en": {
        "I don't have access to that mailbox anymore, its my old job": "no longer open that mailbox",
        "I lost that email": "no longer open that mailbox",
        "1234567": "it has 8 digits",
        "code 123 456 789": "it has 8 digits",
        "I never got the code": "was asked for at",
        "hm?": "was asked for at",
        "this is ridiculous, you are crooks, i will go to the AKI": "complaint",
    },
    "fr": {
        "je n’ai plus accès à cette boîte mail": "plus ouvrir cette boîte",
        "1234567": "il a 8 chiffres",
        "jai rien recu encore": "a été demandé à",
        "c’est n’importe quoi, je vais saisir la CNIL": "réclamation",
    },
}


@pytest.fixture
async def talk(tmp_path: Path, prepared: ConsoleSite, reader: Reader) -> AsyncIterator[Talk]:
    async with console_site(tmp_path, prepared) as site:
        handlers = {handler.right: handler for handler in HANDLERS}
        yield Talk(replace(site, services=replace(site.services, handlers=handlers)), reader)


async def sent(talk: Talk) -> None:
    """Have every code that is wanted be sent."""

    def work(unit: Unit) -> None:
        for row in unit.session.exec(select(ChallengeRow).where(col(ChallengeRow.state) == "wanted")):
            row.state = "sent"
            unit.session.add(row)

    await talk.site.services.write(work)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("claim", [MINE, "C-10044"])
async def test_each_thing_that_is_said_instead_of_a_code_has_its_answer(
    talk: Talk, language: str, claim: str
) -> None:
    for number, (words, told) in enumerate(SAID[language].items()):
        visitor = Visitor(talk, f"said-{number}", language)
        await visitor.write(ERASE[language])
        await visitor.write(f"{claim}{number}" if "@" not in claim else f"{number}.{claim}")
        await sent(talk)
        before = len(await visitor.said())
        await visitor.write(words)
        said = " ".join((await visitor.said())[before:])
        assert told in said, (words, said)
        assert SENDING[language] not in said, (words, said)
        assert (await visitor.conversation()).state["expects"] == "code", (words, said)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_number_of_the_form_of_a_code_is_no_client_number_where_codes_were_sent(
    talk: Talk, language: str
) -> None:
    visitor = Visitor(talk, "late", language)
    await visitor.write(ERASE[language])
    for number in range(5):
        await visitor.write(f"late.{number % 2}.{MINE}")
        await sent(talk)
    for words in ("12345678", "1234 5678", "client number 12345678", "my code is 12345678"):
        await visitor.write(words)
        await visitor.write({"en": "sorry, wrong email", "fr": "pardon, mauvaise adresse"}[language])
        assert (await visitor.conversation()).state["expects"] == "email"
        await visitor.write(words)
        assert (await visitor.said())[-1].startswith(
            (
                "This code was not",
                "Ce code n’a pas",
                "That cannot",
                "Ce ne peut",
                "A code of 8",
                "Un code à 8",
            )
        )
    restrict = {
        "en": "Please restrict the processing of my data, my client number is 12345678.",
        "fr": "Merci de limiter le traitement de mes données, mon numéro client est 12345678.",
    }
    await visitor.write({"en": "sorry, wrong email", "fr": "pardon, mauvaise adresse"}[language])
    await visitor.write(restrict[language])
    assert "restriction" in await visitor.requests()
    rows = select(ChallengeRow).where(col(ChallengeRow.claimed_kind) == "client_id")
    assert not await talk.site.services.read(lambda unit: unit.session.exec(rows).all())


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_number_that_is_no_code_uses_up_no_try(talk: Talk, language: str) -> None:
    visitor = Visitor(talk, "numbers", language)
    await visitor.write(ERASE[language])
    await visitor.write(MINE)
    await sent(talk)
    for words in (
        "my phone is 12345678",
        "mon numéro 12 34 56 78",
        "06 12 34 56 78",
        "12.03.1975",
        "+45 12345678",
        "client number 12345678",
    ):
        await visitor.write(words)
        assert (await visitor.conversation()).state["expects"] == "code", words
        (challenge,) = await talk.site.services.read(
            lambda unit: unit.session.exec(select(ChallengeRow)).all()
        )
        assert challenge.attempts == 0, words
    await visitor.write("1234 5678")
    (challenge,) = await talk.site.services.read(lambda unit: unit.session.exec(select(ChallengeRow)).all())
    assert challenge.attempts == 1


OTHERS = {
    "en": (
        "his email was {0}",
        "my late husband's address was {0}",
        "her old e-mail address is {0}",
        "the address of my late mother was {0}",
    ),
    "fr": (
        "son adresse etait {0}",
        "l’adresse de mon mari était {0}",
        "leur mail : {0}",
        "l’e-mail de ma défunte mère est {0}",
    ),
}
DIED = {
    "en": ("My husband died, please close his account and erase his data.", ERASE["en"]),
    "fr": ("mon mari est mort il faut fermer son compte et effacer ses donnees", ERASE["fr"]),
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_address_that_is_said_to_be_somebody_elses_is_sent_no_code(
    talk: Talk, language: str
) -> None:
    for opening, begin in enumerate(DIED[language]):
        for number, words in enumerate(OTHERS[language]):
            visitor = Visitor(talk, f"other-{opening}-{number}", language)
            await visitor.write(begin)
            await visitor.write(words.format(f"dead.{opening}{number}@post.example"))
            assert not await talk.site.services.read(_challenges), (begin, words)
            assert {r.attention for r in (await visitor.requests()).values()} == {"for_somebody_else"}, words
    visitor = Visitor(talk, "mine", language)
    await visitor.write(ERASE[language])
    await visitor.write({"en": "it is me@post.example", "fr": "c’est me@post.example"}[language])
    assert await visitor.asked_of("me@post.example")


GIVEN = {
    "en": ("{0}", "my address is {0}", "it's {0}", "My e-mail: {0}, thanks", "sorry, it is {0}", "please send it to {0}"),
    "fr": ("{0}", "mon adresse est {0}", "c’est {0}", "voici mon adresse : {0}", "Mon mail c'est {0} merci", "l'adresse est {0}", "pardon, mon e-mail est {0}"),
}  # fmt: skip
BROKEN = ("{0}@@poste", "{0}@poste", "{0}@@poste.example", "{0}@poste,example", "{0}@poste..example", "{0}@")
NO_ADDRESS = {"en": "cannot be an e-mail address", "fr": "ne peut pas être une adresse e-mail"}


@pytest.mark.parametrize("awaited", ["email", "code"])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_awaited_contact_is_heard_in_a_sentence_however_broken_it_is(
    talk: Talk, language: str, awaited: str
) -> None:
    for number, form in enumerate(GIVEN[language]):
        broken = BROKEN if number == 1 else BROKEN[number % len(BROKEN) :][:1]
        for other, each in enumerate(broken):
            name = f"given{number}{other}"
            visitor = Visitor(talk, name, language)
            await visitor.write(ERASE[language])
            if awaited == "code":
                await visitor.write(f"{name}.first@post.example")
                await sent(talk)
            await visitor.write(form.format(each.format(name)))
            case = (form, each, (await visitor.said())[-1])
            assert NO_ADDRESS[language] in case[-1], case
            assert (await visitor.conversation()).state["expects"] == awaited, case
            await visitor.write(form.format(f"{name}@post.example"))
            assert (await visitor.conversation()).state["expects"] == "code", case
            assert await visitor.asked_of(f"{name}@post.example"), case
            assert set(await visitor.requests()) == {"erasure"}, case


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_correction_said_where_an_address_is_awaited_stays_one(talk: Talk, language: str) -> None:
    wrong = {
        "en": "change my address on file to new.one@post.example",
        "fr": "remplacez mon adresse dans votre dossier par new.one@post.example",
    }
    visitor = Visitor(talk, "corrects", language)
    await visitor.write(ERASE[language])
    await visitor.write(wrong[language])
    assert not await visitor.asked_of("new.one@post.example")


def _challenges(unit: Unit) -> Sequence[ChallengeRow]:
    return unit.session.exec(select(ChallengeRow)).all()
