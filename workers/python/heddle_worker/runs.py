# SPDX-License-Identifier: Apache-2.0
"""Executing runs: one Run object for each attempt, all on the event loop's thread."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator
from contextlib import aclosing
from importlib.metadata import version
from typing import Any
from uuid import UUID

from langgraph.pregel import Pregel

from . import frames, jsonout
from .channel import CallError, Channel
from .factories import Access
from .graphs import Graphs
from .inputs import context_for, graph_input
from .logs import Capture, current_run
from .queries import Queries
from .run_saver import RunSaver
from .state import thread_state
from .store import RemoteStore
from .stream import StreamPlan
from .tuples import take_tuple

# How long a cancelled graph may take to stop.
CANCEL_GRACE_S = 2.0
# Error messages travel in the header.
_MESSAGE_CHARS_MAX = 64 << 10
LANGGRAPH_VERSION = version("langgraph")
# Set by the server or by LangGraph itself, never by a caller's config.
_OWN_CONFIG_KEYS = ("callbacks", "run_id")


def error_of(failure: BaseException) -> dict[str, str]:
    """The API's error object."""
    message = jsonout.clean(str(failure))
    if len(message) > _MESSAGE_CHARS_MAX:
        message = f"{message[:_MESSAGE_CHARS_MAX]}… ({len(message)} characters)"
    # What the server refused is known by the server's name for it.
    name = failure.type if isinstance(failure, CallError) else type(failure).__name__
    return {"error": name, "message": message}


class Run:
    """One attempt of a run. ``start`` spawns its task; it ends with one ``run.end``, or silently when fenced."""

    def __init__(self, runs: Runs, header: dict[str, Any], body: bytes) -> None:
        blobs = frames.split(header, body)
        self.run_id: str = header["run_id"]
        self.attempt: int = header["attempt"]
        self.graph_id: str = header["graph_id"]
        self.thread_id: str = header["thread_id"]
        self._runs = runs
        self._channel = runs.channel
        self._fence = {"run_id": self.run_id, "attempt": self.attempt}
        self._request = jsonout.loads(blobs.pop(0))
        self._fenced = False
        self._cancelled = False
        self._graph_done = False
        self._outcome: tuple[str, dict[str, str] | None, dict[str, Any] | None] | None = None
        self._finishing = False
        self._task: asyncio.Task[None] | None = None
        part = header.get("checkpoint")
        self._config = self._run_config()
        self.saver = RunSaver(
            runs.channel,
            run_id=self.run_id,
            attempt=self.attempt,
            thread_id=self.thread_id,
            start=take_tuple(part, blobs) if part else None,
            start_is_latest=not self._config["configurable"].get("checkpoint_id"),
            on_fenced=self._on_fenced,
        )

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._execute())

    def cancel(self) -> None:
        """Stops the run; it ends with status interrupted, or as its graph had ended already: then only a factory's
        clean-up is under way, which has its time to end. Without effect once the result is being reported."""
        if self._task and not self._cancelled and not self._finishing:
            self._cancelled = True
            if not self._graph_done or self._fenced:
                self._task.cancel()
            self._runs.loop.call_later(CANCEL_GRACE_S, self._abandon)

    def _abandon(self) -> None:
        """Ends a cancelled run whose graph, or its factory's clean-up, does not stop: the server must not wait for it.
        What it still writes is refused by the fence."""
        if self._finishing or self._fenced:
            return
        self._fenced = True
        self._runs.forget(self)
        what = "clean-up of the graph's factory" if self._graph_done else "graph"
        self._runs.logs.send("warning", "heddle.run", f"the {what} goes on although it was cancelled", self.run_id)
        self._end(*(self._outcome or ("interrupted", None, None)))
        if self._graph_done and self._task:
            self._task.cancel()

    def _on_fenced(self) -> None:
        self._fenced = True
        self._runs.loop.call_soon_threadsafe(self.cancel)

    def _run_config(self) -> dict[str, Any]:
        given = self._request.get("config") or {}
        config = {key: value for key, value in given.items() if value is not None and key not in _OWN_CONFIG_KEYS}
        config["configurable"] = {"thread_id": self.thread_id, **(config.get("configurable") or {})}
        config["metadata"] = {
            **(config.get("metadata") or {}),
            "run_attempt": self.attempt,
            "langgraph_version": LANGGRAPH_VERSION,
        }
        config["run_id"] = UUID(self.run_id)
        return config

    async def _execute(self) -> None:
        current_run.set(self.run_id)
        status, error, state = "success", None, None
        graphs = self._runs.graphs
        store = RemoteStore(self._channel, graphs.store_ttl, graphs.store_index, **self._fence)
        access = Access("threads.create_run", self._config, self._request.get("context"))
        try:
            async with graphs.open(self.graph_id, self.saver, store, access) as graph:
                status, error = await self._stream(graph)
                if not self._fenced:
                    state = await self._final_state(graph)
                self._outcome = status, error, state
        except BaseException as failure:
            status, error = self._left_by(failure, status, error)
        finally:
            self._runs.forget(self)
        self._finishing = True
        if not self._fenced:
            self._end(status, error, state)

    def _left_by(
        self, failure: BaseException, status: str, error: dict[str, str] | None
    ) -> tuple[str, dict[str, str] | None]:
        """The run's end when a factory failed before the graph ran, or while it cleaned up behind it: what the graph
        came to before holds unless it was a success."""
        told = self._failure(failure) if isinstance(failure, Exception) or not self._cancelled else None
        if status == "interrupted" or (self._cancelled and not self._graph_done):
            return "interrupted", None
        return (status, error) if status == "error" else ("error", told)

    async def _stream(self, graph: Pregel) -> tuple[str, dict[str, str] | None]:
        """Runs the graph and sends its events. Answers the run's status and its error."""
        try:
            plan = StreamPlan(self._request.get("stream_mode") or (), bool(self._request.get("subgraphs")))
            header = {"method": "run.event", **self._fence}
            send = self._channel.send_event
            async with aclosing(self._events(graph, plan, await self._input())) as pairs:
                async for events in pairs:
                    for event, data in events:
                        await send({**header, "event": event}, jsonout.dumps(data))
        except asyncio.CancelledError:
            if not self._cancelled:  # not ours: something inside the graph cancelled itself
                return "error", {"error": "CancelledError", "message": "the graph was cancelled from within"}
            return "interrupted", None
        except BaseException as failure:
            if self._cancelled:  # a node's own clean-up may end in any error
                return "interrupted", None
            return "error", self._failure(failure)
        finally:
            self._graph_done = True
        return "success", None

    async def _events(self, graph: Pregel, plan: StreamPlan, value: Any) -> AsyncIterator[list[tuple[str, Any]]]:
        request = self._request
        options = {
            "stream_mode": plan.modes,
            "subgraphs": plan.subgraphs,
            "interrupt_before": request.get("interrupt_before"),
            "interrupt_after": request.get("interrupt_after"),
            "durability": request.get("durability") or "async",
            "context": context_for(getattr(graph, "context_schema", None), request.get("context")),
        }
        if not plan.with_events:
            async with aclosing(graph.astream(value, self._config, **options)) as chunks:
                async for chunk in chunks:
                    yield plan.events(chunk)
            return
        async with aclosing(graph.astream_events(value, self._config, version="v2", **options)) as items:
            async for item in items:
                yield plan.langchain_events(item, self.run_id)

    async def _input(self) -> Any:
        """The graph's input. A later attempt goes on from the last checkpoint of the earlier one: giving the input
        or the resume value again could answer the wrong question."""
        if self.attempt > 1 and await self._has_progress():
            for key in ("checkpoint_id", "checkpoint_ns", "checkpoint_map"):
                self._config["configurable"].pop(key, None)
            return None
        return graph_input(self._request.get("input"), self._request.get("command"))

    async def _has_progress(self) -> bool:
        config = {"configurable": {"thread_id": self.thread_id, "checkpoint_ns": ""}}
        latest = await self.saver.aget_tuple(config)
        return latest is not None and latest.metadata.get("run_id") == self.run_id

    def _failure(self, failure: BaseException) -> dict[str, str]:
        error = error_of(failure)
        if not self._fenced:
            text = "".join(traceback.format_exception(failure)).rstrip()
            self._runs.logs.send("error", "heddle.run", text)
        return error

    async def _final_state(self, graph: Pregel) -> dict[str, Any] | None:
        """The state that the run leaves behind; None when there is no checkpoint or it cannot be read."""
        config = {"configurable": {"thread_id": self.thread_id, "checkpoint_ns": ""}}
        try:
            snapshot = await graph.aget_state(config)
        except Exception:
            self._runs.logs.send("error", "heddle.run", f"no final state: {traceback.format_exc().rstrip()}")
            return None
        return thread_state(snapshot) if snapshot.created_at else None

    def _end(self, status: str, error: dict[str, str] | None, state: dict[str, Any] | None) -> None:
        self._runs.capture.run_ended(self.run_id)
        body = b"" if state is None else jsonout.dumps(state)
        if len(body) > frames.BODY_BYTES_MAX:
            status, body = "error", b""
            error = {"error": "StateTooLarge", "message": f"the final state exceeds {frames.BODY_BYTES_MAX} bytes"}
        latest = self.saver.latest()
        checkpoint_id = state["checkpoint_id"] if state else latest.checkpoint_id if latest else None
        header = {
            "method": "run.end",
            **self._fence,
            "status": status,
            "error": error,
            "checkpoint_id": checkpoint_id,
            "parts": [len(body)],
        }
        self._channel.notify(header, body)


class Runs:
    """The attempts that run in this process; takes every frame that the channel does not. Event loop's thread."""

    def __init__(
        self,
        channel: Channel,
        graphs: Graphs,
        loop: asyncio.AbstractEventLoop,
        capture: Capture,
    ) -> None:
        self.channel = channel
        self.graphs = graphs
        self.loop = loop
        self.capture = capture
        self.logs = capture.sink
        self._runs: dict[tuple[str, int], Run] = {}
        self._queries = Queries(channel, graphs)

    def on_frame(self, header: dict[str, Any], body: bytes) -> None:
        """Takes a call or notice of the server."""
        method = header.get("method")
        if method == "run.start":
            self._start(header, body)
        elif method == "run.cancel":
            if run := self._runs.get((header["run_id"], header["attempt"])):
                run.cancel()
        elif not self._queries.take(header, body) and "id" in header:
            self.channel.fail(header, "UnknownMethod", f"unknown method {method}")

    def _start(self, header: dict[str, Any], body: bytes) -> None:
        try:
            run = Run(self, header, body)
        except Exception as error:  # a request that cannot be read still gets its end
            end = {"method": "run.end", "run_id": header.get("run_id"), "attempt": header.get("attempt")}
            end |= {"status": "error", "error": error_of(error), "checkpoint_id": None, "parts": [0]}
            self.channel.notify(end)
            return
        self._runs[run.run_id, run.attempt] = run
        run.start()

    def forget(self, run: Run) -> None:
        self._runs.pop((run.run_id, run.attempt), None)
