"""Narrows what the model reads: one field to be erased is not a whole erasure, an explicit complaint is no objection."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from intents.cleaning import plain_letters

_FIELD: Final = (
    r"(?:(?:mobile |tele)?phone(?: numbers?)?|mobile numbers?|date of birth|birth ?da(?:te|y)|(?:postal|home|street) address"
    r"|(?:first|last|middle|maiden|family|second) ?names?|surname"
    r"|numeros? de (?:telephone|portable|mobile)|telephone|date de naissance|adresse postale"
    r"|(?:deuxieme |second )?prenoms?|nom de (?:famille|jeune fille))"
)
_ONE_FIELD: Final = re.compile(
    r"\b(?:delet\w+|eras\w+|remov\w+|wip\w+|supprim\w+|effac\w+|retir\w+|enlev\w+|suppression de|effacement de)"
    rf" (?:only |just |seulement |uniquement |simplement )*(?:my|mon|ma|mes) (?:old |own )?{_FIELD}\b"
    r"(?: (?:only|seulement|uniquement))?"
    r"(?: (?:from|in|on|de|dans|sur) (?:my|your|the|mon|ma|vos|votre|le|la) (?:\w+ )?(?:account|profile|file|records?|system|compte|profil|dossier|fichiers?))?"
)
_WHOLE: Final = re.compile(
    r"\b(?:delet|eras|remov|wip|destroy|clos|supprim|suppression|effac|detrui|ferm|clotur|forget|oubli|data\b|donnees|everything|account|compte|all\b|tout)"
)
_COMPLAINS: Final = re.compile(
    r"\b(?:formal|official) complaint\b|(?<!right to )\b(?:mak\w+|lodg\w+|fil\w+|submit\w*) (?:a|an|this|my) (?:\w+ )?complaint\b"
    r"|\b(?:porte|porter|portons|depose|deposer|deposons) (?:une )?(?:plainte|reclamation)\b|\b(?:plainte|reclamation) (?:formelle|officielle)\b"
)
_ENDS_A_USE: Final = re.compile(
    r"\b(?:stop|ceas|object|oppos|withdr|unsubscri|opt|no longer|no more|do not|don't|never again|remove me"
    r"|arret|stopp|cess|retir|desabonn|desinscri|ne plus|n'utilis)"
)


def erases_one_field(sentences: Sequence[str]) -> bool:
    """Tell whether all that is to be erased is a field of a file (GDPR 16 or 17: the person is asked which they mean)."""
    plain = " ".join(map(_plain, sentences))
    rest, found = _ONE_FIELD.subn(" ", plain)
    return bool(found) and not _WHOLE.search(rest)


def only_complains(sentences: Sequence[str]) -> bool:
    """Tell whether somebody complains in so many words of a use of data, and asks for no end of it (GDPR 77)."""
    plain = " ".join(map(_plain, sentences))
    return bool(_COMPLAINS.search(plain)) and not _ENDS_A_USE.search(plain)


def _plain(sentence: str) -> str:
    return " ".join(plain_letters(sentence.lower()).split())
