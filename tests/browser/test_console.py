"""The agents' console in a real browser: with keys, on a phone, enlarged, in the dark, and for everybody."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from playwright.async_api import expect
from sqlmodel import col, select

from assistant.store.tables import Action, Audit, Conversation, PrivacyRequest
from tests.doubles.axe import wrong_with
from tests.doubles.chromium import NEEDS_CHROMIUM
from tests.doubles.console_app import PASSWORD, ConsoleSite, console_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Page

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    NEEDS_CHROMIUM,
]


@pytest_asyncio.fixture(loop_scope="module")
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as site:
        yield site


@asynccontextmanager
async def working(browser: Browser, site: ConsoleSite, name: str, **options: Any) -> AsyncIterator[Page]:
    """Sign an agent in; no script may fail meanwhile, and no policy be broken."""
    context = await browser.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **options})
    context.set_default_timeout(10_000)
    page = await context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    await page.goto(f"{site.url}/console/")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.locator("#code").fill(site.code(name))
    await page.locator("#code").press("Enter")
    await expect(page.locator("header nav")).to_be_visible()
    try:
        yield page
    finally:
        await context.close()
    assert troubles == []


OF_LEADS = ["agents", "agents/Tiina", "events"]


def pages_of(site: ConsoleSite) -> list[str]:
    return [
        "queue",
        "queue?show=all",
        *(f"requests/{ref}" for ref in site.refs.values()),
        f"plans/{site.actions['erasure']}/confirm",
        "conversations",
        f"conversations/{site.conversations['chat']}",
        "triage",
        "account",
        "settings",
    ]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Liis", {}),
        ("Marc", {"viewport": PHONE, "color_scheme": "dark"}),
        ("Liis", {"viewport": {"width": 640, "height": 450}, "reduced_motion": "reduce"}),  # 1280 at 200 %
        ("Liis", {"viewport": {"width": 320, "height": 640}}),
    ],
)
async def test_every_page_is_for_everybody_and_fits(
    browser: Browser, site: ConsoleSite, name: str, options: Any
) -> None:
    async with working(browser, site, name, **options) as page:
        for path in pages_of(site) + (OF_LEADS if name == "Liis" else []):
            await page.goto(f"{site.url}/console/{path}")
            assert await wrong_with(page) == [], path
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


async def test_the_sign_in_is_for_everybody(browser: Browser, site: ConsoleSite) -> None:
    page = await browser.new_page(viewport={"width": 360, "height": 740})
    await page.goto(f"{site.url}/console/sign-in")
    assert await wrong_with(page) == []
    await page.evaluate("document.querySelector('label').remove()")
    assert [wrong.partition(":")[0] for wrong in await wrong_with(page)] == ["label"], "what looks can see"
    await page.close()


async def test_an_agent_approves_an_erasure_with_keys_alone_and_undoes_it(
    browser: Browser, site: ConsoleSite
) -> None:
    action = site.actions["erasure"]
    async with working(browser, site, "Liis") as page:
        links = await page.locator("a[data-row]").evaluate_all("all => all.map(each => each.href)")
        place = [link.rpartition("/")[2] for link in links].index(site.refs["erasure"])
        for _ in range(place + 2):
            await page.keyboard.press("j")
        await page.keyboard.press("k")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_contain_text(site.refs["erasure"])
        await page.keyboard.press("a")
        await expect(page.get_by_role("alertdialog")).to_be_visible()
        await expect(page.get_by_role("heading", name="Erase 13 rows?")).to_be_visible()
        await expect(page.get_by_role("link", name="Cancel, change nothing")).to_be_focused()
        assert (await site.get(Action, action)).state == "proposed"
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Yes, erase 13 rows")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("Your approval is kept.")
        assert (await site.get(Action, action)).state == "approved"
        await page.keyboard.press("u")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("The approval was taken back.")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE])
async def test_the_closing_letter_is_read_before_it_leaves_with_keys_alone(
    browser: Browser, site: ConsoleSite, viewport: Any
) -> None:
    ref = site.refs["unproved"]
    async with working(browser, site, "Liis", viewport=viewport) as page:
        await page.goto(f"{site.url}/console/requests/{ref}")
        await page.get_by_text("Close: never proved").press("Enter")
        closing = page.locator(f'form[action$="{ref}/lapse"]')
        await closing.get_by_role("button", name="Read what is sent").press("Enter")
        await expect(page.get_by_role("heading", name="This is what would be sent")).to_be_visible()
        await expect(page.get_by_text("it was never confirmed")).to_be_visible()
        assert await wrong_with(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert (await site.get(PrivacyRequest, ref)).status == "verifying"
        await page.get_by_role("button", name="Send the letter and close").press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("the closing letter is on its way")
        assert (await site.get(PrivacyRequest, ref)).status == "lapsed"


async def test_cancelling_changes_nothing(browser: Browser, site: ConsoleSite) -> None:
    async with working(browser, site, "Marc") as page:
        await page.goto(f"{site.url}/console/plans/{site.actions['access']}/confirm")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_contain_text(site.refs["access"])
        assert (await site.get(Action, site.actions["access"])).state == "proposed"


async def test_r_opens_the_reason_and_writing_it_presses_no_key(browser: Browser, site: ConsoleSite) -> None:
    async with working(browser, site, "Tiina") as page:
        await page.goto(f"{site.url}/console/requests/{site.refs['access']}")
        await page.keyboard.press("r")
        await page.keyboard.type("Two jolly accounts are mixed up here?")
        await page.get_by_role("button", name="Reject the plan").click()
        await expect(page.get_by_role("status")).to_contain_text("The plan was rejected.")
        said = select(Audit).where(col(Audit.event) == "plan_rejected")
        rejected = await site.services.read(lambda unit: unit.session.exec(said).all())
        assert [
            entry.data["reason"] for entry in rejected if entry.data["action"] == site.actions["access"]
        ] == ["Two jolly accounts are mixed up here?"]


async def test_single_keys_can_be_turned_off_and_stay_off(browser: Browser, site: ConsoleSite) -> None:
    async with working(browser, site, "Tiina") as page:
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.get_by_role("button", name="Turn single keys off").click()
        await page.keyboard.press("Escape")
        await page.reload()
        await page.keyboard.press("j")
        assert await page.evaluate("document.activeElement.matches('[data-row]')") is False
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_an_open_talk_shows_what_is_written_meanwhile(browser: Browser, site: ConsoleSite) -> None:
    path = f"{site.url}/console/conversations/{site.conversations['chat']}"
    async with working(browser, site, "Tiina") as tiina, working(browser, site, "Liis") as liis:
        await liis.goto(path)
        await tiina.goto(path)
        await tiina.get_by_role("button", name="Take it over").click()
        await tiina.get_by_label("Your message to the person").fill("Hello <b>there</b>")
        await tiina.get_by_role("button", name="Send to the person").click()
        await expect(liis.locator(".timeline")).to_contain_text("Hello <b>there</b>")
    assert (await site.get(Conversation, site.conversations["chat"])).taken_by == "Tiina"
