"""The package of an access or portability request: made once, sealed, fetched with a fresh proof, gone on its day."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlmodel import Session, col, select

from assistant.casework import saying
from assistant.casework.answers import by_hand
from assistant.casework.answers.answers import give_answer, systems
from assistant.casework.answers.redaction import redacting
from assistant.casework.audit import record
from assistant.casework.proof.challenges import offer_login, want_challenge
from assistant.casework.proof.limits import is_paused, next_code_at
from assistant.casework.requests.evidence import proves_mailbox
from assistant.casework.requests.intake import move
from assistant.casework.requests.one_by_one import each, may_be_tried
from assistant.disclosure import Manifest, PackageFacts, open_package, write_package
from assistant.domain.addresses import normal_address
from assistant.domain.assurance import Evidence, Method, Tier
from assistant.domain.lifecycle import ChallengeState, Status, StepState, advance, ways_to
from assistant.domain.moves import Claim
from assistant.domain.plan import Plan
from assistant.domain.rights import Right
from assistant.domain.shared_mailboxes import is_shared
from assistant.errors import NotFound, NotVerified, SignInNeeded, TooManyAttempts
from assistant.interfaces import Exporter, Progress
from assistant.services import Services, Unit
from assistant.store import queries
from assistant.store.keyring import client_hash
from assistant.store.tables import Action, ChallengeRow, Conversation, Package, PrivacyRequest, StepRow, Tally

GRANT = timedelta(minutes=60)
_REMIND_BEFORE = timedelta(days=1)
_KEY_BYTES = 32


def package_dir(services: Services) -> Path:
    """Give the folder of the sealed packages."""
    return services.settings.server.data_dir / "packages"


async def make_package(
    services: Services,
    request: PrivacyRequest,
    action: Action,
    plan: Plan,
    proof: Evidence,
    progress: Progress,
) -> None:
    """Disclose to a file that only its own key opens, once.

    What a kill left half written is written anew; a package on record stays, since its key opens that very file.
    """
    if not proof.covers(request.ref):
        raise NotVerified("The proof was not given for this request.")
    if await services.read(lambda unit: _is_made(unit.session, action.id)):
        return
    key = services.random(_KEY_BYTES)
    file = package_dir(services) / f"{action.id}.sealed"
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    steps = await services.read(lambda unit: queries.steps_of(unit.session, action.id))
    plan = by_hand.counted(plan, steps)
    by_name: dict[str, Exporter] = {source.name: source for source in services.sources}
    by_name |= by_hand.found_by_hand(services, steps)
    by_name = redacting(services, action, by_name)
    right = Right(request.right)
    facts = PackageFacts(
        reference=request.ref,
        right=right,
        language=request.language,
        received_on=request.received_on,
        made_at=services.clock.now(),
        settings=services.settings,
        plan=plan,
        portable_only=services.handlers[right].portable_only,
    )
    parts = [(by_name[at.source], at) for at in plan.located if at.rows]
    manifest = await write_package(file, key, facts, parts, progress)
    await services.write(lambda unit: _do_store(unit, action.id, file, key, manifest, proof))


def _is_made(session: Session, action_id: str) -> bool:
    return session.exec(select(Package.id).where(col(Package.action_id) == action_id)).first() is not None


def _do_store(
    unit: Unit,
    action_id: str,
    file: Path,
    key: bytes,
    manifest: Manifest,
    proof: Evidence,
) -> None:
    action = unit.session.get_one(Action, action_id)
    action.mentions = None
    now = unit.now
    unit.session.add(
        Package(
            id=unit.services.random(16).hex(),
            ref=action.ref,
            action_id=action_id,
            file=file.name,
            wrapped_key=unit.services.keyring.seal(base64.b64encode(key).decode()),
            size=manifest.size,
            sha256=manifest.sha256,
            manifest=manifest.as_json(),
            contact_hash=unit.services.keyring.keyed_hash(normal_address(proof.contact)),
            ready_at=now,
            gone_at=now + timedelta(days=unit.services.settings.periods.package_days),
        )
    )
    for step in unit.session.exec(select(StepRow).where(col(StepRow.action_id) == action_id)):
        if step.state != StepState.DONE:
            step.state = advance(step.state, StepState.DONE)
        step.rows_done, step.done_at, step.found = step.rows_to_do, now, None
        unit.session.add(step)
    record(
        unit,
        action.ref,
        "desk",
        "package_made",
        action=action_id,
        sha256=manifest.sha256,
        size=manifest.size,
        tables=len(manifest.tables),
        evidence=proof.id,
    )


def answer_ready(unit: Unit, request: PrivacyRequest, action: Action) -> None:
    """Tell the person where the package waits; the link is no authority by itself."""
    package = unit.session.exec(select(Package).where(col(Package.action_id) == action.id)).one()
    move(unit, request, Status.ANSWERED, "desk", package=package.sha256)
    counts = [{"category": name, "rows": n} for name, n in sorted(package.manifest["categories"].items())]
    give_answer(
        unit,
        request,
        "package_ready",
        url=address(unit.services, package),
        gone_on=unit.services.local_day(package.gone_at),
        systems=systems(unit.services),
        counts=counts,
        withheld=package.manifest["withheld"],
    )


def address(services: Services, package: Package) -> str:
    """Give the page on which a package is fetched."""
    return f"{services.settings.server.public_url}/package/{package.id}"


def get_package(unit: Unit, package_id: str) -> Package:
    """Give a package that can still be fetched; raises NotFound in the same words for none, gone or erased."""
    package = unit.session.get(Package, package_id)
    if package is None or package.erased or package.gone_at <= unit.now:
        raise NotFound
    return package


def is_gone(unit: Unit, package_id: str) -> bool:
    """Tell whether a package was there and is deleted: whoever has its link is told so, and sent no code."""
    # Asked for as a row that only a gone one gives: one that is there costs no more time than an id that never was.
    gone = col(Package.erased).is_(True) | (col(Package.gone_at) <= unit.now)
    return unit.session.exec(select(1).where(col(Package.id) == package_id, gone)).first() is not None


def want_code(unit: Unit, package_id: str) -> ChallengeRow | None:
    """Send a fresh code to the contact the package belongs to; None where there is no package, which waits just as long.

    Raises TooManyAttempts with `next_at` or `paused`, and SignInNeeded where several people read what is sent
    there, unless people decided all the same (A27).
    """
    page = _page_hash(unit.services, package_id)
    _check_room(unit, page)
    unit.session.add(Tally(subject_hash=page, what="sent", at=unit.now))
    try:
        package = get_package(unit, package_id)
    except NotFound:
        return None
    request = unit.session.get_one(PrivacyRequest, package.ref)
    conversation = unit.session.get_one(Conversation, request.conversation_id)
    contact = unit.services.keyring.unseal(request.contact or "")
    evidence = queries.evidence_of(unit.session, request)
    if is_shared(contact) and (evidence is None or evidence.tier < Tier.T3):
        raise SignInNeeded
    return want_challenge(
        unit,
        conversation,
        Claim("email", contact),
        [package.ref],
        method=Method.EMAIL_CODE,
        purpose="package",
        package_id=package_id,
    )


def _page_hash(services: Services, package_id: str) -> str:
    return services.keyring.keyed_hash(f"package:{package_id}")


def _check_room(unit: Unit, subject: str) -> None:
    """Refuse where codes pause or enough were sent: of the page alone, whether it has a package or not.

    What is sent to its contact or guessed elsewhere anybody can use up, and the days of a copy with it.
    """
    if is_paused(unit, subject):
        raise TooManyAttempts(paused=True)
    if next_at := next_code_at(unit, subject):
        raise TooManyAttempts(next_at=next_at)


def note_wrong(unit: Unit, package_id: str) -> bool:
    """Count a wrong code on a page that was asked for one, package or not, and tell whether its codes pause now (A17)."""
    page = _page_hash(unit.services, package_id)
    asked = select(Tally.id).where(col(Tally.subject_hash) == page, col(Tally.what) == "sent")
    if unit.session.exec(asked).first() is None:
        return False
    unit.session.add(Tally(subject_hash=page, what="failed", at=unit.now))
    unit.session.flush()
    return is_paused(unit, page)


def want_login(unit: Unit, package_id: str) -> str | None:
    """Give where to sign in for a package, or None if there is no client area; raises NotFound."""
    package = get_package(unit, package_id)
    request = unit.session.get_one(PrivacyRequest, package.ref)
    conversation = unit.session.get_one(Conversation, request.conversation_id)
    return offer_login(unit, conversation, [package.ref], package_id=package_id)


def current_code(session: Session, package_id: str) -> ChallengeRow | None:
    """Give the code last sent for a package."""
    return session.exec(
        select(ChallengeRow)
        .where(
            col(ChallengeRow.package_id) == package_id,
            col(ChallengeRow.method) == Method.EMAIL_CODE,
            col(ChallengeRow.state).in_((ChallengeState.WANTED, ChallengeState.SENT)),
        )
        .order_by(col(ChallengeRow.asked_at).desc())
        .limit(1)
    ).first()


def grant(unit: Unit, package_id: str, challenge_id: str, signed_in: str | None = None) -> str:
    """Give one browser the package for 60 minutes; a later grant takes it from the earlier one.

    Whoever signed in instead of typing a code must have signed in to the very account that was proved for it: one
    that a mailbox unlocked holds more than any single account, and an account may stand under any address.
    """
    package = get_package(unit, package_id)
    challenge = unit.session.get(ChallengeRow, challenge_id)
    if (
        challenge is None
        or challenge.state not in ways_to(ChallengeState.USED)
        or challenge.package_id != package_id
    ):
        raise NotVerified
    if (signed_in is not None) != (challenge.method == Method.CLIENT_AREA):
        raise NotVerified
    if signed_in is not None and not _is_of_account(unit, package, signed_in):
        raise NotVerified
    challenge.state = advance(challenge.state, ChallengeState.USED)
    unit.session.add(challenge)
    secret = unit.services.random(24).hex()
    package.grant_hash = unit.services.keyring.keyed_hash(secret, "grant")
    package.grant_until = unit.now + GRANT
    unit.session.add(package)
    record(unit, package.ref, "subject", "package_opened")
    return secret


def _is_of_account(unit: Unit, package: Package, client_id: str) -> bool:
    evidence = queries.evidence_of(unit.session, unit.session.get_one(PrivacyRequest, package.ref))
    return (
        evidence is not None
        and evidence.client_hash == client_hash(unit.services.keyring, client_id)
        and not proves_mailbox(unit.session, evidence)
    )


def check_grant(unit: Unit, package_id: str, secret: str) -> Package:
    """Give the package to the browser that has it; raises NotVerified, in the same time for one that never was (A16)."""
    package = unit.session.exec(
        select(Package).where(
            col(Package.id) == package_id,
            col(Package.grant_hash) == unit.services.keyring.keyed_hash(secret, "grant"),
            col(Package.grant_until) > unit.now,
        )
    ).one_or_none()
    if package is None or package.erased or package.gone_at <= unit.now:
        raise NotVerified
    return package


def unsealed(services: Services, package: Package, offset: int = 0) -> Iterator[bytes]:
    """Read the zip of a package from an offset; nothing unverified is ever released."""
    key = base64.b64decode(services.keyring.unseal(package.wrapped_key))
    return open_package(package_dir(services) / package.file, key, offset=offset)


def do_downloaded(unit: Unit, package_id: str) -> None:
    """Note the first complete download: the package goes 72 hours later, and a waiting erasure may begin."""
    package = unit.session.get_one(Package, package_id)
    if package.downloaded_at is None:
        now = unit.now
        package.downloaded_at = now
        package.gone_at = min(
            package.gone_at,
            now + timedelta(hours=unit.services.settings.periods.package_after_download_hours),
        )
        unit.session.add(package)
        record(unit, package.ref, "subject", "package_downloaded")
        unit.wake("carry_out")


async def expire_packages(services: Services) -> int:
    """Remind a day before, and remove what is past its day: file first, so that a row never lies."""
    soon = await services.read(_soon_gone)
    return await each(services, "packages", soon, lambda ident: _remind_or_remove(services, ident))


def _soon_gone(unit: Unit) -> list[str]:
    now = unit.now
    to_remind = col(Package.reminded).is_(False) & col(Package.downloaded_at).is_(None)
    soon = select(Package.id).where(
        col(Package.erased).is_(False),
        (col(Package.gone_at) <= now) | (to_remind & (col(Package.gone_at) <= now + _REMIND_BEFORE)),
        may_be_tried("packages", Package.id, now),
    )
    return list(unit.session.exec(soon))


async def _remind_or_remove(services: Services, ident: str) -> None:
    kept = select(Package.file, Package.gone_at).where(col(Package.id) == ident)
    file, gone_at = await services.read(lambda unit: unit.session.exec(kept).one())
    if gone_at > services.clock.now():
        await services.write(lambda unit: _remind(unit, ident))
        return
    (package_dir(services) / file).unlink(missing_ok=True)
    await services.write(lambda unit: _do_gone(unit, ident))


def _remind(unit: Unit, ident: str) -> None:
    package = unit.session.get_one(Package, ident)
    request = unit.session.get_one(PrivacyRequest, package.ref)
    package.reminded = True
    unit.session.add(package)
    saying.mail(
        unit,
        "package_reminder",
        to=unit.services.keyring.unseal(request.contact or ""),
        language=request.language,
        ref=request.ref,
        key=f"package:{package.id}:reminder",
        requests=[saying.as_seen(request)],
        url=address(unit.services, package),
        gone_on=unit.services.local_day(package.gone_at),
    )


def _do_gone(unit: Unit, ident: str) -> None:
    package = unit.session.get_one(Package, ident)
    package.erased, package.wrapped_key, package.grant_hash = True, "", None  # a copy elsewhere opens no more
    unit.session.add(package)
    record(unit, package.ref, "desk", "package_gone", sha256=package.sha256)
