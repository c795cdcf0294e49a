"""Texts are written whole, in the person's language, from exactly the values they ask for."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import assistant
import handlers
from assistant.domain.grounds import grounds_for
from assistant.domain.messages import MESSAGES, PAGES, Audience
from assistant.domain.rights import Right
from assistant.replies import TextError, Texts
from assistant.wording.written import LOCALES, NO_BREAK, Written
from tests.unit.replies.samples import AT, PERIODS, a_request, facts, kept, values_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assistant.replies import Rendered


ZONES = ("Europe/Tallinn", "Europe/Paris", "Europe/London", "America/New_York", "Asia/Kathmandu")
LABELS = {
    (locale, zone): Texts.load(desk=facts(zone=ZoneInfo(zone))).labels(locale)
    for locale in LOCALES
    for zone in ZONES
}


def write(texts: Texts, name: str, locale: str = "en", /, **values: Any) -> Rendered:
    chosen = {key: value for key, value in values_for(name).items() if key in MESSAGES[name].variables}
    return texts.render(name, locale, **chosen | values)


@pytest.mark.parametrize("requests", [1, 2])
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", MESSAGES)
def test_every_text_is_written_from_sample_values(
    texts: Texts, name: str, locale: str, requests: int
) -> None:
    given_values = {k: v for k, v in values_for(name, requests).items() if k in MESSAGES[name].variables}
    rendered = texts.render(name, locale, **given_values)
    assert rendered.text
    assert not re.search(r"\{\{|%\}|None|\n{3}| {2}\S.*  |[ \t]$", rendered.text, re.MULTILINE)
    assert rendered.subject is None or "\n" not in rendered.subject


# Whoever asks for several things at once reads of them together in these; every other text is written for one request.
OF_ONE = """
    mail_package_code package_reminder package_gone marketing_notice marketing_undone marketing_put_back portability_sent services_running ask_about_services
    restriction_lifting restriction_stays extension_notice question_in_time question_late clock_goes_on
    marketing_stopped marketing_stopped_number marketing_stopped_several marketing_stopped_partly marketing_by_person
    rectification_by_person
    rectification_to_empty objection_frozen answered_there mail_unread_in_chat mail_waits_in_chat
    mail_question mail_question_apart mail_question_in_time mail_question_late
"""
TOGETHER = [
    name
    for name, each in MESSAGES.items()
    if each.audience in {Audience.CHAT, Audience.MAIL}
    and "requests" in each.variables
    and name not in OF_ONE.split()
]
# What only one request is called: "After a request is closed" is of any.
ONE = {
    "en": r"\b(?:(?:this|the|that|your|a) request|this erasure)\b|\breference \S+ and|\b(?:about|if|withdraw|take) it\b",
    "fr": r"\b(?:cette|la|votre|une) demande\b|\bréférence \S+ et|\b(?:la|le) (?:retirer|confirmer)\b|\b[Ss]i elle\b",
}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", TOGETHER)
def test_a_text_of_several_requests_never_speaks_of_one(texts: Texts, name: str, locale: str) -> None:
    values = {key: value for key, value in values_for(name, 2).items() if key in MESSAGES[name].variables}
    written = texts.render(name, locale, **values)
    _check_several(texts, locale, f"{written.subject or ''}\n{written.text}")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", [name for name, needs in PAGES.items() if "requests" in needs])
def test_a_page_of_several_requests_never_speaks_of_one(texts: Texts, name: str, locale: str) -> None:
    values = {key: value for key, value in values_for(name, 2).items() if key in PAGES[name]}
    _check_several(texts, locale, "\n".join(texts.page(name, locale, **values).values()))


def _check_several(texts: Texts, locale: str, text: str) -> None:
    cited = texts.labels(locale).cited
    for ref in ("PD-7K2M-4Q", "PD-7K2M-5Q"):
        text = text.replace(cited([a_request(ref=ref)]), "…")
    assert re.findall(ONE[locale], text, re.IGNORECASE) == []


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", MESSAGES)
def test_a_mail_has_one_greeting_and_one_signature_and_is_never_put_into_another(
    texts: Texts, name: str, locale: str
) -> None:
    rendered = write(texts, name, locale)
    mail = (
        rendered.text
        if rendered.subject is not None
        else texts.render("mail_reply", locale, text=rendered.text).text
    )
    if MESSAGES[name].audience in {Audience.CHAT, Audience.MAIL, Audience.ANSWER}:
        assert len(re.findall(r"^(?:Hello|Bonjour),$", mail, re.MULTILINE)) == 1
        assert len(re.findall(r"^(?:Kind regards|Cordialement),$", mail, re.MULTILINE)) == 1


@pytest.mark.parametrize("name", MESSAGES)
def test_both_languages_say_the_same_values(texts: Texts, name: str) -> None:
    shown = [
        set(re.findall(r"https://\S+|PD-7K2M-\w+|48159263", write(texts, name, locale).text))
        for locale in LOCALES
    ]
    assert shown[0] == shown[1]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_written_from_sample_values(texts: Texts, name: str, locale: str) -> None:
    parts = texts.page(name, locale, **{key: values_for(name)[key] for key in PAGES[name]})
    assert all(parts.values())
    assert not any("{" in part or "'" in part for part in parts.values())


def test_requests_are_given_as_rows_or_as_mappings(texts: Texts) -> None:
    row = a_request()
    assert write(texts, "request_opened", requests=[SimpleNamespace(**row)]) == write(
        texts, "request_opened", requests=[row]
    )


def test_an_opened_request_is_named_with_its_reference_and_calendar_date(texts: Texts) -> None:
    assert "PD-7K2M-4Q" in write(texts, "request_opened").text
    assert "22 December 2026" in write(texts, "request_opened").text
    assert "22 décembre 2026" in write(texts, "request_opened", "fr").text


def test_two_requests_are_each_named_with_their_own_date(texts: Texts) -> None:
    two = [a_request("access", "PD-A"), a_request("erasure", "PD-B", due_on=date(2027, 1, 4))]
    lines = write(texts, "request_opened", requests=two).text.splitlines()[1:3]
    assert "access" in lines[0]
    assert "22 December 2026" in lines[0]
    assert "erasure" in lines[1]
    assert "4 January 2027" in lines[1]


def test_an_unknown_locale_is_written_in_english_and_a_region_in_its_language(texts: Texts) -> None:
    english, french = texts.render("chat_ask_right", "en"), texts.render("chat_ask_right", "fr")
    assert texts.render("chat_ask_right", "et") == english
    assert texts.render("chat_ask_right", None) == english
    assert texts.render("chat_ask_right", "fr-CA") == french
    assert english != french


def test_a_missing_an_unknown_and_a_misnamed_value_are_refused_by_name(texts: Texts) -> None:
    with pytest.raises(TextError, match="code_limit lacks next_at"):
        texts.render("code_limit", "en")
    with pytest.raises(TextError, match="chat_can_do knows no name"):
        texts.render("chat_can_do", "en", name="Liis")
    with pytest.raises(TextError, match="no text named chat_can_doo"):
        texts.render("chat_can_doo", "en")
    with pytest.raises(TextError, match="no page named verfy"):
        texts.page("verfy", "en")
    with pytest.raises(TextError, match="The page verify lacks asked_at, channel"):
        texts.page("verify", "en", requests=[])


def test_a_value_without_what_the_text_needs_is_refused_without_showing_it(texts: Texts) -> None:
    with pytest.raises(TextError, match=r"request_opened.* cannot be filled in") as caught:
        texts.render("request_opened", "en", requests=[{"ref": "PD-SECRET"}])
    assert "PD-SECRET" not in str(caught.value)


def test_a_value_is_never_read_as_a_template(texts: Texts) -> None:
    assert (
        "{{ desk }}{% include '_sign_off.txt' %}"
        in write(texts, "answer_by_agent", text="{{ desk }}{% include '_sign_off.txt' %}").text
    )


@pytest.mark.parametrize("locale", LOCALES)
def test_the_letter_about_an_erasure_says_what_stays_for_each_year(texts: Texts, locale: str) -> None:
    letter = write(texts, "answer_erasure", locale).text
    for said in ("2024", "2031", "2026", "2033", "Estonian Accounting Act, section 12", "Example Mailer"):
        assert said in letter
    assert "invoice_address" not in letter


def test_an_erasure_without_exceptions_speaks_of_none(texts: Texts) -> None:
    letter = write(texts, "answer_erasure", kept=[], services_kept=False, recipients=[]).text
    assert "apart from your messages to us and the record of your requests" in letter
    assert "What we keep" not in letter
    assert "passed these data on to nobody" in letter


def test_a_keep_without_an_end_lasts_as_long_as_its_reason(texts: Texts) -> None:
    letter = write(texts, "answer_erasure", kept=[kept(until=None, by_year=())]).text
    assert "For as long as this reason lasts." in letter


def test_backups_are_promised_only_what_the_settings_say() -> None:
    unsaid = write(Texts.load(desk=facts()), "answer_erasure").text
    said = write(Texts.load(desk=facts(periods=replace(PERIODS, backup_days=35))), "answer_erasure").text
    assert "may still hold the erased data until they are replaced" in unsaid
    assert "replaced within 35\u00a0days" in said


@pytest.mark.parametrize(
    ("locale", "silence"), [("en", "a person tells you"), ("fr", "une personne vous répondra")]
)
def test_nothing_is_claimed_about_automated_decisions_that_the_settings_do_not_say(
    locale: str, silence: str
) -> None:
    unsaid = write(Texts.load(desk=facts()), "answer_access_nothing", locale).text
    assert silence in unsaid
    said = Texts.load(desk=facts(automated_decisions={locale: "We make none."}))
    letter = write(said, "answer_access_nothing", locale).text
    assert "We make none." in letter
    assert silence not in letter


@pytest.mark.parametrize("name", ["answer_erasure", "answer_erasure_partly"])
def test_every_answer_about_an_erasure_speaks_of_backups(name: str) -> None:
    said = Texts.load(desk=facts(periods=replace(PERIODS, backup_days=35)))
    assert "replaced within 35\u00a0days" in write(said, name).text


def test_periods_come_from_the_settings() -> None:
    texts = Texts.load(desk=facts(periods=replace(PERIODS, idle_minutes=5, answer_waits_days=1)))
    assert "5\u00a0minutes" in texts.render("session_hidden", "fr").text
    assert "1\u00a0jour." in texts.render("answer_waits_here", "fr").text


def test_a_desk_without_a_data_protection_officer_names_none() -> None:
    letter = write(Texts.load(desk=facts(dpo=None)), "mail_opened_no_proof").text
    assert "officer" not in letter
    assert "privacy@host.example" in letter


def test_the_operators_own_words_stand_before_ours() -> None:
    words: Mapping[str, Any] = {
        "fr": {
            "categories": {"invoices": "pièces comptables"},
            "recipients": {"Example Mailer": "Le Facteur"},
        }
    }
    texts = Texts.load(desk=facts(), words=words)
    assert "- pièces comptables (3" in write(texts, "answer_erasure", "fr").text
    assert "- Le Facteur" in write(texts, "answer_erasure", "fr").text
    assert "- invoices (3" in write(texts, "answer_erasure", "en").text


def test_a_closed_request_is_not_given_a_date_any_more(texts: Texts) -> None:
    assert "22 December" in write(texts, "request_status", requests=[a_request(status="open")]).text
    closed = write(texts, "request_status", requests=[a_request(status="answered", next=None)]).text
    assert "answered" in closed
    assert "22 December" not in closed


def test_the_subject_of_a_code_does_not_hold_it(texts: Texts) -> None:
    rendered = write(texts, "mail_code")
    assert rendered.subject is not None
    assert "48159263" not in rendered.subject
    assert "\n48159263\n" in rendered.text


def test_a_link_that_withdraws_says_so_and_not_what_the_request_was_to_do(texts: Texts) -> None:
    text = write(texts, "mail_link", effects=["withdraw"]).text
    assert "asked in the live chat to withdraw:" in text
    assert "We withdraw what you asked for" in text
    assert "waiting period" not in text


@pytest.mark.parametrize("locale", LOCALES)
def test_a_notice_to_another_contact_names_no_right(texts: Texts, locale: str) -> None:
    notices = {
        str(write(texts, "mail_notice", locale, requests=[a_request(right)]))
        for right in ("access", "erasure", "complaint")
    }
    assert len(notices) == 1


def test_an_instant_is_written_on_the_controllers_clock_and_says_so(texts: Texts) -> None:
    labels = texts.labels("en")
    assert labels.time(AT) == "15:40 (Tallinn time)"
    assert (
        labels.moment(datetime(2026, 11, 30, 22, 30, tzinfo=UTC)) == "1 December 2026 at 00:30 (Tallinn time)"
    )
    assert (
        Texts.load(desk=facts(zone=ZoneInfo("Europe/London"))).labels("fr").time(AT)
        == "13:40 (heure de Londres)"
    )


@given(
    at=st.integers(1_700_000_000, 1_900_000_000).map(lambda at: datetime.fromtimestamp(at, UTC)),
    ahead=st.integers(-700, 700),
    zone=st.sampled_from(
        ["Europe/Tallinn", "Europe/Paris", "Europe/London", "America/New_York", "Asia/Kathmandu"]
    ),
    locale=st.sampled_from(LOCALES),
)
def test_what_a_text_says_of_an_instant_is_found_again(
    at: datetime, ahead: int, zone: str, locale: str
) -> None:
    """To the minute; on the night on which clocks go back an hour is said twice."""
    labels = LABELS[locale, zone]
    at = at.replace(second=0, microsecond=0)
    said = at + timedelta(minutes=ahead)
    text = f"Until {labels.time(at)}, or {labels.moment(at)}."
    clock, moment = labels.instants(text, said)
    assert (clock.words, moment.words) == (labels.time(at), labels.moment(at))
    assert (clock.with_day, moment.with_day) == (False, True)
    assert labels.time(clock.at) == labels.time(at)
    assert abs(clock.at - at) in {timedelta(0), timedelta(hours=1)} or abs(clock.at - said) < abs(at - said)
    assert labels.moment(moment.at) == labels.moment(at)


@pytest.mark.parametrize(
    "text",
    [
        "at 15:40 (Paris time)",
        "99:99 (Tallinn time)",
        "(Tallinn time)",
        "on 31 February 2026 at 15:40 (Tallinn time)",
        "on 1 January 0000 at 15:40 (Tallinn time)",
        "1 January 2026 at (" * 2_000,
    ],
)
def test_words_that_name_no_instant_give_none(texts: Texts, text: str) -> None:
    assert texts.instants(text, AT) == []


@pytest.mark.parametrize(
    ("on", "english", "french"),
    [
        (date(2026, 12, 22), "22 December 2026", "22 décembre 2026"),
        (date(2027, 2, 1), "1 February 2027", "1er février 2027"),
        (date(2027, 8, 11), "11 August 2027", "11 août 2027"),
    ],
)
def test_a_day_is_written_as_the_language_writes_it(
    texts: Texts, on: date, english: str, french: str
) -> None:
    assert texts.labels("en").day(on) == english
    assert texts.labels("fr").day(on) == french


@pytest.mark.parametrize(
    ("number", "english", "french"),
    [
        (0, "0 days", "0 jour"),
        (1, "1 day", "1 jour"),
        (2, "2 days", "2 jours"),
        (1234567, "1,234,567 days", "1 234 567 jours"),
    ],
)
def test_a_count_takes_the_noun_in_its_form(texts: Texts, number: int, english: str, french: str) -> None:
    assert texts.labels("en").counted(number, "day", "days").replace("\u00a0", " ") == english
    assert (
        texts.labels("fr").counted(number, "jour", "jours").replace("\u00a0", " ").replace("\u202f", " ")
        == french
    )


@given(st.lists(st.text(st.characters(categories=["L"]), min_size=1, max_size=4), max_size=5))
def test_a_list_of_words_loses_none(words: list[str]) -> None:
    labels = Written("fr", ZoneInfo("Europe/Paris"))
    assert re.split(r", | et ", labels.listed(words)) == (words or [""])


def test_french_marks_never_begin_a_line(texts: Texts) -> None:
    for name in MESSAGES:
        assert not re.search(r" [:;!?»](?:\s|$)|« ", write(texts, name, "fr").text), name


def test_a_name_without_a_label_is_shown_readable(texts: Texts) -> None:
    assert texts.label("categories", "loyalty_points", "fr") == "loyalty points"
    assert texts.label("systems", "client-area", "fr") == "espace client"
    assert texts.button("keep", "fr") == "Garder mes services"


def test_every_text_is_one_that_the_desk_sends() -> None:
    code = "".join(
        path.read_text("utf-8")
        for package in (assistant, handlers)
        for path in Path(str(package.__file__)).parent.rglob("*.py")
        if path.name != "messages.py"
    )
    assert [name for name in MESSAGES if f'"{name}"' not in code] == []


@pytest.mark.parametrize("right", list(Right))
def test_a_refusal_names_its_ground_as_its_reader_does(texts: Texts, right: Right) -> None:
    for ground in grounds_for(right):
        for locale, law in (("en", "GDPR"), ("fr", "RGPD")):
            said = write(texts, "answer_refused", locale, ground_law=ground.article).text
            (line,) = [each for each in said.splitlines() if re.match("The legal ground|Le fondement", each)]
            assert law in line
            assert ("GDPR" in line) == (locale == "en")
            assert set(re.findall(r"\d+", line)) == set(re.findall(r"\d+", ground.article))
    many = write(texts, "answer_refused", ground_law="GDPR 11(2), 12(2)").text.replace(NO_BREAK, " ")
    assert "Articles 11(2) and 12(2) GDPR" in many
    french = write(texts, "answer_refused", "fr", ground_law="GDPR 17(3)(b)").text.replace(NO_BREAK, " ")
    assert "RGPD, article 17, paragraphe 3, point b)" in french
