"""From a message that was read wrongly to a desk that reads it rightly: said by an agent, reviewed, learned, accepted."""

from __future__ import annotations

import json
import re
import shutil

import aiohttp
import pytest

from intents.reader import MODEL_DIRECTORY
from tests.doubles.desk_process import DeskProcess

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("conversation")]

SAID = "Oriane here, the raffle leaflets: enough of that circus. My number is 4471."


class Console:
    """An agent's browser at the console."""

    def __init__(self, desk: DeskProcess) -> None:
        self.url = f"{desk.url}/console"
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def page(self, path: str, **form: str) -> str:
        """Open a page, or press a button of one, and give the page that comes."""
        async with self.http.request(
            "POST" if form else "GET", f"{self.url}/{path}", data=form or None
        ) as response:
            assert response.status < 400, await response.text()
            return await response.text()


async def test_a_correction_is_kept_without_names_reviewed_and_served_only_once_accepted(
    desk: DeskProcess,
) -> None:
    async with desk.chat("en") as chat:
        await chat.say(SAID)
    ((talk, message),) = desk.own("SELECT conversation_id, id FROM message WHERE opened(text) = ?", SAID)
    console, agent = Console(desk), await desk.agent("agent")
    async with console.http:
        await console.page("sign-in", **agent.form())
        page = await console.page(f"conversations/{talk}")
        token = re.search(r'name="csrf" value="(\w+)"', page)
        assert token is not None
        assert f'name="message" value="{message}"' in page
        form = {"csrf": token[1], "message": str(message), "right": "objection"}
        assert "Noted" in await console.page(f"conversations/{talk}/correct", **form)

    row = json.loads(desk.command("corrections", "list", "--json").stdout)
    assert (row["rights"], row["agent"], row["state"]) == (["objection"], agent.name, "to review")
    assert "Oriane" not in row["text"]
    assert "4471" not in row["text"]
    assert "leaflets" in row["text"]
    refused = desk.command("train", "--learn")
    assert refused.returncode != 0
    assert "No correction is kept yet" in refused.stderr.decode()
    assert desk.command("corrections", "keep", str(row["id"])).returncode == 0
    assert json.loads(desk.command("corrections", "list", "--json").stdout)["state"] == "kept"

    refused = desk.command("train", "--accept")
    assert "Nothing was learned yet" in refused.stderr.decode()
    models = desk.folder / "data" / "models"
    shutil.copytree(MODEL_DIRECTORY, models / "candidate")
    assert desk.command("train", "--accept").returncode == 0
    assert (models / "accepted" / "thresholds.toml").exists()
    assert not (models / "candidate").exists()
