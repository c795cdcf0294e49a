"""What is said in one talk goes out in the order in which it was said, however slow each part is."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from assistant.casework.answers import delivery
from assistant.interfaces import Channel, Outgoing
from intents import Reader
from tests.doubles.posting_desk import COPY, PostingDesk, posting_desk


class Slow:
    """A channel that takes what is short at once and what is long later."""

    def __init__(self) -> None:
        self.taken: defaultdict[str, list[str]] = defaultdict(list)
        self.inside: defaultdict[str, int] = defaultdict(int)
        self.most_at_once = 0

    async def deliver(self, outgoing: Outgoing) -> None:
        talk = outgoing.thread or ""
        self.inside[talk] += 1
        assert self.inside[talk] == 1, "two of one talk are on their way at once"
        self.most_at_once = max(self.most_at_once, sum(self.inside.values()))
        for _ in range(len(outgoing.text)):
            await asyncio.sleep(0)
        self.taken[talk].append(outgoing.text)
        self.inside[talk] -= 1


@pytest.fixture
async def posting(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


async def test_a_question_never_comes_before_what_it_is_about(posting: PostingDesk) -> None:
    talks = [str(number) for number in range(1, 6)]
    for thread in talks:
        await posting.chat(thread, COPY, channel="telegram")
    slow = Slow()
    await delivery.deliver_due(posting.services.with_parts(channels={"telegram": cast("Channel", slow)}))
    assert slow.most_at_once > 1, "one talk does not wait for another"
    for thread in talks:
        said = await posting.said_in(await posting.chat_of(thread))
        assert len(said) > 1
        assert slow.taken[thread] == said
