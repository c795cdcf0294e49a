"""What an agent types to a person is read before it leaves: it may ask for no more than the desk itself may."""

from __future__ import annotations

from assistant.errors import Invalid
from assistant.replies.typed import refusal_in, unsayable_in

_LONGEST = 20_000


class NotToBeSent(Invalid):
    """The text says what nobody may say to a person here; change the words that are named and send it again."""

    code = "not_to_be_sent"


class RefusalInDisguise(Invalid):
    """This answer refuses something; use the refusal, with its ground of the law."""

    code = "refusal_in_disguise"


def check_words(text: str, *, empty: str = "Write something first.") -> None:
    """Return if a text may go to a person; raises Invalid, or NotToBeSent naming the words and why. No role overrides it."""
    if len(text) > _LONGEST:
        raise Invalid(f"The text is too long: at most {_LONGEST} characters.")
    if not text.strip():
        raise Invalid(empty)
    for fault in unsayable_in(text):
        raise NotToBeSent(
            f"Nothing was sent. “{fault.words}” may not be said: {fault.why}. Change it and send again.",
            words=fault.words,
            item=fault.item,
        )


def check_no_refusal(text: str) -> None:
    """Return if a closing answer refuses nothing; raises RefusalInDisguise (GDPR 12(4))."""
    for fault in refusal_in(text):
        raise RefusalInDisguise(
            f"Nothing was sent. “{fault.words}” refuses: {fault.why}. Use the refusal with its ground.",
            words=fault.words,
        )
