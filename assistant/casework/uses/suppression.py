"""Whom marketing must not reach, for whoever asks about addresses of their own; kept as keyed hashes, so never listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlmodel import Session, col, select

from assistant.domain.addresses import normal_address, normal_phone
from assistant.domain.plan import Identity
from assistant.store.keyring import Keyring
from assistant.store.tables import Suppression

MARKETING: Final = "marketing"
_AT_ONCE: Final = 500  # values in one statement


def subject_of(keyring: Keyring, contact: str) -> str:
    """Name an address or a number by its keyed hash, the same however it is written."""
    return keyring.keyed_hash(_compared(contact))


def identity_of(contacts: Sequence[str]) -> Identity:
    """Give what the sources are searched for when marketing to addresses and numbers ends."""
    normal = list(dict.fromkeys(map(_compared, contacts)))
    emails = tuple(each for each in normal if "@" in each)
    return Identity(emails, others=tuple(("phone", each) for each in normal if each and "@" not in each))


def _compared(contact: str) -> str:
    return normal_address(contact) if "@" in contact else normal_phone(contact) or contact.strip()


def off_since(keyring: Keyring, session: Session, contacts: Sequence[str]) -> Mapping[str, datetime]:
    """Tell for which of these addresses and numbers marketing must stay off, as they were written, and since when."""
    subjects = {contact: subject_of(keyring, contact) for contact in contacts}
    hashes = sorted(set(subjects.values()))
    since: dict[str, datetime] = {}
    for begin in range(0, len(hashes), _AT_ONCE):
        few = select(Suppression).where(
            col(Suppression.subject_hash).in_(hashes[begin : begin + _AT_ONCE]),
            col(Suppression.purpose) == MARKETING,
        )
        since |= {row.subject_hash: row.since for row in session.exec(few)}
    return {contact: since[subject] for contact, subject in subjects.items() if subject in since}
