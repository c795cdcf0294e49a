"""The pages on which a person confirms, stops or undoes: GET shows, only POST changes (A22)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlmodel import col, select

from assistant.casework import closing, marketing, packages, proof, rectification, sparing, talk
from assistant.casework.hidden import comes_back
from assistant.casework.together import stopped_together
from assistant.conversation.desk import TalkingDesk, login_challenge, take_once
from assistant.domain.assurance import Method
from assistant.domain.lifecycle import CLOSED, ChallengeState, Status, advance
from assistant.errors import ChangedMeanwhile, NotFound, NotVerified
from assistant.interfaces import SignedIn
from assistant.services import Services, Unit
from assistant.store.keyring import client_hash
from assistant.store.tables import ChallengeRow, Conversation, EvidenceRow, PrivacyRequest
from assistant.web.bodies import form_of
from assistant.web.keys import DESK, SERVICES
from assistant.web.package import given_to_browser
from assistant.web.pages import Button, Entry, language_of, show_page, style

_ASKING = {
    "withdraw": "verify_withdrawal",
    sparing.PURPOSE: "verify_dont",
}  # what is asked beside "was it you?"
# Nothing that a mail leads to is decided by one press: machines follow links, and press what they find (A22).
_SURE = "_sure"
_STANDS = "where_it_stands"
_TAKE_BACK, _NOT_ME, _NOT_ME_SURE = "take_back", "not_me", "not_me_sure"


def _answer(name: str) -> tuple[tuple[str, str], ...]:
    return (("answer", name),)


_Found = tuple[ChallengeRow, list[PrivacyRequest], Conversation]


def routes() -> list[web.RouteDef]:
    """List the addresses of these pages."""
    return [
        web.get("/verify/page.css", style),
        web.post("/verify/client-area", client_area),
        web.post("/verify/client-area/confirm", confirm_client_area),
        web.get("/verify/stop/{secret}", show_stop),
        web.post("/verify/stop/{secret}", do_stop),
        web.get("/verify/undo/{secret}", show_undo),
        web.post("/verify/undo/{secret}", do_undo),
        web.get("/verify/{secret}", show_link),
        web.post("/verify/{secret}", answer_link),
    ]


# ── the link in a mail ──────────────────────────────────────────────────────────────────────────────


async def show_link(http_request: web.Request) -> web.StreamResponse:
    """Say what the link would confirm; changes nothing."""
    services = http_request.config_dict[SERVICES]
    secret = http_request.match_info["secret"]
    found = await services.read(lambda unit: _link(unit, secret))
    if found is None:
        return _page(services, http_request, "verify_expired", status=410)
    return _link_page(services, http_request, found)


def _link_page(
    services: Services, http_request: web.Request, found: _Found, *, is_wrong: bool = False
) -> web.StreamResponse:
    row, requests, conversation = found
    name = _ASKING.get(row.purpose, "verify")
    language = conversation.language or language_of(http_request)
    here = f"/verify/{http_request.match_info['secret']}"
    if not _undecided(row, requests):
        return _stands(services, language, requests, here=here if row.purpose in _ASKING else "")
    told = {} if row.purpose in _ASKING else _what_happens(services, row, requests)
    texts = services.texts.page(
        name,
        language,
        requests=_seen(requests),
        channel=conversation.channel,
        asked_at=proof.asked_at_of(row, requests),
        **told,
    )
    changes = ("changes", rectification.digest_of(requests))
    entry = None if row.purpose in _ASKING else Entry("reference", texts["label"], 20, hint=texts["hint"])
    buttons = [
        Button(texts["yes"], here, entry=entry, hidden=(*_answer("yes"), changes)),
        Button(texts["no"], here, quiet=True, hidden=_answer("no")),
    ]
    return show_page(texts, language, buttons=buttons, alert=texts["wrong"] if is_wrong else "")


async def answer_link(http_request: web.Request) -> web.StreamResponse:
    """Take one of the two buttons, once: to confirm with the reference, to end or stop anything with a second press."""
    services = http_request.config_dict[SERVICES]
    form = await form_of(http_request)
    answer, changes = str(form.get("answer", "")), str(form.get("changes", ""))
    secret = http_request.match_info["secret"]
    if again := await services.read(lambda unit: _asks_again(unit, secret, answer)):
        name, requests, language = again
        return _second_page(services, f"/verify/{secret}", name, language, _SECOND[name], requests)
    work = _WORK.get(answer)
    if work is None:
        raise web.HTTPSeeOther(f"/verify/{secret}")
    try:
        if work is _confirm:
            typed = str(form.get("reference", ""))
            if wrong := await services.write(lambda unit: _without_reference(unit, secret, typed)):
                if wrong[0].state == ChallengeState.DEAD:
                    return _page(services, http_request, "verify_used_up", status=410)
                return _link_page(services, http_request, wrong, is_wrong=True)
        name, requests, language = await services.write(lambda unit: work(unit, secret, changes, answer))
    except ChangedMeanwhile:
        raise web.HTTPSeeOther(f"/verify/{secret}") from None  # it shows what would be confirmed now
    except NotVerified:
        return _page(services, http_request, "verify_expired", status=410)
    return _said(services, name, language, requests)


def _undecided(row: ChallengeRow, requests: list[PrivacyRequest]) -> list[PrivacyRequest]:
    """List what a link still decides; what became of the rest meanwhile is said instead of asked."""
    if row.purpose == sparing.PURPOSE:
        return [request for request in requests if sparing.is_paused(request)]
    if row.purpose == "withdraw":
        return _to_end(requests)
    return [request for request in requests if request.status not in CLOSED - {Status.LAPSED}]


def _to_end(requests: list[PrivacyRequest]) -> list[PrivacyRequest]:
    return [request for request in requests if sparing.may_still_stop(request)]


def _stands(
    services: Services, language: str, requests: list[PrivacyRequest], *, here: str = ""
) -> web.StreamResponse:
    """Say where requests stand; `here` still takes back what can be."""
    ends = _to_end(requests) if here else []
    texts = services.texts.page(_STANDS, language, requests=_seen(requests))
    return show_page(
        texts, language, buttons=[Button(texts["yes"], here, hidden=_answer("yes"))] if ends else []
    )


def _second_page(
    services: Services, here: str, name: str, language: str, answer: str, requests: Any = None
) -> web.StreamResponse:
    """Ask once more, with the one button that decides."""
    texts = services.texts.page(name, language, **({"requests": requests} if requests else {}))
    label = texts.get("yes") or texts["no"]
    return show_page(texts, language, buttons=[Button(label, here, hidden=_answer(answer))])


def _link(unit: Unit, secret: str) -> _Found | None:
    row = unit.session.exec(
        select(ChallengeRow).where(
            col(ChallengeRow.link_hash) == unit.services.keyring.keyed_hash(secret, "link"),
            col(ChallengeRow.method) == Method.EMAIL_LINK,
        )
    ).first()
    alive = (
        row is not None and row.state == ChallengeState.SENT and row.expires_at and row.expires_at > unit.now
    )
    if row is None or not alive:
        return None
    requests = [r for ref in row.references if (r := unit.session.get(PrivacyRequest, ref))]
    return row, requests, unit.session.get_one(Conversation, row.conversation_id)


def _without_reference(unit: Unit, secret: str, typed: str) -> _Found | None:
    """Count a confirmation that lacks what only the receipt says, and give what is to be shown again; None where it is right."""
    found = _link(unit, secret)
    if found is None:
        raise NotVerified
    row = found[0]
    right = row.purpose in _ASKING or proof.has_reference(unit.session, row, typed)
    return None if right else found


def _confirm(unit: Unit, secret: str, changes: str, answer: str) -> tuple[str, Any, str]:
    del answer
    found = _link(unit, secret)
    if found is None:
        raise NotVerified
    row, requests, conversation = found
    language = conversation.language or "en"
    if not _undecided(row, requests) and not (row.purpose in _ASKING and _to_end(requests)):
        return _STANDS, _seen(requests), language  # proving nothing: a lapsed request would be taken up again
    if row.purpose not in _ASKING:
        rectification.confirm_as_shown(unit, requests, changes)
    unit.services.methods[Method.EMAIL_LINK].check(row.stored or "", secret)
    proof.consume(unit, row.id)
    if row.purpose == sparing.PURPOSE:
        kept = sparing.keep(unit, requests, "subject")
        return ("verify_withdrawn" if kept else _STANDS), _seen(kept or requests), language
    if row.purpose == "withdraw":
        done = closing.withdraw(unit, requests)
        return ("verify_withdrawn" if done else _STANDS), _seen(done or requests), language
    return "verify_confirmed", _seen([each for each in requests if each.status not in CLOSED]), language


def _asks_again(unit: Unit, secret: str, answer: str) -> tuple[str, list[dict[str, Any]], str] | None:
    """Tell what a first press would end, stop or let go on; None where there is nothing of it, or it need not be asked twice."""
    found = _link(unit, secret)
    if found is None:
        return None
    row, requests, conversation = found
    language = conversation.language or "en"
    if answer == "yes" and row.purpose in _ASKING:
        ends = _to_end(requests)
        return ("withdraw_sure", _seen(ends), language) if ends else None
    if answer != "no":
        return None
    if row.purpose == sparing.PURPOSE:
        paused = [request for request in requests if sparing.is_paused(request)]
        return ("go_on_sure", _seen(paused), language) if paused else None
    stops = [] if row.purpose in _ASKING else stopped_together(unit.session, requests)
    return ("not_me_sure", _seen(stops), language) if stops else None


def _deny(unit: Unit, secret: str, changes: str, answer: str) -> tuple[str, Any, str]:
    del changes  # whatever was to be changed, it is not
    found = _link(unit, secret)
    if found is None:
        raise NotVerified
    row, requests, conversation = found
    language = conversation.language or "en"
    if answer.endswith(_SURE):
        row.state = advance(row.state, ChallengeState.DEAD)
        unit.session.add(row)
        if row.purpose not in _ASKING:
            return _stopped(unit, requests, language)
        if row.purpose == sparing.PURPOSE:
            sparing.go_on(unit, requests, "subject")
    if row.purpose not in _ASKING:
        return _STANDS, _seen(requests), language
    going = [request for request in requests if request.status not in CLOSED]
    return ("verify_goes_on" if going else _STANDS), _seen(going or requests), language


_SECOND = {"withdraw_sure": "yes_sure", "go_on_sure": "go_on_sure", "not_me_sure": _NOT_ME_SURE}
_WORK = {"yes": _confirm, "yes_sure": _confirm, "no": _deny, "go_on_sure": _deny, _NOT_ME_SURE: _deny}


# ── this was not me, and stopping what waits ────────────────────────────────────────────────────────


async def show_stop(http_request: web.Request) -> web.StreamResponse:
    """Say what can be taken back or stopped, and offer both; changes nothing."""
    services, secret = http_request.config_dict[SERVICES], http_request.match_info["secret"]
    found = await services.read(lambda unit: _stop_link(unit, secret))
    if found is None:
        return _page(services, http_request, "verify_expired", status=410)
    if not found.stops:
        return _stands(services, _language_of(found, http_request), found.named)
    language, here = found.stops[0].language, f"/verify/stop/{secret}"
    stops = _seen(found.stops)
    if not found.own:
        texts = services.texts.page("not_me", language, requests=stops)
        return show_page(texts, language, buttons=[Button(texts["no"], here, hidden=_answer(_NOT_ME))])
    texts = services.texts.page("stop", language, requests=_seen(found.own), stops=stops)
    buttons = [
        Button(texts["yes"], here, hidden=_answer(_TAKE_BACK)),
        Button(texts["no"], here, quiet=True, hidden=_answer(_NOT_ME)),
    ]
    return show_page(texts, language, buttons=buttons)


async def do_stop(http_request: web.Request) -> web.StreamResponse:
    """Take back what the person no longer wants, or stop what was not them, once they have said so twice."""
    services, secret = http_request.config_dict[SERVICES], http_request.match_info["secret"]
    here = f"/verify/stop/{secret}"
    answer = str((await form_of(http_request)).get("answer", ""))
    found = await services.read(lambda unit: _stop_link(unit, secret))
    if found is None:
        return _page(services, http_request, "verify_expired", status=410)
    language = _language_of(found, http_request)
    if answer == _NOT_ME and found.stops:
        return _second_page(services, here, "not_me_sure", language, _NOT_ME_SURE, _seen(found.stops))
    if answer == _TAKE_BACK and found.own:
        return _second_page(services, here, "withdraw_sure", language, _TAKE_BACK + _SURE, _seen(found.own))
    work = {_TAKE_BACK + _SURE: _take_back, _NOT_ME_SURE: proof.do_stop}.get(answer)
    if work is None:
        raise web.HTTPSeeOther(here)
    try:
        done = await services.write(lambda unit: work(unit, secret))
    except NotVerified:
        return _page(services, http_request, "verify_expired", status=410)
    name = "verify_stopped" if answer == _NOT_ME_SURE else "verify_withdrawn"
    return _said(services, name if done else _STANDS, language, _seen(done or found.named))


@dataclass(frozen=True, slots=True)
class _Stoppable:
    """What a link names, what of it can still be stopped, and what its mailbox asked and can take back."""

    named: list[PrivacyRequest]
    stops: list[PrivacyRequest]
    own: list[PrivacyRequest]


def _stop_link(unit: Unit, secret: str) -> _Stoppable | None:
    link = proof.live_stop_link(unit, secret)
    if link is None:
        return None
    named = [r for ref in link.references if (r := unit.session.get(PrivacyRequest, ref))]
    stops = stopped_together(unit.session, named)
    # Only the mailbox by which it was proved speaks for whoever asked: any other may stop it, and not end it.
    own = [r for r in stops if r.ref in link.references and r.contact_hash == link.contact_hash]
    return _Stoppable(named, stops, own)


def _language_of(found: _Stoppable, http_request: web.Request) -> str:
    return next((request.language for request in found.named), language_of(http_request))


def _take_back(unit: Unit, secret: str) -> list[PrivacyRequest]:
    found = _stop_link(unit, secret)
    if found is None:
        raise NotVerified
    return closing.withdraw(unit, found.own)


# ── the undo of a marketing objection ───────────────────────────────────────────────────────────────


async def show_undo(http_request: web.Request) -> web.StreamResponse:
    """Ask before undoing; changes nothing."""
    services, language = http_request.config_dict[SERVICES], language_of(http_request)
    secret = http_request.match_info["secret"]
    if await services.read(lambda unit: marketing.undone_by(unit, secret)) is None:
        return _page(services, http_request, "undo_expired", status=410)
    texts = services.texts.page("undo", language)
    return show_page(texts, language, buttons=[Button(texts["yes"], f"/verify/undo/{secret}")])


async def do_undo(http_request: web.Request) -> web.StreamResponse:
    """Undo the suppression that somebody asked for this address, once its holder has said so twice."""
    services = http_request.config_dict[SERVICES]
    secret = http_request.match_info["secret"]
    sure = (await form_of(http_request)).get("answer") == "undo_sure"
    found = await services.read(lambda unit: marketing.undone_by(unit, secret))
    if found is not None and not sure:
        return _second_page(
            services, f"/verify/undo/{secret}", "undo_sure", language_of(http_request), "undo_sure"
        )
    try:
        await services.write(lambda unit: marketing.undo(unit, secret))
    except NotVerified:
        return _page(services, http_request, "undo_expired", status=410)
    return _page(services, http_request, "undo_done")


# ── the client area ─────────────────────────────────────────────────────────────────────────────────


async def client_area(http_request: web.Request) -> web.StreamResponse:
    """Take a fresh sign-in and show what it would confirm: the requests of its nonce, no others (A20)."""
    services = http_request.config_dict[SERVICES]
    token = str((await form_of(http_request)).get("token", ""))
    try:
        who = _signed_in(services, token)
        row, requests, conversation = await services.read(lambda unit: _login(unit, who))
        if row.package_id is not None:
            secret = await services.write(lambda unit: _open_package(unit, who))
            raise given_to_browser(services, row.package_id, secret)
    except (NotFound, NotVerified):
        return _page(services, http_request, "client_area_failed", status=403)
    language = conversation.language or language_of(http_request)
    told = _what_happens(services, row, requests)
    if comes_back(conversation, client_hash(services.keyring, who.client_id)):
        told["effects"] = [*told["effects"], "shown_again"]
    asked = {"channel": conversation.channel, "asked_at": proof.asked_at_of(row, requests)}
    texts = services.texts.page("client_area", language, requests=_seen(requests), **asked, **told)
    hidden = (("token", token), ("changes", rectification.digest_of(requests)))
    here = "/verify/client-area/confirm"
    buttons = [
        Button(texts["yes"], here, hidden=(*hidden, ("answer", "yes"))),
        Button(texts["no"], here, quiet=True, hidden=(*hidden, ("answer", "no"))),
    ]
    return show_page(texts, language, buttons=buttons)


async def confirm_client_area(http_request: web.Request) -> web.StreamResponse:
    """Take the confirmation, once: a token that was used is worth nothing."""
    services, desk = http_request.config_dict[SERVICES], http_request.config_dict[DESK]
    form = await form_of(http_request)
    try:
        who = _signed_in(services, str(form.get("token", "")))
        if form.get("answer") == "no" and (again := await services.read(lambda unit: _stops(unit, who))):
            requests, language = again
            texts = services.texts.page("not_me_sure", language, requests=requests)
            hidden = (("token", str(form.get("token", ""))), *_answer(_NOT_ME_SURE))
            here = "/verify/client-area/confirm"
            return show_page(texts, language, buttons=[Button(texts["no"], here, hidden=hidden)])
        yes = form.get("answer") == "yes"
        contact = await proof.contact_of_sign_in(services, who)
        changes = str(form.get("changes", ""))
        name, requests, language = await services.write(
            lambda unit: _use_login(unit, desk, who, contact, changes=changes, yes=yes)
        )
    except (ChangedMeanwhile, NotVerified):
        return _page(services, http_request, "client_area_failed", status=403)
    return _said(services, name, language, requests)


def _signed_in(services: Services, token: str) -> SignedIn:
    sign_in = services.sign_ins.get(Method.CLIENT_AREA)
    if sign_in is None:
        raise NotVerified
    return sign_in.read(token, services.clock.now())


def _login(unit: Unit, who: SignedIn) -> tuple[ChallengeRow, list[PrivacyRequest], Conversation]:
    row = login_challenge(unit, who.nonce or "")
    if row is None:
        raise NotVerified
    requests = [r for ref in row.references if (r := unit.session.get(PrivacyRequest, ref))]
    return row, requests, unit.session.get_one(Conversation, row.conversation_id)


def _stops(unit: Unit, who: SignedIn) -> tuple[list[dict[str, Any]], str] | None:
    """Tell what "this wasn't me" would stop; the token stays good for the second press."""
    _, requests, conversation = _login(unit, who)
    stops = stopped_together(unit.session, requests)
    return (_seen(stops), conversation.language or "en") if stops else None


def _open_package(unit: Unit, who: SignedIn) -> str:
    row = login_challenge(unit, who.nonce or "")
    if row is None or row.package_id is None:
        raise NotVerified
    take_once(unit.session, Method.CLIENT_AREA, who)
    return packages.grant(unit, row.package_id, row.id, who.client_id)


def _use_login(
    unit: Unit,
    desk: TalkingDesk,
    who: SignedIn,
    contact: str,
    *,
    changes: str,
    yes: bool,
) -> tuple[str, list[dict[str, Any]], str]:
    row, requests, conversation = _login(unit, who)
    if row.package_id is not None:
        raise NotVerified  # it was asked for a package, and proves nothing else
    take_once(unit.session, Method.CLIENT_AREA, who)
    row.state = advance(row.state, ChallengeState.USED)
    unit.session.add(row)
    if yes:
        rectification.confirm_as_shown(unit, requests, changes)
        evidence = proof.give_evidence(
            unit,
            method=Method.CLIENT_AREA,
            contact=contact,
            conversation_id=conversation.id,
            references=row.references,
            on_file=True,
            client_id=who.client_id,
        )
        _say_proved(desk, unit, conversation, evidence)
        return "verify_confirmed", _seen(requests), conversation.language or "en"
    return _stopped(unit, requests, conversation.language or "en")


def _stopped(
    unit: Unit, requests: list[PrivacyRequest], language: str
) -> tuple[str, list[dict[str, Any]], str]:
    """Stop what can still be stopped, and say so of that alone."""
    stopped = proof.stop_requests(unit, requests)
    return ("verify_stopped" if stopped else _STANDS), _seen(stopped or requests), language


def _say_proved(desk: TalkingDesk, unit: Unit, conversation: Conversation, evidence: EvidenceRow) -> None:
    if conversation.channel == "email":
        return
    turn = desk.quiet_turn(unit, conversation)
    turn.state = turn.state.at_rest()
    desk.proved(turn, evidence)
    turn.store_state()


def _said(services: Services, name: str, language: str, requests: list[dict[str, Any]]) -> web.StreamResponse:
    """Show what became of it; a page that names requests names those it happened to."""
    return show_page(services.texts.page(name, language, requests=requests), language)


# ── small things ────────────────────────────────────────────────────────────────────────────────────


def _what_happens(services: Services, row: ChallengeRow, requests: list[PrivacyRequest]) -> dict[str, Any]:
    return {"from_to": rectification.shown(requests), "effects": proof.effects_of(services, row, requests)}


def _seen(requests: list[PrivacyRequest]) -> list[dict[str, Any]]:
    return [talk.as_seen(request) for request in requests]


def _page(services: Services, http_request: web.Request, name: str, status: int = 200) -> web.Response:
    language = language_of(http_request)
    return show_page(services.texts.page(name, language), language, status=status)
