"""One row of a sweep at a time: what it meets, thought of or not, is its own and stops no other."""

from __future__ import annotations

from collections.abc import Awaitable

import structlog

from assistant.errors import AssistantError

log = structlog.get_logger(__name__)


async def failure_of(work: Awaitable[None], event: str, **names: str) -> AssistantError | None:
    """Do the work of one row; gives why it failed, or None. The log names what nobody thought of."""
    try:
        await work
    except AssistantError as error:
        return error
    except Exception as error:  # broad: what one row meets keeps no other from its turn; it is tried again
        log.exception(event, **names)
        failure = AssistantError()
        failure.__cause__ = error
        return failure
    return None
