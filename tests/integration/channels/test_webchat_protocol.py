"""The live-chat protocol of contracts.md, spoken over real sockets."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import asynccontextmanager
from datetime import date
from socket import SHUT_RDWR
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError, web
from aiohttp.test_utils import TestClient, TestServer

from assistant.channels.webchat import WebChat, WebChatSettings
from assistant.errors import (
    AssistantError,
    ConfigurationError,
    DeliveryRefused,
    NothingToProve,
    StoreUnavailable,
)
from assistant.interfaces import Choice, Incoming, Outgoing, Receipt
from tests.doubles.chat_desk import IDLE_SECONDS, START, MemoryChatDesk, StillClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

OWN = "https://desk.example"
GOODBYE = bytes([0x88, 0x80, 0, 0, 0, 0])  # a close frame, masked with noughts
Client = TestClient[web.Request, web.Application]


class Chat:
    """A client that reads frames one by one and fails rather than hangs."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, **frame: Any) -> None:
        await self.socket.send_str(json.dumps(frame))

    async def next(self) -> dict[str, Any]:
        frame: dict[str, Any] = await self.socket.receive_json(timeout=5)
        return frame

    async def hello(self, session: str | None = None, after: int | None = None, locale: str = "en") -> Any:
        await self.send(type="hello", session=session, after=after, locale=locale)
        return await self.next()

    async def closed(self) -> int | None:
        message = await self.socket.receive(timeout=5)
        assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING)
        return message.data if message.type is WSMsgType.CLOSE else self.socket.close_code


@asynccontextmanager
async def running(desk: MemoryChatDesk, **settings: Any) -> AsyncIterator[Client]:
    async with serving(WebChat(WebChatSettings(public_url=OWN, **settings), StillClock()), desk) as client:
        yield client


@asynccontextmanager
async def serving(chat: WebChat, desk: MemoryChatDesk) -> AsyncIterator[Client]:
    """Serve the channel as the desk does, on a port of this machine."""
    app = web.Application()
    app.add_routes(chat.routes())
    app.on_shutdown.append(chat.hang_up)
    async with chat.listening(desk), TestClient(TestServer(app)) as client:
        yield client


@asynccontextmanager
async def chatting(client: Client, **headers: str) -> AsyncIterator[Chat]:
    async with client.ws_connect("/chat/ws", headers=headers) as socket:
        yield Chat(socket)


@pytest.fixture
async def desk() -> MemoryChatDesk:
    return MemoryChatDesk()


@pytest.fixture
async def client(desk: MemoryChatDesk) -> AsyncIterator[Client]:
    async with running(desk) as client:
        yield client


@pytest.fixture
async def chat(client: Client) -> AsyncIterator[Chat]:
    async with chatting(client) as chat:
        yield chat


def only_thread(desk: MemoryChatDesk) -> str:
    (thread,) = desk.threads
    return thread


async def test_hello_opens_a_session_and_a_stored_message_is_acknowledged(
    desk: MemoryChatDesk, chat: Chat
) -> None:
    session = await chat.hello(locale="fr")
    assert session == {
        "type": "session",
        "session": "token-1",
        "messages": [],
        "hidden_before": 0,
        "idle_seconds": IDLE_SECONDS,
        "hidden_in": IDLE_SECONDS,
    }
    await chat.send(type="message", client_id="a-1", text="Supprimez mes données, s’il vous plaît 🙏")
    assert await chat.next() == {"type": "ack", "client_id": "a-1", "id": 1}
    (incoming,) = desk.received
    assert incoming == Incoming(
        channel="webchat",
        thread=only_thread(desk),
        external_id="a-1",
        text="Supprimez mes données, s’il vous plaît 🙏",
        received_at=START,
        kind="text",
        locale="fr",
    )


async def test_the_same_client_id_twice_is_one_message_and_the_same_acknowledgement(
    desk: MemoryChatDesk, chat: Chat
) -> None:
    await chat.hello()
    for _ in range(2):
        await chat.send(type="message", client_id="a-1", text="Erase me")
    assert await chat.next() == await chat.next() == {"type": "ack", "client_id": "a-1", "id": 1}
    assert len(desk.received) == 1


async def test_a_choice_is_received_as_a_choice(desk: MemoryChatDesk, chat: Chat) -> None:
    await chat.hello()
    await chat.send(type="choice", client_id="c-1", value="human")
    assert (await chat.next())["type"] == "ack"
    assert (desk.received[0].kind, desk.received[0].text) == ("choice", "human")


async def test_a_message_of_the_desk_arrives_whole(desk: MemoryChatDesk, chat: Chat) -> None:
    await chat.hello()
    request = {"ref": "PR-7K2M9QXA", "right": "erasure", "status": "verifying", "due_on": date(2026, 12, 24)}
    choices = (Choice("Sign in", "login", "https://clients.example/in"), Choice("Use a code", "code"))
    desk.say(only_thread(desk), "Noted — référence", choices=choices, expects="choice", requests=(request,))
    assert await chat.next() == {
        "type": "message",
        "id": 1,
        "from": "assistant",
        "name": "Assistant",
        "text": "Noted — référence",
        "choices": [
            {"label": "Sign in", "value": "login", "url": "https://clients.example/in"},
            {"label": "Use a code", "value": "code"},
        ],
        "expects": "choice",
        "requests": [request | {"due_on": "2026-12-24"}],
        "at": "2026-11-24T09:30:01+00:00",
    }


async def test_the_acknowledgement_goes_out_before_the_answer() -> None:
    async def answer(desk: MemoryChatDesk, thread: str, incoming: Incoming) -> None:
        desk.say(thread, "Understood")
        for _ in range(5):
            await asyncio.sleep(0)  # whoever pushes has every chance to be first

    async with running(MemoryChatDesk(answer)) as client, chatting(client) as chat:
        await chat.hello()
        await chat.send(type="message", client_id="a", text="Hello")
        assert [(await chat.next())["type"] for _ in range(2)] == ["ack", "message"]


async def test_what_one_tab_says_the_other_tab_shows_and_the_first_does_not(
    desk: MemoryChatDesk, client: Client
) -> None:
    async with chatting(client) as one, chatting(client) as other:
        token = (await one.hello())["session"]
        await other.hello(session=token)
        await one.send(type="message", client_id="a-1", text="From the first tab")
        desk_says = asyncio.create_task(other.next())
        assert (await one.next())["type"] == "ack"
        echo = await desk_says
        assert (echo["from"], echo["text"], echo["client_id"]) == ("you", "From the first tab", "a-1")
        desk.say(only_thread(desk), "For both")
        assert (await one.next())["text"] == (await other.next())["text"] == "For both"


async def test_a_client_that_comes_back_gets_what_it_missed(desk: MemoryChatDesk, client: Client) -> None:
    async with chatting(client) as chat:
        token = (await chat.hello())["session"]
        await chat.send(type="message", client_id="a-1", text="First")
        await chat.next()
    desk.say(only_thread(desk), "Said while you were away")
    async with chatting(client) as chat:
        session = await chat.hello(session=token, after=1)
        assert session["session"] == token
        assert [message["text"] for message in session["messages"]] == ["Said while you were away"]
    async with chatting(client) as chat:
        history = (await chat.hello(session=token))["messages"]
        assert [(message["from"], message.get("client_id")) for message in history] == [
            ("you", "a-1"),
            ("assistant", None),
        ]


async def test_a_message_committed_between_history_and_watch_is_shown_once(
    desk: MemoryChatDesk, client: Client
) -> None:
    async with chatting(client) as chat:
        token = (await chat.hello())["session"]
    desk.before_watch = lambda thread: desk.say(thread, "In the gap")
    async with chatting(client) as chat:
        session = await chat.hello(session=token)
        assert [message["text"] for message in session["messages"]] == ["In the gap"]
        desk.say(only_thread(desk), "After it")
        assert (await chat.next())["text"] == "After it"


async def test_typing_seen_and_identify(desk: MemoryChatDesk, chat: Chat) -> None:
    await chat.hello()
    thread = only_thread(desk)
    desk.type(thread)
    assert await chat.next() == {"type": "typing", "from": "agent"}
    for message_id in (3, 3, 2):
        await chat.send(type="seen", id=message_id)
    await chat.send(type="typing")
    await chat.send(type="identify", token="signed-by-the-site")
    await chat.send(type="identify", token="signed-by-another")
    error = await chat.next()
    assert (error["type"], error["code"]) == ("error", "not_verified")
    assert desk.identified == [(thread, "signed-by-the-site")]
    assert desk.threads[thread].seen == [3]


async def test_a_token_that_no_store_could_take_is_handed_in_again_with_the_next_message(
    desk: MemoryChatDesk, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    await chat.hello()
    meets: list[AssistantError | None] = [StoreUnavailable(), NothingToProve(), StoreUnavailable(), None]
    given: list[str] = []

    async def identify(_thread: str, token: str) -> None:
        given.append(token)
        if (error := meets.pop(0)) is not None:
            raise error

    monkeypatch.setattr(desk, "identify", identify)
    await chat.send(type="identify", token="signed-by-the-site")
    assert (await chat.next())["code"] == "store_unavailable"
    codes: list[str | None] = []
    for number in range(4):
        await chat.send(type="message", client_id=f"c{number}", text="Hello")
        frames = [await chat.next()]
        if number == 1:
            frames.append(await chat.next())
        codes += [frame.get("code") for frame in frames]
    assert given == ["signed-by-the-site"] * 4, "kept until it proved something, and no longer"
    assert codes == [None, None, "store_unavailable", None, None]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("hello?", "not_json"),
        ("[1, 2]", "not_json"),
        ("[" * 20_000, "not_json"),
        ('{"type": "message", "client_id": "x", "text": ' + "9" * 5_000 + "}", "not_json"),
        ('{"type": "launch"}', "unknown_type"),
        ('{"kind": "message"}', "unknown_type"),
        ('{"type": ["message"]}', "unknown_type"),
        ('{"type": "message", "text": "no id"}', "bad_field"),
        ('{"type": "message", "client_id": "", "text": "x"}', "bad_field"),
        ('{"type": "message", "client_id": "a\\"b", "text": "x"}', "bad_field"),
        ('{"type": "message", "client_id": "x", "text": 7}', "bad_field"),
        ('{"type": "message", "client_id": "x", "text": " \\n "}', "empty"),
        ('{"type": "message", "client_id": "x", "text": "' + "é" * 4001 + '"}', "too_long"),
        ('{"type": "choice", "client_id": "x", "value": ""}', "bad_field"),
        ('{"type": "choice", "client_id": "x", "value": "' + "v" * 201 + '"}', "bad_field"),
        ('{"type": "seen", "id": true}', "bad_field"),
        ('{"type": "seen", "id": -1}', "bad_field"),
        ('{"type": "identify"}', "bad_field"),
        ('{"type": "hello", "session": null}', "hello_twice"),
        ('{"type": "hello", "session": 7}', "bad_field"),
    ],
)
async def test_a_bad_frame_is_explained_and_the_connection_kept(
    desk: MemoryChatDesk, chat: Chat, raw: str, code: str
) -> None:
    await chat.hello(locale="fr")
    await chat.socket.send_str(raw)
    error = await chat.next()
    assert (error["type"], error["code"]) == ("error", code)
    assert error["text"].endswith(".")
    await chat.send(type="message", client_id="after", text="Still here")
    assert (await chat.next())["client_id"] == "after"
    assert [incoming.text for incoming in desk.received] == ["Still here"]


async def test_an_error_names_the_message_it_is_about_and_speaks_the_language_of_the_person(
    chat: Chat,
) -> None:
    await chat.hello(locale="fr-FR")
    await chat.send(type="message", client_id="long", text="x" * 4001)
    error = await chat.next()
    assert error["client_id"] == "long"
    assert "4001 caractères" in error["text"]


async def test_a_message_of_the_longest_length_fits_however_it_is_escaped(
    desk: MemoryChatDesk, chat: Chat
) -> None:
    await chat.hello()
    await chat.send(type="message", client_id="long", text="🙏" * 4000)
    assert (await chat.next())["type"] == "ack"
    assert desk.received[0].text == "🙏" * 4000


async def test_characters_that_no_database_takes_are_replaced(desk: MemoryChatDesk, chat: Chat) -> None:
    await chat.hello()
    await chat.socket.send_str('{"type":"message","client_id":"a","text":"a\\u0000b\\ud800c"}')
    assert (await chat.next())["type"] == "ack"
    assert desk.received[0].text == "a\ufffdb\ufffdc"


async def test_a_binary_frame_is_explained_and_the_connection_kept(chat: Chat) -> None:
    await chat.hello()
    await chat.socket.send_bytes(b"\x00\x01")
    assert (await chat.next())["code"] == "binary"
    await chat.send(type="message", client_id="a", text="x")
    assert (await chat.next())["type"] == "ack"


async def test_a_message_before_hello_is_refused_and_hello_may_still_come(
    desk: MemoryChatDesk, chat: Chat
) -> None:
    await chat.send(type="message", client_id="early", text="x")
    error = await chat.next()
    assert (error["code"], error["client_id"]) == ("hello_first", "early")
    assert (await chat.hello())["type"] == "session"
    assert desk.received == []


async def test_an_oversized_frame_is_explained_and_the_connection_closed(
    desk: MemoryChatDesk, chat: Chat
) -> None:
    await chat.hello()
    await chat.send(type="message", client_id="a", text="x" * 70_000)
    assert (await chat.next())["code"] == "too_large"
    assert await chat.closed() == 1009
    assert desk.received == []


async def test_a_frame_beyond_all_reason_closes_the_connection(chat: Chat) -> None:
    await chat.hello()
    await chat.socket.send_str("x" * 300_000)
    assert await chat.closed() == 1009


async def test_text_that_is_not_utf8_closes_the_connection(chat: Chat) -> None:
    await chat.hello()
    await chat.socket.send_frame(b"\xff\xfe", WSMsgType.TEXT)
    assert await chat.closed() == 1007


async def test_without_hello_the_connection_closes() -> None:
    async with running(MemoryChatDesk(), hello_seconds=0.05) as client, chatting(client) as chat:
        assert (await chat.next())["code"] == "hello_late"
        assert await chat.closed() == 1008


async def test_a_store_that_cannot_be_reached_leaves_the_message_unacknowledged(
    desk: MemoryChatDesk, chat: Chat
) -> None:
    await chat.hello()
    desk.broken = True
    await chat.send(type="message", client_id="a", text="x")
    error = await chat.next()
    assert (error["code"], error["client_id"]) == ("store_unavailable", "a")
    desk.broken = False
    await chat.send(type="message", client_id="a", text="x")
    assert (await chat.next()) == {"type": "ack", "client_id": "a", "id": 1}


async def test_a_session_that_cannot_be_opened_asks_to_come_back(desk: MemoryChatDesk, chat: Chat) -> None:
    desk.broken = True
    assert (await chat.hello())["code"] == "store_unavailable"
    assert await chat.closed() == 1013


async def test_the_desk_may_end_a_session(desk: MemoryChatDesk, chat: Chat) -> None:
    await chat.hello()
    desk.end(only_thread(desk))
    assert await chat.closed() == 1000


async def test_a_failure_nobody_foresaw_closes_the_socket_so_that_the_client_comes_back(
    desk: MemoryChatDesk, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(desk) as client, chatting(client) as chat:
        await chat.hello()
        thread = only_thread(desk)
        desk.threads[thread].watchers[0].put_nowait(object())  # type: ignore[arg-type]
        assert await chat.closed() == 1011
    assert desk.threads[thread].watchers == []
    assert "Error handling request" in caplog.text


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 101),
        (OWN, 101),
        ("HTTPS://DESK.EXAMPLE", 101),
        ("https://app.example", 101),
        ("https://evil.example", 403),
        ("http://desk.example", 403),
        ("https://desk.example:8443", 403),
        ("https://desk.example.evil.example", 403),
        ("null", 403),
    ],
)
async def test_a_foreign_origin_is_refused_before_the_upgrade(origin: str | None, status: int) -> None:
    headers = {} if origin is None else {"Origin": origin}
    async with running(MemoryChatDesk(), extra_origins=("https://app.example",)) as client:
        try:
            async with client.ws_connect("/chat/ws", headers=headers):
                got = 101
        except WSServerHandshakeError as refused:
            got = refused.status
    assert got == status


async def test_an_extra_origin_must_be_one() -> None:
    with pytest.raises(ConfigurationError, match="no origin"):
        WebChat(WebChatSettings(public_url=OWN, extra_origins=("shop.example",)), StillClock())


async def test_going_too_fast_is_told_and_a_flood_is_cut_off() -> None:
    desk = MemoryChatDesk()
    async with running(desk, messages_per_minute=3) as client, chatting(client) as chat:
        await chat.hello()
        for number in range(30):
            await chat.send(type="message", client_id=f"m-{number}", text="x")
        frames = [await chat.next() for _ in range(23)]
        assert [frame["type"] for frame in frames[:2]] == ["ack", "ack"]
        told = frames[2]
        assert (told["code"], told["client_id"]) == ("too_fast", "m-2")
        assert told["retry_after"] > 0
        assert frames[-1]["code"] == "flood"
        assert await chat.closed() == 1008
    assert len(desk.received) == 2


async def test_too_many_sockets_of_one_address_are_refused_and_places_are_given_back() -> None:
    async with running(MemoryChatDesk(), sockets_per_address=1) as client:
        async with chatting(client) as chat:
            await chat.hello()
            with pytest.raises(WSServerHandshakeError) as refused:
                await client.ws_connect("/chat/ws")
            assert refused.value.status == 429
        async with asyncio.timeout(5):
            while True:
                try:
                    async with chatting(client):
                        break
                except WSServerHandshakeError:
                    await asyncio.sleep(0.01)  # the server has not noticed the first one leaving yet


async def test_too_many_hellos_of_one_address_are_asked_to_wait() -> None:
    async with running(MemoryChatDesk(), hellos_per_minute=1) as client:
        async with chatting(client) as chat:
            assert (await chat.hello())["type"] == "session"
        async with chatting(client) as chat:
            assert (await chat.hello())["code"] == "flood"
            assert await chat.closed() == 1013


async def test_shutting_down_says_going_away_after_the_last_acknowledgement() -> None:
    desk = MemoryChatDesk()
    desk.gate = asyncio.Event()
    channel = WebChat(WebChatSettings(public_url=OWN), StillClock())
    async with serving(channel, desk) as client, chatting(client) as chat:
        await chat.hello()
        await chat.send(type="message", client_id="last", text="x")
        await desk.reached_gate.wait()
        async with asyncio.TaskGroup() as group:
            group.create_task(channel.hang_up())
            group.create_task(_until_refused(client))
            desk.gate.set()
        assert (await chat.next()) == {"type": "ack", "client_id": "last", "id": 1}
        assert await chat.closed() == 1001


async def _until_refused(client: Client) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect("/chat/ws")
    assert refused.value.status == 503


async def test_nobody_is_let_in_before_the_desk_listens() -> None:
    app = web.Application()
    app.add_routes(WebChat(WebChatSettings(public_url=OWN), StillClock()).routes())
    async with TestClient(TestServer(app)) as client:
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect("/chat/ws")
        assert refused.value.status == 503


async def test_nothing_is_ever_delivered_through_the_chat() -> None:
    outgoing = Outgoing("key", "reply", "thread", None, None, "text", "en")
    with pytest.raises(DeliveryRefused):
        await WebChat(WebChatSettings(public_url=OWN), StillClock()).deliver(outgoing)


@asynccontextmanager
async def as_served(desk: MemoryChatDesk) -> AsyncIterator[Chat]:
    """Open a chat with a server that cancels nothing when a connection ends, as that of the desk does and a test server not."""
    channel = WebChat(WebChatSettings(public_url=OWN), StillClock())
    app = web.Application()
    app.add_routes(channel.routes())
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    async with channel.listening(desk), ClientSession() as http:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with http.ws_connect(f"http://127.0.0.1:{runner.addresses[0][1]}/chat/ws") as opened:
            yield Chat(opened)
        await runner.cleanup()


@pytest.mark.parametrize("how", ["with a goodbye", "cut off"])
async def test_a_message_whose_writer_left_while_it_waited_says_so_and_is_stored(
    desk: MemoryChatDesk, how: str
) -> None:
    waiting: list[Incoming] = []
    receive = desk.receive

    async def noted(incoming: Incoming) -> Receipt:
        waiting.append(incoming)
        return await receive(incoming)

    desk.receive, desk.gate = noted, asyncio.Event()  # type: ignore[method-assign]
    async with as_served(desk) as chat:
        await chat.hello()
        await chat.send(type="message", client_id="m1", text="Please delete my account.")
        await asyncio.wait_for(desk.reached_gate.wait(), 5)
        assert not waiting[0].has_left()
        connection = chat.socket.get_extra_info("socket")
        if how == "cut off":
            connection.shutdown(SHUT_RDWR)
        else:
            os.write(connection.fileno(), GOODBYE)
        assert await soon(waiting[0].has_left)
        desk.say(waiting[0].thread, "Said to a socket that is gone.")
        await asyncio.sleep(0.05)
        desk.gate.set()
        assert await soon(lambda: bool(desk.received))


async def soon(is_so: Callable[[], bool]) -> bool:
    for _ in range(500):
        if is_so():
            return True
        await asyncio.sleep(0.01)
    return False


async def test_what_is_sent_while_a_message_waits_is_read_after_it_in_its_order(
    desk: MemoryChatDesk, chat: Chat
) -> None:
    desk.gate = asyncio.Event()
    await chat.hello()
    for number in range(4):
        await chat.send(type="message", client_id=f"m{number}", text=f"Number {number}")
    async with asyncio.timeout(5):
        await desk.reached_gate.wait()
    desk.gate.set()
    acknowledged = [(await chat.next())["client_id"] for _ in range(4)]
    assert acknowledged == ["m0", "m1", "m2", "m3"]
    assert [incoming.text for incoming in desk.received] == [f"Number {n}" for n in range(4)]
