"""What agents say of a reading that was wrong: kept without who wrote it, and learned from once it is reviewed."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlmodel import col, select

from assistant.casework.audit import record
from assistant.casework.requests.queue import WORKERS, Principal
from assistant.domain.rights import Right
from assistant.errors import Conflict, Invalid, NotFound
from assistant.services import Unit
from assistant.store.tables import Conversation, Correction, Message


def correct(
    unit: Unit,
    message_id: int,
    rights: Collection[str],
    agent: Principal,
    without_names: Callable[[str], str],
) -> Correction:
    """Note which rights a message really uses, none for none of them; a second note replaces the first.

    Changes nothing about the requests there are. Raises NotFound and Invalid.
    """
    agent.require(*WORKERS)
    message = unit.session.get(Message, message_id)
    if message is None or message.sender != "you" or not message.text.strip():
        raise NotFound("There is no message of a person by that number, or its text is gone.")
    if unknown := set(rights) - set(Right):
        raise Invalid(f"{min(unknown)!r} is no right; choose one of: {', '.join(Right)}.")
    conversation = unit.session.get_one(Conversation, message.conversation_id)
    known = unit.session.exec(select(Correction).where(col(Correction.message_id) == message_id)).first()
    correction = known or Correction(message_id=message_id, language="", text="", at=unit.now, agent="")
    correction.language = str(message.reading.get("language") or conversation.language or "en")
    correction.text = without_names(message.text)
    correction.was = _read_as(message)
    correction.rights = sorted(rights)
    correction.at, correction.agent, correction.kept = unit.now, agent.name, None
    unit.session.add(correction)
    unit.session.flush()
    record(
        unit, "", agent.actor, "reading_corrected",
        message=message_id, was=correction.was, rights=correction.rights,
    )  # fmt: skip
    return correction


def _read_as(message: Message) -> list[str]:
    if message.reading.get("decision") not in {"request", "ask"}:
        return []
    names = (intent["name"] for intent in message.reading.get("intents", ()))
    return sorted(set(names) & set(Right))


def review(unit: Unit, correction_id: int, *, kept: bool) -> Correction:
    """Keep a correction for training, or drop it, after somebody read its text. Raises NotFound and Conflict."""
    correction = unit.session.get(Correction, correction_id)
    if correction is None:
        raise NotFound("There is no correction by that number.")
    if correction.kept is not None:
        raise Conflict("It has been reviewed already.", kept=correction.kept)
    if kept:
        correction.kept = True
        unit.session.add(correction)
    else:
        unit.session.delete(correction)
    record(unit, "", "operator", "correction_reviewed", correction=correction_id, kept=kept)
    return correction
