"""Attacks on those who work at the desk: keeping them out, acting as them, and acting after they were stopped."""

from __future__ import annotations

import asyncio
import re
import threading
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest

from assistant.casework.agents import colleagues, credentials
from assistant.casework.requests.queue import Role
from assistant.config import WebChat
from assistant.errors import Conflict
from assistant.services import Unit
from assistant.store.tables import Action, Agent
from tests.doubles.agent_browser import AgentBrowser
from tests.doubles.agents import code_at
from tests.doubles.console_app import PASSWORD, ConsoleSite, console_site
from tests.doubles.desk_process import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sqlmodel import Session

ROOT = Path(__file__).parents[2]

WRONG = "a wrong password of the attacker"


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared, webchat=WebChat(behind_proxy=True)) as site:
        yield site


async def test_a_flood_of_wrong_sign_ins_from_elsewhere_never_stops_a_known_browser(
    site: ConsoleSite,
) -> None:
    """B23: the account is locked for strangers, and neither its agent's browser nor a fresh code in it is."""
    async with AgentBrowser(site, "Liis") as own, AgentBrowser(site, "Liis", "198.51.100.9") as stranger:
        assert await own.sign_in() == 200
        for _ in range(6):
            assert await stranger.sign_in(password=WRONG) == 401
        assert (await site.get(Agent, "Liis")).locked_until is not None
        assert await stranger.sign_in() == 401, "the right ones do not help elsewhere"
        await own.get("queue")
        await own.post("sign-out")
        assert await own.sign_in() == 200, own.told()


async def test_a_known_browser_counts_its_own_failures(site: ConsoleSite) -> None:
    """B23: who stole a cookie of a browser guesses no more often than anybody, and locks only that browser."""
    async with AgentBrowser(site, "Liis") as thief, AgentBrowser(site, "Liis") as own:
        await thief.sign_in()
        await thief.post("sign-out")
        for _ in range(5):
            await thief.sign_in(code="000000")
        assert await thief.sign_in() == 401
        assert await own.sign_in() == 200


async def test_one_address_fails_only_so_often_whatever_name_it_tries(site: ConsoleSite) -> None:
    """B23: and says the same of names that are there and of names that are not; others go on."""
    async with AgentBrowser(site, "Nobody", "198.51.100.9") as stranger, AgentBrowser(site, "Tiina") as own:
        told = []
        for number in range(22):
            stranger.name = "Tiina" if number == 3 else f"Nobody {number}"
            told.append((await stranger.sign_in(password=WRONG), stranger.told()))
        assert {words for _, words in told} == {told[0][1]}
        assert [status for status, _ in told] == [401] * 20 + [429] * 2
        assert await own.sign_in() == 200


async def test_a_forwarded_address_counts_only_behind_a_proxy(tmp_path: Path, prepared: ConsoleSite) -> None:
    """B23: without a proxy of ours nobody names an address of their own."""
    async with console_site(tmp_path, prepared) as site:
        statuses = []
        for number in range(21):
            async with AgentBrowser(site, "Nobody", f"198.51.100.{number}") as stranger:
                statuses.append(await stranger.sign_in(password=WRONG))
        assert statuses == [401] * 20 + [429]


async def test_what_our_own_proxy_wrote_last_is_the_address(site: ConsoleSite) -> None:
    """B23: whatever a visitor claims before it."""
    statuses = []
    for number in range(21):
        async with AgentBrowser(site, "Nobody", f"203.0.113.{number}, 198.51.100.9") as stranger:
            statuses.append(await stranger.sign_in(password=WRONG))
    assert statuses == [401] * 20 + [429]


async def test_wrong_fresh_codes_end_the_session_that_they_are_typed_in_and_nothing_else(
    site: ConsoleSite,
) -> None:
    """B23: who took a session over gets five guesses; the agent's other browser and sign-in go on."""
    action = site.actions["erasure"]
    async with AgentBrowser(site, "Liis") as taken, AgentBrowser(site, "Liis") as own:
        await own.sign_in()
        await taken.sign_in()
        site.clock.at += timedelta(minutes=11)
        await taken.get("queue")
        for _ in range(5):
            await taken.post(f"plans/{action}/approve", code="000000", plan_hash="0" * 64)
            assert taken.status == 401
        await taken.get("queue")
        assert taken.path == "/console/sign-in"
        plan = await site.get(Action, action)
        await own.get("queue")
        await own.post(f"plans/{action}/approve", code=site.code("Liis"), plan_hash=plan.plan_hash)
        assert (await site.get(Action, action)).state == "approved"
        assert await taken.sign_in() == 200


async def test_a_recovery_code_lets_in_once_and_lifts_the_lock(site: ConsoleSite) -> None:
    """B23: also past an address that failed too often; never without the password, and never twice."""
    async with AgentBrowser(site, "Liis") as own, AgentBrowser(site, "Nobody", "198.51.100.9") as elsewhere:
        await own.sign_in()
        await own.get("account")
        page = await own.post("account/recovery", code=site.code("Liis"))
        codes = re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", page)
        assert len(codes) == 10
        assert codes[0] not in await own.get("account"), "shown once"
        for number in range(21):
            elsewhere.name = "Liis" if number < 5 else "Nobody"
            await elsewhere.sign_in(password=WRONG)
        elsewhere.name = "Liis"
        assert await elsewhere.sign_in() == 429
        assert await elsewhere.sign_in(code=codes[0], password=WRONG) == 401
        assert await elsewhere.sign_in(code=codes[0].lower().replace("-", " ")) == 200
        assert (await site.get(Agent, "Liis")).locked_until is None
        assert "9 recovery codes are left" in await elsewhere.get("account")
        async with AgentBrowser(site, "Liis", "198.51.100.9") as again:
            assert await again.sign_in(code=codes[0]) == 401


# ── acting as an agent, or after they were stopped ──────────────────────────────────────────────────


@asynccontextmanager
async def writer_held(site: ConsoleSite, work: Callable[[Unit], object]) -> AsyncIterator[None]:
    """Do a piece of work in the writer, but only once the act inside this context waits behind it."""
    go = threading.Event()

    def one_unit(unit: Unit) -> None:
        go.wait(10)
        work(unit)

    held = asyncio.create_task(site.services.write(one_unit))
    await asyncio.sleep(0)
    waiting = site.services.store._jobs

    async def an_act() -> bool:
        return waiting.qsize() > 0

    async def let_go() -> None:
        try:
            await eventually(an_act, "an act that waits")
        finally:
            go.set()

    letting = asyncio.create_task(let_go())
    yield
    await asyncio.gather(held, letting)


STOPPED: dict[str, Callable[[ConsoleSite, Session], object]] = {
    "disabled": lambda site, s: colleagues.disable(Unit(site.services, s), "Marc", colleagues.OPERATOR),
    "another_role": lambda site, s: colleagues.change_role(
        Unit(site.services, s), "Marc", Role.AUDITOR, colleagues.OPERATOR
    ),
    "session_ended": lambda _, s: credentials.end_all(s, "Marc"),
}


@pytest.mark.parametrize("how", STOPPED)
async def test_whoever_is_stopped_while_approving_approves_nothing(site: ConsoleSite, how: str) -> None:
    """B26: the press was on its way when the agent was stopped; who they are is asked where it is written."""
    action = site.actions["erasure"]
    plan = await site.get(Action, action)
    async with AgentBrowser(site, "Marc") as marc:
        await marc.sign_in()
        await marc.get("queue")
        async with writer_held(site, lambda unit: STOPPED[how](site, unit.session)):
            await marc.post(f"plans/{action}/approve", plan_hash=plan.plan_hash)
        assert (await site.get(Action, action)).state == "proposed"
        assert marc.status == 403 or marc.path == "/console/sign-in"


async def test_a_token_revoked_while_it_approves_approves_nothing(site: ConsoleSite) -> None:
    """B26: the same by the API; and a token that has ended is none."""
    action, token = site.actions["erasure"], await site.token("Marc", may_approve_irreversible=True, days=1)
    plan = await site.get(Action, action)
    url = f"{site.url}/api/v1/queue/{action}/approve"
    headers = {"Authorization": f"Bearer {token}"}
    (row,) = await site.services.read(lambda unit: credentials.tokens_of(unit.session, "Marc"))

    def revoke(unit: Unit) -> None:
        colleagues.revoke_token(unit, credentials.token_id(row), colleagues.OPERATOR)

    async with aiohttp.ClientSession(headers=headers) as http:
        async with writer_held(site, revoke), http.post(url, json={"plan_hash": plan.plan_hash}) as answer:
            assert answer.status == 401
        later = await site.token("Marc", days=1)
        site.clock.at += timedelta(days=1)
        async with http.get(
            f"{site.url}/api/v1/queue", headers={"Authorization": f"Bearer {later}"}
        ) as answer:
            assert answer.status == 401
    assert (await site.get(Action, action)).state == "proposed"


async def test_a_session_ends_after_twelve_hours_however_much_it_is_used(site: ConsoleSite) -> None:
    """B26: a stolen cookie is not kept alive by using it."""
    async with AgentBrowser(site, "Liis") as liis:
        await liis.sign_in()
        for _ in range(7):
            site.clock.at += timedelta(minutes=100)
            await liis.get("queue")
            assert liis.path == "/console/queue"
        site.clock.at += timedelta(minutes=21)
        await liis.get("queue")
        assert liis.path == "/console/sign-in"


async def test_a_lead_needs_a_fresh_code_for_what_concerns_others_and_decides_nothing_about_herself(
    site: ConsoleSite,
) -> None:
    """B26: an open browser of a lead gives nobody a role; no one raises their own, and nobody removes the last lead."""
    async with AgentBrowser(site, "Liis") as liis, AgentBrowser(site, "Marc") as marc:
        await liis.sign_in()
        await marc.sign_in()
        await marc.get("queue")
        await marc.post("agents/Marc/role", role="lead", code=site.code("Marc"))
        assert (marc.status, (await site.get(Agent, "Marc")).role) == (403, "approver")
        await marc.post("agents/Liis/disable")
        assert (await site.get(Agent, "Liis")).active
        site.clock.at += timedelta(minutes=11)
        await liis.get("agents/Marc")
        for verb in ("role", "disable", "enable", "authenticator"):
            await liis.post(f"agents/Marc/{verb}", role="lead")
            assert liis.status == 401, verb
        assert (await site.get(Agent, "Marc")).role == "approver"
        for verb in ("disable", "role", "authenticator"):
            await liis.post(f"agents/Liis/{verb}", role="agent", code=site.code("Liis"))
            assert liis.status == 403, verb
        await liis.post("agents/Marc/disable")
        assert not (await site.get(Agent, "Marc")).active
        await marc.get("queue")
        assert marc.path == "/console/sign-in"
        assert await marc.sign_in() == 401
    with pytest.raises(Conflict, match="last lead"):
        await site.services.write(lambda unit: colleagues.disable(unit, "Liis", colleagues.OPERATOR))


async def test_a_lead_gives_a_colleague_an_authenticator_and_never_a_password(site: ConsoleSite) -> None:
    """B26: with both one person could sign in as two and approve twice."""
    async with AgentBrowser(site, "Liis") as liis, AgentBrowser(site, "Marc") as marc:
        await marc.sign_in()
        await liis.sign_in()
        await liis.get("agents/Marc")
        page = await liis.post("agents/Marc/authenticator")
        (secret,) = re.findall(r"\b[A-Z2-7]{32}\b", page)
        await marc.get("queue")
        assert marc.path == "/console/sign-in"
        assert await marc.sign_in() == 401, "the old one gives no more codes"
        new = code_at(secret, site.clock.at.timestamp())
        assert await marc.sign_in(code=new) == 200
        await liis.post("agents/Marc/password", new="a password of the lead", again="a password of the lead")
        assert liis.status == 404
        assert await liis.sign_in() == 200


async def test_a_password_is_changed_by_who_knows_it_and_ends_every_other_session(site: ConsoleSite) -> None:
    """B26: neither an open browser nor a password that was read over a shoulder is enough."""
    new = "another invented password"
    async with AgentBrowser(site, "Liis") as own, AgentBrowser(site, "Liis") as other:
        await other.sign_in()
        await own.sign_in()
        await own.get("account")
        for wrong in (
            {"password": WRONG, "code": site.code("Liis")},
            {"password": PASSWORD, "code": "000000"},
            {"password": PASSWORD, "code": site.code("Liis"), "again": "something else at all"},
            {"password": PASSWORD, "code": site.code("Liis"), "new": "short", "again": "short"},
            {
                "password": PASSWORD,
                "code": site.code("Liis"),
                "new": "Welcome 123456!",
                "again": "Welcome 123456!",
            },
            {
                "password": PASSWORD,
                "code": site.code("Liis"),
                "new": "liis liis 2026",
                "again": "liis liis 2026",
            },
        ):
            await own.post("account/password", **{"new": new, "again": new, **wrong})
            assert own.status in (401, 422), wrong
        await own.post("account/password", password=PASSWORD, code=site.code("Liis"), new=new, again=new)
        assert "Your password is changed" in own.text
        await other.get("queue")
        assert other.path == "/console/sign-in"
        assert await other.sign_in() == 401
        assert await other.sign_in(password=new) == 200
        await own.get("account")
        assert own.text.count('name="ident"') == 1, "the other browser's session is listed, to be ended"
        ident = re.search(r'name="ident" value="(\w+)"', own.text)
        assert ident
        await own.post("account/end_session", ident=ident[1])
        await other.get("queue")
        assert other.path == "/console/sign-in"


async def test_an_authenticator_is_changed_once_the_new_one_gives_a_code(site: ConsoleSite) -> None:
    """B26: what was offered to somebody else, or made up, is nobody's."""
    async with AgentBrowser(site, "Liis") as own, AgentBrowser(site, "Tiina") as other:
        await own.sign_in()
        await other.sign_in()
        await own.get("account")
        page = await own.post("account/authenticator", password=PASSWORD, code=site.code("Liis"))
        secret, offer = (
            re.findall(r"\b[A-Z2-7]{32}\b", page)[0],
            re.findall(r'name="offer" value="([^"]+)"', page)[0],
        )
        code = code_at(secret, site.clock.at.timestamp())
        await other.get("account")
        for made_up in (offer, "", "AAAA", "é", offer[:-8]):
            await other.post("account/authenticator_take", offer=made_up, code=code)
            assert other.status == 422
        await own.post("account/authenticator_take", offer=offer, code="000000")
        assert own.status == 422
        assert secret in own.text, "one slip costs nobody the secret that is in their device by now"
        assert offer in own.text
        assert "does not show this code" in own.text
        await own.post("account/authenticator_take", offer=offer, code=code)
        assert "The new authenticator is in use" in own.text
        site.clock.at += timedelta(seconds=30)
        assert await own.sign_in(code=code_at(secret, site.clock.at.timestamp())) == 200
        assert await own.sign_in() == 401


async def test_nobody_ends_what_is_a_colleagues_from_their_own_account(site: ConsoleSite) -> None:
    """B26: an id of a session or of a token ends only one's own; a lead does it on the colleague's page."""
    await site.token("Liis")
    (token,) = await site.services.read(lambda unit: credentials.tokens_of(unit.session, "Liis"))
    async with AgentBrowser(site, "Liis") as liis, AgentBrowser(site, "Tiina") as tiina:
        await liis.sign_in()
        await tiina.sign_in()
        (row,) = await site.services.read(lambda unit: credentials.sessions_of(unit.session, "Liis"))
        await tiina.get("account")
        await tiina.post("account/end_session", ident=credentials.session_id(row))
        assert tiina.status == 404
        await tiina.post("account/revoke", ident=credentials.token_id(token))
        assert tiina.status == 404
        await liis.get("account")
        await liis.post("account/revoke", ident=credentials.token_id(token))
        assert "That token has ended" in liis.text


def test_every_page_writes_as_who_the_agent_is_by_then() -> None:
    """B26: only the sign-in, and what looks who is there, write beside `Visit.write`."""
    beside = {
        file.name
        for file in (ROOT / "assistant" / "web" / "console").glob("*.py")
        if re.search(r"services\.(prepare_and_)?write\(", file.read_text("utf-8"))
    }
    assert beside == {"access.py", "sign_in.py"}
