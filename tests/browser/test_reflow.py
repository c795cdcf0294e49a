"""On a phone at 200 % every page still fits its width, and the chat shows what was said (WCAG 1.4.4 and 1.4.10)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.doubles.chromium import NEEDS_CHROMIUM
from tests.doubles.desk_process import DeskProcess

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
ZOOMED: Any = {"width": 195, "height": 422}  # 390 x 844 at 200 %
ONE_LINE = 50  # pixels, with what stands around it
SMALL: Any = {"width": 320, "height": 422}
ERASURE = "Bonjour, je veux que vous supprimiez toutes mes données personnelles."
PERSON = "liis.poldaru@postkast.example"
PATIENCE = 30_000  # milliseconds: other tests run beside it
LINES_SHOWN = 4  # of what was said, at least
WIDER = """() => [...document.querySelectorAll('html, #scroll, #compose, #panel')]
    .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.id || one.tagName)"""
LINES = """() => { const log = document.querySelector('#scroll');
    const style = getComputedStyle(log), px = (name) => parseFloat(style[name]);
    return (log.clientHeight - px('paddingTop') - px('paddingBottom')) / px('lineHeight') }"""
HALF_HIDDEN = """() => [...document.querySelectorAll('button, input, textarea, summary')]
    .filter((one) => one.checkVisibility() && !one.closest('#scroll'))
    .map((one) => [one.id, one.getBoundingClientRect()])
    .filter(([, box]) => box.right > innerWidth || box.left < 0).map(([id]) => id)"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("browser-journey"),
    NEEDS_CHROMIUM,
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskProcess]:
    process = await DeskProcess.start(tmp_path_factory.mktemp("reflow") / "desk")
    yield process
    await process.stop()


async def seen(page: Page, looked_at: Any, name: str) -> list[str]:
    """Name what scrolls sideways, and keep a picture of it in light and dark."""
    width = await page.evaluate("innerWidth")
    await page.emulate_media(color_scheme="dark")
    await page.screenshot(path=SCREENSHOTS / f"reflow-{name}-{width}-dark.png")
    await page.emulate_media(color_scheme="light")
    await page.screenshot(path=SCREENSHOTS / f"reflow-{name}-{width}-light.png")
    return [f"{name}: {each}" for each in await looked_at.evaluate(WIDER)]


@pytest.mark.parametrize("size", [ZOOMED, SMALL], ids=["195", "320"])
async def test_the_chat_shows_what_was_said_whatever_stands_around_it(
    browser: Browser, desk: DeskProcess, size: Any
) -> None:
    page = await browser.new_page(viewport=size, locale="fr-FR", reduced_motion="reduce")
    wider: list[str] = []
    few: list[str] = []
    await page.goto(f"{desk.url}/demo/site?lang=fr")
    await page.locator("button.launcher").click()
    frame = next(each for each in page.frames if "/chat/" in each.url)
    panel = page.frame_locator("iframe.frame")

    async def look(scene: str) -> None:
        wider.extend(await seen(page, frame, f"chat-{scene}"))
        lines = await frame.evaluate(LINES)
        few.extend([f"{scene}: {lines:.1f} lines"] if lines < LINES_SHOWN else [])
        few.extend(f"{scene}: {each} is cut off" for each in await frame.evaluate(HALF_HIDDEN))

    async def write(text: str) -> None:
        field = panel.locator("#text:visible, #line:visible")
        await field.fill(text)
        await field.press("Enter")

    await expect(panel.locator("#dot")).to_have_attribute("data-state", "open", timeout=PATIENCE)
    await look("notice")
    if await panel.locator("#text").evaluate("field => field.clientHeight") > ONE_LINE:
        few.append("the empty field is taller than a line")
    await write(ERASURE)
    await expect(panel.locator("#requests")).to_be_visible(timeout=PATIENCE)
    await expect(panel.locator("#line")).to_be_visible(timeout=PATIENCE)
    await look("request")
    await write(PERSON)
    await expect(panel.locator("#field.code")).to_be_visible(timeout=PATIENCE)
    await look("code")
    await panel.locator("#free").click()
    await write("Quels sont mes droits ?\nEt combien de temps ?")
    await expect(panel.locator(".bubble", has_text="article 17")).to_be_visible(timeout=PATIENCE)
    await look("answer")
    await panel.locator("#menu-button").click()
    await look("menu")
    await page.close()
    assert (wider, few) == ([], [])


@pytest.mark.parametrize("size", [ZOOMED, SMALL], ids=["195", "320"])
async def test_no_page_scrolls_sideways(browser: Browser, desk: DeskProcess, size: Any) -> None:
    async with desk.chat("fr") as chat:
        await chat.say(ERASURE)
        ref = (await chat.opened())["erasure"]
        await chat.asked("email")
    desk.send_mail(ERASURE, sender=PERSON)
    await desk.mail(PERSON)
    talk = desk.own("SELECT id FROM conversation")[0][0]
    agent = desk.facts["console"]["agents"][0]["name"]
    of_all = ["", "policy", "policy?lang=fr", "site", "site?lang=fr", "mailbox", "clock", "login"]
    of_agents = ["queue", "queue?show=all", f"requests/{ref}", "conversations", f"conversations/{talk}"]
    of_agents += ["triage", "failing", "events", "account", "settings", "agents", f"agents/{agent}"]
    page = await browser.new_page(viewport=size, reduced_motion="reduce")
    wider: list[str] = []
    for path in [*(f"demo/{each}" for each in of_all), "console/sign-in"]:
        await page.goto(f"{desk.url}/{path}")
        wider += await seen(page, page, re.sub(r"\W+", "-", path))
    await page.goto(f"{desk.url}/demo/mailbox")
    await page.locator("main a[href*='/mailbox/']").first.click()
    wider += await seen(page, page, "demo-mailbox-letter")
    await page.goto(f"{desk.url}/console/sign-in")
    form = (await desk.agent("lead")).form()
    for name in ("name", "password", "code"):
        await page.locator(f"[name={name}]").fill(form[name])
    await page.locator("[name=code]").press("Enter")
    await expect(page.locator("header nav")).to_be_visible(timeout=PATIENCE)
    for path in of_agents:
        answer = await page.goto(f"{desk.url}/console/{path}")
        assert answer is not None
        assert answer.ok, path
        wider += await seen(page, page, re.sub(r"\W+", "-", f"console-{path.partition('/')[0]}"))
    await page.close()
    assert wider == []
