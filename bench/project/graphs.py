# SPDX-License-Identifier: Apache-2.0
"""The smallest run there is: one node that repeats its input. Both servers host this file as it is."""

from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict


class EchoState(TypedDict, total=False):
    text: str
    out: str


def repeat(state: EchoState):
    return {"out": state.get("text", "")}


_graph = StateGraph(EchoState)
_graph.add_node("echo", repeat)
_graph.add_edge(START, "echo")
_graph.add_edge("echo", END)
echo = _graph.compile(name="echo")
