"""Typed keys under which the web handlers find the parts of the desk."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from assistant.casework.events import Event
from assistant.services import Services

SERVICES: Final = web.AppKey("services", Services)
AGENT: Final = web.RequestKey("agent", str)  # who is signed in, for what is counted about agents
REFUSED_AS: Final = web.RequestKey("refused_as", Event)  # where the status alone does not say it
