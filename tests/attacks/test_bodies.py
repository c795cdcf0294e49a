"""Bodies, headers and addresses that nobody honest sends: refused before they cost anything, in words, and never a 500."""

from __future__ import annotations

import base64
import json
import re
import tracemalloc
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from assistant.web import bodies
from tests.doubles.desk_inside import DeskInside

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
FORMS = ("/console/sign-in", "/verify/client-area", "/verify/none", "/verify/stop/none", "/package/none/open")
DOCUMENTS = ("/api/v1/requests/PR-00000000/note", "/api/v1/suppressed", "/hooks/telegram")
DEEP = b"[" * 100_000
DIGITS = "9" * 5_000


async def ask(desk: DeskInside, method: str, path: str, **options: Any) -> tuple[int, str, str]:
    """Ask; gives the status, the type and the text of the answer, which is never a 500 and never without its headers."""
    headers = {"Authorization": f"Bearer {desk.facts['api_token']}", **options.pop("headers", {})}
    async with desk.http.request(
        method, f"{desk.url}{path}", headers=headers, allow_redirects=False, **options
    ) as answer:
        text = await answer.text()
        assert answer.status < 500, (method, path, options, text)
        assert "Server" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        return answer.status, answer.content_type, text


async def test_a_body_beyond_its_route_is_refused_before_it_is_read(desk: DeskInside) -> None:
    """B07: 25 MB in a tiny form."""
    tracemalloc.start()
    for path in (*FORMS, *DOCUMENTS):
        kind = JSON if path in DOCUMENTS else FORM
        status, _, _ = await ask(desk, "POST", path, data=b"a" * (bodies.largest_of(path) + 1), headers=kind)
        assert status == 413, path
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 * 2**20


async def test_a_body_that_does_not_say_its_length_is_read_no_further_than_its_route_allows(
    desk: DeskInside,
) -> None:
    """B07: the same in chunks, which name no length."""
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while True:
            sent += 2**16
            yield b"a" * 2**16

    for path in ("/console/sign-in", DOCUMENTS[0]):
        sent = 0
        try:
            status, _, _ = await ask(
                desk, "POST", path, data=endless(), headers=FORM if "console" in path else JSON
            )
            assert status == 413
        except aiohttp.ClientConnectionError:
            pass  # hung up on while still sending: as good
        assert sent < 64 * 2**20


def unreadable_forms() -> Iterator[tuple[str, bytes, dict[str, str], int]]:
    """Give bodies that are no form of ours, and what to answer."""
    multipart = {"Content-Type": "multipart/form-data; boundary=b"}
    yield "multipart without an end", b"--b\r\nContent-Disposition: form-data", multipart, 415
    yield "multipart without a boundary", b"x", {"Content-Type": "multipart/form-data"}, 415
    yield "an unknown charset", b"a=b", {"Content-Type": f"{FORM['Content-Type']}; charset=x-none"}, 415
    yield "utf-7", b"a=b", {"Content-Type": f"{FORM['Content-Type']}; charset=utf-7"}, 415
    yield "json", b"{}", JSON, 415
    yield "no type", b"a=b", {"Content-Type": ""}, 415
    yield "bytes that are no text", b"code=\xff\xfe", FORM, 400
    yield "escaped bytes that are no text", b"code=%ff%fe", FORM, 400
    yield "half a surrogate pair", b"code=%ED%A0%80", FORM, 400
    yield "NUL", b"code=%00&token=%00&name=%00", FORM, 400
    yield "a thousand fields", b"&".join(b"a%d=1" % n for n in range(1_000)), FORM, 400
    yield "a packed body", b"\x1f\x8b\x08\x00", {**FORM, "Content-Encoding": "gzip"}, 415
    yield "an unknown packing", b"a=b", {**FORM, "Content-Encoding": "x-none"}, 415


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [row[1:] for row in unreadable_forms()],
    ids=[row[0] for row in unreadable_forms()],
)
async def test_what_is_no_form_of_ours_is_refused_on_a_page(
    desk: DeskInside, body: bytes, headers: dict[str, str], status: int
) -> None:
    """B27: forms."""
    for path in FORMS:
        told, kind, text = await ask(desk, "POST", path, data=body, headers=headers)
        assert (told, kind) == (status, "text/html"), path
        assert "<h1" in text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b'{"text": "\\ud800"}',
        b'{"text": "\\u0000"}',
        b'{"\\udfff": 1}',
        b'{"text": NaN}',
        b'{"text": ' + DIGITS.encode() + b"}",
        b'{"rows": 1e999}',
        DEEP,
        b'{"a":' * 50_000,
        b"null",
        b'"text"',
        b"[]",
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
async def test_what_is_no_document_of_ours_is_refused_in_a_problem_document(
    desk: DeskInside, body: bytes
) -> None:
    """B27: JSON."""
    for path in ("/api/v1/requests/PR-00000000/note", "/api/v1/queue/none/by_hand", "/api/v1/suppressed"):
        status, kind, text = await ask(desk, "POST", path, data=body, headers=JSON)
        assert 400 <= status < 500, text
        assert kind == "application/problem+json"
        assert json.loads(text)["status"] == status
    await ask(desk, "POST", "/demo/clock", data=body, headers=JSON)


@pytest.mark.parametrize(
    "header",
    [DEEP[:40_000], DIGITS.encode(), b'{"alg": ' + DEEP[:40_000], b"null", b"\xff", b'{"alg": "none"}'],
)
async def test_a_token_that_no_site_signed_is_no_500(desk: DeskInside, header: bytes) -> None:
    """B27: what is read of a token before its signature."""
    token = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (header, b"{}", b"x"))
    for path in ("/verify/client-area", "/verify/client-area/confirm"):
        status, _, _ = await ask(desk, "POST", path, data={"token": token, "answer": "yes"})
        assert status == 403
    async with desk.chat() as chat:
        await chat.socket.send_json({"type": "identify", "token": token[:8_000]})
        assert (await chat.next_frame("error"))["code"] == "not_verified"


async def test_chunks_that_are_none_are_no_500(desk: DeskInside) -> None:
    """B27: a body that is not what its headers say."""
    for path, kind in (
        ("/console/sign-in", b"application/x-www-form-urlencoded"),
        (DOCUMENTS[0], b"application/json"),
    ):
        lines = (
            b"POST " + path.encode() + b" HTTP/1.1",
            b"Host: desk",
            b"Authorization: Bearer " + desk.facts["api_token"].encode(),
            b"Content-Type: " + kind,
            b"Transfer-Encoding: chunked",
            b"",
            b"5\r\nabcde\r\nZZ\r\nabc",
        )
        assert re.match(rb"HTTP/1\.[01] 400 ", await desk.talk(b"\r\n".join(lines)))


def hostile_addresses() -> Iterator[str]:
    """Give ends of addresses that nobody honest opens."""
    yield from (
        "%00",
        "%ED%A0%80",
        "%ff",
        "%2e%2e%2f",
        "a%0d%0ab",
        "💣",
        DIGITS[:4_000],
        "'--",
        "²",
        "٣",
        "-1",
    )


@pytest.mark.parametrize("end", list(hostile_addresses()), ids=lambda end: end[:12])
async def test_an_address_or_a_query_that_nobody_honest_opens_is_no_500(desk: DeskInside, end: str) -> None:
    """B27: paths, queries, ranges."""
    paths = (
        "/verify",
        "/verify/stop",
        "/package",
        "/chat/assets/x",
        "/api/v1/requests",
        "/api/v1/queue",
        "/x",
    )
    names = ("limit", "cursor", "q", "due_before", "status", "reveal")
    for address in (
        *(f"{path}/{end}" for path in paths),
        *(f"/api/v1/requests?{name}={end}" for name in names),
        f"/console/sign-in?next={end}",
        f"/demo/mailbox?box={end}",
    ):
        status, _, text = await ask(desk, "GET", address)
        assert status < 500, address
        assert "Traceback" not in text, address


@pytest.mark.parametrize(
    "value", ["é", "\udcff", "💣", DIGITS, "bytes=" + DIGITS + "-", "bytes=²-", "a" * 7_000]
)
async def test_a_header_that_nobody_honest_sends_is_no_500(desk: DeskInside, value: str) -> None:
    """B27: bearers, cookies, languages, origins; the bytes go out as they are."""
    raw = value.encode("utf-8", "surrogateescape")
    for path in ("/api/v1/requests", "/console/queue", "/package/none", "/chat/ws", "/verify/none"):
        for name, before in (
            (b"Authorization", b"Bearer "),
            (b"Cookie", b"desk_session="),
            (b"Cookie", b"desk_package_none="),
            (b"Accept-Language", b""),
            (b"Origin", b""),
            (b"Range", b""),
            (b"X-Forwarded-For", b""),
            (b"Content-Length", b""),
            (b"Expect", b""),
        ):
            lines = (
                f"GET {path} HTTP/1.1".encode(),
                b"Host: desk",
                name + b": " + before + raw,
                b"Connection: close",
            )
            answer = await desk.talk(b"\r\n".join((*lines, b"", b"")))
            assert re.match(rb"HTTP/1\.[01] [234]\d\d ", answer), (path, name, answer[:200])
            assert b"aiohttp" not in answer.lower()


async def test_what_is_no_http_is_answered_without_repeating_it_here_or_in_the_log(desk: DeskInside) -> None:
    """B27: a canary in bytes that no parser takes."""
    for raw in (
        b"CANARY-7 / HTTP/1.1\r\n\r\n",
        b"GET /CANARY-7 HTTP/9\r\n\r\n",
        b"GET / HTTP/1.1\r\nCANARY-7\r\n\r\n",
    ):
        answer = await desk.talk(raw)
        assert re.match(rb"HTTP/1\.[01] 400 ", answer)
        assert b"CANARY-7" not in answer
    assert "CANARY-7" not in desk.log.getvalue()
