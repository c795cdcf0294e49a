from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.demo.mailbox import box_of, linked, list_mails, read_mail
from assistant.errors import NotFound

if TYPE_CHECKING:
    from pathlib import Path

CAMILLE = "camille@courriel.example"


def put(folder: Path, name: str, text: str, *, at: int, recipient: str = CAMILLE, headers: str = "") -> None:
    head = f"From: desk@kuusik-lierre.example\r\nTo: {recipient}\r\nSubject: {name}\r\n{headers}\r\n"
    (folder / name).write_bytes((head + text).encode())
    os.utime(folder / name, ns=(at, at))


def test_the_newest_mail_comes_first_and_other_files_are_no_mail(tmp_path: Path) -> None:
    put(tmp_path, "old.eml", "", at=1)
    put(tmp_path, "new.eml", "", at=3)
    put(tmp_path, "mid.eml", "", at=2)
    (tmp_path / "being-written.tmp").write_text("x")

    assert [line.name for line in list_mails(tmp_path)] == ["new.eml", "mid.eml", "old.eml"]


def test_a_box_tells_recipients_apart_without_naming_them() -> None:
    assert box_of("Camille@courriel.example") == box_of(CAMILLE) != box_of("liis@postkast.example")
    assert "camille" not in box_of(CAMILLE)


@pytest.mark.parametrize("name", ["../secret.eml", "..%2fsecret.eml", "/etc/passwd", "none.eml", ""])
def test_only_mails_of_the_folder_are_opened(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.eml").write_text("Subject: no\n\nno")
    box = tmp_path / "box"
    box.mkdir()

    with pytest.raises(NotFound):
        read_mail(box, name)


def test_markup_in_a_mail_stays_text_and_its_links_can_be_clicked(tmp_path: Path) -> None:
    put(tmp_path, "a.eml", "<b>Hi</b> http://127.0.0.1/verify/x?a=1&b=2. Bye", at=1)

    html = str(read_mail(tmp_path, "a.eml").html)

    assert "&lt;b&gt;Hi&lt;/b&gt;" in html
    assert '<a href="http://127.0.0.1/verify/x?a=1&amp;b=2" rel="noreferrer">' in html
    assert html.endswith("</a>. Bye")


def test_a_charset_that_does_not_exist_still_shows_a_text(tmp_path: Path) -> None:
    put(tmp_path, "a.eml", "caf\xe9", at=1, headers="Content-Type: text/plain; charset=x-none\r\n")

    assert read_mail(tmp_path, "a.eml").text.startswith("caf")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_no_text_ever_becomes_markup_of_its_own(text: str) -> None:
    html = str(linked(text))
    without_links = html.replace('" rel="noreferrer">', "").replace("</a>", "").replace('<a href="', "")

    assert "<" not in without_links
