"""The bot as the desk sees it: updates are stored before they are acknowledged, answers keep the pace."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections import OrderedDict
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, NoReturn

import structlog
from aiohttp import web

from assistant.channels.hearing import STARTING, Hearing
from assistant.channels.telegram.api import CHANNEL, BotApi, read
from assistant.channels.telegram.pacing import Pacing
from assistant.channels.telegram.polling import Backoff, Polling, persist
from assistant.channels.telegram.settings import HOOK, TelegramSettings
from assistant.channels.telegram.wording import laid_out
from assistant.errors import AssistantError, DeliveryDelayed, DeliveryRefused, Invalid
from assistant.interfaces import Choice, Clock, Desk, Finding, Outgoing, Way

log = structlog.get_logger(__name__)
_HOOK_FAULTS = {
    "not_set": "Telegram does not know this desk's hook; the desk sets it when it starts",
    "refused": "Telegram cannot deliver updates there; look at server.public_url, the proxy and its certificate",
}
_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
_KEYS_REMEMBERED = 10_000
_SECONDS_BETWEEN_LOGS = 60.0


class TelegramBot:
    """The channel behind one bot; a chat is bound to the number of its person, never to a name."""

    name = CHANNEL

    def __init__(self, settings: TelegramSettings, clock: Clock) -> None:
        """Take the settings; nothing is connected before `listening` or the first delivery."""
        self._settings = settings
        self._clock = clock
        self._api = BotApi(settings)
        self._pacing = Pacing(settings.chat_seconds, settings.per_second)
        self._into = Hearing(CHANNEL, "hook" if settings.mode == "webhook" else "polling", clock)
        self._outgoing = Hearing(CHANNEL, "outgoing", clock)
        self._desk: Desk | None = None
        self._sent: OrderedDict[str, int] = OrderedDict()  # texts of an outgoing key that Telegram has taken
        self._nods: set[asyncio.Task[None]] = set()
        self._strangers = 0
        self._log_strangers_at = 0.0

    def routes(self) -> list[web.RouteDef]:
        """Give the hook, if Telegram is to call us."""
        return [web.post(HOOK, self._hooked)] if self._settings.mode == "webhook" else []

    @asynccontextmanager
    async def listening(self, desk: Desk) -> AsyncIterator[None]:
        """Take updates while the context is open; it opens even while Telegram is out of reach."""
        self._desk = desk
        self._into.fails(STARTING)
        await self._api.open()
        task = asyncio.create_task(self._listen(), name="telegram")
        try:
            yield
        finally:
            self._desk = None  # the webhook stays set: Telegram keeps what comes until we are back
            await _cancelled(task, *self._nods)
            await self._api.close()

    async def deliver(self, outgoing: Outgoing) -> None:
        """Send a reply, in several texts if it is long; this process sends the same key once.

        Raises DeliveryDelayed, and is continued where it stopped by the next call; or DeliveryRefused.
        """
        chat_id = _chat_of(outgoing)
        texts, buttons = laid_out(outgoing.text, outgoing.choices)
        if not texts:
            raise DeliveryRefused("There is no text in this message.", key=outgoing.key)
        async with self._pacing.chat(chat_id) as my_turn:
            for number in range(self._sent.get(outgoing.key, 0), len(texts)):
                await my_turn()
                await self._send(chat_id, texts[number], buttons if number + 1 == len(texts) else ())
                self._remember(outgoing.key, number + 1)

    async def _send(self, chat_id: int, text: str, buttons: Sequence[Choice]) -> None:
        if self._pacing.is_silent:
            raise DeliveryDelayed("Telegram asked to slow down; this is tried again.")
        try:
            await self._api.send(chat_id, text, buttons)
        except DeliveryDelayed as error:
            self._pacing.silence(float(error.data.get("seconds", 0)))
            if why := error.data.get("why"):
                self._outgoing.fails(why)
            raise
        except DeliveryRefused:
            self._outgoing.works()  # Telegram answers, about this one chat
            raise
        self._outgoing.works()

    def ways(self) -> Sequence[Way]:
        """Say since when updates do not come, or answers do not go."""
        return (self._into.way, self._outgoing.way)

    async def check(self) -> Sequence[Finding]:
        """Sign in as the bot, and see whether updates reach the hook."""
        await self._api.open()
        try:
            await self._api.check_token()
            fault = await self._api.hook_fault() if self._settings.mode == "webhook" else ""
        except AssistantError as error:
            return [Finding("error", CHANNEL, "bot", error.message)]
        finally:
            await self._api.close()
        hook = [Finding("warning", CHANNEL, HOOK, _HOOK_FAULTS[fault])] if fault else []
        return [Finding("ok", CHANNEL, "bot", "signed in"), *hook]

    def _remember(self, key: str, sent: int) -> None:
        self._sent[key] = sent
        self._sent.move_to_end(key)
        if len(self._sent) > _KEYS_REMEMBERED:
            self._sent.popitem(last=False)

    # ── updates ──────────────────────────────────────────────────────────────────────────────────

    async def _listen(self) -> None:
        backoff = Backoff(self._settings.retry_seconds)
        if self._settings.mode == "webhook":
            await self._keep_hook(backoff)
        await persist(self._api.drop_webhook, "deleteWebhook", backoff, self._into)
        await Polling(self._api.updates, self._take, backoff, self._into).run()

    async def _keep_hook(self, backoff: Backoff) -> NoReturn:
        """Set the hook, and look from time to time whether Telegram still reaches it: an expired certificate tells nobody."""
        while True:
            await persist(self._api.set_webhook, "setWebhook", backoff, self._into)
            self._into.works()
            while (fault := await self._hook_fault()) != "not_set":
                if fault:
                    self._into.fails(fault)
                else:
                    self._into.works()

    async def _hook_fault(self) -> str:
        await asyncio.sleep(self._settings.hook_check_seconds)
        try:
            return await self._api.hook_fault()
        except AssistantError as error:
            return str(error.data.get("why") or "refused")

    async def _hooked(self, http_request: web.Request) -> web.Response:
        given = http_request.headers.get(_SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self._settings.secret.encode()):
            self._note_stranger()
            return _problem(401, "This hook takes updates from Telegram only, with the secret agreed upon.")
        try:
            update = json.loads(await http_request.read())
        except (ValueError, RecursionError):
            return _problem(400, "The body is no JSON.")
        if not isinstance(update, dict):
            return _problem(400, "The body is no update.")
        try:
            with self._into.trying():
                await self._take(update)
        except AssistantError as error:
            log.warning("telegram.not_stored", code=error.code)
            return _problem(500, "The update could not be stored. Send it again.")
        return web.Response()

    async def _take(self, update: Mapping[str, Any]) -> None:
        """Have an update stored; returns after the commit."""
        if self._desk is None:
            raise DeliveryDelayed("The desk is starting or stopping.")
        try:
            found = read(update, self._clock.now())
        except Invalid:
            log.warning("telegram.unreadable", update_id=_number(update))  # again and again would not help
            return
        if found.incoming is not None:
            await self._desk.receive(found.incoming)
        if found.pressed is not None:
            self._later(self._nod(found.pressed))

    async def _nod(self, pressed: str) -> None:
        try:
            await self._api.nod(pressed)
        except AssistantError as error:
            log.info("telegram.nod_failed", code=error.code)  # most often too late; the press is stored

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._nods.add(task)
        task.add_done_callback(self._nods.discard)

    def _note_stranger(self) -> None:
        """Log forged calls, once a minute however many they are."""
        self._strangers += 1
        now = asyncio.get_running_loop().time()
        if now >= self._log_strangers_at:
            log.warning("telegram.wrong_secret", calls=self._strangers)
            self._strangers, self._log_strangers_at = 0, now + _SECONDS_BETWEEN_LOGS


def _chat_of(outgoing: Outgoing) -> int:
    if outgoing.kind != "reply":
        raise DeliveryRefused("Telegram carries replies only.", key=outgoing.key)
    thread = outgoing.thread or ""
    if not (thread.isascii() and thread.isdigit()):
        raise DeliveryRefused("That is no private chat of Telegram.", key=outgoing.key)
    return int(thread)


def _number(update: Mapping[str, Any]) -> int | None:
    number = update.get("update_id")
    return number if isinstance(number, int) else None


async def _cancelled(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task


def _problem(status: int, detail: str) -> web.Response:
    body = {"title": detail, "status": status}
    return web.json_response(body, status=status, content_type="application/problem+json")
