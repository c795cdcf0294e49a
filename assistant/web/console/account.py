"""An agent's own account: password, authenticator, recovery codes, sessions and tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from assistant.casework.agents import colleagues, credentials, staff
from assistant.casework.agents.passwords import check_password
from assistant.errors import AssistantError, NewCodeWrong, NotFound, NotFresh, NotTheSame, WrongAgain
from assistant.services import Unit
from assistant.store.rows import AgentSession, AgentToken
from assistant.web.console.access import Visit, back, explained, show

HOME: Final = "/console/account"


@dataclass(frozen=True, slots=True)
class Line:
    """A session or a token in a list."""

    ident: str
    text: str
    is_this: bool = False


def session_lines(visit: Visit, rows: list[AgentSession]) -> list[Line]:
    """Say of each session since when it lasts and when it was last used."""
    words = visit.words
    return [
        Line(
            credentials.session_id(row),
            words(
                "account.session",
                since=words.short_moment(row.started_at),
                last=words.short_moment(row.last_at),
            ),
            row.session_hash == visit.row.session_hash,
        )
        for row in rows
    ]


def token_lines(visit: Visit, rows: list[AgentToken]) -> list[Line]:
    """Say of each token what it may do and until when."""
    words = visit.words
    return [
        Line(
            credentials.token_id(row),
            words(
                "account.token",
                ident=credentials.token_id(row),
                scope=words(f"account.scope_{row.scope}"),
                until=words.short_date(row.expires_at.astimezone(words.zone).date()),
            ),
        )
        for row in rows
    ]


async def show_account(visit: Visit, error: AssistantError | None = None) -> web.Response:
    """Show what one signs in by, and where one is signed in, with what was wrong about a change."""

    def look(unit: Unit) -> tuple[list[Line], list[Line], int]:
        name = visit.agent.name
        return (
            session_lines(visit, credentials.sessions_of(unit.session, name)),
            token_lines(visit, credentials.tokens_of(unit.session, name)),
            credentials.recovery_codes_left(unit.session, name),
        )

    sessions, tokens, left = await visit.services.read(look)
    return show(
        visit,
        "account.html",
        status=error.http_status if error else 200,
        error=explained(visit.words, error) if error else "",
        title=visit.words("account.title"),
        sessions=sessions,
        tokens=tokens,
        left=left,
    )


async def act_on_account(visit: Visit) -> web.StreamResponse:
    """Change something about oneself; an error leads back to the page and says why."""
    verb = _VERBS.get(visit.http_request.match_info["verb"])
    if verb is None:
        raise NotFound
    try:
        return await verb(visit)
    except AssistantError as error:
        return await show_account(visit, error)


async def _prove(visit: Visit, *, password: bool) -> None:
    """Have the agent prove anew who they are, by password and code or by a code; raises NotFresh."""
    form = visit.form
    password_ok = not password or await _is_own_password(visit)

    def work(unit: Unit, _agent: object) -> bool:
        return staff.prove_again(
            unit,
            visit.row,
            form.get("code", ""),
            password_ok=password_ok,
            or_recovery=password,
        )

    if not await visit.write(work):
        raise NotFresh if not password else WrongAgain


async def _is_own_password(visit: Visit) -> bool:
    stored = await visit.services.read(lambda unit: staff.get_agent(unit.session, visit.agent.name).password)
    return await visit.services.slow.sign_ins.run(
        visit.agent.name, lambda: staff.password_matches(stored, visit.form.get("password", ""))
    )


async def _change_password(visit: Visit) -> web.StreamResponse:
    chosen = visit.form.get("new", "")
    if chosen != visit.form.get("again", ""):
        raise NotTheSame
    check_password(chosen, (visit.agent.name, visit.services.settings.controller.name))
    await _prove(visit, password=True)
    hashed = await visit.services.slow.sign_ins.run(visit.agent.name, lambda: staff.hash_password(chosen))
    await visit.write(lambda unit, _: credentials.change_password(unit, visit.row, hashed))
    raise back(visit, HOME, "password")


async def _offer_authenticator(visit: Visit) -> web.StreamResponse:
    await _prove(visit, password=True)
    return _show_offer(visit, *credentials.offer_authenticator(visit.services, visit.agent.name))


def _show_offer(visit: Visit, secret: str, offer: str, error: AssistantError | None = None) -> web.Response:
    return show(
        visit,
        "authenticator.html",
        status=error.http_status if error else 200,
        error=explained(visit.words, error) if error else "",
        title=visit.words("account.authenticator"),
        secret=secret,
        offer=offer,
        whose=visit.agent.name,
    )


async def _take_authenticator(visit: Visit) -> web.StreamResponse:
    offer, code = visit.form.get("offer", ""), visit.form.get("code", "")
    try:
        await visit.write(lambda unit, _: credentials.take_authenticator(unit, visit.row, offer, code))
    except (
        NewCodeWrong
    ) as error:  # the secret is in their device by now: the same one waits for the next code
        secret = credentials.secret_of(visit.services, offer, visit.agent.name)
        return _show_offer(visit, secret, offer, error)
    raise back(visit, HOME, "authenticator_take")


async def _recovery(visit: Visit) -> web.StreamResponse:
    await _prove(visit, password=False)
    codes = await visit.write(
        lambda unit, agent: credentials.new_recovery_codes(unit, agent.name, agent.actor)
    )
    return show(visit, "recovery.html", title=visit.words("account.recovery"), codes=codes)


async def _end_session(visit: Visit) -> web.StreamResponse:
    ident = visit.form.get("ident", "")
    await visit.write(lambda unit, agent: colleagues.end_session(unit, ident, agent, own=True))
    raise back(visit, HOME, "end_session")


async def _revoke(visit: Visit) -> web.StreamResponse:
    ident = visit.form.get("ident", "")
    await visit.write(lambda unit, agent: colleagues.revoke_token(unit, ident, agent, own=True))
    raise back(visit, HOME, "revoke")


_VERBS: Final[Mapping[str, Callable[[Visit], Awaitable[web.StreamResponse]]]] = {
    "password": _change_password,
    "authenticator": _offer_authenticator,
    "authenticator_take": _take_authenticator,
    "recovery": _recovery,
    "end_session": _end_session,
    "revoke": _revoke,
}
