"""The API over HTTP, on a real store."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from sqlmodel import col, select

from assistant.casework import audit
from assistant.casework.proof import attaching
from assistant.casework.requests import queue
from assistant.casework.requests.queue import Scope
from assistant.domain.assurance import Method
from assistant.services import Unit
from assistant.store import queries
from assistant.store.tables import Action, Audit, Conversation, Outbox, PrivacyRequest
from tests.doubles.console_app import ConsoleSite, access_plan, console_site, erasure_plan

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from assistant.domain.plan import Plan


class Api:
    """One program with one token."""

    def __init__(self, site: ConsoleSite, http: aiohttp.ClientSession, token: str) -> None:
        self.site, self.http, self.headers = site, http, {"Authorization": f"Bearer {token}"}

    async def get(self, path: str, **query: Any) -> tuple[int, Any]:
        return await self._answer(self.http.get(self._url(path), params=query, headers=self.headers))

    async def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        return await self._answer(self.http.post(self._url(path), json=body, headers=self.headers))

    def _url(self, path: str) -> str:
        return f"{self.site.url}/api/v1{path}"

    async def _answer(self, call: Any) -> tuple[int, Any]:
        async with call as answer:
            return answer.status, await answer.json()


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as site:
        yield site


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as http:
        yield http


@pytest.fixture
async def lead(site: ConsoleSite, http: aiohttp.ClientSession) -> Api:
    return Api(site, http, await site.token("Liis", may_approve_irreversible=True))


@pytest.fixture
async def agent(site: ConsoleSite, http: aiohttp.ClientSession) -> Api:
    return Api(site, http, await site.token("Tiina"))


@pytest.fixture
async def reader(site: ConsoleSite, http: aiohttp.ClientSession) -> Api:
    return Api(site, http, await site.token("Tiina", Scope.READ))


async def test_without_a_token_nothing_is_told(site: ConsoleSite, http: aiohttp.ClientSession) -> None:
    for headers in ({}, {"Authorization": "Bearer nobody"}, {"Authorization": "Basic eDp5"}):
        async with http.get(f"{site.url}/api/v1/requests", headers=headers) as answer:
            assert answer.status == 401
            assert answer.content_type == "application/problem+json"
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert (await answer.json())["code"] == "not_authenticated"


async def test_requests_come_by_due_date_and_masked(reader: Api) -> None:
    status, page = await reader.get("/requests")
    assert status == 200
    dues = [item["due_on"] for item in page["items"]]
    assert dues == sorted(dues)
    assert len(dues) == 7
    people = {item["ref"]: item["person"] for item in page["items"]}
    assert people[reader.site.refs["erasure"]] == "c••••@m••••.example"
    assert set(page["items"][0]) == {
        "ref",
        "right",
        "status",
        "channel",
        "language",
        "received_at",
        "due_on",
        "safe_on",
        "assurance",
        "attention",
        "person",
        "assignee",
        "outcome",
    }


async def test_pages_follow_each_other_without_gap_or_repeat(reader: Api) -> None:
    _, whole = await reader.get("/requests")
    seen: list[str] = []
    cursor = ""
    while True:
        _, page = await reader.get("/requests", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [item["ref"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert seen == [item["ref"] for item in whole["items"]]


async def test_requests_are_found_by_status_right_day_reference_and_proved_address(reader: Api) -> None:
    refs = reader.site.refs

    async def found(**query: str) -> set[str]:
        status, page = await reader.get("/requests", **query)
        assert status == 200
        return {item["ref"] for item in page["items"]}

    assert await found(right="access") == {refs["access"], refs["by_hand"], refs["unproved"]}
    assert await found(status="verifying") == {refs["unproved"]}
    assert await found(q=refs["failed"].lower()) == {refs["failed"]}
    assert await found(q="Camille.Roux@mail.example") == {refs["erasure"]}
    assert await found(q="%") == set()
    due_on = str((await reader.site.get(PrivacyRequest, refs["failed"])).due_on)
    assert await found(due_before=due_on) == {refs["unproved"]}
    assert await found(q="c-4711") == set()
    await prove_number(reader.site, refs["unproved"], "C-4711")
    assert await found(q=" c-4711 ") == {refs["unproved"]}
    assert await found(q="C-471") == set(), "a number is found whole or not at all"


async def prove_number(site: ConsoleSite, ref: str, number: str) -> None:
    """Have somebody type the code that went to the address of a client number."""
    services = site.services
    request = await site.get(PrivacyRequest, ref)
    await services.write(
        lambda unit: attaching.give_evidence(
            unit,
            method=Method.EMAIL_CODE,
            contact="nele@mail.example",
            conversation_id=request.conversation_id,
            references=[ref],
            on_file=True,
            client_id=number,
        )
    )


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"status": "lost"}, "status"),
        ({"due_before": "soon"}, "due_before"),
        ({"limit": "0"}, "limit"),
        ({"cursor": "%%%"}, "cursor"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_parameter_that_cannot_be_used_is_named(
    reader: Api, query: dict[str, str], named: str
) -> None:
    status, problem = await reader.get("/requests", **query)
    assert status == 422
    assert named in problem["title"]


async def test_revealing_a_person_needs_the_scope_and_leaves_an_audit_entry(reader: Api, agent: Api) -> None:
    ref = reader.site.refs["erasure"]
    assert (await reader.get(f"/requests/{ref}", reveal="1"))[0] == 403
    status, request = await agent.get(f"/requests/{ref}", reveal="1")
    assert (status, request["person"]) == (200, "camille.roux@mail.example")
    entries = await agent.site.services.read(lambda unit: queries.audit_of(unit.session, ref))
    assert [(e.event, e.actor) for e in entries][-1] == ("revealed", "agent:Tiina")


async def test_what_a_person_wants_corrected_is_masked_however_deep_it_lies(reader: Api, agent: Api) -> None:
    ref = reader.site.refs["access"]
    parts = [{"field": "email", "new": "new.box@mail.example", "old": "old.box@mail.example"}]
    changes = {"changes": parts, "topic": ["call +33 6 12 34 56 78", {"more": ["kept@mail.example"]}]}

    def work(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, ref)
        request.details = {**request.details, **changes}
        unit.session.add(request)

    await reader.site.services.write(work)
    _, shown = await reader.get(f"/requests/{ref}")
    assert shown["details"]["changes"][0]["field"] == "email"
    assert not [told for told in ("box@mail", "34 56 78", "kept@mail") if told in str(shown["details"])]
    _, shown = await agent.get(f"/requests/{ref}", reveal=1)
    assert shown["details"]["changes"] == parts


async def test_the_timeline_tells_message_proof_and_audit_in_order_and_masked(reader: Api) -> None:
    status, told = await reader.get(f"/requests/{reader.site.refs['erasure']}/timeline")
    assert status == 200
    items = told["items"]
    assert [item["at"] for item in items] == sorted(item["at"] for item in items)
    assert {item["kind"] for item in items} == {"message", "evidence", "audit"}
    assert "camille" not in str(told)
    assert "plan_proposed" in {item["event"] for item in items}


async def test_the_queue_has_one_step_for_each_table(reader: Api) -> None:
    status, waiting = await reader.get("/queue")
    assert status == 200
    item = next(i for i in waiting["items"] if i["request"] == reader.site.refs["erasure"])
    assert {(s["state"], s["done_at"]) for s in item["steps"]} == {("waiting", None)}
    assert [(s["table"], s["operation"], s["rows"]) for s in item["steps"]] == [
        ("clients", "erase", 1),
        ("tickets", "erase", 12),
    ]
    assert item["keeps"][0]["until"] == "2033-12-31"
    assert item["plan_hash"] == erasure_plan().hash
    assert (await reader.get(f"/queue/{item['id']}"))[1] == item


async def test_an_approved_plan_is_scheduled_for_the_end_of_its_hold(lead: Api) -> None:
    action = lead.site.actions["erasure"]
    status, item = await lead.post(f"/queue/{action}/approve", {"plan_hash": erasure_plan().hash})
    assert (status, item["state"]) == (200, "approved")
    assert item["not_before"].startswith("2026-11-27T09:30")
    request = await lead.site.get(PrivacyRequest, lead.site.refs["erasure"])
    assert request.status == "scheduled"


async def test_who_may_not_approve_is_told_why(
    lead: Api, agent: Api, reader: Api, http: aiohttp.ClientSession
) -> None:
    path = f"/queue/{lead.site.actions['erasure']}/approve"
    body = {"plan_hash": erasure_plan().hash}
    plain = Api(lead.site, http, await lead.site.token("Liis"))
    auditor = Api(lead.site, http, await lead.site.token("Otto", may_approve_irreversible=True))
    for who in (agent, reader, plain, auditor):
        status, problem = await who.post(path, body)
        assert (status, problem["code"]) == (403, "not_allowed")
        assert problem["title"].endswith(".")


async def test_what_runs_holds_an_erasure_up(lead: Api) -> None:
    path = f"/queue/{lead.site.actions['blocked']}/approve"
    waiting = await lead.site.get(Action, lead.site.actions["blocked"])
    status, problem = await lead.post(path, {"plan_hash": waiting.plan_hash})
    assert (status, problem["code"]) == (409, "conflict")
    assert (await lead.site.get(Action, lead.site.actions["blocked"])).state == "proposed"


async def propose(site: ConsoleSite, name: str, plan: Plan) -> str:
    def work(unit: Unit) -> str:
        request = unit.session.get_one(PrivacyRequest, site.refs[name])
        return queue.do_propose(unit, request, plan).id

    return await site.services.write(work)


async def test_a_stale_plan_gives_409_with_the_new_one(lead: Api) -> None:
    path = f"/queue/{lead.site.actions['access']}/approve"
    status, problem = await lead.post(path, {"plan_hash": "0" * 64})
    assert (status, problem["code"], problem["current"]) == (409, "stale_plan", access_plan().hash)

    newer = await propose(lead.site, "access", erasure_plan())
    status, problem = await lead.post(path, {"plan_hash": access_plan().hash})
    assert (status, problem["code"], problem["current"]) == (409, "stale_plan", erasure_plan().hash)
    assert problem["plan"]["id"] == newer


async def test_two_agents_at_once_approve_once(lead: Api, site: ConsoleSite) -> None:
    path, body = f"/queue/{site.actions['access']}/approve", {"plan_hash": access_plan().hash}
    answers = await asyncio.gather(*(lead.post(path, body) for _ in range(4)))
    assert sorted(status for status, _ in answers) == [200, 409, 409, 409]


async def test_a_plan_is_rejected_with_a_reason(agent: Api) -> None:
    path = f"/queue/{agent.site.actions['access']}/reject"
    assert (await agent.post(path, {"reason": ""}))[0] == 422
    status, item = await agent.post(path, {"reason": "Two accounts of two people."})
    assert (status, item["state"]) == (200, "rejected")
    request = await agent.site.get(PrivacyRequest, agent.site.refs["access"])
    assert (request.status, request.attention) == ("open", "plan_rejected")


async def test_what_agents_do_about_a_request(lead: Api, agent: Api) -> None:
    ref = lead.site.refs["complaint"]
    assert (await agent.post(f"/requests/{ref}/extend", {"reason": "Many systems."}))[0] == 403
    status, extended = await lead.post(f"/requests/{ref}/extend", {"reason": "Many systems to search."})
    assert (status, extended["extended_on"]) == (200, "2026-11-24")
    assert extended["extension_reason"] == "Many systems to search."
    assert (await agent.post(f"/requests/{ref}/note", {"text": "Called back."}))[0] == 200
    assert (await agent.post(f"/requests/{ref}/reply", {"text": "We are looking into it."}))[0] == 200
    assert (await agent.post(f"/requests/{ref}/assign", {"assignee": "Nobody"}))[0] == 404
    assert (await agent.post(f"/requests/{ref}/assign", {"assignee": "Tiina"}))[1]["assignee"] == "Tiina"
    answer = {"text": "You were right, and we are sorry."}
    assert (await agent.post(f"/requests/{ref}/close", answer))[0] == 403, "a lead ends it with nothing done"
    status, closed = await lead.post(f"/requests/{ref}/close", answer)
    assert (status, closed["status"]) == (200, "answered")
    assert (await lead.post(f"/requests/{ref}/close", {"text": "Again."}))[0] == 409
    _, told = await agent.get(f"/requests/{ref}/timeline")
    assert [i["kind"] for i in told["items"]].count("note") == 1


async def test_only_a_lead_refuses_and_only_on_a_ground_of_the_law(lead: Api, agent: Api) -> None:
    path = f"/requests/{lead.site.refs['access']}/refuse"
    assert (await agent.post(path, {"ground": "excessive", "reason": "Why."}))[0] == 403
    assert (await lead.post(path, {"ground": "no mood", "reason": "Why."}))[0] == 404
    assert (await lead.site.get(PrivacyRequest, lead.site.refs["access"])).status == "awaiting_approval"


async def test_excessive_needs_the_earlier_requests_to_exist_and_a_fee_to_have_been_offered(
    lead: Api,
) -> None:
    path, ref = f"/requests/{lead.site.refs['access']}/refuse", lead.site.refs["access"]
    body = {"ground": "excessive", "reason": "It was asked every week and answered every time."}
    facts = {"proof_of_abuse": "A letter of his says so.", "fee_offered_on": "2026-11-20"}
    status, told = await lead.post(path, body)
    assert (status, told["code"], told["fact"]) == (422, "fact_missing", "proof_of_abuse")
    for named in ("", "many", "PR-ZZZZZZZZ", ref, lead.site.refs["complaint"]):
        given = {**facts, "earlier_requests": named}
        status, told = await lead.post(path, {**body, "facts": given})
        assert (status, told["code"], told["fact"]) == (422, "fact_missing", "earlier_requests"), named
    status, told = await lead.post(path, {**body, "facts": {**facts, "fee_offered_on": "2027-01-01"}})
    assert told["fact"] in {"fee_offered_on", "earlier_requests"}
    assert (await lead.site.get(PrivacyRequest, ref)).status == "awaiting_approval"


async def test_nobody_is_called_unidentifiable_who_proved_who_they_are(lead: Api) -> None:
    path = f"/requests/{lead.site.refs['access']}/refuse"
    body = {"ground": "not_identifiable", "reason": "Nothing we hold names this person."}
    status, told = await lead.post(path, body)
    assert (status, told["code"], told["fact"]) == (422, "fact_missing", "proof_failed")


async def test_a_ground_with_its_facts_is_refused_and_they_stay_in_the_audit(lead: Api) -> None:
    ref = lead.site.refs["access"]
    body = {
        "ground": "national_provision",
        "reason": "A provision of national law restricts this.",
        "facts": {"national_provision": "Invented Act, section 12(3)"},
    }
    status, refused = await lead.post(f"/requests/{ref}/refuse", body)
    assert (status, refused["status"]) == (200, "refused")
    kept = await lead.site.services.read(
        lambda unit: [
            row.data
            for row in unit.session.exec(
                select(Audit).where(col(Audit.chain) == ref, col(Audit.event) == "status")
            )
        ]
    )
    assert kept[-1]["facts"] == body["facts"]


async def test_only_a_lead_approves_the_letter_to_who_never_proved_who_they_are(
    lead: Api, agent: Api
) -> None:
    ref = lead.site.refs["complaint"]
    assert (await agent.post(f"/requests/{ref}/lapse"))[0] == 403
    status, told = await lead.post(f"/requests/{ref}/lapse")
    assert (status, told["code"]) == (409, "conflict"), "it waits for no proof"


async def test_what_an_agent_types_asks_for_no_document_and_points_to_no_form(lead: Api, agent: Api) -> None:
    ref = agent.site.refs["complaint"]
    demands = {
        "reply": {"text": "Please send us a copy of your passport."},
        "close": {"text": "Please use our form."},
        "extend": {"reason": "We need a copy of your ID card first."},
        "ask": {"text": "Please send a copy of your passport.", "ground": "identity"},
        "refuse": {"ground": "excessive", "reason": "There is a processing fee of 20 EUR."},
    }
    for verb, body in demands.items():
        target = agent.site.refs["access"] if verb in {"ask", "refuse"} else ref
        status, told = await lead.post(f"/requests/{target}/{verb}", body)
        assert (status, told["code"]) == (422, "not_to_be_sent"), verb
    for claim in ("We have erased all your data.", "Vos données ont été supprimées."):
        for verb in ("reply", "close"):
            status, told = await lead.post(f"/requests/{ref}/{verb}", {"text": claim})
            assert (status, told["code"]) == (422, "not_to_be_sent"), "nothing is recorded as done"
    status, told = await lead.post(f"/requests/{ref}/close", {"text": "Your request is rejected."})
    assert (status, told["code"]) == (422, "refusal_in_disguise")
    assert (await agent.site.get(PrivacyRequest, ref)).status == "open"


async def test_a_request_is_passed_on_to_an_address_and_not_called_so_before_it_has_arrived(
    lead: Api,
) -> None:
    path = f"/requests/{lead.site.refs['complaint']}/forward"
    for owner in ("", "the owner", "owner at site.example"):
        status, _ = await lead.post(path, {"owner": owner})
        assert status == 422, owner
    status, passed = await lead.post(path, {"owner": "owner@site.example"})
    assert (status, passed["status"], passed["attention"]) == (200, "open", None)
    status, _ = await lead.post(path, {"owner": "owner@site.example"})
    assert status == 409


async def test_words_of_a_person_go_to_an_address_only_by_whoever_may_approve_a_disclosure(
    site: ConsoleSite, http: aiohttp.ClientSession, agent: Api
) -> None:
    """One agent alone could have sent them to any address, and ended the request with that."""
    path, body = f"/requests/{site.refs['complaint']}/forward", {"owner": "owner@site.example"}
    to_reply = Api(site, http, await site.token("Liis", Scope.REPLY))
    for caller in (agent, to_reply):
        assert (await caller.post(path, body))[0] == 403
    assert (await site.get(PrivacyRequest, site.refs["complaint"])).status == "open"


async def test_a_conversation_is_read_and_answered(agent: Api) -> None:
    path = f"/conversations/{agent.site.conversations['chat']}"
    status, before = await agent.get(path)
    assert (status, before["messages"][0]["from"]) == (200, "you")
    status, after = await agent.post(f"{path}/reply", {"text": "Hello, how can I help?"})
    assert (status, after["messages"][-1]["from"], after["messages"][-1]["name"]) == (200, "agent", "Tiina")
    assert (await agent.get("/conversations/none"))[0] == 404


async def test_an_agent_sees_what_the_person_has_seen(agent: Api) -> None:
    ident = agent.site.conversations["chat"]
    _, talk = await agent.post(f"/conversations/{ident}/reply", {"text": "Hello, how can I help?"})
    assert {message["seen"] for message in talk["messages"]} == {None}, "nobody knows yet"
    *_, before, last = talk["messages"]

    def seen(unit: Unit) -> None:
        unit.session.get_one(Conversation, ident).seen_id = before["id"]

    await agent.site.services.write(seen)
    _, talk = await agent.get(f"/conversations/{ident}")
    assert [m["seen"] for m in talk["messages"] if m["id"] in {before["id"], last["id"]}] == [True, False]


async def test_the_timeline_says_what_was_handed_over_and_when(agent: Api) -> None:
    ref, at = agent.site.refs["erasure"], datetime(2026, 11, 24, 12, tzinfo=UTC)

    def hand_over(unit: Unit) -> None:
        letter: dict[str, Any] = {
            "key": "letter",
            "channel": "email",
            "kind": "mail",
            "payload": "",
            "ref": ref,
        }
        unit.session.add(Outbox(**letter, state="done", due_at=at, created_at=at, done_at=at))

    await agent.site.services.write(hand_over)
    _, told = await agent.get(f"/requests/{ref}/timeline")
    (handed,) = [item for item in told["items"] if item["kind"] == "delivery"]
    assert (handed["event"], handed["at"]) == ("handed_over", "2026-11-24T12:00:00Z")
    assert handed["data"]["channel"] == "email"


async def test_a_reference_is_found_as_people_write_it(reader: Api) -> None:
    ref = reader.site.refs["failed"]
    _, page = await reader.get("/requests", q=ref.lower().replace("-", " "))
    assert [item["ref"] for item in page["items"]] == [ref]


async def test_the_summary_counts(reader: Api) -> None:
    status, counts = await reader.get("/reports/summary")
    assert status == 200
    assert counts["open"] == 7
    assert counts["awaiting_approval"] == 3
    assert counts["attention"] == 4
    assert counts["overdue"] == 0
    assert counts["wanting_a_person"] == 1
    assert counts["by_right"]["erasure"] == 2


@pytest.mark.parametrize(
    "raw", [b"{", b"[]", b"\xff", b'{"plan_hash": "short"}', b'{"plan_hash":1,"more":2}']
)
async def test_a_body_that_cannot_be_used_is_refused(lead: Api, raw: bytes) -> None:
    url = f"{lead.site.url}/api/v1/queue/{lead.site.actions['access']}/approve"
    sent_as = lead.headers | {"Content-Type": "application/json"}
    async with lead.http.post(url, data=raw, headers=sent_as) as answer:
        assert answer.status == 422
        assert answer.content_type == "application/problem+json"


async def test_the_description_names_every_address_and_its_shapes(
    site: ConsoleSite, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{site.url}/api/v1/openapi.json") as answer:
        described = await answer.json()
    assert described["openapi"] == "3.1.0"
    assert "/api/v1/requests/{ref}/timeline" in described["paths"]
    assert sum(len(path) for path in described["paths"].values()) == 29
    for wanted in _references(described):
        assert wanted in described["components"]["schemas"]


def _references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"].rsplit("/", 1)[1]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(_references(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*map(_references, node))
    return set()


async def test_after_all_of_it_the_audit_is_whole(lead: Api) -> None:
    with contextlib.suppress(KeyError):
        await lead.post(f"/queue/{lead.site.actions['erasure']}/approve", {"plan_hash": erasure_plan().hash})
    faults = await lead.site.services.read(
        lambda unit: list(audit.verify(lead.site.services.keyring, unit.session))
    )
    assert faults == []
