"""Which text answers a request, and with which values: written from results, never from a plan."""

from __future__ import annotations

from typing import Any

from assistant.domain.results import Result, StepResult, lines
from assistant.domain.rights import Right
from assistant.interfaces import Telling, Told
from assistant.naming import readable
from assistant.services import Services
from assistant.store.tables import PrivacyRequest

LATE = "came_later"
_UNKNOWN = "internal"


def letter(services: Services, request: PrivacyRequest, result: Result) -> Told:
    """Have the handler say what a plan came to: the text by its name, and its values."""
    failed = [_left(services, step, request.language) for step in result.left]
    now = services.clock.now()
    telling = Telling(services.settings, request.language, now, services.local_day, failed)
    return services.handlers[Right(request.right)].answer(result, request.details, telling)


def _left(services: Services, step: StepResult, language: str) -> dict[str, Any]:
    code = step.code or LATE
    known, unknown = (services.texts.label("failures", name, language) for name in (code, _UNKNOWN))
    reason = step.said or (known if known != readable(code) else unknown)
    return {"system": step.source, "reason": reason, "what": lines(step.left)}
