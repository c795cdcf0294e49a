"""A question with buttons is open and an answer is typed: it counts as the button that it names, or the question stays."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from assistant.conversation import for_others
from assistant.conversation.heard import Hearing
from assistant.domain.assurance import code_in
from assistant.domain.moves import AskRight, HandOver, Move, NoteContactFirst, Repeat, Say
from assistant.domain.reference import parse_references
from assistant.domain.rights import CONFIRMED_FIRST, ERASING, Right
from assistant.domain.talk import (
    ALL,
    ASK_DETAIL,
    ASK_EXCEPTION,
    ASK_RIGHT,
    ONLY_NAMED,
    PICKERS,
    WITHDRAW,
    WITHDRAW_WHICH,
    Button,
)
from assistant.domain.words import Words
from intents.awaiting import ANSWER_LENGTH, names_authority
from intents.meant import is_put_off
from intents.narrowing import erases_all, erases_less, spares_some, without_details
from intents.rectifying import is_no, is_yes
from intents.spelling import well_spelt
from intents.wishes import DONT, FOR_OTHER

_NOT_THAT: Final = ""  # no button: it only contradicts one
# What a word answers, by the value of the button. A yes says nothing of "end them, or keep them?".
_SAYS: Final = {
    "services_running": {"no": "services:keep", "stop": "services:end", "keep": "services:keep"},
    "withdraw_confirm": {"yes": "withdraw:yes", "no": "withdraw:no", "back": "withdraw:yes"}
    | {"keep": _NOT_THAT, "go_on": _NOT_THAT, "wanted": _NOT_THAT},
    "dont_asked": {"keep": "dont:keep", "erase": "dont:go_on", "go_on": "dont:go_on"},
}
_WORDS: Final = Words("assistant.conversation")
_SAID: Final = {
    name: _WORDS.whole(f"answer_{name}")
    for name in ("yes", "no", "keep", "stop", "back", "erase", "go_on", "wanted")
}
# What is undone by an answer: denied, it is to be kept.
_UNDOES: Final = {
    "services_running": {"stop"},
    "withdraw_confirm": {"back"},
    "dont_asked": {"erase", "go_on"},
}
_NOT: Final = _WORDS.whole("denies")
_TWICE: Final = re.compile(_WORDS.one_of("denies_twice"))  # "I never said don't", "do not stop the erasure"
_EXCEPT: Final = _WORDS.whole("except_for")
_OTHERS: Final = _WORDS.whole("others_too")
_BETWEEN: Final = re.compile(r"['’_]")
_UNSURE: Final = re.compile(rf"\?|\b{_WORDS.one_of('unsure')}\b")  # a question back is no answer either
_NAMES: Final = {right: _WORDS.whole(f"right_{right}") for right in Right}
# The short words for buttons that say their whole act, where no rule of its own question hears them.
_SAID_FOR: Final = {
    "right:none": _WORDS.whole("short_for_something_else"),
    ONLY_NAMED: _WORDS.whole("short_for_only_named"),
    "change:other": _WORDS.whole("short_for_another_value"),
    "change:swap": _WORDS.whole("short_for_swap"),
}
_BESIDE: Final = re.compile(
    rf"^(?:{_WORDS.one_of('beside_before')} ){{1,5}}|(?: {_WORDS.one_of('beside_after')}){{1,3}}$"
)
_BUTTONS_COUNTED: Final = 6
_ORDINALS: Final = tuple(
    re.compile(
        rf"^(?:{_WORDS.one_of('before_number')}\s+){{0,9}}{_WORDS.one_of(f'number_{number}')}"
        rf"(?:\s+{_WORDS.one_of('after_number')})?(?=$|\s*[:,-]|\s+s il)"
    )
    for number in range(1, _BUTTONS_COUNTED + 1)
)


def button_named(hearing: Hearing) -> str | None:
    """Give the button that typed words name under the question that is open, if they name one alone."""
    view = hearing.view
    if view.state.expects != "choice" or hearing.is_quiet or view.agent_talks or view.buttons is None:
        return None
    value = _pressed(hearing, view.buttons)
    if value is None or _spares_all_the_same(hearing, value) or _says_less(hearing, value):
        return None
    return value


def _says_less(hearing: Hearing, value: str) -> bool:
    """Tell whether words that hold "erase" or "cancel" speak of less, or of another, than what the button ends."""
    takes_back = "cancel_request" in hearing.conversational  # a request, and nothing is ended or gone on with
    if value == "withdraw:no" and hearing.wishes_beside:
        return True  # "no, erase everything instead": the wish is read, and this asked again
    if value == "withdraw:yes":
        return _is_of_another_request(hearing)
    if value.startswith("dont:"):
        less = is_of_less(hearing) or bool(_OTHERS.search(plain(hearing.text)))
        spares = takes_back or DONT in hearing.reading.wishes
        return less or (spares and value == "dont:go_on")
    return takes_back and value == "services:end"


def _is_of_another_request(hearing: Hearing) -> bool:
    """Tell whether an answer names an open request that the question is not about, and none that it is about."""
    typed, said = parse_references(hearing.text), rights_said(hearing.text)
    named = [r for r in hearing.view.stoppable if r.ref in typed or r.right in said]
    return bool(named) and not {r.ref for r in named} & set(hearing.state.about)


def is_of_less(hearing: Hearing) -> bool:
    """Tell whether an erasure is limited, put off, or of somebody else: no press of a button that erases all."""
    limited = without_details([hearing.text]) is not None or spares_some([hearing.text])
    return limited or is_put_off(hearing.text) or for_others.concerns_other(hearing)


def _is_of_proof(hearing: Hearing) -> bool:
    """Tell whether words speak of a mailbox or of an authority: "access" and "data" name no right in them."""
    return hearing.mailbox_lost or names_authority(hearing.text)


def _spares_all_the_same(hearing: Hearing, value: str) -> bool:
    """Tell whether an answer about withdrawing also says to erase nothing: no "no", and a yes for an erasure alone."""
    asked = hearing.view.rights_asked_about
    is_about_it = hearing.state.question == WITHDRAW and DONT in hearing.reading.wishes
    return is_about_it and (value == "withdraw:no" or asked != ERASING)


def asks_right(hearing: Hearing, rights: Sequence[Right]) -> AskRight:
    """Give the move that asks which right is meant; what was noted of the first message in doubt stays."""
    is_asked = hearing.state.question in PICKERS
    noted = (hearing.state.details or {}) if is_asked else {}
    details = hearing.reading.details
    named = {name: found for name in ("email", "client_id") if (found := details.get(name))}
    if FOR_OTHER in hearing.reading.wishes:
        named[FOR_OTHER] = True
    since = (hearing.state.received_at if is_asked else None) or hearing.received_at.isoformat()
    return AskRight(tuple(rights), _menu(hearing, rights), since, {**noted, **hearing.details, **named})


def _menu(hearing: Hearing, rights: Sequence[Right]) -> str:
    is_of_a_detail = set(rights) <= ERASING | CONFIRMED_FIRST
    if is_of_a_detail and without_details([hearing.text]) is not None:
        return ASK_DETAIL
    if not ERASING.isdisjoint(rights) and spares_some([hearing.text]):
        return ASK_EXCEPTION
    return ASK_RIGHT


def asked_again(hearing: Hearing) -> tuple[Move, ...]:
    """Ask what is still open once more, and say what becomes of a contact or a code that was typed too early."""
    if hearing.view.buttons is None:
        return (HandOver(),)
    noted = _noted(hearing) if hearing.state.question in PICKERS else ()
    if missing := _not_offered(hearing):
        return (*noted, asks_right(hearing, missing))
    return (*noted, Repeat())


def _not_offered(hearing: Hearing) -> list[Right]:
    """List the rights that an answer names by their words and the menu has no button for."""
    if hearing.state.question != ASK_RIGHT or len(hearing.text) > ANSWER_LENGTH or is_yes(hearing.text):
        return []
    offered = {each.value for each in hearing.view.buttons or ()}
    return sorted(Right(name) for name in rights_said(hearing.text) if f"right:{name}" not in offered)


def _noted(hearing: Hearing) -> tuple[Move, ...]:
    if typed := hearing.no_address:
        return said_no_address(hearing, typed)
    if emails := hearing.emails:
        return (NoteContactFirst({"email": emails}, "address_noted"),)
    if code_in(hearing.text) and not hearing.view.code_sent:
        return (Say("no_code_needed"),)
    if number := hearing.number_alone:
        return (NoteContactFirst({"client_id": [number]}, "client_number_noted"),)
    return ()


def said_no_address(hearing: Hearing, typed: str) -> tuple[Move, ...]:
    """Show what was typed for an address and cannot be one: it is sent nothing, and kept nowhere but in the talk."""
    if hearing.view.is_mail:
        return ()  # whoever reads our mail need not be who wrote that
    return (Say("typed_no_address", expects=hearing.state.expects, typed=typed),)


def _pressed(hearing: Hearing, buttons: Sequence[Button]) -> str | None:
    if len(hearing.text) > ANSWER_LENGTH:
        return None
    text, values = plain(hearing.text), [each.value for each in buttons]
    labelled = {each.value for each in buttons if _is_meant(each, _bare(text))}
    if labelled:
        return labelled.pop() if len(labelled) == 1 else None
    numbered = {value for value, form in zip(values, _ORDINALS, strict=False) if form.search(text)}
    named = _named(hearing, text, values)
    meant = numbered | named
    bare = any(form.fullmatch(_bare(text)) for form in _ORDINALS)
    if len(meant) != 1 or (numbered and not named and not bare):
        return None
    return meant.pop()


def is_label(hearing: Hearing) -> bool:
    """Tell whether what is typed is no more than what stands on a button of the open question."""
    bare = _bare(plain(hearing.text))
    return any(_is_meant(each, bare) for each in hearing.view.buttons or ())


def _is_meant(button: Button, bare: str) -> bool:
    """Tell whether an answer is what stands on a button, or the short word for it that people say instead."""
    said = _SAID_FOR.get(":".join(button.value.split(":")[:2]))
    return bare in {_bare(plain(each)) for each in button.says} or bool(said and said.fullmatch(bare))


def _named(hearing: Hearing, text: str, values: Sequence[str]) -> set[str]:
    if hearing.state.question == ASK_DETAIL:
        return _detail_or_all(hearing, text)
    if hearing.state.question == ASK_RIGHT:
        return {value for value in _rights_named(hearing, text) if value in values}
    if hearing.state.question == WITHDRAW_WHICH:
        return _request_named(hearing)
    return answers_in(hearing.state.question or "", hearing.text)


_REST: Final = re.compile(_WORDS.one_of("the_rest"))


def without_the_rest(typed: str) -> str:
    """Take "and erase the rest" out of an answer about services; where anything is denied it stays as it is."""
    text = plain(typed)
    if _NOT.search(text) or "?" in text or not _REST.search(text):
        return typed
    return " ".join(_REST.sub(" ", text).split())


def clear_answer(question: str, typed: str) -> str | None:
    """Give the one button that a short answer to a yes-or-no question names; None where it is long, half or none."""
    named = answers_in(question, typed) if len(typed) <= ANSWER_LENGTH else set()
    return named.pop() if len(named) == 1 else None


def answers_in(question: str, typed: str) -> set[str]:
    """Give the buttons that a typed answer to a yes-or-no question names; none where it is half an answer."""
    says, text = _SAYS.get(question, {}), plain(typed)
    if not says or _UNSURE.search(text):
        return set()
    whole = {says[word] for word, told in (("yes", is_yes), ("no", is_no)) if word in says and told(typed)}
    clauses = re.split(r"[,;.!:\n]", text)
    found = whole | {
        value for clause in clauses for value in _signals(clause, says, _UNDOES.get(question, set()))
    }
    return set() if found == {_NOT_THAT} else found


def _signals(clause: str, says: dict[str, str], undoes: set[str]) -> set[str]:
    """Give what a clause says; an undoing that is denied is a wish to keep, and a keeping denied is no clear word."""
    no = "no" if _SAID["no"].search(clause) else None
    rest = _SAID["no"].sub(" ", clause)
    found = {word for word in says if word != "no" and _SAID[word].search(rest)}
    told = {says[no]} if no and no in says else set()
    if not _NOT.search(rest):
        return told | {says[word] for word in found}
    if not found:
        return told
    gone = found <= undoes and "keep" in says and not ("erase" in says and _TWICE.search(clause))
    return told | ({says.get("no", says["keep"])} if gone else set(says.values()))


def _rights_named(hearing: Hearing, text: str) -> set[str]:
    """Give the rights a short answer names; what is denied, or said of somebody else, is left to be read."""
    if hearing.reading.wishes or _NOT.search(text) or "?" in text or _is_of_proof(hearing):
        return set()
    if is_of_less(hearing) or _EXCEPT.search(text):
        return set()  # "delete my number" is no press of the button that erases all, nor "all but erase"
    read = {intent.name for intent in hearing.reading.intents} & set(Right)
    if hearing.is_request:
        return {f"right:{name}" for name in read}
    if any(intent.name in {"human", "cancel_request"} for intent in hearing.reading.intents):
        return set()
    return {f"right:{right}" for right in rights_said(hearing.text)} or {
        f"right:{name}" for name in read if hearing.reading.decision == "ask"
    }


def rights_said(text: str) -> set[str]:
    """Name the rights whose words stand in a text, whatever it says of them."""
    bare = plain(well_spelt(text))
    return {right for right, words in _NAMES.items() if words.search(bare)}


def named_beside(text: str) -> set[Right]:
    """Name the rights of an answer that holds nothing but their words, and that they are wanted too: *delete too*, *et la suppression*."""
    said = _bare(plain(well_spelt(text)))
    left = _BESIDE.sub(" ", said)
    named = {Right(right) for right in rights_said(said)}
    rest = [name for name in named if _NAMES[name].search(left)]
    for name in rest:
        left = _NAMES[name].sub(" ", left)
    is_beside = left.strip() == "" and _BESIDE.search(said) is not None
    return named if is_beside else set()


def takes_back_named(text: str) -> bool:
    """Tell whether a short text takes back what it names by reference: *cancel PR-…*; denied or asked it does not."""
    said = plain(text)
    says = bool(_SAID["back"].search(said)) and not _NOT.search(said) and "?" not in said
    return says and len(text) <= ANSWER_LENGTH and bool(parse_references(text))


def _request_named(hearing: Hearing) -> set[str]:
    """Give the request that an answer names, of those that may be taken back: by its reference, or by its right."""
    about, typed, reading = hearing.view.about, parse_references(hearing.text), hearing.reading
    # "Delete all my data" is a wish, and takes back none.
    is_name = reading.decision == "none" and not reading.wishes and not _is_of_proof(hearing)
    rights = rights_said(hearing.text) if is_name else set()
    named = [r for r in about if r.ref in typed] or [r for r in about if r.right in rights]
    return {f"takeback:{request.ref}" for request in named}


def _detail_or_all(hearing: Hearing, text: str) -> set[str]:
    """Give all only for an answer that says all, and the detail for one that says no more than it."""
    others = hearing.is_request and set(hearing.rights) - ERASING - CONFIRMED_FIRST
    talks = hearing.reading.wishes or hearing.conversational or "?" in text or _is_of_proof(hearing)
    if others or talks or is_put_off(hearing.text) or for_others.concerns_other(hearing):
        return set()
    if erases_all(hearing.text):
        return {ALL}
    return {ONLY_NAMED} if erases_less(hearing.text) else set()


def stays_with_detail(hearing: Hearing) -> bool:
    """Tell whether an erasure is read in an answer about a detail that does not say all: it opens nothing."""
    if hearing.state.question != ASK_DETAIL or hearing.reading.decision == "none":
        return False
    rights = set(hearing.rights)
    return not ERASING.isdisjoint(rights) and not erases_all(hearing.text)


def beside_detail(hearing: Hearing) -> list[Right]:
    """List what an answer about a detail uses beyond doubt that no button there is about: *just the phone, and send me a copy*."""
    answers = not ERASING.isdisjoint(hearing.rights) and erases_all(hearing.text)
    if hearing.state.question != ASK_DETAIL or answers:
        return []
    return [right for right in hearing.wishes_beside if right not in ERASING | CONFIRMED_FIRST]


def asks_detail(hearing: Hearing) -> AskRight:
    """Give the move that asks again whether all is to be erased, or what was named."""
    asked = asks_right(hearing, sorted(ERASING | CONFIRMED_FIRST))
    return replace(asked, menu=ASK_DETAIL)


def plain(text: str) -> str:
    """Give a text as the words of answers are tried on it: small letters, no accents, a space for an apostrophe."""
    bare = text if text.isascii() else unicodedata.normalize("NFKD", text)
    bare = bare if text.isascii() else "".join(c for c in bare if not unicodedata.combining(c))
    return " ".join(_BETWEEN.sub(" ", bare.casefold()).split())


def _bare(text: str) -> str:
    return text.strip(' .!?"«»“”()-:,')
