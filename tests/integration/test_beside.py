"""What a mail asks of support beside a right reaches support too, once; in a chat a person is offered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlmodel import col

from assistant.services import Unit
from assistant.store.tables import Audit, Outbox, PrivacyRequest
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk

ANNA = "anna.kask@post.example"
MIXED = [
    "mon site est en panne depuis ce matin, urgent ! Par ailleurs, je ne veux plus recevoir vos publicités.",
    "My VPS has been down for 3 h. And please stop sending me your newsletter.",
    "Please renew my domain, it expires tonight. Also send me a copy of all my personal data.",
    "Please send the invoice again. And delete my account and all my data.",
    "Please refund 48 €, then delete all my data.",
    "Merci de me rembourser 48 €, puis de supprimer toutes mes données.",
]
PLAIN = [
    "Please stop sending me your newsletter.",
    "Je ne veux plus recevoir vos publicités.",
    "Please send me copies of my invoices and all my personal data.",
    "Supprimez toutes mes données, y compris celles de mon domaine.",
]
SAID = {"en": "other than your personal data", "fr": "autre chose que de vos données"}


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


async def passed_on(desk: PostingDesk) -> int:
    return len(await desk.outbox(col(Outbox.kind) == "relay"))


@pytest.mark.parametrize("words", MIXED)
async def test_the_half_for_support_of_a_mail_that_opens_a_request_reaches_support(
    desk: PostingDesk, words: str
) -> None:
    await desk.mail(ANNA, words)
    requests = await desk.all(PrivacyRequest)
    assert requests
    assert await passed_on(desk) == 1
    told = await desk.all(Audit, col(Audit.event) == "passed_to_support")
    assert {row.chain for row in told} == {request.ref for request in requests}


async def test_what_joins_an_open_request_reaches_support_too(desk: PostingDesk) -> None:
    await desk.mail(ANNA, "Please delete my account and all my data.")
    assert await passed_on(desk) == 0
    await desk.mail(
        ANNA, "Please delete my account and all my data. My website is down since noon, please help."
    )
    assert await passed_on(desk) == 1


async def test_a_subject_asks_of_support_too(desk: PostingDesk) -> None:
    await desk.mail(ANNA, PLAIN[0], "Subject: My server is down")
    assert await passed_on(desk) == 1


@pytest.mark.parametrize("words", PLAIN)
async def test_a_plain_request_is_not_passed_on(desk: PostingDesk, words: str) -> None:
    await desk.mail(ANNA, words)
    assert await desk.all(PrivacyRequest)
    assert await passed_on(desk) == 0


@pytest.mark.parametrize(("language", "words"), [("fr", MIXED[0]), ("en", MIXED[4])])
async def test_a_chat_offers_a_person_for_it_and_asks_on(
    desk: PostingDesk, language: str, words: str
) -> None:
    await desk.chat("visitor", words)
    assert await desk.all(PrivacyRequest)
    said = await desk.said_in(await desk.chat_of("visitor"))
    assert sum(SAID[language] in text for text in said) == 1
    assert SAID[language] not in said[-1]
    await desk.chat("other", PLAIN[0])
    assert not any(SAID["en"] in text for text in await desk.said_in(await desk.chat_of("other")))


COVER_NOTES = [
    ("GDPR request", "please find my GDPR request attached."),
    ("Courrier", "Veuillez trouver ci-joint ma demande d'exercice de droits."),
    ("Demande d'effacement", "voir pièce jointe"),
    ("Right to erasure", "see attached"),
    ("Request", "Hello,\n\nmy data request is in the attachment.\n\nKind regards,\nAnna Kask"),
    ("RGPD", "Bonjour,\n\nvous trouverez ma lettre en pièce jointe.\n\nCordialement"),
]


@pytest.mark.parametrize(("subject", "words"), COVER_NOTES)
async def test_a_note_that_hands_over_a_request_in_a_file_waits_for_an_agent(
    desk: PostingDesk, subject: str, words: str
) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = (
        ANNA,
        "privacy@desk.example.test",
        subject,
        "<1@a.example>",
    )
    mail.set_content(words)
    mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="letter.pdf")
    await desk.channel.take(desk.desk, mail.as_bytes())
    assert (await desk.conversation_of(ANNA)).triage
    assert await passed_on(desk) == 0


@pytest.mark.parametrize(("subject", "words"), COVER_NOTES)
async def test_where_the_file_was_forgotten_support_reads_the_note_too(
    desk: PostingDesk, subject: str, words: str
) -> None:
    await desk.mail(ANNA, words, f"Subject: {subject}")
    assert (await desk.conversation_of(ANNA)).triage
    assert await passed_on(desk) == 1


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("Invoice of May", "Please find attached the contract that we signed."),
        ("Facture", "Veuillez trouver ci-joint le bon de commande signé."),
        ("Error", "The screenshot is attached, my server is down."),
    ],
)
async def test_other_files_are_supports(desk: PostingDesk, subject: str, words: str) -> None:
    await desk.mail(ANNA, words, f"Subject: {subject}")
    assert not (await desk.conversation_of(ANNA)).triage
    assert await passed_on(desk) == 1


ASKED = {
    "en": "Please delete my account and all my personal data.",
    "fr": "Supprimez mon compte et toutes mes données personnelles.",
}
REMINDERS = [
    "Any news on this? It has been three weeks.\n\nOn Mon, 2 Nov 2026 at 10:00, Anna <anna.kask@post.example> wrote:\n> {en}",
    (
        "I sent this last week and nobody answered:\n\n---------- Forwarded message ---------\nFrom: Anna <anna.kask@post.example>\n"
        "Date: Mon, 2 Nov 2026\nSubject: Request\nTo: <info@alder.example>\n\n{en}"
    ),
    "Je n'ai reçu aucune réponse.\n\nLe lun. 2 nov. 2026 à 10:00, Anna <anna.kask@post.example> a écrit :\n> {fr}",
]


@pytest.mark.parametrize("words", REMINDERS)
async def test_a_reminder_of_a_quoted_request_is_shown_in_triage(desk: PostingDesk, words: str) -> None:
    await desk.mail(ANNA, words.format(**ASKED), "Subject: Request")
    assert (await desk.conversation_of(ANNA)).triage


async def test_a_reminder_of_a_quoted_ticket_is_supports_alone(desk: PostingDesk) -> None:
    await desk.mail(ANNA, REMINDERS[0].format(en="How much does a second server cost?"), "Subject: Price")
    assert not (await desk.conversation_of(ANNA)).triage
    assert await passed_on(desk) == 1


@pytest.mark.parametrize(
    "words", ["Any news on my request? I wrote before.", "Toujours pas de réponse, je vous ai écrit lundi."]
)
@pytest.mark.parametrize("proved", [True, False])
async def test_a_reminder_from_the_address_of_an_open_request_is_shown_there(
    desk: PostingDesk, words: str, proved: bool
) -> None:
    await desk.mail(ANNA, ASKED["en"])
    (request,) = await desk.all(PrivacyRequest)
    if proved:
        services = desk.desk.services

        def prove(unit: Unit) -> None:
            row = unit.session.get_one(PrivacyRequest, request.ref)
            row.status, row.contact_hash = "open", services.keyring.keyed_hash(ANNA)
            unit.session.add(row)

        await services.write(prove)
    await desk.mail(ANNA, words, "Subject: Hello")
    (after,) = await desk.all(PrivacyRequest)
    assert after.attention == "new_message"
    assert await passed_on(desk) == 0
