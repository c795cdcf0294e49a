"""The Bot API through python-telegram-bot: the one module that knows the library.

What the library logs and raises may hold the bot's token, or what somebody wrote: its loggers are silent,
and its errors leave this module in our own words.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from telegram import (
    Bot,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    Update,
)
from telegram.constants import ChatType
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError
from telegram.helpers import effective_message_type
from telegram.request import BaseRequest, HTTPXRequest

from assistant.channels.telegram.settings import TelegramSettings
from assistant.channels.telegram.wording import is_value
from assistant.errors import DeliveryDelayed, DeliveryRefused, Invalid
from assistant.interfaces import Choice, Incoming

CHANNEL = "telegram"
_BLOCKED = "The person has blocked the bot or left Telegram; answer another way."
_REFUSED = "Telegram refuses this message or this chat; answer another way."
_BAD_HOOK = "Telegram refuses the hook's address; server.public_url needs https and port 443, 80, 88 or 8443."
_NO_UPDATE = "That is no update of the Bot API."
_SLOWER = "Telegram asks to slow down; this is tried again."
_BAD_TOKEN = "Telegram does not accept the bot's token; mend telegram.token_env."  # noqa: S105
_OUT_OF_REACH = "Telegram cannot be reached, or answered with an error; this is tried again."
_WANTED = (Update.MESSAGE, Update.CALLBACK_QUERY)
_AT_ONCE = 32  # connections; the outbox delivers fewer at a time
# Telegram keeps an update for a day; one of long ago has no day that can be believed.
_KEPT = timedelta(days=7)
_FAREWELL_SECONDS = 4.0  # for calls on their way when the channel closes: cut off, they would be made twice
_SLACK_SECONDS = 10.0  # for the answer to a long poll, beyond the poll itself


@dataclass(frozen=True, slots=True)
class Read:
    """What one update holds: a message for the desk, and a press of a button that waits for a nod."""

    incoming: Incoming | None = None
    pressed: str | None = None


class BotApi:
    """One bot's calls; each raises DeliveryDelayed (try again) or DeliveryRefused (never)."""

    def __init__(self, settings: TelegramSettings) -> None:
        """Take the settings; nothing is connected before the first call."""
        _prepare_library()
        self._settings = settings
        self._requests = (HTTPXRequest(1), HTTPXRequest(_AT_ONCE, pool_timeout=5.0))
        self._bot = _Bot(settings.token, f"{settings.api_url.rstrip('/')}/bot", *self._requests)
        self._is_open = True
        self._on_their_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def open(self) -> None:
        """Open again what was closed."""
        for each in self._requests:
            await each.initialize()
        self._is_open = True

    async def close(self) -> None:
        """Take no more calls, let those on their way arrive, and close the connections."""
        self._is_open = False
        with suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await self._idle.wait()
        for each in self._requests:
            await each.shutdown()

    async def set_webhook(self) -> None:
        """Have updates posted to our hook, with our secret; what waited meanwhile is kept."""
        with self._in_our_words(_BAD_HOOK):
            await self._bot.set_webhook(
                self._settings.hook_url, secret_token=self._settings.secret, allowed_updates=_WANTED
            )

    async def drop_webhook(self) -> None:
        """Have updates kept for polling; getUpdates is refused while a webhook is set."""
        with self._in_our_words():
            await self._bot.delete_webhook(drop_pending_updates=False)

    async def check_token(self) -> None:
        """See that the token is a bot's."""
        with self._in_our_words():
            await self._bot.get_me()

    async def hook_fault(self) -> str:
        """Say in a word why no updates reach our hook; empty where they do."""
        with self._in_our_words():
            info = await self._bot.get_webhook_info()
        if info.url != self._settings.hook_url:
            return "not_set"
        return "refused" if info.pending_update_count and info.last_error_date else ""

    async def updates(self, offset: int | None) -> Sequence[Mapping[str, Any]]:
        """Wait for updates from this number on; those before it are given up."""
        with self._in_our_words():
            return await self._bot.raw_updates(offset, self._settings.poll_seconds)

    async def send(self, chat_id: int, text: str, buttons: Sequence[Choice]) -> None:
        """Send one plain text, its links without previews."""
        with self._in_our_words():
            await self._bot.send_message(
                chat_id,
                text,
                reply_markup=_keyboard(buttons),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )

    async def nod(self, pressed: str) -> None:
        """Tell the person's app that the press arrived, so that its button stops spinning."""
        with self._in_our_words():
            await self._bot.answer_callback_query(pressed)

    @contextmanager
    def _in_our_words(self, refused: str = _REFUSED) -> Iterator[None]:
        if not self._is_open:
            raise DeliveryDelayed("The Telegram channel is stopping; this is tried again once it runs.")
        self._note(+1)
        try:
            yield
        except RetryAfter as error:
            raise DeliveryDelayed(_SLOWER, seconds=_seconds(error.retry_after)) from None
        except Forbidden:
            raise DeliveryRefused(_BLOCKED) from None
        except (BadRequest, ChatMigrated):
            raise DeliveryRefused(refused) from None
        except InvalidToken:
            raise DeliveryDelayed(_BAD_TOKEN, why="sign_in") from None
        except (TelegramError, KeyError) as error:  # KeyError: an answer without a result
            raise DeliveryDelayed(_OUT_OF_REACH, kind=type(error).__name__, why="unreachable") from None
        finally:
            self._note(-1)

    def _note(self, change: int) -> None:
        self._on_their_way += change
        if self._on_their_way:
            self._idle.clear()
        else:
            self._idle.set()


def read(raw: Mapping[str, Any], now: datetime) -> Read:
    """Read one update; groups, channels, bots and edits give nothing; what is no update raises Invalid."""
    if not isinstance(raw.get("update_id"), int):
        raise Invalid(_NO_UPDATE)
    try:
        update = Update.de_json(dict(raw))
        if update.callback_query:
            return _press(update.update_id, update.callback_query, now)
        return Read(_message(update.update_id, update.message, now) if update.message else None)
    except (
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
        OverflowError,
        OSError,
    ):  # a day no clock reaches
        raise Invalid(_NO_UPDATE) from None


def _message(update_id: int, message: Message, now: datetime) -> Incoming | None:
    person = message.from_user
    if person is None or not _is_private(message.chat.type, message.chat.id, person.id) or person.is_bot:
        return None
    headers = {"forwarded": "1"} if message.forward_origin else {}
    if message.effective_attachment:
        headers["attachment"] = str(effective_message_type(message) or "other")
    text = _words(message.text or message.caption or "")
    if not text and "attachment" not in headers:
        return None  # a pinned message, a changed timer: nothing that anybody said
    return Incoming(
        channel=CHANNEL,
        thread=str(message.chat.id),
        external_id=_named(update_id, text),
        text=text,
        received_at=min(now, message.date) if message.date > now - _KEPT else now,
        locale=_words(person.language_code or ""),
        headers=headers,
    )


def _press(update_id: int, query: CallbackQuery, now: datetime) -> Read:
    """Read a press of a button; the data is the client's word, so the chat comes from Telegram alone."""
    chat, data = query.message.chat if query.message else None, _words(query.data or "")
    if chat is None or not _is_private(chat.type, chat.id, query.from_user.id) or not is_value(data):
        return Read(pressed=query.id)
    incoming = Incoming(
        channel=CHANNEL,
        thread=str(chat.id),
        external_id=_named(update_id, data),
        text=data,
        received_at=now,
        kind="choice",
        locale=_words(query.from_user.language_code or ""),
    )
    return Read(incoming, query.id)


def _named(update_id: int, said: str) -> str:
    """Name an update by its number and what it says: numbers begin anew after a quiet week, and then one may come twice."""
    return f"update:{update_id} {hashlib.sha256(said.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}"


def _words(value: object) -> str:
    """Give what stands where words belong, as every store takes it; the library believes any type that JSON has."""
    if not isinstance(value, str):
        raise TypeError
    return value.encode("utf-8", "replace").decode().replace("\0", "")


def _is_private(kind: str, chat_id: object, person_id: object) -> bool:
    return kind == ChatType.PRIVATE and chat_id == person_id and type(chat_id) is int


def _keyboard(buttons: Sequence[Choice]) -> InlineKeyboardMarkup | None:
    if not buttons:
        return None
    return InlineKeyboardMarkup([[_button(choice)] for choice in buttons])


def _button(choice: Choice) -> InlineKeyboardButton:
    if choice.url:
        return InlineKeyboardButton(choice.label, url=choice.url)
    return InlineKeyboardButton(choice.label, callback_data=choice.value)


class _Bot(Bot):
    """Gives updates as they came, so that one which cannot be read does not hide the others."""

    def __init__(self, token: str, base_url: str, polling: BaseRequest, calling: BaseRequest) -> None:
        super().__init__(token, base_url=base_url, request=calling, get_updates_request=polling)

    async def raw_updates(self, offset: int | None, seconds: int) -> list[dict[str, Any]]:
        data = {"offset": offset, "timeout": seconds, "allowed_updates": list(_WANTED)}
        result = await self._post("getUpdates", data, read_timeout=seconds + _SLACK_SECONDS)
        return cast("list[dict[str, Any]]", result if isinstance(result, list) else [])


def _seconds(wait: float | timedelta) -> float:
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _prepare_library() -> None:
    """Keep addresses with the token in them, and messages, out of every log."""
    # Else it warns at each voice message that durations will change.
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
