"""A request about a hosted website reaches its owner, and the person hears so once it has, and not before."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assistant.casework.answers import delivery, forwarding
from assistant.casework.requests.queue import Principal, Role
from assistant.errors import DeliveryRefused
from assistant.replies import TextError
from assistant.store.tables import PrivacyRequest
from tests.doubles.console_app import ConsoleSite, console_site
from tests.doubles.lost_texts import lose

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from assistant.interfaces import Outgoing

AGENT = Principal("Marc", Role.APPROVER)


class Post:
    """A mail channel that takes everything, or refuses an address."""

    name = "email"

    def __init__(self, refuses: str = "") -> None:
        self.refuses, self.sent = refuses, list[Any]()

    @asynccontextmanager
    async def listening(self, _desk: object) -> AsyncIterator[None]:
        yield

    async def deliver(self, outgoing: Outgoing) -> str | None:
        if outgoing.recipient == self.refuses:
            raise DeliveryRefused("There is no such mailbox.")
        self.sent.append(outgoing)
        return None


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as site:
        yield site


async def _forward(site: ConsoleSite, post: Post, owner: str) -> PrivacyRequest:
    services, ref = site.services.with_parts(channels={"email": post}), site.refs["complaint"]
    await services.write(lambda unit: forwarding.forward(unit, ref, owner, AGENT))
    assert (await site.get(PrivacyRequest, ref)).status == "open", "nothing has arrived yet"
    for _ in range(3):
        await delivery.deliver_due(services)
    found: PrivacyRequest = await site.get(PrivacyRequest, ref)
    return found


async def test_the_owner_gets_the_words_of_the_person_and_then_the_person_is_told(site: ConsoleSite) -> None:
    post = Post()
    request = await _forward(site, post, "owner@site.example")

    assert (request.status, request.attention) == ("forwarded", None)
    first, then = [sent for sent in post.sent if request.ref in sent.text and "task:" not in sent.key]
    assert (first.recipient, then.recipient) == ("owner@site.example", "ada.kask@mail.example")
    assert "I complain: nobody answered me." in first.text
    assert "ada.kask@mail.example" in first.text
    assert request.ref in first.subject
    assert "We have passed your request on to the owner" in then.text


async def test_nobody_is_told_that_it_was_passed_on_when_the_owner_could_not_be_reached(
    site: ConsoleSite,
) -> None:
    post = Post(refuses="nobody@site.example")
    request = await _forward(site, post, "nobody@site.example")

    assert not [sent for sent in post.sent if "task:" not in sent.key]
    assert request.status == "open"
    assert request.attention
    assert request.attention.startswith("delivery_failed")
    request = await _forward(site, post, "owner@site.example")
    assert request.status == "forwarded"


@pytest.mark.parametrize("error", [RuntimeError, TextError])
async def test_an_owner_is_not_written_to_again_where_only_what_follows_went_wrong(
    site: ConsoleSite, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fails(*_given: object) -> None:
        raise error

    monkeypatch.setattr(delivery, "do_delivered", fails)
    post = Post()
    request = await _forward(site, post, "owner@site.example")
    for _ in range(5):
        site.clock.at += timedelta(hours=3)
        await delivery.deliver_due(site.services.with_parts(channels={"email": post}))

    assert [sent.recipient for sent in post.sent].count("owner@site.example") == 1
    assert (request.status, request.attention) == ("open", "delivery_failed"), "a person sees to the rest"


async def test_words_to_an_owner_that_cannot_be_written_call_a_person(
    site: ConsoleSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(site.services, monkeypatch, "owner_request")
    request = await _forward(site, Post(), "owner@site.example")
    assert (request.status, request.attention) == ("open", "reply_unwritten:owner_request")
