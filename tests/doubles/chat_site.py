"""A desk that plays a short scene, and a third page of another site that embeds its widget."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from assistant.channels.webchat import WebChat, WebChatSettings
from assistant.interfaces import Choice, Incoming
from assistant.replies import Texts
from assistant.web.widget import Widget, WidgetSettings
from tests.doubles.chat_desk import MemoryChatDesk, StillClock
from tests.unit.replies.samples import facts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TEXTS = Texts.load(desk=facts())  # of a desk whose clock is in Tallinn
REQUEST = {"ref": "PR-7K2M9QXA", "right": "erasure", "status": "verifying", "due_on": "2026-12-24"}

SHOP = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Alder Hosting</title><style nonce="page">
body {{ font: 1.1rem/1.6 Georgia, serif; margin: 0; color: #222; background: #fbfaf7; }}
header {{ padding: 1rem 2rem; background: #2c3e50; color: #fff; }}
main {{ max-width: 40rem; padding: 1rem 2rem; }}
button {{ transform: rotate(3deg); background: hotpink; text-transform: uppercase; }}
</style></head><body><header><strong>Alder Hosting</strong></header>
<main><h1>Servers that stay up</h1><p>Small machines, plainly priced, in Tallinn and in Lyon.</p>
<p><a href="/prices">See the prices</a></p></main>
<script async src="{desk}/chat/widget.js"{attributes}></script></body></html>"""


async def play(desk: MemoryChatDesk, thread: str, incoming: Incoming) -> None:
    """Answer as the desk would in one short scene, in French where the person's page is."""
    french = (incoming.locale or "").startswith("fr")
    say = _Scene(desk, thread, french)
    said = incoming.text
    if incoming.text == "human":
        say(
            "Hello, this is Maya. I am reading along now.",
            "Bonjour, ici Maya. Je lis avec vous.",
            sender="agent",
        )
    elif "@" in said:
        say("A code was sent to that address.", "Un code a été envoyé à cette adresse.", expects="code")
    elif said.isdigit():
        choices = (Choice("Erase", "erase"), Choice("Never mind", "stop"))
        say("Thank you. Shall it be erased?", "Merci. Faut-il effacer ?", choices=choices, expects="choice")
    elif said == "erase":
        link = Choice("Sign in", "login", url="https://clients.example/login")
        say("Read more at https://aki.example/rights.", "Lisez https://aki.example/rights.", choices=(link,))
    else:
        say(
            "I have noted that you want your data erased. Which e-mail address do you use with us?",
            "C’est noté : vous demandez l’effacement de vos données. Quelle adresse utilisez-vous ?",
            requests=(REQUEST,),
            expects="email",
        )


@dataclass(frozen=True)
class _Scene:
    desk: MemoryChatDesk
    thread: str
    french: bool

    def __call__(self, english: str, french: str, **fields: Any) -> None:
        self.desk.say(self.thread, french if self.french else english, **fields)


@dataclass
class ChatSite:
    """Where the desk and the page that embeds it can be reached."""

    desk: MemoryChatDesk
    desk_url: str
    shop_url: str
    webchat: WebChat

    @property
    def thread(self) -> str:
        """The conversation begun last."""
        return list(self.desk.threads)[-1]


@asynccontextmanager
async def chat_site(shop_host: str = "localhost") -> AsyncIterator[ChatSite]:
    """Serve both on this machine: two sites to a browser by their names, or one site with two origins."""
    desk_port, shop_port = unused_port(), unused_port()
    desk_url, shop_url = f"http://127.0.0.1:{desk_port}", f"http://{shop_host}:{shop_port}"
    site = ChatSite(
        MemoryChatDesk(play), desk_url, shop_url, WebChat(_chat(desk_url), StillClock(), TEXTS.instants)
    )
    desk_app, shop_app = web.Application(), web.Application()
    desk_app.add_routes([*site.webchat.routes(), *Widget(_widget(desk_url, shop_url)).routes()])
    desk_app.on_shutdown.append(site.webchat.hang_up)
    shop_app.add_routes([web.get("/{path:.*}", _shop(desk_url))])
    async with (
        site.webchat.listening(site.desk),
        TestServer(desk_app, host="127.0.0.1", port=desk_port),
        TestServer(shop_app, host="127.0.0.1", port=shop_port),
    ):
        yield site


def _chat(desk_url: str) -> WebChatSettings:
    return WebChatSettings(public_url=desk_url, max_text=4000)


def _widget(desk_url: str, shop_url: str) -> WidgetSettings:
    return WidgetSettings(
        public_url=desk_url,
        sites=(shop_url,),
        controller="Alder Hosting OÜ",
        privacy_url="https://alder.example/privacy",
        contact="privacy@alder.example",
        invented=True,
    )


def _shop(desk_url: str) -> Any:
    async def page(http_request: web.Request) -> web.Response:
        language = http_request.query.get("lang", "en")
        attributes = "".join(f' data-{name}="{value}"' for name, value in http_request.query.items())
        text = SHOP.format(language=language, desk=desk_url, attributes=attributes)
        policy = f"script-src {desk_url}; frame-src {desk_url}; style-src 'nonce-page'; default-src 'none'"
        headers = {"Content-Security-Policy": policy}
        return web.Response(text=text, content_type="text/html", headers=headers)

    return page
