# SPDX-License-Identifier: Apache-2.0
"""The JSON schemas of a graph. Slow for graphs of messages (tenths of a second): call it on a thread."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from langgraph.channels.base import BaseChannel
from langgraph.pregel import Pregel
from pydantic import ConfigDict, create_model

_CONFIG = ConfigDict(arbitrary_types_allowed=True, protected_namespaces=())


def graph_schemas(graph: Pregel) -> dict[str, Any]:
    """Input, output, state, config and context schema; what cannot be described is null."""
    context = _tried(graph.get_context_jsonschema)
    return {
        "input_schema": _tried(graph.get_input_jsonschema),
        "output_schema": _tried(graph.get_output_jsonschema),
        "state_schema": _tried(lambda: _state_schema(graph)),
        "config_schema": context or {},
        "context_schema": context,
    }


def _state_schema(graph: Pregel) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in graph.stream_channels_list:
        channel = graph.channels[name]
        if isinstance(channel, BaseChannel) and not name.startswith("_"):
            fields[name] = (channel.UpdateType, None)
    return create_model(graph.get_name("State"), __config__=_CONFIG, **fields).model_json_schema()


def _tried(make: Callable[[], Any]) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return make()
    except Exception:
        return None
