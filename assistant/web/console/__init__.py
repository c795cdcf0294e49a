"""The agents' console."""

from __future__ import annotations

from assistant.web.console.routes import console_routes

__all__ = ["console_routes"]
