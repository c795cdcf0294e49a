"""What is typed while one detail is awaited is taken for it only where it can be it; else it is asked again, or read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from assistant.domain.fields import can_hold
from assistant.domain.rectifying import Changes
from assistant.store.tables import Message, PrivacyRequest
from tests.doubles.console_pages import pages_that_fail
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.typing_visitor import Talk

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("typed")) as opened:
        yield opened
        assert await pages_that_fail(opened) == [], "agents see what is asked while it waits for its value"


# ── a part of a correction ──────────────────────────────────────────────────────────────────────────

# Each awaited part, and how a talk gets there.
ADDRESS = ("Please correct my address.", "12 Long Road", "10111", "Durham")
AWAITED = {
    "address": ADDRESS[:1],
    "postcode": ADDRESS[:2],
    "city": ADDRESS[:3],
    "country": ADDRESS[:4],
    "first_name": ("My first name is wrong, please correct it.",),
    "last_name": ("My last name is wrong, please correct it.",),
    "company": ("The company name you have of me is wrong, please correct it.",),
    "phone": ("My phone number is wrong, please correct it.",),
    "email": ("My e-mail address is wrong, please correct it.",),
    "date_of_birth": ("My date of birth is wrong, please correct it.",),
}
# What else is typed there, and what it is: something of a form of its own, nothing at all, or a wish.
TYPED = {
    "mari@post.example": "form",
    "+372 5123 4567": "form",
    "1 May 1980": "form",
    "48159263": "form",
    "https://desk.example/": "form",
    "Why do you need that?": "nothing",
    "I don't know": "nothing",
    "Je ne sais pas.": "nothing",
    "hello": "nothing",
    "Yes": "nothing",
    "oui": "nothing",
    "ok, thanks": "nothing",
    "Non merci": "nothing",
    "Please delete my account.": "erasure",
    "Send me a copy of all my data.": "access",
    "Supprimez toutes mes données.": "erasure",
    "I want to talk to a person.": "human",
    "Where is my request?": "request_status",
    "Never mind, cancel my request.": "cancel_request",
}
GOOD = {
    "address": "12 Long Road, DH1 3LE Durham, UK",
    "postcode": "DH1 3LE",
    "city": "durham",
    "country": "Royaume-Uni",
    "first_name": "Isabelle",
    "last_name": "de la Tour",
    "company": "Putney Bridges Ltd",
    "phone": "06 12 34 56 78",
    "email": "new@post.example",
    "date_of_birth": "1 May 1980",
}


async def awaiting(desk: DeskInside, name: str) -> Talk:
    """Open a talk in which one part of a correction is awaited."""
    talk = Talk(desk)
    for words in AWAITED[name]:
        await talk.say(words)
    part = Changes.of((await talk.requests())["rectification"].details).unsettled
    assert part is not None
    assert part.field == name
    return talk


@pytest.mark.parametrize("name", AWAITED)
async def test_a_part_of_a_correction_takes_what_it_can_be_and_nothing_else(
    desk: DeskInside, name: str
) -> None:
    for typed, wish in TYPED.items():
        talk = await awaiting(desk, name)
        before = Changes.of((await talk.requests())["rectification"].details)
        said = await talk.answers()
        await talk.say(typed)
        after = await talk.requests()
        if wish == "form" and can_hold(name, typed):
            assert Changes.of(after["rectification"].details).new_values.get(name) == typed, typed
            continue
        found = Changes.of(
            after["rectification"].details
        )  # that nothing is to stand there is no value either
        assert replace(found, to_empty=before.to_empty) == before, f"{typed!r} was taken for {name}"
        assert await talk.answers() > said, f"nothing was said to {typed!r}"
        if wish in {"erasure", "access"}:
            assert wish in after, typed
        elif wish in {"form", "nothing"}:
            assert (await talk.state()).expects == "detail", f"{typed!r}: it is asked again"


@pytest.mark.parametrize("name", AWAITED)
async def test_a_part_of_a_correction_takes_what_was_meant_for_it(desk: DeskInside, name: str) -> None:
    talk = await awaiting(desk, name)
    await talk.say(GOOD[name])
    changes = Changes.of((await talk.requests())["rectification"].details)
    assert set(GOOD[name].split(", ")) <= {*changes.new_values.values(), "DH1 3LE Durham"}


@pytest.mark.parametrize("yes", ["Yes.", "Yes, that's right.", "That is correct", "oui c'est ça", "ok"])
async def test_a_yes_to_what_is_shown_is_a_yes_whatever_right_it_may_sound_like(
    desk: DeskInside, yes: str
) -> None:
    talk = Talk(desk)
    await talk.say("My first name is wrong, correct it to Morgan.")
    await talk.say(yes)
    assert Changes.of((await talk.requests())["rectification"].details).confirmed


# ── who it is, and where advertising ends ───────────────────────────────────────────────────────────

COPY, MARKETING = "Send me a copy of all my data.", "I object to direct marketing."
CLAIMS = {
    "mari.kask@post.example": ("email", "mari.kask@post.example"),
    "it is mari.kask@post.example, thanks": ("email", "mari.kask@post.example"),
    "10423": ("client_id", "C-10423"),
    "my number is C-10423": ("client_id", "C-10423"),
    **dict.fromkeys(("+372 5123 4567", "0612345678", "1 May 1980", "12.03.1975", "DH1 3LE", "I don't know")),
    **dict.fromkeys(
        ("PR-17798784", "RE-10423", "CAS-12345678", "DSAR-10423", "FR-2026-00123", "client RE-10423")
    ),
    **dict.fromkeys(
        ("order 10423", "ticket 10423", "my phone is 10423", "ma facture 10423", "card ending 4242")
    ),
}


@pytest.mark.parametrize("typed", CLAIMS)
async def test_where_somebody_says_who_they_are_only_an_address_or_a_client_number_is_taken(
    desk: DeskInside, typed: str
) -> None:
    talk = Talk(desk)
    await talk.say(COPY)
    said = await talk.answers()
    await talk.say(typed)
    wanted = CLAIMS[typed]
    assert await talk.claims() == ([wanted] if wanted else [])
    assert (await talk.state()).expects == ("code" if wanted else "email")
    assert await talk.answers() > said


async def test_a_code_typed_too_late_is_no_client_number(desk: DeskInside) -> None:
    talk = Talk(desk)
    await talk.say(COPY)
    await talk.say("mari.late@post.example")
    await talk.say("unreachable@bücher")  # asks for an address once more
    await talk.say("48159263")
    assert [kind for kind, _ in await talk.claims()] == ["email"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("mari.kask@post.example", "mari.kask@post.example"),
        ("+372 5123 4567", "+372 5123 4567"),
        ("06 12 34 56 78", "06 12 34 56 78"),
        ("51 23 45 67", "51 23 45 67"),
        ("48159263", None),
        ("481592", None),
        ("it is 048159", None),
        ("1 May 1980", None),
        ("12.03.1975", None),
        ("1975-03-12", None),
        ("12/03/1975", None),
        ("Why do you need that?", None),
        ("Durham", None),
    ],
)
async def test_where_advertising_shall_end_an_address_or_a_telephone_number_is_taken(
    desk: DeskInside, typed: str, kept: str | None
) -> None:
    talk = Talk(desk)
    await talk.say(MARKETING)
    assert (await talk.state()).question == "ask_marketing_address"
    await talk.say(typed)
    details = (await talk.requests())["objection"].details
    assert details.get("address") == kept
    if kept is None:
        assert (await talk.state()).question == "ask_marketing_address"


async def test_a_code_typed_too_late_is_no_number_that_marketing_leaves_alone(desk: DeskInside) -> None:
    talk = Talk(desk)
    await talk.say(COPY)
    await talk.say("C-10044")  # names no address that marketing may leave alone
    code = await desk.code("oliver.hartwell@mailbox.example")
    await talk.say(MARKETING)
    await desk.forward("16m")
    for typed in (code, f"{code[:4]} {code[4:]}"):
        await talk.say(typed)
        assert (await talk.requests())["objection"].details.get("address") is None
        assert (await talk.state()).question == "ask_marketing_address"
    await talk.say("left@post.example")
    await desk.idle()
    for typed in (code, f"{code[:4]} {code[4:]}"):
        await talk.say(typed)
    asked = [row for row in await talk.all_of(PrivacyRequest) if row.right == "objection"]
    assert [row.details["address"] for row in asked] == ["left@post.example"]


# ── which use shall end ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("asked", "right"),
    [
        ("I object to the processing of my personal data.", "objection"),
        ("I withdraw my consent.", "consent_withdrawal"),
    ],
)
@pytest.mark.parametrize(
    ("typed", "use"),
    [
        ("profiling", {"purpose": "profiling"}),
        ("statistics about my visits", {"purpose": "analytics"}),
        ("the newsletter", {"marketing": True}),
        ("scoring of how well I pay", {"purpose": "something_else"}),
        ("mari.kask@post.example", {}),
        ("+372 5123 4567", {}),
        ("1 May 1980", {}),
        ("48159263", {}),
        ("Why do you need that?", {}),
        ("I don't know", {}),
        ("Je ne sais pas encore.", {}),
        ("hello", {}),
        ("I want to talk to a person.", {}),
        ("Please delete my account.", {}),
    ],
)
async def test_which_use_shall_end_is_never_what_is_no_use(
    desk: DeskInside, asked: str, right: str, typed: str, use: dict[str, Any]
) -> None:
    talk = Talk(desk)
    await talk.say(asked)
    said = await talk.answers()
    await talk.say(typed)
    details = (await talk.requests())[right].details
    assert {name: details.get(name) for name in ("purpose", "marketing") if details.get(name)} == use
    assert await talk.answers() > said


# ── a wish with an address in it ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("asked", [(COPY,), (COPY, "mari.first@post.example"), (MARKETING,)])
@pytest.mark.parametrize(
    "wish",
    [
        "Delete all my data. My address is {}.",
        "Please delete my account {}",
    ],
    ids=["plain", "in doubt"],
)
async def test_a_wish_that_names_an_address_is_a_wish_wherever_it_is_typed(
    desk: DeskInside, asked: tuple[str, ...], wish: str
) -> None:
    talk = Talk(desk)
    for words in asked:
        await talk.say(words)
    address = f"{talk.thread}@post.example"  # a fresh one: limits follow the address
    await talk.say(wish.format(address))
    if (await talk.state()).question == "chat_ask_right":
        await talk.say("right:erasure", "choice")
    requests = await talk.requests()
    assert "erasure" in requests
    if "access" in requests:
        assert (await talk.claims())[-1] == ("email", address)
        named = set((await talk.state()).about)
        assert named == {requests["access"].ref, requests["erasure"].ref}, "one proof opens both"
    else:
        assert "address" not in requests["objection"].details, "nobody said that this is where it ends"


# ── a link in a correction ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("words", "company"),
    [
        (
            "My company is now called www.aubertin.example, please correct it in my data.",
            "www.aubertin.example",
        ),
        (
            "Ma société s’appelle maintenant www.delormeau.example, merci de corriger mes données.",
            "www.delormeau.example",
        ),
    ],
)
async def test_a_link_is_kept_as_it_was_typed(desk: DeskInside, words: str, company: str) -> None:
    talk = Talk(desk)
    await talk.say(words)
    changes = Changes.of((await talk.requests())["rectification"].details)
    assert [(part.field, part.new) for part in changes.parts] == [("company", company)]


@pytest.mark.parametrize(
    "words",
    [
        "Please correct my name to WIN a PRIZE at https://lottery.example/win",
        "Please correct my last name to WIN a PRIZE at www.lottery.example",
        "Please correct my city: it is www.lottery.example/a or https://lottery.example/b",
    ],
)
async def test_no_link_is_offered_for_a_field_that_holds_none(desk: DeskInside, words: str) -> None:
    talk = Talk(desk)
    await talk.say(words)
    said = [row for row in await talk.all_of(Message) if row.sender == "assistant"]
    assert said
    assert not [row.text for row in said if "lottery" in row.text.casefold()]
