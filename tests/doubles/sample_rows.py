"""What the sample company holds about an address, asked by hand: no map and no code of the desk has a part in it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.doubles.desk_process import DeskProcess

_ME: Final = "SELECT id FROM clients WHERE lower(email) = ?1"
_VISITORS: Final = f"SELECT visitor_id FROM visitors WHERE client_id IN ({_ME})"
_BY_CLIENT: Final = (
    "staff_discounts",
    "orders",
    "services",
    "domains",
    "payment_methods",
    "call_notes",
    "letters",
    "abuse_cases",
    "identity_documents",
    "fraud_checks",
    "login_events",
    "saved_carts",
    "promo_redemptions",
)
_INVOICES: Final = f"client_id IN ({_ME}) OR lower(client_email) = ?1"
_TICKETS: Final = f"client_id IN ({_ME}) OR lower(requester_email) = ?1"
_CHATS: Final = f"client_id IN ({_ME}) OR lower(email) = ?1"
_EITHER: Final = f"client_id IN ({_ME}) OR visitor_id IN ({_VISITORS})"
# Per table what tells its rows apart, and which of them are this person's.
THEIRS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        **dict.fromkeys(_BY_CLIENT, ("id", f"client_id IN ({_ME})")),
        "clients": ("id", "lower(email) = ?1"),
        "client_profiles": ("client_id", f"client_id IN ({_ME})"),
        "client_addresses": ("client_id, address_id, kind", f"client_id IN ({_ME})"),
        "addresses": ("id", f"id IN (SELECT address_id FROM client_addresses WHERE client_id IN ({_ME}))"),
        "staff": ("id", "lower(work_email) = ?1 OR lower(private_email) = ?1"),
        "ip_assignments": (
            "id",
            f"service_id IN (SELECT id FROM services WHERE client_id IN ({_ME}))",
        ),
        "invoices": ("id", _INVOICES),
        "invoice_lines": (
            "invoice_id, line_no",
            f"invoice_id IN (SELECT id FROM invoices WHERE {_INVOICES})",
        ),
        "payments": ("id", f"invoice_id IN (SELECT id FROM invoices WHERE {_INVOICES})"),
        "tickets": ("id", _TICKETS),
        "ticket_messages": ("id", f"ticket_id IN (SELECT id FROM tickets WHERE {_TICKETS})"),
        "chats": ("id", _CHATS),
        "chat_messages": ("id", f"chat_id IN (SELECT id FROM chats WHERE {_CHATS})"),
        "abuse_reports": ("id", f"reporter_client_id IN ({_ME}) OR lower(reporter_email) = ?1"),
        "visitors": ("visitor_id", f"client_id IN ({_ME})"),
        "analytics_events": ("id", f"visitor_id IN ({_VISITORS})"),
        "ad_audiences": ("id", f"visitor_id IN ({_VISITORS})"),
        "access_logs": ("id", _EITHER),
        "push_subscriptions": ("id", _EITHER),
        "newsletter_subscriptions": ("id", "lower(email) = ?1"),
        "survey_answers": ("id", f"client_id IN ({_ME}) OR lower(email) = ?1"),
    }
)


def rows_of(desk: DeskProcess, email: str) -> dict[str, set[tuple[Any, ...]]]:
    """Give the keys of everything an address leads to, by table; tables without any are left out."""
    found = {
        table: set(desk.query(f"SELECT {key} FROM {table} WHERE {whose}", email.lower()))
        for table, (key, whose) in THEIRS.items()
    }
    return {table: keys for table, keys in found.items() if keys}
