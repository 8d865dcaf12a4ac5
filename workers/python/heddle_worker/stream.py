# SPDX-License-Identifier: Apache-2.0
"""From LangGraph's stream to the API's events.

``StreamPlan`` says what to ask LangGraph for; ``events`` turns each of its chunks into (event name, data) pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .messages import MessageAccumulator
from .state import checkpoint_of

_HIDDEN_TAG = "langsmith:hidden"


class StreamPlan:
    """The stream modes of one run. Not thread-safe; used by the run's own coroutine."""

    def __init__(self, requested: Sequence[str], subgraphs: bool) -> None:
        self.requested = list(requested) or ["values"]
        self.subgraphs = subgraphs
        # Tuples win when both message modes are asked for, as clients expect from the reference.
        self._tuples = "messages-tuple" in self.requested
        self._accumulator = None if self._tuples or "messages" not in self.requested else MessageAccumulator()
        modes = ["messages" if mode == "messages-tuple" else mode for mode in self.requested if mode != "events"]
        self.with_events = "events" in self.requested
        # LangGraph needs one mode; events alone wants none of its chunks
        self.modes = list(dict.fromkeys(modes)) or ["values"]
        self._wanted = frozenset(modes)

    def events(self, chunk: tuple[Any, ...]) -> list[tuple[str, Any]]:
        """The events of one chunk of astream: (mode, payload), or (namespace, mode, payload) with subgraphs."""
        if self.subgraphs:
            namespace, mode, payload = chunk
        else:
            (mode, payload), namespace = chunk, ()
        if mode not in self._wanted:
            return []
        if mode == "messages":
            if self._accumulator is not None:
                return self._accumulator.take(*payload)
        elif mode == "debug":
            payload = _debug(payload)
        elif mode == "checkpoints":
            payload = _checkpoint(payload)
        return [(f"{mode}|{'|'.join(namespace)}" if namespace else mode, payload)]

    def langchain_events(self, event: dict[str, Any], run_id: str) -> list[tuple[str, Any]]:
        """The events of one item of astream_events: the run's own chunks, or a LangChain event."""
        if event["event"] == "on_chain_stream" and event["run_id"] == run_id:
            return self.events(event["data"]["chunk"])
        if _HIDDEN_TAG in event.get("tags", ()):
            return []
        return [("events", event)]


def _debug(payload: dict[str, Any]) -> dict[str, Any]:
    if payload["type"] != "checkpoint":
        return payload
    inner = _checkpoint(payload["payload"])
    inner["tasks"] = [_debug_task(task) for task in inner["tasks"]]
    inner["checkpoint"] = checkpoint_of(inner["config"])
    inner["parent_checkpoint"] = checkpoint_of(inner["parent_config"])
    return {**payload, "payload": inner}


def _debug_task(task: dict[str, Any]) -> dict[str, Any]:
    state = task.get("state")
    if not state:
        return task
    shown = {key: value for key, value in task.items() if key != "state"}
    shown["checkpoint"] = state["configurable"]
    return shown


def _checkpoint(payload: dict[str, Any]) -> dict[str, Any]:
    """A copy whose configs show only what belongs to the caller."""
    return {
        **payload,
        "config": _public(payload["config"]),
        "parent_config": _public(payload["parent_config"]),
    }


def _public(config: dict[str, Any] | None) -> dict[str, Any] | None:
    if config is None:
        return None
    shown = {
        key: value for key, value in config["configurable"].items() if not key.startswith(("__", "langgraph_auth_"))
    }
    return {"configurable": shown}
