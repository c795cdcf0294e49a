"""What the mail channel needs to know; `app` fills it in from config.toml."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

LARGEST_MAIL = 25_000_000  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapSettings:
    """A mailbox that is looked at regularly."""

    host: str
    port: int = 993
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    processed_folder: str = "Processed"
    read_from: datetime  # older mail is never answered by itself
    tls: bool = True
    timeout: float = 30.0  # seconds, for every answer of the server


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """The server that takes our mail."""

    host: str
    port: int = 587
    starttls: bool = True  # asked for and required
    tls: bool = False  # TLS from the first byte (port 465)
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 30.0  # seconds, for every answer of the server


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailSettings:
    """One address of the desk, its ways in and its way out."""

    address: str  # privacy@example.test: what people write to, and what the desk writes from
    display_name: str = ""
    authserv_id: str | None = None  # whose Authentication-Results count (RFC 8601); None: nobody's
    listen_host: str | None = None
    listen_port: int | None = None  # 0 takes a free one
    protocol: Literal["lmtp", "smtp"] = "lmtp"
    imap: ImapSettings | None = None
    smtp: SmtpSettings | None = None
    mailbox_dir: Path | None = None  # without `smtp`: one .eml file for each mail
    max_bytes: int = LARGEST_MAIL
    poll_every: float = 60.0  # seconds
    max_sessions: int = 50  # at once
    session_seconds: float = 300.0  # for one command, a whole message included

    @property
    def domain(self) -> str:
        """The domain of the desk's address, as its Message-IDs carry it."""
        return self.address.rpartition("@")[2].lower()
