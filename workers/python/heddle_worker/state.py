# SPDX-License-Identifier: Apache-2.0
"""ThreadState: LangGraph's StateSnapshot as the API answers it."""

from __future__ import annotations

from typing import Any

from langgraph.types import Interrupt, PregelTask, StateSnapshot


def thread_state(snapshot: StateSnapshot) -> dict[str, Any]:
    """The JSON-ready state; key order is the API's."""
    checkpoint = checkpoint_of(snapshot.config)
    parent = checkpoint_of(snapshot.parent_config)
    return {
        "values": snapshot.values,
        "next": list(snapshot.next),
        "tasks": [_task(task) for task in snapshot.tasks],
        "metadata": snapshot.metadata,
        "created_at": snapshot.created_at,
        "checkpoint": checkpoint,
        "parent_checkpoint": parent,
        "interrupts": [_interrupt(interrupt) for interrupt in snapshot.interrupts],
        "checkpoint_id": checkpoint["checkpoint_id"] if checkpoint else None,
        "parent_checkpoint_id": parent["checkpoint_id"] if parent else None,
    }


def checkpoint_of(config: dict[str, Any] | None) -> dict[str, Any] | None:
    """The checkpoint that a config names, or None when it names none."""
    configurable = (config or {}).get("configurable") or {}
    if not configurable.get("checkpoint_id"):
        return None
    checkpoint = {
        "checkpoint_id": configurable["checkpoint_id"],
        "thread_id": configurable.get("thread_id"),
        "checkpoint_ns": configurable.get("checkpoint_ns", ""),
    }
    if "checkpoint_map" in configurable:
        checkpoint["checkpoint_map"] = configurable["checkpoint_map"]
    return checkpoint


def _task(task: PregelTask) -> dict[str, Any]:
    state, checkpoint = task.state, None
    if isinstance(state, StateSnapshot):
        state = thread_state(state)
    elif state is not None:  # a config: the subgraph has checkpoints, nobody asked for their content
        state, checkpoint = None, state["configurable"]
    error = task.error
    return {
        "id": task.id,
        "name": task.name,
        "path": task.path,
        "error": error if error is None or isinstance(error, str) else repr(error),
        "interrupts": [_interrupt(interrupt) for interrupt in task.interrupts],
        "checkpoint": checkpoint,
        "state": state,
        "result": task.result,
    }


def _interrupt(interrupt: Interrupt) -> dict[str, Any]:
    return {"id": interrupt.id, "value": interrupt.value}
