"""Access from the person's sentence to the opened copy, over real sockets, real mails and a real database."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator

import pytest

from tests.doubles.desk_process import DeskProcess
from tests.doubles.journeys import confirm_link, prove_in_chat, received
from tests.doubles.package_browser import Package, browser, package_link
from tests.doubles.sample_rows import THEIRS, rows_of

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("access")]

SENTENCES = {
    "fr": "Bonjour, je voudrais recevoir une copie de toutes les données personnelles que vous détenez sur moi.",
    "en": "Hello, please send me a copy of all the personal data you hold about me.",
}
READY = {"fr": "La copie de vos données est prête", "en": "The copy of your data is ready"}
CLIENT_AREA = "client-area"
Ask = Callable[[DeskProcess, str, str], Awaitable[str]]


async def ask_in_chat(desk: DeskProcess, email: str, language: str = "en") -> str:
    """Ask, prove and leave; gives the reference."""
    async with desk.chat(language) as chat:
        await chat.say(SENTENCES[language])
        ref = (await chat.opened())["access"]
        await prove_in_chat(desk, chat, email, ref)
    return ref


async def ask_by_mail(desk: DeskProcess, email: str, language: str) -> str:
    """Write, and press the button behind the link; gives the reference."""
    subject = {"fr": "Mes données", "en": "My data"}[language]
    desk.send_mail(SENTENCES[language], sender=email, subject=subject)
    mail = await desk.mail(email, "/verify/")
    link = next(url for url in re.findall(r"http://\S+", mail.get_content()) if "/stop/" not in url)
    status, page = await desk.page(link)
    assert status == 200
    (ref,) = await received(desk, email)
    assert ref not in page
    await confirm_link(desk, link, ref)
    return ref


async def released(desk: DeskProcess, ref: str, email: str, language: str = "en") -> str:
    """Approve, wait out the 72 hours, and give the letter that says where the copy is."""
    await desk.approve(ref)
    await desk.forward("71h")
    assert (await desk.request(ref))["status"] == "scheduled"
    assert not [mail for mail in desk.mails(email) if READY[language] in str(mail["subject"])]
    await desk.forward("2h")
    await desk.until_status(ref, "answered")
    return str((await desk.mail(email, READY[language])).get_content())


# What hangs on an address alone: a sign-in proves an account and no mailbox, so a copy for it has none of these.
BY_ADDRESS = frozenset({"newsletter_subscriptions"})


def check_contents(
    desk: DeskProcess,
    package: Package,
    ref: str,
    email: str,
    language: str,
    without: frozenset[str] = frozenset(),
) -> None:
    """The copy is whole, in the person's language, and holds nothing of anybody else."""
    assert f'<html lang="{language}"' in package.index
    assert ref in package.index
    manifest = package.manifest
    assert (manifest["reference"], manifest["right"], manifest["language"]) == (ref, "access", language)
    held = {table: keys for table, keys in rows_of(desk, email).items() if table not in without}
    assert {"clients", "invoices"} <= set(held)
    assert package.counts(CLIENT_AREA) == {table: len(keys) for table, keys in held.items()}
    for table in manifest["tables"]:
        records, lines = package.records(table), package.spreadsheet(table)
        assert len(records) == len(lines) - 1 == table["rows"]
        assert lines[0] == table["columns"]
        if table["source"] == CLIENT_AREA:
            key = THEIRS[table["table"]][0].split(", ")
            assert {tuple(record[name] for name in key) for record in records} == held[table["table"]]
    others = {row[0] for row in desk.query("SELECT lower(email) FROM clients WHERE lower(email) <> ?", email)}
    assert not others & package.addresses()


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("ask", [ask_in_chat, ask_by_mail])
async def test_a_copy_holds_every_row_of_this_person_and_none_of_anybody_else(
    desk: DeskProcess, people: Iterator[tuple[str, str]], ask: Ask, language: str
) -> None:
    email, _ = next(people)
    ref = await ask(desk, email, language)
    seen = 1 if ask is ask_in_chat else 0
    letter = await released(desk, ref, email, language)

    async with browser(desk, letter, language) as fetching:
        await fetching.want_code()
        await fetching.enter(await desk.code(email, seen=seen))
        status, raw, _ = await fetching.download()

    assert status == 200
    check_contents(desk, Package.read(raw), ref, email, language)


async def test_the_link_alone_opens_nothing(desk: DeskProcess, people: Iterator[tuple[str, str]]) -> None:
    email, _ = next(people)
    letter = await released(desk, await ask_in_chat(desk, email), email)

    async with browser(desk, letter) as stranger:
        page = await stranger.page()
        assert email not in page
        assert "/download" not in page
        status, raw, _ = await stranger.download()
        assert status == 403
        assert not raw.startswith(b"PK")
        await stranger.want_code()
        code = await desk.code(email, seen=1)
        told = (await desk.mail(email, code)).get_content()
        assert "on the page of the copy" in told
        assert package_link(letter) not in told, "the code travels without the link"
        wrong = f"{(int(code) + 1) % 10**8:08d}"
        assert "/download" not in await stranger.enter(wrong)
        assert (await stranger.download())[0] == 403


async def test_a_package_that_never_was_looks_like_one_that_is(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    email, _ = next(people)
    letter = await released(desk, await ask_in_chat(desk, email), email)
    link = package_link(letter)
    invented = letter.replace(link, f"{desk.url}/package/{'0' * 32}")

    async with browser(desk, letter) as real, browser(desk, invented) as made_up:

        def plain(page: str) -> str:
            return re.sub(r"\d\d:\d\d", "", re.sub(r"/package/\w+", "", page))

        assert plain(await real.page()) == plain(await made_up.page())
        assert "nonce" in await real.open_sign_in()
        assert without_nonce(await real.open_sign_in()) == without_nonce(await made_up.open_sign_in())
        told = []
        for _ in range(4):
            told.append(plain(await real.want_code()))
            assert told[-1] == plain(await made_up.want_code())
        assert ["Please wait a little" in page for page in told] == [False, False, False, True]
        told = []
        for _ in range(11):
            told.append(plain(await real.enter("00000000")))
            assert told[-1] == plain(await made_up.enter("00000000"))
        assert ["Codes are paused" in page for page in told] == [False] * 9 + [True] * 2
        assert "Codes are paused" in await real.want_code()
        assert "Codes are paused" in await made_up.want_code()


async def test_a_copy_is_opened_by_its_code_while_codes_to_that_person_pause_elsewhere(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    email, _ = next(people)
    letter = await released(desk, await ask_in_chat(desk, email), email)
    for number in (1, 2):
        async with desk.chat() as chat:
            await chat.say(SENTENCES["en"])
            await chat.asked("email")
            await chat.say(email)
            await chat.asked("code")
            await desk.code(email, seen=number)
            for _ in range(5):
                await chat.say("00000000")
                await chat.until(lambda m: m["from"] == "assistant", "that it is wrong")
    async with browser(desk, letter) as page:
        await page.want_code()
        assert "/download" in await page.enter(await desk.code(email, seen=3))


def without_nonce(page: str) -> str:
    """Give the page of the client area without what names the case."""
    return re.sub(r"[0-9a-f]{48}", "", page)


async def test_a_second_browser_takes_the_package_from_the_first(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    email, _ = next(people)
    letter = await released(desk, await ask_in_chat(desk, email), email)

    async with browser(desk, letter) as first, browser(desk, letter) as second:
        await first.want_code()
        code = await desk.code(email, seen=1)
        assert "/download" in await first.enter(code)
        assert "/download" not in await second.enter(code), "a code is good once"
        assert (await first.download())[0] == 200
        await second.want_code()
        assert "/download" in await second.enter(await desk.code(email, seen=2))
        assert (await second.download())[0] == 200
        assert (await first.download())[0] == 403
        await desk.forward("61m")
        assert (await second.download())[0] == 403, "after an hour a fresh code is due"


async def test_a_broken_download_goes_on_where_it_stopped(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    email, _ = next(people)
    ref = await ask_in_chat(desk, email)
    letter = await released(desk, ref, email)

    async with browser(desk, letter) as fetching:
        await fetching.want_code()
        await fetching.enter(await desk.code(email, seen=1))
        begun = await fetching.broken_download(1000)
        status, rest, told = await fetching.download(begin=len(begun))
        _, whole, _ = await fetching.download()
        beyond, _, _ = await fetching.download(begin=len(whole))

    assert status == 206
    assert told == f"bytes {len(begun)}-{len(whole) - 1}/{len(whole)}"
    assert begun + rest == whole
    assert beyond == 416
    check_contents(desk, Package.read(begun + rest), ref, email, "en")


async def test_a_fresh_sign_in_to_the_client_area_releases_without_the_wait(desk: DeskProcess) -> None:
    email, number = "camille.aubertin@courriel.example", "C-10042"
    async with desk.chat("en") as chat:
        await chat.say(SENTENCES["en"])
        ref = (await chat.opened())["access"]
        choices = (await chat.asked("email"))["choices"]
        login = next(choice["url"] for choice in choices if choice.get("url"))
        await sign_in(desk, login, number)
        told = await chat.until(lambda m: ref in m["text"] and not m["expects"], "that it is confirmed")
        assert "before" not in told["text"], "there is nothing to wait for"
    assert (await desk.request(ref))["assurance"] == 2
    await desk.approve(ref)
    await desk.until_status(ref, "answered")

    letter = (await desk.mail(email, READY["en"])).get_content()
    async with browser(desk, letter) as another, browser(desk, letter) as fetching:
        assert "/download" not in await another.sign_in("C-10043")
        assert (await another.download())[0] == 403, "signed in, but as somebody else"
        assert "/download" in await fetching.sign_in(number)
        _, raw, _ = await fetching.download()
        assert (await another.download())[0] == 403
    assert not [mail for mail in desk.mails(email) if "Your code" in str(mail["subject"])]
    assert "This answer is about one account alone" in letter
    check_contents(desk, Package.read(raw), ref, email, "en", without=BY_ADDRESS)


async def sign_in(desk: DeskProcess, login: str, number: str) -> None:
    """Do what the pages do: sign in, carry the token back, confirm."""
    _, page = await desk.page(login)
    form = dict(re.findall(r'name="(nonce|return)" value="([^"]*)"', page))
    assert f'value="{number}"' in page
    page = await desk.press(f"{desk.url}/demo/login", **form, client=number)
    (token,) = re.findall(r'name="token" value="([^"]*)"', page)
    (back,) = re.findall(r'action="([^"]*)"', page)
    page = await desk.press(f"{desk.url}{back}", token=token)
    (again,) = set(re.findall(r'name="token" value="([^"]*)"', page))
    assert again == token
    await desk.press(f"{desk.url}{back}/confirm", token=token, answer="yes")
    refused = await desk.press(f"{desk.url}{back}/confirm", token=token, answer="yes")
    assert again not in refused, "a sign-in is good once"
