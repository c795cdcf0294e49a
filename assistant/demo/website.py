"""What the sample website saw of invented people, and what they subscribed to (policy 4.2, 5.2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.demo import names
from assistant.demo.contract import Client, ascii_only

if TYPE_CHECKING:
    from assistant.demo.rows import Rows
    from assistant.demo.shapes import Draw, Shape

_EVENTS_PER_VISITOR = 4


class WebsiteRecords:
    """Writes sign-ins, cookies, logs, baskets, subscriptions and survey answers."""

    def __init__(self, draw: Draw, rows: Rows) -> None:
        """Draw from the one sequence, add to the one heap of rows."""
        self._draw = draw
        self._rows = rows

    def write(self, client: Client, shape: Shape) -> None:
        """Add what a client left on the website."""
        language = client.region.language
        for _ in range(shape.logins):
            self._login(client)
        visitors = [
            self.visitor(client.row, language, consents=shape.consents) for _ in range(shape.visitors)
        ]
        for view in range(shape.page_views):
            self.page_view(client.row, visitors[view % len(visitors)] if visitors else None, language)
        for _ in range(shape.carts):
            self._cart(client)
        for _ in range(shape.newsletters):
            self.newsletter(client.email, "news", client.first_name, language)
        for _ in range(shape.pushes):
            self.push(client.row, visitors[0] if visitors else None)
        for _ in range(shape.surveys):
            self._survey(client, may_contact=shape.consents)

    def visitor(self, client: int | None, language: str, *, consents: bool) -> str:
        """Add a browser with its cookie; give the number kept in it."""
        draw = self._draw
        visitor = draw.hexadecimal(32)
        self._rows.add(
            "visitors",
            visitor_id=visitor,
            client_id=client,
            analytics_id=f"AN1.{draw.digits(10)}.{draw.digits(10)}" if consents else None,
            ad_id=draw.hexadecimal(32) if consents else None,
            language=language,
            region=draw.pick(("Île-de-France", "Bretagne", "Harjumaa", "Munster")),
            device=draw.pick(names.DEVICES),
            analytics_consent=consents,
            marketing_consent=consents,
            first_seen_at=draw.instant(800, 400),
            last_seen_at=draw.instant(90),
        )
        if consents:
            self._measured(visitor)
        return visitor

    def page_view(self, client: int | None, visitor: str | None, language: str) -> None:
        """Add a line of the server's log."""
        draw = self._draw
        self._rows.add(
            "access_logs",
            client_id=client,
            visitor_id=visitor,
            at=draw.instant(180),
            ip=draw.ip(),
            user_agent=draw.pick(names.USER_AGENTS),
            language=language,
            path=draw.pick(names.PAGES),
            search_terms=draw.pick(names.SEARCHES),
            milliseconds=3 + draw.below(400),
        )

    def newsletter(self, email: str, list_name: str, first_name: str | None, language: str) -> None:
        """Add a confirmed subscription; no account is needed."""
        draw = self._draw
        self._rows.add(
            "newsletter_subscriptions",
            email=email,
            list_name=list_name,
            first_name=first_name,
            language=language,
            status="subscribed",
            confirmed_at=draw.instant(1500),
            confirmed_from_ip=draw.ip(),
            last_opened_at=draw.instant(60) if draw.chance(60) else None,
        )

    def push(self, client: int | None, visitor: str | None) -> None:
        """Add a subscription to push messages."""
        draw = self._draw
        player = draw.hexadecimal(32)
        self._rows.add(
            "push_subscriptions",
            player_id=f"{player[:8]}-{player[8:12]}-{player[12:16]}-{player[16:20]}-{player[20:]}",
            client_id=client,
            visitor_id=visitor,
            device=draw.pick(names.DEVICES),
            subscribed_at=draw.instant(700),
        )

    def _measured(self, visitor: str) -> None:
        draw = self._draw
        for _ in range(_EVENTS_PER_VISITOR):
            self._rows.add(
                "analytics_events",
                visitor_id=visitor,
                at=draw.instant(400),
                event="page_view",
                page=draw.pick(names.PAGES),
                seconds=draw.below(300),
                came_from=draw.pick((None, "https://moteur.example/", "https://forum.example/")),
            )
        self._rows.add(
            "ad_audiences",
            visitor_id=visitor,
            network="Réseau Annonces",
            audience="seen a server page",
            added_at=draw.instant(300),
        )

    def _login(self, client: Client) -> None:
        draw = self._draw
        self._rows.add(
            "login_events",
            client_id=client.row,
            at=draw.instant(400),
            ip=draw.ip(),
            user_agent=draw.pick(names.USER_AGENTS),
            succeeded=draw.chance(90),
        )

    def _cart(self, client: Client) -> None:
        self._rows.add(
            "saved_carts",
            client_id=client.row,
            product_id=len(names.PRODUCTS),
            wished_domain=f"{ascii_only(client.first_name)}-blog.example",
            saved_at=self._draw.instant(300),
        )

    def _survey(self, client: Client, *, may_contact: bool) -> None:
        draw = self._draw
        self._rows.add(
            "survey_answers",
            client_id=client.row,
            email=client.email,
            survey="satisfaction",
            answered_at=draw.instant(700),
            score=6 + draw.below(5),
            remark=draw.pick(names.REMARKS),
            may_contact=may_contact,
        )
