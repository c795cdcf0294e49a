"""The person names one of several accounts, to be erased or kept: an agent chooses before anything can be approved."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from sqlmodel import Session, col, select

from assistant.domain.plan import Operation, Plan
from assistant.domain.reference import REFERENCE
from assistant.domain.words import Words
from assistant.store.queries import messages_about, messages_of
from assistant.store.tables import Audit, Message, PrivacyRequest

CHOSEN: Final = "accounts_chosen"
_LOOKED_AT: Final = 20_000  # characters of a message
_MOST_SHOWN: Final = 5
_LONGEST_SHOWN: Final = 300
_OURS: Final = re.compile(REFERENCE, re.IGNORECASE)
_ADDRESS: Final = re.compile(r"\S{1,64}@\S{1,255}|https?://\S{1,2000}")
_SENTENCE_END: Final = re.compile(r"[.!?;]\s|\n")
_WORDS: Final = Words("assistant.casework.requests")
_A_NUMBER: Final = re.compile(
    r"\b[A-Z]{1,4}[-\u2011]?\d{3,10}\b"
    rf"|\b{_WORDS.one_of('numbered')}\W{{0,3}}(?:{_WORDS.one_of('number')}\W{{0,3}}){{0,2}}[A-Z]{{0,4}}-?\d{{3,10}}\b",
    re.IGNORECASE,
)
_ACCOUNT: Final = _WORDS.whole("account")
_KEPT: Final = _WORDS.whole("kept")
_ONLY: Final = _WORDS.whole("only")
_WHICH: Final = _WORDS.whole("which")
_UNDER: Final = re.compile(
    rf"\b{_WORDS.one_of('account')} (?:\w+ )?{_WORDS.one_of('under')} (?:[\w’']+ ){{0,4}}?[^\s@]{{1,64}}@",
    re.IGNORECASE,
)


def waiting_words(session: Session, request: PrivacyRequest, plan: Plan) -> list[str]:
    """Give the person's own words that name an account of several and that no agent has answered by a choice; none: go on."""
    if plan.order.operation is not Operation.ERASE or not _has_several(plan):
        return []
    chosen = select(Audit.at).where(col(Audit.chain) == request.ref, col(Audit.event) == CHOSEN)
    since = session.exec(chosen.order_by(col(Audit.ordinal).desc()).limit(1)).first()
    said = [
        message
        for message in messages_of(session, request.conversation_id)
        if message.sender == "you" and (since is None or message.at > since)
    ]
    return [words for message in said for words in named_in(_words(message))][:_MOST_SHOWN]


def another_number(session: Session, request: PrivacyRequest, looked_at: str | None) -> bool:
    """Tell whether the person named a client number of which no evidence tells, so that nobody has looked there."""
    said = (_ADDRESS.sub(" ", _words(m)) for m in messages_about(session, request) if m.sender == "you")
    numbers = {
        hit.group() for words in said for hit in _A_NUMBER.finditer(_OURS.sub(" ", words[:_LOOKED_AT]))
    }
    known = _digits(looked_at or "")
    return any(_digits(number) != known for number in numbers)


def _digits(number: str) -> str:
    return "".join(filter(str.isdigit, number))


def named_in(text: str) -> list[str]:
    """Give the sentences of a text that name an account by its number, its address or its kind, or that say of one that it is to be kept, or alone to go."""
    sentences = _SENTENCE_END.split(_OURS.sub(" ", text[:_LOOKED_AT]))
    return [" ".join(each.split())[:_LONGEST_SHOWN] for each in sentences if _names_one(each)]


def _names_one(sentence: str) -> bool:
    alone = _ACCOUNT.search(sentence) and (_KEPT.search(sentence) or _ONLY.search(sentence))
    return bool(alone or any(each.search(sentence) for each in (_A_NUMBER, _WHICH, _UNDER)))


def _words(message: Message) -> str:
    return f"{message.subject or ''}\n{message.text}" if message.kind == "text" else ""


def _has_several(plan: Plan) -> bool:
    """Tell whether a table holds more than one account: the same person in two systems is no choice."""
    return any(n > 1 for n in Counter((each.source, each.table) for each in plan.accounts).values())
