"""The whole journey in a real browser: the French erasure typed into the widget on a third page, approved in the console."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.doubles.axe import wrong_with
from tests.doubles.chromium import NEEDS_CHROMIUM
from tests.doubles.desk_process import DeskProcess

PERSON = "liis.poldaru@postkast.example"
SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
SCREENS: Any = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 900}}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("browser-journey"),
    NEEDS_CHROMIUM,
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskProcess]:
    process = await DeskProcess.start(tmp_path_factory.mktemp("browser") / "desk")
    yield process
    await process.stop()


async def on_each_screen(page: Page, looked_at: Any, name: str) -> None:
    """See that the page is for everybody and fits at both widths, and keep a picture of each."""
    before = page.viewport_size
    for screen, size in SCREENS.items():
        await page.set_viewport_size(size)
        assert await looked_at.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, screen)
        assert await wrong_with(looked_at) == [], (name, screen)
        await page.screenshot(path=SCREENSHOTS / f"journey-{name}-{screen}.png")
    assert before is not None
    await page.set_viewport_size(before)


async def ask_in_the_widget(page: Page, desk: DeskProcess) -> str:
    """Type the erasure on the company's website, which is another site than the desk, and prove who it is."""
    await page.goto(f"{desk.url.replace('127.0.0.1', 'localhost')}/demo/site?lang=fr")
    await page.locator("button.launcher").click()
    panel = page.frame_locator("iframe.frame")
    await expect(panel.locator("#dot")).to_have_attribute("data-state", "open")
    await write(panel, "Bonjour, supprimez toutes mes données personnelles, s’il vous plaît.")
    await expect(panel.locator(".request")).to_contain_text("PR-")
    ref = str(await panel.locator(".request").first.inner_text()).split("PR-")[1][:8]
    await write(panel, PERSON)
    await write(panel, await desk.code(PERSON))
    await expect(panel.locator(".message .bubble").filter(has_text="c’est confirmé")).to_have_count(1)
    frame = next(frame for frame in page.frames if "/chat/" in frame.url)
    await on_each_screen(page, frame, "person-chat")
    return f"PR-{ref}"


async def write(panel: Any, text: str) -> None:
    field = panel.locator("#text:visible, #line:visible")
    await field.fill(text)
    await field.press("Enter")
    await expect(panel.locator(".you .bubble").filter(has_text=text)).to_have_count(1)


async def sign_in(page: Page, desk: DeskProcess, role: str) -> None:
    typed = (await desk.agent(role)).form()
    await page.goto(desk.facts["console"]["url"])
    await page.get_by_label("Name").fill(typed["name"])
    await page.get_by_label("Password").fill(typed["password"])
    await page.locator("#code").fill(typed["code"])
    await page.locator("#code").press("Enter")
    await expect(page.locator("header nav")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "starter", "listed", "question", "answer"),
    [
        ("en", "What do you collect?", "clause 4.1.1", "How long do you keep my invoices?", "seven years"),
        (
            "fr",
            "Que collectez-vous ?",
            "clause 4.1.1",
            "Combien de temps gardez-vous mes factures ?",
            "sept ans",
        ),
    ],
)
async def test_the_widget_starts_with_a_question_about_the_policy_and_answers_the_next(
    browser: Browser, desk: DeskProcess, language: str, starter: str, listed: str, question: str, answer: str
) -> None:
    page = await browser.new_page(viewport=SCREENS["phone"], locale=language, reduced_motion="reduce")
    await page.goto(f"{desk.url.replace('127.0.0.1', 'localhost')}/demo/site?lang={language}")
    await page.locator("button.launcher").click()
    panel = page.frame_locator("iframe.frame")
    await panel.get_by_role("button", name=starter).click()
    bubbles = panel.locator(".message.assistant .bubble")
    await expect(bubbles.filter(has_text=listed)).to_have_count(1)
    await write(panel, question)
    await expect(bubbles.filter(has_text=answer)).to_have_count(1)
    await expect(panel.locator(".request")).to_have_count(0)
    frame = next(frame for frame in page.frames if "/chat/" in frame.url)
    await on_each_screen(page, frame, f"policy-{language}")
    await page.close()


async def test_a_person_asks_on_a_third_page_and_an_agent_approves_in_the_console(
    browser: Browser, desk: DeskProcess
) -> None:
    person = await browser.new_page(viewport=SCREENS["phone"], locale="fr-FR", reduced_motion="reduce")
    ref = await ask_in_the_widget(person, desk)
    plan = await desk.plan(ref)

    console = await browser.new_page(viewport=SCREENS["desktop"], locale="en-GB", reduced_motion="reduce")
    await sign_in(console, desk, "approver")
    await on_each_screen(console, console, "agent-queue")
    await console.get_by_role("link", name=ref).first.click()
    await expect(console.locator("h1")).to_contain_text(ref)
    await on_each_screen(console, console, "agent-request")
    await console.keyboard.press("a")
    await expect(console.get_by_role("alertdialog")).to_be_visible()
    await on_each_screen(console, console, "agent-approves")
    await console.get_by_role("button", name="Yes, erase").click()
    await expect(console.get_by_role("status")).to_contain_text("Your approval is kept.")
    await expect(console.get_by_role("button", name="Undo the approval")).to_be_visible()
    await desk.until_status(ref, "scheduled")
    await desk.forward("73h")
    await desk.until_status(ref, "answered")
    letter = (await desk.mail(PERSON, "gardons")).get_content()
    ends = {keep["until"][:4] for keep in plan["keeps"] if keep["until"]}
    assert ends
    assert all(year in letter for year in ends), "the letter says until when the invoices stay"
    assert desk.query("SELECT 1 FROM clients WHERE client_no = 'C-10043'") == []
