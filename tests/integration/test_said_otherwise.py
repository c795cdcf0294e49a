"""A value that was confirmed is said to be wrong: another one is asked to be confirmed, or a person reads it; nothing is written before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping

import pytest
import pytest_asyncio

from assistant.domain.attention import Attention
from assistant.domain.rectifying import Changes
from tests.doubles.attacks import Victim, victims
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.typing_visitor import Talk

pytestmark = pytest.mark.asyncio(loop_scope="module")
WISH = {
    "en": "Please correct my phone number to +44 20 7946 0001",
    "fr": "Corrigez mon numéro de téléphone : 06 12 34 56 78",
}
YES = {"en": "yes", "fr": "oui"}
CLEAR = {
    "en": (
        ("no it should be +44 20 7946 0002", "+44 20 7946 0002"),
        ("sorry, it's +44 20 7946 0003", "+44 20 7946 0003"),
        ("It's +44 20 7946 0004 instead", "+44 20 7946 0004"),
    ),
    "fr": (
        ("non pardon c'est le 06 12 34 56 79", "06 12 34 56 79"),
        ("attendez, ça devrait être le 06 12 34 56 70", "06 12 34 56 70"),
    ),
}
UNCLEAR = {
    "en": ("no it should be 0002", "that's wrong", "the other way round, sorry"),
    "fr": ("non c'est 79 à la fin", "c'est faux", "désolée, c'est l'inverse"),
}
NOT_AGAINST = {
    "en": ("no it's fine", "no thanks", "how long does it take?", "sorry for the trouble"),
    "fr": ("non c'est bon", "merci", "combien de temps ?"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("otherwise")) as opened:
        yield opened


@pytest.fixture(scope="module")
def people(desk: DeskInside) -> Iterator[Victim]:
    return victims(desk)


def each(said: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(language, words) for language, all_words in said.items() for words in all_words]


async def confirmed(desk: DeskInside, language: str, email: str) -> Talk:
    """Give a talk whose correction is confirmed, and whose code is awaited."""
    talk = Talk(desk, language)
    for words in (WISH[language], YES[language], email):
        await talk.say(words)
    assert (await talk.state()).expects == "code"
    return talk


async def new_phone(talk: Talk) -> tuple[str | None, bool]:
    changes = Changes.of((await talk.requests())["rectification"].details)
    return changes.new_values.get("phone"), changes.confirmed


@pytest.mark.parametrize(("language", "words", "value"), [(k, *v) for k, row in CLEAR.items() for v in row])
async def test_another_value_beside_an_awaited_code_is_asked_to_be_confirmed(
    desk: DeskInside, people: Iterator[Victim], language: str, words: str, value: str
) -> None:
    email = next(people).email
    talk = await confirmed(desk, language, email)
    await talk.say(words)
    assert await new_phone(talk) == (value, False)
    assert (await talk.state()).question == "confirm_rectification"
    await talk.say(YES[language])
    assert await new_phone(talk) == (value, True)
    await talk.say(await desk.code(email))
    assert (await talk.requests())["rectification"].status in {"open", "awaiting_approval"}


@pytest.mark.parametrize(("language", "words"), each(UNCLEAR))
async def test_what_is_not_clear_is_read_by_a_person_first_and_the_code_stays_awaited(
    desk: DeskInside, people: Iterator[Victim], language: str, words: str
) -> None:
    talk = await confirmed(desk, language, next(people).email)
    await talk.say(words)
    assert (await talk.requests())["rectification"].attention == Attention.ASKED_BESIDE
    assert (await talk.state()).expects == "code"


@pytest.mark.parametrize(("language", "words"), each(NOT_AGAINST))
async def test_what_says_nothing_against_it_calls_nobody(
    desk: DeskInside, people: Iterator[Victim], language: str, words: str
) -> None:
    talk = await confirmed(desk, language, next(people).email)
    await talk.say(words)
    assert (await talk.requests())["rectification"].attention is None
    assert (await new_phone(talk))[1]


async def scheduled(desk: DeskInside, email: str) -> tuple[Talk, str]:
    """Give a talk whose correction is approved and waits its hold."""
    talk = await confirmed(desk, "en", email)
    await talk.say(await desk.code(email))
    ref = (await talk.requests())["rectification"].ref
    await desk.approve(ref)
    assert (await desk.request(ref))["status"] == "scheduled"
    return talk, ref


async def test_in_its_hold_another_value_makes_the_plan_void_and_its_yes_brings_a_new_one(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    talk, ref = await scheduled(desk, next(people).email)
    words, value = CLEAR["en"][0]
    await talk.say(words)
    assert (await desk.request(ref))["status"] == "open"
    await talk.say("yes")
    item = await desk.plan(ref)
    assert await new_phone(talk) == (value, True)
    await talk.say(UNCLEAR["en"][0])
    approve = (f"/queue/{item['id']}/approve", {"plan_hash": item["plan_hash"]})
    status, answer = await desk.api_status("POST", approve[0], json=approve[1])
    assert (status, "or correction" in str(answer)) == (409, True), answer


@pytest.mark.parametrize(("words", "stays"), [(CLEAR["en"][0][0], "open"), (UNCLEAR["en"][0], "scheduled")])
async def test_after_its_hold_nothing_is_written_before_the_new_yes_or_a_person_has_read_it(
    desk: DeskInside, people: Iterator[Victim], words: str, stays: str
) -> None:
    talk, ref = await scheduled(desk, next(people).email)
    await talk.say(words)
    await desk.forward("80h")
    await desk.idle()
    assert (await desk.request(ref))["status"] == stays


BORN = {
    "en": "Please correct my date of birth to 3 March 1985",
    "fr": "Corrigez ma date de naissance : 3 mars 1985",
}
# What is said to the value that is shown, the question after it, and the value there is then.
SHOWN = [
    ("en", BORN["en"], "no 1986", "ask_rectification_value", None),
    ("en", BORN["en"], "that's wrong", "ask_rectification_value", None),
    ("en", BORN["en"], "no it should be 3 March 1986", "confirm_rectification", "3 March 1986"),
    ("fr", BORN["fr"], "non 1986", "ask_rectification_value", None),
    ("fr", BORN["fr"], "non pardon c'est le 3 mars 1986", "confirm_rectification", "3 mars 1986"),
]
DIFFERENTLY = [
    ("en", BORN["en"], "4 March 1961", "4 March 1961"),
    ("en", "Please correct my last name to Thornbery", "it's Thornbury", "Thornbury"),
    ("fr", "Corrigez mon nom de famille en Obertin.", "c'est Aubertin avec un i", "Aubertin"),
    ("fr", "Corrigez mon prénom en Zoé.", "en fait Zoë", "Zoë"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "wish", "words", "question", "value"), SHOWN)
async def test_what_is_said_against_a_value_that_is_shown_never_shows_it_again(
    desk: DeskInside, language: str, wish: str, words: str, question: str, value: str | None
) -> None:
    talk = Talk(desk, language)
    await talk.say(wish)
    await talk.say(words)
    assert (await talk.state()).question == question
    changes = Changes.of((await talk.requests())["rectification"].details)
    assert list(changes.new_values.values()) == ([value] if value else [])


@pytest.mark.parametrize(("language", "wish", "words", "value"), DIFFERENTLY)
async def test_after_no_a_plain_answer_is_taken_for_the_field_that_is_corrected(
    desk: DeskInside, language: str, wish: str, words: str, value: str
) -> None:
    talk = Talk(desk, language)
    await talk.say(wish)
    await talk.say({"en": "no", "fr": "non"}[language])
    assert (await talk.state()).question == "ask_rectification_value"
    await talk.say(words)
    assert (await talk.state()).question == "confirm_rectification"
    changes = Changes.of((await talk.requests())["rectification"].details)
    assert list(changes.new_values.values()) == [value]


STREET = {
    "en": ("I have moved, my new address is 4 Mill Lane", "4 Mill Lane"),
    "fr": ("J’ai déménagé, ma nouvelle adresse est 8 quai de la Gare", "8 quai de la Gare"),
}
# What is answered to the postcode that is asked for, and the parts there are then.
ANSWERED = [
    ("en", "BA1 2AB and my phone is +44 20 7946 0000 now", {"street": "4 Mill Lane"}),
    ("en", "Durham DH1 3AB", {"street": "4 Mill Lane", "postcode": "DH1 3AB", "city": "Durham"}),
    ("en", "no wait 5 Mill Lane not 4", {"street": "5 Mill Lane"}),
    ("fr", "non attendez c'est 9 quai de la gare pas 8", {"street": "9 quai de la Gare"}),
]


@pytest.mark.parametrize(("language", "words", "parts"), ANSWERED)
async def test_an_answer_to_another_part_overwrites_no_street(
    desk: DeskInside, language: str, words: str, parts: dict[str, str]
) -> None:
    talk = Talk(desk, language)
    wish, street = STREET[language]
    await talk.say(wish)
    before = Changes.of((await talk.requests())["rectification"].details)
    assert (before.new_values, before.unsettled and before.unsettled.field) == (
        {"street": street},
        "postcode",
    )
    await talk.say(words)
    assert Changes.of((await talk.requests())["rectification"].details).new_values == parts
