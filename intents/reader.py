"""Reads one message in about a millisecond: language, decision, rights and details, never an error."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from intents.acts import asks_nothing_yet, without_acts
from intents.asides import (
    complaint_is_threatened,
    of_oneself,
    only_looks,
    threatens_only,
    without_asides,
    without_asked_whether_done,
    without_introduction,
    without_law,
    without_lost_mailbox,
    without_shown,
    without_told_rights,
)
from intents.awaiting import says_away
from intents.clauses import Wish, wished_in, wishes_in, wishes_of
from intents.cleaning import (
    HEAD_CHARACTERS,
    HEAD_SENTENCES,
    TAIL_SENTENCES,
    legible,
    normalise,
    own_words,
    says_something,
    sentences,
    unwrapped,
    with_apostrophes,
    with_links_as_one,
    within_length,
)
from intents.details import details_of, emptied_in, names_use, where_to
from intents.holders import Holder, as_mine, holders_in
from intents.labels import ANY_RIGHT, ASK, CONVERSATIONAL, NONE, OUTPUTS, REQUEST, RIGHTS
from intents.language import LANGUAGE_FILE, LanguageReader
from intents.meant import without_put_off, without_taken_back
from intents.narrowing import (
    asks_review,
    asks_source,
    asks_what_access_is,
    complains,
    complains_of_data,
    in_known_words,
    is_access_request,
    named_alone,
    names_access,
    objects,
    objects_by_law,
    only_complains,
    puts_instead,
    restricts,
    spares_own,
    spares_some,
    spelled_out,
    without_complaint,
    without_details,
    without_how,
    without_source,
    without_what_would_be,
    without_whether_asked,
    without_whether_breached,
)
from intents.negated import without_what_goes_on
from intents.reading import Intent, Reading
from intents.signatures import without_titles
from intents.spelling import LANGUAGES as SPELT
from intents.spelling import well_spelt
from intents.tables import forget, in_plain
from intents.wishes import (
    DENIED,
    DONT,
    FOR_OTHER,
    KEPT_IT,
    Heard,
    as_own,
    asked_before,
    asked_for_other,
    by_article,
    copies_for_other,
    hear,
    lists_several,
    names_complaint,
    names_right,
    wants_rest,
)

if TYPE_CHECKING:
    from spacy.language import Language

Scores = list[list[float]]
Spoken = dict[str, str]  # sentences by their normalised form
_Intents = tuple[Intent, ...]
_Read = tuple[str, _Intents]
_Decided = tuple[str, _Intents, str | None]

MODEL_DIRECTORY: Final = Path(__file__).parent / "model"
READ_TOGETHER: Final = 3
THRESHOLDS_FILE: Final = "thresholds.toml"
_ANY: Final = OUTPUTS.index(ANY_RIGHT)
_RESTRICTION = "restriction"
_COMPLAIN: Final = "complaint"
_COMPLAINT: Final = RIGHTS.index(_COMPLAIN)
_RESERVES: Final = re.compile(
    r"\breserv(?:e|es|ing) (?:\w+ ){0,2}rights?\b|\breserve (?:le|la|mon|tout|tous) "
    r"|\bbehalt\w* (?:ich|wir)\b.*\bvor\b|\bvorbehalt|\b(?:me|nos) reserv|\bmi riserv"
    r"|\bbehoud\w* (?:\w+ ){0,3}recht|\breserv\w+ ?-? ?(?:me|nos|o direito)\b"
    r"|\bjatan endale oiguse|\bоставляю за собой право|\bzastrzegam"
)
_LIKELY_ENOUGH: Final = 0.1  # a complaint less likely than this changes no reading
_CORRECTION: Final = "rectification"
_ACCESS: Final = "access"
_ERASURE: Final = "erasure"
_PORTABILITY: Final = "portability"
_STATUS: Final = "request_status"
_ENDS_OF_USE: Final = frozenset({"objection", "consent_withdrawal"})
_CORRECTS_ONLY: Final = frozenset({"rectification"})  # beside any other right the model drops a detail
_LIKELY_CLAUSE: Final = 0.2  # a clause whose words ask for a right is likely to use it from here on
_SURE_OF_CLAUSE: Final = 0.6
_MOST_CLAUSES: Final = 24  # of a message, each read by itself
_WISHES: Final = ("", "i want ", "je veux ")  # what opened the sentence is wished for by what goes on in it
_MUCH_THE_SAME: Final = {"access": "portability", "objection": "consent_withdrawal"}
_ENDING: Final = " .!…"
_WIDE: Final = re.compile(r"[ \t]{2,}")  # where something was left out, or typed so
_EXCLAIMS: Final = frozenset("!…")
_FEWEST_CALLED: Final = 3  # words
_OPEN_ENDING: Final = frozenset("?:;,")
_LIKELY: Final = 0.78  # evidence from which on a sentence is nearly sure of a wish
_TINY: Final = 1e-9
_TALK: Final = len(RIGHTS) + 1


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which probability on a message is a request, worth a question, a right, or talk about one."""

    request: float
    ask: float
    right: float
    talk: float

    @classmethod
    def load(cls, path: Path) -> Thresholds:
        """Read the four numbers from a TOML file."""
        return cls(**tomllib.loads(path.read_text(encoding="utf-8")))


class LeavesOut(NamedTuple):
    """A rule that leaves something out before rights are read, and what that is at most where it is all there is."""

    left: Callable[[Spoken, Callable[[str], bool]], Spoken]
    alone: str


# What was never wished goes before what was wished once: only the latter leaves a doubt, and is looked for by its words.
LEAVES_OUT: Final = (
    # The whole line of a form, before what it agrees to is taken out of it.
    LeavesOut(lambda spoken, _: without_what_goes_on(without_told_rights(spoken)), NONE),
    LeavesOut(
        lambda spoken, _: without_lost_mailbox(without_introduction(without_asides(spoken)), "lost_mailbox"),
        NONE,
    ),
    # Before the others that leave a doubt: *Ana, no, Anna* is no doubt, unless one of them leaves something out as well.
    LeavesOut(without_taken_back, REQUEST),
    LeavesOut(lambda spoken, _: without_law(spoken), ASK),
    LeavesOut(lambda spoken, _: without_asked_whether_done(spoken), ASK),
    LeavesOut(lambda spoken, _: without_shown(spoken), ASK),
    LeavesOut(lambda spoken, _: without_put_off(spoken), ASK),
    LeavesOut(lambda spoken, _: without_lost_mailbox(spoken, "dead_mailbox"), ASK),
)


def _weighed(_: Reader, decision: str, intents: _Intents, sentences: Sequence[str]) -> _Read:
    """Take a threat in an ordinary dispute for a doubt at most, and *access to my data* by its own name."""
    rights = {intent.name for intent in intents if intent.name in RIGHTS}
    if decision == REQUEST and "complaint" in rights and threatens_only(sentences):
        return ASK, intents
    if decision != NONE and rights <= {_ACCESS, _PORTABILITY} and only_looks(sentences):
        return REQUEST, _with(_ACCESS, tuple(i for i in intents if i.name != _PORTABILITY))
    return decision, intents


def _contradicted(_: Reader, decision: str, intents: _Intents, sentences: Sequence[str]) -> _Read:
    """Read no restriction beside an erasure that no word asks for: *erase it and use it no more* is no *keep it* (GDPR 18)."""
    if {"erasure", _RESTRICTION} <= {intent.name for intent in intents} and not restricts(sentences):
        return decision, tuple(i for i in intents if i.name != _RESTRICTION)
    return decision, intents


def _objecting(_: Reader, decision: str, intents: _Intents, sentences: Sequence[str]) -> _Read:
    """Let no erasure or withdrawal hide an objection by its article: *in so far as you rely on legitimate interests, I object*."""
    if decision == REQUEST and objects_by_law(sentences):
        return decision, _with("objection", intents)
    return decision, intents


def _by_name(_: Reader, decision: str, intents: _Intents, sentences: Sequence[str]) -> _Read:
    """Read nothing alone where access is named beside it: its questions are answered by no other right (GDPR 15, 20)."""
    if not names_access(sentences):
        return decision, intents
    if is_access_request(sentences):
        kept = intents if decision != NONE else tuple(i for i in intents if i.name not in RIGHTS)
        return REQUEST, _with(_ACCESS, kept)
    if decision == NONE:
        return decision, intents
    if asks_what_access_is(sentences) or any(intent.name == _PORTABILITY for intent in intents):
        return decision, _with(_ACCESS, intents)
    return decision, intents


def _only_named(_: Reader, decision: str, intents: _Intents, sentences: Sequence[str]) -> _Read:
    """Read what a message does nothing but name: *a copy of my data* is no doubt, *right of access* is asked about."""
    named, sure = named_alone(sentences)
    if named and (sure or decision != REQUEST):
        return REQUEST if sure else ASK, tuple(Intent(right, 1.0) for right in named)
    if decision != REQUEST and (numbered := by_article(sentences)):
        guessed = (i for i in intents if decision == ASK and i.name in RIGHTS and i.name not in numbered)
        return ASK, (*(Intent(right, 1.0) for right in numbered), *guessed)
    return decision, intents


def _overdue(_: Reader, decision: str, intents: _Intents, sentences: Sequence[str]) -> _Read:
    """Ask about a right that was used before and never answered, they say: a reminder is never nothing (GDPR 12(3))."""
    if not (rights := asked_before(sentences)):
        return decision, intents
    said = {_RESTRICTION: restricts(sentences), _COMPLAIN: names_complaint(sentences)}
    kept = tuple(i for i in intents if said.get(i.name, True))  # *within the limit*, *no answer* is neither
    named = tuple(Intent(right, 1.0) for right in rights if all(i.name != right for i in kept))
    if decision == REQUEST and any(i.name in RIGHTS for i in kept):
        # Who complains of the silence tells of the request for that.
        return REQUEST, (kept if any(i.name == _COMPLAIN for i in kept) else (*kept, *named))
    return ASK, (*(Intent(right, 1.0) for right in rights), *(i for i in kept if i.name not in RIGHTS))


def _reviewed(_: Reader, decision: str, intents: _Intents, sentences: Sequence[str]) -> _Read:
    """Read "I want a human to look at this decision" as the right that it is, and as no wish for somebody to talk to (GDPR 22(3))."""
    if not asks_review(sentences):
        return decision, intents
    return REQUEST, _with("objection", tuple(i for i in intents if i.name != "human"))


def _not_yet(_: Reader, decision: str, intents: _Intents, sentences: Sequence[str]) -> _Read:
    """Take a message that says it makes no request yet at its word: whatever its questions name, a person answers them."""
    return (ASK if decision == REQUEST and asks_nothing_yet(sentences) else decision), intents


class Reader:
    """Reads messages with a trained pipeline; made once, used from one thread at a time."""

    def __init__(self, nlp: Language, languages: LanguageReader, thresholds: Thresholds) -> None:
        from intents.pipeline import LineScorer

        self._lines = LineScorer(nlp)
        self._languages = languages
        self._thresholds = thresholds
        # Of the message that is being read: several rules score most of its sentences.
        self._scored: dict[str, list[float]] = {}

    @classmethod
    def load(cls, directory: Path | None = None) -> Reader:
        """Load a pipeline, the committed one by default; raises OSError when the folder is not there."""
        from intents.pipeline import load_pipeline

        directory = directory or MODEL_DIRECTORY
        thresholds = Thresholds.load(directory / THRESHOLDS_FILE)
        return cls(load_pipeline(directory), LanguageReader.load(directory / LANGUAGE_FILE), thresholds)

    def beside(self) -> Reader:
        """Give a reader of the same weights for another thread."""
        return Reader(self._lines.beside(), self._languages, self._thresholds)

    def read(self, text: str, *, language_hint: str | None = None, quoted: Sequence[str] = ()) -> Reading:
        """Read a message; sentences that stand in `quoted` (our earlier replies) don't count."""
        try:
            return self._read(text, language_hint, quoted)
        finally:
            self._forget()

    def _read(self, text: str, language_hint: str | None, quoted: Sequence[str]) -> Reading:
        typed = unwrapped(without_titles(own_words(legible(text))))
        own = with_links_as_one(typed)
        said = _spoken(own, quoted)
        spoken = _within_budget(said)
        in_part = len(spoken) < len(said) or within_length(text) is not text
        language = self._languages.read(
            " ".join(spoken.values()) or with_links_as_one(legible(text)), language_hint
        )
        as_typed = _as_spelt(spoken, language)
        spelled = (spelled_out(sentence, denial=True) for sentence in as_typed)
        spoken = {normalise(sentence): sentence for sentence in spelled}
        everything, spoken, alone = self._left(spoken)
        # As it came: an address in angle brackets looks like markup.
        several = lists_several(own_words(within_length(text)))
        heard = hear(list(spoken.values()), several=several)
        decision, intents, sentence = self._beside(heard, spoken)
        if decision != REQUEST and FOR_OTHER not in heard.wishes and of_oneself(heard.rest):
            mine = {normalise(s): s for s in map(as_own, heard.rest)}
            decision, intents, sentence = self._beside(replace(heard, rest=tuple(mine.values())), mine)
        holders = holders_in(own)
        if holders and decision != REQUEST:
            decision, intents, sentence = self._of_another(
                holders, heard, spoken, (decision, intents, sentence)
            )
        if decision == NONE and alone != NONE:
            decision, intents, sentence = self._beside(
                hear(list(everything.values()), several=several), everything
            )
            if decision == REQUEST and not (alone == REQUEST and _only_corrects(intents)):
                decision = ASK  # the only wish is taken back, put off or shown
        for_other = FOR_OTHER in heard.wishes or bool(holders)
        intents = (*intents, *_said_for_other(heard.rest if for_other else (), decision, intents))
        for narrowed in self.NARROWS:
            decision, intents = narrowed(self, decision, intents, heard.rest)
        if decision != NONE and says_away(text):
            decision, intents, sentence = NONE, (), None
        details = _details(text, typed, spoken, heard.rest, intents)
        shown = _WIDE.sub(" ", as_typed.get(sentence or "", sentence) or "") or None
        return Reading(text, language, decision, intents, details, shown, heard.wishes, holders, in_part)

    def _left(self, spoken: Spoken) -> tuple[Spoken, Spoken, str]:
        """Give what was wished at all, what of it is wished now, and what the former is at most where nothing else is."""
        everything, alone = spoken, NONE
        for rule in LEAVES_OUT:
            left = rule.left(spoken, self._asks)
            if rule.alone == NONE:
                everything = left
            elif left is not spoken:
                alone = rule.alone
            spoken = left
        return everything, spoken, alone

    def _of_another(
        self, holders: tuple[Holder, ...], heard: Heard, spoken: dict[str, str], read: _Decided
    ) -> _Decided:
        """Read "the account of Boris Petrov" as one's own, by which rights are known; what was nothing is a doubt at most."""
        mine = {normalise(own): own for own in (as_mine(s, holders) for s in spoken.values())}
        decision, intents, sentence = self._beside(replace(heard, rest=tuple(mine.values())), mine)
        if decision == NONE:
            return read
        return (REQUEST if read[0] == ASK and decision == REQUEST else ASK), intents, sentence

    @property
    def ask(self) -> float:
        """The threshold from which on a message is worth a question."""
        return self._thresholds.ask

    def evidence(self, text: str) -> float:
        """Give how likely a message uses a right at all, between 0 and 1: what the thresholds decide on."""
        spoken = _spoken(with_links_as_one(unwrapped(without_titles(own_words(legible(text))))), ())
        try:
            return max(map(evidence_of, self.scores(list(spoken)))) if spoken else 0.0
        finally:
            self._forget()

    def _forget(self) -> None:
        """Keep nothing of a message that has been read."""
        self._scored.clear()
        forget()

    def _asks(self, text: str) -> bool:
        line = normalise(text)
        return says_something(line) and evidence_of(self.scores([line])[0]) >= self._thresholds.ask

    def _beside(self, heard: Heard, spoken: dict[str, str]) -> _Decided:
        """Decide on what is left beside the clauses that take an erasure back, and add the rights of a list."""
        taken_back = not {DONT, KEPT_IT, DENIED}.isdisjoint(heard.wishes)
        left = {line: s for s in heard.rest if says_something(line := normalise(s))} if taken_back else spoken
        if taken_back and wants_rest(list(spoken.values())) and not wishes_of(heard.rest):
            resting = self._restriction(spoken)
            if resting is not None:
                return resting
        decision, intents, sentence = self._decide(left)
        spares = not {DONT, KEPT_IT}.isdisjoint(heard.wishes)
        if decision == ASK and not spares and taken_back:
            # Something is asked beside "I never asked for this": how surely, the whole message says.
            decision, intents, sentence = self._decide(spoken)
        if spares and decision == ASK and not any(map(names_right, heard.rest)):
            # Beside it nothing was asked.
            return NONE, tuple(i for i in intents if i.name not in RIGHTS), None
        if FOR_OTHER in heard.wishes:
            decision, intents, sentence = self._for_other(heard.rest, (decision, intents, sentence))
        decision, intents, sentence = self._instead(heard, (decision, intents, sentence))
        # Beside nothing that may be a wish there is none to be hidden, and most messages are such.
        wished = [*self._wished(heard.rest)] if decision != NONE else []
        wishes = wishes_in(heard.rest, further=wished) or (wished if decision == REQUEST else ())
        decision, intents = self._in_clauses(decision, intents, wishes)
        if decision == REQUEST:
            sentence = sentence or heard.rest[0]
        if not heard.listed:
            return decision, intents, sentence
        known = {intent.name for intent in intents} if decision == REQUEST else set()
        listed = tuple(Intent(right, 1.0) for right in heard.listed if right not in known)
        kept = intents if decision == REQUEST else tuple(i for i in intents if i.name not in RIGHTS)
        return REQUEST, (*kept, *listed), sentence or heard.rest[0]

    def _complaining(self, decision: str, intents: _Intents, sentences: Sequence[str]) -> _Read:
        """Hear a complaint in so many words, and what is asked beside it: neither hides the other."""
        if not complains([each for each in sentences if not complaint_is_threatened(in_plain(each))]):
            return decision, intents
        asked, others = self._asked_in(without_complaint(sentences))
        known = {intent.name for intent in intents}
        if asked == REQUEST:
            intents = (*intents, *(i for i in others if i.name in RIGHTS and i.name not in known))
        if objects(sentences):
            decision, intents = REQUEST, _with("objection", intents)
        if REQUEST in {asked, decision} or (
            decision == ASK and complains_of_data(without_complaint(sentences))
        ):
            decision = REQUEST
        if decision != NONE:  # of a doubt, too, the question offers the complaint that was named
            intents = _with(_COMPLAIN, intents)
        return decision, intents

    def _ending(self, decision: str, intents: _Intents, sentences: Sequence[str]) -> _Read:
        """Be sure of an end of a use that is asked for in so many words; a formal complaint of a use alone ends none."""
        rights = {intent.name for intent in intents if intent.name in RIGHTS}
        if not rights & _ENDS_OF_USE:
            return decision, intents
        if objects(sentences):
            return (REQUEST if decision == ASK and rights <= _ENDS_OF_USE else decision), intents
        if decision == REQUEST and only_complains(sentences):
            intents = _with(_COMPLAIN, tuple(i for i in intents if i.name not in _ENDS_OF_USE))
        return decision, intents

    def _limited(self, decision: str, intents: _Intents, sentences: Sequence[str]) -> _Read:
        """Ask about the erasure of a detail, beside whatever else the message asks for; it never becomes one of all."""
        rights = {i.name for i in intents if i.name in RIGHTS} if decision != NONE else set()
        if spares_some(sentences) and ("erasure" in rights or spares_own(sentences)):
            return ASK, _with("erasure", intents)  # an exception is asked about: never all at once
        only_corrects = rights <= _CORRECTS_ONLY and puts_instead(sentences)
        beside = without_details(sentences) if decision != NONE and not only_corrects else None
        if beside is None:
            return decision, intents
        asked, others = self._asked_in(beside)
        for each, found in ((asked, others), (decision, intents)):
            kept = tuple(i for i in found if i.name != "erasure")
            if each == REQUEST and {i.name for i in kept if i.name in RIGHTS} - {_CORRECTION}:
                return REQUEST, _with(_CORRECTION, kept)
        return ASK, _with(_CORRECTION, intents)

    def _asked_how(self, decision: str, intents: _Intents, sentences: Sequence[str]) -> _Read:
        """Take "how do I export my data to another host?" for a doubt: that they be carried there is what opens (GDPR 20)."""
        rights = {intent.name for intent in intents if intent.name in RIGHTS}
        if decision != REQUEST or not rights <= {_PORTABILITY, _ACCESS}:
            return decision, intents
        beside = without_how(sentences)
        if beside is None or self._asked_in(beside)[0] == REQUEST:
            return decision, intents
        return ASK, intents

    def _asked_what_would_be(self, decision: str, intents: _Intents, sentences: Sequence[str]) -> _Read:
        """Take "what happens to my data if I close my account?" for a doubt: a question erases nothing (GDPR 17)."""
        if decision != REQUEST or not any(intent.name == _ERASURE for intent in intents):
            return decision, intents
        beside = without_what_would_be(sentences)
        if beside is None:
            return decision, intents
        asked, others = self._asked_in(beside)
        return (asked, others) if asked == REQUEST else (ASK, intents)

    def _asked_of_breach(self, decision: str, intents: _Intents, sentences: Sequence[str]) -> _Read:
        """Take "was my data in a breach?" for a question: whoever only asks complains of nothing yet (GDPR 77)."""
        if decision != REQUEST or not any(intent.name == _COMPLAIN for intent in intents):
            return decision, intents
        beside = without_whether_breached(sentences)
        if beside is None:
            return decision, intents
        asked, others = self._asked_in(beside)
        return (asked, others) if asked == REQUEST else (ASK, intents)

    def _only_told(self, decision: str, intents: _Intents, sentences: Sequence[str]) -> _Read:
        """Take "did you delete my data?" and "ask me before you do" for a doubt at most: neither asks for the act (GDPR 12(3))."""
        rights = {intent.name for intent in intents if intent.name in RIGHTS}
        told = without_acts(sentences) if decision != NONE and rights - {_COMPLAIN} else None
        if told is None:
            return decision, intents
        beside, asks_if_done = told
        asked, others = self._asked_in(beside)
        if asked == REQUEST:
            return asked, others
        if asked == ASK and any(map(names_right, beside)):
            return decision, intents  # "if not, do it now" is a wish
        return ASK, _with(_STATUS, intents) if asks_if_done else intents

    def _asked_whether(self, decision: str, intents: _Intents, sentences: Sequence[str]) -> _Read:
        """Take "did I ask you to erase my data?" for a question where that stands: it asks for no erasure."""
        beside = without_whether_asked(sentences)
        if beside is None:
            return decision, intents
        asked, others = self._asked_in(beside)
        if asked == REQUEST:
            return asked, _with(_STATUS, others)
        if any(map(says_something, beside)):  # "if not, do it now" is a wish
            return (ASK if decision == REQUEST else decision), _with(_STATUS, intents)
        return NONE, _with(_STATUS, tuple(i for i in intents if i.name not in RIGHTS))

    def _sourced(self, decision: str, intents: _Intents, sentences: Sequence[str]) -> _Read:
        """Read "where did you get my address from?" as access: the address named in it is none to be corrected."""
        if not asks_source(sentences):
            return decision, intents
        asked, others = self._asked_in(without_source(sentences))
        if asked == REQUEST:
            return REQUEST, _with(_ACCESS, others)
        kept = intents if decision == REQUEST else tuple(i for i in intents if i.name not in RIGHTS)
        return REQUEST, _with(_ACCESS, tuple(i for i in kept if i.name != _CORRECTION))

    # What rights are read is narrowed, each rule on what the one before it left.
    NARROWS: ClassVar = (
        # Before the limits: where data come from is access, which stays one beside a detail that is asked about.
        _sourced,
        # Before the limits: what is asked beside a complaint is certain, and an erasure of all but something must not be.
        _complaining,
        _ending,
        _limited,
        _asked_how,
        _only_told,
        _asked_what_would_be,
        _asked_of_breach,
        # Nothing adds a restriction from here on.
        _contradicted,
        _only_named,
        # Before the weighing, which reads the right of access by its own name alone.
        _by_name,
        # A threat beside whatever was read is a doubt, and the right of access goes by its own name.
        _weighed,
        # Beside what is certain; nothing is narrowed by it.
        _objecting,
        # What a reminder names goes before what the model guessed of it.
        _overdue,
        _reviewed,
        _not_yet,
        # Last: whatever else was read of it, what is only asked after is asked for by nothing.
        _asked_whether,
    )

    def _asked_in(self, said: Sequence[str]) -> _Read:
        """Read what is said beside a clause that was heard by its words, a single wish of it too."""
        asked, others, _ = self._decide({line: s for s in said if says_something(line := normalise(s))})
        return self._in_clauses(asked, others, [*wishes_of(said), *self._wished(said)], fewest=1)

    def _in_clauses(
        self, decision: str, intents: _Intents, wishes: Sequence[Wish], *, fewest: int = 2
    ) -> _Read:
        """Add the rights that single clauses ask for; so many asked for in so many words are no doubt any more."""
        known = {i.name for i in intents} if decision == REQUEST else set()
        added = tuple(self._enumerated(wishes, known))
        if decision == REQUEST:
            return REQUEST, (*intents, *added)
        if len({intent.name for intent in added}) < fewest:
            return decision, intents
        return REQUEST, (*(i for i in intents if i.name not in RIGHTS), *added)

    def _instead(self, heard: Heard, read: _Decided) -> _Decided:
        """Read what is wished in place of an erasure: *don't delete it, just stop the ads* asks for it in so many words."""
        if {DONT, KEPT_IT}.isdisjoint(heard.wishes) or read[0] == REQUEST:
            return read
        decision, intents = self._in_clauses(NONE, (), wishes_of(heard.rest), fewest=1)
        return (decision, intents, heard.rest[0]) if decision == REQUEST else read

    def _for_other(self, sentences: Sequence[str], read: _Decided) -> _Decided:
        """Read what is asked for somebody else as one's own, where nothing was read so far, and every right of it."""
        if read[0] == NONE:
            read = self._decide({normalise(as_own(s)): s for s in sentences})
        decision, intents, sentence = read
        if decision == NONE:
            return read
        beside = self._asked_for_other(sentences, {intent.name for intent in intents})
        return decision, (*intents, *beside), sentence

    def _asked_for_other(self, sentences: Sequence[str], known: set[str]) -> Iterator[Intent]:
        """Give what single clauses ask for somebody else, beside what was read: "her", "him" and "my mother's" hide it from the model."""
        lines = list(dict.fromkeys(normalise(clause) for clause in asked_for_other(sentences)))
        for row in self.scores(lines)[: len(lines)] if lines else ():
            likeliest = max(range(len(RIGHTS)), key=row.__getitem__)
            right = RIGHTS[likeliest]
            if evidence_of(row) >= self._thresholds.request and not known & {
                right,
                _MUCH_THE_SAME.get(right),
            }:
                known.add(right)
                yield Intent(right, round(row[likeliest], 4))

    def _enumerated(self, wishes: Sequence[Wish], known: set[str]) -> Iterator[Intent]:
        """Give the rights that single clauses ask for, by their words and by the model, beside those already read."""
        new = [w for w in wishes if not known & {w.right, _MUCH_THE_SAME.get(w.right)}]
        for wish in sorted(dict.fromkeys(new), key=lambda wish: wish.right == _COMPLAIN):
            row = self.scores([normalise(wish.clause)])[0]
            likeliest = RIGHTS[max(range(len(RIGHTS)), key=row.__getitem__)]
            agrees = likeliest in {wish.right, _MUCH_THE_SAME.get(wish.right)}
            sure = wish.sure or (agrees and evidence_of(row) >= _LIKELY_CLAUSE)
            # *And complain* is about data where another right is asked for, and about anything where none is.
            sure = sure or (wish.right == _COMPLAIN and not known.isdisjoint(RIGHTS))
            if sure and wish.right not in known:
                known.add(wish.right)
                yield Intent(wish.right, round(max(row[: len(RIGHTS)]), 4))

    def _wished(self, sentences: Sequence[str]) -> Iterator[Wish]:
        """Give what clauses wish for by the model, each read by itself: in a whole sentence the likeliest wish hides the others."""
        clauses = list(dict.fromkeys(wished_in(sentences)))[:_MOST_CLAUSES]
        lines = [normalise(f"{lead}{clause}") for clause in clauses for lead in _WISHES]
        rows = iter(self._scored_alone(lines) if lines else ())
        for clause in clauses:
            row = max((next(rows) for _ in _WISHES), key=evidence_of)
            likeliest = max(range(len(RIGHTS)), key=row.__getitem__)
            sure = evidence_of(row) >= self._thresholds.request and row[likeliest] >= _SURE_OF_CLAUSE
            if sure and RIGHTS[likeliest] != _COMPLAIN:  # that is made in so many words
                yield Wish(RIGHTS[likeliest], clause, sure=True)

    def _restriction(self, spoken: dict[str, str]) -> _Decided | None:
        """Read the whole message as a restriction, if it is one: *do not erase them, but do not use them either*."""
        decision, intents, sentence = self._decide(spoken)
        wanted = tuple(i for i in intents if i.name == _RESTRICTION)
        return (decision, wanted, sentence) if wanted else None

    def _decide(self, spoken: dict[str, str]) -> _Decided:
        if not spoken:
            return NONE, (), None
        scores = self.scores(list(spoken))
        evidence = [evidence_of(row) for row in scores]
        talk = self._talk(scores)
        doubted = max(evidence) < self._thresholds.request
        outweighed = doubted and talk and talk[0].score > 2 * max(evidence)  # "Never mind." needs no question
        if max(evidence) < self._thresholds.ask or outweighed:
            return NONE, talk, None
        decision = ASK if doubted else REQUEST
        intents = sorted([*self._rights(scores, evidence), *talk], key=lambda intent: -intent.score)
        alone = evidence[: len(spoken)]
        return decision, tuple(intents), list(spoken.values())[alone.index(max(alone))]

    def scores(self, lines: list[str]) -> Scores:
        """Give the probabilities of each normalised sentence and, where there are a few, of them together."""
        if 1 < len(lines) <= READ_TOGETHER:
            lines = [*lines, " ".join(lines)]
        rows = self._scored_alone(lines)
        if len(lines) > READ_TOGETHER + 1:
            return rows
        # Of a short message a likely wish is as sure without its full stop as with it, and any with an exclamation.
        ended = [
            _ended(line) if _exclaims(line) or evidence_of(row) >= _LIKELY else line
            for line, row in zip(lines, rows, strict=True)
        ]
        return rows if ended == lines else self._scored_alone(ended)

    def _scored_alone(self, lines: list[str]) -> Scores:
        known = {line: row for line in lines if (row := self._scored.get(line))}
        if new := [line for line in dict.fromkeys(lines) if line not in known]:
            scored = dict(zip(new, self._lines.scores("\n".join(map(in_known_words, new))), strict=True))
            for line, row in scored.items():
                reserved = row[_COMPLAINT] > _LIKELY_ENOUGH and _RESERVES.search(line)
                if reserved or (row[_COMPLAINT] > _LIKELY_ENOUGH and complaint_is_threatened(line)):
                    _without_complaint(row)
            known |= scored
            self._scored |= scored
        return [known[line] for line in lines]

    def _rights(self, scores: Scores, evidence: list[float]) -> list[Intent]:
        counted = [row for row, e in zip(scores, evidence, strict=True) if e >= self._thresholds.ask]
        found = _highest(RIGHTS, counted, 0, self._thresholds.right)
        if found:
            return found
        best = scores[evidence.index(max(evidence))][: len(RIGHTS)]
        likeliest = best.index(max(best))
        return [Intent(RIGHTS[likeliest], round(best[likeliest], 4))]

    def _talk(self, scores: Scores) -> tuple[Intent, ...]:
        found = _highest(CONVERSATIONAL, scores, _TALK, self._thresholds.talk)
        return tuple(sorted(found, key=lambda intent: -intent.score))


def _highest(names: Sequence[str], scores: Scores, first: int, least: float) -> list[Intent]:
    """Give the outputs from `first` on that reach the threshold in some sentence, each with its highest."""
    highest = (max(row[at] for row in scores) for at in range(first, first + len(names)))
    return [Intent(name, round(p, 4)) for name, p in zip(names, highest, strict=True) if p >= least]


def _only_corrects(intents: Sequence[Intent]) -> bool:
    """Tell a value put right in the same breath, *Ana, no, Anna*: every value is confirmed before it is used."""
    return {intent.name for intent in intents if intent.name in RIGHTS} == {_CORRECTION}


def _ends(spoken: Spoken, intents: Sequence[Intent]) -> str:
    """Give where the uses that are to end are named: in the words of a complaint only if nowhere else."""
    said = list(spoken.values())
    whole = "\n".join(said)
    rights = {intent.name for intent in intents}
    if "complaint" not in rights or not rights & _ENDS_OF_USE or not complains(said):
        return whole
    beside = "\n".join(without_complaint(said))
    return beside if names_use(beside) else whole


def _details(
    text: str, typed: str, spoken: Spoken, rest: Sequence[str], intents: Sequence[Intent]
) -> dict[str, Any]:
    """Give the details that the rights need, from what was typed: the model reads signs in the place of links, and no sign may become somebody's data."""
    rights = tuple(intent.name for intent in intents)
    details = details_of(typed, rights, _ends(spoken, intents))
    if _CORRECTION in rights and (emptied := emptied_in(rest, details)):
        details["emptied"] = emptied
    portable = "http" in text and _PORTABILITY in rights
    if portable and (address := where_to(own_words(text[:HEAD_CHARACTERS]))):
        details["transfer_to"] = address
    return details


def _said_for_other(sentences: Sequence[str], decision: str, intents: Sequence[Intent]) -> Iterator[Intent]:
    """Give the rights that are used for somebody else in so many words, beside those that were read: each waits for the mandate."""
    if decision == NONE or not sentences:
        return
    said = dict.fromkeys(wish.right for wish in wishes_of(asked_for_other(sentences)))
    if copies_for_other(sentences):
        said |= {_ACCESS: None}
    known = {intent.name for intent in intents}
    yield from (Intent(r, 1.0) for r in said if not known & {r, _MUCH_THE_SAME.get(r)})


def _with(right: str, intents: _Intents) -> _Intents:
    return intents if any(i.name == right for i in intents) else (Intent(right, 1.0), *intents)


def _without_complaint(row: list[float]) -> None:
    """Take no complaint from a sentence that only reserves the right to complain, or threatens to."""
    row[_COMPLAINT] = 0.0
    row[_ANY] = max(row[: len(RIGHTS)])


def _exclaims(line: str) -> bool:
    """Tell whether a whole sentence is called out: *Stop!* alone says nothing of what is to stop."""
    return line[-1:] in _EXCLAIMS and len(line.split()) >= _FEWEST_CALLED


def _ended(line: str) -> str:
    """Give a normalised sentence as it stands with a full stop; a question stays one."""
    bare = line.rstrip(_ENDING)
    return line if not bare or bare[-1] in _OPEN_ENDING else f"{bare} ."


def evidence_of(row: list[float]) -> float:
    """Give how likely a sentence uses a right: the mean log odds of *any* and of the likeliest right."""
    return _squashed((_log_odds(row[_ANY]) + _log_odds(max(row[: len(RIGHTS)]))) / 2)


def _log_odds(probability: float) -> float:
    return math.log(probability / (1 - probability + _TINY) + _TINY)


def _squashed(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def _within_budget(spoken: dict[str, str]) -> dict[str, str]:
    """Give so many of the first and last sentences as one message has a claim to be read."""
    if len(spoken) <= HEAD_SENTENCES + TAIL_SENTENCES:
        return spoken
    said = list(spoken.items())
    return dict([*said[:HEAD_SENTENCES], *said[-TAIL_SENTENCES:]])


def _as_spelt(spoken: Spoken, language: str) -> dict[str, str]:
    """Give the sentences as their writer meant to spell them, each with what was typed."""
    if language == "fr":
        return {well_spelt(with_apostrophes(sentence)): sentence for sentence in spoken.values()}
    return {well_spelt(s) if language in SPELT else s: s for s in spoken.values()}


def _spoken(own: str, quoted: Sequence[str]) -> dict[str, str]:
    """Give the sentences that say something of the writer's own, by their normalised form."""
    ours = {
        normalise(sentence)
        for text in quoted
        for sentence in sentences(with_links_as_one(unwrapped(legible(text))))
    }
    lines = ((normalise(sentence), sentence) for sentence in sentences(own))
    return {line: sentence for line, sentence in lines if line not in ours and says_something(line)}
