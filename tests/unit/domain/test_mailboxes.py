"""Which addresses are counted as one mailbox, and which domains are somebody's own."""

from __future__ import annotations

import pytest

from assistant.domain.mailboxes import PROVIDERS, counted_as, domain_of, mailbox_of


@pytest.mark.parametrize("domain", PROVIDERS)
def test_a_providers_own_signs_lead_into_one_mailbox_and_its_domain_is_nobodys(domain: str) -> None:
    provider = PROVIDERS[domain]
    ways = [f"anna.kask@{domain}", f"ANNA.KASK@{domain.upper()}"]
    if provider.separator:
        ways.append(f"anna.kask{provider.separator}shop@{domain}")
    ways += [f"anna.k{sign}ask@{domain}" for sign in provider.unseen]
    assert len({mailbox_of(each) for each in ways}) == 1
    assert mailbox_of(f"anna.lind@{domain}") != mailbox_of(ways[0])
    assert domain_of(ways[0]) is None


def test_an_unknown_provider_may_tell_all_of_them_apart() -> None:
    ways = {"anna.kask@own.example", "annakask@own.example", "anna.kask+shop@own.example"}
    assert {mailbox_of(each) for each in ways} == ways
    assert {domain_of(each) for each in ways} == {"own.example"}


def test_nothing_but_signs_stays_a_mailbox() -> None:
    assert mailbox_of("...@gmail.com") == "...@gmail.com"
    assert mailbox_of("+a@gmail.com") == "+a@gmail.com"


@pytest.mark.parametrize("domain", ["own.example", "gmail.com", "gmx.de"])
def test_a_mark_behind_a_plus_counts_nowhere_as_another_mailbox(domain: str) -> None:
    marked = {f"anna.kask+{mark}@{domain}" for mark in ("", "a", "b+c")}
    assert {counted_as(each) for each in marked} == {counted_as(f"anna.kask@{domain}")}
    assert counted_as(f"anna@{domain}") != counted_as(f"anne@{domain}")
    assert counted_as(f"+a@{domain}") == f"+a@{domain}"
