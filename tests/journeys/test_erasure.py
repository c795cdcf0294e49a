"""Erasure from the person's sentence to the honest answer, over real sockets and a real database."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from assistant.replies.linter import CHAT_SENTENCES, sentences
from tests.doubles.desk_process import DeskProcess, changed
from tests.doubles.journeys import (
    ask_by_mail,
    confirm_by_mail,
    confirm_link,
    links_in,
    prove_in_chat,
    type_code,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("erasure")]

SENTENCES = {
    "fr": (
        "Bonjour, je voudrais que vous supprimiez toutes mes données personnelles.",
        "effacement",
        "gardons",
    ),
    "en": ("Hello, please delete all the personal data you hold about me.", "erasure", "keep"),
}


def link_in(text: str, path: str = "/verify/") -> str:
    """Find the first link to a page of ours, but not the one that stops."""
    links = re.findall(r"http://\S+", text)
    return str(next(link for link in links if path in link and "/stop/" not in link))


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_chat_erases_exactly_the_planned_rows_and_says_what_stays(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str
) -> None:
    sentence, word, keeps = SENTENCES[language]
    email, number = next(people)
    (client,) = desk.query("SELECT id FROM clients WHERE client_no = ?", number)[0]
    before = desk.dump()

    async with desk.chat(language) as chat:
        await chat.say(sentence)
        ref = (await chat.opened())["erasure"]
        await type_code(desk, chat, email)
        await chat.until(lambda m: ref in m["text"], "that it is confirmed")
        plan = await desk.approve(ref)
        assert (await desk.request(ref))["status"] == "scheduled"
        assert desk.dump() == before, "nothing may change before the hold is over"
        await desk.forward("73h")
        await desk.until_status(ref, "answered")
        answer = await chat.until(lambda m: word in m["text"] and ref in m["text"], "what became of it")

    letter = (await desk.mail(email, keeps)).get_content()
    assert "Inspektsioon" in letter
    assert len(sentences(answer["text"])) <= CHAT_SENTENCES, "letters are for mail"
    assert re.search(r"20(3[0-9]|2[6-9])", letter), "the end of the retention is named"
    after = desk.dump()
    touched = changed(before, after)
    planned = {step["table"] for step in plan["steps"]}
    assert set(touched) <= planned
    _nobody_else(desk, before, touched, client)
    kept = [keep for keep in plan["keeps"] if keep["table"] == "invoices"]
    assert kept
    assert all(keep["rule"] == "accounting" and keep["until"] for keep in kept)
    assert len(desk.query("SELECT 1 FROM invoices WHERE client_id = ?", client)) == sum(
        keep["rows"] for keep in kept
    )
    assert not desk.query("SELECT 1 FROM clients WHERE lower(email) = lower(?)", email)


def _nobody_else(desk: DeskProcess, before: dict, touched: dict, client: int) -> None:  # type: ignore[type-arg]
    """Every changed row of a table with a client column was this client's."""
    for table, keys in touched.items():
        columns = [row[1] for row in desk.query(f"PRAGMA table_info('{table}')")]
        if "client_id" in columns:
            at = columns.index("client_id")
            owners = {before[table][key][at] for key in keys}
            assert owners <= {client, None}, (table, owners)
        if table == "clients":
            assert keys == {client}


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_mail_is_confirmed_by_a_link_and_answered_to_the_contact_on_file(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str
) -> None:
    sentence, _, keeps = SENTENCES[language]
    email, number = next(people)
    desk.send_mail(sentence, sender=email, subject="Demande" if language == "fr" else "Request")
    receipt = await desk.mail(email, "PR-")
    ref = re.findall(r"PR-\w{8}", f"{receipt['subject']}\n{receipt.get_content()}")[0]
    link = link_in((await desk.mail(email, "/verify/")).get_content())

    status, page = await desk.page(link)
    assert status == 200
    assert ref not in page
    assert (await desk.request(ref))["status"] == "verifying", "opening the link changes nothing"
    await confirm_link(desk, link, ref)
    await desk.approve(ref)
    await desk.forward("73h")
    await desk.until_status(ref, "answered")

    letter = await desk.mail(email, keeps)
    assert letter["to"] == email
    assert not letter["in-reply-to"]
    assert not desk.query("SELECT 1 FROM clients WHERE lower(email) = lower(?)", email)
    assert desk.query("SELECT 1 FROM clients WHERE client_no = ?", number) == []


async def test_running_services_block_an_erasure_until_the_person_decides(desk: DeskProcess) -> None:
    email = "camille.aubertin@courriel.example"
    async with desk.chat("fr") as chat:
        await chat.say(SENTENCES["fr"][0])
        ref = (await chat.opened())["erasure"]
        await chat.say(email)
        await chat.say(await desk.code(email))
        item = await desk.plan(ref)
        status, problem = await desk.api_status(
            "POST", f"/queue/{item['id']}/approve", json={"plan_hash": item["plan_hash"]}
        )
        assert status == 409
        assert "services" in problem["title"].lower()
        assert (await desk.request(ref))["attention"] == "services_running"


async def test_this_was_not_me_stops_an_approved_erasure(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    email, _ = next(people)
    async with desk.chat("en") as chat:
        await chat.say(SENTENCES["en"][0])
        ref = (await chat.opened())["erasure"]
        await chat.say(email)
        await chat.say(await desk.code(email))
        await desk.approve(ref)
    stop = next(
        u
        for u in re.findall(r"http://\S+", (await desk.mail(email, "/verify/stop/")).get_content())
        if "/stop/" in u
    )
    status, _ = await desk.page(stop)
    assert status == 200
    await desk.press(stop, answer="not_me_sure")
    await desk.forward("80h")
    request = await desk.request(ref)
    assert request["status"] == "awaiting_approval"
    assert request["attention"] == "not_me"
    assert desk.query("SELECT 1 FROM clients WHERE lower(email) = lower(?)", email)


async def test_the_audit_is_whole_afterwards(desk: DeskProcess) -> None:
    done = desk.command("audit", "verify")
    assert done.returncode == 0, done.stdout + done.stderr


async def test_what_the_command_locates_before_and_no_longer_after_is_the_plan(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    email = next(email for email, _ in people if not shares_an_address(desk, email))
    before = located(desk, email)
    async with desk.chat("en") as chat:
        await chat.say(SENTENCES["en"][0])
        ref = (await chat.opened())["erasure"]
        await prove_in_chat(desk, chat, email, ref)
    plan = await desk.approve(ref)
    assert located(desk, email) == before, "a plan changes nothing"
    await desk.forward("73h")
    await desk.until_status(ref, "answered")
    after = located(desk, email)
    kept = {keep["table"] for keep in plan["keeps"] if keep["source"] == "client-area"}
    gone = {
        step["table"]: step["rows"]
        for step in plan["steps"]
        if step["source"] == "client-area" and step["table"] not in kept
    }
    assert {name: rows - after[name] for name, rows in before.items() if rows and name not in kept} == gone
    assert sum(gone.values()) > len(gone)
    assert {name for name, rows in before.items() if rows} == gone.keys() | (kept & before.keys())


def shares_an_address(desk: DeskProcess, email: str) -> bool:
    """Tell whether somebody else lives there too: such a row stays, and is not found by this person any more."""
    return bool(
        desk.query(
            "SELECT 1 FROM clients c JOIN client_addresses a ON a.client_id = c.id JOIN client_addresses o"
            " ON o.address_id = a.address_id AND o.client_id <> a.client_id WHERE lower(c.email) = lower(?)",
            email,
        )
    )


def located(desk: DeskProcess, email: str) -> dict[str, int]:
    """Count by table what `assistant sources locate` finds."""
    ended = desk.command("sources", "locate", email, "--json")
    assert ended.returncode == 0, ended.stderr
    rows = [json.loads(line) for line in ended.stdout.decode().splitlines()]
    return {row["table"]: row["rows"] for row in rows if row["source"] == "client-area"}


@pytest.mark.parametrize(
    ("language", "words", "answers", "ends"),
    [
        (
            "fr",
            "Finalement, ne supprimez rien, je préfère garder mon compte.",
            ("yes", "yes_sure"),
            "withdrawn",
        ),
        ("en", "Stop! Do not erase anything, keep my account.", ("no", "go_on_sure"), "answered"),
    ],
)
async def test_a_dont_by_mail_holds_an_approved_erasure_until_the_contact_says_which_is_meant(
    desk: DeskProcess,
    people: Iterator[tuple[str, str]],
    language: str,
    words: str,
    answers: tuple[str, ...],
    ends: str,
) -> None:
    email, number = next(people)
    ref = await ask_by_mail(desk, SENTENCES[language][0], email, language)
    await confirm_by_mail(desk, email, ref)
    await desk.approve(ref)
    due = (await desk.request(ref))["due_on"]
    desk.send_mail(words, sender=email, subject="Compte" if language == "fr" else "Account")
    question = await desk.mail(email, {"fr": "Tout garder", "en": "Keep everything"}[language])
    assert ref in question["subject"]
    await desk.forward("71h")
    assert (await desk.request(ref))["status"] == "scheduled"
    link = links_in(question.get_content(), "/verify/")[0]
    status, page = await desk.page(link)
    assert status == 200, page
    for answer in answers:
        await desk.press(link, answer=answer)
    await desk.forward("3h")
    await desk.until_status(ref, ends)
    assert (await desk.request(ref))["due_on"] == due
    assert bool(desk.query("SELECT 1 FROM clients WHERE client_no = ?", number)) == (ends == "withdrawn")
