"""Telegram as a channel: private chats with a bot, by webhook or by long polling."""

from __future__ import annotations

from assistant.channels.telegram.channel import TelegramBot
from assistant.channels.telegram.settings import TelegramSettings

__all__ = ["TelegramBot", "TelegramSettings"]
