"""Whoever asks for several things in one message gets a request for each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import col, select

from assistant.conversation.desk import TalkingDesk
from assistant.interfaces import Incoming
from assistant.store.tables import Message, PrivacyRequest
from intents import Reader
from tests.doubles.agent_browser import AgentBrowser
from tests.doubles.console_app import ConsoleSite, console_site


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as site:
        yield site


async def _opened(site: ConsoleSite, reader: Reader, words: str) -> dict[str, PrivacyRequest]:
    desk = TalkingDesk(site.services, reader)
    await desk.receive(Incoming("webchat", "webchat-ailbhe", "first", words, site.services.clock.now()))
    await desk.settle()
    rows = select(PrivacyRequest).where(col(PrivacyRequest.ref).not_in(list(site.refs.values())))
    return {row.right: row for row in await site.services.read(lambda unit: unit.session.exec(rows).all())}


async def _said(site: ConsoleSite) -> list[str]:
    rows = select(Message).where(Message.sender == "assistant").order_by(col(Message.id))
    return [row.text for row in await site.services.read(lambda unit: unit.session.exec(rows).all())]


@pytest.mark.parametrize(
    ("words", "rights"),
    [
        (
            "Je veux : 1) une copie de mes données, 2) que vous les effaciez ensuite, 3) que vous arrêtiez la pub",
            {"access", "erasure", "objection"},
        ),
        (
            "Three things please: send me a copy of my data, correct my first name to Ailbhe, and stop all marketing",
            {"access", "rectification", "objection"},
        ),
        ("Stoppez la pub et corrigez mon prénom : Severine", {"objection", "rectification"}),
        ("Effacez mon compte et arretez d'utiliser mes donnees pour la pub", {"erasure", "objection"}),
        ("Supprimez mes données et ne les utilisez plus pour la publicité", {"erasure", "objection"}),
        (
            "I want everything deleted, I forbid you to use my data for ads and I am complaining to the authority",
            {"erasure", "objection", "complaint"},
        ),
        ("i forbid you to use my data for ads", {"objection"}),
        ("pls dont delete my account, just stop the ads", {"objection"}),
    ],
)
async def test_each_wish_of_one_sentence_is_opened(
    site: ConsoleSite, reader: Reader, words: str, rights: set[str]
) -> None:
    opened = await _opened(site, reader, words)
    assert set(opened) == rights
    if "rectification" in rights:
        assert "first_name" in str(opened["rectification"].details)
    assert opened["objection"].details["marketing"]


@pytest.mark.parametrize(
    ("words", "rights"),
    [
        ("dont delete anything, i only want to see what you have", {"access"}),
        ("where did you get my address from?", {"access"}),
        ("j'ai recu un mail de pub… d'ou vous avez mon adresse ?", {"access"}),
    ],
)
async def test_what_is_asked_beside_something_else_is_opened_alone(
    site: ConsoleSite, reader: Reader, words: str, rights: set[str]
) -> None:
    assert set(await _opened(site, reader, words)) == rights


@pytest.mark.parametrize(
    "words", ["Please delete my phone number.", "Je veux que vous supprimiez ma date de naissance"]
)
async def test_one_field_to_be_erased_opens_no_erasure(site: ConsoleSite, reader: Reader, words: str) -> None:
    assert await _opened(site, reader, words) == {}


async def test_a_complaint_of_advertising_is_a_complaint_alone(site: ConsoleSite, reader: Reader) -> None:
    words = "You shared my data with an advertising network without my consent. I want to make a formal complaint."
    assert set(await _opened(site, reader, words)) == {"complaint"}


@pytest.mark.parametrize(
    ("words", "rights"),
    [
        ("I want a copy of my data and delete my phone number", {"access", "rectification"}),
        ("une copie de mes données et supprimez mon numéro de téléphone", {"access", "rectification"}),
        ("Erase my data… actually no, just a copy", {"access"}),
        ("Effacez mes données… en fait non, juste une copie", {"access"}),
        ("If you don't answer by Friday, I will ask for the deletion of my data.", set()),
        ("Si vous ne répondez pas d'ici vendredi, je demanderai la suppression de mes données.", set()),
        ("Do not delete my data, I only want a copy", {"access"}),
        ("Ne supprimez pas mes données, je veux seulement une copie", {"access"}),
        ("I object to the processing and I am complaining to you about it", {"objection", "complaint"}),
        ("Je m'oppose au traitement et je porte plainte auprès de vous", {"objection", "complaint"}),
    ],
)
async def test_what_is_limited_taken_back_put_off_or_said_beside_opens_what_is_meant(
    site: ConsoleSite, reader: Reader, words: str, rights: set[str]
) -> None:
    assert set(await _opened(site, reader, words)) == rights


@pytest.mark.parametrize(
    ("words", "rights", "field"),
    [
        ("stop the newsletter and delete my (e-mail) address", {"objection", "rectification"}, "email"),
        ("Delete my phone number and stop the ads", {"objection", "rectification"}, "phone"),
        ("Désabonnez-moi et effacez mon numéro de téléphone.", {"objection", "rectification"}, "phone"),
        ("Supprimez mon adresse (e-mail) ; arrêtez la pub", {"objection", "rectification"}, "email"),
        (
            "Withdraw my consent to analytics and delete my phone number",
            {"consent_withdrawal", "rectification"},
            "phone",
        ),
        ("I want a copy of my data and delete my phone number", {"access", "rectification"}, "phone"),
    ],
)
async def test_a_detail_to_be_erased_beside_another_right_is_left_empty_and_holds_nothing_up(
    site: ConsoleSite, reader: Reader, words: str, rights: set[str], field: str
) -> None:
    opened = await _opened(site, reader, words)
    assert set(opened) == rights
    assert opened["rectification"].details["changes"] == [{"field": field}]
    assert opened["rectification"].details["to_empty"]
    assert opened["rectification"].attention == "correction_to_empty"
    said = "\n".join(await _said(site))
    assert any(
        words in said for words in ("nothing is to be put in its place", "sans rien mettre à la place")
    )
    assert not any(words in said for words in ("What should we put instead", "Que devons-nous écrire"))


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("arrêtez la newsletter et supprimez mon adresse", "unsaid_address"),
        ("stop the newsletter and delete my address", "unsaid_address"),
        ("Unsubscribe me and remove my address.", "unsaid_address"),
        ("désabonnez-moi et effacez mon adresse", "unsaid_address"),
        ("stop the newsletter and delete my postal address", "address"),
        ("arrêtez la newsletter et supprimez mon adresse postale", "address"),
        ("Stop the ads and delete my home address", "address"),
        ("Arrêtez la pub et effacez l'adresse de mon domicile, mon adresse", "address"),
        ("stop the newsletter and delete my email address", "email"),
        ("I want a copy of my data and delete my address", "address"),
    ],
)
async def test_an_address_beside_a_newsletter_is_taken_for_neither_kind_unless_said(
    site: ConsoleSite, reader: Reader, words: str, field: str
) -> None:
    opened = await _opened(site, reader, words)
    assert opened["rectification"].details["changes"] == [{"field": field}]
    assert opened["rectification"].details["to_empty"]
    lead = AgentBrowser(site, "Liis")
    async with lead.http:
        await lead.sign_in()
        page = await lead.get(f"requests/{opened['rectification'].ref}")
    unsaid = "address (which one was not said)"
    assert (unsaid in page) == (field == "unsaid_address")
    assert "To be deleted" in page


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (
            "my email changed to new.mail@x.example and my street is now 5 Long Street, London",
            {"new.mail@x.example", "5 Long Street, London"},
        ),
        (
            "mon numéro de téléphone a changé : 06 12 34 56 78 et ma rue aussi : 12 rue des Lilas",
            {"06 12 34 56 78", "12 rue des Lilas"},
        ),
        (
            "I moved, my new address is 5 Long Street London N1 2AB and my new number is 020 7946 0018",
            {"5 Long Street London N1 2AB", "020 7946 0018"},
        ),
        (
            "bonjour jai démenagé nouvelle adresse 12 rue des Lilas 75011 Paris et mon nouveau numero cest le 06 12 34 56 78",
            {"12 rue des Lilas 75011 Paris", "06 12 34 56 78"},
        ),
        (
            "please correct my data my new phone is 020 7946 0018 my new email is new.mail@x.example",
            {"020 7946 0018", "new.mail@x.example"},
        ),
    ],
)
async def test_each_new_detail_of_one_message_is_kept_with_its_value(
    site: ConsoleSite, reader: Reader, words: str, values: set[str]
) -> None:
    opened = await _opened(site, reader, words)
    assert set(opened) == {"rectification"}
    assert {change["new"] for change in opened["rectification"].details["changes"]} == values


@pytest.mark.parametrize("channel", ["webchat", "email"])
@pytest.mark.parametrize(
    ("words", "court"),
    [
        ("I lodge a complaint about how you use my data.", "go to court"),
        ("I want a copy of my data. I lodge a complaint about how you use my data.", "go to court"),
        ("Je veux une copie de mes données. Je porte plainte contre vous.", "saisir un tribunal"),
        ("Please delete my account. I object to profiling. I lodge a complaint.", "go to court"),
    ],
)
async def test_a_complaint_is_acknowledged_with_authority_and_court_whatever_stands_beside_it(
    site: ConsoleSite, reader: Reader, channel: str, words: str, court: str
) -> None:
    desk = TalkingDesk(site.services, reader)
    sender = "ailbhe@post.example" if channel == "email" else None
    now = site.services.clock.now()
    await desk.receive(Incoming(channel, "thread-ailbhe", "<one@post.example>", words, now, sender=sender))
    await desk.settle()
    rows = select(PrivacyRequest).where(col(PrivacyRequest.ref).not_in(list(site.refs.values())))
    opened = await site.services.read(lambda unit: unit.session.exec(rows).all())
    (ref,) = [row.ref for row in opened if row.right == "complaint"]
    told = [text for text in await _said(site) if court in text]
    assert len(told) == 1
    assert ref in told[0]
    assert "AKI" in told[0]
    said = "\n".join(await _said(site))
    assert [row.ref for row in opened if row.ref not in said] == []


@pytest.mark.parametrize(
    "words",
    [
        "I object to profiling and I lodge a complaint about your marketing emails",
        "Je m'oppose au profilage et je porte plainte contre votre publicité",
    ],
)
async def test_a_use_that_is_only_complained_of_opens_no_second_objection(
    site: ConsoleSite, reader: Reader, words: str
) -> None:
    desk = TalkingDesk(site.services, reader)
    await desk.receive(Incoming("webchat", "webchat-ailbhe", "first", words, site.services.clock.now()))
    rows = select(PrivacyRequest).where(col(PrivacyRequest.ref).not_in(list(site.refs.values())))
    opened = await site.services.read(lambda unit: unit.session.exec(rows).all())
    assert sorted(row.right for row in opened) == ["complaint", "objection"]


async def test_marketing_named_again_beside_a_complaint_opens_no_second_objection(
    site: ConsoleSite, reader: Reader
) -> None:
    desk = TalkingDesk(site.services, reader)
    for number, words in enumerate(
        ["Stop the newsletter.", "Stop your marketing, and I lodge a complaint about it."]
    ):
        await desk.receive(
            Incoming("webchat", "webchat-ailbhe", str(number), words, site.services.clock.now())
        )
    rows = select(PrivacyRequest).where(col(PrivacyRequest.ref).not_in(list(site.refs.values())))
    opened = await site.services.read(lambda unit: unit.session.exec(rows).all())
    assert sorted(row.right for row in opened) == ["complaint", "objection"]


@pytest.mark.parametrize(
    ("words", "ended"),
    [
        ("stop marketing text messages to +44 7700 900123", [True]),
        ("Stop advertising by SMS and push notifications", [True]),
        ("arrêtez les SMS publicitaires au +33 6 12 34 56 78", [True]),
        ("Je retire mon consentement aux notifications push commerciales", [True]),
        ("Stop your marketing. Stop the push notifications too.", [False, True]),
        ("Stop using my data for marketing and profiling", [False, True]),
    ],
)
@pytest.mark.parametrize("channel", ["webchat", "email"])
async def test_the_way_by_which_marketing_comes_is_no_second_wish(
    site: ConsoleSite, reader: Reader, words: str, ended: list[bool], channel: str
) -> None:
    desk = TalkingDesk(site.services, reader)
    now, sender = site.services.clock.now(), "ailbhe@post.example" if channel == "email" else None
    await desk.receive(Incoming(channel, "thread-ailbhe", "<one@post.example>", words, now, sender=sender))
    rows = select(PrivacyRequest).where(col(PrivacyRequest.ref).not_in(list(site.refs.values())))
    opened = await site.services.read(lambda unit: unit.session.exec(rows).all())
    assert sorted(bool(row.details.get("marketing")) for row in opened) == ended


@pytest.mark.parametrize(
    "words",
    [
        "Please delete my account. I object to profiling. I lodge a complaint about your marketing.",
        "Supprimez mon compte. Je m'oppose au profilage. Je porte plainte contre votre publicité.",
    ],
)
async def test_the_receipt_that_speaks_of_a_link_names_no_reference_that_the_link_does_not_take(
    site: ConsoleSite, reader: Reader, words: str
) -> None:
    desk = TalkingDesk(site.services, reader)
    sender = "ailbhe@post.example"
    mail = Incoming(
        "email", "thread-ailbhe", "<one@post.example>", words, site.services.clock.now(), sender=sender
    )
    await desk.receive(mail)
    rows = select(PrivacyRequest).where(col(PrivacyRequest.ref).not_in(list(site.refs.values())))
    opened = {
        row.right: row.ref for row in await site.services.read(lambda unit: unit.session.exec(rows).all())
    }
    assert set(opened) == {"complaint", "erasure", "objection"}
    told = [text for text in await _said(site) if opened["erasure"] in text]
    assert told
    assert {right for right, ref in opened.items() if any(ref in text for text in told)} == {
        "erasure",
        "objection",
    }
    said = await _said(site)
    assert all(any(ref in text for text in said) for ref in opened.values())


async def test_who_asks_in_their_own_name_for_the_copy_is_not_taken_for_somebody_else(
    site: ConsoleSite, reader: Reader
) -> None:
    opened = await _opened(site, reader, "I am asking for the deletion of my account and all my data.")
    assert opened["erasure"].attention != "for_somebody_else"
