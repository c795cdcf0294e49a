"""A34: a code proves what the mail that held it names, in whatever order things were asked, codes sent and typed."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.domain.reference import parse_references
from assistant.store.tables import EvidenceRow
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk
from tests.integration.test_limits_told import words_in

SAYS = {
    "en": {
        "copy": "Please send me a copy of all the personal data you hold about me.",
        "erase": "Please erase all my data.",
        "restrict": "Please restrict the processing of my data.",
        "resend": "please send a new code",
    },
    "fr": {
        "copy": "Envoyez-moi une copie de toutes les données personnelles que vous détenez sur moi.",
        "erase": "Effacez toutes mes données, s'il vous plaît.",
        "restrict": "Je demande la limitation du traitement de mes données.",
        "resend": "renvoyez-moi un code",
    },
}
NOT_ME = re.compile(r"/verify/stop/\w+")
AFTER = ("erase", "restrict", "resend", "post")


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


async def test_a_code_proves_what_its_mail_names_and_nothing_that_was_asked_after(desk: PostingDesk) -> None:
    wrong = []
    for number, order in enumerate(itertools.permutations(AFTER)):
        talk, address, language = f"talk-{number}", f"anna{number}@post.example", ("en", "fr")[number % 2]
        for step in ("copy", "address", *order, "post"):
            if step == "post":
                await desk.post()
            else:
                says = address if step == "address" else SAYS[language][step]
                await desk.chat(talk, says, locale=language)
        conversation = await desk.chat_of(talk)
        mails = [words_in(mail) for mail in desk.server.to(address)]
        asked = {request.ref for request in await desk.requests_in(conversation)}
        assert len(asked) == 3, (order, asked)
        for mail in reversed(mails):  # the newest is the one that counts
            named = set(parse_references(mail))
            code = re.search(r"\b\d{8}\b", mail)
            assert code, mail
            assert NOT_ME.search(mail), mail
            before = await proved(desk, conversation.id)
            await desk.chat(talk, code[0], locale=language)
            new = await proved(desk, conversation.id) - before
            if not new <= named or (mail == mails[-1] and new != named):
                wrong.append((order, new, named))
    assert wrong == []


async def proved(desk: PostingDesk, conversation_id: str) -> set[str]:
    rows = [row for row in await desk.all(EvidenceRow) if row.conversation_id == conversation_id]
    return {ref for row in rows for ref in row.references}
