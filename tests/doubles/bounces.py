"""What mail servers of several makes and languages write back, with places to fill in."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent.parent / "data" / "bounces"
BOUNCES = sorted(file.stem for file in _FOLDER.glob("*.eml"))


def bounce(
    name: str, *, to: str, message_id: str = "<unknown@elsewhere.example>", mark: str = "none"
) -> bytes:
    """Give a sample about a mail to an address, under the id it had."""
    raw = (_FOLDER / f"{name}.eml").read_bytes()
    for place, value in (("TO", to), ("MESSAGE_ID", message_id), ("MARK", mark)):
        raw = raw.replace(f"%{place}%".encode(), value.encode())
    return raw.replace(b"\n", b"\r\n")
