"""Imports each named module in a process of its own; the libraries are loaded once, before."""

from __future__ import annotations

import gc
import importlib
import os
import sys


def main(libraries: list[str], names: list[str]) -> int:
    for library in libraries:
        importlib.import_module(library)
    gc.freeze()  # or each child copies what it only looks at
    return sum(fails_alone(name) for name in names)


def fails_alone(name: str) -> bool:
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] != 0
    try:
        importlib.import_module(name)
    except BaseException as error:
        sys.stderr.write(f"{name}: {error!r}\n")
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1].split(), sys.argv[2].split()), 1))
