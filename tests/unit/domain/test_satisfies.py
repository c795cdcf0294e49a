"""Whether evidence satisfies what a right needs: yes, not before an instant, or the tier that is missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.assurance import DENIED, SHARED, Answer, Evidence, Hold, Method, Need, Tier, satisfies

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
HOLD = timedelta(hours=72)
OVER = AT + HOLD
CODE, LINK, PAGE, AREA, PEOPLE = (
    Method.EMAIL_CODE,
    Method.EMAIL_LINK,
    Method.PAGE_TOKEN,
    Method.CLIENT_AREA,
    Method.AGENT,
)
TIERS = {CODE: Tier.T1, LINK: Tier.T1, PAGE: Tier.T1, AREA: Tier.T2, PEOPLE: Tier.T3}


def proof(method: Method, *flags: str) -> Evidence:
    tier = TIERS[method]
    return Evidence("e", method, tier, "a@b.example", AT, ("PR-1",), True, method is AREA, flags)


@pytest.mark.parametrize(
    ("need", "evidence", "answer"),
    [
        (Need(Tier.T0), None, Answer()),
        (Need(Tier.T1), None, Answer(Tier.T1)),
        (Need(Tier.T1), proof(PAGE), Answer()),
        (Need(Tier.T1), proof(CODE, "two_verifiers"), Answer()),
        (Need(Tier.T2, Hold.UNLESS_SIGNED_IN), None, Answer(Tier.T2)),
        (Need(Tier.T2, Hold.UNLESS_SIGNED_IN), proof(CODE), Answer(None, OVER)),
        (Need(Tier.T2, Hold.UNLESS_SIGNED_IN), proof(LINK), Answer(None, OVER)),
        (Need(Tier.T2, Hold.UNLESS_SIGNED_IN), proof(AREA), Answer()),
        (Need(Tier.T2, Hold.UNLESS_SIGNED_IN), proof(PAGE), Answer(Tier.T2, OVER)),
        (Need(Tier.T2, Hold.ALWAYS), proof(AREA), Answer(None, OVER)),
        (Need(Tier.T2, Hold.ALWAYS), proof(CODE, "recent_contact_change"), Answer(Tier.T3, OVER)),
        (Need(Tier.T2, Hold.UNLESS_SIGNED_IN), proof(AREA, "two_verifiers"), Answer(Tier.T3)),
        (Need(Tier.T2, Hold.UNLESS_SIGNED_IN), proof(CODE, SHARED), Answer(Tier.T3, OVER)),
        (Need(Tier.T2, Hold.ALWAYS), proof(CODE, SHARED), Answer(None, OVER)),
        (Need(Tier.T2, Hold.ALWAYS), proof(CODE, SHARED, "two_verifiers"), Answer(Tier.T3, OVER)),
        (Need(Tier.T1), proof(CODE, SHARED), Answer()),
        (Need(Tier.T2), proof(CODE), Answer(None, OVER)),
        (Need(Tier.T3, Hold.ALWAYS), proof(CODE), Answer(Tier.T3, OVER)),
        (Need(Tier.T3, Hold.UNLESS_SIGNED_IN), proof(AREA), Answer(Tier.T3)),
        (Need(Tier.T3, Hold.ALWAYS), proof(PAGE), Answer(Tier.T2, OVER)),
        (Need(Tier.T3), proof(PAGE), Answer(Tier.T2, OVER)),
        (Need(Tier.T2, Hold.UNLESS_SIGNED_IN), proof(PAGE, "two_verifiers"), Answer(Tier.T2, OVER)),
        (Need(Tier.T1, Hold.ALWAYS), proof(PAGE), Answer(Tier.T2, OVER)),
        (Need(Tier.T0, Hold.UNLESS_SIGNED_IN), proof(PAGE), Answer(Tier.T2, OVER)),
        (Need(Tier.T0, Hold.ALWAYS), None, Answer(Tier.T2)),
        (Need(Tier.T3, Hold.ALWAYS), proof(PEOPLE), Answer(None, OVER)),
        (Need(Tier.T1, Hold.ALWAYS), proof(CODE, "recent_contact_change"), Answer(Tier.T3, OVER)),
        (Need(Tier.T0, Hold.UNLESS_SIGNED_IN), proof(AREA, "two_verifiers"), Answer(Tier.T3)),
    ],
)
def test_what_evidence_is_worth(need: Need, evidence: Evidence | None, answer: Answer) -> None:
    assert satisfies(need, evidence, HOLD) == answer


@given(
    st.sampled_from(Tier),
    st.sampled_from(Hold),
    st.sampled_from(list(TIERS)),
    st.lists(st.sampled_from(["two_verifiers", "recent_contact_change", "contact_typed"])),
)
def test_what_its_contact_denied_satisfies_no_need_that_takes_proof(
    tier: Tier, hold: Hold, method: Method, flags: list[str]
) -> None:
    need = Need(tier, hold)
    answer = satisfies(need, proof(method, *flags, DENIED), HOLD)
    assert answer == (Answer() if need.provable is Tier.T0 else Answer(Tier.T3))


@given(st.sampled_from(Tier), st.sampled_from(Hold), st.sampled_from(list(TIERS)), st.booleans())
def test_no_evidence_reaches_further_for_more_than_for_less(
    tier: Tier, hold: Hold, method: Method, flagged: bool
) -> None:
    evidence = proof(method, *(["two_verifiers"] if flagged else []))
    answer = satisfies(Need(tier, hold), evidence, HOLD)
    if answer.missing is None:
        assert all(satisfies(Need(Tier(less), hold), evidence, HOLD).missing is None for less in range(tier))
    if hold is Hold.ALWAYS and tier > Tier.T0:
        assert answer.not_before == OVER, "an erasure waits whatever was proved"
    if tier is Tier.T3 and method is not PEOPLE:
        assert answer.missing is not None, "only people decide what takes people"
    if answer.missing is Tier.T3:
        assert all(
            satisfies(Need(Tier(less), hold), evidence, HOLD).missing in {None, Tier.T3}
            for less in range(tier)
        ), "more proof asked is not less proof accepted: what people decide was proved first"
    if flagged and hold is not Hold.NONE and method is not PEOPLE:
        assert answer.missing is not None, "what is in doubt is for people, whatever the settings ask"
    if method is PAGE and hold is not Hold.NONE:
        assert answer.missing is Tier.T2, "being signed in on a page opens nothing that waits"
