"""Hears what stands beside a right: nothing to be erased after all, asked by somebody else, somebody else concerned, rights in a list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from intents.cleaning import with_apostrophes
from intents.tables import all_in_plain, any_in, any_in_row, hint_of, in_plain, tables

_any: Final = partial(any_in, "wishes")
_row: Final = partial(any_in_row, "wishes")
_hint: Final = partial(hint_of, "wishes")
DONT: Final = "dont"
CHANGED_MIND: Final = "changed_mind"
FOR_OTHER: Final = "for_other"
FOR_SEVERAL: Final = "for_several"  # beside for_other: a list of what each of several people asks
DENIED: Final = "denied"
KEPT_IT: Final = "kept_it"  # "keep it": of what, only the talk tells
_SPARES: Final = ("dont", "kept", "kept_it")
FEWEST_LISTED: Final = 2
_LONGEST_TAKING_BACK: Final = 120  # characters: longer it says something else too
_LONGEST_ITEM: Final = 10  # words of a line that is an item of a list
_CLAUSE_END: Final = re.compile(
    r"[,;:!?.…()\"«»\n]+|\s[-–—]+\s|\s(?:and|but|et|mais|und|aber|sondern|pero|sino|maar|mas|aga|но|ale|oraz)\s"
    r"|\s(?=(?:i|je)(?:'d)? (?:(?:just|only) (?:want|need|wanted)|(?:want|need|veux|veu|voudrais|souhaite)"
    r" (?:just|only|juste|seulement|simplement|to see|voir|recevoir|avoir))\b)"
    r"|\s(?=(?:just|only) (?:send|give|show|stop|the copy|a copy)\b)"
)
_BETWEEN: Final = re.compile(r"[,;:.!…]+")
_BULLET: Final = re.compile(r"^\s*(?:[-*•–·]|\(?\d{1,2}[.)]|\(?[a-h][.)])\s*")
_OF_ARTICLE: Final = {
    "15": "access", "16": "rectification", "17": "erasure", "18": "restriction", "20": "portability", "21": "objection",
}  # fmt: skip
# Of what is asked about rights alone: elsewhere *article 77* is a threat, and *7(3)* of any text.
_BY_ARTICLE_ALONE: Final = _OF_ARTICLE | {"22": "objection", "77": "complaint", "7": "consent_withdrawal"}
_ALONE: Final = re.compile(r"(?<!\d)(?:7(?= ?[(.§] ?3\b)|\d\d)(?!\d)")
_ADDRESS: Final = re.compile(r"(?<![\w.+%'-])[\w.+%'-]++@[\w-]++(?:\.[\w-]++)+")
_IN_BRACKETS: Final = re.compile(r"\([^()]{1,200}\)")
_NEXT_ITEM: Final = re.compile(r"[\n;•|]|\b\d{1,3}[.)]\s")
_BESIDE: Final = 120  # characters beside an address in which its right stands
_LAW: Final = re.compile(
    r"\b(?:gdpr|rgpd|dsgvo|2016/679|general data protection)\b|\b(?:(?:le|du|ce) reglement|the regulation)\b(?! interieur)"
)
_FROM_TO: Final = re.compile(r"\b(\d\d) ?(?:to|through|a|jusqu'a|-|–) ?(\d\d)\b")
_LONGEST_TITLE: Final = 160  # characters


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard, and the sentences without the clauses that take an erasure back or say that another asked."""

    wishes: tuple[str, ...]
    listed: tuple[str, ...]
    rest: tuple[str, ...]


def hear(sentences: Sequence[str], *, several: bool = False) -> Heard:
    """Hear the wishes of a message, sentence by sentence; in time linear to its length. `several` is what `lists_several` told."""
    wishes: dict[str, None] = {}
    rest = []
    for sentence in sentences:
        plain = in_plain(sentence)
        spares = bool(_hint().search(plain)) and any(_any(table).may_be_in(plain) for table in _SPARES)
        if not (spares or _any("denied").may_be_in(plain) or _any("changed_mind").may_be_in(plain)):
            rest.append(sentence)  # as nearly every sentence is
            continue
        clauses = _clauses(plain)
        spares = spares and not _any("insists").search(plain)
        heard = {clause: wish for clause in clauses if (wish := _taken_back(clause, spares=spares))}
        wishes |= dict.fromkeys(heard.values())
        rest.append(", ".join(clause for clause in clauses if clause not in heard) if heard else sentence)
        if any(_any("changed_mind").search(clause) for clause in clauses):
            wishes[CHANGED_MIND] = None
    if takes_all_back(", ".join(sentences)):
        wishes[CHANGED_MIND] = None
    plain_lines = [in_plain(sentence) for sentence in sentences]
    if DONT in wishes and any(map(_any("ordered").search, plain_lines)):
        del wishes[DONT]  # it counts where an erasure is open, and denies none
        wishes[KEPT_IT] = None
    if several or any(_any("for_several").search(line) for line in plain_lines):
        wishes |= dict.fromkeys((FOR_OTHER, FOR_SEVERAL))
    elif _is_for_other(plain_lines):
        wishes[FOR_OTHER] = None
    listed = tuple(dict.fromkeys(_listed([in_plain(sentence) for sentence in rest])))
    enough = len(listed) >= (1 if FOR_OTHER in wishes else FEWEST_LISTED)
    return Heard(tuple(wishes), listed if enough else (), tuple(filter(None, rest)))


# ── nothing is to be erased ─────────────────────────────────────────────────────────────────────────


def _taken_back(clause: str, *, spares: bool) -> str | None:
    """Name the wish by which a clause takes back what was asked, or says that somebody else asked."""
    if _any("denied").search(clause):
        return DENIED
    if not spares:
        return None
    if _is_dont(clause):
        return DONT
    return KEPT_IT if _any("kept_it").search(clause) else None


def _is_dont(clause: str) -> bool:
    if not (_any("dont").search(clause) or _any("kept").search(clause)):
        return False
    return not (_any("dont_unless").search(clause) or _any("limited").search(clause))


def _clauses(plain: str) -> list[str]:
    joined = plain.replace("go ahead and", "go ahead with")
    return [clause for part in _CLAUSE_END.split(joined) if (clause := part.strip())]


def takes_all_back(text: str, *, ends_use: bool = False, proving: bool = False) -> bool:
    """Tell whether a message does nothing but take back whatever is open: *annulez tout*; where a use is to end, *stop* says that.

    Whoever is asked for an address or a code says it in fewer words too: *actually no*.
    """
    if len(text) > _LONGEST_TAKING_BACK:
        return False
    clauses = _clauses(in_plain(text))
    rows = ["says", *([] if ends_use else ["stops"]), *(["unwanted"] if proving else [])]
    takes = [any(_row("all_back", row).fullmatch(clause) for row in rows) for clause in clauses]
    return any(takes) and all(
        taking or any(_row("all_back", row).fullmatch(clause) for row in ("beside", "unwanted"))
        for taking, clause in zip(takes, clauses, strict=True)
    )


def wants_rest(sentences: Sequence[str]) -> bool:
    """Tell whether data are to stay and not to be used: what takes an erasure back can ask for a restriction."""
    return any(_any("rests").search(in_plain(sentence)) for sentence in sentences)


# ── rights in a list ────────────────────────────────────────────────────────────────────────────────


def _listed(lines: Sequence[str]) -> Iterator[str]:
    """Give the rights that are used in a list: in the sentence that uses them, or as items below it."""
    listing = False
    for line in lines:
        uses = bool(_any("exercises").search(line)) and not _is_told(line)
        is_item = bool(_BULLET.match(line)) or len(line.split()) <= _LONGEST_ITEM
        if uses or (listing and is_item and not _any("exercises_unless").search(line)):
            yield from _named(line)
        listing = uses or (listing and is_item)


def _is_told(line: str) -> bool:
    """Tell whether rights are asked about or told of; what stands in brackets beside their names says no more: *(it is 5, not 3)*."""
    return "?" in line or bool(_any("exercises_unless").search(_IN_BRACKETS.sub(" ", line)))


def _named(line: str) -> Iterator[str]:
    yield from (
        right for right in tables("wishes")["names_of_rights"] if _row("names_of_rights", right).search(line)
    )
    if not _FROM_TO.search(line):  # all of them at once are asked about
        yield from _by_article(line)


def _by_article(line: str) -> Iterator[str]:
    """Give the rights whose articles a line names: those of the law, or of no text that it names."""
    line = _FROM_TO.sub(lambda found: _each_between(int(found[1]), int(found[2])), line)
    is_used = _any("by_number").search(line) and not _any("by_number_unless").search(line)
    if is_used or _LAW.search(line):
        for numbers in _any("articles").findall(line):
            yield from (_OF_ARTICLE[n] for n in re.findall(r"\b\d\d\b", numbers) if n in _OF_ARTICLE)


def _each_between(first: int, last: int) -> str:
    return ", ".join(map(str, range(first, last + 1)))


def by_article(sentences: Sequence[str]) -> tuple[str, ...]:
    """Give the rights that are used by their articles, be it one, or that a message of nothing else names so."""
    lines = [in_plain(sentence) for sentence in sentences]
    whole = " ".join(lines)
    if len(whole) <= _LONGEST_TITLE and _LAW.search(whole) and _any("only_articles").fullmatch(whole):
        return tuple(dict.fromkeys(_by_article(whole)))
    using = (line for line in lines if _any("by_number").search(line) and not _is_told(line))
    return tuple(dict.fromkeys(right for line in using for right in _by_article(line)))


def asked_before(sentences: Sequence[str]) -> tuple[str, ...]:
    """Give the rights of a request that somebody says they made and had no answer to: *on 12 October I sent you a request under Article 15*."""
    lines = [in_plain(sentence) for sentence in sentences]
    if not _any("unanswered").search(" ".join(lines)):
        return ()
    told = [
        line
        for line in lines
        if _any("asked_before").search(line) and not _any("by_number_unless").search(line)
    ]
    named = [right for line in told if _any("of_data_by_name").search(line) for right in _named(line)]
    numbers = (
        number for line in told for each in _any("articles").findall(line) for number in _ALONE.findall(each)
    )
    return tuple(
        dict.fromkeys([*named, *(_OF_ARTICLE[number] for number in numbers if number in _OF_ARTICLE)])
    )


def names_complaint(sentences: Sequence[str]) -> bool:
    """Tell whether a complaint, or whom one complains to, is named at all."""
    return bool(_any("names_complaint").search(all_in_plain(sentences)))


def by_article_alone(text: str) -> tuple[str, ...]:
    """Give the rights of an answer that names nothing but articles, of which law it need not say: *article 15*, *l'article 7(3)*."""
    whole = in_plain(text)
    if len(whole) > _LONGEST_TITLE or not _any("only_articles").fullmatch(whole):
        return ()
    named = (_BY_ARTICLE_ALONE.get(number) for number in _ALONE.findall(whole))
    return tuple(dict.fromkeys(filter(None, named)))


# ── somebody else ───────────────────────────────────────────────────────────────────────────────────


def _is_for_other(lines: Sequence[str]) -> bool:
    """Tell whether somebody else is the one concerned: said in so many words, or by what the wishes are about.

    Whom the writer introduces is told by *my mother*; that the wish is about her by *her account*, wherever in the message.
    """
    if not any(_any("kin").search(line) or _any("for_other").search(line) for line in lines):
        return False
    lines = [line for line in lines if not _any("for_other_unless").search(line)]
    wanted = [clause for line in lines for clause in _clauses(line) if _any("wish").search(clause)]
    theirs = any(_any("theirs").search(clause) for clause in wanted)
    kin = [line for line in lines if _any("kin").search(line)]
    if kin and theirs:
        return True
    ours = any(_any("ours").search(clause) for clause in wanted)
    if kin and ours:
        # "and my wife's".
        beside = {c for line in kin for c in _clauses(line) if _any("for_other").fullmatch(c)}
        return bool(beside) or any(_any("for_other").search(clause) for clause in wanted)
    points_back = any(_any("its").search(clause) for clause in wanted)
    has = any(_any("kin_has").search(line) for line in kin)
    return (points_back and has) or any(_any("for_other").search(line) for line in lines)


def is_for_another(text: str) -> bool:
    """Tell whether a short message says of what was asked before that it is somebody else's: *it is for my father*."""
    return len(text) <= _LONGEST_TITLE and bool(_any("for_whom").search(_in_a_row(text)))


def is_for_oneself(text: str) -> bool:
    """Tell whether a short message does nothing but say of what was asked before that it is the writer's own: *it is for me after all*."""
    return len(text) <= _LONGEST_TITLE and bool(_any("for_me").fullmatch(_in_a_row(text)))


def _in_a_row(text: str) -> str:
    """Give a text in plain without what stands between its words: *no, it is …*."""
    return " ".join(_BETWEEN.sub(" ", in_plain(with_apostrophes(text))).split())


def lists_several(text: str) -> bool:
    """Tell whether a text is a list of several addresses, each with a right of its own: nobody asks for oneself by such."""
    if text.count("@") < FEWEST_LISTED:
        return False
    addresses = list(_ADDRESS.finditer(text))
    if len({found[0].casefold() for found in addresses}) < FEWEST_LISTED:
        return False
    edges = [0, *(edge for found in addresses for edge in found.span()), len(text)]
    between = [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
    inner = between[1:-1]
    if not all(map(_NEXT_ITEM.search, inner)) or _any("speaks_of_oneself").search(all_in_plain(inner)):
        return False
    beside = [in_plain(f"{each[:_BESIDE]} {each[-_BESIDE:]}") for each in between]
    uses = [
        {row for row in tables("wishes")["right_of_item"] if _row("right_of_item", row).search(each)}
        for each in beside
    ]
    named = max(sum(map(bool, uses[1:])), sum(map(bool, uses[:-1])))
    # Where nothing but marketing is named, it ends for every address: that needs no mandate (GDPR 21(3)).
    return named >= FEWEST_LISTED and any("other" in each for each in uses)


def as_own(sentence: str) -> str:
    """Give a sentence about somebody else's data as if the writer meant their own: the reader knows rights by such."""
    plain = in_plain(sentence)
    for own in tables("wishes")["as_own"]:
        plain = _row("as_own", own).sub(own, plain)
    return plain


def asked_for_other(sentences: Sequence[str]) -> list[str]:
    """Give the clauses that want something done, each as if its writer meant their own: one mail asks several things for one person."""
    clauses = [clause for sentence in sentences for clause in _clauses(in_plain(sentence))]
    return [as_own(clause) for clause in clauses if _any("wish").search(clause)]


def copies_for_other(sentences: Sequence[str]) -> bool:
    """Tell whether what is somebody else's is to be sent or given: heirs ask for invoices, and mean what is held of the dead."""
    clauses = (clause for sentence in sentences for clause in _clauses(in_plain(sentence)))
    return any(
        _any("copies_for_other").search(clause) and not _any("ends_sending").search(clause)
        for clause in clauses
    )


def names_right(sentence: str) -> bool:
    """Tell whether a sentence holds a word for erasing, or for what else can be asked."""
    return _any("names_right").search(in_plain(sentence)) is not None
