"""Typed keys under which the web handlers find the parts of the desk."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from assistant.conversation.desk import TalkingDesk
from assistant.services import Services

SERVICES: Final = web.AppKey("services", Services)
DESK: Final = web.AppKey("desk", TalkingDesk)
