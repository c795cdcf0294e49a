"""Direct transfer of a portability document to where the person asked (GDPR 20(2)): only on an agent's word."""

from __future__ import annotations

import io
import zipfile
from typing import Any, Final
from urllib.parse import urlsplit

from sqlmodel import Session, col, select

from assistant.casework import saying
from assistant.casework.answers.packages import unsealed
from assistant.casework.audit import record
from assistant.casework.outbox import queue_outgoing
from assistant.casework.requests.evidence import answer_for
from assistant.casework.requests.queue import Principal, Role, Scope, get_request
from assistant.domain.details import WhereTo
from assistant.domain.letter import Letter
from assistant.errors import Conflict, DeliveryRefused, NotAllowed
from assistant.services import Rendered, Services, Unit
from assistant.store import queries
from assistant.store.tables import Outbox, Package, PrivacyRequest

PUT: Final = "put"
_TOLD: Final = "portability_sent"
DOCUMENT: Final = "portability.json"
_LARGEST: Final = 64 * 2**20


def where_to(request: PrivacyRequest) -> str | None:
    """Give the host to which the person asked us to send it, None if they did not."""
    address = WhereTo.of(request.details).transfer_to
    return urlsplit(address).hostname if address else None


def waiting_package(unit: Unit, request: PrivacyRequest) -> Package | None:
    """Give the package that could be sent, None if there is none, or it was ordered already."""
    package = unit.session.exec(
        select(Package).where(col(Package.ref) == request.ref, col(Package.erased).is_(False))
    ).first()
    if package is None or package.gone_at <= unit.now or where_to(request) is None:
        return None
    ordered = unit.session.exec(select(Outbox.id).where(col(Outbox.key) == _key(package))).first()
    return None if ordered else package


def _key(package: Package) -> str:
    return f"transfer:{package.id}"


def send(unit: Unit, ref: str, agent: Principal) -> PrivacyRequest:
    """Send the document to the address that the person gave; it discloses, so the same people may who approve that."""
    agent.require(Role.APPROVER, Role.LEAD, scope=Scope.APPROVE)
    agent.require_fresh_proof()
    request = get_request(unit.session, ref)
    package = waiting_package(unit, request)
    if package is None:
        raise Conflict(
            "There is nothing to send: no address, no copy that is still there, or it was sent already."
        )
    if answer_for(unit.services, request, queries.evidence_of(unit.session, request)).missing is not None:
        raise NotAllowed("The contact says that they never asked this: nothing is sent on that word.")
    if package.size > _LARGEST:
        raise Conflict("The document is too large to be sent at once; the person downloads it.")
    letter = Letter(
        key=_key(package),
        channel="transfer",
        kind=PUT,
        text="",
        language=request.language,
        recipient=WhereTo.of(request.details).transfer_to,
        ref=ref,
    )
    queue_outgoing(unit, letter)
    record(unit, ref, agent.actor, "transfer_ordered", recipient=where_to(request))
    return request


def document(services: Services, package: Package) -> bytes:
    """Read the document out of its package, in memory; slow, so call it in a thread."""
    whole = io.BytesIO(b"".join(unsealed(services, package)))
    with zipfile.ZipFile(whole) as archive:
        name = next((name for name in archive.namelist() if name.endswith(DOCUMENT)), None)
        if name is None or archive.getinfo(name).file_size > _LARGEST:
            raise DeliveryRefused("There is no such document in the package, or it is too large.")
        return archive.read(name)


def package_of(session: Session, row: Outbox) -> Package:
    """Give the package that an order of the outbox is about; raises DeliveryRefused once it is gone."""
    package = session.get(Package, row.key.removeprefix("transfer:"))
    if package is None or package.erased:
        raise DeliveryRefused("The copy is gone; the person may ask again.")
    return package.model_copy()


def letter_once_sent(services: Services, request: PrivacyRequest) -> Rendered:
    """Write what the person gets once the document is there, for whoever is about to send it."""
    seen = [saying.as_seen(request)]
    return services.texts.render(_TOLD, request.language, requests=seen, host=where_to(request) or "")


def do_sent(unit: Unit, row: Outbox) -> None:
    """Tell the person that it was sent, and where to."""
    request = unit.session.get(PrivacyRequest, row.ref or "")
    if request is None or not request.contact:
        return
    values: dict[str, Any] = {"host": where_to(request) or ""}
    saying.mail(
        unit,
        _TOLD,
        to=unit.services.keyring.unseal(request.contact),
        language=request.language,
        ref=request.ref,
        key=f"sent:{row.key}",
        requests=[saying.as_seen(request)],
        **values,
    )
