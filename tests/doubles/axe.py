"""What axe finds wrong with a page, and where."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Frame, Page

# Only what is wrong leaves the page: the lists of what is right take longer to carry over than to find.
_WRONG = """async () => {
  const { violations } = await axe.run(document, { iframes: false, resultTypes: ["violations"] });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
}"""


async def wrong_with(page: Page | Frame) -> list[str]:
    """List what axe finds wrong with a page or frame, each with where; frames within it are looked at by themselves."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_axe())
    wrong: list[str] = await page.evaluate(_WRONG)
    return wrong


@cache
def _axe() -> str:
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
