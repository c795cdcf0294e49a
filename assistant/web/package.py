"""The page of a package: a link is no authority, a fresh code is; one browser has it for an hour."""

from __future__ import annotations

import asyncio
import re

from aiohttp import web

from assistant.casework.answers import packages
from assistant.casework.events import Event
from assistant.casework.proof import challenges, checking
from assistant.domain.assurance import CODE_LIFETIME
from assistant.errors import NotFound, NotVerified, SignInNeeded, TooManyAttempts
from assistant.services import Services
from assistant.store.rows import Package
from assistant.web import cookies
from assistant.web.bodies import form_of
from assistant.web.keys import REFUSED_AS, SERVICES
from assistant.web.pages import Button, Entry, language_of, show_page

_RANGE = re.compile(r"bytes=([0-9]{1,18})-")


def routes() -> list[web.RouteDef]:
    """List the addresses of a package; the id alone opens nothing."""
    return [
        web.get("/package/{id}", show),
        web.post("/package/{id}/send", send),
        web.post("/package/{id}/open", open_with_code),
        web.post("/package/{id}/sign-in", sign_in),
        # A HEAD fetches nothing, and must not count as a download.
        web.get("/package/{id}/download", download, allow_head=False),
    ]


async def show(http_request: web.Request) -> web.StreamResponse:
    """Offer a code, or the download to the browser that has it; the same page for a package that never was."""
    services, ident, language = _of(http_request)
    package = await _granted(services, http_request, ident)
    if package is not None:
        texts = services.texts.page("package_download", language, gone_on=services.local_day(package.gone_at))
        return show_page(texts, language, link=(texts["download"], f"/package/{ident}/download"))
    if await _is_gone(services, ident):
        return show_page(services.texts.page("package_gone", language), language, status=410)
    texts = services.texts.page("package", language)
    buttons = [Button(texts["send_code"], f"/package/{ident}/send")]
    if services.settings.client_area.login_url:
        buttons.append(Button(texts["sign_in"], f"/package/{ident}/sign-in", quiet=True))
    return show_page(texts, language, buttons=buttons)


async def send(http_request: web.Request) -> web.StreamResponse:
    """Send a code if there is a package, and say the same if there never was one."""
    services, ident, language = _of(http_request)
    if await _is_gone(services, ident):
        return show_page(services.texts.page("package_gone", language), language, status=410)
    until = services.clock.now() + CODE_LIFETIME
    try:
        wanted = await services.write(lambda unit: packages.want_code(unit, ident))
    except SignInNeeded:
        texts = services.texts.page("package_sign_in", language)
        button = Button(texts["sign_in"], f"/package/{ident}/sign-in")
        return show_page(texts, language, buttons=[button] if services.settings.client_area.login_url else [])
    except TooManyAttempts as error:
        return _no_code(services, language, error)
    if wanted is None:
        http_request[REFUSED_AS] = Event.LINK_GUESSED
    return _ask_code(services, ident, language, "package_code", until=until)


async def _is_gone(services: Services, ident: str) -> bool:
    return await services.read(lambda unit: packages.is_gone(unit, ident))


def _no_code(services: Services, language: str, error: TooManyAttempts) -> web.Response:
    if error.data.get("paused"):
        return show_page(services.texts.page("package_paused", language), language)
    texts = services.texts.page("package_code_limit", language, next_at=error.data["next_at"])
    return show_page(texts, language)


def _ask_code(services: Services, ident: str, language: str, name: str, **values: object) -> web.Response:
    texts = services.texts.page(name, language, **values)
    code = Entry("code", texts["label"], longest=12, numeric=True)
    buttons = [
        Button(texts["submit"], f"/package/{ident}/open", entry=code),
        Button(texts["resend"], f"/package/{ident}/send", quiet=True),
    ]
    return show_page(texts, language, buttons=buttons)


async def open_with_code(http_request: web.Request) -> web.StreamResponse:
    """Check the code and give the package to this browser."""
    services, ident, language = _of(http_request)
    answer = str((await form_of(http_request)).get("code", ""))
    try:
        attempt = await services.write(
            lambda unit: checking.reserve_attempt(unit, packages.current_code(unit.session, ident))
        )
        if not await checking.is_right(services, attempt, answer):
            await services.write(lambda unit: checking.note_failure(unit, attempt.challenge_id))
            raise NotVerified  # noqa: TRY301 - the same answer as for every other way to be wrong
        await services.write(lambda unit: checking.note_right(unit, attempt.challenge_id))
        secret = await services.write(lambda unit: packages.grant(unit, ident, attempt.challenge_id))
    except (NotFound, NotVerified) as error:
        http_request[REFUSED_AS] = Event.CODE_WRONG
        paused = await services.write(lambda unit: packages.note_wrong(unit, ident))
        if paused or error.data.get("paused"):
            return _no_code(services, language, TooManyAttempts(paused=True))
        return _ask_code(services, ident, language, "package_code_wrong")
    raise given_to_browser(services, ident, secret)


async def sign_in(http_request: web.Request) -> web.StreamResponse:
    """Send the browser to the client area; just so for a package that never was."""
    services, ident, _ = _of(http_request)
    try:
        url = await services.write(lambda unit: packages.want_login(unit, ident))
    except NotFound:
        url = challenges.login_address(services, services.random(24).hex())
    raise web.HTTPSeeOther(url or f"/package/{ident}")


def given_to_browser(services: Services, ident: str, secret: str) -> web.HTTPSeeOther:
    """Give this browser the cookie of a grant, and send it to the page with the download."""
    page = f"/package/{ident}"
    response = web.HTTPSeeOther(page)
    cookies.give(services, response, _cookie(ident), secret, path=page, lasts=packages.GRANT, same_site="Lax")
    return response


def _cookie(ident: str) -> str:
    return f"desk_package_{ident}"  # by https a cookie has no path, and one browser may have two packages


async def download(http_request: web.Request) -> web.StreamResponse:
    """Send the zip, from where a broken download stopped; the last byte sent makes it complete."""
    services, ident, language = _of(http_request)
    package = await _granted(services, http_request, ident)
    if package is None:
        return show_page(services.texts.page("package_expired", language), language, status=403)
    begin = _begin(http_request, package.size)
    response = web.StreamResponse(status=206 if begin else 200, headers=_headers(package, begin))
    await response.prepare(http_request)
    chunks = packages.unsealed(services, package, begin)
    left = package.size - begin
    while left and (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        await response.write(chunk)
        left -= len(chunk)
    if not left:
        # At once, whatever becomes of the connection: a client that knows the length may hang up before the end is said.
        await asyncio.shield(services.write(lambda unit: packages.do_downloaded(unit, ident)))
    await response.write_eof()
    return response


def _begin(http_request: web.Request, size: int) -> int:
    found = _RANGE.fullmatch(http_request.headers.get("Range", ""))
    begin = int(found[1]) if found else 0
    if begin >= size > 0 and begin:
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})
    return begin


def _headers(package: Package, begin: int) -> dict[str, str]:
    headers = {
        "Content-Type": "application/zip",
        "Content-Length": str(package.size - begin),
        "Content-Disposition": f'attachment; filename="{package.ref}.zip"',
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    if begin:
        headers["Content-Range"] = f"bytes {begin}-{package.size - 1}/{package.size}"
    return headers


async def _granted(services: Services, http_request: web.Request, ident: str) -> Package | None:
    secret = cookies.value_of(services, http_request, _cookie(ident))
    try:
        return await services.read(lambda unit: packages.check_grant(unit, ident, secret))
    except (NotFound, NotVerified):
        return None


def _of(http_request: web.Request) -> tuple[Services, str, str]:
    return http_request.config_dict[SERVICES], http_request.match_info["id"], language_of(http_request)
