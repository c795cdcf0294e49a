"""Guessing, flooding, racing and fishing with codes: the budget is the subject's, the words are everybody's."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator

import pytest

from assistant.demo.client_area import Account
from tests.doubles.attacks import (
    ACCESS,
    ERASURE,
    Victim,
    ask,
    check_recorded,
    check_untold,
    plain,
    proved,
    stranger,
    until_code,
    wrong,
)
from tests.doubles.console_browser import Console
from tests.doubles.desk_inside import DeskInside
from tests.doubles.desk_process import Chat, eventually
from tests.doubles.package_browser import browser

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]

PAUSED = "we have paused codes"
LIMIT = "We can send the next code from"


async def guess(chat: Chat, code: str) -> str:
    """Type a wrong code; gives the answer."""
    await chat.say(code)
    return str((await chat.until(lambda m: m["from"] == "assistant", "what becomes of a code"))["text"])


async def burn(desk: DeskInside, claim: str, mailbox: str | None) -> list[str]:
    """Spend the whole budget of guesses on a claim, over as many conversations as it takes; gives the answers."""
    answers = []
    for number in range(2):
        async with desk.chat() as chat:
            await until_code(chat, claim)
            await desk.idle()
            code = await desk.code(mailbox, seen=number) if mailbox else "00000000"
            answers += [await guess(chat, wrong(code)) for _ in range(5)]
    return answers


async def test_guessing_over_many_conversations_pauses_codes_and_nothing_else(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A12, A13: whoever burns the budget of a client stops neither their requests nor their sign-in."""
    victim = next(people)
    await burn(desk, victim.email, victim.email)
    async with desk.chat() as attacker:
        ref = await ask(attacker)
        await attacker.asked("email")
        await attacker.say(victim.email)
        told = await attacker.until(lambda m: PAUSED in m["text"], "that codes are paused")
        assert victim.email not in told["text"]
        await check_recorded(desk, ref, status=(await desk.request(ref))["status"])

    async with desk.chat() as chat:
        ref = await ask(chat)
        choices = (await chat.asked("email"))["choices"]
        await check_recorded(desk, ref, status=(await desk.request(ref))["status"])
        login = next(choice["url"] for choice in choices if choice.get("url"))
        token = signed(desk, victim, login)
        await desk.press(f"{desk.url}/verify/client-area", token=token)
        await desk.press(f"{desk.url}/verify/client-area/confirm", token=token, answer="yes")
        assert (await desk.until_status(ref, "awaiting_approval"))["assurance"] == 2


def signed(desk: DeskInside, victim: Victim, login: str) -> str:
    """Sign in to the client area as this client, for the nonce of a sign-in address."""
    (nonce,) = re.findall(r"nonce=(\w+)", login)
    account = Account(victim.number, victim.last_name, victim.email)
    return desk.demo.client_area.token(account, nonce, desk.clock.now())


async def test_the_right_code_is_worth_nothing_once_the_budget_is_burnt(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A11, A12: the eleventh guess is not checked at all, in whatever conversation it is made."""
    victim = next(people)
    async with desk.chat() as waiting:
        ref = await until_code(waiting, victim.email)
        code = await desk.code(victim.email)
        for number in (1, 2):
            async with desk.chat() as chat:
                await until_code(chat, victim.email)
                other = await desk.code(victim.email, seen=number)
                for _ in range(5):
                    await guess(chat, wrong(other))
        await waiting.say(code)
        await waiting.until(lambda m: PAUSED in m["text"], "that codes are paused")
    assert (await desk.request(ref))["assurance"] == 0
    events = [event["event"] for event in await desk.events(ref)]
    assert "proved" not in events


async def test_a_flood_of_code_requests_sends_three_an_hour_and_says_the_same_for_anybody(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A14: known or not, the fourth within the hour is not sent, the seventh within the day neither."""
    victim, nobody = next(people), stranger()
    said: dict[str, list[str]] = {victim.email: [], nobody: []}
    for address, answers in said.items():
        for attempt in range(9):
            async with desk.chat() as chat:
                ref = await ask(chat)
                await chat.asked("email")
                await chat.say(address)
                answer = await chat.until(
                    lambda m: "code" in m["text"] and m["expects"] != "email", "what becomes of a code"
                )
                answers.append(plain(answer["text"], address))
                await check_recorded(desk, ref, status=(await desk.request(ref))["status"])
            if attempt == 4 and address == nobody:
                await desk.idle()
    await desk.idle()
    assert [LIMIT in answer for answer in said[nobody]] == [False] * 3 + [True] * 6
    assert [LIMIT in answer for answer in said[victim.email]] == [False] * 3 + [True] * 6
    assert masked_days(said[victim.email]) == masked_days(said[nobody])
    assert len(desk.mails(victim.email)) == len(desk.mails(nobody)) == 3


async def test_a_client_number_that_strangers_typed_makes_no_sentence_about_its_address_untrue(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A13, A15: who is told that a code is sent gets it, and a known address hears what an unknown one does."""
    victim = next(people)
    for _ in range(3):
        async with desk.chat() as chat:
            await until_code(chat, f"My client number is {victim.number}")
            await desk.idle()
    heard = []
    for address in (victim.email, stranger()):
        seen = len(codes_to(desk, address))
        async with desk.chat() as chat:
            await until_code(chat, address)
            await desk.code(address, seen=seen)
            await chat.say("Please send me a new code")
            await chat.asked("code")
            await desk.code(address, seen=seen + 1)
            heard.append([plain(each["text"], address) for each in chat.heard])
    assert heard[0] == heard[1]


async def test_whoever_uses_up_the_codes_of_an_address_keeps_nobody_from_their_own_copy(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B33: the link of a copy only its mailbox has, so what strangers ask for is no count of its page."""
    victim = next(people)
    async with desk.chat() as chat:
        ref = await proved(desk, chat, victim.email)
    await desk.approve(ref)
    await desk.forward("73h")
    letter = await desk.mail(victim.email, "/package/")
    for _ in range(2):
        for _ in range(3):
            async with desk.chat() as stranger_chat:
                await until_code(stranger_chat, victim.email)
        await desk.forward("61m")
    async with desk.chat() as stranger_chat:
        await ask(stranger_chat)
        await stranger_chat.asked("email")
        await stranger_chat.say(victim.email)
        await stranger_chat.until(lambda m: LIMIT in m["text"], "that no code goes out for a day")
    await desk.idle()
    codes = len(codes_to(desk, victim.email))
    async with browser(desk, letter.get_content()) as page:
        code = ""
        for number in range(3):
            assert "8 digits" in await page.want_code()
            code = await desk.code(victim.email, seen=codes + number)
        assert "/download" in await page.enter(code)


def codes_to(desk: DeskInside, address: str) -> list[str]:
    return [
        code
        for mail in desk.mails(address)
        for code in re.findall(r"^\s*(\d{8})\s*$", mail.get_content(), re.MULTILINE)
    ]


def masked_days(answers: list[str]) -> list[str]:
    return [re.sub(r"\d+", "N", answer) for answer in answers]


async def test_client_numbers_that_are_known_and_that_are_not_are_answered_alike(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A15, A17: up to the limits, a number that nobody has hears and records what a client's number does."""
    victim = next(people)
    heard, recorded = [], []
    for number in (victim.number, "C-99871"):
        async with desk.chat() as chat:
            ref = await until_code(chat, f"My client number is {number}")
            await desk.idle()  # before it is sent there is no code to guess
            answers = [await guess(chat, f"1234567{n}") for n in range(5)]
            heard.append([plain(frame, number) for frame in chat.frames])
            recorded.append([plain(await desk.request(ref)), plain(await desk.events(ref))])
            assert len(answers) == 5
    assert heard[0] == heard[1]
    assert recorded[0] == recorded[1]
    check_untold(desk, victim, victim.email)


async def test_burning_an_address_does_not_tell_which_client_number_it_has(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A15: after ten failures on an address, its client number behaves as any other number does."""
    victim = next(people)
    await burn(desk, victim.email, victim.email)
    heard = []
    for number in (victim.number, "C-99872"):
        async with desk.chat() as chat:
            await until_code(chat, f"My client number is {number}")
            await desk.idle()
            heard.append([plain(await guess(chat, f"7654321{n}"), number) for n in range(4)])
    assert heard[0] == heard[1]


async def test_burning_a_client_number_does_not_tell_which_address_it_has(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A15: the other way round; and what was guessed under the number still counts against the address."""
    victim, nobody = next(people), stranger()
    await burn(desk, f"My client number is {victim.number}", victim.email)
    await burn(desk, "My client number is C-99873", None)
    heard = []
    for address in (victim.email, nobody):
        async with desk.chat() as chat:
            ref = await until_code(chat, address)
            heard.append([plain(await guess(chat, "11223344"), address)])
            code = await desk.code(address, seen=2 if address == victim.email else 0)
            if address == victim.email:
                await guess(chat, code)
                assert (await desk.request(ref))["assurance"] == 0, (
                    "the budget is the subject's, however named"
                )
    assert heard[0] == heard[1]


async def test_of_two_who_prove_one_address_the_second_is_decided_by_a_lead(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A35: each code counts in its own conversation; the second proof is flagged, the first stays as it was."""
    victim = next(people)
    async with desk.chat() as one, desk.chat() as two:
        first = await until_code(one, victim.email, ACCESS)
        second = await until_code(two, victim.email, ERASURE)
        codes = [await desk.code(victim.email), await desk.code(victim.email, seen=1)]
        assert "not accepted" in await guess(one, codes[1]), "a code of another conversation"
        assert (await desk.request(second))["assurance"] == 0
        await one.say(codes[0])
        await desk.until_status(first, "awaiting_approval")
        await two.say(codes[1])
        await desk.until_status(second, "awaiting_approval")
    assert (await desk.request(first))["attention"] is None
    assert (await desk.request(second))["attention"] == "two_verifiers"
    console = Console(desk, "approver")
    async with console.http:
        await console.sign_in()
        by_waiting = {
            ref: "hold ends unchallenged" in await console.page(f"requests/{ref}") for ref in (first, second)
        }
        assert "a lead decides" in await console.page(f"requests/{second}")
    assert by_waiting == {first: True, second: False}, "a page does not promise what waits for a lead"
    statuses = {}
    for ref in (first, second):
        item = await desk.plan(ref)
        body = {"plan_hash": item["plan_hash"]}
        path = f"/queue/{item['id']}/approve"
        statuses[ref], _ = await desk.api_status("POST", path, token=desk.tokens["approver"], json=body)
    assert statuses == {first: 200, second: 403}
    assert [e for e in await desk.events(second) if e["event"] == "proved" and "two_verifiers" in str(e)]


async def test_page_tokens_are_no_second_verifiers_and_open_nothing_between_them(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A35: being flagged is no way round the proof that is missing, and nobody is held up by a page they looked at."""
    victim = next(people)
    async with desk.chat() as one, desk.chat() as two, desk.chat() as three:
        refs = [await ask(each, ERASURE) for each in (one, two)]
        for each in (one, two):
            await each.asked("email")
            await sign_in_on_page(desk, each, victim)
            await each.until(lambda m: "not enough for your request" in m["text"], "that it is not enough")
        await desk.idle()
        for ref in refs:
            request = await desk.request(ref)
            assert (request["status"], request["attention"], request["actions"]) == ("verifying", None, [])
        honest = await until_code(three, victim.email, ERASURE)
        await three.say(await desk.code(victim.email))
        await desk.until_status(honest, "awaiting_approval")
        assert (await desk.request(honest))["attention"] is None
        assert not [e for e in await desk.events(honest) if "two_verifiers" in str(e)]
        await sign_in_on_page(desk, one, victim)
        await desk.idle()
        request = await desk.request(refs[0])
        assert (request["status"], request["attention"]) == ("verifying", None), "nor after a true proof"
    mails = [mail.get_content() for mail in desk.mails(victim.email)]
    assert not [text for text in mails if "You have confirmed" in text and any(ref in text for ref in refs)]


async def sign_in_on_page(desk: DeskInside, chat: Chat, who: Victim) -> None:
    account = Account(who.number, who.last_name, who.email)
    token = desk.demo.client_area.token(account, "", desk.clock.now())
    await chat.socket.send_json({"type": "identify", "token": token})


async def test_a_sign_in_is_good_for_the_case_of_its_nonce_and_pressing_no_stops_that_case(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A20: a victim who is sent the attacker's sign-in link reads which case it is for, and stops it."""
    victim = next(people)
    async with desk.chat() as attacker, desk.chat() as chat:
        theirs = await ask(attacker)
        login = next(c["url"] for c in (await attacker.asked("email"))["choices"] if c.get("url"))
        own = await ask(chat)
        token = signed(desk, victim, login)
        page = await desk.press(f"{desk.url}/verify/client-area", token=token)
        assert theirs in page
        assert own not in page
        sure = await desk.press(f"{desk.url}/verify/client-area/confirm", token=token, answer="no")
        assert "Shall we stop it?" in sure
        assert (await desk.request(theirs))["attention"] is None, "a slip stops nothing"
        await desk.press(f"{desk.url}/verify/client-area/confirm", token=token, answer="not_me_sure")
    request = await desk.request(theirs)
    assert (request["assurance"], request["attention"]) == (0, "not_me")
    assert "not_me" in [event["event"] for event in await desk.events(theirs)]
    assert (await desk.request(own))["attention"] is None
    again = await desk.press(f"{desk.url}/verify/client-area/confirm", token=token, answer="yes")
    assert theirs not in again
    assert (await desk.request(theirs))["assurance"] == 0


@pytest.mark.parametrize(
    ("domain", "lookalike"),
    [
        pytest.param("str\u0131pe", "stripe", id="A02-dotless-i"),
        pytest.param("g\u0430mma", "gamma", id="A02-cyrillic-a"),
    ],
)
async def test_who_owns_a_look_alike_domain_proves_that_domain_alone(
    desk: DeskInside, people: Iterator[Victim], domain: str, lookalike: str
) -> None:
    """A02: letters that lose their difference in capitals or to the eye; the attacker reads the mailbox of the claim."""
    victim = next(people)
    name = f"client{victim.id}"
    on_file = f"{name}@{lookalike}.example"
    desk.change("UPDATE clients SET email = ? WHERE id = ?", on_file, victim.id)
    async with desk.chat() as chat:
        ref = await until_code(chat, f"{name}@{domain}.example")
        await chat.say(await desk.code(f"{name}@{domain.encode('idna').decode()}.example"))
        await desk.until_status(ref, "answered", "awaiting_approval")
    assert desk.mails(on_file) == []
    request = await desk.request(ref)
    assert (request["status"], request["actions"]) == ("answered", []), "the honest answer: nothing is held"


@pytest.mark.parametrize(
    ("domain", "lookalike"),
    [
        pytest.param("stra\u00dfe", "strasse", id="A02-sharp-s"),
        pytest.param("hou\u017fe", "house", id="A02-long-s"),
        pytest.param("\u212aontor", "kontor", id="A02-kelvin"),
        pytest.param("\ufb01nch", "finch", id="A02-ligature"),
    ],
)
async def test_a_claim_that_would_be_mailed_to_another_domain_is_mailed_to_nobody(
    desk: DeskInside, people: Iterator[Victim], domain: str, lookalike: str
) -> None:
    """A02: what one program folds and another does not is no address, neither to match nor to write to."""
    victim = next(people)
    on_file = f"client{victim.id}@{lookalike}.example"
    desk.change("UPDATE clients SET email = ? WHERE id = ?", on_file, victim.id)
    async with desk.chat() as chat:
        ref = await ask(chat)
        await chat.asked("email")
        await chat.say(f"client{victim.id}@{domain}.example")
        await chat.until(
            lambda m: "No e-mail can be sent to the address" in m["text"], "that it is no address"
        )
        await desk.idle()
    assert desk.mails(f"client{victim.id}@") == []
    await check_recorded(desk, ref)


@pytest.mark.parametrize(
    "bait",
    [
        pytest.param("Is my address still 5 Elm Street? I am {first} {last}.", id="A34-bait"),
        pytest.param("My phone is {phone} and my number {number}, that proves it.", id="A33-knowledge"),
        pytest.param(
            "I will not type a code. Take a signed statement and a blacked-out bill.", id="A31-weaker"
        ),
    ],
)
async def test_true_and_false_details_are_answered_alike_before_the_proof(
    desk: DeskInside, people: Iterator[Victim], bait: str
) -> None:
    victim, nobody = next(people), stranger()
    heard = []
    for address, facts in (
        (victim.email, (victim.first_name, victim.last_name, victim.phone, "31337")),
        (nobody, ("Nemo", "Nobodyson", victim.phone[:-2] + "00", "31338")),
    ):
        first, last, phone, number = facts
        async with desk.chat() as chat:
            ref = await until_code(chat, address)
            await desk.code(address)
            await chat.say(bait.format(first=first, last=last, phone=phone, number=number))
            await chat.until(lambda m: m["from"] == "assistant", "an answer")
            heard.append(
                [
                    plain(f["text"], address)
                    for f in chat.frames
                    if f["type"] == "message" and f["from"] == "assistant"
                ]
            )
            assert (await desk.request(ref))["assurance"] == 0
    assert heard[0] == heard[1]


ROUNDS = 25


@pytest.mark.usefixtures("full_costs")
async def test_known_and_unknown_claims_are_answered_in_the_same_time(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A16: the answer comes before anything is looked up, so its time cannot tell; measured in turns, by medians."""
    known = desk.query(
        "SELECT email FROM clients c WHERE id > 20 AND EXISTS"
        " (SELECT 1 FROM services s WHERE s.client_id = c.id AND s.status = 'active')"  # nobody's victim
        " ORDER BY id DESC LIMIT ?",
        ROUNDS,
    )
    taken: dict[bool, list[float]] = {True: [], False: []}
    for (email,) in known:
        for is_known, address in ((True, email), (False, stranger())):
            async with desk.chat() as chat:
                await ask(chat)
                await chat.asked("email")
                began = time.perf_counter()
                await chat.say(address)
                await chat.asked("code")
                taken[is_known].append(time.perf_counter() - began)
    assert close(taken[True], taken[False]), {k: statistics.median(v) for k, v in taken.items()}


@pytest.mark.usefixtures("full_costs")
async def test_wrong_codes_for_known_and_unknown_numbers_take_the_same_time(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A16: the slow check of a code is made for a number that nobody has, too."""
    taken: dict[bool, list[float]] = {True: [], False: []}
    for n in range(3):
        victim = next(people)
        for is_known, number in ((True, victim.number), (False, f"C-9988{n}")):
            async with desk.chat() as chat:
                await until_code(chat, f"My client number is {number}")
                await desk.idle()
                for guessed in range(4):
                    began = time.perf_counter()
                    await guess(chat, f"2468135{guessed}")
                    taken[is_known].append(time.perf_counter() - began)
    assert close(taken[True], taken[False]), {k: statistics.median(v) for k, v in taken.items()}


async def test_pages_of_links_that_were_and_never_were_take_the_same_time(desk: DeskInside) -> None:
    """A16, A17: nobody learns from the time of a page whether a secret nearly exists."""
    taken: dict[str, list[float]] = {"verify/": [], "verify/stop/": [], "package/": []}
    statuses: dict[str, set[int]] = {kind: set() for kind in taken}
    for n in range(20):
        for kind, times in taken.items():
            began = time.perf_counter()
            status, _ = await desk.page(f"{desk.url}/{kind}{n:032x}")
            times.append(time.perf_counter() - began)
            statuses[kind].add(status)
    assert statuses == {"verify/": {410}, "verify/stop/": {410}, "package/": {200}}


def close(one: list[float], other: list[float]) -> bool:
    """Tell whether two ways take the same time: half and double is far beyond what a busy machine makes of equals."""
    return 0.5 < statistics.median(one) / statistics.median(other) < 2


async def test_a_code_flood_by_client_number_does_not_double_what_reaches_the_mailbox(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A14: the limits are the mailbox's, whichever way it is named; what is dropped is dropped in silence."""
    victim = next(people)
    for claim in (victim.email, f"My client number is {victim.number}"):
        for _ in range(3):
            async with desk.chat() as chat:
                await until_code(chat, claim)
    await desk.idle()
    assert len(desk.mails(victim.email)) == 3


async def test_proof_that_was_given_is_the_only_way_a_request_leaves_verifying(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A19: the code of one case, typed where another waits, and the other way round."""
    victim, mallory = next(people), next(people)
    async with desk.chat() as attacker:
        ref = await until_code(attacker, victim.email)
        letter = await desk.mail(victim.email, "/verify/stop/")
        assert ref in letter.get_content(), "the mail names the case it is for"
        async with desk.chat() as own:
            mine = await proved(desk, own, mallory.email)
        await guess(attacker, await desk.code(mallory.email))
    assert (await desk.request(ref))["assurance"] == 0

    async def planned() -> bool:
        return bool((await desk.request(mine))["actions"])

    await eventually(planned, "the attacker's own request to be planned")
    located = str((await desk.plan(mine))["steps"])
    assert victim.email not in located


async def test_references_cannot_be_counted_or_probed(desk: DeskInside) -> None:
    """A17: without a token every address of the API answers alike, and references follow no order."""
    refs = sorted(await desk.refs())
    assert len({ref[:5] for ref in refs}) > len(refs) / 2
    answers = set()
    for ref in (refs[0], "PR-00000000"):
        for path in (f"requests/{ref}", f"requests/{ref}/timeline"):
            async with desk.http.get(f"{desk.url}/api/v1/{path}") as answer:
                answers.add((answer.status, await answer.text()))
    assert len(answers) == 1
    assert {status for status, _ in answers} == {401}
    assert ACCESS not in str(answers)
