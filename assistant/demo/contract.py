"""What an invented client ordered, runs, was invoiced for and paid (policy 4.1.3, 4.1.5, 4.1.7)."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from assistant.demo import names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.demo.rows import Rows
    from assistant.demo.shapes import Draw, Shape

COMPANY_DOMAIN = "kuusik-lierre.example"
_RENTED = [(number, p) for number, p in enumerate(names.PRODUCTS, 1) if p.kind != "domain"]
_SET_UP_CENTS = 500
_VAT_PERCENT = 22
_NEVER_LATE = 20


@dataclass(frozen=True, slots=True)
class Client:
    """Who one client is, as far as other rows repeat it."""

    row: int
    client_no: str
    first_name: str
    last_name: str
    email: str
    phone: str
    company: str | None
    tax_id: str | None
    region: names.Region
    address: str

    @property
    def name(self) -> str:
        """Give the name as it stands on a payment method."""
        return f"{self.first_name} {self.last_name}"

    @property
    def slug(self) -> str:
        """Give the last name as it can stand in a domain name."""
        return ascii_only(self.last_name)


def ascii_only(text: str) -> str:
    """Give the text in the letters, digits and hyphens that addresses are made of."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "".join(letter if letter.isalnum() else "-" for letter in plain).strip("-")


def _pays_late(client: Client) -> bool:
    """Say whose first invoice went to a debt collector; none of the people to be."""
    return client.row > _NEVER_LATE and client.row % 9 == 0


class ContractRecords:
    """Writes orders, services, domains, invoices and payments of one client after another."""

    def __init__(self, draw: Draw, rows: Rows) -> None:
        """Draw from the one sequence, add to the one heap of rows."""
        self._draw = draw
        self._rows = rows

    def write(self, client: Client, shape: Shape) -> None:
        """Add everything that comes of being a client."""
        orders = [
            self._order(client, day, is_paid=place < shape.paid, is_late=place == 0 and _pays_late(client))
            for place, day in enumerate(shape.invoices)
        ]
        for place in range(shape.running_services + shape.ended_services):
            self._service(client, orders, is_running=place < shape.running_services)
        for place in range(shape.running_domains + shape.released_domains):
            self._domain(client, is_running=place < shape.running_domains)
        for _ in range(shape.payment_methods):
            self._payment_method(client)
        self._checks(client, orders[-1] if orders else "O-trial", shape)

    def _order(self, client: Client, issued_on: date, *, is_paid: bool, is_late: bool) -> str:
        draw = self._draw
        number, product = draw.pick(_RENTED)
        order_no = f"O-{issued_on.year}-{client.row:05d}-{issued_on.month:02d}"
        self._rows.add(
            "orders",
            client_id=client.row,
            order_no=order_no,
            product_id=number,
            ordered_at=f"{issued_on - timedelta(days=1)} 09:{draw.below(60):02d}:00",
            amount_cents=product.monthly_cents * 12,
            order_ip=draw.ip(),
            comment=draw.pick(names.ORDER_COMMENTS),
        )
        self._invoice(client, issued_on, order_no, product, is_paid=is_paid, is_late=is_late)
        return order_no

    def _invoice(
        self,
        client: Client,
        issued_on: date,
        order_no: str,
        product: names.Product,
        *,
        is_paid: bool,
        is_late: bool,
    ) -> None:
        draw = self._draw
        net = product.monthly_cents * 12
        total = net + net * _VAT_PERCENT // 100
        reference = f"PAY{draw.digits(10)}"
        due_on = issued_on + timedelta(days=14)
        handed_on = (
            due_on + timedelta(days=30) if is_late and due_on < draw.today - timedelta(days=60) else None
        )
        paid_on = (handed_on or issued_on) + timedelta(days=draw.below(10)) if is_paid else None
        invoice = self._rows.add(
            "invoices",
            client_id=client.row,
            number=order_no.replace("O-", "F-"),
            issued_on=issued_on.isoformat(),
            due_on=due_on.isoformat(),
            client_name=f"{client.name}, {client.company}" if client.company else client.name,
            client_email=client.email,
            invoice_address=client.address,
            tax_id=client.tax_id,
            order_no=order_no,
            net_cents=net,
            vat_cents=total - net,
            total_cents=total,
            currency="EUR",
            paid_on=paid_on and paid_on.isoformat(),
            payment_reference=reference if is_paid else None,
            client_phone=client.phone,
            card_last4=draw.digits(4) if is_paid else None,
            payer_iban=None,
            viewed_from_ip=draw.ip(),
            notes=draw.pick(("", "", "Paid after one reminder.")),
            handed_to_collector_on=handed_on and handed_on.isoformat(),
        )
        self._line(invoice, 1, issued_on, product.name, net - _SET_UP_CENTS)
        self._line(invoice, 2, issued_on, "Set-up", _SET_UP_CENTS)
        if paid_on:
            self._payment(invoice, paid_on, total, reference)

    def _line(self, invoice: int, line_no: int, issued_on: date, text: str, cents: int) -> None:
        self._rows.add(
            "invoice_lines",
            invoice_id=invoice,
            line_no=line_no,
            invoiced_on=issued_on.isoformat(),
            description=text,
            quantity=1,
            unit_cents=cents,
            login_name=f"u{self._draw.hexadecimal(8)}",
        )

    def _payment(self, invoice: int, paid_on: date, cents: int, reference: str) -> None:
        self._rows.add(
            "payments",
            invoice_id=invoice,
            paid_at=f"{paid_on} 10:{self._draw.below(60):02d}:00",
            amount_cents=cents,
            method="card",
            payer_name="Odile Varennes" if self._draw.chance(5) else None,
            processor_reference=reference,
        )

    def _service(self, client: Client, orders: Sequence[str], *, is_running: bool) -> None:
        draw = self._draw
        number, product = draw.pick(_RENTED)
        started_on = draw.day(1500, 800)
        ended_on = None if is_running else draw.day(700, 60)
        service = self._rows.add(
            "services",
            client_id=client.row,
            product_id=number,
            hostname=f"{product.kind}-{draw.hexadecimal(8)}.{COMPANY_DOMAIN}",
            status="active" if is_running else "cancelled",
            order_no=orders[-1] if orders else None,
            login_name=f"u{draw.hexadecimal(8)}",
            started_on=started_on,
            ended_on=ended_on,
        )
        self._rows.add(
            "ip_assignments", service_id=service, ip=draw.ip(), assigned_on=started_on, released_on=ended_on
        )

    def _domain(self, client: Client, *, is_running: bool) -> None:
        draw = self._draw
        self._rows.add(
            "domains",
            client_id=client.row,
            name=f"{client.slug}-{draw.hexadecimal(8)}.example",
            registry=draw.pick(("Registre Exemple", "Näidisregister")),
            registrant_handle=f"RX-{draw.hexadecimal(10)}",
            status="registered" if is_running else "released",
            registered_on=draw.day(2400, 1500),
            expires_on=draw.day(-60, -360) if is_running else draw.day(900, 60),
        )

    def _payment_method(self, client: Client) -> None:
        draw = self._draw
        card = draw.chance(75)
        self._rows.add(
            "payment_methods",
            client_id=client.row,
            kind="card" if card else "sepa",
            holder=client.name,
            card_brand=draw.pick(("Carte Exemple", "Samplecard")) if card else None,
            card_last4=draw.digits(4) if card else None,
            card_expires=f"{draw.today.year + 1 + draw.below(3)}-{1 + draw.below(12):02d}" if card else None,
            iban=None
            if card
            else f"{client.region.country}00{draw.digits(16)}",  # no account has check digits 00
            processor_customer=f"cus_{draw.hexadecimal(16)}",
            processor_token=f"tok_{draw.hexadecimal(32)}",
            added_at=draw.instant(1200),
        )

    def _checks(self, client: Client, order_no: str, shape: Shape) -> None:
        draw, add = self._draw, self._rows.add
        for _ in range(shape.fraud_checks):
            add(
                "fraud_checks",
                client_id=client.row,
                order_no=order_no,
                checked_at=draw.instant(900),
                score=draw.below(100),
                outcome="passed",
                reasons=json.dumps({"ip_country": "matches", "velocity": draw.below(4)}),
            )
        for _ in range(shape.identity_documents):
            add(
                "identity_documents",
                client_id=client.row,
                kind="identity card",
                number=f"XX{draw.digits(7)}",
                country=client.region.country,
                expires_on=draw.day(-100, -2000),
                checked_on=draw.day(900),
                staff_name=draw.pick(names.STAFF).name,
            )
        for _ in range(shape.promos):
            code = draw.pick(("PRINTEMPS", "SUVI20", "WELCOME"))
            at = draw.instant(900)
            add("promo_redemptions", client_id=client.row, code=code, order_no=order_no, redeemed_at=at)
