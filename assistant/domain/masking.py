"""Masks names and addresses where they are shown or logged, so that not even their length is told."""

from __future__ import annotations

import re

from assistant.domain.reference import REFERENCE

BULLETS = "••••"
# An @ within the local part never is seen in practice; bounded runs keep the search linear in the text.
_EMAIL = r"[^\s@＠<>()\[\],;:\"']{1,64}[@＠][^\s@＠<>()\[\],;:\"'/?]{1,255}"
_IPV4 = r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"
# Six digits or more, however they are spaced: telephone, card, account and client numbers, dates of birth.
_DIGITS = r"\+?\d(?:[ \u00a0\u202f./()-]{0,2}\d){5,}"
_PERSONAL = re.compile(rf"(?P<reference>\b{REFERENCE}\b)|(?P<email>{_EMAIL})|{_IPV4}|{_DIGITS}")


def mask_email(address: str) -> str:
    """Give an address by the first character of its mailbox and domain: j••••@c••••.example."""
    mailbox, at, domain = address.strip().rpartition("@")
    if not (at and mailbox and domain):
        return BULLETS
    name, dot, ending = domain.rpartition(".")
    if not name:
        return f"{_masked(mailbox)}@{_masked(domain)}"
    return f"{_masked(mailbox)}@{_masked(name)}{dot}{ending}"


def mask_text(text: str) -> str:
    """Mask e-mail and IPv4 addresses and runs of six digits or more in free text; references stay."""
    return _PERSONAL.sub(_mask_match, text)


def _mask_match(match: re.Match[str]) -> str:
    if match["reference"]:
        return match["reference"]
    return mask_email(match["email"].replace("＠", "@")) if match["email"] else BULLETS


def _masked(word: str) -> str:
    return word[0] + BULLETS
