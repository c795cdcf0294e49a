"""Whether a message can be the answer to what an agent asked: nobody judges its sense, only what it clearly is instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from assistant.conversation.picking import plain
from assistant.conversation.subjects import only_thanks, says_nothing
from assistant.domain.assurance import code_in
from assistant.domain.words import Words
from assistant.interfaces import Attachment
from intents import for_support
from intents.awaiting import is_number
from intents.cleaning import own_words
from intents.small_talk import small_talk_in

_SAYS_YES: Final = "noted"  # "ok" is small talk, and an answer
_LOOKED_AT: Final = 5_000  # characters; whoever writes more says something
_CLAUSE: Final = re.compile(r"[^.!?;,\n]+[.!?;,\n]*")
_WORDS: Final = Words("assistant.conversation")
_LEAD: Final = rf"(?:{_WORDS.one_of('leads_to_question')} ){{0,3}}"
_ASKS_BACK: Final = re.compile(rf"{_LEAD}{_WORDS.one_of('asks_back')}\b")
_QUESTION: Final = re.compile(rf"{_LEAD}{_WORDS.one_of('begins_question')}\b[^?]*\?")


def may_answer(text: str, files: Sequence[Attachment] = ()) -> bool:
    """Tell whether a message says anything but what support is asked, a question back, small talk, or our own words."""
    said = own_words(f"{text}\n").strip()  # what is one line may be a quote as well
    if not said or len(said) > _LOOKED_AT:
        return bool(said or files)
    begins = small_talk_in(said.partition("\n")[0])
    if begins == _SAYS_YES:
        return True
    clauses = [found[0].strip() for found in _CLAUSE.finditer(said)]
    left = [clause for clause in clauses if not _is_else(clause)]
    if left == clauses:
        return small_talk_in(said) is None and not only_thanks(said)
    rest = "\n".join(left)
    return any(map(str.isdigit, rest)) or not (says_nothing(rest) or small_talk_in(rest))


def is_no_code(text: str) -> bool:
    """Tell whether a number has not the form of a code."""
    return is_number(text) and code_in(text) is None


def _is_else(clause: str) -> bool:
    said = plain(clause)
    return bool(_ASKS_BACK.match(said) or _QUESTION.match(said)) or for_support(clause) is not None
