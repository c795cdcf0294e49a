from __future__ import annotations

import stat
from datetime import date
from typing import TYPE_CHECKING

import pytest

from assistant.config import load_settings, require_complete
from assistant.demo.settings import lay_out

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 24)


def test_the_demo_writes_settings_that_the_desk_accepts_whole(tmp_path: Path) -> None:
    demo = lay_out(tmp_path / "a folder 'é'", port=8091, mail_port=2591, today=TODAY)

    settings = load_settings(demo.settings_file)
    require_complete(settings)

    assert settings.controller.invented
    assert settings.server.port == 8091
    assert settings.email.listen == "127.0.0.1:2591"
    assert settings.email.maildir == demo.mailbox_dir
    assert settings.client_area.key == demo.client_area.key
    assert settings.periods.hold_hours == 72
    assert not settings.approvals.four_eyes
    assert len(settings.maps["client-area"].tables) == 34
    assert settings.catalogue.retention["accounting"].years == 7
    assert [source.kind for source in settings.sources] == ["sql", "own_records"]


def test_four_eyes_can_be_asked_for(tmp_path: Path) -> None:
    demo = lay_out(tmp_path, port=1, mail_port=2, today=TODAY, four_eyes=True)

    assert load_settings(demo.settings_file).approvals.four_eyes


def test_the_hold_can_be_left_out(tmp_path: Path) -> None:
    demo = lay_out(tmp_path, port=1, mail_port=2, today=TODAY, hold=False)

    assert load_settings(demo.settings_file).periods.hold_hours == 0


def test_a_second_start_in_the_same_folder_keeps_the_sample_database(tmp_path: Path) -> None:
    first = lay_out(tmp_path, port=1, mail_port=2, today=TODAY)
    first.client_area_file.write_bytes(b"as it was left")

    second = lay_out(tmp_path, port=3, mail_port=4, today=TODAY)

    assert second.client_area_file.read_bytes() == b"as it was left"
    assert load_settings(second.settings_file).server.port == 3


def test_nobody_else_can_read_the_key_and_every_folder_has_its_own(tmp_path: Path) -> None:
    one, other = (lay_out(tmp_path / name, port=1, mail_port=2, today=TODAY) for name in ("one", "other"))

    assert stat.S_IMODE(one.settings_file.stat().st_mode) == 0o600
    assert one.client_area.key != other.client_area.key
    assert one.client_area.key not in repr(one)


@pytest.mark.parametrize("name", ["Camille", "\u0130", "a$b", 'a"b'])
def test_any_folder_name_survives_the_settings(tmp_path: Path, name: str) -> None:
    demo = lay_out(tmp_path / name, port=1, mail_port=2, today=TODAY)

    settings = load_settings(demo.settings_file)

    assert settings.email.maildir == demo.mailbox_dir
    assert settings.sources[0].url == f"sqlite:///{demo.client_area_file}"
