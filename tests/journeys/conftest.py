"""One real desk for a module of journeys; each journey is another person's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.doubles.checklist import LETTERS
from tests.doubles.console_pages import pages_that_fail
from tests.doubles.desk_process import DeskProcess
from tests.doubles.letter_score import score_letters


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskProcess]:
    folder: Path = tmp_path_factory.mktemp("journey") / "desk"
    process = await DeskProcess.start(folder)
    yield process
    score, failed = score_letters(process), await pages_that_fail(process)
    await process.stop()
    LETTERS.add(score)
    assert failed == [], "pages of the console about what came in"
    assert score.broken == [], "letters that were sent and do not hold"


@pytest.fixture(scope="module")
def people(desk: DeskProcess) -> Iterator[tuple[str, str]]:
    """Clients of the sample company with nothing running, each given out once: (e-mail, client number)."""
    rows = desk.query(
        "SELECT email, client_no FROM clients c WHERE email LIKE '%@%' AND id > 20"
        " AND NOT EXISTS (SELECT 1 FROM services s WHERE s.client_id = c.id AND s.status = 'active')"
        " AND NOT EXISTS (SELECT 1 FROM domains d WHERE d.client_id = c.id AND d.expires_on > '2026-01-01')"
        " AND (SELECT count(*) FROM clients o WHERE lower(o.email) = lower(c.email)) = 1"
        " AND EXISTS (SELECT 1 FROM invoices i WHERE i.client_id = c.id) ORDER BY id"
    )
    assert len(rows) > 10, len(rows)
    return iter(rows)
