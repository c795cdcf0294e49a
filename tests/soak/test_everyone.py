"""The pages outside the chat and the console, for everybody: the demo, those behind a mail's links, and the package."""

from __future__ import annotations

import re
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect

from tests.doubles.axe import wrong_with
from tests.doubles.chromium import NEEDS_CHROMIUM, chromium
from tests.doubles.desk_process import DeskProcess
from tests.doubles.journeys import ask_by_mail, links_in, prove_in_chat
from tests.doubles.package_browser import browser as fetching_browser
from tests.doubles.package_browser import package_link

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
WIDTHS = {"desktop": 1280, "phone": 390, "small": 320}
FORMER = "liis.poldaru@postkast.example"
READER = "ines.delormeau@boite-lettres.example"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("browser-journey"),
    NEEDS_CHROMIUM,
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskProcess]:
    process = await DeskProcess.start(tmp_path_factory.mktemp("everyone") / "desk")
    yield process
    await process.stop()


class Eyes:
    """One browser that looks at each page as people with other screens and needs would."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.troubles: list[str] = []
        self.hosts: set[str | None] = set()
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("request", lambda sent: self.hosts.add(urlsplit(sent.url).hostname))

    async def look(self, name: str) -> None:
        """Check the page that is open in light and dark and at every width, and keep a picture of it."""
        for kind, width in WIDTHS.items():
            await self.page.set_viewport_size({"width": width, "height": 800})
            await self.page.emulate_media(color_scheme="dark" if kind == "phone" else "light")
            over = await self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert over <= 0, f"{name} scrolls sideways by {over} px at {width} px"
            if kind == "small":
                continue  # what axe tells of a phone holds for a smaller one
            assert await wrong_with(self.page) == [], f"{name}, {kind}"
            await self.page.screenshot(path=SCREENSHOTS / f"{name}-{kind}.png", full_page=True)

    async def desk_time(self) -> datetime:
        """Read the clock of the demo."""
        return datetime.fromisoformat(str(await self.page.locator(".now time").get_attribute("datetime")))

    async def press(self, label: str) -> None:
        """Press a button with the keyboard alone, from the top of the page."""
        button = self.page.get_by_role("button", name=label)
        await self.page.evaluate("document.activeElement.blur()")
        for _ in range(30):
            await self.page.keyboard.press("Tab")
            if await button.evaluate("node => node === document.activeElement"):
                break
        await expect(button).to_be_focused()
        async with self.page.expect_navigation():
            await self.page.keyboard.press("Enter")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def context() -> AsyncIterator[BrowserContext]:
    async with chromium() as browser:
        context = await browser.new_context(locale="fr-FR", accept_downloads=True, reduced_motion="reduce")
        context.set_default_timeout(20_000)
        yield context


@pytest_asyncio.fixture(loop_scope="module")
async def eyes(context: BrowserContext) -> AsyncIterator[Eyes]:
    """Nothing may fail meanwhile, and nobody but the desk be asked for anything."""
    eyes = Eyes(await context.new_page())
    yield eyes
    await eyes.page.close()
    assert eyes.troubles == []
    assert eyes.hosts <= {"127.0.0.1", "", None}


async def link_in_mail(desk: DeskProcess, to: str, path: str) -> str:
    """Wait for a mail whose link leads below a path."""
    letter = (await desk.mail(to, path)).get_content()
    return str(next(link for link in re.findall(r"http://\S+", letter) if path in link))


def index_of(file: Path, folder: Path) -> str:
    """Unpack a package, and give the address of the page that explains it."""
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    (index,) = folder.glob("*/index.html")
    return index.as_uri()


async def test_the_pages_behind_the_links_of_a_mail(desk: DeskProcess, eyes: Eyes) -> None:
    ref = await ask_by_mail(desk, "Veuillez effacer toutes mes données personnelles.", FORMER, "fr")
    letter = (await desk.mail(FORMER, "/verify/")).get_content()
    await eyes.page.goto(links_in(letter, "/verify/")[0])
    await expect(eyes.page.locator("main")).not_to_contain_text(ref)
    await eyes.look("mail-confirm")
    await eyes.page.get_by_label("Les quatre derniers caractères").fill("????")
    await eyes.press("C’est bien moi")
    await expect(eyes.page.get_by_role("alert")).to_contain_text("réessayez")
    await eyes.look("mail-confirm-wrong")
    await eyes.page.get_by_label("Les quatre derniers caractères").fill(ref[-4:].lower())
    await eyes.press("C’est bien moi")
    await expect(eyes.page.locator("h1")).to_contain_text("confirmé")
    await eyes.look("mail-confirmed")

    await eyes.page.goto(await link_in_mail(desk, FORMER, "/verify/stop/"))
    await eyes.look("mail-not-me")
    await eyes.press("Ce n’est pas moi")
    await eyes.look("mail-not-me-sure")
    await eyes.press("Ce n’est pas moi : tout arrêter maintenant")
    await eyes.look("mail-stopped")
    assert await desk.mail(FORMER, "arrêté la demande")
    assert desk.query("SELECT 1 FROM clients WHERE client_no = 'C-10043'")
    await eyes.page.goto(links_in(letter, "/verify/")[0])
    await eyes.look("mail-link-used")


async def test_the_page_that_undoes_a_marketing_objection(desk: DeskProcess, eyes: Eyes) -> None:
    await ask_by_mail(desk, "Je m’oppose à la prospection commerciale, plus de publicité.", READER, "fr")
    await eyes.page.goto(await link_in_mail(desk, READER, "/verify/undo/"))
    await eyes.look("marketing-undo")
    await eyes.press("Annuler l’arrêt")
    await eyes.look("marketing-undo-sure")
    await eyes.press("Oui, annuler l’arrêt")
    await eyes.look("marketing-undone")
    await expect(eyes.page.locator("main")).to_contain_text("ne reviennent pas d’eux-mêmes")


async def test_a_copy_from_the_sign_in_to_the_page_inside_the_package(
    desk: DeskProcess, eyes: Eyes, tmp_path: Path
) -> None:
    customer = next(who for who in desk.facts["subjects"] if who["client_id"] == "C-10042")
    async with desk.chat("fr") as chat:
        await chat.say("Envoyez-moi une copie de toutes mes données personnelles.")
        await chat.asked("email")
        await chat.say(customer["email"])
        await chat.asked("code")
        offers = [o["url"] for said in chat.heard for o in said.get("choices", ()) if o.get("url")]
        await eyes.page.goto(offers[-1])
        await eyes.look("client-area-sign-in")
        await eyes.page.locator("[name=client][value='C-10042']").press("Space")
        await eyes.press("Se connecter")
        await eyes.look("client-area-signed-in")
        await eyes.press("Continuer vers le service des données personnelles")
        await eyes.look("client-area-confirm")
        await eyes.press("C’est bien moi")
        await eyes.look("client-area-confirmed")
    (ref,) = {
        item["ref"] for item in (await desk.api("GET", "/requests"))["items"] if item["right"] == "access"
    }
    await desk.approve(ref)
    letter = (await desk.mail(customer["email"], "/package/")).get_content()
    await eyes.page.goto(package_link(letter))
    await eyes.look("package")
    await eyes.press("M’envoyer un code")
    await eyes.look("package-code")
    await eyes.page.locator("#code").fill(await desk.code(customer["email"], seen=1))
    async with eyes.page.expect_navigation():
        await eyes.page.keyboard.press("Enter")
    await eyes.look("package-open")
    async with eyes.page.expect_download() as download:
        await eyes.page.locator("a.button").click()
    await eyes.page.goto(index_of(Path(await (await download.value).path()), tmp_path))
    await expect(eyes.page.locator("h1")).to_have_text("Une copie de vos données")
    await eyes.look("package-index")


async def test_the_pages_of_the_demo_and_those_that_are_not_there(desk: DeskProcess, eyes: Eyes) -> None:
    """Last, when the mailbox holds letters."""
    for name in ("", "mailbox", "clock", "login", "site", "site?lang=fr"):
        await eyes.page.goto(f"{desk.url}/demo/{name}")
        await eyes.look(f"demo-{name.replace('?lang=', '-') or 'index'}")
    await eyes.page.goto(f"{desk.url}/demo/clock")
    before = await eyes.desk_time()
    await eyes.press("1 hour")
    assert await eyes.desk_time() - before >= timedelta(hours=1)
    await eyes.page.goto(f"{desk.url}/demo/mailbox")
    await eyes.page.locator("main a").first.click()
    await eyes.look("demo-mail")
    for name in ("verify/nobody", "package/nobody", "nowhere", "console/sign-in"):
        await eyes.page.goto(f"{desk.url}/{name}")
        await eyes.look(f"no-{name.replace('/', '-')}")


async def test_the_page_inside_an_english_package(desk: DeskProcess, eyes: Eyes, tmp_path: Path) -> None:
    customer = next(who for who in desk.facts["subjects"] if who["client_id"] == "C-10043")
    await desk.forward(
        "15m"
    )  # or two talks would have proved the same address at once, which only people weigh
    async with desk.chat("en") as chat:
        await chat.say("Please send me a copy of all my data.")
        ref = (await chat.opened())["access"]
        await prove_in_chat(desk, chat, customer["email"], ref)
    await desk.approve(ref)
    await desk.forward("73h")
    await desk.until_status(ref, "answered")
    letter = str((await desk.mail(customer["email"], "The copy of your data is ready")).get_content())
    async with fetching_browser(desk, letter, "en") as fetching:
        await fetching.want_code()
        await fetching.enter(await desk.code(customer["email"], seen=1))
        _, raw, _ = await fetching.download()
    file = tmp_path / "package.zip"
    file.write_bytes(raw)
    await eyes.page.goto(index_of(file, tmp_path))
    await expect(eyes.page.locator("h1")).to_have_text("A copy of your data")
    await eyes.look("package-index-en")
