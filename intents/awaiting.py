"""Hears what a person says instead of the address or the code that they were asked for."""

from __future__ import annotations

import re
from typing import Final

from intents.tables import in_plain

_SHORT: Final = 160  # characters; whoever writes more tells a story, and is read as any message is
_ADDRESS: Final = r"(?:e-?mail|mail|courriel|addr?ess?e?|adress|inbox|mailbox|account name|number|numero|one)"
_SLIP: Final = re.compile(
    rf"\b(?:wrong|incorrect|bad|mistaken) (?:e-?mail )?{_ADDRESS}\b|\bnot the (?:right|correct) (?:e-?mail )?{_ADDRESS}\b"
    r"|\b(?:made|did) (?:a |an )?(?:mistake|error|typo)\b|\bmy mistake\b|\bmistyped\b|\bmisspel\w{1,8}|\btypo\b"
    r"|\btyped (?:it|that) wrong\b|\bwrote (?:it|that) wrong\b"
    r"|\b(?:suis|me) (?:\w{1,12} )?(?:trompee?|plantee?)\b|\bmauvaise? (?:adresse|e-?mail|mail|courriel|numero)\b"
    r"|\bpas la bonne (?:adresse|boite)\b|\bpas le bon (?:e-?mail|mail|courriel|numero)\b|\bfausse adresse\b"
    r"|\berreur (?:d'adresse|de mail|d'e-?mail|de numero|de frappe)\b|\bfaute de frappe\b|\bmal (?:tape|ecrit|saisi)e?\b"
)
# Of what the other side holds: a correction, and no slip of the writer.
_HELD: Final = re.compile(
    r"\b(?:you|your|vous|vos|votre|on file|accounts?|records?|profile|invoices?|comptes?|dossiers?|profil|factures?|data|donnees)\b"
)


def is_slip(text: str) -> bool:
    """Tell whether somebody says that the address they gave, or were about to give, was a mistake of their own."""
    plain = in_plain(text)
    return len(text) <= _SHORT and bool(_SLIP.search(plain)) and not _HELD.search(plain)
