# SPDX-License-Identifier: Apache-2.0
"""The server's questions outside of runs: a thread's states, updates of them, what a graph looks like, vectors.

Each is one call; a failure answers with the exception's type and message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from langgraph.pregel import Pregel
from langgraph.types import StateUpdate

from . import jsonout
from .channel import Channel
from .factories import Access
from .graphs import Graphs
from .inputs import graph_input
from .saver import RemoteSaver
from .schemas import graph_schemas
from .state import checkpoint_of, thread_state
from .store import RemoteStore
from .vectors import EmbeddingError

Answer = Callable[[dict[str, Any], dict[str, Any]], Awaitable[Any]]


class Queries:
    """Answers calls on the event loop; ``take`` says whether a frame was one."""

    def __init__(self, channel: Channel, graphs: Graphs) -> None:
        self._channel = channel
        self._graphs = graphs
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers: dict[str, Answer] = {
            "state.get": self._state_get,
            "state.history": self._state_history,
            "state.update": self._state_update,
            "graph.draw": self._graph_draw,
            "graph.schemas": self._graph_schemas,
            "graph.subgraphs": self._graph_subgraphs,
            "store.embed": self._store_embed,
        }

    def take(self, header: dict[str, Any], body: bytes) -> bool:
        answer = self._answers.get(header.get("method", ""))
        if answer is None or "id" not in header:
            return False
        task = asyncio.get_running_loop().create_task(self._run(answer, header, body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _run(self, answer: Answer, header: dict[str, Any], body: bytes) -> None:
        try:
            request = (jsonout.loads(body) if body else None) or {}
            result = jsonout.dumps(await answer(header, request))
            self._channel.reply(header, result)
        except BaseException as error:
            self._channel.fail(header, type(error).__name__, jsonout.clean(str(error))[:4096])

    def _open(
        self, header: dict[str, Any], purpose: str, config: dict[str, Any]
    ) -> AbstractAsyncContextManager[Pregel]:
        saver = RemoteSaver(self._channel, update=header.get("update"))
        store = RemoteStore(self._channel, self._graphs.store_ttl, self._graphs.store_index)
        return self._graphs.open(header["graph_id"], saver, store, Access(purpose, config))

    # ---- states

    async def _state_get(self, header: dict[str, Any], request: dict[str, Any]) -> Any:
        config = thread_config(header, request)
        async with self._open(header, "threads.read", config) as graph:
            return thread_state(await graph.aget_state(config, subgraphs=bool(header.get("subgraphs"))))

    async def _state_history(self, header: dict[str, Any], request: dict[str, Any]) -> Any:
        config = thread_config(header, request)
        before = header.get("before")
        options = {
            "limit": header.get("limit"),
            "filter": request.get("filter") or None,
            "before": {"configurable": {"checkpoint_id": before}} if before else None,
        }
        async with self._open(header, "threads.read", config) as graph:
            return [thread_state(snapshot) async for snapshot in graph.aget_state_history(config, **options)]

    async def _state_update(self, header: dict[str, Any], request: dict[str, Any]) -> Any:
        config = thread_config(header, request)
        supersteps = [[_state_update(update) for update in step["updates"]] for step in request["supersteps"]]
        async with self._open(header, "threads.update", config) as graph:
            updated = await graph.abulk_update_state(config, supersteps)
            latest = {"configurable": {"thread_id": header["thread_id"], "checkpoint_ns": ""}}
            state = thread_state(await graph.aget_state(latest))
        return {"checkpoint": checkpoint_of(updated), "state": state}

    # ---- graphs

    async def _graph_draw(self, header: dict[str, Any], request: dict[str, Any]) -> Any:
        config = request.get("config") or {}
        async with self._open(header, "assistants.read", config) as graph:
            drawing = (await graph.aget_graph(config, xray=header.get("xray") or False)).to_json()
        for node in drawing["nodes"]:
            if isinstance(node.get("data"), dict):
                node["data"].pop("id", None)  # which Python class runs the node is nobody's business
        return drawing

    async def _graph_schemas(self, header: dict[str, Any], request: dict[str, Any]) -> Any:
        async with self._open(header, "assistants.read", request.get("config") or {}) as graph:
            schemas = await asyncio.get_running_loop().run_in_executor(None, graph_schemas, graph)
        return {"graph_id": header["graph_id"], **schemas}

    async def _graph_subgraphs(self, header: dict[str, Any], request: dict[str, Any]) -> Any:
        namespace, recurse = header.get("namespace"), bool(header.get("recurse"))
        async with self._open(header, "assistants.read", request.get("config") or {}) as graph:
            found = [pair async for pair in graph.aget_subgraphs(namespace=namespace, recurse=recurse)]
            loop = asyncio.get_running_loop()
            return {name: await loop.run_in_executor(None, graph_schemas, inner) for name, inner in found}


    # ---- the store

    async def _store_embed(self, header: dict[str, Any], request: dict[str, Any]) -> Any:
        index = self._graphs.store_index
        if index is None:
            raise EmbeddingError("store.index is not configured")
        if query := request.get("query"):
            _, found = await index.aembed([], [query])
            return {"vectors": [found[query]]}
        texts = index.texts(request["value"], request.get("index"))
        found, _ = await index.aembed(texts, [])
        return {"vectors": [found[text] for text in texts]}


def thread_config(header: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """The config that addresses the thread, or one checkpoint of it."""
    config = request.get("config") or {}
    configurable = {key: value for key, value in (config.get("configurable") or {}).items() if key != "checkpoint_id"}
    configurable |= {"thread_id": header["thread_id"], "checkpoint_ns": header.get("checkpoint_ns") or ""}
    if header.get("checkpoint_id"):
        configurable["checkpoint_id"] = header["checkpoint_id"]
    return {**config, "configurable": configurable}


def _state_update(update: dict[str, Any]) -> StateUpdate:
    values = graph_input(update.get("values"), update.get("command"))
    return StateUpdate(values, update.get("as_node"))
