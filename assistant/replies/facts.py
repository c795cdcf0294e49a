"""Who speaks: what every text may say about the controller, all of it from the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """The periods that texts promise, each from where it is kept to: settings, law or code."""

    conversation_days: int  # the text of a request, after it is closed
    record_years: int  # the record of a request, after it is closed
    package_after_download_hours: int  # a package, after its first complete download
    download_minutes: int  # one browser may download, after the code
    erasure_after_package_days: int  # asked together: erasure waits this long for the download
    answer_waits_days: int  # an answer waits in a conversation without a contact
    idle_minutes: int  # then earlier messages are hidden
    backup_days: int  # backups are replaced; nought where the operator has not said


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
    periods: Periods
    # By language, where the operator said it.
    automated_decisions: Mapping[str, str] = field(default_factory=dict)
