"""The desk as the channels see it: stores a message, answers it, and shows a live chat to whoever holds its session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from assistant.casework import saying
from assistant.casework.answers import originals, undelivered
from assistant.casework.decisions import questions
from assistant.casework.proof import checking, link_again
from assistant.casework.requests import earlier, reused
from assistant.casework.requests.doubt import put_in_doubt
from assistant.casework.requests.intake import (
    Stored,
    conversation_id,
    find_or_start_conversation,
    is_from_another,
    requests_of,
    set_handled,
    store_incoming,
    taken_up,
)
from assistant.casework.requests.one_by_one import each, failure_of, named
from assistant.casework.talk import after_proof, hiding, proving
from assistant.casework.talk.turn import Turn
from assistant.casework.talk.unanswered import keep_alone, keep_unanswered, leave_unanswered
from assistant.conversation import agent_asked, another_sender, beside, continued
from assistant.conversation.decide import says_more_than_an_answer
from assistant.conversation.heard import NoCode, Pressed, Words, typed_code
from assistant.conversation.live import LiveChats
from assistant.conversation.mail import flag, hear_mail
from assistant.conversation.ourselves import FROM_US, known_by_its_words
from assistant.conversation.pace import Pace
from assistant.conversation.reading import SHORT, LongReadings, whose_turn
from assistant.conversation.received import Received
from assistant.conversation.subjects import (
    handed_on,
    is_reminded_of,
    left_to_read,
    own_words,
    with_handed_on,
    with_subject,
)
from assistant.conversation.taking import take
from assistant.conversation.unread import leave_rest_to_a_person, marked, may_be_request, words_of
from assistant.domain.assurance import stands_as_code
from assistant.domain.attention import Attention
from assistant.domain.lifecycle import CLOSED
from assistant.errors import Busy, StoreUnavailable
from assistant.interfaces import Incoming, Receipt
from assistant.services import Unit
from assistant.store import queries
from assistant.store.rows import Conversation, Message, PrivacyRequest
from intents import NONE, Reader, Reading

log = structlog.get_logger(__name__)
_NOT_A_PERSON = ("own", "bounce")  # a report, or a mail of ours that came back


@dataclass(slots=True)
class TalkingDesk(LiveChats):
    """Takes messages from every channel; what needs a slow check goes on after the message is acknowledged."""

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
    ) -> Callable[[Unit], tuple[Receipt, checking.Attempt | None]]:
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
        ours = await self.services.read(lambda unit: saying.said_by_us(unit, ident))
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
        turn = hiding.quiet_turn(unit, ident)
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

    async def recover(self, waited: timedelta = timedelta()) -> int:
        """Take up what was stored this long ago and is not answered: the desk was killed, or its store was away."""
        until = self.services.clock.now() - waited
        left = await self.services.read(lambda unit: queries.unhandled(unit.session, until))
        await each(self.services, "recover", left, self._recover_one)
        return len(left)

    async def _recover_one(self, ident: int) -> None:
        await self._or_call(ident, self._check_again(ident))

    async def _check_again(self, ident: int) -> None:
        text, attempt = await self.services.read(lambda unit: proving.attempt_at(unit, ident))
        await self._check(ident, attempt, text)

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
    ) -> tuple[Receipt, checking.Attempt | None]:
        incoming = self._in_our_language(marked(incoming, reading))
        thread, _, has_asked = hiding.talked_on(unit, incoming)
        reading = self._without_ours(unit, thread, reading, is_read=is_read)
        conversation = self._talk_of(unit, thread, incoming, reading)
        stored = store_incoming(unit.session, conversation, incoming, _as_json(reading))
        message_id = stored.number
        receipt = Receipt(conversation.id, message_id, stored.known)
        if stored.known:
            return receipt, None
        if incoming.channel in saying.LIVE:
            unit.post(conversation.id, saying.own_message(message_id, incoming))
        if self._is_of_ours(unit, conversation, incoming, message_id):
            return receipt, None
        words = Words(
            own_words(incoming),
            reading,
            incoming.received_at,
            forwarded=bool(incoming.headers.get("forwarded")),
            muted=incoming.automatic or incoming.doubtful_sender is not None,
        )
        turn = Turn.quiet(unit, conversation)
        turn.muted = words.muted
        turn.known = None if has_asked or conversation is not thread else []  # most talks: nobody need look
        if incoming.locale:
            turn.turn_to(incoming.locale)
        received = Received(turn, incoming, message_id, words)
        asked = questions.questions_answered(unit, conversation, incoming)
        answered = asked if asked and agent_asked.may_answer(words.text, incoming.attachments) else []
        if incoming.channel == "email":
            turn.given = received.hearing
            hear_mail(received)
            _note_answer(received, answered)
        else:
            is_heard = not answered or _is_heard_beside(received)
            _note_answer(received, answered)  # first: what it says more is asked below, and calls for more
            if is_heard:
                take(turn, Pressed(words) if incoming.kind == "choice" else words)
        continued.note_elsewhere(received, asked, answered)
        leave_rest_to_a_person(received)  # a plain answer to an agent's question is for the agent
        beside.have_support_read_too(received)
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
        flag(unit, requests, Attention.REUSED_ID)
        if not requests and conversation.channel == "email":
            put_in_doubt(unit.session, conversation, stored.number)

    def _talk_of(
        self, unit: Unit, thread: Conversation, incoming: Incoming, reading: Reading
    ) -> Conversation:
        """Give a thread's talk, or their own to whoever asks in another's; who is at the requests there hears of it."""
        if not is_from_another(thread, incoming):
            return thread
        requests = requests_of(unit.session, thread)
        link = link_again.of_number(unit, thread.id, incoming.sender)
        answers_it = link is not None and not (incoming.automatic or incoming.doubtful_sender)
        if not another_sender.begins_own_talk(
            self.services, requests, incoming, reading, was_sent_link=answers_it
        ):
            return thread
        flag(unit, requests, Attention.OTHER_SENDER)
        own = another_sender.in_own_thread(self.services, incoming)
        return find_or_start_conversation(unit, own)

    def _without_ours(
        self, unit: Unit, conversation: Conversation, reading: Reading, *, is_read: bool
    ) -> Reading:
        """Count what the person says of their own: our words sent back are no wish of theirs."""
        if is_read or reading.decision == NONE:
            return reading
        ours = saying.said_by_us(unit, conversation.id)
        return self.reader.read(reading.text, quoted=ours) if ours else reading

    def _in_our_language(self, incoming: Incoming) -> Incoming:
        """Give a message with its locale as one of our languages, or none."""
        ours = self._locale(incoming.locale)
        return incoming if ours == incoming.locale else replace(incoming, locale=ours)

    def _locale(self, locale: str | None) -> str | None:
        short = (locale or "")[:2].lower()
        return short if short in self.services.settings.controller.languages else None

    def _is_of_ours(
        self, unit: Unit, conversation: Conversation, incoming: Incoming, message_id: int
    ) -> bool:
        """Take what reports on us, comes back to us or bears our address: stored and shown, never answered as a wish."""
        if incoming.headers.get("own"):
            flag(unit, requests_of(unit.session, conversation), Attention.LOST_LETTER)
            return True
        is_report = bool(incoming.headers.get("bounce"))
        if incoming.headers.get(FROM_US) and not is_report:
            flag(unit, requests_of(unit.session, conversation), Attention.DOUBTFUL_SENDER)
            put_in_doubt(unit.session, conversation, message_id)
            return True
        return is_report and undelivered.note_report(unit, conversation, incoming.headers)

    # ── the slow check of a code ───────────────────────────────────────────────────────────────────

    async def _check(self, message_id: int, attempt: checking.Attempt | None, answer: str) -> None:
        try:
            typed = typed_code(answer)
            right = attempt is not None and await checking.is_right(self.services, attempt, typed)
        except Busy:
            await self.services.write(lambda unit: self._not_checked(unit, message_id))
            return
        ident = attempt.challenge_id if attempt else ""
        await self.services.write(
            lambda unit: self._checked(unit, message_id, ident, right=right),
            whose=self.services.peers.of(attempt.conversation_id) if attempt else "",
        )

    def _checked(self, unit: Unit, message_id: int, challenge_id: str, *, right: bool) -> None:
        message = taken_up(unit, message_id)
        if message is None:
            return
        turn = hiding.quiet_turn(unit, message.conversation_id)
        if right:
            after_proof.code_was_right(turn, challenge_id)
        elif turn.state.asks_else or turn.stands_back:
            self._refused_beside(turn, message, challenge_id)
        else:
            proving.refuse_code(turn, challenge_id)
        turn.store_state()

    def _not_checked(self, unit: Unit, message_id: int) -> None:
        """Say that nobody looked at a code, which counts as nothing."""
        message = taken_up(unit, message_id)
        if message is None:
            return
        turn = hiding.quiet_turn(unit, message.conversation_id)
        proving.say_no_code(turn, "code_not_looked_at")
        turn.store_state()

    def _refused_beside(self, turn: Turn, message: Message, challenge_id: str) -> None:
        """Take what was no code as the answer to what is asked, if it can be one; where an agent talks or is awaited, say nothing."""
        checking.note_failure(turn.unit, challenge_id)
        if not turn.stands_back:
            take(turn, NoCode(Words(message.text, self.reader.read(message.text), message.at)))


def _note_answer(answer: Received, answered: Sequence[PrivacyRequest]) -> None:
    """Take what an agent asked of whoever is here as answered; who was here before has not answered."""
    if not answered:
        return
    turn = answer.turn
    turn.state = replace(turn.state, asked=tuple(ref for ref in turn.state.asked if ref in turn.state.hidden))
    questions.take_answer(turn.unit, answered, turn.conversation.id)


def _is_heard_beside(answer: Received) -> bool:
    """Tell whether an answer to an agent's question is heard by the desk too; a number that is no code is the answer alone."""
    hearing = answer.hearing
    if (
        answer.is_request
        or stands_as_code(answer.text)
        or says_more_than_an_answer(hearing.view, answer.words)
    ):
        return True
    expects = answer.turn.state.expects
    return expects is not None and not (expects == "code" and agent_asked.is_no_code(answer.text))


def _as_json(reading: Reading) -> dict[str, Any]:
    return {
        "language": reading.language,
        "decision": reading.decision,
        "intents": [{"name": intent.name, "score": intent.score} for intent in reading.intents],
        "sentence": reading.sentence,
    }
