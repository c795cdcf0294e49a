"""A25, A27: mailboxes that several people read, and domains that somebody else has registered since."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import pytest
import pytest_asyncio

from assistant.domain.shared_mailboxes import is_shared
from assistant.errors import SourceUnavailable
from tests.attacks.test_codes import signed
from tests.doubles.attacks import ACCESS, ERASURE, Victim, ask, proved, victims
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import links_in

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("mailboxes")]


class Registry:
    """What the world's name servers say, as far as these tests change it."""

    def __init__(self) -> None:
        self.houses: dict[str, Sequence[str]] = {}
        self.away = False

    async def records(self, domain: str) -> Sequence[str]:
        if self.away:
            raise SourceUnavailable(source="resolver")
        return self.houses.get(domain, ("mx1.mail.example", "ns1.names.example"))


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("mailboxes"), resolver=registry) as opened:
        yield opened


@pytest.fixture(scope="module")
def people(desk: DeskInside) -> Iterator[Victim]:
    return victims(desk)


def moved_to(desk: DeskInside, who: Victim, email: str) -> Victim:
    """Have the company know a client by another address since long."""
    desk.change("UPDATE clients SET email = ? WHERE id = ?", email, who.id)
    return Victim(who.id, who.number, email, who.first_name, who.last_name, who.phone)


async def approve(desk: DeskInside, ref: str) -> tuple[int, Any]:
    item = await desk.plan(ref)
    path, body = f"/queue/{item['id']}/approve", {"plan_hash": item["plan_hash"]}
    return await desk.api_status("POST", path, token=desk.tokens["approver"], json=body)


@pytest.mark.parametrize(
    ("address", "shared"),
    [
        ("info@a.example", True),
        ("INFO+privacy@a.example", True),
        ("customer-service@a.example", True),
        ("famille@a.example", True),
        ("Secrétariat@a.example", True),
        ("müük@a.example", True),
        ("infolicht@a.example", False),
        ("sales.martin@a.example", False),
        ("mari.tamm@a.example", False),
        ("a.desk@info.example", False),
    ],
)
async def test_which_mailboxes_several_people_read(address: str, *, shared: bool) -> None:
    """A27: a function or a family in any of our languages, and no name that merely begins so."""
    assert is_shared(address) == shared


async def test_a_copy_to_a_shared_mailbox_waits_for_a_lead_and_other_rights_are_only_flagged(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A27: whoever in the office reads the code is not therefore the person whose data it is."""
    victim = moved_to(desk, next(people), "info@linna-kohvik.example")
    async with desk.chat() as chat:
        copy = await proved(desk, chat, victim.email)
    status, told = await approve(desk, copy)
    assert (status, told["code"]) == (403, "not_allowed")
    assert (await desk.request(copy))["attention"] == "shared_mailbox"
    await desk.forward("11m")  # or two talks would prove one address at once
    async with desk.chat() as chat:
        erasure = await proved(desk, chat, victim.email, ERASURE, seen=1)
    assert (await approve(desk, erasure))[0] == 200, "its readers hear of it, and can stop it"
    assert "shared_mailbox" in str([e for e in await desk.events(erasure) if e["event"] == "proved"])


async def test_a_package_to_a_shared_mailbox_is_opened_by_signing_in_alone(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A27: the letter is read by several people, so the code that it could have sent would be too."""
    victim = moved_to(desk, next(people), "office@metsa-talu.example")
    async with desk.chat() as chat:
        ref = await ask(chat, ACCESS)
        login = next(c["url"] for c in (await chat.asked("email"))["choices"] if c.get("url"))
        token = signed(desk, victim, login)
        await desk.press(f"{desk.url}/verify/client-area", token=token)
        await desk.press(f"{desk.url}/verify/client-area/confirm", token=token, answer="yes")
        await desk.until_status(ref, "awaiting_approval")
    assert (await approve(desk, ref))[0] == 200
    await desk.until_status(ref, "answered")
    (link,) = set(links_in((await desk.mail(victim.email, "/package/")).get_content(), "/package/"))
    page = await desk.press(f"{link}/send")
    assert "Several people may read" in page
    await desk.idle()
    assert not [mail for mail in desk.mails(victim.email) if "code" in str(mail["subject"]).lower()]
    async with desk.http.post(
        f"{link}/sign-in", headers={"Origin": desk.url}, allow_redirects=False
    ) as response:
        again = signed(desk, victim, response.headers["Location"])
    await desk.press(f"{desk.url}/verify/client-area", token=again)
    assert "package_opened" in [event["event"] for event in await desk.events(ref)]


# Another right each time: what is open already is told, and not opened twice.
PORTABLE = "Please give me my data in a portable format."


@pytest.mark.parametrize("lapsed", ["gone", "moved"])
async def test_a_domain_that_somebody_else_has_now_proves_nothing_by_its_mailbox(
    desk: DeskInside, people: Iterator[Victim], registry: Registry, lapsed: str
) -> None:
    """A25: proved once, then registered anew: the copy waits for a sign-in or a lead, and goes on once one has decided."""
    domain = f"{lapsed}.example"
    victim = moved_to(desk, next(people), f"mari.tamm@{domain}")
    async with desk.chat() as chat:
        first = await proved(desk, chat, victim.email)
    assert (await approve(desk, first))[0] == 200, "nothing is known against it yet"
    registry.houses[domain] = () if lapsed == "gone" else ("mx.evil.example", "ns.evil.example")
    await desk.forward("11m")
    async with desk.chat() as chat:
        second = await proved(desk, chat, victim.email, PORTABLE, seen=1)
    status, told = await approve(desk, second)
    assert (status, told["code"]) == (403, "not_allowed")
    assert (await desk.request(second))["attention"] == f"domain_{lapsed}"

    decision = {"reason": "She came to the office and named her invoices."}
    token = desk.tokens["lead"]
    assert (await desk.api_status("POST", f"/requests/{second}/decide_t3", token=token, json=decision))[
        0
    ] == 200
    assert (await approve(desk, second))[0] == 200
    await desk.forward("11m")
    async with desk.chat() as chat:
        third = await proved(desk, chat, victim.email, ERASURE, seen=2)
    await desk.plan(third)
    flagged = [e for e in await desk.events(third) if e["event"] == "evidence_flagged"]
    assert bool(flagged) == (lapsed == "gone"), "what a lead decided is the domain's new house"


async def test_name_servers_that_are_away_put_a_plan_off(
    desk: DeskInside, people: Iterator[Victim], registry: Registry
) -> None:
    """A25: no answer is no good news; it is asked again, and the person's request only waits."""
    victim = next(people)
    registry.away = True
    async with desk.chat() as chat:
        ref = await proved(desk, chat, victim.email)
    await desk.idle()
    assert (await desk.request(ref))["attention"] == "source_unavailable:resolver"
    registry.away = False
    await desk.forward("2m")
    assert await desk.plan(ref)


async def test_what_is_remembered_of_a_domain_says_no_name(desk: DeskInside) -> None:
    """A25: keyed hashes alone, as of any address."""
    rows = str(desk.own("SELECT * FROM contact_domain"))
    assert rows != "[]"
    assert ".example" not in rows
