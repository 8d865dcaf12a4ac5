# SPDX-License-Identifier: Apache-2.0
"""History, updates and introspection."""

import json
import uuid

import pytest


def ask(server, method, graph_id, request=None, **fields):
    _, body = server.call({"method": method, "graph_id": graph_id, **fields}, json.dumps(request or {}).encode())
    return json.loads(body)


def history(server, graph_id, thread_id, request=None, **fields):
    fields = {"limit": 10, "before": None, "checkpoint_ns": "", **fields}
    return ask(server, "state.history", graph_id, request, thread_id=thread_id, **fields)


def update(server, graph_id, thread_id, *updates, **fields):
    request = {
        "supersteps": [{"updates": [one]} for one in updates],
        "config": {"configurable": {"graph_id": graph_id}},
    }
    fields = {"checkpoint_ns": "", "checkpoint_id": None, **fields}
    return ask(server, "state.update", graph_id, request, thread_id=thread_id, **fields)


# ---- history


def test_history_is_newest_first(server):
    run = server.start_run("human", {"text": "q"}).wait()
    states = history(server, "human", run.thread_id)
    assert [(s["metadata"]["source"], s["metadata"]["step"], s["next"]) for s in states] == [
        ("loop", 1, ["ask"]),
        ("loop", 0, ["before"]),
        ("input", -1, ["__start__"]),
    ]
    assert states[0] == run.state
    assert states[1]["tasks"][0]["result"] == {"steps": ["before"]}
    assert history(server, "human", run.thread_id, limit=1) == states[:1]
    assert history(server, "human", run.thread_id, before=states[0]["checkpoint_id"]) == states[1:]
    assert history(server, "human", run.thread_id, {"filter": {"source": "input"}}) == states[2:]
    assert history(server, "human", str(uuid.uuid4())) == []


# ---- updates


def test_update_answers_checkpoint_and_state(server):
    run = server.start_run("human", {"text": "q"}).wait()
    first = update(server, "human", run.thread_id, {"values": {"text": "edited"}})
    assert list(first["checkpoint"]) == ["checkpoint_id", "thread_id", "checkpoint_ns"]
    assert first["state"]["values"] == {"text": "edited", "steps": ["before"]}
    assert first["state"]["checkpoint_id"] == first["checkpoint"]["checkpoint_id"]
    second = update(server, "human", run.thread_id, {"values": {"steps": ["manual"]}, "as_node": "before"})
    assert second["state"]["values"]["steps"] == ["before", "manual"] and second["state"]["next"] == ["ask"]
    third = update(server, "human", run.thread_id, {"values": None, "as_node": "after"})
    assert third["state"]["next"] == []
    metadata = third["state"]["metadata"]
    assert metadata == {"graph_id": "human", "thread_id": run.thread_id, "source": "update", "step": 4, "parents": {}}


def test_update_of_an_older_checkpoint(server):
    run = server.start_run("human", {"text": "q"}).wait()
    older = run.state["parent_checkpoint_id"]
    forked = update(
        server, "human", run.thread_id, {"values": {"text": "fork"}, "as_node": "before"}, checkpoint_id=older
    )
    assert forked["state"]["values"] == {"text": "fork", "steps": []}
    assert forked["state"]["parent_checkpoint_id"] == older


def test_supersteps_make_a_thread(server):
    thread_id = str(uuid.uuid4())
    made = update(
        server,
        "echo",
        thread_id,
        {"values": {"text": "a"}, "as_node": "__input__"},
        {"values": {"out": "b"}, "as_node": "echo"},
    )
    assert made["state"]["values"]["out"] == "b" and made["state"]["next"] == []


def test_what_an_update_writes_carries_its_number_and_ends_where_the_server_gave_it_up(server):
    run = server.start_run("human", {"text": "q"}).wait()
    before = history(server, "human", run.thread_id)
    seen = []

    def refuse(header):
        seen.append((header["update"], header["run_id"], header["attempt"]))
        return {"type": "Fenced", "message": "The state update is over"}

    server.refusals["checkpoint.put"] = refuse
    with pytest.raises(RuntimeError, match="Fenced"):
        update(server, "human", run.thread_id, {"values": {"text": "edited"}}, update=7)
    assert seen == [(7, None, None)]
    assert history(server, "human", run.thread_id) == before


def test_bad_updates_say_why(server):
    run = server.start_run("human", {"text": "q"}).wait()
    with pytest.raises(RuntimeError, match="InvalidUpdateError: Node nope does not exist"):
        update(server, "human", run.thread_id, {"values": {"steps": ["x"]}, "as_node": "nope"})
    with pytest.raises(RuntimeError, match="ValueError"):
        update(server, "human", run.thread_id)


# ---- graphs


def test_drawing(server):
    assert ask(server, "graph.draw", "parent") == {
        "nodes": [
            {"id": "__start__", "type": "runnable", "data": {"name": "__start__"}},
            {"id": "child", "type": "runnable", "data": {"name": "child"}},
            {"id": "fin", "type": "runnable", "data": {"name": "fin"}},
            {"id": "__end__"},
        ],
        "edges": [
            {"source": "__start__", "target": "child"},
            {"source": "child", "target": "fin"},
            {"source": "fin", "target": "__end__"},
        ],
    }
    assert {"source": "child:sub_a", "target": "child:sub_b"} in ask(server, "graph.draw", "parent", xray=1)["edges"]


def test_schemas(server):
    strings = {name: {"title": name.title(), "type": "string"} for name in ("text", "out")}
    with_default = {name: {"default": None, **schema} for name, schema in strings.items()}
    assert ask(server, "graph.schemas", "echo") == {
        "graph_id": "echo",
        "input_schema": {"properties": strings, "title": "EchoState", "type": "object"},
        "output_schema": {"properties": strings, "title": "EchoState", "type": "object"},
        "state_schema": {"properties": with_default, "title": "echo_state", "type": "object"},
        "config_schema": {},
        "context_schema": None,
    }
    custom = ask(server, "graph.schemas", "custom")
    assert custom["config_schema"] == custom["context_schema"]
    assert list(custom["context_schema"]["properties"]) == ["user_name", "lang"]
    assert "AIMessage" in ask(server, "graph.schemas", "agent")["input_schema"]["$defs"]


def test_subgraphs(server):
    found = ask(server, "graph.subgraphs", "parent", namespace=None, recurse=True)
    assert list(found) == ["child"] and found["child"]["state_schema"]["title"] == "childgraph_state"
    assert list(ask(server, "graph.subgraphs", "parent", namespace="child", recurse=False)) == ["child"]
    assert ask(server, "graph.subgraphs", "parent", namespace="none", recurse=False) == {}


def test_factories_are_opened_for_reading(server):
    assert [node["id"] for node in ask(server, "graph.draw", "factory_alone")["nodes"]][1] == "tell"
