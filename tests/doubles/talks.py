"""Talks and messages as the rules see them, without a desk: every question that may be open, and what people say to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Final

from assistant.conversation.heard import NoCode, Pressed, Words
from assistant.domain.lifecycle import Status
from assistant.domain.moves import Move
from assistant.domain.rectifying import Change, Changes
from assistant.domain.rights import Right
from assistant.domain.talk import Button, TalkState, TalkView
from intents import Intent, Reading

AT: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DUE: Final = date(2026, 12, 22)
EMAIL: Final = "anna.saar@post.example"
ACCESS, ERASURE, CHANGE, STOP = "PR-AAAAAAA1", "PR-BBBBBBB2", "PR-CCCCCCC3", "PR-DDDDDDD4"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as a talk sees it."""

    ref: str
    right: str
    status: str = Status.VERIFYING
    details: Mapping[str, Any] = field(default_factory=dict)
    tier_needed: int = 2
    attention: str | None = None
    contact: str | None = None
    channel: str = "webchat"
    due_on: date = DUE
    dont_at: datetime | None = None
    dont_answer: str | None = None


def reading(decision: str = "none", *names: str, text: str = "", **more: Any) -> Reading:
    """Give a message as it was read: the decision, and the rights and wishes to talk that it names."""
    intents = tuple(Intent(name, 1.0) for name in names)
    values: dict[str, Any] = {"language": "en", "details": {}, **more}
    return Reading(text, values.pop("language"), decision, intents, values.pop("details"), None, **values)


def words(text: str, decision: str = "none", *names: str, **more: Any) -> Words:
    """Give a message in a talk."""
    return Words(text, reading(decision, *names, text=text, **more), AT)


def pressed(value: str) -> Pressed:
    """Give a button that was pressed."""
    return Pressed(words(value))


def no_code(text: str) -> NoCode:
    """Give words that were tried as a code."""
    return NoCode(words(text))


def changes(*parts: Change, **more: Any) -> Mapping[str, Any]:
    """Give the details of a correction."""
    return Changes(parts, **more).as_details()


_ACCESS = Asked(ACCESS, Right.ACCESS)
_ERASURE = Asked(ERASURE, Right.ERASURE, Status.OPEN, contact="sealed")
_USE = Asked(STOP, Right.OBJECTION, Status.RECEIVED, tier_needed=1)
_MARKETING = Asked(STOP, Right.OBJECTION, Status.RECEIVED, {"marketing": True}, tier_needed=0)


def _correction(details: Mapping[str, Any]) -> Asked:
    return Asked(CHANGE, Right.RECTIFICATION, Status.RECEIVED, details, tier_needed=1)


def _talk(question: str, expects: str, *about: Asked, lacks: str = "", **more: Any) -> TalkView:
    state = TalkState(question=question, expects=expects, about=tuple(each.ref for each in about))
    lacking = {each.ref: lacks for each in about} if lacks else {}
    return TalkView(is_mail=False, state=state, own=about, about=about, lacks=lacking, **more)


def _buttons(**said: str) -> tuple[Button, ...]:
    return tuple(Button(value.replace("_", ":", 1), (label,)) for value, label in said.items())


_SENT: Final[Mapping[str, Any]] = {"code_awaited": True, "code_live": True, "code_sent": True}
TALKS: Final[Mapping[str, TalkView]] = {
    "new": TalkView(is_mail=False),
    "open": TalkView(is_mail=False, own=(_ERASURE,)),
    "contact": _talk("ask_contact", "email", _ACCESS),
    "code": _talk("code_sent_email", "code", _ACCESS, **_SENT),
    "menu": _talk(
        "chat_ask_right",
        "choice",
        buttons=_buttons(right_access="My data", right_erasure="Delete", right_none="Something else"),
    ),
    "menu over a value": replace(
        _talk(
            "ask_rectification_value",
            "detail",
            _correction(changes(Change("last_name"))),
            lacks="ask_rectification_value",
            buttons=_buttons(right_access="My data", right_none="Something else"),
        ),
        state=TalkState(question="ask_rectification_value", expects="detail", about=(CHANGE,)).menu(
            "chat_ask_right", AT.isoformat(), {}
        ),
        about=(),
    ),
    "menu over a contact": replace(
        _talk("ask_contact", "email", _ACCESS, buttons=_buttons(right_access="My data", right_none="Else")),
        state=TalkState(question="ask_contact", expects="email", about=(ACCESS,)).menu(
            "chat_ask_right", AT.isoformat(), {}
        ),
        about=(),
    ),
    "detail": _talk(
        "chat_ask_detail",
        "choice",
        buttons=_buttons(right_rectification="Only that", right_erasure="Erase all", right_none="Neither"),
    ),
    "what": _talk("ask_rectification", "detail", _correction(changes()), lacks="ask_rectification"),
    "value": _talk(
        "ask_rectification_value",
        "detail",
        _correction(changes(Change("last_name"))),
        lacks="ask_rectification_value",
    ),
    "which": _talk(
        "ask_rectification_which",
        "choice",
        _correction(changes(Change("city", either=("Tartu", "Narva")))),
        lacks="ask_rectification_which",
        buttons=(Button("change:0:x", ("Tartu",)), Button("change:1:x", ("Narva",))),
    ),
    "confirm": _talk(
        "confirm_rectification",
        "choice",
        _correction(changes(Change("city", "Narva", "Tartu"))),
        lacks="confirm_rectification",
        buttons=(Button("change:yes:x", ("Yes, change it",)), Button("change:other:x", ("No",))),
    ),
    "confirmed": _talk(
        "code_sent_email",
        "code",
        Asked(CHANGE, Right.RECTIFICATION, details=changes(Change("city", "Narva", "Tartu"), confirmed=True)),
        **_SENT,
    ),
    "use": _talk("ask_objection_purpose", "detail", _USE, lacks="ask_objection_purpose"),
    "marketing": _talk("ask_marketing_address", "email", _MARKETING, lacks="ask_marketing_address"),
    "services": _talk(
        "services_running",
        "choice",
        _ERASURE,
        buttons=_buttons(services_keep="Keep my services", services_end="End my services"),
    ),
    "withdraw": _talk(
        "withdraw_confirm",
        "choice",
        replace(_ACCESS, status=Status.OPEN),
        buttons=_buttons(withdraw_yes="Yes", withdraw_no="No"),
    ),
    "which back": _talk(
        "withdraw_which",
        "choice",
        replace(_ACCESS, status=Status.OPEN),
        _ERASURE,
        buttons=_buttons(
            **{
                f"takeback_{ACCESS}": "Withdraw access (PR-AAAAAAA1)",
                f"takeback_{ERASURE}": "Withdraw erasure (PR-BBBBBBB2)",
                "takeback_all": "Withdraw all of them",
            }
        ),
    ),
    "dont": _talk(
        "dont_asked",
        "choice",
        replace(_ERASURE, dont_at=AT),
        buttons=_buttons(dont_keep="Keep everything", dont_go_on="Go on erasing"),
    ),
    "sought": replace(
        _talk("ask_contact_of_request", "email"),
        state=TalkState(question="ask_contact_of_request", expects="email", sought=(ACCESS,)),
    ),
    "hidden": replace(
        _talk("session_hidden", "email"),
        state=TalkState(
            question="session_hidden", expects="email", hidden=(ERASURE,), hidden_of=("a",), hidden_before=7
        ),
        hidden=(_ERASURE,),
    ),
    "write": _talk("answer_waits_here", "email", Asked(STOP, Right.COMPLAINT, Status.OPEN, tier_needed=0)),
    "mandate": _talk(
        "ask_where_to_write",
        "email",
        Asked(ACCESS, Right.ACCESS, details={"for_other": True}, attention="for_somebody_else"),
    ),
    "agent": TalkView(is_mail=False, own=(_ERASURE,), agent_talks=True),
    "called": TalkView(is_mail=False, own=(_ERASURE,), person_called=True, called_since_code=True),
}
SAYINGS: Final[Mapping[str, Words]] = {
    "hello": words("Hello"),
    "thanks": words("Thank you"),
    "human": words("I want to speak to somebody", "none", "human"),
    "status": words("Where does my request stand?", "none", "request_status"),
    "waits": words("I have been waiting for weeks!!", "none", "request_status"),
    "never mind": words("Never mind, cancel my request", "none", "cancel_request"),
    "cancel one": words("Cancel my erasure request", "none", "cancel_request"),
    "cancel this": words("Cancel PR-AAAAAAA1", "none", "cancel_request"),
    "cancel all": words("Cancel everything", "none", "cancel_request"),
    "a copy": words("Send me a copy of my data", "request", "access"),
    "erase me": words("Delete all my data", "request", "erasure"),
    "both": words("Send me a copy of my data and delete it all", "request", "access", "erasure"),
    "my city": words("My city is wrong", "request", "rectification", details={"field": "city"}),
    "newsletter": words("No more newsletters", "request", "objection", details={"marketing": True}),
    "maybe": words("What about deleting things?", "ask", "erasure"),
    "my phone": words("Delete my phone number", "ask", "erasure", "rectification"),
    "all but": words("Delete everything except my invoices", "ask", "erasure"),
    "don't": words("Please do not delete anything", "none", wishes=("dont",)),
    "never asked": words("I never asked for this", "none", wishes=("denied",)),
    "changed mind": words("I changed my mind", "none", wishes=("changed_mind",)),
    "my mother": words("Delete my mother's data", "request", "erasure", wishes=("for_other",)),
    "e-mail": words(EMAIL, details={"email": [EMAIL]}),
    "not mine": words(f"It is my sister's address, {EMAIL}", details={"email": [EMAIL]}),
    "slip": words("Sorry, wrong address"),
    "lost": words("I lost access to that mailbox"),
    "no address": words("anna.saar@post", details={}),
    "number": words("C-10042", details={"client_id": ["C-10042"]}),
    "code": words("12345678"),
    "code and more": words("12345678 and send me a copy", "request", "access"),
    "code and erase": words("12345678 and delete all my data", "request", "erasure"),
    "why": words("Why do you need my address?"),
    "leaves": words("I have to go, I will answer by mail"),
    "no code came": words("I never received the code"),
    "reference": words(ACCESS),
    "authority": words("I will complain to the data protection inspectorate"),
    "yes": words("Yes"),
    "no": words("No"),
    "first": words("the first one"),
    "keep": words("Keep it"),
    "a name": words("Tamm"),
    "another city": words("Change it to Narva"),
    "otherwise": words("No, it should be Valga"),
    "swapped": words("Sorry, the other way round"),
    "wrong": words("That's wrong"),
    "hold on": words("Hold on a second"),
    "article": words("Article 15"),
    "only that": words("Only the newsletter data, not the account"),
    "for my father": words("It is for my father"),
    "for me": words("No, it is for me after all"),
    "not before": words("Not before January"),
    "meant": words("I meant correct, not delete", wishes=("dont",)),
    "support": words("My server is down since this morning"),
    "unwanted": words("Actually no"),
    "not that one": words("Forget about the copy"),
    "delete too": words("Delete too"),
    "article too": words("Article 21 too"),
    "unsubscribe": words(f"Unsubscribe {EMAIL}", details={"email": [EMAIL]}),
    "e-mail and human": words(f"{EMAIL} can I talk to someone", "none", "human", details={"email": [EMAIL]}),
    "just that": words("In fact just the newsletter", "ask", "objection", details={"marketing": True}),
    "in French": words("En français s'il vous plaît", language="fr"),
    "another language": words("No hablo inglés"),
    "foreign wish": words("Ich möchte eine Kopie meiner Daten", "request", "access", language="de"),
    "foreign": words("Guten Tag, ich brauche bitte Hilfe mit meinem Konto", language="de"),
}


def told(moves: tuple[Move, ...]) -> list[str]:
    """Give moves as a table shows them: the name, and what tells one from another."""
    return [_told(move) for move in moves]


def _told(move: Move) -> str:
    shown = []
    for name in move.__dataclass_fields__:
        value = getattr(move, name)
        if name in {"received_at", "since", "details", "mark"} or value in (None, (), "", False):
            continue
        shown.append(_value(name, value))
    return " ".join([type(move).__name__, *shown])


def _value(name: str, value: Any) -> str:
    if value is True:
        return name
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, Changes):
        return ",".join(f"{part.field}={part.new}" for part in value.parts)
    if hasattr(value, "kind"):
        return f"{value.kind}:{value.value}"
    return (
        ",".join(f"{key}={found}" for key, found in value.items())
        if isinstance(value, Mapping)
        else str(value)
    )
