"""Whoever says not to erase after all is asked once at the contact on file, and nothing is erased meanwhile."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlmodel import col, select

from assistant.casework.decisions import closing, sparing
from assistant.casework.decisions.approval import do_approve
from assistant.casework.outbox import payload_of
from assistant.casework.plans.execution import _claim, _may_begin
from assistant.casework.proof import attaching, sending, stopping
from assistant.casework.requests import asked_beside
from assistant.casework.requests.intake import set_attention
from assistant.casework.requests.queue import Principal, Role
from assistant.casework.upkeep import reminders
from assistant.conversation.desk import TalkingDesk
from assistant.domain.assurance import Method
from assistant.domain.attention import Attention
from assistant.domain.rights import Right
from assistant.errors import NotAllowed
from assistant.interfaces import Incoming
from assistant.services import Unit
from assistant.store.tables import Action, Audit, ChallengeRow, Conversation, Message, Outbox, PrivacyRequest
from intents import Reader
from tests.doubles.agent_browser import AgentBrowser
from tests.doubles.console_app import ConsoleSite, console_site

MARI = "mari.kask@post.example"
ERASE = {
    "en": "Please delete all my personal data.",
    "fr": "Je voudrais que vous supprimiez toutes mes données.",
}
DONT = {
    "en": "Stop! Do not erase anything, keep my account.",
    "fr": "Finalement, ne supprimez rien, je préfère garder mon compte.",
}


SPARE = {"en": "Please don't delete anything after all.", "fr": DONT["fr"]}


@dataclass
class Talk:
    """A desk that reads, and whoever writes to it."""

    site: ConsoleSite
    reader: Reader
    numbers: list[int] = field(default_factory=lambda: [0])

    async def write(self, words: str, channel: str = "webchat", thread: str = "mari", **more: Any) -> None:
        self.numbers[0] += 1
        desk = TalkingDesk(self.site.services, self.reader)
        if channel == "email":
            more.setdefault("sender", MARI)
        now = self.site.services.clock.now()
        ident = f"message-{self.numbers[0]}"
        await desk.receive(Incoming(channel, f"{channel}-{thread}", ident, words, now, **more))
        await desk.settle()

    async def press(self, value: str, thread: str = "mari") -> None:
        await self.write(value, thread=thread, kind="choice")

    async def requests(self) -> list[PrivacyRequest]:
        mine = [col(PrivacyRequest.ref).not_in(list(self.site.refs.values()))]
        rows = select(PrivacyRequest).where(*mine).order_by(col(PrivacyRequest.received_at))
        return list(await self.site.services.read(lambda unit: unit.session.exec(rows).all()))

    async def one(self) -> PrivacyRequest:
        (request,) = await self.requests()
        return request

    async def prove(self, ref: str) -> None:
        def work(unit: Unit) -> None:
            request = unit.session.get_one(PrivacyRequest, ref)
            attaching.give_evidence(
                unit,
                method=Method.EMAIL_CODE,
                contact=MARI,
                conversation_id=request.conversation_id,
                references=[ref],
                on_file=True,
            )

        await self.site.services.write(work)

    async def questions(self) -> list[ChallengeRow]:
        asked = select(ChallengeRow).where(col(ChallengeRow.purpose) == "dont")
        return list(await self.site.services.read(lambda unit: unit.session.exec(asked).all()))

    async def replies(self) -> list[str]:
        rows = await self.site.services.read(
            lambda unit: unit.session.exec(select(Outbox).order_by(col(Outbox.created_at))).all()
        )
        return [row.kind for row in rows]

    async def all_said(self) -> str:
        texts = select(Message.text).where(col(Message.sender) == "assistant")
        return "\n".join(await self.site.services.read(lambda unit: unit.session.exec(texts).all()))

    async def said(self) -> str:
        newest = (
            select(Message.text).where(col(Message.sender) == "assistant").order_by(col(Message.id).desc())
        )
        return str(await self.site.services.read(lambda unit: unit.session.exec(newest).first()))


@pytest.fixture
async def talk(tmp_path: Path, prepared: ConsoleSite, reader: Reader) -> AsyncIterator[Talk]:
    async with console_site(tmp_path, prepared) as site:
        yield Talk(site, reader)


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_dont_in_chat_pauses_once_asks_at_the_contact_and_opens_nothing(
    talk: Talk, language: str
) -> None:
    await talk.write(ERASE[language], locale=language)
    ref = (await talk.one()).ref
    await talk.prove(ref)
    due = (await talk.one()).due_on
    await talk.write(DONT[language])
    request = await talk.one()
    assert sparing.is_paused(request)
    assert ref in await talk.said()
    (asked,) = await talk.questions()
    assert asked.references == [ref]
    assert talk.site.services.keyring.unseal(asked.claimed) == MARI
    assert request.due_on == due, "the clock runs on"
    await talk.press("dont:go_on")
    going = await talk.one()
    assert not sparing.is_paused(going)
    await talk.write(DONT[language])
    again = await talk.one()
    assert again.status == going.status
    assert not sparing.is_paused(again), "it stands still once in its life"
    assert again.dont_at == going.dont_at
    assert len(await talk.questions()) == 1, "asked once"
    await talk.press("withdraw:yes")
    assert (await talk.one()).status == "withdrawn"


EVERYDAY = [
    ("en", "actually no i want keep my account"),
    ("en", "no wait keep it"),
    ("fr", "nan gardez le"),
    ("fr", "je garde mon compte finalement"),
]


@pytest.mark.parametrize(("language", "words"), EVERYDAY)
@pytest.mark.parametrize("while_coded", [False, True], ids=["open", "a code is awaited"])
async def test_an_erasure_taken_back_in_words_of_every_day_stands_still(
    talk: Talk, language: str, words: str, while_coded: bool
) -> None:
    await talk.write(ERASE[language], locale=language)
    if while_coded:
        await talk.write(MARI)
    else:
        await talk.prove((await talk.one()).ref)
    await talk.write(words)
    assert sparing.is_paused(await talk.one())


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "actually no i want keep my account, just the copy"),
        ("en", "no wait keep it, just the copy"),
        ("fr", "finalement je garde mon compte, juste la copie"),
    ],
)
async def test_a_copy_wanted_instead_is_opened_and_the_erasure_stands_still(
    talk: Talk, language: str, words: str
) -> None:
    await talk.write(ERASE[language], locale=language)
    await talk.write(MARI)
    await talk.write(words)
    by_right = {request.right: request for request in await talk.requests()}
    assert set(by_right) == {Right.ERASURE, Right.ACCESS}
    assert sparing.is_paused(by_right[Right.ERASURE])


@pytest.mark.parametrize(("language", "words"), [("en", "no keep it"), ("fr", "gardez le svp")])
async def test_keep_it_where_nothing_is_erased_says_nothing_of_an_erasure(
    talk: Talk, language: str, words: str
) -> None:
    await talk.write(words, locale=language)
    assert await talk.requests() == []
    assert "dont_nothing" not in await talk.replies()
    before = await talk.said()
    await talk.write(DONT[language])
    assert await talk.said() != before


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("is_pressed", [True, False], ids=["pressed", "said again"])
async def test_keeping_everything_in_the_chat_takes_the_erasure_back(
    talk: Talk, language: str, is_pressed: bool
) -> None:
    await talk.write(ERASE[language])
    await talk.write(DONT[language])
    await (talk.press("dont:keep") if is_pressed else talk.write(DONT[language]))
    request = await talk.one()
    assert (request.status, request.dont_answer) == ("withdrawn", "keep")


ASKS_WHERE = {"en": "e-mail address", "fr": "adresse e-mail"}
COPY = {"en": "I want a copy of my data.", "fr": "Je veux une copie de mes données."}
UNTRUE = ("There is no open request", "Il n’y a pas de demande en cours", "No erasure that could")


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_who_goes_on_unproved_is_asked_again_for_what_proves_it(talk: Talk, language: str) -> None:
    await talk.write(ERASE[language])
    await talk.write(SPARE[language])
    await talk.press("dont:go_on")
    assert ASKS_WHERE[language] in await talk.said()
    conversation = (await talk.one()).conversation_id
    assert (await talk.site.get(Conversation, conversation)).state["expects"] == "email"


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("is_pressed", [True, False], ids=["pressed", "said"])
async def test_who_went_on_and_then_keeps_everything_is_asked_of_the_erasure_alone(
    talk: Talk, language: str, is_pressed: bool
) -> None:
    await talk.write(f"{COPY[language]} {ERASE[language]}")
    await talk.write(SPARE[language])
    await talk.press("dont:go_on")
    await (talk.press("dont:keep") if is_pressed else talk.write(SPARE[language]))
    refs = {r.right: r.ref for r in await talk.requests()}
    said = await talk.said()
    assert (refs["erasure"] in said, refs["access"] in said) == (True, False)
    everything = await talk.all_said()
    assert not any(each in everything for each in UNTRUE)
    await talk.press("withdraw:yes")
    statuses = {r.right: r.status for r in await talk.requests()}
    assert (statuses["erasure"] == "withdrawn", statuses["access"] == "withdrawn") == (True, False)


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_button_to_keep_all_answers_no_question_about_other_requests(
    talk: Talk, language: str
) -> None:
    await talk.write(f"{COPY[language]} {ERASE[language]}")
    await talk.write(SPARE[language])
    await talk.press("dont:go_on")
    await talk.write({"en": "Please cancel my requests.", "fr": "Annulez mes demandes."}[language])
    await talk.press("dont:keep")
    assert "withdrawn" not in {r.status for r in await talk.requests()}


@pytest.mark.parametrize(
    ("thread", "sender"),
    [("mari", MARI), ("new", MARI), ("mari", "somebody@else.example")],
    ids=["in the thread", "a new mail", "another sender in the thread"],
)
async def test_a_dont_by_mail_pauses_and_asks_at_the_contact_alone(
    talk: Talk, thread: str, sender: str
) -> None:
    await talk.write(ERASE["en"], "email")
    ref = (await talk.one()).ref
    before = len(await talk.replies())
    await talk.write(DONT["en"], "email", thread, sender=sender)
    request = await talk.one()
    assert sparing.is_paused(request)
    (asked,) = await talk.questions()
    assert talk.site.services.keyring.unseal(asked.claimed) == MARI
    assert len(await talk.replies()) == before, "the question is the only mail"
    assert asked.references == [ref]


@pytest.mark.parametrize(
    ("sender", "thread", "is_heard"),
    [(MARI, "mari", True), (MARI, "new", True), ("somebody@else.example", "elsewhere", False)],
    ids=["in the thread", "a new mail", "a stranger"],
)
@pytest.mark.parametrize(
    "words", ["Before that send me my invoices please.", "Je veux aussi mes factures avant."]
)
async def test_what_a_mail_asks_beside_an_erasure_calls_a_person_once_in_its_life(
    talk: Talk, words: str, sender: str, thread: str, is_heard: bool
) -> None:
    await talk.write(ERASE["en"], "email")

    async def is_unread() -> bool:
        request = await talk.one()
        return await talk.site.services.read(lambda unit: asked_beside.is_unread(unit.session, request))

    await talk.write(words, "email", thread, sender=sender)
    assert await is_unread() is is_heard
    if is_heard:
        agent, ref = Principal("Tiina", Role.AGENT), (await talk.one()).ref
        talk.site.clock.at += timedelta(minutes=5)
        await talk.site.services.write(lambda unit: closing.note(unit, ref, "Sent by support.", agent))
        talk.site.clock.at += timedelta(minutes=5)
        await talk.write(f"{words} Really.", "email", thread, sender=sender)
        assert not await is_unread(), "a mail is easily forged: a second one stalls nothing (A48)"


async def test_a_stranger_who_writes_from_elsewhere_pauses_nothing(talk: Talk) -> None:
    await talk.write(ERASE["en"], "email")
    await talk.write(DONT["en"], "email", "elsewhere", sender="somebody@else.example")
    assert not sparing.is_paused(await talk.one())


async def test_a_dont_without_an_open_erasure_opens_nothing_and_says_so(talk: Talk) -> None:
    await talk.write("Don't delete my account, please.")
    assert await talk.requests() == []
    assert "Nothing was asked in this conversation" in await talk.said()


@pytest.mark.parametrize("channel", ["webchat", "email"])
@pytest.mark.parametrize(
    "text",
    [
        "I am not asking you to delete my data. I only want my refund.",
        "Je n'ai jamais dit que vous deviez supprimer mon compte, je veux mon remboursement.",
        "Please remove 2FA from my account so I can get in",
        "Supprimez la double authentification de mon compte, je ne peux plus me connecter.",
        "Je demande le remboursement de ma facture, sinon je saisirai la CNIL.",
        'Is this template good? "I request the erasure of all my personal data."',
    ],
)
async def test_a_right_that_is_named_and_not_used_opens_nothing(talk: Talk, text: str, channel: str) -> None:
    await talk.write(text, channel)
    assert await talk.requests() == []


async def test_erase_and_dont_in_one_message_is_asked(talk: Talk) -> None:
    await talk.write("Please delete all my data. Do not delete anything.")
    assert await talk.requests() == []
    await talk.write("Please delete all my data. Do not delete anything.", "email")
    assert await talk.requests() == []


async def test_another_right_beside_a_dont_is_opened(talk: Talk) -> None:
    await talk.write(ERASE["en"])
    await talk.write("Don't delete my account after all. Please send me a copy of all my personal data.")
    found = {r.right: r for r in await talk.requests()}
    assert set(found) == {"erasure", "access"}
    assert sparing.is_paused(found["erasure"])


async def test_what_stands_still_is_not_carried_out_and_after_three_days_an_agent_decides(talk: Talk) -> None:
    await talk.write(ERASE["en"])
    ref = (await talk.one()).ref
    await talk.write(DONT["en"])
    services = talk.site.services

    def may(unit: Unit) -> bool:
        action = Action(id="a", ref=ref, operation="erase", plan={}, plan_hash="", state="approved")
        return _may_begin(unit, action, unit.session.get_one(PrivacyRequest, ref))

    assert not await services.read(may)
    await reminders.expire(services)
    assert (await talk.one()).attention != Attention.DONT_UNANSWERED
    talk.site.clock.at += timedelta(days=3, minutes=1)
    await reminders.expire(services)
    assert (await talk.one()).attention == Attention.DONT_UNANSWERED
    agent, approver = Principal("Tiina", Role.AGENT), Principal("Marc", Role.APPROVER)
    with pytest.raises(NotAllowed):
        await services.write(lambda unit: sparing.decide(unit, ref, "go_on", agent))
    with pytest.raises(NotAllowed):
        await services.write(lambda unit: sparing.decide(unit, ref, "keep", approver))
    await services.write(lambda unit: sparing.decide(unit, ref, "go_on", approver))
    assert not await services.read(may), "the person hears of it first"
    talk.site.clock.at += timedelta(days=1)
    assert await services.read(may)
    assert (await talk.one()).attention is None


async def decide(site: ConsoleSite, ref: str, agent: str, answer: str = "go_on") -> tuple[int, str]:
    """Decide through the API, as an agent's own tools do."""
    headers = {"Authorization": f"Bearer {await site.token(agent)}"}
    url = f"{site.url}/api/v1/requests/{ref}/dont"
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, headers=headers, json={"answer": answer}) as told,
    ):
        return told.status, await told.text()


async def paused(site: ConsoleSite, *, approved_by: str | None = None) -> str:
    """Let the erasure of a proved contact stand still, approved before or not."""
    ref, action = site.refs["erasure"], site.actions["erasure"]

    def work(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, ref)
        if approved_by:
            plan = unit.session.get_one(Action, action)
            do_approve(unit, plan, request, approved_by, site.clock.at)
        heard_in = unit.session.get_one(Conversation, request.conversation_id)
        sparing.pause(unit, [request], heard_in)

    await site.services.write(work)
    return ref


async def test_an_agent_lets_nothing_go_on_while_the_contact_may_still_answer(talk: Talk) -> None:
    ref = await paused(talk.site)
    talk.site.clock.at += timedelta(seconds=3)
    status, told = await decide(talk.site, ref, "Liis")
    day = (talk.site.clock.at + timedelta(days=3)).date().isoformat()
    assert status == 409
    assert day in told
    assert sparing.is_paused(await talk.site.get(PrivacyRequest, ref))
    assert (await decide(talk.site, ref, "Liis", "keep"))[0] == 200, "to end it is never too early"


@pytest.mark.parametrize(("agent", "said"), [("Liis", "Stands still"), ("Marc", "Suspendue")])
async def test_that_it_stands_still_comes_first_wherever_agents_look(
    talk: Talk, agent: str, said: str
) -> None:
    site = talk.site
    ref = await paused(site, approved_by="Marc")
    await site.services.write(
        lambda unit: set_attention(unit, unit.session.get_one(PrivacyRequest, ref), Attention.LOST_LETTER)
    )
    browser = AgentBrowser(site, agent)
    async with browser.http:
        await browser.sign_in()
        assert said in await browser.get("queue")
        page = await browser.get(f"requests/{ref}")
        assert page.count(said) >= 2, "the flash and the plan"
        assert "Nothing has happened yet" not in page
        headers = {"Authorization": f"Bearer {await site.token(agent)}"}
        api = f"{site.url}/api/v1"
        async with browser.http.get(f"{api}/queue/{site.actions['erasure']}", headers=headers) as told:
            assert (await told.json())["stands_still"] is True
        async with browser.http.get(f"{api}/requests/{ref}", headers=headers) as told:
            assert (await told.json())["attention"] == Attention.DONT_HEARD


async def test_the_question_names_the_channel_in_which_the_dont_came(talk: Talk) -> None:
    await talk.write(ERASE["en"])
    ref = (await talk.one()).ref
    await talk.prove(ref)
    await talk.write(DONT["en"], "email", "elsewhere")
    (asked,) = await talk.questions()
    assert await talk.site.services.read(lambda unit: sending._heard_in(unit.session, asked)) == "email"


async def test_the_day_before_the_due_date_an_agent_may_let_it_go_on(talk: Talk) -> None:
    ref = await paused(talk.site)

    def bring_near(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, ref)
        request.due_on = talk.site.clock.at.date() + timedelta(days=1)
        unit.session.add(request)

    await talk.site.services.write(bring_near)
    assert (await decide(talk.site, ref, "Liis"))[0] == 200


async def test_whoever_approved_the_plan_does_not_let_it_go_on(talk: Talk) -> None:
    ref = await paused(talk.site, approved_by="Marc")
    talk.site.clock.at += timedelta(days=3, minutes=1)
    status, told = await decide(talk.site, ref, "Marc")
    assert status == 403
    assert "Somebody else" in told
    assert sparing.is_paused(await talk.site.get(PrivacyRequest, ref))
    assert (await decide(talk.site, ref, "Liis"))[0] == 200


@pytest.mark.parametrize("approved_first", [True, False], ids=["approved before", "approved after"])
async def test_when_an_agent_lets_it_go_on_the_contact_is_told_and_can_stop_it_for_a_day(
    talk: Talk, approved_first: bool
) -> None:
    site = talk.site
    ref = await paused(site, approved_by="Marc" if approved_first else None)
    site.clock.at += timedelta(days=3, minutes=1)
    assert (await decide(site, ref, "Liis"))[0] == 200
    if not approved_first:
        await site.services.write(
            lambda unit: do_approve(
                unit,
                unit.session.get_one(Action, site.actions["erasure"]),
                unit.session.get_one(PrivacyRequest, ref),
                "Marc",
                site.clock.at,
            )
        )

    def claimed(unit: Unit) -> list[str]:
        return _claim(unit)

    assert site.actions["erasure"] not in await site.services.write(claimed)
    mails = select(Outbox).where(col(Outbox.key) == f"dont_lifted:{ref}")
    (mail,) = await site.services.read(lambda unit: unit.session.exec(mails).all())
    letter = str(payload_of(site.services, mail))
    assert "La pause est terminée" in letter
    (secret,) = re.findall(r"/verify/stop/(\w+)", letter)
    site.clock.at += timedelta(hours=23)
    assert site.actions["erasure"] not in await site.services.write(claimed)
    if approved_first:
        assert await site.services.write(lambda unit: stopping.do_stop(unit, secret))
        site.clock.at += timedelta(days=1)
        assert site.actions["erasure"] not in await site.services.write(claimed)
    else:
        site.clock.at += timedelta(hours=1, minutes=1)
        assert site.actions["erasure"] in await site.services.write(claimed)


async def test_who_has_no_contact_is_told_in_the_talk_that_it_goes_on(talk: Talk) -> None:
    await talk.write(ERASE["en"])
    ref = (await talk.one()).ref
    await talk.write(DONT["en"])
    talk.site.clock.at += timedelta(days=3, minutes=1)
    assert (await decide(talk.site, ref, "Liis"))[0] == 200
    assert "the pause is over" in await talk.said()


async def test_what_the_contact_itself_lets_go_on_waits_for_nothing(talk: Talk) -> None:
    ref = await paused(talk.site, approved_by="Marc")
    await talk.site.services.write(
        lambda unit: sparing.go_on(unit, [unit.session.get_one(PrivacyRequest, ref)], "subject")
    )
    assert talk.site.actions["erasure"] in await talk.site.services.write(_claim)


@pytest.mark.parametrize(
    ("words", "channel"),
    [
        ("I am writing on behalf of my mother, please delete all her data.", "email"),
        ("As the lawyer of Mr Holm I ask for a copy of his personal data.", "email"),
        ("Ma mère décédée avait un compte chez vous, supprimez toutes ses données.", "webchat"),
    ],
)
async def test_who_writes_for_somebody_else_is_asked_for_no_proof_of_their_own(
    talk: Talk, words: str, channel: str
) -> None:
    await talk.write(words, channel)
    request = await talk.one()
    assert (request.status, request.attention, request.tier_needed) == ("received", "for_somebody_else", 3)
    asked = await talk.site.services.read(lambda unit: unit.session.exec(select(ChallengeRow)).all())
    assert [row for row in asked if request.ref in row.references] == []
    assert request.ref in await talk.all_said()


@pytest.mark.parametrize(
    "words",
    [
        "J'exerce mes droits d'accès, de rectification, d'effacement et d'opposition.",
        "I hereby exercise my rights:\n- access\n- rectification\n- erasure\n- objection",
    ],
)
async def test_a_list_of_rights_opens_every_one(talk: Talk, words: str) -> None:
    await talk.write(words)
    assert {r.right for r in await talk.requests()} == {
        Right.ACCESS, Right.RECTIFICATION, Right.ERASURE, Right.OBJECTION,
    }  # fmt: skip


async def test_a_copy_then_deletion_is_two_requests_and_not_the_purpose_that_was_asked(talk: Talk) -> None:
    await talk.write("Je m'oppose au traitement de mes données.", locale="fr")
    assert {r.right for r in await talk.requests()} == {"objection"}
    await talk.write("Je voudrais une copie de mes données puis leur suppression définitive.")
    found = {r.right: r for r in await talk.requests()}
    assert set(found) == {"objection", "access", "erasure"}
    assert "purpose" not in found["objection"].details


# ── this was not me, by mail ────────────────────────────────────────────────────────────────────────

DENIED = {
    "en": "I never asked for this! Please cancel request {ref}. This was not me.",
    "fr": "Je n'ai rien demandé, ce n'est pas moi. Annulez la demande {ref}.",
}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    ("thread", "sender"),
    [("mari", MARI), ("new", MARI), ("mari", "somebody@else.example")],
    ids=["in the thread", "a new mail", "another sender in the thread"],
)
async def test_never_asked_by_mail_pauses_the_erasure_and_asks_at_the_contact(
    talk: Talk, language: str, thread: str, sender: str
) -> None:
    await talk.write(ERASE["en"], "email")
    ref = (await talk.one()).ref
    await talk.write(DENIED[language].format(ref=ref), "email", thread, sender=sender)
    assert sparing.is_paused(await talk.one())
    (asked,) = await talk.questions()
    assert asked.references == [ref]
    assert talk.site.services.keyring.unseal(asked.claimed) == MARI


async def test_never_asked_by_mail_pauses_the_erasure_that_a_chat_proved_for_that_contact(talk: Talk) -> None:
    await talk.write(ERASE["en"])
    ref = (await talk.one()).ref
    await talk.prove(ref)
    await talk.write("It wasn't me.", "email", "elsewhere")
    assert sparing.is_paused(await talk.one())
    assert [asked.references for asked in await talk.questions()] == [[ref]]


async def test_never_asked_by_a_stranger_pauses_nothing_and_only_calls(talk: Talk) -> None:
    await talk.write(ERASE["en"])
    ref = (await talk.one()).ref
    await talk.prove(ref)
    words = DENIED["en"].format(ref=ref)
    await talk.write(words, "email", "elsewhere", sender="somebody@else.example")
    request = await talk.one()
    assert not sparing.is_paused(request)
    assert await talk.questions() == []
    assert request.attention == "not_me_by_stranger"


@pytest.mark.parametrize("thread", ["mari", "elsewhere"])
async def test_never_asked_of_another_right_calls_an_agent_for_the_contact_alone(
    talk: Talk, thread: str
) -> None:
    await talk.write("Please send me a copy of all my personal data.", "email")
    request = await talk.one()
    await talk.prove(request.ref)
    words = DENIED["en"].format(ref=request.ref)
    await talk.write(words, "email", "stranger", sender="somebody@else.example")
    assert (await talk.one()).attention != "not_me_by_mail"
    await talk.write(words, "email", thread)
    after = await talk.one()
    assert (after.attention, after.status) == ("not_me_by_mail", (await talk.one()).status)
    await talk.write("Hello, are you there?", "email", "mari")
    assert (await talk.one()).attention == "not_me_by_mail", "a later mail does not hide it"


async def test_it_was_not_me_who_chose_this_plan_pauses_nothing(talk: Talk) -> None:
    await talk.write(ERASE["en"], "email")
    await talk.write("It was not me who chose this plan. I never asked for this invoice.", "email")
    await talk.write("You keep sending me your newsletter, I never asked for this.", "email", "news")
    request = (await talk.requests())[0]
    assert request.right == "erasure"
    assert not sparing.is_paused(request)
    assert request.attention != "not_me_by_mail"


async def test_never_asked_in_a_chat_pauses_what_is_open_there_and_says_nothing_otherwise(talk: Talk) -> None:
    await talk.write("This was not me.")
    assert "opened none" not in await talk.said()
    await talk.write(ERASE["en"])
    await talk.write("I never asked for this!")
    assert sparing.is_paused(await talk.one())


ASKS_NOTHING_OF_OURS = {
    "answers": ("Re: question about {ref}", "Thank you, I have seen it."),
    "asks": ("My request", "Where does my request {ref} stand?"),
    "fr": ("Ma demande", "Où en est ma demande {ref} ?"),
}


@pytest.mark.parametrize("mail", ASKS_NOTHING_OF_OURS)
async def test_a_mail_that_names_a_request_answers_no_question_that_nobody_asked(
    talk: Talk, mail: str
) -> None:
    await talk.write(ERASE["en"])
    ref = (await talk.one()).ref
    await talk.prove(ref)
    subject, words = (each.format(ref=ref) for each in ASKS_NOTHING_OF_OURS[mail])
    await talk.write(words, "email", "elsewhere", subject=subject)
    assert (await talk.one()).attention == "new_message"
    assert "wrote_again" in (heard := await events(talk, ref))
    assert "question_answered" not in heard


@pytest.mark.parametrize("mail", ASKS_NOTHING_OF_OURS)
async def test_that_nobody_answered_a_dont_is_hidden_by_no_mail(talk: Talk, mail: str) -> None:
    """A mail is easily forged: an agent must decide all the same."""
    await talk.write(ERASE["en"])
    ref = (await talk.one()).ref
    await talk.prove(ref)
    await talk.write(DONT["en"])
    talk.site.clock.at += timedelta(days=3, minutes=1)
    await reminders.expire(talk.site.services)
    subject, words = (each.format(ref=ref) for each in ASKS_NOTHING_OF_OURS[mail])
    await talk.write(words, "email", "elsewhere", subject=subject)
    request = await talk.one()
    assert request.attention == sparing.first_reason(request) == Attention.DONT_UNANSWERED
    await talk.site.services.write(
        lambda unit: set_attention(unit, unit.session.get_one(PrivacyRequest, ref), "delivery_unproved")
    )
    assert (await talk.one()).attention == Attention.DONT_UNANSWERED, "whatever else came"
    await talk.site.services.write(
        lambda unit: sparing.go_on(unit, [unit.session.get_one(PrivacyRequest, ref)], "subject")
    )
    assert (await talk.one()).attention is None


async def events(talk: Talk, ref: str) -> set[str]:
    """Give what was recorded of a request."""
    rows = select(Audit.event).where(col(Audit.chain) == ref)
    return set(await talk.site.services.read(lambda unit: unit.session.exec(rows).all()))
