"""What the buttons of the console do: each is one unit of casework, then a page that says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from assistant.casework.agents import staff, talking
from assistant.casework.answers import by_hand, forwarding, recipients, redaction, transferring, undelivered
from assistant.casework.decisions import approval, closing, lifting, questions, refusing, sparing
from assistant.casework.plans import execution, failed
from assistant.casework.proof import link_again, people_decide
from assistant.casework.requests import queue
from assistant.casework.requests.person import reveal
from assistant.casework.requests.queue import Principal, Role, get_action, get_request
from assistant.casework.saying.shown import NotShown, check_shown, fingerprint
from assistant.casework.upkeep import corrections
from assistant.casework.uses import put_back
from assistant.domain.lifecycle import PlanState
from assistant.domain.masking import mask_text
from assistant.domain.outside import number_of
from assistant.domain.refusing import FACTS
from assistant.domain.rights import Right
from assistant.errors import AssistantError, Invalid, NotFound, NotFresh
from assistant.services import Unit
from assistant.store import queries
from assistant.web.console.access import Visit, back, explained, show
from assistant.web.console.request_page import gather, request_page
from assistant.web.console.triage import open_from_triage
from intents import pseudonymised


@dataclass(frozen=True, slots=True)
class Acting:
    """One press of a button."""

    unit: Unit
    agent: Principal
    ident: str
    form: Mapping[str, str]

    @property
    def text(self) -> str:
        """What was written."""
        return self.form.get("text", "")


_NOT_AGAIN: Final = frozenset({"csrf", "seen", "code", "then"})
Verb = Callable[[Acting], object]


def _reply(a: Acting) -> None:
    conversation = talking.get_conversation(
        a.unit.session, get_request(a.unit.session, a.ident).conversation_id
    )
    closing.reply(a.unit, conversation, a.text, a.agent)


def _assign(a: Acting) -> None:
    assignee = a.form.get("assignee") or None
    if assignee is not None and not queries.is_active_agent(a.unit.session, assignee):
        raise NotFound("Nobody of that name works here.")
    closing.assign(a.unit, a.ident, assignee, a.agent)


def _ask(a: Acting) -> None:
    late = bool(a.form.get("although_late"))
    ground = a.form.get("ground", "")
    questions.ask(a.unit, a.ident, ground, a.text, a.agent, although_late=late)


def _refuse(a: Acting) -> None:
    facts = {name: a.form[name] for name in FACTS if a.form.get(name)}
    refusing.refuse(a.unit, a.ident, a.form.get("ground", ""), a.text, a.agent, facts)


def _accounts(a: Acting) -> None:
    not_theirs = [name.removeprefix("other_") for name in a.form if name.startswith("other_")]
    queue.choose_accounts(a.unit, a.ident, not_theirs, a.agent)


def _recipient(a: Acting) -> None:
    name, yes = a.form.get("recipient", ""), a.form.get("went_there") == "yes"
    recipients.decide(a.unit, a.ident, name, a.agent, went_there=yes)


def _put_back(a: Acting) -> None:
    back = {name.removeprefix("back_") for name in a.form if name.startswith("back_")}
    put_back.settle(a.unit, a.ident, back, a.agent)


def _correct(a: Acting) -> None:
    right, message = a.form.get("right", ""), a.form.get("message", "")
    rights = [] if right == "none" else [right]
    corrections.correct(a.unit, number_of(message) or 0, rights, a.agent, pseudonymised)


REQUEST_VERBS: Final[Mapping[str, Verb]] = {
    "reply": _reply,
    "ask": _ask,
    "note": lambda a: closing.note(a.unit, a.ident, a.text, a.agent),
    "extend": lambda a: closing.extend(a.unit, a.ident, a.text, a.agent),
    "refuse": _refuse,
    "close": lambda a: closing.close(a.unit, a.ident, a.text, a.agent),
    "forward": lambda a: forwarding.forward(a.unit, a.ident, a.form.get("owner", ""), a.agent),
    "keep_everything": lambda a: sparing.decide(a.unit, a.ident, sparing.KEEP, a.agent),
    "go_on_erasing": lambda a: sparing.decide(a.unit, a.ident, sparing.GO_ON, a.agent),
    "lapse": lambda a: closing.lapse(a.unit, a.ident, a.agent),
    "link_again": lambda a: link_again.by_agent(a.unit, a.ident, a.agent),
    "accounts": _accounts,
    "recipient": _recipient,
    "all_accounts": lambda a: queue.take_accounts_back(a.unit, a.ident, a.agent),
    "plan_again": lambda a: queue.plan_again(a.unit, a.ident, a.agent),
    "transfer": lambda a: transferring.send(a.unit, a.ident, a.agent),
    "decide_t3": lambda a: people_decide.decide_t3(
        a.unit,
        a.ident,
        a.text,
        a.agent,
        contact=a.form.get("contact", ""),
        client_id=a.form.get("client_id", ""),
    ),
    "lift": lambda a: lifting.lift(a.unit, a.ident, a.text, a.agent),
    "assign": _assign,
    "put_back": _put_back,
    "settle": lambda a: undelivered.settle(a.unit, get_request(a.unit.session, a.ident), a.agent),
}


def _by_hand(a: Acting) -> None:
    said = by_hand.Answer(
        a.text, _number(a.form.get("rows")), _number(a.form.get("left")), a.form.get("why", "")
    )
    by_hand.answer(a.unit, a.ident, a.form.get("source", ""), said, a.agent)


def _redact(a: Acting) -> None:
    left_in = [_number(name.removeprefix("open_")) for name in a.form if name.startswith("open_")]
    redaction.decide(a.unit, a.ident, left_in, a.agent)


def _number(text: str | None) -> int:
    if not text:
        return 0
    number = number_of(text)
    if number is None:
        raise Invalid("Write how many records as a number.")
    return number


ACTION_VERBS: Final[Mapping[str, Verb]] = {
    "approve": lambda a: approval.approve(a.unit, a.ident, a.form.get("plan_hash", ""), a.agent),
    "undo": lambda a: approval.undo(a.unit, a.ident, a.agent),
    "reject": lambda a: approval.reject(a.unit, a.ident, a.text, a.agent),
    "try_again": lambda a: failed.try_again(a.unit, a.ident, a.agent),
    "give_up": lambda a: failed.give_up(a.unit, a.ident, a.agent),
    "stop": lambda a: execution.stop(a.unit, a.ident, a.agent),
    "by_hand": _by_hand,
    "redact": _redact,
    "ask_services": lambda a: talking.ask_about_services(a.unit, a.ident, a.agent),
}


def _answer(a: Acting) -> None:
    closing.reply(a.unit, talking.get_conversation(a.unit.session, a.ident), a.text, a.agent)


CONVERSATION_VERBS: Final[Mapping[str, Verb]] = {
    "take": lambda a: talking.take_over(a.unit, a.ident, a.agent),
    "give_back": lambda a: talking.give_back(a.unit, a.ident, a.agent),
    "reply": _answer,
    "correct": _correct,
    "settle": lambda a: undelivered.settle_talk(
        a.unit, talking.get_conversation(a.unit.session, a.ident), a.agent
    ),
}


# What an agent wrote goes out as it stands in its box; all else that a press says to people is shown first.
_WRITTEN_BY_HAND: Final = frozenset({"reply"})


def _verb(visit: Visit, verbs: Mapping[str, Verb]) -> Verb:
    found = verbs.get(visit.http_request.match_info["verb"])
    if found is None:
        raise NotFound
    return found


async def _do(visit: Visit, verb: Verb, *, shows: bool = False) -> None:

    def work(unit: Unit, agent: Principal) -> None:
        verb(Acting(unit, agent, visit.ident(), visit.form))
        if shows:
            check_shown(unit, visit.form.get("seen", ""))

    await visit.write(work)


async def letters_page(visit: Visit, ref: str, unseen: NotShown) -> web.Response:
    """Show what a press would send, with the press itself below it; after a change say that there was one."""
    verb, texts = visit.http_request.match_info["verb"], visit.words.texts
    go = texts.get(f"acts.{verb}_go") or texts.get(f"plan.{verb}") or texts["letters.go"]
    services = visit.services
    request = await services.read(lambda unit: get_request(unit.session, ref))
    later = forwarding.letter_once_delivered(services, request) if verb == "forward" else None
    again = {name: value for name, value in visit.form.items() if name not in _NOT_AGAIN}
    return show(
        visit,
        "letters.html",
        status=unseen.http_status if unseen.changed else 200,
        title=visit.words("letters.title"),
        error=explained(visit.words, unseen) if unseen.changed else "",
        request=request,
        letters=unseen.letters,
        later=later,
        seen=fingerprint(unseen.letters),
        again=again,
        go=go,
    )


async def act_on_request(visit: Visit) -> web.StreamResponse:
    """Do something about a request; an error keeps what was typed."""
    verb, name = _verb(visit, REQUEST_VERBS), visit.http_request.match_info["verb"]
    ref = visit.ident()
    if visit.form.get("then") == "change":
        return await request_page(visit, ref, typed=name)
    try:
        if visit.form.get("code"):
            await prove_freshly(visit)
        await _do(visit, verb, shows=name not in _WRITTEN_BY_HAND)
    except NotShown as unseen:
        return await letters_page(visit, ref, unseen)
    except AssistantError as error:
        return await request_page(visit, ref, error=error, typed=name)
    raise back(visit, f"/console/requests/{ref}", name)


async def reveal_person(visit: Visit) -> web.StreamResponse:
    """Show a request unmasked, once, with its audit entry."""
    ref = visit.ident()
    await visit.write(lambda unit, agent: reveal(unit, get_request(unit.session, ref), agent))
    return await request_page(visit, ref, revealed=True)


async def act_on_plan(visit: Visit) -> web.StreamResponse:
    """Do something about a plan; a plan that changed meanwhile is shown in its place."""
    verb, name = _verb(visit, ACTION_VERBS), visit.http_request.match_info["verb"]
    ref = await _ref_of(visit)
    if visit.form.get("then") == "change":
        return await request_page(visit, ref)
    try:
        if name == "approve" and visit.form.get("code"):
            await prove_freshly(visit)
        await _do(visit, verb, shows=True)
    except NotShown as unseen:
        return await letters_page(visit, ref, unseen)
    except NotFresh as error:
        return await confirm_page(visit, error)
    except AssistantError as error:
        return await request_page(visit, ref, error=error, typed=name)
    raise back(visit, f"/console/requests/{ref}", name)


async def prove_freshly(visit: Visit) -> None:
    """Take a fresh code; raises NotFresh for a wrong one, which counts for this session alone."""
    code = visit.form["code"]
    if not await visit.write(lambda unit, _: staff.prove_again(unit, visit.row, code)):
        raise NotFresh


async def _ref_of(visit: Visit) -> str:
    ident = visit.ident()
    return await visit.services.read(lambda unit: get_action(unit.session, ident)[1].ref)


async def show_confirm(visit: Visit) -> web.StreamResponse:
    """Ask once more before what cannot be taken back; the safe button has the focus."""
    visit.agent.require(Role.APPROVER, Role.LEAD)
    return await confirm_page(visit)


async def confirm_page(visit: Visit, error: AssistantError | None = None) -> web.StreamResponse:
    """Show that question, with what was wrong about the code."""
    ref = await _ref_of(visit)
    view = await visit.services.read(lambda unit: gather(visit, unit, ref))
    if (
        view.plan is None
        or view.plan.action.id != visit.ident()
        or view.plan.action.state != PlanState.PROPOSED
    ):
        return await request_page(
            visit, ref, error=Invalid("This plan is no longer waiting; here is what is.")
        )
    told = explained(visit.words, error) if error else ""
    title = visit.words.count(f"confirm.{view.plan.action.operation}", view.plan.rows)
    return show(
        visit,
        "confirm.html",
        status=error.http_status if error else 200,
        title=title,
        view=view,
        plan=view.plan,
        error=told,
        is_fresh=visit.agent.may_approve_irreversible,
        shown=mask_text,
    )


async def act_in_conversation(visit: Visit) -> web.StreamResponse:
    """Take a talk over, write in it, or hand it back."""
    await _do(visit, _verb(visit, CONVERSATION_VERBS))
    raise back(visit, f"/console/conversations/{visit.ident()}", visit.http_request.match_info["verb"])


async def decide_triage(visit: Visit) -> web.StreamResponse:
    """Make a mail in doubt a request, or leave it to support."""
    ident, right = visit.ident(), visit.form.get("right", "")
    if right == "none":
        await visit.write(lambda unit, agent: talking.leave_to_support(unit, ident, agent))
        raise back(visit, "/console/triage", "leave")
    if right not in set(Right):
        raise Invalid("Choose a right, or leave the mail to support.")
    await visit.write(lambda unit, agent: open_from_triage(unit, ident, Right(right), agent))
    raise back(visit, "/console/triage", "open")


async def choose_language(visit: Visit) -> web.StreamResponse:
    """Speak the agent's language from now on."""
    language = visit.form.get("language", "")
    await visit.write(lambda unit, agent: staff.choose_language(unit, agent.name, language))
    raise back(visit, "/console/settings", "language")
