# SPDX-License-Identifier: Apache-2.0
"""The smallest run there is: one node that repeats its input; and one that only waits. Both servers host this file as it is."""

import asyncio

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


class NapState(TypedDict, total=False):
    seconds: float


async def sleep(state: NapState):
    await asyncio.sleep(state["seconds"])
    return {}


_graph = StateGraph(NapState)
_graph.add_node("sleep", sleep)
_graph.add_edge(START, "sleep")
_graph.add_edge("sleep", END)
nap = _graph.compile(name="nap")
