"""No letter claims what the results do not hold: random outcomes of random plans, in every right and language."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.casework.answers.letters import letter
from assistant.casework.requests.results import result_of
from assistant.casework.upkeep.purge import cutoffs
from assistant.config import SourceSettings
from assistant.domain import own_records
from assistant.domain.data_map import DataMap
from assistant.domain.messages import MESSAGES
from assistant.domain.own_records import OWN_RECORDS
from assistant.domain.plan import (
    Identity,
    Keep,
    Located,
    Operation,
    Order,
    Plan,
    Step,
    TableEffect,
    TableRows,
)
from assistant.domain.results import as_planned
from assistant.domain.rights import Right
from assistant.errors import Conflict
from assistant.store.tables import PrivacyRequest, StepRow
from tests.doubles import console_app
from tests.doubles.chat_desk import START, StillClock
from tests.unit.replies.samples import a_request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assistant.services import Services

SOURCES = ("shop", "post", "club")
CATEGORIES = ("contact", "invoices", "services")
USES = ("profiling", "survey")
RIGHTS = {
    Right.ERASURE: Operation.ERASE,
    Right.RECTIFICATION: Operation.RECTIFY,
    Right.RESTRICTION: Operation.RESTRICT,
    Right.CONSENT_WITHDRAWAL: Operation.STOP,
}
CODES = ("source_unavailable", "effect_not_verified", "source_misfit", "something_new")
CODES_IN_WORDS = {
    "en": ("could not be reached", "was undone", "has changed since", "an error on our side"),
    "fr": ("n’a pas pu être joint", "a été annulé", "a changé depuis", "une erreur de notre part"),
}
WHOLE = {
    "en": r"We have erased (your data|the data)|We have corrected your data|We have restricted the use of your data|Your consent no longer applies",
    "fr": r"Nous avons effacé (vos|les) données|Nous avons corrigé vos données|Nous avons limité l’utilisation de vos données|Votre consentement ne vaut plus",
}
NOTHING_YET = {
    "en": r"Nothing has been erased yet|Nothing has been changed yet|Nothing is restricted yet|No use has stopped everywhere",
    "fr": r"Rien n’a encore été effacé|Rien n’a encore été changé|Rien n’est encore limité|Aucune utilisation n’a encore cessé",
}
ERASED = {"en": "What we have erased:", "fr": "Ce que nous avons effacé"}
STOPPED = {"en": ("What has stopped:",), "fr": ("Ce qui est arrêté", "Ce qui a cessé")}
LABELS = {
    "en": {"contact": "contact details", "invoices": "invoices", "services": "services"},
    "fr": {"contact": "coordonnées", "invoices": "factures", "services": "services"},
}


def _map(source: str) -> DataMap:
    table = {
        "name": "people",
        "key": ["id"],
        "identity": {"email": ["email"]},
        "category": "contact",
        "purpose": "contract",
        "erase": "delete",
        "rectifiable": {"city": {"column": "city"}},
        "stop": {use: {"column": use, "value": False} for use in USES},
    }
    return DataMap.model_validate({"tables": [table | {"name": f"people_{source}"}]})


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder: Path = tmp_path_factory.mktemp("letters")
    made = console_app.open_services(folder, StillClock(), 1)
    changed = made.settings.model_copy(
        update={
            "sources": tuple(SourceSettings(name=n, kind="sql", title=f"The {n}") for n in SOURCES),
            "maps": {name: _map(name) for name in SOURCES},
        }
    )
    yield made.with_parts(settings=changed)
    made.store.close()


@dataclass(frozen=True)
class Case:
    """A plan with what came of it."""

    plan: Plan
    rows: list[StepRow]
    right: Right

    def request(self, language: str) -> PrivacyRequest:
        return PrivacyRequest(
            ref="PR-2B3C4D5E",
            right=self.right,
            status="executing",
            conversation_id="c",
            channel="email",
            language=language,
            received_at=START,
            rules=[],
            details={},
            tier_needed=1,
            received_on=date(2026, 11, 2),
            due_on=date(2026, 12, 2),
            safe_on=date(2026, 12, 2),
        )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    right = draw(st.sampled_from(sorted(RIGHTS)))
    operation = RIGHTS[right]
    sources = draw(st.lists(st.sampled_from(SOURCES), min_size=1, max_size=3, unique=True))
    uses = tuple(draw(st.lists(st.sampled_from(USES), min_size=1, unique=True)))
    values = {"city": "Tartu"} if operation is Operation.RECTIFY else {}
    steps, rows = [], []
    for number, source in enumerate(sources):
        effects = tuple(
            TableEffect(
                f"people_{source}",
                category,
                draw(st.integers(1, 9)),
                columns=("city",) if values else uses if operation is Operation.STOP else (),
            )
            for category in draw(st.lists(st.sampled_from(CATEGORIES), min_size=1, max_size=3, unique=True))
        )
        steps.append(Step(source, operation, effects))
        rows.append(_outcome(draw, number, source, operation, effects))
    order = Order(
        operation, START.date(), new_values=values, purposes=uses if operation is Operation.STOP else ()
    )
    located = tuple(Located(name, Identity(), (), ()) for name in sources)
    plan = Plan(Right(right), located, order, tuple(steps), corrects=tuple(values))
    return Case(plan, rows, Right(right))


def _outcome(
    draw: st.DrawFn, number: int, source: str, operation: str, effects: tuple[TableEffect, ...]
) -> StepRow:
    """Done with its own count, found done, done with rows that came later, failed, or not tried."""
    how = draw(st.sampled_from(["done", "found_done", "left", "failed", "not_tried"]))
    row = StepRow(action_id="a", ordinal=number, source=source, operation=operation, state="waiting")
    if how in {"done", "left"}:
        counted = [asdict(TableRows(e.table, e.category, draw(st.integers(1, 30)))) for e in effects]
        row.state, row.done, row.rows_done = "done", counted, sum(c["rows"] for c in counted)
        row.left = counted[:1] if how == "left" else []
    elif how == "found_done":
        row.state, row.already_done = "done", True
    elif how == "failed":
        row.state, row.error_code, row.error = "failed", draw(st.sampled_from(CODES)), "English of the log"
    return row


def _listed(text: str, *headings: str) -> list[str]:
    """List what stands under a heading, up to the next empty line."""
    for heading in headings:
        if heading in text:
            block = text.split(heading, 1)[1].split("\n\n", maxsplit=1)[0]
            return [line[2:] for line in block.splitlines() if line.startswith("- ")]
    return []


@pytest.mark.parametrize("language", ["en", "fr"])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases())
def test_no_letter_claims_what_the_results_do_not_hold(services: Services, language: str, case: Case) -> None:
    request, result = case.request(language), result_of(case.plan, case.rows)
    name, values = letter(services, request, result)
    seen = {
        "ref": request.ref,
        "right": request.right,
        "status": request.status,
        "received_on": request.received_on,
        "due_on": request.due_on,
    }
    text = services.texts.render(name, language, requests=[seen], **values).text
    not_done = [row for row in case.rows if row.state != "done"]
    left = [row for row in case.rows if row.state != "done" or row.left]

    assert bool(re.search(WHOLE[language], text)) == (not left)
    for source in SOURCES:
        failed = any(row.source == source for row in left)
        assert bool(re.search(rf"^- {source}\s?:", text, re.MULTILINE)) == failed, source
    if not left or len(not_done) < len(case.rows):
        nothing_done = case.right is not Right.CONSENT_WITHDRAWAL and re.search(NOTHING_YET[language], text)
        assert not nothing_done
    assert "English of the log" not in text
    for row in not_done:
        code = CODES.index(row.error_code) if row.error_code in CODES else None
        assert code is None or CODES_IN_WORDS[language][code] in text
    if case.right is Right.ERASURE:
        _erased_rows_are_those_counted(text, language, case)
    if case.right is Right.CONSENT_WITHDRAWAL:
        stopped = _listed(text, *STOPPED[language])
        assert (len(stopped) == len(case.plan.order.purposes)) == (not left)
        assert not stopped or not left


def _erased_rows_are_those_counted(text: str, language: str, case: Case) -> None:
    counted: dict[str, int] = {}
    for row, step in zip(case.rows, case.plan.steps, strict=True):
        if row.state == "done":
            for effect in step.effects:
                counted.setdefault(LABELS[language][effect.category], 0)
            for table in row.done:
                counted[LABELS[language][table["category"]]] += table["rows"]
    told: dict[str, int] = {}
    for line in _listed(text, ERASED[language]):
        label, number = re.fullmatch(r"(.+?)(?: \((\d+)\s.+\)|\s?: .+)", line).groups()  # type: ignore[union-attr]
        told[label] = int(number or 0)
    assert told == counted


@pytest.mark.parametrize(("language", "in_part"), [("en", "in part"), ("fr", "en partie")])
def test_rows_of_which_columns_are_kept_are_erased_in_part(
    services: Services, language: str, in_part: str
) -> None:
    """Who keeps a service keeps name and address: *erased: name, address* was false of the rest of that row."""
    effects = tuple(TableEffect(f"people_{name}", name, 1, columns=("notes",)) for name in CATEGORIES)
    keep = Keep("shop", "people_contact", "contact", 1, ("name", "email"), "running_service", "", None)
    whole = replace(keep, table="people_invoices", category="invoices", columns=())
    step = Step("shop", Operation.ERASE, effects)
    plan = Plan(
        Right.ERASURE,
        (Located("shop", Identity(), (), ()),),
        Order(Operation.ERASE, START.date(), keep_services=True),
        (step,),
        keeps=(keep, whole),
    )
    case = Case(plan, [], Right.ERASURE)
    name, values = letter(services, case.request(language), as_planned(plan))
    seen = a_request(Right.ERASURE)
    listed = _listed(services.texts.render(name, language, requests=[seen], **values).text, ERASED[language])
    assert [in_part in line for line in listed] == [True, False, False]


def test_what_stood_there_already_is_not_called_changed(services: Services) -> None:
    order = Order(Operation.RECTIFY, START.date(), new_values={"city": "Tartu", "street": "Oak Road 1"})
    effect = TableEffect("people_shop", "contact", 1, columns=("city", "street"))
    step = Step("shop", Operation.RECTIFY, (effect,))
    plan = Plan(Right.RECTIFICATION, (), order, (step,), corrects=("city",), holds=("street",))
    row = StepRow(action_id="a", ordinal=0, source="shop", operation="rectify", state="done")
    _, values = letter(services, Case(plan, [row], plan.right).request("en"), result_of(plan, [row]))
    assert [change["field"] for change in values["changes"]] == ["city"]
    assert values["already"] == ["street"]


def test_a_detail_that_no_map_has_is_named_as_not_corrected(services: Services) -> None:
    order = Order(Operation.RECTIFY, START.date(), new_values={"city": "Tartu", "gender": "x"})
    effect = TableEffect("people_shop", "contact", 1, columns=("city",))
    plan = Plan(
        Right.RECTIFICATION, (), order, (Step("shop", Operation.RECTIFY, (effect,)),), corrects=("city",)
    )
    row = StepRow(action_id="a", ordinal=0, source="shop", operation="rectify", state="done")
    name, values = letter(services, Case(plan, [row], plan.right).request("en"), result_of(plan, [row]))
    assert name == "answer_rectification_partly"
    assert (values["changes"], values["nowhere"]) == ([{"field": "city", "where": ["shop"]}], ["gender"])


@pytest.mark.parametrize("right", sorted(RIGHTS))
def test_a_plan_without_a_step_has_no_letter(services: Services, right: Right) -> None:
    plan = Plan(Right(right), (), Order(RIGHTS[right], START.date()), ())
    case = Case(plan, [], Right(right))
    with pytest.raises(Conflict, match="Nothing was done"):
        letter(services, case.request("en"), result_of(plan, []))


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("right", sorted(RIGHTS))
def test_every_right_has_a_letter_for_whole_and_for_part_in_every_language(
    services: Services, right: Right, left: bool, language: str
) -> None:
    effect = TableEffect("people_shop", "contact", 2, columns=("city", *USES))
    operation = RIGHTS[right]
    values = {"city": "Tartu"} if right is Right.RECTIFICATION else {}
    order = Order(operation, START.date(), new_values=values, purposes=USES)
    plan = Plan(Right(right), (), order, (Step("shop", operation, (effect,)),), corrects=tuple(values))
    row = StepRow(
        action_id="a",
        ordinal=0,
        source="shop",
        operation=operation,
        state="failed" if left else "done",
        error_code="source_unavailable" if left else "",
        done=[] if left else [asdict(TableRows("people_shop", "contact", 2))],
    )
    case = Case(plan, [row], Right(right))
    name, values = letter(services, case.request(language), result_of(plan, [row]))
    assert name.endswith("_partly") == left
    rendered = services.texts.render(name, language, requests=[_seen(case.request(language))], **values)
    assert bool(re.search(WHOLE[language], rendered.text)) is not left
    assert not re.search(r"people_shop|source_unavailable|True|False|None", rendered.text)


def _seen(request: PrivacyRequest) -> dict[str, Any]:
    names = ("ref", "right", "status", "received_on", "due_on")
    return {name: getattr(request, name) for name in names}


# What a person calls the desk's own records of them, however a letter puts it.
OWN = {
    "en": r"what you wrote|messages|conversation|contact with us",
    "fr": r"ce que vous|messages|conversation|échanges",
}
PERIOD = {
    "en": r"for as long as|until \d|\b\d+\s(?:day|month|year)s?\b",
    "fr": r"tant que|jusqu’au \d|\b\d+\s(?:jour|mois|an)s?\b",
}


@st.composite
def keeps(draw: st.DrawFn) -> tuple[Keep, ...]:
    """What an erasure leaves: of the systems under a law, with an end or without, and of the desk itself."""
    until = st.none() | st.dates(date(2027, 1, 1), date(2040, 1, 1))
    kept = [
        Keep(s, f"people_{s}", draw(st.sampled_from(CATEGORIES)), 1, (), "accounting", "", draw(until))
        for s in draw(st.lists(st.sampled_from(SOURCES), unique=True))
    ]
    for table in draw(st.sets(st.sampled_from([own_records.MESSAGES, own_records.REQUESTS]))):
        rows = draw(st.integers(1, 9))
        kept.append(Keep("desk", table, own_records.CATEGORY, rows, (), f"own_{table}", OWN_RECORDS, None))
    return tuple(kept)


def _periods(text: str, language: str) -> dict[str, set[tuple[str, ...]]]:
    """Give each thing that a letter gives a period for, with the periods it gives: a listed line is one thing with those below it."""
    backups = r"(?m)^(?:Backups|Les sauvegardes).*$"
    found: dict[str, set[tuple[str, ...]]] = {}
    for block in re.split(r"\n(?! )", re.sub(backups, "", text)):
        periods = tuple(re.findall(PERIOD[language], block, re.IGNORECASE))
        if not periods:
            continue
        own = re.search(OWN[language], block, re.IGNORECASE)
        listed = re.match(r"- (.+?)\s\(", block)
        thing = "own" if own else listed[1] if listed else block
        found.setdefault(thing, set()).add(periods)
    return found


@pytest.mark.parametrize("language", ["en", "fr"])
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases(), left=keeps())
def test_no_letter_gives_one_thing_two_periods(
    services: Services, language: str, case: Case, left: tuple[Keep, ...]
) -> None:
    plan = replace(case.plan, keeps=left) if case.right is Right.ERASURE else case.plan
    request = case.request(language)
    name, values = letter(services, request, result_of(plan, case.rows))
    text = services.texts.render(name, language, requests=[_seen(request)], **values).text

    told = _periods(text, language)
    assert {thing: periods for thing, periods in told.items() if len(periods) > 1} == {}
    if case.right is Right.ERASURE:
        cut, now = cutoffs(services), services.clock.now()
        days, years = (now - cut.case_text).days, now.year - cut.case_record.year
        numbers = [re.match(r"\d+", period)[0] for (*periods,) in told["own"] for period in periods]  # type: ignore[index]
        assert numbers == [str(days), str(years)]


@pytest.mark.parametrize("name", ["answer_access_nothing", "answer_erasure_nothing"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_letter_that_found_nothing_gives_its_own_records_the_same_periods(
    services: Services, language: str, name: str
) -> None:
    values = {"requests": [a_request()], "systems": [], "automated_decisions": ""}
    known = {key: values[key] for key in MESSAGES[name].variables & values.keys()}
    told = _periods(services.texts.render(name, language, **known).text, language)
    assert [[int(re.match(r"\d+", p)[0]) for p in each] for each in told["own"]] == [[90, 3]]  # type: ignore[index]
