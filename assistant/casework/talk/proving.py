"""Who asks, in a chat: a code is sent to what was named, tried when it is typed, and its question asked in the same words for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from sqlmodel import col, select

from assistant.casework.outbox import is_untaken
from assistant.casework.proof import challenges, checking, limits
from assistant.casework.requests.ours import is_ours
from assistant.casework.requests.reach import is_for_other, lacks_address
from assistant.casework.requests.whose import HIDING
from assistant.casework.talk.standing import say_how_it_stands
from assistant.casework.talk.turn import Turn
from assistant.domain.addresses import client_number_like, deliverable, normal_address
from assistant.domain.assurance import Method
from assistant.domain.lifecycle import ChallengeState, Status
from assistant.domain.messages import MESSAGES
from assistant.domain.moves import Claim
from assistant.domain.talk import ASK_CONTACT, TO_PROVE, WAITING, was_denied
from assistant.errors import NotVerified, TooManyAttempts
from assistant.services import Unit
from assistant.store.tables import ChallengeRow, Conversation, EvidenceRow, Message, PrivacyRequest

# ── asking for a code ───────────────────────────────────────────────────────────────────────────────


def want_code(turn: Turn, claim: Claim, references: Sequence[str]) -> None:
    """Have a code sent, and say the same whether anybody is known by that address."""
    if claim.kind == "client_id":
        example = turn.unit.services.settings.controller.client_number
        claim = replace(claim, value=client_number_like(example, claim.value))
    ours = claim.kind == "email" and is_ours(turn.unit.services, claim.value)
    if ours or (claim.kind == "email" and not deliverable(claim.value.strip())):
        wait_for_contact(turn, references)  # no mail can ever reach what was typed, known or not
        turn.say("typed_address_unusable", expects="email", choices=turn.ways_out(references))
        return
    note_named(turn, claim)
    subject = turn.unit.services.keyring.keyed_hash(claim.normal)
    if not (references or turn.state.hidden_of or turn.state.sought):
        say_how_it_stands(turn)
    elif limits.is_paused(turn.unit, subject):
        turn.say("verification_paused", choices=turn.ways_out(references))
    else:
        _send_code(turn, claim, subject, references)


def note_named(turn: Turn, claim: Claim) -> None:
    """Keep who is said to ask, whatever is asked before any code goes out: nobody else's sign-in answers for them."""
    turn.state = replace(turn.state, named=turn.unit.services.keyring.keyed_hash(claim.normal))


def _send_code(turn: Turn, claim: Claim, subject: str, references: Sequence[str]) -> None:
    # What is hidden or sought is named to nobody but whoever may prove it, in their mail; here nothing tells of it.
    named = list(dict.fromkeys([*references, *hidden_of(turn, subject), *sought_by(turn, subject)]))
    earlier = challenges.current_challenge(turn.unit.session, turn.conversation)
    is_unsent = earlier is not None and earlier.state == ChallengeState.WANTED
    instead = is_unsent and earlier is not None and earlier.claimed_hash != subject
    try:
        challenge = challenges.want_challenge(
            turn.unit, turn.conversation, claim, named, method=Method.EMAIL_CODE
        )
    except TooManyAttempts as error:
        if turn.state.expects != "code":  # a code that was sent before is still good
            wait_for_contact(turn, references)
        turn.say("code_limit", choices=turn.ways_out(references), next_at=error.data["next_at"])
        return
    turn.state = replace(turn.state, misgiven=False)
    _ask_for_code(turn, challenge, references, instead=instead)


def wait_for_contact(turn: Turn, references: Sequence[str]) -> None:
    """Wait for the address or client number under which these are looked up."""
    turn.state = turn.state.asking(ASK_CONTACT, "email", references)


def mend_slip(turn: Turn, references: Sequence[str]) -> None:
    """Ask for the address again, since the one that was named is a mistake."""
    if turn.state.expects == "code":
        wait_for_contact(turn, references)
    turn.state = replace(turn.state, misgiven=True, named=None)
    turn.say("slip_mended", expects="email", choices=turn.ways_out(turn.state.about))


def _ask_for_code(
    turn: Turn, challenge: ChallengeRow, references: Sequence[str], *, instead: bool = False
) -> None:
    name = "code_sent_email" if challenge.claimed_kind == "email" else "code_sent_client_id"
    turn.state = turn.state.asking(name, "code", references)
    turn.say(
        name,
        expects="code",
        choices=turn.code_choices(challenge),
        until=challenge.expires_at,
        instead=instead,
        later=_asked_for_later(turn, challenge),
    )


def say_where_code_is(turn: Turn, challenge: ChallengeRow) -> None:
    """Say what is so of a code that is awaited, and the same whether anybody is known by what was typed."""
    if turn.given.is_number:
        turn.say("code_has_eight_digits", expects="code", choices=turn.code_choices())
    else:
        tell_where_code_is(turn, challenge)


def tell_where_code_is(turn: Turn, challenge: ChallengeRow) -> None:
    """Say when a code was asked for and how long it holds, or ask for it where it was not sent yet."""
    if challenge.state == ChallengeState.WANTED:
        _ask_for_code(turn, challenge, turn.state.about)
        return
    by_email = challenge.claimed_kind == "email"
    # Of an address typed here alone: what became of a letter to a number's would tell whether there is one.
    known: dict[str, Any] = (
        {"untaken": is_untaken(turn.unit.session, challenge.id, turn.conversation.id)} if by_email else {}
    )
    turn.say(
        "code_was_sent_email" if by_email else "code_was_sent_client_id",
        expects="code",
        choices=turn.code_choices(),
        asked_at=challenge.asked_at,
        until=challenge.expires_at,
        next_at=limits.next_code_after(turn.unit, challenge),
        later=_asked_for_later(turn, challenge),
        **known,
    )


def tell_of_code_beside(turn: Turn) -> None:
    """Say where the code is that can still be typed, and leave the question that is open."""
    if challenge := live_code(turn, ()):
        asked = turn.state
        tell_where_code_is(turn, challenge)
        turn.state = asked


def say_beside(turn: Turn, name: str) -> None:
    """Say what answers a question beside an address or a code that is awaited, with the ways on below it."""
    awaited = turn.state.expects
    choices = turn.code_choices() if awaited == "code" else turn.ways_out(turn.state.about)
    told: dict[str, Any] = {"awaited": awaited} if "awaited" in MESSAGES[name].variables else {}
    turn.say(name, expects=awaited, choices=choices, **told)


def _asked_for_later(turn: Turn, challenge: ChallengeRow) -> list[dict[str, Any]]:
    """List what a code does not count for that is awaited now: another one is sent once it was typed."""
    about = turn.requests_named(turn.state.about)
    return turn.seen([r for r in about if r.status in TO_PROVE and r.ref not in challenge.references])


def live_code(turn: Turn, references: Sequence[str]) -> ChallengeRow | None:
    """Give the code that is good for these, and can still be typed."""
    found = challenges.current_challenge(turn.unit.session, turn.conversation)
    now = turn.unit.now
    is_good = (
        found and found.expires_at and found.expires_at > now and set(references) <= set(found.references)
    )
    return found if is_good else None


def asks_as_given(turn: Turn, references: Sequence[str]) -> bool:
    """Ask for proof where the person was reached before: a code that can still be typed comes first, then the next.

    A code counts for what its mail names (docs/decisions.md), so a further wish gets its own, and the first stays
    good; False where nobody was reached.
    """
    given = live_code(turn, references) or _given(turn)
    has_lapsed = any(r.status == Status.LAPSED for r in turn.requests_named(references))
    if given is None or has_lapsed:
        return False  # what lapsed may have done so because nothing arrives there
    if live_code(turn, ()) is not None:
        turn.state = turn.state.asking("code_sent_email", "code", references)
        tell_where_code_is(turn, given)
    else:
        claimed = turn.unit.services.keyring.unseal(given.claimed)
        want_code(turn, Claim(given.claimed_kind, claimed), references)
    return True


def _given(turn: Turn) -> ChallengeRow | None:
    """Give the code that went to what was named last in this talk, by whoever is here now, and was no mistake."""
    last = None if turn.state.misgiven else turn.last_challenge()
    if last is None or not last.claimed or _was_stopped(turn, last):
        return None
    return last


def _was_stopped(turn: Turn, challenge: ChallengeRow) -> bool:
    """Tell whether its mailbox denied what a code was for, or the code ended before its time, as where no mail arrives."""
    now = turn.unit.now
    ended = challenge.state == ChallengeState.DEAD and (challenge.expires_at or now) > now
    return ended or any(map(was_denied, turn.requests_named(challenge.references)))


def contact_known(turn: Turn) -> str | None:
    """Give the mailbox that whoever is here proved, or else named last for a code: what a wish beside it needs no asking for."""
    proved = (
        select(EvidenceRow)
        .where(
            col(EvidenceRow.conversation_id) == turn.conversation.id,
            col(EvidenceRow.obtained_at) > turn.left_at,
        )
        .order_by(col(EvidenceRow.obtained_at).desc())
    )
    last, given = turn.unit.session.exec(proved.limit(1)).first(), _given(turn)
    keyring = turn.unit.services.keyring
    if last is not None and not (given and given.asked_at > last.obtained_at):
        return keyring.unseal(last.contact) if last.contact else None
    return keyring.unseal(given.claimed) if given and given.claimed_kind == "email" else None


# ── trying a code ───────────────────────────────────────────────────────────────────────────────────


def try_code(turn: Turn) -> None:
    """Count a try at a code, to be checked after this unit, or say why none is taken."""
    try:
        challenge = challenges.current_challenge(turn.unit.session, turn.conversation)
        turn.pending = checking.reserve_attempt(turn.unit, challenge)
    except TooManyAttempts as error:
        ways_out = turn.ways_out(turn.state.about)
        if error.data.get("paused"):
            turn.say("verification_paused", choices=ways_out)
        else:
            turn.say("code_used_up", choices=ways_out, next_at=error.data["next_at"])
    except NotVerified:
        turn.say("code_not_accepted", expects=turn.state.expects, choices=turn.code_choices())


def attempt_at(unit: Unit, message_id: int) -> tuple[str, checking.Attempt | None]:
    """Give what was typed as a code before a restart, and the try that it was counted as."""
    message = unit.session.get_one(Message, message_id)
    conversation = unit.session.get_one(Conversation, message.conversation_id)
    challenge = challenges.current_challenge(unit.session, conversation)
    return message.text, checking.attempt_made(unit, challenge, message.at)


def refuse_code(turn: Turn, challenge_id: str) -> None:
    """Say of a wrong code that it is none, and whether another try is left."""
    challenge = checking.note_failure(turn.unit, challenge_id)
    if challenge is not None and challenge.state == ChallengeState.SPENT:
        next_at = limits.next_code_after(turn.unit, challenge) or turn.unit.now
        turn.say("code_used_up", choices=turn.ways_out(), next_at=next_at)
    else:
        say_no_code(turn)


def say_no_code(turn: Turn, name: str = "code_not_accepted") -> None:
    """Say that a code was not taken, or not looked at, and wait for another."""
    turn.say(name, expects="code", choices=turn.code_choices())


# ── what is proved beside what is there ─────────────────────────────────────────────────────────────


def hidden_of(turn: Turn, subject: str) -> list[str]:
    """Name what a code to this subject brings back: all that is hidden of them, and nothing that nobody was named for."""
    found = [r for ref in turn.state.hidden if (r := turn.unit.session.get(PrivacyRequest, ref))]
    if turn.state.is_of(subject):
        return [r.ref for r in found if not _is_of_nobody(turn.unit, r)]
    return [r.ref for r in found if (r.contact_hash or _only(_named_for(turn.unit, r))) == subject]


def sought_by(turn: Turn, subject: str) -> list[str]:
    """Name what was sought by its reference and was asked in this subject's name; what nobody was named for is as if there were none."""
    found = [r for ref in turn.state.sought if (r := turn.unit.session.get(PrivacyRequest, ref))]
    waiting = [
        r for r in found if r.status in TO_PROVE and not (r.contact or is_for_other(r) or was_denied(r))
    ]
    return [r.ref for r in waiting if _only(_named_for(turn.unit, r)) == subject]


def names_another(turn: Turn, request: PrivacyRequest, own: AbstractSet[str]) -> bool:
    """Tell whether somebody else was said to ask a request than who has these names: a sign-in is no proof of it."""
    if request.ref in turn.state.hidden:
        return not _named_for(turn.unit, request) <= own
    return turn.state.named is not None and turn.state.named not in own


def _is_of_nobody(unit: Unit, request: PrivacyRequest) -> bool:
    if request.contact is not None or _named_for(unit, request):
        return False
    return (request.status in WAITING and not is_for_other(request)) or lacks_address(request)


def _only(names: set[str]) -> str | None:
    return next(iter(names)) if len(names) == 1 else None


def _named_for(unit: Unit, request: PrivacyRequest) -> set[str]:
    """Name by keyed hash who was said to ask it, by whoever sat there then, or who mailed it."""
    conversation = unit.session.get_one(Conversation, request.conversation_id)
    if conversation.channel == "email":
        named = (conversation.subject_hint, request.details.get("client_number"))
        return {unit.services.keyring.keyed_hash(normal_address(each)) for each in named if each}
    hiding = select(Message.at).where(
        col(Message.conversation_id) == conversation.id,
        col(Message.external_id).startswith(HIDING),
        col(Message.at) > request.received_at,
    )
    left_at = min(unit.session.exec(hiding), default=None)
    codes = unit.session.exec(
        select(ChallengeRow).where(
            col(ChallengeRow.conversation_id) == conversation.id, col(ChallengeRow.claimed_hash) != ""
        )
    )
    there = [each for each in codes if left_at is None or each.asked_at <= left_at]
    # What is asked after a proof has its code sent there unasked: who sat there by then may be another (B13).
    before = select(EvidenceRow.references).where(
        col(EvidenceRow.conversation_id) == conversation.id,
        col(EvidenceRow.obtained_at) < request.received_at,
    )
    proved = {ref for references in unit.session.exec(before) for ref in references}
    used = {
        each.claimed_hash
        for each in there
        if each.state == ChallengeState.USED and proved.intersection(each.references)
    }
    return {each.claimed_hash for each in there if request.ref in each.references} - used
