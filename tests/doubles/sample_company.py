"""The client area of the sample company, made once a process for all desks that it opens or starts."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from assistant.demo.company import create_company


@cache
def sample_company(today: date, clients: int = 500) -> bytes:
    """Give its database, the same that `assistant demo` makes where none is."""
    with TemporaryDirectory() as folder:
        made = Path(folder) / "client-area.db"
        create_company(made, clients=clients, today=today)
        return made.read_bytes()
