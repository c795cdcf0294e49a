"""Every sentence of every last letter is true of the company's database: each outcome of each right, in both languages."""

from __future__ import annotations

import re
import sqlite3
import tomllib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from importlib import resources
from typing import Any

import pytest
import pytest_asyncio

from tests.doubles.claims import Claims, claims_in
from tests.doubles.desk_process import DeskProcess, eventually
from tests.doubles.journeys import Rows, changed_cells, confirm_change, prove_in_chat, type_code
from tests.doubles.package_browser import Package, browser
from tests.doubles.sample_rows import THEIRS, rows_of

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
_DEMO = resources.files("assistant.demo")
CATALOGUE = tomllib.loads((_DEMO / "catalogue.toml").read_text("utf-8"))
MAP = {t["name"]: t for t in tomllib.loads((_DEMO / "client-area.toml").read_text("utf-8"))["tables"]}
LANGUAGES = ("en", "fr")
ERASE = {
    "en": "Please delete my account and all my data.",
    "fr": "Supprimez mon compte et toutes mes données.",
}
COPY = {"en": "Send me a copy of all my data.", "fr": "Envoyez-moi une copie de toutes mes données."}
TAKE = {
    "en": "Give me my data in a machine-readable format so I can take them to another provider.",
    "fr": "Donnez-moi mes données dans un format lisible par machine pour changer d’hébergeur (portabilité).",
}
RESTRICT = {
    "en": "Please restrict the processing of my data while you check them.",
    "fr": "Limitez le traitement de mes données le temps de les vérifier.",
}
CONSENT = {"en": "I withdraw all my consents.", "fr": "Je retire tous mes consentements."}
ANSWER = {"en": "Our answer", "fr": "Notre réponse"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskProcess]:
    process = await DeskProcess.start(tmp_path_factory.mktemp("true") / "desk")
    yield process
    await process.stop()


@pytest.fixture(scope="module")
def people(desk: DeskProcess) -> Iterator[str]:
    """Twenty and more clients who live alone and run nothing, each with invoices, given out once each."""
    rows = desk.query(
        "SELECT c.email FROM clients c WHERE c.email LIKE '%@%' AND c.id > 20"
        " AND NOT EXISTS (SELECT 1 FROM services s WHERE s.client_id = c.id AND s.status = 'active')"
        " AND NOT EXISTS (SELECT 1 FROM domains d WHERE d.client_id = c.id AND d.status = 'registered')"
        " AND (SELECT count(*) FROM clients o WHERE lower(o.email) = lower(c.email)) = 1"
        " AND NOT EXISTS (SELECT 1 FROM client_addresses a JOIN client_addresses o"
        "   ON o.address_id = a.address_id AND o.client_id <> a.client_id WHERE a.client_id = c.id)"
        " AND EXISTS (SELECT 1 FROM invoices i WHERE i.client_id = c.id) ORDER BY c.id"
    )
    assert len(rows) >= 20, len(rows)
    return iter(str(email) for (email,) in rows)


def label(category: str, language: str) -> str:
    """Give a category as letters write it."""
    return str(CATALOGUE["categories"][category][language])


def changed(before: Rows, after: Rows) -> Counter[str]:
    """Count by table the rows that went or are no longer as they were."""
    return Counter(
        {
            table: sum(after[table].get(key) != row for key, row in rows.items())
            for table, rows in before.items()
            if rows != after[table]
        }
    )


def by_category(rows: Counter[str], language: str) -> dict[str, int]:
    """Add the rows of tables up as a letter does."""
    found: Counter[str] = Counter()
    for table, number in rows.items():
        found[label(MAP[table]["category"], language)] += number
    return {name: number for name, number in found.items() if number}


def held(desk: DeskProcess, email: str, language: str) -> dict[str, int]:
    """Count what the company holds about an address, by category as letters write it."""
    return by_category(Counter({t: len(keys) for t, keys in rows_of(desk, email).items()}), language)


def theirs(counts: dict[str, int], language: str) -> dict[str, int]:
    """Leave out what the desk itself holds: it is no table of the company."""
    known = {label(name, language) for name in CATALOGUE["categories"]}
    return {name: number for name, number in counts.items() if name in known}


async def asked(desk: DeskProcess, sentence: str, right: str, email: str, language: str) -> str:
    """Ask in chat and prove who it is."""
    async with desk.chat(language) as chat:
        await chat.say(sentence)
        ref = (await chat.opened())[right]
        await prove_in_chat(desk, chat, email, ref)
    return ref


async def approved(
    desk: DeskProcess, words: dict[str, str], right: str, email: str, language: str
) -> tuple[str, dict[str, Any]]:
    """Ask, prove and have it approved; gives the reference and the plan."""
    ref = await asked(desk, words[language], right, email, language)
    return ref, await desk.approve(ref)


async def letter(desk: DeskProcess, email: str, ref: str, *, seen: int = 0) -> str:
    """Wait for the answer to a request, the one after `seen` others."""
    phrase = re.compile(r"this is our answer to|voici notre réponse à")

    async def look() -> str | None:
        texts = [str(m.get_content()).replace("\r\n", "\n") for m in desk.mails(email)]
        answers = [text for text in texts if ref in text and phrase.search(text)]
        return answers[seen] if len(answers) > seen else None

    return await eventually(look, f"the answer to {ref}")


def told_are_those_with_a_notice(desk: DeskProcess, ref: str, claims: Claims) -> None:
    """Whoever a letter says is told got a notice about this request, and nobody else did."""
    notify = {row["notify"]: row["name"] for row in CATALOGUE["recipients"].values() if row.get("notify")}
    noticed = {
        notify[str(m["to"])] for m in desk.mails() if str(m["to"]) in notify and ref in str(m["subject"])
    }
    by_hand = {
        row["name"]
        for row in CATALOGUE["recipients"].values()
        for m in desk.mails("support@")
        if ref in str(m["subject"]) and row["name"] in m.get_content()
    }
    named = set(claims.names.get("told", ()))
    assert noticed <= named <= noticed | by_hand
    assert claims.nobody_told == (not named)


@pytest.mark.parametrize("language", LANGUAGES * 2)
async def test_what_a_letter_says_was_erased_and_kept_and_told_is_so(
    desk: DeskProcess, people: Iterator[str], language: str
) -> None:
    email = next(people)
    ref, _ = await approved(desk, ERASE, "erasure", email, language)
    keys, before = rows_of(desk, email), desk.dump()
    invoices = desk.query("SELECT issued_on FROM invoices WHERE lower(client_email) = lower(?)", email)
    await desk.forward("73h")
    await desk.until_status(ref, "answered")
    after, claims = desk.dump(), claims_in(await letter(desk, email, ref), language)

    assert theirs(claims.counts["erased"], language) == by_category(changed(before, after), language)
    assert set(changed(before, after)) <= set(keys), "no row of anybody else changed"
    kept = {
        table: list(_still(desk, table, keys.get(table, set()))) for table in ("invoices", "invoice_lines")
    }
    number = sum(map(len, kept.values()))
    account = label("account", language)
    assert theirs(claims.counts["kept"], language) == ({account: number} if number else {})
    if number:
        last = max(int(str(day)[:4]) for (day,) in invoices) + 7
        assert claims.until[account].isoformat() == f"{last}-12-31"
    assert not desk.query("SELECT 1 FROM clients WHERE lower(email) = lower(?)", email)
    told_are_those_with_a_notice(desk, ref, claims)


def _still(desk: DeskProcess, table: str, keys: set[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    columns = THEIRS[table][0].split(", ")
    for key in keys:
        where = " AND ".join(f"{column} = ?" for column in columns)
        if desk.query(f"SELECT 1 FROM {table} WHERE {where}", *key):
            yield key


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_erasure_that_failed_in_part_names_what_is_left_and_the_last_letter_comes_when_it_is_done(
    desk: DeskProcess, people: Iterator[str], language: str
) -> None:
    email = next(people)
    ref, item = await approved(desk, ERASE, "erasure", email, language)
    before = desk.dump()
    with closing(sqlite3.connect(desk.database)) as db:
        db.execute("CREATE TRIGGER no BEFORE DELETE ON orders BEGIN SELECT RAISE(ABORT, 'not now'); END")
        db.commit()
    try:
        await desk.forward("73h")
        await _until_it_gives_up(desk, item["id"])
        assert desk.dump() == before, "all or nothing in one database"
        await _press(desk, item["id"], "give_up")
        await desk.until_status(ref, "partly_answered")
        text = await letter(desk, email, ref)
        claims = claims_in(text, language)
        assert theirs(claims.counts.get("erased", {}), language) == {}
        assert claims.names["left"]
        assert claims.names["left"][0] in {"Client area", "Espace client"}
        assert not re.search(r"We have erased your data|Nous avons effacé vos données", text)
    finally:
        with closing(sqlite3.connect(desk.database)) as db:
            db.execute("DROP TRIGGER no")
            db.commit()
    await _press(desk, item["id"], "go_on")
    await desk.until_status(ref, "answered")
    done = claims_in(await letter(desk, email, ref, seen=1), language)
    assert theirs(done.counts["erased"], language) == by_category(changed(before, desk.dump()), language)


async def _until_it_gives_up(desk: DeskProcess, ident: str) -> None:
    async def failed() -> bool:
        found = desk.own("SELECT 1 FROM action WHERE id = ? AND state = 'failed'", ident)
        if not found:
            await desk.forward("10m")  # past the pause between two tries
        return bool(found)

    await eventually(failed, "the plan to be given up")


async def _press(desk: DeskProcess, ident: str, verb: str) -> None:
    await desk.api("POST", f"/queue/{ident}/{verb}")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_letter_that_says_nothing_is_held_is_right(desk: DeskProcess, language: str) -> None:
    email = f"nobody.{language}@ailleurs.example"
    assert rows_of(desk, email) == {}
    async with desk.chat(language) as chat:
        await chat.say(COPY[language])
        ref = (await chat.opened())["access"]
        await type_code(desk, chat, email)
        await desk.until_status(ref, "answered")
    assert re.search(r"hold no data about|ne détenons aucune donnée", await letter(desk, email, ref))
    assert (await desk.request(ref))["outcome"] == "nothing_found"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_copy_holds_the_records_that_its_letter_counts(
    desk: DeskProcess, people: Iterator[str], language: str
) -> None:
    email = next(people)
    ref, _ = await approved(desk, COPY, "access", email, language)
    await desk.forward("73h")
    await desk.until_status(ref, "answered")
    text = await letter(desk, email, ref)
    told = theirs(claims_in(text, language).counts["copied"], language)

    assert told == held(desk, email, language)
    async with browser(desk, text, language) as fetching:
        await fetching.want_code()
        await fetching.enter(await desk.code(email, seen=1))
        _, raw, _ = await fetching.download()
    tables = [t for t in Package.read(raw).manifest["tables"] if t["source"] == "client-area"]
    assert sum(t["rows"] for t in tables) == sum(told.values())


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_document_to_take_along_is_there_when_its_letter_says_so(
    desk: DeskProcess, people: Iterator[str], language: str
) -> None:
    email = next(people)
    ref, _ = await approved(desk, TAKE, "portability", email, language)
    await desk.forward("73h")
    await desk.until_status(ref, "answered")
    async with browser(desk, await letter(desk, email, ref), language) as fetching:
        await fetching.want_code()
        await fetching.enter(await desk.code(email, seen=1))
        status, raw, _ = await fetching.download()
    assert status == 200
    assert raw


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_consent_that_a_letter_names_has_ended_in_the_database(
    desk: DeskProcess, people: Iterator[str], language: str
) -> None:
    email = next(people)
    ref, _ = await approved(desk, CONSENT, "consent_withdrawal", email, language)
    await desk.until_status(ref, "answered")
    claims = claims_in(await letter(desk, email, ref), language)
    assert claims.names.get("stopped")
    (client,) = desk.query("SELECT id FROM clients WHERE lower(email) = lower(?)", email)[0]
    for table, column, owner in (
        ("clients", "marketing_opt_in", "id"),
        ("clients", "survey_opt_in", "id"),
        ("client_profiles", "profiling_opt_in", "client_id"),
        ("visitors", "analytics_consent", "client_id"),
        ("visitors", "marketing_consent", "client_id"),
    ):
        assert not desk.query(f"SELECT 1 FROM {table} WHERE {owner} = ? AND {column} = 1", client), column
    told_are_those_with_a_notice(desk, ref, claims)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_restricted_is_marked_where_the_letter_says(
    desk: DeskProcess, people: Iterator[str], language: str
) -> None:
    email = next(people)
    ref, _ = await approved(desk, RESTRICT, "restriction", email, language)
    before = desk.dump()
    await desk.forward("1m")
    await desk.until_status(ref, "answered")
    claims = claims_in(await letter(desk, email, ref), language)
    assert set(claims.names["restricted"]) <= {
        label(name, language).split(" : ")[0].split(": ")[0] for name in CATALOGUE["categories"]
    }
    assert desk.query("SELECT restricted FROM clients WHERE lower(email) = lower(?)", email) == [(1,)]
    assert before
    told_are_those_with_a_notice(desk, ref, claims)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_marketing_is_off_for_the_address_that_is_said_to_get_none(
    desk: DeskProcess, people: Iterator[str], language: str
) -> None:
    email = next(people)
    sentence = {
        "en": f"Stop sending marketing to {email}",
        "fr": f"Arrêtez d’envoyer de la publicité à {email}",
    }[language]
    async with desk.chat(language) as chat:
        await chat.say(sentence)
        said = await chat.until(lambda m: email in m["text"], "that marketing is off")
    assert re.search(r"no more marketing|plus de publicité|plus aucune", said["text"])
    assert desk.query("SELECT marketing_opt_in FROM clients WHERE lower(email) = lower(?)", email) == [(0,)]
    looked = desk.command("suppressed", "filter", "-", stdin=f"{email}\n".encode())
    assert email in looked.stdout.decode(), looked.stderr


@pytest.mark.parametrize("language", LANGUAGES)
async def test_whoever_took_it_back_is_told_that_nothing_happens_and_nothing_does(
    desk: DeskProcess, people: Iterator[str], language: str
) -> None:
    email = next(people)
    async with desk.chat(language) as chat:
        await chat.say(ERASE[language])
        ref = (await chat.opened())["erasure"]
        await prove_in_chat(desk, chat, email, ref)
        await desk.approve(ref)
        before = desk.dump()
        await chat.say(
            {"en": "Never mind, cancel my request.", "fr": "Laissez tomber, annulez ma demande."}[language]
        )
        await chat.asked("choice")
        await chat.choose("withdraw:yes")
        await desk.until_status(ref, "withdrawn")
    await desk.forward("100h")
    assert desk.dump() == before
    assert (await desk.request(ref))["status"] == "withdrawn"
    assert await desk.mail(email, {"en": "withdrawn", "fr": "retir"}[language])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_a_letter_says_was_corrected_reads_so_and_nothing_else_changed(
    desk: DeskProcess, people: Iterator[str], language: str
) -> None:
    email, name = next(people), {"en": "Thornbury", "fr": "Kervella"}[language]
    (client,) = desk.query("SELECT id FROM clients WHERE lower(email) = lower(?)", email)[0]
    before = desk.dump()
    async with desk.chat(language) as chat:
        await chat.say(
            {
                "en": f"My last name is wrong in your records, please change it to {name}.",
                "fr": f"Mon nom de famille est mal orthographié, corrigez-le en {name}.",
            }[language]
        )
        ref = (await chat.opened())["rectification"]
        await confirm_change(chat, name)
        await prove_in_chat(desk, chat, email, ref)
        await desk.approve(ref)
        await desk.until_status(ref, "answered")
    claims = claims_in(await letter(desk, email, ref), language)
    assert claims.names["corrected"] == [{"en": "last name", "fr": "nom"}[language]]
    assert desk.query("SELECT last_name FROM clients WHERE id = ?", client) == [(name,)]
    assert changed_cells(desk, before, desk.dump()) == {("clients", client, "last_name")}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_refusal_does_nothing_and_names_its_ground_and_where_to_complain(
    desk: DeskProcess, people: Iterator[str], language: str
) -> None:
    email = next(people)
    ref = await asked(desk, ERASE[language], "erasure", email, language)
    before = desk.dump()
    reason = {
        "en": "A provision of national law restricts this.",
        "fr": "Une disposition du droit national le restreint.",
    }[language]
    facts = {"national_provision": "Invented Act, section 12(3)"}
    body = {"ground": "national_provision", "reason": reason, "facts": facts}
    await desk.api("POST", f"/requests/{ref}/refuse", json=body)
    text = await letter(desk, email, ref)
    await desk.forward("100h")
    assert desk.dump() == before
    assert reason in text
    assert re.search(r"We do not carry out|Nous ne donnons pas suite|ne faisons pas", text)
    assert "Andmekaitse Inspektsioon" in text
    assert (await desk.request(ref))["outcome"] == "refused"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_said_to_be_passed_on_has_reached_the_owner(
    desk: DeskProcess, people: Iterator[str], language: str
) -> None:
    email = next(people)
    ref = await asked(desk, ERASE[language], "erasure", email, language)
    item = await desk.plan(ref)
    await desk.api("POST", f"/queue/{item['id']}/reject", json={"reason": "It is about a website we host."})
    await desk.api("POST", f"/requests/{ref}/forward", json={"owner": f"owner.{language}@site.example"})
    text = await letter(desk, email, ref)
    assert re.search(r"passed your request on|transmis votre demande", text)
    assert await desk.mail(f"owner.{language}@site.example", ERASE[language])
    assert (await desk.request(ref))["status"] == "forwarded"
