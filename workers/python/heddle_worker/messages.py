# SPDX-License-Identifier: Apache-2.0
"""The accumulating message stream (stream mode ``messages``)."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import BaseMessage, BaseMessageChunk, message_chunk_to_message


class MessageAccumulator:
    """Turns single chunks into "the message so far", one accumulator a run.

    A new message is announced by ``messages/metadata``. Chunks follow as ``messages/partial``; a message that no
    model streamed is one ``messages/complete``.
    """

    def __init__(self) -> None:
        self._announced: set[str] = set()
        self._so_far: dict[str, BaseMessageChunk] = {}

    def take(self, message: BaseMessage, metadata: dict[str, Any]) -> list[tuple[str, Any]]:
        """The (event, data) pairs that this message or chunk causes."""
        events: list[tuple[str, Any]] = []
        key = message.id or ""
        if key not in self._announced:
            self._announced.add(key)
            events.append(("messages/metadata", {key: {"metadata": metadata}}))
        if not isinstance(message, BaseMessageChunk):
            events.append(("messages/complete", [message]))
            return events
        so_far = self._so_far.get(key)
        so_far = message if so_far is None else so_far + message
        self._so_far[key] = so_far
        events.append(("messages/partial", [message_chunk_to_message(so_far)]))
        return events
