"""Marketing ends at once for any address named, by anybody: a suppression by keyed hash, and one notice with an undo."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func
from sqlmodel import col, select

from assistant.casework import saying
from assistant.casework.audit import record
from assistant.casework.requests.intake import move
from assistant.casework.requests.ours import is_ours
from assistant.casework.saying import bystanders
from assistant.casework.uses import put_back
from assistant.casework.uses.suppression import MARKETING, subject_of
from assistant.domain.addresses import normal_address
from assistant.domain.details import FoundOut
from assistant.domain.lifecycle import Status
from assistant.domain.mailboxes import counted_as
from assistant.domain.uses import EndOfUse
from assistant.errors import NotVerified
from assistant.services import Services, Unit
from assistant.store.tables import Conversation, PrivacyRequest, Suppression, Tally

_DAY = timedelta(days=1)
_NOTICES_A_DAY = 1
_SECRET = 48  # hexadecimal digits: 192 bits


def stop_at_once(unit: Unit, request: PrivacyRequest) -> None:
    """End marketing for every address that a request names, whatever else its message still waits for; once.

    GDPR 21(3): no reason, no proof, no exception; of more than a few a person approves it.
    """
    is_new = request.status == Status.RECEIVED and request.to_plan_at is None
    said = EndOfUse.of(request.details)
    if not (said.marketing and said.addresses and is_new):
        return
    request.details = replace(said, purpose=MARKETING).kept_in(request.details)
    request.tier_needed = 0
    request.to_plan_at = unit.now
    unit.session.add(request)
    if said.by_person:
        move(unit, request, Status.OPEN, "desk")
    else:
        suppress(unit, request)
    unit.wake("plan")


def suppress(unit: Unit, request: PrivacyRequest) -> None:
    """Keep marketing off every address that a request names, and tell each of them."""
    for number, address in enumerate(EndOfUse.of(request.details).addresses):
        kept = keep_off(unit, address, request.ref)
        record(unit, request.ref, "desk", "suppressed", purpose=MARKETING)
        _tell(unit, request, address, kept, number)


def _tell(unit: Unit, request: PrivacyRequest, address: str, kept: Suppression, number: int) -> None:
    subject = kept.subject_hash
    if "@" in address and not is_ours(unit.services, address) and _may_notice(unit, subject):
        if _is_held_back(unit, request, address):
            return
        unit.session.add(Tally(subject_hash=subject, what="marketing_notice", at=unit.now))
        undo = _undo_secret(unit.services, subject)
        kept.undo_hash = unit.services.keyring.keyed_hash(undo, "undo")
        unit.session.add(kept)
        saying.mail(
            unit,
            "marketing_notice",
            to=address,
            language=request.language,
            ref=request.ref,
            conversation_id=request.conversation_id,
            fate=saying.Fate(typed=request.channel != "email", unasked=True),
            key=f"marketing:{request.ref}:{number}" if number else f"marketing:{request.ref}",
            requests=[saying.as_seen(request)],
            undo_url=f"{unit.services.settings.server.public_url}/verify/undo/{undo}",
        )


def _is_held_back(unit: Unit, request: PrivacyRequest, address: str) -> bool:
    """Tell whether whoever writes has named too many already: then no notice goes out, and its text says so."""
    conversation = unit.session.get(Conversation, request.conversation_id)
    if conversation is None or EndOfUse.of(request.details).by_person:
        return False
    whom = unit.services.keyring.keyed_hash(counted_as(address))
    proved_as = unit.services.keyring.keyed_hash(normal_address(address))
    if not bystanders.full_until(unit, conversation, whom, proved_as):
        return False
    request.details = replace(FoundOut.of(request.details), untold=True).kept_in(request.details)
    bystanders.hold_back(unit, [request])
    return True


def keep_off(unit: Unit, address: str, ref: str = "") -> Suppression:
    """Record that an address gets no marketing; the way to take that back which its holder has been sent stays good."""
    subject, now = subject_of(unit.services.keyring, address), unit.now
    undo_hash = unit.services.keyring.keyed_hash(_undo_secret(unit.services, subject), "undo")
    kept = unit.session.get(Suppression, (subject, MARKETING)) or Suppression(
        subject_hash=subject, purpose=MARKETING, since=now, undo_hash=undo_hash
    )
    kept.since = now  # whoever had agreed again in between objects anew
    if ref:
        kept.refs = put_back.with_this(unit.session, kept.refs, ref)
    unit.session.add(kept)
    return kept


def _undo_secret(services: Services, subject: str) -> str:
    """Name the way back of an address, the same in all its notices: whoever objects in its name, ever so often, ends none."""
    return services.keyring.keyed_hash(f"{MARKETING}:{subject}", "way_back")[:_SECRET]


def _may_notice(unit: Unit, subject: str) -> bool:
    since = unit.now - _DAY
    told = unit.session.exec(
        select(func.count()).where(
            col(Tally.subject_hash) == subject, col(Tally.what) == "marketing_notice", col(Tally.at) > since
        )
    ).one()
    return told < _NOTICES_A_DAY


def undone_by(unit: Unit, secret: str) -> Suppression | None:
    """Give what a link would take back; its page and its button ask here alone."""
    hashed = unit.services.keyring.keyed_hash(secret, "undo")
    return unit.session.exec(select(Suppression).where(col(Suppression.undo_hash) == hashed)).first()


def language_of_undo(unit: Unit, secret: str) -> str | None:
    """Name the language of the newest notice with this link; None where nothing would be taken back."""
    found = undone_by(unit, secret)
    request = unit.session.get(PrivacyRequest, put_back.newest(unit.session, found.refs)) if found else None
    return request.language if request else None


def undo(unit: Unit, secret: str) -> None:
    """Take the suppression back: the holder of the address says that it was not wanted. Raises NotVerified.

    What was changed for it is an agent's to put back: a press is no new consent (GDPR 4(11)).
    """
    found = undone_by(unit, secret)
    if found is None:
        raise NotVerified
    unit.session.delete(found)
    unit.session.flush()
    ref = put_back.newest(unit.session, found.refs)
    record(unit, ref, "subject", "suppression_undone", purpose=found.purpose)
    put_back.open_task(unit, found.subject_hash, found.refs)
