"""Mails that cost a reader time or memory out of proportion, each kind in any size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

_HEAD: Final = b"From: a@client.example\r\nTo: privacy@desk.example.test\r\nSubject: x\r\nMessage-ID: <1@client.example>\r\n"
_HTML: Final = _HEAD + b"Content-Type: text/html\r\n\r\n"
_REPORT: Final = (
    _HEAD + b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\n"
)


def _repeated(unit: bytes, size: int) -> bytes:
    return (unit * (size // len(unit) + 1))[:size]


def _mixed(boundary: bytes = b"x") -> bytes:
    return _HEAD + b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n\r\n'


def _nested(depth: int) -> bytes:
    parts = (b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (i, i) for i in range(depth))
    return _HEAD + b"".join(parts)


BOMBS: Final[Mapping[str, Callable[[int], bytes]]] = {
    "boundary lines": lambda n: _mixed() + _repeated(b"--x\r\n", n),
    "boundary lines closed": lambda n: _mixed() + _repeated(b"--x--\r\n", n),
    "90 open boundaries": lambda n: _nested(90) + _repeated(b"--q\r\n", n),
    "90 open dashes": lambda n: _nested(90) + _repeated(b"--0\r\nA\r\n", n),
    "long boundary prefix": lambda n: _mixed(b"y" * 60) + _repeated(b"--" + b"y" * 60 + b"z\r\n", n),
    "parts": lambda n: _mixed() + _repeated(b"--x\r\nContent-Type: text/plain\r\n\r\nhi\r\n", n),
    "parts html": lambda n: _mixed() + _repeated(b"--x\r\nContent-Type: text/html\r\n\r\n<p>hi\r\n", n),
    "attachments": lambda n: (
        _mixed()
        + _repeated(
            b"--x\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\nhi\r\n",
            n,
        )
    ),
    "rfc822": lambda n: (
        _HEAD
        + b"Content-Type: message/rfc822\r\n\r\n"
        + _repeated(b"Content-Type: message/rfc822\r\n\r\n", n)
    ),
    "headers": lambda n: _HEAD + _repeated(b"X-A: b\r\n", n) + b"\r\nhi",
    "header fold": lambda n: _HEAD + b"X-A: b\r\n" + _repeated(b" c\r\n", n) + b"\r\nhi",
    "long header": lambda n: _HEAD + b"X-A: " + _repeated(b"c", n) + b"\r\n\r\nhi",
    "part headers": lambda n: _mixed() + b"--x\r\n" + _repeated(b"X-A: b\r\n", n) + b"\r\nhi",
    "part header fold": lambda n: _mixed() + b"--x\r\nX-A: b\r\n" + _repeated(b" c\r\n", n) + b"\r\nhi",
    "part header long": lambda n: _mixed() + b"--x\r\nX-A: " + _repeated(b"c", n) + b"\r\n\r\nhi",
    "2047 subject": lambda n: b"Subject: " + _repeated(b"=?utf-8?q?a?= ", n) + b"\r\n" + _HEAD + b"\r\nhi",
    "2047 fold": lambda n: b"Subject: a\r\n" + _repeated(b" =?utf-8?b?YQ==?=\r\n", n) + _HEAD + b"\r\nhi",
    "2231": lambda n: (
        _HEAD
        + b"Content-Type: text/plain"
        + b"".join(b"; x*%d*=utf-8''a" % i for i in range(n // 20))
        + b"\r\n\r\nhi"
    ),
    "2231 filename": lambda n: (
        _mixed()
        + b"--x\r\nContent-Disposition: attachment"
        + b"".join(b"; filename*%d*=a%%20" % i for i in range(n // 20))
        + b"\r\n\r\nhi"
    ),
    "ct semicolons": lambda n: _HEAD + b"Content-Type: text/plain" + _repeated(b";", n) + b"\r\n\r\nhi",
    "ct semis disp 7k x many": lambda n: (
        _mixed()
        + _repeated(b"--x\r\nContent-Disposition: attachment" + b"; f*1=a" * 900 + b"\r\n\r\nhi\r\n", n)
    ),
    "ct quotes": lambda n: (
        _mixed() + _repeated(b'--x\r\nContent-Type: text/plain; a="' + b'\\"' * 3000 + b"\r\n\r\nhi\r\n", n)
    ),
    "base64": lambda n: _HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + _repeated(b"QUFB\r\n", n),
    "base64 garbage": lambda n: (
        _HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + _repeated(b"\xff!@#\r\n", n)
    ),
    "base64 =": lambda n: _HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + _repeated(b"=", n),
    "qp": lambda n: _HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + _repeated(b"=\r\n", n),
    "uu": lambda n: (
        _HEAD + b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\r\n" + _repeated(b"#0V%T\r\n", n)
    ),
    "uu garbage": lambda n: (
        _HEAD + b"Content-Transfer-Encoding: uuencode\r\n\r\n" + _repeated(b"begin 644 a\r\n", n)
    ),
    "html lt": lambda n: _HTML + _repeated(b"<", n),
    "html tag": lambda n: _HTML + _repeated(b"<a b='", n),
    "html nest": lambda n: _HTML + _repeated(b"<div class=gmail_quote>", n),
    "html class": lambda n: _HTML + _repeated(b"<a class=class=class=class=class=>", n),
    "html script": lambda n: _HTML + _repeated(b"<script>", n),
    "html style": lambda n: _HTML + _repeated(b"<style></styl", n),
    "html comment": lambda n: _HTML + _repeated(b"<!--", n),
    "html amp": lambda n: _HTML + _repeated(b"&amp", n),
    "html &#": lambda n: _HEAD + b"Content-Type: text/html\r\n\r\n&#" + _repeated(b"9", n),
    "crs": lambda n: _HEAD + b"\r\n" + _repeated(b"\r", n),
    "nuls": lambda n: _HEAD + b"\r\n" + _repeated(b"\0", n),
    "lfs": lambda n: _HEAD + b"\r\n" + _repeated(b"\n", n),
    "spaces": lambda n: _HEAD + b"\r\n" + _repeated(b" ", n),
    "quotes": lambda n: _HEAD + b"\r\n" + _repeated(b">", n),
    "quotes lines": lambda n: _HEAD + b"\r\n" + _repeated(b"> a\n", n),
    "on wrote": lambda n: _HEAD + b"In-Reply-To: <1@q>\r\n\r\n" + _repeated(b"On 1\n", n),
    "from blocks": lambda n: _HEAD + b"\r\n" + _repeated(b"From: a\n", n),
    "utf7": lambda n: _HEAD + b"Content-Type: text/plain; charset=utf-7\r\n\r\n" + _repeated(b"+AGE-", n),
    "hz": lambda n: _HEAD + b"Content-Type: text/plain; charset=hz\r\n\r\n" + _repeated(b"~{", n),
    "iso2022": lambda n: (
        _HEAD + b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n" + _repeated(b"\x1b$B", n)
    ),
    "zlib": lambda n: _HEAD + b"Content-Type: text/plain; charset=zlib\r\n\r\n" + _repeated(b"x", n),
    "no newline": lambda n: _HEAD + b"\r\n" + _repeated(b"a", n),
    "only CR header": lambda n: _repeated(b"A:\r", n),
    "ids": lambda n: (
        _HEAD + b"References: " + _repeated(b"<desk.a.b.c@desk.example.test> ", n) + b"\r\n\r\nhi"
    ),
    "to": lambda n: b"To: " + _repeated(b"a@b.example, ", n) + b"\r\n" + _HEAD + b"\r\nhi",
    "from quoted": lambda n: b'From: "' + _repeated(b"\\", n) + b"\r\n\r\nhi",
    "dsn": lambda n: (
        _REPORT
        + b"Content-Type: message/delivery-status\r\n\r\n"
        + _repeated(b"Final-Recipient: rfc822; a@b.c\r\nAction: failed\r\n\r\n", n)
    ),
    "dsn ids": lambda n: _REPORT + b"\r\n" + _repeated(b"<desk.a.b.c@desk.example.test>", n),
    "ctypes": lambda n: _HEAD + b"\r\n" + _repeated(b"Content-Type: a\n", n),
    "content-x": lambda n: _HEAD + b"\r\n" + _repeated(b"content-", n),
    "content fold": lambda n: _HEAD + b"\r\ncontent-a:" + _repeated(b"\n a", n),
    "boundary=": lambda n: _HEAD + b"\r\n" + _repeated(b"boundary ", n),
    "boundary sp": lambda n: _HEAD + b"\r\n" + _repeated(b"boundary         ", n),
    "mark": lambda n: _REPORT + b"\r\n" + _repeated(b"X-Privacy-Desk:         ", n),
    "ar": lambda n: (
        _HEAD + b"Authentication-Results: mail.desk.example.test; " + _repeated(b"(", n) + b"\r\n\r\nhi"
    ),
    "ar2": lambda n: (
        _HEAD
        + b"Authentication-Results: mail.desk.example.test; "
        + _repeated(b"dmarc=pass;", n)
        + b"\r\n\r\nhi"
    ),
    "auth many": lambda n: (
        _HEAD + _repeated(b"Authentication-Results: mail.desk.example.test; dmarc=pass\r\n", n) + b"\r\nhi"
    ),
    "preamble": lambda n: _mixed() + _repeated(b"a\r\n", n),
    "epilogue": lambda n: _mixed() + b"--x\r\n\r\nhi\r\n--x--\r\n" + _repeated(b"a\r\n", n),
    "pgp": lambda n: _HEAD + b"\r\n" + _repeated(b"-----BEGIN PGP ", n),
    "emoji sig": lambda n: _HEAD + b"\r\n" + _repeated(b"-- \n", n),
    "under": lambda n: _HEAD + b"\r\n" + _repeated(b"_", n),
    "dashes": lambda n: _HEAD + b"\r\n" + _repeated(b"-=", n),
    "rule lines": lambda n: _HEAD + b"\r\n" + _repeated(b"____________________\n\n", n),
    "sent from": lambda n: _HEAD + b"\r\n" + _repeated(b"sent from my\na\n", n),
    "von meinem": lambda n: _HEAD + b"\r\n" + _repeated(b"von meinem a\n", n),
}
