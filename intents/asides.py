"""Hears where a right is named and not used: in a wish about a thing of the service, a text shown, a law quoted, a reminder, a threat."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Final

from intents.cleaning import normalise, says_something
from intents.tables import all_in_plain, any_in, in_plain
from intents.wishes import names_right

_any: Final = partial(any_in, "asides")
_SPACES: Final = re.compile(r"\s+")
_CLAUSE_END: Final = re.compile(r"[,;:!?.…()]+|\s(?:and|but|so|et|mais|donc|alors)\s")
# No mark opens twice in a piece: so many opening ones without an end cost no more than their length.
_SHOWN: Final = re.compile(r'"[^"]*(?:"|$)|“[^“”]*(?:”|$)|„[^„“”]*(?:[“”]|$)|«[^«»]*(?:»|$)')


def without_asides(spoken: dict[str, str]) -> dict[str, str]:
    """Give the sentences without things of the service to be taken away, reminders of a right, codes that failed, how a mail may be ended. Linear in length."""
    beside = ["reminds", "disclaims", "consequence"]
    if _any("of_access").search(all_in_plain(spoken.values())):
        beside.append("item_of_access")
    if _any("own_site").search(all_in_plain(spoken.values())):
        beside.append("button")
    meant = [*_meant(spoken.values())]
    if _any("of_others").may_be_in(all_in_plain(meant)):
        asks = bool(_any("asks_how_others").search(all_in_plain(meant)))
        meant = [_without_others(sentence, asks_how=asks) for sentence in meant]
    left = [_without_asides(_without_codes(sentence), beside) for sentence in meant]
    left = [_without_notice(sentence) for sentence in left]
    bare = [_without_offers(sentence) for sentence in left]
    if bare != left and not _any("offer_fails").search(all_in_plain(spoken.values())):
        left = bare
    return spoken if left == list(spoken.values()) else _by_line(left)


def without_told_rights(spoken: dict[str, str]) -> dict[str, str]:
    """Give the sentences without what their writer knows they may do: the line of a form under which somebody consents uses no right. Linear in length."""
    return _by_line_unless(spoken, [_without_told_rights(sentence) for sentence in spoken.values()])


def without_asked_whether_done(spoken: dict[str, str]) -> dict[str, str]:
    """Give what is said beside the questions whether something was erased before: *I want to know if you deleted my data*. Linear in length."""
    said = list(spoken.values())
    if not _any("asks_whether_done").may_be_in(all_in_plain(said)):
        return spoken
    left = [
        _SPACES.sub(" ", _any("asks_whether_done").sub(" ", in_plain(each))).strip(" ,;:-") for each in said
    ]
    return _by_line_unless(
        spoken, [new if new != in_plain(old) else old for new, old in zip(left, said, strict=True)]
    )


def without_shown(spoken: dict[str, str]) -> dict[str, str]:
    """Give what is said around a text that is shown to ask whether it is good; what stands in it is no wish yet."""
    said = list(spoken.values())
    asking = [
        sentence for sentence in said if _any("asks_if_good").search(in_plain(_SHOWN.sub(" ", sentence)))
    ]
    if not asking:
        return spoken
    text = "\n".join(said)
    if _SHOWN.search(text):
        around = _SHOWN.sub(" ", text).split("\n")
        return _by_line([_SPACES.sub(" ", each).strip() for each in around])
    # Without quotation marks only a template is nobody's own: *is this letter right? My name is wrong in it* asks for something.
    return _by_line(asking) if _any("template").search(all_in_plain(asking)) else spoken


def without_law(spoken: dict[str, str]) -> dict[str, str]:
    """Give what is said around the words of the law: they grant to anybody what only the words beside them ask for."""
    if not any(_any("law").search(in_plain(sentence)) for sentence in spoken.values()):
        return spoken
    left: list[str] = []
    quoting = False
    for sentence in spoken.values():
        before = _before_law(in_plain(sentence))
        if before is not None:
            while left and _any("law_head").search(in_plain(left[-1])):
                left.pop()
            if left and _any("law_shown").search(last := in_plain(left[-1])):
                left[-1] = _any("law_shown").sub("", last)
            left += [before] if says_something(normalise(before)) else []
            quoting = True
        elif not (quoting and _goes_on_in_law(in_plain(sentence))):
            quoting = False
            left.append(sentence)
    return spoken if left == list(spoken.values()) else _by_line(left)


def _before_law(plain: str) -> str | None:
    """Give what of a sentence stands before the words of the law; nothing where there are none, or where they go over into a wish."""
    found = _any("law").search(plain)
    if not found or _any("law_unless").search(plain[found.start() :]):
        return None
    before = plain[: found.start()]
    return _any("law_shown").sub("", before) if _any("law_unless").search(before) else ""


def _goes_on_in_law(plain: str) -> bool:
    is_part = _any("law_item").search(plain) or _any("law_head").search(plain)
    return bool(is_part) and not _any("law_unless").search(plain)


def without_lost_mailbox(spoken: dict[str, str], table: str) -> dict[str, str]:
    """Give the sentences without the clauses that tell of a mailbox its writer cannot open: that corrects none. Linear in length."""
    said = list(spoken.values())
    whole = all_in_plain(said)
    if not _any(table).search(whole) or _any("puts_there").search(whole):
        return spoken
    left = [_SPACES.sub(" ", _any(table).sub(" ", in_plain(sentence))).strip(" ,;") for sentence in said]
    kept = [new if new != in_plain(old) else old for new, old in zip(left, said, strict=True)]
    return _by_line(kept)


def without_introduction(spoken: dict[str, str]) -> dict[str, str]:
    """Give the sentences without the number or the addresses by which somebody introduces themselves: *I am Kurt, phone 07700 900321* corrects none."""
    spoken = _by_line_unless(spoken, [each for each in spoken.values() if not _lists_own_addresses(each)])
    said = list(spoken.values())
    if not _any("own_number").may_be_in(all_in_plain(said)) or _any("puts_right").search(all_in_plain(said)):
        return spoken
    return _by_line_unless(spoken, [_without_own_number(sentence) for sentence in said])


def _lists_own_addresses(sentence: str) -> bool:
    return "@" in sentence and bool(_any("own_addresses").search(in_plain(sentence)))


def _without_own_number(sentence: str) -> str:
    plain = in_plain(sentence)
    left = _any("own_number").sub(" ", plain) if _any("introduces").search(plain) else plain
    return sentence if left == plain else _SPACES.sub(" ", _any("own_mail").sub(" ", left)).strip(" ,;.")


def threatens_only(sentences: Sequence[str]) -> bool:
    """Tell whether an authority is only threatened with, in a dispute that is not about data (GDPR 77(1))."""
    plain = all_in_plain(sentences)
    return (
        bool(_any("threatens").search(plain))
        and bool(_any("ordinary").search(plain))
        and not _any("of_data").search(plain)
    )


def complaint_is_threatened(line: str) -> bool:
    """Tell whether a line only threatens to complain, should something not happen; one that is made too is none such."""
    if _any("complaint_now_if").search(line):
        return not _any("complained_before").search(line)
    return all(
        _any(table).search(line) for table in ("complaint_to_come", "complaint_hangs_on")
    ) and not _any("complaint_made").search(line)


def only_looks(sentences: Sequence[str]) -> bool:
    """Tell whether somebody asks to have access to their personal data, and says nothing of carrying them elsewhere."""
    plain = all_in_plain(sentences)
    return bool(_any("looks").search(plain)) and not _any("carries").search(plain)


def of_oneself(sentences: Sequence[str]) -> bool:
    """Tell whether a writer speaks of themselves as of somebody else: *the undersigned asks for his data*."""
    return bool(_any("oneself").search(all_in_plain(sentences)))


def _meant(sentences: Iterable[str]) -> Iterator[str]:
    """Give the sentences, nothing in the place of those that tell whom a mail reached by mistake what to do with it."""
    astray = False
    for sentence in sentences:
        plain = in_plain(sentence)
        begins = _any("astray").may_be_in(plain) and bool(_any("astray").search(plain))
        of_message = (begins or astray) and bool(_any("of_message").search(plain))
        astray = of_message and not _any("astray_unless").search(plain)
        yield "" if astray else sentence


def _without_others(sentence: str, *, asks_how: bool) -> str:
    """Give a sentence without the clauses that say what others should be able to do, or want to with the writer's own mails."""
    plain = in_plain(sentence)
    if not _any("of_others").search(plain):
        return sentence
    clauses = [clause.strip() for clause in _CLAUSE_END.split(plain) if clause.strip()]
    own = [clause for clause in clauses if not _is_of_others(clause, asks_how=asks_how)]
    return ", ".join(own) if len(own) < len(clauses) else sentence


def _is_of_others(clause: str, *, asks_how: bool) -> bool:
    if _any("of_others_unless").search(clause):
        return False
    if _any("others_may").search(clause):
        return True
    return bool(_any("others_want").search(clause)) and (
        asks_how or bool(_any("of_own_mails").search(clause))
    )


def _without_told_rights(sentence: str) -> str:
    plain = in_plain(sentence)
    if not _any("of_consent").search(plain) or _any("used_now").search(plain):
        return sentence
    left = _any("may_be_used").sub(" ", plain)
    return sentence if left == plain else _SPACES.sub(" ", left).strip(" ,;:")


def _without_codes(sentence: str) -> str:
    """Give a sentence without the clauses about a code that did not come or is not taken: nothing held is wrong by that."""
    plain = in_plain(sentence)
    if not _any("of_code").search(plain):
        return sentence
    clauses = [clause.strip() for clause in _CLAUSE_END.split(plain) if clause.strip()]
    left: list[str] = []
    goes_on = False
    for clause in clauses:
        goes_on = _is_of_code(clause) or (goes_on and bool(_any("of_code_goes_on").search(clause)))
        left += [] if goes_on else [clause]
    return sentence if len(left) == len(clauses) else ", ".join(left)


def _is_of_code(clause: str) -> bool:
    fails = _any("of_code").search(clause) and _any("of_code_fails").search(clause)
    return bool(fails) and not (_any("of_code_unless").search(clause) or names_right(clause))


def _without_asides(sentence: str, beside: Sequence[str]) -> str:
    plain = left = in_plain(sentence)
    if _any("takes_away").search(plain):
        left = _any("of_service").sub(" ", plain)
        if left != plain and not (names_right(left) or _any("of_data").search(left)):
            return ""  # beside it stands only why: *so I can get in*
    for table in beside:
        left = _any(table).sub(" ", left)
    return sentence if left == plain else _SPACES.sub(" ", left).strip(" ,;")


def _without_offers(sentence: str) -> str:
    """Give a sentence of a mail without what it offers to its own readers: *reply STOP to unsubscribe*."""
    plain = in_plain(sentence)
    if not _any("offers").may_be_in(plain) or _any("offers_unless").search(plain):
        return sentence
    left = _any("offers").sub(" ", plain)
    return sentence if left == plain else _SPACES.sub(" ", left).strip(" ,;:.")


def _without_notice(sentence: str) -> str:
    """Give a sentence without what tells its reader of their rights: *you have the right to erase your data; write to …*."""
    plain = in_plain(sentence)
    if not _any("tells_reader").may_be_in(plain) or "?" in plain or _any("offers_unless").search(plain):
        return sentence
    left = _any("tells_reader").sub(" ", plain)
    return sentence if left == plain else _SPACES.sub(" ", left).strip(" ,;:.")


def _by_line_unless(spoken: dict[str, str], left: Sequence[str]) -> dict[str, str]:
    return spoken if left == list(spoken.values()) else _by_line(left)


def _by_line(sentences: Sequence[str]) -> dict[str, str]:
    return {line: sentence for sentence in sentences if says_something(line := normalise(sentence))}
