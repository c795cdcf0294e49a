"""Every address that the desk names exists: in the first line of the demo, on its pages, in its letters."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest

from tests.doubles.desk_process import DeskProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")
_LINK = re.compile(r"(?:href|src|action)=\"([^\"#][^\"]*)\"")
_WRITTEN = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:)]")


async def _status(desk: DeskProcess, address: str) -> tuple[int, str, str]:
    async with desk.http.get(address) as answer:
        kind = answer.content_type
        return answer.status, kind, await answer.text() if kind == "text/html" else ""


def _ours(desk: DeskProcess, addresses: set[str]) -> set[str]:
    here = urlsplit(desk.url).netloc
    return {a for a in addresses if urlsplit(a).scheme in {"http", "https"} and urlsplit(a).netloc == here}


async def test_every_address_that_the_demo_prints_exists(desk: DeskProcess) -> None:
    named = {str(desk.facts["url"]), str(desk.facts["api"]), str(desk.facts["console"]["url"])}

    assert {address: (await _status(desk, address))[0] for address in named} == dict.fromkeys(named, 200)
    host, port = desk.facts["mail_in"]["host"], desk.facts["mail_in"]["port"]
    assert (host, port > 0) == ("127.0.0.1", True)


async def test_every_link_of_the_demo_and_of_the_pages_it_leads_to_exists(desk: DeskProcess) -> None:
    waiting, seen, broken = {f"{desk.url}/demo/", f"{desk.url}/demo/site?lang=fr"}, set[str](), list[str]()
    while waiting:
        address = waiting.pop()
        seen.add(address)
        status, _, html = await _status(desk, address)
        if status != 200:
            broken.append(f"{address}: {status}")
        found = {urljoin(address, unescape(link)) for link in _LINK.findall(html)}
        waiting |= {a.split("#")[0] for a in _ours(desk, found)} - seen

    assert broken == []
    assert f"{desk.url}/demo/policy?lang=fr" in seen


async def test_every_place_within_a_page_that_a_link_names_is_there(desk: DeskProcess) -> None:
    for language in ("en", "fr"):
        _, _, html = await _status(desk, f"{desk.url}/demo/policy?lang={language}")
        for place in set(re.findall(r'href="#([^"]+)"', html)):
            assert f'id="{place}"' in html, place


async def test_the_widget_leads_to_the_privacy_policy_and_not_to_a_front_page(desk: DeskProcess) -> None:
    _, _, panel = await _status(desk, f"{desk.url}/chat/")
    named = _ours(desk, set(_WRITTEN.findall(unescape(panel).replace("\\/", "/"))))
    policies = [address for address in named if "policy" in address]

    assert len(policies) == 1
    status, _, html = await _status(desk, policies[0])
    assert status == 200
    assert "<h1>Privacy policy</h1>" in html


async def test_every_address_in_a_letter_exists(desk: DeskProcess) -> None:
    async with desk.chat("en") as chat:
        await chat.say("Please stop sending me your newsletter at ewa.nowik@poczta.example")

    letter = await desk.mail("ewa.nowik@poczta.example")
    named = _ours(desk, set(_WRITTEN.findall(letter.get_content())))
    assert named
    for address in named:
        assert (await _status(desk, address))[0] == 200, urlsplit(address).path
