"""Changing the key that seals while the desk runs: a batch a unit, and wherever it was killed the next call goes on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from assistant.casework.audit import record
from assistant.services import Services
from assistant.store.keyfiles import is_whole
from assistant.store.resealing import Place, begin, count_left, finish, reseal_some

# What was sealed beside the writer before the change (a large mail, while it is read) is stored within this time.
UNDER_WAY_SECONDS = 60.0


def change_key(services: Services, session: Session, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Begin a change of the key that seals, or go on with one from a place; gives the next place until it is done.

    The key before is dropped when nothing is left under it and nothing that was sealed with it can still come.
    """
    keyring, data_dir = services.keyring, services.settings.server.data_dir
    connection = session.connection()
    if asked.get("place") is None:
        if is_whole(connection):
            begin(connection, keyring, data_dir)
            record(services, session, "", "desk", "sealing_key_changing", key=keyring.current)
        return _next(keyring.current, Place(), left=count_left(connection, keyring))
    if is_whole(connection):  # a start of the desk went on with it meanwhile
        return {"key": keyring.current, "done": True}
    place, sealed = reseal_some(connection, keyring, Place(*asked["place"]))
    if place is not None:
        return _next(keyring.current, place, sealed=sealed)
    waits = keyring.turned_at + UNDER_WAY_SECONDS - time.monotonic()
    if waits > 0:
        return _next(keyring.current, Place(), waits=waits)
    if not finish(connection, keyring, data_dir):
        return _next(keyring.current, Place())
    record(services, session, "", "desk", "sealing_key_changed", key=keyring.current)
    return {"key": keyring.current, "done": True}


def _next(key: str, place: Place, **more: Any) -> Mapping[str, Any]:
    return {"key": key, "done": False, "place": [place.part, place.after], **more}
