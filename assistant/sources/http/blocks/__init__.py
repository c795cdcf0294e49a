"""Ready maps of systems that are reached by HTTP; an operator saves one and adapts its categories and purposes."""

from __future__ import annotations

from importlib import resources

from assistant.errors import NotFound


def names() -> list[str]:
    """List the systems for which a map is ready."""
    here = resources.files(__name__)
    return sorted(file.name.removesuffix(".toml") for file in here.iterdir() if file.name.endswith(".toml"))


def block(name: str) -> str:
    """Give the text of a ready map; raises NotFound naming those there are."""
    if name not in names():
        raise NotFound(f"There is no ready map of {name!r}; there are: {', '.join(names())}.")
    return (resources.files(__name__) / f"{name}.toml").read_text("utf-8")
