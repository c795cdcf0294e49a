"""Imports each named module in a process of its own; libraries and lower layers are loaded once, before."""

from __future__ import annotations

import gc
import importlib
import os
import sys


def main(libraries: str, *layers: str) -> bool:
    """Take names parted by spaces: the libraries, then the modules of each layer, the lowest first."""
    load(libraries.split())
    failed = False
    for names in map(str.split, layers):
        alone = [name for name in names if imports_alone(name)]
        failed = failed or len(alone) < len(names)
        load(alone)
    return failed


def load(names: list[str]) -> None:
    for name in names:
        importlib.import_module(name)
    gc.freeze()  # or each child copies what it only looks at


def imports_alone(name: str) -> bool:
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    try:
        importlib.import_module(name)
    except BaseException as error:
        sys.stderr.write(f"{name}: {error!r}\n")
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
