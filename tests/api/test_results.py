# SPDX-License-Identifier: Apache-2.0
"""wait and join: always 200, the values or what went wrong in the body."""
import time

import pytest

from sse import Exchange, request
from server import SLOW


def test_wait_gives_the_values_and_where_the_run_is(both):
    server, echo, *_ = both
    thread = server.thread()
    answer = server.post(f"/threads/{thread}/runs/wait", {"assistant_id": echo, "input": {"text": "x"}})
    assert answer.text == '{"text":"x","out":"x"}' and answer.headers["content-type"] == "application/json"
    run = server.get(f"/threads/{thread}/runs").json()[0]["run_id"]
    assert answer.headers["content-location"] == f"/threads/{thread}/runs/{run}"
    assert answer.headers["location"] == f"/threads/{thread}/runs/{run}/join"
    assert server.get(answer.headers["content-location"]).status_code == 200
    assert server.get(answer.headers["location"]).text == answer.text


def test_an_error_is_in_the_body(both):
    server, _, _, failing = both
    thread = server.thread()
    wanted = '{"__error__":{"error":"ValueError","message":"kaput"}}'
    answer = server.post(f"/threads/{thread}/runs/wait", {"assistant_id": failing, "input": {"msg": "kaput"}})
    assert answer.status_code == 200 and answer.text == wanted
    assert server.get(answer.headers["location"]).text == wanted  # also of a finished run
    assert server.post("/runs/wait", {"assistant_id": failing, "input": {"msg": "kaput"}}).text == wanted


@pytest.mark.parametrize("path", ["/threads/{}/runs/wait", "/runs/wait"])
def test_an_interrupt_is_in_the_body_next_to_the_values(wire, path):
    thread = wire.thread()
    answer = wire.post(path.format(thread), {"assistant_id": "human", "input": {"text": "q"}}).json()
    interrupt, = answer.pop("__interrupt__")
    assert answer == {"text": "q", "steps": ["before"]}
    assert list(interrupt) == ["value", "id", "response_schema"]
    assert interrupt["value"] == {"question": "approve?", "text": "q"} and interrupt["response_schema"] is None


def test_joining_a_finished_interrupted_run_gives_values_too(wire):
    run = wire.create_run("human", {"text": "k"})
    wire.until_status(run, "success")
    joined = wire.get(f"/threads/{run['thread_id']}/runs/{run['run_id']}/join").json()
    assert joined["text"] == "k" and joined["__interrupt__"][0]["value"]["question"] == "approve?"


def test_interrupt_before_gives_plain_values(wire):
    thread = wire.thread()
    assert wire.wait_run("human", {"text": "q"}, thread, interrupt_before=["ask"]) == {"text": "q", "steps": ["before"]}
    assert wire.get(f"/threads/{thread}/state").json()["next"] == ["ask"]


def test_commands_resume_update_and_go_to_nodes(wire):
    thread = wire.thread()
    wire.wait_run("human", {"text": "q"}, thread)

    def command(**given):
        return wire.post(f"/threads/{thread}/runs/wait", {"assistant_id": "human", "command": given}).json()

    done = {"text": "changed", "answer": {"ok": 1}, "steps": ["before", "ask", "after"]}
    assert command(update={"text": "changed"}, resume={"ok": 1}) == done
    assert wire.get(f"/threads/{thread}").json()["status"] == "idle"
    assert command(goto="after")["steps"] == ["before", "ask", "after", "after"]
    assert command(goto={"node": "after", "input": {"text": "s"}})["steps"].count("after") == 3
    assert command(goto="nonode")["steps"].count("after") == 3
    assert command(resume=1)["steps"].count("after") == 3  # nothing was waiting
    assert command()["steps"].count("after") == 3  # an empty command is none


def test_two_interrupts_are_answered_by_their_ids(wire):
    thread = wire.thread()
    asked = {each["value"]: each["id"] for each in wire.wait_run("two", {"text": "x"}, thread)["__interrupt__"]}
    assert set(asked) == {"qa", "qb"}

    def resume(value):
        return wire.post(f"/threads/{thread}/runs/wait", {"assistant_id": "two", "command": {"resume": value}}).json()

    assert resume("only one")["__error__"]["error"] == "RuntimeError"
    left = resume({asked["qa"]: "A"})
    assert [each["value"] for each in left["__interrupt__"]] == ["qb"]
    assert resume({asked["qb"]: "B"}) == {"text": "x", "got": [["a", "A"], ["b", "B"]]}


def test_joining_waits_for_the_end(both):
    server, _, sleepy, _ = both
    run = server.create_run(sleepy, {"seconds": 0.5})
    answer = server.get(f"/threads/{run['thread_id']}/runs/{run['run_id']}/join")
    assert answer.json()["seconds"] == 0.5 and server.run(run)["status"] == "success"
    assert len(answer.json()) == 2  # with what the graph added


def test_a_finished_run_is_joined_at_once(both):
    server, echo, *_ = both
    run = server.create_run(echo, {"text": "x"})
    server.until_status(run, "success")
    started = time.monotonic()
    assert server.get(f"/threads/{run['thread_id']}/runs/{run['run_id']}/join").json() == {"text": "x", "out": "x"}
    assert time.monotonic() - started < 0.25 * SLOW


def test_a_long_wait_sends_line_feeds(native):
    with Exchange(native.url, "POST", "/runs/wait", {"assistant_id": "native_sleep", "input": {"seconds": 5.6}}) as opened:
        assert opened.chunked and opened.status == 200
        body = opened.body()
    assert body == b'\n{"seconds":5.6,"slept":5.6}'
    assert opened.chunks[0][1] == b"\n" and 4.5 < opened.chunks[0][0] < 5.6


def test_wait_answers_in_one_piece_when_the_run_is_quick(native):
    answer = request(native.url, "POST", "/runs/wait", {"assistant_id": "native_echo", "input": {"text": "x"}})
    assert answer.raw == b'{"text":"x","out":"x"}'


def test_runs_without_input_fail_as_langgraph_does(wire):
    error = {"error": "EmptyInputError", "message": "Received no input for __start__"}
    assert wire.wait_run("echo", None) == {"__error__": error}
    assert wire.wait_run("echo", "str")["__error__"]["error"] == "InvalidUpdateError"


def test_durability_and_checkpoint_during_change_nothing_in_the_result(wire):
    for more in ({"durability": "sync"}, {"durability": "exit"}, {"durability": "async"}, {"checkpoint_during": False}):
        thread = wire.thread()
        assert wire.wait_run("parent", {"text": "x"}, thread, **more)["final"] == "done a:x:b"
        assert wire.get(f"/threads/{thread}/state").json()["values"]["final"] == "done a:x:b"


def test_the_store_of_a_graph_lasts(wire):
    key = wire.thread()
    seen = wire.wait_run("memory", {"key": key, "value": 1})["seen"]
    assert key in seen and key in wire.wait_run("memory", {"key": "other"})["seen"]


def test_a_nul_character_in_the_input_harms_nothing(both):
    server, echo, *_ = both
    answer = server.http.post("/runs/wait", content=b'{"assistant_id":"%s","input":{"text":"a\\u0000b"}}' % echo.encode())
    assert answer.json()["out"] in ("a\x00b", "a\ufffdb")
