"""The agents: their sign-in with password and authenticator, their tokens, and what each may do."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Final

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, or_
from sqlmodel import Session, col, select

from assistant.casework.audit import record
from assistant.casework.requests.queue import MAY_APPROVE_IRREVERSIBLE, Principal, Role, Scope
from assistant.domain.addresses import normal_contact
from assistant.errors import Conflict, Invalid, NotAuthenticated, NotFound
from assistant.services import Services, Unit
from assistant.store.tables import Agent, AgentBrowser, AgentRecovery, AgentSession, AgentToken, Note

_HASHER = PasswordHasher()
_MOST_FAILURES = 5
_LOCKED = timedelta(minutes=15)
_SESSION_IDLE = timedelta(hours=2)
SESSION_LASTS = timedelta(hours=12)  # however much it is used
BROWSER_KNOWN = timedelta(days=90)  # since it was last signed in with
_MOST_BROWSERS = 10  # known for each agent
_TOKEN_DAYS = 90
RECOVERY_LETTERS = 16  # 80 bits in base 32 (RFC 4648), which has no 0, 1 and 8
_READ_AS = str.maketrans("018", "OIB")
_MOST_TOKEN_DAYS = 3660
_STEP_SECONDS = 30


def hash_password(password: str) -> str:
    """Hash a password to be stored; slow, so never in a unit. What a person chooses is judged before (passwords.py)."""
    return _HASHER.hash(password)


def add_agent(
    unit: Unit,
    name: str,
    role: Role,
    *,
    password_hash: str,
    totp_secret: str,
    email: str | None = None,
    language: str = "en",
) -> Agent:
    """Add an agent; raises Conflict if the name is taken, Invalid for what is no name or no address."""
    if not name.strip() or len(name) > 64 or not name.isprintable():  # noqa: PLR2004 - a name fits on a badge
        raise Invalid("Give the agent a name of at most 64 characters that can be seen.")
    if email is not None and ("@" not in email or normal_contact(email) is None):
        raise Invalid("This is no e-mail address; reminders would reach nobody.")
    if unit.session.get(Agent, name):
        raise Conflict(f"There is an agent {name} already; see `assistant agents list`.")
    agent = Agent(
        name=name,
        role=role,
        password=password_hash,
        totp_secret=unit.services.keyring.seal(totp_secret),
        email=email,
        language=language,
    )
    unit.session.add(agent)
    record(unit, "", "desk", "agent_added", agent=name, role=role)
    return agent


def new_token(
    unit: Unit,
    name: str,
    scope: Scope,
    *,
    may_approve_irreversible: bool = False,
    days: int = _TOKEN_DAYS,
) -> str:
    """Make an API token of an agent, shown once; only its hash is kept, and it ends by itself."""
    if not get_agent(unit.session, name).active:
        raise Conflict(f"{name} is disabled; nobody acts in that name.")
    if not 1 <= days <= _MOST_TOKEN_DAYS:
        raise Invalid(f"A token lasts from 1 to {_MOST_TOKEN_DAYS} days.")
    now = unit.now
    token = f"pd_{unit.services.random(24).hex()}"
    unit.session.add(
        AgentToken(
            token_hash=unit.services.keyring.keyed_hash(token, "token"),
            agent=name,
            scope=scope,
            may_approve_irreversible=may_approve_irreversible,
            made_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    record(
        unit,
        "",
        "desk",
        "token_made",
        agent=name,
        scope=scope,
        irreversible=may_approve_irreversible,
        days=days,
    )
    return token


def get_agent(session: Session, name: str) -> Agent:
    """Give an agent; raises NotFound."""
    agent = session.get(Agent, name)
    if agent is None:
        raise NotFound(f"There is no agent {name}; see `assistant agents list`.")
    return agent


def principal_of_token(unit: Unit, token: str) -> Principal:
    """Tell who holds a token; raises NotAuthenticated."""
    row = unit.session.get(AgentToken, unit.services.keyring.keyed_hash(token, "token"))
    agent = unit.session.get(Agent, row.agent) if row else None
    if row is None or agent is None or not agent.active or row.expires_at <= unit.now:
        raise NotAuthenticated(
            "The token is not known here or has ended; make one with `assistant agents token NAME`."
        )
    return Principal(agent.name, Role(agent.role), Scope(row.scope), row.may_approve_irreversible)


def password_matches(stored: str | None, password: str) -> bool:
    """Check a password in constant effort, also for a name nobody has; slow, so call it in a thread."""
    nobody = _nobody()  # made for either kind of name, or the first answer would tell them apart
    try:
        _HASHER.verify(stored or nobody, password)
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored)


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What a sign-in is compared with: nobody's password where there is no such agent."""

    password: str | None
    is_known_browser: bool


def look_up(unit: Unit, name: str, browser: str) -> LookedUp:
    """Look up what a sign-in is compared with, and whether its browser is known as this agent's.

    A name that nobody has is compared with somebody's password: hashes are as dear as the settings of their day, and
    another's cost would tell the names apart. Whatever comes of it, `sign_in` begins nothing without an agent.
    """
    agent = (
        unit.session.get(Agent, name)
        or unit.session.exec(select(Agent).order_by(col(Agent.name)).limit(1)).first()
    )
    known = unit.session.get(AgentBrowser, unit.services.keyring.keyed_hash(browser, "browser"))
    return LookedUp(agent.password if agent else None, known is not None and known.agent == name)


def looks_like_recovery(code: str) -> bool:
    """Tell whether something has the length of a recovery code, which nobody can guess."""
    return sum(c.isalnum() for c in code) >= RECOVERY_LETTERS


@cache
def _nobody() -> str:
    """Give a hash to compare with where there is no agent; made at its first use, it would hold up every start."""
    return _HASHER.hash("nobody has this password")


@dataclass(frozen=True, slots=True)
class Begun:
    """What a browser keeps of a sign-in: the secret of its session, and the one by which it is known next time."""

    session: str
    browser: str


def sign_in(unit: Unit, name: str, code: str, *, password_ok: bool, browser: str = "") -> Begun | None:
    """Begin a session of the console, or count the failure and give None: one unit, whatever was wrong.

    Five failures in a row lock an agent for 15 minutes in browsers that are not known as theirs; each that is
    known counts for itself, so that nobody elsewhere keeps the agent out of it. A recovery code lifts either lock.
    """
    agent = unit.session.get(Agent, name)
    known = unit.session.get(AgentBrowser, unit.services.keyring.keyed_hash(browser, "browser"))
    now = unit.now
    unit.session.merge(Note(name="sign_in_tried_at", value=now.isoformat()))  # as much to write for any name
    if agent is None or not agent.active:
        return None
    own = known if known is not None and known.agent == name else None
    counted: Agent | AgentBrowser = own or agent
    is_locked = counted.locked_until is not None and counted.locked_until > now
    recovery = _recovery_code(unit, agent, code)
    if password_ok and recovery:
        _use_up(unit, recovery)
        agent.failures, agent.locked_until = 0, None
    elif is_locked:
        return None
    elif not password_ok or not _totp_once(unit.services, agent, code):
        _count_failure(unit, agent, counted)
        return None
    counted.failures, counted.locked_until, agent.seen_at = 0, None, now
    unit.session.add(agent)
    record(unit, "", f"agent:{name}", "signed_in")
    return Begun(_open_session(unit, name), _know_browser(unit, name, own))


REFUSED: Final = (
    "Name, password or code are not right, or too many attempts were made; wait a moment and try again."
)


def _count_failure(unit: Unit, agent: Agent, counted: Agent | AgentBrowser) -> None:
    counted.failures += 1
    if counted.failures >= _MOST_FAILURES:
        counted.locked_until, counted.failures = unit.now + _LOCKED, 0
        where = "known browser" if counted is not agent else "elsewhere"
        record(unit, "", "desk", "sign_in_locked", agent=agent.name, where=where)
    unit.session.add(counted)


def _open_session(unit: Unit, name: str) -> str:
    secret, now = unit.services.random(32).hex(), unit.now
    unit.session.add(
        AgentSession(
            session_hash=unit.services.keyring.keyed_hash(secret, "session"),
            agent=name,
            csrf=unit.services.random(16).hex(),
            started_at=now,
            last_at=now,
            totp_at=now,
        )
    )
    return secret


def _know_browser(unit: Unit, name: str, known: AgentBrowser | None) -> str:
    """Give a browser a new secret by which it is known, and forget those that an agent used longest ago."""
    if known:
        unit.session.delete(known)
    theirs = select(AgentBrowser).where(col(AgentBrowser.agent) == name)
    for old in unit.session.exec(
        theirs.order_by(col(AgentBrowser.seen_at).desc()).offset(_MOST_BROWSERS - 1)
    ):
        unit.session.delete(old)
    secret = unit.services.random(32).hex()
    hashed = unit.services.keyring.keyed_hash(secret, "browser")
    unit.session.add(AgentBrowser(browser_hash=hashed, agent=name, seen_at=unit.now))
    return secret


def recovery_hash(services: Services, code: str) -> str:
    """Hash a recovery code, whatever its case and whatever stands between its letters."""
    plain = "".join(c for c in code.upper().translate(_READ_AS) if c.isalnum())
    return services.keyring.keyed_hash(plain, "recovery")


def _recovery_code(unit: Unit, agent: Agent, code: str) -> AgentRecovery | None:
    row = unit.session.get(AgentRecovery, recovery_hash(unit.services, code))
    return row if row is not None and row.agent == agent.name else None


def _use_up(unit: Unit, row: AgentRecovery) -> None:
    unit.session.delete(row)
    record(unit, "", f"agent:{row.agent}", "recovery_code_used")


def prove_again(
    unit: Unit,
    row: AgentSession,
    code: str,
    *,
    password_ok: bool = True,
    or_recovery: bool = False,
) -> bool:
    """Renew the proof that the agent is at the keyboard; the fifth wrong one in a row ends the session.

    Counted by the session: what strangers try at the sign-in neither stops it nor is helped by it.
    """
    agent = unit.session.get_one(Agent, row.agent)
    stored = unit.session.get(AgentSession, row.session_hash)
    if stored is None:
        return False
    recovery = _recovery_code(unit, agent, code) if password_ok and or_recovery else None
    if recovery:
        _use_up(unit, recovery)
    if recovery or (password_ok and _totp_once(unit.services, agent, code)):
        stored.totp_at, stored.wrong_codes = unit.now, 0
        unit.session.add_all([agent, stored])
        return True
    stored.wrong_codes += 1
    unit.session.add(stored)
    if stored.wrong_codes >= _MOST_FAILURES:
        unit.session.delete(stored)
        record(unit, "", "desk", "session_ended", agent=agent.name, why="wrong_codes")
    return False


def session_of(unit: Unit, secret: str) -> tuple[AgentSession, Principal]:
    """Tell who is signed in; raises NotAuthenticated for a session that is none, idle for two hours, or 12 hours old."""
    row = unit.session.get(AgentSession, unit.services.keyring.keyed_hash(secret, "session"))
    agent = unit.session.get(Agent, row.agent) if row else None
    now = unit.now
    if row is None or agent is None or not agent.active:
        raise NotAuthenticated
    if row.last_at < now - _SESSION_IDLE or row.started_at <= now - SESSION_LASTS:
        raise NotAuthenticated
    fresh = timedelta(minutes=unit.services.settings.approvals.fresh_totp_minutes)
    return row, Principal(agent.name, Role(agent.role), Scope.APPROVE, row.totp_at >= now - fresh)


def touch_session(unit: Unit, secret: str) -> None:
    """Note that an agent is still there."""
    row = unit.session.get(AgentSession, unit.services.keyring.keyed_hash(secret, "session"))
    if row:
        row.last_at = unit.now
        unit.session.add(row)


def sign_out(unit: Unit, secret: str) -> None:
    """End a session of the console."""
    row = unit.session.get(AgentSession, unit.services.keyring.keyed_hash(secret, "session"))
    if row:
        unit.session.delete(row)


def expire(unit: Unit) -> None:
    """Remove the sessions and tokens that have ended, and the browsers not seen for 90 days."""
    now = unit.now
    over = or_(
        col(AgentSession.last_at) <= now - SESSION_LASTS, col(AgentSession.started_at) <= now - SESSION_LASTS
    )
    unit.session.execute(delete(AgentSession).where(over))
    unit.session.execute(delete(AgentToken).where(col(AgentToken.expires_at) <= now))
    unit.session.execute(delete(AgentBrowser).where(col(AgentBrowser.seen_at) <= now - BROWSER_KNOWN))


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


def choose_language(unit: Unit, name: str, language: str) -> None:
    """Have the console speak an agent's language; raises Invalid for one it does not know."""
    if language not in {"en", "fr"}:
        raise Invalid("The console speaks English (en) and French (fr).")
    agent = unit.session.get_one(Agent, name)
    agent.language = language
    unit.session.add(agent)
    record(unit, "", f"agent:{name}", "language_chosen", language=language)


def who_may_approve_all(session: Session) -> list[str]:
    """Name the active agents whose role may approve erasure and disclosure."""
    may = select(Agent.name).where(
        col(Agent.active).is_(True), col(Agent.role).in_(sorted(MAY_APPROVE_IRREVERSIBLE))
    )
    return list(session.exec(may.order_by(col(Agent.name))))


def list_agents(session: Session) -> list[Agent]:
    """List the agents by name."""
    return list(session.exec(select(Agent).order_by(col(Agent.name))))
