"""Portability from the person's sentence to a document that another program can read."""

from __future__ import annotations

import json
from collections.abc import Iterator

import jsonschema_rs
import pytest

from tests.doubles.desk_process import DeskProcess
from tests.doubles.journeys import ask_by_mail, confirm_by_mail, prove_in_chat
from tests.doubles.package_browser import Package, browser
from tests.doubles.sample_rows import rows_of

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("portability")]

SENTENCES = {
    "fr": "Je souhaite récupérer mes données dans un format lisible par machine pour les donner à un autre hébergeur.",
    "en": "Please give me my data in a machine-readable file, so that I can take them to another provider.",
}
READY = {"fr": "La copie de vos données est prête", "en": "The copy of your data is ready"}
NEVER_PORTABLE = {"password_hash", "segment", "notes"}  # the company's own, and what nobody may have


@pytest.mark.parametrize(("channel", "language"), [("chat", "en"), ("mail", "fr")])
async def test_what_a_person_gave_comes_as_one_document_that_fits_its_schema(
    desk: DeskProcess, people: Iterator[tuple[str, str]], channel: str, language: str
) -> None:
    email, _ = next(people)
    if channel == "chat":
        async with desk.chat(language) as chat:
            await chat.say(SENTENCES[language])
            ref = (await chat.opened())["portability"]
            await prove_in_chat(desk, chat, email, ref)
    else:
        ref = await ask_by_mail(desk, SENTENCES[language], email, language)
        await confirm_by_mail(desk, email, ref)
    seen = 1 if channel == "chat" else 0
    await desk.approve(ref)
    await desk.forward("73h")
    await desk.until_status(ref, "answered")
    letter = str((await desk.mail(email, READY[language])).get_content())
    async with browser(desk, letter, language) as fetching:
        await fetching.want_code()
        await fetching.enter(await desk.code(email, seen=seen))
        status, raw, _ = await fetching.download()
    assert status == 200

    package = Package.read(raw)
    assert not [name for name in package.files if name.endswith((".csv", ".jsonl"))]
    document = json.loads(package.files["portability.json"])
    jsonschema_rs.validate(json.loads(package.files["portability.schema.json"]), document)
    assert (document["reference"], document["language"]) == (ref, language)
    area = {t["table"]: t["rows"] for t in document["tables"] if t["source"] == "client-area"}
    held = rows_of(desk, email)
    assert {"clients", "invoices"} & set(area)
    assert {table: len(rows) for table, rows in area.items()} == {table: len(held[table]) for table in area}
    columns = {column for rows in area.values() for row in rows for column in row}
    assert not columns & NEVER_PORTABLE
    others = {row[0] for row in desk.query("SELECT lower(email) FROM clients WHERE lower(email) <> ?", email)}
    assert not others & package.addresses()
