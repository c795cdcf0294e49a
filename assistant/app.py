"""The composition root: the only file that knows every part and puts them together."""

from __future__ import annotations

import fcntl
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web

from assistant.casework import events
from assistant.casework.answers import packages
from assistant.casework.lease import LEASES
from assistant.channels.email.channel import EmailChannel
from assistant.channels.email.settings import EmailSettings, ImapSettings, SmtpSettings
from assistant.channels.transfer import Transfer
from assistant.channels.webchat import WebChat, WebChatSettings
from assistant.config import Authority, Settings, mail_read_from
from assistant.conversation.desk import TalkingDesk
from assistant.domain.assurance import Method
from assistant.domain.calendars import LegalCalendar
from assistant.domain.grounds import authorities
from assistant.domain.retention import own_retention
from assistant.errors import ConfigurationError
from assistant.interfaces import Channel, Clock, Resolver, SignIn
from assistant.jobs import JOBS, Job, Sweeper
from assistant.naming import Naming
from assistant.opening import SystemClock, open_sources
from assistant.replies import Texts
from assistant.replies.facts import DeskFacts, Periods
from assistant.services import Services, Unit
from assistant.store.keyfiles import open_keyring
from assistant.store.keyring import Keyring
from assistant.store.migrate import migrate
from assistant.store.private import make_private
from assistant.store.upgrading import seal_everything
from assistant.store.writer import Store, open_engine
from assistant.verification import METHODS
from assistant.verification.signed_token import SignedToken, Signer
from assistant.web import health, package, verify
from assistant.web.api import api_routes
from assistant.web.application import web_application
from assistant.web.console import console_routes
from assistant.web.widget import Widget, WidgetSettings
from handlers import HANDLERS
from intents import Reader, others_in

_TAKEN_UP = timedelta(minutes=1)  # how long a message may wait for its check before it is taken up again


@dataclass(frozen=True, slots=True)
class Assembly:
    """The parts of one desk, put together and not yet running."""

    services: Services
    desk: TalkingDesk
    sweeper: Sweeper
    channels: Mapping[str, Channel]


def take_lock(settings: Settings) -> int | None:
    """Take the lock of a SQLite desk, so that two never write to one file; raises ConfigurationError if it is taken."""
    return lock_folder(settings.server.data_dir) if settings.database_url.startswith("sqlite") else None


def lock_folder(data_dir: Path) -> int:
    """Take the lock of a desk's folder; raises ConfigurationError if it is taken."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = data_dir / "desk.lock"
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise ConfigurationError(
            f"{file}: another desk is running on this database; stop it, or use its commands while it runs."
        ) from None
    return descriptor


def assemble(
    settings: Settings,
    *,
    clock: Clock | None = None,
    device_clock: Clock | None = None,
    resolver: Resolver | None = None,
) -> Assembly:
    """Open the store and put every part together; the schema is brought up to date first."""
    clock = clock or SystemClock()
    settings.server.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    make_private(settings.server.data_dir)
    engine = open_engine(settings.database_url, writes=True)
    migrate(engine)
    keyring = open_keyring(settings.server.data_dir, engine)
    seal_everything(engine, keyring, settings.server.data_dir)
    engine.dispose()
    store = Store(settings.database_url, keyring)
    texts = texts_of(settings)
    channels = open_channels(settings, keyring, clock, texts)
    services = Services(
        store=store,
        keyring=keyring,
        clock=clock,
        device_clock=device_clock,
        settings=settings,
        calendar=calendar_of(settings),
        texts=texts,
        channels=channels,
        sources=open_sources(settings, store, keyring),
        handlers={handler.right: handler for handler in HANDLERS},
        methods={method.method: method for method in METHODS},
        sign_ins=sign_ins_of(settings),
        resolver=resolver or resolver_of(settings),
        others=lambda text, own: [(each.kind, each.words) for each in others_in(text, own)],
    )
    desk = TalkingDesk(services, Reader.load(model_dir(settings)))
    recovers = Job("recover", _TAKEN_UP, lambda _: desk.recover(waited=_TAKEN_UP))
    return Assembly(services, desk, Sweeper(services, (*JOBS, recovers)), channels)


def sign_ins_of(settings: Settings) -> dict[Method, SignIn]:
    """Give the sites whose signed tokens are trusted, and for what."""
    trusted: dict[Method, SignIn] = {}
    for method, where, signed in (
        (Method.PAGE_TOKEN, "webchat.identify", settings.webchat.identify),
        (Method.CLIENT_AREA, "client_area", settings.client_area),
    ):
        if signed.issuer:
            key = signed.key or settings.secret(signed.key_env, f"{where}.key_env")
            signer = Signer(signed.issuer, signed.audience, signed.algorithm, key)
            trusted[method] = SignedToken(signer, fresh_login=method is Method.CLIENT_AREA)
    return trusted


def resolver_of(settings: Settings) -> Resolver | None:
    """Give who is asked where the mail of a domain goes, or None where the settings name nobody."""
    addresses = settings.resolver.name_servers
    if not addresses:
        return None
    from assistant.verification.resolver import NameServers  # few desks need it in memory

    return NameServers(addresses)


def calendar_of(settings: Settings) -> LegalCalendar:
    """Give the calendar under which the controller acts."""
    controller = settings.controller
    return LegalCalendar(
        controller.holiday_country, controller.timezone, controller.audience_timezone or controller.timezone
    )


def model_dir(settings: Settings) -> Path | None:
    """Give the folder of a pipeline trained and accepted here; None means the one that ships."""
    accepted = settings.server.data_dir / "models" / "accepted"
    return accepted if accepted.is_dir() else None


def texts_of(settings: Settings) -> Texts:
    """Load every text, with what it may say of the controller and in the operator's own words."""
    controller, periods = settings.controller, settings.periods
    facts = DeskFacts(
        controller_name=controller.name,
        controller_address=controller.address,
        contact_email=controller.contact_email,
        privacy_url=controller.privacy_url,
        dpo=controller.dpo or None,
        authorities=_authorities(settings),
        support_name=controller.name,
        zone=ZoneInfo(controller.timezone),
        automated_decisions=controller.automated_decisions.model_dump(),
        periods=Periods(
            conversation_days=own_retention()["case_message"].days,
            record_years=own_retention()["case_record"].years,
            download_minutes=packages.GRANT // timedelta(minutes=1),
            backup_days=periods.backup_days,
            package_after_download_hours=periods.package_after_download_hours,
            erasure_after_package_days=periods.erasure_after_package_days,
            answer_waits_days=periods.answer_waits_days,
            idle_minutes=periods.idle_minutes,
        ),
    )
    return Texts.load(
        controller.languages, desk=facts, words={name: _words(settings, name) for name in ("en", "fr")}
    )


def _words(settings: Settings, language: str) -> dict[str, dict[str, str]]:
    known = settings.catalogue
    return {
        "categories": {name: getattr(row, language) for name, row in known.categories.items()},
        **Naming(settings).words(language),
    }


def _authorities(settings: Settings) -> tuple[dict[str, str], ...]:
    known = {row.name: row for row in authorities()} | {row.key: row for row in authorities()}
    found = []
    for named in settings.controller.authorities:
        if isinstance(named, Authority):
            found.append(named.model_dump())
        elif row := known.get(named):
            found.append({"name": row.name, "address": row.address, "phone": row.phone, "web": row.website})
        else:
            raise ConfigurationError(
                f"{settings.file}: controller.authorities: {named!r} is not known; give name, address and web instead."
            )
    return tuple(found)


def open_channels(settings: Settings, keyring: Keyring, clock: Clock, texts: Texts) -> dict[str, Channel]:
    """Open the ways in and out that the settings name."""
    channels: dict[str, Channel] = {"transfer": Transfer()}
    if settings.webchat.enabled:
        limits = settings.webchat
        chat = WebChatSettings(
            public_url=settings.server.public_url,
            extra_origins=limits.extra_origins,
            behind_proxy=limits.behind_proxy,
            messages_per_minute=limits.messages_per_minute,
            sockets_per_address=limits.sockets_per_address,
            hellos_per_minute=limits.hellos_per_minute,
        )
        channels["webchat"] = WebChat(chat, clock, texts.instants)
    if settings.email.address:
        channels["email"] = EmailChannel(email_settings(settings), clock, keyring.mail_key)
    if settings.telegram.token_env:
        from assistant.channels.telegram import TelegramBot, TelegramSettings

        telegram = settings.telegram
        channels["telegram"] = TelegramBot(
            TelegramSettings(
                token=settings.secret(telegram.token_env, "telegram.token_env"),
                secret=settings.secret(telegram.secret_env, "telegram.secret_env")
                if telegram.mode == "webhook"
                else "",
                mode=telegram.mode,
                api_url=telegram.api_url,
                public_url=settings.server.public_url,
            ),
            clock,
        )
    return channels


def email_settings(settings: Settings) -> EmailSettings:
    """Give the mail channel's own settings, with the secrets that the environment holds."""
    email = settings.email
    host, _, port = email.listen.rpartition(":")
    imap, smtp = email.imap, email.smtp
    return EmailSettings(
        address=email.address,
        display_name=email.display_name or settings.controller.name,
        authserv_id=email.authserv_id or None,
        listen_host=host or None,
        listen_port=int(port) if email.listen else None,
        protocol=email.protocol,
        imap=ImapSettings(
            host=imap.host,
            port=imap.port,
            user=imap.user,
            password=settings.secret(imap.password_env, "email.imap.password_env"),
            folder=imap.folder,
            processed_folder=imap.processed_folder,
            read_from=mail_read_from(settings, imap),
            tls=imap.tls,
        )
        if imap
        else None,
        smtp=SmtpSettings(
            host=smtp.host,
            port=smtp.port,
            starttls=smtp.starttls,
            user=smtp.user,
            password=settings.secret(smtp.password_env, "email.smtp.password_env")
            if smtp.password_env
            else "",
        )
        if smtp
        else None,
        mailbox_dir=email.maildir,
    )


def build(assembly: Assembly, *, more_routes: list[web.RouteDef] | None = None) -> web.Application:
    """Make the web application: every page, the socket, the hooks and the API."""
    services = assembly.services
    app = web_application(services)
    app.add_routes([*health.routes(), *verify.routes(), *package.routes(), *api_routes(), *console_routes()])
    for channel in assembly.channels.values():
        if routes := getattr(channel, "routes", None):
            app.add_routes(routes())
    if "webchat" in assembly.channels:
        controller = services.settings.controller
        app.add_routes(
            Widget(
                WidgetSettings(
                    public_url=services.settings.server.public_url,
                    sites=services.settings.webchat.sites,
                    controller=controller.name,
                    privacy_url=controller.privacy_url,
                    contact=controller.contact_email,
                    invented=controller.invented,
                )
            ).routes()
        )
    app.add_routes(more_routes or [])
    if chat := assembly.channels.get("webchat"):
        app.on_shutdown.append(chat.hang_up)  # type: ignore[attr-defined]
    return app


def build_monitor(assembly: Assembly) -> web.Application:
    """Make the application for whoever watches the desk: an address of its own, never the public one."""
    app = web_application(assembly.services)
    app.add_routes(health.monitor_routes())
    return app


@asynccontextmanager
async def running(assembly: Assembly) -> AsyncIterator[None]:
    """Run the desk while the context is open: what a kill left behind first, then the clock and the channels."""
    services = assembly.services
    if services.settings.database_url.startswith("sqlite"):
        await services.write(_release_leases)
    await assembly.desk.recover()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_close, services)
        await stack.enter_async_context(assembly.sweeper.running())
        for channel in assembly.channels.values():
            await stack.enter_async_context(channel.listening(assembly.desk))
        yield
        await assembly.desk.settle()
        await events.write_events(services)


def _release_leases(unit: Unit) -> None:
    for lease in LEASES:
        lease.release_all(unit)


async def _close(services: Services) -> None:
    for source in services.sources:
        if close := getattr(source, "close", None):
            with suppress(Exception):  # broad: whatever one source does at the end, the others are closed
                await close()
    services.slow.close()
    services.store.close()
