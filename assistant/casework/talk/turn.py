"""One turn of a talk, in one unit: what is looked up of it, what is said in it, and where it stands afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm.attributes import instance_state
from sqlmodel import col, select

from assistant.casework import saying
from assistant.casework.proof import challenges, checking
from assistant.casework.requests.evidence import need_of
from assistant.casework.requests.intake import keep_talk, requests_of
from assistant.casework.requests.reach import to_be_proved, waiting_in
from assistant.casework.requests.rectification import is_unconfirmed
from assistant.casework.requests.whose import HIDING
from assistant.casework.saying import unwritten
from assistant.domain.addresses import client_number_like
from assistant.domain.assurance import Method, Tier, code_in
from assistant.domain.attention import Attention
from assistant.domain.presses import mark_of, marked
from assistant.domain.rights import Right
from assistant.domain.talk import (
    ASK_CONTACT,
    ASKED_BY_MAIL,
    CONFIRM,
    WAITING,
    Given,
    NothingGiven,
    TalkState,
)
from assistant.interfaces import Choice
from assistant.services import Unit
from assistant.store.tables import AgentSession, ChallengeRow, Conversation, Message, PrivacyRequest

_AGENT_IS_HERE: Final = timedelta(minutes=5)
_HAND_OVER: Final = frozenset({"handover_waiting", "handover_ticket"})
_CONTACT: Final = ("email", "client_id")


@dataclass(slots=True)
class Turn:
    """A talk while a message, a button or a proof is answered in it; `pending` is set when a slow check must follow."""

    unit: Unit
    conversation: Conversation
    state: TalkState
    given: Given
    muted: bool = False  # a machine wrote this, or nobody knows who: nothing is said by rule
    pending: checking.Attempt | None = None
    buttons_are_gone: bool = False  # those of the open question: something was said below them
    known: list[PrivacyRequest] | None = None  # the requests of this talk, until one more is opened here
    recalled: Mapping[str, Any] = field(default_factory=dict)  # who asks, said before it was needed
    # A letter about this chat was answered: nobody is there, and what is said goes by mail too.
    answers_mail: bool = False

    @classmethod
    def quiet(cls, unit: Unit, conversation: Conversation) -> Turn:
        """Give a turn in which nobody wrote anything."""
        return cls(unit, conversation, TalkState.of(conversation.state), NothingGiven())

    @property
    def is_mail(self) -> bool:
        """Tell whether an answer takes hours rather than seconds."""
        return self.conversation.channel == "email"

    @property
    def stands_back(self) -> bool:
        """Tell whether an agent talks, or was called who is here and has not come yet: the desk only notes."""
        called = self.state.awaits_person and self.conversation.wants_person_at is not None
        return called or bool(self.conversation.taken_by)

    @property
    def sender(self) -> str:
        """Give the address that a mail claims to come from."""
        return self.conversation.subject_hint or ""

    def speak(self, language: str) -> None:
        """Go on in a language; a talk that is in it already is left as it is, or it would be written for nothing."""
        if self.conversation.language != language:
            self.conversation.language = language

    def turn_to(self, locale: str) -> None:
        """Go on in the language of the page where that was changed since the last message from it."""
        if self.state.locale not in {None, locale}:
            self.speak(locale)
        if self.state.locale != locale:
            self.state = replace(self.state, locale=locale)

    # ── what is there ──────────────────────────────────────────────────────────────────────────────

    def all_requests(self) -> list[PrivacyRequest]:
        """List the requests of this talk, whoever is in it now."""
        if self.known is None:  # a dozen rules ask, of every message
            self.known = requests_of(self.unit.session, self.conversation)
        return self.known

    def own_requests(self) -> list[PrivacyRequest]:
        """List the requests that are there for whoever is in this talk now: of it, and brought here by their proof."""
        brought = (self.unit.session.get(PrivacyRequest, ref) for ref in self.state.brought)
        found = [*self.all_requests(), *(request for request in brought if request is not None)]
        return [request for request in found if request.ref not in self.state.hidden]

    def requests_named(self, references: Sequence[str]) -> list[PrivacyRequest]:
        """Give the requests of these references, as far as they are there for whoever is in the talk."""
        shown = [ref for ref in references if ref not in self.state.hidden]
        return [r for ref in shown if (r := self.unit.session.get(PrivacyRequest, ref))]

    def all_waiting(self) -> list[PrivacyRequest]:
        """List what one proof is asked for: all that waits in this talk, is the writer's own, and was not denied."""
        return waiting_in(self.own_requests())

    def to_be_proved(self) -> tuple[str, ...]:
        """Name what one proof is for: what waits for it, and what only lacks an address to write to."""
        return to_be_proved(self.own_requests(), self.requests_named(self.state.about))

    def missing(self, request: PrivacyRequest) -> str | None:
        """Name the question for what is still missing of a request; None where it is whole, or not asked here.

        By mail, from → to is confirmed on the page of the link, with who asks. Of what a person reads in a chat no
        value is asked any more: who writes is, or nobody could answer them.
        """
        handler = self.unit.services.handlers.get(Right(request.right))
        waits = request.status in WAITING or is_unconfirmed(request)
        question = handler.missing(request.details) if handler and waits else None
        if question is None or (self.is_mail and question == CONFIRM):
            return None
        is_read = not self.is_mail and question != CONFIRM and request.attention == Attention.NOT_UNDERSTOOD
        return None if is_read else question

    @property
    def left_at(self) -> datetime:
        """Give when the talk was hidden: what they were sent and proved who were here before is theirs alone."""
        hiding = f"{HIDING}{self.state.hidden_before}"
        said = select(Message.at).where(
            col(Message.conversation_id) == self.conversation.id, col(Message.external_id) == hiding
        )
        at = self.unit.session.exec(said).first() if self.state.hidden_of else None
        return at or datetime.min.replace(tzinfo=UTC)

    def last_challenge(self) -> ChallengeRow | None:
        """Give the code that was asked for last by whoever is here now, used or not."""
        return self.unit.session.exec(
            select(ChallengeRow)
            .where(
                col(ChallengeRow.conversation_id) == self.conversation.id,
                col(ChallengeRow.asked_at) > self.left_at,
                col(ChallengeRow.method) == Method.EMAIL_CODE,
                col(ChallengeRow.purpose) == "prove",
            )
            .order_by(col(ChallengeRow.asked_at).desc())
            .limit(1)
        ).first()

    # ── who asks, as it was said ───────────────────────────────────────────────────────────────────

    def recall(self) -> None:
        """Count what was noted of who asks as said now, unless another was."""
        noted = self.state.details or {}
        if not (self.given.emails or self.given.numbers):
            self.recalled = {name: noted[name] for name in _CONTACT if noted.get(name)}

    @property
    def emails(self) -> Sequence[str]:
        """List the addresses under which somebody may be known."""
        return self.recalled.get("email") or self.given.emails

    @property
    def client_numbers(self) -> Sequence[str]:
        """List the client numbers that were named; what has the form of a code is none where codes were sent."""
        named = [str(each) for each in self.recalled.get("client_id") or self.given.numbers]
        codes = [each for each in named if code_in(each) is not None]
        meant = [each for each in named if each not in codes or self.last_challenge() is None]
        return [client_number_like(self.unit.services.settings.controller.client_number, n) for n in meant]

    # ── what is said ───────────────────────────────────────────────────────────────────────────────

    def say(
        self,
        name: str,
        *,
        unsaid: Sequence[str] = (),
        requests: Sequence[Mapping[str, Any]] = (),
        also: Sequence[Mapping[str, Any]] = (),
        key: str = "",
        **values: Any,
    ) -> None:
        """Say a named text in the conversation's language; `unsaid` values are shown but not told, nor are the requests of `also`."""
        if self.muted:
            return
        told: dict[str, Any] = {} if "requests" in unsaid or not requests else {"requests": requests}
        presented: dict[str, Any] = {key: values.pop(key) for key in ("choices", "expects") if key in values}
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
        self.say_text(
            rendered.text, subject=rendered.subject, key=key, requests=[*requests, *also], presented=presented
        )

    def say_text(
        self,
        text: str,
        *,
        subject: str | None = None,
        key: str = "",
        requests: Sequence[Mapping[str, Any]] = (),
        presented: Mapping[str, Any],
    ) -> bool:
        """Say words that are written already, by rule; False where that is not to be said."""
        said = saying.Utterance(
            text=text,
            subject=subject,
            key=key or self.unit.services.random(8).hex(),
            language=self.conversation.language or "en",
            requests=requests,
            by_rule=True,
            unasked=self.answers_mail or self._asks(presented.get("expects")),
            answers_mail=self.answers_mail,
            **presented,
        )
        return saying.say_text(self.unit, self.conversation, said)

    def _asks(self, expects: str | None) -> bool:
        """Tell whether somebody who has left must hear what this asks: a letter of its own went out where not."""
        asks = self.state.asks_else and self.state.question in ASKED_BY_MAIL
        return expects is not None and (asks or self.state.question == ASK_CONTACT)

    def _leave_to_a_person(self, name: str) -> None:
        """Say in a chat that a person is called, where the desk's own words are lost."""
        if not self.is_mail and name not in _HAND_OVER:
            self.hand_over()

    def hand_over(self) -> None:
        """Give the talk to a person: an agent who is here, or the support team by mail."""
        self.conversation.wants_person_at = self.unit.now
        here = select(AgentSession.agent).where(col(AgentSession.last_at) > self.unit.now - _AGENT_IS_HERE)
        if not self.is_mail and self.unit.session.exec(here).first():
            self.say("handover_waiting")
            self.state = replace(self.state, awaits_person=True)
            return
        self.open_ticket()

    def open_ticket(self) -> None:
        """Have the support team get the talk by mail, and say so: nobody is here who could join it."""
        self.state = replace(self.state, awaits_person=False)
        support = self.unit.services.settings.support
        references = [r.ref for r in requests_of(self.unit.session, self.conversation)]
        saying.mail(
            self.unit,
            "agent_ticket",
            to=support.forward_to,
            language=support.agents_language,
            key=f"ticket:{self.conversation.id}:{self.unit.now.date()}",
            conversation_id=self.conversation.id,
            summary=", ".join(references) or self.conversation.channel,
            url=f"{self.unit.services.settings.server.public_url}/console/conversations/{self.conversation.id}",
        )
        self.say("handover_ticket")

    def seen(self, requests: Sequence[PrivacyRequest]) -> list[dict[str, Any]]:
        """Give the requests as a text and a card show them."""
        return [saying.as_seen(request) for request in requests]

    # ── buttons ────────────────────────────────────────────────────────────────────────────────────

    def button(self, label: str, value: str, url: str | None = None) -> Choice:
        """Give a button in the language of the talk; an answer is one to the question that is kept as open now."""
        language, value = self.conversation.language or "en", marked(value, self.state.mark)
        return Choice(self.unit.services.texts.label("buttons", label, language), value, url)

    def person_button(self) -> Choice:
        """Give the button that calls a person."""
        return self.button("talk_to_person", "human")

    def login_choice(self, references: Sequence[str]) -> list[Choice]:
        """Offer to sign in to the client area, where there is one."""
        url = challenges.offer_login(self.unit, self.conversation, references)
        return [self.button("sign_in", "login", url)] if url else []

    def code_choices(self, challenge: ChallengeRow | None = None) -> list[Choice]:
        """Offer another code to where the last one went, or a person."""
        sent = challenge or self.last_challenge()
        resend = self.button("resend_code", "resend")
        if sent:
            resend = replace(resend, value=f"{resend.value}:{mark_of_code(sent)}")
        return [resend, self.person_button()]

    def ways_out(self, references: Sequence[str] = ()) -> list[Choice]:
        """Offer what does not need the mailbox: sign in, or talk to a person."""
        return [*self.login_choice(references), self.person_button()]

    # ── where it stands ────────────────────────────────────────────────────────────────────────────

    def ask_choice(self, question: str, about: Sequence[str]) -> None:
        """Wait for a button under a question about these requests."""
        self.state = self.state.asking(question, "choice", about)

    def rest(self) -> None:
        """Wait for nothing any more."""
        self.state = self.state.at_rest()

    def within(self, ident: str) -> Turn:
        """Give this turn as one of another talk of the same person, in which nothing is awaited from it."""
        conversation = self.unit.session.get_one(Conversation, ident)
        state = TalkState.of(conversation.state)
        return replace(self, conversation=conversation, state=state, pending=None, known=None)

    def set_tier(self, request: PrivacyRequest) -> None:
        """Keep how much proof a request needs, now that more is known of it."""
        request.tier_needed = int(self.tier(Right(request.right), request.details))
        self.unit.session.add(request)

    def tier(self, right: Right, details: Mapping[str, Any]) -> Tier:
        """Give how much proof a right needs with these details."""
        return need_of(self.unit.services, right, details).tier

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


def mark_of_code(challenge: ChallengeRow) -> str:
    """Name where a code went, so that a button sends another one there and nowhere else."""
    return mark_of(challenge.claimed_hash)
