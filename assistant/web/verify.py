"""The pages on which a person confirms, stops or undoes: GET shows, only POST changes (A22)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web
from sqlmodel import Session, col, select

from assistant.casework import closing, marketing, packages, proof, rectification, sparing, talk
from assistant.casework.together import stopped_together
from assistant.conversation.desk import TalkingDesk, login_challenge, take_once
from assistant.domain.assurance import STOP_LINK_LASTS, Method
from assistant.domain.status import CLOSED
from assistant.errors import ChangedMeanwhile, NotFound, NotVerified
from assistant.interfaces import SignedIn
from assistant.services import Services
from assistant.store.tables import ChallengeRow, Conversation, EvidenceRow, PrivacyRequest, StopLink
from assistant.web.keys import DESK, SERVICES
from assistant.web.package import given_to_browser
from assistant.web.pages import Button, language_of, show_page, style

_ASKING = {
    "withdraw": "verify_withdrawal",
    sparing.PURPOSE: "verify_dont",
}  # what is asked beside "was it you?"
_TAKE_BACK, _NOT_ME, _SURE, _GO_ON = (
    (("answer", answer),) for answer in ("take_back", "not_me", "not_me_sure", "go_on_sure")
)


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
    found = await services.read(lambda session: _link(services, session, secret))
    if found is None:
        return _page(services, http_request, "verify_expired", status=410)
    row, requests, conversation = found
    name = _ASKING.get(row.purpose, "verify")
    language = conversation.language or language_of(http_request)
    told: dict[str, Any] = {} if row.purpose in _ASKING else {"from_to": rectification.shown(requests)}
    texts = services.texts.page(
        name, language, requests=_seen(requests), channel=conversation.channel, asked_at=row.asked_at, **told
    )
    here = f"/verify/{secret}"
    changes = ("changes", rectification.digest_of(requests))
    buttons = [
        Button(texts["yes"], here, hidden=(("answer", "yes"), changes)),
        Button(texts["no"], here, quiet=True, hidden=(("answer", "no"),)),
    ]
    return show_page(texts, language, buttons=buttons)


async def answer_link(http_request: web.Request) -> web.StreamResponse:
    """Take one of the two buttons, once."""
    services = http_request.config_dict[SERVICES]
    form = await http_request.post()
    answer, changes = str(form.get("answer", "")), str(form.get("changes", ""))
    secret = http_request.match_info["secret"]
    if answer == "no" and (
        again := await services.read(lambda session: _asks_again(services, session, secret))
    ):
        name, requests, language = again
        texts = services.texts.page(name, language, requests=requests)
        hidden = _GO_ON if name == "go_on_sure" else _SURE
        return show_page(texts, language, buttons=[Button(texts["no"], f"/verify/{secret}", hidden=hidden)])
    work = {"yes": _confirm, "no": _deny, "not_me_sure": _deny, "go_on_sure": _deny}.get(answer)
    if work is None:
        raise web.HTTPSeeOther(f"/verify/{secret}")
    try:
        name, requests, language = await services.write(
            lambda session: work(services, session, secret, changes)
        )
    except ChangedMeanwhile:
        raise web.HTTPSeeOther(f"/verify/{secret}") from None  # it shows what would be confirmed now
    except NotVerified:
        return _page(services, http_request, "verify_expired", status=410)
    return _said(services, name, language, requests)


def _link(
    services: Services, session: Session, secret: str
) -> tuple[ChallengeRow, list[PrivacyRequest], Conversation] | None:
    row = session.exec(
        select(ChallengeRow).where(
            col(ChallengeRow.link_hash) == services.keyring.keyed_hash(secret, "link"),
            col(ChallengeRow.method) == Method.EMAIL_LINK,
        )
    ).first()
    alive = (
        row is not None and row.state == "sent" and row.expires_at and row.expires_at > services.clock.now()
    )
    if row is None or not alive:
        return None
    requests = [r for ref in row.references if (r := session.get(PrivacyRequest, ref))]
    return row, requests, session.get_one(Conversation, row.conversation_id)


def _confirm(services: Services, session: Session, secret: str, changes: str) -> tuple[str, Any, str]:
    found = _link(services, session, secret)
    if found is None:
        raise NotVerified
    row, requests, conversation = found
    language = conversation.language or "en"
    if row.purpose not in _ASKING:
        rectification.confirm_as_shown(services, session, requests, changes)
    attempt = proof.reserve_attempt(services, session, row)
    services.methods[Method.EMAIL_LINK].check(attempt.stored, secret)
    proof.consume(services, session, row.id)
    if row.purpose == sparing.PURPOSE:
        kept = sparing.keep(services, session, requests, "subject")
        return ("verify_withdrawn", _seen(kept), language) if kept else ("stop_too_late", [], language)
    if row.purpose == "withdraw":
        done = closing.withdraw(services, session, requests)
        return ("verify_withdrawn" if done else "stop_too_late"), _seen(done), language
    return "verify_confirmed", _seen(requests), language


def _asks_again(
    services: Services, session: Session, secret: str
) -> tuple[str, list[dict[str, Any]], str] | None:
    """Tell what "this wasn't me" would stop, or which erasure "go on" lets go on; None where neither need be asked twice."""
    found = _link(services, session, secret)
    if found is None:
        return None
    row, requests, conversation = found
    language = conversation.language or "en"
    if row.purpose == sparing.PURPOSE:
        paused = [request for request in requests if sparing.is_paused(request)]
        return ("go_on_sure", _seen(paused), language) if paused else None
    stops = [] if row.purpose in _ASKING else stopped_together(session, requests)
    return ("not_me_sure", _seen(stops), language) if stops else None


def _deny(services: Services, session: Session, secret: str, changes: str) -> tuple[str, Any, str]:
    del changes  # whatever was to be changed, it is not
    found = _link(services, session, secret)
    if found is None:
        raise NotVerified
    row, requests, conversation = found
    row.state = "dead"
    session.add(row)
    language = conversation.language or "en"
    if row.purpose not in _ASKING:
        return _stopped(services, session, requests, language)
    if row.purpose == sparing.PURPOSE:
        sparing.go_on(services, session, requests, "subject")
    going = [request for request in requests if request.status not in CLOSED]
    return ("verify_goes_on" if going else "stop_too_late"), _seen(going), language


# ── this was not me, and stopping what waits ────────────────────────────────────────────────────────


async def show_stop(http_request: web.Request) -> web.StreamResponse:
    """Say what can be taken back or stopped, and offer both; changes nothing."""
    services, secret = http_request.config_dict[SERVICES], http_request.match_info["secret"]
    found = await services.read(lambda session: _stop_link(services, session, secret))
    if found is None:
        return _page(services, http_request, "verify_expired", status=410)
    if not found.stops:
        return _page(services, http_request, "stop_too_late")
    language, here = found.stops[0].language, f"/verify/stop/{secret}"
    stops = _seen(found.stops)
    if not found.own:
        texts = services.texts.page("not_me", language, requests=stops)
        return show_page(texts, language, buttons=[Button(texts["no"], here, hidden=_NOT_ME)])
    texts = services.texts.page("stop", language, requests=_seen(found.own), stops=stops)
    buttons = [
        Button(texts["yes"], here, hidden=_TAKE_BACK),
        Button(texts["no"], here, quiet=True, hidden=_NOT_ME),
    ]
    return show_page(texts, language, buttons=buttons)


async def do_stop(http_request: web.Request) -> web.StreamResponse:
    """Take back what the person no longer wants; stop what was not them once they have said so twice."""
    services, secret = http_request.config_dict[SERVICES], http_request.match_info["secret"]
    answer = str((await http_request.post()).get("answer", ""))
    found = await services.read(lambda session: _stop_link(services, session, secret))
    if found is None:
        return _page(services, http_request, "verify_expired", status=410)
    language = found.stops[0].language if found.stops else language_of(http_request)
    if answer == "not_me" and found.stops:
        texts = services.texts.page("not_me_sure", language, requests=_seen(found.stops))
        sure = Button(texts["no"], f"/verify/stop/{secret}", hidden=_SURE)
        return show_page(texts, language, buttons=[sure])
    work = {"take_back": _take_back, "not_me_sure": proof.do_stop}.get(answer)
    if work is None:
        raise web.HTTPSeeOther(f"/verify/stop/{secret}")
    try:
        done = await services.write(lambda session: work(services, session, secret))
    except NotVerified:
        return _page(services, http_request, "verify_expired", status=410)
    name = "verify_withdrawn" if answer == "take_back" else "verify_stopped"
    return _said(services, name if done else "stop_too_late", language, _seen(done))


@dataclass(frozen=True, slots=True)
class _Stoppable:
    """What a link stops, and what of it the holder of its mailbox asked and can take back."""

    stops: list[PrivacyRequest]
    own: list[PrivacyRequest]


def _stop_link(services: Services, session: Session, secret: str) -> _Stoppable | None:
    link = session.get(StopLink, services.keyring.keyed_hash(secret, "stop"))
    if link is None or link.used_at is not None or link.made_at < services.clock.now() - STOP_LINK_LASTS:
        return None
    stops = stopped_together(
        session, [r for ref in link.references if (r := session.get(PrivacyRequest, ref))]
    )
    # Only the mailbox by which it was proved speaks for whoever asked: any other may stop it, and not end it.
    own = [r for r in stops if r.ref in link.references and r.contact_hash == link.contact_hash]
    return _Stoppable(stops, own)


def _take_back(services: Services, session: Session, secret: str) -> list[PrivacyRequest]:
    found = _stop_link(services, session, secret)
    if found is None:
        raise NotVerified
    return closing.withdraw(services, session, found.own)


# ── the undo of a marketing objection ───────────────────────────────────────────────────────────────


async def show_undo(http_request: web.Request) -> web.StreamResponse:
    """Ask before undoing; changes nothing."""
    services, language = http_request.config_dict[SERVICES], language_of(http_request)
    texts = services.texts.page("undo", language)
    here = f"/verify/undo/{http_request.match_info['secret']}"
    return show_page(texts, language, buttons=[Button(texts["yes"], here)])


async def do_undo(http_request: web.Request) -> web.StreamResponse:
    """Undo the suppression that somebody asked for this address."""
    services = http_request.config_dict[SERVICES]
    secret = http_request.match_info["secret"]
    try:
        await services.write(lambda session: marketing.undo(services, session, secret))
    except NotVerified:
        return _page(services, http_request, "undo_expired", status=410)
    return _page(services, http_request, "undo_done")


# ── the client area ─────────────────────────────────────────────────────────────────────────────────


async def client_area(http_request: web.Request) -> web.StreamResponse:
    """Take a fresh sign-in and show what it would confirm: the requests of its nonce, no others (A20)."""
    services = http_request.config_dict[SERVICES]
    token = str((await http_request.post()).get("token", ""))
    try:
        who = _signed_in(services, token)
        row, requests, conversation = await services.read(lambda s: _login(services, s, who))
        if row.package_id is not None:
            secret = await services.write(lambda s: _open_package(services, s, who))
            raise given_to_browser(services, row.package_id, secret)
    except (NotFound, NotVerified):
        return _page(services, http_request, "client_area_failed", status=403)
    language = conversation.language or language_of(http_request)
    texts = services.texts.page(
        "client_area", language, requests=_seen(requests), from_to=rectification.shown(requests)
    )
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
    form = await http_request.post()
    try:
        who = _signed_in(services, str(form.get("token", "")))
        if form.get("answer") == "no" and (again := await services.read(lambda s: _stops(services, s, who))):
            requests, language = again
            texts = services.texts.page("not_me_sure", language, requests=requests)
            hidden = (("token", str(form.get("token", ""))), *_SURE)
            here = "/verify/client-area/confirm"
            return show_page(texts, language, buttons=[Button(texts["no"], here, hidden=hidden)])
        yes = form.get("answer") == "yes"
        contacts = await proof.contacts_of(
            services, proof.claimed_identity(proof.Claim("client_id", who.client_id))
        )
        name, requests, language = await services.write(
            lambda s: _use_login(
                services, desk, s, who, changes=str(form.get("changes", "")), yes=yes, on_file=bool(contacts)
            )
        )
    except (ChangedMeanwhile, NotVerified):
        return _page(services, http_request, "client_area_failed", status=403)
    return _said(services, name, language, requests)


def _signed_in(services: Services, token: str) -> SignedIn:
    sign_in = services.sign_ins.get(Method.CLIENT_AREA)
    if sign_in is None:
        raise NotVerified
    return sign_in.read(token, services.clock.now())


def _login(
    services: Services, session: Session, who: SignedIn
) -> tuple[ChallengeRow, list[PrivacyRequest], Conversation]:
    row = login_challenge(services, session, who.nonce or "")
    if row is None:
        raise NotVerified
    requests = [r for ref in row.references if (r := session.get(PrivacyRequest, ref))]
    return row, requests, session.get_one(Conversation, row.conversation_id)


def _stops(services: Services, session: Session, who: SignedIn) -> tuple[list[dict[str, Any]], str] | None:
    """Tell what "this wasn't me" would stop; the token stays good for the second press."""
    _, requests, conversation = _login(services, session, who)
    stops = stopped_together(session, requests)
    return (_seen(stops), conversation.language or "en") if stops else None


def _open_package(services: Services, session: Session, who: SignedIn) -> str:
    row = login_challenge(services, session, who.nonce or "")
    if row is None or row.package_id is None:
        raise NotVerified
    take_once(session, Method.CLIENT_AREA, who)
    return packages.grant(services, session, row.package_id, row.id, who.email)


def _use_login(
    services: Services,
    desk: TalkingDesk,
    session: Session,
    who: SignedIn,
    *,
    changes: str,
    yes: bool,
    on_file: bool,
) -> tuple[str, list[dict[str, Any]], str]:
    row, requests, conversation = _login(services, session, who)
    if row.package_id is not None:
        raise NotVerified  # it was asked for a package, and proves nothing else
    take_once(session, Method.CLIENT_AREA, who)
    row.state = "used"
    session.add(row)
    if yes:
        rectification.confirm_as_shown(services, session, requests, changes)
        evidence = proof.give_evidence(
            services,
            session,
            method=Method.CLIENT_AREA,
            contact=who.email,
            conversation_id=conversation.id,
            references=row.references,
            on_file=on_file,
            client_id=who.client_id,
        )
        _say_proved(desk, session, conversation, evidence)
        return "verify_confirmed", _seen(requests), conversation.language or "en"
    return _stopped(services, session, requests, conversation.language or "en")


def _stopped(
    services: Services, session: Session, requests: list[PrivacyRequest], language: str
) -> tuple[str, list[dict[str, Any]], str]:
    """Stop what can still be stopped, and say so of that alone."""
    stopped = proof.stop_requests(services, session, requests)
    return ("verify_stopped" if stopped else "stop_too_late"), _seen(stopped), language


def _say_proved(
    desk: TalkingDesk, session: Session, conversation: Conversation, evidence: EvidenceRow
) -> None:
    if conversation.channel == "email":
        return
    turn = desk.quiet_turn(session, conversation)
    turn.state = replace(turn.state.at_rest(), hidden_before=0)
    desk.proved(turn, evidence)
    turn.store_state()


def _said(services: Services, name: str, language: str, requests: list[dict[str, Any]]) -> web.StreamResponse:
    """Show what became of it; a page that names requests names those it happened to."""
    values = {"requests": requests} if requests else {}
    return show_page(services.texts.page(name, language, **values), language)


# ── small things ────────────────────────────────────────────────────────────────────────────────────


def _seen(requests: list[PrivacyRequest]) -> list[dict[str, Any]]:
    return [talk.as_seen(request) for request in requests]


def _page(services: Services, http_request: web.Request, name: str, status: int = 200) -> web.Response:
    language = language_of(http_request)
    return show_page(services.texts.page(name, language), language, status=status)
