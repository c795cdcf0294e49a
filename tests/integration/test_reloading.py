"""Whoever reloads what a form was sent to comes back to a page in their language, and never to a bare error."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from assistant.casework.requests.queue import Principal, Role, Scope
from assistant.errors import NotAllowed
from assistant.web import package, verify
from tests.doubles.desk_inside import DeskInside, desk_inside

SENT_TO = sorted({route.path for route in (*package.routes(), *verify.routes()) if route.method == "POST"})
LANGUAGES = ("en", "fr")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("reloading")) as opened:
        yield opened


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", SENT_TO)
async def test_reloading_what_a_form_was_sent_to_shows_a_page(
    desk: DeskInside, path: str, language: str
) -> None:
    address = path.replace("{id}", "0" * 32).replace("{secret}", "invented")
    async with desk.http.get(f"{desk.url}{address}", headers={"Accept-Language": language}) as page:
        shown = await page.text()
    assert f'<html lang="{language}"' in shown, shown[:200]
    assert "405" not in shown
    assert page.status != 405


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("step", ["send", "open", "sign-in"])
async def test_a_package_s_form_leads_back_to_the_package(desk: DeskInside, step: str) -> None:
    page = f"/package/{'0' * 32}"
    async with desk.http.get(f"{desk.url}{page}/{step}?again=1", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, page)
    async with desk.http.get(f"{desk.url}/v1/suppressed-invented") as answer:
        assert answer.content_type == "application/problem+json", "programs get what programs read"


@pytest.mark.parametrize("scope", Scope)
def test_what_a_token_may_do_is_said_in_words(scope: Scope) -> None:
    principal = Principal("ann", Role.LEAD, scope)
    refused = []
    for wanted in Scope:
        try:
            principal.require(Role.LEAD, scope=wanted)
        except NotAllowed as error:
            refused.append(error.message)
    assert refused
    words = {message.partition("; use one made with --scope ")[0] for message in refused}
    assert len(words) == 1
    assert words <= {
        "This token may only read",
        "This token may only read and reply",
        "This token may only read, reply and approve",
        "This token may only ask whom marketing must not reach",
    }
