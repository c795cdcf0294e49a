"""Writes the client-area database of the sample company: every data group of the policy's sections 4.1 and 4.2."""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from pathlib import Path

from assistant.demo import names, people
from assistant.demo.shapes import Draw, Shape, drawn_shape, subject_shapes
from assistant.errors import ConfigurationError

COMPANY_DOMAIN = "kuusik-lierre.example"
FIRST_CLIENT_NO = 10042
FEWEST_CLIENTS = 8  # four accounts of the people to be, one who shares an address, three employees
READERS_WITHOUT_ACCOUNT = 60
VISITORS_WITHOUT_ACCOUNT = 80
HOUSEHOLD_NAME = "Põldaru"
_PLANS = tuple((number, kind) for number, (_, kind, _, _) in enumerate(names.PRODUCTS, 1))


@dataclass(frozen=True, slots=True)
class Profile:
    """Who one client is."""

    first_name: str
    last_name: str
    email: str
    region: names.Region
    company: str | None = None
    billing_email: str | None = None
    email_changed_at: str | None = None
    lives_with: int | None = None  # client number of the row whose address is shared

    @property
    def name(self) -> str:
        """Give the name as it stands on an invoice."""
        return f"{self.first_name} {self.last_name}"


class Rows:
    """Collects rows table by table; a row's number is its place in its table."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._rows: dict[str, list[tuple[object, ...]]] = {}
        self._columns: dict[str, tuple[str, ...]] = {}

    def add(self, table: str, **values: object) -> int:
        """Add a row and give its number; every row of a table names the same columns."""
        rows = self._rows.setdefault(table, [])
        self._columns.setdefault(table, tuple(values))
        rows.append(tuple(values.values()))
        return len(rows)

    def write(self, connection: sqlite3.Connection) -> None:
        """Insert everything, in the order in which the tables were first met."""
        for table, rows in self._rows.items():
            columns = self._columns[table]
            marks = ", ".join("?" * len(columns))
            connection.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608 - names of this file
                rows,
            )


def create_company(path: Path, *, clients: int = 500, seed: int = 1, today: date) -> None:
    """Write a fresh SQLite database; the same arguments give the same rows.

    Raises ConfigurationError if the file exists or there are too few clients to hold the people to be.
    """
    if clients < FEWEST_CLIENTS:
        raise ConfigurationError(f"the sample company needs at least {FEWEST_CLIENTS} clients, not {clients}")
    if path.exists():
        raise ConfigurationError(
            f"{path} exists already; name a folder without a sample database, or remove it"
        )
    rows = _Company(Draw(seed, today)).rows(clients)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript("BEGIN;" + (resources.files(__package__) / "schema.sql").read_text("utf-8"))
        rows.write(connection)


class _Company:
    """One pass over all clients, then over those who are known without an account."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._rows = Rows()
        self._addresses: dict[int, tuple[int, str]] = {}  # client -> number of the address, and its text
        self._emails: set[str] = set()

    def rows(self, clients: int) -> Rows:
        self._staff_and_products()
        shapes = subject_shapes(self._draw.today)
        for profile in self._profiles(clients):
            client_no = f"C-{FIRST_CLIENT_NO + len(self._addresses)}"
            self._client(client_no, profile, shapes.get(client_no) or drawn_shape(self._draw))
        self._people_without_account()
        return self._rows

    # ── who they are ────────────────────────────────────────────────────────────────────────────────

    def _profiles(self, clients: int) -> Sequence[Profile]:
        known = [
            _known(people.CUSTOMER, names.FRANCE),
            _known(people.FORMER_CUSTOMER, names.ESTONIA),
            _known(people.TWO_ACCOUNTS, names.IRELAND),
            _known(people.TWO_ACCOUNTS, names.IRELAND, company="Hartwell Timber Ltd"),
            Profile("Marek", HOUSEHOLD_NAME, "marek.poldaru@postkast.example", names.ESTONIA, lives_with=2),
        ]
        for name, _, private_email in names.STAFF:
            if private_email:
                first, last = name.split(" ", 1)
                known.append(Profile(first, last, private_email, names.ESTONIA))
        self._emails.update(profile.email for profile in known)
        return known + [self._invented(number) for number in range(len(known) + 1, clients + 1)]

    def _invented(self, number: int) -> Profile:
        draw = self._draw
        region = draw.pick(names.REGIONS)
        first, last = draw.pick(region.first_names), draw.pick(region.last_names)
        employer = draw.pick(names.EMPLOYERS) if draw.chance(12) else None
        return Profile(
            first,
            last,
            self._email(first, last, number, draw.pick(region.mail_domains)),
            region,
            company=employer and employer.split(".")[0].replace("-", " ").title(),
            billing_email=employer and f"accounts@{employer}",
            email_changed_at=draw.instant(900, 2) if draw.chance(8) else None,
            lives_with=number - 1 if draw.chance(6) else None,
        )

    def _email(self, first: str, last: str, number: int, domain: str) -> str:
        local = f"{_ascii(first)}.{_ascii(last)}"
        address = (
            f"{local}@{domain}" if f"{local}@{domain}" not in self._emails else f"{local}.{number}@{domain}"
        )
        self._emails.add(address)
        return (
            address.title() if self._draw.chance(3) else address
        )  # people type capitals, and systems store them

    # ── what is held about a client ─────────────────────────────────────────────────────────────────

    def _client(self, client_no: str, who: Profile, shape: Shape) -> None:
        draw, rows = self._draw, self._rows
        client = rows.add(
            "clients",
            client_no=client_no,
            first_name=who.first_name,
            last_name=who.last_name,
            patronymic=draw.pick(who.region.first_names) if draw.chance(5) else None,
            company=who.company,
            tax_id=f"{who.region.country}{draw.digits(9)}" if who.company else None,
            email=who.email,
            email_changed_at=who.email_changed_at,
            billing_email=who.billing_email,
            phone=f"+3363998{len(self._addresses):04d}",  # a range set aside for fiction
            phone_changed_at=None,
            language=who.region.language,
            password_hash=f"$argon2id$v=19$m=65536,t=3,p=4${draw.hexadecimal(22)}${draw.hexadecimal(43)}",
            marketing_opt_in=shape.consents,
            survey_opt_in=shape.consents,
            restricted=False,
            status="closed" if shape.closed else "active",
            notes="Préfère être rappelé le matin." if draw.chance(10) else None,
            created_at=draw.instant(4200, 3600),
            last_login_at=draw.instant(400) if shape.logins else None,
        )
        address = self._address(client, who)
        self._profile(client, shape)
        self._contract(client, who, shape, address)
        self._contacts(client, client_no, who, shape)
        self._website(client, who, shape)

    def _address(self, client: int, who: Profile) -> str:
        shared = self._addresses.get(who.lives_with or 0)
        number, text = shared or self._fresh_address(who.region)
        self._addresses[client] = (number, text)
        self._rows.add("client_addresses", client_id=client, address_id=number, kind="home")
        return text

    def _fresh_address(self, region: names.Region) -> tuple[int, str]:
        draw = self._draw
        postcode, city = draw.pick(region.towns)
        street = f"{1 + draw.below(120)} {draw.pick(region.streets)}"
        number = self._rows.add(
            "addresses", street=street, postcode=postcode, city=city, country=region.country
        )
        return number, f"{street}, {postcode} {city}, {region.country}"

    def _profile(self, client: int, shape: Shape) -> None:
        draw = self._draw
        self._rows.add(
            "client_profiles",
            client_id=client,
            gender=draw.pick(("female", "male", None)),
            date_of_birth=draw.day(25000, 7000) if draw.chance(70) else None,
            interests=draw.pick(("servers, privacy", "photographie, blog", "veebipood", None)),
            segment=draw.pick(("small business", "hobby", "agency")),
            profiling_opt_in=shape.consents,
            updated_at=draw.instant(1200),
        )

    def _contract(self, client: int, who: Profile, shape: Shape, address: str) -> None:
        orders = [self._invoiced_order(client, who, address, day, place < shape.paid)
                  for place, day in enumerate(shape.invoices)]  # fmt: skip
        for place in range(shape.running_services + shape.ended_services):
            self._service(client, orders, running=place < shape.running_services)
        for place in range(shape.running_domains + shape.released_domains):
            self._domain(client, who, running=place < shape.running_domains)
        for _ in range(shape.payment_methods):
            self._payment_method(client, who)
        self._checks(client, orders, shape)

    def _invoiced_order(self, client: int, who: Profile, address: str, issued_on: date, paid: bool) -> str:
        draw, rows = self._draw, self._rows
        product = 1 + draw.below(4)
        order_no = f"O-{issued_on.year}-{client:05d}-{issued_on.month:02d}"
        net = names.PRODUCTS[product - 1][3] * 12
        ordered_at = f"{issued_on - timedelta(days=1)} 09:{draw.below(60):02d}:00"
        rows.add(
            "orders",
            client_id=client,
            order_no=order_no,
            product_id=product,
            ordered_at=ordered_at,
            amount_cents=net,
            order_ip=draw.ip(),
            comment=draw.pick(
                (None, None, "Merci de livrer le serveur avant lundi.", "Please call before you start.")
            ),
        )
        self._invoice(client, who, address, issued_on, order_no, product, net, paid)
        return order_no

    def _invoice(
        self,
        client: int,
        who: Profile,
        address: str,
        issued_on: date,
        order_no: str,
        product: int,
        net: int,
        paid: bool,
    ) -> None:
        draw, rows = self._draw, self._rows
        paid_on = issued_on + timedelta(days=draw.below(10)) if paid else None
        reference = f"PAY{draw.digits(10)}"
        vat = net * 22 // 100
        invoice = rows.add(
            "invoices",
            client_id=client,
            number=order_no.replace("O-", "F-"),
            issued_on=issued_on.isoformat(),
            due_on=(issued_on + timedelta(days=14)).isoformat(),
            client_name=who.company or who.name,
            client_email=who.email,
            invoice_address=address,
            tax_id=f"{who.region.country}{draw.digits(9)}" if who.company else None,
            order_no=order_no,
            net_cents=net,
            vat_cents=vat,
            total_cents=net + vat,
            currency="EUR",
            paid_on=paid_on and paid_on.isoformat(),
            payment_reference=reference if paid else None,
            client_phone=f"+3363998{len(self._addresses) - 1:04d}",
            card_last4=draw.digits(4) if paid else None,
            payer_iban=None,
            viewed_from_ip=draw.ip(),
            notes=draw.pick(("", "", "Paid after one reminder.")),
        )
        for line, (text, cents) in enumerate(
            ((names.PRODUCTS[product - 1][2], net - 500), ("Set-up", 500)), 1
        ):
            rows.add("invoice_lines", invoice_id=invoice, line_no=line, invoiced_on=issued_on.isoformat(),
                     description=text, quantity=1, unit_cents=cents)  # fmt: skip
        if paid:
            rows.add("payments", invoice_id=invoice, paid_at=f"{paid_on} 10:{draw.below(60):02d}:00",
                     amount_cents=net + vat, method="card", processor_reference=reference,
                     payer_name="Odile Varennes" if draw.chance(5) else None)  # fmt: skip

    def _service(self, client: int, orders: Sequence[str], *, running: bool) -> None:
        draw, rows = self._draw, self._rows
        number, kind = draw.pick(_PLANS[:4])
        started_on = draw.day(1500, 800)
        ended_on = None if running else draw.day(700, 60)
        service = rows.add(
            "services",
            client_id=client,
            product_id=number,
            hostname=f"{kind}-{draw.hexadecimal(8)}.{COMPANY_DOMAIN}",
            status="active" if running else "cancelled",
            order_no=orders[-1] if orders else None,
            login_name=f"u{draw.hexadecimal(8)}",
            started_on=started_on,
            ended_on=ended_on,
        )
        rows.add(
            "ip_assignments", service_id=service, ip=draw.ip(), assigned_on=started_on, released_on=ended_on
        )

    def _domain(self, client: int, who: Profile, *, running: bool) -> None:
        draw = self._draw
        self._rows.add(
            "domains",
            client_id=client,
            name=f"{_ascii(who.last_name)}-{draw.hexadecimal(8)}.example",
            registry=draw.pick(("Registre Exemple", "Näidisregister")),
            registrant_handle=f"RX-{draw.hexadecimal(10)}",
            status="registered" if running else "released",
            registered_on=draw.day(2400, 1500),
            expires_on=draw.day(-60, -360) if running else draw.day(900, 60),
        )

    def _payment_method(self, client: int, who: Profile) -> None:
        draw = self._draw
        card = draw.chance(75)
        self._rows.add(
            "payment_methods",
            client_id=client,
            kind="card" if card else "sepa",
            holder=who.name,
            card_brand=draw.pick(("Carte Exemple", "Samplecard")) if card else None,
            card_last4=draw.digits(4) if card else None,
            card_expires=f"{draw.today.year + 1 + draw.below(3)}-{1 + draw.below(12):02d}" if card else None,
            iban=None
            if card
            else f"{who.region.country}00{draw.digits(16)}",  # check digits 00 exist on no account
            processor_customer=f"cus_{draw.hexadecimal(16)}",
            processor_token=f"tok_{draw.hexadecimal(32)}",
            added_at=draw.instant(1200),
        )

    def _checks(self, client: int, orders: Sequence[str], shape: Shape) -> None:
        draw, rows = self._draw, self._rows
        order_no = orders[-1] if orders else "O-trial"
        for _ in range(shape.fraud_checks):
            rows.add("fraud_checks", client_id=client, order_no=order_no, checked_at=draw.instant(900),
                     score=draw.below(100), outcome="passed",
                     reasons=json.dumps({"ip_country": "matches", "velocity": draw.below(4)}))  # fmt: skip
        for _ in range(shape.identity_documents):
            rows.add("identity_documents", client_id=client, kind="identity card", number=f"XX{draw.digits(7)}",
                     country="FR", expires_on=draw.day(-100, -2000), checked_on=draw.day(900),
                     staff_name=draw.pick(names.STAFF)[0])  # fmt: skip
        for _ in range(shape.promos):
            rows.add("promo_redemptions", client_id=client, code=draw.pick(("PRINTEMPS", "SUVI20", "WELCOME")),
                     order_no=order_no, redeemed_at=draw.instant(900))  # fmt: skip

    # ── what was said ───────────────────────────────────────────────────────────────────────────────

    def _contacts(self, client: int, client_no: str, who: Profile, shape: Shape) -> None:
        draw, rows = self._draw, self._rows
        for _ in range(shape.tickets):
            self._ticket(client, who.email, who.name, who.region.language)
        for _ in range(shape.chats):
            self._chat(client, who.email, who.region.language)
        for _ in range(shape.calls):
            rows.add("call_notes", client_id=client, called_at=draw.instant(700), phone=f"+33639980{draw.digits(3)}",
                     seconds=30 + draw.below(900), note=draw.pick(names.CALL_NOTES),
                     staff_name=draw.pick(names.STAFF)[0],
                     recording_path=f"recordings/{draw.hexadecimal(12)}.ogg" if draw.chance(30) else None)  # fmt: skip
        for _ in range(shape.letters):
            subject, body = draw.pick(names.LETTERS)
            rows.add("letters", client_id=client, kind=draw.pick(("mail", "letter")), incoming=True,
                     sent_on=draw.day(900), subject=subject, body=f"{body} ({client_no})",
                     staff_name=draw.pick(names.STAFF)[0])  # fmt: skip
        for _ in range(shape.abuse_reports):
            self._abuse_report(client, who.name, who.email)
        for _ in range(shape.abuse_cases):
            rows.add("abuse_cases", client_id=client, report_reference=f"A-{draw.digits(8)}",
                     opened_at=draw.instant(900), domain=f"{_ascii(who.last_name)}.example", outcome="no breach found",
                     staff_note="Contact form was open to everyone; closed by the client.",
                     staff_name="Solène Marchefer")  # fmt: skip

    def _ticket(self, client: int | None, email: str, name: str, language: str) -> None:
        draw, rows = self._draw, self._rows
        told = draw.pick(names.EXCHANGES[language])
        opened_at = draw.instant(1000, 3)
        ticket = rows.add("tickets", client_id=client, requester_email=email, requester_name=name,
                          subject=told.subject, status="closed", opened_at=opened_at)  # fmt: skip
        staff = draw.pick(names.STAFF)[0]
        for body, author in ((told.asked, None), (told.answered, staff), (told.closed, None)):
            rows.add("ticket_messages", ticket_id=ticket, sent_at=opened_at, from_staff=author is not None,
                     staff_name=author, body=body, sender_ip=None if author else draw.ip())  # fmt: skip

    def _chat(self, client: int | None, email: str | None, language: str, visitor: str | None = None) -> None:
        draw, rows = self._draw, self._rows
        told = draw.pick(names.EXCHANGES[language])
        started_at = draw.instant(500)
        chat = rows.add("chats", client_id=client, visitor_id=visitor, email=email, started_at=started_at,
                        staff_name=draw.pick(names.STAFF)[0])  # fmt: skip
        for body, sender in ((told.asked, "visitor"), (told.answered, "staff"), (told.closed, "visitor")):
            rows.add("chat_messages", chat_id=chat, sent_at=started_at, sender=sender, body=body)

    def _abuse_report(self, client: int | None, name: str, email: str) -> None:
        draw = self._draw
        self._rows.add(
            "abuse_reports",
            reference=f"A-{draw.hexadecimal(10)}",
            received_at=draw.instant(900),
            reporter_client_id=client,
            reporter_name=name,
            reporter_email=email,
            reporter_phone=None,
            reporter_ip=draw.ip(),
            reported_domain=f"boutique-{draw.hexadecimal(6)}.example",
            kind=draw.pick(("spam", "phishing", "copyright")),
            description="The shop sends me advertising although I never ordered there.",
            staff_name="Solène Marchefer",
        )

    # ── what the website saw ────────────────────────────────────────────────────────────────────────

    def _website(self, client: int, who: Profile, shape: Shape) -> None:
        draw, rows = self._draw, self._rows
        for _ in range(shape.logins):
            rows.add("login_events", client_id=client, at=draw.instant(400), ip=draw.ip(),
                     user_agent=draw.pick(names.USER_AGENTS), succeeded=draw.chance(90))  # fmt: skip
        visitors = [self._visitor(client, who.region.language, shape.consents) for _ in range(shape.visitors)]
        for view in range(shape.page_views):
            self._page_view(client, visitors[view % len(visitors)] if visitors else None, who.region.language)
        for _ in range(shape.carts):
            rows.add("saved_carts", client_id=client, product_id=len(names.PRODUCTS),
                     wished_domain=f"{_ascii(who.first_name)}-blog.example", saved_at=draw.instant(300))  # fmt: skip
        for _ in range(shape.newsletters):
            self._newsletter(who.email, "news", who.first_name, who.region.language)
        for _ in range(shape.pushes):
            self._push(client, visitors[0] if visitors else None)
        for _ in range(shape.surveys):
            rows.add("survey_answers", client_id=client, email=who.email, survey="satisfaction",
                     answered_at=draw.instant(700), score=6 + draw.below(5), remark=draw.pick(names.REMARKS),
                     may_contact=shape.consents)  # fmt: skip

    def _visitor(self, client: int | None, language: str, consents: bool) -> str:
        draw, rows = self._draw, self._rows
        visitor = draw.hexadecimal(32)
        rows.add(
            "visitors",
            visitor_id=visitor,
            client_id=client,
            analytics_id=f"AN1.{draw.digits(10)}.{draw.digits(10)}" if consents else None,
            ad_id=draw.hexadecimal(32) if consents else None,
            language=language,
            region=draw.pick(("Île-de-France", "Bretagne", "Harjumaa", "Munster")),
            device=draw.pick(names.DEVICES),
            analytics_consent=consents,
            marketing_consent=consents,
            first_seen_at=draw.instant(800, 400),
            last_seen_at=draw.instant(90),
        )
        for _ in range(4 if consents else 0):
            rows.add("analytics_events", visitor_id=visitor, at=draw.instant(400), event="page_view",
                     page=draw.pick(names.PAGES), seconds=draw.below(300),
                     came_from=draw.pick((None, "https://moteur.example/", "https://forum.example/")))  # fmt: skip
        if consents:
            rows.add("ad_audiences", visitor_id=visitor, network="Réseau Annonces", audience="seen a server page",
                     added_at=draw.instant(300))  # fmt: skip
        return visitor

    def _page_view(self, client: int | None, visitor: str | None, language: str) -> None:
        draw = self._draw
        self._rows.add(
            "access_logs",
            client_id=client,
            visitor_id=visitor,
            at=draw.instant(180),
            ip=draw.ip(),
            user_agent=draw.pick(names.USER_AGENTS),
            language=language,
            path=draw.pick(names.PAGES),
            search_terms=draw.pick(names.SEARCHES),
            milliseconds=3 + draw.below(400),
        )

    def _newsletter(self, email: str, list_name: str, first_name: str | None, language: str) -> None:
        draw = self._draw
        self._rows.add(
            "newsletter_subscriptions",
            email=email,
            list_name=list_name,
            first_name=first_name,
            language=language,
            status="subscribed",
            confirmed_at=draw.instant(1500),
            confirmed_from_ip=draw.ip(),
            last_opened_at=draw.instant(60) if draw.chance(60) else None,
        )

    def _push(self, client: int | None, visitor: str | None) -> None:
        draw = self._draw
        player = draw.hexadecimal(32)
        self._rows.add(
            "push_subscriptions",
            player_id=f"{player[:8]}-{player[8:12]}-{player[12:16]}-{player[16:20]}-{player[20:]}",
            client_id=client,
            visitor_id=visitor,
            device=draw.pick(names.DEVICES),
            subscribed_at=draw.instant(700),
        )

    # ── those without an account, and the company itself ────────────────────────────────────────────

    def _people_without_account(self) -> None:
        draw, reader = self._draw, people.NEWSLETTER_READER
        for list_name in ("news", "status"):
            self._newsletter(reader.email, list_name, reader.name.split()[0], "fr")
        for number in range(READERS_WITHOUT_ACCOUNT):
            region = draw.pick(names.REGIONS)
            first, last = draw.pick(region.first_names), draw.pick(region.last_names)
            email = self._email(first, last, 90000 + number, draw.pick(region.mail_domains))
            self._newsletter(email, "news", first, region.language)
            if number % 6 == 0:
                self._ticket(None, email, f"{first} {last}", region.language)
            if number % 8 == 0:
                self._abuse_report(None, f"{first} {last}", email)
        for number in range(VISITORS_WITHOUT_ACCOUNT):
            self._passer_by(number, draw.pick(names.REGIONS).language)

    def _passer_by(self, number: int, language: str) -> None:
        visitor = self._visitor(None, language, consents=self._draw.chance(50))
        for _ in range(5):
            self._page_view(None, visitor, language)
        if number % 10 == 0:
            self._push(None, visitor)
            self._chat(None, None, language, visitor)

    def _staff_and_products(self) -> None:
        for code, kind, name, cents in names.PRODUCTS:
            self._rows.add("products", code=code, kind=kind, name=name, monthly_cents=cents)
        employees = 0
        for name, team, private_email in names.STAFF:
            staff = self._rows.add(
                "staff", display_name=name, work_email=f"{_ascii(name)}@{COMPANY_DOMAIN}", private_email=private_email,
                desk_phone=f"+336399899{self._draw.digits(2)}", team=team, hired_on=self._draw.day(3000, 300),
                left_on=None,
            )  # fmt: skip
            if private_email:
                employees += 1  # their accounts follow those of the people to be
                self._rows.add("staff_discounts", staff_id=staff, client_id=5 + employees, percent=50,
                               granted_on=self._draw.day(290))  # fmt: skip


def _known(subject: people.Subject, region: names.Region, company: str | None = None) -> Profile:
    first, last = subject.name.split(" ", 1)
    return Profile(first, last, subject.email, region, company=company)


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "".join(letter if letter.isalnum() else "-" for letter in plain).strip("-")
