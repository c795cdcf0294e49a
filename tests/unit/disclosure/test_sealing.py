"""Nothing unverified ever leaves a sealed package, and none is there half."""

from __future__ import annotations

import errno
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from assistant.disclosure.sealing import (
    HEADER,
    SEGMENT,
    TAG,
    NoRoom,
    PackageDamaged,
    PackageNotWritten,
    SealedFile,
    SealedSpool,
    open_package,
)
from assistant.errors import AssistantError
from tests.unit.disclosure.made import Disk

if TYPE_CHECKING:
    from pathlib import Path

KEY = bytes(32)
SEALED = SEGMENT + TAG
SIZES = (0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT, 3 * SEGMENT + 17)


def content(size: int) -> bytes:
    return bytes(number % 251 for number in range(size))


def sealed(folder: Path, size: int, key: bytes = KEY) -> Path:
    file = folder / "package.sealed"
    with SealedFile(file, key) as whole:
        whole.writer.write(content(size))
        whole.keep()
    return file


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sealed_comes_back(tmp_path: Path, size: int) -> None:
    file = sealed(tmp_path, size)
    assert b"".join(open_package(file, KEY)) == content(size)
    assert file.stat().st_size == HEADER + size + TAG * max(1, -(-size // SEGMENT))


def test_pieces_of_any_length_make_the_same_stream(tmp_path: Path) -> None:
    file = tmp_path / "package.sealed"
    whole = content(2 * SEGMENT + 5)
    with SealedFile(file, KEY) as writing:
        for start in range(0, len(whole), 4099):
            writing.writer.write(whole[start : start + 4099])
        writing.keep()
    assert b"".join(open_package(file, KEY)) == whole


def test_the_same_content_is_never_sealed_alike(tmp_path: Path) -> None:
    first = sealed(tmp_path, 100).read_bytes()
    assert sealed(tmp_path, 100).read_bytes() != first


@given(offset=st.integers(0, 3 * SEGMENT + 40))
@hypothesis_settings(max_examples=40, deadline=None)
def test_a_download_resumes_at_any_offset(offset: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = sealed(tmp_path_factory.mktemp("sealed"), 3 * SEGMENT + 17)
    assert b"".join(open_package(file, KEY, offset=offset)) == content(3 * SEGMENT + 17)[offset:]


def test_a_negative_offset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        open_package(sealed(tmp_path, 5), KEY, offset=-1)


def released_until_noticed(file: Path, released: bytearray) -> None:
    for chunk in open_package(file, KEY):
        released += chunk


@given(place=st.integers(0, 2**20), bit=st.integers(0, 7))
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_one_flipped_bit_is_noticed_before_its_segment_is_released(
    place: int, bit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = sealed(tmp_path_factory.mktemp("sealed"), 2 * SEGMENT + 100)
    damaged = bytearray(file.read_bytes())
    place %= len(damaged)
    damaged[place] ^= 1 << bit
    file.write_bytes(damaged)
    released = bytearray()
    with pytest.raises(PackageDamaged):
        released_until_noticed(file, released)
    assert content(2 * SEGMENT + 100).startswith(bytes(released))
    assert len(released) <= max(0, place - HEADER) // SEALED * SEGMENT


@pytest.mark.parametrize(
    "length", [0, 5, HEADER, HEADER + 5, HEADER + SEALED, HEADER + 2 * SEALED, HEADER + 2 * SEALED + 50]
)
def test_a_file_cut_off_anywhere_fails_before_its_first_byte(tmp_path: Path, length: int) -> None:
    file = sealed(tmp_path, 2 * SEGMENT + 100)
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(PackageDamaged):
        open_package(file, KEY)


def test_a_file_that_grew_fails_before_its_first_byte(tmp_path: Path) -> None:
    file = sealed(tmp_path, SEGMENT)
    file.write_bytes(file.read_bytes() + b"more")
    with pytest.raises(PackageDamaged):
        open_package(file, KEY)


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 0, 2), (0, 2, 1)])
def test_segments_in_another_order_are_noticed(tmp_path: Path, order: tuple[int, ...]) -> None:
    file = sealed(tmp_path, 3 * SEGMENT)
    whole = file.read_bytes()
    segments = [whole[HEADER + n * SEALED : HEADER + (n + 1) * SEALED] for n in range(3)]
    file.write_bytes(whole[:HEADER] + b"".join(segments[n] for n in order))
    with pytest.raises(PackageDamaged):
        list(open_package(file, KEY))


def test_a_segment_of_another_package_under_the_same_key_is_noticed(tmp_path: Path) -> None:
    other = sealed(tmp_path, 2 * SEGMENT).read_bytes()
    file = sealed(tmp_path, 2 * SEGMENT)
    mine = file.read_bytes()
    file.write_bytes(mine[:HEADER] + other[HEADER : HEADER + SEALED] + mine[HEADER + SEALED :])
    with pytest.raises(PackageDamaged):
        list(open_package(file, KEY))


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    with pytest.raises(PackageDamaged):
        open_package(sealed(tmp_path, 10), bytes([1]) * 32)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(tmp_path: Path, length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"), SealedFile(tmp_path / "package.sealed", bytes(length)):
        pass


def test_a_missing_file_is_told_like_a_damaged_one_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(PackageDamaged) as caught:
        open_package(tmp_path / "gone.sealed", KEY)
    assert isinstance(caught.value, AssistantError)
    assert str(tmp_path) not in str(caught.value)


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    assert stat.S_IMODE(sealed(tmp_path, 10).stat().st_mode) == 0o600


def test_nothing_is_there_before_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "package.sealed"
    with SealedFile(file, KEY) as whole:
        whole.writer.write(content(SEGMENT * 2))
        assert not file.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_run_after_a_kill_begins_afresh(tmp_path: Path) -> None:
    (tmp_path / "package.sealed.part").write_bytes(b"half")
    assert b"".join(open_package(sealed(tmp_path, 20), KEY)) == content(20)
    assert [file.name for file in tmp_path.iterdir()] == ["package.sealed"]


@pytest.mark.parametrize(
    ("code", "error"), [(errno.ENOSPC, NoRoom), (errno.EDQUOT, NoRoom), (errno.EIO, PackageNotWritten)]
)
def test_a_disk_that_refuses_is_told_with_what_to_do_and_leaves_nothing(
    tmp_path: Path, code: int, error: type[PackageNotWritten]
) -> None:
    with SealedFile(tmp_path / "package.sealed", KEY) as whole:
        whole.writer._target = Disk(SEGMENT, code).holding(whole.writer._target)
        with pytest.raises(error) as caught:
            whole.writer.write(content(4 * SEGMENT))
    assert type(caught.value) is error
    assert "data folder" in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_a_spool_gives_back_what_it_took_however_much(tmp_path: Path) -> None:
    for size in (0, 10, 3 * 1024 * 1024):
        spool = SealedSpool(tmp_path)
        spool.write(content(size))
        assert spool.size == size
        assert b"".join(spool.read()) == content(size)
        spool.close()


def test_a_spool_holds_nothing_readable(tmp_path: Path) -> None:
    spool = SealedSpool(tmp_path)
    spool.write(b"canary" * 400_000)
    spool._held.seek(0)
    assert b"canary" not in spool._held.read()
    spool.close()
