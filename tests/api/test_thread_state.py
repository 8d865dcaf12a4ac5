# SPDX-License-Identifier: Apache-2.0
"""A thread's states: the latest, old ones, changes by hand, forks, copies; and people who answer a graph."""
import asyncio
import uuid

import pytest
from langgraph_sdk import get_client

from waiting import until

UNKNOWN = str(uuid.uuid4())


def test_the_history_is_newest_first_and_each_of_its_states_can_be_had(both):
    server, echo, _, _ = both
    thread = server.thread()
    for text in ("1", "2"):
        server.wait_run(echo, {"text": text}, thread)
    history = server.get(f"/threads/{thread}/history").json()
    assert history[0] == server.get(f"/threads/{thread}/state").json()
    ids = [state["checkpoint_id"] for state in history]
    assert ids == sorted(ids, reverse=True) and len(ids) >= 4
    for state in history:
        assert server.get(f"/threads/{thread}/state/{state['checkpoint_id']}").json() == state
        body = {"checkpoint": state["checkpoint"], "subgraphs": False}
        assert server.post(f"/threads/{thread}/state/checkpoint", body).json() == state
    assert [state["checkpoint_id"] for state in server.get(f"/threads/{thread}/history?limit=1").json()] == ids[:1]
    assert [state["checkpoint_id"] for state in server.get(f"/threads/{thread}/history?before={ids[1]}").json()] == ids[2:]
    before = {"limit": 2, "before": {"configurable": {"checkpoint_id": ids[0]}}}
    assert [state["checkpoint_id"] for state in server.post(f"/threads/{thread}/history", before).json()] == ids[1:3]
    inputs = server.post(f"/threads/{thread}/history", {"metadata": {"source": "input"}}).json()
    assert [state["metadata"]["source"] for state in inputs] == ["input", "input"]


def test_what_is_not_there_is_404_and_what_is_wrong_names_the_field(both):
    server, echo, _, _ = both
    thread = server.thread()
    assert server.get(f"/threads/{thread}/history").json() == []
    fresh = server.post(f"/threads/{thread}/state", {"values": {"text": "x"}})
    assert fresh.status_code == 400 and "graph" in fresh.json()["detail"]
    server.wait_run(echo, {"text": "1"}, thread)
    for path in (f"/threads/{UNKNOWN}/history", f"/threads/{UNKNOWN}/state", f"/threads/{thread}/state/{UNKNOWN}"):
        assert server.get(path).status_code == 404, path
    assert server.post(f"/threads/{UNKNOWN}/copy").status_code == 404
    assert server.post(f"/threads/{UNKNOWN}/state", {"values": {}}).status_code == 404
    run = {"assistant_id": echo, "input": None, "checkpoint_id": UNKNOWN}
    assert server.post(f"/threads/{thread}/runs/wait", run).status_code == 404
    for query in ("limit=0", "limit=x", "limit=1001"):
        assert server.get(f"/threads/{thread}/history?{query}").status_code == 422, query


def test_an_update_makes_a_checkpoint_and_the_next_run_goes_on_from_it(both):
    server, echo, _, _ = both
    thread = server.thread()
    server.wait_run(echo, {"text": "1"}, thread)
    answer = server.post(f"/threads/{thread}/state", {"values": {"text": "by hand"}})
    assert answer.status_code == 200 and set(answer.json()) == {"checkpoint", "configurable", "checkpoint_id"}
    state = server.get(f"/threads/{thread}/state").json()
    assert state["checkpoint_id"] == answer.json()["checkpoint_id"]
    assert state["values"]["text"] == "by hand" and state["metadata"]["source"] == "update"
    assert server.get(f"/threads/{thread}").json()["values"]["text"] == "by hand"
    assert server.wait_run(echo, {}, thread)["out"] == "by hand"


def test_an_update_while_a_run_is_open_is_a_clean_409(both):
    server, echo, sleepy, _ = both
    thread = server.thread()
    server.wait_run(echo, {"text": "1"}, thread)
    run = server.create_run(sleepy, {"seconds": 60}, thread)
    refused = server.post(f"/threads/{thread}/state", {"values": {"text": "x"}})
    assert refused.status_code == 409 and "{" not in refused.json()["detail"]
    server.post(f"/threads/{thread}/runs/{run['run_id']}/cancel?wait=1")
    assert server.post(f"/threads/{thread}/state", {"values": {"text": "x"}}).status_code == 200


def test_as_node_and_an_unknown_node(wire):
    thread = wire.thread()
    wire.wait_run("human", {"text": "t"}, thread)
    refused = wire.post(f"/threads/{thread}/state", {"values": {}, "as_node": "nope"})
    assert refused.status_code == 400 and "nope" in refused.json()["detail"]
    assert wire.get(f"/threads/{thread}").json()["status"] == "interrupted"
    wire.post(f"/threads/{thread}/state", {"values": {"answer": "mine"}, "as_node": "ask"})
    assert wire.get(f"/threads/{thread}/state").json()["next"] == ["after"]
    wire.post(f"/threads/{thread}/state", {"values": None, "as_node": "after"})
    done = wire.get(f"/threads/{thread}").json()
    assert done["status"] == "idle" and done["interrupts"] == {} and done["values"]["answer"] == "mine"


def test_a_run_forks_from_every_checkpoint(wire):
    thread = wire.thread()
    wire.wait_run("sleepy", {"seconds": 0}, thread)
    history = wire.get(f"/threads/{thread}/history").json()
    for state in history:
        body = {"assistant_id": "sleepy", "input": None, "checkpoint": state["checkpoint"]}
        values = wire.post(f"/threads/{thread}/runs/wait", body).json()
        assert values["steps"] == ["nap1", "nap2"], state["next"]
    assert len(wire.get(f"/threads/{thread}/history?limit=100").json()) > len(history)


def test_a_copy_goes_on_by_itself(both):
    server, echo, _, _ = both
    thread = server.thread(metadata={"a": 1})
    server.wait_run(echo, {"text": "1"}, thread)
    copy = server.post(f"/threads/{thread}/copy").json()
    other = copy["thread_id"]
    assert other != thread and copy["metadata"]["a"] == 1 and copy["status"] == "idle"
    state = server.get(f"/threads/{other}/state").json()
    assert state["values"] == server.get(f"/threads/{thread}/state").json()["values"]
    assert thread not in str(server.get(f"/threads/{other}/history").json())
    server.wait_run(echo, {"text": "2"}, other)
    assert server.get(f"/threads/{thread}/state").json()["values"]["text"] == "1"
    server.http.delete(f"/threads/{thread}")
    assert server.wait_run(echo, {"text": "3"}, other)["out"] == "3"


def test_a_copy_of_a_thread_that_waits_can_be_answered(wire):
    thread = wire.thread()
    wire.wait_run("human", {"text": "t"}, thread)
    copy = wire.post(f"/threads/{thread}/copy").json()
    assert copy["status"] == "interrupted"
    for each, answer in ((copy["thread_id"], "copy"), (thread, "first")):
        body = {"assistant_id": "human", "command": {"resume": answer}}
        assert wire.post(f"/threads/{each}/runs/wait", body).json()["answer"] == answer


def test_several_questions_are_answered_one_by_one(wire):
    thread = wire.thread()
    waiting = wire.wait_run("two", {"text": "t"}, thread)["__interrupt__"]
    assert len(waiting) == 2
    plain = wire.post(f"/threads/{thread}/runs/wait", {"assistant_id": "two", "command": {"resume": "x"}}).json()
    assert plain["__error__"]["error"] == "RuntimeError"
    first = {waiting[0]["id"]: "one"}
    left = wire.post(f"/threads/{thread}/runs/wait", {"assistant_id": "two", "command": {"resume": first}}).json()
    assert [each["id"] for each in left["__interrupt__"]] == [waiting[1]["id"]]
    last = {waiting[1]["id"]: "two"}
    done = wire.post(f"/threads/{thread}/runs/wait", {"assistant_id": "two", "command": {"resume": last}}).json()
    assert sorted(done["got"]) == [["a", "one"], ["b", "two"]]
    assert wire.get(f"/threads/{thread}").json()["status"] == "idle"


@pytest.mark.parametrize("command", [{"bad": 1}, {"goto": 5}, {"goto": {"input": 1}}, {"goto": [{"node": 3}]}, "x", {"update": 5}])
def test_a_bad_command_is_422_by_name(wire, command):
    body = {"assistant_id": "human", "command": command}
    refused = wire.post(f"/threads/{wire.thread()}/runs/wait", body)
    assert refused.status_code == 422 and "command" in refused.json()["detail"], refused.text


def test_goto_and_update(wire):
    thread = wire.thread()
    wire.wait_run("human", {"text": "t"}, thread)
    wire.wait_run("human", None, thread, command={"resume": "yes"})
    body = {"assistant_id": "human", "command": {"goto": "after", "update": {"answer": "changed"}}}
    values = wire.post(f"/threads/{thread}/runs/wait", body).json()
    assert values["answer"] == "changed" and values["steps"] == ["before", "ask", "after", "after"]
    body["command"] = {"goto": [{"node": "before", "input": {"text": "again"}}, "after"]}
    values = wire.post(f"/threads/{thread}/runs/wait", body).json()
    assert values["steps"][4:].count("before") == 1 and "__interrupt__" in values


@pytest.mark.parametrize("where, next_node", [("interrupt_before", "nap2"), ("interrupt_after", "nap2")])
def test_a_run_stops_before_or_after_a_node_and_goes_on(wire, where, next_node):
    thread = wire.thread()
    node = ["nap2"] if where == "interrupt_before" else ["nap1"]
    assert wire.wait_run("sleepy", {"seconds": 0}, thread, **{where: node})["steps"] == ["nap1"]
    assert wire.get(f"/threads/{thread}").json()["status"] == "interrupted"
    assert wire.get(f"/threads/{thread}/state").json()["next"] == [next_node]
    assert wire.wait_run("sleepy", None, thread)["steps"] == ["nap1", "nap2"]


def test_supersteps_fill_a_new_thread(wire):
    steps = [{"updates": [{"values": {"text": "a"}, "as_node": "__input__"}]},
             {"updates": [{"values": {"out": "b"}, "as_node": "echo"}]}]
    thread = wire.post("/threads", {"metadata": {"graph_id": "echo"}, "supersteps": steps}).json()
    assert wire.get(f"/threads/{thread['thread_id']}/state").json()["values"] == {"out": "b"}  # as the reference
    refused = wire.post("/threads", {"thread_id": UNKNOWN, "supersteps": steps})
    assert refused.status_code in (400, 422) and wire.get(f"/threads/{UNKNOWN}").status_code == 404


def test_the_python_sdk_reads_and_changes_states(wire):
    async def use():
        client = get_client(url=wire.url)
        thread = (await client.threads.create(graph_id="human"))["thread_id"]
        await client.runs.wait(thread, "human", input={"text": "t"})
        state = await client.threads.get_state(thread, subgraphs=True)
        assert state["next"] == ["ask"] and state["interrupts"][0]["value"]["question"] == "approve?"
        await client.threads.update_state(thread, {"text": "u"})
        history = await client.threads.get_history(thread, limit=2)
        assert [each["metadata"]["source"] for each in history] == ["update", "loop"]
        old = await client.threads.get_state(thread, checkpoint_id=history[1]["checkpoint_id"])
        assert old["values"]["text"] == "t"
        copy = await client.threads.copy(thread)
        assert (copy or {}).get("thread_id") != thread
        done = await client.runs.wait(thread, "human", command={"resume": "yes"})
        assert done["answer"] == "yes" and done["text"] == "u"

    asyncio.run(use())


def test_five_mebibytes_of_state(wire):
    big = "x" * (5 << 20)
    thread = wire.thread()
    assert wire.wait_run("echo", {"text": big}, thread)["out"] == big
    assert wire.get(f"/threads/{thread}/state").json()["values"]["text"] == big
    assert len(wire.get(f"/threads/{thread}/history?limit=2").json()) == 2
    assert wire.post(f"/threads/{thread}/state", {"values": {"text": "small"}}).status_code == 200
    assert wire.get(f"/threads/{thread}/state").json()["values"] == {"text": "small", "out": big}


def test_a_run_whose_checkpoint_was_rolled_back_meanwhile_fails_and_changes_nothing(both):
    server, echo, sleepy, _ = both
    thread = server.thread()
    server.wait_run(echo, {"text": "kept"}, thread)
    first = server.create_run(sleepy, {"seconds": 30}, thread)

    def written():
        state = server.get(f"/threads/{thread}/history?limit=1").json()[0]
        return state["checkpoint_id"] if state["metadata"].get("run_id") == first["run_id"] else None

    body = {"assistant_id": echo, "input": {"text": "lost"}, "checkpoint_id": until(written, "a checkpoint of the run"),
            "multitask_strategy": "rollback"}
    answer = server.post(f"/threads/{thread}/runs/wait", body).json()
    assert answer["__error__"]["error"] == "CheckpointNotFound", answer
    assert server.get(f"/threads/{thread}/state").json()["values"]["text"] == "kept"
