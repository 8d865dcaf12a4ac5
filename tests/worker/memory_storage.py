# SPDX-License-Identifier: Apache-2.0
"""What the server stores for workers, in memory: checkpoints by the protocol, items in langgraph's own store."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from typing import Any

from langgraph.store.base import GetOp, Item, ListNamespacesOp, MatchCondition, PutOp, SearchOp
from langgraph.store.memory import InMemoryStore

Key = tuple[str, str, str]


class MemoryStorage:
    """Connections and tests use it side by side: whoever calls holds ``lock``."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.latest: dict[tuple[str, str], str] = {}
        self.checkpoints: dict[Key, dict[str, Any]] = {}
        self.blobs: dict[tuple[str, str, str, str], tuple[str, bytes]] = {}
        self.writes: dict[Key, dict[tuple[str, int], dict[str, Any]]] = defaultdict(dict)
        self.items = InMemoryStore()

    # ---- checkpoints

    def put(self, header: dict[str, Any], blobs: list[bytes]) -> None:
        thread_id, ns = header["thread_id"], header["checkpoint_ns"]
        self.checkpoints[thread_id, ns, header["checkpoint_id"]] = {
            "parent": header["parent_checkpoint_id"],
            "type": header["type"],
            "blob": blobs[0],
            "metadata": blobs[1],
            "versions": header["versions"],
        }
        self.latest[thread_id, ns] = max(self.latest.get((thread_id, ns), ""), header["checkpoint_id"])
        for entry, blob in zip(header["blobs"], blobs[2:], strict=True):
            self.blobs[thread_id, ns, entry["channel"], entry["version"]] = (entry["type"], blob)

    def put_writes(self, header: dict[str, Any], blobs: list[bytes]) -> None:
        key = (header["thread_id"], header["checkpoint_ns"], header["checkpoint_id"])
        for entry, blob in zip(header["writes"], blobs, strict=True):
            place = (header["task_id"], entry["idx"])
            if entry["idx"] < 0 or place not in self.writes[key]:
                self.writes[key][place] = {**entry, "task_path": header["task_path"], "blob": blob}

    def get(self, thread_id: str, ns: str, checkpoint_id: str | None) -> Key | None:
        if checkpoint_id is None:
            checkpoint_id = self.latest.get((thread_id, ns))
        key = (thread_id, ns, checkpoint_id or "")
        return key if key in self.checkpoints else None

    def list(self, header: dict[str, Any], body: bytes) -> list[Key]:
        wanted = json.loads(body) if body else {}
        found = []
        for key, row in self.checkpoints.items():
            if any(
                header[name] is not None and header[name] != value
                for name, value in zip(("thread_id", "checkpoint_ns", "checkpoint_id"), key, strict=True)
            ):
                continue
            if header["before"] is not None and key[2] >= header["before"]:
                continue
            metadata = json.loads(row["metadata"])
            if any(metadata.get(name) != value for name, value in wanted.items()):
                continue
            found.append(key)
        found.sort(key=lambda key: key[2], reverse=True)
        return found if header["limit"] is None else found[: header["limit"]]

    def tuple_of(self, key: Key) -> tuple[dict[str, Any], list[bytes]]:
        """A tuple's header part and its blobs."""
        row = self.checkpoints[key]
        blobs, channels, writes = [row["blob"], row["metadata"]], [], []
        for channel, version in row["versions"].items():
            if (value := self.blobs.get((key[0], key[1], channel, version))) is not None:
                channels.append({"channel": channel, "version": version, "type": value[0]})
                blobs.append(value[1])
        for (task_id, idx), write in self.writes[key].items():
            writes.append(
                {
                    "task_id": task_id,
                    "idx": idx,
                    "channel": write["channel"],
                    "type": write["type"],
                    "task_path": write["task_path"],
                }
            )
            blobs.append(write["blob"])
        part = {
            "thread_id": key[0],
            "checkpoint_ns": key[1],
            "checkpoint_id": key[2],
            "parent_checkpoint_id": row["parent"],
            "type": row["type"],
            "channels": channels,
            "writes": writes,
        }
        return part, blobs

    def _drop(self, keys: list[Key]) -> None:
        for key in keys:
            self.checkpoints.pop(key, None)
            self.writes.pop(key, None)
        self.latest.clear()
        for thread_id, ns, checkpoint_id in sorted(self.checkpoints):
            self.latest[thread_id, ns] = checkpoint_id

    def delete(self, thread_id: str) -> None:
        self._drop([key for key in {*self.checkpoints, *self.writes} if key[0] == thread_id])
        for key in [key for key in self.blobs if key[0] == thread_id]:
            del self.blobs[key]

    def delete_for_runs(self, run_ids: list[str]) -> None:
        self._drop([k for k, row in self.checkpoints.items() if json.loads(row["metadata"]).get("run_id") in run_ids])

    def copy(self, source: str, target: str) -> None:
        for table in (self.checkpoints, self.blobs, self.writes):
            for key in [key for key in table if key[0] == source]:
                table[(target, *key[1:])] = dict(table[key]) if isinstance(table[key], dict) else table[key]
        self._drop([])

    def prune(self, thread_ids: list[str], strategy: str) -> None:
        for thread_id in thread_ids:
            if strategy == "delete":
                self.delete(thread_id)
                continue
            for ns in {key[1] for key in self.checkpoints if key[0] == thread_id}:
                latest = self.get(thread_id, ns, None)
                self._drop([k for k in self.checkpoints if k[:2] == (thread_id, ns) and k != latest])

    # ---- items

    def batch(self, ops: list[dict[str, Any]]) -> list[Any]:
        return [_result(result) for result in self.items.batch([_op(op) for op in ops])]


def _op(op: dict[str, Any]) -> Any:
    kind = op["op"]
    if kind == "get":
        return GetOp(tuple(op["namespace"]), op["key"], op["refresh_ttl"])
    if kind == "put":
        return PutOp(tuple(op["namespace"]), op["key"], op["value"], op["index"], op["ttl"])
    if kind == "search":
        return SearchOp(tuple(op["namespace_prefix"]), op["filter"], op["limit"], op["offset"], op["query"])
    conditions = tuple(MatchCondition(c["match_type"], tuple(c["path"])) for c in op["match_conditions"] or ())
    return ListNamespacesOp(conditions or None, op["max_depth"], op["limit"], op["offset"])


def _result(result: Any) -> Any:
    if isinstance(result, Item):
        return result.dict()
    if isinstance(result, list):
        return [_result(entry) for entry in result]
    return result
