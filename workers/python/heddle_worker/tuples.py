# SPDX-License-Identifier: Apache-2.0
"""Checkpoint tuples between the wire (header part + blobs) and LangGraph's objects.

A StoredTuple keeps the serialised bytes: whoever reads a tuple gets objects of its own, exactly as if they had come
out of the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from langgraph.checkpoint.base import CheckpointTuple
from langgraph.checkpoint.serde.base import SerializerProtocol

# The type of a blob that says: this channel has no value at this version.
EMPTY = "empty"

Typed = tuple[str, bytes]


@dataclass(slots=True)
class StoredWrite:
    """One pending write; (task_id, idx) identifies it within its checkpoint."""

    task_id: str
    idx: int
    channel: str
    task_path: str
    value: Typed


@dataclass(slots=True)
class StoredTuple:
    """A checkpoint with its channel values and pending writes, serialised."""

    thread_id: str
    checkpoint_ns: str
    checkpoint_id: str
    parent_checkpoint_id: str | None
    checkpoint: Typed
    metadata: bytes
    channels: dict[str, Typed]
    versions: dict[str, str]
    writes: dict[tuple[str, int], StoredWrite] = field(default_factory=dict)

    def add_writes(self, writes: Sequence[StoredWrite]) -> None:
        """Adds writes by the server's rule: a regular one that exists stays, a special one is replaced."""
        for write in writes:
            key = (write.task_id, write.idx)
            if write.idx < 0 or key not in self.writes:
                self.writes[key] = write

    def load(self, serde: SerializerProtocol) -> CheckpointTuple:
        """Deserialises into LangGraph's tuple."""
        checkpoint = serde.loads_typed(self.checkpoint)
        checkpoint["channel_values"] = {
            channel: serde.loads_typed(value) for channel, value in self.channels.items() if value[0] != EMPTY
        }
        # the order in which LangGraph itself applies the writes of a step
        writes = sorted(self.writes.values(), key=lambda w: (w.task_path, w.task_id, w.idx))
        return CheckpointTuple(
            config=checkpoint_config(self.thread_id, self.checkpoint_ns, self.checkpoint_id),
            checkpoint=checkpoint,
            metadata=orjson.loads(self.metadata),
            parent_config=checkpoint_config(self.thread_id, self.checkpoint_ns, self.parent_checkpoint_id)
            if self.parent_checkpoint_id
            else None,
            pending_writes=[(w.task_id, w.channel, serde.loads_typed(w.value)) for w in writes],
        )


def checkpoint_config(thread_id: str, checkpoint_ns: str, checkpoint_id: str | None) -> dict[str, Any]:
    """The config that names a checkpoint, keys in the order the API shows them."""
    return {
        "configurable": {"thread_id": thread_id, "checkpoint_ns": checkpoint_ns, "checkpoint_id": checkpoint_id},
    }


def take_tuple(part: dict[str, Any], blobs: list[bytes]) -> StoredTuple:
    """Reads a tuple's header part and removes its blobs from the front of ``blobs``."""
    channels, writes = part["channels"], part["writes"]
    count = 2 + len(channels) + len(writes)
    mine = blobs[:count]
    del blobs[:count]
    values = iter(mine[2:])
    return StoredTuple(
        thread_id=part["thread_id"],
        checkpoint_ns=part["checkpoint_ns"],
        checkpoint_id=part["checkpoint_id"],
        parent_checkpoint_id=part.get("parent_checkpoint_id"),
        checkpoint=(part["type"], mine[0]),
        metadata=mine[1],
        channels={entry["channel"]: (entry["type"], next(values)) for entry in channels},
        versions={entry["channel"]: entry["version"] for entry in channels},
        writes={
            (entry["task_id"], entry["idx"]): StoredWrite(
                entry["task_id"],
                entry["idx"],
                entry["channel"],
                entry.get("task_path") or "",
                (entry["type"], next(values)),
            )
            for entry in writes
        },
    )
