"""What people say of a right by its article, of an erasure that is open, and of whose data are meant: lost in no talk, in either language."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, TypeVar

import pytest

from assistant.conversation.decide import decide
from assistant.domain.lifecycle import Status
from assistant.domain.moves import (
    AskRight,
    Choose,
    HaveReadBeside,
    LeaveAlone,
    Move,
    NoteContactFirst,
    Open,
    OpenForOther,
    Say,
    SmallTalk,
    StandStill,
    TryCode,
    WaitForMandate,
    WantCode,
)
from assistant.domain.rights import Right
from assistant.domain.talk import ASK_DETAIL, TalkView
from intents.wishes import DONT
from tests.doubles.talks import SAYINGS, TALKS, Asked, pressed, words

M = TypeVar("M")
ARTICLES: Final = {
    "article 15": Right.ACCESS,
    "Art. 16": Right.RECTIFICATION,
    "l'article 17": Right.ERASURE,
    "Art. 17 RGPD": Right.ERASURE,
    "article 18 please": Right.RESTRICTION,
    "l’article 20 svp": Right.PORTABILITY,
    "art 21": Right.OBJECTION,
    "Article 22 GDPR": Right.OBJECTION,
    "article 7(3)": Right.CONSENT_WITHDRAWAL,
    "art. 77": Right.COMPLAINT,
    "art17 pls": Right.ERASURE,
}
ASKING: Final = [name for name, view in TALKS.items() if view.state.expects and not view.agent_talks]
ERASURE: Final = "PR-EEEEEEE5"
ENDED: Final = {"marketing": True, "purpose": "marketing", "address": "079 123 45 67"}


def _with_erasure(view: TalkView, status: Status) -> TalkView:
    erasure = Asked(ERASURE, Right.ERASURE, status, contact="sealed")
    own = tuple(request for request in view.own if request.right != Right.ERASURE)
    return replace(view, own=(*own, erasure))


def _of(kind: type[M], moves: tuple[Move, ...]) -> list[M]:
    return [move for move in moves if isinstance(move, kind)]


# ── a right by its article ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("talk", ASKING)
@pytest.mark.parametrize(("said", "right"), ARTICLES.items())
def test_an_article_is_the_right_it_gives_wherever_something_is_asked(
    talk: str, said: str, right: Right
) -> None:
    view = TALKS[talk]
    moves = decide(view, words(said))
    opened = {each for move in _of(Open, moves) for each in move.rights}
    asked = view.state.question == ASK_DETAIL and right in {Right.ERASURE, Right.RECTIFICATION}
    assert right in opened or right in view.rights_asked_about or asked


@pytest.mark.parametrize(("said", "right"), ARTICLES.items())
def test_an_article_out_of_the_blue_is_asked_about_and_by_mail_is_left_to_the_reader(
    said: str, right: Right
) -> None:
    (asked,) = decide(TALKS["new"], words(said))
    assert isinstance(asked, AskRight)
    assert asked.rights == (right,)
    assert not _of(AskRight, decide(replace(TALKS["new"], is_mail=True), words(said)))


@pytest.mark.parametrize("said", ["15", "12 rue de l'article 3", "le 17", "article 4", "page 15"])
def test_a_number_is_no_article(said: str) -> None:
    for talk in ASKING:
        assert not _of(Open, decide(TALKS[talk], words(said)))


@pytest.mark.parametrize("said", ["I want a correction", "corriger", "limitation", "a complaint"])
def test_a_right_that_is_on_no_button_of_the_menu_is_asked_about_with_its_own(said: str) -> None:
    (asked,) = decide(TALKS["menu"], words(said))
    assert isinstance(asked, AskRight)


# ── hold on ─────────────────────────────────────────────────────────────────────────────────────────

HOLDS: Final = ("hold on", "Wait", "wait a sec", "hang on a second", "not yet", "1 min", "attendez", "un instant svp", "pas encore", "je cherche")  # fmt: skip


@pytest.mark.parametrize("said", HOLDS)
@pytest.mark.parametrize("talk", ASKING)
def test_whoever_needs_a_moment_is_given_it_and_nothing_is_paused_that_waits_for_them(
    talk: str, said: str
) -> None:
    own = tuple(Asked(each.ref, each.right, Status.VERIFYING) for each in TALKS[talk].own)
    view = replace(TALKS[talk], own=own)
    assert decide(view, words(said)) == (SmallTalk("patience"),)


@pytest.mark.parametrize("said", HOLDS)
@pytest.mark.parametrize("status", [Status.OPEN, Status.AWAITING_APPROVAL, Status.SCHEDULED])
def test_an_erasure_that_goes_on_by_itself_stands_still_for_whoever_needs_a_moment(
    said: str, status: Status
) -> None:
    assert decide(_with_erasure(TALKS["new"], status), words(said)) == (StandStill((ERASURE,)),)
    asked = decide(_with_erasure(TALKS["code"], status), words(said))
    assert asked == (SmallTalk("patience"),), "there it is said of the code"


@pytest.mark.parametrize(
    "said",
    ["wait, here is my code", "pas encore reçu", "not yet another", "I have been waiting", "un instant code"],
)
def test_what_says_more_is_no_moment(said: str) -> None:
    assert not _of(SmallTalk, decide(TALKS["code"], words(said)))


# ── of an erasure that is open ──────────────────────────────────────────────────────────────────────

LIMITS: Final = (
    "only the newsletter data, not the account",
    "just my invoices",
    "not everything",
    "I only meant the newsletter",
    "everything except my invoices",
    "not my website",
    "juste les données de la newsletter, pas le compte",
    "seulement mes factures",
    "pas tout",
    "sauf mes factures",
    "ne touchez pas à mes factures",
)


@pytest.mark.parametrize("said", LIMITS)
@pytest.mark.parametrize("talk", ["new", "contact", "code", "marketing", "agent"])
@pytest.mark.parametrize("status", [Status.VERIFYING, Status.OPEN, Status.SCHEDULED])
def test_a_limit_said_after_an_erasure_is_read_by_a_person_before_anything_is_erased(
    talk: str, said: str, status: Status
) -> None:
    meant = _of(HaveReadBeside, decide(_with_erasure(TALKS[talk], status), words(said)))
    assert [move.about for move in meant] == [(ERASURE,)]
    assert not _of(HaveReadBeside, decide(TALKS["contact"], words(said))), "where no erasure is open"


@pytest.mark.parametrize(
    "said",
    [
        "not the right code",
        "only 8 digits?",
        "I have only one address",
        "pas le bon code",
        "pas tout de suite",
        "juste une question",
    ],
)
def test_what_is_said_of_the_proof_limits_no_erasure(said: str) -> None:
    assert not _of(HaveReadBeside, decide(_with_erasure(TALKS["code"], Status.VERIFYING), words(said)))


INSTEAD: Final = {
    "I meant correct, not delete": {Right.RECTIFICATION},
    "correct instead of delete": {Right.RECTIFICATION},
    "not delete, just correct": {Right.RECTIFICATION},
    "oops I wanted a copy not a deletion": {Right.ACCESS},
    "actually I meant a copy": {Right.ACCESS},
    "je voulais dire corriger, pas supprimer": {Right.RECTIFICATION},
    "pas supprimer, corriger": {Right.RECTIFICATION},
    "corriger plutôt que supprimer": {Right.RECTIFICATION},
    "c'est une copie que je voulais, pas la suppression": {Right.ACCESS},
}


@pytest.mark.parametrize("talk", [name for name in ASKING if TALKS[name].state.question != ASK_DETAIL])
@pytest.mark.parametrize(("said", "rights"), INSTEAD.items())
def test_another_right_that_was_meant_is_opened_and_the_erasure_stands_still(
    talk: str, said: str, rights: set[Right]
) -> None:
    moves = decide(_with_erasure(TALKS[talk], Status.VERIFYING), words(said))
    still = {ref for move in _of(StandStill, moves) for ref in move.about}
    opened = {each for move in _of(Open, moves) for each in move.rights}
    keeps = [move for move in moves if isinstance(move, Choose) and move.answer.startswith("keep")]
    assert ERASURE in still or keeps
    assert rights <= opened | TALKS[talk].rights_asked_about


def test_a_right_that_is_read_and_then_denied_is_not_opened() -> None:
    said = words("je voulais une copie, pas un effacement", "request", Right.ERASURE, Right.ACCESS)
    moves = decide(_with_erasure(TALKS["contact"], Status.VERIFYING), said)
    assert [move.rights for move in _of(Open, moves)] == [(Right.ACCESS,)]
    assert _of(StandStill, moves)


@pytest.mark.parametrize(
    "said",
    [
        "I meant jane@post.example",
        "I wanted a copy first",
        "je voulais aussi une copie",
        "is it correct, not deleted?",
    ],
)
def test_what_is_wanted_beside_or_only_asked_stands_instead_of_nothing(said: str) -> None:
    assert not _of(StandStill, decide(_with_erasure(TALKS["contact"], Status.VERIFYING), words(said)))


# ── for somebody else ───────────────────────────────────────────────────────────────────────────────

FOR_OTHER: Final = (
    "it is for my father",
    "its for my mum actually",
    "It's my mother's account",
    "not for me, for my son",
    "this is about my late husband",
    "not my data, my son's",
    "c'est pour mon père",
    "cest le compte de ma mere",
    "pas pour moi, pour ma fille",
    "c’est pour quelqu’un d’autre",
)


@pytest.mark.parametrize("said", FOR_OTHER)
@pytest.mark.parametrize(
    "talk",
    [
        n
        for n in ASKING
        if n != "mandate"
        and any(
            r.status in {"received", "verifying"} and not r.details.get("marketing") for r in TALKS[n].own
        )
    ],
)
def test_what_waits_for_its_proof_waits_for_a_mandate_once_it_is_for_somebody_else(
    talk: str, said: str
) -> None:
    moves = decide(TALKS[talk], words(said))
    assert _of(WaitForMandate, moves), moves


@pytest.mark.parametrize("said", FOR_OTHER)
def test_what_is_proved_already_is_read_by_a_person_before_it_is_erased(said: str) -> None:
    assert decide(TALKS["open"], words(said)) == (HaveReadBeside((TALKS["open"].own[0].ref,), said=True),)


@pytest.mark.parametrize("said", FOR_OTHER)
def test_said_before_a_right_is_chosen_it_is_kept_for_the_right(said: str) -> None:
    noted = decide(TALKS["menu"], words(said))[0]
    assert isinstance(noted, NoteContactFirst)
    told = replace(TALKS["menu"], state=replace(TALKS["menu"].state, details=noted.noted))
    for chosen in (pressed("right:erasure"), words("Delete", "request", "erasure"), words("Delete")):
        assert [move.rights for move in _of(OpenForOther, decide(told, chosen))] == [(Right.ERASURE,)]


@pytest.mark.parametrize(
    "said",
    [
        "for my records",
        "it's for my taxes",
        "c'est pour mon dossier",
        "my father told me to ask you",
        "ma mère m'a dit de vous écrire",
        DONT,
    ],
)
def test_who_is_only_named_is_nobody_whose_data_are_meant(said: str) -> None:
    assert not _of(WaitForMandate, decide(TALKS["contact"], words(said)))


# ── what needs no proof ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("talk", TALKS)
def test_no_code_is_sent_for_what_ends_at_once(talk: str) -> None:
    """GDPR 21(3): whatever is asked, marketing that ends for what was named waits for nobody's proof."""
    view = TALKS[talk]
    ended = Asked("PR-EEEEEEE5", Right.OBJECTION, Status.RECEIVED, ENDED, tier_needed=0)
    view = replace(view, own=(*view.own, ended))
    sent = [move for heard in SAYINGS.values() for move in _of(WantCode, decide(view, heard))]
    assert not [move for move in sent if ended.ref in move.references]


@pytest.mark.parametrize("number", ["079 123 45 67", "06 12 34 56 78", "+45 12345678", "+45 12 34 56 78"])
@pytest.mark.parametrize("live", [True, False])
def test_a_telephone_number_is_no_late_code(number: str, *, live: bool) -> None:
    """Which number marketing is to leave alone is answered by it, whatever code was sent in the talk before."""
    view = replace(TALKS["marketing"], code_sent=True, code_awaited=live, code_live=live)
    assert _of(LeaveAlone, decide(view, words(number))) == [LeaveAlone((number,))]
    assert not _of(TryCode, decide(replace(TALKS["contact"], code_sent=True), words(number)))


@pytest.mark.parametrize(
    "words_said",
    [
        "C-12345678",
        "c12345678",
        "PR-12345678",
        "+45 12345678",
        "0045 12345678",
        "06 12 34 56 78",
        "12.03.1975",
        "1975-03-12",
        "I was born on 12/03/1975",
        "my phone is 12345678",
        "my phone number: 12345678, the code never came",
        "client number 12345678",
        "mon numéro 12 34 56 78",
        "mon téléphone c'est le 12345678",
        "numéro de client : 12345678",
        "order no. 12345678",
    ],
)
@pytest.mark.parametrize("talk", TALKS)
def test_what_is_called_something_else_is_tried_as_no_code(talk: str, words_said: str) -> None:
    view = replace(TALKS[talk], code_sent=True, code_awaited=True, code_live=True)
    assert not _of(TryCode, decide(view, words(words_said)))


@pytest.mark.parametrize(
    "words_said",
    [
        "12345678",
        "1234 5678",
        "12 34 56 78",
        "1234-5678",
        "01234567",
        "1 2 3 4 5 6 7 8",
        "code:12345678",
        "code-12345678",
        "it is 12345678",
        "the number is 12345678",
        "le code est le 12345678",
        "the code on my phone is 12345678",
        "my phone is 22345678, the code is 12345678",
        "12345678 thanks, my client number is 87654321",
    ],
)
def test_a_code_is_tried_however_it_is_typed(words_said: str) -> None:
    assert _of(TryCode, decide(TALKS["code"], words(words_said)))


@pytest.mark.parametrize("talk", ["contact", "marketing"])
@pytest.mark.parametrize("code", ["12345678", "1234 5678", "my code is 12345678"])
def test_a_code_may_come_late(talk: str, code: str) -> None:
    view = replace(TALKS[talk], code_sent=True, code_awaited=True, code_live=True)
    assert _of(TryCode, decide(view, words(code)))


@pytest.mark.parametrize(
    "said",
    [
        "keep my services",
        "Keep my services, please!",
        "don't end my services",
        "I want to keep my website",
        "garder mes services",
        "Gardez mes services svp",
        "ne mettez pas fin à mes services",
        "je veux conserver mon hébergement",
    ],
)
def test_who_keeps_services_where_nothing_ends_them_is_told_so_and_offered_a_person(said: str) -> None:
    told = Say("services_untouched", offers_person=True)
    assert decide(TALKS["new"], words(said)) == (told,)
    assert told not in decide(TALKS["open"], words(said)), "an erasure may end them"
    assert told not in decide(TALKS["services"], words(said)), "there it is the answer"
    assert told not in decide(replace(TALKS["new"], is_mail=True), words(said))


@pytest.mark.parametrize(
    "said", ["end my services", "keep my data", "your services are good", "my service is down"]
)
def test_other_words_of_services_are_none_of_keeping_them(said: str) -> None:
    assert Say("services_untouched", offers_person=True) not in decide(TALKS["new"], words(said))
