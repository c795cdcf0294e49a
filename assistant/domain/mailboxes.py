"""Which addresses lead into one mailbox, for limits of what is sent there and never for who somebody is (mailboxes.toml)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from assistant.domain.addresses import normal_address


@dataclass(frozen=True, slots=True)
class Provider:
    """How a provider of mailboxes reads the part before the @."""

    domain: str  # under which its mailboxes are counted
    separator: str = ""
    unseen: str = ""


def _read() -> dict[str, Provider]:
    table = tomllib.loads((files("assistant.domain") / "mailboxes.toml").read_text("utf-8"))
    shared = {name: Provider(name) for each in table["shared"] for name in each["domains"]}
    folding = {
        name: Provider(each["domains"][0], each["separator"], each["unseen"])
        for each in table["provider"]
        for name in each["domains"]
    }
    return shared | folding


PROVIDERS: Final = _read()


def mailbox_of(address: str) -> str:
    """Give the mailbox of an address as far as its provider is known; of any other the address itself."""
    local, _, domain = normal_address(address).rpartition("@")
    provider = PROVIDERS.get(domain)
    if provider is None:
        return f"{local}@{domain}"
    own = local.partition(provider.separator)[0] if provider.separator else local
    seen = "".join(sign for sign in own if sign not in provider.unseen)
    return f"{seen or own or local}@{provider.domain}"


def counted_as(address: str) -> str:
    """Give what an address counts under wherever letters are limited: what stands behind a + is a mark, whoever its provider."""
    local, _, domain = mailbox_of(address).rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def domain_of(address: str) -> str | None:
    """Give the domain of an address where it is somebody's own; None where its people only share the provider."""
    domain = normal_address(address).rpartition("@")[2]
    return None if domain in PROVIDERS else domain
