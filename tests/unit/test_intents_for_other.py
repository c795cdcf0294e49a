"""Whose data are meant is heard by a grid: every relation in every wording, and what only names somebody stays the writer's own."""

from __future__ import annotations

import time
import timeit
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from intents import Reader
from intents.cleaning import plain_letters
from intents.wishes import FOR_OTHER, FOR_SEVERAL, hear

GRID: Final = Path(__file__).parents[1] / "data" / "intents" / "for_other_grid.toml"
WANTED: Final = {"erasure": {"erasure"}, "access": {"access"}, "both": {"access", "erasure"}}
SAME: Final = {"portability": "access"}  # a copy, whichever article it is asked by


def _grid(language: str, kind: str) -> list[tuple[str, str]]:
    rows: dict[str, Any] = tomllib.loads(GRID.read_text(encoding="utf-8"))[language]
    filled = [
        (name, frame.format(rel=relation))
        for name, frames in rows[kind].items()
        for frame in frames
        for relation in rows["relations"]
    ]
    return [(name, text) for name, each in filled for text in (each, plain_letters(each))]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_relation_in_every_wording_is_somebody_else_with_every_right_that_is_asked(
    reader: Reader, language: str
) -> None:
    read = [(name, text, reader.read(text)) for name, text in _grid(language, "frames")]
    assert [text for _, text, found in read if FOR_OTHER not in found.wishes] == []
    missed = [
        (text, found.decision, found.rights)
        for name, text, found in read
        if found.decision == "none" or not WANTED[name] <= {SAME.get(r, r) for r in found.rights}
    ]
    assert missed == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_who_only_names_somebody_asks_for_their_own(reader: Reader, language: str) -> None:
    read = [(text, reader.read(text)) for _, text in _grid(language, "own")]
    assert [text for text, found in read if FOR_OTHER in found.wishes] == []


@pytest.mark.parametrize(
    "text",
    [
        "Delete our parent account and all its data.",
        "My partner account is no longer used, please delete it.",
        "Supprimez le compte de ma société.",
        "My company has an account with you, please delete it.",
        "My friends call me Ann; delete my account.",
        "Their newsletter bothers me, delete my data.",
    ],
)
def test_words_of_the_trade_and_a_company_of_ones_own_are_nobody_else(reader: Reader, text: str) -> None:
    assert FOR_OTHER not in reader.read(text).wishes


@pytest.mark.parametrize("piece", ["my ", "my mother ", "mon grand ", "her the ", "delete his x ", "sur d' "])
def test_hearing_whose_data_are_meant_takes_time_linear_in_the_length(piece: str) -> None:
    def seconds(times: int) -> float:
        return min(timeit.repeat(lambda: hear([piece * times]), timer=time.process_time, number=1, repeat=3))

    hear(["warm"])
    assert seconds(4_000) < 40 * max(seconds(400), 0.0005)


SEVERAL = {
    "en": "Requests from our users:",
    "fr": "Demandes de nos utilisateurs :",
    "de": "Anfragen unserer Nutzer:",
    "es": "Solicitudes de nuestros usuarios:",
    "it": "Richieste dei nostri utenti:",
    "nl": "Verzoeken van onze gebruikers:",
    "pt": "Pedidos dos nossos utilizadores:",
    "et": "Meie kasutajate taotlused:",
    "ru": "Запросы наших пользователей:",
    "pl": "Wnioski naszych użytkowników:",
}


@pytest.mark.parametrize("head", SEVERAL.values(), ids=SEVERAL)
def test_several_peoples_requests_are_heard_in_every_language(head: str) -> None:
    for text in (head, plain_letters(head)):
        assert FOR_SEVERAL in hear([text]).wishes


@pytest.mark.parametrize(
    "text",
    [
        "I request erasure. My addresses:\n- a@post.example\n- b@post.example\nand access before.",
        "Please correct my address:\nold: a@post.example\nnew: b@post.example\nand send me a copy of my data.",
        "My account a@post.example: erasure.\nMy account b@post.example: access.",
        "Objection to marketing:\n- a@post.example\n- b@post.example",
        "Mon compte a@post.example : effacement.\nMon compte b@post.example : accès.",
        "Please delete my account a@post.example.\n\nRegards,\nAnna Kask\nb@post.example",
        "Demande d'exercice des droits des personnes concernées : effacement de mes données.",
    ],
)
def test_who_lists_mailboxes_of_their_own_asks_for_nobody_else(reader: Reader, text: str) -> None:
    assert FOR_SEVERAL not in reader.read(text).wishes
