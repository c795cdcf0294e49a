"""Planning: whoever was proved to be is looked up in every source, and what would happen is put in the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlmodel import Session, col, select

from assistant.casework import saying
from assistant.casework.answers import answers, running_services
from assistant.casework.answers.redaction import Mention, do_keep, find_mentions
from assistant.casework.audit import record
from assistant.casework.decisions.approval import do_approve
from assistant.casework.lease import PLANNING
from assistant.casework.proof import mail_domains
from assistant.casework.proof.sending import contacts_of, notices_due, stop_link
from assistant.casework.requests import asked_beside, named_accounts
from assistant.casework.requests.evidence import (
    CONTACT_TYPED,
    answer_for,
    identity_of,
    is_account_alone,
    is_denied,
    need_of,
    why_short,
)
from assistant.casework.requests.intake import set_attention
from assistant.casework.requests.one_by_one import each, failure_of, may_be_tried
from assistant.casework.requests.queue import DESK, do_propose
from assistant.casework.requests.rectification import is_unconfirmed
from assistant.casework.requests.together import stopped_together
from assistant.casework.uses import suppression
from assistant.casework.uses.ending import uses_known, with_every_consent
from assistant.domain.addresses import normal_address
from assistant.domain.assurance import CONTACT_COOL_OFF, Answer, Method, Tier
from assistant.domain.attention import Attention
from assistant.domain.lifecycle import Status
from assistant.domain.plan import Contact, Identity, Operation, Plan
from assistant.domain.rectifying import Changes
from assistant.domain.rights import CONFIRMED_FIRST, Right
from assistant.domain.uses import EndOfUse
from assistant.errors import AssistantError, IllegalTransition, SourceUnavailable
from assistant.interfaces import Handler
from assistant.services import Services, Unit
from assistant.store.tables import EvidenceRow, PrivacyRequest

log = structlog.get_logger(__name__)
# Of a conflict the person hears nothing: it may be with somebody else's row.
_TOLD = Attention.FIELD_NOT_MAPPED
# What calls a person until there is a plan.
_OF_A_TRY = (
    f"{Attention.SOURCE_UNAVAILABLE}:",
    f"{Attention.PLAN_FAILED}:",
    f"{Attention.SWEEP_FAILED}:plan",
)
_CHANGED_LATELY = "recent_contact_change"
_RETRY = timedelta(minutes=1)
_SHOWN_OF_NUMBER = 3  # of a client number, in a letter: enough to tell one's accounts apart


@dataclass(frozen=True, slots=True)
class _Found:
    request: PrivacyRequest
    evidence: EvidenceRow | None
    plan: Plan
    contacts: Sequence[Contact]
    mentions: Sequence[Mention] = ()
    home: mail_domains.Home | None = None
    # Whether the address that a lead typed stands there for the account they named.
    typed_on_file: bool = False


async def plan_due(services: Services) -> int:
    """Plan every request that waits for it; what cannot be planned is tried again later, and people told."""
    waiting = await services.write(_claim)
    return await each(services, "plan", waiting, lambda ref: _plan_or_put_off(services, ref))


async def _plan_or_put_off(services: Services, ref: str) -> None:
    found = await services.read(lambda unit: _load(unit.session, ref))
    if found is None:
        return
    failure = await failure_of(_plan_one(services, *found), "request.not_planned", ref=ref)
    if failure is None:
        return
    await services.write(lambda unit: _put_off(unit, ref, failure))
    # A system that is away mends itself: a minute later, each time.
    if not isinstance(failure, SourceUnavailable):
        raise failure


def _load(session: Session, ref: str) -> tuple[PrivacyRequest, EvidenceRow | None] | None:
    request = session.get(PrivacyRequest, ref)
    if request is None:
        return None
    return request, session.get(EvidenceRow, request.evidence_id) if request.evidence_id else None


def _claim(unit: Unit) -> list[str]:
    now = unit.now
    due = unit.session.exec(
        select(PrivacyRequest.ref)
        .where(
            PLANNING.is_free(now),
            may_be_tried("plan", PrivacyRequest.ref, now),
        )
        .order_by(col(PrivacyRequest.to_plan_at))
        .limit(50)
    ).all()
    PLANNING.take(unit, due)
    return list(due)


def _put_off(unit: Unit, ref: str, error: AssistantError) -> None:
    request = unit.session.get(PrivacyRequest, ref)
    if request is None or request.to_plan_at is None:
        return  # stopped, withdrawn or closed in the meantime
    request.to_plan_at = unit.now + _RETRY
    unit.session.add(request)
    # The next try in a minute mends it; whatever else failed may fail for good.
    if isinstance(error, SourceUnavailable):
        set_attention(unit, request, f"{Attention.SOURCE_UNAVAILABLE}:{error.data.get('source', '')}")
    else:
        _call_a_person(unit, request, f"{Attention.PLAN_FAILED}:{error.code}")


async def _plan_one(services: Services, request: PrivacyRequest, evidence: EvidenceRow | None) -> None:
    handler = services.handlers[Right(request.right)]
    if handler.operation is None:
        await services.write(lambda unit: _leave_to_agent(unit, request.ref))
        return
    if is_unconfirmed(request):
        await services.write(lambda unit: _wait_for_yes(unit.session, request.ref))
        return
    identity = await proved_identity(services, evidence) if evidence else _named_identity(request)
    contacts = await contacts_of(services, identity) if evidence else []
    plan = await propose(services, handler, identity, request.details)
    mentions = await _mentions(services, handler, plan, evidence)
    on_file = await _typed_on_file(services, evidence, identity)
    home = await mail_domains.look_up(services, evidence)
    found = _Found(request, evidence, plan, contacts, mentions, home, on_file)
    await services.write(lambda unit: _do_plan(unit, found))


async def _typed_on_file(services: Services, evidence: EvidenceRow | None, identity: Identity) -> bool:
    """Look the address up that a lead typed, for that account alone where one is named."""
    if evidence is None or CONTACT_TYPED not in evidence.flags:
        return False
    named = Identity(client_ids=identity.client_ids) if identity.client_ids else Identity(identity.emails)
    on_file = await contacts_of(services, named)
    return any(normal_address(each.address) in identity.emails for each in on_file if each.own)


async def _mentions(
    services: Services, handler: Handler, plan: Plan, evidence: EvidenceRow | None
) -> Sequence[Mention]:
    if plan.order.operation is not Operation.EXPORT:
        return ()
    own = services.keyring.unseal(evidence.contact) if evidence else ""  # on file there, and no other's name
    return await find_mentions(services, plan, own, portable_only=handler.portable_only)


async def propose(
    services: Services, handler: Handler, identity: Identity, details: Mapping[str, Any]
) -> Plan:
    """Ask a handler for its plan as of now; changes nothing."""
    named = with_every_consent(services, details)
    return await handler.propose(identity, services.sources, named, services.clock.now())


async def proved_identity(services: Services, evidence: EvidenceRow) -> Identity:
    """Give what the sources may be searched for, as of now."""
    return await services.read(lambda unit: identity_of(services, unit.session, evidence))


def _named_identity(request: PrivacyRequest) -> Identity:
    return suppression.identity_of(EndOfUse.of(request.details).addresses)


def _wait_for_yes(session: Session, ref: str) -> None:
    """Plan nothing before the person has confirmed from → to; their yes brings it back."""
    request = session.get(PrivacyRequest, ref)
    if request and is_unconfirmed(request):
        request.to_plan_at = None
        session.add(request)


def _leave_to_agent(unit: Unit, ref: str) -> None:
    request = unit.session.get(PrivacyRequest, ref)
    if request:
        request.to_plan_at = None
        unit.session.add(request)
        set_attention(unit, request, Attention.NEEDS_AGENT)


def _as_loaded(unit: Unit, found: _Found) -> PrivacyRequest | None:
    """Give a request that is to be planned as it was loaded; what was decided since is planned in its next turn."""
    request = unit.session.get(PrivacyRequest, found.request.ref)
    if request is None or request.to_plan_at is None:
        return None  # withdrawn, refused or planned in the meantime
    now, then = ((each.details, each.evidence_id) for each in (request, found.request))
    return request if now == then else None


def _do_plan(unit: Unit, found: _Found) -> None:
    request = _as_loaded(unit, found)
    if request is None:
        return
    if (request.attention or "").startswith(_OF_A_TRY):
        set_attention(unit, request, None)
    if found.evidence is None:
        _do_at_once(unit, request, found.plan)
        return
    evidence = unit.session.get(EvidenceRow, found.evidence.id) or found.evidence
    if found.typed_on_file:
        evidence.on_file = True
        unit.session.add(evidence)
    if _ends_without_plan(unit, request, evidence, found):
        return
    _flag_doubts(unit, request, evidence, found)
    answer = answer_for(unit.services, request, evidence, found.plan)
    if unit.services.handlers[Right(request.right)].freezes and answer.missing is None:
        action = do_propose(unit, request, found.plan, automatic=True)
        do_approve(unit, action, request, DESK, answer.not_before or unit.now)
        return
    action = do_propose(unit, request, found.plan)
    do_keep(unit, action, found.mentions)
    _notify(unit, request, evidence, found)
    _call_for(unit, request, _why_held_up(unit.session, request, evidence, found.plan, answer))
    log.info("request.planned", ref=request.ref, action=action.id, rows=found.plan.rows)


def _call_for(unit: Unit, request: PrivacyRequest, why: str | None) -> None:
    if why == _TOLD:
        _call_a_person(unit, request, why)
    elif why:
        set_attention(unit, request, why)


def _why_held_up(
    session: Session, request: PrivacyRequest, evidence: EvidenceRow, plan: Plan, answer: Answer
) -> str | None:
    """Name what keeps a plan from being approved as it stands."""
    if running_services.is_held_up(plan):
        return running_services.to_do(session, request)
    if named_accounts.waiting_words(session, request, plan):
        return Attention.ACCOUNTS_NAMED
    if asked_beside.is_unread(session, request):
        return Attention.ASKED_BESIDE
    if plan.conflicts:
        return Attention.PLAN_CONFLICT
    if plan.nowhere:
        return Attention.FIELD_NOT_MAPPED
    return why_short(answer, evidence) if answer.missing is not None else None


def _ends_without_plan(unit: Unit, request: PrivacyRequest, evidence: EvidenceRow, found: _Found) -> bool:
    """Answer, or call an agent, where there is nothing to carry out; tells whether that was so."""
    if not _holds_anything(unit.services, found) and not evidence.on_file:
        proved = unit.services.keyring.unseal(evidence.client_id) if evidence.client_id else None
        if named_accounts.another_number(unit.session, request, proved):
            _leave_to_person(unit, request, Attention.CLIENT_NUMBER_NAMED)
            return True
        if asked_beside.is_unread(unit.session, request):  # it was said that a person answers it
            _leave_to_person(unit, request, Attention.ASKED_BESIDE)
            return True
        request.to_plan_at = None
        unit.session.add(request)
        if request.attention in evidence.flags and not is_denied(evidence):
            set_attention(unit, request, None)  # who asks was in doubt for a copy; there is none
        answers.answer_nothing(unit, request)
        return True
    if found.plan.is_already_so:
        _answer_already(unit, request, evidence, found)
        return True
    if reason := _why_a_person(unit.services, found.plan):
        _leave_to_person(unit, request, reason)
        return True
    return False


def _answer_already(unit: Unit, request: PrivacyRequest, evidence: EvidenceRow, found: _Found) -> None:
    """Say so; whoever hears it learns what is stored, so it takes the proof, the letters and the hold of any change."""
    _flag_doubts(unit, request, evidence, found)
    answer = answer_for(unit.services, request, evidence, found.plan)
    if answer.missing is not None:
        _leave_to_person(unit, request, why_short(answer, evidence))
        return
    waits = answer.not_before is not None and answer.not_before > unit.now
    request.to_plan_at = answer.not_before if waits else None
    unit.session.add(request)
    if waits:
        _notify(unit, request, evidence, found)
    else:
        answers.answer_already(unit, request, found.plan)


def _why_a_person(services: Services, plan: Plan) -> str:
    """Nothing to do is not done: where no map says what to do, a person decides."""
    known = uses_known(services)
    if plan.order.operation is Operation.STOP and any(use not in known for use in plan.order.purposes):
        return Attention.UNKNOWN_USE
    is_empty = not (plan.steps or plan.conflicts or plan.blockers)
    return Attention.NOTHING_TO_DO if is_empty else ""


def _leave_to_person(unit: Unit, request: PrivacyRequest, reason: str) -> None:
    request.to_plan_at = None
    unit.session.add(request)
    _call_a_person(unit, request, reason)


def _call_a_person(unit: Unit, request: PrivacyRequest, reason: str) -> None:
    """Call an agent, and tell whoever asked, once for each reason: they have proved who they are, and wait."""
    if request.attention != reason:
        answers.say_a_person_reads(unit, request)
    set_attention(unit, request, reason)


def _holds_anything(services: Services, found: _Found) -> bool:
    """Tell whether anything is held besides the very conversation in which the person asks."""
    own = services.own_sources
    talks = [
        t.rows
        for at in found.plan.located
        if at.source in own
        for t in at.tables
        if t.table == "conversations"
    ]
    looked_up = any(source.kind == "manual" for source in services.sources)  # nobody knows yet
    held = any(at.rows for at in found.plan.located if at.source not in own)
    return looked_up or sum(talks) > 1 or held


def _do_at_once(unit: Unit, request: PrivacyRequest, plan: Plan) -> None:
    """GDPR 21(3), 7(3): marketing ends for whatever address was named, without proof and, of a few, without a person."""
    if EndOfUse.of(request.details).by_person:
        do_propose(unit, request, plan)
        set_attention(unit, request, Attention.MANY_ADDRESSES)
        return
    # Its proof is gone, or it should not have come here: never in silence.
    if request.status != Status.RECEIVED:
        raise IllegalTransition(status=request.status)
    action = do_propose(unit, request, plan, automatic=True)
    do_approve(unit, action, request, DESK, unit.now)


def _flag_doubts(unit: Unit, request: PrivacyRequest, evidence: EvidenceRow, found: _Found) -> None:
    """Mark what a mailbox proves little by: it was entered lately, or its domain is another house than it was."""
    _flag_recent_change(unit, request, evidence, found)
    if found.home is not None:
        mail_domains.compare(unit, request, evidence, found.home)


def _flag_recent_change(unit: Unit, request: PrivacyRequest, evidence: EvidenceRow, found: _Found) -> None:
    """A contact changed in the last 30 days proves little: only people decide what it unlocks (A26)."""
    proved = normal_address(unit.services.keyring.unseal(evidence.contact))
    since = unit.now - CONTACT_COOL_OFF
    sensitive = need_of(unit.services, Right(request.right), request.details, found.plan).provable >= Tier.T2
    decided = evidence.fresh_login or evidence.tier >= Tier.T3
    if not sensitive or decided or _CHANGED_LATELY in evidence.flags:
        return
    if _changed_here(unit.session, proved, since) or any(
        c.changed_at and c.changed_at > since and normal_address(c.address) == proved for c in found.contacts
    ):
        evidence.flags = [*evidence.flags, _CHANGED_LATELY]
        unit.session.add(evidence)
        record(unit, request.ref, DESK, "evidence_flagged", flag=_CHANGED_LATELY)


def _changed_here(session: Session, address: str, since: datetime) -> bool:
    """Tell whether the desk itself entered this address lately: few sources note when a contact changed."""
    corrected = session.exec(
        select(PrivacyRequest).where(
            col(PrivacyRequest.closed_at) > since,
            col(PrivacyRequest.right).in_(CONFIRMED_FIRST),
            col(PrivacyRequest.status).in_((Status.ANSWERED, Status.PARTLY_ANSWERED)),
        )
    )
    entered = (value for r in corrected for value in Changes.of(r.details).new_values.values())
    return any(normal_address(value) == address for value in entered)


def _notify(unit: Unit, request: PrivacyRequest, evidence: EvidenceRow, found: _Found) -> None:
    """Tell the person's own other addresses, and for what waits also the proved one how to stop it."""
    if found.plan.order.operation is Operation.LIFT:
        return  # ours, not theirs: it has a notice of its own
    proved = unit.services.keyring.unseal(evidence.contact)
    seen = [saying.as_seen(request)]
    stops = stopped_together(unit.session, [request])
    references, stopped = [r.ref for r in stops], [saying.as_seen(r) for r in stops]
    typed = CONTACT_TYPED in evidence.flags
    notice = "mail_notice_elsewhere" if typed else "mail_notice"
    # They heard of what was asked; that people stand for it is news.
    decided = evidence.method == Method.AGENT
    what = f"{notice}_decided" if decided else notice
    for address in notices_due(unit, found.contacts, proved, what=what):
        saying.mail(
            unit,
            notice,
            to=address,
            language=request.language,
            ref=request.ref,
            key=f"notice:{request.ref}:{evidence.id}:{unit.services.keyring.keyed_hash(normal_address(address))}",
            requests=seen,
            asked_at=request.received_at,
            channel=request.channel,
            not_me_url=stop_link(unit, references, address),
            stops=stopped,
        )
    not_before = answer_for(unit.services, request, evidence, found.plan).not_before
    if not_before and not_before > unit.now:
        name, account = _hold_letter(unit, evidence)
        saying.mail(
            unit,
            name,
            to=proved,
            language=request.language,
            ref=request.ref,
            key=f"hold:{request.ref}:{evidence.id}",
            requests=seen,
            not_before=not_before,
            not_me_url=stop_link(unit, [request.ref], proved),  # what this letter is about is taken back
            stops=stopped,
            **account,
        )


def _hold_letter(unit: Unit, evidence: EvidenceRow) -> tuple[str, dict[str, Any]]:
    """Name the letter about a hold: whoever reads the mailbox confirmed nothing where somebody signed in."""
    if evidence.method == Method.AGENT:
        return "mail_hold_decided", {}
    if not is_account_alone(unit.session, evidence):
        return "mail_hold", {}
    return "mail_hold_signed_in", {
        "account": unit.services.keyring.unseal(evidence.client_id or "")[-_SHOWN_OF_NUMBER:]
    }
