"""The chat widget: the one script tag a site embeds, and the panel inside its frame."""

from __future__ import annotations

from assistant.web.widget.pages import Widget, WidgetSettings

__all__ = ["Widget", "WidgetSettings"]
