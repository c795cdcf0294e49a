"""One colleague, to a lead: role, access, authenticator, sessions and tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote

import pyotp
from aiohttp import web

from assistant.casework.agents import colleagues, credentials, staff
from assistant.casework.requests.queue import Principal, Role
from assistant.errors import AssistantError, Invalid, NotFound
from assistant.services import Unit
from assistant.store.rows import Agent
from assistant.web.console.access import Visit, back, explained, show
from assistant.web.console.account import Line, session_lines, token_lines
from assistant.web.console.acts import prove_freshly


async def show_colleague(visit: Visit) -> web.StreamResponse:
    """Show a colleague to a lead or an auditor."""
    visit.agent.require(Role.LEAD, Role.AUDITOR)
    return await _colleague(visit)


async def _colleague(visit: Visit, error: AssistantError | None = None) -> web.Response:
    def look(unit: Unit) -> tuple[Agent, list[Line], list[Line], int]:
        agent = staff.get_agent(unit.session, visit.ident())
        return (
            agent,
            session_lines(visit, credentials.sessions_of(unit.session, agent.name)),
            token_lines(visit, credentials.tokens_of(unit.session, agent.name)),
            credentials.recovery_codes_left(unit.session, agent.name),
        )

    agent, sessions, tokens, left = await visit.services.read(look)
    return show(
        visit,
        "colleague.html",
        status=error.http_status if error else 200,
        error=explained(visit.words, error) if error else "",
        title=agent.name,
        agent=agent,
        sessions=sessions,
        tokens=tokens,
        left=left,
        roles=list(Role),
        may_change=visit.is_lead and agent.name != visit.agent.name,
        path=f"/console/agents/{quote(agent.name, safe='')}",
    )


async def act_on_colleague(visit: Visit) -> web.StreamResponse:
    """Do what a lead decides about a colleague, with a fresh code; an error leads back to the page."""
    name = visit.http_request.match_info["verb"]
    visit.agent.require(Role.LEAD)
    try:
        if visit.form.get("code"):
            await prove_freshly(visit)
        if name == "authenticator":
            return await _reset_authenticator(visit)
        verb = _VERBS.get(name)
        if verb is None:
            raise NotFound
        await visit.write(lambda unit, agent: verb(visit, unit, agent))
    except AssistantError as error:
        return await _colleague(visit, error)
    raise back(visit, f"/console/agents/{quote(visit.ident(), safe='')}", name)


async def _reset_authenticator(visit: Visit) -> web.StreamResponse:
    secret, name = pyotp.random_base32(), visit.ident()
    await visit.write(lambda unit, agent: colleagues.reset_authenticator(unit, name, secret, agent))
    title = visit.words("account.authenticator")
    return show(visit, "authenticator.html", title=title, secret=secret, offer="", whose=name)


def _change_role(visit: Visit, unit: Unit, agent: Principal) -> object:
    role = visit.form.get("role", "")
    if role not in set(Role):
        raise Invalid("Choose a role: agent, approver, lead or auditor.")
    return colleagues.change_role(unit, visit.ident(), Role(role), agent)


_VERBS: Final[Mapping[str, Callable[[Visit, Unit, Principal], object]]] = {
    "role": _change_role,
    "disable": lambda v, unit, agent: colleagues.disable(unit, v.ident(), agent),
    "enable": lambda v, unit, agent: colleagues.enable(unit, v.ident(), agent),
    "end_session": lambda v, unit, agent: colleagues.end_session(unit, v.form.get("ident", ""), agent),
    "revoke": lambda v, unit, agent: colleagues.revoke_token(unit, v.form.get("ident", ""), agent),
}
