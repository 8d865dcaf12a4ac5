# SPDX-License-Identifier: Apache-2.0
"""Exports that make a graph each time: what they are given, and that they are left behind whatever happens."""

import json
import uuid

import pytest
from conftest import ODD
from heddle_worker import factories
from langgraph.runtime import Runtime
from langgraph_sdk.runtime import ServerRuntime


def values(run):
    assert run.status == "success", run.error
    return run.state["values"]["out"]


def ask(server, method, graph_id, request=None, **fields):
    _, body = server.call({"method": method, "graph_id": graph_id, **fields}, json.dumps(request or {}).encode())
    return json.loads(body)


MINE = {"configurable": {"mine": 1}}
IDS = ["assistant_id", "graph_id", "run_id", "thread_id"]


@pytest.mark.parametrize(
    ("graph", "seen"),
    [
        ("factory_langgraph_runtime", "Endpoint(url='u', port=80)"),
        ("factory_named", [1, "threads.create_run"]),
        ("factory_positional", [1, 5, [], {}]),
        ("factory_nothing", "nothing"),
        ("factory_object", 1),
        ("factory_partial", ["bound", 1]),
        ("factory_meddling", [1, ["given"]]),
    ],
)
def test_a_factory_gets_what_its_signature_asks_for(server, graph, seen):
    config = {**MINE, "tags": ["given"]}
    run = server.start_run(graph, {"what": "a"}, config=config, context={"url": "u", "foreign": 1}).wait()
    assert values(run) == seen


def test_a_typed_context_is_built_and_its_errors_are_the_runs(server):
    run = server.start_run("factory_typed", {"what": "a"}, context={"url": "u", "port": 8, "foreign": 1}).wait()
    assert values(run) == ["Endpoint(url='u', port=8)", IDS]
    run = server.start_run("factory_typed", {"what": "a"}, context={"port": 8}).wait()
    assert run.status == "error" and run.error["error"] == "TypeError" and "url" in run.error["message"]
    # No context where no run is.
    assert ask(server, "graph.draw", "factory_typed")["nodes"][1]["id"] == "tell"
    assert ask(server, "graph.draw", "factory_langgraph_runtime")["nodes"][1]["id"] == "tell"


def test_configurable_and_metadata_are_always_there(server):
    assert ask(server, "graph.draw", "factory")["nodes"][1]["id"] == "tell"
    assert ask(server, "graph.schemas", "factory_object")["state_schema"]["properties"]
    assert ask(server, "graph.subgraphs", "factory") == {}


def test_what_cannot_be_called_is_said_when_the_project_is_loaded(start_worker, tmp_path):
    process = start_worker()
    loaded = process.load(tmp_path, {"unclear": f"{ODD}:factory_unclear"}, [str(ODD.parents[1] / "projects" / "wire")])
    assert not loaded[0]["ok"] and loaded[0]["error"]["error"] == "TypeError"
    assert "'factory_unclear' has a parameter 'model'" in loaded[0]["error"]["message"]


def test_what_is_no_graph_fails_the_run(server):
    run = server.start_run("factory_no_graph", {"what": "a"}).wait()
    assert run.error == {"error": "TypeError", "message": "expected a graph, got int"}


# ---- context managers


@pytest.fixture
def notes(tmp_path):
    return tmp_path / "notes"


def config(notes, **more):
    return {"configurable": {"notes": str(notes), **more}}


MANAGED = ("managed", "managed_sync", "managed_generator", "managed_sync_generator", "managed_swallowing")


@pytest.mark.parametrize("graph", MANAGED)
def test_a_run_leaves_its_graph_behind(server, notes, graph):
    assert values(server.start_run(graph, {"what": "x"}, config=config(notes)).wait()) == "acted"
    failed = server.start_run(graph, {"what": "raise"}, config=config(notes)).wait()
    assert failed.status == "error" and failed.error == {"error": "Errand", "message": "in the graph"}
    waiting = server.start_run(graph, {"what": "wait"}, config=config(notes), stream_mode="values").wait_events(1)
    waiting.cancel()
    assert waiting.wait().status == "interrupted"
    outs = [line for line in notes.read_text().splitlines() if not line.startswith("in ")]
    assert outs == ["out"] * 3


def test_a_run_that_is_cancelled_at_the_door_ends(server, notes):
    run = server.start_run("managed", {"what": "x"}, config=config(notes, enter="wait"))
    server.wait_until(notes.exists)
    run.cancel()
    assert run.wait().status == "interrupted"
    assert notes.read_text().splitlines() == ["in threads.create_run", "left at the door"]


def test_an_error_of_the_clean_up_hides_none_of_the_graph(server, notes):
    given = config(notes, leave="raise")
    run = server.start_run("managed", {"what": "x"}, config=given).wait()
    assert run.status == "error" and run.error == {"error": "OSError", "message": "connection lost"}
    assert run.state["values"]["out"] == "acted"
    run = server.start_run("managed", {"what": "raise"}, config=given).wait()
    assert run.error == {"error": "Errand", "message": "in the graph"}
    run = server.start_run("managed", {"what": "wait"}, config=given, stream_mode="values").wait_events(1)
    run.cancel()
    assert run.wait().status == "interrupted" and not run.error


def test_a_clean_up_that_hangs_ends_with_a_cancel_and_the_graphs_result_holds(server, notes):
    run = server.start_run("managed", {"what": "x"}, config=config(notes, leave="wait"))
    server.wait_until(lambda: notes.exists() and "out" in notes.read_text())
    run.cancel()
    ended = run.wait()
    assert (ended.status, ended.error, ended.state["values"]["out"]) == ("success", None, "acted")
    server.wait_until(lambda: "let go" in notes.read_text())


@pytest.mark.parametrize("annotation, filled", [
    ("ServerRuntime", "ServerRuntime"), ("ServerRuntime[dict]", "ServerRuntime"), ("Runtime", "Runtime"), ("rt.Runtime[dict]", "Runtime"),
    ("RuntimeSettings", None), ("my.Runtime.Settings", None), ("list[RuntimeError]", None)])
def test_only_runtimes_are_given_a_runtime(annotation, filled):
    names = factories._class_names(annotation)
    assert {"ServerRuntime", "Runtime"} & names == ({filled} if filled else set())
    assert "Runtime" in factories._class_names(Runtime) and "ServerRuntime" in factories._class_names(ServerRuntime[dict])


def test_questions_leave_their_graph_behind(server, notes):
    thread = str(uuid.uuid4())
    request = {"config": config(notes)}
    where = {"thread_id": thread, "checkpoint_ns": "", "checkpoint_id": None}
    ask(server, "state.get", "managed", request, **where)
    ask(server, "state.history", "managed", request, **where, limit=1, before=None)
    step = {"updates": [{"values": {"out": "x"}, "as_node": "act"}]}
    ask(server, "state.update", "managed", {**request, "supersteps": [step]}, **where)
    for method in ("graph.draw", "graph.schemas", "graph.subgraphs"):
        ask(server, method, "managed", request)
    purposes = ["threads.read"] * 2 + ["threads.update"] + ["assistants.read"] * 3
    assert notes.read_text().splitlines() == [line for purpose in purposes for line in (f"in {purpose}", "out")]
