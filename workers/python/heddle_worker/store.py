# SPDX-License-Identifier: Apache-2.0
"""The long-term memory of graphs (langgraph's BaseStore), kept by the server."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from langgraph.store.base import (
    BaseStore,
    GetOp,
    Item,
    ListNamespacesOp,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
    TTLConfig,
)

from . import jsonout
from .channel import Channel
from .vectors import BatchTexts, StoreIndex


class RemoteStore(BaseStore):
    """One batch is one call and one transaction on the server. Both forms work on any thread. Raises CallError."""

    supports_ttl = True
    __slots__ = ("_channel", "_fence", "_index", "ttl_config")

    def __init__(
        self,
        channel: Channel,
        ttl: TTLConfig,
        index: StoreIndex | None = None,
        *,
        run_id: str | None = None,
        attempt: int | None = None,
    ) -> None:
        self._channel = channel
        self._index = index
        self.ttl_config = ttl
        self._fence = {"run_id": run_id, "attempt": attempt}

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        ops = list(ops)
        added = None
        if self._index and (batch := BatchTexts(self._index, ops)):
            added = batch.fields(self._index.embed(batch.texts, batch.queries))
        _, body = self._channel.call(*self._request(ops, added))
        return _results(ops, body)

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        ops = list(ops)
        added = None
        if self._index and (batch := BatchTexts(self._index, ops)):
            added = batch.fields(await self._index.aembed(batch.texts, batch.queries))
        _, body = await self._channel.acall(*self._request(ops, added))
        return _results(ops, body)

    def _request(self, ops: list[Op], added: list[dict[str, Any]] | None) -> tuple[dict[str, Any], bytes]:
        encoded = [_encode(op) for op in ops]
        if added is not None:
            encoded = [fields | more for fields, more in zip(encoded, added, strict=True)]
        body = jsonout.dumps({"ops": encoded})
        return {"method": "store.batch", **self._fence}, body


def _encode(op: Op) -> dict[str, Any]:
    if isinstance(op, GetOp):
        return {"op": "get", "namespace": op.namespace, "key": op.key, "refresh_ttl": op.refresh_ttl}
    if isinstance(op, PutOp):
        return {
            "op": "put",
            "namespace": op.namespace,
            "key": op.key,
            "value": op.value,
            "index": op.index,
            "ttl": op.ttl,
        }
    if isinstance(op, SearchOp):
        return {
            "op": "search",
            "namespace_prefix": op.namespace_prefix,
            "filter": op.filter,
            "limit": op.limit,
            "offset": op.offset,
            "query": op.query,
            "refresh_ttl": op.refresh_ttl,
        }
    if isinstance(op, ListNamespacesOp):
        conditions = op.match_conditions
        return {
            "op": "list_namespaces",
            "match_conditions": [{"match_type": c.match_type, "path": c.path} for c in conditions]
            if conditions
            else None,
            "max_depth": op.max_depth,
            "limit": op.limit,
            "offset": op.offset,
        }
    raise TypeError(f"unknown store operation {type(op).__name__}")


def _results(ops: list[Op], body: bytes) -> list[Result]:
    return [_decode(op, result) for op, result in zip(ops, jsonout.loads(body)["results"], strict=True)]


def _decode(op: Op, result: Any) -> Result:
    if isinstance(op, GetOp):
        return None if result is None else Item(**_fields(result))
    if isinstance(op, SearchOp):
        return [SearchItem(**_fields(item), score=_score(item)) for item in result]
    if isinstance(op, ListNamespacesOp):
        return [tuple(namespace) for namespace in result]
    return None


def _score(item: dict[str, Any]) -> float | None:
    score = item.get("score")
    return None if score is None else float(score)


def _fields(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "namespace": tuple(item["namespace"]),
        "key": item["key"],
        "value": item["value"],
        "created_at": datetime.fromisoformat(item["created_at"]),
        "updated_at": datetime.fromisoformat(item["updated_at"]),
    }
