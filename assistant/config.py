"""config.toml, read once into frozen settings; whatever is wrong stops the start with one line that says where."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from assistant.domain.addresses import normal_contact
from assistant.domain.assurance import Tier
from assistant.domain.calendars import LegalCalendar, UnknownCountry
from assistant.domain.data_map import DataMap
from assistant.domain.http_map import HttpMap
from assistant.domain.manual_map import ManualMap
from assistant.domain.mistakes import nearest, one_line
from assistant.domain.policy import Topic
from assistant.domain.retention import MOST_YEARS
from assistant.domain.rights import Right
from assistant.errors import ConfigurationError

M = TypeVar("M", bound=BaseModel)
AnyMap = DataMap | HttpMap | ManualMap
Clause = Annotated[str, StringConstraints(pattern=r"^(\d+(\.\d+)*)?$")]  # of the privacy policy


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)


def _web_address(value: str) -> str:
    if value and not value.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return value.rstrip("/")


def _mail_address(value: str) -> str:
    if value and ("@" not in value or normal_contact(value) is None):
        raise ValueError("must be an e-mail address, such as privacy@example.test")
    return value


def year_end(month_and_day: str) -> tuple[int, int]:
    """Read month and day of `12-31`; raises ValueError for what no year has."""
    month, day = map(int, month_and_day.split("-"))
    date(2000, month, day)
    return month, day


def _database_address(value: str) -> str:
    if value:
        try:
            make_url(value)
        except ArgumentError:
            raise ValueError(
                "is not an address of a database, such as sqlite:////var/lib/desk/desk.db"
            ) from None
    return value


class Authority(_Section):
    """A supervisory authority to which the person may complain."""

    name: str
    address: str
    phone: str = ""
    web: str


class Said(_Section):
    """A sentence of the operator's, in every language."""

    en: str = ""
    fr: str = ""


class Controller(_Section):
    """Who answers, under which law (GDPR 13(1)(a)); never invented, so required."""

    name: str = ""
    address: str = ""
    contact_email: str = ""
    privacy_url: str = ""
    clauses: dict[Topic, Clause] = {}  # where the notice speaks of it
    dpo: str = ""
    authorities: tuple[str | Authority, ...] = ()
    languages: tuple[Literal["en", "fr"], ...] = ()
    timezone: str = ""
    holiday_country: str = ""
    audience_timezone: str = ""
    financial_year_ends: str = "12-31"
    # One, as an example of how they are written.
    client_number: str = Field("", pattern=r"^([A-Za-z]{1,4}[-./]?\d+)?$")
    automated_decisions: Said = Said()  # Article 15(1)(h)
    invented: bool = False

    _web = field_validator("privacy_url")(_web_address)
    _mail = field_validator("contact_email")(_mail_address)

    @field_validator("financial_year_ends")
    @classmethod
    def _is_a_day(cls, value: str) -> str:
        try:
            year_end(value)
        except ValueError:
            raise ValueError(f"{value!r} is no day of the year; write month and day, such as 12-31") from None
        return value

    @field_validator("timezone", "audience_timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        if value:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise ValueError(
                    f"there is no time zone {value!r}; write one such as Europe/Tallinn"
                ) from None
        return value

    @field_validator("holiday_country")
    @classmethod
    def _country_code(cls, value: str) -> str:
        if value and not (len(value) == 2 and value.isalpha() and value.isupper()):  # noqa: PLR2004 - ISO 3166-1
            raise ValueError("must be a country code of two letters, such as EE")
        if value:
            try:
                LegalCalendar(value)
            except UnknownCountry as error:
                raise ValueError(error.message) from None
        return value


class Support(_Section):
    """Where messages go that are no privacy request."""

    forward_to: str = ""
    agents_language: Literal["en", "fr"] = "en"

    _mail = field_validator("forward_to")(_mail_address)


class Server(_Section):
    """Where the desk listens and keeps what it must not lose."""

    data_dir: Path = Path("data")
    public_url: str = "http://127.0.0.1:8080"
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    monitor: str = "127.0.0.1:9464"  # host:port
    database_url: str = ""
    event_loop: Literal["uvloop", "asyncio"] = "uvloop"

    _web = field_validator("public_url")(_web_address)
    _database = field_validator("database_url")(_database_address)

    @field_validator("monitor")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not (host and port.isascii() and port.isdecimal() and len(port) < 6 and int(port) < 2**16):  # noqa: PLR2004
            raise ValueError(f"{value!r} is no address to listen on; write host:port, such as 127.0.0.1:9464")
        return value

    @property
    def is_https(self) -> bool:
        """Whether persons and agents reach the desk by https."""
        return self.public_url.startswith("https://")

    @property
    def monitored_at(self) -> tuple[str, int]:
        """The address and the port for monitoring."""
        host, _, port = self.monitor.rpartition(":")
        return host.strip("[]"), int(port)


class Signed(_Section):
    """How tokens of another site are signed; the algorithm is fixed here, never taken from the token."""

    issuer: str = ""
    audience: str = ""
    algorithm: Literal["HS256", "EdDSA", "RS256", "ES256"] = "HS256"
    key_env: str = ""
    key: str = ""


class WebChat(_Section):
    """The live chat."""

    enabled: bool = True
    sites: tuple[str, ...] = ()
    extra_origins: tuple[str, ...] = ()
    behind_proxy: bool = False
    messages_per_minute: int = Field(120, ge=0)  # per socket; nought means no limit, here and below
    sockets_per_address: int = Field(500, ge=0)
    hellos_per_minute: int = Field(600, ge=0)  # per address
    identify: Signed = Signed()


class Imap(_Section):
    """A mailbox that is looked at once a minute."""

    host: str
    port: int = 993
    user: str
    password_env: str
    folder: str = "INBOX"
    processed_folder: str = "Processed"
    read_from: datetime | date | None = None  # required by `serve`: older mail is never answered by itself
    tls: bool = True

    @field_validator("read_from", mode="before")
    @classmethod
    def _instant(cls, value: object) -> object:
        if isinstance(value, str):
            value = _day_or_instant(value)
        if value is not None and not isinstance(value, date):
            raise ValueError("is no day and no instant; write it like 2026-11-28")
        if isinstance(value, datetime) and value.tzinfo is None:
            raise ValueError("has no zone; write it like 2026-11-28T09:30:00+02:00, or only the day")
        return value

    def begins(self, timezone: str) -> datetime | None:
        """Give the instant from which mail is read; a day begins where the controller is."""
        if self.read_from is None or isinstance(self.read_from, datetime):
            return self.read_from
        return datetime.combine(self.read_from, time(), ZoneInfo(timezone))


def _day_or_instant(text: str) -> date | datetime | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text) if len(text) == len("2026-11-28") else datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is no day and no instant; write it like 2026-11-28") from None


class Smtp(_Section):
    """The server that takes our mail."""

    host: str
    port: int = 587
    starttls: bool = True
    user: str = ""
    password_env: str = ""


class Email(_Section):
    """Mail in and out; empty `address` means no mail."""

    address: str = ""
    display_name: str = ""
    authserv_id: str = ""
    listen: str = ""  # host:port
    protocol: Literal["smtp", "lmtp"] = "lmtp"
    imap: Imap | None = None
    smtp: Smtp | None = None
    maildir: Path | None = None
    # By rule to one mailbox that proved nothing: a receipt and its link at least.
    letters_a_day: int = Field(20, ge=2)
    letters_a_day_to_a_domain: int = Field(500, ge=2)


class Telegram(_Section):
    """The Telegram bot; empty `token_env` means none."""

    token_env: str = ""
    secret_env: str = ""
    mode: Literal["webhook", "polling"] = "webhook"
    api_url: str = "https://api.telegram.org"

    _web = field_validator("api_url")(_web_address)


class ClientArea(Signed):
    """The client area of the host, where a fresh sign-in proves an account."""

    login_url: str = ""

    _web = field_validator("login_url")(_web_address)


class Resolver(_Section):
    """Whom to ask where the mail of a proved contact's domain goes; nobody is asked by default."""

    name_servers: tuple[str, ...] = ()

    @field_validator("name_servers")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            try:
                ip_address(address)
            except ValueError:
                raise ValueError(f"{address!r} is no IP address") from None
        return value


class Verification(_Section):
    """How sure the desk must be, per right; marketing is never asked for proof."""

    access: Tier = Tier.T2
    portability: Tier = Tier.T2
    erasure: Tier = Tier.T2
    rectification: Tier = Tier.T1
    contact_change: Tier = Tier.T2
    objection: Tier = Tier.T1
    consent_withdrawal: Tier = Tier.T1
    restriction: Tier = Tier.T1
    complaint: Tier = Tier.T0

    @field_validator("*", mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        if isinstance(value, str) and value in Tier.__members__:
            return Tier[value]
        return value

    def needed(self, right: Right) -> Tier:
        """Give the tier a right needs."""
        return Tier(getattr(self, right.value))


class Approvals(_Section):
    """Who must look before something irreversible happens."""

    four_eyes: bool = True
    fresh_totp_minutes: int = Field(10, ge=1)


class Periods(_Section):
    """Waiting and keeping; the defaults are those of the flows."""

    hold_hours: int = Field(72, ge=0)
    package_days: int = Field(7, ge=1)
    package_after_download_hours: int = Field(72, ge=1)
    erasure_after_package_days: int = Field(7, ge=1)
    idle_minutes: int = Field(30, ge=1)
    session_hours: int = Field(24, ge=1)
    handover_minutes: int = Field(5, ge=1)
    answer_waits_days: int = Field(30, ge=1)
    lift_notice_days: int = Field(7, ge=1)
    support_message_days: int = Field(90, ge=1)
    backup_days: int = Field(0, ge=0)  # nought: letters cannot say it

    @property
    def hold(self) -> timedelta:
        """The time in which the person can still stop what was approved."""
        return timedelta(hours=self.hold_hours)


class Described(_Section):
    """Something an access reply names, in every language."""

    en: str
    fr: str
    clause: str = ""


class Category(Described):
    """A kind of data, and how long it is kept where no law says so (Article 15(1)(b) and (d))."""

    period_en: str = ""
    period_fr: str = ""
    people_decide: bool = False  # a copy that holds any needs T3: identity documents, recordings


class Purpose(Described):
    """Why data is processed, and on which basis (Article 15(1)(a))."""

    basis: str
    article: str


class Recipient(_Section):
    """To whom data goes (Article 15(1)(c), 15(2))."""

    name: str
    name_fr: str = Field("", alias="name@fr")  # where it is no proper name
    en: str
    fr: str
    country: str
    safeguards_en: str = ""
    safeguards_fr: str = ""
    notify: str = ""  # address for Article 19 notices

    _mail = field_validator("notify")(_mail_address)


class Retention(_Section):
    """How long something must be kept, under which law."""

    law: str
    law_fr: str = Field("", alias="law@fr")
    article: str
    clause: Clause = ""
    years: int = Field(0, ge=0, le=MOST_YEARS)
    months: int = Field(0, ge=0)
    days: int = Field(0, ge=0)
    counted_from: Literal["event", "end_of_financial_year"] = "event"
    en: str
    fr: str

    @model_validator(mode="after")
    def _a_period(self) -> Retention:
        if not (self.years or self.months or self.days):
            raise ValueError("give a period in years, months or days")
        return self


class Catalogue(_Section):
    """What the maps of the sources refer to by name."""

    categories: dict[str, Category] = {}
    purposes: dict[str, Purpose] = {}
    recipients: dict[str, Recipient] = {}
    identifiers: dict[str, Described] = {}  # by what a recipient knows somebody, as a notice to them says it
    retention: dict[str, Retention] = {}


class SourceSettings(_Section):
    """One system in which personal data lives."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    kind: Literal["sql", "http", "manual", "own_records"]
    title: str = ""
    title_fr: str = Field("", alias="title@fr")
    url: str = ""
    url_env: str = ""
    map: Path | None = None
    values: dict[str, str] = {}  # of http: what its map leaves open
    secrets: dict[str, str] = {}  # of http: name in the map -> environment variable

    @model_validator(mode="after")
    def _address(self) -> SourceSettings:
        if self.kind == "sql":
            _database_address(self.url)
        elif self.kind == "http":
            _web_address(self.url)
        if self.kind != "http" and (self.values or self.secrets):
            raise ValueError(f"source {self.name}: values and secrets are for http sources")
        return self


class Settings(_Section):
    """Everything an operator decides."""

    controller: Controller = Controller()
    support: Support = Support()
    server: Server = Server()
    webchat: WebChat = WebChat()
    email: Email = Email()
    telegram: Telegram = Telegram()
    client_area: ClientArea = ClientArea()
    resolver: Resolver = Resolver()
    verification: Verification = Verification()
    approvals: Approvals = Approvals()
    periods: Periods = Periods()
    catalogue_file: Path | None = None
    sources: tuple[SourceSettings, ...] = ()

    catalogue: Catalogue = Catalogue()
    maps: dict[str, AnyMap] = {}
    file: Path = Path("config.toml")

    @model_validator(mode="after")
    def _names_differ(self) -> Settings:
        names = [source.name for source in self.sources]
        if len(set(names)) != len(names):
            raise ValueError("two sources have the same name")
        return self

    @property
    def database_url(self) -> str:
        """The address of the desk's own database."""
        return self.server.database_url or f"sqlite:///{self.server.data_dir / 'desk.db'}"

    @property
    def financial_year_end(self) -> tuple[int, int]:
        """Month and day on which the controller's financial year ends."""
        return year_end(self.controller.financial_year_ends)

    def secret(self, env: str, key: str) -> str:
        """Read a secret from the environment variable that the settings name; a missing one stops the start."""
        value = os.environ.get(env, "")
        if not value:
            raise ConfigurationError(
                f"{self.file}: {key}: the environment variable {env} is empty; put the secret there."
            )
        return value


_REQUIRED = (
    "controller.name",
    "controller.address",
    "controller.contact_email",
    "controller.privacy_url",
    "controller.authorities",
    "controller.languages",
    "controller.timezone",
    "controller.holiday_country",
    "support.forward_to",
)


def load_settings(path: Path) -> Settings:
    """Read the settings, the catalogue and the maps they name; raises ConfigurationError naming file, key and mend."""
    raw = _toml(path)
    here = path.parent
    for reserved in ("catalogue", "maps", "file"):
        if reserved in raw:
            raise ConfigurationError(
                f"{path}: {reserved}: unknown key; catalogues and maps stand in files of their own."
            )
    settings = _validated(Settings, raw, path)
    update: dict[str, Any] = {"file": path}
    if settings.catalogue_file:
        file = here / settings.catalogue_file
        update["catalogue"] = _validated(Catalogue, _toml(file), file)
    update["maps"] = {s.name: _map(s, path) for s in settings.sources if s.kind != "own_records"}
    server = settings.server
    update["server"] = server.model_copy(update={"data_dir": (here / server.data_dir).resolve()})
    loaded = settings.model_copy(update=update)
    _check_names(loaded)
    return loaded


def require_complete(settings: Settings) -> None:
    """Raise ConfigurationError naming the first required key that is empty: nobody answers as an unnamed controller."""
    values = settings.model_dump()
    for key in _REQUIRED:
        section, name = key.split(".")
        if not values[section][name]:
            raise ConfigurationError(
                f"{settings.file}: {key}: is required and empty; write it before starting the desk."
            )
    if settings.email.address and settings.email.imap:
        mail_read_from(settings, settings.email.imap)


def mail_read_from(settings: Settings, imap: Imap) -> datetime:
    """Give the instant from which the mailbox is read; raises ConfigurationError where nobody chose it."""
    begins = imap.begins(settings.controller.timezone)
    if begins is None:
        raise ConfigurationError(
            f"{settings.file}: email.imap.read_from: is required and empty; write the day from which mail is read, such as "
            f'"2026-11-28": older mail stays where it is and is never answered by itself.'
        )
    return begins


def _map(source: SourceSettings, path: Path) -> AnyMap:
    if source.map is None:
        raise ConfigurationError(
            f"{path}: sources.{source.name}.map: is missing; name the file that holds its map."
        )
    file = path.parent / source.map
    if source.kind == "http":
        return _http_map(source, path, _validated(HttpMap, _toml(file), file))
    if source.kind == "manual":
        return _validated(ManualMap, _toml(file), file)
    if not (source.url or source.url_env):
        raise ConfigurationError(
            f"{path}: sources.{source.name}.url: is missing; write it or name its variable in url_env."
        )
    return _validated(DataMap, _toml(file), file)


def _http_map(source: SourceSettings, path: Path, http_map: HttpMap) -> HttpMap:
    """Refuse settings that leave open what the map of a system needs, or say what it does not know."""
    for what, said, needed in (
        ("values", source.values, http_map.values),
        ("secrets", source.secrets, http_map.auth.secrets),
    ):
        for name in needed:
            if not said.get(name):
                raise ConfigurationError(
                    f"{path}: sources.{source.name}.{what}.{name}: is missing; its map needs it."
                )
        for name in said:
            if name not in needed:
                raise ConfigurationError(
                    f"{path}: sources.{source.name}.{what}.{name}: its map knows no such name{nearest(name, needed) or '.'}"
                )
    return http_map


def _check_names(settings: Settings) -> None:
    known = settings.catalogue
    for source, data_map in settings.maps.items():
        for where, value, names in _references(data_map, known):
            if value not in names:
                raise ConfigurationError(
                    f"{settings.file}: sources.{source}: {where} names {value!r}, which the catalogue does not hold"
                    f"{nearest(value, names) or '.'}"
                )


def _references(data_map: AnyMap, known: Catalogue) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    for table in data_map.tables:
        yield f"{table.name}.category", table.category, known.categories
        yield f"{table.name}.purpose", table.purpose, known.purposes
        for recipient in table.recipients:
            yield f"{table.name}.recipients", recipient.name, known.recipients
            for kind in recipient.known_by:
                yield f"{table.name}.recipients.{recipient.name}.known_by", kind, known.identifiers
            for purpose in recipient.uses:
                yield f"{table.name}.recipients.{recipient.name}.uses", purpose, known.purposes
        if table.keep:
            yield f"{table.name}.keep.rule", table.keep.rule, known.retention


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise ConfigurationError(f"{path}: cannot be read; name the settings with --config.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: is not TOML: {error}") from None


def _validated(model: type[M], raw: Mapping[str, Any], path: Path) -> M:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {one_line(error, model, raw)}") from None
