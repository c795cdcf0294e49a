"""The bot over real HTTP in both directions, against a server that speaks the Bot API."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer, unused_port
from structlog.testing import capture_logs

from assistant.channels.hearing import Hearing
from assistant.channels.telegram import TelegramBot, TelegramSettings
from assistant.channels.telegram.polling import Backoff, Polling
from assistant.errors import ConfigurationError, DeliveryDelayed, DeliveryRefused
from assistant.interfaces import Choice, Outgoing
from tests.doubles.bot_api import (
    SECRET,
    SENT_AT,
    TOKEN,
    BotApiServer,
    MemoryDesk,
    photo_update,
    press_update,
    text_update,
)
from tests.doubles.chat_desk import START, StillClock

HEADER = "X-Telegram-Bot-Api-Secret-Token"


@dataclass
class Running:
    """A bot that runs beside its server, and the desk behind it."""

    bot: TelegramBot
    api: BotApiServer
    desk: MemoryDesk
    hook: str


def settings(api_url: str, public_url: str = "http://127.0.0.1:9", **changed: Any) -> TelegramSettings:
    quick = {"poll_seconds": 2, "retry_seconds": 0.01, "chat_seconds": 0.0, "per_second": 10_000.0}
    values = {
        "token": TOKEN,
        "secret": SECRET,
        "mode": "webhook",
        "api_url": api_url,
        "public_url": public_url,
    }
    return TelegramSettings(**{**values, **quick, **changed})


@asynccontextmanager
async def running(
    api: BotApiServer, desk: MemoryDesk | None = None, **changed: Any
) -> AsyncIterator[Running]:
    """Run the bot with its hook on a port of this machine, as the desk does."""
    port, desk = unused_port(), desk or MemoryDesk()
    bot = TelegramBot(settings(api.url, f"http://127.0.0.1:{port}", **changed), StillClock())
    app = web.Application()
    app.add_routes(bot.routes())
    async with TestServer(app, host="127.0.0.1", port=port), bot.listening(desk):
        yield Running(bot, api, desk, f"http://127.0.0.1:{port}/hooks/telegram")


@pytest.fixture
async def api() -> AsyncIterator[BotApiServer]:
    async with BotApiServer().running() as server:
        yield server


@pytest.fixture
async def hooked(api: BotApiServer) -> AsyncIterator[Running]:
    async with running(api) as it:
        await api.called("setWebhook")
        yield it


def reply(text: str = "Your request is noted.", **changed: Any) -> Outgoing:
    values = {"key": "reply:1", "kind": "reply", "thread": "4711", "recipient": None, "subject": None}
    return Outgoing(**{**values, "text": text, "language": "en", **changed})


async def posted(hook: str, body: Any, **headers: str) -> int:
    async with ClientSession() as client, client.post(hook, json=body, headers=headers) as answer:
        return answer.status


# ── the hook ─────────────────────────────────────────────────────────────────────────────────────


async def test_the_webhook_is_set_with_our_secret_and_only_what_we_read(hooked: Running) -> None:
    (call,) = hooked.api.made("setWebhook")
    assert call["url"] == hooked.hook
    assert call["secret_token"] == SECRET
    assert call["allowed_updates"] == ["message", "callback_query"]


async def test_a_message_is_stored_before_the_200(hooked: Running) -> None:
    assert await hooked.api.post(text_update(10, "Please erase my data.", language="fr")) == 200
    (incoming,) = hooked.desk.taken
    assert (incoming.channel, incoming.thread) == ("telegram", "4711")
    assert incoming.external_id.startswith("update:10 ")
    assert (incoming.kind, incoming.text, incoming.locale) == ("text", "Please erase my data.", "fr")
    assert incoming.received_at == SENT_AT
    assert incoming.sender is None
    assert dict(incoming.headers) == {}


async def test_a_message_from_the_future_is_received_now(hooked: Running) -> None:
    await hooked.api.post(text_update(10, "Hello", sent_at=START.replace(year=2030)))
    assert hooked.desk.taken[0].received_at == START


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET.upper()])
async def test_a_wrong_secret_is_refused_and_makes_no_case(hooked: Running, secret: str | None) -> None:
    headers = {} if secret is None else {HEADER: secret}
    assert await posted(hooked.hook, text_update(10, "Erase everything."), **headers) == 401
    assert hooked.desk.calls == 0


async def test_forged_calls_are_logged_once_a_minute(hooked: Running) -> None:
    with capture_logs() as logs:
        for _ in range(20):
            await posted(hooked.hook, text_update(10, "Erase everything."))
    assert [entry["event"] for entry in logs] == ["telegram.wrong_secret"]


async def test_a_store_that_fails_makes_telegram_repeat(hooked: Running) -> None:
    hooked.desk.broken = True
    assert await hooked.api.post(text_update(10, "Erase everything.")) == 500
    hooked.desk.broken = False
    assert await hooked.api.post(text_update(10, "Erase everything.")) == 200
    assert [each.text for each in hooked.desk.taken] == ["Erase everything."]


async def test_an_unforeseen_failure_makes_telegram_repeat(hooked: Running) -> None:
    hooked.desk.fails_on = "Erase everything."
    assert await hooked.api.post(text_update(10, "Erase everything.")) == 500


async def test_the_same_update_twice_is_one_message(hooked: Running) -> None:
    statuses = [await hooked.api.post(text_update(10, "Erase everything.")) for _ in range(2)]
    assert statuses == [200, 200]
    assert len(hooked.desk.taken) == 1


async def test_updates_out_of_order_are_all_taken(hooked: Running) -> None:
    for number in (12, 10, 11):
        await hooked.api.post(text_update(number, f"message {number}"))
    assert [each.text[-2:] for each in hooked.desk.taken] == ["12", "10", "11"]


@pytest.mark.parametrize("body", [[], "text", 7, None])
async def test_a_body_that_is_no_update_is_bad(hooked: Running, body: Any) -> None:
    assert await posted(hooked.hook, body, **{HEADER: SECRET}) == 400
    assert hooked.desk.calls == 0


async def test_a_body_that_is_no_json_is_bad(hooked: Running) -> None:
    async with (
        ClientSession() as client,
        client.post(hooked.hook, data=b"\xff{", headers={HEADER: SECRET}) as got,
    ):
        assert got.status == 400


async def test_an_update_of_a_shape_nobody_knows_is_noted_and_not_repeated(hooked: Running) -> None:
    with capture_logs() as logs:
        assert (
            await posted(
                hooked.hook, {"update_id": 10, "message": {"text": "secret words"}}, **{HEADER: SECRET}
            )
            == 200
        )
    (entry,) = logs
    assert (entry["event"], entry["update_id"]) == ("telegram.unreadable", 10)
    assert "secret words" not in str(entry)


async def test_a_stopped_desk_acknowledges_nothing(api: BotApiServer) -> None:
    bot = TelegramBot(settings(api.url), StillClock())
    app = web.Application()
    app.add_routes(bot.routes())
    async with TestServer(app, host="127.0.0.1") as server:
        hook = str(server.make_url("/hooks/telegram"))
        assert await posted(hook, text_update(10, "Hello"), **{HEADER: SECRET}) == 500


async def test_the_desk_starts_while_telegram_is_out_of_reach(api: BotApiServer) -> None:
    api.fail("setWebhook", 502, "Bad Gateway")
    api.fail("setWebhook", 429, "Too Many Requests: retry after 1", retry_after=1)
    async with running(api):
        await api.called("setWebhook", 3)
    assert api.webhook is not None, "the webhook stays set, so that Telegram keeps what comes meanwhile"


# ── who and what ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["group", "supergroup", "channel"])
async def test_groups_and_channels_meet_silence(hooked: Running, kind: str) -> None:
    chat = {"id": -100200, "type": kind, "title": "Neighbours"}
    assert await hooked.api.post(text_update(10, "Erase my data.", chat=chat)) == 200
    assert await hooked.api.post(press_update(11, "human", chat=chat)) == 200
    await hooked.api.called("answerCallbackQuery")
    assert hooked.desk.calls == 0
    assert hooked.api.made("sendMessage") == []


async def test_a_chat_belongs_to_the_number_of_its_person(hooked: Running) -> None:
    other = {"id": 999, "is_bot": False, "first_name": "Ida", "username": "ida"}
    await hooked.api.post(text_update(10, "Erase my data.", sender=other))
    bot = {"id": 4711, "is_bot": True, "first_name": "Bot"}
    await hooked.api.post(text_update(11, "Erase my data.", sender=bot))
    assert hooked.desk.calls == 0


async def test_a_user_name_is_used_for_nothing(hooked: Running) -> None:
    for number, person in ((10, 1), (11, 2)):
        who = {"id": person, "is_bot": False, "first_name": "Ida", "username": "ida"}
        await hooked.api.post(text_update(number, "Hello", person=person, sender=who))
    assert [each.thread for each in hooked.desk.taken] == ["1", "2"]
    assert "ida" not in str(hooked.desk.taken).casefold()


@pytest.mark.parametrize(
    "origin",
    [
        {"type": "user", "date": 1, "sender_user": {"id": 5, "is_bot": False, "first_name": "Rolf"}},
        {"type": "hidden_user", "date": 1, "sender_user_name": "Rolf"},
    ],
)
async def test_a_forwarded_message_is_marked_as_somebody_elses_words(
    hooked: Running, origin: dict[str, Any]
) -> None:
    await hooked.api.post(text_update(10, "Erase all my data.", forward_origin=origin))
    (incoming,) = hooked.desk.taken
    assert (incoming.kind, incoming.headers["forwarded"]) == ("text", "1")
    assert "Rolf" not in str(incoming)


async def test_an_edit_changes_nothing(hooked: Running) -> None:
    update = text_update(10, "Erase my data.", edit_date=int(START.timestamp()))
    edited = {"update_id": 11, "edited_message": update["message"]}
    assert await hooked.api.post(edited) == 200
    assert hooked.desk.calls == 0


async def test_a_photo_is_stored_as_an_attachment_with_its_caption(hooked: Running) -> None:
    await hooked.api.post(photo_update(10))
    await hooked.api.post(photo_update(11, caption="Delete this please"))
    assert [(each.text, each.headers["attachment"]) for each in hooked.desk.taken] == [
        ("", "photo"),
        ("Delete this please", "photo"),
    ]


async def test_a_voice_message_is_an_attachment_that_says_so(hooked: Running) -> None:
    update = text_update(10, "", voice={"file_id": "f", "file_unique_id": "u", "duration": 3})
    del update["message"]["text"]
    assert await hooked.api.post(update) == 200
    assert [dict(each.headers) for each in hooked.desk.taken] == [{"attachment": "voice"}]


async def test_a_service_message_is_nobodys_word(hooked: Running) -> None:
    update = text_update(10, "", message_auto_delete_timer_changed={"message_auto_delete_time": 60})
    del update["message"]["text"]
    assert await hooked.api.post(update) == 200
    assert hooked.desk.calls == 0


# ── buttons ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_press_is_a_choice_and_is_nodded_to(hooked: Running) -> None:
    assert await hooked.api.post(press_update(10, "right:erasure", language="fr")) == 200
    (incoming,) = hooked.desk.taken
    assert (incoming.kind, incoming.text, incoming.thread, incoming.locale) == (
        "choice",
        "right:erasure",
        "4711",
        "fr",
    )
    assert incoming.received_at == START
    assert await hooked.api.called("answerCallbackQuery") == [{"callback_query_id": "press-10"}]


@pytest.mark.parametrize(
    "data", ["", "Erase it all", "right:", "right:a b", "x" * 65, "é" * 40, "a\nb", "DROP TABLE"]
)
async def test_a_forged_press_is_nodded_to_and_dropped(hooked: Running, data: str) -> None:
    assert await hooked.api.post(press_update(10, data)) == 200
    await hooked.api.called("answerCallbackQuery")
    assert hooked.desk.calls == 0


async def test_a_press_nobody_waits_for_any_more_is_stored_all_the_same(hooked: Running) -> None:
    hooked.api.fail("answerCallbackQuery", 400, "Bad Request: query is too old")
    assert await hooked.api.post(press_update(10, "human")) == 200
    await hooked.api.called("answerCallbackQuery")
    assert [each.text for each in hooked.desk.taken] == ["human"]


async def test_choices_are_buttons_below_the_text(hooked: Running) -> None:
    choices = (
        Choice("Erase", "right:erasure"),
        Choice("Sign in", "login", url="https://clients.example/login?nonce=1"),
    )
    await hooked.bot.deliver(reply("Which one?", choices=choices))
    (call,) = hooked.api.made("sendMessage")
    assert (call["chat_id"], call["text"]) == ("4711", "Which one?")
    assert "parse_mode" not in call
    assert call["link_preview_options"] == {"is_disabled": True}
    assert call["reply_markup"]["inline_keyboard"] == [
        [{"text": "Erase", "callback_data": "right:erasure"}],
        [{"text": "Sign in", "url": "https://clients.example/login?nonce=1"}],
    ]


async def test_what_telegram_takes_for_no_button_is_a_line(hooked: Running) -> None:
    choices = (Choice("Sign in", "login", url="http://127.0.0.1:8080/login"), Choice("A person", "human"))
    await hooked.bot.deliver(reply("Who are you?", choices=choices))
    (call,) = hooked.api.made("sendMessage")
    assert call["text"] == "Who are you?\n\nSign in: http://127.0.0.1:8080/login"
    assert call["reply_markup"]["inline_keyboard"] == [[{"text": "A person", "callback_data": "human"}]]


# ── delivery ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_long_text_goes_in_order_with_its_buttons_last(hooked: Running) -> None:
    paragraphs = [f"Paragraph {n}. " + "words " * 200 for n in range(8)]
    await hooked.bot.deliver(reply("\n\n".join(paragraphs), choices=(Choice("A person", "human"),)))
    calls = hooked.api.made("sendMessage")
    assert len(calls) == 3
    assert all(call["text"].startswith("Paragraph ") for call in calls)
    assert ["reply_markup" in call for call in calls] == [False, False, True]


async def test_a_key_that_was_sent_is_not_sent_again(hooked: Running) -> None:
    for _ in range(3):
        await hooked.bot.deliver(reply())
    assert len(hooked.api.made("sendMessage")) == 1


async def test_a_long_text_goes_on_where_it_stopped(hooked: Running) -> None:
    text = "\n\n".join(f"Paragraph {n}. " + "words " * 500 for n in range(3))
    await hooked.bot.deliver(reply("Hello", key="reply:0"))
    hooked.api.fail("sendMessage", 502, "Bad Gateway")
    with pytest.raises(DeliveryDelayed):
        await hooked.bot.deliver(reply(text))
    await hooked.bot.deliver(reply(text))
    texts = [call["text"].split(".")[0] for call in hooked.api.made("sendMessage")]
    assert texts == ["Hello", "Paragraph 0", "Paragraph 0", "Paragraph 1", "Paragraph 2"]


@pytest.mark.parametrize(
    ("code", "description", "expected"),
    [
        (403, "Forbidden: bot was blocked by the user", DeliveryRefused),
        (400, "Bad Request: chat not found", DeliveryRefused),
        (401, "Unauthorized", DeliveryDelayed),
        (409, "Conflict", DeliveryDelayed),
        (429, "Too Many Requests: retry after 7", DeliveryDelayed),
        (500, "Internal Server Error", DeliveryDelayed),
        (502, "Bad Gateway", DeliveryDelayed),
    ],
)
async def test_each_error_of_telegram_is_tried_again_or_given_up(
    hooked: Running, code: int, description: str, expected: type[Exception]
) -> None:
    hooked.api.fail("sendMessage", code, description)
    with pytest.raises(expected) as caught:
        await hooked.bot.deliver(reply())
    assert TOKEN not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_nothing_is_sent_while_telegram_asks_for_silence(hooked: Running) -> None:
    hooked.api.fail("sendMessage", 429, "Too Many Requests: retry after 30", retry_after=30)
    for key, thread in (("reply:1", "4711"), ("reply:2", "4712")):
        with pytest.raises(DeliveryDelayed):
            await hooked.bot.deliver(reply(key=key, thread=thread))
    assert len(hooked.api.made("sendMessage")) == 1


async def test_a_server_that_is_gone_delays() -> None:
    bot = TelegramBot(settings(f"http://127.0.0.1:{unused_port()}"), StillClock())
    with pytest.raises(DeliveryDelayed):
        await bot.deliver(reply())


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "mail", "recipient": "ida@client.example"},
        {"kind": "relay"},
        {"thread": None},
        {"thread": "@ida"},
        {"thread": "-100200"},
        {"text": "  \n"},
    ],
)
async def test_what_telegram_cannot_carry_is_refused(hooked: Running, changed: dict[str, Any]) -> None:
    with pytest.raises(DeliveryRefused):
        await hooked.bot.deliver(reply(**changed))
    assert hooked.api.made("sendMessage") == []


async def test_a_closed_channel_delays(api: BotApiServer) -> None:
    async with running(api) as it:
        pass
    with pytest.raises(DeliveryDelayed):
        await it.bot.deliver(reply())


async def test_a_message_on_its_way_arrives_before_the_channel_closes(api: BotApiServer) -> None:
    api.gate = asyncio.Event()
    async with running(api) as it:
        delivery = asyncio.create_task(it.bot.deliver(reply()))
        await api.called("sendMessage")
        asyncio.get_running_loop().call_later(0.05, api.gate.set)
    await delivery
    assert len(api.made("sendMessage")) == 1


async def test_a_channel_can_be_opened_again(api: BotApiServer) -> None:
    bot = TelegramBot(settings(api.url), StillClock())
    for number in range(2):
        async with bot.listening(MemoryDesk()):
            await bot.deliver(reply(key=f"reply:{number}"))
    assert len(api.made("sendMessage")) == 2


async def test_a_chat_hears_us_in_order_and_no_faster_than_agreed(api: BotApiServer) -> None:
    async with running(api, chat_seconds=0.05) as it:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await asyncio.gather(*(it.bot.deliver(reply(f"text {n}", key=f"reply:{n}")) for n in range(4)))
        assert loop.time() - begun >= 3 * 0.05
    assert [call["text"] for call in api.made("sendMessage")] == ["text 0", "text 1", "text 2", "text 3"]


async def test_all_chats_together_hear_us_no_faster_than_agreed(api: BotApiServer) -> None:
    async with running(api, per_second=50.0) as it:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await asyncio.gather(*(it.bot.deliver(reply(key=f"reply:{n}", thread=str(n + 1))) for n in range(6)))
        assert loop.time() - begun >= 5 / 50


async def test_no_log_holds_the_token_or_a_word(hooked: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with capture_logs() as logs:
        await hooked.api.post(text_update(10, "my secret wish"))
        hooked.api.fail("sendMessage", 502, "Bad Gateway")
        with pytest.raises(DeliveryDelayed):
            await hooked.bot.deliver(reply("a secret answer"))
    written = caplog.text.replace(hooked.hook, "") + str(logs)
    assert TOKEN not in written
    assert "secret" not in written


# ── polling ──────────────────────────────────────────────────────────────────────────────────────


async def test_polling_drops_the_webhook_and_offers_no_hook(api: BotApiServer) -> None:
    api.webhook = {"url": "https://old.example/"}
    async with running(api, mode="polling", secret="") as it:
        assert it.bot.routes() == []
        (call, *_) = await api.called("getUpdates")
    assert api.made("deleteWebhook") == [{"drop_pending_updates": "false"}]
    assert call["allowed_updates"] == ["message", "callback_query"]


async def test_polled_updates_are_stored_then_confirmed(api: BotApiServer) -> None:
    async with running(api, mode="polling") as it:
        await api.offer(text_update(10, "Erase my data."))
        await api.offer(press_update(11, "human"))
        await api.confirmed()
    assert [(each.kind, each.text) for each in it.desk.taken] == [
        ("text", "Erase my data."),
        ("choice", "human"),
    ]


async def test_an_update_not_stored_is_polled_again_after_a_restart(api: BotApiServer) -> None:
    await api.offer(text_update(10, "Erase my data."))
    async with running(api, MemoryDesk(broken=True), mode="polling"):
        await api.called("getUpdates", 3)
    assert len(api.waiting) == 1
    async with running(api, mode="polling") as it:
        await api.confirmed()
    assert [each.text for each in it.desk.taken] == ["Erase my data."]


async def test_one_message_that_cannot_be_stored_holds_up_no_other(api: BotApiServer) -> None:
    desk = MemoryDesk(fails_on="poison")
    async with running(api, desk, mode="polling"):
        for number, text in ((10, "one"), (11, "poison"), (12, "two")):
            await api.offer(text_update(number, text))
        await api.called("getUpdates", 5)
        assert [each.text for each in desk.taken] == ["one", "two"]
        assert [update["update_id"] for update in api.waiting] == [11, 12]
        desk.fails_on = None
        await api.confirmed()
    assert [each.text for each in desk.taken] == ["one", "two", "poison"]


async def test_an_update_nobody_can_read_is_passed_over(api: BotApiServer) -> None:
    async with running(api, mode="polling") as it:
        await api.offer({"update_id": 10, "message": {"text": "?"}})
        await api.offer(text_update(11, "Hello"))
        await api.confirmed()
    assert [each.text for each in it.desk.taken] == ["Hello"]


async def test_polling_outlives_errors(api: BotApiServer) -> None:
    for code in (502, 409, 401):
        api.fail("getUpdates", code, "no")
    await api.offer(text_update(10, "Hello"))
    async with running(api, mode="polling") as it:
        await api.confirmed()
    assert [each.text for each in it.desk.taken] == ["Hello"]


# ── settings ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"token": ""}, "telegram.token_env"),
        ({"token": "no token"}, "telegram.token_env"),
        ({"secret": ""}, "telegram.secret_env"),
        ({"secret": "with spaces"}, "telegram.secret_env"),
        ({"secret": "x" * 257}, "telegram.secret_env"),
        ({"api_url": "https://api.telegram.org"}, "server.public_url"),
    ],
)
def test_settings_telegram_would_refuse_name_their_key(changed: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError, match=key):
        settings(**{"api_url": "http://127.0.0.1:1", **changed})


def test_neither_token_nor_secret_is_shown() -> None:
    shown = repr(settings("http://127.0.0.1:1"))
    assert TOKEN not in shown
    assert SECRET not in shown


# ── deaf ─────────────────────────────────────────────────────────────────────────────────────────


def ways_of(bot: TelegramBot) -> dict[str, str]:
    return {way.name: way.why for way in bot.ways()}


async def until_ways(bot: TelegramBot, **expected: str) -> None:
    async with asyncio.timeout(10):
        while ways_of(bot) != expected:  # noqa: ASYNC110  the bot's own task decides
            await asyncio.sleep(0.01)


async def test_a_hook_telegram_does_not_take_is_deaf_until_it_does(api: BotApiServer) -> None:
    for _ in range(3):
        api.fail("setWebhook", 400, "Bad Request: bad webhook")
    async with running(api, retry_seconds=0.1) as it:
        await until_ways(it.bot, hook="refused", outgoing="")
        assert it.bot.ways()[0].deaf_since == StillClock().now()
        await until_ways(it.bot, hook="", outgoing="")


async def test_a_hook_telegram_no_longer_reaches_is_deaf_and_one_taken_away_is_set_again(
    api: BotApiServer,
) -> None:
    async with running(api, hook_check_seconds=0.05) as it:
        await until_ways(it.bot, hook="", outgoing="")
        api.hook_trouble = {"pending_update_count": 3, "last_error_date": 1_790_000_000}
        await until_ways(it.bot, hook="refused", outgoing="")
        (found, hook) = await it.bot.check()
        assert (found.level, hook.level) == ("ok", "warning")
        assert "certificate" in hook.text


async def test_a_hook_somebody_took_away_is_set_again(api: BotApiServer) -> None:
    async with running(api, hook_check_seconds=0.05):
        await api.called("setWebhook")
        first, api.webhook = api.webhook, None
        await api.called("setWebhook", 2)
        assert first is not None
        assert api.webhook == first


async def test_an_update_that_cannot_be_stored_makes_the_hook_deaf_until_the_next_can(
    hooked: Running,
) -> None:
    hooked.desk.broken = True
    assert await hooked.api.post(text_update(1, "hello")) == 500
    assert ways_of(hooked.bot)["hook"] == "not_stored"
    hooked.desk.broken = False
    assert await hooked.api.post(text_update(1, "hello")) == 200
    assert ways_of(hooked.bot)["hook"] == ""


async def test_polling_with_a_wrong_token_is_deaf_and_check_says_what_to_mend() -> None:
    async with (
        BotApiServer(token="654321:another").running() as strange,
        running(strange, mode="polling") as it,
    ):
        await until_ways(it.bot, polling="sign_in", outgoing="")
        with pytest.raises(DeliveryDelayed):
            await it.bot.deliver(reply())
        assert ways_of(it.bot)["outgoing"] == "sign_in"
    async with BotApiServer(token="654321:another").running() as strange:
        bot = TelegramBot(settings(strange.url), StillClock())
        (found,) = await bot.check()
        assert (found.level, found.text) == (
            "error",
            "Telegram does not accept the bot's token; mend telegram.token_env.",
        )


async def test_asking_to_slow_down_is_not_deaf(hooked: Running) -> None:
    hooked.api.fail("sendMessage", 429, "Too Many Requests: retry after 1", retry_after=1)
    with pytest.raises(DeliveryDelayed):
        await hooked.bot.deliver(reply())
    assert ways_of(hooked.bot)["outgoing"] == ""


@pytest.mark.parametrize("day", [-1, 0, 86_400])
async def test_a_day_of_long_ago_is_no_day_of_receipt(hooked: Running, day: int) -> None:
    assert await hooked.api.post(text_update(10, "Please erase my data.", date=day)) == 200
    (incoming,) = hooked.desk.taken
    assert incoming.received_at.year >= 2026


@pytest.mark.parametrize("value", [10**18, "\ud800", {}, True])
async def test_what_is_no_update_is_refused_once_and_not_asked_for_again(
    hooked: Running, value: object
) -> None:
    for number, field in enumerate(("date", "text", "chat")):
        update = text_update(number, "Hello")
        update["message"][field] = value
        assert await hooked.api.post(update) == 200
    assert all(each.text.encode() for each in hooked.desk.taken)


@pytest.mark.parametrize(
    ("failure", "first"), [(ZeroDivisionError(), 2), (DeliveryDelayed("later"), 1)], ids=["unfit", "later"]
)
async def test_a_hundred_updates_that_no_store_can_hold_do_not_keep_the_rest_from_being_given_out(
    failure: Exception, first: int
) -> None:
    """Telegram gives out a hundred at a time: full of what always fails, it would never name another."""

    async def take(_update: object) -> None:
        raise failure

    async def fetch(_offset: int | None) -> list[dict[str, int]]:
        return []

    polling = Polling(fetch, take, Backoff(0.0), Hearing("telegram", "polling", StillClock()))
    await polling._hand_on([{"update_id": number} for number in range(1, 101)])
    assert polling._offset == first
