# SPDX-License-Identifier: Apache-2.0
"""Runs from start to end: commands, errors, cancelling, later attempts, fencing, factories, context."""

import json
import uuid

import pytest


def values(run):
    return run.state["values"]


# ---- interrupts and commands


def test_interrupt_and_resume(server):
    first = server.start_run("human", {"text": "t"}).wait()
    assert first.status == "success" and first.state["next"] == ["ask"]
    second = server.start_run("human", command={"resume": "yes"}, thread_id=first.thread_id, stream_mode="updates")
    assert second.wait().data("updates") == [
        {"ask": {"answer": "yes", "steps": ["ask"]}},
        {"after": {"steps": ["after"]}},
    ]
    assert values(second) == {"text": "t", "answer": "yes", "steps": ["before", "ask", "after"]}
    assert second.state["next"] == [] and second.state["interrupts"] == []


def test_commands_as_the_reference_takes_them(server):
    thread_id = server.start_run("human", {"text": "q"}).wait().thread_id

    def run(command):
        done = server.start_run("human", command=command, thread_id=thread_id).wait()
        assert done.status == "success", done.error
        return values(done)["steps"]

    steps = ["before", "ask", "after"]
    assert run({"update": {"text": "changed"}, "resume": {"ok": 1}}) == steps
    assert run({"goto": "after"}) == (steps := [*steps, "after"])
    assert run({"goto": {"node": "after", "input": {"text": "s"}}}) == (steps := [*steps, "after"])
    assert run({"goto": ["after"]}) == (steps := [*steps, "after"])
    assert run({"goto": "nonode"}) == steps
    assert run({"resume": 1}) == steps
    assert run({}) == steps
    assert run({"update": [["text", "pairs"]], "goto": "after"}) == [*steps, "after"]


def test_two_interrupts_need_a_map(server):
    first = server.start_run("two", {"text": "x"}).wait()
    a, b = (interrupt["id"] for interrupt in first.state["interrupts"])
    thread_id = first.thread_id
    plain = server.start_run("two", command={"resume": "only one"}, thread_id=thread_id).wait()
    assert plain.error["error"] == "RuntimeError" and "specify the interrupt id" in plain.error["message"]
    half = server.start_run("two", command={"resume": {a: "A"}}, thread_id=thread_id).wait()
    assert [i["id"] for i in half.state["interrupts"]] == [b] and half.state["next"] == ["ask_b"]
    whole = server.start_run("two", command={"resume": {b: "B"}}, thread_id=thread_id).wait()
    assert values(whole) == {"text": "x", "got": [["a", "A"], ["b", "B"]]}


def test_resume_inside_a_subgraph(server):
    first = server.start_run("subint", {"what": "a"}).wait()
    second = server.start_run("subint", command={"resume": "deep"}, thread_id=first.thread_id).wait()
    assert values(second) == {"what": "a", "out": "deep"}


def test_fork_from_a_checkpoint(server):
    first = server.start_run("human", {"text": "q"}).wait()
    fork = {"configurable": {"checkpoint_id": first.state["parent_checkpoint_id"]}}
    with_input = server.start_run("human", {"text": "forked"}, thread_id=first.thread_id, config=fork).wait()
    assert values(with_input) == {"text": "forked", "steps": ["before"]}
    replay = server.start_run("human", None, thread_id=first.thread_id, config=fork).wait()
    assert replay.status == "success" and values(replay) == {"text": "q", "steps": ["before"]}


def test_interrupt_before_and_after(server):
    before = server.start_run("human", {"text": "q"}, interrupt_before=["before"]).wait()
    assert before.state["next"] == ["before"]
    after = server.start_run("human", None, thread_id=before.thread_id, interrupt_after="*").wait()
    assert after.state["next"] == ["ask"] and after.state["interrupts"] == []


@pytest.mark.parametrize(("durability", "checkpoints"), [("async", 4), ("sync", 4), ("exit", 1)])
def test_durability(server, durability, checkpoints):
    run = server.start_run("parent", {"text": "x"}, durability=durability).wait()
    assert values(run)["final"] == "done a:x:b"
    stored = [key for key in server.storage.checkpoints if key[:2] == (run.thread_id, "")]
    assert len(stored) == checkpoints


def test_a_second_run_goes_on_where_the_first_stopped(server):
    first = server.start_run("fan", {"items": [1]}).wait()
    second = server.start_run("fan", {"items": [2]}, thread_id=first.thread_id).wait()
    assert values(second) == {"items": [2], "results": ["w1", "w2"]}


def test_runs_need_no_round_trip_to_read_their_own_thread(server):
    before = len(server.frames)
    run = server.start_run("parent", {"text": "x"}).wait()
    server.start_run("parent", {"text": "y"}, thread_id=run.thread_id).wait()
    asked = [header for header, _ in server.frames[before:] if header["method"].startswith("checkpoint.get")]
    # only the second run's subgraph does not know whether its namespace is new
    assert [header["checkpoint_ns"][:6] for header in asked] == ["child:"]


# ---- errors


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("text", {"error": "Errand", "message": "text"}),
        ("key", {"error": "KeyError", "message": "'k'"}),
        ("exit", {"error": "SystemExit", "message": "3"}),
    ],
)
def test_errors_of_nodes(server, what, error):
    run = server.start_run("failing", {"what": what}).wait()
    assert (run.status, run.error) == ("error", error)
    assert run.state["next"] == ["fail"] and run.state["values"] == {"what": what}


def test_a_node_that_cancels_itself_is_an_error(server):
    run = server.start_run("failing", {"what": "cancelled"}).wait()
    assert run.status == "error" and run.error["error"] in ("NodeCancelledError", "CancelledError")


def test_the_worker_survives_sys_exit(server):
    server.start_run("failing", {"what": "exit"}).wait()
    assert values(server.start_run("echo", {"text": "alive"}).wait())["out"] == "alive"


def test_an_unknown_graph_is_the_runs_error(server):
    run = server.start_run("nope", {}).wait()
    assert run.status == "error" and run.error["error"] == "GraphNotFound" and run.state is None


def test_no_checkpoint_no_state(server):
    run = server.start_run("echo", None).wait()
    assert run.error == {"error": "EmptyInputError", "message": "Received no input for __start__"}
    assert run.state is None and run.header["checkpoint_id"] is None


def test_a_failed_put_fails_the_run(server):
    server.refusals["checkpoint.put"] = lambda header: {"type": "Storage", "message": "disk full"}
    run = server.start_run("echo", {"text": "x"}).wait()
    assert run.status == "error" and run.error == {"error": "Storage", "message": "disk full"}


# ---- cancelling


def test_cancel_an_async_node(server):
    run = server.start_run("sleepy", {"seconds": 60}).wait_events(1)
    run.cancel()
    assert run.wait().status == "interrupted" and run.error is None
    assert run.state["values"] == {"seconds": 60, "steps": []} and run.state["next"] == ["nap1"]


def test_cancel_a_sync_node_ends_the_run_at_once(server):
    run = server.start_run("blocker", {"seconds": 3}, stream_mode=["values", "tasks"]).wait_events(2)
    run.cancel()
    assert run.wait(2).status == "interrupted"
    assert run.state["next"] == ["thread"]


def test_a_cancelled_node_may_fail_in_its_clean_up(server):
    run = server.start_run("untidy", {"what": "a"}, stream_mode="tasks").wait_events(1)
    run.cancel()
    assert run.wait().status == "interrupted" and run.error is None and run.state["next"] == ["work"]


def test_cancel_waits_for_saves_on_their_way(server):
    held = []
    real = server._answer

    def hold(header, body):
        if header["method"] == "checkpoint.put" and len(held) < 1:
            held.append((header, body))
        else:
            real(header, body)

    server._answer = hold
    try:
        run = server.start_run("sleepy", {"seconds": 60})
        server.wait_until(lambda: held)
        run.cancel()
        server.call({"method": "ping"})
        assert run.end is None
        real(*held[0])
        assert run.wait().status == "interrupted" and run.state["created_at"]
    finally:
        del server._answer


def test_cancel_of_an_unknown_or_other_attempt_does_nothing(server):
    server.send({"method": "run.cancel", "run_id": str(uuid.uuid4()), "attempt": 1})
    run = server.start_run("sleepy", {"seconds": 0.05})
    server.send({"method": "run.cancel", "run_id": run.run_id, "attempt": 2})
    assert run.wait().status == "success"


# ---- attempts and fencing


def test_a_later_attempt_goes_on_from_the_last_checkpoint(server):
    run_id = str(uuid.uuid4())
    first = server.start_run("sleepy", {"seconds": 0.01}, run_id=run_id, interrupt_after=["nap1"]).wait()
    again = server.start_run("sleepy", {"seconds": 0.01}, run_id=run_id, thread_id=first.thread_id, attempt=2).wait()
    assert values(again)["steps"] == ["nap1", "nap2"]
    assert again.header["attempt"] == 2 and again.state["metadata"]["run_attempt"] == 2


def test_a_later_attempt_does_not_answer_the_next_question(server):
    run_id = str(uuid.uuid4())
    thread_id = server.start_run("questions", {"text": "x"}).wait().thread_id
    resumed = {"command": {"resume": "one"}, "run_id": run_id, "thread_id": thread_id}
    first = server.start_run("questions", **resumed).wait()
    assert values(first)["answers"] == ["one"] and first.state["next"] == ["second"]
    again = server.start_run("questions", **resumed, attempt=2).wait()
    assert values(again)["answers"] == ["one"] and again.state["next"] == ["second"]


def test_a_later_attempt_goes_on_from_the_stored_input(server):
    run_id, puts = str(uuid.uuid4()), []

    def only_the_first(header):
        puts.append(header)
        return {"type": "Storage", "message": "gone"} if len(puts) > 1 else None

    server.refusals["checkpoint.put"] = only_the_first
    first = server.start_run("echo", {"text": "x"}, run_id=run_id).wait()
    assert first.error["message"] == "gone" and first.state["metadata"]["source"] == "input"
    server.refusals.clear()
    again = server.start_run("echo", {"text": "x"}, run_id=run_id, thread_id=first.thread_id, attempt=2).wait()
    assert values(again) == {"text": "x", "out": "x"}
    sources = [
        json.loads(row["metadata"])["source"]
        for k, row in server.storage.checkpoints.items()
        if k[0] == first.thread_id
    ]
    assert sorted(sources) == ["input", "loop", "loop"]


def test_a_later_attempt_without_progress_starts_over(server):
    thread_id = server.start_run("human", {"text": "x"}).wait().thread_id
    again = server.start_run("human", command={"resume": "yes"}, thread_id=thread_id, attempt=2).wait()
    assert values(again)["answer"] == "yes"


def test_a_fenced_run_stops_without_a_word(server):
    run_id = str(uuid.uuid4())
    server.refusals["checkpoint.put"] = lambda header: (
        {"type": "Fenced", "message": "attempt 1 is over"}
        if header["run_id"] == run_id and header["checkpoint_id"] and "nap1" in str(header["versions"])
        else None
    )
    fenced = server.start_run("sleepy", {"seconds": 0.01}, run_id=run_id)
    server.wait_until(lambda: any(h.get("run_id") == run_id for h, _ in server.notices("checkpoint.put")))
    other = server.start_run("sleepy", {"seconds": 0.2}).wait()
    assert other.status == "success"
    assert fenced.end is None
    assert not [t for h, t in server.notices("log") if h["run_id"] == run_id and b"Fenced" in t]


# ---- factories, context, config


def test_factories(server):
    run = server.start_run("factory", {"what": "a"}, config={"configurable": {"mine": 1}}).wait()
    assert values(run)["out"] == ["assistant_id", "graph_id", "mine", "run_id", "thread_id"]
    run = server.start_run("factory_runtime", {"what": "a"}, context={"k": "v"}).wait()
    assert values(run)["out"] == ["threads.create_run", {"k": "v"}]
    assert values(server.start_run("uncompiled", {"what": "a"}).wait())["out"] == "uncompiled"
    broken = server.start_run("factory_broken", {"what": "a"}).wait()
    assert broken.error == {"error": "LookupError", "message": "no such model"}


@pytest.mark.parametrize(
    ("graph", "context", "seen"),
    [
        ("settings", None, "None"),
        ("settings", {}, "Settings(a=7)"),
        ("settings", {"a": 3, "foreign": 1}, "Settings(a=3)"),
        ("free_context", {"a": 3}, "{'a': 3}"),
        ("free_context", {}, "None"),
        ("free_context", None, "None"),
    ],
)
def test_context(server, graph, context, seen):
    run = server.start_run(graph, {"what": "a"}, context=context, stream_mode="updates").wait()
    assert run.data("updates") == [{"tell": {"out": seen}}]


def test_config_reaches_nodes(server):
    config = {"tags": ["tg"], "recursion_limit": 9, "metadata": {"cm": 2}, "configurable": {"user_name": "u"}}
    run = server.start_run("custom", {"n": 0}, config=config, context={"user_name": "u", "bogus": 1}).wait()
    info = values(run)["info"]
    assert info["context"] == {"user_name": "u"} and info["tags"] == ["tg"] and info["recursion_limit"] == 9
    assert info["metadata"]["cm"] == "2" and info["configurable"]["run_id"] == run.run_id
    assert run.state["metadata"]["cm"] == 2 and run.state["metadata"]["user_name"] == "u"


def test_forty_sync_nodes_at_once(server):
    runs = [server.start_run("crowd", {"what": "a"}) for _ in range(40)]
    assert {run.wait().status for run in runs} == {"success"}


def test_big_states_pass(server):
    run = server.start_run("big", {"size": 6 << 20}).wait()
    assert len(values(run)["text"]) == 6 << 20
    again = server.start_run("big", {"size": 5}, thread_id=run.thread_id).wait()
    assert values(again)["text"] == "yyyyy"


def test_numbers_that_langgraph_cannot_store_are_the_runs_error(server):
    run = server.start_run("echo", {"text": 2**70}).wait()
    assert run.error == {"error": "TypeError", "message": "Integer exceeds 64-bit range"}
    assert run.decoded[0] == ("values", {"text": 2**70})


def test_errors_longer_than_a_header_are_cut(server):
    run = server.start_run("verbose", {"what": "a"}).wait()
    assert run.error["error"] == "ValueError" and run.error["message"].endswith("… (2097152 characters)")


def test_a_graph_that_refuses_to_stop_does_not_hold_its_run(server):
    run = server.start_run("stubborn", {"what": "a"}, stream_mode="tasks").wait_events(1)
    run.cancel()
    assert run.wait().status == "interrupted" and run.state is None
    assert run.header["checkpoint_id"]


def test_a_request_that_cannot_be_read_still_ends(server):
    handle = server.start_run("echo", {"text": "x"}, run_id="no-uuid")
    assert handle.wait().status == "error"


# ---- the same through astream_events


def test_errors_with_events(server):
    run = server.start_run("boom", {"msg": "kaput"}, stream_mode=["events", "values"]).wait()
    assert run.error == {"error": "ValueError", "message": "kaput"}
    assert run.state["tasks"][0]["error"] == "ValueError('kaput')" and run.data("values")[-1]["steps"] == ["ok"]


def test_interrupts_with_events(server):
    run = server.start_run("human", {"text": "q"}, stream_mode=["events", "updates"]).wait()
    assert run.status == "success" and run.state["next"] == ["ask"]
    assert "__interrupt__" in run.data("updates")[-1]


def test_cancel_with_events(server):
    run = server.start_run("sleepy", {"seconds": 60}, stream_mode=["events", "values"])
    server.wait_until(lambda: run.data("values"))
    run.cancel()
    assert run.wait().status == "interrupted" and run.state["next"] == ["nap1"]


# ---- state in unusual places


def test_delta_channels(server):
    first = server.start_run("delta", {"text": "a"}).wait()
    assert values(first)["log"] == ["one a", "two"]
    second = server.start_run("delta", {"text": "b"}, thread_id=first.thread_id).wait()
    assert values(second)["log"] == ["one a", "two", "one b", "two"]


def test_a_subgraph_with_a_memory_of_its_own(server):
    first = server.start_run("remembering", {"text": "a"}).wait()
    second = server.start_run("remembering", {"text": "b"}, thread_id=first.thread_id).wait()
    # The subgraph starts from what it saved, and its parent adds that to what it had.
    assert values(first)["seen"] == ["a"] and values(second)["seen"][-2:] == ["a", "b"]
    assert {key[1] for key in server.storage.checkpoints if key[0] == first.thread_id} == {"", "inner"}


def test_the_functional_api(server):
    first = server.start_run("functional", {"numbers": [1, 2]}, stream_mode=["updates", "values"]).wait()
    assert first.data("values")[-1] == {"doubled": [2, 4], "answer": None, "previous": None}
    asked = server.start_run("functional", {"numbers": [3], "ask": True}, thread_id=first.thread_id).wait()
    assert asked.state["interrupts"][0]["value"] == {"doubled": [6]}
    done = server.start_run("functional", command={"resume": "ok"}, thread_id=first.thread_id).wait()
    assert done.data("values")[-1] == {"doubled": [6], "answer": "ok", "previous": [2, 4]}
