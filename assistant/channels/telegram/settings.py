"""What the bot is told before it starts, checked where a mistake would only show in a silent chat."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from assistant.errors import ConfigurationError

HOOK = "/hooks/telegram"
_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")  # what setWebhook takes as secret_token


@dataclass(frozen=True, slots=True)
class TelegramSettings:
    """How the bot is reached and how fast it may speak; raises ConfigurationError."""

    token: str = field(repr=False)
    secret: str = field(repr=False)  # webhook only: what Telegram sends back with every update
    mode: Literal["webhook", "polling"]
    api_url: str
    public_url: str
    poll_seconds: int = 25
    retry_seconds: float = 1.0  # the first pause after a failure; it doubles up to a minute
    hook_check_seconds: float = 300.0  # between two looks at whether updates reach our hook
    chat_seconds: float = 1.0  # between two messages to one chat
    per_second: float = 30.0  # messages to all chats together

    def __post_init__(self) -> None:
        """Refuse what Telegram would refuse, in words that name the key."""
        if not _TOKEN.fullmatch(self.token):
            raise ConfigurationError(
                "telegram.token_env: that is no bot token; @BotFather gives one like 123456:ABC."
            )
        if self.mode == "webhook" and not _SECRET.fullmatch(self.secret):
            raise ConfigurationError("telegram.secret_env: use 1 to 256 characters of A-Z a-z 0-9 _ -.")
        is_real = self.mode == "webhook" and self.api_url.startswith("https:")
        if is_real and not self.public_url.startswith("https:"):
            raise ConfigurationError(
                "telegram.mode: Telegram calls https only; set server.public_url so, or use polling."
            )

    @property
    def hook_url(self) -> str:
        """Where Telegram is to post updates."""
        return self.public_url.rstrip("/") + HOOK
