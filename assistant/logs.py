"""One sieve for everything that is logged: our own events, what libraries say, and what nobody caught.

Of an exception its kind and its place are kept and never its words, which may hold what somebody wrote. Of a
library only which of its statements spoke: how it puts words and values together is not ours to know.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO, cast

import structlog

_FRAMES = 6
_CAUSES = 3
_LEVELS = {logging.CRITICAL: "critical", logging.ERROR: "error", logging.WARNING: "warning"}
# An address or a long number in an event of ours came out of an error's own words: a second net under the first.
_NAMES_SOMEBODY = re.compile(r"[^\s@]{0,64}@[^\s@]{1,255}|\+?\d(?:[ .-]?\d){7,20}")


def configure_logging() -> None:
    """Log one line of JSON an event to standard error; never a name, an address or what somebody wrote."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _kinds_only,
            _nobody_named,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Unfailing(sys.stderr))),
    )
    logging.getLogger().addHandler(SIEVE)  # the same one twice is one


def hook_uncaught() -> None:
    """Have whatever ends the process, a thread or a destructor unseen told by kind and place, and warnings too."""
    sys.excepthook = _died
    threading.excepthook = lambda args: _told("thread.died", args.exc_value)
    sys.unraisablehook = lambda args: _told("object.died", args.exc_value)
    logging.captureWarnings(capture=True)


class _Unfailing:
    """Writes where it can: on a full disk a line of the log is lost, and not the message that was being stored."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):  # no room, or closed
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


class _Sieve(logging.Handler):
    """Says which statement of a library spoke, and the kind of the exception."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on where, never what."""
        say = getattr(structlog.get_logger(__name__), _LEVELS.get(record.levelno, "info"))
        error = record.exc_info[1] if record.exc_info else None
        where = f"{Path(record.pathname).name}:{record.lineno}"
        say("library.said", logger=record.name, where=where, exc_info=error)


SIEVE = _Sieve(logging.WARNING)


def _died(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        _told("process.died", error)


def _told(event: str, error: BaseException | None) -> None:
    structlog.get_logger(__name__).critical(event, exc_info=error)


def _kinds_only(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Keep where it broke, without the values an exception's text or its frames may hold."""
    given = event.pop("exc_info", None)
    event.pop("stack_info", None)
    error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    return {**event, **_kind_of(error)} if error is not None else event


def _kind_of(error: BaseException) -> dict[str, Any]:
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}")
        trace = trace.tb_next
    causes: list[str] = []
    cause = error.__cause__
    while cause is not None and len(causes) < _CAUSES:
        causes.append(type(cause).__name__)
        cause = cause.__cause__
    told: dict[str, Any] = {"error": type(error).__name__, "at": frames[-_FRAMES:]}
    return {**told, "because_of": causes} if causes else told


def _nobody_named(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {
        name: _NAMES_SOMEBODY.sub("…", value) if isinstance(value, str) else value
        for name, value in event.items()
    }
