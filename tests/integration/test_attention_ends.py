"""Nobody is called for what is no longer so: whoever closes a request ends its call, and a plan ends the call of a failed try."""

from __future__ import annotations

import ast
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest

from assistant.casework.answers import answers, forwarding
from assistant.casework.decisions import closing, refusing
from assistant.casework.plans import execution, planning
from assistant.casework.requests.queue import Principal, Role
from assistant.domain.lifecycle import CLOSED, Status
from assistant.domain.rights import Right
from assistant.services import Unit
from assistant.store.tables import EvidenceRow, Outbox, PrivacyRequest
from tests.doubles.console_app import ConsoleSite, console_site
from tests.doubles.lost_texts import lose
from tests.integration.test_poisoned_rows import approved, planned, ready

LEAD = Principal("Liis", Role.LEAD, may_approve_irreversible=True)
CASEWORK = Path(planning.__file__).parents[1]


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as site:
        yield site


def refuse(unit: Unit, request: PrivacyRequest) -> None:
    request.right = Right.RECTIFICATION
    refusing.refuse(unit, request.ref, "data_accurate", "The register says the same.", LEAD)


def lapse(unit: Unit, request: PrivacyRequest) -> None:
    request.status = Status.VERIFYING
    closing.lapse(unit, request.ref, LEAD)


def deliver(unit: Unit, request: PrivacyRequest) -> None:
    forwarding.do_delivered(unit, Outbox(ref=request.ref, key="forward:x", channel="email", kind="mail"))


WAYS: Mapping[str, Callable[[Unit, PrivacyRequest], object]] = {
    "closing.withdraw": lambda unit, request: closing.withdraw(unit, [request]),
    "closing.close": lambda unit, request: closing.close(unit, request.ref, "We looked into it.", LEAD),
    "closing.lapse": lapse,
    "refusing.refuse": refuse,
    "forwarding.do_delivered": deliver,
}
# By rule, of what was planned: calls of a try end with its plan; what nobody has read yet still calls.
BY_RULE = {
    "answers.answer_nothing",
    "answers.answer_already",
    "answers.answer_done",
    "packages.answer_ready",
    "after_proof._joins_earlier",  # tests/integration/test_two_talks.py
}


def closes(node: ast.AST) -> bool:
    """Tell whether code moves a request to where it is closed."""
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
    moves = [each for each in calls if getattr(each.func, "id", "") == "move"]
    named = {
        at.attr
        for each in moves
        for arg in each.args
        for at in ast.walk(arg)
        if isinstance(at, ast.Attribute)
    }
    return bool(named & {status.name for status in CLOSED})


def test_every_way_of_closing_a_request_is_listed() -> None:
    found = {
        f"{path.stem}.{node.name}"
        for path in CASEWORK.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and closes(node)
    }
    assert found == WAYS.keys() | BY_RULE


@pytest.mark.parametrize("way", WAYS)
async def test_whoever_closes_a_request_ends_its_call(site: ConsoleSite, way: str) -> None:
    ref = site.refs["complaint"]

    def work(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, ref)
        request.attention = "new_message"
        unit.session.add(request)
        unit.session.flush()
        WAYS[way](unit, request)

    await site.services.write(work)
    request = await site.get(PrivacyRequest, ref)
    assert (request.status in CLOSED, request.attention) == (True, None)


async def test_what_was_carried_out_ends_the_call_of_what_failed_before(site: ConsoleSite) -> None:
    services = ready(site)

    def work(unit: Unit) -> str:
        action = approved(site, unit)
        unit.session.get_one(PrivacyRequest, site.refs["access"]).attention = "step_failed:source_unavailable"
        return action

    await services.write(work)
    await execution.carry_out_due(services)
    request = await site.get(PrivacyRequest, site.refs["access"])
    assert (request.status, request.attention) == (Status.ANSWERED, None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("source_unavailable:client-area", None),
        ("plan_failed:misfit", None),
        ("sweep_failed:plan", None),
        ("unread_mail", "unread_mail"),
    ],
)
async def test_a_plan_ends_the_call_of_a_try_that_failed_and_no_other(
    site: ConsoleSite, before: str, after: str | None
) -> None:
    services = ready(site)

    def work(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, planned(site, unit))
        request.attention = before
        unit.session.get_one(EvidenceRow, request.evidence_id).on_file = False

    await services.write(work)
    await planning.plan_due(services)
    request = await site.get(PrivacyRequest, site.refs["access"])
    assert (request.status, request.attention) == (Status.ANSWERED, after)


async def test_what_is_said_meanwhile_by_mail_and_cannot_be_written_calls_a_person(
    site: ConsoleSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(site.services, monkeypatch, "a_person_reads")

    def work(unit: Unit) -> None:
        answers.say_a_person_reads(unit, unit.session.get_one(PrivacyRequest, site.refs["access"]))

    await site.services.write(work)
    assert (await site.get(PrivacyRequest, site.refs["access"])).attention == "reply_unwritten:a_person_reads"
