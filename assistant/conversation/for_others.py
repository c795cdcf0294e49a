"""Somebody writes for somebody else: it is registered, and an agent asks for the mandate before anything is proved (flows.md)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from assistant.casework.intake import set_attention
from assistant.casework.reach import FOR_OTHER as MARK
from assistant.casework.reach import is_for_other
from assistant.domain.addresses import normal_address
from assistant.domain.assurance import Tier
from assistant.domain.lifecycle import CLOSED
from assistant.domain.rights import Right
from intents.holders import signed_by
from intents.wishes import FOR_OTHER, FOR_SEVERAL

if TYPE_CHECKING:
    from assistant.conversation.turn import Turn

ATTENTION: Final = "for_somebody_else"
_ENDS_OF_USE: Final = frozenset({Right.OBJECTION, Right.CONSENT_WITHDRAWAL})
_FEWEST_LETTERS: Final = 3  # of a name that an address is made of


def concerns_other(turn: Turn) -> bool:
    """Tell whether a message uses rights of somebody else; a block of marketing alone needs nobody's mandate (GDPR 21(3)).

    Of several people's requests in one list nobody but a person can tell whose marketing is to end.
    """
    rights = turn.reading.rights
    if not rights or (turn.reading.details.get("marketing") and rights <= _ENDS_OF_USE):
        return FOR_SEVERAL in turn.reading.wishes and bool(rights)
    return FOR_OTHER in turn.reading.wishes or _names_another(turn) or _is_signed_by_another(turn)


def _names_another(turn: Turn) -> bool:
    """Tell whether the data are said to be those of somebody who is not the sender, as far as a sender is known.

    Whoever writes in a chat has no address yet: one that they name is how they say who they are.
    """
    sender = turn.conversation.subject_hint if turn.is_mail else None
    return any(
        not _is_sender(holder.who, sender)
        for holder in turn.reading.holders
        if sender or not holder.is_address
    )


def _is_signed_by_another(turn: Turn) -> bool:
    """Tell whether a mail is signed with an address that is not its sender's, and nothing there that could be the sender's.

    A name alone decides nothing: a mailbox need not be called as whoever writes from it.
    """
    sender = turn.conversation.subject_hint if turn.is_mail else None
    signed = signed_by(turn.reading.text) if sender else ()
    return any("@" in each for each in signed) and not any(_is_sender(each, sender) for each in signed)


def _is_sender(named: str, sender: str | None) -> bool:
    """Tell whether a name or an address can be the sender's: the same address, or a name that the address is made of."""
    if not sender:
        return False
    if normal_address(named) == normal_address(sender):
        return True
    local = _letters(sender.partition("@")[0])
    words = [_letters(word) for word in re.split(r"[\W\d_]+", named.partition("@")[0])]
    return any(len(word) >= _FEWEST_LETTERS and word in local for word in words)


def _letters(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in bare if character.isalpha())


def open_for_other(turn: Turn) -> None:
    """Open every right that is used, ask for no proof, and call an agent."""
    open_now = {r.right for r in turn.own_requests() if r.status not in CLOSED and is_for_other(r)}
    opened = [turn.open_one(right) for right in turn.rights() if right not in open_now]
    several = FOR_SEVERAL in turn.reading.wishes  # whose marketing is to end, a person tells
    for request in opened:
        kept = {key: value for key, value in request.details.items() if key != "address" or not several}
        request.details = {**kept, MARK: True}
        request.tier_needed = int(Tier.T3)  # two people weigh the mandate, whatever a mailbox proves
        turn.unit.session.add(request)
        set_attention(turn.unit, request, ATTENTION)
    if opened:
        name = "mail_for_somebody_else" if turn.is_mail else "for_somebody_else"
        turn.say(name, requests=turn.seen(opened))
    else:
        known = [r for r in turn.own_requests() if r.status not in CLOSED and is_for_other(r)]
        for request in known:
            set_attention(turn.unit, request, ATTENTION)
        turn.say("already_open", requests=turn.seen(known))
    turn.ask_where_to_write()


def leave_address(turn: Turn, references: Sequence[str]) -> None:
    """Send nothing to an address that is said to be somebody else's: what it was given for is theirs too, and an agent asks for the mandate."""
    about = turn.requests_named(references)
    if turn.state.hidden and not about:
        turn.say("address_of_another", expects=turn.state.expects)
        return
    for request in about:
        if not request.details.get("marketing") and request.tier_needed > Tier.T0:
            request.details = {**request.details, MARK: True}
            request.tier_needed = int(Tier.T3)
            turn.unit.session.add(request)
            set_attention(turn.unit, request, ATTENTION)
    turn.rest()
    turn.say("address_of_another")
    turn.ask_where_to_write()
