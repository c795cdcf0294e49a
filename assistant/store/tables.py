"""The tables of the desk; every instant is aware UTC, every personal value is sealed or named by a keyed hash.

Which column is which is decided one by one in `tests/meta/test_at_rest.py`; what is left open has its reason there.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Dialect, Index, String, TypeDecorator, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from assistant.domain.lifecycle import CLOSED, ChallengeState, LetterState, PlanState, Status, StepState
from assistant.store.sealing import Sealed, SealedByHand, SealedBytes, SealedJson


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept as ISO 8601 in UTC with microseconds so that text order is time order."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Refuse a naive instant: nobody knows when that was."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a zone was about to be stored")
        plain = value.astimezone(UTC).replace(tzinfo=None)
        return plain.isoformat(timespec="microseconds") + "Z"

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Give it back aware."""
        return None if value is None else datetime.fromisoformat(value)


# Words of SQL, not parameters: a database takes the index of a list only for the very condition it was made with.
IS_OPEN = f"status NOT IN ({', '.join(repr(str(status)) for status in sorted(CLOSED))})"
NEEDS_AGENT = (
    f"status = {str(Status.AWAITING_APPROVAL)!r} OR attention IS NOT NULL OR "
    f"(dont_at IS NOT NULL AND dont_answer IS NULL AND {IS_OPEN})"
)
IS_UNPROVED = "(CASE WHEN evidence_id IS NULL THEN 1 ELSE 0 END)"  # last in every list: whoever proved nothing never hides who did
# What a person or an agent of them wrote, and what goes long before the case it was written for.
WORDS_OF_A_PERSON = "sender IN ('you', 'note') AND kind <> 'reduced'"
PASSING = "(\"key\" LIKE 'challenge:%' OR \"key\" LIKE 'notice:%' OR \"key\" LIKE 'hold:%' OR ref IS NULL)"
UNDECIDED_PROOF = "state IN ('wanted', 'sent', 'spent')"


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def _instant(*, index: bool = False, optional: bool = False) -> Any:
    default: dict[str, Any] = {"default": None} if optional else {}
    return Field(sa_type=Instant, index=index, nullable=optional, **default)


def _json(default: Any = dict, **more: Any) -> Any:
    return Field(default_factory=default, sa_type=JSON, **more)


def _of_before(value: str) -> dict[str, Any]:
    """Give rows that stood before their column came what they have in it."""
    return {"server_default": value}


def _sealed_json(default: Any = dict) -> Any:
    return Field(default_factory=default, sa_type=SealedJson, nullable=False)


def _sealed(*, optional: bool = False, **default: Any) -> Any:
    return Field(sa_type=Sealed, nullable=optional, **({"default": None} if optional else default))


def _sealed_by_hand(*, optional: bool = False) -> Any:
    default: dict[str, Any] = {"default": None} if optional else {}
    return Field(sa_type=SealedByHand, nullable=optional, **default)


class Conversation(SQLModel, table=True):
    """One thread in one channel, and where the talk stands."""

    __table_args__ = (UniqueConstraint("channel", "thread"),)
    id: str = Field(primary_key=True)
    channel: str
    # Of webchat the keyed hash of the session token; what tells threads apart is `id`.
    thread: str = _sealed()
    language: str | None = None
    state: dict[str, Any] = _sealed_json()
    started_at: datetime = _instant()
    last_at: datetime = _instant(index=True)
    taken_by: str | None = Field(default=None, index=True)  # the agent who talks
    wants_person_at: datetime | None = _instant(optional=True, index=True)
    seen_id: int | None = None
    subject_hint: str | None = _sealed(optional=True)  # the address a mail claims to come from: routing only
    hint_hash: str | None = Field(default=None, index=True)  # by which the talks of an address are found
    triage: bool = False  # shown to agents: a reading in doubt


class Message(SQLModel, table=True):
    """What was written, by whom; the outbox of a live chat, since a reader catches up by id."""

    __table_args__ = (
        UniqueConstraint("conversation_id", "external_id"),
        Index(
            "ix_message_unhandled",
            "id",
            sqlite_where=text("handled = 0"),
            postgresql_where=text("NOT handled"),
        ),
        Index("ix_message_of_a_person", "at", "id", **_where(WORDS_OF_A_PERSON)),
    )
    id: int | None = Field(default=None, primary_key=True)
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    external_id: str  # of a mail a keyed hash: its Message-ID may name a person
    sender: str  # you, assistant, agent, note
    name: str = ""
    text: str = _sealed()
    kind: str = "text"
    choices: list[dict[str, Any]] = _sealed_json(list)
    expects: str | None = None
    requests: list[dict[str, Any]] = _json(list)
    reading: dict[str, Any] = _sealed_json()
    handled: bool = True
    at: datetime = _instant()
    subject: str | None = _sealed(optional=True)
    headers: dict[str, str] = _sealed_json()
    raw: bytes | None = Field(default=None, sa_type=SealedBytes)  # the original; may be 25 MB
    # Name, media_type, size of what lies in `raw`.
    attachments: list[dict[str, Any]] | None = Field(default=None, sa_type=SealedJson)


class Correction(SQLModel, table=True):
    """Which rights a message really uses, said by an agent; its words without who wrote them, so they may stay."""

    id: int | None = Field(default=None, primary_key=True)
    message_id: int = Field(unique=True)  # the message itself goes when its time is over
    language: str
    text: str = _sealed()  # pseudonymised
    was: list[str] = _json(list)
    rights: list[str] = _json(list)
    at: datetime = _instant()
    agent: str
    kept: bool | None = None  # None until somebody reviewed it; dropped ones are deleted


class PrivacyRequest(SQLModel, table=True):
    """One right used by one person, with its clock."""

    __tablename__ = "request"
    __table_args__ = (
        Index(
            "ix_request_remind_on",
            "remind_on",
            sqlite_where=text("remind_on IS NOT NULL"),
            postgresql_where=text("remind_on IS NOT NULL"),
        ),
        Index(
            "ix_request_to_plan",
            "to_plan_at",
            sqlite_where=text("to_plan_at IS NOT NULL"),
            postgresql_where=text("to_plan_at IS NOT NULL"),
        ),
        Index("ix_request_queue", "status", "due_on", "ref"),
        Index("ix_request_by_due_date", "due_on", "ref"),
        Index("ix_request_todo", text(IS_UNPROVED), "due_on", "ref", **_where(NEEDS_AGENT)),
        Index("ix_request_open", text(IS_UNPROVED), "due_on", "ref", **_where(IS_OPEN)),
    )
    ref: str = Field(primary_key=True)
    right: str
    status: str
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    channel: str
    language: str
    received_at: datetime = _instant()
    received_on: date
    due_on: date = Field(index=True)
    safe_on: date
    rules: list[str] = _json(list)
    extended_on: date | None = None
    extension_reason: str = _sealed(default="")
    suspensions: list[list[str | None]] = _json(list)
    details: dict[str, Any] = _sealed_json()
    tier_needed: int
    assurance: int = 0
    evidence_id: str | None = Field(default=None, index=True)
    contact: str | None = _sealed_by_hand(optional=True)  # the verified address, for the last letter
    contact_hash: str | None = Field(default=None, index=True)
    attention: str | None = Field(default=None, index=True)  # why a person is needed
    assignee: str | None = None
    after_ref: str | None = Field(default=None, index=True)  # carried out only after that one
    dont_at: datetime | None = _instant(optional=True, index=True)  # first told not to erase after all
    dont_answer: str | None = None  # keep, go_on; none while it is asked, and the erasure stands still
    remind_on: date | None = None
    to_plan_at: datetime | None = _instant(optional=True)
    closed_at: datetime | None = _instant(optional=True, index=True)
    version: int = 0


class ChallengeRow(SQLModel, table=True):
    """A proof that was asked for; the secret is only ever kept as a hash."""

    __tablename__ = "challenge"
    __table_args__ = (
        Index(
            "ix_challenge_unsent",
            "id",
            sqlite_where=text("state = 'wanted'"),
            postgresql_where=text("state = 'wanted'"),
        ),
        Index("ix_challenge_undecided", "expires_at", **_where(UNDECIDED_PROOF)),
    )
    id: str = Field(primary_key=True)
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    method: str
    references: list[str] = _json(list)
    purpose: str = "prove"  # prove, withdraw, dont, package
    package_id: str | None = None
    claimed: str = _sealed_by_hand()  # what was typed (an address or a client number)
    claimed_kind: str  # email, client_id
    claimed_hash: str = Field(index=True)
    state: str = ChallengeState.WANTED
    on_file: bool = False
    contact: str | None = _sealed_by_hand(optional=True)  # where it really went
    stored: str | None = None
    attempts: int = 0
    link_hash: str | None = Field(default=None, unique=True)
    asked_at: datetime = _instant(index=True)
    expires_at: datetime | None = _instant(optional=True)
    lease_until: datetime | None = _instant(optional=True)


class EvidenceRow(SQLModel, table=True):
    """What was proved."""

    __tablename__ = "evidence"
    id: str = Field(primary_key=True)
    method: str
    tier: int
    contact: str = _sealed_by_hand()
    contact_hash: str = Field(index=True)
    client_id: str | None = _sealed_by_hand(optional=True)
    client_hash: str | None = Field(default=None, index=True)  # by which agents find the requests of a number
    conversation_id: str = Field(index=True)
    references: list[str] = _json(list)
    on_file: bool
    fresh_login: bool = False
    obtained_at: datetime = _instant()
    flags: list[str] = _json(list)  # what only people may weigh: recent_contact_change, two_verifiers, …


class ContactDomain(SQLModel, table=True):
    """Where the mail of a proved contact's domain goes, by keyed hashes: a house that changed proves little (A25)."""

    __tablename__ = "contact_domain"
    domain: str = Field(primary_key=True)
    house: str  # its mail and name servers, as they were when it was last trusted
    other: str | None = None  # as they are now, until somebody decides
    seen_at: datetime = _instant(index=True)


class Tally(SQLModel, table=True):
    """Codes sent to and failures against one typed address, known or not, by keyed hash."""

    id: int | None = Field(default=None, primary_key=True)
    subject_hash: str = Field(index=True)
    what: str  # sent, failed, notice
    at: datetime = _instant(index=True)


class Action(SQLModel, table=True):
    """A plan in the agents' queue."""

    id: str = Field(primary_key=True)
    ref: str = Field(foreign_key="request.ref", index=True)
    operation: str
    plan: dict[str, Any] = _sealed_json()
    plan_hash: str
    automatic: bool = False  # approved by rule, not by a person (GDPR 21(3), 7(3))
    # Proposed, approved, executing, stopping, stopped, done, failed, rejected, void.
    state: str = Field(default=PlanState.PROPOSED, index=True)
    rows_done: int = Field(default=0, sa_column_kwargs=_of_before("0"))
    rows_to_do: int = Field(default=0, sa_column_kwargs=_of_before("0"))
    # Who else is named in free text, until the copy is made.
    mentions: str | None = _sealed_by_hand(optional=True)
    created_at: datetime = _instant()
    approvals: list[dict[str, Any]] = _sealed_json(list)
    not_before: datetime | None = _instant(optional=True, index=True)
    replaces: str | None = None
    lease_until: datetime | None = _instant(optional=True)
    attempts: int = 0


class StepRow(SQLModel, table=True):
    """How far one step of an approved plan has come."""

    __tablename__ = "step"
    __table_args__ = (UniqueConstraint("action_id", "ordinal"),)
    id: int | None = Field(default=None, primary_key=True)
    action_id: str = Field(foreign_key="action.id", index=True)
    ordinal: int
    source: str
    operation: str
    state: str = StepState.WAITING
    rows_done: int = 0
    rows_to_do: int = 0
    already_done: bool = False
    error: str = _sealed(default="")  # in words: for agents, or by hand for the person
    error_code: str = Field(default="", sa_column_kwargs=_of_before(""))
    done: list[dict[str, Any]] = _sealed_json(list)  # counted table by table when it was carried out
    left: list[dict[str, Any]] = _sealed_json(list)
    # What an agent found by hand, until it is in the package.
    found: str | None = _sealed_by_hand(optional=True)
    opened_at: datetime | None = _instant(optional=True)  # since when an agent is asked
    remind_at: datetime | None = _instant(optional=True)
    done_at: datetime | None = _instant(optional=True)


class Outbox(SQLModel, table=True):
    """What is to be handed to a channel, written with its cause, each once; every one belongs to a request or a talk."""

    __table_args__ = (
        CheckConstraint("ref IS NOT NULL OR conversation_id IS NOT NULL", name="ck_outbox_belongs"),
        Index(
            "ix_outbox_due",
            "due_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_outbox_passing", "created_at", "id", **_where(PASSING)),
    )
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    channel: str
    kind: str  # reply, mail, relay
    conversation_id: str | None = Field(default=None, index=True)
    ref: str | None = Field(default=None, index=True)
    recipient: str | None = _sealed_by_hand(optional=True)
    # A report without our id names whom it was for.
    recipient_hash: str | None = Field(default=None, index=True)
    payload: str = _sealed_by_hand()  # JSON: subject, text, language, choices, headers, about, typed, until
    raw_message_id: int | None = Field(default=None, index=True)
    state: str = LetterState.WAITING
    sent_as: str | None = Field(default=None, index=True)  # the id under which a report names it
    failure: str | None = None  # why it did not arrive: refused:550, bounced:5.1.1, not_taken, no_address, …
    failed_at: datetime | None = _instant(optional=True, index=True)
    settled_at: datetime | None = _instant(optional=True)  # when an agent had dealt with that
    attempts: int = 0
    due_at: datetime = _instant()
    lease_until: datetime | None = _instant(optional=True)
    created_at: datetime = _instant()
    done_at: datetime | None = _instant(optional=True)


class Package(SQLModel, table=True):
    """A sealed disclosure waiting to be fetched."""

    id: str = Field(primary_key=True)
    ref: str = Field(foreign_key="request.ref", index=True)
    action_id: str = Field(index=True)
    file: str = Field(index=True)
    wrapped_key: str = _sealed_by_hand()
    size: int
    sha256: str
    manifest: dict[str, Any] = _sealed_json()
    contact_hash: str
    ready_at: datetime = _instant()
    gone_at: datetime = _instant(index=True)
    downloaded_at: datetime | None = _instant(optional=True)
    grant_hash: str | None = None  # the one browser that has it
    grant_until: datetime | None = _instant(optional=True)
    reminded: bool = False
    erased: bool = False


class Suppression(SQLModel, table=True):
    """An address that gets no marketing, as a keyed hash."""

    subject_hash: str = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    since: datetime = _instant()
    undo_hash: str | None = Field(default=None, unique=True)
    # The objections that keep it off, for whoever undoes them.
    refs: list[str] = _json(list, sa_column_kwargs=_of_before("[]"))


class StopLink(SQLModel, table=True):
    """A link that stops a request (this was not me), by the hash of its secret."""

    __tablename__ = "stop_link"
    link_hash: str = Field(primary_key=True)
    references: list[str] = _json(list)
    contact_hash: str
    made_at: datetime = _instant(index=True)
    used_at: datetime | None = _instant(optional=True)


class Agent(SQLModel, table=True):
    """A person who works for the controller."""

    name: str = Field(primary_key=True)
    role: str
    password: str  # argon2id
    totp_secret: str = _sealed_by_hand()
    language: str = "en"
    email: str | None = _sealed(optional=True)
    active: bool = True
    failures: int = 0  # in a row, from browsers that are not known as this agent's
    locked_until: datetime | None = _instant(optional=True)  # for such browsers
    last_totp: int = 0  # the last time step used, so that a code works once
    seen_at: datetime | None = _instant(optional=True)


class AgentToken(SQLModel, table=True):
    """A bearer token of the API, by its hash."""

    __tablename__ = "agent_token"
    token_hash: str = Field(primary_key=True)
    agent: str = Field(foreign_key="agent.name", index=True)
    scope: str  # read, reply, approve, suppression
    may_approve_irreversible: bool = False
    made_at: datetime = _instant()
    expires_at: datetime = _instant()


class AgentSession(SQLModel, table=True):
    """A signed-in browser of an agent, by the hash of its cookie."""

    __tablename__ = "agent_session"
    session_hash: str = Field(primary_key=True)
    agent: str = Field(foreign_key="agent.name", index=True)
    csrf: str
    started_at: datetime = _instant()
    last_at: datetime = _instant()
    totp_at: datetime = _instant()
    # In a row, typed by who is signed in.
    wrong_codes: int = Field(default=0, sa_column_kwargs=_of_before("0"))


class AgentBrowser(SQLModel, table=True):
    """A browser in which an agent has signed in, by the hash of its cookie: what is tried elsewhere does not lock it."""

    __tablename__ = "agent_browser"
    browser_hash: str = Field(primary_key=True)
    agent: str = Field(foreign_key="agent.name", index=True)
    seen_at: datetime = _instant()
    failures: int = 0
    locked_until: datetime | None = _instant(optional=True)


class AgentRecovery(SQLModel, table=True):
    """A recovery code of an agent that was not used yet, by its hash."""

    __tablename__ = "agent_recovery"
    code_hash: str = Field(primary_key=True)
    agent: str = Field(foreign_key="agent.name", index=True)


class RefusedCount(SQLModel, table=True):
    """How often something was refused in an hour; an agent is named only for what was done signed in."""

    __tablename__ = "refused_count"
    hour: datetime = Field(sa_type=Instant, primary_key=True)
    kind: str = Field(primary_key=True)
    agent: str = Field(default="", primary_key=True)
    times: int = 0


class Audit(SQLModel, table=True):
    """Append-only: one hash chain per request ('' for what belongs to none)."""

    __table_args__ = (UniqueConstraint("chain", "ordinal"),)
    id: int | None = Field(default=None, primary_key=True)
    chain: str = Field(index=True)
    ordinal: int
    at: datetime = _instant()
    actor: str  # desk, subject, agent:NAME
    event: str
    data: dict[str, Any] = _sealed_json()
    previous: str
    hash: str


class ChainHead(SQLModel, table=True):
    """The last entry of a chain, keyed: an entry cut off at the end shows here."""

    __tablename__ = "chain_head"
    chain: str = Field(primary_key=True)
    ordinal: int
    hash: str
    mac: str


class Checkpoint(SQLModel, table=True):
    """A keyed hash over all entries since the last checkpoint: a chain that vanished whole shows here."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = _instant()
    last_audit_id: int
    mac: str


class Seen(SQLModel, table=True):
    """One-time values (JWT ids, deliveries) that must not be taken twice."""

    value: str = Field(primary_key=True)
    until: datetime = _instant(index=True)


class SweepFailure(SQLModel, table=True):
    """A row that a sweep could not do: how often, why in a word, and from when it is tried again; nobody is named."""

    __tablename__ = "sweep_failure"
    sweep: str = Field(primary_key=True)
    which: str = Field(primary_key=True)  # the number or name of the row; '' for the sweep itself
    times: int
    code: str
    first_at: datetime = _instant()
    last_at: datetime = _instant()
    next_at: datetime = _instant()


class Note(SQLModel, table=True):
    """Small facts about the desk itself, such as the last sweep."""

    name: str = Field(primary_key=True)
    value: str = _sealed()


class KeysInUse(SQLModel, table=True):
    """With which keys this database is written, by their names; the keys themselves are files beside it, never in it."""

    __tablename__ = "keys_in_use"
    index_keys: str = Field(primary_key=True)  # a name of the index keys that only they give
    sealing: str  # the id of the key that seals now
    whole: bool  # whether everything is sealed under it; else sealing it anew goes on
    lay_open: bool  # whether columns lay open when it began, in a database of before
