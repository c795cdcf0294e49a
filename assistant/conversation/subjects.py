"""What the subject of a mail asks where its text says less: it is read too, unless the mail answers another one."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from assistant.domain.reference import REFERENCE
from assistant.domain.rights import ANSWERED_BY_PEOPLE, CONFIRMED_FIRST, Right
from assistant.domain.words import Words
from assistant.interfaces import Incoming
from intents import NONE, Reading
from intents.labels import ASK, REQUEST
from intents.wishes import names_right

HANDS_ON: Final = (
    "hands_on"  # of a mail in whose text somebody else's stands: how long what stands above it is
)
_OF_A_REQUEST: Final = frozenset({"request_status", "cancel_request"})
_LONGEST_SUBJECT: Final = 300  # characters
_MOST_LINES: Final = 12  # of a text that may say nothing
_LONGEST_EMPTY: Final = 400  # characters
_MOST_NAMES: Final = 4  # words of one name
_WORDS: Final = Words("assistant.conversation")
_WITHIN_NAMES: Final = _WORDS.plain("within_names")
_WORD: Final = re.compile(r"[^\W\d_]+")
_NO_LETTERS: Final = re.compile(r"[\W_]*")
_REFERENCE: Final = re.compile(REFERENCE)
_DEVICE: Final = re.compile(rf"\s*{_WORDS.one_of('device')}\b", re.IGNORECASE)
_SIGNATURE: Final = re.compile(r"--[ \t]?")
_SAYS_NOTHING: Final = _WORDS.plain("courtesies")
_ACKNOWLEDGES: Final = _WORDS.plain("acknowledges")
_THANKS: Final = _WORDS.whole("thanks")
_TOPIC: Final = re.compile(
    rf"\s*(?:[\[#(]|(?:{_WORDS.one_of('topic_before')} )?{_WORDS.one_of('topic')}\b)", re.IGNORECASE
)
_LONGEST_REMINDER: Final = 400  # characters
_LONGEST_TEXT: Final = 20_000  # looked at
_REMINDS: Final = _WORDS.whole("reminds")
_OF_SERVICE: Final = _WORDS.whole("of_service")
_OF_COPY: Final = _WORDS.whole("of_copy")
_WAITS: Final = _WORDS.whole("waits")
_ANGRY: Final = _WORDS.whole("angry")
_NUMBERED: Final = _WORDS.whole("numbered_like_a_request")
_KEEPS_SERVICES: Final = _WORDS.whole("keeps_services")
_SHOUTS: Final = re.compile(r"!\s?!")
# "Data breach", "Change of address": what a text goes on to tell of, and is read for.
_ASKS_NOTHING: Final = ANSWERED_BY_PEOPLE | CONFIRMED_FIRST


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
    return _asks_what_became(text, _REMINDS)


def names_service(text: str) -> bool:
    """Tell whether a text names what is support's, such as an invoice or a server."""
    return bool(_OF_SERVICE.search(text[:_LONGEST_TEXT]))


def speaks_of_copy(text: str) -> bool:
    """Tell whether a text speaks of a link, a file or a copy, and names nothing else for support."""
    return bool(_OF_COPY.search(text[:_LONGEST_TEXT])) and not names_service(text)


def complains_of_waiting(text: str) -> bool:
    """Tell whether a short text reminds, or says how long somebody waits, and names nothing else for support."""
    return _asks_what_became(text, _REMINDS) or _asks_what_became(text, _WAITS)


def waits_for_service(text: str) -> bool:
    """Tell whether a short text reminds of what is support's, or waits for it: *still no answer about my server*."""
    waits = len(text) <= _LONGEST_REMINDER and (_REMINDS.search(text) or _WAITS.search(text))
    return bool(waits and _OF_SERVICE.search(text))


def is_angry(text: str) -> bool:
    """Tell whether whoever waits has had enough of it."""
    return bool(_ANGRY.search(text[:_LONGEST_REMINDER]) or _SHOUTS.search(text[:_LONGEST_REMINDER]))


def keeps_services(text: str) -> bool:
    """Tell whether a short text says that services are to run on."""
    return len(text) <= _LONGEST_REMINDER and bool(_KEEPS_SERVICES.search(text))


def is_numbered_like_a_request(text: str) -> bool:
    """Tell whether a short text names a request by a number that is none of ours."""
    return len(text) <= _LONGEST_REMINDER and bool(_NUMBERED.search(text))


def _asks_what_became(text: str, words: re.Pattern[str]) -> bool:
    return len(text) <= _LONGEST_REMINDER and bool(words.search(text)) and not _OF_SERVICE.search(text)


def is_reminded_of(incoming: Incoming, reading: Reading) -> str:
    """Give what a reminder quotes or hands on, where it is still to be read; else nothing."""
    unread = incoming.channel == "email" and reading.decision == NONE and HANDS_ON not in incoming.headers
    return incoming.quoted if unread and is_reminder(incoming.text) else ""


def handed_on(incoming: Incoming) -> str:
    """Give the words of another mail that a mail hands on in its text: below a note a reader takes them for a quote."""
    return incoming.quoted if incoming.channel == "email" and HANDS_ON in incoming.headers else ""


def own_words(incoming: Incoming) -> str:
    """Give what the sender says of a mail: of a forward only what stands above the mail that it hands on (A39)."""
    length = incoming.headers.get(HANDS_ON) if incoming.channel == "email" else None
    return incoming.text if length is None else incoming.text[: int(length)]


def with_handed_on(reading: Reading, asked: Reading) -> Reading:
    """Add what somebody else asks in a mail that is handed on: a doubt, for it is no wish of the sender (A39)."""
    rights = tuple(intent for intent in asked.intents if intent.name in set(Right))
    speaks_of_one = asked.wishes or any(intent.name in _OF_A_REQUEST for intent in asked.intents)
    if reading.decision != NONE or (asked.decision == NONE and not speaks_of_one):
        return reading
    return replace(reading, decision=ASK, intents=rights, sentence=asked.sentence)


def with_subject(reading: Reading, asked: Reading) -> Reading:
    """Add what a subject asks to what was read of a text that says something else, or of the subject: a doubt at most."""
    if asked.text == reading.text:
        return replace(reading, decision=ASK) if names_right(asked.text) else reading
    if asked.decision != REQUEST or asked.rights <= _ASKS_NOTHING:
        return reading
    return replace(reading, decision=ASK, intents=asked.intents, sentence=asked.sentence)


def only_thanks(text: str) -> bool:
    """Tell whether a text holds nothing but thanks, or says no more than that something came: it is no word of what is asked."""
    if "?" in text or len(text) > _LONGEST_EMPTY or not _THANKS.search(text):
        return False
    return says_nothing(_REFERENCE.sub(" ", text), _ACKNOWLEDGES)


def says_nothing(text: str, besides: frozenset[str] = frozenset()) -> bool:
    """Tell whether a text holds nothing but greetings, thanks, a name below them and words that point elsewhere."""
    if len(text) > _LONGEST_EMPTY:
        return False
    lines = [line for line in text.split("\n") if _NO_LETTERS.fullmatch(line) is None or line.strip() == "--"]
    after_courtesy = False
    for line in lines[:_MOST_LINES]:
        if _SIGNATURE.fullmatch(line) or _DEVICE.match(line):
            return True  # what follows is who and how, and no wish
        words = _WORD.findall(line)
        others = [word for word in words if word.lower() not in _SAYS_NOTHING | besides]
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
