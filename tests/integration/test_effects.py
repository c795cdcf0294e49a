"""What receipts, links and their pages say is what is so, for every variant of a request, in both languages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime
from html import unescape
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
import pytest_asyncio
from sqlmodel import select

from assistant.casework.proof.sending import effects_of
from assistant.domain.rights import Right
from assistant.store.tables import ChallengeRow
from tests.doubles.desk_inside import DeskInside, desk_inside

if TYPE_CHECKING:
    from email.message import EmailMessage

    from assistant.replies import Texts
    from assistant.store.tables import PrivacyRequest

pytestmark = pytest.mark.asyncio(loop_scope="module")
_LINK = re.compile(r"http://\S+/verify/[\w-]{16,}(?=\s)")
_REFERENCE = re.compile(r"PR-\w{8}")
_ASKS = re.compile(r"asks for the last four|demande les quatre derniers")
# Each mix of what needs a proof and what needs none, and whose references the link takes.
MIXES = [
    ("en", "I want a copy of my data and stop the newsletter.", {"access"}),
    ("fr", "Je veux une copie de mes données et arrêtez la newsletter.", {"access"}),
    (
        "en",
        "Please send me a copy of my data. I lodge a complaint about how you use my data.",
        {"access"},
    ),
    (
        "fr",
        "Envoyez-moi une copie de mes données. Je porte plainte contre vous pour l’usage de mes données.",
        {"access"},
    ),
    ("en", "Stop the newsletter and delete my phone number.", {"rectification"}),
    ("fr", "Arrêtez la newsletter et supprimez mon numéro de téléphone.", {"rectification"}),
    ("en", "Erase all my data. I want a copy of my data. Stop all marketing.", {"access", "erasure"}),
    (
        "fr",
        "Effacez toutes mes données. Je veux une copie de mes données. Arrêtez la pub.",
        {"access", "erasure"},
    ),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("effects")) as opened:
        yield opened


async def _opened(desk: DeskInside, words: str, locale: str) -> tuple[str, dict[str, str]]:
    before = await desk.refs()
    sender = f"mix.{len(before)}@mail.example"
    subject = {"en": "My request", "fr": "Ma demande"}[locale]
    await asyncio.to_thread(desk.send_mail, words, sender=sender, subject=subject)
    await desk.mail(sender, _LINK)
    await desk.idle()
    refs = sorted(await desk.refs() - before)
    return sender, {(await desk.request(ref))["right"]: ref for ref in refs}


def _told(mail: EmailMessage) -> str:
    return f"{mail['subject']}\n{mail.get_content()}"


@pytest.mark.parametrize(("locale", "words", "provable"), MIXES)
async def test_each_reference_that_a_receipt_offers_for_the_page_opens_it(
    desk: DeskInside, locale: str, words: str, provable: set[str]
) -> None:
    sender, opened = await _opened(desk, words, locale)
    receipts = [_told(m) for m in desk.mails(sender) if _REFERENCE.search(_told(m))]
    offered = {ref for text in receipts if _ASKS.search(text) for ref in _REFERENCE.findall(text)}
    told = {ref for text in receipts for ref in _REFERENCE.findall(text)}
    assert offered == {opened[right] for right in provable}
    assert told >= set(opened.values()), "each has its receipt"

    link = _LINK.findall((await desk.mail(sender, _LINK)).get_content())[0]
    assert set(await _taken_by(desk, link)) == offered, "any of them opens it"
    await desk.press(link, answer="yes", reference=min(offered)[-4:])
    assert "verifying" not in {(await desk.request(ref))["status"] for ref in offered}


async def _taken_by(desk: DeskInside, link: str) -> list[str]:
    services = desk.assembly.services
    wanted = services.keyring.keyed_hash(link.rpartition("/")[2], "link")
    query = select(ChallengeRow).where(ChallengeRow.link_hash == wanted)
    return (await services.read(lambda unit: unit.session.exec(query).one())).references


@pytest.mark.parametrize(
    ("locale", "words", "says", "not_said", "listed"),
    [
        (
            "en",
            "Stop the newsletter and delete my phone number.",
            "A person deletes what you named, and puts nothing in its place.",
            "We correct the details",
            "To delete: phone number",
        ),
        (
            "fr",
            "Arrêtez la newsletter et supprimez mon numéro de téléphone.",
            "Une personne supprime ce que vous avez indiqué, sans rien mettre à la place.",
            "Nous corrigeons",
            "À supprimer : numéro de téléphone",
        ),
    ],
)
async def test_a_link_and_its_page_say_of_a_detail_to_be_emptied_that_a_person_deletes_it(
    desk: DeskInside, locale: str, words: str, says: str, not_said: str, listed: str
) -> None:
    sender, _ = await _opened(desk, words, locale)
    mail = (await desk.mail(sender, _LINK)).get_content()
    _, page = await desk.page(_LINK.findall(mail)[0])
    for text in (mail, unescape(page).replace("\u00a0", " ")):
        assert says in text
        assert not_said not in text
    assert listed in unescape(page).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("locale", "words", "receipt", "says", "not_said"),
    [
        (
            "en",
            "Please delete my company account and keep my private one.",
            "within the limit that you named",
            "You named a limit to the erasure. A person reads it before anything is erased",
            "we erase your data",
        ),
        (
            "fr",
            "Supprimez mon compte professionnel, mais gardez l'autre.",
            "dans la limite que vous avez indiquée",
            "Une personne la lit avant que quoi que ce soit soit effacé",
            "nous effaçons vos données",
        ),
    ],
)
async def test_a_limit_that_was_named_stands_in_the_receipt_the_link_and_its_page(
    desk: DeskInside, locale: str, words: str, receipt: str, says: str, not_said: str
) -> None:
    sender, _ = await _opened(desk, words, locale)
    assert any(receipt in _told(mail) for mail in desk.mails(sender))
    mail = await desk.mail(sender, _LINK)
    _, page = await desk.page(_LINK.findall(mail.get_content())[0])
    for text in (_told(mail), " ".join(unescape(page).split())):
        assert says in text
        assert not_said not in text


_PHONE, _TOWN = {"field": "phone"}, {"field": "city", "new": "Durham"}
_VARIANTS: list[tuple[Right, dict[str, Any], list[str]]] = [
    (Right.RECTIFICATION, {"changes": [_TOWN]}, ["rectification"]),
    (Right.RECTIFICATION, {"changes": [_PHONE], "to_empty": True}, ["rectification_to_empty"]),
    (
        Right.RECTIFICATION,
        {"changes": [_TOWN, _PHONE], "to_empty": True},
        ["rectification", "rectification_to_empty"],
    ),
    (Right.ERASURE, {"limited": True}, ["erasure_limited"]),
    (Right.CONSENT_WITHDRAWAL, {"purpose": "all_consents"}, ["consent_withdrawal"]),
    (Right.CONSENT_WITHDRAWAL, {"purpose": "analytics"}, ["consent_withdrawal_named"]),
    (Right.CONSENT_WITHDRAWAL, {"purpose": ["analytics", "push"]}, ["consent_withdrawal_named"]),
    *((right, {}, [str(right)]) for right in sorted(set(Right) - {Right.CONSENT_WITHDRAWAL})),
]


@pytest.mark.parametrize(("right", "details", "effects"), _VARIANTS)
async def test_each_variant_of_a_request_has_its_own_effect_in_words(
    desk: DeskInside, right: Right, details: dict[str, Any], effects: list[str]
) -> None:
    request = cast("PrivacyRequest", SimpleNamespace(right=right, details=details))
    proves, withdraws = (cast("ChallengeRow", SimpleNamespace(purpose=p)) for p in ("prove", "withdraw"))
    assert effects_of(desk.assembly.services, proves, [request, request]) == effects
    assert effects_of(desk.assembly.services, withdraws, [request]) == ["withdraw"]
    for locale in ("en", "fr"):
        words = [desk.assembly.services.texts.label("effects", name, locale) for name in effects]
        assert all(each.endswith(".") for each in words)


async def test_a_code_that_is_asked_for_later_says_when_the_request_came(desk: DeskInside) -> None:
    async with desk.chat("en") as chat:
        await chat.say("I want a copy of my data.")
        ref = (await chat.opened())["access"]
        await chat.asked("email")
        received_at = datetime.fromisoformat((await desk.request(ref))["received_at"])
        await desk.forward("20m")
        await chat.say("later.on@mail.example")
        await chat.asked("code")
        mail = _told(await desk.mail("later.on@mail.example", ref))
    said = cast("Texts", desk.assembly.services.texts).labels("en").moment(received_at)
    assert f"On {said} we were asked" in mail
