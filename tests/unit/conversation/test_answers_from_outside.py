"""What people answered who tried the desk from outside: half an answer, the other way round, or all but one, and what each presses."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from assistant.conversation.decide import decide
from assistant.conversation.heard import addresses_meant
from assistant.conversation.picking import answers_in
from assistant.domain.moves import Choose, EndUse, LeaveAlone, WantCode
from tests.doubles.talks import TALKS, told, words

_SERVICES, _BACK, _DONT = "services_running", "withdraw_confirm", "dont_asked"
# What is asked, what is answered, and the one button that it names; none where nothing may be pressed.
ANSWERS: Final = [
    *((_SERVICES, said, None) for said in ("yes", "oui", "ok", "not yet", "pas encore")),
    *((_SERVICES, said, "services:keep") for said in ("no", "don't end them", "ne coupez surtout pas")),
    *((_SERVICES, said, "services:end") for said in ("end them", "arrêtez-les", "stop everything")),
    *((_BACK, said, "withdraw:yes") for said in ("yes", "oui", "yes withdraw it", "retirez-la")),
    *(
        (_BACK, said, None)
        for said in (
            "keep it",
            "go on",
            "keep my invoices",
            "yes go on with it",
            "ok keep it",
            "yes please send the copy",
            "sure, send it, yes",
            "yes I still want it",
            "yes continue please",
            "oui continuez",
            "oui gardez-la",
            "oui, envoyez la copie",
            "d'accord, continuez",
        )
    ),
    *((_BACK, said, "withdraw:no") for said in ("no", "don't cancel", "n'annulez pas")),
    *((_DONT, said, "dont:keep") for said in ("keep everything", "don't erase anything", "n'effacez rien")),
    *(
        (_DONT, said, None)
        for said in (
            "do not erase anything yet",
            "don't erase yet",
            "n'effacez pas encore",
            "n'effacez rien tout de suite",
            "do not stop the erasure",
            "n'arrêtez pas l'effacement",
            "I never said don't erase",
        )
    ),
]


@pytest.mark.parametrize(("question", "said", "value"), ANSWERS)
def test_an_answer_presses_the_button_that_it_names_and_no_other(
    question: str, said: str, value: str | None
) -> None:
    named = answers_in(question, said)
    assert (named.pop() if len(named) == 1 else None) == value


@pytest.mark.parametrize(
    "said",
    [
        "don't erase the invoices, the rest yes",
        "n'effacez pas les factures, le reste oui",
        "Delete only my phone number",
        "Delete my mother's account",
    ],
)
def test_what_is_said_of_a_part_or_of_another_lets_nothing_go_on_and_keeps_nothing(said: str) -> None:
    other = words(said, "request", "erasure", wishes=("for_other",))
    heard = other if "mother" in said else words(said)
    assert not any(isinstance(move, Choose) for move in decide(TALKS["dont"], heard))


@pytest.mark.parametrize(
    "said",
    [
        "Everything except erasure",
        "anything but deleting",
        "all but erase",
        "tout sauf l'effacement",
        "all except delete",
    ],
)
def test_what_is_excepted_is_chosen_from_no_menu(said: str) -> None:
    assert not any(move.startswith("Open") for move in told(decide(TALKS["menu"], words(said))))


@pytest.mark.parametrize(
    ("said", "use"),
    [
        ("not marketing, the statistics", {"purpose": "analytics"}),
        ("pas la pub, les statistiques", {"purpose": "analytics"}),
        ("le profilage, pas la publicité", {"purpose": "profiling"}),
        ("profiling, not marketing", {"purpose": "profiling"}),
        ("everything but marketing", {"purpose": "something_else"}),
        ("all of them except the newsletter", {"purpose": "something_else"}),
        ("tout sauf la newsletter", {"purpose": "something_else"}),
        ("the newsletter", {"marketing": True}),
        ("all of it", {"purpose": "something_else"}),
        ("Everything!", {"purpose": "something_else"}),
        ("tout svp", {"purpose": "something_else"}),
    ],
)
def test_marketing_that_is_left_out_is_not_what_ends(said: str, use: dict[str, object]) -> None:
    assert decide(TALKS["use"], words(said)) == (EndUse(use),)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("keep m7@post.example, stop m8@post.example", "m8@post.example"),
        ("not m5@post.example but m6@post.example", "m6@post.example"),
        ("pas m9@post.example mais m10@post.example", "m10@post.example"),
        ("y5@post.example, mais laissez y6@post.example", "y5@post.example"),
        ("surtout pas sur vieux@post.example, plutôt neuf@post.example", "neuf@post.example"),
    ],
)
def test_an_address_that_is_left_out_is_neither_stopped_nor_sent_a_code(said: str, meant: str) -> None:
    assert addresses_meant(said) == [meant]
    assert decide(TALKS["marketing"], words(said)) == (LeaveAlone((meant,)),)
    asked = decide(TALKS["contact"], words(said))
    assert [move.claim.value for move in asked if isinstance(move, WantCode)] == [meant]


def test_a_hidden_talk_answers_alike_whatever_it_hides() -> None:
    hidden = TALKS["hidden"]
    nothing = replace(hidden, hidden=(), state=replace(hidden.state, hidden=()))
    for said in ("Where is my request?", "Please cancel my request"):
        names = ("request_status",) if said.startswith("Where") else ("cancel_request",)
        heard = words(said, "none", *names)
        assert decide(nothing, heard) == decide(hidden, heard)


@pytest.mark.parametrize(
    "said",
    [
        "resend",
        "send it again pls",
        "can u resend the code",
        "another code",
        "renvoyez svp",
        "renvoie le code stp",
        "un nouveau code",
    ],
)
def test_a_code_that_is_asked_for_again_in_words_is_the_button_for_it(said: str) -> None:
    assert decide(TALKS["code"], words(said)) == (Choose("resend", ""),)
    assert Choose("resend", "") not in decide(TALKS["open"], words(said))
