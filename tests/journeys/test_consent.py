"""Consent withdrawn as easily as it was given: proved lightly, approved by a person, ended where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from tests.doubles.desk_process import DeskProcess
from tests.doubles.journeys import (
    ask_by_mail,
    changed_cells,
    confirm_by_mail,
    confirm_link,
    links_in,
    prove_in_chat,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("consent")]


@dataclass(frozen=True)
class Use:
    """One use that rests on consent: how it is named, and where it stands."""

    table: str
    column: str
    owner: str
    fr: str
    en: str


USES = {
    "profiling": Use(
        "client_profiles",
        "profiling_opt_in",
        "client_id",
        "Je révoque mon consentement au profilage.",
        "I withdraw my consent to profiling.",
    ),
    "analytics": Use(
        "visitors",
        "analytics_consent",
        "client_id",
        "Je retire mon consentement aux statistiques de visite.",
        "I withdraw my consent to analytics.",
    ),
    "survey": Use(
        "clients",
        "survey_opt_in",
        "id",
        "Je retire mon consentement à être sollicité pour des enquêtes de satisfaction.",
        "I withdraw my consent to being asked in surveys.",
    ),
}
DONE = {"fr": "consentement", "en": "consent"}


@pytest.fixture(scope="module")
def given() -> set[str]:
    """Who has had a journey of their own already."""
    return set()


def consenting(desk: DeskProcess, use: Use, given: set[str]) -> tuple[str, int]:
    """Give somebody who agreed to this use and has had no journey yet: e-mail and client row."""
    rows = desk.query(
        f"SELECT c.email, c.id FROM clients c JOIN {use.table} t ON t.{use.owner} = c.id"
        f" WHERE t.{use.column} = 1 AND c.id > 20 AND c.email LIKE '%@%'"
        " AND (SELECT count(*) FROM clients o WHERE lower(o.email) = lower(c.email)) = 1 ORDER BY c.id"
    )
    email, client = next((email, client) for email, client in rows if email not in given)
    given.add(email)
    return str(email), int(client)


async def ended_only_for(
    desk: DeskProcess, use: Use, client: int, before: dict[str, dict[object, tuple[object, ...]]], ref: str
) -> None:
    """An agent approves; then the flag of this person, and nothing of anybody else, has changed."""
    plan = await desk.plan(ref)
    assert desk.dump() == before, "nothing ends before an agent has approved"
    assert use.table in {step["table"] for step in plan["steps"]}
    await desk.approve(ref)
    await desk.until_status(ref, "answered")
    flags = desk.query(f"SELECT {use.column} FROM {use.table} WHERE {use.owner} = ?", client)
    assert flags
    assert not any(flag for (flag,) in flags)
    cells = changed_cells(desk, before, desk.dump())
    planned = {(step["table"], column) for step in plan["steps"] for column in step["columns"]}
    assert {(table, column) for table, _, column in cells} <= planned
    assert {key for table, key, _ in cells if table == use.table} <= rowids(desk, use, client)


def rowids(desk: DeskProcess, use: Use, client: int) -> set[object]:
    return {row for (row,) in desk.query(f"SELECT rowid FROM {use.table} WHERE {use.owner} = ?", client)}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("purpose", list(USES))
async def test_a_withdrawal_in_chat_ends_that_use_for_that_person(
    desk: DeskProcess, given: set[str], purpose: str, language: str
) -> None:
    use = USES[purpose]
    email, client = consenting(desk, use, given)
    before = desk.dump()
    async with desk.chat(language) as chat:
        await chat.say(use.fr if language == "fr" else use.en)
        ref = (await chat.opened())["consent_withdrawal"]
        await prove_in_chat(desk, chat, email, ref)
        await ended_only_for(desk, use, client, before, ref)
        await chat.until(lambda m: DONE[language] in m["text"] and ref in m["text"], "what became of it")
    assert DONE[language] in (await desk.mail(email, "Inspektsioon")).get_content()
    assert (await desk.request(ref))["assurance"] == 1, "other uses than marketing need a proof"


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_withdrawal_by_mail_is_confirmed_by_a_link_and_ends_that_use(
    desk: DeskProcess, given: set[str], language: str
) -> None:
    use = USES["profiling"]
    email, client = consenting(desk, use, given)
    before = desk.dump()
    ref = await ask_by_mail(desk, use.fr if language == "fr" else use.en, email, language)
    await confirm_by_mail(desk, email, ref)
    await ended_only_for(desk, use, client, before, ref)
    assert await desk.mail(
        email, {"fr": "Votre consentement est retiré", "en": "Your consent is withdrawn"}[language]
    )


async def test_several_uses_named_in_one_message_each_end_and_are_named(
    desk: DeskProcess, given: set[str]
) -> None:
    use = USES["profiling"]
    email, client = consenting(desk, use, given)
    before = desk.dump()
    async with desk.chat("en") as chat:
        await chat.say("I withdraw my consent to profiling and analytics.")
        ref = (await chat.opened())["consent_withdrawal"]
        await prove_in_chat(desk, chat, email, ref)
        await ended_only_for(desk, use, client, before, ref)
    letter = (await desk.mail(email, "Your consent is withdrawn")).get_content()
    assert "- profiling" in letter
    assert "- statistics about visits" in letter, "ended, or said to be in no use"


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_marketing_named_beside_another_use_ends_at_once_and_the_other_on_a_proof(
    desk: DeskProcess, given: set[str], language: str
) -> None:
    use = USES["survey"]
    email, client = consenting(desk, use, given)
    sentence = {
        "en": "I withdraw my consent to marketing and to surveys.",
        "fr": "Je retire mon consentement à la prospection commerciale et aux sondages.",
    }[language]
    desk.send_mail(sentence, sender=email, subject="Consent")
    asked = (
        await desk.mail(email, {"en": "Please confirm", "fr": "Merci de confirmer"}[language])
    ).get_content()
    named = {ref for mail in desk.mails(email) for ref in re.findall(r"PR-\w{8}", mail.get_content())}
    (ref,) = [each for each in named if (await desk.request(each))["status"] == "verifying"]
    assert await desk.mail(email, "/verify/undo/"), "marketing ended without a proof"
    assert desk.query("SELECT survey_opt_in FROM clients WHERE id = ?", client) == [(1,)]
    await confirm_link(desk, links_in(asked, "/verify/")[0], ref)
    await desk.approve(ref)
    await desk.until_status(ref, "answered")
    assert desk.query("SELECT survey_opt_in FROM clients WHERE id = ?", client) == [(0,)]


EVERY = {
    "fr": ("Je retire tous mes consentements.", "Votre consentement est retiré", "- le profilage"),
    "en": ("I withdraw all my consents.", "Your consent is withdrawn", "- profiling"),
}


@pytest.mark.parametrize("language", EVERY)
async def test_withdrawing_every_consent_ends_each_one_on_file_and_names_it(
    desk: DeskProcess, given: set[str], language: str
) -> None:
    sentence, subject, named = EVERY[language]
    email, client = consenting(desk, USES["profiling"], given)
    async with desk.chat(language) as chat:
        await chat.say(sentence)
        ref = (await chat.opened())["consent_withdrawal"]
        await prove_in_chat(desk, chat, email, ref)
        await desk.approve(ref)
        await desk.until_status(ref, "answered")
    for table, column, owner in (
        ("clients", "marketing_opt_in", "id"),
        ("clients", "survey_opt_in", "id"),
        ("client_profiles", "profiling_opt_in", "client_id"),
        ("visitors", "analytics_consent", "client_id"),
    ):
        assert not desk.query(f"SELECT 1 FROM {table} WHERE {owner} = ? AND {column} = 1", client), column
    assert named in (await desk.mail(email, subject)).get_content()
    asked = desk.command(
        "suppressed", "filter", "-", "--json", stdin=f"{email}\nnobody@else.example\n".encode()
    )
    assert email in asked.stdout.decode(), asked.stderr
    assert "nobody@else.example" not in asked.stdout.decode()


@pytest.mark.parametrize(
    ("language", "says"), [("en", "A person here"), ("fr", "Une personne de notre équipe")]
)
async def test_a_use_that_no_map_knows_ends_nothing_by_itself_and_says_nothing_has(
    desk: DeskProcess, given: set[str], language: str, says: str
) -> None:
    email, _ = consenting(desk, USES["profiling"], given)
    before = desk.dump()
    async with desk.chat(language) as chat:
        await chat.say({"en": "I withdraw my consent.", "fr": "Je retire mon consentement."}[language])
        ref = (await chat.opened())["consent_withdrawal"]
        await chat.asked("choice")
        await chat.choose("purpose:something_else")
        await prove_in_chat(desk, chat, email, ref)
        await chat.until(lambda m: says in m["text"] and ref in m["text"], "that a person decides")
    request = await desk.request(ref)
    assert (request["status"], request["attention"]) == ("open", "unknown_use")
    assert desk.dump() == before
    assert not [
        m for m in desk.mails(email) if "withdrawn" in str(m["subject"]) or "retiré" in str(m["subject"])
    ]


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_consent_to_marketing_ends_at_once_and_nobody_approves(
    desk: DeskProcess, given: set[str], language: str
) -> None:
    use = Use("clients", "marketing_opt_in", "id", "", "")
    email, client = consenting(desk, use, given)
    sentence = {
        "fr": "Je retire mon consentement à la prospection commerciale.",
        "en": "I withdraw my consent to marketing.",
    }[language]
    async with desk.chat(language) as chat:
        await chat.say(sentence)
        opened = await chat.opened()
        assert "consent_withdrawal" in opened
        await chat.asked("email")
        await chat.say(email)
        await chat.until(lambda m: email in m["text"], "that marketing is off")
    for ref in opened.values():
        assert (await desk.until_status(ref, "answered"))["assurance"] == 0
    assert desk.query("SELECT marketing_opt_in FROM clients WHERE id = ?", client) == [(0,)]
