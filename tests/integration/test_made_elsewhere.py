"""Whoever comes back in a new chat goes on with what they asked in another one: by its reference or their address, and after proof alone."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from sqlmodel import select

from assistant.store.tables import PrivacyRequest
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.integration.test_further_wishes import COPY, ERASE, Person

pytestmark = pytest.mark.asyncio(loop_scope="module")
_people = itertools.count()
TAKEN_BACK = {
    "en": (
        "I want to take back my deletion request {ref}",
        "I want to cancel the erasure {ref}",
        "cancel {ref}",
        "please stop the deletion of my account, I asked for it yesterday",
        "I do not want my account to be deleted after all",
        "I want to withdraw my request",
        "please stop the deletion of my account, my address is {address}",
    ),
    "fr": (
        "je veux annuler ma demande de suppression {ref}",
        "annulez l'effacement {ref}",
        "annulez {ref}",
        "arrêtez la suppression de mon compte, je l'ai demandée hier",
        "je ne veux plus supprimer mon compte",
        "je voudrais retirer ma demande",
    ),
}
WHERE = {"en": ("Where is my request?", "{ref}"), "fr": ("Où en est ma demande ?", "{ref}")}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("elsewhere")) as opened:
        yield opened


def of_clients(desk: DeskInside) -> Iterator[str]:
    """Give clients with nothing running, each once: what they ask goes on, and waits its hold."""
    rows = desk.query(
        "SELECT email FROM clients c WHERE email LIKE '%@%' AND id > 20"
        " AND NOT EXISTS (SELECT 1 FROM services s WHERE s.client_id = c.id AND s.status = 'active')"
        " AND NOT EXISTS (SELECT 1 FROM domains d WHERE d.client_id = c.id AND d.expires_on > '2026-01-01')"
        " AND (SELECT count(*) FROM clients o WHERE lower(o.email) = lower(c.email)) = 1"
        " AND EXISTS (SELECT 1 FROM invoices i WHERE i.client_id = c.id) ORDER BY id"
    )
    return (str(row[0]) for row in rows)


@pytest.fixture(scope="module")
def clients(desk: DeskInside) -> Iterator[str]:
    return of_clients(desk)


class Visitor(Person):
    """Somebody with a mailbox, in one chat after another."""

    seen = 0

    @classmethod
    async def who_asked(cls, desk: DeskInside, language: str, address: str, *asked: str) -> Visitor:
        """Give somebody who asked this, each in a chat of its own, and proved it."""
        visitor = cls(desk, language)
        visitor.address = address
        for begin in asked:
            visitor = visitor.in_new_chat()
            await visitor.say(begin)
            await visitor.gives_address()
        return visitor

    def in_new_chat(self) -> Visitor:
        talk = type(self)(self.desk, self.language)
        talk.address, talk.seen = self.address, self.seen
        return talk

    async def gives_address(self) -> str:
        if (await self.state()).expects == "email":
            await self.say(self.address)
        assert (await self.state()).expects == "code", await self.said()
        code, self.seen = await self.code(self.seen), self.seen + 1
        return await self.said_to(code)

    async def refs(self) -> list[str]:
        return [row.ref for row in await self.all_of(PrivacyRequest)]


async def status_of(desk: DeskInside, ref: str) -> str:
    rows = select(PrivacyRequest).where(PrivacyRequest.ref == ref)
    return (await desk.assembly.services.read(lambda unit: unit.session.exec(rows).one())).status


CASES = [(language, words) for language, each in TAKEN_BACK.items() for words in each]


@pytest.mark.parametrize(("language", "words"), CASES)
async def test_an_erasure_is_taken_back_in_a_new_chat_however_that_is_said(
    desk: DeskInside, clients: Iterator[str], language: str, words: str
) -> None:
    visitor = await Visitor.who_asked(desk, language, next(clients), ERASE[language])
    (ref,) = await visitor.refs()
    visitor = visitor.in_new_chat()
    said = await visitor.said_to(words.format(ref=ref, address=visitor.address))
    assert ref not in said, "nothing is said of it before the proof"
    told = await visitor.gives_address()
    assert (await visitor.state()).question == "withdraw_confirm", told
    assert ref in told
    await visitor.say("withdraw:yes", kind="choice")
    assert await status_of(desk, ref) == "withdrawn"


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("then", ["address", "reference"])
@pytest.mark.parametrize("takes_back", [False, True])
async def test_where_it_is_or_taking_it_back_goes_on_from_a_reference_and_from_an_address(
    desk: DeskInside, clients: Iterator[str], language: str, then: str, takes_back: bool
) -> None:
    visitor = await Visitor.who_asked(desk, language, next(clients), COPY[language])
    (ref,) = await visitor.refs()
    visitor = visitor.in_new_chat()
    await visitor.say(TAKEN_BACK[language][5] if takes_back else WHERE[language][0])
    if then == "reference":
        said = await visitor.said_to(ref)
        assert (await visitor.state()).expects == "email", said
    told = await visitor.gives_address()
    assert ref in told
    assert ((await visitor.state()).question == "withdraw_confirm") == takes_back, told


async def test_of_several_that_are_open_it_is_asked_which_is_taken_back(
    desk: DeskInside, clients: Iterator[str]
) -> None:
    visitor = await Visitor.who_asked(desk, "en", next(clients), ERASE["en"], COPY["en"])
    visitor = visitor.in_new_chat()
    await visitor.say("I want to withdraw my request")
    told = await visitor.gives_address()
    assert (await visitor.state()).question == "withdraw_which", told


async def test_what_is_asked_again_while_the_code_is_on_its_way_leaves_that_code_good(
    desk: DeskInside, clients: Iterator[str]
) -> None:
    visitor = await Visitor.who_asked(desk, "en", next(clients), ERASE["en"])
    (ref,) = await visitor.refs()
    visitor = visitor.in_new_chat()
    await visitor.say("Where is my request?")
    await visitor.say(visitor.address)
    await visitor.say("Where is my request?")
    assert (await visitor.state()).expects == "code"
    await visitor.say("I want to cancel it, please cancel my request")
    told = await visitor.gives_address()
    assert (await visitor.state()).question == "withdraw_confirm", told
    assert ref in told


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_nobody_hears_before_a_proof_whether_there_is_anything_and_of_nothing_after_it_that_there_is_none(
    desk: DeskInside, clients: Iterator[str], language: str
) -> None:
    asked = await Visitor.who_asked(desk, language, next(clients), ERASE[language])
    (ref,) = await asked.refs()
    heard, visitor = [], asked
    for address in (asked.address, f"nobody.{next(_people)}@courriel.example"):
        visitor = asked.in_new_chat() if address == asked.address else Visitor(desk, language)
        visitor.address = address
        said = [await visitor.said_to(words.format(ref=ref)) for words in WHERE[language]]
        said += [await visitor.said_to(address)]
        heard.append(said)
        told = await visitor.gives_address()
        assert (ref in told) == (address == asked.address)
    assert heard[0] == heard[1]
    assert (await visitor.state()).expects == "email", "another address may be theirs"
    visitor.address, visitor.seen = asked.address, 2
    await visitor.say(visitor.address)
    assert ref in await visitor.gives_address()
