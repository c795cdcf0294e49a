"""The agents' work as HTTP API under /api/v1, for scripts and other programs."""

from __future__ import annotations

from assistant.web.api.routes import api_routes

__all__ = ["api_routes"]
