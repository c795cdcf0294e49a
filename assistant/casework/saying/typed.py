"""What an agent types to a person is read before it leaves: it may ask for no more than the desk itself may."""

from __future__ import annotations

import re
import unicodedata
from itertools import chain
from typing import Final

from sqlmodel import Session, col, select

from assistant.domain.addresses import without_invisible
from assistant.domain.lifecycle import PlanState
from assistant.domain.rights import Right
from assistant.errors import Invalid
from assistant.replies.typed import claims_in, refusal_in, unsayable_in
from assistant.services import Unit
from assistant.store.queries import messages_of
from assistant.store.tables import Action, PrivacyRequest

_LONGEST = 20_000
# An address, or a number as customers, telephones, cards and accounts have them; a day is none.
_NAMES_SOMEBODY: Final = re.compile(
    r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}|(?<![\w-])\+?(?:[A-Z]{1,4}-?)?\d(?:[ .()/-]{0,2}\d){4,33}(?!\w)"
)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}")


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
    text = _as_read(text)
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


class ToldToNobodyProved(Invalid):
    """Nobody in this talk has proved who they are; leave out what they did not write themselves, or have them prove it."""

    code = "told_to_nobody_proved"


def check_discloses_nothing(unit: Unit, conversation_id: str, text: str) -> None:
    """Return if a text tells somebody unproved no address and no number but what was said there; raises ToldToNobodyProved.

    It holds where a request waits for its proof: elsewhere an agent talks to a customer as anybody does (A30).
    """
    text = _as_read(text)
    named = [hit[0] for hit in _NAMES_SOMEBODY.finditer(text) if not _DAY.fullmatch(hit[0])]
    if not named or not _is_unproved(unit.session, conversation_id):
        return
    said = [
        message.text for message in messages_of(unit.session, conversation_id) if message.sender != "note"
    ]
    ours = unit.services.settings.controller.model_dump_json()
    heard = _letters(_as_read(" ".join([*said, ours])))
    for value in named:
        if _letters(value) not in heard:
            raise ToldToNobodyProved(
                f"Nothing was sent. “{value}” is nothing that was written in this talk, and nobody there has proved "
                "who they are. Leave it out, or send it once they have.",
                words=value,
            )


def _as_read(text: str) -> str:
    """Give a text as whoever reads it sees it: no sign that is not seen, and wide letters and digits as plain ones, hides a word."""
    return without_invisible(text if text.isascii() else unicodedata.normalize("NFKC", text))


def _is_unproved(session: Session, conversation_id: str) -> bool:
    here = select(PrivacyRequest.evidence_id).where(col(PrivacyRequest.conversation_id) == conversation_id)
    proofs = session.exec(here).all()
    return bool(proofs) and not any(proofs)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def carried_out(session: Session, conversation_id: str) -> frozenset[Right]:
    """Give the rights of a talk of which a plan was done: what an agent may call done there."""
    rows = (
        select(PrivacyRequest.right)
        .join(Action, col(Action.ref) == col(PrivacyRequest.ref))
        .where(col(PrivacyRequest.conversation_id) == conversation_id, col(Action.state) == PlanState.DONE)
    )
    return frozenset(map(Right, session.exec(rows)))


def check_no_refusal(text: str) -> None:
    """Return if a closing answer refuses nothing; raises RefusalInDisguise (GDPR 12(4))."""
    for fault in refusal_in(_as_read(text)):
        raise RefusalInDisguise(
            f"Nothing was sent. “{fault.words}” refuses: {fault.why}. Use the refusal with its ground.",
            words=fault.words,
        )
