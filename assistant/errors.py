"""One root for every error the desk raises on purpose; the class docstring is the default message."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar


class AssistantError(Exception):
    """Something went wrong in the desk; the log has the reference."""

    code: ClassVar[str] = "internal"
    http_status: ClassVar[int] = 500

    def __init__(self, message: str | None = None, **data: Any) -> None:
        """Take a message for the person who can act on it, and data for programs."""
        self.message = message or inspect.getdoc(type(self)) or type(self).__name__
        self.data = data
        super().__init__(self.message)


class Invalid(AssistantError):
    """What was sent cannot be used as it stands."""

    code = "invalid"
    http_status = 422


class Unreadable(Invalid):
    """What was sent cannot be read at all."""

    code = "unreadable"
    http_status = 400


class Busy(AssistantError):
    """Too much is being checked just now; try again in a moment. Nothing was counted."""

    code = "busy"
    http_status = 503


class NewCodeWrong(Invalid):
    """The new authenticator does not show this code: check the secret and the clock of the device, and type the next one."""

    code = "new_code_wrong"


class OfferEnded(Invalid):
    """The secret of a new authenticator is good for 15 minutes; have another one shown."""

    code = "offer_ended"


class WeakPassword(Invalid):
    """A password needs at least 12 characters, and more than common words, your name or letters in a row."""

    code = "weak_password"


class NotTheSame(Invalid):
    """The new password is not the same twice; nothing was changed."""

    code = "not_the_same"


class ConfigurationError(AssistantError):
    """The settings cannot be used as they stand."""

    code = "configuration"


class NotFound(AssistantError):
    """There is nothing under that name or number."""

    code = "not_found"
    http_status = 404


class NotAuthenticated(AssistantError):
    """Sign in first, or send a valid token."""

    code = "not_authenticated"
    http_status = 401


class NotFresh(NotAuthenticated):
    """That code is not right or was used already; wait for the next one."""

    code = "not_fresh"


class WrongAgain(NotFresh):
    """Password or code are not right, or the code was used already; wait for the next one."""

    code = "wrong_again"


class NotAllowed(AssistantError):
    """Your role or token does not allow this."""

    code = "not_allowed"
    http_status = 403


class Conflict(AssistantError):
    """Something changed in the meantime; look again before deciding."""

    code = "conflict"
    http_status = 409


class ChangedMeanwhile(Conflict):
    """What is to be corrected changed after it was shown; look at it again before confirming."""

    code = "changed_meanwhile"


class IllegalTransition(Conflict):
    """The request is not in a state in which this can be done."""

    code = "illegal_transition"


class StalePlan(Conflict):
    """The plan would now be another one; the approval is void and the new plan is shown beside the old."""

    code = "stale_plan"


class AskedLate(Conflict):
    """Asked with undue delay a question stops no clock; nothing was sent."""

    code = "asked_late"


class NotVerified(AssistantError):
    """That could not be confirmed."""

    code = "not_verified"
    http_status = 403


class AnotherNamed(NotVerified):
    """Somebody else was named in the conversation than who signed in: say there that it was a mistake, then sign in again."""

    code = "another_named"


class NothingToProve(NotVerified):
    """Nothing waits for this sign-in yet: ask for something first, then sign in."""

    code = "nothing_to_prove"


class SignInNeeded(NotVerified):
    """A code is not enough here: sign in to the client area."""

    code = "sign_in_needed"


class TooManyAttempts(NotVerified):
    """Too many attempts; verification pauses, the request goes on."""

    code = "too_many_attempts"
    http_status = 429


class TooOften(AssistantError):
    """That was asked too often; wait a minute, then go on."""

    code = "too_often"
    http_status = 429


class SourceUnavailable(AssistantError):
    """A system that holds personal data cannot be reached; nothing was changed there."""

    code = "source_unavailable"
    http_status = 503


class SourceMisfit(AssistantError):
    """The map of a source does not fit what the system really holds."""

    code = "source_misfit"


class EffectNotVerified(AssistantError):
    """After carrying out, the source does not hold what the plan promised; it was rolled back."""

    code = "effect_not_verified"


class WaitsForPerson(AssistantError):
    """An agent does this by hand; the rest goes on meanwhile."""

    code = "waits_for_person"


class Stopped(AssistantError):
    """An agent stopped it; what was done stays done, and it can go on."""

    code = "stopped"


class StoreUnavailable(AssistantError):
    """The desk cannot store anything at the moment; nothing was acknowledged."""

    code = "store_unavailable"
    http_status = 503


class DeliveryDelayed(AssistantError):
    """The channel could not take the message now; it is tried again."""

    code = "delivery_delayed"


class DeliveryRefused(AssistantError):
    """The channel will never take this message; an agent must look."""

    code = "delivery_refused"
