"""One turn of a talk, in one unit: the message is stored, understood and answered, or waits for a slow check."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm.attributes import instance_state
from sqlmodel import col, select

from assistant.casework import (
    answers,
    closing,
    flood,
    link_again,
    marketing,
    presses,
    proof,
    rectification,
    running_services,
    talk,
    unwritten,
)
from assistant.casework import sparing as standing_still
from assistant.casework.evidence import need_of, proves_mailbox
from assistant.casework.intake import keep_talk, move, open_request, requests_of, set_attention
from assistant.casework.ours import is_ours
from assistant.casework.reach import is_for_other, is_mailbox_lost, lacks_address, waits_for_people
from assistant.conversation import (
    beside_erasure,
    correcting,
    for_others,
    lost_mailbox,
    picking,
    policy,
    sparing,
    unclaimed,
    uses,
)
from assistant.conversation.state import SESSION_HIDDEN, State
from assistant.conversation.subjects import complains_of_waiting, is_angry, is_numbered_like_a_request
from assistant.domain.addresses import (
    client_number_in,
    deliverable,
    emails_in,
    is_part_of_no_address,
    no_address_in,
    phones_in,
)
from assistant.domain.assurance import Method, Tier, code_in, stands_as_code
from assistant.domain.lifecycle import CLOSED, STOPPABLE, ChallengeState, Status
from assistant.domain.reference import parse_references
from assistant.domain.rights import Right
from assistant.domain.uses import (
    BY_PERSON,
    FIRST_OF_MANY,
    MOST_AT_ONCE,
    addresses_in,
    each_once,
    few_at_once,
    wishes_apart,
)
from assistant.errors import NotVerified, TooManyAttempts
from assistant.interfaces import Choice
from assistant.services import Unit
from assistant.store.queries import was_denied
from assistant.store.tables import (
    AgentSession,
    ChallengeRow,
    Conversation,
    EvidenceRow,
    Message,
    PrivacyRequest,
)
from intents import Reading, for_support
from intents.awaiting import (
    contact_given,
    is_number,
    is_of_another,
    is_slip,
    names_authority,
    speaks_of_code,
)
from intents.details import of_ending
from intents.narrowing import spares_some, without_details
from intents.wishes import CHANGED_MIND, takes_all_back

_EMAIL = re.compile(r"[^\s<>,;:\"()@]{1,64}@[^\s<>,;:\"()@]{1,190}\.[^\s<>,;:\"()@.]{2,63}")
_LONG_ENOUGH = 12  # characters from which on the language of a message is worth believing
_AGENT_IS_HERE = timedelta(minutes=5)
_WAITING = frozenset({Status.RECEIVED, Status.VERIFYING})
_TO_PROVE = _WAITING | {Status.LAPSED}  # that one is taken up again, as its letter says
WITHDRAW = "withdraw_confirm"


@dataclass(slots=True)
class Turn:
    """Everything one turn needs; `pending` is set when a slow check must follow."""

    unit: Unit
    conversation: Conversation
    text: str
    kind: str
    received_at: datetime
    reading: Reading
    state: State
    forwarded: bool = False
    muted: bool = False  # a machine wrote this, or nobody knows who: read, and not answered by rule
    pending: proof.Attempt | None = None
    buttons_are_gone: bool = False  # those of the open question: something was said below them
    known: list[PrivacyRequest] | None = None  # the requests of this talk, until one more is opened here

    @property
    def is_mail(self) -> bool:
        """Tell whether an answer takes hours rather than seconds."""
        return self.conversation.channel == "email"

    # ── what to do with a message ──────────────────────────────────────────────────────────────────

    def take(self) -> None:
        """Understand the message and say what comes next."""
        if any(request.status in STOPPABLE for request in self.own_requests()):
            self.reading = sparing.as_taken_back(self.reading)
        self.choose_language()
        if not policy.take(self):
            self._hear()
        elif policy.leaves_open(self):
            self._repeat()
        self.ask_what_is_left()

    def _hear(self) -> None:
        if self.kind == "choice":
            self._choice(self.text)
        elif self._hears_whatever_is_asked():
            return
        elif self.conversation.taken_by:
            self._beside_agent()
        elif not (
            self._mends_slip()
            or self._names_others_address()
            or lost_mailbox.hear(self)
            or correcting.take_answer(self)
            or uses.take_answer(self)
            or correcting.take_up_again(self)
            or self._code()
            or self._named_contact()
        ):
            self._read()

    def _hears_whatever_is_asked(self) -> bool:
        return (
            beside_erasure.hear(self)
            or self._code_beside()
            or picking.take_answer(self)
            or self._takes_all_back()
            or sparing.hear(self)
        )

    def choose_language(self) -> None:
        """Answer in the language that was heard, where it is one of ours."""
        languages = self.unit.services.settings.controller.languages
        heard = self.reading.language
        said_enough = len(self.text) >= _LONG_ENOUGH and self.reading.decision != "none"
        if self.conversation.language not in languages:
            self.conversation.language = heard if heard in languages else languages[0]
        elif heard in languages and said_enough:
            self.conversation.language = heard

    def _beside_agent(self) -> None:
        """An agent talks: the desk keeps quiet, but a right used here still opens its request."""
        less = sparing.in_doubt(self) or picking.stays_with_detail(self)
        if self.reading.decision == "request" and not self.forwarded and not less:
            self._open(self.rights())

    def _read(self) -> None:
        names = [intent.name for intent in self.reading.intents]
        if picking.stays_with_detail(self):
            picking.ask_again(self)
        elif (self.reading.decision == "request" and self.forwarded) or sparing.in_doubt(self):
            self._ask_right(self.rights())  # what somebody else wrote is no wish of the sender (A39)
        elif for_others.concerns_other(self):
            for_others.open_for_other(self)
        elif self.reading.decision == "request":
            before = [request for request in self.own_requests() if request.status not in CLOSED]
            self._open(self.rights())
            if before and "request_status" in names and Right.COMPLAINT in self.rights():
                self._say_status(before)  # who complains of waiting asks for both
        else:
            self._talk(names)

    def _talk(self, names: Sequence[str]) -> None:
        """Answer what opens nothing by itself."""
        if "human" in names:
            self.hand_over()
        elif "cancel_request" in names or (self.is_mail and CHANGED_MIND in self.reading.wishes):
            self.never_mind()
            self._leave_further_to_agent()
        elif self._hears_of_waiting():
            self._leave_further_to_agent()
        elif "request_status" in names:
            self._status()
            self._leave_further_to_agent()
        elif self.reading.decision == "ask" and self._is_told_where_to_answer():
            self.say("handover_address")
        elif self.reading.decision == "ask":
            self._offer_person_beside()
            self._ask_right(self.rights())
        else:
            self._none()

    def _is_told_where_to_answer(self) -> bool:
        """Tell whether the address is given that a handover asked for: it changes none that is held."""
        handed, last = self.conversation.wants_person_at, self._last_challenge()
        waits = handed is not None and not self.is_mail and (last is None or last.asked_at <= handed)
        return waits and set(self.rights()) <= {Right.RECTIFICATION} and bool(emails_in(self.text))

    def _leave_further_to_agent(self) -> None:
        """Show an agent a right that a message may use beside what was answered of it."""
        further = self.further_rights()
        for request in self.own_requests() if further else ():
            if request.status not in CLOSED and request.attention is None:
                set_attention(self.unit, request, "new_message")

    def further_rights(self) -> list[Right]:
        """List the rights that a message uses, or may, beside those that the open question is about; to erase is never one."""
        if self.reading.decision == "none":
            return []
        asked = {request.right for request in self.requests_named(self.state.about)}
        return [right for right in self.rights() if right not in {*asked, Right.ERASURE}]

    def take_further(self, further: Sequence[Right]) -> None:
        """Open what an answer to a question asks for beside it, or ask about it."""
        if further and self.reading.decision == "request":
            self._open(further)
        elif further:
            self._ask_right(further)

    def rights(self) -> list[Right]:
        """List the rights that the message uses."""
        return [Right(intent.name) for intent in self.reading.intents if intent.name in set(Right)]

    def _none(self) -> None:
        if self.state.expects in {"email", "code"} and not self.is_mail and names_authority(self.text):
            self._open([Right.COMPLAINT])
        elif self._names_a_request() and self.state.expects not in {"email", "code"}:
            self._status()
        elif self.state.question and self.state.expects and self.state.question not in _WHERE_TO_WRITE:
            self.say_of_code_beside()
            self._repeat()
        elif self.conversation.wants_person_at and not self.is_mail and _EMAIL.search(self.text):
            self.say("handover_address")
        elif self._foreign_language():
            self.say("not_our_language", choices=[self.button("talk_to_person", "human")])
        else:
            self.say("chat_can_do", choices=[self.button("talk_to_person", "human")])

    def _foreign_language(self) -> bool:
        spoken = self.unit.services.settings.controller.languages
        foreign = self.reading.language not in spoken and len(self.text) >= 3 * _LONG_ENOUGH
        if foreign and not self.state.told_language:
            self._keep(replace(self.state.at_rest(), told_language=True))
            return True
        return False

    def _repeat(self) -> None:
        """Ask again what is still awaited, in the same words."""
        about = self.requests_named(self.state.about)
        if self.state.question == SESSION_HIDDEN:  # which was said when it was hidden
            self.say("chat_can_do", expects="email", choices=[self.button("talk_to_person", "human")])
        elif self.state.expects == "code" and (
            challenge := proof.current_challenge(self.unit.session, self.conversation)
        ):
            self._say_where_code_is(challenge)
        elif self.state.question in picking.OPEN:
            picking.ask_again(self)
        elif self.state.question == _ASK_SOUGHT:
            self._ask_whose_request(self.state.sought)
        elif any(r.status in _TO_PROVE or self.missing(r) for r in about):
            self.next_step(about)
        else:  # what was asked for came another way
            self.rest()
            self._none()

    # ── opening ────────────────────────────────────────────────────────────────────────────────────

    def _open(self, rights: Sequence[Right]) -> None:
        open_now = {r.right: r for r in self.own_requests() if r.status not in CLOSED}
        known = [
            open_now[right] for right in rights if right in open_now and not self._is_another(open_now[right])
        ]
        new = [right for right in rights if right not in open_now or self._is_another(open_now[right])]
        details = self._details()
        apart = [(right, wish) for right in new for wish in _wishes(right, details)]
        opened = [self._open_one(right, wish, self.received_at) for right, wish in apart]
        joined = any(correcting.takes_more(self, request) for request in known)
        if known and not opened and not joined:
            self.say("already_open", requests=self.seen(known))
        lost_mailbox.leave_to_people(self, [*known, *opened])
        if opened:
            emptied = correcting.leave_erased(self, opened)
            self._acknowledge(opened)
            if emptied:
                self.say("rectification_to_empty", requests=self.seen(emptied))
        self._offer_person_beside()
        waiting = [r for r in [*known, *opened] if r.status in _WAITING or rectification.is_unconfirmed(r)]
        if waiting:  # and whatever waited before: one proof is asked for all of it
            self.next_step([*waiting, *(r for r in self.all_waiting() if r not in waiting)])

    def _offer_person_beside(self) -> None:
        """Offer a person in a chat for what is asked of support beside a right; of a mail support reads a copy."""
        is_quiet = self.is_mail or self.conversation.taken_by or self.conversation.wants_person_at
        if not is_quiet and self.kind == "text" and for_support(self.text):
            self.say("support_beside", choices=[self.button("talk_to_person", "human")])

    def _is_another(self, request: PrivacyRequest) -> bool:
        """A second address to be left alone is a second objection; another field to correct, a second correction."""
        known = addresses_in(request.details)
        others = each_once([*known, *addresses_in(self._details())])[len(known) :]
        other_address = bool(request.details.get("marketing")) and bool(others)
        return other_address or correcting.is_another(self, request)

    def open_one(self, right: Right) -> PrivacyRequest:
        """Open one right as of this message, with the details that it gives."""
        return self._open_one(right, self._details(), self.received_at)

    def _open_one(self, right: Right, details: Mapping[str, Any], received_at: datetime) -> PrivacyRequest:
        wanted = {key: value for key, value in details.items() if key in _DETAILS_OF.get(right, _NO_DETAILS)}
        if right is Right.RECTIFICATION:
            wanted = correcting.details_of(self, details)
        if self.is_mail and self.client_numbers:
            wanted = {**wanted, "client_number": self.client_numbers[0]}
        self.known = None
        return open_request(
            self.unit,
            self.conversation,
            right,
            received_at=received_at,
            details=wanted,
            tier=self._tier(right, wanted),
        )

    def _tier(self, right: Right, details: Mapping[str, Any]) -> Tier:
        return need_of(self.unit.services, right, details).tier

    def _details(self) -> dict[str, Any]:
        found = dict(self.reading.details)
        named = found.pop("email", None) or []
        emails = [email for email in named if not is_part_of_no_address(self.text, email)]
        if isinstance(purposes := found.get("purpose"), list) and len(purposes) <= 1:
            found["purpose"] = purposes[0] if purposes else None
        if found.get("marketing"):
            meant = of_ending(self.text, [*emails, *(found.get("phone") or [])], correcting.values_in(found))
            written = any("@" in each for each in meant)
            own = [self._sender] if self.is_mail and self._sender and not written else []
            found |= _left_alone(each_once([*meant, *own]))
        return found

    def _acknowledge(self, opened: Sequence[PrivacyRequest]) -> None:
        """Registered, with reference and calendar date, whoever the person is (flows.md)."""
        complaints = [request for request in opened if request.right == Right.COMPLAINT]
        others = [request for request in opened if request not in complaints]
        if others and self.is_mail:
            self._acknowledge_by_mail(others)
        elif others:
            self.say("request_opened", requests=self.seen(others))
        if complaints:  # with authority and court at once, whatever it stands beside
            self.say("complaint_received", requests=self.seen(complaints))

    def _acknowledge_by_mail(self, opened: Sequence[PrivacyRequest]) -> None:
        """Promise the question or the link that follows, and no link that the limits of the address keep back.

        Each goes its own way, and is told its own: a reference that no link asks for is not offered to it.
        """
        by_people = [request for request in opened if is_mailbox_lost(request)]
        lacking = [request for request in opened if request not in by_people and self.missing(request)]
        proofless = [r for r in opened if r not in lacking and r.tier_needed == Tier.T0]
        provable = [r for r in opened if r not in [*by_people, *lacking, *proofless]]
        ways = [way for way in (proofless, provable, lacking, by_people) if way]
        if len(ways) > 1:
            for way in ways:
                self._acknowledge_by_mail(way)
            return
        seen = self.seen(opened)
        claim = link_again.claim_of(self.conversation, opened)
        if by_people:
            self.say("mail_mailbox_lost", requests=seen)
        elif lacking:
            self.say("mail_opened_question", requests=seen)
        elif all(r.tier_needed == Tier.T0 for r in opened):
            self.say("mail_opened_no_proof", requests=seen)
        elif next_at := link_again.none_before(self.unit, self.conversation, claim):
            self.say("mail_opened_later", requests=seen, next_at=next_at)
        else:
            self.say("mail_opened", requests=seen, by_number=claim.kind == "client_id")

    @property
    def client_numbers(self) -> Sequence[str]:
        """List the client numbers that a message names; what has the form of a code is none where codes were sent."""
        named = [str(each) for each in self.reading.details.get("client_id") or ()]
        return [each for each in named if code_in(each) is None or not self.was_sent_code()]

    @property
    def _sender(self) -> str:
        return self.conversation.subject_hint or ""

    # ── what is still missing ──────────────────────────────────────────────────────────────────────

    def next_step(self, requests: Sequence[PrivacyRequest]) -> None:
        """Ask for the one thing still missing; when nothing is, go on without the person."""
        requests = [request for request in requests if not waits_for_people(request)]
        for request in requests:
            marketing.stop_at_once(self.unit, request)
        lacking = [(r, question) for r in requests if (question := self.missing(r))]
        if lacking:
            self._ask_detail(*lacking[0])
            if not self.is_mail:
                return  # one thing at a time; by mail nothing waits for the answer to something else
            requests = [r for r in requests if not self.missing(r)]
        provable = [r for r in requests if r.status in _TO_PROVE and r.tier_needed > Tier.T0]
        proofless = [r for r in requests if r.status == Status.RECEIVED and r.tier_needed == Tier.T0]
        self._take_up(proofless)
        self._say_who_looks(requests)
        if any(map(lacks_address, proofless)):
            self._ask_to_write("answer_waits_here")
        if provable:
            self._ask_proof(provable)
        elif self.state.question == "answer_waits_here":
            return
        elif self.state.expects and not lacking:
            self._keep(self.state.at_rest())

    def ask_where_to_write(self) -> None:
        """Ask for an address where one is needed to keep what was promised: a person will ask, and the chat is gone by then."""
        if any(map(lacks_address, self.own_requests())):
            self._ask_to_write("ask_where_to_write")

    def _ask_to_write(self, question: str) -> None:
        self._keep(
            self.state.asking(question, "email", [r.ref for r in self.own_requests() if lacks_address(r)])
        )
        self.say(question, expects="email")

    def missing(self, request: PrivacyRequest) -> str | None:
        """Name the question for what is still missing of a request; None where it is whole."""
        handler = self.unit.services.handlers.get(Right(request.right))
        waits = request.status in _WAITING or rectification.is_unconfirmed(request)
        question = handler.missing(request.details) if handler and waits else None
        return question if question and correcting.is_asked_here(self, request, question) else None

    def _say_who_looks(self, requests: Sequence[PrivacyRequest]) -> None:
        """Say which addresses of many a person looks at; by mail it names none to a mailbox that proved nothing."""
        for request in requests:
            if request.details.get(BY_PERSON) and request.status == Status.OPEN:
                named = list(addresses_in(request.details))
                told = named if answers.may_name(self.unit.session, request, named) else None
                seen = self.seen([request])
                self.say("marketing_by_person", requests=seen, addresses=told, at_once=MOST_AT_ONCE)

    def _take_up(self, requests: Sequence[PrivacyRequest]) -> None:
        for request in requests:
            if not request.details.get("marketing"):
                move(self.unit, request, Status.OPEN, "desk")
                set_attention(self.unit, request, "needs_agent")

    def _ask_detail(self, request: PrivacyRequest, question: str) -> None:
        if question in correcting.QUESTIONS:
            correcting.ask(self, request, question)
            return
        expects = "choice" if uses.is_asked(question) else "email"
        self._keep(self.state.asking(question, "detail" if expects == "choice" else expects, [request.ref]))
        self.say(
            question,
            expects=expects,
            choices=uses.choices(self, question),
            requests=self.seen([request]),
            unsaid=("requests",),
        )

    def _ask_proof(self, requests: Sequence[PrivacyRequest]) -> None:
        for request in requests:
            if request.status == Status.RECEIVED:
                move(self.unit, request, Status.VERIFYING, "desk")
        requests = [request for request in requests if not was_denied(request)]
        if not requests or lost_mailbox.leaves_no_code(self, requests):
            return  # a person looks first, and was called
        no_address = None if self.is_mail else no_address_in(self.text)
        emails = [] if no_address else self.reading.details.get("email") or []
        references = [r.ref for r in requests]
        if self.is_mail:
            self._ask_proof_by_mail(requests, references)
        elif claim := self._claim_in_message(requests, emails):
            self.want_code(claim, references)
        elif no_address or not self._asks_as_given(references):
            self.wait_for_contact(references)
            if no_address:
                self.say_no_address(no_address)
            self.say(
                "ask_contact",
                expects="email",
                choices=[*self._login_choice(references), self.button("talk_to_person", "human")],
            )

    def wait_for_contact(self, references: Sequence[str]) -> None:
        """Wait for the address or client number under which these are looked up."""
        self._keep(self.state.asking("ask_contact", "email", references))

    def _given(self) -> ChallengeRow | None:
        """Give the code that went to what was named last in this talk, by whoever is here now, and was no mistake."""
        last = None if self.state.misgiven else self._last_challenge()
        if last is None or not last.claimed or self._was_stopped(last):
            return None
        hidden = self.unit.session.get(Message, self.state.hidden_before)
        return last if hidden is None or last.asked_at > hidden.at else None

    def _came_after_proof(self, references: Sequence[str]) -> bool:
        """Tell whether something was asked after somebody proved who they are: who sits there now may be another (B13)."""
        proved = select(EvidenceRow.obtained_at).where(
            col(EvidenceRow.conversation_id) == self.conversation.id
        )
        last = max(self.unit.session.exec(proved), default=None)
        return last is not None and any(r.received_at > last for r in self.requests_named(references))

    def _was_stopped(self, challenge: ChallengeRow) -> bool:
        """Tell whether its mailbox denied what a code was for, or the code ended before its time, as where no mail arrives."""
        ended = (
            challenge.state == ChallengeState.DEAD and (challenge.expires_at or self.unit.now) > self.unit.now
        )
        return ended or any(map(was_denied, self.requests_named(challenge.references)))

    def _asks_as_given(self, references: Sequence[str]) -> bool:
        """Ask for proof where the person was reached before: a code that can still be typed comes first, then the next.

        A code counts for what its mail names (docs/decisions.md), so a further wish gets its own, and the first stays
        good; False where nobody was reached.
        """
        given = self._live_code(references) or self._given()
        has_lapsed = any(r.status == Status.LAPSED for r in self.requests_named(references))
        if given is None or has_lapsed or self._came_after_proof(references):
            return False  # what lapsed may have done so because nothing arrives there
        if self._live_code(()) is not None:
            self._keep(self.state.asking("code_sent_email", "code", references))
            self._tell_where_code_is(given)
        else:
            claimed = self.unit.services.keyring.unseal(given.claimed)
            self.want_code(proof.Claim(given.claimed_kind, claimed), references)
        return True

    def _claim_in_message(
        self, requests: Sequence[PrivacyRequest], emails: Sequence[str]
    ) -> proof.Claim | None:
        if known := next((e for e in emails if not correcting.is_new_contact(requests, e)), None):
            return proof.Claim("email", known)
        return proof.Claim("client_id", named[0]) if (named := self.client_numbers) else None

    def _ask_proof_by_mail(self, requests: Sequence[PrivacyRequest], references: list[str]) -> None:
        """Send a link, or call an agent where none can be sent."""
        if self.muted or not deliverable(self._sender):
            for request in requests:
                set_attention(self.unit, request, "sender_cannot_be_asked")
            return
        claim = link_again.claim_of(self.conversation, requests)
        try:
            proof.want_challenge(self.unit, self.conversation, claim, references, method=Method.EMAIL_LINK)
        except TooManyAttempts:
            for request in requests:
                set_attention(self.unit, request, "too_many_challenges")

    def ask_again(self, numbers: Sequence[str] = ()) -> None:
        """Send receipt and link again to somebody who wrote before confirming, however long ago that was asked.

        `numbers`: the client numbers that were named just now.
        """
        waiting = [r for r in self.own_requests() if link_again.waits_for_link(r)]
        for request in waiting if numbers else ():
            request.details = {**request.details, "client_number": numbers[0]}
            self.unit.session.add(request)
        if not waiting or not deliverable(self._sender):
            return
        self.send_again(waiting)

    def send_again(self, waiting: Sequence[PrivacyRequest], asked_by: str | None = None) -> None:
        """Send receipt and link again, or say once a day from when that can be done."""
        if next_at := link_again.send_again(self.unit, self.conversation, waiting, asked_by):
            for request in waiting:
                set_attention(self.unit, request, "too_many_challenges")
            key = f"link_limit:{next_at}"
            told = talk.was_said(self.unit.session, self.conversation, key)
            # Once a day for a mailbox, however many requests wait there: whoever forges its mails would write to it so.
            if not (told or flood.is_said_again(self.unit, self._sender, "link_limit")):
                self.say("link_limit", key=key, requests=self.seen(waiting), next_at=next_at)

    def ask_for_more(self, requests: Sequence[PrivacyRequest]) -> None:
        """Say that what was proved is not enough for these, and offer what is."""
        references = [r.ref for r in requests]
        self._keep(self.state.asking("proof_short", "email", references))
        choices = [*self._login_choice(references), self.button("talk_to_person", "human")]
        self.say("proof_short", expects="email", choices=choices, requests=self.seen(requests))

    # ── proving ────────────────────────────────────────────────────────────────────────────────────

    def want_code(self, claim: proof.Claim, references: Sequence[str]) -> None:
        """Have a code sent, and say the same whether anybody is known by that address."""
        ours = claim.kind == "email" and is_ours(self.unit.services, claim.value)
        if ours or (claim.kind == "email" and not deliverable(claim.value.strip())):
            self._cannot_be_written_to(references)
            return
        if unclaimed.asks_first(self, claim, references):
            return
        subject = self.unit.services.keyring.keyed_hash(claim.normal)
        # What is hidden is named to nobody but whoever it was of.
        references = list(dict.fromkeys([*references, *unclaimed.hidden_of(self, subject)]))
        if not (references or self.state.hidden or self.state.sought):
            self.say_how_it_stands()
            return
        if proof.is_paused(self.unit, subject):
            self.say("verification_paused", choices=self.ways_out(references))
            return
        earlier = proof.current_challenge(self.unit.session, self.conversation)
        instead = (
            earlier is not None and earlier.state == ChallengeState.WANTED and earlier.claimed_hash != subject
        )
        try:
            challenge = proof.want_challenge(
                self.unit, self.conversation, claim, references, method=Method.EMAIL_CODE
            )
        except TooManyAttempts as error:
            if self.state.expects != "code":  # a code that was sent before is still good
                self._keep(self.state.asking("ask_contact", "email", references))
            self.say("code_limit", choices=self.ways_out(references), next_at=error.data["next_at"])
            return
        self._keep(replace(self.state, misgiven=False))
        self._ask_for_code(challenge, references, instead=instead)

    def _ask_for_code(
        self, challenge: ChallengeRow, references: Sequence[str], *, instead: bool = False
    ) -> None:
        name = "code_sent_email" if challenge.claimed_kind == "email" else "code_sent_client_id"
        self._keep(self.state.asking(name, "code", references))
        choices = self.code_choices(challenge)
        later = self._asked_for_later(challenge)
        self.say(
            name, expects="code", choices=choices, until=challenge.expires_at, instead=instead, later=later
        )

    def _say_where_code_is(self, challenge: ChallengeRow) -> None:
        """Say what is so of a code that is awaited, and the same whether anybody is known by what was typed."""
        if is_number(self.text):
            self.say("code_has_eight_digits", expects="code", choices=self.code_choices())
        else:
            self._tell_where_code_is(challenge)

    def _tell_where_code_is(self, challenge: ChallengeRow) -> None:
        if challenge.state == ChallengeState.WANTED:
            self._ask_for_code(challenge, self.state.about)
        else:
            by_email = challenge.claimed_kind == "email"
            self.say(
                "code_was_sent_email" if by_email else "code_was_sent_client_id",
                expects="code",
                choices=self.code_choices(),
                asked_at=challenge.asked_at,
                until=challenge.expires_at,
                next_at=proof.next_code_after(self.unit, challenge),
                later=self._asked_for_later(challenge),
            )

    def _asked_for_later(self, challenge: ChallengeRow) -> list[dict[str, Any]]:
        """List what a code does not count for that is awaited now: another one is sent once it was typed."""
        about = self.requests_named(self.state.about)
        return self.seen([r for r in about if r.status in _TO_PROVE and r.ref not in challenge.references])

    def resume(self) -> None:
        """Ask again for what a question came before: a request whose proof nobody asks for any more lapses."""
        own = [r for r in self.own_requests() if r.status not in CLOSED]
        unready = [r for r in own if r.status in _WAITING or rectification.is_unconfirmed(r)]
        waiting = [r for r in unready if not is_for_other(r)]
        if waiting:
            self.next_step(waiting)
        if not self.state.expects:
            self.ask_about_services()

    def ask_what_is_left(self) -> None:
        """Leave no request silent: what waits for its person is asked for, unless something else is, or an agent was called."""
        quiet = self.is_mail or self.muted or self.pending or self.conversation.taken_by
        if not quiet and not self.state.expects:
            unready = [*self.all_waiting(), *self._lacking_though_proved()]
            left = [r for r in unready if r.attention is None and r.dont_at is None]
            if left:
                self.next_step(left)
        elif not quiet and self.buttons_are_gone and not self.conversation.wants_person_at:
            if self.state.question == running_services.ASK:
                self.ask_about_services()
            elif self.state.question in picking.OPEN:
                picking.ask_again(self)

    def _lacking_though_proved(self) -> list[PrivacyRequest]:
        own = [r for r in self.own_requests() if r.status not in CLOSED and r.status not in _WAITING]
        return [r for r in own if not is_for_other(r) and rectification.is_unconfirmed(r) and self.missing(r)]

    def _live_code(self, references: Sequence[str]) -> ChallengeRow | None:
        """Give the code that is good for these, and can still be typed."""
        found = proof.current_challenge(self.unit.session, self.conversation)
        now = self.unit.now
        is_good = (
            found and found.expires_at and found.expires_at > now and set(references) <= set(found.references)
        )
        return found if is_good else None

    def ask_about_services(self) -> None:
        """Ask again what still waits for a choice about services that run."""
        waiting = [r.ref for r in self.own_requests() if running_services.is_open(self.unit.session, r)]
        if waiting:
            language = self.conversation.language or self.unit.services.settings.controller.languages[0]
            self.ask_choice(running_services.ASK, waiting)
            choices = running_services.choices(self.unit.services, language, self.state.mark)
            self.say(running_services.AGAIN, expects="choice", choices=choices)

    def say_how_it_stands(self) -> None:
        """Say what is so where what was pressed or proved has nothing to act on: no letter is sent about nothing."""
        self._keep(self.state.at_rest())
        self._status()

    def _cannot_be_written_to(self, references: Sequence[str]) -> None:
        """Say at once of what was typed, known or not, that no mail can ever reach it."""
        self._keep(self.state.asking("ask_contact", "email", references))
        self.say("typed_address_unusable", expects="email", choices=self.ways_out(references))

    def _code(self) -> bool:
        """Take what may be a code: the try is counted now, checked after this unit."""
        late = self.state.expects == "email" and self.was_sent_code() and not self._uses_another_right()
        awaited = self.state.expects == "code" or late
        if not awaited or self.is_mail or code_in(self.text) is None or _EMAIL.search(self.text):
            return False
        further = self.further_rights()
        self._try_code(proof.current_challenge(self.unit.session, self.conversation))
        self.take_further(further)
        return True

    def _code_beside(self) -> bool:
        """Take a code that can still be typed whatever else is asked, or whoever talks here; the question stays."""
        is_elsewhere = self.state.asks_else or not self.state.expects or bool(self.conversation.taken_by)
        quiet = self.is_mail or self.muted or self.forwarded
        if quiet or not is_elsewhere or not stands_as_code(self.text) or _EMAIL.search(self.text):
            return False
        challenge = self._live_code(())
        if challenge is None:
            return False
        further = [] if self.conversation.taken_by else self.further_rights()
        self._try_code(challenge)
        self.take_further(further)
        return True

    def take_instead_of_code(self) -> None:
        """Take what was tried as a code, and is none, as the answer to the question that is open, else ask that again."""
        if not correcting.takes_as_value(self):
            self.say("code_not_accepted")
            self._repeat()

    def go_back_to(self, asked: State) -> None:
        """Ask again what was open when a code was taken beside it, unless that was asked or settled meanwhile."""
        was_asked = self.state.question == asked.question and not self.buttons_are_gone
        if asked.asks_else and not was_asked and not self.conversation.taken_by:
            self._keep(asked)
            self._repeat()

    def say_of_code_beside(self) -> bool:
        """Say what is so of a code beside another question, to whoever speaks of it or types one that is over; tells whether it did."""
        if self.is_mail or not self.state.asks_else:
            return False
        asked, challenge = self.state, self._live_code(())
        if challenge is not None and speaks_of_code(self.text):
            self._tell_where_code_is(challenge)
            self._keep(asked)
            return True
        is_over = challenge is None and stands_as_code(self.text) and self.was_sent_code()
        if is_over:
            self.say("code_not_accepted")
        return is_over

    def _try_code(self, challenge: ChallengeRow | None) -> None:
        """Count a try at a code, to be checked after this unit, or say why none is taken."""
        try:
            self.pending = proof.reserve_attempt(self.unit, challenge)
        except TooManyAttempts as error:
            if error.data.get("paused"):
                self.say("verification_paused", choices=self.ways_out(self.state.about))
            else:
                self.say(
                    "code_used_up", choices=self.ways_out(self.state.about), next_at=error.data["next_at"]
                )
        except NotVerified:
            self.say("code_not_accepted", expects=self.state.expects, choices=self.code_choices())

    def was_sent_code(self) -> bool:
        """Tell whether some code was asked for in this talk."""
        return self._last_challenge() is not None

    def _named_contact(self) -> bool:
        """Take an address or a client number typed where the desk waits for one, or instead of a code."""
        email = next(iter(emails_in(self.text)), None)
        awaited = self.state.expects in {"email", "code"} or (
            email is not None and (self._is_to_be_written_to() or self._waits_for_address())
        )
        if not awaited or self.is_mail or self._uses_another_right():
            return False
        if typed := no_address_in(self.text) or (None if email else contact_given(self.text)):
            self.say_no_address(typed)
            return True
        if self.state.question == "ask_marketing_address" or any(
            map(self._lacks_address, self.all_waiting())
        ):
            return self._marketing_address(
                each_once(
                    [
                        *emails_in(self.text),
                        *phones_in(_EMAIL.sub(" ", self.text)),
                    ]
                )
            )
        if email:
            self._take_address(email)
        elif self.state.question in _WHERE_TO_WRITE:
            return False
        elif (number := self._client_number()) and (self.state.expects == "email" or number[0].isalpha()):
            self.want_code(proof.Claim("client_id", number), self.to_be_proved())
        else:
            return False
        return True

    def _take_address(self, email: str) -> None:
        if self.state.expects == "code" and self._is_told_where_to_answer():
            self.say("handover_address")  # no code is owed to the address that a handover asked for
        elif self.state.question in correcting.QUESTIONS:
            self._take_address_beside(email)
        else:
            self.want_code(proof.Claim("email", email), self.to_be_proved())

    def _take_address_beside(self, email: str) -> None:
        """Take an address typed instead of a detail as where to look: one code for all that waits, and the question again."""
        asked = self.state
        waiting = [r.ref for r in self.all_waiting()]
        self.want_code(proof.Claim("email", email), list(dict.fromkeys([*self.to_be_proved(), *waiting])))
        self._keep(replace(asked, misgiven=self.state.misgiven))
        self._repeat()

    def say_no_address(self, typed: str) -> None:
        """Show what was typed for an address and cannot be one: it is sent nothing, and kept nowhere but in the talk."""
        if not self.is_mail:  # whoever reads our mail need not be who wrote that
            self.say("typed_no_address", expects=self.state.expects, typed=typed)

    def _is_to_be_written_to(self) -> bool:
        """Tell whether an address that nobody asked for just now is where to write: some request has none, and nothing else is asked."""
        return not self.state.expects and any(map(lacks_address, self.own_requests()))

    def _waits_for_address(self) -> bool:
        """Tell whether an address is an answer though another question came between: who asks was never said."""
        takes_it = self.state.question in picking.PICKERS or correcting.asks_for_email(self)
        is_free = self.state.expects in {None, "choice", "detail"} and not takes_it
        return is_free and bool(self.all_waiting() or self.state.question == unclaimed.ASK)

    def _mends_slip(self) -> bool:
        """Take "wrong address" where an address or a code is awaited as said of that answer: it corrects no data that is held."""
        if self.is_mail or self.state.expects not in {"email", "code"} or not is_slip(self.text):
            return False
        further = [right for right in self.further_rights() if right is not Right.RECTIFICATION]
        if _EMAIL.search(self.text):
            read, self.reading = self.reading, replace(self.reading, intents=(), decision="none")
            taken = self._named_contact()
            self.reading = read if further else self.reading
            self.take_further(further)
            return taken or bool(further)
        if number := self._client_number():
            self.want_code(proof.Claim("client_id", number), self.to_be_proved())
            self.take_further(further)
            return True
        if self.state.expects == "code":
            self._keep(self.state.asking("ask_contact", "email", self.to_be_proved()))
        self._keep(replace(self.state, misgiven=True))
        self.say("slip_mended", expects="email", choices=self.ways_out(self.state.about))
        self.take_further(further)
        return True

    def _names_others_address(self) -> bool:
        """Leave an address that is said to be somebody else's to an agent, where one's own is awaited."""
        if self.is_mail or not is_of_another(self.text) or not _EMAIL.search(self.text):
            return False
        awaited = self.state.expects in {"email", "code"} or bool(self.to_be_proved())
        awaited = awaited and self.state.question != "ask_marketing_address"
        wishes = self.reading.decision == "request" and set(self.rights()) - {Right.RECTIFICATION}
        if not awaited or wishes:
            return False
        for_others.leave_address(self, self.to_be_proved())
        return True

    def to_be_proved(self) -> list[str]:
        """Name what one proof is for: the requests that wait for it, and those that only lack an address to write to."""
        about = self.requests_named(self.state.about) or self.all_waiting()
        waiting = [r for r in about if r.status in _TO_PROVE and not was_denied(r)]
        unreached = [r for r in self.own_requests() if lacks_address(r)]
        return list(dict.fromkeys(r.ref for r in [*waiting, *unreached]))

    def _uses_another_right(self) -> bool:
        """Tell whether a message uses a right that the open question is not about, or may: a wish, and no answer."""
        asked = {request.right for request in self.requests_named(self.state.about)}
        if self.reading.decision == "ask" and contact_given(self.text):
            return False  # "my address is …" corrects none where one is awaited
        return self.reading.decision != "none" and bool(set(self.rights()) - asked)

    def _client_number(self) -> str | None:
        if named := self.client_numbers:
            return named[0]
        late = code_in(self.text) is not None and self.was_sent_code()
        return None if late else client_number_in(self.text)

    def _marketing_address(self, named: Sequence[str]) -> bool:
        if not named:
            return False
        if not all(deliverable(each) for each in named if "@" in each):
            self.say("typed_address_unusable", expects="email")
            return True
        few, *more = few_at_once(named)
        # A sentence may both object and withdraw a consent: one address answers for both.
        asked = {*self.state.about, *(r.ref for r in self.all_waiting() if self._lacks_address(r))}
        for request in self.requests_named(sorted(asked)):
            if request.status == Status.RECEIVED:
                request.details = {**request.details, **few, "marketing": True}
                self.unit.session.add(request)
                for rest in more:
                    details = {**request.details, **rest}
                    self._open_one(Right(request.right), details, request.received_at)
        self._keep(self.state.at_rest())
        self.next_step(self.all_waiting())
        return True

    def _lacks_address(self, request: PrivacyRequest) -> bool:
        return self.missing(request) == "ask_marketing_address"

    def _set_details(self, request: PrivacyRequest, found: Mapping[str, Any]) -> None:
        request.details = {**request.details, **found}
        request.tier_needed = int(self._tier(Right(request.right), request.details))
        self.unit.session.add(request)
        self._keep(self.state.at_rest())

    def all_waiting(self) -> list[PrivacyRequest]:
        """List what one proof is asked for: all that waits in this talk, is the writer's own, and was not denied."""
        waiting = [r for r in self.own_requests() if r.status in _WAITING]
        return [r for r in waiting if not (is_for_other(r) or was_denied(r))]

    # ── buttons ────────────────────────────────────────────────────────────────────────────────────

    def press(self, value: str) -> None:
        """Do what a button does, though it was typed."""
        self._choice(value)

    def _choice(self, value: str) -> None:
        value, mark = presses.unmarked(value)
        kind, _, rest = value.partition(":")
        if mark and kind != sparing.BUTTON and mark != self.state.mark:
            self.say_question_over()
            return
        actions: dict[str, Callable[[str], None]] = {
            "human": lambda _: self.hand_over(),
            "right": self._chose_right,
            "purpose": self._chose_purpose,
            "withdraw": self._chose_withdrawal,
            "resend": self._resend,
            "change": lambda rest: correcting.chose(self, rest),
            "services": self._chose_services,
            sparing.BUTTON: lambda rest: sparing.chose(self, rest, mark),
            "unclaimed": lambda rest: unclaimed.chose(self, rest),
        }
        if kind in actions:
            actions[kind](rest)
        else:
            self._none()

    def say_question_over(self) -> None:
        """Say of a button that it did nothing, since its question is over, and ask again what is asked by now."""
        self.say("question_over")
        if self.state.expects and self.state.question not in _WHERE_TO_WRITE:
            self._repeat()
        else:
            self._status()
            self.resume()

    def _ask_right(self, rights: Sequence[Right]) -> None:
        before = self.state if self.state.question in picking.PICKERS else State()
        named = {name: found for name in ("email", "client_id") if (found := self.reading.details.get(name))}
        details = {**(before.details or {}), **self._details(), **named}
        since = before.received_at or self.received_at.isoformat()  # the first message in doubt
        self._keep(self.state.asking(picking.ASK_RIGHT, "choice", received_at=since, details=details))
        is_of_a_detail = {Right.ERASURE, Right.RECTIFICATION} >= set(rights)
        if is_of_a_detail and without_details([self.text]) is not None:
            self._ask_detail_or_all()
            return
        if Right.ERASURE in rights and spares_some([self.text]):
            self._ask_exception(rights)
            return
        offered = list(dict.fromkeys([*rights, Right.ACCESS, Right.ERASURE, Right.OBJECTION]))[:4]
        buttons = [self.button(right, f"right:{right}") for right in offered]
        self.say(
            "chat_ask_right",
            expects="choice",
            choices=[*buttons, *self._something_else()],
        )

    def _something_else(self) -> list[Choice]:
        """Give the way out of a menu, and the person who helps with whatever is not on it."""
        return [self.button("not_a_request", "right:none"), self.button("talk_to_person", "human")]

    def _ask_detail_or_all(self) -> None:
        """Say that a detail was named: the button that erases all is not to be pressed for less."""
        self._keep(replace(self.state, question=picking.ASK_DETAIL))
        buttons = [
            self.button("only_named", f"right:{Right.RECTIFICATION}"),
            self.button("erase_all", f"right:{Right.ERASURE}"),
            *self._something_else(),
        ]
        self.say(picking.ASK_DETAIL, expects="choice", choices=buttons)

    def _ask_exception(self, rights: Sequence[Right]) -> None:
        """Say that all but something was to go: an erasure takes all, a person can see to the exception."""
        others = [self.button(right, f"right:{right}") for right in rights if right is not Right.ERASURE]
        buttons = [
            self.button("talk_to_person", "human"),
            self.button("erase_all", f"right:{Right.ERASURE}"),
            *others,
            self.button("not_a_request", "right:none"),
        ]
        self.say("chat_ask_exception", expects="choice", choices=buttons)

    def _chose_right(self, name: str) -> None:
        if name not in set(Right):
            noted = self.state.details or {}
            self._keep(self.state.at_rest())
            self.say("chat_can_do", choices=[self.button("talk_to_person", "human")])
            if waiting := self.all_waiting():  # what was noted meanwhile answers what was asked before
                self.reading.details.update(noted)
                emails = noted.get("email")
                if not (emails and any(map(self._lacks_address, waiting))):
                    return
                self._marketing_address(emails)
            return
        # The clock runs from the message that was in doubt, not from the answer to our question.
        if self.state.question in picking.PICKERS and self.state.received_at:
            self.received_at = datetime.fromisoformat(self.state.received_at)
            self.reading.details.update({**(self.state.details or {}), **self.reading.details})
        self._keep(self.state.at_rest())
        self._open([Right(name)])

    def _chose_purpose(self, name: str) -> None:
        if not self.set_use({"marketing": True} if name == "marketing" else {"purpose": name}):
            self._none()

    def set_use(self, use: Mapping[str, Any]) -> bool:
        """Keep which use is to end, and go on; False where nothing waits to be told."""
        about = [r for r in self.requests_named(self.state.about) if r.right in _ENDING_USES]
        requests = [r for r in about if r.status in _WAITING]
        if requests:
            self._set_details(requests[0], use)
            self.next_step(self.all_waiting())
        return bool(requests)

    def _chose_withdrawal(self, answer: str) -> None:
        is_asked = self.state.question == WITHDRAW  # an older button is a yes to nothing that is asked now
        about = self.requests_named(self.state.about) if is_asked else []
        self.rest()
        if answer != "yes":
            standing_still.go_on(self.unit, about, "subject")
        if answer == "yes" and (done := closing.withdraw(self.unit, about)):
            self.say("withdrawn", requests=self.seen(done))
        elif answer == "yes" and about:
            talk_to_person = [self.button("talk_to_person", "human")]
            self.say("withdraw_too_late", choices=talk_to_person, requests=self.seen(about))
        else:
            self._status()
        self.resume()

    def _chose_services(self, answer: str) -> None:
        is_asked = self.state.question == running_services.ASK
        for request in self.requests_named(self.state.about) if is_asked else ():
            closing.set_keep_services(self.unit, request, keep=answer == "keep")
        self.rest()
        self._status()
        self.resume()

    def _resend(self, mark: str) -> None:
        challenge = self._last_challenge()
        if mark and (challenge is None or mark != _mark_of_code(challenge)):
            self.say_question_over()
            return
        about = self.to_be_proved()
        proves_again = bool(self.state.hidden) and self.state.expects == "code"
        if challenge is None or not (about or proves_again):
            self._none()
            return
        self.want_code(
            proof.Claim(challenge.claimed_kind, self.unit.services.keyring.unseal(challenge.claimed)), about
        )

    def _last_challenge(self) -> ChallengeRow | None:
        return self.unit.session.exec(
            select(ChallengeRow)
            .where(
                col(ChallengeRow.conversation_id) == self.conversation.id,
                col(ChallengeRow.method) == Method.EMAIL_CODE,
                col(ChallengeRow.purpose) == "prove",
            )
            .order_by(col(ChallengeRow.asked_at).desc())
            .limit(1)
        ).first()

    # ── never mind, where is it, a person ──────────────────────────────────────────────────────────

    def never_mind(self) -> None:
        """Ask whether everything that can still be stopped is to be withdrawn; by mail at the contact."""
        requests = [r for r in self.own_requests() if r.status in STOPPABLE]
        if not requests and self.state.hidden:
            self._ask_to_prove_again()
        elif not requests:
            self.say("withdraw_nothing")
        elif self.is_mail:
            self.withdraw_by_link(requests)
        else:
            self.ask_to_withdraw(requests)

    def _takes_all_back(self) -> bool:
        """Take "cancel everything" as said of all that is open in the talk, whatever is awaited; erasures stand still until it is answered."""
        quiet = self.is_mail or self.forwarded or self.muted or self.conversation.taken_by
        if quiet or self.kind != "text" or not takes_all_back(self.text):
            return False
        requests = [r for r in self.own_requests() if r.status in STOPPABLE]
        erasures = [r for r in requests if r.right == Right.ERASURE]
        ends_use = any(Right(r.right) in _ENDING_USES | {Right.RESTRICTION} for r in requests)
        if not requests or not takes_all_back(self.text, ends_use=ends_use):
            return False
        self.choose_language()
        if len(erasures) == len(requests):  # "stop everything" ends no use where none is open
            self.reading = replace(self.reading, intents=(), decision="none")
            return sparing.hear(self)
        standing_still.pause(self.unit, erasures, self.conversation)
        self.ask_to_withdraw(requests)
        return True

    def ask_to_withdraw(self, requests: Sequence[PrivacyRequest], words: str = WITHDRAW) -> None:
        """Ask whether these, and no others, are to be withdrawn."""
        self.ask_choice(WITHDRAW, [r.ref for r in requests])
        buttons = [self.button("yes", "withdraw:yes"), self.button("no", "withdraw:no")]
        self.say(words, expects="choice", choices=buttons, requests=self.seen(requests))

    def withdraw_by_link(self, requests: Sequence[PrivacyRequest]) -> None:
        """Whoever writes may not be who asked: the contact confirms (flows.md, Never mind)."""
        proved = next((r.contact for r in requests if r.contact), None)
        contact = self.unit.services.keyring.unseal(proved) if proved else self.conversation.subject_hint
        seen = self.seen(requests)
        if not contact or self.muted:
            set_attention(self.unit, requests[0], "wants_to_withdraw")
            self.say("withdraw_needs_proof", choices=[self.button("talk_to_person", "human")], requests=seen)
            return
        try:
            proof.want_challenge(
                self.unit,
                self.conversation,
                proof.Claim("email", contact),
                [r.ref for r in requests],
                method=Method.EMAIL_LINK,
                purpose="withdraw",
            )
        except TooManyAttempts as error:
            set_attention(self.unit, requests[0], "wants_to_withdraw")
            self.say("withdraw_later", requests=seen, next_at=error.data["next_at"])
        else:
            self.say("withdraw_needs_proof", requests=seen)

    def _hears_of_waiting(self) -> bool:
        """Tell whoever proved to be there, and complains of waiting, where it stands; what is late or angers them a person sees to."""
        if self.is_mail or not complains_of_waiting(self.text):
            return False
        own = self.own_requests()
        if not any(r.contact or r.status not in _WAITING for r in own):
            return False
        still_open = [r for r in own if r.status not in CLOSED]
        self._say_status(still_open or own)
        today = self.unit.services.local_day(self.unit.now)
        calls = is_angry(self.text) or any(r.due_on < today for r in still_open)
        if calls and not self.conversation.wants_person_at:
            self.hand_over()
        if self.state.expects in {"email", "code"} and self.all_waiting():
            self._repeat()
        return True

    def _names_a_request(self) -> bool:
        return not self.is_mail and (bool(self._sought()) or is_numbered_like_a_request(self.text))

    def _sought(self) -> list[str]:
        """Name the references that were typed and are of no request of this talk, whether or not there are such."""
        own = {request.ref for request in self.own_requests()}
        typed = parse_references(self.text) if self.kind == "text" and not self.is_mail else []
        return [ref for ref in typed if ref not in own]

    def _ask_whose_request(self, sought: Sequence[str]) -> None:
        """Say how to hear of a request that was made elsewhere: the same words whether there is one."""
        self._keep(replace(self.state.asking(_ASK_SOUGHT, "email"), sought=tuple(sought)))
        if emails := self.reading.details.get("email"):
            self.want_code(proof.Claim("email", emails[0]), [])
        else:
            self.say(_ASK_SOUGHT, expects="email", choices=[self.button("talk_to_person", "human")])

    def say_what_was_sought(self, evidence: EvidenceRow) -> bool:
        """Say where the requests stand that were named here and are answered at a mailbox, now that it is proved; False where none is."""
        named = [r for ref in self.state.sought if (r := self.unit.session.get(PrivacyRequest, ref))]
        proved = proves_mailbox(self.unit.session, evidence)  # a sign-in opens none but what it proved itself
        theirs = [r for r in named if proved and r.contact_hash == evidence.contact_hash]
        self._keep(replace(self.state, sought=()))
        if theirs:
            self._say_status(theirs)
        return bool(theirs)

    def _status(self) -> None:
        requests = self.own_requests()
        if (sought := self._sought()) and not self.state.hidden:
            self._ask_whose_request(sought)
            return
        if not requests and self.state.hidden:
            self._ask_to_prove_again()
            return
        if not requests:
            self.say("request_status_none")
            return
        self._say_status(requests)

    def _say_status(self, requests: Sequence[PrivacyRequest]) -> None:
        self.say("request_status", requests=[{**talk.as_seen(r), "next": self._next_of(r)} for r in requests])

    def _ask_to_prove_again(self) -> None:
        """Say that what was here comes back to whoever proves to be the same; that it is hidden was said once, when it was."""
        self._keep(self.state.asking(SESSION_HIDDEN, "email"))
        self.say("session_still_hidden", expects="email")

    @staticmethod
    def _next_of(request: PrivacyRequest) -> str:
        if request.status == Status.RECEIVED and request.attention:
            return "review"  # nothing is asked of its person: a person was called
        steps = {
            Status.RECEIVED: "detail",
            Status.VERIFYING: "verify",
            Status.OPEN: "review",
            Status.AWAITING_APPROVAL: "review",
            Status.SCHEDULED: "hold",
            Status.EXECUTING: "carry_out",
        }
        return steps.get(Status(request.status), "done")

    def hand_over(self) -> None:
        """Give the talk to a person: an agent who is here, or the support team by mail."""
        self.conversation.wants_person_at = self.unit.now
        here = select(AgentSession.agent).where(col(AgentSession.last_at) > self.unit.now - _AGENT_IS_HERE)
        if self.unit.session.exec(here).first():
            self.say("handover_waiting")
            return
        support = self.unit.services.settings.support
        talk.mail(
            self.unit,
            "agent_ticket",
            to=support.forward_to,
            language=support.agents_language,
            key=f"ticket:{self.conversation.id}:{self.unit.now.date()}",
            conversation_id=self.conversation.id,
            summary=self._summary(),
            url=f"{self.unit.services.settings.server.public_url}/console/conversations/{self.conversation.id}",
        )
        self.say("handover_ticket")

    def _summary(self) -> str:
        references = [r.ref for r in requests_of(self.unit.session, self.conversation)]
        return ", ".join(references) or self.conversation.channel

    # ── small things ───────────────────────────────────────────────────────────────────────────────

    def ask_choice(self, question: str, about: Sequence[str]) -> None:
        """Wait for a button under a question about these requests."""
        self._keep(self.state.asking(question, "choice", about))

    def rest(self) -> None:
        """Wait for nothing any more."""
        self._keep(self.state.at_rest())

    def _keep(self, state: State) -> None:
        self.state = state

    def say(
        self,
        name: str,
        *,
        unsaid: Sequence[str] = (),
        requests: Sequence[Mapping[str, Any]] = (),
        key: str = "",
        **values: Any,
    ) -> None:
        """Say a named text in the conversation's language; `unsaid` values are shown but not told."""
        if self.muted:
            return
        told: dict[str, Any] = {} if "requests" in unsaid or not requests else {"requests": requests}
        presented = {key: values.pop(key) for key in ("choices", "expects") if key in values}
        language = self.conversation.language or "en"
        where: dict[str, Any] = {
            "conversation_id": self.conversation.id,
            "ref": requests[0]["ref"] if requests else None,
        }
        self.buttons_are_gone = not presented.get("choices")
        rendered = unwritten.written(self.unit, name, language, **where, **told, **values)
        if rendered is None:
            self._leave_to_a_person(name)
            return
        said = talk.Utterance(
            text=rendered.text,
            subject=rendered.subject,
            key=key or self.unit.services.random(8).hex(),
            language=self.conversation.language or "en",
            requests=requests,
            by_rule=True,
            **presented,
        )
        talk.say_text(self.unit, self.conversation, said)

    def _leave_to_a_person(self, name: str) -> None:
        """Say in a chat that a person is called, where the desk's own words are lost."""
        if not self.is_mail and name not in _HAND_OVER:
            self.hand_over()

    def within(self, conversation: Conversation) -> Turn:
        """Give this turn as one of another talk of the same person, in which nothing is awaited from it."""
        return replace(self, conversation=conversation, state=State.of(conversation.state), pending=None)

    def go_on(self, request: PrivacyRequest) -> None:
        """Ask for what is missing now that more is known of a request, or go on without the person."""
        request.tier_needed = int(self._tier(Right(request.right), request.details))
        self.unit.session.add(request)
        self._keep(self.state.at_rest())
        waiting = self.all_waiting()
        self.next_step(waiting if request in waiting else [request, *waiting])

    def own_requests(self) -> list[PrivacyRequest]:
        """List the requests of this talk that are there for whoever is in it now."""
        if self.known is None:  # a dozen rules ask, of every message
            self.known = requests_of(self.unit.session, self.conversation)
        return [request for request in self.known if request.ref not in self.state.hidden]

    def seen(self, requests: Sequence[PrivacyRequest]) -> list[dict[str, Any]]:
        """Give the requests as a text and a card show them."""
        return [talk.as_seen(request) for request in requests]

    def requests_named(self, references: Sequence[str]) -> list[PrivacyRequest]:
        """Give the requests of these references, as far as they are there for whoever is in the talk."""
        shown = [ref for ref in references if ref not in self.state.hidden]
        return [r for ref in shown if (r := self.unit.session.get(PrivacyRequest, ref))]

    def button(self, label: str, value: str, url: str | None = None) -> Choice:
        """Give a button in the language of the talk; an answer is one to the question that is kept as open now."""
        language, value = self.conversation.language or "en", presses.marked(value, self.state.mark)
        return Choice(self.unit.services.texts.label("buttons", label, language), value, url)

    def _login_choice(self, references: Sequence[str]) -> list[Choice]:
        url = proof.offer_login(self.unit, self.conversation, references)
        return [self.button("sign_in", "login", url)] if url else []

    def code_choices(self, challenge: ChallengeRow | None = None) -> list[Choice]:
        """Offer another code to where the last one went, or a person."""
        sent = challenge or self._last_challenge()
        resend = self.button("resend_code", "resend")
        if sent:
            resend = replace(resend, value=f"{resend.value}:{_mark_of_code(sent)}")
        return [resend, self.button("talk_to_person", "human")]

    def ways_out(self, references: Sequence[str] = ()) -> list[Choice]:
        """Offer what does not need the mailbox: sign in, or talk to a person."""
        return [*self._login_choice(references), self.button("talk_to_person", "human")]

    def store_state(self) -> None:
        """Keep where the talk stands now, unless it stands where it stood."""
        state = self.state.as_json()
        if state != self.conversation.state or instance_state(self.conversation).modified:
            changes = {
                "state": state,
                "language": self.conversation.language,
                "last_at": self.conversation.last_at,
                "wants_person_at": self.conversation.wants_person_at,
            }
            keep_talk(self.unit.session, self.conversation, changes)


_ASK_SOUGHT = "ask_contact_of_request"
_WHERE_TO_WRITE = frozenset({"answer_waits_here", "ask_where_to_write"})  # asked for, and nothing hangs on it
_HAND_OVER = frozenset({"handover_waiting", "handover_ticket"})


def _mark_of_code(challenge: ChallengeRow) -> str:
    return presses.mark_of(challenge.claimed_hash)


def _wishes(right: Right, details: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return wishes_apart(details) if right in _ENDING_USES else [details]


def _left_alone(named: Sequence[str]) -> dict[str, Any]:
    """Give the detail of addresses and numbers that marketing is to leave alone."""
    return {"address": named[0] if len(named) == 1 else list(named)} if named else {}


_ENDING_USES = frozenset({Right.OBJECTION, Right.CONSENT_WITHDRAWAL})
_NO_DETAILS: frozenset[str] = frozenset()
_DETAILS_OF: Mapping[Right, frozenset[str]] = {
    Right.OBJECTION: frozenset({"purpose", "marketing", "address", BY_PERSON, FIRST_OF_MANY}),
    Right.CONSENT_WITHDRAWAL: frozenset({"purpose", "marketing", "address", BY_PERSON, FIRST_OF_MANY}),
    Right.ACCESS: frozenset({"period", "topic"}),
    Right.PORTABILITY: frozenset({"transfer_to"}),
    Right.RESTRICTION: frozenset({"until"}),
}
