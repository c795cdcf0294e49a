"""What a command opens by itself, as the desk does: the systems that hold personal data, and the time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from assistant.casework.upkeep.own import DeskQueries
from assistant.config import Settings
from assistant.domain.http_map import HttpMap
from assistant.domain.manual_map import ManualMap
from assistant.domain.retention import RetentionRule
from assistant.interfaces import DataSource
from assistant.sources.http.client import HttpSettings
from assistant.sources.http.source import HttpSource
from assistant.sources.keeping import Retention
from assistant.sources.manual import ManualSource
from assistant.sources.own_records import OwnRecords
from assistant.sources.sql.source import SqlSource
from assistant.store.keyring import Keyring
from assistant.store.writer import Store


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """Give the instant, aware and in UTC."""
        return datetime.now(UTC)


def open_sources(settings: Settings, store: Store, keyring: Keyring) -> tuple[DataSource, ...]:
    """Open the systems that hold personal data; nothing is connected before the first call."""
    rules = {
        name: RetentionRule(name, **rule.model_dump(exclude={"en", "fr", "law_fr", "clause"}))
        for name, rule in settings.catalogue.retention.items()
    }
    return tuple(_source(settings, source.name, rules, store, keyring) for source in settings.sources)


def _source(
    settings: Settings, name: str, rules: Mapping[str, RetentionRule], store: Store, keyring: Keyring
) -> DataSource:
    source = next(s for s in settings.sources if s.name == name)
    if source.kind == "own_records":
        return OwnRecords(DeskQueries(store, keyring), name=name)
    mapped = settings.maps[name]
    if isinstance(mapped, ManualMap):
        return ManualSource(name, mapped)
    if isinstance(mapped, HttpMap):
        secrets = {
            key: settings.secret(env, f"sources.{name}.secrets.{key}") for key, env in source.secrets.items()
        }
        asked = HttpSettings(source.values, secrets, source.url)
        return HttpSource(name, mapped, asked, Retention(rules, settings.financial_year_end))
    url = source.url or settings.secret(source.url_env, f"sources.{name}.url_env")
    return SqlSource(name, url, mapped, rules, financial_year_end=settings.financial_year_end)
