"""A desk that cannot write one of its texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import pytest

    from assistant.replies import Texts
    from assistant.services import Services


def lose(services: Services, patch: pytest.MonkeyPatch, name: str) -> None:
    """Take a text out of the desk in every language, as a file that was never written."""
    texts = cast("Texts", services.texts)
    for locale in texts._locales.values():
        patch.delitem(cast("Any", locale.environment.loader).mapping, f"{name}.txt")
        assert locale.environment.cache is not None
        locale.environment.cache.clear()
    patch.setattr(texts, "_unchanging", {})
