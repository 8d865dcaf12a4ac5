# SPDX-License-Identifier: Apache-2.0
"""Graphs of one node each: one that repeats, one that waits, one that fails, one that blocks its thread."""

import asyncio
import time
from typing import TypedDict

from langgraph.graph import END, START, StateGraph


class State(TypedDict, total=False):
    text: str
    seconds: float
    out: str


def one_node(name, node):
    builder = StateGraph(State)
    builder.add_node(name, node)
    builder.add_edge(START, name)
    builder.add_edge(name, END)
    return builder.compile(name=name)


def repeat(state: State):
    return {"out": state.get("text", "")}


async def sleep(state: State):
    await asyncio.sleep(state.get("seconds", 1))
    return {"out": "slept"}


def fail(state: State):
    raise ValueError(state.get("text", "this graph always fails"))


def block(state: State):
    time.sleep(state.get("seconds", 1))
    return {"out": "blocked"}


echo = one_node("echo", repeat)
sleepy = one_node("sleepy", sleep)
failing = one_node("failing", fail)
blocker = one_node("blocker", block)
