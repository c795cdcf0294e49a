"""The ready blocks against small servers that speak what the systems document: read, erased, changed, and failing."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from importlib import resources
from typing import Any

import pytest
from aiohttp import web

from assistant.domain.http_map import HttpMap
from assistant.domain.plan import (
    DELETED_LATER,
    Identity,
    Located,
    Operation,
    Order,
    Proposal,
    Step,
    StepOutcome,
)
from assistant.domain.retention import RetentionRule
from assistant.errors import AssistantError, EffectNotVerified, SourceMisfit, SourceUnavailable
from assistant.sources.http.client import HttpSettings
from assistant.sources.http.source import HttpSource
from assistant.sources.keeping import Retention
from tests.doubles.http_systems import (
    HTML,
    KEY,
    SYSTEMS,
    Analytics,
    Listmonk,
    Mailchimp,
    OneSignal,
    Stripe,
    System,
    failing,
    mari,
    page_of_a_website,
    too_many,
)
from tests.integration.sources.shop import no_progress

TODAY = date(2026, 11, 26)
RETENTION = Retention({"accounting": RetentionRule("accounting", "Accounting Act", "section 12", years=7)})
MARI = Identity(
    emails=("mari.tamm+shop@mail.example",),
    client_ids=("C-10001",),
    others=(("analytics", "GA1.2.3"), ("conversation", "x")),
)
NOBODY = Identity(emails=("nobody@mail.example",), client_ids=("C-99999",))
# What each system holds of her, by table.
HELD: dict[type[System], dict[str, int]] = {
    Listmonk: {"subscribers": 1},
    Mailchimp: {"members": 2, "activity": 14},
    Stripe: {"customers": 2, "payment_methods": 10, "invoices": 6},
    OneSignal: {"users": 1, "subscriptions": 2},
    Analytics: {"visits_by_user": 1, "visits_by_browser": 1},
}


def block(name: str) -> HttpMap:
    text = (resources.files("assistant.sources.http") / "blocks" / f"{name}.toml").read_text("utf-8")
    return HttpMap.model_validate(tomllib.loads(text))


class Opened:
    """A system that runs, as a source of the desk; pauses are noted, not waited for."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.pauses: list[float] = []
        settings = HttpSettings(system.values, system.secrets, system.url)
        self.source = HttpSource(system.block, block(system.block), settings, RETENTION, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def locate(self, identity: Identity = MARI) -> Located:
        return await self.source.locate(identity)

    async def propose(self, operation: Operation, **more: Any) -> Proposal:
        return await self.source.propose(await self.locate(), Order(operation, TODAY, **more))

    async def carry_out(self, operation: Operation, **more: Any) -> StepOutcome:
        located, order = await self.locate(), Order(operation, TODAY, **more)
        proposal = await self.source.propose(located, order)
        assert proposal.step is not None
        return await self.source.carry_out(proposal.step, located, order, no_progress)

    async def rows(self, **options: bool) -> dict[str, list[dict[str, Any]]]:
        located = await self.locate()
        return {
            table.table: [
                dict(zip(table.columns, row, strict=True)) async for batch in table.rows for row in batch
            ]
            async for table in self.source.export(located, **options)
        }


@asynccontextmanager
async def opened(kind: type[System]) -> AsyncIterator[Opened]:
    async with kind().running() as system:
        found = Opened(system)
        yield found
        await found.source.close()


@pytest.fixture
async def at(request: pytest.FixtureRequest) -> AsyncIterator[Opened]:
    async with opened(request.param) as found:
        yield found


each = pytest.mark.parametrize("at", SYSTEMS, indirect=True, ids=lambda kind: kind.block)


def only(kind: type[System]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("at", [kind], indirect=True, ids=[kind.block])


@each
async def test_everything_of_the_person_is_found_and_nothing_of_anybody_else(at: Opened) -> None:
    located = await at.locate()
    assert {table.table: table.rows for table in located.tables} == HELD[type(at.system)]
    if not isinstance(at.system, Analytics):  # which tells nobody whom it knows
        assert (await at.locate(NOBODY)).rows == 0


@each
async def test_trying_it_says_that_it_answers(at: Opened) -> None:
    assert [finding.level for finding in await at.source.check()] == ["ok"]


@each
async def test_a_copy_holds_every_field_but_the_hidden_ones(at: Opened) -> None:
    rows = await at.rows()
    assert {table: len(found) for table, found in rows.items()} == HELD[type(at.system)]
    assert "a-push-token" not in str(rows)
    assert "_links" not in str(rows)
    for table in at.source.http_map.tables:
        told = {name.partition("@")[0] for name in table.meanings}
        assert told == table.columns.keys(), "each column has its meaning"
        assert {f"{name}@fr" for name in told} <= table.meanings.keys()


@each
async def test_erasing_reaches_what_the_plan_says_and_nothing_of_anybody_else(at: Opened) -> None:
    before = at.system.dump()
    located = await at.locate()
    proposal = await at.propose(Operation.ERASE)
    assert not proposal.conflicts
    outcome = await at.carry_out(Operation.ERASE)
    assert outcome.rows_done == proposal.step.rows if proposal.step else None
    after = at.system.dump()
    others_stay(at.system, before, after)
    if isinstance(at.system, Analytics):
        assert sorted(at.system.ordered, key=str) == [{"clientId": "GA1.2.3"}, {"userId": "C-10001"}]
        assert [keep.rule for keep in proposal.keeps] == [DELETED_LATER] * 2
        return
    # Twice is the same: what is done already is seen to be done.
    order = Order(Operation.ERASE, TODAY)
    assert proposal.step
    again = await at.source.carry_out(proposal.step, located, order, no_progress)
    assert at.system.dump() == after
    assert again.rows_done == (2 if isinstance(at.system, Stripe) else 0)  # the search still lists them


def others_stay(system: System, before: Any, after: Any) -> None:
    match system:
        case Listmonk():
            assert after == {number: each for number, each in before.items() if number != 1}
        case Mailchimp():
            assert after == {k: v for k, v in before.items() if v[0]["email_address"] == "luc@mail.example"}
        case Stripe():
            assert after["cus_2"] == before["cus_2"]
            assert [after[k][0].get("deleted") for k in ("cus_1", "cus_3")] == [True, True]
            assert [after[k][1] for k in ("cus_1", "cus_3")] == [[], []]
        case OneSignal():
            assert after == {"0000-2": before["0000-2"]}


FAILURES: dict[str, Callable[[], list[web.Response | str]]] = {
    "too many calls": lambda: [too_many(), too_many(header="RetryAfter")],
    "a date to wait for": lambda: [too_many("Wed, 26 Nov 2036 20:00:00 GMT")],
    "an error of the server": lambda: [failing(500), failing(502), failing(503)],
    "a connection that is cut": lambda: ["cut", "cut"],
    "done, and nobody heard of it": lambda: ["after", "after", "after"],
    "a page of a website": lambda: [page_of_a_website()],
    "broken JSON": lambda: [web.Response(text="{", content_type="application/json")],
    "down": lambda: [failing(500) for _ in range(5)],
    "sent elsewhere": lambda: [web.HTTPFound("https://elsewhere.example/")],
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("kind", SYSTEMS, ids=lambda kind: kind.block)
async def test_whatever_fails_at_whichever_call_the_end_is_the_same(kind: type[System], failure: str) -> None:
    """Let every call of an erasure fail once, in one run each; a run that gives up goes on where it was."""
    async with opened(kind) as calm:
        located = await calm.locate()
        step = (await calm.propose(Operation.ERASE)).step
        assert step
        begun = len(calm.system.calls)
        order = Order(Operation.ERASE, TODAY)
        await calm.source.carry_out(step, located, order, no_progress)
        number = len(calm.system.calls) - begun
        wanted = calm.system.dump()
    assert number
    for fails_at in range(number):
        async with opened(kind) as at:
            located = await at.locate()
            step = (await at.propose(Operation.ERASE)).step
            assert step
            await run_with_a_failure(at, step, located, failure, fails_at)
            if kind is Analytics:  # an order given twice is the same order
                assert {str(each) for each in at.system.dump()} == {str(each) for each in wanted}
            else:
                assert at.system.dump() == wanted, fails_at


async def run_with_a_failure(at: Opened, step: Step, located: Located, failure: str, fails_at: int) -> None:
    said: list[str] = []
    at.system.failures.extend([""] * fails_at)  # these calls are answered
    at.system.failures.extend(FAILURES[failure]())
    order = Order(Operation.ERASE, TODAY)
    for _ in range(4):
        try:
            await at.source.carry_out(step, located, order, no_progress)
        except (SourceUnavailable, EffectNotVerified) as error:
            said.append(str(error))
        else:
            break
    else:
        pytest.fail("it never came to an end")
    assert all(map(nothing_personal, said)), said


def nothing_personal(text: str) -> bool:
    return not any(word in text.lower() for word in ("mari", "tamm", "c-10001", "ga1.2.3", KEY))


@each
async def test_a_system_that_asks_to_slow_down_is_given_the_time_it_asks_for(at: Opened) -> None:
    await at.locate()
    at.pauses.clear()
    at.system.failures.append(too_many("7"))
    await at.source.check()
    assert 7.0 in at.pauses


@each
async def test_a_wrong_key_is_said_at_once_and_not_tried_again(at: Opened) -> None:
    at.system.secrets.clear()
    at.system.secrets |= {"key": "a-wrong-key", "refresh_token": "a-wrong-token"}
    wrong = Opened(at.system)
    with pytest.raises(SourceUnavailable, match="mend its secrets") as refused:
        await wrong.source.check()
    assert "a-wrong" not in str(refused.value)
    assert len(at.system.calls) == 1
    await wrong.source.close()


@each
async def test_a_page_of_a_website_is_never_taken_for_an_answer(at: Opened) -> None:
    if isinstance(at.system, Analytics):
        await at.source.check()  # signed in
    at.system.failures.extend([page_of_a_website(), page_of_a_website()])
    with pytest.raises(SourceUnavailable, match="text/html instead of JSON") as refused:
        await at.source.check()
    assert HTML not in str(refused.value)


@only(Analytics)
async def test_a_token_that_ended_before_its_time_is_renewed_once(at: Opened) -> None:
    await at.source.check()
    assert isinstance(at.system, Analytics)
    at.system.tokens = 7  # what was given out before holds no more
    await at.source.check()
    assert at.system.tokens == 8


# ── what single systems need ─────────────────────────────────────────────────────────────────────────


@only(Mailchimp)
async def test_a_stranger_whom_a_search_finds_beside_is_left_alone(at: Opened) -> None:
    assert {account.label for account in (await at.locate()).accounts} == {mari()}


@only(Listmonk)
@pytest.mark.parametrize(
    ("email", "rows"),
    [
        ("o'neill@mail.example", 1),
        ("' or 1=1; --@mail.example", 0),
        ("%@mail.example", 0),
        ("õun@mail.example", 0),
    ],
)
async def test_an_address_cannot_leave_the_expression_it_stands_in(at: Opened, email: str, rows: int) -> None:
    assert (await at.locate(Identity(emails=(email,)))).rows == rows


@only(Stripe)
async def test_a_quote_in_an_address_cannot_leave_the_search(at: Opened) -> None:
    assert (await at.locate(Identity(emails=('"mari" or email:"luc@mail.example',)))).rows == 0


@only(OneSignal)
@pytest.mark.parametrize("number", ["../../apps", "..", "C-10001/../C-10002", "a b?c=d#e", "C-10001%2F"])
async def test_a_client_number_cannot_lead_to_another_address(at: Opened, number: str) -> None:
    at.system.calls.clear()
    try:
        located = await at.locate(Identity(client_ids=(number,)))
    except SourceMisfit:
        assert number == ".."
        return
    assert located.rows == 0
    assert {path.count("/") for _, path in at.system.calls} == {6}


@only(Stripe)
async def test_invoices_stay_under_their_rule_until_its_day(at: Opened) -> None:
    proposal = await at.propose(Operation.ERASE)
    (keep,) = proposal.keeps
    assert (keep.table, keep.rows, keep.until) == ("invoices", 6, date(2032, 1, 1))
    late = await at.source.propose(await at.locate(), Order(Operation.ERASE, date(2040, 1, 1)))
    assert not late.keeps
    assert "6 of invoices are past their period" in late.conflicts[0].said


@pytest.mark.parametrize(
    ("kind", "purpose", "shows"),
    [
        (Listmonk, "newsletter", lambda held: held[1]["status"] == "blocklisted"),
        (
            Mailchimp,
            "marketing",
            lambda held: [m[0]["status"] for m in held.values()].count("unsubscribed") == 2,
        ),
        (OneSignal, "push", lambda held: not any(s["enabled"] for s in held["0000-1"]["subscriptions"])),
        (Analytics, "analytics", lambda held: len(held) == 2),
    ],
    ids=["listmonk", "mailchimp", "onesignal", "google-analytics"],
)
async def test_a_use_ends_for_this_person_only(
    kind: type[System], purpose: str, shows: Callable[[Any], bool]
) -> None:
    async with opened(kind) as at:
        before = at.system.dump()
        outcome = await at.carry_out(Operation.STOP, purposes=(purpose,))
        assert not outcome.already_done
        held = at.system.dump()
        assert shows(held)
        changed = [key for key in held if held[key] != before.get(key)] if isinstance(held, dict) else []
        assert len(changed) <= 2
        if kind is not Analytics:
            assert (await at.propose(Operation.STOP, purposes=(purpose,))).step is None
        assert (await at.propose(Operation.STOP, purposes=("something_else",))).step is None


@pytest.mark.parametrize("kind", [Listmonk, Mailchimp, Stripe], ids=lambda kind: kind.block)
async def test_an_address_is_corrected_and_seen_to_be(kind: type[System]) -> None:
    async with opened(kind) as at:
        outcome = await at.carry_out(Operation.RECTIFY, new_values={"email": "mari.uus@mail.example"})
        assert outcome.rows_done == (1 if kind is Listmonk else 2)
        assert str(at.system.dump()).count("mari.uus@mail.example") == outcome.rows_done
        assert "luc@mail.example" in str(at.system.dump())


async def test_a_change_that_does_not_show_is_no_success() -> None:
    async with opened(Listmonk) as at:

        async def does_nothing(request: web.Request) -> web.Response:
            return web.json_response({"data": True})

        at.system._block = does_nothing  # type: ignore[attr-defined]
        async with at.system.running():
            again = Opened(at.system)
            with pytest.raises(EffectNotVerified, match="not as planned"):
                await again.carry_out(Operation.STOP, purposes=("marketing",))
            await again.source.close()


async def test_pages_that_go_round_in_a_circle_end_with_an_error() -> None:
    async with opened(Stripe) as at:
        circle = {"object": "list", "data": [{"id": "pm_1"}], "has_more": True}

        async def round_and_round(request: web.Request) -> web.Response:
            return web.json_response(circle)

        at.system._cards = round_and_round  # type: ignore[attr-defined]
        async with at.system.running():
            again = Opened(at.system)
            with pytest.raises(AssistantError, match="circle"):
                await again.locate()
            await again.source.close()
