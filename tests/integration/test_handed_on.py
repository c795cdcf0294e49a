"""A request that somebody hands on in the text of a mail is never support's alone, whatever program wrote the mail and whatever stands above."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import col

from assistant.channels.email.quoting import handed_on, hands_on
from assistant.store.tables import Conversation, Outbox, PrivacyRequest
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk

TIINA = "tiina@agency.example"
ASKED = {
    "en": [
        "Hello, please send me a copy of the data you have about me.\nNora",
        "I want you to delete my account and all my personal data.\n\nNora Quill",
        "My address is wrong in your files, please correct it.",
    ],
    "fr": [
        "Bonjour, je voudrais que vous supprimiez mon compte client et mes données.\nNorbert Quillan",
        "Merci de m'envoyer une copie de toutes les données que vous avez sur moi.",
    ],
}
NOTES = {
    "en": [
        "FYI",
        "Please handle this one.",
        "see below",
        "Hi, this came to support, I think it is for you. Tiina",
        "Can you answer her?",
        "-- \nTiina Sarn\nSupport",
        "FYI\n\nThis e-mail is confidential and intended for its addressee.",
        "",
    ],
    "fr": [
        "Bonjour, pouvez-vous traiter ?",
        "FYI, ça c'est pour vous je crois.\n\nAgathe (support)",
        "Pour vous.\n\n-- \nAgathe",
        "Je vous transfère ce message.",
        "",
    ],
}
_EN = (
    "From: Nora Quill <nora@quill.example>\nDate: Wed, Nov 25, 2026 at 6:20 PM\nSubject: hello\n"
    "To: <support@alder.example>\n\n{}\n"
)
_FR = (
    "De : Norbert Quillan <norbert@quillan.example>\nDate: mer. 25 nov. 2026 à 18:20\n"
    "Subject: bonjour\nTo: <support@alder.example>\n\n{}\n"
)
_OUTLOOK_FR = (
    "De : Norbert Quillan <norbert@quillan.example>\nEnvoyé : mercredi 25 novembre 2026 18:20\n"
    "À : Support <support@alder.example>\nObjet : bonjour\n\n{}\n"
)
_OUTLOOK_EN = (
    "From: Nora Quill <nora@quill.example>\nSent: Wednesday, November 25, 2026 6:20 PM\n"
    "To: Support\nSubject: hello\n\n{}\n"
)
FORMS = {  # by the program that writes them, as they stand below a note
    "en": {
        "gmail": "---------- Forwarded message ---------\n" + _EN,
        "thunderbird": (
            "-------- Forwarded Message --------\nSubject: \thello\n"
            "Date: \tWed, 25 Nov 2026 18:20:11 +0200\nFrom: \tNora <nora@quill.example>\nTo: \tsupport@alder.example\n\n{}\n"
        ),
        "apple": (
            "Begin forwarded message:\n\n> From: Nora <nora@quill.example>\n> Subject: hello\n"
            "> Date: 25 November 2026 at 18:20:11 GMT\n> To: support@alder.example\n> \n> {}\n"
        ),
        "outlook": _OUTLOOK_EN,
        "outlook of old": "-----Original Message-----\n" + _OUTLOOK_EN,
        "outlook on the web": "________________________________\n" + _OUTLOOK_EN,
        "outlook in bold": "*From:* Nora Quill <nora@quill.example>\n*Sent:* Wednesday\n*To:* Support\n*Subject:* hello\n\n{}\n",
        "outlook without addresses": "From: Nora Quill\nSent: 25 November 2026 18:20\nTo: Support; Tiina\n Sarn; Max\nSubject: hello\n\n{}\n",
        "mailmate": (
            "Forwarded message:\n\n> From: Nora Quill <nora@quill.example>\n> To: support@alder.example\n"
            "> Subject: hello\n> Date: Wed, 25 Nov 2026 18:20:11 +0200\n>\n> {}\n"
        ),
        "yahoo": "----- Forwarded Message -----\n" + _EN,
        "k-9": "-------- Original Message --------\n" + _EN,
        "notes": "----- Forwarded by Tiina Sarn/Alder on 25/11/2026 18:31 -----\n\n" + _EN,
        "as an answer": "On Wed, Nov 25, 2026 at 6:20 PM Nora Quill <nora@quill.example> wrote:\n\n> {}\n",
        "twice": (
            "---------- Forwarded message ---------\nFrom: Max <max@alder.example>\n"
            "Subject: Fwd: hello\n\nfor you\n-- \nMax\n\n---------- Forwarded message ---------\n" + _EN
        ),
    },
    "fr": {
        "gmail": "---------- Forwarded message ---------\n" + _FR,
        "gmail in French": "---------- Message transféré ---------\n" + _FR,
        "thunderbird": (
            "-------- Message transféré --------\nSujet : \tbonjour\n"
            "Date : \tWed, 25 Nov 2026 18:20:11 +0200\nDe : \tNorbert <norbert@quillan.example>\nPour : \tsupport@alder.example\n\n{}\n"
        ),
        "apple": (
            "Début du message réexpédié :\n\n> De: Norbert <norbert@quillan.example>\n"
            "> Objet: bonjour\n> Date: 25 novembre 2026 à 18:20:11 UTC+1\n> À: support@alder.example\n> \n> {}\n"
        ),
        "apple of today": (
            "Début du message transféré :\n\nDe: Norbert <norbert@quillan.example>\n"
            "Objet: bonjour\nDate: 25 novembre 2026\nÀ: support@alder.example\n\n{}\n"
        ),
        "outlook": _OUTLOOK_FR,
        "outlook of old": "-----Message d'origine-----\n" + _OUTLOOK_FR,
        "outlook on the web": "________________________________\n" + _OUTLOOK_FR,
        "outlook on a mac": (
            "De : Norbert Quillan <norbert@quillan.example>\nDate : mercredi 25 novembre 2026 à 18:20\n"
            "À : Support <support@alder.example>\nCc : Agathe\nObjet : bonjour\n\n{}\n"
        ),
        "zimbra": "----- Mail transféré -----\n" + _OUTLOOK_FR,
        "roundcube": "-------- Message original --------\n" + _FR,
        "orange": (
            '> Message du 25/11/26 18:20\n> De : "Norbert Quillan" <norbert@quillan.example>\n'
            "> A : support@alder.example\n> Objet : bonjour\n> \n> {}\n"
        ),
        "notes": "----- Réacheminé par Agathe/Alder le 25/11/2026 18:31 -----\n\n" + _FR,
    },
}
SUBJECTS = {"en": "Fwd: hello", "fr": "TR: bonjour"}
BY_MARK = [
    ("en", "gmail"),
    ("en", "thunderbird"),
    ("en", "apple"),
    ("en", "yahoo"),
    ("en", "notes"),
    ("fr", "gmail"),
    ("fr", "gmail in French"),
    ("fr", "thunderbird"),
    ("fr", "apple"),
    ("fr", "zimbra"),
    ("fr", "notes"),
]


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


async def lost(desk: PostingDesk, mails: list[tuple[str, str, str]]) -> list[str]:
    """Send mails, each from a colleague of its own; give those that neither opened anything nor wait for an agent."""
    for at, (_, subject, words) in enumerate(mails):
        await desk.mail(f"c{at}@h{at}.example", words, f"Subject: {subject}")
    opened = {request.conversation_id for request in await desk.all(PrivacyRequest)}
    found = []
    for at, (name, _, _) in enumerate(mails):
        talk = await desk.conversation_of(f"c{at}@h{at}.example")
        if not talk.triage and talk.id not in opened:
            found.append(name)
    return found


@pytest.mark.parametrize(
    ("language", "form"), [(language, form) for language, forms in FORMS.items() for form in forms]
)
async def test_a_request_below_a_note_reaches_an_agent(desk: PostingDesk, language: str, form: str) -> None:
    laid_out = FORMS[language][form]
    mails = [
        (f"{note!r} above {asked!r}", SUBJECTS[language], f"{note}\n\n{laid_out.format(asked)}".lstrip("\n"))
        for note in NOTES[language]
        for asked in ASKED[language]
    ]
    assert await lost(desk, mails) == []


@pytest.mark.parametrize(("language", "form"), BY_MARK)
async def test_a_forward_is_known_by_its_mark_where_its_subject_was_changed(
    desk: PostingDesk, language: str, form: str
) -> None:
    mails = [
        (note, "Nora", f"{note}\n\n{FORMS[language][form].format(ASKED[language][0])}")
        for note in NOTES[language]
        if note
    ]
    assert await lost(desk, mails) == []


async def test_a_forward_in_html_is_read_too(desk: PostingDesk) -> None:
    words = (
        '<div>FYI</div><br><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>'
        "From: Nora &lt;nora@quill.example&gt;<br></div><p>Please delete my account and all my data.</p></div>"
    )
    for subject in ("Fwd: hello", "hello"):
        await desk.channel.take(
            desk.desk,
            f"From: {TIINA}\r\nTo: privacy@desk.example.test\r\nSubject: {subject}\r\nMessage-ID: <{subject[:3]}@a.example>\r\n"
            f"Content-Type: text/html; charset=utf-8\r\n\r\n{words}\r\n".encode(),
        )
    talks = [talk for talk in await desk.all(Conversation) if talk.subject_hint == TIINA]
    assert [talk.triage for talk in talks] == [True, True]


async def test_a_long_forward_is_read_to_its_end(desk: PostingDesk) -> None:
    story = "\n".join(f"Then in week {n} I called your hotline about my mailbox." for n in range(60))
    words = FORMS["en"]["gmail"].format(f"{story}\n\n{ASKED['en'][1]}")
    assert await lost(desk, [("long", "Fwd: hello", f"FYI\n\n{words}")]) == []


@pytest.mark.parametrize(
    "asked",
    [
        "How much does a second server cost?",
        "Bonjour, mon site est en panne depuis ce matin.",
        "Please find attached the contract that we signed.",
    ],
)
@pytest.mark.parametrize("form", ["gmail", "outlook", "apple"])
async def test_a_forward_that_asks_nothing_of_the_desk_is_supports(
    desk: PostingDesk, form: str, asked: str
) -> None:
    mail = ("x", "Fwd: hello", "FYI\n\n" + FORMS["en"][form].format(asked))
    assert await lost(desk, [mail]) == ["x"]
    assert len(await desk.outbox(col(Outbox.kind) == "relay")) == 1


STOPPED = {
    "en": ["Stop sending me your newsletter, please.", "Please delete my account and all my data."],
    "fr": ["Arrêtez de m'envoyer votre newsletter.", "Supprimez mon compte et toutes mes données."],
}
BY_SUBJECT_ALONE = {"as an answer"}  # nothing tells such a mail from an answer to it
ABOVE = {"en": ["Hi, for you.\nKate\n\n", ""], "fr": ["Bonjour, pour vous.\nAgathe\n\n", ""]}


@pytest.mark.parametrize("subject", ["forwarded", "changed"])
@pytest.mark.parametrize("language", FORMS)
async def test_what_is_handed_on_opens_and_ends_nothing_in_anybodys_name(
    desk: PostingDesk, language: str, subject: str
) -> None:
    """Whatever program laid it out, with a note above it or without: an agent sees it, and nobody is told that it is done (A39)."""
    forms = [each for each in FORMS[language] if subject == "forwarded" or each not in BY_SUBJECT_ALONE]
    mails = [
        (f"{form}, {above!r}, {asked!r}", SUBJECTS[language] if subject == "forwarded" else "Quill", above + FORMS[language][form].format(asked))
        for form in forms
        for above in ABOVE[language]
        for asked in STOPPED[language]
    ]  # fmt: skip
    assert await lost(desk, mails) == []
    assert [request.details for request in await desk.all(PrivacyRequest)] == []
    assert await desk.outbox(col(Outbox.kind) == "reply") == []


@pytest.mark.parametrize(
    "header",
    [
        "From: Nora Quill <NORA@quill.example>\nSent: Wednesday\nTo: Support\nSubject: hello",
        "From: Nora Quill\nSent: Wednesday\nTo: Support\nSubject: hello",
        "De : Nora Quill <nora@quill.example>\nEnvoyé : mercredi\nÀ : Support <support@alder.example>\nObjet : bonjour",
        "---------- Forwarded message ---------\nFrom: Nora <nora@quill.example>\nDate: Wed\nSubject: x\nTo: <s@a.example>",
    ],
)
async def test_who_hands_on_their_own_mail_asks_for_themselves(desk: PostingDesk, header: str) -> None:
    await desk.channel.take(
        desk.desk,
        (
            "From: Nora Quill <nora@quill.example>\r\nTo: privacy@desk.example.test\r\nSubject: FW: hello\r\n"
            f"Message-ID: <own@quill.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{header}\n\n{ASKED['en'][1]}\r\n"
        ).encode(),
    )
    assert [request.right for request in await desk.all(PrivacyRequest)] == ["erasure"]


@pytest.mark.parametrize(
    "header",
    [
        "Von: Nora\nGesendet: Mittwoch\nAn: Kundendienst\nBetreff: Hallo",
        "De: Nora\nEnviado: miércoles\nPara: Soporte\nAsunto: hola",
        "Da: Nora\nInviato: mercoledì\nA: Assistenza\nOggetto: ciao",
        "Van: Nora\nVerzonden: woensdag\nAan: Klantenservice\nOnderwerp: hallo",
        "De: Nora\nEnviada em: quarta-feira\nPara: Apoio\nAssunto: olá",
        "Od: Nora\nWysłano: środa\nDo: Pomoc\nTemat: cześć",
        "Saatja: Nora\nSaadetud: kolmapäev\nAdresaat: Tugi\nTeema: tere",
        "От: Nora\nОтправлено: среда\nКому: Поддержка\nТема: привет",
        "Expéditeur : Nora\nDate d'envoi : mercredi\nDestinataires : Support\nSujet : bonjour",
    ],
)
def test_a_header_is_known_in_every_language(header: str) -> None:
    for quoted in (header, "\n".join(f"> {line}" for line in header.split("\n")), f"{'_' * 32}\n{header}"):
        assert hands_on(f"For you.\n\n{quoted}\n\nDelete it.", answers=False)
        assert not hands_on(f"For you.\n\n{quoted}\n\nDelete it.", answers=True)


def test_a_list_of_old_and_new_is_no_header() -> None:
    assert not hands_on(
        "Please correct:\nFrom: old@quill.example\nTo: new@quill.example\nSubject: me", answers=False
    )


def test_a_mark_in_what_an_answer_quotes_makes_no_forward() -> None:
    quoted = "\n".join(f"> {line}" for line in FORMS["en"]["gmail"].format("Delete my data.").split("\n"))
    assert not hands_on(f"Thanks.\n\nOn Mon, 2 Nov 2026 at 10:00, Desk <p@desk.example> wrote:\n{quoted}")


def test_looking_for_the_mark_takes_time_that_grows_with_the_mail() -> None:
    for line in ("-", "- " * 150, "-" * 399, "----- Forwarded by " + "x " * 150, "De : a", "On 1 2", "> "):
        text = "\n".join([line] * 250_000)[:250_000]
        began = time.perf_counter()
        hands_on(text)
        handed_on(text)
        assert time.perf_counter() - began < 5
