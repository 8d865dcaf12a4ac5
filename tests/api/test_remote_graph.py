# SPDX-License-Identifier: Apache-2.0
"""RemoteGraph of the Python library against Heddle: a graph that runs elsewhere, used like one that is here."""
import asyncio

import pytest
from langgraph.graph import END, START, StateGraph
from langgraph.pregel.remote import RemoteGraph
from langgraph.types import Command
from langgraph_sdk import get_client, get_sync_client
from typing_extensions import TypedDict


def remote(server, graph, **more):
    return RemoteGraph(graph, client=get_client(url=server.url, api_key=None), sync_client=get_sync_client(url=server.url, api_key=None), **more)


def on(thread):
    return {"configurable": {"thread_id": thread}}


def test_invoke_and_stream(wire):
    graph = remote(wire, "echo")
    assert graph.invoke({"text": "x"})["out"] == "x"
    assert graph.invoke({"text": "y"}, on(wire.thread()))["out"] == "y"
    assert list(graph.stream({"text": "x"}, stream_mode="updates")) == [{"echo": {"out": "x"}}]
    parts = list(graph.stream({"text": "x"}, stream_mode=["values", "updates"]))
    assert [part[0] for part in parts] == ["values", "updates", "values"] and parts[-1][1]["out"] == "x"


def test_invoke_and_stream_without_blocking(wire):
    async def use():
        graph = remote(wire, "echo")
        assert (await graph.ainvoke({"text": "x"}))["out"] == "x"
        return [part async for part in graph.astream({"text": "x"}, stream_mode="updates")]

    assert asyncio.run(use()) == [{"echo": {"out": "x"}}]


def test_an_error_is_raised(wire):
    with pytest.raises(Exception, match="kaput"):
        remote(wire, "boom").invoke({"msg": "kaput"})


def test_state_history_and_update(wire):
    graph, thread = remote(wire, "sleepy"), wire.thread()
    graph.invoke({"seconds": 0}, on(thread))
    state = graph.get_state(on(thread))
    assert state.next == () and state.values == wire.get(f"/threads/{thread}").json()["values"]
    history = list(graph.get_state_history(on(thread)))
    assert len(history) >= 3 and history[0].config["configurable"]["checkpoint_id"] == state.config["configurable"]["checkpoint_id"]
    before = graph.get_state(history[1].config)
    assert before.next == history[1].next
    config = graph.update_state(on(thread), state.values)
    assert graph.get_state(on(thread)).config["configurable"]["checkpoint_id"] == config["configurable"]["checkpoint_id"]


def test_a_question_is_answered_by_a_command(wire):
    graph, thread = remote(wire, "nested"), wire.thread()
    asked = graph.invoke({"text": "hello"}, on(thread))
    assert "inside?" in str(asked["__interrupt__"])
    assert graph.get_state(on(thread), subgraphs=True).tasks[0].interrupts
    done = graph.invoke(Command(resume="yes"), on(thread))
    assert done["answer"] == "yes"


def test_a_drawing_and_subgraphs(wire):
    graph = remote(wire, "parent")
    assert set(graph.get_graph().nodes) == {"__start__", "child", "fin", "__end__"}
    assert {"child:sub_a", "child:sub_b"} <= set(graph.get_graph(xray=True).nodes)


def test_as_a_node_of_a_graph_that_is_here(wire):
    class State(TypedDict, total=False):
        text: str
        out: str

    outer = StateGraph(State)
    outer.add_node("far", remote(wire, "echo"))
    outer.add_edge(START, "far")
    outer.add_edge("far", END)
    assert outer.compile().invoke({"text": "x"})["out"] == "x"
