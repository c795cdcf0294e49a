"""Putting a document where a person asked reaches nothing of our own, follows nobody elsewhere, and overwrites nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from assistant.channels.transfer import Transfer, is_public
from assistant.errors import DeliveryDelayed, DeliveryRefused
from assistant.interfaces import Outgoing


def put(url: str, raw: bytes = b"{}") -> Outgoing:
    return Outgoing("transfer:1", "put", None, url, None, "", "en", raw=raw)


class Provider:
    """Another provider that takes documents."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes, dict[str, str]]] = []
        self.status = 201

    async def take(self, request: web.Request) -> web.Response:
        self.taken.append((request.path, await request.read(), dict(request.headers)))
        headers = {"Location": "/elsewhere"} if 300 <= self.status < 400 else {}
        return web.Response(status=self.status, headers=headers)


@pytest.fixture
async def provider() -> AsyncIterator[tuple[Provider, str]]:
    made = Provider()
    app = web.Application()
    app.add_routes([web.put("/{name}", made.take)])
    async with TestServer(app, host="127.0.0.1") as server:
        yield made, str(server.make_url("/import"))


OPEN = Transfer(allows=lambda _: True, scheme="http")


async def test_the_document_arrives_whole_with_what_makes_a_second_try_harmless(
    provider: tuple[Provider, str],
) -> None:
    made, url = provider
    await OPEN.deliver(put(url, b'{"tables": []}' * 10_000))
    ((path, raw, headers),) = made.taken
    assert (path, len(raw)) == ("/import", 140_000)
    assert headers["Content-Type"] == "application/json"
    assert (headers["Idempotency-Key"], headers["If-None-Match"]) == ("transfer:1", "*")
    assert "Cookie" not in headers


@pytest.mark.parametrize(
    ("status", "error"),
    [(200, None), (204, None), (412, None), (302, DeliveryRefused), (403, DeliveryRefused), (404, DeliveryRefused),
     (429, DeliveryDelayed), (500, DeliveryDelayed), (503, DeliveryDelayed)],
)  # fmt: skip
async def test_what_it_answers_decides(
    provider: tuple[Provider, str], status: int, error: type[Exception] | None
) -> None:
    made, url = provider
    made.status = status
    if error is None:
        await OPEN.deliver(put(url))
    else:
        with pytest.raises(error) as refused:
            await OPEN.deliver(put(url))
        assert url not in str(refused.value)
    assert len(made.taken) == 1, "nobody is followed elsewhere"


@pytest.mark.parametrize(
    "url",
    [
        "http://provider.example/import",
        "https://127.0.0.1/import",
        "https://[::1]/import",
        "https://10.0.0.7/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:127.0.0.1]/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://localhost/",
        "https://user:word@provider.example/",
        "ftp://provider.example/",
        "file:///etc/passwd",
        "https://",
        "nonsense",
        "",
    ],
)
async def test_nothing_but_a_public_https_address_is_reached(url: str) -> None:
    with pytest.raises((DeliveryRefused, DeliveryDelayed)) as refused:
        await Transfer().deliver(put(url))
    private = ("127.", "10.", "169.254", "::", "localhost", "http:", "user:", "ftp", "file")
    if any(part in url for part in private):
        assert isinstance(refused.value, DeliveryRefused), "refused, not merely out of reach"


@pytest.mark.parametrize(
    ("address", "public"),
    [("93.184.215.14", True), ("2606:4700::1111", True), ("192.168.1.1", False), ("100.64.0.1", False),
     ("::ffff:10.0.0.1", False), ("0.0.0.1", False), ("fe80::1", False), ("203.0.113.5", False)],
)  # fmt: skip
def test_public_is_what_everybody_can_reach(address: str, public: bool) -> None:
    assert is_public(address) is public
