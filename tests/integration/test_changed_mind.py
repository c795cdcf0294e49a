"""Whoever changes their mind about what they asked for gets what they ask for now, and is asked about what they asked before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from assistant.store.tables import Message
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.integration.test_further_wishes import COPY, ERASE
from tests.integration.test_made_elsewhere import WHERE, Visitor, of_clients

pytestmark = pytest.mark.asyncio(loop_scope="module")
ERASE_INSTEAD = {
    "en": ("no wait, delete it instead", "actually no, just erase everything", "I'd rather have it deleted"),
    "fr": ("en fait non, effacez-les plutôt", "non attendez, supprimez tout plutôt"),
}
COPY_INSTEAD = {
    "en": ("actually no, just send me a copy first", "no, send me a copy instead"),
    "fr": ("en fait non, envoyez-moi juste une copie d'abord", "finalement non, plutôt une copie"),
}
LEFT = {
    "en": ("actually leave it", "forget it", "cancel it"),
    "fr": ("finalement je veux l'annuler", "je la retire finalement", "annuler"),
}
NOT_MEANT = (
    "no actually, I deleted that email, send it again",
    "no wait, please don't delete it, just send the copy instead",
    "actually no, just delete my phone number",
    "en fait non, j'ai supprimé votre mail",
    "non, plutôt sans supprimer",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("changed")) as opened:
        yield opened


@pytest.fixture(scope="module")
def clients(desk: DeskInside) -> Iterator[str]:
    return of_clients(desk)


async def begun(desk: DeskInside, language: str, begin: dict[str, str], address: str, proof: str) -> Visitor:
    visitor = Visitor(desk, language)
    visitor.address = address
    await visitor.say(begin[language])
    if proof != "before":
        await visitor.say(address)
    if proof == "after":
        await visitor.gives_address()
    return visitor


PROOFS = ("before", "awaited", "after")


@pytest.mark.parametrize("proof", PROOFS)
@pytest.mark.parametrize(
    ("language", "words"), [(lang, w) for lang in ERASE_INSTEAD for w in ERASE_INSTEAD[lang]]
)
async def test_an_erasure_wanted_instead_of_a_copy_is_opened_and_the_copy_is_asked_about(
    desk: DeskInside, clients: Iterator[str], language: str, words: str, proof: str
) -> None:
    visitor = await begun(desk, language, COPY, next(clients), proof)
    told = await visitor.said_to(words)
    requests = await visitor.requests()
    assert set(requests) == {"access", "erasure"}, told
    asked = await visitor.state()
    assert (asked.question, asked.about) == ("withdraw_confirm", (requests["access"].ref,)), told
    await visitor.say("withdraw:yes", kind="choice")
    assert (await visitor.requests())["access"].status == "withdrawn"
    assert (await visitor.state()).expects in {"email", "code"}, "the erasure is to be proved"
    await visitor.gives_address()
    if proof == "awaited":  # the code that was on its way named the copy alone
        await visitor.gives_address()
    assert (await visitor.requests())["erasure"].status not in {"received", "verifying", "withdrawn"}


@pytest.mark.parametrize("proof", PROOFS)
@pytest.mark.parametrize("words", NOT_MEANT)
async def test_what_only_speaks_of_deleting_opens_no_erasure(
    desk: DeskInside, clients: Iterator[str], words: str, proof: str
) -> None:
    language = "fr" if "non" in words else "en"
    visitor = await begun(desk, language, COPY, next(clients), proof)
    await visitor.say(words)
    assert "erasure" not in await visitor.requests()


async def test_an_address_that_answers_the_question_beside_proves_both(
    desk: DeskInside, clients: Iterator[str]
) -> None:
    visitor = await begun(desk, "en", COPY, next(clients), "before")
    await visitor.say(ERASE_INSTEAD["en"][0])
    await visitor.say(visitor.address)
    await visitor.gives_address()
    assert {request.status for request in (await visitor.requests()).values()}.isdisjoint(
        {"received", "verifying"}
    )


@pytest.mark.parametrize("proof", PROOFS)
@pytest.mark.parametrize(
    ("language", "words"), [(lang, w) for lang in COPY_INSTEAD for w in COPY_INSTEAD[lang]]
)
async def test_a_copy_wanted_instead_of_an_erasure_or_before_it_is_opened_and_the_erasure_stands_still(
    desk: DeskInside, clients: Iterator[str], language: str, words: str, proof: str
) -> None:
    visitor = await begun(desk, language, ERASE, next(clients), proof)
    told = await visitor.said_to(words)
    requests = await visitor.requests()
    assert set(requests) == {"access", "erasure"}, told
    assert requests["erasure"].dont_at is not None
    assert (await visitor.state()).question == "dont_asked"
    told = await visitor.said_to({"en": "so do I get the copy?", "fr": "et ma copie, je l'aurai ?"}[language])
    assert requests["access"].ref in told
    assert (await visitor.requests())["erasure"].attention != "asked_beside", told


async def test_what_a_person_was_said_to_look_at_is_answered_by_no_machine(desk: DeskInside) -> None:
    visitor = await begun(desk, "en", ERASE, "nobody.changed@courriel.example", "before")
    await visitor.say("first I need you to send me my old invoices")
    await visitor.gives_address()
    erasure = (await visitor.requests())["erasure"]
    await desk.assembly.sweeper.run("plan")
    assert (await desk.request(erasure.ref))["status"] == "open"


@pytest.mark.parametrize("begin", [ERASE, COPY], ids=["erase", "copy"])
@pytest.mark.parametrize(("language", "words"), [(lang, w) for lang in LEFT for w in LEFT[lang]])
async def test_what_was_found_again_in_a_new_chat_is_taken_back_in_any_words(
    desk: DeskInside, clients: Iterator[str], begin: dict[str, str], language: str, words: str
) -> None:
    visitor = await Visitor.who_asked(desk, language, next(clients), begin[language])
    (ref,) = await visitor.refs()
    visitor = visitor.in_new_chat()
    await visitor.say(WHERE[language][0])
    await visitor.gives_address()
    told = await visitor.said_to(words)
    state = await visitor.state()
    assert state.about == (ref,), told
    assert state.question == ("dont_asked" if begin is ERASE else "withdraw_confirm"), told


SHORT = {"en": "Nothing is erased meanwhile", "fr": "Rien n’est effacé en attendant"}


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "thanks bye"), ("en", "thank you"), ("fr", "merci, au revoir"), ("fr", "merci")],
)
async def test_thanks_bring_the_buttons_of_keep_or_erase_and_not_the_question(
    desk: DeskInside, clients: Iterator[str], language: str, words: str
) -> None:
    visitor = await begun(desk, language, ERASE, next(clients), "after")
    await visitor.say({"en": "don't delete anything after all", "fr": "finalement n'effacez rien"}[language])
    before = (await visitor.all_of(Message))[-1]
    assert (await visitor.state()).question == "dont_asked"
    told = await visitor.said_to(words)
    (ref,) = await visitor.refs()
    assert ref not in told
    last = (await visitor.all_of(Message))[-1]
    assert {each["value"] for each in before.choices} <= {each["value"] for each in last.choices}
    keep = next(each["value"] for each in last.choices if each["value"].startswith("dont:keep"))
    await visitor.say(keep, kind="choice")
    assert (await visitor.requests())["erasure"].status == "withdrawn"


@pytest.mark.parametrize(("language", "words"), [("en", "who will look at it?"), ("fr", "qui va regarder ?")])
async def test_whoever_asks_back_is_reminded_of_keep_or_erase_in_a_line(
    desk: DeskInside, clients: Iterator[str], language: str, words: str
) -> None:
    visitor = await begun(desk, language, ERASE, next(clients), "after")
    await visitor.say({"en": "don't delete anything after all", "fr": "finalement n'effacez rien"}[language])
    told = await visitor.said_to(words)
    assert SHORT[language] in told.splitlines()[-1]
    assert told.count("?") == 1, "the whole question is not said again"
    assert (await visitor.requests())["erasure"].ref in told
