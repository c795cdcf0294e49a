"""The pages on which a person confirms, stops or undoes: GET shows, only POST changes (A22)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from assistant.casework.proof import sending
from assistant.casework.requests import rectification
from assistant.casework.talk import after_proof, hiding, mailed_links, sign_ins
from assistant.casework.talk.mailed_links import ASKING, STANDS, Came, MailedLink, Stoppable, seen
from assistant.casework.uses import marketing
from assistant.domain.assurance import Method
from assistant.domain.lifecycle import CLOSED, ChallengeState
from assistant.domain.talk import TalkState
from assistant.errors import AnotherNamed, ChangedMeanwhile, NotFound, NotVerified
from assistant.interfaces import SignedIn
from assistant.services import Services, Unit
from assistant.store.keyring import client_hash
from assistant.store.rows import ChallengeRow, Conversation, EvidenceRow, PrivacyRequest
from assistant.web.bodies import form_of
from assistant.web.keys import SERVICES
from assistant.web.package import given_to_browser
from assistant.web.pages import Button, Entry, language_of, show_page, style

# Nothing that a mail leads to is decided by one press: machines follow links, and press what they find (A22).
_SURE = "_sure"
_CONFIRM_SIGN_IN = "/verify/client-area/confirm"
_TAKE_BACK, _NOT_ME, _NOT_ME_SURE = "take_back", "not_me", "not_me_sure"
_SECOND = {
    "withdraw_sure": "yes_sure",
    "keep_sure": "yes_sure",
    "go_on_sure": "go_on_sure",
    "not_me_sure": _NOT_ME_SURE,
}
_CONFIRMS, _DENIES = {"yes", "yes_sure"}, {"no", "go_on_sure", _NOT_ME_SURE}


_Hidden = tuple[tuple[str, str], ...]


def _answer(name: str) -> _Hidden:
    return (("answer", name),)


def routes() -> list[web.RouteDef]:
    """List the addresses of these pages."""
    return [
        web.get("/verify/page.css", style),
        web.post("/verify/client-area", client_area),
        web.post(_CONFIRM_SIGN_IN, confirm_client_area),
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
    link = await services.read(lambda unit: mailed_links.find(unit, secret))
    if link is None:
        return await _dead(services, http_request, secret)
    return _link_page(services, http_request, link)


def _link_page(
    services: Services, http_request: web.Request, link: MailedLink, *, is_wrong: bool = False
) -> web.StreamResponse:
    language = link.conversation.language or language_of(http_request)
    here = f"/verify/{http_request.match_info['secret']}"
    if not link.undecided:
        takes_back = link.is_asking and bool(link.ends)
        return _stands(services, language, link.requests, here=here if takes_back else "")
    told = {} if link.is_asking else _what_happens(services, link.challenge, link.requests)
    texts = services.texts.page(
        ASKING.get(link.challenge.purpose, "verify"),
        language,
        requests=seen(link.requests),
        channel=link.channel,
        asked_at=sending.asked_at_of(link.challenge, link.requests),
        **told,
    )
    changes = ("changes", rectification.digest_of(link.requests))
    entry = None if link.is_asking else Entry("reference", texts["label"], 20, hint=texts["hint"])
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
    here = f"/verify/{secret}"
    if again := await services.read(lambda unit: mailed_links.asks_again(unit, secret, answer)):
        return _second_page(services, here, again, _answer(_SECOND[again.page]))
    if answer not in _CONFIRMS | _DENIES:
        raise web.HTTPSeeOther(here)
    try:
        if answer in _DENIES:
            sure = answer.endswith(_SURE)
            return _said(
                services, await services.write(lambda unit: mailed_links.deny(unit, secret, sure=sure))
            )
        typed = str(form.get("reference", ""))
        if wrong := await services.write(lambda unit: mailed_links.without_reference(unit, secret, typed)):
            if wrong.challenge.state == ChallengeState.DEAD:
                return await _dead(services, http_request, secret, "verify_used_up")
            return _link_page(services, http_request, wrong, is_wrong=True)
        return _said(services, await services.write(lambda unit: mailed_links.confirm(unit, secret, changes)))
    except ChangedMeanwhile:
        raise web.HTTPSeeOther(here) from None  # it shows what would be confirmed now
    except NotVerified:
        return await _dead(services, http_request, secret)


def _stands(
    services: Services, language: str, requests: Sequence[PrivacyRequest], *, here: str = ""
) -> web.StreamResponse:
    """Say where requests stand; `here` still takes back what can be."""
    texts = services.texts.page(STANDS, language, requests=seen(requests))
    buttons = [Button(texts["yes"], here, hidden=_answer("yes"))] if here else []
    return show_page(texts, language, buttons=buttons)


def _second_page(services: Services, here: str, asked: Came, hidden: _Hidden) -> web.StreamResponse:
    """Ask once more, with the one button that decides."""
    about = {"requests": asked.requests} if asked.requests else {}
    texts = services.texts.page(asked.page, asked.language, **about)
    label = texts.get("yes") or texts["no"]
    return show_page(texts, asked.language, buttons=[Button(label, here, hidden=hidden)])


# ── this was not me, and stopping what waits ────────────────────────────────────────────────────────


async def show_stop(http_request: web.Request) -> web.StreamResponse:
    """Say what can be taken back or stopped, and offer both; changes nothing."""
    services, secret = http_request.config_dict[SERVICES], http_request.match_info["secret"]
    found = await services.read(lambda unit: mailed_links.stoppable_by(unit, secret))
    if found is None:
        return await _dead(services, http_request, secret)
    if not found.stops:
        return _stands(services, _language_of(found, http_request), found.named)
    language, here = found.stops[0].language, f"/verify/stop/{secret}"
    stops = seen(found.stops)
    if not found.own:
        texts = services.texts.page("not_me", language, requests=stops)
        return show_page(texts, language, buttons=[Button(texts["no"], here, hidden=_answer(_NOT_ME))])
    texts = services.texts.page("stop", language, requests=seen(found.own), stops=stops)
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
    found = await services.read(lambda unit: mailed_links.stoppable_by(unit, secret))
    if found is None:
        return await _dead(services, http_request, secret)
    language = _language_of(found, http_request)
    if answer == _NOT_ME and found.stops:
        return _second_page(
            services, here, Came("not_me_sure", seen(found.stops), language), _answer(_NOT_ME_SURE)
        )
    if answer == _TAKE_BACK and found.own:
        asked = Came("withdraw_sure", seen(found.own), language)
        return _second_page(services, here, asked, _answer(_TAKE_BACK + _SURE))
    if answer not in {_TAKE_BACK + _SURE, _NOT_ME_SURE}:
        raise web.HTTPSeeOther(here)
    takes_back = answer != _NOT_ME_SURE
    try:
        done = await services.write(lambda unit: mailed_links.stop(unit, secret, take_back=takes_back))
    except NotVerified:
        return await _dead(services, http_request, secret)
    name = "verify_withdrawn" if takes_back else "verify_stopped"
    return _said(services, Came(name if done else STANDS, seen(done or found.named), language))


def _language_of(found: Stoppable, http_request: web.Request) -> str:
    return next((request.language for request in found.named), language_of(http_request))


# ── the undo of a marketing objection ───────────────────────────────────────────────────────────────


async def show_undo(http_request: web.Request) -> web.StreamResponse:
    """Ask before undoing; changes nothing."""
    services, secret = http_request.config_dict[SERVICES], http_request.match_info["secret"]
    spoken = await services.read(lambda unit: marketing.language_of_undo(unit, secret))
    if await services.read(lambda unit: marketing.undone_by(unit, secret)) is None:
        return _page(services, http_request, "undo_expired", status=410)
    language = spoken or language_of(http_request)
    texts = services.texts.page("undo", language)
    return show_page(texts, language, buttons=[Button(texts["yes"], f"/verify/undo/{secret}")])


async def do_undo(http_request: web.Request) -> web.StreamResponse:
    """Undo the suppression that somebody asked for this address, once its holder has said so twice."""
    services = http_request.config_dict[SERVICES]
    secret = http_request.match_info["secret"]
    sure = (await form_of(http_request)).get("answer") == "undo_sure"
    found = await services.read(lambda unit: marketing.undone_by(unit, secret))
    spoken = await services.read(lambda unit: marketing.language_of_undo(unit, secret))
    if found is not None and not sure:
        asked = Came("undo_sure", [], spoken or language_of(http_request))
        return _second_page(services, f"/verify/undo/{secret}", asked, _answer("undo_sure"))
    try:
        await services.write(lambda unit: marketing.undo(unit, secret))
    except NotVerified:
        return _page(services, http_request, "undo_expired", status=410)
    return _page(services, http_request, "undo_done", language=spoken)


# ── the client area ─────────────────────────────────────────────────────────────────────────────────


async def client_area(http_request: web.Request) -> web.StreamResponse:
    """Take a fresh sign-in and show what it would confirm: the requests of its nonce, no others (A20)."""
    services = http_request.config_dict[SERVICES]
    token = str((await form_of(http_request)).get("token", ""))
    try:
        who = _signed_in(services, token)
        asked = await services.read(lambda unit: sign_ins.asked_of(unit, who))
        if asked.challenge.package_id is not None:
            secret = await services.write(lambda unit: sign_ins.open_package(unit, who))
            raise given_to_browser(services, asked.challenge.package_id, secret)
    except (NotFound, NotVerified):
        return _page(services, http_request, "client_area_failed", status=403)
    row, requests, conversation = asked.challenge, asked.requests, asked.conversation
    language = conversation.language or language_of(http_request)
    told = _what_happens(services, row, requests)
    if TalkState.of(conversation.state).is_of(client_hash(services.keyring, who.client_id)):
        told["effects"] = [*told["effects"], "shown_again"]
    about = {"channel": conversation.channel, "asked_at": sending.asked_at_of(row, requests)}
    texts = services.texts.page("client_area", language, requests=seen(requests), **about, **told)
    hidden = (("token", token), ("changes", rectification.digest_of(requests)))
    buttons = [
        Button(texts["yes"], _CONFIRM_SIGN_IN, hidden=(*hidden, *_answer("yes"))),
        Button(texts["no"], _CONFIRM_SIGN_IN, quiet=True, hidden=(*hidden, *_answer("no"))),
    ]
    return show_page(texts, language, buttons=buttons)


async def confirm_client_area(http_request: web.Request) -> web.StreamResponse:
    """Take the confirmation, once: a token that was used is worth nothing."""
    services = http_request.config_dict[SERVICES]
    form = await form_of(http_request)
    token, answer = str(form.get("token", "")), form.get("answer")
    try:
        who = _signed_in(services, token)
        if answer == "no" and (again := await services.read(lambda unit: sign_ins.would_stop(unit, who))):
            hidden = (("token", token), *_answer(_NOT_ME_SURE))
            return _second_page(services, _CONFIRM_SIGN_IN, again, hidden)
        contact, changes = await sending.contact_of_sign_in(services, who), str(form.get("changes", ""))
        if answer == "yes":
            came = await services.write(lambda unit: _confirmed(unit, who, contact, changes))
        else:
            came = await services.write(lambda unit: sign_ins.deny(unit, who))
    except AnotherNamed as error:
        spoken = error.data["language"]
        return _page(services, http_request, "client_area_another", status=403, language=spoken)
    except (ChangedMeanwhile, NotVerified):
        return _page(services, http_request, "client_area_failed", status=403)
    return _said(services, came)


def _signed_in(services: Services, token: str) -> SignedIn:
    sign_in = services.sign_ins.get(Method.CLIENT_AREA)
    if sign_in is None:
        raise NotVerified
    return sign_in.read(token, services.clock.now())


def _confirmed(unit: Unit, who: SignedIn, contact: str, changes: str) -> Came:
    evidence, asked = sign_ins.confirm(unit, who, contact, changes)
    _say_proved(unit, asked.conversation, evidence)
    going = [
        each for each in asked.requests if each.status not in CLOSED
    ]  # another was asked already, it may be
    page = "verify_confirmed" if going else STANDS
    return Came(page, seen(going or asked.requests), asked.conversation.language or "en")


def _say_proved(unit: Unit, conversation: Conversation, evidence: EvidenceRow) -> None:
    if conversation.channel == "email":
        return
    turn = hiding.quiet_turn(unit, conversation.id)
    after_proof.proved_beside(turn, evidence)
    turn.store_state()


# ── small things ────────────────────────────────────────────────────────────────────────────────────


def _said(services: Services, came: Came) -> web.StreamResponse:
    """Show what became of it; a page that names requests names those it happened to."""
    return show_page(services.texts.page(came.page, came.language, requests=came.requests), came.language)


def _what_happens(
    services: Services, row: ChallengeRow, requests: Sequence[PrivacyRequest]
) -> dict[str, Any]:
    effects = sending.effects_of(services, row, requests)
    return {"from_to": rectification.shown(requests), "effects": effects}


async def _dead(
    services: Services, http_request: web.Request, secret: str, name: str = "verify_expired"
) -> web.Response:
    """Say that a link does nothing any more, in the language of its letter."""
    spoken = await services.read(lambda unit: mailed_links.language_of(unit, secret))
    return _page(services, http_request, name, status=410, language=spoken)


def _page(
    services: Services, http_request: web.Request, name: str, status: int = 200, language: str | None = None
) -> web.Response:
    language = language or language_of(http_request)
    return show_page(services.texts.page(name, language), language, status=status)
