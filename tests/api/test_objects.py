# SPDX-License-Identifier: Apache-2.0
"""What threads, runs, assistants and states look like: fields, their order, formats of ids and times."""
import json
import uuid

from shapes import is_time, is_uuid

FRESH_THREAD = ["thread_id", "created_at", "updated_at", "state_updated_at", "metadata", "status", "config", "values"]
USED_THREAD = [*FRESH_THREAD, "error", "interrupts"]
RUN = ["run_id", "thread_id", "assistant_id", "metadata", "status", "kwargs", "multitask_strategy", "created_at",
       "updated_at", "langsmith_session_name"]
KWARGS = ["input", "command", "config", "context", "stream_mode", "interrupt_before", "interrupt_after", "webhook",
          "feedback_keys", "temporary", "subgraphs", "resumable", "checkpoint_during", "durability"]
ASSISTANT = ["assistant_id", "graph_id", "config", "context", "metadata", "name", "created_at", "updated_at", "version",
             "description"]
STATE = ["values", "next", "tasks", "metadata", "created_at", "checkpoint", "parent_checkpoint", "interrupts",
         "checkpoint_id", "parent_checkpoint_id"]
ECHO_ID = "046b5dc7-2108-582c-9c6c-31d556d138f0"
NAMESPACE = uuid.UUID("6ba7b821-9dad-11d1-80b4-00c04fd430c8")


def test_a_fresh_thread_is_as_in_the_missions_example(native):
    answer = native.post("/threads")
    thread = answer.json()
    assert list(thread) == FRESH_THREAD
    assert is_uuid(thread["thread_id"], 7)
    assert is_time(thread["created_at"]) and thread["updated_at"] == thread["state_updated_at"] == thread["created_at"]
    assert thread["metadata"] == {} and thread["status"] == "idle" and thread["config"] == {} and thread["values"] is None
    assert answer.headers["content-type"] == "application/json"
    assert answer.text == json.dumps(thread, separators=(",", ":"))
    assert native.get(f"/threads/{thread['thread_id']}").text == answer.text


def test_a_thread_may_bring_its_id_metadata_and_ttl(native):
    wanted = str(uuid.uuid4())
    body = {"metadata": {"a": 1}, "thread_id": wanted, "ttl": {"strategy": "delete", "ttl": 1.5}}
    thread = native.post("/threads", body).json()
    assert thread["thread_id"] == wanted and thread["metadata"] == {"a": 1}
    assert native.post("/threads", {"ttl": 5}).status_code == 200  # the SDK's type allows it


def test_text_is_not_escaped_and_user_json_stays_as_it_was(native):
    text = '{"metadata":{"ü":"ß€😀","big":12345678901234567890123,"f":1e5,"z":1.0,"deep":[{"b":1,"a":2}]}}'.encode()
    answer = native.http.post("/threads", content=text)
    assert b'"metadata":' + text[len('{"metadata":'):-1] in answer.content
    assert text[len('{"metadata":'):-1] in native.get(f"/threads/{answer.json()['thread_id']}").content


def test_a_thread_after_a_run_has_values_error_and_interrupts(wire):
    thread = wire.thread()
    assert wire.wait_run("echo", {"text": "hi"}, thread) == {"text": "hi", "out": "hi"}
    now = wire.get(f"/threads/{thread}").json()
    assert list(now) == USED_THREAD
    assert now["metadata"] == {"graph_id": "echo", "assistant_id": ECHO_ID}
    assert now["status"] == "idle" and now["config"] == {"configurable": {}} and now["values"] == {"text": "hi", "out": "hi"}
    assert now["error"] is None and now["interrupts"] == {}
    assert now["state_updated_at"] == now["updated_at"] > now["created_at"]


def test_a_thread_whose_run_failed_says_why(wire):
    thread = wire.thread()
    wire.wait_run("boom", {"msg": "kaput"}, thread)
    now = wire.get(f"/threads/{thread}").json()
    assert list(now) == USED_THREAD
    assert now["status"] == "error" and now["error"] == {"error": "ValueError", "message": "kaput"}
    assert now["values"] == {"msg": "kaput", "steps": ["ok"]}


def test_a_thread_that_waits_for_an_answer_lists_its_interrupts(wire):
    thread = wire.thread()
    wire.wait_run("human", {"text": "t"}, thread)
    now = wire.get(f"/threads/{thread}").json()
    assert now["status"] == "interrupted" and now["values"] == {"text": "t", "steps": ["before"]} and now["error"] is None
    (task, interrupts), = now["interrupts"].items()
    assert is_uuid(task) and [list(each) for each in interrupts] == [["id", "value"]]
    assert interrupts[0]["value"] == {"question": "approve?", "text": "t"}


def test_a_run_shows_its_parameters(wire):
    thread = wire.thread()
    answer = wire.post(f"/threads/{thread}/runs", {"assistant_id": "echo", "input": {"text": "hi"}, "metadata": {"m": 1}})
    run = answer.json()
    assert list(run) == RUN and list(run["kwargs"]) == KWARGS
    assert is_uuid(run["run_id"], 7) and run["thread_id"] == thread and run["assistant_id"] == ECHO_ID
    assert run["status"] in ("pending", "running", "success") and run["multitask_strategy"] == "enqueue"
    assert run["langsmith_session_name"] is None and is_time(run["created_at"]) and is_time(run["updated_at"])
    assert run["metadata"] == {"created_by": "system", "graph_id": "echo", "assistant_id": ECHO_ID, "m": 1}
    assert list(run["metadata"]) == ["created_by", "graph_id", "assistant_id", "m"]
    kwargs = run["kwargs"]
    configurable = kwargs.pop("config")["configurable"]
    ids = {"run_id": run["run_id"], "thread_id": thread, "graph_id": "echo", "assistant_id": ECHO_ID}
    assert {key: configurable[key] for key in ids} == ids
    assert kwargs == {"input": {"text": "hi"}, "command": None, "context": {}, "stream_mode": ["values"],
                      "interrupt_before": None, "interrupt_after": None, "webhook": None, "feedback_keys": None,
                      "temporary": False, "subgraphs": False, "resumable": False, "checkpoint_during": True,
                      "durability": "async"}
    assert answer.headers["content-location"] == f"/threads/{thread}/runs/{run['run_id']}"

    done = wire.until_status(run, "success")
    assert list(done) == RUN and done["created_at"] == run["created_at"] and done["updated_at"] > run["created_at"]
    listed = wire.get(f"/threads/{thread}/runs").json()
    assert listed == [done]


def test_a_system_assistant_for_each_graph(wire):
    found = wire.post("/assistants/search", {"limit": 100}).json()
    assert {each["graph_id"] for each in found} >= {"agent", "echo", "human", "native_echo"}
    for assistant in found:
        assert list(assistant) == ASSISTANT
        assert assistant["assistant_id"] == str(uuid.uuid5(NAMESPACE, assistant["graph_id"]))
        assert assistant["name"] == assistant["graph_id"] and assistant["metadata"] == {"created_by": "system"}
        assert assistant["config"] in ({}, None) and assistant["version"] == 1
        assert is_time(assistant["created_at"])
    echo = wire.get(f"/assistants/{ECHO_ID}")
    assert echo.status_code == 200 and echo.json() in found


def test_the_state_of_an_empty_thread(native):
    answer = native.get(f"/threads/{native.thread()}/state")
    assert answer.status_code == 200
    assert answer.text == ('{"values":{},"next":[],"tasks":[],"metadata":null,"created_at":null,"checkpoint":null,'
                           '"parent_checkpoint":null,"interrupts":[],"checkpoint_id":null,"parent_checkpoint_id":null}')


def test_the_state_after_a_run(both):
    server, echo, *_ = both
    thread = server.thread()
    server.wait_run(echo, {"text": "hi"}, thread)
    state = server.get(f"/threads/{thread}/state").json()
    assert list(state) == STATE
    assert state["values"] == {"text": "hi", "out": "hi"} and state["next"] == [] and state["tasks"] == []
    assert state["interrupts"] == [] and is_time(state["created_at"])
    assert list(state["checkpoint"]) == ["checkpoint_id", "thread_id", "checkpoint_ns"]
    assert state["checkpoint"] == {"checkpoint_id": state["checkpoint_id"], "thread_id": thread, "checkpoint_ns": ""}
    assert is_uuid(state["checkpoint_id"], 6)
    assert state["parent_checkpoint"]["checkpoint_id"] == state["parent_checkpoint_id"] != state["checkpoint_id"]
    assert state["metadata"]["source"] == "loop" and state["metadata"]["graph_id"] == echo


def test_the_state_of_an_interrupted_thread(wire):
    thread = wire.thread()
    wire.wait_run("human", {"text": "t"}, thread)
    state = wire.get(f"/threads/{thread}/state").json()
    assert list(state) == STATE and state["next"] == ["ask"]
    task, = state["tasks"]
    assert list(task) == ["id", "name", "path", "error", "interrupts", "checkpoint", "state", "result"]
    assert task["name"] == "ask" and task["path"] == ["__pregel_pull", "ask"] and task["error"] is None
    assert task["interrupts"] == wire.get(f"/threads/{thread}").json()["interrupts"][task["id"]]


def test_the_state_of_a_failed_run_names_the_error(wire):
    thread = wire.thread()
    wire.wait_run("boom", {"msg": "kaput"}, thread)
    state = wire.get(f"/threads/{thread}/state").json()
    assert state["next"] == ["boom"] and state["tasks"][0]["error"] == "ValueError('kaput')"


def test_patch_merges_metadata_and_may_answer_nothing(native):
    thread = native.thread(metadata={"a": 1, "b": {"x": 1}})
    patched = native.http.patch(f"/threads/{thread}", json={"metadata": {"b": {"y": 2}, "c": 3}})
    assert patched.status_code == 200 and patched.json()["metadata"] == {"a": 1, "b": {"y": 2}, "c": 3}
    quiet = native.http.patch(f"/threads/{thread}", json={"metadata": {"d": 4}}, headers={"Prefer": "return=minimal"})
    assert quiet.status_code == 204 and quiet.content == b""
    assert native.get(f"/threads/{thread}").json()["metadata"] == {"a": 1, "b": {"y": 2}, "c": 3, "d": 4}


def test_a_deleted_thread_is_gone_with_its_runs(both):
    server, echo, *_ = both
    thread = server.thread()
    server.wait_run(echo, {"text": "x"}, thread)
    gone = server.http.delete(f"/threads/{thread}")
    assert gone.status_code == 204 and gone.content == b""
    assert server.get(f"/threads/{thread}").status_code == 404
    assert server.get(f"/threads/{thread}/runs").status_code == 404
    assert server.get(f"/threads/{thread}/state").status_code == 404


def test_a_second_run_moves_on_from_the_first_ones_state(wire):
    thread = wire.thread()
    wire.wait_run("sleepy", {"seconds": 0}, thread)
    assert wire.wait_run("sleepy", {"seconds": 0}, thread)["steps"] == ["nap1", "nap2", "nap1", "nap2"]


def test_if_exists_do_nothing_gives_the_old_thread_unchanged(native):
    thread = native.post("/threads", {"metadata": {"a": 1}})
    again = native.post("/threads", {"thread_id": thread.json()["thread_id"], "if_exists": "do_nothing", "metadata": {"z": 1}})
    assert again.status_code == 200 and again.text == thread.text
