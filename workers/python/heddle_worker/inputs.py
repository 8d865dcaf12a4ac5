# SPDX-License-Identifier: Apache-2.0
"""What a run gives to its graph: input or Command, and the context."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

from langgraph.types import Command, Send
from pydantic import BaseModel


def graph_input(value: Any, command: dict[str, Any] | None) -> Any:
    """The input itself, or the Command that the caller gave instead (an empty one counts as none)."""
    if not command:
        return value
    return Command(
        update=_update(command.get("update")),
        resume=command.get("resume"),
        goto=_goto(command.get("goto")),
    )


def _update(update: Any) -> Any:
    """JSON has no tuples: a list of pairs is a list of (channel, value)."""
    if isinstance(update, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in update):
        return [tuple(pair) for pair in update]
    return update


def _goto(goto: Any) -> Any:
    if goto is None:
        return ()
    if isinstance(goto, list):
        return [_goto(step) for step in goto]
    if isinstance(goto, dict):
        return Send(goto["node"], goto.get("input"))
    return goto


def context_for(schema: type | None, given: dict[str, Any] | None) -> Any:
    """The run's context: only the keys that the graph's schema knows, because the server mirrors ``configurable``
    into it. A schema class is built from an empty context too, so that its defaults apply."""
    if not isinstance(given, dict):
        return given
    if schema is None:
        return given or None
    known = _known_keys(schema)
    context = given if known is None else {key: value for key, value in given.items() if key in known}
    if context or is_dataclass(schema):
        return context or (context if _builds_empty(schema) else None)
    return context if _is_model(schema) and _builds_empty(schema) else None


def _known_keys(schema: type) -> frozenset[str] | None:
    """The schema's keys; None when it takes any."""
    if is_dataclass(schema):
        return frozenset(field.name for field in fields(schema) if field.init)
    if _is_model(schema):
        if schema.model_config.get("extra") == "allow":
            return None
        return frozenset(schema.model_fields) | {f.alias for f in schema.model_fields.values() if f.alias}
    try:
        return frozenset(get_type_hints(schema)) or None
    except Exception:
        return frozenset(getattr(schema, "__annotations__", {})) or None


def _is_model(schema: type) -> bool:
    return isinstance(schema, type) and issubclass(schema, BaseModel)


def _builds_empty(schema: type) -> bool:
    try:
        schema()
    except Exception:
        return False
    return True
