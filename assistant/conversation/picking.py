"""A question with buttons is open and an answer is typed: it counts as the button that it names, or the question stays."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlmodel import col, select

from assistant.casework import talk
from assistant.casework.presses import unmarked
from assistant.conversation import for_others
from assistant.domain.addresses import client_number_in, no_address_in
from assistant.domain.assurance import code_in
from assistant.domain.rights import Right
from assistant.domain.words import Words
from assistant.interfaces import Choice
from assistant.store.tables import Message
from intents.meant import is_put_off
from intents.narrowing import erases_all, erases_less, spares_some, without_details
from intents.rectifying import is_no, is_yes
from intents.wishes import DONT

if TYPE_CHECKING:
    from sqlmodel.sql.expression import SelectOfScalar

    from assistant.conversation.turn import Turn

ASK_RIGHT: Final = "chat_ask_right"
ASK_DETAIL: Final = "chat_ask_detail"  # only what was named, or all
PICKERS: Final = frozenset({ASK_RIGHT, ASK_DETAIL})  # the answer opens a right
# What a word answers, by the value of the button. Only the services are ended by a yes.
_SAYS: Final = {
    "services_running": {"yes": "services:end", "no": "services:keep", "stop": "services:end"}
    | {"keep": "services:keep"},
    "withdraw_confirm": {"yes": "withdraw:yes", "no": "withdraw:no", "back": "withdraw:yes"},
    "dont_asked": {"keep": "dont:keep", "erase": "dont:go_on", "go_on": "dont:go_on"},
    "ask_whose": {"no": "unclaimed:no"},  # a yes takes the button, or its words
}
OPEN: Final = PICKERS | _SAYS.keys()
_WORDS: Final = Words("assistant.conversation")
_SAID: Final = {
    name: _WORDS.whole(f"answer_{name}") for name in ("yes", "no", "keep", "stop", "back", "erase", "go_on")
}
_NOT: Final = _WORDS.whole("denies")
_UNSURE: Final = re.compile(rf"\?|\b{_WORDS.one_of('unsure')}\b")  # a question back is no answer either
_NAMES: Final = {right: _WORDS.whole(f"right_{right}") for right in Right}
_LABELS: Final = {
    "right:none": "not_a_request",
    "services:end": "stop_it",
    "services:keep": "keep",
    "withdraw:yes": "yes",
    "withdraw:no": "no",
    "dont:keep": "keep_everything",
    "dont:go_on": "go_on_erasing",
    "unclaimed:yes": "was_me",
    "unclaimed:no": "not_mine",
}
# The short words for buttons that say their whole act, where no rule of its own question hears them.
_SAID_FOR: Final = {
    "right:none": _WORDS.whole("short_for_something_else"),
    "right:rectification": _WORDS.whole("short_for_only_named"),
    "change:other": _WORDS.whole("short_for_another_value"),
    "change:swap": _WORDS.whole("short_for_swap"),
}
_BUTTONS_COUNTED: Final = 6
_ORDINALS: Final = tuple(
    re.compile(
        rf"^(?:{_WORDS.one_of('before_number')}\s+){{0,9}}{_WORDS.one_of(f'number_{number}')}"
        rf"(?:\s+{_WORDS.one_of('after_number')})?(?=$|\s*[:,-]|\s+s il)"
    )
    for number in range(1, _BUTTONS_COUNTED + 1)
)
_SHORT: Final = 160  # characters; whoever writes more tells a story, and is read as any message is


def take_answer(turn: Turn) -> bool:
    """Take what is typed under an open question with buttons as the button it names, if it names one alone."""
    if turn.state.expects != "choice" or turn.is_mail or turn.muted or turn.forwarded:
        return False
    if turn.conversation.taken_by or (asked := _asked(turn)) is None:
        return False
    value = _pressed(turn, _buttons(asked))
    if value is None or _spares_all_the_same(turn, value):
        return False
    further = [] if turn.state.question in PICKERS else turn.further_rights()
    turn.press(value)
    turn.take_further(further)
    return True


def _spares_all_the_same(turn: Turn, value: str) -> bool:
    """Tell whether an answer about withdrawing also says to erase nothing: no "no", and a yes for an erasure alone."""
    asked = {request.right for request in turn.requests_named(turn.state.about)}
    is_about_it = turn.state.question == "withdraw_confirm" and DONT in turn.reading.wishes
    return is_about_it and (value == "withdraw:no" or asked != {Right.ERASURE})


def ask_again(turn: Turn) -> None:
    """Ask what is still open once more with its buttons, and from the second time on offer a person too."""
    asked = _asked(turn)
    if asked is None:
        turn.hand_over()
        return
    if turn.state.question in PICKERS:
        _say_what_was_taken(turn)
    choices = _buttons(asked)
    if turn.state.repeated and all(each.value != "human" for each in choices):
        choices = [*choices, turn.button("talk_to_person", "human")]
    turn.state, turn.buttons_are_gone = replace(turn.state, repeated=True), False
    said = talk.Utterance(
        text=asked.text,
        subject=asked.subject,  # a whole letter stays one, and is not put into another
        key=turn.unit.services.random(8).hex(),
        language=turn.conversation.language or "en",
        choices=choices,
        expects="choice",
        requests=turn.seen(turn.requests_named(turn.state.about)),
        by_rule=True,
    )
    talk.say_text(turn.unit, turn.conversation, said)


def _say_what_was_taken(turn: Turn) -> None:
    """Say what becomes of a contact or a code typed too early; a contact is used once the right is chosen."""
    if typed := no_address_in(turn.text):
        turn.say_no_address(typed)
    elif emails := turn.reading.details.get("email"):
        _remember(turn, email=emails)
        turn.say("address_noted")
    elif code_in(turn.text) and not turn.was_sent_code():
        turn.say("no_code_needed")
    elif number := client_number_in(turn.text):
        _remember(turn, client_id=[number])
        turn.say("client_number_noted")


def _remember(turn: Turn, **contact: Sequence[str]) -> None:
    turn.state = replace(turn.state, details={**(turn.state.details or {}), **contact})


def _questions(turn: Turn) -> SelectOfScalar[Message]:
    """Ask for what was said with buttons below it, the newest first."""
    return (
        select(Message)
        .where(
            col(Message.conversation_id) == turn.conversation.id,
            col(Message.sender) == "assistant",
            col(Message.expects) == "choice",
        )
        .order_by(col(Message.id).desc())
    )


def _asked(turn: Turn) -> Message | None:
    return turn.unit.session.exec(_questions(turn).limit(1)).first()


def requests_shown_with(turn: Turn, value: str) -> set[str]:
    """Name the requests of the question that a button was shown with; none where nothing here carried it."""
    found = turn.unit.session.exec(_questions(turn))
    asked = (each for each in found if value in {c["value"] for c in each.choices})
    return {str(request["ref"]) for each in asked for request in each.requests}


def _buttons(asked: Message) -> list[Choice]:
    return [Choice(each["label"], each["value"], each.get("url")) for each in asked.choices]


def _pressed(turn: Turn, choices: Sequence[Choice]) -> str | None:
    if len(turn.text) > _SHORT:
        return None
    text, values = _plain(turn.text), [unmarked(each.value)[0] for each in choices]
    labelled = {unmarked(each.value)[0] for each in choices if _is_meant(turn, each, _bare(text))}
    if labelled:
        return labelled.pop() if len(labelled) == 1 else None
    numbered = {value for value, form in zip(values, _ORDINALS, strict=False) if form.search(text)}
    named = _named(turn, text, values)
    meant = numbered | named
    bare = any(form.fullmatch(_bare(text)) for form in _ORDINALS)
    if len(meant) != 1 or (numbered and not named and not bare):
        return None
    return meant.pop()


def _labels(turn: Turn, choice: Choice) -> set[str]:
    """Give what stands on a button, in every language that we speak."""
    value = unmarked(choice.value)[0]
    name = value.partition(":")[2]
    known = _LABELS.get(value, name if value == f"right:{name}" else "")
    texts, languages = turn.unit.services.texts, turn.unit.services.settings.controller.languages
    others = [texts.label("buttons", known, each) for each in languages] if known else []
    return {_bare(_plain(each)) for each in (choice.label, *others)}


def _is_meant(turn: Turn, choice: Choice, bare: str) -> bool:
    """Tell whether an answer is what stands on a button, or the short word for it that people say instead."""
    said = _SAID_FOR.get(":".join(choice.value.split(":")[:2]))
    return bare in _labels(turn, choice) or bool(said and said.fullmatch(bare))


def _named(turn: Turn, text: str, values: Sequence[str]) -> set[str]:
    if turn.state.question == ASK_DETAIL:
        return _detail_or_all(turn, text)
    if turn.state.question == ASK_RIGHT:
        return {value for value in _rights_named(turn, text) if value in values}
    return answers_in(turn.state.question or "", turn.text)


_REST: Final = re.compile(_WORDS.one_of("the_rest"))


def without_the_rest(typed: str) -> str:
    """Take "and erase the rest" out of an answer about services; where anything is denied it stays as it is."""
    text = _plain(typed)
    if _NOT.search(text) or "?" in text or not _REST.search(text):
        return typed
    return " ".join(_REST.sub(" ", text).split())


def clear_answer(question: str, typed: str) -> str | None:
    """Give the one button that a short answer to a yes-or-no question names; None where it is long, half or none."""
    named = answers_in(question, typed) if len(typed) <= _SHORT else set()
    return named.pop() if len(named) == 1 else None


def answers_in(question: str, typed: str) -> set[str]:
    """Give the buttons that a typed answer to a yes-or-no question names; none where it is half an answer."""
    says, text = _SAYS.get(question, {}), _plain(typed)
    if not says or _UNSURE.search(text):
        return set()
    whole = {says[word] for word, told in (("yes", is_yes), ("no", is_no)) if word in says and told(typed)}
    return whole or {value for clause in re.split(r"[,;.!:\n]", text) for value in _signals(clause, says)}


def _signals(clause: str, says: dict[str, str]) -> set[str]:
    """Give what a clause says; an undoing that is denied is a wish to keep, and a keeping denied is no clear word."""
    no = "no" if _SAID["no"].search(clause) else None
    rest = _SAID["no"].sub(" ", clause)
    found = {word for word in says if word != "no" and _SAID[word].search(rest)}
    told = {says[no]} if no and no in says else set()
    if not _NOT.search(rest):
        return told | {says[word] for word in found}
    if not found:
        return told
    gone = found <= {"stop", "erase", "go_on"} and "keep" in says
    return told | ({says["keep"]} if gone else set(says.values()))


def _rights_named(turn: Turn, text: str) -> set[str]:
    """Give the rights a short answer names; what is denied, or said of somebody else, is left to be read."""
    if turn.reading.wishes or _NOT.search(text) or "?" in text or for_others.concerns_other(turn):
        return set()
    if is_put_off(turn.text) or without_details([turn.text]) is not None or spares_some([turn.text]):
        return set()  # "delete my number" is no press of the button that erases all
    read = {intent.name for intent in turn.reading.intents} & set(Right)
    if turn.reading.decision == "request":
        return {f"right:{name}" for name in read}
    if any(intent.name in {"human", "cancel_request"} for intent in turn.reading.intents):
        return set()
    return {f"right:{right}" for right, words in _NAMES.items() if words.search(text)} or {
        f"right:{name}" for name in read if turn.reading.decision == "ask"
    }


def _detail_or_all(turn: Turn, text: str) -> set[str]:
    """Give all only for an answer that says all, and the detail for one that says no more than it."""
    others = turn.reading.decision == "request" and set(turn.rights()) - {Right.ERASURE, Right.RECTIFICATION}
    unclear = turn.reading.wishes or "?" in text or is_put_off(turn.text) or for_others.concerns_other(turn)
    if others or unclear:
        return set()
    if erases_all(turn.text):
        return {f"right:{Right.ERASURE}"}
    return {f"right:{Right.RECTIFICATION}"} if erases_less(turn.text) else set()


def stays_with_detail(turn: Turn) -> bool:
    """Tell whether an erasure is read in an answer about a detail that does not say all: it opens nothing."""
    if turn.state.question != ASK_DETAIL or turn.reading.decision == "none":
        return False
    rights = set(turn.rights())
    return Right.ERASURE in rights and not erases_all(turn.text)


def _plain(text: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.sub(r"['’_]", " ", bare.casefold()).split())


def _bare(text: str) -> str:
    return text.strip(' .!?"«»“”()-:,')
