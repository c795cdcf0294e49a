"""A request for somebody else is known by its words or by who sent it: it waits for a mandate, and opens nothing of anybody."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from sqlmodel import col

from assistant.casework.requests.reach import is_for_other
from assistant.domain.rights import Right
from assistant.store.tables import ChallengeRow, EvidenceRow, Message, Outbox, PrivacyRequest, Suppression
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk

ANNA, BORIS = "anna.kask@post.example", "boris@other.example"
# What names somebody else as the one whose data it is, whoever the sender is.
OF_ANOTHER = [
    "Please delete the account of Boris Petrov.",
    "Please delete Boris's account.",
    "Please delete the account of my husband.",
    f"My father Boris Petrov ({BORIS}) died. Please delete his account and send me what you have on him.",
    "Please delete my husbands account.",
    "Mon fils de 14 ans a un compte chez vous, supprimez ses données.",
    f"Please delete the account {BORIS}.",
    f"Please erase all data of {BORIS}.",
    f"Please send me a copy of all the personal data you hold about {BORIS}.",
    "Please send me a copy of all the personal data you hold on Boris Petrov.",
    "Supprimez le compte de Boris Petrov.",
    f"Supprimez le compte {BORIS}, merci.",
    f"Envoyez-moi une copie de toutes les données personnelles de {BORIS}.",
    f"Please delete all my personal data.\n\nKind regards,\nBoris Petrov\n{BORIS}",
    f"Merci de supprimer toutes mes données personnelles.\n\nCordialement,\nBoris Petrov\n{BORIS}",
]
# What is the sender's own, or may well be.
OWN = [
    "Please delete the account of Anna Kask.",
    f"Please delete the account {ANNA}.",
    "Please delete all my personal data, my old address was a.k.1980@other.example.",
    "Please delete all my personal data.\n\nKind regards,\nAnna Kask\nanna.kask@work.example",
    "Please delete all my personal data.\n\nKind regards,\nBoris Petrov",  # a mailbox is called as it is called
    "Please delete all my personal data.\n\nKind regards,\nAnna\nKuusik Lierre\ninfo@kuusik.example\nanna@other.example",
    "My father told me to write to you. Please delete my account.",
    "My wife's account is paid by me, but delete mine.",
    "Supprimez le compte de ma société.",
    "Please delete my account on Facebook Pages too and all the personal data you hold about me.",
    "Supprimez le compte d'Anna Kask.",
]


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        opened.clients.known["1"] = BORIS
        opened.clients.known["2"] = ANNA
        yield opened


async def waits_for_a_mandate(desk: PostingDesk) -> None:
    """Registered, an agent called, nothing proved or asked to be, and nothing written to whom it is about."""
    requests = await desk.all(PrivacyRequest)
    assert requests
    for request in requests:
        assert (request.status, request.attention, request.tier_needed) == (
            "received",
            "for_somebody_else",
            3,
        )
    await desk.post()
    assert await desk.all(ChallengeRow) == await desk.all(EvidenceRow) == []
    assert BORIS not in {mail.to for mail in desk.server.arrived}


@pytest.mark.parametrize("words", OF_ANOTHER)
async def test_a_mail_about_somebody_else_waits_for_a_mandate_and_asks_for_no_proof(
    desk: PostingDesk, words: str
) -> None:
    await desk.mail(ANNA, words)
    await waits_for_a_mandate(desk)


async def test_every_right_that_is_asked_for_somebody_else_is_opened(desk: PostingDesk) -> None:
    died = (
        f"My mother Liis Poldaru ({BORIS}) died. Please delete her account and send me what you have on her."
    )
    await desk.mail(ANNA, died)
    await waits_for_a_mandate(desk)
    assert {r.right for r in await desk.all(PrivacyRequest)} == {"erasure", "access"}


@pytest.mark.parametrize("words", OWN)
async def test_a_mail_about_its_sender_is_the_senders_own(desk: PostingDesk, words: str) -> None:
    await desk.mail(ANNA, words)
    requests = await desk.all(PrivacyRequest)
    assert [r.attention for r in requests if r.attention == "for_somebody_else"] == []
    await desk.post()
    named = {desk.services.keyring.unseal(row.claimed) for row in await desk.all(ChallengeRow)}
    assert named <= {ANNA}, "no other address is asked or opened"
    assert {mail.to for mail in desk.server.arrived} <= {ANNA, "support@alder.example"}


@pytest.mark.parametrize(
    "words",
    [
        "Please delete the account of Boris Petrov.",
        "Supprimez le compte de Boris Petrov.",
        "please delete my husbands account",
        "Mon fils de 14 ans a un compte chez vous, supprimez ses données.",
        "ma grand-mère voudrait savoir ce que vous avez sur elle",
    ],
)
async def test_a_chat_about_somebody_named_waits_for_a_mandate_too(desk: PostingDesk, words: str) -> None:
    await desk.chat("visitor", words)
    await waits_for_a_mandate(desk)


OWN_TOO = {
    "en": ("Please delete my father's data.", "Delete all my own data too."),
    "fr": ("Supprimez les données de mon père.", "Supprimez aussi toutes mes propres données."),
}


@pytest.mark.parametrize("is_mail", [False, True])
@pytest.mark.parametrize("language", OWN_TOO)
async def test_ones_own_wish_is_opened_beside_the_same_one_for_somebody_else(
    desk: PostingDesk, language: str, is_mail: bool
) -> None:
    for number, words in enumerate(OWN_TOO[language]):
        if is_mail:
            await desk.post()
            thread = [f"In-Reply-To: {desk.server.arrived[-1].message_id}"] if number else []
            await desk.mail(ANNA, words, *thread)
        else:
            await desk.chat("visitor", words, locale=language)
    opened = await desk.all(PrivacyRequest)
    assert sorted(bool(r.details.get("for_other")) for r in opened) == [False, True]
    assert {r.right for r in opened} == {"erasure"}


async def test_an_address_named_in_a_chat_is_how_its_writer_says_who_they_are(desk: PostingDesk) -> None:
    await desk.chat("visitor", f"Please delete all data of {BORIS}.")
    assert [r.attention for r in await desk.all(PrivacyRequest)] in ([], [None])


async def test_advertising_ends_for_any_address_without_a_mandate(desk: PostingDesk) -> None:
    await desk.mail(ANNA, f"Please stop sending advertising to {BORIS}.")
    assert [r.attention for r in await desk.all(PrivacyRequest) if r.attention == "for_somebody_else"] == []
    assert await desk.outbox(col(Outbox.kind) == "relay") == []


ROWS = (
    ("Anna Kivi", "anna.kivi@third.example"),
    ("Jaan Tamm", "jaan.tamm@third.example"),
    ("Piret Saar", BORIS),
)
LISTS = [
    "Please find below today's requests from our users:\n1. {} - erasure\n2. {} - access\n3. {} - objection to marketing",
    "Requests of our clients: 1. {} - erasure 2. {} - access 3. {} - objection to marketing",
    "We write on behalf of several people. {}: erasure. {}: access. {}: objection to marketing.",
    "The following customers have asked us to write to you:\n{}; erasure\n{}; access\n{}; unsubscribe from marketing",
    "- {}: erasure\n- {}: access\n- {}: objection to marketing",
    "Voici les demandes de nos utilisateurs :\n- {} : effacement\n- {} : accès\n- {} : opposition à la prospection",
    "Au nom de plusieurs personnes, nous demandons :\n{} : effacement\n{} : accès\n{} : opposition à la prospection",
    "1) {} : effacement\n2) {} : accès\n3) {} : opposition à la prospection",
]


@pytest.mark.parametrize("row", ["{0}, {1}", "{0} ({1})", "{0} <{1}>"])
@pytest.mark.parametrize("words", LISTS)
async def test_a_list_of_several_peoples_requests_waits_for_a_person_and_ends_nobodys_marketing(
    desk: PostingDesk, words: str, row: str
) -> None:
    await desk.mail(ANNA, "Hello,\n\n" + words.format(*(row.format(*each) for each in ROWS)))
    await waits_for_a_mandate(desk)
    assert await desk.all(Suppression) == []
    assert [r.details for r in await desk.all(PrivacyRequest) if r.details.get("address")] == []


async def test_marketing_asked_beside_an_erasure_for_somebody_else_does_not_make_it_the_senders(
    desk: PostingDesk,
) -> None:
    await desk.mail(ANNA, "On behalf of my client: please erase her data and stop sending her advertising.")
    await waits_for_a_mandate(desk)


OF_WHOM = {
    "Please delete all the personal data of Boris Petrov and send me a copy of it.": r"\byour (?:data|consent)\b",
    "Supprimez toutes les données personnelles de Boris Petrov et envoyez-m’en une copie.": r"\b(?:vos données|votre consentement)\b",
}


@pytest.mark.parametrize("words", OF_WHOM)
async def test_nothing_said_of_a_request_for_somebody_else_calls_the_data_the_writers(
    desk: PostingDesk, words: str
) -> None:
    """The receipt, what is said to who asks again, and every text that names a right or cites a request."""
    await desk.mail(ANNA, words)
    await desk.mail(ANNA, words)
    await desk.chat("visitor", words, words)
    await waits_for_a_mandate(desk)
    told = [row.text for row in await desk.all(Message) if row.sender != "you"]
    assert len(told) >= 3
    assert [text for text in told if re.search(OF_WHOM[words], text)] == []
    labels = {"en": "that person’s data", "fr": "données de cette personne"}
    assert any(label in text for label in labels.values() for text in told)


@pytest.mark.parametrize("locale", ["en", "fr"])
@pytest.mark.parametrize("right", Right)
async def test_every_right_has_a_name_for_somebody_elses_data(
    desk: PostingDesk, right: Right, locale: str
) -> None:
    requests = [{"ref": "PR-00000000", "right": right, "status": "open", "for_other": True}]
    dates = {"received_on": date(2026, 11, 2), "due_on": date(2026, 12, 2)}
    seen = [{**request, **dates} for request in requests] * 2
    for name in ("already_open", "mail_for_somebody_else", "for_somebody_else", "clock_goes_on"):
        text = desk.services.texts.render(name, locale, requests=seen).text
        assert not re.search(
            r"\byour (?:data|consent)\b|\bvos données\b|\bvotre consentement\b|\b\w+_\w+\b", text
        ), name


HEIRS = {
    "Mon père est mort, je veux supprimer son compte et recevoir ses factures.": {"erasure", "access"},
    "mon père est décédé, je souhaite supprimer son compte et recevoir une copie de ses factures": {
        "erasure",
        "access",
    },
    f"Mon père Boris Petrov est décédé en octobre. Il était client chez vous ({BORIS}). Je voudrais que vous fermiez "
    "son compte et que vous effaciez ses données, et m'envoyer une copie de ses factures pour le notaire.": {
        "erasure",
        "access",
    },
    "Ma mère est décédée, merci de m'envoyer ses factures et de clôturer son compte": {"erasure", "access"},
    "My father passed away. Please close his account and send me copies of his invoices.": {
        "erasure",
        "access",
    },
    "My mother died, delete her account and send me her data": {"erasure", "access"},
    "My husband is dead. Please send me a copy of his invoices for the notary, then erase his account.": {
        "erasure",
        "access",
    },
    "mon mari est mort, arrêtez de lui envoyer vos pubs, supprimez son compte et donnez moi une copie de ses données": {
        "erasure",
        "access",
        "objection",
    },
    "Ma mère est morte, supprimez toutes ses données": {"erasure"},
    "My father died, please delete all of his data and stop sending him his invoices": {"erasure"},
}


@pytest.mark.parametrize(("words", "rights"), HEIRS.items())
@pytest.mark.parametrize("by_mail", [True, False])
async def test_every_right_that_heirs_name_is_opened_by_mail_and_in_a_chat(
    desk: PostingDesk, words: str, rights: set[str], *, by_mail: bool
) -> None:
    await (desk.mail(ANNA, words) if by_mail else desk.chat("heir", words))
    await waits_for_a_mandate(desk)
    assert {r.right for r in await desk.all(PrivacyRequest)} == rights


# ── whose copy an erasure waits for ─────────────────────────────────────────────────────────────────

_MINE, _COPY = "Please delete all my personal data.", "Please send me a copy of all my personal data."
_HERS = "I am writing for my mother: please send her a copy of all the data you hold about her."
_ERASE_HERS = "I am writing for my mother: please delete all her data."


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ((_COPY, _MINE), True),
        ((_MINE, _COPY), True),
        ((_HERS, _MINE), False),
        ((_MINE, _HERS), False),
        ((_COPY, _ERASE_HERS), False),
        ((_HERS, _ERASE_HERS), True),
        ((_HERS, _COPY, _MINE), True),
        ((_MINE, _HERS, _COPY), True),
        ((_COPY, "It is for my mother.", _MINE), False),
        ((_COPY, "It is for my mother.", "No, it is for me after all.", _MINE), True),
        ((_MINE, _COPY, "They are for my mother."), True),
    ],
)
async def test_an_erasure_waits_for_a_copy_of_the_same_persons_data_alone(
    desk: PostingDesk, said: tuple[str, ...], waits: bool
) -> None:
    await desk.chat("both", *said)
    asked = await desk.all(PrivacyRequest)
    (erasure,) = [request for request in asked if request.right == Right.ERASURE]
    first = [request for request in asked if request.ref == erasure.after_ref]
    assert bool(first) == waits, [(r.right, r.details, r.after_ref) for r in asked]
    assert all(is_for_other(request) == is_for_other(erasure) for request in first)
