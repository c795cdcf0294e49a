"""Suppression is asked: by other programs, by a mailing tool's operator, and by the desk itself once a day."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlmodel import select
from typer.testing import CliRunner

from assistant.casework.agents import staff
from assistant.casework.requests.queue import Scope
from assistant.casework.uses import stopping_again
from assistant.casework.uses.suppression import subject_of
from assistant.cli import app
from assistant.demo.people import AGENTS
from assistant.errors import SourceUnavailable
from assistant.interfaces import AddressBatch
from assistant.opening import SystemClock
from assistant.services import Services, Unit
from assistant.store.tables import Audit, Note, Suppression
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import links_in

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("suppression")]
STOP = "Please stop sending me marketing emails."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("suppression")) as desk:
        yield desk


@pytest.fixture(scope="module")
def readers(desk: DeskInside) -> list[tuple[str, int]]:
    """Clients who agreed to advertising and read a newsletter, each the only one with their address."""
    found = desk.query(
        "SELECT c.email, c.id FROM clients c JOIN newsletter_subscriptions n"
        " ON lower(n.email) = lower(c.email) WHERE c.marketing_opt_in = 1 AND n.status = 'subscribed'"
        " AND c.id > 20 AND (SELECT count(*) FROM clients o WHERE lower(o.email) = lower(c.email)) = 1"
        " GROUP BY c.id ORDER BY c.id"
    )
    assert len(found) > 8
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def token(desk: DeskInside) -> str:
    services = desk.assembly.services
    return await services.write(lambda unit: staff.new_token(unit, AGENTS[0].name, Scope.SUPPRESSION))


async def objects(desk: DeskInside, email: str) -> None:
    async with desk.chat("en") as chat:
        await chat.say(STOP)
        ref = (await chat.opened())["objection"]
        await chat.asked("email")
        await chat.say(email)
        await desk.until_status(ref, "answered")


def marketed(desk: DeskInside, email: str, client: int) -> tuple[bool, int]:
    (agreed,) = desk.query("SELECT marketing_opt_in FROM clients WHERE id = ?", client)[0]
    reads = desk.query(
        "SELECT id FROM newsletter_subscriptions WHERE lower(email) = lower(?) AND status = 'subscribed'",
        email,
    )
    return bool(agreed), len(reads)


def brought_back(desk: DeskInside, email: str, client: int) -> None:
    """Have a sync write the old state over the new one, as it does when nobody told the other system."""
    desk.change("UPDATE clients SET marketing_opt_in = 1 WHERE id = ?", client)
    desk.change(
        "UPDATE newsletter_subscriptions SET status = 'subscribed' WHERE lower(email) = lower(?)", email
    )


async def another_day(desk: DeskInside) -> int:
    await desk.forward("24h")
    return await stopping_again.stop_again(desk.assembly.services)


async def audited(desk: DeskInside) -> list[dict[str, Any]]:
    def entries(unit: Unit) -> list[dict[str, Any]]:
        return [row.data for row in unit.session.exec(select(Audit)) if row.event == "stopped_again"]

    return await desk.assembly.services.read(entries)


# ── the look-up ─────────────────────────────────────────────────────────────────────────────────────


async def test_another_program_learns_which_of_its_own_addresses_to_leave_out(
    desk: DeskInside, readers: list[tuple[str, int]], token: str
) -> None:
    email, _ = readers[0]
    await objects(desk, email)

    shouted, stranger = f" {email.upper()}", "someone.else@mail.example"
    status, body = await desk.api_status(
        "POST", "/suppressed", token=token, json={"addresses": [stranger, shouted, "+372 5555 1234"]}
    )

    assert (status, body) == (200, {"suppressed": [shouted]})


async def test_a_number_is_the_same_however_it_is_written(desk: DeskInside, token: str) -> None:
    services = desk.assembly.services
    async with desk.chat("en") as chat:
        await chat.say("I object to marketing.")
        await chat.asked("email")
        await chat.say("0033 6 12 34 56 78")
        answer = await chat.until(lambda m: "no more marketing" in m["text"], "that marketing is off")
        assert "0033 6 12 34 56 78" in answer["text"]
        assert "notice" not in answer["text"], "nothing can be mailed to a number"

    status, body = await desk.api_status(
        "POST", "/suppressed", token=token, json={"addresses": ["+33 (6) 12.34.56.78", "+33612345679"]}
    )
    assert (status, body) == (200, {"suppressed": ["+33 (6) 12.34.56.78"]})
    assert "33612345678" not in str(
        await services.read(lambda unit: unit.session.exec(select(Suppression)).all())
    )


async def test_only_a_token_made_for_it_may_ask_and_it_may_ask_nothing_else(
    desk: DeskInside, token: str
) -> None:
    asked = {"addresses": ["someone@mail.example"]}
    assert (await desk.api_status("POST", "/suppressed", json=asked))[0] == 403
    assert (await desk.api_status("POST", "/suppressed", token="pd_nobody", json=asked))[0] == 401
    for path in ("/requests", "/queue", "/reports/summary", "/conversations/x"):
        assert (await desk.api_status("GET", path, token=token))[0] == 403, path
    assert (await desk.api_status("POST", "/queue/x/approve", token=token, json={"plan_hash": "0" * 64}))[
        0
    ] == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"addresses": []},
        {"addresses": ["someone@mail.example"] * 1001},
        {"addresses": ["x" * 400 + "@mail.example"]},
        {"addresses": ["someone@mail.example", "Jane Doe"]},
        {"addresses": ["someone@mail.example"], "export": True},
        {"addresses": "someone@mail.example"},
    ],
)
async def test_what_is_no_list_of_addresses_is_refused_without_repeating_it(
    desk: DeskInside, token: str, body: dict[str, Any]
) -> None:
    status, told = await desk.api_status("POST", "/suppressed", token=token, json=body)
    assert status == 422
    assert "addresses" in told["title"] or "export" in told["title"]
    assert "Jane" not in json.dumps(told)


async def test_asking_too_often_is_refused_and_asking_is_counted(desk: DeskInside, token: str) -> None:
    services = desk.assembly.services
    before = services.counts["suppression_addresses"]
    await desk.forward("2m")
    asked = {"addresses": ["one@mail.example", "two@mail.example"]}
    statuses = [
        (await desk.api_status("POST", "/suppressed", token=token, json=asked))[0] for _ in range(121)
    ]
    assert statuses[:120] == [200] * 120
    assert statuses[120] == 429
    await desk.forward("2m")
    assert (await desk.api_status("POST", "/suppressed", token=token, json=asked))[0] == 200
    assert services.counts["suppression_addresses"] - before == 2 * 121
    async with desk.http.get(f"{desk.monitor}/metrics") as answer:
        told = await answer.text()
    assert f"privacy_desk_suppression_addresses_total {services.counts['suppression_addresses']}.0" in told
    assert "mail.example" not in told


async def test_a_mailing_tools_own_list_is_filtered_on_the_command_line(
    desk: DeskInside, readers: list[tuple[str, int]], tmp_path: Path
) -> None:
    email, _ = readers[6]
    await objects(desk, email)
    mailing = tmp_path / "list.txt"
    mailing.write_text(
        f"\ufeffsomeone.else@mail.example\r\n{email.title()}\r\n\r\n{email.title()}\r\n", "utf-8"
    )
    command = ["suppressed", "filter", str(mailing), "--config", str(desk.config)]

    assert CliRunner().invoke(app, command).stdout == f"{email.title()}\n"
    as_json = CliRunner().invoke(app, [*command, "--json"])
    assert [json.loads(line) for line in as_json.stdout.splitlines()] == [{"address": email.title()}]

    piped = CliRunner().invoke(app, ["suppressed", "filter", "-", *command[3:]], input=f"{email}\n")
    assert piped.stdout == f"{email}\n"

    mailing.write_text("address;name\nsomeone@mail.example;Jane\n", "utf-8")
    refused = CliRunner().invoke(app, command)
    assert refused.stdout == ""
    assert str(refused.exception).startswith("line 1: is neither an e-mail address nor a telephone number")


# ── the sweep ───────────────────────────────────────────────────────────────────────────────────────


async def test_whoever_a_sync_brings_back_is_stopped_again_and_nobody_else(
    desk: DeskInside, readers: list[tuple[str, int]]
) -> None:
    email, client = readers[1]
    await objects(desk, email)
    assert await another_day(desk) == 0, "nothing had come back"
    before, entries = desk.dump(), len(await audited(desk))
    brought_back(desk, email, client)
    assert marketed(desk, email, client) != (False, 0)

    assert await another_day(desk) == 1

    assert marketed(desk, email, client) == (False, 0)
    assert desk.dump() == before, (
        "the rows of everybody else, and whatever was stopped already, are as they were"
    )
    told = await audited(desk)
    assert len(told) == entries + 1
    assert told[-1]["source"] == "client-area"
    assert email not in json.dumps(told[-1])
    assert await another_day(desk) == 0


async def test_who_agreed_again_after_objecting_is_left_alone(
    desk: DeskInside, readers: list[tuple[str, int]]
) -> None:
    email, client = readers[2]
    await objects(desk, email)
    await desk.forward("48h")
    agreed = desk.clock.now().strftime("%Y-%m-%d %H:%M:%S")
    brought_back(desk, email, client)
    desk.change(
        "UPDATE newsletter_subscriptions SET confirmed_at = ? WHERE lower(email) = lower(?)", agreed, email
    )

    assert await another_day(desk) == 0
    assert marketed(desk, email, client)[1] > 0

    await objects(desk, email)  # and objects anew
    brought_back(desk, email, client)
    assert await another_day(desk) == 1
    assert marketed(desk, email, client) == (False, 0)


async def test_after_undo_nothing_is_stopped_again(desk: DeskInside, readers: list[tuple[str, int]]) -> None:
    email, client = readers[3]
    await objects(desk, email)
    undo = links_in(
        (await desk.mail(email, "Marketing to this address is off")).get_content(), "/verify/undo/"
    )[0]
    await desk.press(undo, answer="undo_sure")
    brought_back(desk, email, client)

    assert await another_day(desk) == 0
    assert marketed(desk, email, client) != (False, 0)


async def test_nobody_can_make_the_undo_of_a_notice_useless_by_objecting_once_more(
    desk: DeskInside, readers: list[tuple[str, int]]
) -> None:
    """Whoever objects in somebody's name proves nothing, and the one notice of the day is all its holder has."""
    email, _ = readers[7]
    await objects(desk, email)
    notice = await desk.mail(email, "Marketing to this address is off")
    await objects(desk, email)
    await desk.idle()
    assert len([mail for mail in desk.mails(email) if mail["subject"] == notice["subject"]]) == 1
    await desk.press(links_in(notice.get_content(), "/verify/undo/")[0], answer="undo_sure")
    services = desk.assembly.services
    key = (subject_of(services.keyring, email), "marketing")
    assert await services.read(lambda unit: unit.session.get(Suppression, key)) is None


class Cut:
    """A source that goes away after its first batch."""

    def __init__(self, source: Any) -> None:
        self.source, self.batches = source, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)

    async def addresses(self, purpose: str, after: str | None) -> AddressBatch:
        if self.batches:
            raise SourceUnavailable
        self.batches += 1
        batch: AddressBatch = await self.source.addresses(purpose, after)
        return batch

    async def agreed_at(self, *_: Any) -> None:
        raise SourceUnavailable


def with_sources(services: Services, *sources: Any) -> Services:
    return services.with_parts(sources=sources)


async def test_a_source_that_goes_away_stops_no_other_and_goes_on_where_it_ended(
    desk: DeskInside, readers: list[tuple[str, int]]
) -> None:
    email, client = readers[4]
    await objects(desk, email)
    assert await another_day(desk) == 0
    brought_back(desk, email, client)
    await desk.forward("24h")
    services = desk.assembly.services
    (source,) = stopping_again.looked_through(services)
    cut = Cut(source)

    class Other(Cut):
        name = "other"

    other = Other(source)
    stopped = await stopping_again.stop_again(with_sources(services, cut, other))
    assert stopped == 1, "found in the first batch of the one or the other"
    assert marketed(desk, email, client) == (False, 0)

    note = await services.read(lambda unit: unit.session.get(Note, "marketing_looked_through:client-area"))
    assert note is not None
    place = json.loads(note.value)
    assert place["after"]

    seen: list[str | None] = []

    class Watched(Cut):
        async def addresses(self, purpose: str, after: str | None) -> AddressBatch:
            seen.append(after)
            batch: AddressBatch = await self.source.addresses(purpose, after)
            return batch

    await stopping_again.stop_again(with_sources(services, Watched(source)))
    assert seen[0] == place["after"], "it goes on from there"
    assert None not in seen
    seen.clear()
    await stopping_again.stop_again(with_sources(services, Watched(source)))
    assert seen == [], "once a day"


async def test_objecting_again_counts_from_then(desk: DeskInside, readers: list[tuple[str, int]]) -> None:
    email, _ = readers[5]
    await objects(desk, email)
    services = desk.assembly.services
    subject = subject_of(services.keyring, email)

    async def since() -> Any:
        row = await services.read(lambda unit: unit.session.get(Suppression, (subject, "marketing")))
        assert row is not None
        return row.since

    first = await since()
    await desk.forward("48h")
    await objects(desk, email)
    assert await since() > first
    assert SystemClock().now() < await since()
