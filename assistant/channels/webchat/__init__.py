"""Live chat over a WebSocket: the contract of the panel, of scripts and of tests."""

from __future__ import annotations

from assistant.channels.webchat.channel import WebChat, WebChatSettings

__all__ = ["WebChat", "WebChatSettings"]
