"""Writes the client-area database of the sample company, with every data group of policy 4.1 and 4.2."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from importlib import resources
from itertools import chain
from typing import TYPE_CHECKING

from assistant.demo import names, people
from assistant.demo.contract import COMPANY_DOMAIN, Client, ContractRecords, ascii_only
from assistant.demo.correspondence import CorrespondenceRecords, Writer
from assistant.demo.rows import Rows
from assistant.demo.shapes import Draw, Shape, drawn_shape, subject_shapes
from assistant.demo.website import WebsiteRecords
from assistant.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

FIRST_CLIENT_NO = 10042
READERS_WITHOUT_ACCOUNT = 60
VISITORS_WITHOUT_ACCOUNT = 80
_SCHEMA = "schema.sql"


@dataclass(frozen=True, slots=True)
class Profile:
    """Who one client is to be."""

    first_name: str
    last_name: str
    email: str
    region: names.Region
    company: str | None = None
    billing_email: str | None = None
    email_changed_at: str | None = None
    lives_with: int | None = None  # the row of the client whose address is shared


def create_company(path: Path, *, clients: int = 500, seed: int = 1, today: date) -> None:
    """Write a fresh SQLite database; the same arguments give the same rows.

    Raises ConfigurationError if the file exists or there are too few clients to hold the people to be.
    """
    if clients < (fewest := len(_known())):
        raise ConfigurationError(f"the sample company needs at least {fewest} clients, not {clients}")
    if path.exists():
        raise ConfigurationError(
            f"{path} exists already; name a folder without a sample database, or remove it"
        )
    rows = _Company(Draw(seed, today)).rows(clients)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript("BEGIN;" + (resources.files(__package__) / _SCHEMA).read_text("utf-8"))
        rows.write(connection)


class _Company:
    """One pass over all clients, then over those who are known without an account."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._rows = Rows()
        self._addresses: dict[int, tuple[int, str]] = {}  # client -> number of the address, and its text
        self._emails: set[str] = set()
        self._contract = ContractRecords(draw, self._rows)
        self._correspondence = CorrespondenceRecords(draw, self._rows)
        self._website = WebsiteRecords(draw, self._rows)

    def rows(self, clients: int) -> Rows:
        self._products()
        shapes = subject_shapes(self._draw.today)
        for number, who in enumerate(self._profiles(clients), 1):
            client_no = f"C-{FIRST_CLIENT_NO + number - 1}"
            self._everything_about(client_no, number, who, shapes.get(client_no) or drawn_shape(self._draw))
        self._people_without_account()
        self._staff()
        return self._rows

    def _everything_about(self, client_no: str, number: int, who: Profile, shape: Shape) -> None:
        client = self._client(client_no, number, who, shape)
        self._optional_profile(client, shape)
        self._contract.write(client, shape)
        self._correspondence.write(client, shape)
        self._website.write(client, shape)

    # ── who they are ────────────────────────────────────────────────────────────────────────────────

    def _profiles(self, clients: int) -> Iterator[Profile]:
        known = _known()
        self._emails.update(profile.email for profile in known)
        return chain(known, (self._invented(number) for number in range(len(known) + 1, clients + 1)))

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
        address = f"{ascii_only(first)}.{ascii_only(last)}@{domain}"
        if address in self._emails:
            address = f"{ascii_only(first)}.{ascii_only(last)}.{number}@{domain}"
        self._emails.add(address)
        # People type capitals, and systems store them.
        return address.title() if self._draw.chance(3) else address

    def _client(self, client_no: str, number: int, who: Profile, shape: Shape) -> Client:
        draw = self._draw
        phone = f"+3363998{number:04d}"  # a range set aside for fiction
        tax_id = f"{who.region.country}{draw.digits(9)}" if who.company else None
        row = self._rows.add(
            "clients",
            client_no=client_no,
            first_name=who.first_name,
            last_name=who.last_name,
            patronymic=draw.pick(who.region.first_names) if draw.chance(5) else None,
            company=who.company,
            tax_id=tax_id,
            email=who.email,
            email_changed_at=who.email_changed_at,
            billing_email=who.billing_email,
            phone=phone,
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
        address = self._address(row, who)
        first, last, email = who.first_name, who.last_name, who.email
        return Client(row, client_no, first, last, email, phone, who.company, tax_id, who.region, address)

    def _address(self, client: int, who: Profile) -> str:
        address, text = self._addresses.get(who.lives_with or 0) or self._fresh_address(who.region)
        self._addresses[client] = (address, text)
        self._rows.add("client_addresses", client_id=client, address_id=address, kind="home")
        return text

    def _fresh_address(self, region: names.Region) -> tuple[int, str]:
        draw, country = self._draw, region.country
        postcode, city = draw.pick(region.towns)
        street = f"{1 + draw.below(120)} {draw.pick(region.streets)}"
        row = self._rows.add("addresses", street=street, postcode=postcode, city=city, country=country)
        return row, f"{street}, {postcode} {city}, {country}"

    def _optional_profile(self, client: Client, shape: Shape) -> None:
        draw = self._draw
        self._rows.add(
            "client_profiles",
            client_id=client.row,
            gender=draw.pick(("female", "male", None)),
            date_of_birth=draw.day(25000, 7000) if draw.chance(70) else None,
            interests=draw.pick(("servers, privacy", "photographie, blog", "veebipood", None)),
            segment=draw.pick(("small business", "hobby", "agency")),
            profiling_opt_in=shape.consents,
            updated_at=draw.instant(1200),
        )

    # ── those without an account, and the company itself ────────────────────────────────────────────

    def _people_without_account(self) -> None:
        reader = people.NEWSLETTER_READER
        for list_name in ("news", "status"):
            self._website.newsletter(reader.email, list_name, reader.name.split()[0], "fr")
        for number in range(READERS_WITHOUT_ACCOUNT):
            self._reader(number, self._draw.pick(names.REGIONS))
        for number in range(VISITORS_WITHOUT_ACCOUNT):
            self._passer_by(number, self._draw.pick(names.REGIONS).language)

    def _reader(self, number: int, region: names.Region) -> None:
        draw = self._draw
        first, last = draw.pick(region.first_names), draw.pick(region.last_names)
        email = self._email(first, last, 90000 + number, draw.pick(region.mail_domains))
        self._website.newsletter(email, "news", first, region.language)
        writer = Writer(f"{first} {last}", email, region.language)
        if number % 6 == 0:
            self._correspondence.ticket(writer)
        if number % 8 == 0:
            self._correspondence.abuse_report(writer)

    def _passer_by(self, number: int, language: str) -> None:
        visitor = self._website.visitor(None, language, consents=self._draw.chance(50))
        for _ in range(5):
            self._website.page_view(None, visitor, language)
        if number % 10 == 0:
            self._website.push(None, visitor)
            self._correspondence.chat(Writer(None, None, language), visitor)

    def _products(self) -> None:
        for product in names.PRODUCTS:
            self._rows.add(
                "products",
                code=product.code,
                kind=product.kind,
                name=product.name,
                monthly_cents=product.monthly_cents,
            )

    def _staff(self) -> None:
        accounts = {profile.email: row for row, profile in enumerate(_known(), 1)}
        for employee in names.STAFF:
            row = self._rows.add(
                "staff",
                display_name=employee.name,
                work_email=f"{ascii_only(employee.name)}@{COMPANY_DOMAIN}",
                private_email=employee.private_email,
                desk_phone=f"+336399899{self._draw.digits(2)}",
                team=employee.team,
                hired_on=self._draw.day(3000, 300),
                left_on=None,
            )
            if client := accounts.get(employee.private_email or ""):
                granted_on = self._draw.day(290)
                self._rows.add(
                    "staff_discounts", staff_id=row, client_id=client, percent=50, granted_on=granted_on
                )


def _known() -> tuple[Profile, ...]:
    """List who has the first accounts: the people to be, one who lives with them, and employees."""
    employees = [(e.name.split(" ", 1), e.private_email) for e in names.STAFF if e.private_email]
    return (
        _of(people.CUSTOMER, names.FRANCE),
        _of(people.FORMER_CUSTOMER, names.ESTONIA),
        _of(people.TWO_ACCOUNTS, names.IRELAND),
        _of(people.TWO_ACCOUNTS, names.IRELAND, company="Hartwell Timber Ltd"),
        Profile("Marek", "Põldaru", "marek.poldaru@postkast.example", names.ESTONIA, lives_with=2),
        *(Profile(first, last, email, names.ESTONIA) for (first, last), email in employees),
    )


def _of(subject: people.Subject, region: names.Region, company: str | None = None) -> Profile:
    first, last = subject.name.split(" ", 1)
    return Profile(first, last, subject.email, region, company=company)
