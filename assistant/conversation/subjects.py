"""What the subject of a mail asks where its text says less: it is read too, unless the mail answers another one (flows.md, 2)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from assistant.domain.rights import Right
from assistant.interfaces import Incoming
from intents import NONE, Reading
from intents.labels import ASK, REQUEST
from intents.wishes import names_right

_LONGEST_SUBJECT: Final = 300  # characters
_MOST_LINES: Final = 12  # of a text that may say nothing
_LONGEST_EMPTY: Final = 400  # characters
_MOST_NAMES: Final = 4  # words of one name
_WITHIN_NAMES: Final = frozenset(
    {"de", "la", "du", "des", "le", "van", "der", "den", "von", "di", "da", "dos"}
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_NO_LETTERS: Final = re.compile(r"[\W_]*")
_DEVICE: Final = re.compile(
    r"\s*(?:sent (?:from|with|via)\b|get outlook for\b|envoyé (?:de|depuis|avec|à partir)\b|obtenir outlook\b)",
    re.IGNORECASE,
)
_SIGNATURE: Final = re.compile(r"--[ \t]?")
# Greetings, thanks, and a word that sends the reader to the subject: a text of nothing else says nothing.
_COURTESIES: Final = """
    hello hi hey dear sir sirs madam team all everyone to whom it may concern good day morning afternoon evening
    please kindly thanks thank you so very much many a lot in advance for your help
    see read refer as per above the of this my mail email message subject line title header heading is in it says
    best kind warm regards greetings wishes yours sincerely faithfully truly cheers and with br kr rgds
    bonjour bonsoir salut madame monsieur messieurs mesdames chère cher équipe à tous toutes qui de droit
    merci beaucoup bien par avance d l votre vos aide svp stp s il vous plaît plait te tout est
    voir cf lire l objet sujet titre dans en le la ci dessus comme indiqué du mon mél courriel message ce
    cordialement bien cordialement salutations sincères distinguées meilleures mes nos les je prie agréer
    bonne journée soirée belle et
"""
_SAYS_NOTHING: Final = frozenset(_COURTESIES.split())
# What a subject is about, or what a program numbers: nobody's wish, whatever right it names beside it.
_TOPIC: Final = re.compile(
    r"\s*(?:[\[#(]|(?:a |an |the |my |quick |general |une? |ma |petite )?"
    r"(?:questions?|quer(?:y|ies)|enquiry|inquiry|problems?|issues?|trouble|errors?|help|about|on|regarding|concerning"
    r"|re|fwd?|tr|ticket|case|order|invoice|reminder|confirmation|newsletter|news|your|our|how|what|why|when|cannot|can't|can’t"
    r"|unable|feedback|thoughts|update|status|follow|following"
    r"|problèmes?|souci|aide|à propos|au sujet|concernant|suite|facture|commande|dossier|demande n|rappel|votre|vos|notre|nos"
    r"|comment|pourquoi|quand|impossible|erreur|infolettre|lettre d|avis|retour|suivi)\b)",
    re.IGNORECASE,
)
_LONGEST_REMINDER: Final = 400  # characters
_REMINDS: Final = re.compile(
    r"\b(?:any (?:news|updates?|progress|answer|reply)"
    r"|(?:nobody|no one|no-one)(?: has| have| ever)? (?:answered|replied|responded)"
    r"|(?:no|without|not had an?|not received an?|got no) (?:answer|reply|response)|still (?:waiting|no|nothing|haven't)"
    r"|(?:haven['’]t|have not|not) heard|follow(?:ing)?[ -]up|reminder|chasing"
    r"|i (?:already )?(?:sent|wrote|asked|mailed|e-mailed) (?:this|you|before|it|to you)"
    r"|relance|relancer|sans (?:réponse|nouvelles?)|(?:des|aucune|pas de) nouvelles?|du nouveau|(?:pas|aucune) (?:de )?réponse|rappel"
    r"|(?:personne ne|n['’]avez|n['’]a) (?:m['’]a |toujours |pas |encore )*répond\w*"
    r"|toujours (?:pas|rien|en attente)|vous ai (?:déjà )?(?:écrit|envoyé|demandé|relancé))\b",
    re.IGNORECASE,
)
_TICKET: Final = re.compile(
    r"\b(?:tickets?|invoices?|factures?|orders?|commandes?|refunds?|remboursements?|servers?|serveurs?|vps|domains?|domaines?|sites?)\b",
    re.IGNORECASE,
)
# "Data breach", "Change of address": what a text goes on to tell of, and is read for.
_ASKS_NOTHING: Final = frozenset({Right.COMPLAINT, Right.RECTIFICATION})


def stands_for_text(incoming: Incoming) -> bool:
    """Tell whether a mail says what it wants in its subject alone: its text only greets, thanks or points there."""
    return _may_ask(incoming) and says_nothing(incoming.text)


def left_to_read(incoming: Incoming, reading: Reading) -> str:
    """Give the subject where it is still to be read, after a text in which nothing was asked or taken back; else nothing."""
    subject = (incoming.subject or "")[:_LONGEST_SUBJECT]
    if reading.decision != NONE or not _may_ask(incoming):
        return ""
    if says_nothing(incoming.text):
        return subject
    return "" if reading.wishes or reading.intents or _TOPIC.match(subject) else subject


def is_reminder(text: str) -> bool:
    """Tell whether a short text only asks what became of something, and names nothing else for support."""
    return len(text) <= _LONGEST_REMINDER and bool(_REMINDS.search(text)) and not _TICKET.search(text)


def is_reminded_of(incoming: Incoming, reading: Reading) -> str:
    """Give what a reminder quotes or hands on, where it is still to be read; else nothing."""
    unread = incoming.channel == "email" and reading.decision == NONE and bool(incoming.quoted)
    return incoming.quoted if unread and is_reminder(incoming.text) else ""


def with_subject(reading: Reading, asked: Reading) -> Reading:
    """Add what a subject asks to what was read of a text that says something else, or of the subject: a doubt at most."""
    if asked.text == reading.text:
        return replace(reading, decision=ASK) if names_right(asked.text) else reading
    if asked.decision != REQUEST or asked.rights <= _ASKS_NOTHING:
        return reading
    return replace(reading, decision=ASK, intents=asked.intents, sentence=asked.sentence)


def says_nothing(text: str) -> bool:
    """Tell whether a text holds nothing but greetings, thanks, a name below them and words that point elsewhere."""
    if len(text) > _LONGEST_EMPTY:
        return False
    lines = [line for line in text.split("\n") if _NO_LETTERS.fullmatch(line) is None or line.strip() == "--"]
    after_courtesy = False
    for line in lines[:_MOST_LINES]:
        if _SIGNATURE.fullmatch(line) or _DEVICE.match(line):
            return True  # what follows is who and how, and no wish
        words = _WORD.findall(line)
        others = [word for word in words if word.lower() not in _SAYS_NOTHING]
        named = after_courtesy or words[-len(others) :] == others != words
        if others and not (named and _is_name(line, others)):
            return False
        after_courtesy = after_courtesy or not others
    return len(lines) <= _MOST_LINES


def _is_name(line: str, words: list[str]) -> bool:
    names = [word for word in words if word not in _WITHIN_NAMES]
    return 0 < len(names) <= _MOST_NAMES and all(name[0].isupper() for name in names) and "@" not in line


def _may_ask(incoming: Incoming) -> bool:
    begins = incoming.channel == "email" and "answers" not in incoming.headers
    return begins and incoming.kind == "text" and bool(incoming.subject)
