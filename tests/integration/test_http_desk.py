"""A desk whose company also uses five systems elsewhere: found, copied and erased there too, and said so."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from assistant.sources.http.blocks import block
from tests.doubles.attacks import Victim, victims
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.desk_process import eventually
from tests.doubles.http_systems import SYSTEMS, Analytics, Listmonk, OneSignal, Stripe, System, failing
from tests.doubles.journeys import prove_in_chat
from tests.doubles.package_browser import Package, browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
_SOURCE = """
[[sources]]
name = "{block}"
kind = "http"
title = "The {block}"
url = "{url}"
map = "{block}.toml"
values = {values}
secrets = {secrets}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def systems() -> AsyncIterator[dict[str, System]]:
    async with AsyncExitStack() as stack:
        yield {kind.block: await stack.enter_async_context(kind().running()) for kind in SYSTEMS}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(
    tmp_path_factory: pytest.TempPathFactory, systems: dict[str, System]
) -> AsyncIterator[DeskInside]:
    folder = tmp_path_factory.mktemp("elsewhere")
    told = ""
    with pytest.MonkeyPatch.context() as patch:
        for name, system in systems.items():
            (folder / f"{name}.toml").write_text(block(name), encoding="utf-8")
            env = {key: f"{name}_{key}".upper().replace("-", "_") for key in system.secrets}
            for key, secret in system.secrets.items():
                patch.setenv(env[key], secret)
            told += _SOURCE.format(
                block=name, url=system.url, values=_toml(system.values), secrets=_toml(env)
            )
        async with desk_inside(folder, told) as opened:
            yield opened


def _toml(values: dict[str, str]) -> str:
    return "{" + ", ".join(f"{name} = {json.dumps(value)}" for name, value in values.items()) + "}"


@pytest.fixture
def person(desk: DeskInside, systems: dict[str, System]) -> Victim:
    """A client of the sample company whom the systems elsewhere know as well."""
    victim = next(victims(desk))
    news, stripe, push = systems["listmonk"], systems["stripe"], systems["onesignal"]
    assert isinstance(news, Listmonk)
    assert isinstance(stripe, Stripe)
    assert isinstance(push, OneSignal)
    news.subscribers[1]["email"] = victim.email.upper()
    for key in ("cus_1", "cus_3"):
        stripe.customers[key]["email"] = stripe.searchable[key]["email"] = victim.email
    push.users["0000-1"]["identity"]["external_id"] = victim.number
    return victim


async def test_a_copy_and_an_erasure_reach_every_system_and_the_letter_says_what_comes_later(
    desk: DeskInside, systems: dict[str, System], person: Victim
) -> None:
    async with desk.chat("en") as chat:
        await chat.say("Please send me a copy of all my data, and then delete everything.")
        refs = await chat.opened()
        await prove_in_chat(desk, chat, person.email, refs["access"])
    await desk.approve(refs["access"])
    await desk.forward("73h")
    await desk.until_status(refs["access"], "answered")
    letter = str((await desk.mail(person.email, "The copy of your data is ready")).get_content())
    async with browser(desk, letter, "en") as fetching:
        await fetching.want_code()
        await fetching.enter(await desk.code(person.email, seen=1))
        _, raw, _ = await fetching.download()
    package = Package.read(raw)
    assert package.counts("listmonk") == {"subscribers": 1}
    assert package.counts("stripe") == {"customers": 2, "payment_methods": 10, "invoices": 6}
    assert package.counts("onesignal") == {"users": 1, "subscriptions": 2}
    assert "The stripe" in package.index
    assert "a-push-token" not in str(package.files)

    stripe = systems["stripe"]
    stripe.failures.extend([failing(503) for _ in range(2)])  # it is down for a moment when its turn comes
    await desk.approve(refs["erasure"])
    await desk.forward("73h")
    await over(desk, refs["erasure"])
    told = str((await desk.mail(person.email, "Our answer to your request for erasure")).get_content())
    news, push, visits = systems["listmonk"], systems["onesignal"], systems["google-analytics"]
    assert isinstance(news, Listmonk)
    assert isinstance(push, OneSignal)
    assert isinstance(visits, Analytics)
    assert sorted(news.subscribers) == [2, 3]
    assert sorted(push.users) == ["0000-2"]
    assert {"userId": person.number} in visits.ordered
    assert isinstance(stripe, Stripe)
    assert [stripe.customers[key].get("deleted") for key in ("cus_1", "cus_2", "cus_3")] == [True, None, True]
    assert "we have ordered their erasure" in told
    assert "2032" in told  # the invoices of Stripe stay under the law of accounts
    assert person.email not in desk.log.getvalue()
    assert person.number not in desk.log.getvalue()


async def over(desk: DeskInside, ref: str) -> None:
    """Wait for the end; what a busy machine made fail is tried again when its pause on the desk's clock is over."""

    async def look() -> bool:
        await desk.forward("1m")
        await desk.idle()
        return bool((await desk.request(ref))["status"] == "answered")

    try:
        await eventually(look, f"{ref} to be answered")
    except AssertionError:
        request, seen = await desk.request(ref), [event["event"] for event in await desk.events(ref)]
        raise AssertionError(f"it is {request['status']}, {request['attention']}, after {seen}") from None


async def test_the_commands_name_each_system(desk: DeskInside) -> None:
    checked = [json.loads(line) for line in (await _command(desk, "sources", "check", "--json")).splitlines()]
    assert {row["source"] for row in checked if row["level"] == "ok"} >= {kind.block for kind in SYSTEMS}
    names = (await _command(desk, "sources", "block", config=False)).split()
    assert names == sorted(kind.block for kind in SYSTEMS)
    assert await _command(desk, "sources", "block", "stripe", config=False) == block("stripe") + "\n"


async def _command(desk: DeskInside, *arguments: str, config: bool = True) -> str:
    more = ["--config", str(desk.config)] if config else []
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "assistant", *arguments, *more],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
