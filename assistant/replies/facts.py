"""Who speaks: what every text may say about the controller, all of it from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """The periods that texts promise; the defaults are those of the settings."""

    conversation_days: int = 90  # the text of a request, after it is closed
    record_years: int = 3  # the record of a request, after it is closed
    package_after_download_hours: int = 72  # a package, after its first complete download
    download_minutes: int = 60  # one browser may download, after the code
    erasure_after_package_days: int = 7  # asked together: erasure waits this long for the download
    answer_waits_days: int = 30  # an answer waits in a conversation without a contact
    idle_minutes: int = 30  # then earlier messages are hidden
    session_hours: int = 24  # then a conversation ends
    backup_days: int | None = None  # backups are replaced; None where the operator has not said


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskFacts:
    """The controller as its texts name it; an authority has `name`, `address`, `phone` and `web`."""

    controller_name: str
    controller_address: str
    contact_email: str
    privacy_url: str
    dpo: str | None
    authorities: tuple[Mapping[str, str], ...]
    support_name: str
    zone: ZoneInfo
    periods: Periods = Periods()
