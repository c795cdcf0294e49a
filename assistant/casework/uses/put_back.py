"""What an objection changed, once its undo says that it was unwanted: an agent puts it back as far as anybody can, letters tell."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlmodel import Session, col, select

from assistant.casework import saying
from assistant.casework.audit import record
from assistant.casework.requests.intake import set_attention
from assistant.casework.requests.queue import WORKERS, Principal, get_request
from assistant.casework.requests.results import result_of
from assistant.casework.uses.suppression import MARKETING, subject_of
from assistant.domain.attention import Attention
from assistant.domain.lifecycle import CLOSED
from assistant.domain.plan import Operation, Step, plan_from_json
from assistant.domain.uses import EndOfUse
from assistant.errors import Conflict
from assistant.naming import Naming
from assistant.services import Services, Unit
from assistant.store import queries
from assistant.store.tables import Audit, PrivacyRequest, StepRow, Suppression

UNDONE: Final = "undone"  # in the details: whose undo it is about
_AGAIN: Final = "stopped_again"
_TOLD: Final = ("recipient_told", "recipient_to_tell")
# Objections that are kept with an address: those that changed something, and what is under way.
_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Changed:
    """What was written or deleted in one table; no source keeps what stood there before."""

    source: str
    table: str
    category: str
    columns: tuple[str, ...]
    deletes: bool
    rows: int  # nought where nobody can tell any more

    @property
    def ident(self) -> str:
        """Name it among the others of its request."""
        return f"{self.source}/{self.table}"


@dataclass(frozen=True, slots=True)
class Traces:
    """What an objection left behind: changed here, and told to others."""

    changed: tuple[Changed, ...]
    told: tuple[str, ...]

    def __bool__(self) -> bool:
        """Tell whether there is anything to put back."""
        return bool(self.changed or self.told)


def traces_of(session: Session, request: PrivacyRequest) -> Traces:
    """Give what a request changed, by what its steps and its audit say, whatever became of the rest of it."""
    found: dict[str, Changed] = {}
    audited = session.exec(
        select(Audit).where(col(Audit.chain) == request.ref, col(Audit.event).in_((_AGAIN, *_TOLD)))
    ).all()
    again = (
        Changed(**{**each, "columns": tuple(each["columns"])})
        for a in audited
        for each in a.data.get("changed", ())
    )
    for each in (*_by_plans(session, request), *again):
        before = found.get(each.ident)
        columns = tuple(dict.fromkeys((*before.columns, *each.columns))) if before else each.columns
        found[each.ident] = replace(each, columns=columns, rows=each.rows + (before.rows if before else 0))
    told = sorted({str(each.data["recipient"]) for each in audited if each.event in _TOLD})
    return Traces(tuple(found[ident] for ident in sorted(found)), tuple(told))


def _by_plans(session: Session, request: PrivacyRequest) -> Iterator[Changed]:
    for action in queries.plans_of(session, request.ref):
        if action.operation != Operation.STOP:
            continue
        rows = session.exec(select(StepRow).where(col(StepRow.action_id) == action.id)).all()
        if len(rows) < len((plan := plan_from_json(action.plan)).steps):
            continue  # never approved
        for part in result_of(plan, rows).done:
            counted = {each.table: each.rows for each in part.done}
            yield from changed_by(part.step, counted)


def changed_by(step: Step, counted: Mapping[str, int]) -> Iterator[Changed]:
    """Give what a step changed of what it was to change, with the rows that were counted."""
    for effect in step.effects:
        if effect.rows and effect.table in counted:
            yield Changed(
                step.source,
                effect.table,
                effect.category,
                effect.columns,
                effect.deletes,
                counted[effect.table],
            )


def with_this(session: Session, refs: Sequence[str], ref: str) -> list[str]:
    """Give the objections that keep an address off, with one more: however many change nothing, they push no other out."""
    kept = [each for each in refs if each != ref and _counts(session, each)]
    return [*kept, ref][-_MOST:]


def _counts(session: Session, ref: str) -> bool:
    request = session.get(PrivacyRequest, ref)
    return request is not None and (request.status not in CLOSED or bool(traces_of(session, request)))


def newest(session: Session, refs: Sequence[str]) -> str:
    """Name the last of these objections that is still kept; nothing where none is."""
    return next((ref for ref in reversed(refs) if session.get(PrivacyRequest, ref)), "")


def note_done(unit: Unit, request: PrivacyRequest) -> None:
    """Call an agent where an objection was carried out although it had been undone: its source was away meanwhile."""
    said = EndOfUse.of(request.details)
    for address in said.addresses if said.marketing else ():
        subject = subject_of(unit.services.keyring, address)
        if unit.session.get(Suppression, (subject, MARKETING)) is None:
            open_task(unit, subject, [request.ref])


def open_task(unit: Unit, subject: str, refs: Sequence[str]) -> None:
    """Have an agent put back what these objections changed for an address, and tell it what that is."""
    for request in (r for ref in refs if (r := unit.session.get(PrivacyRequest, ref))):
        if not (traces := traces_of(unit.session, request)):
            continue
        named = [a for a in _named(unit.services, request) if subject_of(unit.services.keyring, a) == subject]
        before = request.details.get(UNDONE, ())
        request.details = {**request.details, UNDONE: sorted({*before, *named})}
        unit.session.add(request)
        set_attention(unit, request, Attention.UNDONE)
        lists = {"changed": _said(unit.services, request, traces.changed), "told": list(traces.told)}
        _write(unit, request, "marketing_undone", **lists)


def settle(unit: Unit, ref: str, back: Collection[str], agent: Principal) -> PrivacyRequest:
    """Note what an agent put back and whom they told, and write it to the address; the rest stays as it is, and is said."""
    agent.require(*WORKERS)
    request = get_request(unit.session, ref)
    if not request.details.get(UNDONE):
        raise Conflict("Nothing of this request waits to be put back.")
    traces = traces_of(unit.session, request)
    done = [each for each in traces.changed if each.ident in back]
    left = [each for each in traces.changed if each.ident not in back]
    told = [each for each in traces.told if each in back]
    not_told = [each for each in traces.told if each not in back]
    request.details = {name: value for name, value in request.details.items() if name != UNDONE}
    request.version += 1
    unit.session.add(request)
    record(
        unit,
        ref,
        agent.actor,
        "put_back",
        back=[each.ident for each in done],
        left=[each.ident for each in left],
        told=told,
        not_told=not_told,
    )
    if request.attention == Attention.UNDONE:
        set_attention(unit, request, None)
    lists = {
        "back": _said(unit.services, request, done),
        "left": _said(unit.services, request, left),
        "told": told,
        "not_told": not_told,
    }
    _write(unit, request, "marketing_put_back", **lists)
    return request


def _named(services: Services, request: PrivacyRequest) -> tuple[str, ...]:
    """Give whom marketing was kept off: the addresses that were named, or that of whoever proved it."""
    said = EndOfUse.of(request.details)
    if said.marketing:
        return said.addresses
    return (services.keyring.unseal(request.contact),) if request.contact else ()


def is_told(services: Services, request: PrivacyRequest) -> bool:
    """Tell whether the desk writes what it comes to: of several addresses, none may learn what was held about another."""
    named = _named(services, request)
    return len(named) == 1 and "@" in named[0]


def _write(unit: Unit, request: PrivacyRequest, text: str, **lists: Any) -> None:
    if not is_told(unit.services, request):
        return
    saying.mail(
        unit,
        text,
        to=_named(unit.services, request)[0],
        language=request.language,
        ref=request.ref,
        key=f"{text}:{request.ref}:{unit.now:%Y%m%d%H%M%S%f}",
        requests=[saying.as_seen(request)],
        **lists,
    )


def _said(services: Services, request: PrivacyRequest, changed: Sequence[Changed]) -> list[dict[str, Any]]:
    naming, language = Naming(services.settings), request.language
    return [
        {
            "system": each.source,
            "table": naming.table(each.source, each.table, language),
            "columns": naming.columns(each.source, each.table, each.columns, language),
            "rows": each.rows,
            "deleted": each.deletes,
        }
        for each in changed
    ]
