"""The desk as the channels see it: stores a message, answers it, and shows a live chat to whoever holds its session."""

from __future__ import annotations

import asyncio
import hmac
import math
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

import structlog
from sqlalchemy import ColumnElement, or_, update
from sqlmodel import Session, col, select

from assistant.casework import (
    answers,
    earlier,
    link_again,
    originals,
    proof,
    questions,
    reused,
    talk,
    undelivered,
)
from assistant.casework.doubt import put_in_doubt
from assistant.casework.hidden import is_kept_back
from assistant.casework.intake import (
    Stored,
    conversation_id,
    find_or_start_conversation,
    requests_of,
    set_attention,
    set_handled,
    store_incoming,
    talked_on,
)
from assistant.casework.one_by_one import each, failure_of, named
from assistant.casework.reach import is_for_other
from assistant.casework.whose import HIDING
from assistant.conversation import (
    another_sender,
    beside,
    beside_erasure,
    confirming,
    continued,
    denying,
    for_others,
    lost_mailbox,
    policy,
    repeated,
    sparing,
    unclaimed,
)
from assistant.conversation.ourselves import FROM_US, known_by_its_words
from assistant.conversation.pace import Pace
from assistant.conversation.reading import SHORT, LongReadings, whose_turn
from assistant.conversation.state import State
from assistant.conversation.subjects import (
    handed_on,
    is_reminded_of,
    left_to_read,
    only_thanks,
    with_handed_on,
    with_subject,
)
from assistant.conversation.turn import Turn
from assistant.conversation.unanswered import keep_alone, keep_unanswered, leave_unanswered
from assistant.conversation.unread import (
    is_away_note,
    leave_rest_to_a_person,
    leave_to_a_person,
    marked,
    may_be_request,
    needs_a_person,
    words_of,
)
from assistant.domain.assurance import Method, Tier, stands_as_code
from assistant.domain.lifecycle import CLOSED, STOPPABLE, ChallengeState, Status
from assistant.errors import Busy, NotVerified, StoreUnavailable
from assistant.interfaces import ChatMessage, ChatSession, Incoming, Receipt, SignedIn
from assistant.services import Services, Unit
from assistant.store.keyring import client_hash
from assistant.store.tables import ChallengeRow, Conversation, EvidenceRow, Message, PrivacyRequest, Seen
from intents import NONE, Reader, Reading
from intents.wishes import CHANGED_MIND

log = structlog.get_logger(__name__)
_CLOCK_PUT_BACK = timedelta(days=1)  # what ran out before the clock was set holds again after it
_NONCE_BYTES = 24
_MOST_HISTORY = 200
_HIDDEN_TEXT = 1  # message: alone since a talk was hidden, it leaves nothing to hide
_NOT_A_PERSON = ("own", "bounce")  # a report, or a mail of ours that came back


@dataclass(slots=True)
class TalkingDesk:
    """Takes messages from every channel; what needs a slow check goes on after the message is acknowledged."""

    services: Services
    reader: Reader
    _long: LongReadings | None = None
    _pace: Pace = field(default_factory=Pace)
    _tasks: set[asyncio.Task[object]] = field(default_factory=set)

    async def receive(self, incoming: Incoming) -> Receipt:
        """Store a message and, in the same transaction, answer it; returns after the commit.

        The writer's thread reads what is short: two that take turns at the interpreter cost more than either
        saves. What is long is read before, in its sender's turn: nobody else waits for it.
        """
        async with self._pace.turn(whose_turn(incoming), incoming.thread, incoming.has_left):
            return await self._receive(incoming)

    async def _receive(self, incoming: Incoming) -> Receipt:
        incoming = originals.named(self.services, incoming)
        kept = replace(incoming, raw=None)  # what there is to keep where the original cannot be sealed
        try:
            kept = await originals.sealed(self.services, known_by_its_words(self.services, incoming))
            self._note_peer(kept)
            read = await self._read_before(kept)
            forwarded = await self._read_handed_on(kept)
            receipt, attempt = await self.services.prepare_and_write(
                partial(self._read, kept, read, forwarded), whose=whose_turn(kept)
            )
        except StoreUnavailable:
            raise  # nothing can be kept now: the channel holds the message back and comes again
        except Exception as error:  # broad: storing never depends on answering; a person answers
            log.error("turn.failed", channel=incoming.channel, **named(error))  # noqa: TRY400 - it may quote words
            return await self._keep(kept)
        if attempt is not None:
            work = self._check(receipt.message_id, attempt, incoming.text)
            self._later(self._or_call(receipt.message_id, work))
        return receipt

    def _read(
        self, incoming: Incoming, read: Reading | None, forwarded: Reading | None
    ) -> Callable[[Unit], tuple[Receipt, proof.Attempt | None]]:
        reading = read or self.reader.read(words_of(incoming))
        if subject := left_to_read(incoming, reading):
            reading = with_subject(reading, self.reader.read(subject))
        if quoted := is_reminded_of(incoming, reading):
            reading = with_subject(reading, self.reader.read(quoted))
        if forwarded is not None:
            reading = with_handed_on(reading, forwarded)
        return lambda unit: self._turn(unit, incoming, reading, is_read=read is not None)

    def _note_peer(self, incoming: Incoming) -> None:
        ident = conversation_id(self.services, incoming.channel, incoming.thread)
        self.services.peers.note(ident, whose_turn(incoming))

    async def _read_before(self, incoming: Incoming) -> Reading | None:
        """Read a long message, our own words in it not counted; None where it is short."""
        words = words_of(incoming)
        if len(words) <= SHORT:
            return None
        reading = await self._read_long(incoming, words)
        if reading.decision == NONE:
            return reading
        ident = conversation_id(self.services, incoming.channel, incoming.thread)
        ours = await self.services.read(lambda unit: talk.said_by_us(unit, ident))
        return await self._read_long(incoming, words, ours) if ours else reading

    async def _read_handed_on(self, incoming: Incoming) -> Reading | None:
        """Read what a mail hands on; None where it hands on nothing."""
        words = handed_on(incoming)
        return await self._read_long(incoming, words) if words else None

    async def _read_long(self, incoming: Incoming, words: str, quoted: Sequence[str] = ()) -> Reading:
        if self._long is None:
            self._long = LongReadings(self.reader.beside())
        return await self._long.read(whose_turn(incoming), words, quoted)

    async def _keep(self, incoming: Incoming) -> Receipt:
        """Keep what could not be answered, and say in a chat that a person is called."""
        kept: list[Receipt] = []
        for keep in (keep_unanswered, keep_alone):  # the second asks nothing of any other row
            work = self._kept(kept, partial(keep, incoming=incoming))
            failure = await failure_of(work, "message.not_kept", channel=incoming.channel)
            if failure is None:
                break
            if keep is keep_alone or isinstance(failure, StoreUnavailable):
                raise failure
        receipt = kept[0]
        if incoming.channel != "email" and not receipt.duplicate:
            self._later(self.services.write(lambda unit: self._call_a_person(unit, receipt.conversation_id)))
        return receipt

    async def _kept(self, kept: list[Receipt], keep: Callable[[Unit], Receipt]) -> None:
        kept.append(await self.services.write(keep))

    def _call_a_person(self, unit: Unit, ident: str) -> None:
        turn = self.quiet_turn(unit, unit.session.get_one(Conversation, ident))
        turn.hand_over()
        turn.store_state()

    async def receive_earlier(self, incoming: Incoming) -> None:
        """List a mail of before for an agent, if its words ask for something or no program can read them."""
        if any(incoming.headers.get(name) for name in _NOT_A_PERSON):
            return
        first = self.services.settings.controller.languages[0]
        incoming = originals.named(self.services, incoming)
        kept = [replace(incoming, raw=None)]
        failure = await failure_of(self._list_earlier(incoming, first, kept), "earlier.not_read")
        if isinstance(failure, StoreUnavailable):
            raise failure
        if failure is not None:  # what cannot be read may be a request: an agent looks
            await self.services.write(lambda unit: earlier.list_earlier(unit, kept[-1], {}, first))

    async def _list_earlier(self, incoming: Incoming, otherwise: str, kept: list[Incoming]) -> None:
        kept.append(await originals.sealed(self.services, known_by_its_words(self.services, incoming)))
        reading = await self._read_long(kept[-1], words_of(kept[-1]))
        if subject := left_to_read(kept[-1], reading):
            reading = with_subject(reading, await self._read_long(kept[-1], subject))
        if (forwarded := await self._read_handed_on(kept[-1])) is not None:
            reading = with_handed_on(reading, forwarded)
        if not may_be_request(kept[-1], reading):
            return
        language = self._locale(reading.language) or otherwise
        found = _as_json(reading)
        await self.services.write(lambda unit: earlier.list_earlier(unit, kept[-1], found, language))

    async def looked_through(self, mailbox: str) -> int:
        """Give the number up to which a mailbox's earlier mail was looked through."""
        return await self.services.read(lambda unit: earlier.looked_through(unit.session, mailbox))

    async def note_looked_through(self, mailbox: str, number: int) -> None:
        """Keep that number."""
        await self.services.write(lambda unit: earlier.note_looked_through(unit.session, mailbox, number))

    async def settle(self) -> None:
        """Wait until nothing is left to check."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def recover(self) -> int:
        """Take up what was stored but not answered when the desk was killed."""
        unhandled = select(col(Message.id)).where(col(Message.handled).is_(False)).order_by(col(Message.id))
        left = await self.services.read(
            lambda unit: [ident for ident in unit.session.exec(unhandled) if ident]
        )
        await each(self.services, "recover", left, self._recover_one)
        return len(left)

    async def _recover_one(self, ident: int) -> None:
        await self._or_call(ident, self._check_again(ident))

    async def _check_again(self, ident: int) -> None:
        message = await self.services.read(lambda unit: unit.session.get_one(Message, ident))
        attempt = await self.services.read(lambda unit: self._reserved(unit.session, message))
        await self._check(ident, attempt, message.text)

    async def _or_call(self, ident: int, work: Coroutine[Any, Any, None]) -> None:
        """Do what a message waits for; where that fails a person is called, whatever it was."""
        failure = await failure_of(work, "message.not_handled", message=str(ident))
        if isinstance(failure, StoreUnavailable):
            raise failure
        if failure is not None:
            await self.services.write(lambda unit: leave_unanswered(unit, ident))

    def _later(self, work: Coroutine[Any, Any, object]) -> None:
        task: asyncio.Task[object] = asyncio.create_task(failure_of(work, "later.failed"))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ── one message ────────────────────────────────────────────────────────────────────────────────

    def _turn(
        self, unit: Unit, incoming: Incoming, reading: Reading, *, is_read: bool
    ) -> tuple[Receipt, proof.Attempt | None]:
        incoming = self._in_our_language(marked(incoming, reading))
        thread = self._talked_on(unit, incoming)
        reading = self._without_ours(unit, thread, reading, is_read=is_read)
        conversation = self._talk_of(unit, thread, incoming, reading)
        stored = store_incoming(unit.session, conversation, incoming, _as_json(reading))
        message_id = stored.number
        receipt = Receipt(conversation.id, message_id, stored.known)
        if stored.known:
            return receipt, None
        if incoming.channel in talk.LIVE:
            unit.post(conversation.id, talk.own_message(message_id, incoming))
        if self._is_of_ours(unit, conversation, incoming, message_id):
            return receipt, None
        turn = Turn(
            unit,
            conversation,
            incoming.text,
            incoming.kind,
            incoming.received_at,
            reading,
            State.of(conversation.state),
            forwarded=bool(incoming.headers.get("forwarded")),
            muted=incoming.automatic or incoming.doubtful_sender is not None,
        )
        answered = questions.questions_answered(unit, conversation, incoming)
        if incoming.channel == "email":
            self._mail_turn(turn, incoming, message_id)
        elif not answered or turn.state.expects or reading.decision == "request" or stands_as_code(turn.text):
            turn.take()  # a plain answer to an agent's question is for the agent
        leave_rest_to_a_person(turn, incoming, message_id)
        beside.have_support_read_too(turn, incoming, message_id)
        if answered:
            turn.state = replace(turn.state, asked=())
            questions.take_answer(unit, answered, conversation.id)
        turn.store_state()
        if turn.pending:
            set_handled(unit.session, message_id, handled=False)
        self._show_reused(unit, conversation, incoming, stored)
        return receipt, turn.pending

    def _show_reused(
        self, unit: Unit, conversation: Conversation, incoming: Incoming, stored: Stored
    ) -> None:
        """Show an agent what came under the id of another message, once it was read like any other."""
        if not (stored.reused or reused.is_reused(unit, incoming)):
            return
        requests = [r for r in requests_of(unit.session, conversation) if r.status not in CLOSED]
        _flag(unit, requests, reused.ATTENTION)
        if not requests and conversation.channel == "email":
            put_in_doubt(unit.session, conversation, stored.number)

    def _talk_of(
        self, unit: Unit, thread: Conversation, incoming: Incoming, reading: Reading
    ) -> Conversation:
        """Give a thread's talk, or their own to whoever asks in another's; who is at the requests there hears of it."""
        if not another_sender.is_from_another(thread, incoming):
            return thread
        requests = requests_of(unit.session, thread)
        link = link_again.of_number(unit, thread.id, incoming.sender)
        answers_it = link is not None and not (incoming.automatic or incoming.doubtful_sender)
        if not another_sender.begins_own_talk(
            self.services, requests, incoming, reading, was_sent_link=answers_it
        ):
            return thread
        _flag(unit, requests, "other_sender")
        own = another_sender.in_own_thread(self.services, incoming)
        return find_or_start_conversation(unit, own)

    def _without_ours(
        self, unit: Unit, conversation: Conversation, reading: Reading, *, is_read: bool
    ) -> Reading:
        """Count what the person says of their own: our words sent back are no wish of theirs."""
        if is_read or reading.decision == NONE:
            return reading
        ours = talk.said_by_us(unit, conversation.id)
        return self.reader.read(reading.text, quoted=ours) if ours else reading

    def _in_our_language(self, incoming: Incoming) -> Incoming:
        """Give a message with its locale as one of our languages, or none."""
        ours = self._locale(incoming.locale)
        return incoming if ours == incoming.locale else replace(incoming, locale=ours)

    def _locale(self, locale: str | None) -> str | None:
        short = (locale or "")[:2].lower()
        return short if short in self.services.settings.controller.languages else None

    def _mail_turn(self, turn: Turn, incoming: Incoming, message_id: int) -> None:
        """Mail that is no request is support's; mail in doubt is support's and shown in triage (flows.md)."""
        requests = requests_of(turn.unit.session, turn.conversation)
        if incoming.headers.get("bounce"):
            talk.relay(turn.unit, turn.conversation, message_id)
            return
        if continued.answers_about_services(turn, incoming):
            return
        spared = sparing.hear(turn, incoming.sender or "")
        beside_erasure.hear_mail(turn, incoming)
        from_another = bool(requests) and another_sender.is_from_another(turn.conversation, incoming)
        if from_another:
            self._leave_to_whoever_is_there(turn, incoming, message_id, spared=spared)
        if from_another or spared or continued.is_answer_to_chat(turn, incoming):
            return
        if needs_a_person(turn, incoming):
            leave_to_a_person(turn, incoming, message_id, requests)
            return
        if lost_mailbox.hear_by_mail(turn, incoming, requests):
            return
        self._take_or_leave(turn, incoming, requests, message_id)
        if turn.muted and not is_away_note(incoming):  # that one is shown in the timeline, and calls nobody
            self._flag_muted(turn, incoming)

    def _take_or_leave(
        self, turn: Turn, incoming: Incoming, requests: list[PrivacyRequest], message_id: int
    ) -> None:
        """Take a mail up: for a request of another thread that it goes on with, else for this one; or leave it to people."""
        if any(map(continued.may_go_on, requests)):
            turn.reading = sparing.as_taken_back(turn.reading)
            if not turn.muted and only_thanks(turn.text):
                return  # kept and shown; an answer would use up what the link needs
        elif continued.takes_back_elsewhere(turn, incoming):
            return
        is_taken_up = _is_taken_up(turn, incoming, requests)
        if not is_taken_up and continued.goes_to_contact(turn, incoming):
            return
        if continued.goes_on_elsewhere(turn, incoming, requests):
            return
        if is_taken_up:
            _take_up(turn, incoming, message_id)
        else:
            self._leave(turn, incoming, requests, message_id)

    def _leave_to_whoever_is_there(
        self, turn: Turn, incoming: Incoming, message_id: int, *, spared: bool
    ) -> None:
        """Leave what another sender says of no wish of their own to the open requests, which show it, else to support."""
        requests = requests_of(turn.unit.session, turn.conversation)
        _flag(turn.unit, requests, "other_sender")
        nobody_is_there = set(CLOSED).issuperset(request.status for request in requests)
        if nobody_is_there and not spared and not turn.muted:
            self._pass_on(turn, incoming, message_id)

    def _leave(self, turn: Turn, incoming: Incoming, requests: list[PrivacyRequest], message_id: int) -> None:
        """Leave a mail that no rule takes up to whoever is at the request, or to support."""
        if requests and turn.muted and turn.reading.decision != "request":
            return  # an absence note or a receipt: kept, shown, and no reason to write again
        if not turn.muted and any(map(continued.may_go_on, requests)) and continued.is_for_support(turn):
            continued.note_new_message(turn, requests)
            talk.relay(turn.unit, turn.conversation, message_id)
        elif not turn.muted and any(map(continued.may_go_on, requests)):
            # An answer to a letter whose link ran out gets a new one, within the limits of any address.
            continued.go_on(turn, requests)
        elif not policy.take_mail(turn, incoming):
            self._pass_on(turn, incoming, message_id)

    def _flag_muted(self, turn: Turn, incoming: Incoming) -> None:
        reason = "doubtful_sender" if incoming.doubtful_sender else "automatic_message"
        plain = (None, "sender_cannot_be_asked")
        told = [r for r in requests_of(turn.unit.session, turn.conversation) if r.attention in plain]
        _flag(turn.unit, told, reason)

    def _pass_on(self, turn: Turn, incoming: Incoming, message_id: int) -> None:
        """Have support read a mail, and an agent too where it may be a request or names one; so too after a case is closed."""
        is_named = continued.names_a_request(incoming) or continued.is_about_open_request(turn, incoming)
        if turn.reading.decision != "none" or is_named:
            put_in_doubt(turn.unit.session, turn.conversation, message_id)
        talk.relay(turn.unit, turn.conversation, message_id)

    def _is_of_ours(
        self, unit: Unit, conversation: Conversation, incoming: Incoming, message_id: int
    ) -> bool:
        """Take what reports on us, comes back to us or bears our address: stored and shown, never answered as a wish."""
        if incoming.headers.get("own"):
            _flag(unit, requests_of(unit.session, conversation), "delivery_failed")
            return True
        is_report = bool(incoming.headers.get("bounce"))
        if incoming.headers.get(FROM_US) and not is_report:
            _flag(unit, requests_of(unit.session, conversation), "doubtful_sender")
            put_in_doubt(unit.session, conversation, message_id)
            return True
        return is_report and undelivered.note_report(unit, conversation, incoming.headers)

    # ── the slow check of a code ───────────────────────────────────────────────────────────────────

    def _reserved(self, session: Session, message: Message) -> proof.Attempt | None:
        conversation = session.get_one(Conversation, message.conversation_id)
        challenge = proof.current_challenge(session, conversation)
        return proof.attempt_made(challenge, message.at)

    async def _check(self, message_id: int, attempt: proof.Attempt | None, answer: str) -> None:
        try:
            right = attempt is not None and await proof.is_right(self.services, attempt, answer)
        except Busy:
            await self.services.write(lambda unit: self._not_checked(unit, message_id))
            return
        ident = attempt.challenge_id if attempt else ""
        await self.services.write(
            lambda unit: self._checked(unit, message_id, ident, right=right),
            whose=self.services.peers.of(attempt.conversation_id) if attempt else "",
        )

    def _checked(self, unit: Unit, message_id: int, challenge_id: str, *, right: bool) -> None:
        message = unit.session.get_one(Message, message_id)
        if message.handled:
            return
        set_handled(unit.session, message_id, handled=True)
        conversation = unit.session.get_one(Conversation, message.conversation_id)
        turn = self.quiet_turn(unit, conversation)
        evidence = self._taken(unit, challenge_id) if right else None
        if evidence is not None:
            claimed, asked = unit.session.get_one(ChallengeRow, challenge_id).claimed_hash, turn.state
            turn.state = asked if asked.asks_else else asked.at_rest()
            turn.buttons_are_gone = True  # the code was typed below them
            self.proved(turn, evidence, claimed)
            turn.go_back_to(asked)
        elif not right and (turn.state.asks_else or conversation.taken_by):
            turn = self._refused_beside(turn, message, challenge_id)
        elif not right:
            self._refused(turn, challenge_id)
        elif not proof.is_used(
            unit.session, challenge_id
        ):  # else the same code, sent twice, has just succeeded
            turn.say("code_not_accepted", expects="code", choices=turn.code_choices())
        turn.store_state()

    def _taken(self, unit: Unit, challenge_id: str) -> EvidenceRow | None:
        """Give what a right code proves, the first time that it is typed."""
        proof.note_right(unit, challenge_id)
        try:
            return proof.consume(unit, challenge_id)
        except NotVerified:
            return None

    def _not_checked(self, unit: Unit, message_id: int) -> None:
        """Say that nobody looked at a code, which counts as nothing."""
        message = unit.session.get_one(Message, message_id)
        set_handled(unit.session, message_id, handled=True)
        turn = self.quiet_turn(unit, unit.session.get_one(Conversation, message.conversation_id))
        turn.say("code_not_looked_at", expects="code", choices=turn.code_choices())
        turn.store_state()

    def _refused(self, turn: Turn, challenge_id: str) -> None:
        challenge = proof.note_failure(turn.unit, challenge_id)
        if challenge is not None and challenge.state == ChallengeState.SPENT:
            now = self.services.clock.now()
            next_at = proof.next_code_after(turn.unit, challenge) or now
            turn.say("code_used_up", choices=turn.ways_out(), next_at=next_at)
        else:
            turn.say("code_not_accepted", expects="code", choices=turn.code_choices())

    def _refused_beside(self, turn: Turn, message: Message, challenge_id: str) -> Turn:
        """Take what was no code as the answer to what is asked, if it can be one; where an agent talks, say nothing."""
        proof.note_failure(turn.unit, challenge_id)
        reading = self.reader.read(message.text)
        turn = replace(turn, text=message.text, received_at=message.at, reading=reading)
        if not turn.conversation.taken_by:
            turn.take_instead_of_code()
        return turn

    def quiet_turn(self, unit: Unit, conversation: Conversation) -> Turn:
        """Give a turn in which nobody wrote anything."""
        quiet = Reading("", conversation.language or "en", "none", (), {}, None)
        now = self.services.clock.now()
        if conversation.channel in talk.LIVE and self._is_left(conversation.last_at):
            self._hide(unit, conversation, State.of(conversation.state))
        conversation.last_at = max(conversation.last_at, now)
        return Turn(unit, conversation, "", "text", now, quiet, State.of(conversation.state))

    def proved(self, turn: Turn, evidence: EvidenceRow, claimed: str = "") -> None:
        """Say what happens next to the requests that a proof opened; what is hidden comes back to the same person alone."""
        names = proof.names_of(turn.unit.session, evidence)
        comes_back = turn.state.is_of(*names, claimed)
        if turn.state.hidden_of:
            turn.state = turn.state.opened_by(*names, claimed)
            turn.store_state()  # or what is said of it now would still be kept back
        requests = [r for ref in evidence.references if (r := turn.unit.session.get(PrivacyRequest, ref))]
        by_hand = any(
            source.kind == "manual" for source in self.services.sources
        )  # may know them all the same
        reached = [r for r in requests if r.contact == evidence.contact and r.evidence_id != evidence.id]
        opened = [r for r in requests if r not in reached and r.status not in CLOSED | {Status.VERIFYING}]
        if reached:
            turn.say("will_write_there", requests=turn.seen(reached))
        if (evidence.on_file or by_hand) and opened:
            confirming.say_confirmed(turn, opened)
        short = [r for r in requests if r.status == Status.VERIFYING]
        if short:
            turn.ask_for_more(short)
        found = turn.say_what_was_sought(evidence)
        if not (reached or opened or short or found) and (comes_back or claimed):
            turn.say_how_it_stands()
        if comes_back:
            turn.ask_about_services()
        turn.ask_what_is_left()
        turn.unit.wake("plan")

    # ── live chat ──────────────────────────────────────────────────────────────────────────────────

    async def open_session(self, token: str | None, after: int | None, locale: str | None) -> ChatSession:
        """Resume the session of a token, or begin a new one; history hides after 30 idle minutes."""
        if token and self._is_ours(token):
            found = await self.services.write(lambda unit: self._resume(unit, self._thread(token), after))
            if found is not None:
                return replace(found, token=token)
        fresh = self._new_token()
        return self._begun(self._thread(fresh), fresh)

    def _begun(self, thread: str, token: str = "") -> ChatSession:
        return ChatSession(token, thread, (), idle_seconds=self._idle_seconds, hidden_in=self._idle_seconds)

    @property
    def _idle_seconds(self) -> int:
        return 60 * self.services.settings.periods.idle_minutes

    def _new_token(self) -> str:
        nonce = self.services.random(_NONCE_BYTES).hex()
        return nonce + self.services.keyring.keyed_hash(nonce, "chat")[:32]

    def _is_ours(self, token: str) -> bool:
        nonce, mac = token[: 2 * _NONCE_BYTES], token[2 * _NONCE_BYTES :]
        return hmac.compare_digest(
            self.services.keyring.keyed_hash(nonce, "chat")[:32].encode(), mac.encode()
        )

    def _thread(self, token: str) -> str:
        return self.services.keyring.keyed_hash(token, "thread")

    def _resume(self, unit: Unit, thread: str, after: int | None) -> ChatSession | None:
        conversation = unit.session.get(Conversation, conversation_id(self.services, "webchat", thread))
        if conversation is None:
            return self._begun(thread)
        now, periods = self.services.clock.now(), self.services.settings.periods
        waiting = _waiting_here(unit.session, conversation, now - timedelta(days=periods.answer_waits_days))
        if conversation.last_at < now - timedelta(hours=periods.session_hours) and not waiting:
            return None
        state, idle = State.of(conversation.state), self._idle_seconds
        is_left = self._is_left(conversation.last_at)
        if is_left:
            state = self._hide(unit, conversation, state)
        hidden_in = idle if is_left else math.ceil(idle - (now - conversation.last_at).total_seconds())
        since = max(after or 0, state.hidden_before)
        rows = unit.session.exec(
            select(Message)
            .where(
                col(Message.conversation_id) == conversation.id,
                or_(
                    col(Message.id) > since,
                    *(_answers(ref) & (col(Message.id) > (after or 0)) for ref in waiting),
                ),
                col(Message.sender) != "note",
            )
            .order_by(col(Message.id).desc())
            .limit(_MOST_HISTORY)
        ).all()
        shown = [
            row
            for row in reversed(rows)
            if not is_kept_back(conversation, row.sender, row.requests, shown=waiting)
        ]
        return replace(
            self._begun(thread),
            messages=tuple(talk.chat_message(row) for row in shown),
            hidden_before=state.hidden_before,
            hidden_in=hidden_in,
        )

    def _is_left(self, last_at: datetime) -> bool:
        """Tell whether whoever sits at a chat now may be somebody else than at its last message."""
        return last_at < self.services.clock.now() - timedelta(seconds=self._idle_seconds)

    def _talked_on(self, unit: Unit, incoming: Incoming) -> Conversation:
        """Give the talk of a message; what came from a page that stood open too long finds nothing of before there."""
        conversation, last_at = talked_on(unit, incoming)
        if incoming.channel in talk.LIVE and last_at is not None and self._is_left(last_at):
            self._hide(unit, conversation, State.of(conversation.state))
        return conversation

    def _hide(self, unit: Unit, conversation: Conversation, state: State) -> State:
        """Hide what was said so far, and say so, unless it is hidden and nothing was said since."""
        newest = unit.session.exec(
            select(Message.id)
            .where(
                col(Message.conversation_id) == conversation.id,
                col(Message.id) > state.hidden_before,
            )
            .order_by(col(Message.id).desc())
            .limit(_HIDDEN_TEXT + 1)
        ).all()
        if state.hidden_of and len(newest) <= _HIDDEN_TEXT:
            return state
        last = newest[0] if newest else None
        references = [request.ref for request in requests_of(unit.session, conversation)]
        is_new = not set(references) <= set(state.hidden) or not state.hidden_of
        known = proof.known_in(unit.session, conversation) if is_new else state.hidden_of
        hidden = state.hiding(last or 0, references, known)
        values = {"state": hidden.as_json(), "last_at": self.services.clock.now()}
        unit.session.execute(
            update(Conversation).where(col(Conversation.id) == conversation.id).values(**values)
        )
        unit.session.expire(conversation)
        key = f"{HIDING}{last or 0}"  # by which it is known whose was what in a talk of several (casework/whose.py)
        talk.say(unit, conversation, "session_hidden", expects="email", key=key)
        return hidden

    async def identify(self, thread: str, token: str) -> None:
        """Take a page-load token of the host site: proves T1 for what waits in this conversation, once."""
        sign_in = self.services.sign_ins.get(Method.PAGE_TOKEN)
        if sign_in is None:
            raise NotVerified("This site does not sign its visitors in to the chat.")
        who = sign_in.read(token, self.services.clock.now())
        contact = await proof.contact_of_sign_in(self.services, who)

        def one_unit(unit: Unit) -> None:
            take_once(unit.session, Method.PAGE_TOKEN, who)
            conversation = unit.session.get(Conversation, conversation_id(self.services, "webchat", thread))
            if conversation is None:
                raise NotVerified("Write a message first, then sign in.")
            turn = self.quiet_turn(unit, conversation)  # which hides what is to be hidden
            state = turn.state
            account = client_hash(self.services.keyring, who.client_id)
            turn = self.quiet_turn(unit, conversation)
            hidden = set(state.hidden) - set(unclaimed.hidden_of(turn, account))
            waiting = [
                r.ref
                for r in requests_of(unit.session, conversation)
                if r.status in {"received", "verifying"} and not is_for_other(r) and r.ref not in hidden
            ]
            evidence = proof.give_evidence(
                unit,
                method=Method.PAGE_TOKEN,
                contact=contact,
                conversation_id=conversation.id,
                references=waiting,
                on_file=True,
                client_id=who.client_id,
            )
            self.proved(turn, evidence)
            turn.store_state()

        await self.services.write(one_unit)

    async def seen(self, thread: str, message_id: int) -> None:
        """Note the last message the person has seen."""
        ident = conversation_id(self.services, "webchat", thread)
        await self.services.write(
            lambda unit: unit.session.execute(
                update(Conversation).where(col(Conversation.id) == ident).values(seen_id=message_id)
            )
        )

    def watch(
        self, thread: str
    ) -> AbstractAsyncContextManager[AsyncIterator[ChatMessage | Literal["typing"]]]:
        """Give the messages to this thread as they are committed."""
        return self.services.hub.watch(conversation_id(self.services, "webchat", thread))


def take_once(session: Session, method: Method, who: SignedIn) -> None:
    """Take a signed token; raises NotVerified the second time. Each site numbers its own tokens."""
    value = f"jti:{method}:{who.token_id}"
    if session.get(Seen, value) is not None:
        raise NotVerified
    session.add(Seen(value=value, until=who.expires_at + _CLOCK_PUT_BACK))
    session.flush()


def login_challenge(unit: Unit, nonce: str) -> ChallengeRow | None:
    """Give the sign-in that was offered with a nonce, as long as it is alive."""
    row = unit.session.exec(
        select(ChallengeRow).where(
            col(ChallengeRow.link_hash) == unit.services.keyring.keyed_hash(nonce, "link")
        )
    ).first()
    alive = (
        row is not None and row.state == ChallengeState.SENT and row.expires_at and row.expires_at > unit.now
    )
    return row if alive else None


def _flag(unit: Unit, requests: list[PrivacyRequest], reason: str) -> None:
    for request in requests:
        if request.status not in CLOSED and request.attention not in denying.ATTENTIONS:
            set_attention(unit, request, reason)


def _as_json(reading: Reading) -> dict[str, Any]:
    return {
        "language": reading.language,
        "decision": reading.decision,
        "intents": [{"name": intent.name, "score": intent.score} for intent in reading.intents],
        "sentence": reading.sentence,
    }


def _waiting_here(session: Session, conversation: Conversation, since: datetime) -> list[str]:
    """List the requests whose answer waits in the talk, for want of an address to send it to (flows.md, The answer)."""
    query = select(PrivacyRequest).where(
        col(PrivacyRequest.conversation_id) == conversation.id,
        col(PrivacyRequest.tier_needed) == int(Tier.T0),
        col(PrivacyRequest.contact).is_(None),
        or_(col(PrivacyRequest.closed_at).is_(None), col(PrivacyRequest.closed_at) > since),
    )
    return [r.ref for r in session.exec(query) if not r.details.get("marketing")]  # that one names an address


def _answers(ref: str) -> ColumnElement[bool]:
    return col(Message.external_id).startswith(answers.key_of(ref))


def _take_up(turn: Turn, incoming: Incoming, message_id: int) -> None:
    if not repeated.joins_first(turn, incoming, message_id):
        turn.take()


def _is_taken_up(turn: Turn, incoming: Incoming, requests: Sequence[PrivacyRequest]) -> bool:
    """Tell whether a mail is one that a rule takes up: a request, or an answer in a thread that has some.

    What must not be answered opens nothing: nobody would hear of it. An agent decides (triage).
    """
    if incoming.automatic:
        return False
    if turn.reading.decision == "request" or for_others.concerns_other(turn):
        return True
    wants_back = sparing.takes_back(turn.reading) or (
        CHANGED_MIND in turn.reading.wishes and any(r.status in STOPPABLE for r in requests)
    )
    return bool(requests) and not turn.muted and bool(turn.state.expects or wants_back)
