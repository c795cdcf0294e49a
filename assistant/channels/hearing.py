"""Since when a way in or out of a channel does not work: kept while the desk runs, asked by `/readyz` and `/metrics`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog

from assistant.interfaces import Clock, Way

log = structlog.get_logger(__name__)
STARTING = "starting"
NOT_STORED = "not_stored"


class Hearing:
    """One way of one channel."""

    def __init__(self, channel: str, name: str, clock: Clock) -> None:
        """Begin with a way of which nothing bad is known."""
        self._channel, self._name, self._clock = channel, name, clock
        self._since: datetime | None = None
        self._why = ""

    @property
    def way(self) -> Way:
        """Say how it stands now."""
        return Way(self._name, self._since, self._why)

    def works(self) -> None:
        """Note that something came or went this way."""
        if self._since is not None and self._why != STARTING:
            log.info("channel.works_again", channel=self._channel, way=self._name)
        self._since, self._why = None, ""

    def fails(self, why: str) -> None:
        """Note that it does not work; the first of several failures says since when."""
        if self._since is None or self._why == STARTING:
            self._since = self._since or self._clock.now()
            if why != STARTING:
                log.warning("channel.deaf", channel=self._channel, way=self._name, why=why)
        self._why = why

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Note how something ends that comes this way."""
        done = False
        try:
            yield
            done = True
        finally:
            self.works() if done else self.fails(NOT_STORED)
