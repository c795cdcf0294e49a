"""A message holds more than what its writer says: this keeps only that, sentence by sentence."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Final

# The budget of one message: what is between its beginning and its end is for a person to read.
HEAD_CHARACTERS: Final = 30_000
TAIL_CHARACTERS: Final = 10_000
HEAD_SENTENCES: Final = 600
TAIL_SENTENCES: Final = 200
LONGEST_SENTENCE: Final = 600
WRAPPED_LINE: Final = 55
NARROWEST_LINES: Final = 25
FEWEST_FULL: Final = 2  # lines that are full one after the other: it was no list
SENTENCES_KEPT: Final = 2048  # of a message while it is read: a dozen rules look at each in the same form

_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufe00-\ufe0f]"
)
_HIDDEN_MARKUP: Final = re.compile(
    r"<(script|style|head)\b.*?(?:</\1\s*>|$)|<!--.*?(?:-->|$)", re.IGNORECASE | re.DOTALL
)
_BLOCK_TAG: Final = re.compile(r"<\s*+(?:/\s*+)?(?:br|p|div|li|tr|h\d|ul|ol|table)\b[^<>]*+>", re.IGNORECASE)
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>")
_BLOB: Final = re.compile(r"(?<!\S)(?!(?:https?://|www\.))\S{81,}", re.IGNORECASE)
_WIDE_SPACE: Final = re.compile(r"[^\S\n]{3,}")
_BLANK_LINES: Final = re.compile(r"\n(?:[^\S\n]*+\n){2,}+")
_URL: Final = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
_EMAIL: Final = re.compile(r"(?<![\w.+%-])[\w.+%-]++@[\w-]++(?:\.[\w-]++)+")
# Addresses are no words of a wish: so many of them are read as one is. "From a to b" stays two: that is a wish.
_BETWEEN_ADDRESSES: Final = r"[\s,;/&|<>()]*+(?:(?:and|or|nor|plus|et|ou|ni|und|y|e|en|of|ja)\s++(?:(?:to|from|à|au|de|an|von)\s++)?)?"
# So many, for each digit may begin one.
_PHONE_BESIDE: Final = r"(?<![\w.])\+?\(?\d(?:[ ./()-]{0,2}\d){6,14}(?!\w)\)?"
_ADDRESSES: Final = re.compile(
    rf"(?:{_PHONE_BESIDE}{_BETWEEN_ADDRESSES}){{0,4}}+emailaddress(?:{_BETWEEN_ADDRESSES}(?:emailaddress|{_PHONE_BESIDE}))*+"
    r"(?:\s*+[,;]\s*+$)?"
)
_QUOTED_LINE: Final = re.compile(r"^[^\S\n]*+(?:>|\|\s).*$", re.MULTILINE)
_QUOTE_HEADER: Final = re.compile(
    r"^[ \t]*(?:"
    r"-{2,}\s*(?:original message|message d['’]origine|message transf[ée]r[ée]|forwarded message|"
    r"urspr[üu]ngliche nachricht|mensaje original|messaggio originale|oorspronkelijk bericht|"
    r"mensagem original|исходное сообщение|wiadomość oryginalna|algne kiri)\b.*"
    r"|(?:on|le|am|el|il|op|em|dnia)\b[^\n]{5,120}?(?:\n[^\n]{0,80}?)?"
    r"(?:wrote|a [ée]crit|schrieb|escribi[óo]|ha scritto|schreef|escreveu|napisał(?:\(a\)|a)?)\s*:"
    r")[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_SIGNATURE: Final = re.compile(r"^-- ?$", re.MULTILINE)
_DISCLAIMER: Final = re.compile(
    r"^[^\n]{0,80}(?:this (?:e-?mail|message)[^\n]{0,60}(?:confidential|intended)|"
    r"(?:ce|cet e-?)\s?(?:message|mail|courriel)[^\n]{0,60}(?:confidentiel|destin[ée])|"
    r"diese (?:e-?mail|nachricht)[^\n]{0,60}vertraulich)",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE_END: Final = re.compile(r"(?<=[.!?…。！？])[\"'”»)\]]*\s+(?=[^\s])|\n+|(?<=;)\s+")
_ENDS: Final = frozenset(".!?:;")
_GOES_ON: Final = re.compile(r"[(\"“«']?\w")
# Words that end no line by themselves.
_LEADS_ON: Final = re.compile(
    r"an?|and|any|by|every|for|from|my|of|on|or|our|that|the|this|to|with|your"
    r"|aux?|avec|ce|cette|ces|de|des|du|et|la|les?|leur|ma|mes|mon|nos|notre|ou|par|pour|que|sur|une?|vos|votre|à",
    re.IGNORECASE,
)
# Of two lines alike in length the second may be another wish.
_BEGINS_A_WISH: Final = re.compile(
    r"(?:please|pls|kindly|also|delete|erase|remove|wipe|destroy|close|forget|stop|cease|do not|don'?t|send|give|show|tell|provide"
    r"|correct|change|fix|update|rectify|withdraw|revoke|cancel|take|unsubscribe|object|freeze|restrict|export|i|merci de|je|ne"
    r"|let me|no more|opt|dites|faites|plus de)(?!\w)"
    r"|[jn]['’]|\w{3,}ez(?!\w)"
)
_CAPITALS_WITHIN: Final = re.compile(r"[A-Z]{2}")
_ABBREVIATION: Final = re.compile(
    r"(?:^|\s|\(|[ld]['’])(?:mr|mrs|ms|dr|st|no|nr|art|abs|par|vs|e\.g|i\.e|etc|m|mme|mlle|n|tel|tél|ref|réf|bzw|z\.b|d\.h|ca|cf|p\.ex|sr|sra|ing)\.$",
    re.IGNORECASE,
)
_LAST_WORD: Final = 12  # characters: longer than any abbreviation
_PLACEHOLDERS: Final = frozenset({"emailaddress", "urllink"})
_LONG_NUMBER: Final = re.compile(
    r"&#\d{8,}+;?"
)  # no character has it, and Python refuses to read the longest
_NUMBERS: Final = re.compile(r"\d+")
_MARKS: Final = re.compile(r"[^\w\s'-]+|_+")
_TWO_SCRIPTS: Final = r"[a-zA-Z][\u0370-\u04ff]|[\u0370-\u04ff][a-zA-Z]"
_MIXED: Final = re.compile(_TWO_SCRIPTS)
_MIXED_WORD: Final = re.compile(rf"\b\w*(?:{_TWO_SCRIPTS})\w*")
# Small letters only: a capital is an initial. *a* is no word that elides before itself: *option c a 3 euros*.
_ELIDED: Final = re.compile(
    r"(?<![\w'’-])((?:[jndlmtscJNDLMTSC]|[Qq]u|[Jj]usqu|[Ll]orsqu|[Pp]uisqu)(?= [aeiouyhàâéèêëîïôûœ]\w)"
    r"|[jlmntJLMNT](?= [ay]\b)) "
)
_LATIN_TWINS: Final = str.maketrans(
    "аеорсухкмтнвіјѕһԁԛԝАЕОРСУХКМТНВІЈЅαεορικνυτχΑΕΟΡΙΚΝΥΤΧ",
    "aeopcyxkmthbijshdqwAEOPCYXKMTHBIJSaeopiknutxAEOPIKNYTX",
)
_PLAIN_LETTERS: Final = {
    "ß": "ss",
    "œ": "oe",
    "æ": "ae",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "’": "'",
    "‘": "'",
    "ʼ": "'",
    "`": "'",
    "´": "'",
    "ё": "е",
}
# What a mailer left of an accented letter, one sign or one for each byte; in French it is an e nine times of ten.
_LOST: Final = re.compile("(?<=[^\\W\\d_])\ufffd{1,2}|(?<![\\w\ufffd])\ufffd{1,2}(?=[^\\W\\d_])")
_TO_BE_PLAIN: Final = re.compile(f"[{''.join(_PLAIN_LETTERS)}]")
# One expression of all accents drops them in a third of the time that asking each character takes; it is fast up to U+FFFF only.
_ACCENTS: Final = re.compile(f"[{''.join(filter(unicodedata.combining, map(chr, range(0x300, 0x10000))))}]+")
_BEYOND: Final = re.compile("[\U00010000-\U0010ffff]")


def within_length(text: str) -> str:
    """Give what of a text is read: all, or its beginning and its end."""
    if len(text) <= HEAD_CHARACTERS + TAIL_CHARACTERS:
        return text
    return f"{text[:HEAD_CHARACTERS]}\n{text[-TAIL_CHARACTERS:]}"


def _without_markup(text: str) -> str:
    if "<" in text and ">" in text:
        text = _TAG.sub(" ", _BLOCK_TAG.sub("\n", _HIDDEN_MARKUP.sub(" ", text)))
    return html.unescape(_LONG_NUMBER.sub("\ufffd", text)) if "&" in text else text


def _in_one_script(text: str) -> str:
    if not _MIXED.search(text):
        return text
    return _MIXED_WORD.sub(lambda word: word.group().translate(_LATIN_TWINS), text)


def legible(text: str) -> str:
    """Give the text without markup, invisible characters, look-alike letters, pasted blobs and wide gaps; links stay as typed.

    No run of letters or of spaces is left that is longer than anybody writes: what looks for words in it is slow on those.
    """
    text = _without_markup(within_length(text).replace("\r\n", "\n").replace("\r", "\n"))
    if not text.isascii():
        text = text.encode("utf-8", "ignore").decode("utf-8")
        text = _in_one_script(_INVISIBLE.sub("", unicodedata.normalize("NFKC", text)))
    return _BLANK_LINES.sub("\n\n", _WIDE_SPACE.sub("  ", _BLOB.sub(" ", text)))


def with_links_as_one(text: str) -> str:
    """Give a text as the model reads it, each link as one sign: no detail may come from here."""
    lower = text.casefold()
    return _URL.sub(" URLLINK ", text) if "http" in lower or "www" in lower else text


def _cut_at(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return text[: found.start()] if found and text[: found.start()].strip() else text


def own_words(text: str) -> str:
    """Give what the writer says in this message: no quoted text, signature block or disclaimer."""
    if "\n" not in text:
        return text
    text = _QUOTED_LINE.sub("", text) if ">" in text or "|" in text else text
    for pattern in (_QUOTE_HEADER, _SIGNATURE, _DISCLAIMER):
        text = _cut_at(pattern, text)
    return text


def unwrapped(text: str) -> str:
    """Give a text with the lines joined that were broken only because they were full; a list keeps its lines."""
    return "\n\n".join(map(_joined, text.split("\n\n"))) if "\n" in text else text


def _joined(block: str) -> str:
    lines = [line.rstrip() for line in block.split("\n")]
    widest = max(map(len, lines))
    full = [_is_full(before, line, widest) for before, line in pairwise(lines)]
    all_full = len(full) >= FEWEST_FULL and all(full)
    joined = [lines[0]]
    for (before, line), fills in zip(pairwise(lines), full, strict=True):
        goes_on = before[-1:] not in _ENDS and _GOES_ON.match(line) is not None
        wraps = (len(before) >= WRAPPED_LINE and not _BEGINS_A_WISH.match(line)) or (
            fills and (all_full or _is_within(before, line))
        )
        wraps = wraps or _LEADS_ON.fullmatch(before.rpartition(" ")[2]) is not None
        joined.append(f"{' ' if goes_on and wraps else chr(10)}{line}")
    return "".join(joined)


def _is_full(line: str, following: str, widest: int) -> bool:
    """Tell whether the first word of the next line had no room in this one."""
    return len(line) + 1 + len(following.partition(" ")[0]) > widest >= NARROWEST_LINES


def _is_within(before: str, line: str) -> bool:
    """Tell whether a line begins as the rest of a sentence does."""
    if before[-1:] == "," or _CAPITALS_WITHIN.match(line):
        return True
    return not line[:1].isupper() and not _BEGINS_A_WISH.match(line)


def _pieces(text: str) -> Iterable[str]:
    start = 0
    for end in _SENTENCE_END.finditer(text):
        last_word = text[max(start, end.start() - _LAST_WORD) : end.end()].rstrip()
        if "\n" not in end.group() and _ABBREVIATION.search(last_word):
            continue
        yield text[start : end.end()]
        start = end.end()
    yield text[start:]


def says_something(line: str) -> bool:
    """Tell whether a normalised line holds a word besides addresses, links and numbers."""
    return any(word not in _PLACEHOLDERS and any(map(str.isalpha, word)) for word in line.split())


def _bounded(sentence: str) -> Iterable[str]:
    for start in range(0, len(sentence), LONGEST_SENTENCE):
        yield sentence[start : start + LONGEST_SENTENCE]


def sentences(text: str) -> list[str]:
    """Split a text into sentences of at most 600 characters; a text without a letter has none."""
    trimmed = (piece.strip() for piece in _pieces(text))
    return [part for piece in trimmed if any(map(str.isalpha, piece)) for part in _bounded(piece)]


def plain_letters(text: str) -> str:
    """Give a text without accents, every apostrophe the same; an e where an accented letter was lost."""
    if text.isascii():
        return text.replace("`", "'")
    text = _LOST.sub("e", text) if "\ufffd" in text else text
    lettered = _TO_BE_PLAIN.sub(lambda found: _PLAIN_LETTERS[found[0]], text)
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", lettered))
    return unicodedata.normalize("NFC", _BEYOND.sub(_unless_accent, bare))


def _unless_accent(found: re.Match[str]) -> str:
    return "" if unicodedata.combining(found[0]) else found[0]


def with_apostrophes(french: str) -> str:
    """Give a French sentence with the apostrophes that its writer left out: *n utilisez plus*, *j aimerais qu on m oublie*."""
    return _ELIDED.sub(r"\1'", french)


@lru_cache(maxsize=SENTENCES_KEPT)
def normalise(sentence: str) -> str:
    """Give a sentence as the features see it: lower case, no accents, addresses and numbers as one sign."""
    sentence = sentence.lower()
    if "@" in sentence:
        sentence = _ADDRESSES.sub("emailaddress", _EMAIL.sub(" emailaddress ", sentence))
    if not sentence.isascii():
        sentence = plain_letters(sentence)
    return " ".join(_MARKS.sub(r" \g<0> ", _NUMBERS.sub("0", sentence)).replace("'", "' ").split())
