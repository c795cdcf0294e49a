"""What a lead, or the operator by a command, decides about those who work here: their role, their access, its end.

A lead never gives a colleague a password, or one person could sign in as two: only the operator does, by a command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from sqlalchemy import delete
from sqlmodel import Session, col, select

from assistant.casework.agents import credentials
from assistant.casework.agents.credentials import do_set_authenticator, do_set_password, end_all
from assistant.casework.agents.staff import get_agent
from assistant.casework.audit import record
from assistant.casework.decisions import approval
from assistant.casework.requests.queue import DESK, MAY_APPROVE_IRREVERSIBLE, Principal, Role
from assistant.errors import Conflict, NotAllowed, NotFound, NotFresh
from assistant.services import Unit
from assistant.store.tables import Agent, AgentRecovery, AgentSession, AgentToken

Row = TypeVar("Row", AgentSession, AgentToken)
OPERATOR = None  # who runs a command on the desk's machine


def check_manages(by: Principal | None, name: str) -> None:
    """Raise unless it is the operator, or a lead with a fresh code who decides about somebody else."""
    if by is OPERATOR:
        return
    by.require(Role.LEAD)
    if by.name == name:
        raise NotAllowed("Somebody else must do this: nobody changes their own role or access here.")
    if not by.may_approve_irreversible:
        raise NotFresh("This needs a fresh code of your authenticator.")


def _check_not_last_lead(session: Session, agent: Agent) -> None:
    """Raise Conflict where nobody would be left to lead; the rows are held, so that two at once cannot remove two."""
    leads = select(Agent.name).where(col(Agent.role) == Role.LEAD, col(Agent.active).is_(True))
    if set(session.exec(leads.with_for_update())) == {agent.name}:
        raise Conflict(f"{agent.name} is the last lead; make somebody else a lead first.")


def _noted(unit: Unit, by: Principal | None, event: str, name: str, **more: str) -> None:
    record(unit, "", _actor(by), event, agent=name, **more)


def _actor(by: Principal | None) -> str:
    return by.actor if by else DESK


def disable(unit: Unit, name: str, by: Principal | None) -> Agent:
    """Shut an agent out at once: no sign-in, and every session, token and known browser ends."""
    check_manages(by, name)
    agent = get_agent(unit.session, name)
    _check_not_last_lead(unit.session, agent)
    agent.active = False
    unit.session.add(agent)
    end_all(unit.session, name)
    unit.session.execute(delete(AgentToken).where(col(AgentToken.agent) == name))
    approval.withdraw_of(unit, name, _actor(by))
    _noted(unit, by, "agent_disabled", name)
    return agent


def enable(unit: Unit, name: str, by: Principal | None) -> Agent:
    """Let an agent in again, with the password and authenticator of before; tokens are made anew."""
    check_manages(by, name)
    agent = get_agent(unit.session, name)
    agent.active, agent.failures, agent.locked_until = True, 0, None
    unit.session.add(agent)
    _noted(unit, by, "agent_enabled", name)
    return agent


def change_role(unit: Unit, name: str, role: Role, by: Principal | None) -> Agent:
    """Give an agent another role; it holds from the next thing they do."""
    check_manages(by, name)
    agent = get_agent(unit.session, name)
    if role != Role.LEAD:
        _check_not_last_lead(unit.session, agent)
    before, agent.role = agent.role, role
    unit.session.add(agent)
    if role not in MAY_APPROVE_IRREVERSIBLE:
        approval.withdraw_of(unit, name, _actor(by))
    _noted(unit, by, "role_changed", name, before=before, after=role)
    return agent


def reset_password(unit: Unit, name: str, password_hash: str) -> Agent:
    """Give an agent a new password, for the operator alone; every session and known browser ends."""
    agent = get_agent(unit.session, name)
    do_set_password(unit.session, agent, password_hash)
    end_all(unit.session, name)
    _noted(unit, OPERATOR, "password_reset", name)
    return agent


def reset_authenticator(unit: Unit, name: str, secret: str, by: Principal | None) -> Agent:
    """Give an agent another authenticator in place of a lost one, with which recovery codes may be lost too."""
    check_manages(by, name)
    agent = get_agent(unit.session, name)
    do_set_authenticator(unit, agent, secret)
    end_all(unit.session, name)
    unit.session.execute(delete(AgentRecovery).where(col(AgentRecovery.agent) == name))
    _noted(unit, by, "authenticator_reset", name)
    return agent


def end_session(unit: Unit, ident: str, by: Principal | None, *, own: bool = False) -> str:
    """End one session: one's own, or as a lead a colleague's; gives whose it was. Raises NotFound."""
    rows = credentials.sessions_of(unit.session)
    name = _end(unit.session, rows, credentials.session_id, ident, by, own=own)
    _noted(unit, by, "session_ended", name, why="ended")
    return name


def revoke_token(unit: Unit, ident: str, by: Principal | None, *, own: bool = False) -> str:
    """End one token likewise."""
    rows = credentials.tokens_of(unit.session)
    name = _end(unit.session, rows, credentials.token_id, ident, by, own=own)
    _noted(unit, by, "token_revoked", name, token=ident)
    return name


def _end(
    session: Session,
    rows: Iterable[Row],
    ident_of: Callable[[Row], str],
    ident: str,
    by: Principal | None,
    *,
    own: bool,
) -> str:
    """End what bears a name in a list; where it must be one's own, what is not is as if it were not there."""
    owner = by.name if by and own else None
    for row in rows:
        if ident_of(row) == ident and owner in {None, row.agent}:
            if not own:
                check_manages(by, row.agent)
            session.delete(row)
            return row.agent
    raise NotFound("There is no such session or token any more.")
