# SPDX-License-Identifier: Apache-2.0
"""ThreadState: at a run's end and on request, against the reference's (golden/states.json)."""

import json
import uuid

import pytest
from conftest import HERE
from normalise import normalise

GOLDEN = json.loads((HERE / "golden" / "states.json").read_text())


def state_get(server, graph_id, thread_id, checkpoint_id=None, subgraphs=False, config=None):
    header = {
        "method": "state.get",
        "thread_id": thread_id,
        "graph_id": graph_id,
        "checkpoint_ns": "",
        "checkpoint_id": checkpoint_id,
        "subgraphs": subgraphs,
    }
    _, body = server.call(header, json.dumps({"config": config or {}}).encode())
    return json.loads(body)


@pytest.mark.parametrize("case", GOLDEN, ids=[case["name"] for case in GOLDEN])
def test_states_are_those_of_the_reference(server, case):
    run = server.start_run(case["graph"], case["input"], **case["request"]).wait()
    with_subgraphs = state_get(server, case["graph"], run.thread_id, subgraphs=True)
    assert normalise([("state", run.state), ("subgraphs", with_subgraphs)]) == case["states"]
    assert run.header["checkpoint_id"] == run.state["checkpoint_id"]
    assert state_get(server, case["graph"], run.thread_id) == run.state


def test_state_of_an_older_checkpoint(server):
    run = server.start_run("human", {"text": "q"}).wait()
    parent = run.state["parent_checkpoint_id"]
    state = state_get(server, "human", run.thread_id, parent)
    assert state["values"] == {"text": "q", "steps": []}
    assert state["next"] == ["before"] and state["tasks"][0]["result"] == {"steps": ["before"]}
    assert state["checkpoint"] == {"checkpoint_id": parent, "thread_id": run.thread_id, "checkpoint_ns": ""}


def test_state_of_a_new_thread(server):
    state = state_get(server, "echo", str(uuid.uuid4()))
    assert state == {
        "values": {},
        "next": [],
        "tasks": [],
        "metadata": None,
        "created_at": None,
        "checkpoint": None,
        "parent_checkpoint": None,
        "interrupts": [],
        "checkpoint_id": None,
        "parent_checkpoint_id": None,
    }


def test_state_of_an_unknown_checkpoint_and_an_unknown_graph(server):
    unknown = str(uuid.uuid4())
    state = state_get(server, "echo", str(uuid.uuid4()), unknown)
    assert state["values"] == {} and state["checkpoint_id"] == unknown
    with pytest.raises(RuntimeError, match="GraphNotFound"):
        state_get(server, "nope", str(uuid.uuid4()))


def test_factories_are_told_that_they_are_read(server):
    run = server.start_run("factory_alone", {"what": "a"}).wait()
    assert run.state["values"]["out"] == "threads.create_run"
    assert state_get(server, "factory_alone", run.thread_id)["values"]["out"] == "threads.create_run"
    server.start_run("factory_managed", {"what": "a"}).wait()
    run = server.start_run("factory_managed", {"what": "b"}).wait()
    assert run.state["values"]["out"] == ["in", "out", "in"]
