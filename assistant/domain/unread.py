"""What the desk cannot read by itself and a person must."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Unread(StrEnum):
    """Why a person must read a mail."""

    ENCRYPTED = "encrypted"
    SIGNED = "signed"  # an opaque signature holds the words
    ATTACHMENT = "attachment"  # the words, if any, are in a file
    STRUCTURE = "structure"  # nothing that a mail program makes
    TOO_LONG = "too_long"  # only its head was taken
    IN_PART = "in_part"  # longer than the reader's budget: its beginning and its end were read
    UNANSWERED = "unanswered"  # an error of the desk: nobody has answered


ENCLOSED = "-----Original Message-----"  # stands above the words of a mail that is attached
UNANSWERED = "unanswered"  # the mark of such a message among its headers
IN_PART = "in_part"  # the same, of one that was read in part


def why_unread(headers: Mapping[str, str], text: str) -> Unread | None:
    """Say why the words of a mail are not the text that was read; None where they are."""
    wordless = not text or "wordless" in headers
    found = {
        Unread.UNANSWERED: UNANSWERED in headers,
        Unread.ENCRYPTED: "encrypted" in headers,
        Unread.SIGNED: "signed" in headers and wordless,
        Unread.ATTACHMENT: "wordless" in headers or "enclosed" in headers,
        Unread.STRUCTURE: "unreadable" in headers,
        Unread.TOO_LONG: "truncated" in headers,
        Unread.IN_PART: IN_PART in headers,
    }
    return next((reason for reason, holds in found.items() if holds), None)
