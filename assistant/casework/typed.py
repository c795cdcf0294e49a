"""What an agent types to a person is read before it leaves: it may ask for no more than the desk itself may."""

from __future__ import annotations

from itertools import chain

from sqlmodel import Session, col, select

from assistant.domain.rights import Right
from assistant.errors import Invalid
from assistant.replies.typed import claims_in, refusal_in, unsayable_in
from assistant.store.tables import Action, PrivacyRequest

_LONGEST = 20_000


class NotToBeSent(Invalid):
    """The text says what nobody may say to a person here; change the words that are named and send it again."""

    code = "not_to_be_sent"


class RefusalInDisguise(Invalid):
    """This answer refuses something; use the refusal, with its ground of the law."""

    code = "refusal_in_disguise"


def check_words(
    text: str, *, done: frozenset[Right] = frozenset(), empty: str = "Write something first."
) -> None:
    """Return if a text may go to a person; raises Invalid, or NotToBeSent naming the words and why. No role overrides it.

    `done` are the rights of theirs that were carried out: nothing else may be called done.
    """
    if len(text) > _LONGEST:
        raise Invalid(f"The text is too long: at most {_LONGEST} characters.")
    if not text.strip():
        raise Invalid(empty)
    unbacked = (claim for claim in claims_in(text) if claim.right not in done)
    for fault in chain(unsayable_in(text), unbacked):
        raise NotToBeSent(
            f"Nothing was sent. “{fault.words}” may not be said: {fault.why}. Change it and send again.",
            words=fault.words,
            item=fault.item,
        )


def carried_out(session: Session, conversation_id: str) -> frozenset[Right]:
    """Give the rights of a talk of which a plan was done: what an agent may call done there."""
    rows = (
        select(PrivacyRequest.right)
        .join(Action, col(Action.ref) == col(PrivacyRequest.ref))
        .where(col(PrivacyRequest.conversation_id) == conversation_id, col(Action.state) == "done")
    )
    return frozenset(map(Right, session.exec(rows)))


def check_no_refusal(text: str) -> None:
    """Return if a closing answer refuses nothing; raises RefusalInDisguise (GDPR 12(4))."""
    for fault in refusal_in(text):
        raise RefusalInDisguise(
            f"Nothing was sent. “{fault.words}” refuses: {fault.why}. Use the refusal with its ground.",
            words=fault.words,
        )
