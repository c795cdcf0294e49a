"""What a sweep could not do three times: shown to leads with why, and tried again at once when they say so."""

from __future__ import annotations

from aiohttp import web

from assistant.casework.requests import one_by_one
from assistant.casework.requests.queue import Role
from assistant.web.console.access import Visit, back, show


async def show_failing(visit: Visit) -> web.StreamResponse:
    """List the rows that fail, to a lead or an auditor."""
    visit.agent.require(Role.LEAD, Role.AUDITOR)
    page = await visit.services.read(lambda unit: one_by_one.failing(unit.session, visit.after()))
    return show(visit, "failing.html", title=visit.words("failing.title"), page=page)


async def try_again(visit: Visit) -> web.StreamResponse:
    """Have one of them tried again at once."""
    sweep, which = visit.form.get("sweep", ""), visit.form.get("which", "")
    await visit.write(lambda unit, agent: one_by_one.try_again(unit, sweep, which, agent))
    raise back(visit, "/console/failing", "try_row_again")
