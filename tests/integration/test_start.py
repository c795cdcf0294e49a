"""The start of a desk: garbage is not looked for while what stays is loaded, and is from then on; what an upgrade needs is not loaded without one."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from assistant.demo.settings import lay_out
from tests.benchmarks.desk import free_port

STARTED = """
import gc, os, signal, sys
from assistant import cli, serving

class Log:
    def info(self, event, **_):
        print(event, gc.isenabled(), gc.get_freeze_count() > 100_000, "alembic" in sys.modules)
        os.kill(os.getpid(), signal.SIGTERM)

serving.log = Log()
sys.argv = ["assistant", "serve", "--config", sys.argv[1]]
cli.main()
"""


def test_a_desk_that_is_ready_looks_for_garbage_but_not_among_what_stays(tmp_path: Path) -> None:
    demo = lay_out(tmp_path / "desk", port=free_port(), mail_port=free_port(), today=datetime.now(UTC).date())
    said = [
        subprocess.run(
            [sys.executable, "-c", STARTED, str(demo.settings_file)],
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
        ).stdout.splitlines()
        for _ in range(2)
    ]
    assert [[line for line in lines if line.startswith("desk.ready")] for lines in said] == [
        ["desk.ready True True True"],  # the first start makes the tables
        ["desk.ready True True False"],
    ]
