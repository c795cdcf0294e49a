"""A portability document goes straight to another provider: asked for in words, ordered by an agent, told to the person."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from assistant.casework.answers import transferring
from assistant.casework.proof import stopping
from assistant.casework.requests.queue import Principal, Role, get_request
from assistant.channels.transfer import Transfer
from assistant.errors import Conflict, NotAllowed
from assistant.services import Unit
from tests.doubles.attacks import victims
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.desk_process import eventually
from tests.doubles.journeys import prove_in_chat

pytestmark = pytest.mark.asyncio(loop_scope="module")
LEAD = Principal("Liis", Role.LEAD, may_approve_irreversible=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("transfer")) as opened:
        channels = cast("dict[str, Any]", opened.assembly.services.channels)
        channels["transfer"] = Transfer(allows=lambda _: True, scheme="http")
        yield opened


async def act(desk: DeskInside, verb: Any, *arguments: Any) -> Any:
    services = desk.assembly.services
    return await services.write(lambda unit: verb(unit, *arguments))


async def denied_is_sent_nowhere(desk: DeskInside, ref: str) -> None:
    """Its contact says that they never asked, after the copy was made: too late to stop, in time to send nothing."""

    class TakenBack(Exception):
        pass

    def deny_and_send(unit: Unit) -> None:
        assert stopping.stop_requests(unit, [get_request(unit.session, ref)]) == []
        try:
            transferring.send(unit, ref, LEAD)
        except NotAllowed as error:
            raise TakenBack from error

    with pytest.raises(TakenBack):
        await act(desk, deny_and_send)


async def test_it_is_proposed_to_an_agent_never_automatic_and_the_person_is_told(desk: DeskInside) -> None:
    person = next(victims(desk))
    taken: list[bytes] = []

    async def take(request: web.Request) -> web.Response:
        taken.append(await request.read())
        return web.Response(status=201 if len(taken) > 1 else 503)  # busy at first

    app = web.Application(client_max_size=2**26)
    app.add_routes([web.put("/import/{token}", take)])
    async with TestServer(app, host="127.0.0.1") as server:
        async with desk.chat("en") as chat:
            await chat.say(
                "Please give me my data in a machine-readable file, and send it directly to"
                " https://new-host.example/import/abc."
            )
            ref = (await chat.opened())["portability"]
            await prove_in_chat(desk, chat, person.email, ref)
        services = desk.assembly.services
        request = await services.read(lambda unit: get_request(unit.session, ref))
        assert request.details["transfer_to"] == "https://new-host.example/import/abc"
        with pytest.raises(Conflict):
            await act(desk, transferring.send, ref, LEAD)
        await desk.approve(ref)
        await desk.forward("73h")
        await desk.until_status(ref, "answered")
        await desk.idle()
        assert taken == [], "nothing is sent before somebody looked at the address"

        def here(unit: Unit) -> None:  # this machine stands for the new provider
            row = get_request(unit.session, ref)
            row.details = {**row.details, "transfer_to": str(server.make_url("/import/abc"))}
            unit.session.add(row)

        await act(desk, here)
        for agent in (
            Principal("Tiina", Role.AGENT, may_approve_irreversible=True),
            Principal("Marc", Role.APPROVER),
        ):
            with pytest.raises(NotAllowed):
                await act(desk, transferring.send, ref, agent)
        await denied_is_sent_nowhere(desk, ref)
        await act(desk, transferring.send, ref, LEAD)
        with pytest.raises(Conflict):
            await act(desk, transferring.send, ref, LEAD)
        await desk.idle()
        await desk.forward("1m")

        async def arrived() -> bool:
            await desk.idle()
            return len(taken) == 2

        await eventually(arrived, "the document to arrive once the other provider is free")
    document = json.loads(taken[1])
    assert document["reference"] == ref
    assert taken[0] == taken[1]
    letter = (await desk.mail(person.email, "Your data have been sent to 127.0.0.1")).get_content()
    assert ref in str(letter)
    assert [event["event"] for event in await desk.events(ref)].count("transfer_ordered") == 1


@pytest.mark.parametrize(
    "sentence",
    [
        "Please give me my data in a machine-readable file. See https://a.example/x and https://b.example/y.",
        "Please give me my data in a machine-readable file.",
        "Please give me my data in a machine-readable file, to http://new-host.example/import.",
    ],
)
async def test_without_one_https_address_there_is_nothing_to_send(desk: DeskInside, sentence: str) -> None:
    async with desk.chat("en") as chat:
        await chat.say(sentence)
        ref = (await chat.opened())["portability"]
    request = await desk.assembly.services.read(lambda unit: get_request(unit.session, ref))
    assert "transfer_to" not in request.details
