"""A visitor whom the site names by a page token, beside what needs no proof and what was asked."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from assistant.casework.proof import attaching, challenges
from assistant.casework.requests import rectification
from assistant.casework.talk.mailed_links import STANDS, Came
from assistant.casework.talk.sign_ins import identify_in_chat
from assistant.domain.assurance import Method
from assistant.domain.lifecycle import Status
from assistant.domain.talk import WAITING
from assistant.errors import NothingToProve
from assistant.interfaces import SignedIn
from assistant.services import Unit
from assistant.store.tables import Conversation, PrivacyRequest
from assistant.web import verify
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk
from tests.integration.test_waiting_for_it import code_to

MARI: Final = "mari@alder.example"
NUMBER: Final = "C-10042"
FREEZE: Final = "Please restrict the processing of my data."
TEXTS: Final = "Stop sending me marketing to 079 123 45 67."
_tokens = itertools.count()


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        opened.clients.known[NUMBER] = MARI
        yield opened


async def identify(desk: PostingDesk, thread: str) -> None:
    """Have the site say that Mari looks at its page."""
    who = SignedIn(NUMBER, MARI, f"t{next(_tokens)}", None, desk.clock.now() + timedelta(minutes=5))
    await identify_in_chat(desk.services, (await desk.chat_of(thread)).id, who)


@pytest.mark.parametrize(
    "words",
    [
        TEXTS,
        "I withdraw my consent to marketing e-mails to lost@alder.example.",
    ],
)
async def test_a_page_token_takes_nothing_out_of_what_is_done_at_once(desk: PostingDesk, words: str) -> None:
    """GDPR 21(3), 7(3): marketing ends for what was named, without proof, whoever the site says looks at the page."""
    await desk.chat("left", words)
    with pytest.raises(NothingToProve):
        await identify(desk, "left")
    (asked,) = await desk.all(PrivacyRequest)
    assert (asked.status, asked.evidence_id, asked.assurance) == (Status.RECEIVED, None, 0)
    assert asked.to_plan_at is not None, "it is planned for what was named"


async def test_whatever_is_proved_for_it_leaves_what_needs_no_proof_as_it_was(desk: PostingDesk) -> None:
    await desk.chat("left", TEXTS)
    (asked,) = await desk.all(PrivacyRequest)
    ident = (await desk.chat_of("left")).id

    def prove(unit: Unit) -> None:
        attaching.give_evidence(
            unit,
            method=Method.EMAIL_CODE,
            contact=MARI,
            conversation_id=ident,
            references=[asked.ref],
            on_file=True,
        )

    await desk.services.write(prove)
    (asked,) = await desk.all(PrivacyRequest)
    assert (asked.status, asked.evidence_id) == (Status.RECEIVED, None)


async def test_a_page_token_proves_what_waits_for_it_and_leaves_what_ends_at_once(desk: PostingDesk) -> None:
    await desk.chat("left", TEXTS, FREEZE)
    await identify(desk, "left")
    found = {r.right: r for r in await desk.all(PrivacyRequest)}
    assert found["restriction"].status == Status.OPEN
    assert (found["objection"].status, found["objection"].evidence_id) == (Status.RECEIVED, None)


async def test_nothing_is_asked_any_more_once_a_page_token_has_proved_all(desk: PostingDesk) -> None:
    await desk.chat("frozen", FREEZE)
    await identify(desk, "frozen")
    await desk.chat("frozen", "Thanks")
    said = await desk.said_in(await desk.chat_of("frozen"))
    assert "you are confirmed" in said[-2]
    assert "question is still open" not in said[-1]
    assert "expects" not in (await desk.chat_of("frozen")).state


# ── what is asked beside a proof is asked after it ──────────────────────────────────────────────────

# What stands asked, by what was said before it.
ASKED: Final = {
    "chat_ask_detail": (FREEZE, "Delete my phone number"),
    "ask_objection_purpose": (FREEZE, "I object to the processing of my data."),
    "ask_rectification_value": (FREEZE, "My last name is wrong"),
    "withdraw_confirm": (FREEZE, "never mind, cancel it"),
    "withdraw_which": (FREEZE, "Send me a copy of my data", "cancel my request"),
}
CHANGE: Final = "My last name is Tamme, not Tamm, please correct it"


async def sign_in(desk: PostingDesk, thread: str) -> Came:
    """Have Mari sign in and press *I asked for this* on the page of the sign-in, for all that waits in the talk."""
    talk = await desk.chat_of(thread)
    asked = [r for r in await desk.requests_in(talk) if r.status in WAITING and r.tier_needed]

    def confirmed(unit: Unit) -> Came:
        conversation = unit.session.get_one(Conversation, talk.id)
        url = challenges.offer_login(unit, conversation, [request.ref for request in asked])
        nonce = str(url).partition("nonce=")[2]
        who = SignedIn(NUMBER, MARI, f"t{next(_tokens)}", nonce, desk.clock.now() + timedelta(minutes=5))
        return verify._confirmed(unit, who, MARI, rectification.digest_of(asked))  # what the page does

    return await desk.services.write(confirmed)


@pytest.fixture
def client_area(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be a client area."""
    monkeypatch.setattr(challenges, "login_address", lambda _, nonce: f"https://area.example/?nonce={nonce}")


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("prove", [identify, sign_in])
@pytest.mark.usefixtures("client_area")
async def test_what_is_asked_stands_again_after_a_sign_in_elsewhere(
    desk: PostingDesk, asked: str, prove: Callable[[PostingDesk, str], Awaitable[object]]
) -> None:
    await desk.chat("beside", *ASKED[asked])
    question = (await desk.said_in(await desk.chat_of("beside")))[-1]
    before = (await desk.chat_of("beside")).state
    assert before["question"] == asked
    await prove(desk, "beside")
    after = (await desk.chat_of("beside")).state
    assert [after[name] for name in ("question", "expects")] == [asked, before["expects"]]
    assert after.get("about") == before.get("about")
    assert (await desk.said_in(await desk.chat_of("beside")))[-1] == question


async def test_a_correction_is_asked_about_again_after_a_page_token(desk: PostingDesk) -> None:
    """What is too little for it leaves its question open: nothing is changed before its person has said yes."""
    await desk.chat("beside", CHANGE)
    question = (await desk.said_in(await desk.chat_of("beside")))[-1]
    await identify(desk, "beside")
    assert (await desk.chat_of("beside")).state["question"] == "confirm_rectification"
    assert (await desk.said_in(await desk.chat_of("beside")))[-1] == question


@pytest.mark.usefixtures("client_area")
async def test_what_was_confirmed_on_the_page_of_a_sign_in_is_asked_no_more(desk: PostingDesk) -> None:
    await desk.chat("beside", CHANGE)
    await sign_in(desk, "beside")
    assert "expects" not in (await desk.chat_of("beside")).state
    assert "you are confirmed" in (await desk.said_in(await desk.chat_of("beside")))[-1]


@pytest.mark.usefixtures("client_area")
async def test_the_page_of_a_sign_in_says_of_what_was_asked_before_that_it_is_joined(
    desk: PostingDesk,
) -> None:
    await desk.chat("first", FREEZE, NUMBER)
    await desk.chat("first", await code_to(desk, MARI))
    (first,) = await desk.all(PrivacyRequest)
    await desk.chat("second", FREEZE)
    came = await sign_in(desk, "second")
    assert came.page == STANDS
    assert [(each["status"], each["joined"]) for each in came.requests] == [("joined", first.ref)]


@pytest.mark.parametrize(
    ("asked", "back"),
    [
        ("en", "{} but cancel it, I no longer need it"),
        ("fr", "{} mais annulez, je n'en ai plus besoin"),
        ("fr", "le code est {}, finalement je n'en veux plus"),
    ],
)
async def test_a_code_is_tried_beside_its_taking_back_and_both_are_heard(
    desk: PostingDesk, asked: str, back: str
) -> None:
    wish = {"en": FREEZE, "fr": "Merci de limiter le traitement de mes données."}[asked]
    await desk.chat("back", wish, MARI, locale=asked)
    await desk.chat("back", back.format(await code_to(desk, MARI)), locale=asked)
    (request,) = await desk.all(PrivacyRequest)
    assert request.evidence_id is not None, "the code counts"
    talk = await desk.chat_of("back")
    assert talk.state["question"] == "withdraw_confirm"
    assert request.ref in (await desk.said_in(talk))[-1], "and it is asked whether it is taken back"
