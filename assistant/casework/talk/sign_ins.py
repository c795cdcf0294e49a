"""What a fresh sign-in to the client area answers: the requests of its nonce and no others, or a package (A20)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session, col, select

from assistant.casework.answers import packages
from assistant.casework.proof import attaching, challenges, sending
from assistant.casework.requests import rectification
from assistant.casework.requests.reach import is_for_other, needs_proof
from assistant.casework.requests.together import stopped_together
from assistant.casework.talk import after_proof, hiding
from assistant.casework.talk.mailed_links import Came, seen, stopped
from assistant.casework.talk.proving import hidden_of, names_another
from assistant.casework.talk.turn import Turn
from assistant.domain.assurance import Method
from assistant.domain.lifecycle import ChallengeState, advance
from assistant.domain.moves import Claim
from assistant.domain.talk import WAITING
from assistant.errors import AnotherNamed, NothingToProve, NotVerified
from assistant.interfaces import SignedIn
from assistant.services import Services, Unit
from assistant.store.keyring import client_hash
from assistant.store.queries import requests_named
from assistant.store.tables import ChallengeRow, Conversation, EvidenceRow, PrivacyRequest, Seen

_CLOCK_PUT_BACK = timedelta(days=1)  # what ran out before the clock was set holds again after it


@dataclass(frozen=True, slots=True)
class SignInAsked:
    """A sign-in that was offered and is still awaited: its question for proof, what that is about, and its talk."""

    challenge: ChallengeRow
    requests: list[PrivacyRequest]
    conversation: Conversation


def take_once(session: Session, method: Method, who: SignedIn) -> None:
    """Take a signed token; raises NotVerified the second time. Each site numbers its own tokens."""
    value = f"jti:{method}:{who.token_id}"
    if session.get(Seen, value) is not None:
        raise NotVerified
    session.add(Seen(value=value, until=who.expires_at + _CLOCK_PUT_BACK))
    session.flush()


def asked_of(unit: Unit, who: SignedIn) -> SignInAsked:
    """Give what the nonce of a sign-in was made for, as long as it is alive; raises NotVerified."""
    nonce = unit.services.keyring.keyed_hash(who.nonce or "", "link")
    row = unit.session.exec(select(ChallengeRow).where(col(ChallengeRow.link_hash) == nonce)).first()
    if row is None or not challenges.is_open(unit.services, row):
        raise NotVerified
    talk_of = unit.session.get_one(Conversation, row.conversation_id)
    return SignInAsked(row, requests_named(unit.session, row.references), talk_of)


def would_stop(unit: Unit, who: SignedIn) -> Came | None:
    """Tell what "this wasn't me" would stop; the token stays good for the second press."""
    asked = asked_of(unit, who)
    stops = stopped_together(unit.session, asked.requests)
    return Came("not_me_sure", seen(stops), asked.conversation.language or "en") if stops else None


def open_package(unit: Unit, who: SignedIn) -> str:
    """Give the one who signed in the package that it was asked for, once; raises NotVerified."""
    row = asked_of(unit, who).challenge
    if row.package_id is None:
        raise NotVerified
    take_once(unit.session, Method.CLIENT_AREA, who)
    return packages.grant(unit, row.package_id, row.id, who.client_id)


def confirm(unit: Unit, who: SignedIn, contact: str, changes: str) -> tuple[EvidenceRow, SignInAsked]:
    """Prove by a sign-in what was asked for it, once; raises NotVerified, and ChangedMeanwhile as a mailed link does."""
    asked = _used(unit, who)
    talk = Turn.quiet(unit, asked.conversation)
    if len(_not_of_another(talk, asked.requests, who, contact)) < len(asked.requests):
        # Of what somebody asked there who has left since, nobody hears who was named.
        is_hidden = not set(talk.state.hidden).isdisjoint(asked.challenge.references)
        raise NotVerified if is_hidden else AnotherNamed(language=talk.conversation.language)
    rectification.confirm_as_shown(unit, asked.requests, changes)
    evidence = attaching.give_evidence(
        unit,
        method=Method.CLIENT_AREA,
        contact=contact,
        conversation_id=asked.conversation.id,
        references=asked.challenge.references,
        on_file=True,
        client_id=who.client_id,
    )
    return evidence, asked


def _not_of_another(turn: Turn, requests: Sequence[PrivacyRequest], who: SignedIn, contact: str) -> list[str]:
    """Name the requests that whoever signed in may have asked: in none of them was anybody else named."""
    claims = (Claim("client_id", who.client_id), Claim("email", contact))
    own = {turn.unit.services.keyring.keyed_hash(each.normal) for each in claims}
    return [request.ref for request in requests if not names_another(turn, request, own)]


def deny(unit: Unit, who: SignedIn) -> Came:
    """Stop what whoever signed in never asked, once; raises NotVerified."""
    asked = _used(unit, who)
    return stopped(unit, asked.requests, asked.conversation.language or "en")


def _used(unit: Unit, who: SignedIn) -> SignInAsked:
    asked = asked_of(unit, who)
    if asked.challenge.package_id is not None:
        raise NotVerified  # it was asked for a package, and proves nothing else
    take_once(unit.session, Method.CLIENT_AREA, who)
    asked.challenge.state = advance(asked.challenge.state, ChallengeState.USED)
    unit.session.add(asked.challenge)
    return asked


async def identify_in_chat(services: Services, ident: str, who: SignedIn) -> None:
    """Prove by the sign-in of a host site what waits in a chat, once; raises NotVerified, and leaves it unused where nothing waits."""
    contact = await sending.contact_of_sign_in(services, who)

    def one_unit(unit: Unit) -> None:
        take_once(unit.session, Method.PAGE_TOKEN, who)
        if unit.session.get(Conversation, ident) is None:
            raise NothingToProve
        turn = hiding.quiet_turn(unit, ident)  # which hides what is to be hidden
        account = client_hash(services.keyring, who.client_id)
        hidden = set(turn.state.hidden) - set(hidden_of(turn, account))
        there = [
            r
            for r in turn.all_requests()
            if r.status in WAITING and needs_proof(r) and not is_for_other(r) and r.ref not in hidden
        ]
        waiting = _not_of_another(turn, there, who, contact)
        if not waiting and (there or not (turn.state.hidden_of or turn.state.sought)):
            raise NothingToProve
        evidence = attaching.give_evidence(
            unit,
            method=Method.PAGE_TOKEN,
            contact=contact,
            conversation_id=ident,
            references=waiting,
            on_file=True,
            client_id=who.client_id,
        )
        after_proof.proved_beside(turn, evidence)
        turn.store_state()

    await services.write(one_unit)
