"""A value that was sealed opens under its own key alone, says which that was, and looks like nothing else."""

from __future__ import annotations

import base64
import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import ConfigurationError
from assistant.store.keyring import INDEX_BYTES, SEALING_BYTES, Keyring, is_sealed, key_id

INDEX, FIRST, SECOND = b"i" * INDEX_BYTES, b"1" * SEALING_BYTES, b"2" * SEALING_BYTES
WORDS = st.text(st.characters(exclude_categories=["Cs"]))


@given(WORDS)
def test_what_was_sealed_is_opened_and_says_under_which_key(words: str) -> None:
    keyring = Keyring(INDEX, FIRST, SECOND)
    sealed = keyring.seal(words)
    assert is_sealed(sealed)
    assert sealed.startswith(f"~{key_id(SECOND)}.")
    assert keyring.unseal(sealed) == words
    assert Keyring(INDEX, SECOND, FIRST).unseal(sealed) == words
    with pytest.raises(ConfigurationError, match=key_id(SECOND)):
        Keyring(INDEX, FIRST).unseal(sealed)


@given(st.binary(max_size=200))
def test_bytes_too(content: bytes) -> None:
    sealed = Keyring(INDEX, FIRST).seal_bytes(content)
    assert Keyring(INDEX, FIRST, SECOND).unseal_bytes(sealed) == content
    with pytest.raises(ConfigurationError, match=key_id(FIRST)):
        Keyring(INDEX, SECOND).unseal_bytes(sealed)


@given(st.integers(0, 60), st.characters(codec="ascii"))
def test_a_changed_letter_never_opens(place: int, letter: str) -> None:
    sealed = Keyring(INDEX, FIRST).seal("Mari Tamm, Pärnu")
    place = 10 + place % (len(sealed) - 14)  # the last letters may hold bits that count for nothing
    changed = f"{sealed[:place]}{letter}{sealed[place + 1 :]}"
    if changed != sealed:
        with pytest.raises(ConfigurationError):
            Keyring(INDEX, FIRST).unseal(changed)


@pytest.mark.parametrize(
    "broken", ["~", "~00000000", "AA==", "é", "x", " ", "~{id}.", "~{id}.AAAA", "~{id}.é"]
)
def test_what_is_cut_short_is_told_in_words(broken: str) -> None:
    with pytest.raises(ConfigurationError):
        Keyring(INDEX, FIRST).unseal(broken.format(id=key_id(FIRST)))


def test_what_was_sealed_before_keys_had_ids_opens_under_any_that_is_kept() -> None:
    nonce = os.urandom(12)
    content = nonce + AESGCM(FIRST).encrypt(nonce, b"mari@post.example", None)
    keyring = Keyring(INDEX, FIRST, SECOND)
    assert keyring.unseal(base64.urlsafe_b64encode(content).decode()) == "mari@post.example"
    assert keyring.unseal_bytes(b"\0sealed\1" + content) == b"mari@post.example"
    assert keyring.unseal_bytes(b"From: mari\r\n") == b"From: mari\r\n"
    with pytest.raises(ConfigurationError):
        Keyring(INDEX, SECOND).unseal(base64.urlsafe_b64encode(content).decode())


def test_a_hash_stays_the_same_when_the_key_that_seals_changes() -> None:
    keyring = Keyring(INDEX, FIRST)
    before = keyring.keyed_hash("mari@post.example"), keyring.mail_key
    keyring.turn_to(SECOND)
    assert (keyring.keyed_hash("mari@post.example"), keyring.mail_key) == before
    assert keyring.current == key_id(SECOND)
