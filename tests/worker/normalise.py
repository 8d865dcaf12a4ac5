# SPDX-License-Identifier: Apache-2.0
"""Makes two recordings of the same run comparable as text: key order counts, made-up ids and times do not."""

from __future__ import annotations

import json
import re
from typing import Any

# What only the reference server adds, or what tells who is signed in.
_FOREIGN = re.compile(
    r"langgraph_auth_.*|__.*__|langgraph_request_id|user_id|langgraph_api_version|langgraph_plan|langgraph_host"
    r"|langgraph_api_url"
)
_VERSIONS = ("langgraph_version", "lc_versions")
_KEPT = ("__interrupt__", "__start__")
_MADE_UP = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00"
)


def lean(value: Any) -> Any:
    """Without the reference's own keys; thread_id before run_id where LangGraph leaves their order to chance."""
    if isinstance(value, list):
        return [lean(item) for item in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for key, item in value.items():
        if _FOREIGN.fullmatch(key) and key not in _KEPT:
            continue
        if key == "thread_id" and "run_id" in value and "graph_id" in value:
            continue
        if key == "run_id" and "thread_id" in value and "graph_id" in value:
            out["thread_id"] = value["thread_id"]
        out[key] = "<version>" if key in _VERSIONS else lean(item)
    return out


def normalise(events: list[tuple[str, Any]]) -> list[str]:
    """One line an event; ids and times are numbered by first appearance over all events."""
    names: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        found = match.group(0)
        return names.setdefault(found, "<time>" if "T" in found else f"<{len(names) + 1}>")

    lines = [f"{event} {json.dumps(lean(data), separators=(',', ':'), ensure_ascii=False)}" for event, data in events]
    return [_MADE_UP.sub(name, line) for line in lines]
