"""Who can be tried in the demo: five data subjects whose data is known to the row, and four agents."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Subject:
    """A person to be; `holds` counts their rows in each client-area table, none if not named."""

    name: str
    email: str
    client_id: str | None
    note: str
    other_client_ids: tuple[str, ...] = ()
    holds: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DemoAgent:
    """Someone who works at the desk; password and TOTP secret are no secrets, they are printed at start."""

    name: str
    password: str
    totp_secret: str
    role: Literal["agent", "approver", "lead", "auditor"]


CUSTOMER = Subject(
    name="Camille Aubertin",
    email="camille.aubertin@courriel.example",
    client_id="C-10042",
    note="a customer with four invoices, two running services and a registered domain",
    holds=MappingProxyType(
        {
            "clients": 1,
            "client_profiles": 1,
            "client_addresses": 1,
            "addresses": 1,
            "orders": 4,
            "services": 3,
            "ip_assignments": 3,
            "domains": 2,
            "invoices": 4,
            "invoice_lines": 8,
            "payment_methods": 2,
            "payments": 4,
            "tickets": 2,
            "ticket_messages": 6,
            "chats": 1,
            "chat_messages": 3,
            "call_notes": 2,
            "letters": 1,
            "abuse_reports": 1,
            "abuse_cases": 1,
            "identity_documents": 1,
            "fraud_checks": 1,
            "login_events": 5,
            "visitors": 2,
            "analytics_events": 8,
            "ad_audiences": 2,
            "access_logs": 40,
            "saved_carts": 1,
            "promo_redemptions": 1,
            "newsletter_subscriptions": 1,
            "push_subscriptions": 1,
            "survey_answers": 1,
        }
    ),
)
FORMER_CUSTOMER = Subject(
    name="Liis Põldaru",
    email="liis.poldaru@postkast.example",
    client_id="C-10043",
    note="a former customer: nothing runs, two invoices past their period and three that must be kept; "
    "shares an address with another client",
    holds=MappingProxyType(
        {
            "clients": 1,
            "client_profiles": 1,
            "client_addresses": 1,
            "addresses": 1,
            "orders": 5,
            "services": 1,
            "ip_assignments": 1,
            "domains": 1,
            "invoices": 5,
            "invoice_lines": 10,
            "payment_methods": 1,
            "payments": 5,
            "tickets": 1,
            "ticket_messages": 3,
            "chats": 1,
            "chat_messages": 3,
            "call_notes": 1,
            "letters": 1,
            "login_events": 2,
            "visitors": 1,
            "analytics_events": 4,
            "ad_audiences": 1,
            "access_logs": 12,
            "newsletter_subscriptions": 1,
            "survey_answers": 1,
        }
    ),
)
TWO_ACCOUNTS = Subject(
    name="Oliver Hartwell",
    email="oliver.hartwell@mailbox.example",
    client_id="C-10044",
    note="one person with two accounts under one address: C-10044, private, with a running service and a "
    "domain, and C-10045, for a company, with nothing running",
    other_client_ids=("C-10045",),
    holds=MappingProxyType(
        {
            "clients": 2,
            "client_profiles": 2,
            "client_addresses": 2,
            "addresses": 2,
            "orders": 3,
            "services": 1,
            "ip_assignments": 1,
            "domains": 1,
            "invoices": 3,
            "invoice_lines": 6,
            "payment_methods": 2,
            "payments": 3,
            "tickets": 2,
            "ticket_messages": 6,
            "login_events": 4,
            "visitors": 1,
            "analytics_events": 4,
            "ad_audiences": 1,
            "access_logs": 20,
        }
    ),
)
NEWSLETTER_READER = Subject(
    name="Inès Delormeau",
    email="ines.delormeau@boite-lettres.example",
    client_id=None,
    note="reads the newsletter and has no account",
    holds=MappingProxyType({"newsletter_subscriptions": 2}),
)
STRANGER = Subject(
    name="Tomasz Wędrowny",
    email="tomasz.wedrowny@ailleurs.example",
    client_id=None,
    note="a stranger: the company holds nothing about this address",
)
SUBJECTS = (CUSTOMER, FORMER_CUSTOMER, TWO_ACCOUNTS, NEWSLETTER_READER, STRANGER)

AGENTS = (
    DemoAgent("agathe", "demo-agent-lilas", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXA", "agent"),
    DemoAgent("priit", "demo-approver-kask", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXB", "approver"),
    DemoAgent("leonie", "demo-lead-orme", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXC", "lead"),
    DemoAgent("audra", "demo-auditor-rowan", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXD", "auditor"),
)
