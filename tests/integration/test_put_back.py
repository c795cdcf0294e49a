"""An undone objection leaves nothing changed in silence: an agent puts it back as far as anybody can, and letters tell what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from assistant.casework.requests.queue import Principal, Role
from assistant.casework.uses import put_back, stopping_again
from assistant.domain.attention import Attention
from assistant.domain.plan import Identity, Located
from assistant.errors import Conflict
from assistant.interfaces import AddressBatch
from assistant.services import Unit
from assistant.store.tables import PrivacyRequest
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import links_in
from tests.integration.test_suppression import Cut, brought_back, marketed, with_sources

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("put_back")]
AGENT = Principal("agnes", Role.AGENT)
STOP = {"en": "Please stop sending me marketing emails.", "fr": "Je ne veux plus recevoir vos publicités."}
NOTICE = {"en": "Marketing to this address is off", "fr": "Plus de publicité à cette adresse"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("put_back")) as desk:
        yield desk


@pytest.fixture(scope="module")
def readers(desk: DeskInside) -> list[tuple[str, int]]:
    return desk.query(
        "SELECT c.email, c.id FROM clients c JOIN newsletter_subscriptions n"
        " ON lower(n.email) = lower(c.email) WHERE c.marketing_opt_in = 1 AND n.status = 'subscribed'"
        " AND c.id > 20 AND (SELECT count(*) FROM clients o WHERE lower(o.email) = lower(c.email)) = 1"
        " GROUP BY c.id ORDER BY c.id"
    )


async def objected(desk: DeskInside, email: str, language: str = "en") -> tuple[str, str]:
    """Have somebody object in the name of an address; gives the request and the way back of its notice."""
    async with desk.chat(language) as chat:
        await chat.say(STOP[language])
        ref = (await chat.opened())["objection"]
        await chat.asked("email")
        await chat.say(email)
        await desk.until_status(ref, "answered")
    notice = (await desk.mail(email, NOTICE[language])).get_content()
    return ref, links_in(notice, "/verify/undo/")[0]


async def stored(desk: DeskInside, ref: str) -> PrivacyRequest:
    return await desk.assembly.services.read(lambda unit: unit.session.get_one(PrivacyRequest, ref))


@pytest.mark.parametrize(("language", "reader"), [("en", 0), ("fr", 1)])
async def test_what_an_objection_changed_is_an_agents_to_put_back_once_it_is_undone(
    desk: DeskInside, readers: list[tuple[str, int]], language: str, reader: int
) -> None:
    email, client = readers[reader]
    ref, undo = await objected(desk, email, language)
    assert marketed(desk, email, client) == (False, 0)
    await desk.press(undo, answer="undo_sure")
    await desk.idle()

    request = await stored(desk, ref)
    assert request.attention == put_back.UNDONE
    services = desk.assembly.services
    traces = await services.read(lambda unit: put_back.traces_of(unit.session, request))
    places = {(each.table, *each.columns) for each in traces.changed}
    assert {("clients", "marketing_opt_in"), ("newsletter_subscriptions", "status")} <= places
    assert "newsletter_tool" in traces.told
    letter = (await desk.mail(email, put_back_subject(language))).get_content()
    tool = services.settings.catalogue.recipients["newsletter_tool"].name
    assert tool in letter
    assert marketed(desk, email, client) == (False, 0), "what stood there before is nobody's to guess"

    kept = next(each for each in traces.changed if each.table == "clients")
    before = len(desk.mails(email))
    await services.write(lambda unit: put_back.settle(unit, ref, {kept.ident, "newsletter_tool"}, AGENT))
    await desk.idle()
    assert (await stored(desk, ref)).attention is None
    assert len(desk.mails(email)) == before + 1
    subject = {"en": "What we put back", "fr": "Ce que nous avons remis"}[language]
    told = (await desk.mail(email, subject)).get_content()
    back, _, left = told.partition({"en": "Not put back", "fr": "N’a pas été remis"}[language])
    reads = {"en": "Newsletter subscriptions", "fr": "Abonnements aux lettres"}[language]
    assert (reads in back, reads in left) == (False, True)
    assert (
        tool in left.partition({"en": "We have told these", "fr": "Nous avons prévenu ceux-ci"}[language])[2]
    )
    with pytest.raises(Conflict):
        await services.write(lambda unit: put_back.settle(unit, ref, set(), AGENT))


def put_back_subject(language: str) -> str:
    return {"en": "The marketing block is undone", "fr": "L’arrêt de la publicité est annulé"}[language]


async def test_where_nothing_was_changed_nobody_is_called_and_no_letter_goes(desk: DeskInside) -> None:
    ref, undo = await objected(desk, "nobody.at.all@elsewhere.example")
    before = len(desk.mails("nobody.at.all@elsewhere.example"))
    await desk.press(undo, answer="undo_sure")
    await desk.idle()
    assert (await stored(desk, ref)).attention is None
    assert len(desk.mails("nobody.at.all@elsewhere.example")) == before


async def test_what_was_stopped_again_is_in_the_list_too(
    desk: DeskInside, readers: list[tuple[str, int]]
) -> None:
    email, client = readers[2]
    ref, undo = await objected(desk, email)
    brought_back(desk, email, client)
    await desk.forward("24h")
    assert await stopping_again.stop_again(desk.assembly.services) == 1
    await desk.press(undo, answer="undo_sure")
    services = desk.assembly.services
    request = await stored(desk, ref)
    assert request.attention == put_back.UNDONE
    traces = await services.read(lambda unit: put_back.traces_of(unit.session, request))
    rows = {each.table: each.rows for each in traces.changed}
    assert rows["clients"] == 2, "once for the objection, once again for the sync"


async def test_an_undo_while_a_source_is_looked_through_is_not_overrun(
    desk: DeskInside, readers: list[tuple[str, int]]
) -> None:
    email, client = readers[9]
    _, undo = await objected(desk, email)
    brought_back(desk, email, client)
    await desk.forward("24h")
    services = desk.assembly.services
    (source,) = stopping_again.looked_through(services)

    class Slow(Cut):
        async def locate(self, identity: Identity) -> Located:
            if email in identity.emails:
                await desk.press(undo, answer="undo_sure")
            located: Located = await self.source.locate(identity)
            return located

        async def addresses(self, purpose: str, after: str | None) -> AddressBatch:
            batch: AddressBatch = await self.source.addresses(purpose, after)
            return batch

    assert await stopping_again.stop_again(with_sources(services, Slow(source))) == 0
    assert marketed(desk, email, client) == (True, 1)


async def test_an_objection_carried_out_after_its_undo_calls_an_agent_at_once(
    desk: DeskInside, readers: list[tuple[str, int]]
) -> None:
    """Its source was down meanwhile."""
    email, _ = readers[3]
    ref, undo = await objected(desk, email)
    services = desk.assembly.services
    await desk.press(undo, answer="undo_sure")

    def once_more(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, ref)
        request.attention, request.details = (
            None,
            {name: value for name, value in request.details.items() if name != put_back.UNDONE},
        )
        unit.session.add(request)
        unit.session.flush()
        put_back.note_done(unit, request)

    await services.write(once_more)
    assert (await stored(desk, ref)).attention == put_back.UNDONE


async def test_no_number_of_objections_hides_the_one_that_changed_something(
    desk: DeskInside, readers: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(put_back, "_MOST", 2)
    email, _ = readers[4]
    ref, undo = await objected(desk, email)
    for _ in range(3):
        async with desk.chat("en") as chat:
            await chat.say(STOP["en"])
            again = (await chat.opened())["objection"]
            await chat.asked("email")
            await chat.say(email)
            await desk.until_status(again, "answered")
    await desk.press(undo, answer="undo_sure")
    assert (await stored(desk, ref)).attention == put_back.UNDONE


async def test_whoever_undoes_one_of_several_addresses_learns_nothing_of_the_others(
    desk: DeskInside, readers: list[tuple[str, int]]
) -> None:
    """Naming a victim's address beside one's own would tell whether the victim is known."""
    own = "asker@elsewhere.example"
    async with desk.chat("en") as chat:
        await chat.say(f"Please stop sending marketing emails to {own} and {readers[5][0]}.")
        ref = (await chat.opened())["objection"]
        await desk.until_status(ref, "answered")
    undo = links_in((await desk.mail(own, NOTICE["en"])).get_content(), "/verify/undo/")[0]
    before = len(desk.mails(own))
    await desk.press(undo, answer="undo_sure")
    assert (await stored(desk, ref)).attention == put_back.UNDONE
    services = desk.assembly.services
    await services.write(lambda unit: put_back.settle(unit, ref, set(), AGENT))
    await desk.idle()
    assert len(desk.mails(own)) == before


async def test_what_was_proved_is_put_back_too_where_an_older_notice_undoes_it(
    desk: DeskInside, readers: list[tuple[str, int]]
) -> None:
    """Its mailbox had a notice before, and kept its link."""
    email, _ = readers[6]
    services = desk.assembly.services
    first, undo = await objected(desk, email)

    def as_proved(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, first)
        request.details = {"purpose": ["marketing"]}
        request.contact = services.keyring.seal(email)
        unit.session.add(request)

    await services.write(as_proved)
    await desk.press(undo, answer="undo_sure")
    await desk.idle()
    assert (await stored(desk, first)).details[put_back.UNDONE] == [email]
    assert await desk.mail(email, put_back_subject("en"))


@pytest.mark.parametrize(
    ("reader", "language", "words"),
    [(7, "en", "I never asked for this: {ref}."), (8, "fr", "Je n’ai jamais demandé cela : {ref}.")],
)
async def test_who_answers_the_notice_by_mail_instead_has_an_agent_called_to_what_was_carried_out(
    desk: DeskInside, readers: list[tuple[str, int]], reader: int, language: str, words: str
) -> None:
    email, _ = readers[reader]
    ref, _ = await objected(desk, email, language)
    await asyncio.to_thread(desk.send_mail, words.format(ref=ref), sender=email, subject="Re")
    await desk.idle()
    assert (await stored(desk, ref)).attention in {Attention.NOT_ME_BY_MAIL, Attention.NOT_ME_BY_STRANGER}
