# SPDX-License-Identifier: Apache-2.0
"""A store with an index whose vectors cost next to nothing, and a graph that fills it."""

import hashlib

from langgraph.graph import END, START, StateGraph
from langgraph.store.base import BaseStore, PutOp
from typing_extensions import TypedDict

DIMS = 384


def embed(texts):
    return [[byte - 127.5 for byte in hashlib.shake_128(text.encode()).digest(DIMS)] for text in texts]


class ShelfState(TypedDict, total=False):
    first: int
    count: int
    out: int


async def put(state: ShelfState, *, store: BaseStore):
    numbers = range(state["first"], state["first"] + state["count"])
    text = "what an item of the store says, at the length of a paragraph " * 5
    await store.abatch([PutOp(("docs", f"group-{n % 10}"), f"doc-{n}", {"n": n, "text": f"{n} {text}"}) for n in numbers])
    return {"out": state["count"]}


_graph = StateGraph(ShelfState)
_graph.add_node("put", put)
_graph.add_edge(START, "put")
_graph.add_edge("put", END)
shelf = _graph.compile(name="shelf")
