"""Hears what a person says instead of the address or the code that they were asked for."""

from __future__ import annotations

import re
from typing import Final

from intents.cleaning import own_words, sentences, unwrapped
from intents.tables import any_in, in_plain, tables

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
_MAILBOX: Final = (
    r"(?:e-?mails?|mails?|mailbox|inbox|address|adress|account|courriels?|boite(?: mail)?|adresse|messagerie)"
)
_FEW: Final = r"(?: \w{1,12}){0,3}"
_LOST: Final = re.compile(
    rf"\b(?:no longer|don't|dont|do not|can'?t|cannot|can not|lost|without|not){_FEW} "
    rf"(?:access|open|read|get into|reach|check|use)\b{_FEW} {_MAILBOX}\b"
    rf"|\b(?:lost|closed|gone){_FEW} {_MAILBOX}\b"
    rf"|\b{_MAILBOX}{_FEW} (?:doesn't exist|does not exist|no longer exists|is closed|is gone|n'existe plus|est fermee?)\b"
    rf"|\b(?:plus|pas){_FEW} acces{_FEW} {_MAILBOX}\b|\bperdu{_FEW} {_MAILBOX}\b"
)
_AROUND: Final = "<>()[]\"'«»“”.,;:!?-"
_DIGITS: Final = re.compile(r"\D{0,20}\d(?:[ .-]?\d){3,15}\D{0,3}")
# Nobody but those who hand out complaints against us: whoever names one so says that they will complain there.
_AUTHORITY: Final = (
    r"(?:aki|cnil|ico|dpc|apd|gba|aepd|garante|uodo|andmekaitse inspektsioon|data protection (?:authority|inspectorate|commission\w{0,3})|"
    r"supervisory authority|privacy (?:authority|commissioner)|autorite (?:de contr[o]le|de protection des donnees))"
)
_GOES: Final = r"(?:go|going|turn|write|complain|report\w{0,3}|take|see you|aller?|vais|saisi\w{1,4}|ecri\w{1,4}|plain\w{0,4}|signal\w{0,5}|porter)"
_THREAT: Final = re.compile(
    rf"\b{_GOES}(?: \w{{1,12}}){{0,4}}? (?:to |with |at |a |aupres de )?(?:the |my |your |la |l'|le )?{_AUTHORITY}\b"
)

_KIN_EN: Final = r"(?:mother|father|mum|mom|dad|son|daughter|child|wife|husband|partner|brother|sister|uncle|aunt|grandmother|grandfather|client|friend)"
_KIN_FR: Final = r"(?:mere|pere|maman|papa|fils|fille|enfant|mari|femme|epoux|epouse|conjointe?|compagnon|compagne|frere|soeur|oncle|tante|client|amie?)"
_ADDRESS_OF: Final = r"(?:e-?mail|mail|courriel|adr?ess?e?s?|address)"
_OTHERS_ADDRESS: Final = re.compile(
    rf"\b(?:his|her|their|son|leur)(?: \w{{1,12}})? {_ADDRESS_OF}\b"
    rf"|\b(?:my|our)(?: \w{{1,12}}){{0,2}} {_KIN_EN}(?:'s|s')?(?: \w{{1,12}}){{0,2}} {_ADDRESS_OF}\b"
    rf"|\b{_ADDRESS_OF}(?: \w{{1,12}})? (?:of|de|du)(?: \w{{1,12}}){{1,3}} ?(?:{_KIN_EN}|{_KIN_FR})\b"
    r"|\b(?:he|she|il|elle) (?:used|had|was|utilisait|avait|etait|utilise)\b"
)


def is_of_another(text: str) -> bool:
    """Tell whether an address is said to be somebody else's: it says nothing of who writes."""
    return len(text) <= 2 * _SHORT and bool(_OTHERS_ADDRESS.search(in_plain(text)))


def lacks_mailbox(text: str) -> bool:
    """Tell whether somebody says that they cannot open the mailbox that a code goes to."""
    return len(text) <= _SHORT and bool(_LOST.search(in_plain(text)))


def is_number(text: str) -> bool:
    """Tell whether a text is one number and a word or two at most: a code that was mistyped, say."""
    return bool(_DIGITS.fullmatch(text))


def names_authority(text: str) -> bool:
    """Tell whether somebody says that they go to a supervisory authority: in a talk about their data that is a complaint."""
    return len(text) <= 2 * _SHORT and bool(_THREAT.search(in_plain(text)))


def contact_given(text: str) -> str | None:
    """Give what stands for an e-mail address, however broken, in a message that says nothing beside it: *my address is …*."""
    words = [bare for word in text.split() if (bare := word.strip(_AROUND))] if len(text) <= _SHORT else []
    given = [word for word in words if "@" in word]
    beside = set(tables("wishes")["gives_contact"]["words"].split())
    if len(given) != 1 or not all(word in given or in_plain(word) in beside for word in words):
        return None
    return given[0]


def is_slip(text: str) -> bool:
    """Tell whether somebody says that the address they gave, or were about to give, was a mistake of their own."""
    plain = in_plain(text)
    return len(text) <= _SHORT and bool(_SLIP.search(plain)) and not _HELD.search(plain)


_LONGEST_NOTE: Final = 3_000  # characters
_MOST_OF_NOTE: Final = 40  # sentences
_GREETS: Final = re.compile(r"^(?:hello|hi|hey|bonjour|bonsoir)[ ,!]+")
_NAME: Final = re.compile(r"(?:(?:[A-ZÀ-Þ][\w.'’-]*|of|the|de|du|la|des|van|von) ?){1,6}")


def says_away(text: str) -> bool:
    """Tell whether a mail is nothing but a note that its writer is away, whoever or whatever sent it; in time linear to its length."""
    if len(text) > _LONGEST_NOTE:
        return False
    said = sentences(unwrapped(own_words(text)))
    plain = [in_plain(sentence) for sentence in said]
    if len(said) > _MOST_OF_NOTE or any(map(any_in("away", "unless").search, plain)):
        return False
    away = False
    for sentence, each in zip(said, plain, strict=True):
        if any_in("away", "closes").search(each):
            break
        is_away = bool(any_in("away", "away").search(each))
        away = away or is_away
        rest = _GREETS.sub("", each)
        known = is_away or any_in("away", "beside").search(rest) or any_in("away", "courteous").search(each)
        if not known and not _NAME.fullmatch(sentence):
            return False
    return away
