"""Refusing a request: a lead decides, on a ground whose facts are so (GDPR 12(4), 12(5)); never automatic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlmodel import Session, col, select

from assistant.casework.answers import answers
from assistant.casework.requests.intake import move, set_attention
from assistant.casework.requests.queue import Principal, Role, get_request, void_actions
from assistant.casework.saying.typed import check_discloses_nothing, check_words
from assistant.domain.grounds import Ground, ground
from assistant.domain.lifecycle import CLOSED, ChallengeState, Status
from assistant.domain.refusing import FactMissing, checked_facts, references_in
from assistant.domain.rights import Right
from assistant.domain.uses import EndOfUse
from assistant.errors import Conflict
from assistant.services import Unit
from assistant.store.tables import ChallengeRow, PrivacyRequest

_NO_FACTS: Mapping[str, str] = {}


def refuse(
    unit: Unit,
    ref: str,
    ground_name: str,
    reason: str,
    agent: Principal,
    facts: Mapping[str, str] = _NO_FACTS,
) -> PrivacyRequest:
    """Refuse with a ground of the law, the facts it requires, its reason, and where to complain (GDPR 12(4))."""
    agent.require(Role.LEAD)
    request = get_request(unit.session, ref)
    if request.status in CLOSED:
        raise Conflict(f"The request is {request.status} already.", status=request.status)
    check_words(reason, empty="Say why in words the person understands (GDPR 12(4)).")
    check_discloses_nothing(unit, request.conversation_id, reason)
    law = ground(ground_name, Right(request.right), marketing=bool(EndOfUse.of(request.details).marketing))
    kept = checked_facts(law, facts, unit.services.local_day(unit.now))
    _check_looked_up(unit, request, law, kept)
    void_actions(unit, ref, "refused")
    move(unit, request, Status.REFUSED, agent.actor, ground=ground_name, article=law.article, facts=kept)
    set_attention(unit, request, None)
    answers.give_answer(unit, request, "answer_refused", reason=reason.strip(), ground_law=law.article)
    return request


def _check_looked_up(unit: Unit, request: PrivacyRequest, law: Ground, facts: Mapping[str, str]) -> None:
    if "earlier_requests" in facts:
        _check_earlier(unit.session, request, references_in(facts["earlier_requests"]))
    if "proof_failed" in law.requires and not proof_failed(unit, request):
        raise FactMissing(
            "Nobody can be called unidentifiable before proof was asked of them, and did not come (GDPR 12(6)).",
            fact="proof_failed",
        )


def _check_earlier(session: Session, request: PrivacyRequest, references: Sequence[str]) -> None:
    for ref in references:
        earlier = session.get(PrivacyRequest, ref)
        if earlier is None or not _is_earlier_of_same(earlier, request):
            raise FactMissing(
                f"{ref} is no earlier request of this person for the same right; excessive rests on such (GDPR 12(5)).",
                fact="earlier_requests",
            )


def _is_earlier_of_same(earlier: PrivacyRequest, request: PrivacyRequest) -> bool:
    same_contact = request.contact_hash is not None and earlier.contact_hash == request.contact_hash
    same_person = same_contact or earlier.conversation_id == request.conversation_id
    before = earlier.ref != request.ref and earlier.received_at < request.received_at
    return same_person and before and earlier.right == request.right


def proof_failed(unit: Unit, request: PrivacyRequest) -> bool:
    """Tell whether proof was asked for, is no longer to be had by what was sent, and was never given."""
    asked = request.status == Status.VERIFYING or bool(request.suspensions)
    if not asked or request.evidence_id is not None:
        return False
    alive = select(ChallengeRow.references).where(
        col(ChallengeRow.conversation_id) == request.conversation_id,
        col(ChallengeRow.state).in_((ChallengeState.WANTED, ChallengeState.SENT)),
        col(ChallengeRow.expires_at).is_(None) | (col(ChallengeRow.expires_at) > unit.now),
    )
    return all(request.ref not in references for references in unit.session.exec(alive))
