"""What the rules of a talk need to know of it, looked up once, before anything is decided."""

from __future__ import annotations

from datetime import date

from assistant.casework.presses import spoken_labels
from assistant.casework.requests.rectification import fields_of
from assistant.casework.talk.asking import question_asked
from assistant.casework.talk.turn import Turn
from assistant.config import Settings
from assistant.domain.addresses import normal_contact
from assistant.domain.lifecycle import ChallengeState
from assistant.domain.presses import unmarked
from assistant.domain.rights import CONFIRMED_FIRST
from assistant.domain.talk import Button, TalkView

_ASKED_OF_PROOF = frozenset({"email", "code"})


def look(turn: Turn) -> TalkView:
    """Give a talk as its rules see it; what cannot matter where it stands is not looked up, as most talks are new."""
    unit, conversation, state = turn.unit, turn.conversation, turn.state
    requests = turn.all_requests()
    about = tuple(turn.requests_named(state.about))
    is_new = (
        not (requests or state.brought)
        and state.expects not in _ASKED_OF_PROOF
        and not (state.hidden_of or state.sought)
    )
    last = None if is_new else turn.last_challenge()
    awaited = last is not None and last.state in {ChallengeState.WANTED, ChallengeState.SENT}
    is_live = awaited and last is not None and last.expires_at is not None and last.expires_at > unit.now
    called_at = conversation.wants_person_at
    own = tuple(turn.own_requests())
    corrects = any(request.right in CONFIRMED_FIRST for request in (*own, *about))
    return TalkView(
        is_mail=turn.is_mail,
        state=state,
        own=own,
        hidden=tuple(request for request in requests if request.ref in state.hidden),
        about=about,
        lacks={r.ref: question for r in (*own, *about) if (question := turn.missing(r))},
        agent_talks=turn.stands_back,
        person_called=called_at is not None,
        code_awaited=awaited,
        code_live=is_live,
        code_sent=last is not None,
        called_since_code=called_at is not None and (last is None or last.asked_at <= called_at),
        buttons=_buttons(turn) if state.expects == "choice" else None,
        sender=conversation.subject_hint if turn.is_mail else None,
        is_privacy_mailbox=turn.is_mail and _is_for_privacy(unit.services.settings),
        languages=tuple(unit.services.settings.controller.languages),
        client_number=unit.services.settings.controller.client_number,
        today=unit.today if own else date.min,
        fields=fields_of(unit.services) if corrects else {},
    )


def _is_for_privacy(settings: Settings) -> bool:
    """Tell a mailbox for privacy alone from a general one, whose questions support answers."""
    return normal_contact(settings.email.address) == normal_contact(settings.controller.contact_email)


def _buttons(turn: Turn) -> tuple[Button, ...] | None:
    asked = question_asked(turn)
    if asked is None:
        return None
    services = turn.unit.services
    found = ((unmarked(str(each["value"]))[0], str(each["label"])) for each in asked.choices)
    return tuple(Button(value, (label, *spoken_labels(services, value))) for value, label in found)
