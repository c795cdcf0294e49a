"""A message that names several addresses: each is seen to, and no letter says of one what was done for another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assistant.casework.uses.suppression import MARKETING, off_since, subject_of
from assistant.domain.uses import MOST_AT_ONCE
from assistant.store.tables import Suppression
from tests.attacks.test_weapon import forged
from tests.doubles.attacks import stranger

if TYPE_CHECKING:
    from tests.doubles.desk_inside import DeskInside

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]

NOTICE = {"en": "Marketing to this address is off", "fr": "Plus de publicité à cette adresse"}
OFF = {"en": "no more marketing", "fr": "plus de publicité de notre part"}
OBJECTS = {
    "en": ("Stop sending marketing to {}.", " and "),
    "fr": ("Ne m'envoyez plus de publicité à {}", " et "),
}
OBJECTS_TO_ONE = {
    "en": "Please stop sending me marketing emails.",
    "fr": "Je ne veux plus recevoir vos publicités.",
}
HELD = "person here looks at"


async def left_alone(desk: DeskInside, *contacts: str) -> list[str]:
    """Give which of these get no marketing any more."""
    services = desk.assembly.services
    return list(await services.read(lambda unit: off_since(services.keyring, unit.session, contacts)))


def strangers(count: int) -> list[str]:
    return [stranger().replace("@", f".{number}@") for number in range(count)]


@pytest.mark.parametrize("count", [2, 3, MOST_AT_ONCE])
@pytest.mark.parametrize("language", ["en", "fr"])
async def test_marketing_ends_at_once_for_every_address_that_a_chat_names(
    desk: DeskInside, language: str, count: int
) -> None:
    named = strangers(count)
    sentence, joined = OBJECTS[language]
    async with desk.chat(language) as chat:
        await chat.say(sentence.format(joined.join(named)))
        (ref,) = (await chat.opened()).values()
        told = await chat.until(lambda m: OFF[language] in m["text"], "that marketing is off")
    assert all(address in told["text"] for address in named)
    await desk.until_status(ref, "answered")
    assert await left_alone(desk, *named) == named
    for address in named:
        await desk.mail(address, NOTICE[language])


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_marketing_ends_for_every_address_typed_where_one_is_asked_for(
    desk: DeskInside, language: str
) -> None:
    named = [*strangers(2), "+372 5550 1234"]
    async with desk.chat(language) as chat:
        await chat.say(OBJECTS_TO_ONE[language])
        await chat.asked("email")
        await chat.say(", ".join(named))
        told = await chat.until(lambda m: OFF[language] in m["text"], "that marketing is off")
    assert all(contact in told["text"] for contact in named)
    assert await left_alone(desk, *named) == named


async def test_marketing_ends_for_every_address_that_a_mail_names_and_its_answer_names_none_to_a_stranger(
    desk: DeskInside,
) -> None:
    sender, named, before = stranger(), strangers(2), await desk.refs()
    await desk.raw_mail(forged(sender, f"Stop sending marketing to {' and '.join(named)}."), sender)
    (ref,) = await desk.opened_by(before)
    await desk.until_status(ref, "answered")
    assert await left_alone(desk, *named) == named
    told = (await desk.mail(sender, OFF["en"])).get_content()
    assert "addresses named in that message" in " ".join(told.split())
    assert not any(address in told for address in named)


FOR_MORE = {
    "same": "Please stop sending me your newsletter. Same for {} and {}.",
    "told": "Please stop sending me your newsletter. Same for {} and {}, they told me.",
    "with": "Please unsubscribe me from your newsletter, as well as {} and {}.",
    "wife": "Ne m\u2019envoyez plus votre lettre d\u2019information, et \u00e0 ma femme {} et mon fils {} non plus.",
    "fr": "D\u00e9sabonnez-moi de votre newsletter, ainsi que {} et {}.",
    "me too": "Stop sending marketing to {} and {}, and to me too.",
}


@pytest.mark.parametrize("words", FOR_MORE)
async def test_whoever_objects_for_themselves_and_others_by_mail_is_left_alone_too(
    desk: DeskInside, words: str
) -> None:
    sender, named, before = stranger(), strangers(2), await desk.refs()
    await desk.raw_mail(forged(sender, FOR_MORE[words].format(*named)), sender)
    (ref,) = await desk.opened_by(before)
    await desk.until_status(ref, "answered")
    assert set(await left_alone(desk, sender, *named)) == {sender, *named}


@pytest.mark.parametrize("words", FOR_MORE)
async def test_whoever_objects_for_themselves_and_others_in_a_chat_is_asked_for_their_own_address(
    desk: DeskInside, words: str
) -> None:
    own, named, before = stranger(), strangers(2), await desk.refs()
    async with desk.chat("fr" if words in {"wife", "fr"} else "en") as chat:
        await chat.say(FOR_MORE[words].format(*named))
        await chat.asked("email")
        refs = await desk.opened_by(before, 2)
        assert set(await left_alone(desk, *named)) == set(named)
        await chat.say(own)
        await chat.until(lambda m: own in m["text"], "that theirs is off too")
        for ref in refs:
            await desk.until_status(ref, "answered")
    assert await left_alone(desk, own) == [own]


REACHED_AT = (
    "Please unsubscribe me from your newsletter. My address is {}.",
    "Please stop sending me your newsletter at {}.",
    "Ne m\u2019envoyez plus de publicit\u00e9 \u00e0 {}.",
)


@pytest.mark.parametrize("words", REACHED_AT)
async def test_where_somebody_says_how_they_are_reached_that_address_alone_is_left_alone(
    desk: DeskInside, words: str
) -> None:
    sender, named, before = stranger(), stranger(), await desk.refs()
    await desk.raw_mail(forged(sender, words.format(named)), sender)
    for ref in await desk.opened_by(before):
        await desk.until_status(ref, "answered")
    assert await left_alone(desk, sender, named) == [named]


async def test_numbers_named_in_an_objection_are_left_alone_too(desk: DeskInside) -> None:
    """By mail as well, where the address of the sender was all that was seen."""
    numbers = ["+372 5550 2345", "+372 5550 2346"]
    async with desk.chat() as chat:
        await chat.say(f"No more marketing calls to {' and '.join(numbers)}.")
        told = await chat.until(lambda m: OFF["en"] in m["text"], "that marketing is off")
    assert all(number in told["text"] for number in numbers)
    assert await left_alone(desk, *numbers) == numbers

    sender, number, before = stranger(), "+372 5550 3456", await desk.refs()
    await desk.raw_mail(forged(sender, f"No more marketing calls to {number}."), sender)
    (ref,) = await desk.opened_by(before)
    await desk.until_status(ref, "answered")
    assert await left_alone(desk, number) == [number]


@pytest.mark.parametrize("asked", ["named", "typed"])
async def test_beyond_the_ceiling_a_person_looks_and_every_text_says_which_were_done(
    desk: DeskInside, asked: str
) -> None:
    named = strangers(MOST_AT_ONCE + 3)
    done, left = named[:MOST_AT_ONCE], named[MOST_AT_ONCE:]
    before = await desk.refs()
    async with desk.chat() as chat:
        if asked == "named":
            await chat.say(f"Stop sending marketing to {' and '.join(named)}.")
        else:
            await chat.say(OBJECTS_TO_ONE["en"])
            await chat.asked("email")
            await chat.say(" ".join(named))
        held = await chat.until(lambda m: HELD in m["text"], "that a person looks at the rest")
        told = await chat.until(lambda m: OFF["en"] in m["text"], "that marketing is off")
        assert all((address in told["text"]) == (address in done) for address in named)
        assert all((address in held["text"]) == (address in left) for address in named)
        assert await left_alone(desk, *named) == done
        requests = [await desk.request(ref) for ref in await desk.opened_by(before, 2)]
        (rest,) = [request for request in requests if request["status"] != "answered"]
        await desk.plan(rest["ref"])  # what is said comes before what an agent is shown
        assert (await desk.request(rest["ref"]))["attention"] == "many_addresses"

        await desk.approve(rest["ref"])
        said = await chat.until(
            lambda m: left[-1] in m["text"] and OFF["en"] in m["text"], "that the rest is off"
        )
    assert all((address in said["text"]) == (address in left) for address in named)
    assert await left_alone(desk, *named) == named


async def test_an_address_named_twice_is_one(desk: DeskInside) -> None:
    (address,) = strangers(1)
    async with desk.chat() as chat:
        await chat.say(f"Stop sending marketing to {address} and {address.upper()}.")
        told = await chat.until(lambda m: OFF["en"] in m["text"], "that marketing is off")
    assert told["text"].lower().count(address) == 1
    services = desk.assembly.services
    key = (subject_of(services.keyring, address), MARKETING)
    assert await services.read(lambda unit: unit.session.get(Suppression, key))


# ── whatever a mail that names several asks: no letter says what another one denies ─────────────────────────────────

_JOINED = {"en": " and ", "fr": " et "}
_WISHES = {
    ("objection", "en"): "Stop sending marketing to {}.",
    ("objection", "fr"): "Bonjour, ne m’envoyez plus de publicité à {}.",
    ("access", "en"): "Please send me a copy of all my personal data. My addresses are {}.",
    (
        "access",
        "fr",
    ): "Bonjour, je voudrais recevoir une copie de toutes mes données personnelles. Mes adresses sont {}.",
    ("erasure", "en"): "Please erase all my personal data. My addresses are {}.",
    ("erasure", "fr"): "Bonjour, merci d’effacer toutes mes données personnelles. Mes adresses sont {}.",
}
_OF_PERSON = {
    "en": "A person here looks at the others",
    "fr": "Une personne de notre équipe examine les autres",
}
_FIRST = {
    "en": ("the first addresses", f"the first {MOST_AT_ONCE} addresses"),
    "fr": ("les premières adresses", f"les {MOST_AT_ONCE} premières adresses"),
}
_OTHERS = {"en": "the other addresses", "fr": "les autres adresses"}
_ALL = {
    "en": ("the address named", "the addresses named"),
    "fr": ("l’adresse indiquée", "les adresses indiquées"),
}
_LINK = "/verify/stop/"


def one_line(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())


@pytest.mark.parametrize("count", [1, 2, MOST_AT_ONCE, MOST_AT_ONCE + 1, MOST_AT_ONCE + 2])
@pytest.mark.parametrize(("wish", "language"), _WISHES)
async def test_no_letter_about_several_addresses_says_what_another_denies(
    desk: DeskInside, wish: str, language: str, count: int
) -> None:
    sender, named, before = stranger(), strangers(count), await desk.refs()
    sentence = _WISHES[wish, language].format(_JOINED[language].join(named))
    raw = forged(sender, sentence).replace(
        b"Message-ID", b"Content-Type: text/plain; charset=utf-8\r\nMessage-ID", 1
    )
    await desk.raw_mail(raw, sender)
    split = wish == "objection" and count > MOST_AT_ONCE
    refs = await desk.opened_by(before, 2 if split else 1)
    await desk.mail(sender, OFF[language] if wish == "objection" else _LINK)
    requests = [await desk.request(ref) for ref in refs]
    assert {request["right"] for request in requests} == {wish}
    letters = [one_line(f"{mail['subject']} {mail.get_content()}") for mail in desk.mails(sender)]
    assert not any(address in letter for letter in letters for address in named), "nobody else is named"
    if wish != "objection":
        receipt, link = letters
        assert len(requests) == 1
        assert refs[0] in receipt
        assert _LINK in link
        assert not any(
            words in letter for letter in letters for words in (*_FIRST[language], _OTHERS[language])
        )
        return
    receipt = next(letter for letter in letters if all(ref in letter for ref in refs))
    (done,) = [letter for letter in letters if OFF[language] in letter]
    held = [letter for letter in letters if _OF_PERSON[language] in letter]
    assert len(held) == split
    assert await left_alone(desk, *named) == named[:MOST_AT_ONCE]
    for letter in (receipt, done):
        assert any(words in letter for words in _FIRST[language]) == split, letter
    assert any(words in done for words in _ALL[language]) != split, done
    assert (_OTHERS[language] in receipt) == split
    if split:
        rest = next(r["ref"] for r in requests if r["status"] != "answered")
        assert rest in held[0]
        assert rest not in done
        assert any(words in held[0] for words in _FIRST[language])
        await desk.plan(rest)
        await desk.approve(rest)
        said = one_line((await desk.mail(sender, OFF[language], seen=1)).get_content())
        assert not any(words in said for words in (*_FIRST[language], *_ALL[language])), said
