"""What invented people and the sample company said to one another (policy 4.1.4, 4.1.6, 4.2.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from assistant.demo import names

if TYPE_CHECKING:
    from assistant.demo.contract import Client
    from assistant.demo.rows import Rows
    from assistant.demo.shapes import Draw, Shape


@dataclass(frozen=True, slots=True)
class Writer:
    """Someone who writes to the company, with or without an account."""

    name: str | None
    email: str | None
    language: str
    client: int | None = None


class CorrespondenceRecords:
    """Writes tickets, chats, calls, letters and reports of abuse."""

    def __init__(self, draw: Draw, rows: Rows) -> None:
        """Draw from the one sequence, add to the one heap of rows."""
        self._draw = draw
        self._rows = rows

    def write(self, client: Client, shape: Shape) -> None:
        """Add every contact a client had with the company."""
        writer = Writer(client.name, client.email, client.region.language, client.row)
        for _ in range(shape.tickets):
            self.ticket(writer)
        for _ in range(shape.chats):
            self.chat(writer)
        for _ in range(shape.calls):
            self._call(client)
        for _ in range(shape.letters):
            self._letter(client)
        for _ in range(shape.abuse_reports):
            self.abuse_report(writer)
        for _ in range(shape.abuse_cases):
            self._abuse_case(client)

    def ticket(self, writer: Writer) -> None:
        """Add a ticket of three messages."""
        draw = self._draw
        told = draw.pick(names.EXCHANGES[writer.language])
        opened_at = draw.instant(1000, 3)
        ticket = self._rows.add(
            "tickets",
            client_id=writer.client,
            requester_email=writer.email,
            requester_name=writer.name,
            subject=told.subject,
            status="closed",
            opened_at=opened_at,
        )
        staff = draw.pick(names.STAFF).name
        for hour, (body, author) in enumerate(
            ((told.asked, None), (told.answered, staff), (told.closed, None))
        ):
            self._rows.add(
                "ticket_messages",
                ticket_id=ticket,
                sent_at=_later(opened_at, timedelta(hours=hour)),
                from_staff=author is not None,
                staff_name=author,
                body=body,
                sender_ip=None if author else draw.ip(),
            )

    def chat(self, writer: Writer, visitor: str | None = None) -> None:
        """Add a chat of three messages, of someone known by name or of a browser known by its cookie."""
        draw = self._draw
        told = draw.pick(names.EXCHANGES[writer.language])
        started_at = draw.instant(500)
        chat = self._rows.add(
            "chats",
            client_id=writer.client,
            visitor_id=visitor,
            email=writer.email,
            started_at=started_at,
            staff_name=draw.pick(names.STAFF).name,
        )
        spoken = ((told.asked, "visitor"), (told.answered, "staff"), (told.closed, "visitor"))
        for minute, (body, sender) in enumerate(spoken):
            at = _later(started_at, timedelta(minutes=minute))
            self._rows.add("chat_messages", chat_id=chat, sent_at=at, sender=sender, body=body)

    def abuse_report(self, writer: Writer) -> None:
        """Add a report about a site the company hosts."""
        draw = self._draw
        reference, received_at, ip = f"A-{draw.hexadecimal(10)}", draw.instant(900), draw.ip()
        domain, kind = f"boutique-{draw.hexadecimal(6)}.example", draw.pick(("spam", "phishing", "copyright"))
        self._rows.add(
            "abuse_reports",
            reference=reference,
            received_at=received_at,
            reporter_client_id=writer.client,
            reporter_name=writer.name,
            reporter_email=writer.email,
            reporter_phone=None,
            reporter_ip=ip,
            reported_domain=domain,
            kind=kind,
            description="The shop sends me advertising although I never ordered there.",
            staff_name=names.ABUSE_DESK,
            passed_on_at=None if kind == "phishing" else _later(received_at, timedelta(days=1)),
        )

    def _abuse_case(self, client: Client) -> None:
        self._rows.add(
            "abuse_cases",
            client_id=client.row,
            report_reference=f"A-{self._draw.hexadecimal(10)}",
            opened_at=self._draw.instant(900),
            domain=f"{client.slug}.example",
            outcome="no breach found",
            staff_note="Contact form was open to everyone; closed by the client.",
            staff_name=names.ABUSE_DESK,
            handed_to_authority_on=None,
        )

    def _call(self, client: Client) -> None:
        draw = self._draw
        self._rows.add(
            "call_notes",
            client_id=client.row,
            called_at=draw.instant(700),
            phone=client.phone,
            seconds=30 + draw.below(900),
            note=draw.pick(names.CALL_NOTES),
            staff_name=draw.pick(names.STAFF).name,
            recording_path=f"recordings/{draw.hexadecimal(12)}.ogg" if draw.chance(30) else None,
        )

    def _letter(self, client: Client) -> None:
        draw = self._draw
        subject, body = draw.pick(names.LETTERS)
        self._rows.add(
            "letters",
            client_id=client.row,
            kind=draw.pick(("mail", "letter")),
            incoming=True,
            sent_on=draw.day(900),
            subject=subject,
            body=f"{body} ({client.client_no})",
            staff_name=draw.pick(names.STAFF).name,
        )


def _later(instant: str, by: timedelta) -> str:
    return (datetime.fromisoformat(instant) + by).isoformat(" ")
