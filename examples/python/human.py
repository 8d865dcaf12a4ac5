# SPDX-License-Identifier: Apache-2.0
"""Asks a human before it acts: the run stops at the question and goes on with ``command: {"resume": answer}``."""

from typing import TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt


class State(TypedDict, total=False):
    request: str
    approved: bool
    result: str


def ask(state: State):
    return {"approved": bool(interrupt({"question": "May I?", "request": state["request"]}))}


def act(state: State):
    return {"result": f"done: {state['request']}" if state["approved"] else "not done"}


builder = StateGraph(State)
builder.add_node("ask", ask)
builder.add_node("act", act)
builder.add_edge(START, "ask")
builder.add_edge("ask", "act")
builder.add_edge("act", END)
graph = builder.compile(name="human")
