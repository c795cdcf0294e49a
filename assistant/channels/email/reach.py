"""Why a mail server is not reached or refuses us, in one word for machines and one sentence for whoever mends it."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass

import aiosmtplib
from imapclient.exceptions import IMAPClientError, LoginError

UNREACHABLE = "unreachable"


class FolderRefused(IMAPClientError):  # type: ignore[misc] # the library has no types
    """The server does not let us open, make or change a folder."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong; nothing a server said stands in it, since servers quote addresses."""

    why: str
    text: str


_FAULTS: tuple[tuple[tuple[type[BaseException], ...], Fault], ...] = (
    (
        (LoginError, aiosmtplib.SMTPAuthenticationError),
        Fault("sign_in", "it refuses user or password; mend user and the variable that password_env names"),
    ),
    (
        (ssl.SSLError,),
        Fault("tls", "it does not speak TLS as expected; look at port, tls and starttls"),
    ),
    ((socket.gaierror,), Fault(UNREACHABLE, "nobody knows that host name; mend host")),
    (
        (ConnectionRefusedError,),
        Fault(UNREACHABLE, "nobody listens there; look at host and port, and whether the server runs"),
    ),
    (
        (TimeoutError,),
        Fault(UNREACHABLE, "it does not answer in time; look at host, port and what stands between"),
    ),
)


def fault_of(error: BaseException) -> Fault:
    """Say why a server was not reached; knows what lies under the errors of the mail libraries."""
    for each in _chain(error):
        if (found := _fault(each)) is not None:
            return found
    return Fault(UNREACHABLE, f"it cannot be used ({type(error).__name__})")


def _fault(error: BaseException) -> Fault | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        said = error.verify_message or "it cannot be verified"
        return Fault(
            "certificate", f"its certificate is not accepted ({said}); renew it there or name the right host"
        )
    if isinstance(error, FolderRefused):
        return Fault("folder", str(error))
    return next((fault for kinds, fault in _FAULTS if isinstance(error, kinds)), None)


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    waiting: BaseException | None = error
    while waiting is not None and waiting not in found:
        found.append(waiting)
        waiting = waiting.__cause__ or waiting.__context__
    return found
