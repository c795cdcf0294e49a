"""What is answered of the policy stands in settings, catalogue and maps: in both languages, and it changes with them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assistant.app import texts_of
from assistant.casework.talk.policy_answers import answer_of
from assistant.config import Catalogue, Settings, load_settings
from assistant.demo.settings import lay_out
from assistant.disclosure.policy import kinds_of
from assistant.domain.policy import Topic
from intents import asked_of_policy, kinds_named

LANGUAGES = ("en", "fr")
INVOICES = [("client-area", "invoices")]
# What an answer of the sample company must name: a fact of its map, its catalogue or its settings.
HOLDS = {
    Topic.DATA: {
        "en": "Your sign-ins to the client area (clause 4.2.5)",
        "fr": "Vos connexions à l’espace client",
    },
    Topic.PURPOSES: {"en": "To invoice our services", "fr": "Facturer nos services"},
    Topic.BASIS: {"en": "our legitimate interest, Article 6(1)(f)", "fr": "notre intérêt légitime, article"},
    Topic.RETENTION: {"en": "seven years from the end of the financial year", "fr": "sept ans à compter"},
    Topic.RECIPIENTS: {"en": "Guichet Clair Paiements SA (Luxembourg)", "fr": "Guichet Clair Paiements SA"},
    Topic.TRANSFERS: {"en": "standard contractual clauses", "fr": "clauses contractuelles types"},
    Topic.ORIGIN: {
        "en": "Other people or companies gave them to us",
        "fr": "Ce que les cookies nous apprennent",
    },
    Topic.MACHINES: {"en": "a person looks at every order", "fr": "une personne examine chaque commande"},
    Topic.CONTACT: {"en": "privacy@kuusik-lierre.example", "fr": "privacy@kuusik-lierre.example"},
    Topic.RIGHTS: {"en": "Article 20", "fr": "article 20"},
    Topic.USING: {"en": "need not send us an identity document", "fr": "document d’identité"},
    Topic.AUTHORITY: {"en": "https://www.aki.ee", "fr": "https://www.aki.ee"},
    Topic.SELF_SERVICE: {"en": "/demo/login", "fr": "/demo/login"},
    Topic.COOKIES: {"en": "To measure how our website is used", "fr": "Mesurer l’utilisation de notre site"},
    Topic.SECURITY: {"en": "clause 7", "fr": "clause 7"},
    Topic.HOSTED: {"en": "clause 6", "fr": "clause 6"},
    Topic.CHANGES: {"en": "clause 3", "fr": "clause 3"},
    Topic.WHERE: {"en": "/demo/policy", "fr": "/demo/policy"},
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder: Path = tmp_path_factory.mktemp("policy")
    demo = lay_out(folder, port=8080, mail_port=2525, today=date(2026, 11, 22))
    return load_settings(demo.settings_file)


def told(settings: Settings, topic: Topic, language: str, chosen: Any = ()) -> str | None:
    answer = answer_of(settings, topic, chosen, language)
    if answer is None:
        return None
    return texts_of(settings).render(answer.text, language, **answer.values).text.replace("\u00a0", " ")


def changed(settings: Settings, **tables: dict[str, Any]) -> Settings:
    """Give the settings with some rows of the catalogue changed."""
    known = settings.catalogue.model_dump(by_alias=True)
    for table, found in tables.items():
        for name, values in found.items():
            known[table][name] |= values
    return settings.model_copy(update={"catalogue": Catalogue.model_validate(known)})


def with_controller(settings: Settings, **values: Any) -> Settings:
    return settings.model_copy(update={"controller": settings.controller.model_copy(update=values)})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", Topic)
def test_every_topic_is_answered_from_what_is_written_down(
    company: Settings, topic: Topic, language: str
) -> None:
    chosen = (
        [("client-area", "visitors"), ("client-area", "analytics_events")] if topic is Topic.COOKIES else ()
    )
    answer = told(company, topic, language, chosen)
    assert answer is not None
    assert HOLDS[topic][language] in answer
    if clause := company.controller.clauses.get(topic):
        assert f"clause {clause}" in answer


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_changes_the_period_of_the_catalogue_changes_the_answer(company: Settings, language: str) -> None:
    longer = changed(company, retention={"accounting": {"en": "For ten years", "fr": "Durant dix ans"}})
    before, after = (told(each, Topic.RETENTION, language, INVOICES) for each in (company, longer))
    assert HOLDS[Topic.RETENTION][language] in str(before)
    assert {"en": "For ten years", "fr": "Durant dix ans"}[language] in str(after)
    assert HOLDS[Topic.RETENTION][language] not in str(after)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_about_invoices_is_about_invoices_alone_with_the_clause_of_their_law(
    company: Settings, language: str
) -> None:
    answer = str(told(company, Topic.RETENTION, language, INVOICES))
    assert "(clause 5.4.3)" in answer
    assert "§ 12" in answer
    assert answer.count("\n- ") == 1


def test_where_the_operator_names_no_clause_the_answer_stands_without_one(company: Settings) -> None:
    unnamed = with_controller(company, clauses={})
    for topic in set(Topic) - {Topic.SECURITY, Topic.HOSTED, Topic.CHANGES, Topic.COOKIES}:
        assert "of our privacy policy:" not in str(told(unnamed, topic, "en"))


def test_what_nothing_holds_is_left_to_a_person(company: Settings) -> None:
    bare = with_controller(
        company, clauses={}, automated_decisions=type(company.controller.automated_decisions)()
    )
    bare = bare.model_copy(update={"maps": {}, "sources": (), "client_area": type(company.client_area)()})
    answered = {topic for topic in Topic if answer_of(bare, topic, (), "en")}
    assert answered == {Topic.CONTACT, Topic.RIGHTS, Topic.USING, Topic.AUTHORITY, Topic.WHERE}


@pytest.mark.parametrize(
    "topic", [Topic.RETENTION, Topic.PURPOSES, Topic.ORIGIN, Topic.RECIPIENTS, Topic.COOKIES]
)
def test_of_a_kind_of_data_that_no_map_knows_nothing_is_said(company: Settings, topic: Topic) -> None:
    assert answer_of(company, topic, None, "en") is None


def test_nobody_outside_is_claimed_only_where_every_country_is_recorded(company: Settings) -> None:
    inside = {
        name: {"country": "FR"} for name, row in company.catalogue.recipients.items() if row.country == "US"
    }
    assert "None of them is outside" in str(told(changed(company, recipients=inside), Topic.TRANSFERS, "en"))
    unknown = company.model_copy(
        update={"catalogue": company.catalogue.model_copy(update={"recipients": {}})}
    )
    assert answer_of(unknown, Topic.TRANSFERS, (), "en") is None


def test_every_table_of_the_maps_can_be_named_in_every_language(company: Settings) -> None:
    for titles, parts, _ in kinds_of(company).values():
        assert all(titles)
        assert len(parts) > 1


ASKED = {
    "vendez-vous mes données ?": "recipients",
    "à la police ?": "recipients",
    "with google?": "recipients",
    "do you share with the police?": "recipients",
    "à qui vous les donnez ?": "recipients",
    "pourquoi vous gardez mes factures si je ferme mon compte": "retention",
    "why do you keep my invoices if I close my account?": "retention",
    "data protection officer contact": "contact",
    "are you the DPO?": "contact",
    "vous avez un délégué ?": "contact",
    "c'est quelle entreprise ?": "contact",
    "how long do cookies last?": "retention",
    "combien de temps durent les cookies ?": "retention",
    "c'est quoi la portabilité ?": "rights",
    "what is data portability?": "rights",
}


@pytest.mark.parametrize(("asked", "topic"), ASKED.items())
def test_what_strangers_asked_is_a_question_of_its_topic(asked: str, topic: str) -> None:
    found = asked_of_policy(asked)
    assert [each.topic for each in found.questions] == [topic]
    assert found.alone


@pytest.mark.parametrize(
    ("language", "asked", "first", "other"),
    [
        ("en", "do you share my data with Guichet?", "Yes, such data go to Guichet Clair", "to nobody else:"),
        (
            "fr",
            "vous les donnez à Guichet ?",
            "Oui, de telles données vont à Guichet",
            "à personne d’autre :",
        ),
    ],
)
def test_who_is_named_and_receives_data_is_answered_by_a_yes_and_who_is_not_listed_by_the_whole_list(
    company: Settings, language: str, asked: str, first: str, other: str
) -> None:
    for question, is_named in ((asked, True), ("with google?", False)):
        answer = answer_of(company, Topic.RECIPIENTS, (), language, question)
        assert answer is not None
        said = texts_of(company).render(answer.text, language, **answer.values).text.replace("\u00a0", " ")
        assert said.startswith(first) is is_named, said
        assert other in said


def test_why_invoices_are_kept_after_the_end_names_the_law(company: Settings) -> None:
    for language, asked, law in (
        ("en", "why do you keep my invoices if I close my account?", "law"),
        ("fr", "pourquoi vous gardez mes factures si je ferme mon compte", "loi"),
    ):
        (question,) = asked_of_policy(asked).questions
        told_of = told(company, Topic.RETENTION, language, kinds_named(question, kinds_of(company)))
        assert told_of is not None
        assert law in told_of, told_of
