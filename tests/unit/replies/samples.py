"""An invented controller, and one set of values from which every text can be written."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from assistant.replies import DeskFacts, Periods

AT = datetime(2026, 11, 22, 13, 40, tzinfo=UTC)
PAGE = "https://desk.example.test"
# The right that each answer is about; the others are written for any.
ABOUT = {
    "package_ready": "access",
    "answer_access_nothing": "access",
    "answer_rectification": "rectification",
    "answer_rectification_nothing": "rectification",
    "answer_use_nothing": "restriction",
    "answer_rectification_already": "rectification",
    "marketing_stopped_several": "objection",
    "marketing_by_person": "objection",
    "marketing_stopped_partly": "objection",
    "answer_consent_withdrawal_partly": "consent_withdrawal",
    "answer_rectification_partly": "rectification",
    "answer_restriction": "restriction",
    "answer_restriction_partly": "restriction",
    "answer_consent_withdrawal": "consent_withdrawal",
    "complaint_received": "complaint",
    "answer_by_agent": "complaint",
    "restriction_lifting": "restriction",
    "restriction_stays": "restriction",
    "portability_sent": "portability",
}


def a_request(right: str = "erasure", ref: str = "PD-7K2M-4Q", **more: Any) -> dict[str, Any]:
    """Give a request as the conversation hands it to a text."""
    days = {"received_on": date(2026, 11, 22), "due_on": date(2026, 12, 22), "safe_on": date(2026, 12, 22)}
    says = {"stands": more.get("status", "open"), "next": "review", "clock_stops": False, "is_late": False}
    return {"ref": ref, "right": right, "status": "open", "joined": None, **says, **days, **more}


def values_for(name: str, requests: int = 1) -> dict[str, Any]:
    """Give a value for each variable that any text has, with everything that can be listed listed."""
    right = ABOUT.get(name, "erasure")
    return {
        "requests": [a_request(right, f"PD-7K2M-{number}Q") for number in range(4, 4 + requests)],
        "url": f"{PAGE}/open/a",
        "listed": [a_request(right, f"PD-7K2M-{number}Q") for number in range(4, 4 + requests)],
        "more": True,
        "stops": [a_request(right, f"PD-7K2M-{number}Q") for number in range(4, 4 + requests)],
        "not_me_url": f"{PAGE}/not-me/b",
        "stop_url": f"{PAGE}/stop/c",
        "undo_url": f"{PAGE}/undo/d",
        "until": AT,
        "next_at": AT,
        "by_number": True,
        "unproved": True,
        "not_before": AT,
        "account": "063",
        "account_only": False,  # what it adds is in test_account_only.py
        "copies": False,  # of the one right that samples are about; every mix is in test_confirmed.py
        "copy_from": None,
        "erased_from": AT,
        "changed_from": None,
        "asked_at": AT,
        "gone_on": date(2026, 12, 1),
        "received_on": date(2026, 11, 22),
        "lifted_on": date(2026, 12, 1),
        "received_at": AT,
        "said": "2026?",
        "machines": "2026.",
        "asked": [a_request(ref=f"PD-7K2M-{n}Q") for n in range(requests)],
        "reached_at": "maarja@example.test",
        "safe_on": date(2026, 12, 22),
        "channel": "webchat",
        "effects": ["access", "erasure"],
        "outcome": "PD-7K2M-4Q: 2026.",
        "question": "2026?",
        "code": "48159263",
        "shown_again": True,
        "typed": "maarja@example,test",
        "field": "address",
        "address": "maarja@example.test",
        "untold": False,
        "untaken": False,
        "part": None,
        "seeks": False,
        "at_once": 5,
        "instead": True,
        "addresses": ["maarja@example.test", "+372 000"],
        "name": "Liis",
        "limit": 4000,
        "text": "PD-7K2M-4Q: 2026.",
        "answers": ["2026."],
        "summary": "PD-7K2M-4Q",
        "ref": "PD-7K2M-4Q",
        "reason": "Article 17(3)(e)",
        "ground_law": "Article 17(3)(e)",
        "days": 2,
        "today": date(2026, 12, 20),
        "total": 3,
        "overdue": 1,
        "systems": ["client-area", "own_records"],
        "withheld": ["Article 15(4)"],
        "counts": [{"category": "account", "rows": 1234}],
        "erased": [{"category": "contact", "rows": 1, "in_part": True}],
        "kept": [kept()],
        "failed": [
            {"system": "newsletter", "reason": "503", "what": [{"category": "contact", "rows": 2}]},
            {"system": "client-area", "reason": "504", "what": [{"category": "orders", "rows": None}]},
        ],
        "restricted": [{"category": "contact", "rows": 1}],
        "changed": [
            {"system": "newsletter", "table": "Readers", "columns": ["status"], "rows": 0, "deleted": False}
        ],
        "back": [
            {"system": "newsletter", "table": "Readers", "columns": ["status"], "rows": 2, "deleted": False}
        ],
        "left": [{"system": "client-area", "table": "Orders", "columns": [], "rows": 1, "deleted": True}],
        "told": ["Example Mailer"],
        "not_told": ["Example Printer"],
        "already": ["city"],
        "nowhere": ["gender"],
        "changes": [{"field": "address", "where": ["client-area", "newsletter"]}],
        "values": ["Tallinn", "Tartu"],
        "fields": ["address", "city"],
        "from_to": [
            {"field": "city", "old": "Tartu", "new": "Tallinn", "old_on": None, "new_on": None},
            {"field": "phone", "old": None, "new": "+372 000", "old_on": None, "new_on": None},
        ],
        "stopped": ["newsletter", "profiling"],
        "not_in_use": ["survey"],
        "recipients": ["Example Mailer"],
        "services_kept": True,
        "services": ["web hosting"],
        "corrected": [{"field": "address", "value": "2 Example Street, Tallinn"}],
        "look_up": "2020-2026",
        "host": "new-host.example",
        "recipient": "Example Mailer",
        "by_hand": True,
        "person": [
            {"kind": "machine", "value": "server-1.example"},
            {"kind": "invoice_number", "value": "F-1042"},
        ],
        "data": ["Invoices", "Servers"],
        "purposes": ["newsletter", "profiling"],
        "lines": [{"text": "Invoices", "more": "7 years.", "clause": "5.4.3"}],
        "clause": "5.4",
        "countries": "Estonia",
        "consent": True,
    }


def kept(**more: Any) -> dict[str, Any]:
    """Give a line of what stays: invoices of two years under one law."""
    years = [(2024, 1, date(2031, 12, 31)), (2026, 2, date(2033, 12, 31))]
    return {
        "category": "invoices",
        "rows": 3,
        "columns": ["name", "e-mail address", "invoice address"],
        "law": "Estonian Accounting Act, section 12",
        "until": date(2033, 12, 31),
        "by_year": years,
        **more,
    }


PERIODS = Periods(
    conversation_days=90,
    record_years=3,
    package_after_download_hours=72,
    download_minutes=60,
    erasure_after_package_days=7,
    answer_waits_days=30,
    idle_minutes=30,
    backup_days=0,
)


def facts(**more: Any) -> DeskFacts:
    """Give the facts of an invented controller."""
    known: dict[str, Any] = {
        "controller_name": "Example Hosting OÜ",
        "controller_address": "1 Example Street, 10111 Tallinn",
        "contact_email": "privacy@host.example",
        "privacy_url": "https://host.example/privacy",
        "dpo": "dpo@host.example",
        "authorities": (
            {
                "name": "AKI",
                "address": "Tatari 39, Tallinn",
                "phone": "+372 000",
                "web": "https://aki.example",
            },
            {"name": "CNIL", "address": "3 place Exemple, Paris", "phone": "", "web": "https://cnil.example"},
        ),
        "support_name": "Support",
        "zone": ZoneInfo("Europe/Tallinn"),
        "periods": PERIODS,
    }
    return DeskFacts(**known | more)
