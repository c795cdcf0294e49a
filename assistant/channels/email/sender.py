"""Who a mail says it is from: one address, read only where nobody could read another one.

It is a routing hint and no proof. Where two mail programs might read two different addresses there is no hint
at all, and the reason goes to an agent.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from assistant.channels.email.fields import Fields
from assistant.domain.addresses import well_formed
from assistant.domain.shared_mailboxes import is_read_by_nobody

_LONGEST_FROM = 998  # octets in a line, RFC 5322 section 2.1.1
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_COMMENT = re.compile(r"\([^()<>@]*\)")
_ADDRESS = re.compile(r"[^\s<>,;:\"()]{1,64}@[^\s<>,;:\"()]{1,255}")
_NAMED = re.compile(r"([^<>]*)<([^<>]*)>")


@dataclass(frozen=True, slots=True)
class Sender:
    """An address, or why there is none."""

    address: str | None
    doubt: str | None = None


def sender_of(fields: Fields) -> Sender:
    """Read the one From field of a mail; any irregularity gives a doubt instead of an address."""
    values = fields.all("from")
    if fields.flooded:
        return Sender(None, "The header of the mail is too long to be read safely.")
    if not values:
        return Sender(None, "The mail has no From field.")
    if len(values) > 1:
        return Sender(None, f"The mail has {len(values)} From fields.")
    return _read(values[0])


def filled_in_by(fields: Fields, address: str | None, own_domain: str) -> Sender | None:
    """Name who filled in the form that a program sent: the one address to answer to, a hint as any From is; None if it is no form."""
    doubt = _form_doubt(fields, address, own_domain)
    if doubt is None:
        return None
    named = [_read(value) for value in fields.all("reply-to")]
    hint = named[0].address if len(named) == 1 else None
    return Sender(None, doubt) if hint is None or _is_of_form(hint, own_domain) else Sender(hint)


def _is_of_form(address: str, own_domain: str) -> bool:
    return is_read_by_nobody(address) or address.casefold().endswith(f"@{own_domain.casefold()}")


def _form_doubt(fields: Fields, address: str | None, own_domain: str) -> str | None:
    if address is None:
        return None
    if is_read_by_nobody(address):
        return "A program sent the mail, perhaps a form of a website: nobody reads the address it is from. Who wrote it stands in its text, if anywhere."
    answers_to = {found.casefold() for value in fields.all("reply-to") for found in _ADDRESS.findall(value)}
    elsewhere = answers_to and not any(each.endswith(f"@{own_domain.casefold()}") for each in answers_to)
    if elsewhere and address.casefold().endswith(f"@{own_domain.casefold()}"):
        return "The mail is from our own domain and asks to answer somebody elsewhere, as forms of a website do. Nothing shows that they wrote it."
    return None


def _read(value: str) -> Sender:
    doubt = _irregular(value)
    if doubt is not None:
        return Sender(None, doubt)
    # What is quoted is a name or a comment, and no address holds the marks that stand for it here.
    bare = _COMMENT.sub("\2", _QUOTED.sub("\1", value)).strip(" \t\2")
    if re.search(r"[,:;()\"]", bare):
        return Sender(None, "The From field holds several addresses, or a group.")
    named = _NAMED.fullmatch(bare)
    if named is None:
        return _checked(bare)
    name, address = named[1].strip(), named[2].strip()
    if "@" in name and name != address:
        return Sender(None, "The From field holds an address beside the address.")
    return _checked(address)


def _irregular(value: str) -> str | None:
    if len(value) > _LONGEST_FROM:
        return "The From field is too long."
    if any(unicodedata.category(c) == "Cc" and c != "\t" for c in value):
        return "The From field holds a NUL or another control character."
    if re.search(r"=\?[^?]*\?[^?]*\?[^?]*\?=", _after_name(value)):
        return "The address in the From field is hidden in an encoded word."
    return None


def _after_name(value: str) -> str:
    """Give what stands where the address stands: encoded words belong into the name before it."""
    return value[value.rfind("<") :] if "<" in value else value


def _checked(address: str) -> Sender:
    good = well_formed(address)
    return Sender(good) if good else Sender(None, "The address in the From field is not well formed.")
