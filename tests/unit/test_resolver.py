"""Where the mail of a domain goes, asked of a name server that speaks the real protocol on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
import pytest_asyncio

from assistant.errors import SourceUnavailable
from assistant.verification.resolver import NameServers

ZONE = {
    ("tamm.example.", "MX"): ["10 mx1.mail.example.", "20 mx2.mail.example."],
    ("tamm.example.", "NS"): ["ns1.names.example."],
    ("bare.example.", "NS"): ["ns1.names.example."],
    ("xn--kla-hoa.example.", "MX"): ["10 mx.kuula.example."],
}
KNOWN = {name for name, _ in ZONE}


class Server(asyncio.DatagramProtocol):
    """Answers from the zone above; what stands not in it is not there, and one name is never answered."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        asked = query.question[0]
        name, kind = asked.name.to_text(), dns.rdatatype.to_text(asked.rdtype)
        answer = dns.message.make_response(query)
        if name == "broken.example.":
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif name not in KNOWN:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif found := ZONE.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *found))
        self.transport.sendto(answer.to_wire(), addr)


@pytest_asyncio.fixture
async def servers() -> AsyncIterator[NameServers]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
    yield NameServers(["127.0.0.1"], port=transport.get_extra_info("sockname")[1])
    transport.close()


@pytest.mark.parametrize(
    ("domain", "found"),
    [
        ("tamm.example", ["MX 10 mx1.mail.example.", "MX 20 mx2.mail.example.", "NS ns1.names.example."]),
        ("bare.example", ["NS ns1.names.example.", "mail to bare.example"]),
        ("küla.example", ["MX 10 mx.kuula.example."]),
        ("lapsed.example", []),
    ],
)
async def test_where_the_mail_of_a_domain_goes(servers: NameServers, domain: str, found: list[str]) -> None:
    assert sorted(await servers.records(domain)) == found


@pytest.mark.parametrize("domain", ["broken.example", "a..b.example", f"{'x' * 70}.example"])
async def test_no_answer_is_no_good_news(servers: NameServers, domain: str) -> None:
    with pytest.raises(SourceUnavailable):
        await servers.records(domain)
