"""What the live chat lets through: buckets, addresses, texts, and frames nobody thought of."""

from __future__ import annotations

import json
import string
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from assistant.channels.webchat.frames import FrameRefused, Said, ack_frame, parse
from assistant.channels.webchat.texts import ERRORS, error_text, language_of
from assistant.config import Settings, WebChat
from assistant.domain.networks import address_of
from assistant.domain.pacing import Addresses, Bucket, Buckets
from assistant.services import Services
from assistant.web.callers import caller_of
from assistant.web.keys import SERVICES


def test_a_bucket_gives_a_burst_and_then_its_rate() -> None:
    bucket = Bucket(per_minute=60, burst=2, now=0)
    assert [bucket.take(0), bucket.take(0)] == [0.0, 0.0]
    assert bucket.take(0) == pytest.approx(1.0)
    assert bucket.take(0.5) == pytest.approx(0.5)
    assert bucket.take(1.0) == 0.0
    assert not bucket.full(1.0)
    assert bucket.full(3.0)


def test_a_rate_of_nought_is_no_limit() -> None:
    bucket = Bucket(per_minute=0, burst=0, now=0)
    assert {bucket.take(0) for _ in range(1_000)} == {0.0}


def test_quiet_addresses_are_forgotten() -> None:
    addresses = Addresses(sockets=1, hellos_per_minute=60)
    for number in range(10_001):
        addresses.hello(str(number), now=0)
    addresses.hello("new", now=60)
    assert set(addresses._hellos._buckets) == {"new"}


def test_very_many_addresses_at_once_cost_no_more_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has a /48 has 65 536 households, and none of their buckets is full again within the minute."""
    looked = 0
    full = Bucket.full

    def counted(bucket: Bucket, now: float) -> bool:
        nonlocal looked
        looked += 1
        return full(bucket, now)

    monkeypatch.setattr(Bucket, "full", counted)
    buckets = Buckets(per_minute=60, burst=60)
    for number in range(20_100):
        buckets.of(str(number), now=0).take(0)
    assert looked < 3 * 20_100
    for number in range(20_100):
        buckets.of(f"later {number}", now=60).take(60)
    assert len(buckets._buckets) < 3 * 20_100, "and those that are quiet again are forgotten"
    assert "0" not in buckets._buckets


def test_places_of_an_address_are_given_back() -> None:
    addresses = Addresses(sockets=2, hellos_per_minute=0)
    assert [addresses.enter("a"), addresses.enter("a"), addresses.enter("a")] == [True, True, False]
    addresses.leave("a")
    assert addresses.enter("a")
    addresses.leave("a")
    addresses.leave("a")
    assert addresses._open == {}


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("192.0.2.7", [], "192.0.2.7"),
        ("127.0.0.1", ["198.51.100.1, 192.0.2.9"], "192.0.2.9"),
        ("127.0.0.1", ["198.51.100.1", "192.0.2.9"], "192.0.2.9"),  # a proxy may add a line of its own
        ("127.0.0.1", ["192.0.2.9", " "], "127.0.0.1"),
        ("127.0.0.1", ["192.0.2.9:51234"], "192.0.2.9"),
        ("127.0.0.1", ["[2001:db8:1:2:3::6]:51234"], "2001:db8:1:2::"),
        ("127.0.0.1", ["2001:db8:1:2:3::6"], "2001:db8:1:2::"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::"),
        ("2001:DB8:1:2::9%eth0", [], "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", [], "192.0.2.7"),
        (None, [], "unknown"),
        ("127.0.0.1", ["not an address"], "unknown"),
    ],
)
def test_addresses_are_counted_by_household(peer: str | None, forwarded: list[str], counted: str) -> None:
    assert address_of(peer, forwarded) == counted


async def test_whoever_writes_a_line_of_the_proxy_themselves_is_counted_by_the_proxys() -> None:
    app, counted = web.Application(), list[str]()

    async def look(http_request: web.Request) -> web.Response:
        counted.append(caller_of(http_request))
        return web.Response()

    app[SERVICES] = cast("Services", SimpleNamespace(settings=Settings(webchat=WebChat(behind_proxy=True))))
    app.router.add_get("/", look)
    async with TestServer(app, host="127.0.0.1") as server, aiohttp.ClientSession() as http:
        for made_up in ("198.51.100.1", "198.51.100.2"):
            lines = CIMultiDict([("X-Forwarded-For", made_up), ("X-Forwarded-For", "192.0.2.9")])
            async with http.get(server.make_url("/"), headers=lines):
                pass
    assert counted == ["192.0.2.9", "192.0.2.9"]


def test_both_languages_say_the_same_things() -> None:
    def placeholders(text: str) -> set[str | None]:
        return {field for _, field, _, _ in string.Formatter().parse(text)} - {None}

    assert ERRORS["en"].keys() == ERRORS["fr"].keys()
    for code, english in ERRORS["en"].items():
        assert placeholders(english) == placeholders(ERRORS["fr"][code]), code


@pytest.mark.parametrize(
    ("locale", "language"),
    [("fr", "fr"), ("FR-ca", "fr"), ("fr;q=0.9", "fr"), ("en", "en"), ("de", "en"), (None, "en"), ("", "en")],
)
def test_the_language_follows_the_locale(locale: str | None, language: str) -> None:
    assert language_of(locale) == language


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
frame_like = st.fixed_dictionaries(
    {"type": st.sampled_from(["message", "choice", "seen", "typing", "identify", "hello"]) | json_values},
    optional=dict.fromkeys(("client_id", "text", "value", "id", "token", "session", "after"), json_values),
)


def reason_of(raw: str) -> FrameRefused | None:
    try:
        frame = parse(raw, max_text=4000)
    except FrameRefused as refused:
        return refused
    if isinstance(frame, Said):
        frame.text.encode("utf-8")  # can be stored
        json.loads(ack_frame(frame.client_id, 1))  # and acknowledged
    return None


@given(st.text() | json_values.map(json.dumps) | frame_like.map(json.dumps))
def test_any_frame_is_read_or_refused_with_a_sentence(raw: str) -> None:
    refused = reason_of(raw)
    if refused is not None:
        assert all(error_text(refused.reason, language, **refused.values) for language in ERRORS)


@given(st.text(min_size=1).filter(lambda text: not text.isspace()))
def test_what_a_person_wrote_arrives_as_written(text: str) -> None:
    raw: Any = json.dumps({"type": "message", "client_id": "a", "text": text})
    assert parse(raw, max_text=10**6) == Said("text", "a", text.replace("\x00", "\ufffd"))
