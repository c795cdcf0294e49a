"""Every column that holds a text is sealed, named by a keyed hash, or lies open for a reason that stands here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Boolean, Column, Date, Integer
from sqlmodel import SQLModel, col

from assistant.store import tables
from assistant.store.sealing import Sealed, SealedByHand, SealedBytes, SealedJson
from assistant.store.tables import Instant

CODE = Path(__file__).parents[2] / "assistant"
OURS = "an id or a key of our own making, from no word of a person's"
LAW = "a right, status, date or rule of the request: the law's words"
STATE = "a word out of our own list"
LANGUAGE = "a language, which thousands share"
AGENT = "the name by which an agent signs in: a colleague, in every entry of the audit"
REFS = "references of requests: random"
HASHED = "a keyed hash"

OPEN = {
    "action.id": OURS,
    "action.operation": STATE,
    "action.plan_hash": "of a whole plan, which an agent names to approve it; it says nothing by itself",
    "action.ref": REFS,
    "action.replaces": OURS,
    "action.state": STATE,
    "agent.language": LANGUAGE,
    "agent.name": AGENT,
    "agent.password": "argon2id",
    "agent.role": STATE,
    "agent_browser.agent": AGENT,
    "agent_browser.browser_hash": HASHED,
    "agent_recovery.agent": AGENT,
    "agent_recovery.code_hash": HASHED,
    "agent_session.agent": AGENT,
    "agent_session.csrf": "random, and nothing without the cookie, which is hashed",
    "agent_session.session_hash": HASHED,
    "agent_token.agent": AGENT,
    "agent_token.scope": STATE,
    "agent_token.token_hash": HASHED,
    "audit.actor": AGENT,
    "audit.chain": REFS,
    "audit.event": STATE,
    "audit.hash": "the chain: of entries that name nobody",
    "audit.previous": "the chain: of entries that name nobody",
    "chain_head.chain": REFS,
    "chain_head.hash": "the chain: of entries that name nobody",
    "chain_head.mac": HASHED,
    "challenge.claimed_hash": HASHED,
    "challenge.claimed_kind": STATE,
    "challenge.conversation_id": HASHED,
    "challenge.id": OURS,
    "challenge.link_hash": HASHED,
    "challenge.method": STATE,
    "challenge.package_id": OURS,
    "challenge.purpose": STATE,
    "challenge.references": REFS,
    "challenge.state": STATE,
    "challenge.stored": "argon2 of a code of ten minutes",
    "checkpoint.mac": HASHED,
    "contact_domain.domain": HASHED,
    "contact_domain.house": HASHED,
    "contact_domain.other": HASHED,
    "conversation.channel": STATE,
    "conversation.hint_hash": HASHED,
    "conversation.id": HASHED,
    "conversation.language": LANGUAGE,
    "conversation.taken_by": AGENT,
    "correction.agent": AGENT,
    "correction.language": LANGUAGE,
    "correction.rights": LAW,
    "correction.was": LAW,
    "evidence.client_hash": HASHED,
    "evidence.contact_hash": HASHED,
    "evidence.conversation_id": HASHED,
    "evidence.flags": STATE,
    "evidence.id": OURS,
    "evidence.method": STATE,
    "evidence.references": REFS,
    "keys_in_use.index_keys": HASHED,
    "keys_in_use.sealing": "the id of a key, which must be read before anything can be opened",
    "message.conversation_id": HASHED,
    "message.expects": STATE,
    "message.external_id": "of a mail a keyed hash, of Telegram a number of an update, of a chat what its program made up",
    "message.kind": STATE,
    "message.name": "of the agent or the controller: what a person calls themselves is not kept",
    "message.requests": LAW,
    "message.sender": STATE,
    "note.name": OURS,
    "outbox.channel": STATE,
    "outbox.conversation_id": HASHED,
    "outbox.failure": STATE,
    "outbox.key": OURS,
    "outbox.kind": STATE,
    "outbox.recipient_hash": HASHED,
    "outbox.ref": REFS,
    "outbox.sent_as": OURS,
    "outbox.state": STATE,
    "package.action_id": OURS,
    "package.contact_hash": HASHED,
    "package.file": OURS,
    "package.grant_hash": HASHED,
    "package.id": OURS,
    "package.ref": REFS,
    "package.sha256": "of a file that is sealed itself",
    "refused_count.agent": AGENT,
    "refused_count.kind": STATE,
    "request.after_ref": REFS,
    "request.assignee": AGENT,
    "request.attention": STATE,
    "request.channel": STATE,
    "request.contact_hash": HASHED,
    "request.conversation_id": HASHED,
    "request.dont_answer": STATE,
    "request.evidence_id": OURS,
    "request.language": LANGUAGE,
    "request.ref": REFS,
    "request.right": LAW,
    "request.rules": LAW,
    "request.status": LAW,
    "request.suspensions": LAW,
    "seen.value": "a random id that the site which signed a token gave it",
    "step.action_id": OURS,
    "step.error_code": STATE,
    "step.operation": STATE,
    "step.source": "the name of a system",
    "step.state": STATE,
    "stop_link.contact_hash": HASHED,
    "stop_link.link_hash": HASHED,
    "stop_link.references": REFS,
    "suppression.purpose": STATE,
    "suppression.refs": REFS,
    "suppression.subject_hash": HASHED,
    "suppression.undo_hash": HASHED,
    "sweep_failure.code": STATE,
    "sweep_failure.sweep": STATE,
    "sweep_failure.which": OURS,
    "tally.subject_hash": HASHED,
    "tally.what": STATE,
}


def columns() -> Iterator[Column[object]]:
    for table in SQLModel.metadata.sorted_tables:
        yield from table.columns


def may_hold_words(column: Column[object]) -> bool:
    return not isinstance(column.type, Integer | Boolean | Date | Instant)


def is_sealed(column: Column[object]) -> bool:
    return isinstance(column.type, Sealed | SealedJson | SealedByHand | SealedBytes)


def test_every_column_that_may_hold_words_is_sealed_or_has_its_reason() -> None:
    named = {f"{column.table.name}.{column.name}": column for column in columns() if may_hold_words(column)}
    lying_open = {name for name, column in named.items() if not is_sealed(column)}
    assert lying_open == set(OPEN)


def test_a_column_that_is_sealed_cannot_be_searched_and_says_so() -> None:
    """No two sealings are equal: such a query would find nothing, for ever and in silence."""
    with pytest.raises(TypeError, match="keyed hash"):
        _ = col(tables.Message.text) == "words"
    with pytest.raises(TypeError, match="keyed hash"):
        col(tables.Conversation.subject_hint).in_(["words"])
    with pytest.raises(TypeError, match="keyed hash"):
        col(tables.Message.subject).contains("words")
    col(tables.Agent.email).is_not(None)


def test_what_code_seals_by_hand_is_written_as_it_was_sealed() -> None:
    """A value that goes into such a column comes out of the keyring, and out of nowhere else."""
    by_hand = {column.name for column in columns() if isinstance(column.type, SealedByHand)}
    bare = [
        f"{path.name}:{word.value.lineno}"
        for path in CODE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and _makes_a_row(node)
        for word in node.keywords
        if word.arg in by_hand and not _is_sealed_or_handed_on(word.value)
    ]
    assert not bare


ROWS = {"ChallengeRow", "EvidenceRow", "Outbox", "Package", "PrivacyRequest", "Agent", "Action", "StepRow"}


def _makes_a_row(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in ROWS


def _is_sealed_or_handed_on(value: ast.expr) -> bool:
    if isinstance(value, ast.IfExp):
        return _is_sealed_or_handed_on(value.body) and _is_sealed_or_handed_on(value.orelse)
    if isinstance(value, ast.Constant):
        return value.value in (None, "")
    if isinstance(value, ast.Attribute):
        return True  # out of another row, where it is sealed already
    called = value.func if isinstance(value, ast.Call) else None
    return getattr(called, "attr", getattr(called, "id", "")) == "seal"
