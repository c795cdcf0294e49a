"""The catalogue of everything the desk says: each text's name, reader and variables, and what it must hold.

The words are in replies/<locale>/; a test holds both against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Audience(StrEnum):
    """Who reads a text, and where: decides its form."""

    CHAT = "chat"  # short, in a conversation
    MAIL = "mail"  # a whole mail about a request, nothing personal in it
    ANSWER = "answer"  # what was done or not done; goes out by mail and in the conversation
    AGENT = "agent"  # to those who work at the desk
    RECIPIENT = "recipient"  # to whoever received data from the controller


class Element(StrEnum):
    """Something a text must hold; the article or the item of the reply checklist is in the comment."""

    OUTCOME = "outcome"  # 12(3): the first sentence says what was done about which request of which day
    REFERENCE = "reference"
    DUE_DATE = "due_date"  # 12(3), as a calendar date
    FREE = "free"  # 12(5)
    NEW_DATE = "new_date"  # 12(3), second sentence: an extension names its date
    REASON = "reason"  # 12(3), 12(4)
    AUTHORITIES = "authorities"  # 12(4), 13(2)(d), 15(1)(f)
    COURT = "court"  # 12(4), 79
    CONTACT = "contact"  # 13(1)(a) and (b): a person, and the data protection officer if there is one
    NOT_ME = "not_me"  # every mail about a step that proof unlocks lets its reader stop it
    EARLIER_LAWFUL = "earlier_lawful"  # 7(3)
    NO_REASON_NEEDED = "no_reason_needed"  # 21(2): absolute
    RECIPIENTS = "recipients"  # 19


@dataclass(frozen=True, slots=True)
class Message:
    """One named text; `needs` must be given, `may` can be."""

    name: str
    audience: Audience
    needs: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    holds: frozenset[Element] = frozenset()

    @property
    def variables(self) -> frozenset[str]:
        """Give every variable the text may use, beside the facts of the desk."""
        return self.needs | self.may


E = Element
_REMEDIES = frozenset({E.AUTHORITIES, E.COURT, E.CONTACT})
_ANSWER = _REMEDIES | {E.OUTCOME, E.REFERENCE}


def _table(
    audience: Audience, rows: Mapping[str, tuple[str, str, frozenset[Element]]], common: frozenset[Element]
) -> dict[str, Message]:
    return {
        name: Message(name, audience, frozenset(needs.split()), frozenset(may.split()), common | holds)
        for name, (needs, may, holds) in rows.items()
    }


def _holds(*elements: Element) -> frozenset[Element]:
    return frozenset(elements)


_CHAT = _table(
    Audience.CHAT,
    {
        "chat_can_do": ("", "", _holds()),
        "other_than_status": ("", "", _holds()),
        "chat_ask_right": ("", "", _holds()),
        "chat_other_rights": ("", "", _holds()),
        "chat_ask_detail": ("", "", _holds()),
        "chat_ask_exception": ("", "", _holds()),
        "request_opened": ("requests", "", _holds(E.REFERENCE, E.DUE_DATE, E.FREE)),
        "already_open": ("requests", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "ask_contact": ("", "", _holds()),
        "why_address": ("", "", _holds()),
        "address_forgotten": ("", "", _holds()),
        "code_explained": ("", "", _holds()),
        "leaves_chat": ("", "awaited", _holds()),
        "question_beside_proof": ("", "awaited", _holds()),
        "code_sent_email": ("until", "instead later", _holds()),
        "code_sent_client_id": ("until", "instead later", _holds()),
        "typed_address_unusable": ("", "", _holds()),
        "typed_no_address": ("typed", "", _holds()),
        "typed_no_contact": ("", "", _holds()),
        "address_noted": ("", "", _holds()),
        "client_number_noted": ("", "", _holds()),
        "for_other_noted": ("", "", _holds()),
        "contact_noted": ("", "", _holds()),
        "no_code_needed": ("", "", _holds()),
        "typed_address_failed": ("", "", _holds()),
        "code_not_accepted": ("", "", _holds()),
        "code_not_looked_at": ("", "", _holds()),
        "code_used_up": ("next_at", "", _holds()),
        "code_limit": ("next_at", "", _holds()),
        "verification_paused": ("", "", _holds()),
        "verified_requests": (
            "requests copies copy_from erased_from changed_from",
            "",
            _holds(E.REFERENCE, E.DUE_DATE),
        ),
        "ask_rectification": ("", "", _holds()),
        "proof_short": ("requests", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "ask_rectification_value": ("field", "", _holds()),
        "value_cannot_be": ("field", "", _holds()),
        "ask_rectification_part": ("field", "", _holds()),
        "ask_rectification_which": ("field values", "", _holds()),
        "ask_rectification_one": ("field", "", _holds()),
        "confirm_rectification": ("from_to", "", _holds()),
        "rectification_by_person": ("requests", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "rectification_to_empty": ("requests", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "ask_consent_purpose": ("", "", _holds()),
        "ask_objection_purpose": ("", "", _holds()),
        "ask_marketing_address": ("", "", _holds(E.NO_REASON_NEEDED)),
        "marketing_stopped": ("requests", "addresses untold part", _holds(E.REFERENCE, E.NO_REASON_NEEDED)),
        "marketing_stopped_number": ("requests", "addresses part", _holds(E.REFERENCE, E.NO_REASON_NEEDED)),
        "marketing_stopped_several": (
            "requests",
            "addresses untold part",
            _holds(E.REFERENCE, E.NO_REASON_NEEDED),
        ),
        "marketing_stopped_partly": ("requests failed", "addresses part", _holds(E.REFERENCE)),
        "marketing_stopped_too": ("", "", _holds()),
        "marketing_by_person": ("requests at_once", "addresses", _holds(E.REFERENCE, E.DUE_DATE)),
        "read_in_part": ("", "", _holds()),
        "support_beside": ("", "", _holds()),
        "a_person_reads": ("requests", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "objection_frozen": ("requests", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "complaint_received": ("requests", "", _holds(E.REFERENCE, E.DUE_DATE, E.AUTHORITIES, E.COURT)),
        "question_in_time": ("requests question", "", _holds(E.REFERENCE)),
        "question_late": ("requests question", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "clock_goes_on": ("requests", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "request_status": ("requests", "", _holds(E.REFERENCE)),
        "request_status_none": ("", "", _holds()),
        "ask_contact_of_request": ("", "", _holds()),
        "ask_whose_request": ("", "", _holds()),
        "sought_nothing": ("", "", _holds()),
        "request_elsewhere_by_mail": ("", "", _holds()),
        "withdrawn": ("requests", "", _holds(E.REFERENCE)),
        "question_over": ("", "", _holds()),
        "withdraw_confirm": ("requests", "", _holds(E.REFERENCE)),
        "withdraw_which": ("requests", "", _holds(E.REFERENCE)),
        "withdraw_which_by_mail": ("requests", "", _holds(E.REFERENCE)),
        "withdraw_needs_proof": ("requests", "", _holds(E.REFERENCE)),
        "withdraw_later": ("requests next_at", "", _holds(E.REFERENCE)),
        "link_limit": ("requests next_at", "", _holds(E.REFERENCE)),
        "withdraw_nothing": ("", "", _holds()),
        "withdraw_too_late": ("requests", "", _holds(E.REFERENCE)),
        "not_me_noted": ("requests unproved", "", _holds(E.REFERENCE)),
        "dont_asked": ("requests", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "dont_asked_again": ("requests", "", _holds(E.REFERENCE)),
        "dont_going_on": ("requests", "", _holds(E.REFERENCE)),
        "dont_goes_on": ("requests", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "dont_lifted": ("requests not_before", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "dont_nothing": ("", "", _holds()),
        "services_untouched": ("", "", _holds()),
        "dont_too_late": ("requests", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "for_somebody_else": ("requests", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "handover_waiting": ("", "", _holds()),
        "handover_ticket": ("", "", _holds()),
        "handover_address": ("", "", _holds()),
        "handover_joined": ("name", "", _holds()),
        "handover_ended": ("", "", _holds()),
        "session_hidden": ("", "", _holds()),
        "session_still_hidden": ("", "", _holds()),
        "slip_mended": ("", "", _holds()),
        "address_of_another": ("", "", _holds()),
        "code_has_eight_digits": ("", "", _holds()),
        "mailbox_lost": ("", "", _holds()),
        "code_was_sent_email": ("asked_at until next_at", "later untaken", _holds()),
        "code_was_sent_client_id": ("asked_at until next_at", "later", _holds()),
        "ask_about_services": ("requests services", "", _holds(E.REFERENCE)),
        "services_asked_again": ("", "", _holds()),
        "answer_waits_here": ("", "", _holds()),
        "ask_where_to_write": ("", "", _holds()),
        "answered_there": ("requests", "", _holds(E.REFERENCE)),
        "answered_by_mail": ("requests outcome", "", _holds(E.REFERENCE)),
        "will_ask_there": ("requests", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "will_write_there": ("requests", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "not_our_language": ("", "", _holds()),
        "languages_spoken": ("", "", _holds()),
        "in_this_language": ("", "", _holds()),
        "code_over": ("", "", _holds()),
        "small_greeting": ("", "awaited", _holds()),
        "small_how_are_you": ("", "awaited", _holds()),
        "small_called": ("", "awaited", _holds()),
        "small_thanks": ("", "awaited", _holds()),
        "small_noted": ("", "", _holds()),
        "small_farewell": ("", "awaited", _holds()),
        "small_patience": ("", "awaited", _holds()),
        "small_robot": ("", "awaited", _holds()),
        "small_insult": ("", "awaited", _holds()),
        "small_nonsense": ("", "", _holds()),
        "policy_data": ("lines clause", "", _holds()),
        "policy_purposes": ("lines clause", "", _holds()),
        "policy_basis": ("lines clause", "", _holds()),
        "policy_retention": ("lines clause", "", _holds()),
        "policy_recipients": ("lines clause", "named", _holds()),
        "policy_transfers": ("lines countries clause", "", _holds()),
        "policy_origin": ("lines clause", "", _holds()),
        "policy_machines": ("machines clause", "", _holds()),
        "policy_contact": ("clause", "", _holds(E.CONTACT)),
        "policy_rights": ("clause", "", _holds(E.FREE)),
        "policy_using": ("clause", "", _holds(E.FREE)),
        "policy_authority": ("clause", "", _holds(E.AUTHORITIES)),
        "policy_self_service": ("url clause", "", _holds()),
        "policy_cookies": ("lines consent clause", "", _holds()),
        "policy_elsewhere": ("clause", "", _holds()),
        "policy_where": ("clause", "", _holds()),
        "policy_rest": ("", "", _holds()),
        "policy_unanswered": ("", "", _holds()),
    },
    frozenset(),
)

_MAIL = _table(
    Audience.MAIL,
    {
        "mail_reply": ("text", "requests", _holds()),
        "mail_waits_in_chat": ("requests", "", _holds(E.REFERENCE)),
        "mail_unread_in_chat": ("requests text", "", _holds(E.REFERENCE)),
        "mail_question": ("requests text answers", "", _holds(E.REFERENCE)),
        "mail_question_apart": ("requests text answers", "", _holds(E.REFERENCE)),
        "mail_question_in_time": ("requests question", "", _holds(E.REFERENCE)),
        "mail_question_late": ("requests question", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "mail_opened": ("requests", "by_number", _holds(E.REFERENCE, E.DUE_DATE, E.FREE)),
        "mail_opened_again": ("requests by_number", "", _holds(E.REFERENCE)),
        "mail_opened_later": ("requests next_at", "", _holds(E.REFERENCE, E.DUE_DATE, E.FREE)),
        "mail_opened_question": ("requests", "", _holds(E.REFERENCE, E.DUE_DATE, E.FREE)),
        "mail_opened_no_proof": ("requests", "", _holds(E.REFERENCE, E.DUE_DATE, E.FREE)),
        "mail_all_kept": ("listed more until", "", _holds()),
        "mail_to_be_read": ("received_on", "", _holds()),
        "mail_read_in_part": ("received_on", "", _holds()),
        "mail_code": (
            "code requests channel asked_at until not_me_url shown_again",
            "",
            _holds(E.REFERENCE, E.NOT_ME),
        ),
        "mail_code_talk": ("code channel asked_at until shown_again", "seeks", _holds()),
        "mail_package_code": ("code requests until", "", _holds(E.REFERENCE)),
        "mail_link": (
            "url requests channel asked_at until not_me_url effects",
            "",
            _holds(E.NOT_ME),  # and no reference: its page asks for it
        ),
        "mail_dont": ("url requests channel asked_at until", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "mail_dont_lifted": ("requests not_before stop_url stops", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "mail_for_somebody_else": ("requests", "", _holds(E.REFERENCE, E.DUE_DATE, E.FREE)),
        "mail_mailbox_lost": ("requests", "", _holds(E.REFERENCE, E.DUE_DATE, E.FREE)),
        "mail_notice": ("requests asked_at channel not_me_url stops", "", _holds(E.REFERENCE, E.NOT_ME)),
        "mail_hold": ("requests not_before not_me_url stops", "", _holds(E.REFERENCE, E.NOT_ME)),
        "mail_notice_elsewhere": (
            "requests asked_at channel not_me_url stops",
            "",
            _holds(E.REFERENCE, E.NOT_ME),
        ),
        "mail_hold_decided": (
            "requests not_before not_me_url stops",
            "",
            _holds(E.REFERENCE, E.NOT_ME),
        ),
        "mail_hold_signed_in": (
            "requests account not_before not_me_url stops",
            "",
            _holds(E.REFERENCE, E.NOT_ME),
        ),
        "mail_stopped": ("requests", "", _holds(E.REFERENCE)),
        "mail_withdrawn": ("requests", "", _holds(E.REFERENCE)),
        "marketing_notice": ("requests undo_url", "", _holds(E.REFERENCE)),
        "marketing_undone": ("requests changed told", "", _holds(E.REFERENCE)),
        "marketing_put_back": ("requests back left told not_told", "", _holds(E.REFERENCE)),
        "package_reminder": ("requests url gone_on", "", _holds(E.REFERENCE)),
        "package_gone": ("requests", "", _holds(E.REFERENCE)),
        "services_running": ("requests services", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "extension_notice": (
            "requests reason",
            "",
            _holds(E.OUTCOME, E.REFERENCE, E.REASON, E.NEW_DATE, E.AUTHORITIES, E.COURT),
        ),
        "restriction_lifting": (
            "requests reason lifted_on",
            "",
            _holds(E.REFERENCE, E.REASON, E.AUTHORITIES, E.COURT),
        ),
        "portability_sent": ("requests host", "", _holds(E.REFERENCE)),
        "restriction_stays": ("requests", "", _holds(E.REFERENCE, E.AUTHORITIES, E.COURT)),
    },
    _holds(E.CONTACT),
)

_ANSWERS = _table(
    Audience.ANSWER,
    {
        "package_ready": ("requests url gone_on systems withheld", "counts account_only", _holds()),
        "answer_access_nothing": ("requests systems", "", _holds()),
        "answer_erasure": (
            "requests erased kept recipients services_kept",
            "account_only",
            _holds(E.RECIPIENTS),
        ),
        "answer_erasure_partly": (
            "requests erased failed kept recipients",
            "account_only",
            _holds(E.RECIPIENTS, E.REASON),
        ),
        "answer_erasure_nothing": ("requests systems", "", _holds()),
        "answer_rectification": ("requests changes already recipients", "account_only", _holds(E.RECIPIENTS)),
        "answer_rectification_already": ("requests fields", "account_only", _holds(E.REASON)),
        "answer_rectification_partly": (
            "requests changes already nowhere recipients failed",
            "account_only",
            _holds(E.RECIPIENTS, E.REASON),
        ),
        "answer_rectification_nothing": ("requests", "", _holds()),
        "answer_use_nothing": ("requests", "", _holds()),
        "answer_consent_withdrawal": (
            "requests stopped not_in_use recipients",
            "account_only",
            _holds(E.RECIPIENTS, E.EARLIER_LAWFUL),
        ),
        "answer_consent_withdrawal_partly": (
            "requests stopped recipients failed",
            "account_only",
            _holds(E.RECIPIENTS, E.EARLIER_LAWFUL, E.REASON),
        ),
        "answer_restriction": ("requests recipients restricted", "account_only", _holds(E.RECIPIENTS)),
        "answer_restriction_partly": (
            "requests recipients restricted failed",
            "account_only",
            _holds(E.RECIPIENTS, E.REASON),
        ),
        "answer_refused": ("requests reason ground_law", "", _holds(E.REASON)),
        "answer_by_agent": ("requests text", "", _holds()),
        "lapse_letter": ("requests", "", _holds(E.REASON)),
        "forwarded_processor": ("requests", "", _holds()),
    },
    _ANSWER,
)

_AGENT = _table(
    Audience.AGENT,
    {
        "agent_due": ("requests today total overdue url", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "agent_task": ("requests systems look_up asked_at url", "", _holds(E.REFERENCE, E.DUE_DATE)),
        "agent_ticket": ("summary url", "", _holds()),
    },
    frozenset(),
)

_NOTICE = "requests recipient by_hand person data"
_RECIPIENT = _table(
    Audience.RECIPIENT,
    {
        "recipient_erased": (_NOTICE, "", _holds()),
        "recipient_corrected": (f"{_NOTICE} corrected", "", _holds()),
        "recipient_restricted": (_NOTICE, "", _holds()),
        "recipient_unrestricted": (_NOTICE, "", _holds()),
        "recipient_stopped": (f"{_NOTICE} purposes", "", _holds()),
        "owner_request": ("requests received_at said", "reached_at", _holds()),
    },
    _holds(E.REFERENCE, E.CONTACT),
)

MESSAGES: Mapping[str, Message] = MappingProxyType(_CHAT | _MAIL | _ANSWERS | _AGENT | _RECIPIENT)

# The HTML pages a person opens from a mail or after signing in, and the variables of each.
PAGES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "verify": frozenset({"requests", "channel", "asked_at", "from_to", "effects"}),
        "verify_withdrawal": frozenset({"requests", "channel", "asked_at"}),
        "verify_dont": frozenset({"requests", "channel", "asked_at"}),
        "verify_goes_on": frozenset({"requests"}),
        "verify_withdrawn": frozenset({"requests"}),
        "verify_confirmed": frozenset({"requests"}),
        "verify_stopped": frozenset({"requests"}),
        "verify_expired": frozenset(),
        "verify_used_up": frozenset(),
        "withdraw_sure": frozenset({"requests"}),
        "keep_sure": frozenset({"requests"}),
        "not_me": frozenset({"requests"}),
        "not_me_sure": frozenset({"requests"}),
        "go_on_sure": frozenset({"requests"}),
        "client_area": frozenset({"requests", "channel", "asked_at", "from_to", "effects"}),
        "client_area_failed": frozenset(),
        "client_area_another": frozenset(),
        "package": frozenset(),
        "package_sign_in": frozenset(),
        "package_code": frozenset({"until"}),
        "package_code_wrong": frozenset(),
        "package_code_limit": frozenset({"next_at"}),
        "package_paused": frozenset(),
        "package_download": frozenset({"gone_on"}),
        "package_expired": frozenset(),
        "package_gone": frozenset(),
        "stop": frozenset({"requests", "stops"}),
        "where_it_stands": frozenset({"requests"}),
        "undo": frozenset(),
        "undo_sure": frozenset(),
        "undo_done": frozenset(),
        "undo_expired": frozenset(),
        "not_found": frozenset(),
        "unreadable": frozenset(),
        "busy": frozenset(),
        "error": frozenset(),
    }
)
