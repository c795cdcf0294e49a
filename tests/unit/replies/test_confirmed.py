"""After the proof each request is named by its right, whatever was proved together, and only what waits is said to wait."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

import pytest

from assistant.casework.talk.after_proof import what_waits
from assistant.domain.rights import Right
from assistant.replies import Texts
from assistant.replies.linter import Linter
from assistant.wording.written import LOCALES
from tests.unit.replies.samples import AT, a_request

MIXES = [mix for size in range(1, len(Right) + 1) for mix in combinations(Right, size)]
COPIES = {Right.ACCESS, Right.PORTABILITY}
SAYS = {
    "en": {"copy": "the copy", "erasure": "is erased", "first": "First we prepare", "else": "is changed"},
    "fr": {"copy": "la copie", "erasure": "sera effacé", "first": "préparons d’abord", "else": "sera changé"},
}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("held", [True, False], ids=["held", "at once"])
def test_every_mix_of_rights_is_named_right_by_right(texts: Texts, locale: str, *, held: bool) -> None:
    labels, says, linter = texts.labels(locale), SAYS[locale], Linter(texts)
    for mix in MIXES:
        requests = [a_request(right, f"PR-{number:08}") for number, right in enumerate(mix)]
        waits = [(right, AT if held else None) for right in mix]
        values = {"requests": requests, **what_waits(waits)}
        said = texts.render("verified_requests", locale, **values)
        assert all(labels.cited([request]) in said.text for request in requests), mix
        heard = {what for what, words in says.items() if words in said.text}
        wanted = {"copy": bool(COPIES & set(mix)), "erasure": held and Right.ERASURE in mix}
        wanted["first"] = wanted["copy"] and wanted["erasure"]
        wanted["else"] = held and bool(set(mix) - COPIES - {Right.ERASURE})
        assert heard == {what for what, is_so in wanted.items() if is_so}, mix
        assert linter.faults("verified_requests", locale, said, values) == (), mix


def test_of_two_that_wait_the_later_instant_is_told() -> None:
    later = AT + timedelta(hours=5)
    waits = what_waits(
        [(Right.RECTIFICATION, later), (Right.RECTIFICATION, None), (Right.ACCESS, AT), (Right.ACCESS, later)]
    )
    assert (waits["changed_from"], waits["copy_from"], waits["erased_from"]) == (later, later, None)
