"""Changing the key that seals while the desk runs: a batch a unit, and wherever it was killed the next call goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.casework.audit import record
from assistant.services import Unit
from assistant.store.keyfiles import drop_sealing_keys, is_whole
from assistant.store.resealing import Place, begin, count_left, finish, reseal_some


def change_key(unit: Unit, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Begin a change of the key that seals, or go on with one from a place; gives the next place until it is done.

    The key before is dropped once it is committed that nothing is left under it. What was sealed with it and is still
    on its way is sealed anew where it is stored.
    """
    keyring, data_dir = unit.services.keyring, unit.services.settings.server.data_dir
    connection = unit.session.connection()
    if asked.get("place") is None:
        if is_whole(connection):
            begin(connection, keyring, data_dir)
            record(unit, "", "desk", "sealing_key_changing", key=keyring.current)
        return _next(keyring.current, Place(), left=count_left(connection, keyring))
    if is_whole(connection):
        drop_sealing_keys(data_dir, but=keyring.current)
        return {"key": keyring.current, "done": True}
    place, sealed = reseal_some(connection, keyring, Place(*asked["place"]))
    if place is not None:
        return _next(keyring.current, place, sealed=sealed)
    if finish(connection, keyring):
        record(unit, "", "desk", "sealing_key_changed", key=keyring.current)
    return _next(keyring.current, Place())


def _next(key: str, place: Place, **more: Any) -> Mapping[str, Any]:
    return {"key": key, "done": False, "place": [place.part, place.after], **more}
