"""The steps every journey shares: asking and proving, in chat and by mail."""

from __future__ import annotations

import re
import uuid
from email.message import EmailMessage
from typing import Any

from tests.doubles.desk_process import Chat, DeskProcess

Rows = dict[str, dict[object, tuple[object, ...]]]
_SUBJECTS = {"fr": "Demande", "en": "Request"}


def links_in(text: str, path: str) -> list[str]:
    """List the links of a mail that lead to a page of ours, but not the ones that stop."""
    return [link for link in re.findall(r"http://\S+", text) if path in link and "/stop/" not in link]


async def type_code(desk: DeskProcess, chat: Chat, email: str) -> None:
    """Name the address, read the code in its mailbox, and type it where it was asked for."""
    await chat.asked("email")
    await chat.say(email)
    await chat.asked("code")
    await chat.say(await desk.code(email))


async def prove_in_chat(desk: DeskProcess, chat: Chat, email: str, ref: str) -> None:
    """Type that code, and wait until it is confirmed what it proves."""
    await type_code(desk, chat, email)
    await chat.until(lambda m: ref in m["text"] and m["expects"] is None, "that it is confirmed")


async def scheduled(desk: DeskProcess, sentence: str, right: str, email: str) -> tuple[str, dict[str, Any]]:
    """Ask, prove, have it approved, and let its hold end; gives the reference and the plan."""
    async with desk.chat("en") as chat:
        await chat.say(sentence)
        ref = (await chat.opened())[right]
        await prove_in_chat(desk, chat, email, ref)
    plan: dict[str, Any] = await desk.approve(ref)
    await desk.forward("73h")
    return ref, plan


async def confirm_change(chat: Chat, *shown: str, answer: str = "yes") -> dict[str, Any]:
    """Wait until from → to is shown with everything named here, and press one of its buttons."""
    question = await chat.until(
        lambda m: any(c["value"].startswith("change:yes") for c in m["choices"]), "from → to, to be confirmed"
    )
    assert all(each in question["text"] for each in shown), question["text"]
    value = next(c["value"] for c in question["choices"] if c["value"].startswith(f"change:{answer}"))
    await chat.choose(value)
    return question


async def ask_by_mail(desk: DeskProcess, sentence: str, email: str, language: str) -> str:
    """Write a mail from an address and give the reference of the acknowledgement."""
    desk.send_mail(sentence, sender=email, subject=_SUBJECTS[language])
    receipt = await desk.mail(email, "PR-")
    found = re.search(r"PR-\w{8}", f"{receipt['subject']}\n{receipt.get_content()}")
    assert found
    return found.group()


def answer_mail(desk: DeskProcess, asked: EmailMessage, text: str, sender: str) -> None:
    """Answer a mail of the desk in its thread, as a mail program does."""
    headers = {
        "From": sender,
        "To": str(asked["reply-to"]),
        "Subject": "Re: PR",
        "Message-ID": f"<{uuid.uuid4()}@mail.example>",
        "In-Reply-To": str(asked["message-id"]),
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    desk.send_raw(f"{head}\r\n{text}\r\n".encode(), sender)


async def received(desk: DeskProcess, email: str) -> list[str]:
    """Wait for the receipt of what was asked by mail, and give the references that it names."""
    receipt = await desk.mail(email, "PR-")
    return list(dict.fromkeys(re.findall(r"PR-\w{8}", f"{receipt['subject']}\n{receipt.get_content()}")))


async def confirm_link(desk: DeskProcess, link: str, ref: str, **more: str) -> str:
    """Press *I asked for this* on the page of a link, with the end of the reference that the receipt says."""
    return await desk.press(link, answer="yes", reference=ref[-4:], **more)


async def confirm_by_mail(desk: DeskProcess, email: str, ref: str) -> None:
    """Open the link that was mailed, see that nothing happens by it, and confirm with what the receipt says."""
    link = links_in((await desk.mail(email, "/verify/")).get_content(), "/verify/")[0]
    status, page = await desk.page(link)
    assert status == 200
    assert ref not in page
    assert (await desk.request(ref))["status"] == "verifying", "opening the link changes nothing"
    await confirm_link(desk, link, ref)


def columns_of(desk: DeskProcess, table: str) -> list[str]:
    """Name the columns of a table of the client area, in order."""
    return [str(row[1]) for row in desk.query(f"PRAGMA table_info('{table}')")]


def changed_cells(desk: DeskProcess, before: Rows, after: Rows) -> set[tuple[str, object, str]]:
    """Name every cell that is not as it was, as (table, rowid, column); a row that went counts as `*`."""
    cells: set[tuple[str, object, str]] = set()
    for table, rows in before.items():
        names = columns_of(desk, table)
        for key in {*rows, *after[table]}:
            old, new = rows.get(key), after[table].get(key)
            if old is None or new is None:
                cells.add((table, key, "*"))
            elif old != new:
                cells |= {(table, key, n) for n, a, b in zip(names, old, new, strict=True) if a != b}
    return cells
