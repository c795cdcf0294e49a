"""A desk with a real store and a morning's work in it, to try the API and the console without channels."""

from __future__ import annotations

import hashlib
import itertools
import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from aiohttp.test_utils import TestServer

from assistant.casework.agents import staff
from assistant.casework.answers import by_hand, redaction
from assistant.casework.proof import attaching
from assistant.casework.requests import intake, queue
from assistant.casework.requests.queue import Role, Scope
from assistant.config import (
    Approvals,
    Catalogue,
    Category,
    Controller,
    Server,
    Settings,
    SourceSettings,
    Support,
)
from assistant.config import Retention as RetentionSettings
from assistant.domain.assurance import Method
from assistant.domain.calendars import LegalCalendar
from assistant.domain.lifecycle import Status
from assistant.domain.manual_map import LookUp, ManualMap
from assistant.domain.plan import (
    Account,
    Blocker,
    Identity,
    Keep,
    Located,
    Operation,
    Order,
    Plan,
    Step,
    TableEffect,
    TableRows,
)
from assistant.domain.rights import Right
from assistant.interfaces import Incoming
from assistant.replies import Texts
from assistant.replies.facts import DeskFacts
from assistant.services import Services, Unit
from assistant.store.keyfiles import open_keyring, sealing_file
from assistant.store.keyring import INDEX_BYTES, SEALING_BYTES, Keyring, key_id
from assistant.store.tables import Action, Conversation, PrivacyRequest, StepRow
from assistant.store.upgrading import seal_everything
from assistant.store.writer import Store
from assistant.web.api import api_routes
from assistant.web.application import web_application
from assistant.web.console import console_routes
from handlers import HANDLERS
from tests.doubles.agents import code_at, new_secret
from tests.doubles.chat_desk import START, StillClock
from tests.doubles.schema import lay_schema
from tests.unit.replies.samples import PERIODS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PASSWORD = "a long invented password"
STAFF = {"Tiina": Role.AGENT, "Marc": Role.APPROVER, "Liis": Role.LEAD, "Otto": Role.AUDITOR}
ZONE = "Europe/Tallinn"
INDEX, SEALING = b"k" * INDEX_BYTES, b"s" * SEALING_BYTES
AUTHORITY = {"name": "AKI", "address": "Tatari 39, Tallinn", "phone": "", "web": "https://aki.example"}

_TEXTS: dict[str, Texts] = {}


@dataclass
class ConsoleSite:
    """Where the desk can be reached, what lies in it, and who works there."""

    services: Services
    clock: StillClock
    secrets: dict[str, str]
    url: str = ""
    refs: dict[str, str] = field(
        default_factory=dict
    )  # what a request is for in these tests -> its reference
    actions: dict[str, str] = field(default_factory=dict)
    conversations: dict[str, str] = field(default_factory=dict)

    def code(self, name: str) -> str:
        """Give the next code of an authenticator; half a minute passes, since each is good for once."""
        self.clock.at += timedelta(seconds=30)
        return code_at(self.secrets[name], self.clock.at.timestamp())

    async def token(self, name: str, scope: Scope = Scope.APPROVE, **may: Any) -> str:
        """Make an API token."""
        return await self.services.write(lambda unit: staff.new_token(unit, name, scope, **may))

    async def get(self, table: type[Any], key: str) -> Any:
        """Look at a row as it is now."""
        return await self.services.read(lambda unit: unit.session.get_one(table, key))


PAPER = ManualMap(
    look_up=LookUp(
        en="Look for letters in the green binders.", fr="Cherchez les lettres dans les classeurs verts."
    ),
    agent="Tiina",
    category="contact",
    purpose="support",
)


def settings(folder: Path, **more: Any) -> Settings:
    """Give the settings of an invented company."""
    catalogue = Catalogue(
        categories={
            "contact": Category(en="contact details", fr="coordonnées"),
            "invoices": Category(en="invoices", fr="factures"),
            "services": Category(en="services", fr="services"),
        },
        retention={
            "accounting": RetentionSettings(
                law="Accounting Act",
                article="12",
                years=7,
                en="Accounting Act, 7 years",
                fr="loi comptable, 7 ans",
            )
        },
    )
    more = {"approvals": Approvals(four_eyes=False), **more}
    return Settings(
        controller=Controller(
            name="Alder Hosting OÜ",
            address="Näidise 1, Tallinn",
            contact_email="privacy@alder.example",
            privacy_url="https://alder.example/privacy",
            authorities=("AKI",),
            languages=("en", "fr"),
            timezone=ZONE,
            holiday_country="EE",
            invented=True,
        ),
        support=Support(forward_to="support@alder.example"),
        server=Server(data_dir=folder, database_url=f"sqlite:///{folder / 'desk.db'}"),
        sources=(
            SourceSettings(name="client-area", kind="sql", title="Client area"),
            SourceSettings(name="paper", kind="manual", title="Paper archive"),
        ),
        maps={"paper": PAPER},
        catalogue=catalogue,
        **more,
    )


def lay_keys(services: Services) -> None:
    """Put the keys on disk, where a command looks for them."""
    data_dir = services.settings.server.data_dir
    for file, key in (
        (data_dir / "keys" / "index.key", INDEX),
        (sealing_file(data_dir, key_id(SEALING)), SEALING),
    ):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_bytes(key)
        file.chmod(0o600)
    seal_everything(services.store.engine, open_keyring(data_dir, services.store.engine), data_dir)


def open_services(folder: Path, clock: StillClock, first: int, **more: Any) -> Services:
    """Open a real store below a folder, with every text; `first` begins the numbers its secrets come from."""
    chosen = settings(folder, **more)
    facts = DeskFacts(
        controller_name=chosen.controller.name,
        controller_address=chosen.controller.address,
        contact_email=chosen.controller.contact_email,
        privacy_url=chosen.controller.privacy_url,
        dpo=None,
        authorities=(AUTHORITY,),
        support_name="support",
        zone=ZoneInfo(ZONE),
        periods=PERIODS,
    )
    counter = itertools.count(first)
    keyring = Keyring(INDEX, SEALING)
    return Services(
        store=Store(chosen.database_url, keyring),
        keyring=keyring,
        clock=clock,
        settings=chosen,
        calendar=LegalCalendar("EE", ZONE, ZONE),
        texts=_texts(facts),
        handlers={handler.right: handler for handler in HANDLERS},
        random=lambda n: hashlib.shake_128(str(next(counter)).encode()).digest(n),
    )


def _texts(desk: DeskFacts) -> Texts:
    """Give the texts that say this, read and compiled once for all desks of this process."""
    if (said := repr(desk)) not in _TEXTS:
        _TEXTS[said] = Texts.load(("en", "fr"), desk=desk)
    return _TEXTS[said]


async def prepare(folder: Path) -> ConsoleSite:
    """Fill a store once, to be copied for each test: a morning's work takes its time."""
    lay_schema(folder / "desk.db")
    secrets = {name: new_secret() for name in STAFF}
    clock = StillClock()
    site = ConsoleSite(open_services(folder, clock, 1), clock, secrets)
    await site.services.write(lambda unit: _add_staff(unit, secrets))
    await site.services.write(lambda unit: Morning(site, unit).fill())
    site.services.store.close()
    return site


@asynccontextmanager
async def console_site(
    folder: Path, prepared: ConsoleSite, *, port: int | None = None, **more: Any
) -> AsyncIterator[ConsoleSite]:
    """Serve console and API on this machine, with a morning's work waiting."""
    shutil.copy(prepared.services.settings.server.data_dir / "desk.db", folder / "desk.db")
    clock = StillClock()
    services = open_services(folder, clock, 1_000_000, **more)
    site = replace(prepared, services=services, clock=clock)
    app = web_application(services)
    app.add_routes([*api_routes(), *console_routes()])
    async with TestServer(app, host="127.0.0.1", port=port) as server:
        site.url = str(server.make_url("")).rstrip("/")
        yield site
    services.store.close()


def _add_staff(unit: Unit, secrets: dict[str, str]) -> None:
    hashed = staff.hash_password(PASSWORD)
    for name, role in STAFF.items():
        language = "fr" if name == "Marc" else "en"
        staff.add_agent(unit, name, role, password_hash=hashed, totp_secret=secrets[name], language=language)


@dataclass
class Morning:
    """What waits in the desk when the agents come in; everybody in it is invented."""

    site: ConsoleSite
    unit: Unit

    def fill(self) -> None:
        """Put one thing of each kind in."""
        self._erasure()
        self._access()
        self._blocked()
        self._failed()
        self._by_hand()
        self._complaint()
        self._unproved()
        self._doubtful_mail()
        self._chat_wanting_a_person()

    def _conversation(self, name: str, channel: str, text: str, at: datetime, **more: Any) -> Conversation:
        incoming = Incoming(channel, f"thread-{name}", f"external-{name}", text, at, **more)
        conversation = intake.find_or_start_conversation(self.unit, incoming)
        intake.store_incoming(self.unit.session, conversation, incoming, {"decision": "request"})
        self.site.conversations[name] = conversation.id
        return conversation

    def _request(
        self,
        name: str,
        right: Right,
        channel: str,
        text: str,
        days_ago: int,
        *,
        proved: str | None = None,
        **more: Any,
    ) -> PrivacyRequest:
        at = START - timedelta(days=days_ago)
        conversation = self._conversation(name, channel, text, at, **more)
        tier = self.unit.services.settings.verification.needed(right)
        request = intake.open_request(self.unit, conversation, right, received_at=at, details={}, tier=tier)
        intake.move(self.unit, request, Status.VERIFYING, "desk")
        if proved:
            attaching.give_evidence(
                self.unit,
                method=Method.EMAIL_CODE,
                contact=proved,
                conversation_id=conversation.id,
                references=[request.ref],
                on_file=True,
            )
        self.site.refs[name] = request.ref
        return request

    def _propose(self, name: str, request: PrivacyRequest, plan: Plan) -> Action:
        action = queue.do_propose(self.unit, request, plan)
        self.site.actions[name] = action.id
        return action

    def _erasure(self) -> None:
        text = "Bonjour, effacez toutes mes données. Mon adresse : camille.roux@mail.example"
        request = self._request(
            "erasure", Right.ERASURE, "webchat", text, 16, proved="camille.roux@mail.example", locale="fr"
        )
        self._propose("erasure", request, erasure_plan())

    def _access(self) -> None:
        request = self._request(
            "access",
            Right.ACCESS,
            "email",
            "Please send me a copy of everything you hold about me.",
            8,
            proved="juhan.tamm@mail.example",
            sender="juhan.tamm@mail.example",
            locale="en",
            subject="My data",
        )
        action = self._propose("access", request, access_plan())
        found = redaction.Mention(
            "client-area",
            "calls",
            "note",
            "name",
            "Jean Dupuis",
            ("Spoke with Jean Dupuis, who pays for him.",),
        )
        redaction.do_keep(self.unit, action, [found])

    def _blocked(self) -> None:
        request = self._request(
            "blocked",
            Right.ERASURE,
            "webchat",
            "Delete my account and everything in it.",
            4,
            proved="nora.lind@mail.example",
            locale="en",
        )
        blocker = Blocker("client-area", "domains", 1, "a registered domain", ("lind-bakery.example",))
        self._propose("blocked", request, erasure_plan(blockers=(blocker,)))
        intake.set_attention(self.unit, request, "services_running")

    def _failed(self) -> None:
        request = self._request(
            "failed",
            Right.RECTIFICATION,
            "email",
            "My postal code is wrong.",
            20,
            proved="ivo.saar@mail.example",
            sender="ivo.saar@mail.example",
            locale="en",
        )
        action = self._propose("failed", request, rectification_plan())
        intake.move(self.unit, request, Status.SCHEDULED, "agent:Marc")
        intake.move(self.unit, request, Status.EXECUTING, "desk")
        action.state, action.attempts = "failed", 5
        step = self.unit.session.exec(_steps(action)).one()
        step.state, step.error = "failed", "The client area cannot be reached; nothing was changed there."
        step.error_code = "source_unavailable"
        intake.set_attention(self.unit, request, "step_failed:source_unavailable")

    def _by_hand(self) -> None:
        request = self._request(
            "by_hand",
            Right.ACCESS,
            "email",
            "A copy of the letters too, please.",
            5,
            proved="rosa.meri@mail.example",
            sender="rosa.meri@mail.example",
            locale="en",
        )
        action = self._propose("by_hand", request, by_hand_plan())
        intake.move(self.unit, request, Status.SCHEDULED, "agent:Marc")
        intake.move(self.unit, request, Status.EXECUTING, "desk")
        action.state, action.rows_done, action.rows_to_do = "executing", 2, 6
        action.not_before = START
        by_hand.open_task(self.unit, self.unit.session.exec(_steps(action)).all()[-1])

    def _complaint(self) -> None:
        request = self._request(
            "complaint",
            Right.COMPLAINT,
            "email",
            "I complain: nobody answered me.",
            2,
            sender="ada.kask@mail.example",
            locale="en",
        )
        intake.move(self.unit, request, Status.OPEN, "desk")
        intake.set_attention(self.unit, request, "needs_agent")

    def _unproved(self) -> None:
        request = self._request(
            "unproved", Right.ACCESS, "webchat", "What do you know about me?", 27, locale="en"
        )
        intake.set_attention(self.unit, request, "lapse_letter_to_approve")

    def _doubtful_mail(self) -> None:
        at = START - timedelta(days=1)
        conversation = self._conversation(
            "doubtful",
            "email",
            "Can someone look at what is stored under my name? Thanks.",
            at,
            sender="leo.martin@mail.example",
            subject="Question",
            locale="en",
        )
        conversation.triage = True

    def _chat_wanting_a_person(self) -> None:
        at = START - timedelta(minutes=2)
        conversation = self._conversation(
            "chat", "webchat", "Could I talk to somebody, please?", at, locale="en"
        )
        conversation.wants_person_at = at


def _steps(action: Action) -> Any:
    from sqlmodel import col, select

    return select(StepRow).where(col(StepRow.action_id) == action.id)


def located() -> Located:
    """Give what the client area holds about somebody."""
    account = Account("client-area", "clients", ("17",), "client 17")
    tables = (TableRows("clients", "contact", 1), TableRows("invoices", "invoices", 5))
    return Located("client-area", Identity(emails=("x@mail.example",)), (account,), tables)


def erasure_plan(**more: Any) -> Plan:
    """Give an erasure that keeps invoices."""
    effects = (
        TableEffect("clients", "contact", 1, ("name", "email"), {"name": "erased", "email": "erased"}),
        TableEffect("tickets", "services", 12, deletes=True),
    )
    keep = Keep(
        "client-area",
        "invoices",
        "invoices",
        5,
        ("number", "amount"),
        "accounting",
        "Accounting Act 12",
        date(2033, 12, 31),
    )
    return Plan(
        Right.ERASURE,
        (located(),),
        Order(Operation.ERASE, START.date()),
        (Step("client-area", Operation.ERASE, effects),),
        (keep,),
        **more,
    )


def access_plan() -> Plan:
    """Give a copy of everything."""
    effects = (TableEffect("clients", "contact", 1), TableEffect("invoices", "invoices", 5))
    step = Step("client-area", Operation.EXPORT, effects)
    found = located()
    second = replace(found.accounts[0], key=("18",), label="client 18")
    found = replace(found, accounts=(*found.accounts, second))
    return Plan(Right.ACCESS, (found,), Order(Operation.EXPORT, START.date()), (step,))


def by_hand_plan() -> Plan:
    """Give a copy for which somebody must look in the paper archive."""
    plan = access_plan()
    paper = Located("paper", plan.located[0].identity, (), (TableRows("records", "contact", 0),))
    step = Step("paper", Operation.EXPORT, (TableEffect("records", "contact", 0),))
    return replace(plan, located=(*plan.located, paper), steps=(*plan.steps, step))


def rectification_plan() -> Plan:
    """Give a correction of one field."""
    effect = TableEffect("clients", "contact", 1, ("postcode",), {"postcode": "10117"})
    step = Step("client-area", Operation.RECTIFY, (effect,))
    order = Order(Operation.RECTIFY, START.date(), {"postcode": "10117"})
    return Plan(Right.RECTIFICATION, (located(),), order, (step,))
