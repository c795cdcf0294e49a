"""Why a person is needed: what stands in `request.attention`, alone or before a colon that says more.

What makes a proof doubtful calls a person too: those are the flags of its evidence.
"""

from __future__ import annotations

from enum import StrEnum


class Attention(StrEnum):
    """What an agent must look at."""

    # said by the person, or in their name
    NEW_MESSAGE = "new_message"
    WANTS_TO_WITHDRAW = "wants_to_withdraw"
    QUESTION_ANSWERED = "question_answered"
    FOR_SOMEBODY_ELSE = "for_somebody_else"  # people weigh the mandate
    MAILBOX_LOST = "mailbox_lost"
    NOT_ME_BY_MAIL = "not_me_by_mail"
    NOT_ME_BY_STRANGER = "not_me_by_stranger"
    ASKED_BESIDE = "asked_beside"
    ACCOUNTS_NAMED = "accounts_named"
    CLIENT_NUMBER_NAMED = "client_number_named"
    CHANGE_UNCONFIRMED = "change_unconfirmed"
    NOT_UNDERSTOOD = "correction_not_understood"  # a person reads what was written
    TO_EMPTY = "correction_to_empty"
    # an erasure that stands still
    DONT_HEARD = "dont_heard"
    DONT_UNANSWERED = "dont_unanswered"
    DONT_NOT_ASKED = "dont_not_asked"
    # services that run
    SERVICES_ASKED = "services_asked"
    END_SERVICES = "end_services"
    SERVICES_END_BY_MAIL = "services_end_by_mail"
    SERVICES_ANSWER_UNCLEAR = "services_answer_unclear"
    # what came, and from whom
    AUTOMATIC_MESSAGE = "automatic_message"
    DOUBTFUL_SENDER = "doubtful_sender"
    OTHER_SENDER = "other_sender"
    REUSED_ID = "reused_id"
    READ_IN_PART = "read_in_part"
    UNREAD_MAIL = "unread_mail"
    # what the desk cannot say or ask
    REPLY_UNWRITTEN = "reply_unwritten"
    SENDER_CANNOT_BE_ASKED = "sender_cannot_be_asked"
    TOO_MANY_CHALLENGES = "too_many_challenges"
    TOO_MANY_LETTERS = "too_many_letters"
    TOO_MANY_NAMED = "too_many_named"
    TOO_MANY_REPLIES = "too_many_replies"
    LOST_LETTER = "delivery_failed"
    UNPROVED_LOSS = "delivery_unproved"  # a report without our own id says so, which anybody can write
    # plans
    NEEDS_AGENT = "needs_agent"
    NOTHING_TO_DO = "nothing_to_do"
    UNKNOWN_USE = "unknown_use"
    MANY_ADDRESSES = "many_addresses"
    SOURCE_UNAVAILABLE = "source_unavailable"
    PLAN_FAILED = "plan_failed"
    PLAN_CONFLICT = "plan_conflict"
    FIELD_NOT_MAPPED = "field_not_mapped"
    PLAN_CHANGED = "plan_changed"
    PLAN_REJECTED = "plan_rejected"
    STOPPED = "stopped"
    STEP_FAILED = "step_failed"
    SWEEP_FAILED = "sweep_failed"
    PARTLY_LEFT = "partly_left"  # the letter said that somebody sees to the rest
    OBJECTION_TO_WEIGH = "objection_to_weigh"
    RECIPIENTS_UNDECIDED = "recipients_undecided"
    FORWARDED_MEANWHILE = "forwarded_meanwhile"
    UNDONE = "undone"
    LAPSE_LETTER_TO_APPROVE = "lapse_letter_to_approve"
    NEVER_COMPLETED = "never_completed"
