"""What ends a process, a thread or an object unseen is told by its kind and place, and never in its words."""

from __future__ import annotations

import json
import subprocess
import sys

CANARY = "Xanthippekanari"
UNSEEN = """
import asyncio, threading, warnings, sys
from assistant.logs import configure_logging, hook_uncaught
configure_logging(); hook_uncaught()
class Bad:
    def __del__(self): raise RuntimeError("{canary}")
del_it = Bad(); del del_it
t = threading.Thread(target=lambda: 1 / len("{canary}"[:0])); t.start(); t.join()
warnings.warn("{canary}")
async def lost(): raise RuntimeError("{canary}")
async def main():
    asyncio.create_task(lost()); await asyncio.sleep(0.01)
asyncio.run(main())
raise RuntimeError("{canary}") from ValueError("{canary}")
"""


def test_what_nobody_caught_is_told_by_kind_too() -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "default", "-c", UNSEEN.format(canary=CANARY)],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    told = [json.loads(line) for line in ended.stderr.splitlines()]
    assert CANARY not in ended.stderr + ended.stdout
    assert ended.returncode == 1
    assert {row["event"] for row in told} == {"object.died", "thread.died", "library.said", "process.died"}
    assert told[-1]["because_of"] == ["ValueError"]
