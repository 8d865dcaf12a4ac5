# SPDX-License-Identifier: Apache-2.0
"""The checkpoint saver whose storage is the server: a complete BaseCheckpointSaver over the protocol.

Every operation exists once as a request (header, body) and an answer; the blocking and the async method differ only
in how they call. The blocking ones work on any thread, the event loop's too.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_id,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from . import frames, jsonout
from .channel import CallError, Channel
from .tuples import EMPTY, StoredTuple, StoredWrite, Typed, checkpoint_config, take_tuple

# Where a checkpoint's own coordinates stand; they are columns of its row, or the run's, not the user's metadata.
_COORDINATES = frozenset(("thread_id", "run_id", "checkpoint_id", "checkpoint_ns"))

Request = tuple[dict[str, Any], bytes]


class RemoteSaver(BaseCheckpointSaver[str]):
    """Reads and writes checkpoints of any thread on the server. Raises CallError when the server refuses."""

    serde = JsonPlusSerializer()

    def __init__(
        self, channel: Channel, *, run_id: str | None = None, attempt: int | None = None, update: int | None = None
    ) -> None:
        # The base class would only wrap the serialiser once more for every run.
        self.channel = channel
        self.run_id = run_id
        self.attempt = attempt
        self._fence = {"run_id": run_id, "attempt": attempt} | ({} if update is None else {"update": update})

    def get_next_version(self, current: str | int | None, channel: None) -> str:
        """Versions sort as text: a counter, and a random part that tells forks apart."""
        if current is None:
            counter = 0
        elif isinstance(current, int):
            counter = current
        else:
            counter = int(current.split(".")[0])
        return f"{counter + 1:032}.{random.random():016}"

    # ---- hooks for savers that remember (RunSaver)

    def _known(self, thread_id: str, ns: str, checkpoint_id: str | None) -> StoredTuple | None | bool:
        """The tuple, or None for "there is none", or False for "ask the server"."""
        return False

    def _remember(self, stored: StoredTuple) -> None:
        pass

    def _remember_writes(self, config: RunnableConfig, writes: list[StoredWrite]) -> None:
        pass

    def _failed(self, error: CallError) -> None:
        pass

    # ---- calls

    def _call(self, request: Request) -> tuple[dict[str, Any], bytes]:
        try:
            return self.channel.call(*request)
        except CallError as error:
            self._failed(error)
            raise

    async def _acall(self, request: Request) -> tuple[dict[str, Any], bytes]:
        try:
            return await self.channel.acall(*request)
        except CallError as error:
            self._failed(error)
            raise

    # ---- get

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        stored = self._known(*coordinates(config))
        if stored is False:
            stored = _one_tuple(*self._call(_get_request(config)))
        return stored.load(self.serde) if stored else None

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        stored = self._known(*coordinates(config))
        if stored is False:
            stored = _one_tuple(*await self._acall(_get_request(config)))
        return stored.load(self.serde) if stored else None

    # ---- list

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        for stored in _tuples(*self._call(_list_request(config, filter, before, limit))):
            yield stored.load(self.serde)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        for stored in _tuples(*await self._acall(_list_request(config, filter, before, limit))):
            yield stored.load(self.serde)

    # ---- put

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        request, stored = self._put_request(config, checkpoint, metadata, new_versions)
        self._call(request)
        self._remember(stored)
        return checkpoint_config(stored.thread_id, stored.checkpoint_ns, stored.checkpoint_id)

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        request, stored = self._put_request(config, checkpoint, metadata, new_versions)
        await self._acall(request)
        self._remember(stored)
        return checkpoint_config(stored.thread_id, stored.checkpoint_ns, stored.checkpoint_id)

    def _put_request(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> tuple[Request, StoredTuple]:
        thread_id, ns, parent_id = coordinates(config)
        lean = dict(checkpoint)
        values = lean.pop("channel_values")
        kind, blob = self.serde.dumps_typed(lean)
        about = jsonout.dumps(checkpoint_metadata(config, metadata))
        fresh: dict[str, Typed] = {
            channel: self.serde.dumps_typed(values[channel]) if channel in values else (EMPTY, b"")
            for channel in new_versions
        }
        versions = {channel: str(version) for channel, version in checkpoint["channel_versions"].items()}
        versions.update({channel: str(version) for channel, version in new_versions.items()})
        parts, body = frames.join([blob, about, *(value for _, value in fresh.values())])
        header = {
            "method": "checkpoint.put",
            **self._fence,
            "thread_id": thread_id,
            "checkpoint_ns": ns,
            "checkpoint_id": checkpoint["id"],
            "parent_checkpoint_id": parent_id,
            "type": kind,
            "versions": versions,
            "blobs": [{"channel": c, "version": versions[c], "type": value[0]} for c, value in fresh.items()],
            "parts": parts,
        }
        stored = StoredTuple(thread_id, ns, checkpoint["id"], parent_id, (kind, blob), about, fresh, versions)
        return (header, body), stored

    # ---- put_writes

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        request, stored = self._writes_request(config, writes, task_id, task_path)
        self._call(request)
        self._remember_writes(config, stored)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        request, stored = self._writes_request(config, writes, task_id, task_path)
        await self._acall(request)
        self._remember_writes(config, stored)

    def _writes_request(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str
    ) -> tuple[Request, list[StoredWrite]]:
        thread_id, ns, checkpoint_id = coordinates(config)
        stored = [
            StoredWrite(task_id, WRITES_IDX_MAP.get(channel, at), channel, task_path, self.serde.dumps_typed(value))
            for at, (channel, value) in enumerate(writes)
        ]
        parts, body = frames.join([write.value[1] for write in stored])
        header = {
            "method": "checkpoint.put_writes",
            **self._fence,
            "thread_id": thread_id,
            "checkpoint_ns": ns,
            "checkpoint_id": checkpoint_id,
            "task_id": task_id,
            "task_path": task_path,
            "writes": [{"idx": w.idx, "channel": w.channel, "type": w.value[0]} for w in stored],
            "parts": parts,
        }
        return (header, body), stored

    # ---- threads

    def delete_thread(self, thread_id: str) -> None:
        self._call(_delete_request(thread_id))

    async def adelete_thread(self, thread_id: str) -> None:
        await self._acall(_delete_request(thread_id))

    def delete_for_runs(self, run_ids: Sequence[str]) -> None:
        self._call(_delete_runs_request(run_ids))

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        await self._acall(_delete_runs_request(run_ids))

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        self._call(_copy_request(source_thread_id, target_thread_id))

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        await self._acall(_copy_request(source_thread_id, target_thread_id))

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        self._call(_prune_request(thread_ids, strategy))

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        await self._acall(_prune_request(thread_ids, strategy))


def checkpoint_metadata(config: RunnableConfig, metadata: CheckpointMetadata) -> dict[str, Any]:
    """What is stored with a checkpoint: the caller's configurable scalars and the run's metadata, then source, step
    and parents, in the order the API shows. Who is signed in (langgraph_auth_*) stays out."""
    out: dict[str, Any] = {}
    last: dict[str, Any] = {}
    for key, value in (config.get("configurable") or {}).items():
        if key == "checkpoint_map":
            out[key] = value
        elif isinstance(value, (str, int, float)) and key not in _COORDINATES and not key.startswith("__"):
            if not key.startswith("langgraph_"):
                out[key] = value
            elif not key.startswith("langgraph_auth_"):
                last[key] = value
    for key, value in (config.get("metadata") or {}).items():
        if not key.startswith("__"):
            out[key] = value
    for key, value in metadata.items():
        out.pop(key, None)
        out[key] = value
    for key, value in last.items():
        out.setdefault(key, value)
    return out


def coordinates(config: RunnableConfig) -> tuple[str, str, str | None]:
    """Thread id, namespace and checkpoint id (None: the latest) that a config names."""
    configurable = config["configurable"]
    return str(configurable["thread_id"]), configurable.get("checkpoint_ns", ""), get_checkpoint_id(config) or None


def _get_request(config: RunnableConfig) -> Request:
    thread_id, ns, checkpoint_id = coordinates(config)
    return {
        "method": "checkpoint.get",
        "thread_id": thread_id,
        "checkpoint_ns": ns,
        "checkpoint_id": checkpoint_id,
    }, b""


def _list_request(
    config: RunnableConfig | None, filter: dict[str, Any] | None, before: RunnableConfig | None, limit: int | None
) -> Request:
    configurable = (config or {}).get("configurable") or {}
    thread_id = configurable.get("thread_id")
    return {
        "method": "checkpoint.list",
        "thread_id": None if thread_id is None else str(thread_id),
        "checkpoint_ns": configurable.get("checkpoint_ns"),
        "checkpoint_id": configurable.get("checkpoint_id") or None,
        "before": get_checkpoint_id(before) if before else None,
        "limit": limit,
    }, jsonout.dumps(filter) if filter else b""


def _delete_request(thread_id: str) -> Request:
    return {"method": "checkpoint.delete", "thread_id": str(thread_id)}, b""


def _delete_runs_request(run_ids: Sequence[str]) -> Request:
    return {"method": "checkpoint.delete_for_runs", "run_ids": [str(run_id) for run_id in run_ids]}, b""


def _copy_request(source: str, target: str) -> Request:
    return {"method": "checkpoint.copy", "source_thread_id": str(source), "target_thread_id": str(target)}, b""


def _prune_request(thread_ids: Sequence[str], strategy: str) -> Request:
    if strategy not in ("keep_latest", "delete"):
        raise ValueError(f"unknown prune strategy {strategy!r}: keep_latest or delete")
    return {"method": "checkpoint.prune", "thread_ids": [str(t) for t in thread_ids], "strategy": strategy}, b""


def _one_tuple(header: dict[str, Any], body: bytes) -> StoredTuple | None:
    part = header.get("checkpoint")
    return None if part is None else take_tuple(part, frames.split(header, body))


def _tuples(header: dict[str, Any], body: bytes) -> list[StoredTuple]:
    blobs = frames.split(header, body) if header["checkpoints"] else []
    return [take_tuple(part, blobs) for part in header["checkpoints"]]
