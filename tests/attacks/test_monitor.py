"""What watches the desk stands on an address of its own, and tells of no single act."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant.web.health import coarse
from tests.doubles.attacks import Victim, until_code
from tests.doubles.desk_inside import DeskInside
from tests.doubles.desk_process import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]


@pytest.mark.parametrize("path", ["readyz", "metrics"])
async def test_what_is_for_monitoring_is_not_on_the_public_port(desk: DeskInside, path: str) -> None:
    """B12: anyone may open a public page."""
    assert (await desk.page(f"{desk.url}/{path}"))[0] == 404
    assert (await desk.page(f"{desk.monitor}/{path}"))[0] == 200
    assert (await desk.page(f"{desk.url}/healthz"))[0] == 200
    assert (await desk.page(f"{desk.monitor}/console/sign-in"))[0] == 404


async def test_no_counter_tells_whether_a_client_number_exists(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B12: a claim by a number that is known and by one that is not, read from the counters before and after."""
    claims = [next(people).number, "C-99871"]
    for claim in claims:
        _, before = await desk.page(f"{desk.monitor}/metrics")
        async with desk.chat() as chat:
            await until_code(chat, claim)
            await desk.idle()
        _, after = await desk.page(f"{desk.monitor}/metrics")
        assert before == after


async def test_figures_are_told_in_tens() -> None:
    """B12: also to whoever waits until they are counted again."""
    assert [coarse(n) for n in (0, 1, 9, 10, 11, 204)] == [0, 10, 10, 10, 20, 210]


async def test_readyz_tells_of_each_source_without_asking_it_each_time(
    desk: DeskInside, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = desk.assembly.services.sources
    asked: list[str] = []

    async def looked() -> dict[str, object] | None:
        async with desk.http.get(f"{desk.monitor}/readyz") as answer:
            told: dict[str, dict[str, object]] = await answer.json()
        return told["sources"] if len(told["sources"]) == len(sources) else None

    await desk.forward("10m")
    told = await eventually(looked, "the sources to be looked at")
    assert told == {source.name: None for source in sources}
    kind = type(sources[0])

    async def broken(self: object) -> list[object]:
        asked.append("asked")
        raise RuntimeError("an error nobody thought of")

    with monkeypatch.context() as patch:
        patch.setattr(kind, "check", broken)
        await desk.forward("10m")

        async def deaf() -> object:
            return ((await looked()) or {}).get(sources[0].name)

        assert await eventually(deaf, "the deaf source")
        for _ in range(5):
            await looked()
        assert len(asked) == sum(isinstance(source, kind) for source in sources)
