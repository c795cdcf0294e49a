from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta
from html import unescape
from importlib import resources
from typing import TYPE_CHECKING, TypeAlias

import jwt
import pytest
from aiohttp import web

from assistant.demo import people
from assistant.demo.client_area import ClientArea
from assistant.demo.clock import DemoClock
from assistant.demo.mailbox import box_of
from assistant.demo.pages import DemoSite, demo_routes

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp.test_utils import TestClient
    from pytest_aiohttp import AiohttpClient

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEY = "k" * 32
DESK = "http://127.0.0.1:8080"
LOGIN = {"nonce": "n-1", "return": "/verify/client-area"}


@pytest.fixture
def site(tmp_path: Path) -> DemoSite:
    return DemoSite(
        DemoClock(START), tmp_path, ClientArea("issuer", "desk", KEY), DESK, "privacy@host.example"
    )


@pytest.fixture
async def browser(site: DemoSite, aiohttp_client: AiohttpClient) -> TestClient[web.Request, web.Application]:
    app = web.Application()
    app.add_routes(demo_routes(site))
    return await aiohttp_client(app)


Browser: TypeAlias = "TestClient[web.Request, web.Application]"


@pytest.mark.parametrize(
    "path",
    [
        "/demo/",
        "/demo/mailbox",
        "/demo/clock",
        "/demo/site",
        "/demo/site?lang=fr",
        "/demo/policy",
        "/demo/policy?lang=fr",
    ],
)
async def test_every_page_answers_and_loads_nothing_from_elsewhere(browser: Browser, path: str) -> None:
    answer = await browser.get(path)
    html = await answer.text()

    assert answer.status == 200
    sources = re.findall(r'(?:src|href)="(https?://[^"]+)"', html)
    assert [url for url in sources if not url.startswith(DESK)] == []


async def test_the_first_page_names_everybody_to_be_and_every_agent(browser: Browser) -> None:
    html = await (await browser.get("/demo/")).text()

    assert all(subject.email in html for subject in people.SUBJECTS)
    assert all(agent.password in html for agent in people.AGENTS)


async def test_only_the_website_has_a_script_and_it_is_the_one_of_the_chat(browser: Browser) -> None:
    site = await browser.get("/demo/site?lang=fr")
    html = await site.text()

    assert re.findall(r"<script[^>]*>", html) == [f'<script src="{DESK}/chat/widget.js" async>']
    assert '<html lang="fr">' in html
    for path in ("/demo/", "/demo/mailbox", "/demo/clock"):
        answer = await browser.get(path)
        assert "<script" not in await answer.text()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_the_clock_moves_by_json_and_by_form(browser: Browser, site: DemoSite) -> None:
    answer = await browser.post("/demo/clock", json={"forward": "72h"})

    assert datetime.fromisoformat((await answer.json())["now"]) >= START + timedelta(hours=72)
    form = await browser.post("/demo/clock", data={"forward": "8d"}, allow_redirects=False)
    assert form.status == 303
    assert site.clock.now() >= START + timedelta(days=11)


@pytest.mark.parametrize(
    "body", ['{"forward": "soon"}', '{"forward": 3}', "[]", "{", '{"other": "1h"}', '{"forward": "0h"}']
)
async def test_a_bad_move_is_told_as_a_problem_and_time_stays(
    browser: Browser, site: DemoSite, body: str
) -> None:
    answer = await browser.post("/demo/clock", data=body, headers={"Content-Type": "application/json"})
    problem = await answer.json()

    assert answer.status == 422
    assert answer.content_type == "application/problem+json"
    assert problem["status"] == 422
    assert problem["title"]
    assert site.clock.now() < START + timedelta(minutes=1)


async def test_another_site_moves_no_clock_and_signs_nobody_in(browser: Browser, site: DemoSite) -> None:
    foreign = {"Origin": "https://evil.example"}

    moved = await browser.post("/demo/clock", data={"forward": "72h"}, headers=foreign)
    signed = await browser.post("/demo/login", data=LOGIN | {"client": "C-10042"}, headers=foreign)

    assert (moved.status, signed.status) == (403, 403)
    assert site.clock.now() < START + timedelta(minutes=1)
    assert "token" not in await signed.text()


async def test_signing_in_gives_a_fresh_token_for_the_nonce_and_posts_it_to_the_desk(
    browser: Browser, site: DemoSite
) -> None:
    site.clock.forward(timedelta(days=40))
    answer = await browser.post("/demo/login", data=LOGIN | {"client": "C-10045"})
    html = await answer.text()
    found = re.search(r'name="token" value="([^"]+)"', html)

    assert found is not None
    claims = jwt.decode(
        found[1], KEY, algorithms=["HS256"], issuer="issuer", audience="desk",
        options={"verify_exp": False, "verify_iat": False},
    )  # fmt: skip
    now = int(site.clock.now().timestamp())
    assert (claims["sub"], claims["email"]) == ("C-10045", people.TWO_ACCOUNTS.email)
    assert claims["nonce"] == "n-1"
    assert claims["exp"] - claims["iat"] == 300
    assert 0 <= now - claims["auth_time"] < 60
    assert '<form method="post" action="/verify/client-area">' in html


async def test_no_two_tokens_are_the_same(browser: Browser) -> None:
    pages = [
        await (await browser.post("/demo/login", data=LOGIN | {"client": "C-10042"})).text() for _ in range(2)
    ]

    assert pages[0] != pages[1]


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/verify/client-area",
        "//evil.example/verify/client-area",
        "/verify/other",
        "",
        "/verify/client-area?next=x",
        "javascript:alert(1)",
        r"\\evil.example/verify/client-area",
        f"{DESK}@evil.example/verify/client-area",
    ],
)
async def test_a_token_is_handed_to_nobody_but_the_desk(browser: Browser, back: str) -> None:
    shown = await browser.get("/demo/login", params={"nonce": "n", "return": back})
    signed = await browser.post("/demo/login", data={"nonce": "n", "return": back, "client": "C-10042"})

    assert (shown.status, signed.status) == (422, 422)
    assert "eyJ" not in await signed.text()


async def test_who_comes_for_no_sign_in_is_shown_around(browser: Browser) -> None:
    """A policy answer names this address for whoever wants to see their data themselves."""
    answer = await browser.get("/demo/login")

    assert (answer.status, "People to be" in await answer.text()) == (200, True)


async def test_the_desks_full_address_is_taken_as_its_own(browser: Browser) -> None:
    answer = await browser.get("/demo/login", params={"nonce": "n", "return": f"{DESK}/verify/client-area"})

    assert answer.status == 200


@pytest.mark.parametrize("client", ["", "C-99999", "<script>"])
async def test_only_the_accounts_listed_can_be_signed_in_to(browser: Browser, client: str) -> None:
    answer = await browser.post("/demo/login", data=LOGIN | {"client": client})

    assert answer.status == 422
    assert "<script>" not in await answer.text()


async def test_the_sign_in_speaks_french_to_who_speaks_french(browser: Browser) -> None:
    answer = await browser.get("/demo/login", params=LOGIN, headers={"Accept-Language": "fr-FR,fr;q=0.9"})

    assert "Se connecter" in await answer.text()


async def test_a_nonce_is_escaped_where_it_is_repeated(browser: Browser) -> None:
    html = await (await browser.get("/demo/login", params=LOGIN | {"nonce": '"><script>'})).text()

    assert "<script>" not in html
    assert "&#34;&gt;&lt;script&gt;" in html


async def test_the_mailbox_lists_filters_and_opens(browser: Browser, site: DemoSite) -> None:
    for number, recipient in enumerate(("camille@courriel.example", "liis@postkast.example")):
        text = f"From: desk@x.example\r\nTo: {recipient}\r\nSubject: <i>No {number}</i>\r\n\r\nhttp://127.0.0.1/a\r\n"
        (site.mailbox_dir / f"{number}.eml").write_text(text)

    everyone = await (await browser.get("/demo/mailbox")).text()
    one = await (await browser.get("/demo/mailbox", params={"box": box_of("liis@postkast.example")})).text()
    opened = await browser.get("/demo/mailbox/0.eml")

    assert "&lt;i&gt;No 0&lt;/i&gt;" in everyone
    assert "&lt;i&gt;No 1&lt;/i&gt;" in everyone
    assert "No 0" not in one
    assert '<a href="http://127.0.0.1/a"' in await opened.text()
    assert (await browser.get("/demo/mailbox/nothing.eml")).status == 404


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_policy_has_a_place_for_every_clause_that_letters_and_copies_name(
    browser: Browser, language: str
) -> None:
    html = await (await browser.get(f"/demo/policy?lang={language}")).text()
    catalogue = tomllib.loads(resources.files("assistant.demo").joinpath("catalogue.toml").read_text("utf-8"))

    assert f'<html lang="{language}">' in html
    places = set(re.findall(r'id="c([\d-]+)"', html))
    named = {c["clause"] for c in catalogue["categories"].values() if c["clause"][0].isdigit()}
    assert named
    assert {clause.replace(".", "-") for clause in named} <= places
    assert set(re.findall(r'href="#c([\d-]+)"', html)) <= places
    controller = resources.files("assistant.demo").joinpath("controller.toml").read_text("utf-8")
    (clauses,) = re.findall(r"^clauses = \{(.*)\}$", controller, re.MULTILINE)
    named = {clause.replace(".", "-") for clause in re.findall(r'"([\d.]+)"', clauses)}
    assert len(named) > 5
    assert {each for each in named if not any(f"{at}-".startswith(f"{each}-") for at in places)} == set()
    for recipient in catalogue["recipients"].values():
        assert str(recipient[language]) in unescape(html)


async def test_the_policy_names_recipients_and_laws_as_letters_do_in_its_language(browser: Browser) -> None:
    found = tomllib.loads((resources.files("assistant.demo") / "catalogue.toml").read_text("utf-8"))
    named = [(row["name"], row.get("name@fr", row["name"])) for row in found["recipients"].values()]
    laws = [(row["law"], row.get("law@fr", row["law"])) for row in found["retention"].values()]
    english = unescape(await (await browser.get("/demo/policy?lang=en")).text())
    french = unescape(await (await browser.get("/demo/policy?lang=fr")).text())
    for en, fr in (*named, *laws):
        assert en in english
        assert fr in french
        assert fr == en or en not in french
