"""Small servers that speak what five systems document of their APIs: signing in, lists, pages, limits and errors."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

KEY = "an-invented-key"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HTML = "<!doctype html><title>Sign in</title><form>Who are you?</form>"


def mari(number: int = 0) -> str:
    """Give an address of the person all this is about."""
    return "Mari.Tamm+shop@Mail.example" if not number else f"mari{number}@mail.example"


@dataclass
class System:
    """One system: its records, what was asked of it, and how it fails next."""

    block = ""
    values: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=lambda: {"key": KEY})
    calls: list[tuple[str, str]] = field(default_factory=list)
    failures: deque[web.Response | str] = field(
        default_factory=deque
    )  # answered before anything else, in order
    url: str = ""

    def routes(self) -> list[web.RouteDef]:
        """Give what it answers."""
        raise NotImplementedError

    def dump(self) -> Any:
        """Give everything it holds, to be compared."""
        raise NotImplementedError

    def signed_in(self, request: web.Request) -> bool:
        """Tell whether a call is signed as the system documents it."""
        return request.headers.get("Authorization") == f"Bearer {KEY}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[System]:
        """Serve on a free port of this machine while the context is open."""
        app = web.Application(middlewares=[self._guard])
        app.add_routes(self.routes())
        async with TestServer(app, host="127.0.0.1") as server:
            self.url = str(server.make_url("")).rstrip("/")
            yield self

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.calls.append((request.method, request.rel_url.raw_path))
        if self.failures:
            failure = self.failures.popleft()
            if failure == "cut":
                assert request.transport is not None
                request.transport.close()
                await asyncio.sleep(0)
                raise ConnectionResetError
            if failure == "after":  # it is done, and nobody hears of it
                await handler(request)
                return web.json_response({"error": "gateway"}, status=502)
            if isinstance(failure, web.Response):
                return failure
        if request.path != "/token" and not self.signed_in(request):
            return web.json_response({"error": "unauthorised"}, status=401)
        return await handler(request)


def too_many(seconds: str = "1", header: str = "Retry-After") -> web.Response:
    """Say that there were too many calls."""
    return web.json_response({"errors": ["API rate limit exceeded."]}, status=429, headers={header: seconds})


def failing(status: int = 500) -> web.Response:
    """Fail as a server does."""
    return web.json_response({"error": "something broke"}, status=status)


def page_of_a_website() -> web.Response:
    """Answer 200 with a page, as a proxy or a sign-in does."""
    return web.Response(text=HTML, content_type="text/html")


def _basic(request: web.Request) -> tuple[str, str]:
    said = request.headers.get("Authorization", "").removeprefix("Basic ")
    user, _, password = base64.b64decode(said or b"Og==").decode().partition(":")
    return user, password


# ── listmonk ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Listmonk(System):
    """Subscribers, searched by an SQL expression, a page at a time."""

    block = "listmonk"
    values: dict[str, str] = field(default_factory=lambda: {"host": "news.example", "user": "desk"})
    subscribers: dict[int, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, email in enumerate([mari(), "luc@mail.example", "o'neill@mail.example"], 1):
            self.subscribers[number] = {
                "id": number,
                "uuid": f"u-{number}",
                "email": email,
                "name": email.split("@")[0],
                "attribs": {"city": "Tartu"},
                "status": "enabled",
                "lists": [{"id": 1, "name": "News", "subscription_status": "confirmed"}],
                "created_at": "2024-03-01T10:00:00+02:00",
            }

    def signed_in(self, request: web.Request) -> bool:
        return _basic(request) == ("desk", KEY)

    def dump(self) -> Any:
        return {number: dict(each) for number, each in self.subscribers.items()}

    def routes(self) -> list[web.RouteDef]:
        one = "/api/subscribers/{id}"
        return [
            web.get("/api/lists", self._lists),
            web.get("/api/subscribers", self._list),
            web.get(one, self._get),
            web.put(one, self._put),
            web.delete(one, self._delete),
            web.put(f"{one}/blocklist", self._block),
        ]

    async def _lists(self, request: web.Request) -> web.Response:
        return web.json_response({"data": {"results": []}})

    async def _list(self, request: web.Request) -> web.Response:
        asked = re.fullmatch(
            r"LOWER\(subscribers\.email\) = LOWER\('((?:[^']|'')*)'\)", request.query["query"]
        )
        if asked is None:
            return web.json_response({"message": "bad query"}, status=400)
        wanted = asked[1].replace("''", "'").lower()
        found = [each for each in self.subscribers.values() if each["email"].lower() == wanted]
        page, size = int(request.query["page"]), int(request.query["per_page"])
        shown = found[(page - 1) * size : page * size]
        data = {"results": shown, "total": len(found), "per_page": size, "page": page}
        return web.json_response({"data": data})

    def _one(self, request: web.Request) -> dict[str, Any]:
        found = self.subscribers.get(int(request.match_info["id"]))
        if found is None:
            raise web.HTTPBadRequest(
                text='{"message":"Subscriber not found"}', content_type="application/json"
            )
        return found

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response({"data": self._one(request)})

    async def _put(self, request: web.Request) -> web.Response:
        self._one(request).update(await request.json())
        return web.json_response({"data": self._one(request)})

    async def _delete(self, request: web.Request) -> web.Response:
        del self.subscribers[self._one(request)["id"]]
        return web.json_response({"data": True})

    async def _block(self, request: web.Request) -> web.Response:
        self._one(request)["status"] = "blocklisted"
        return web.json_response({"data": True})


# ── Mailchimp ────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Mailchimp(System):
    """Members of lists, found across all lists, and what each did, page by page."""

    block = "mailchimp"
    values: dict[str, str] = field(default_factory=lambda: {"datacentre": "us21"})
    members: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    activity: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for list_id, email in [("aa", mari()), ("bb", mari()), ("aa", "luc@mail.example")]:
            key = (list_id, hashlib.md5(email.lower().encode(), usedforsecurity=False).hexdigest())
            self.members[key] = {
                "id": key[1],
                "contact_id": f"c-{len(self.members)}",
                "email_address": email,
                "full_name": "Mari Tamm",
                "merge_fields": {"FNAME": "Mari"},
                "status": "subscribed",
                "list_id": list_id,
                "_links": [{"rel": "self", "href": "https://example.test"}],
            }
            self.activity[key] = [
                {
                    "activity_type": "open",
                    "created_at_timestamp": f"2025-01-01T00:00:{n:02}Z",
                    "link_clicked": None,
                }
                for n in range(7)
            ]

    def signed_in(self, request: web.Request) -> bool:
        return _basic(request)[1] == KEY

    def dump(self) -> Any:
        return {"/".join(key): (dict(each), list(self.activity[key])) for key, each in self.members.items()}

    def routes(self) -> list[web.RouteDef]:
        one = "/lists/{list}/members/{id}"
        return [
            web.get("/ping", self._ping),
            web.get("/search-members", self._search),
            web.patch(one, self._patch),
            web.post(f"{one}/actions/delete-permanent", self._delete),
            web.get(f"{one}/activity-feed", self._feed),
        ]

    async def _ping(self, request: web.Request) -> web.Response:
        return web.json_response({"health_status": "Everything's Chimpy!"})

    async def _search(self, request: web.Request) -> web.Response:
        wanted = request.query["query"].lower()
        exact = [each for each in self.members.values() if each["email_address"].lower() == wanted]
        # What is found by words beside is in another part of the answer, but a stranger sneaks in here too.
        stranger = next(each for each in self.members.values() if each["email_address"] == "luc@mail.example")
        found = {"members": [*exact, stranger], "total_items": len(exact) + 1}
        return web.json_response({"exact_matches": found, "full_search": {"members": [], "total_items": 0}})

    def _key(self, request: web.Request) -> tuple[str, str]:
        key = (request.match_info["list"], request.match_info["id"])
        if key not in self.members:
            body = '{"type":"about:blank","title":"Resource Not Found","status":404}'
            raise web.HTTPNotFound(text=body, content_type="application/problem+json")
        return key

    async def _patch(self, request: web.Request) -> web.Response:
        member = self.members[self._key(request)]
        member.update(await request.json())
        return web.json_response(member)

    async def _delete(self, request: web.Request) -> web.Response:
        key = self._key(request)
        del self.members[key], self.activity[key]
        return web.Response(status=204)

    async def _feed(self, request: web.Request) -> web.Response:
        held = self.activity[self._key(request)]
        begin = int(request.query.get("offset", 0))
        shown = held[begin : begin + 3]  # fewer than asked for, as a busy server may give
        return web.json_response({"activity": shown, "total_items": len(held)})


# ── Stripe ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Stripe(System):
    """Customers found by a search that lags behind, their cards and invoices in lists that go on."""

    block = "stripe"
    customers: dict[str, dict[str, Any]] = field(default_factory=dict)
    searchable: dict[str, dict[str, Any]] = field(default_factory=dict)
    cards: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    invoices: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    page_size: int = 2

    def __post_init__(self) -> None:
        for key, email in [("cus_1", mari()), ("cus_2", "luc@mail.example"), ("cus_3", mari().lower())]:
            self.customers[key] = {
                "id": key,
                "object": "customer",
                "email": email,
                "name": "M",
                "created": 1700000000,
            }
            self.searchable[key] = dict(self.customers[key])
            self.cards[key] = [
                {"id": f"pm_{key}_{n}", "type": "card", "card": {"last4": "4242"}, "created": 1700000000}
                for n in range(5)
            ]
            self.invoices[key] = [
                {
                    "id": f"in_{key}_{n}",
                    "number": f"X-{n}",
                    "total": 990,
                    "currency": "eur",
                    "created": 1735732800,
                }
                for n in range(3)
            ]

    def dump(self) -> Any:
        return {k: (dict(c), list(self.cards[k]), list(self.invoices[k])) for k, c in self.customers.items()}

    def routes(self) -> list[web.RouteDef]:
        one = "/v1/customers/{id}"
        return [
            web.get("/v1/balance", self._balance),
            web.get("/v1/customers/search", self._search),
            web.get("/v1/invoices", self._invoices),
            web.get(one, self._get),
            web.post(one, self._post),
            web.delete(one, self._delete),
            web.get(f"{one}/payment_methods", self._cards),
        ]

    async def _balance(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "balance"})

    async def _search(self, request: web.Request) -> web.Response:
        asked = re.fullmatch(r'email:"((?:[^"\\]|\\.)*)"', request.query["query"])
        if asked is None:
            return web.json_response({"error": {"type": "invalid_request_error"}}, status=400)
        wanted = re.sub(r"\\(.)", r"\1", asked[1]).lower()
        found = [each for each in self.searchable.values() if wanted in each["email"].lower()]
        begin = int(request.query.get("page", "0"))
        shown, more = found[begin : begin + 1], begin + 1 < len(found)
        following = {"next_page": str(begin + 1)} if more else {"next_page": None}
        return web.json_response({"object": "search_result", "data": shown, "has_more": more, **following})

    def _listed(self, request: web.Request, held: list[dict[str, Any]]) -> web.Response:
        after = request.query.get("starting_after")
        begin = next((n + 1 for n, each in enumerate(held) if each["id"] == after), 0)
        shown = held[begin : begin + self.page_size]
        more = begin + self.page_size < len(held)
        return web.json_response({"object": "list", "data": shown, "has_more": more})

    async def _invoices(self, request: web.Request) -> web.Response:
        return self._listed(request, self.invoices.get(request.query["customer"], []))

    async def _cards(self, request: web.Request) -> web.Response:
        return self._listed(request, self.cards.get(self._key(request), []))

    def _key(self, request: web.Request) -> str:
        key = request.match_info["id"]
        if key not in self.customers:
            body = '{"error":{"code":"resource_missing"}}'
            raise web.HTTPNotFound(text=body, content_type="application/json")
        return key

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(self.customers[self._key(request)])

    async def _post(self, request: web.Request) -> web.Response:
        customer = self.customers[self._key(request)]
        customer.update({name: str(value) for name, value in (await request.post()).items()})
        self.searchable[customer["id"]] = dict(customer)
        return web.json_response(customer)

    async def _delete(self, request: web.Request) -> web.Response:
        key = self._key(request)
        if self.customers[key].get("deleted"):
            return web.json_response({"error": {"code": "resource_missing"}}, status=404)
        self.customers[key] = {"id": key, "object": "customer", "deleted": True}
        self.cards[key] = []
        return web.json_response(self.customers[key])  # the search still finds it for a while


# ── OneSignal ────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class OneSignal(System):
    """Users by an alias, with the subscriptions of their devices."""

    block = "onesignal"
    values: dict[str, str] = field(default_factory=lambda: {"app": "an-app"})
    users: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, client in enumerate(["C-10001", "C-10002"], 1):
            ident = f"0000-{number}"
            self.users[ident] = {
                "identity": {"onesignal_id": ident, "external_id": client},
                "properties": {"language": "fr", "tags": {"plan": "pro"}, "first_active": 1700000000},
                "subscriptions": [
                    {"id": f"s-{number}-{n}", "type": kind, "enabled": True, "token": "a-push-token"}
                    for n, kind in enumerate(["ChromePush", "Email"])
                ],
            }

    def signed_in(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Key {KEY}"

    def dump(self) -> Any:
        return {
            ident: {**user, "subscriptions": [dict(each) for each in user["subscriptions"]]}
            for ident, user in self.users.items()
        }

    def routes(self) -> list[web.RouteDef]:
        one = "/apps/{app}/users/by/{label}/{id}"
        return [
            web.get("/apps/{app}/segments", self._segments),
            web.get(one, self._get),
            web.delete(one, self._delete),
            web.patch("/apps/{app}/subscriptions/{id}", self._patch),
        ]

    async def _segments(self, request: web.Request) -> web.Response:
        return web.json_response({"total_count": 0, "segments": []})

    def _one(self, request: web.Request) -> dict[str, Any]:
        label, ident = request.match_info["label"], request.match_info["id"]
        found = next((user for user in self.users.values() if user["identity"].get(label) == ident), None)
        if found is None:
            raise web.HTTPNotFound(text='{"errors":[{"code":"user-404"}]}', content_type="application/json")
        return found

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(self._one(request))

    async def _delete(self, request: web.Request) -> web.Response:
        ident = self._one(request)["identity"]["onesignal_id"]
        del self.users[ident]
        return web.json_response({"identity": {"onesignal_id": ident}}, status=202)

    async def _patch(self, request: web.Request) -> web.Response:
        wanted = (await request.json())["subscription"]
        for user in self.users.values():
            for each in user["subscriptions"]:
                if each["id"] == request.match_info["id"]:
                    each.update(wanted)
                    return web.json_response({}, status=202)
        return web.json_response({"errors": []}, status=404)


# ── Google Analytics ─────────────────────────────────────────────────────────────────────────────────


@dataclass
class Analytics(System):
    """Takes orders of deletion, signed with a token that ends after an hour, or before its time."""

    block = "google-analytics"
    values: dict[str, str] = field(default_factory=lambda: {"property": "4711", "client": "a-client"})
    secrets: dict[str, str] = field(default_factory=lambda: {"key": KEY, "refresh_token": "a-refresh-token"})
    ordered: list[dict[str, str]] = field(default_factory=list)
    tokens: int = 0

    def signed_in(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer token-{self.tokens}"

    def dump(self) -> Any:
        return [dict(each) for each in self.ordered]

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/token", self._token),
            web.get("/v1beta/properties/{id}", self._property),
            web.post("/v1alpha/properties/{id}:submitUserDeletion", self._order),
        ]

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        right = {
            "grant_type": "refresh_token",
            "client_id": "a-client",
            "client_secret": KEY,
            "refresh_token": "a-refresh-token",
        }
        if dict(form) != right:
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.tokens += 1
        return web.json_response(
            {"access_token": f"token-{self.tokens}", "expires_in": 3599, "token_type": "Bearer"}
        )

    async def _property(self, request: web.Request) -> web.Response:
        return web.json_response({"name": f"properties/{request.match_info['id']}"})

    async def _order(self, request: web.Request) -> web.Response:
        self.ordered.append(await request.json())
        return web.json_response({"deletionRequestTime": "2026-11-26T20:00:00Z"})


SYSTEMS: tuple[type[System], ...] = (Listmonk, Mailchimp, Stripe, OneSignal, Analytics)
