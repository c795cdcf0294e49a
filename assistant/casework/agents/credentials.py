"""By what an agent signs in: password, authenticator, recovery codes, sessions and tokens; each may be made anew or ended.

Whoever calls this has had the agent prove anew who they are (`staff.prove_again`).
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Final

import pyotp
from sqlalchemy import delete
from sqlmodel import Session, col, select

from assistant.casework.agents.staff import RECOVERY_LETTERS, get_agent, recovery_hash
from assistant.casework.audit import record
from assistant.errors import ConfigurationError, NewCodeWrong, OfferEnded
from assistant.services import Services, Unit
from assistant.store.tables import Agent, AgentBrowser, AgentRecovery, AgentSession, AgentToken

_CODES: Final = 10
_OFFER: Final = "authenticator"
_OFFER_LASTS: Final = timedelta(minutes=15)
_ID_LETTERS: Final = 12


def do_set_password(session: Session, agent: Agent, password_hash: str) -> None:
    """Store a new password and lift the lock that guesses of the old one brought."""
    agent.password, agent.failures, agent.locked_until = password_hash, 0, None
    session.add(agent)


def do_set_authenticator(unit: Unit, agent: Agent, secret: str) -> None:
    """Store the secret of another authenticator, of which no code was used yet."""
    agent.totp_secret, agent.last_totp = unit.services.keyring.seal(secret), 0
    unit.session.add(agent)


def end_all(session: Session, name: str, *, but: str = "") -> None:
    """End an agent's sessions but the one with this hash, and know none of their browsers any more."""
    theirs = col(AgentSession.agent) == name, col(AgentSession.session_hash) != but
    session.execute(delete(AgentSession).where(*theirs))
    session.execute(delete(AgentBrowser).where(col(AgentBrowser.agent) == name))


def change_password(unit: Unit, row: AgentSession, password_hash: str) -> None:
    """Give oneself another password; every other session ends."""
    do_set_password(unit.session, get_agent(unit.session, row.agent), password_hash)
    end_all(unit.session, row.agent, but=row.session_hash)
    record(unit, "", f"agent:{row.agent}", "password_changed")


def new_recovery_codes(unit: Unit, name: str, actor: str) -> list[str]:
    """Make ten codes in place of those before, each good once; only their hashes are kept."""
    unit.session.execute(delete(AgentRecovery).where(col(AgentRecovery.agent) == name))
    codes = [_code(unit.services) for _ in range(_CODES)]
    unit.session.add_all(
        AgentRecovery(code_hash=recovery_hash(unit.services, code), agent=name) for code in codes
    )
    record(unit, "", actor, "recovery_codes_made", agent=name)
    return codes


def _code(services: Services) -> str:
    letters = base64.b32encode(services.random(RECOVERY_LETTERS * 5 // 8)).decode()
    return "-".join(letters[at : at + 4] for at in range(0, RECOVERY_LETTERS, 4))


def offer_authenticator(services: Services, name: str) -> tuple[str, str]:
    """Give the secret of a new authenticator, and what the form sends back with its first code: both sealed, for 15 minutes."""
    secret = pyotp.random_base32()
    return secret, services.keyring.seal("\n".join((_OFFER, name, services.clock.now().isoformat(), secret)))


def take_authenticator(unit: Unit, row: AgentSession, offer: str, code: str) -> None:
    """Change to the authenticator that was offered, once it gives the right code; raises NewCodeWrong or OfferEnded."""
    secret = secret_of(unit.services, offer, row.agent)
    now = (unit.services.device_clock or unit.services.clock).now()
    if not pyotp.TOTP(secret).verify(code.strip().replace(" ", ""), for_time=now, valid_window=1):
        raise NewCodeWrong
    do_set_authenticator(unit, get_agent(unit.session, row.agent), secret)
    end_all(unit.session, row.agent, but=row.session_hash)
    record(unit, "", f"agent:{row.agent}", "authenticator_changed")


def secret_of(services: Services, offer: str, agent: str) -> str:
    """Read the secret out of what the form sent back; raises OfferEnded."""
    try:
        kind, name, at, secret = services.keyring.unseal(offer).split("\n")
        late = services.clock.now() - datetime.fromisoformat(at) > _OFFER_LASTS
    except (ConfigurationError, ValueError):  # whatever was made up opens nothing
        raise OfferEnded from None
    if kind != _OFFER or name != agent or late:
        raise OfferEnded
    return secret


def session_id(row: AgentSession) -> str:
    """Name a session in a list: the beginning of its hash, by which nobody signs in."""
    return row.session_hash[:_ID_LETTERS]


def token_id(row: AgentToken) -> str:
    """Name a token in a list, likewise."""
    return row.token_hash[:_ID_LETTERS]


def sessions_of(session: Session, name: str | None = None) -> list[AgentSession]:
    """List the sessions of an agent, or of all, the newest first."""
    found = select(AgentSession).order_by(col(AgentSession.started_at).desc())
    return list(session.exec(found.where(col(AgentSession.agent) == name) if name else found))


def tokens_of(session: Session, name: str | None = None) -> list[AgentToken]:
    """List the tokens of an agent, or of all, the newest first."""
    found = select(AgentToken).order_by(col(AgentToken.made_at).desc())
    return list(session.exec(found.where(col(AgentToken.agent) == name) if name else found))


def recovery_codes_left(session: Session, name: str) -> int:
    """Count the recovery codes that an agent has not used."""
    return len(session.exec(select(AgentRecovery).where(col(AgentRecovery.agent) == name)).all())
