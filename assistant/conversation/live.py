"""A live chat for whoever holds its session: the token that names it, what it shows, and who its host site says is there."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Literal

from assistant.casework.requests.intake import conversation_id
from assistant.casework.talk import hiding
from assistant.casework.talk.sign_ins import identify_in_chat
from assistant.domain.assurance import Method
from assistant.errors import NotVerified
from assistant.interfaces import ChatMessage, ChatSession
from assistant.services import Services

_NONCE_BYTES = 24


@dataclass(slots=True)
class LiveChats:
    """What the socket of a live chat asks beside its messages."""

    services: Services

    async def open_session(self, token: str | None, after: int | None, locale: str | None) -> ChatSession:
        """Resume the session of a token, or begin a new one; history hides after 30 idle minutes."""
        if token and self._is_ours(token):
            thread = self._thread(token)
            found = await self.services.write(lambda unit: hiding.resume(unit, thread, after))
            if found is not None:
                return replace(found, token=token)
        fresh = self._new_token()
        return hiding.begun(self.services, self._thread(fresh), fresh)

    def _new_token(self) -> str:
        nonce = self.services.random(_NONCE_BYTES).hex()
        return nonce + self._mac(nonce)

    def _is_ours(self, token: str) -> bool:
        nonce, mac = token[: 2 * _NONCE_BYTES], token[2 * _NONCE_BYTES :]
        return hmac.compare_digest(self._mac(nonce).encode(), mac.encode())

    def _mac(self, nonce: str) -> str:
        return self.services.keyring.keyed_hash(nonce, "chat")[:32]

    def _thread(self, token: str) -> str:
        return self.services.keyring.keyed_hash(token, "thread")

    async def identify(self, thread: str, token: str) -> None:
        """Take a page-load token of the host site: proves T1 for what waits in this conversation, once."""
        sign_in = self.services.sign_ins.get(Method.PAGE_TOKEN)
        if sign_in is None:
            raise NotVerified("This site does not sign its visitors in to the chat.")
        who = sign_in.read(token, self.services.clock.now())
        if who.nonce:  # made for one case, which it proves on its own page (A20)
            raise NotVerified("This sign-in was made for something else; sign in to the website again.")
        await identify_in_chat(self.services, conversation_id(self.services, "webchat", thread), who)

    async def seen(self, thread: str, message_id: int) -> None:
        """Note the last message the person has seen."""
        ident = conversation_id(self.services, "webchat", thread)
        await self.services.write(lambda unit: hiding.note_seen(unit, ident, message_id))

    def watch(
        self, thread: str
    ) -> AbstractAsyncContextManager[AsyncIterator[ChatMessage | Literal["typing"]]]:
        """Give the messages to this thread as they are committed."""
        return self.services.hub.watch(conversation_id(self.services, "webchat", thread))
