"""What the rules of a talk decided is carried out, move by move, in the unit in which it was looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from assistant.casework.talk import answering, asking, correcting, dont, opening, picking, proving, standing
from assistant.casework.talk.turn import Turn
from assistant.domain import moves
from assistant.domain.moves import Move
from assistant.domain.talk import CORRECTING
from assistant.store.tables import PrivacyRequest


def carry_out(turn: Turn, decided: Iterable[Move]) -> None:
    """Carry out moves in order, then leave no request silent; a move that casework refuses says why, and the next is made."""
    if turn.state.question in CORRECTING:
        turn.recall()
    for move in decided:
        WAYS[type(move)](turn, move)
    asking.ask_what_is_left(turn)


def _say(turn: Turn, move: moves.Say) -> None:
    values: dict[str, Any] = {"typed": move.typed} if move.typed is not None else {}
    if move.expects is not None:
        values["expects"] = move.expects
    if move.offers_person:
        values["choices"] = [turn.person_button()]
    if move.name == "not_our_language":
        turn.rest()
    if move.name in {"not_our_language", "languages_spoken"}:
        turn.state = replace(turn.state, told_language=True)
    turn.say(move.name, requests=turn.seen(turn.requests_named(move.about)), **values)


def _open(turn: Turn, move: moves.Open | moves.OpenForOther) -> None:
    if move.from_rest:
        turn.recall()
        turn.rest()
    if isinstance(move, moves.Open):
        opening.open_rights(turn, move)
    else:
        opening.open_for_other(turn, move)


def _go_back(turn: Turn, _move: moves.GoBack) -> None:
    turn.state = turn.state.before_menu()
    if turn.state.question in CORRECTING:
        turn.recall()


def _stand_still(turn: Turn, move: moves.StandStill) -> None:
    found = [turn.unit.session.get(PrivacyRequest, ref) for ref in move.about]
    dont.stand_still(turn, [request for request in found if request is not None])


def _want_code(turn: Turn, move: moves.WantCode) -> None:
    asked = turn.state
    proving.want_code(turn, move.claim, move.references)
    if move.asks_again:
        turn.state = replace(asked, named=turn.state.named, misgiven=turn.state.misgiven)
        asking.repeat(turn)


def _on(turn: Turn, act: Callable[[Turn, PrivacyRequest], None], ref: str) -> None:
    act(turn, turn.unit.session.get_one(PrivacyRequest, ref))


WAYS: Final[Mapping[type[Move], Callable[[Turn, Any], object]]] = {
    moves.Say: _say,
    moves.Open: _open,
    moves.OpenForOther: _open,
    moves.WaitForMandate: lambda turn, move: opening.turn_to_other(turn, move.references),
    moves.TakeAsOwn: lambda turn, move: opening.take_as_own(turn, move.references),
    moves.AskRight: picking.ask_right,
    moves.Choose: lambda turn, move: answering.choose(turn, move.what, move.answer, move.mark),
    moves.NotThat: lambda turn, move: picking.not_that(turn, move.noted),
    moves.QuestionOver: lambda turn, _: asking.say_question_over(turn),
    moves.HandOver: lambda turn, _: turn.hand_over(),
    moves.TellStatus: lambda turn, move: (
        standing.say_all(turn) if move.about is None else standing.say(turn, turn.requests_named(move.about))
    ),
    moves.AskWhose: lambda turn, move: asking.ask_whose_request(
        turn, move.sought, move.email, takes_back=move.takes_back
    ),
    moves.NeverMind: lambda turn, move: standing.never_mind(turn, move.about),
    moves.AskWhichBack: lambda turn, move: standing.ask_which_back(turn, turn.requests_named(move.about)),
    moves.AskToWithdraw: lambda turn, move: standing.ask_to_take_all_back(
        turn, turn.requests_named(move.about)
    ),
    moves.StandStill: _stand_still,
    moves.HaveReadBeside: lambda turn, move: dont.have_read_beside(turn, move.about, said=move.said),
    moves.NewMessage: lambda turn, _: standing.show_new_message(turn),
    moves.TryCode: lambda turn, _: proving.try_code(turn),
    moves.TellOfCode: lambda turn, _: proving.tell_of_code_beside(turn),
    moves.WantCode: _want_code,
    moves.MendSlip: lambda turn, move: proving.mend_slip(turn, move.references),
    moves.LeaveAddress: lambda turn, move: opening.leave_address(turn, move.references),
    moves.MailboxLost: lambda turn, move: asking.leave_lost_mailbox(
        turn, turn.requests_named(move.references), move.references
    ),
    moves.LeaveAlone: lambda turn, move: opening.leave_alone(turn, move.addresses, move.references),
    moves.EndUse: lambda turn, move: answering.end_use(turn, move.use),
    moves.Correct: lambda turn, move: _on(
        turn, lambda turn, request: correcting.correct(turn, request, move.changes), move.ref
    ),
    moves.ConfirmChange: lambda turn, move: _on(
        turn, lambda turn, request: correcting.confirm_change(turn, request, move.answer), move.ref
    ),
    moves.LeaveEmpty: lambda turn, move: _on(turn, correcting.leave_empty, move.ref),
    moves.NoteContact: lambda turn, move: _on(
        turn, lambda turn, request: correcting.note_contact(turn, request, move.noted), move.ref
    ),
    moves.AskValueAgain: lambda turn, move: _on(
        turn, lambda turn, request: correcting.ask_value_again(turn, request, move), move.ref
    ),
    moves.NoteContactFirst: lambda turn, move: picking.note_contact_first(turn, move.noted, move.says),
    moves.TellPolicy: answering.tell_policy,
    moves.SmallTalk: lambda turn, move: answering.small_talk(turn, move.said),
    moves.SayBesideProof: lambda turn, move: proving.say_beside(turn, move.name),
    moves.Repeat: lambda turn, _: asking.repeat(turn),
    moves.GoBack: _go_back,
    moves.Rest: lambda turn, _: turn.rest(),
}
