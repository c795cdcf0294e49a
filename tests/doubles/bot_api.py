"""A small server that speaks the Bot API as Telegram documents it, and a desk that keeps what it is given."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from assistant.errors import StoreUnavailable
from assistant.interfaces import Incoming, Receipt

TOKEN = "123456:invented-token"
SECRET = "an_invented-secret"
SENT_AT = datetime(2026, 11, 24, 9, 29, 58, tzinfo=UTC)
_NESTED = {"reply_markup", "allowed_updates", "link_preview_options", "entities"}
_PHOTO = [{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}]


@dataclass(frozen=True)
class Call:
    """One call of a method."""

    method: str
    values: dict[str, Any]


@dataclass
class BotApiServer:
    """Answers getMe, setWebhook, getWebhookInfo, deleteWebhook, getUpdates, sendMessage and answerCallbackQuery."""

    token: str = TOKEN
    calls: list[Call] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)  # updates nobody has confirmed
    webhook: dict[str, Any] | None = None
    hook_trouble: dict[str, Any] = field(default_factory=dict)  # what getWebhookInfo says beside
    url: str = ""
    gate: asyncio.Event | None = None  # messages are answered once it is set
    _failures: dict[str, deque[tuple[int, dict[str, Any]]]] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(7000))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[BotApiServer]:
        """Serve on a free port of this machine while the context is open."""
        app = web.Application()
        app.add_routes([web.post("/bot{token}/{method}", self._answer)])
        async with TestServer(app, host="127.0.0.1") as server:
            self.url = str(server.make_url("")).rstrip("/")
            yield self

    def fail(self, method: str, code: int, description: str, **parameters: Any) -> None:
        """Answer the next call of a method with an error; several wait in line."""
        more = {"parameters": parameters} if parameters else {}
        body = {"ok": False, "error_code": code, "description": description, **more}
        self._failures.setdefault(method, deque()).append((code, body))

    def made(self, method: str) -> list[dict[str, Any]]:
        """Give the values of each call of a method so far."""
        return [call.values for call in self.calls if call.method == method]

    async def called(self, method: str, times: int = 1) -> list[dict[str, Any]]:
        """Wait until a method was called so often."""
        async with self._changed, asyncio.timeout(5):
            await self._changed.wait_for(lambda: len(self.made(method)) >= times)
        return self.made(method)

    async def offer(self, update: dict[str, Any]) -> None:
        """Keep an update for whoever polls."""
        async with self._changed:
            self.waiting.append(update)
            self._changed.notify_all()

    async def confirmed(self) -> None:
        """Wait until every update that was offered is confirmed."""
        async with self._changed, asyncio.timeout(5):
            await self._changed.wait_for(lambda: not self.waiting)

    async def post(self, update: dict[str, Any]) -> int:
        """Post an update to the webhook as Telegram would, and give the status of the answer."""
        assert self.webhook is not None, "no webhook is set"
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook["secret_token"]}
        async with (
            ClientSession() as client,
            client.post(self.webhook["url"], json=update, headers=headers) as got,
        ):
            return got.status

    async def _answer(self, http_request: web.Request) -> web.Response:
        method = http_request.match_info["method"]
        form = await http_request.post()
        values = {k: json.loads(str(v)) if k in _NESTED else str(v) for k, v in form.items()}
        async with self._changed:
            self.calls.append(Call(method, values))
            self._changed.notify_all()
        if http_request.match_info["token"] != self.token:
            return _refuse(401, "Unauthorized")
        if self._failures.get(method):
            code, body = self._failures[method].popleft()
            return web.json_response(body, status=code)
        return (
            await self._METHODS[method](self, values)
            if method in self._METHODS
            else _refuse(404, "Not Found")
        )

    async def _get_me(self, values: dict[str, Any]) -> web.Response:
        return _result({"id": 123456, "is_bot": True, "first_name": "Privacy Desk", "username": "desk_bot"})

    async def _set_webhook(self, values: dict[str, Any]) -> web.Response:
        self.webhook = values
        return _result(data=True)

    async def _get_webhook_info(self, values: dict[str, Any]) -> web.Response:
        url = self.webhook["url"] if self.webhook else ""
        facts = {"url": url, "has_custom_certificate": False, "pending_update_count": 0}
        return _result({**facts, **self.hook_trouble})

    async def _delete_webhook(self, values: dict[str, Any]) -> web.Response:
        self.webhook = None
        return _result(data=True)

    async def _get_updates(self, values: dict[str, Any]) -> web.Response:
        if self.webhook is not None:
            return _refuse(409, "Conflict: can't use getUpdates method while webhook is active")
        async with self._changed:
            first = int(values.get("offset", 0))
            self.waiting = [update for update in self.waiting if update["update_id"] >= first]
            self._changed.notify_all()
            try:
                async with asyncio.timeout(float(values.get("timeout", 0))):
                    await self._changed.wait_for(lambda: bool(self.waiting))
            except TimeoutError:
                return _result([])
            return _result(self.waiting[:100])

    async def _send_message(self, values: dict[str, Any]) -> web.Response:
        if self.gate is not None:
            await self.gate.wait()
        if not values.get("text", "").strip():
            return _refuse(400, "Bad Request: message text is empty")
        if len(values["text"].encode("utf-16-le")) > 2 * 4096:
            return _refuse(400, "Bad Request: message is too long")
        rows = values.get("reply_markup", {}).get("inline_keyboard", [])
        for button in itertools.chain(*rows):
            if not 1 <= len(button.get("callback_data", "x").encode()) <= 64:
                return _refuse(400, "Bad Request: BUTTON_DATA_INVALID")
            if "127.0.0.1" in button.get("url", ""):
                return _refuse(400, "Bad Request: inline keyboard button URL is invalid: Wrong HTTP URL")
        chat = {"id": int(values["chat_id"]), "type": "private"}
        date = int(SENT_AT.timestamp())
        return _result({"message_id": next(self._ids), "date": date, "chat": chat, "text": values["text"]})

    async def _nod(self, values: dict[str, Any]) -> web.Response:
        return _result(data=True)

    _METHODS = {  # noqa: RUF012 - never changed
        "getMe": _get_me,
        "setWebhook": _set_webhook,
        "getWebhookInfo": _get_webhook_info,
        "deleteWebhook": _delete_webhook,
        "getUpdates": _get_updates,
        "sendMessage": _send_message,
        "answerCallbackQuery": _nod,
    }


def _result(data: Any) -> web.Response:
    return web.json_response({"ok": True, "result": data})


def _refuse(code: int, description: str) -> web.Response:
    return web.json_response({"ok": False, "error_code": code, "description": description}, status=code)


def text_update(
    update_id: int,
    text: str,
    *,
    person: int = 4711,
    language: str = "en",
    sender: dict[str, Any] | None = None,
    sent_at: datetime = SENT_AT,
    **more: Any,
) -> dict[str, Any]:
    """Make the update of a message in a private chat; `more` replaces fields of the message."""
    message = {
        "message_id": update_id,
        "date": int(sent_at.timestamp()),
        "chat": {"id": person, "type": "private", "first_name": "Ida"},
        "from": sender or {"id": person, "is_bot": False, "first_name": "Ida", "language_code": language},
        "text": text,
    }
    return {"update_id": update_id, "message": message | more}


def photo_update(update_id: int, **more: Any) -> dict[str, Any]:
    """Make the update of a photo without words."""
    update = text_update(update_id, "", photo=_PHOTO, **more)
    del update["message"]["text"]
    return update


def press_update(
    update_id: int, data: str, *, person: int = 4711, chat: dict[str, Any] | None = None, language: str = "en"
) -> dict[str, Any]:
    """Make the update of a pressed button below a message of the bot."""
    place = chat or {"id": person, "type": "private", "first_name": "Ida"}
    bot = {"id": 123456, "is_bot": True, "first_name": "Privacy Desk"}
    message = {"message_id": 7000, "date": int(SENT_AT.timestamp()), "chat": place, "from": bot, "text": "?"}
    who = {"id": person, "is_bot": False, "first_name": "Ida", "language_code": language}
    query = {"id": f"press-{update_id}", "from": who, "chat_instance": "1", "message": message, "data": data}
    return {"update_id": update_id, "callback_query": query}


@dataclass
class MemoryDesk:
    """Keeps what it is given; an external id twice in a thread is one message."""

    taken: list[Incoming] = field(default_factory=list)
    calls: int = 0
    broken: bool = False
    fails_on: str | None = None  # a text that cannot be stored

    async def receive(self, incoming: Incoming) -> Receipt:
        self.calls += 1
        if self.broken:
            raise StoreUnavailable
        if self.fails_on is not None and incoming.text == self.fails_on:
            raise RuntimeError(incoming.text)
        known = {(each.thread, each.external_id) for each in self.taken}
        duplicate = (incoming.thread, incoming.external_id) in known
        if not duplicate:
            self.taken.append(incoming)
        return Receipt(incoming.thread, len(self.taken), duplicate=duplicate)
