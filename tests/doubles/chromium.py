"""The browser in which pages are tried, as it stands on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, async_playwright

_CHROMIUM: Final = Path("/usr/bin/chromium")
# Nothing of its own goes over the network while a page is tried.
_QUIET: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
NEEDS_CHROMIUM: Final = pytest.mark.skipif(
    not _CHROMIUM.exists(), reason="needs Chromium: apt-get install chromium"
)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Open it, and close it behind whoever used it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_CHROMIUM, args=_QUIET)
        yield browser
        await browser.close()
