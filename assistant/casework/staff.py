"""The agents: their sign-in with password and authenticator, their tokens, and what each may do."""

from __future__ import annotations

import hmac
from datetime import timedelta
from functools import cache

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlmodel import Session, col, select

from assistant.casework.audit import record
from assistant.casework.queue import MAY_APPROVE_IRREVERSIBLE, Principal, Role, Scope
from assistant.errors import Conflict, Invalid, NotAuthenticated, NotFound
from assistant.services import Services
from assistant.store.tables import Agent, AgentSession, AgentToken

_HASHER = PasswordHasher()
_MOST_FAILURES = 5
_LOCKED = timedelta(minutes=15)
_SESSION_IDLE = timedelta(hours=2)
_STEP_SECONDS = 30
_SHORTEST_PASSWORD = 12


def hash_password(password: str) -> str:
    """Hash a password to be stored; slow, so never in a unit; raises Invalid for a weak one."""
    if len(password) < _SHORTEST_PASSWORD:
        raise Invalid(f"The password needs at least {_SHORTEST_PASSWORD} characters.")
    return _HASHER.hash(password)


def add_agent(
    services: Services,
    session: Session,
    name: str,
    role: Role,
    *,
    password_hash: str,
    totp_secret: str,
    email: str | None = None,
    language: str = "en",
) -> Agent:
    """Add an agent; raises Conflict if the name is taken."""
    if not name.strip() or len(name) > 64:  # noqa: PLR2004 - a name fits on a badge
        raise Invalid("Give the agent a name of at most 64 characters.")
    if session.get(Agent, name):
        raise Conflict(f"There is an agent {name} already; see `assistant agents list`.")
    agent = Agent(
        name=name,
        role=role,
        password=password_hash,
        totp_secret=services.keyring.seal(totp_secret),
        email=email,
        language=language,
    )
    session.add(agent)
    record(services, session, "", "desk", "agent_added", agent=name, role=role)
    return agent


def new_token(
    services: Services, session: Session, name: str, scope: Scope, *, may_approve_irreversible: bool = False
) -> str:
    """Make an API token of an agent, shown once; only its hash is kept."""
    if session.get(Agent, name) is None:
        raise NotFound(f"There is no agent {name}; add one with `assistant agents add {name} --role agent`.")
    token = f"pd_{services.random(24).hex()}"
    session.add(
        AgentToken(
            token_hash=services.keyring.keyed_hash(token, "token"),
            agent=name,
            scope=scope,
            may_approve_irreversible=may_approve_irreversible,
            made_at=services.clock.now(),
        )
    )
    record(
        services,
        session,
        "",
        "desk",
        "token_made",
        agent=name,
        scope=scope,
        irreversible=may_approve_irreversible,
    )
    return token


def principal_of_token(services: Services, session: Session, token: str) -> Principal:
    """Tell who holds a token; raises NotAuthenticated."""
    row = session.get(AgentToken, services.keyring.keyed_hash(token, "token"))
    agent = session.get(Agent, row.agent) if row else None
    if row is None or agent is None or not agent.active:
        raise NotAuthenticated("The token is not known here; make one with `assistant agents token NAME`.")
    return Principal(agent.name, Role(agent.role), Scope(row.scope), row.may_approve_irreversible)


def password_matches(stored: str | None, password: str) -> bool:
    """Check a password in constant effort, also for a name nobody has; slow, so call it in a thread."""
    nobody = _nobody()  # made for either kind of name, or the first answer would tell them apart
    try:
        _HASHER.verify(stored or nobody, password)
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored)


@cache
def _nobody() -> str:
    """Give a hash to compare with where there is no agent; made at its first use, it would hold up every start."""
    return _HASHER.hash("nobody has this password")


def sign_in(
    services: Services, session: Session, name: str, totp: str, *, password_ok: bool
) -> tuple[str, AgentSession]:
    """Begin a session of the console; raises NotAuthenticated in the same words whatever was wrong."""
    agent = session.get(Agent, name)
    now = services.clock.now()
    if agent is None or not agent.active or (agent.locked_until and agent.locked_until > now):
        raise NotAuthenticated(_REFUSED)
    if not password_ok or not _totp_once(services, agent, totp):
        raise NotAuthenticated(_REFUSED, failed=name)
    agent.failures, agent.locked_until, agent.seen_at = 0, None, now
    session.add(agent)
    secret = services.random(32).hex()
    row = AgentSession(
        session_hash=services.keyring.keyed_hash(secret, "session"),
        agent=name,
        csrf=services.random(16).hex(),
        started_at=now,
        last_at=now,
        totp_at=now,
    )
    session.add(row)
    record(services, session, "", f"agent:{name}", "signed_in")
    return secret, row


_REFUSED = (
    "Name, password or code are not right, or too many attempts were made; wait a moment and try again."
)


def note_failed_sign_in(services: Services, session: Session, name: str) -> None:
    """Count a failed sign-in; five in a row lock the agent for 15 minutes."""
    agent = session.get(Agent, name)
    if agent is None:
        return
    agent.failures += 1
    if agent.failures >= _MOST_FAILURES:
        agent.locked_until, agent.failures = services.clock.now() + _LOCKED, 0
    session.add(agent)
    record(services, session, "", "desk", "sign_in_failed", agent=name)


def fresh_totp(services: Services, session: Session, row: AgentSession, code: str) -> None:
    """Renew the proof that the agent is at the keyboard; raises NotAuthenticated."""
    agent = session.get_one(Agent, row.agent)
    if agent.locked_until and agent.locked_until > services.clock.now():
        raise NotAuthenticated(_REFUSED)
    if not _totp_once(services, agent, code):
        raise NotAuthenticated(
            "That code is not right or was used already; wait for the next one.", failed=agent.name
        )
    session.add(agent)
    stored = session.get_one(AgentSession, row.session_hash)
    stored.totp_at = services.clock.now()
    session.add(stored)


def session_of(services: Services, session: Session, secret: str) -> tuple[AgentSession, Principal]:
    """Tell who is signed in; raises NotAuthenticated for a session that is none or idle for two hours."""
    row = session.get(AgentSession, services.keyring.keyed_hash(secret, "session"))
    agent = session.get(Agent, row.agent) if row else None
    now = services.clock.now()
    if row is None or agent is None or not agent.active or row.last_at < now - _SESSION_IDLE:
        raise NotAuthenticated
    fresh = timedelta(minutes=services.settings.approvals.fresh_totp_minutes)
    return row, Principal(agent.name, Role(agent.role), Scope.APPROVE, row.totp_at >= now - fresh)


def touch_session(services: Services, session: Session, secret: str) -> None:
    """Note that an agent is still there."""
    row = session.get(AgentSession, services.keyring.keyed_hash(secret, "session"))
    if row:
        row.last_at = services.clock.now()
        session.add(row)


def sign_out(services: Services, session: Session, secret: str) -> None:
    """End a session of the console."""
    row = session.get(AgentSession, services.keyring.keyed_hash(secret, "session"))
    if row:
        session.delete(row)


def _totp_once(services: Services, agent: Agent, code: str) -> bool:
    """Accept the code of this half minute or of its neighbours, each once (RFC 6238 5.2)."""
    totp = pyotp.TOTP(services.keyring.unseal(agent.totp_secret))
    step = int((services.device_clock or services.clock).now().timestamp()) // _STEP_SECONDS
    typed = code.strip().replace(" ", "").encode()
    for candidate in (step - 1, step, step + 1):
        expected = totp.at(candidate * _STEP_SECONDS)
        if candidate > agent.last_totp and hmac.compare_digest(expected.encode(), typed):
            agent.last_totp = candidate
            return True
    return False


def choose_language(services: Services, session: Session, name: str, language: str) -> None:
    """Have the console speak an agent's language; raises Invalid for one it does not know."""
    if language not in {"en", "fr"}:
        raise Invalid("The console speaks English (en) and French (fr).")
    agent = session.get_one(Agent, name)
    agent.language = language
    session.add(agent)
    record(services, session, "", f"agent:{name}", "language_chosen", language=language)


def who_may_approve_all(session: Session) -> list[str]:
    """Name the active agents whose role may approve erasure and disclosure."""
    may = select(Agent.name).where(
        col(Agent.active).is_(True), col(Agent.role).in_(sorted(MAY_APPROVE_IRREVERSIBLE))
    )
    return list(session.exec(may.order_by(col(Agent.name))))


def list_agents(session: Session) -> list[Agent]:
    """List the agents by name."""
    return list(session.exec(select(Agent).order_by(col(Agent.name))))
