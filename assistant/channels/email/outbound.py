"""Hands letters over: to a mail server, or into a folder as one .eml file each."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import aiosmtplib

from assistant.channels.email.composing import Letter
from assistant.channels.email.reach import fault_of
from assistant.channels.email.settings import SmtpSettings
from assistant.errors import DeliveryDelayed, DeliveryRefused

_PERMANENT = 500
_PATIENCE = 10.0  # seconds of `doctor` for each answer
# Our own account or settings are wrong (RFC 4954, RFC 3207): mending them lets every mail through.
_OUR_FAULT = {530, 534, 535, 538}


class Outbound(Protocol):
    """A way out."""

    @property
    def where(self) -> str:
        """Say where it leads, for whoever mends it."""

    async def check(self) -> Sequence[str]:
        """See that a letter could be handed over, handing over none; gives what to know, raises what is wrong."""

    async def hand_over(self, letter: Letter) -> None:
        """Return once somebody else answers for the letter; raises DeliveryDelayed or DeliveryRefused."""


class SmtpOutbound:
    """The mail server of the settings, one connection a letter."""

    def __init__(self, settings: SmtpSettings, domain: str) -> None:
        self._settings = settings
        self._domain = domain

    async def hand_over(self, letter: Letter) -> None:
        """Send a letter; no exception names an address, and none has one in its chain."""
        try:
            await self._send(letter)
        except (aiosmtplib.SMTPException, OSError) as error:
            failure = _failure(error, letter)
        else:
            return
        raise failure

    @property
    def where(self) -> str:
        """Give the server's name and port."""
        return f"{self._settings.host}:{self._settings.port}"

    async def check(self) -> Sequence[str]:
        """Connect, agree on TLS and sign in, as for a letter."""
        async with self._client(_PATIENCE):
            return []

    async def _send(self, letter: Letter) -> None:
        async with self._client(self._settings.timeout) as client:
            await client.sendmail(letter.sender, [letter.recipient], letter.content)

    def _client(self, timeout: float) -> aiosmtplib.SMTP:
        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.user or None,
            password=settings.password or None,
            local_hostname=self._domain,
            use_tls=settings.tls,
            start_tls=settings.starttls and not settings.tls,
            timeout=timeout,
        )


class FolderOutbound:
    """A folder with one file a letter, named by its Message-ID: delivered twice is there once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def where(self) -> str:
        """Give the folder."""
        return str(self._folder)

    async def check(self) -> Sequence[str]:
        """See that files can be made there."""
        missing = not self._folder.is_dir()
        if not missing and not os.access(self._folder, os.W_OK | os.X_OK):
            raise PermissionError
        return ["it is not there yet; the desk makes it with the first letter"] if missing else []

    async def hand_over(self, letter: Letter) -> None:
        """Write the file whole or not at all, with the envelope on top as a final delivery has it."""
        name = letter.message_id.strip("<>").partition("@")[0]
        end = "\r\n" if b"\r\n" in letter.content else "\n"
        envelope = f"Return-Path: <{letter.sender}>{end}Delivered-To: {letter.recipient}{end}".encode()
        try:
            await asyncio.to_thread(self._write, f"{name}.eml", envelope + letter.content)
        except OSError as error:
            raise DeliveryDelayed(
                f"No mail can be written to {self._folder} ({error.strerror}); make room or mend its rights.",
                why="folder",
            ) from error

    def _write(self, name: str, content: bytes) -> None:
        final = self._folder / name
        if final.exists():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f".{name}.part"
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(final)


def _failure(error: Exception, letter: Letter) -> DeliveryDelayed | DeliveryRefused:
    """Tell for ever from for now; what the server said stays out, it quotes addresses."""
    code = _code(error)
    if code is not None and code >= _PERMANENT and code not in _OUR_FAULT:
        return DeliveryRefused(
            f"The mail server refuses this mail for good ({code}); check the address.",
            message_id=letter.message_id,
            smtp_code=code,
        )
    said = f"answered {code}" if code is not None else f"could not be reached ({type(error).__name__})"
    # What our server says of one recipient for now (greylisting) is no fault of the way out.
    why = "" if isinstance(error, aiosmtplib.SMTPRecipientsRefused) else fault_of(error).why
    return DeliveryDelayed(
        f"The mail server {said}; it is tried again.", message_id=letter.message_id, why=why, smtp_code=code
    )


def _code(error: Exception) -> int | None:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return max((each.code for each in error.recipients), default=None)
    return error.code if isinstance(error, aiosmtplib.SMTPResponseException) else None
