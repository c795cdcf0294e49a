"""The chat widget in a real browser, on a page of another site that embeds it."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from assistant.errors import Invalid
from assistant.interfaces import Choice, Incoming, Receipt
from tests.doubles.axe import wrong_with
from tests.doubles.chat_site import REQUEST, TEXTS, ChatSite, chat_site
from tests.doubles.chromium import NEEDS_CHROMIUM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from playwright.async_api import Browser, BrowserContext, Frame, FrameLocator, Locator, Page

ERASURE = "Bonjour, je veux que vous supprimiez toutes mes données personnelles."

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    NEEDS_CHROMIUM,
]


@pytest_asyncio.fixture(loop_scope="module")
async def site() -> AsyncIterator[ChatSite]:
    async with chat_site() as site:
        yield site


@pytest_asyncio.fixture(loop_scope="module")
async def near() -> AsyncIterator[ChatSite]:
    """A shop on the same site as the desk: there a browser gives the frame its own storage."""
    async with chat_site("127.0.0.1") as site:
        yield site


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - what the browser does sets no event of ours
            await asyncio.sleep(0.01)


class Visit:
    """One person's browser, looking at the shop."""

    def __init__(self, site: ChatSite, context: BrowserContext, page: Page) -> None:
        self.site = site
        self.context = context
        self.page = page
        self.troubles: list[str] = []
        self.hosts: set[str] = set()
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", lambda said: self.troubles.append(said.text) if said.type == "error" else None)
        context.on("request", lambda sent: self.hosts.add(re.sub(r"^\w+://([^/]+)/.*$", r"\1", sent.url)))

    @property
    def launcher(self) -> Locator:
        return self.page.locator("button.launcher")

    @property
    def panel(self) -> FrameLocator:
        return self.page.frame_locator("iframe.frame")

    @property
    def frame(self) -> Frame:
        return next(frame for frame in self.page.frames if "/chat/" in frame.url)

    async def open(self) -> FrameLocator:
        await self.launcher.click()
        await expect(self.panel.locator("#dot")).to_have_attribute("data-state", "open")
        return self.panel

    async def write(self, text: str) -> None:
        field = self.panel.locator("#text:visible, #line:visible")
        await field.fill(text)
        await field.press("Enter")

    async def answered(self, text: str) -> None:
        await expect(self.panel.locator(".message .bubble").filter(has_text=text)).to_have_count(1)


@asynccontextmanager
async def visiting(
    browser: Browser,
    site: ChatSite,
    *,
    size: tuple[int, int] = (1280, 800),
    query: str = "",
    clock: bool = False,
    **options: Any,
) -> AsyncIterator[Visit]:
    """Open the shop in a fresh browser; nothing may go wrong in its console meanwhile."""
    viewport: Any = {"width": size[0], "height": size[1]}
    context = await browser.new_context(viewport=viewport, **{"locale": "en-GB", **options})
    context.set_default_timeout(10_000)
    page = await context.new_page()
    visit = Visit(site, context, page)
    if clock:  # that a test can move
        await page.clock.install()
    await page.goto(f"{site.shop_url}/?{query}")
    await expect(visit.launcher).to_be_visible()
    try:
        yield visit
    finally:
        await context.close()
    assert visit.troubles == []


# ── how days read ───────────────────────────────────────────────────────────────────────────────────

EVERY_DAY = """async language => {
  const { Texts } = await import(document.querySelector("script[type=module]").src.replace("panel.js", "texts.js"));
  const first = { en: { "date.first": "1" }, fr: { "date.first": "1er" } };
  const texts = new Texts(first, language);
  return [...Array(365).keys()].flatMap(number => {
    const day = new Date(Date.UTC(2026, 0, 1 + number, 12));
    return [texts.date(day.toISOString().slice(0, 10)), texts.day(day)].map(said => [day.getUTCDate(), said]);
  });
}"""


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_every_day_of_a_year_is_written_as_its_language_does(
    browser: Browser, site: ChatSite, language: str
) -> None:
    async with visiting(browser, site) as visit:
        await visit.open()
        for number, said in await visit.frame.evaluate(EVERY_DAY, language):
            written = "1er" if (language, number) == ("fr", 1) else str(number)
            assert re.findall(r"\b\d{1,2}(?:er)?\b", said) == [written], said


# ── the page that embeds it ─────────────────────────────────────────────────────────────────────────


async def test_one_script_tag_draws_a_button_and_a_frame_under_a_strict_policy(
    browser: Browser, site: ChatSite
) -> None:
    async with visiting(browser, site) as visit:
        await expect(visit.launcher).to_have_accessible_name("Open the privacy desk")
        await visit.open()
        frame = visit.page.locator("iframe.frame")
        assert await frame.get_attribute("title") == "Privacy desk chat"
        assert (await frame.get_attribute("src") or "").startswith(f"{site.desk_url}/chat/")
        drawn = await visit.page.evaluate(
            "document.body.querySelectorAll(':scope > :not(header, main, script)').length"
        )
        assert drawn == 1
        turned = await visit.launcher.evaluate("button => getComputedStyle(button).textTransform")
        assert turned == "none"  # the site's own styles do not reach it
        assert visit.hosts == {site.desk_url.partition("//")[2], site.shop_url.partition("//")[2]}


async def test_the_script_twice_is_one_widget(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site) as visit:
        await visit.page.add_script_tag(url=f"{site.desk_url}/chat/widget.js")
        assert await visit.page.locator("#privacy-desk").count() == 1


async def test_no_session_begins_before_the_panel_is_opened(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site) as visit:
        await visit.page.wait_for_function(
            "() => document.querySelector('#privacy-desk').shadowRoot.querySelector('iframe').src"
        )
        await expect(visit.page.locator("iframe.frame")).to_be_hidden()
        await expect(visit.panel.locator("#title")).to_have_text("Privacy desk")
        assert site.desk.threads == {}
        await visit.open()
        assert len(site.desk.threads) == 1


async def test_a_single_page_site_may_swap_its_body(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site) as visit:
        await visit.open()
        await visit.write("Delete my data")
        await visit.answered("I have noted")
        await visit.page.evaluate("document.body.replaceWith(document.createElement('body'))")
        await visit.answered("I have noted")
        await expect(visit.launcher).to_have_attribute("aria-expanded", "true")
        await visit.page.evaluate("document.body.replaceChildren()")
        await visit.answered("I have noted")


async def test_the_page_can_drive_it(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site) as visit:
        page = visit.page
        await page.evaluate("""() => {
            window.heard = [];
            for (const name of ["open", "close", "unread"]) privacyDesk.on(name, () => heard.push(name));
            privacyDesk.identify("signed-by-the-site");
            privacyDesk.toggle();
        }""")
        await expect(visit.panel.locator("#dot")).to_have_attribute("data-state", "open")
        await visit.write("Delete my data")
        await visit.answered("I have noted")
        assert site.desk.identified == [(site.thread, "signed-by-the-site")]
        await page.evaluate("privacyDesk.setLocale('fr')")
        await expect(visit.panel.locator("#title")).to_have_text("Vos données personnelles")
        await page.evaluate("privacyDesk.reset()")
        await expect(visit.panel.locator(".message")).to_have_count(0)
        await page.evaluate("privacyDesk.close()")
        await expect(visit.launcher).to_have_accessible_name("Ouvrir le service des données personnelles")
        assert [name for name in await page.evaluate("heard") if name != "unread"] == ["open", "close"]


async def test_a_site_that_is_not_named_cannot_frame_the_panel(browser: Browser, site: ChatSite) -> None:
    foreign = site.shop_url.replace("localhost", "127.0.0.1")  # another origin to a browser
    context = await browser.new_context()
    page = await context.new_page()
    refusals: list[str] = []
    page.on("console", lambda said: refusals.append(said.text))
    await page.goto(foreign)
    await page.locator("button.launcher").click()
    await until(lambda: any("frame-ancestors" in said for said in refusals))
    await context.close()
    assert site.desk.threads == {}


async def test_messages_from_elsewhere_do_not_move_it(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site) as visit:
        await visit.page.evaluate("postMessage({desk: 1, type: 'unread', count: 7}, '*')")
        await visit.open()
        await visit.frame.evaluate("postMessage({desk: 1, type: 'reset'}, '*')")
        await visit.write("Delete my data")
        await visit.answered("I have noted")
        await expect(visit.launcher.locator(".badge")).to_be_hidden()
        assert len(site.desk.threads) == 1


# ── a conversation ──────────────────────────────────────────────────────────────────────────────────


async def test_an_erasure_in_french_from_the_notice_to_the_question(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site, query="locale=fr&lang=fr") as visit:
        panel = await visit.open()
        notice = panel.locator(".notice")
        await expect(notice).to_contain_text("assistant automatique")
        await expect(notice).to_contain_text("Alder Hosting OÜ")
        await expect(notice).to_contain_text("entreprise inventée")
        link = notice.get_by_role("link", name="Lire la politique de confidentialité")
        assert await link.get_attribute("href") == "https://alder.example/privacy"
        await visit.write(ERASURE)
        card = panel.locator(".request")
        await expect(card).to_contain_text("PR-7K2M9QXA")
        await expect(card).to_contain_text("Effacement de vos données")
        await expect(card).to_contain_text("jeudi 24 décembre 2026")
        line = panel.get_by_label("Votre adresse e-mail")
        assert await line.get_attribute("type") == "email"
        await expect(line).to_be_focused()
        await visit.write("ana@client.example")
        code = panel.get_by_label("Le code à 8 chiffres de notre e-mail")
        await expect(code).to_have_attribute("inputmode", "numeric")
        await expect(code).to_have_attribute("autocomplete", "one-time-code")
        await visit.write("12345678")
        await panel.get_by_role("button", name="Erase").click()
        opener = panel.get_by_role("link", name="Sign in")
        assert await opener.get_attribute("rel") == "noopener noreferrer"
        assert await opener.get_attribute("target") == "_blank"
        assert [(one.kind, one.text) for one in site.desk.received] == [
            ("text", ERASURE),
            ("text", "ana@client.example"),
            ("text", "12345678"),
            ("choice", "erase"),
        ]
        assert {one.locale for one in site.desk.received} == {"fr"}
        await expect(panel.locator("button.choice")).to_have_count(0)
        await expect(panel.locator(".you .bubble").last).to_have_text("Erase")


async def test_everything_is_done_without_a_pointer(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site) as visit:
        page, panel = visit.page, visit.panel
        await visit.launcher.focus()
        await page.keyboard.press("Enter")
        await expect(panel.locator("#text")).to_be_focused()
        await page.keyboard.type("Delete my data")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("please")
        await page.keyboard.press("Enter")
        await visit.answered("I have noted")
        assert site.desk.received[0].text == "Delete my data\nplease"
        await panel.locator("#menu-button").focus()
        await page.keyboard.press("Enter")
        await expect(panel.get_by_role("button", name="English")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(panel.locator("#menu-button")).to_be_focused()
        await expect(visit.launcher).to_have_attribute("aria-expanded", "true")
        await page.keyboard.press("Escape")
        await expect(visit.launcher).to_have_attribute("aria-expanded", "false")
        await expect(visit.launcher).to_be_focused()


async def test_a_person_is_always_one_button_away(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site) as visit:
        panel = await visit.open()
        await panel.get_by_role("button", name="Talk to a person").click()
        await expect(panel.locator(".message.agent")).to_contain_text("this is Maya")
        await expect(panel.locator(".message.agent")).to_contain_text("a person")
        await expect(panel.locator(".you .bubble")).to_have_text("I would like to talk to a person.")
        assert (site.desk.received[0].kind, site.desk.received[0].text) == ("choice", "human")
        await visit.page.reload()
        await visit.open()
        await expect(panel.locator(".you .bubble")).to_have_text("I would like to talk to a person.")


async def test_a_starter_says_its_sentence_and_then_makes_room(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site) as visit:
        panel = await visit.open()
        await expect(panel.get_by_role("button", name="What do you collect?")).to_be_visible()
        await panel.get_by_role("button", name="Get a copy of my data").click()
        await visit.answered("I have noted")
        assert site.desk.received[0].text == "I would like a copy of my personal data."
        await expect(panel.locator("#starters")).to_be_hidden()


async def test_what_anyone_writes_stays_text(browser: Browser, site: ChatSite) -> None:
    evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    async with visiting(browser, site) as visit:
        panel = await visit.open()
        await visit.write(evil)
        await visit.answered("I have noted")
        choices = (Choice(evil, "a"), Choice("Go", "b", url="javascript:document.title=3"))
        request = {"ref": evil, "right": evil, "status": evil, "due_on": None}
        site.desk.say(site.thread, f"{evil} https://aki.example/x.", choices=choices, requests=(request,))
        await expect(panel.locator(".you .bubble")).to_have_text(evil)
        await expect(panel.locator(".request code").last).to_have_text(evil)
        assert await panel.locator("#log img, #log script, #log a[href^=javascript]").count() == 0
        link = panel.locator(".bubble a")
        assert await link.get_attribute("href") == "https://aki.example/x"
        assert await visit.frame.title() == "Privacy desk"


async def test_the_desk_writing_is_shown_until_it_has_written(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site) as visit:
        panel = await visit.open()
        site.desk.type(site.thread)
        await expect(panel.locator("#typing")).to_have_text("Support is writing…")
        site.desk.say(site.thread, "Here I am", sender="agent")
        await visit.answered("Here I am")
        await expect(panel.locator("#typing")).to_be_hidden()


async def test_too_long_a_message_is_counted_and_not_sent(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site) as visit:
        panel = await visit.open()
        await visit.write("x" * 3_000)
        await visit.answered("I have noted")
        await panel.get_by_role("button", name="Write a message instead").click()
        await panel.locator("#text").fill("🙏" * 3_700)
        await expect(panel.locator("#counter")).to_have_text("3,700 of 4,000 characters")
        await visit.write("y" * 4_001)
        await expect(panel.locator("#counter")).to_contain_text("1 characters too many")
        await expect(panel.locator("#text")).to_have_value("y" * 4_001)
        assert len(site.desk.received) == 1


async def test_a_refused_message_can_be_changed_and_sent_again(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site) as visit:
        panel = await visit.open()
        take = site.desk.receive

        async def refuse(incoming: Incoming) -> Receipt:
            if incoming.text == "nonsense":
                raise Invalid
            return await take(incoming)

        site.desk.receive = refuse  # type: ignore[method-assign]
        await visit.write("nonsense")
        await expect(panel.get_by_role("alert").filter(has_text="could not be taken")).to_be_visible()
        await panel.get_by_role("button", name="Change and send again").click()
        await expect(panel.locator("#text")).to_have_value("nonsense")
        await visit.write("sense")
        await visit.answered("I have noted")
        await expect(panel.locator(".you")).to_have_count(1)


# ── coming back ─────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_written_while_the_line_is_down_is_sent_once(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site) as visit:
        panel = await visit.open()
        await visit.write("Delete my data")
        await visit.answered("I have noted")
        await site.webchat.hang_up()
        await expect(panel.get_by_role("status").filter(has_text="Connection lost")).to_be_visible()
        await expect(panel.get_by_role("button", name="Try now")).to_be_visible()
        await panel.get_by_role("button", name="Write a message instead").click()
        await visit.write("Are you there?")
        await expect(panel.locator(".fate")).to_contain_text("Waiting for the connection")
        site.desk.say(site.thread, "Said while you were away")
        async with site.webchat.listening(site.desk):
            await panel.locator("#retry").dispatch_event("click")  # it may have come back by itself
            await visit.answered("Said while you were away")
            await expect(panel.locator(".fate")).to_have_count(0)
            await expect(panel.locator("#banner")).to_be_hidden()
        assert [one.text for one in site.desk.received] == ["Delete my data", "Are you there?"]
        visit.troubles.clear()  # the browser itself reports the refused connection


async def test_a_store_that_is_down_delays_a_message_and_loses_nothing(
    browser: Browser, site: ChatSite
) -> None:
    async with visiting(browser, site) as visit:
        panel = await visit.open()
        site.desk.broken = True
        await visit.write("Delete my data")
        await expect(panel.locator(".fate")).to_contain_text("sent again by itself")
        site.desk.broken = False
        await visit.answered("I have noted")
        await expect(panel.locator(".fate")).to_have_count(0)
        assert len(site.desk.received) == 1


async def test_a_new_page_of_the_tab_shows_the_conversation_where_storage_is_denied(
    browser: Browser, site: ChatSite
) -> None:
    async with visiting(browser, site) as visit:
        await visit.open()
        await visit.write("Delete my data")
        await visit.answered("I have noted")
        await visit.page.goto(f"{site.shop_url}/prices")
        await visit.open()
        await visit.answered("I have noted")
        assert len(site.desk.threads) == 1
        assert "Delete" not in await visit.page.evaluate("JSON.stringify(sessionStorage)")
        await visit.page.evaluate("privacyDesk.reset()")
        await expect(visit.panel.locator(".message")).to_have_count(0)
        assert "token-1" not in await visit.page.evaluate("JSON.stringify(sessionStorage)")


async def test_a_new_page_shows_the_conversation_and_sends_what_was_left(
    browser: Browser, near: ChatSite
) -> None:
    site = near
    async with visiting(browser, site) as visit:
        panel = await visit.open()
        await visit.write("Delete my data")
        await visit.answered("I have noted")
        site.desk.gate = asyncio.Event()
        await visit.write("ana@client.example")
        await site.desk.reached_gate.wait()
        await visit.page.goto(f"{site.shop_url}/prices")
        site.desk.gate.set()
        await visit.open()
        await visit.answered("A code was sent")
        await expect(panel.get_by_label("The 8-digit code from the e-mail")).to_be_visible()
        await expect(panel.locator(".you .bubble")).to_have_text(["Delete my data", "ana@client.example"])
        assert [one.text for one in site.desk.received] == ["Delete my data", "ana@client.example"]


async def test_an_answer_to_a_closed_panel_is_unread_until_it_is_opened(
    browser: Browser, site: ChatSite
) -> None:
    async with visiting(browser, site) as visit:
        panel = await visit.open()
        await visit.write("Delete my data")
        await visit.answered("I have noted")
        await panel.locator("#close").click()
        site.desk.say(site.thread, "One more thing")
        badge = visit.launcher.locator(".badge")
        await expect(badge).to_have_text("1")
        await expect(visit.launcher).to_have_accessible_name("Open the privacy desk, 1 unread message")
        await visit.page.reload()
        await expect(badge).to_have_text("1")
        await visit.open()
        await expect(badge).to_be_hidden()
        await until(lambda: site.desk.threads[site.thread].seen[-1:] == [3])


async def test_two_pages_of_one_browser_share_the_conversation(browser: Browser, near: ChatSite) -> None:
    site = near
    async with visiting(browser, site) as visit:
        await visit.open()
        await visit.write("Delete my data")
        await visit.answered("I have noted")
        other = Visit(site, visit.context, await visit.context.new_page())
        await other.page.goto(site.shop_url)
        await other.open()
        await other.write("ana@client.example")
        for page in (visit, other):
            await page.answered("ana@client.example")
            await page.answered("A code was sent")
        assert len(site.desk.threads) == 1
        assert other.troubles == []


async def test_what_is_hidden_goes_from_every_open_page_and_comes_back_in_each(
    browser: Browser, near: ChatSite
) -> None:
    site = near
    async with visiting(browser, site) as visit:
        await visit.open()
        await visit.write("Delete my data")
        await visit.answered("I have noted")
        other = Visit(site, visit.context, await visit.context.new_page())
        await other.page.goto(site.shop_url)
        await other.open()
        ((thread, talk),) = site.desk.threads.items()
        last = talk.messages[-1].id
        site.desk.say(thread, "Hidden for now.", hidden_before=last)
        for page in (visit, other):
            await page.answered("Hidden for now.")
            await expect(page.panel.locator(".message")).to_have_count(1)
        site.desk.say(thread, "It is you.", hidden_before=0)
        for page in (visit, other):
            await page.answered("It is you.")
            await page.answered("Delete my data")
            shown = await page.panel.locator(".message .bubble").all_inner_texts()
            assert shown[0] == "Delete my data", "in their order"
        assert other.troubles == []


async def test_a_page_that_comes_back_after_it_was_hidden_shows_nothing_of_before(
    browser: Browser, near: ChatSite
) -> None:
    """A laptop that slept: its page missed the frame, and reads in the answer to its hello what is hidden."""
    site = near
    async with visiting(browser, site) as visit:
        await visit.open()
        await visit.write("Delete my data")
        await visit.answered("I have noted")
        ((thread, talk),) = site.desk.threads.items()
        site.desk.hidden_before = talk.messages[-1].id
        await visit.context.set_offline(True)
        site.desk.say(thread, "Hidden for now.")
        await visit.context.set_offline(False)
        await visit.answered("Hidden for now.")
        await expect(visit.panel.locator(".message")).to_have_count(1)


@pytest.mark.parametrize("online", [True, False])
async def test_a_page_that_stays_open_hides_by_itself_what_was_said_and_its_buttons(
    browser: Browser, near: ChatSite, *, online: bool
) -> None:
    """Though nobody resumes the talk, and though a sleeping phone hears nothing of the desk."""
    site = near
    async with visiting(browser, site, clock=True) as visit:
        await visit.open()
        await visit.write("12345678")
        await visit.answered("Shall it be erased?")
        await expect(visit.panel.get_by_role("button", name="Never mind")).to_be_visible()
        await visit.page.clock.fast_forward("29:50")
        await visit.answered("Shall it be erased?")
        ((thread, talk),) = site.desk.threads.items()
        site.desk.hidden_before = talk.messages[-1].id
        await visit.context.set_offline(not online)
        await visit.page.clock.fast_forward("00:30")
        await expect(visit.panel.locator(".message")).to_have_count(0)
        await expect(visit.panel.get_by_role("button", name="Never mind")).to_have_count(0)
        await visit.context.set_offline(False)
        site.desk.say(thread, "Hidden for now.")
        await visit.page.clock.run_for("01:00")
        await visit.answered("Hidden for now.")
        await expect(visit.panel.locator(".message")).to_have_count(1)
        visit.troubles[:] = [each for each in visit.troubles if "ERR_INTERNET_DISCONNECTED" not in each]


async def test_a_page_shows_again_what_the_desk_says_is_not_hidden_yet(
    browser: Browser, near: ChatSite
) -> None:
    """Another page of the same talk was written in meanwhile, say."""
    async with visiting(browser, near, clock=True) as visit:
        await visit.open()
        await visit.write("Delete my data")
        await visit.answered("I have noted")
        asked = near.desk.threads[near.thread].locales
        before = len(asked)
        await visit.page.clock.fast_forward("30:30")
        await until(lambda: len(asked) > before)
        await visit.answered("I have noted")
        await visit.answered("Delete my data")


async def test_ending_the_conversation_leaves_nothing_in_the_browser(
    browser: Browser, near: ChatSite
) -> None:
    site = near
    async with visiting(browser, site) as visit:
        panel = await visit.open()
        await visit.write("Delete my data")
        await visit.answered("I have noted")
        token = site.desk.threads[site.thread].token
        await panel.get_by_role("button", name="Menu").click()
        await panel.get_by_role("button", name="End and clear the conversation").click()
        await panel.get_by_role("button", name="Keep it").click()
        await visit.answered("I have noted")
        await panel.get_by_role("button", name="Menu").click()
        await panel.get_by_role("button", name="End and clear the conversation").click()
        await panel.get_by_role("button", name="End and clear", exact=True).click()
        await expect(panel.locator(".message")).to_have_count(0)
        await expect(panel.locator(".notice")).to_be_visible()
        await expect(panel.locator("#dot")).to_have_attribute("data-state", "open")
        assert token not in await visit.frame.evaluate("JSON.stringify(localStorage)")
        assert len(site.desk.threads) == 2


async def test_a_session_that_ended_says_that_a_new_one_began(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site) as visit:
        panel = await visit.open()
        await visit.write("Delete my data")
        await visit.answered("I have noted")
        thread = site.thread
        site.desk.end(thread)
        del site.desk.threads[thread].token  # the desk knows this token no more
        site.desk.threads[f"{thread}, ended"] = site.desk.threads.pop(thread)
        await expect(panel.get_by_role("alert")).to_contain_text("This is a new conversation")
        await expect(panel.locator(".message")).to_have_count(0)


async def test_the_conversation_can_be_taken_along_as_a_file(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site) as visit:
        panel = await visit.open()
        await visit.write("Delete my data")
        await visit.answered("I have noted")
        await panel.get_by_role("button", name="Menu").click()
        async with visit.page.expect_download() as downloading:
            await panel.get_by_role("button", name="Download this conversation").click()
        download = await downloading.value
        text = await asyncio.to_thread((await download.path()).read_text, "utf-8")
        assert re.fullmatch(r"conversation-\d{4}-\d\d-\d\d\.txt", download.suggested_filename)
        assert "Delete my data" in text
        assert "Request PR-7K2M9QXA: Erasure of your data." in text
        assert "Answer by Thursday, 24 December 2026." in text.replace("Thursday 24", "Thursday, 24")


async def test_the_reference_can_be_copied(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site) as visit:
        await visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
        panel = await visit.open()
        await visit.write("Delete my data")
        await panel.get_by_role("button", name="Copy the reference PR-7K2M9QXA").click()
        await expect(panel.locator(".copied")).to_have_text("Copied")
        assert await visit.page.evaluate("navigator.clipboard.readText()") == "PR-7K2M9QXA"


# ── the strip of requests ───────────────────────────────────────────────────────────────────────────


SECOND = {"ref": "PR-3F8W2TBC", "right": "access", "status": "open", "due_on": "2026-12-28"}


async def test_a_request_stands_once_and_later_messages_change_it_in_place(
    browser: Browser, near: ChatSite
) -> None:
    async with visiting(browser, near, size=(390, 844)) as visit:
        panel = await visit.open()
        await expect(panel.locator("#requests")).to_be_hidden()
        await visit.write("Delete my data")
        strip = panel.get_by_role("region", name="Your requests")
        await expect(strip).to_contain_text("PR-7K2M9QXA")
        await expect(strip).to_contain_text("We are checking that it is you")
        await strip.get_by_role("button", name="Copy the reference PR-7K2M9QXA").focus()
        near.desk.say(
            near.thread, "About PR-7K2M9QXA: approved.", requests=(REQUEST | {"status": "scheduled"},)
        )
        await visit.answered("approved.")
        for each in (strip.locator("summary"), panel.locator("#requests-news")):
            await expect(each).to_contain_text("Approved, will be carried out soon")
        await expect(strip.get_by_role("button", name="Copy the reference PR-7K2M9QXA")).to_be_focused()
        await expect(panel.locator(".request")).to_have_count(1)
        await expect(panel.locator("#log .request")).to_have_count(0)
        await visit.page.reload()
        await visit.open()
        await expect(strip.locator("summary")).to_contain_text("Approved, will be carried out soon")
        await expect(panel.locator("#requests-news")).to_be_empty()  # history is not read out


async def test_several_requests_fold_into_one_line_that_opens(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site, size=(390, 844)) as visit:
        panel = await visit.open()
        await visit.write("Delete my data")
        await visit.answered("I have noted")
        site.desk.say(site.thread, "And a copy, PR-3F8W2TBC.", requests=(SECOND,))
        summary = panel.locator("#requests summary")
        await expect(summary).to_have_text("Your 2 requests")
        await expect(panel.locator(".request").first).to_be_hidden()
        await summary.focus()
        await visit.page.keyboard.press("Enter")
        await expect(panel.locator(".request").last).to_contain_text("Access to your data")
        await expect(panel.locator(".request").last).to_contain_text("28 December 2026")
        site.desk.say(site.thread, "PR-3F8W2TBC is done.", requests=(SECOND | {"status": "answered"},))
        await expect(panel.locator(".request").last).to_contain_text("Answered")
        await expect(panel.locator(".request .due").last).to_be_hidden()
        await expect(panel.locator(".request").last).to_be_visible()  # as the person left it


async def test_a_message_says_in_words_which_request_it_is_about(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site) as visit:
        panel = await visit.open()
        await visit.write("Delete my data")
        await expect(panel.locator(".message").last).to_contain_text("About request PR-7K2M9QXA")
        site.desk.say(site.thread, "PR-7K2M9QXA goes on.", requests=(REQUEST,))
        await visit.answered("goes on")
        await expect(panel.locator(".message").last).not_to_contain_text("About request")


async def test_the_strip_shows_nothing_of_what_is_hidden(browser: Browser, near: ChatSite) -> None:
    async with visiting(browser, near) as visit:
        await visit.open()
        await visit.write("Delete my data")
        await visit.answered("I have noted")
        ((thread, talk),) = near.desk.threads.items()
        near.desk.say(thread, "Hidden for now.", hidden_before=talk.messages[-1].id)
        await visit.answered("Hidden for now.")
        await expect(visit.panel.locator("#requests")).to_be_hidden()
        assert "PR-7K2M9QXA" not in await visit.frame.evaluate("document.body.textContent")


async def test_the_language_changes_in_place_and_is_remembered(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site) as visit:
        panel = await visit.open()
        await visit.write("Delete my data")
        await visit.answered("I have noted")
        await panel.get_by_role("button", name="Menu").click()
        await panel.get_by_role("button", name="Français").click()
        await expect(panel.locator(".request")).to_contain_text("jeudi 24 décembre 2026")
        assert await visit.frame.evaluate("document.documentElement.lang") == "fr"
        await expect(visit.launcher).to_have_accessible_name("Fermer le service des données personnelles")
        await visit.page.reload()
        await expect(visit.launcher).to_have_accessible_name("Ouvrir le service des données personnelles")
        await visit.open()
        await until(lambda: site.desk.threads[site.thread].locales[-1] == "fr")


# ── whose clock ─────────────────────────────────────────────────────────────────────────────────────

NEXT = datetime(2026, 11, 24, 20, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "language", "time", "moment"),
    [
        ("America/New_York", "en", "15:40 (your time)", "24 November 2026 at 15:40 (your time)"),
        ("America/New_York", "fr", "15:40 (votre heure)", "24 novembre 2026 à 15:40 (votre heure)"),
        ("Europe/Tallinn", "en", "22:40", "24 November 2026 at 22:40"),
        ("Asia/Tokyo", "fr", "05:40 (votre heure)", "25 novembre 2026 à 05:40 (votre heure)"),
    ],
)
async def test_times_are_the_visitors_own(
    browser: Browser, near: ChatSite, zone: str, language: str, time: str, moment: str
) -> None:
    query = f"locale={language}&lang={language}"
    async with visiting(browser, near, query=query, timezone_id=zone) as visit:
        panel = await visit.open()
        await visit.write("Delete my data")
        await expect(panel.locator(".message.assistant")).to_have_count(1)
        labels = TEXTS.labels(language)
        near.desk.say(near.thread, f"<{labels.time(NEXT)}> https://a.example <{labels.moment(NEXT)}>")
        for _ in range(2):
            said = panel.locator(".message.assistant .bubble").last
            await expect(said).to_contain_text(f"<{time}>")
            await expect(said).to_contain_text(f"<{moment}>")
            named = said.locator("time")
            assert await named.first.get_attribute("title") == labels.time(NEXT)
            assert await named.first.get_attribute("datetime") == NEXT.isoformat()
            await visit.page.reload()
            await visit.open()


async def test_what_the_person_wrote_is_shown_as_it_was_written(browser: Browser, site: ChatSite) -> None:
    async with visiting(browser, site, timezone_id="America/New_York") as visit:
        panel = await visit.open()
        await visit.write("at 01:40 (Tallinn time)")
        await expect(panel.locator(".you .bubble")).to_have_text("at 01:40 (Tallinn time)")


# ── for everybody, on every screen ──────────────────────────────────────────────────────────────────

SCREENS: dict[str, dict[str, Any]] = {
    "desktop": {"size": (1280, 800)},
    "phone, French, dark": {"size": (390, 844), "query": "locale=fr&lang=fr", "color_scheme": "dark"},
}
NARROW: dict[str, dict[str, Any]] = {
    "small phone, French": {"size": (320, 568), "query": "locale=fr&lang=fr"},
    "at 200 %": {"size": (640, 400)},
}
TOO_SMALL = """() => [...document.querySelectorAll('button, .choices a, .links a, input, textarea')]
    .filter((one) => one.checkVisibility())
    .map((one) => [one.id || one.textContent, one.getBoundingClientRect()])
    .filter(([, box]) => box.width < 44 || box.height < 43.5)
    .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""
TOO_WIDE = """() => [...document.querySelectorAll('html, #scroll, #compose')]
    .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.id || one.tagName)"""


async def scenes(visit: Visit) -> AsyncIterator[str]:
    """Walk through everything the panel can show, and stop at each."""
    panel = await visit.open()
    yield "notice"
    await visit.write(ERASURE)
    await expect(panel.locator("#requests")).to_be_visible()
    yield "request"
    await panel.locator("#requests summary").click()
    yield "request folded, or opened"
    await visit.write("ana@client.example")
    await expect(panel.locator("#field.code")).to_be_visible()
    await visit.write("12345678")
    await expect(panel.locator("button.choice")).to_have_count(2)
    yield "choices"
    await panel.locator("#person").click()
    await expect(panel.locator(".agent")).to_be_visible()
    await panel.locator("#menu-button").click()
    yield "menu"
    await panel.locator("#end").click()
    yield "question"
    await panel.locator("#sure-no").click()


@pytest.mark.parametrize("screen", SCREENS)
async def test_axe_finds_nothing(browser: Browser, site: ChatSite, screen: str) -> None:
    async with visiting(browser, site, reduced_motion="reduce", **SCREENS[screen]) as visit:
        assert await wrong_with(visit.page) == []
        async for scene in scenes(visit):
            assert await wrong_with(visit.frame) == [], scene
        assert await wrong_with(visit.page) == []


@pytest.mark.parametrize("screen", SCREENS | NARROW)
async def test_everything_fits_and_can_be_hit(browser: Browser, site: ChatSite, screen: str) -> None:
    async with visiting(browser, site, reduced_motion="reduce", **(SCREENS | NARROW)[screen]) as visit:
        async for scene in scenes(visit):
            assert await visit.frame.evaluate(TOO_SMALL) == [], scene
            assert await visit.frame.evaluate(TOO_WIDE) == [], scene


@pytest.mark.parametrize(("size", "whole"), [((390, 844), True), ((668, 900), True), ((669, 900), False)])
async def test_up_to_668_pixels_the_panel_takes_the_whole_screen(
    browser: Browser, site: ChatSite, size: tuple[int, int], whole: bool
) -> None:
    async with visiting(browser, site, size=size, reduced_motion="reduce") as visit:
        await visit.open()
        box = await visit.page.locator("iframe.frame").bounding_box()
        assert box is not None
        covers = (box["x"], box["y"], box["width"], box["height"]) == (0, 0, *size)
        assert covers is whole
        assert await visit.launcher.is_visible() is not whole
        await visit.panel.locator("#close").click()
        await expect(visit.launcher).to_be_focused()
