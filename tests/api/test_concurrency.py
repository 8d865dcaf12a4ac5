# SPDX-License-Identifier: Apache-2.0
"""Several runs on a thread, cancelling, delays, clients that leave."""
import time
import uuid

import pytest

from server import SLOW
from shapes import is_time
from sse import Exchange, stream
from waiting import until


def test_reject_is_409_while_the_thread_is_busy(both):
    server, echo, sleepy, _ = both
    run = server.create_run(sleepy, {"seconds": 60})
    thread = run["thread_id"]
    assert server.get(f"/threads/{thread}").json()["status"] == "busy"
    for path in ("runs", "runs/wait", "runs/stream"):
        refused = server.post(f"/threads/{thread}/{path}", {"assistant_id": echo, "input": {"text": "2"},
                                                            "multitask_strategy": "reject"})
        assert refused.status_code == 409 and "detail" in refused.json()
    assert len(server.get(f"/threads/{thread}/runs").json()) == 1
    server.post(f"/threads/{thread}/runs/{run['run_id']}/cancel?wait=true")
    assert server.wait_run(echo, {"text": "2"}, thread, multitask_strategy="reject")["out"] == "2"


def test_enqueued_runs_follow_one_another_in_order(both):
    server, echo, sleepy, _ = both
    first = server.create_run(sleepy, {"seconds": 0.4})
    thread = first["thread_id"]
    later = [server.create_run(echo, {"text": str(n)}, thread) for n in range(3)]
    assert {server.run(run)["status"] for run in later} == {"pending"}
    outs = [server.get(f"/threads/{thread}/runs/{run['run_id']}/join").json()["out"] for run in later]
    assert outs == ["0", "1", "2"]
    done = [server.run(run) for run in (first, *later)]
    assert [run["status"] for run in done] == ["success"] * 4
    assert [run["updated_at"] for run in done] == sorted(run["updated_at"] for run in done)
    assert server.get(f"/threads/{thread}").json()["status"] == "idle"


def test_interrupt_stops_the_run_before(both):
    server, echo, sleepy, _ = both
    first = server.create_run(sleepy, {"seconds": 60})
    server.until_status(first, "running")
    assert server.wait_run(echo, {"text": "2"}, first["thread_id"], multitask_strategy="interrupt")["out"] == "2"
    assert server.run(first)["status"] == "interrupted"


def test_rollback_removes_the_run_before_and_what_it_did(both):
    server, echo, sleepy, _ = both
    thread = server.thread()
    server.wait_run(echo, {"text": "1"}, thread)
    before = server.get(f"/threads/{thread}/state").json()
    first = server.create_run(sleepy, {"seconds": 60}, thread)
    server.until_status(first, "running")
    until(lambda: server.get(f"/threads/{thread}/state").json()["values"].get("seconds"), "the first checkpoint")
    assert server.post(f"/threads/{thread}/runs/{first['run_id']}/cancel?wait=1&action=rollback").status_code == 200
    assert server.get(f"/threads/{thread}/runs/{first['run_id']}").status_code == 404
    assert server.get(f"/threads/{thread}/state").json() == before
    second = server.create_run(sleepy, {"seconds": 60}, thread)
    server.until_status(second, "running")
    assert server.wait_run(echo, {"text": "2"}, thread, multitask_strategy="rollback")["out"] == "2"
    assert server.get(f"/threads/{thread}/runs/{second['run_id']}").status_code == 404
    assert "seconds" not in server.get(f"/threads/{thread}/state").json()["values"]
    assert server.get(f"/threads/{thread}").json()["status"] == "idle"


def test_cancel_of_a_running_run(both):
    server, _, sleepy, _ = both
    run = server.create_run(sleepy, {"seconds": 60})
    server.until_status(run, "running")
    path = f"/threads/{run['thread_id']}/runs/{run['run_id']}/cancel"
    answer = server.post(path)
    assert answer.status_code == 202 and answer.content == b""
    server.until_status(run, "interrupted")
    thread = server.get(f"/threads/{run['thread_id']}").json()
    assert thread["status"] == "interrupted" and thread["error"]["error"] == "UserInterrupt"
    assert thread["error"]["message"] == "interrupt requested via POST /threads/{thread_id}/runs/{run_id}/cancel"
    assert server.post(path).status_code == 404


def test_cancel_with_wait_answers_when_it_has_stopped(both):
    server, _, sleepy, _ = both
    run = server.create_run(sleepy, {"seconds": 60})
    server.until_status(run, "running")
    answer = server.post(f"/threads/{run['thread_id']}/runs/{run['run_id']}/cancel?wait=true")
    assert answer.status_code == 200 and answer.json() == {}
    assert server.run(run)["status"] == "interrupted"


def test_cancel_keeps_the_steps_that_were_done(wire):
    thread = wire.thread()
    with stream(wire, f"/threads/{thread}/runs/stream", {"assistant_id": "sleepy", "input": {"seconds": 1},
                                                         "stream_mode": ["updates"]}) as opened:
        run = opened.next().json()["run_id"]
        assert opened.next().json() == {"nap1": {"steps": ["nap1"]}}
        wire.post(f"/threads/{thread}/runs/{run}/cancel?wait=true")
        assert [event.event for event in opened.rest()] == ["metadata", "updates"]  # and no error event
    state = wire.get(f"/threads/{thread}/state").json()
    assert state["values"] == {"seconds": 1, "steps": ["nap1"]} and state["next"] == ["nap2"]


def test_cancel_of_a_run_that_has_not_started(both):
    server, echo, sleepy, _ = both
    delayed = server.create_run(echo, {"text": "x"}, after_seconds=60)
    assert server.post(f"/threads/{delayed['thread_id']}/runs/{delayed['run_id']}/cancel").status_code == 202
    server.until_status(delayed, "interrupted")
    busy = server.create_run(sleepy, {"seconds": 60})
    queued = server.create_run(echo, {"text": "x"}, busy["thread_id"])
    assert server.post(f"/threads/{queued['thread_id']}/runs/{queued['run_id']}/cancel?wait=true").status_code == 200
    assert server.run(queued)["status"] == "interrupted" and server.run(busy)["status"] == "running"
    server.post(f"/threads/{busy['thread_id']}/runs/{busy['run_id']}/cancel?wait=true")


def test_a_waiting_client_gets_the_values_of_a_cancelled_run(wire):
    thread = wire.thread()
    with Exchange(wire.url, "POST", f"/threads/{thread}/runs/wait", {"assistant_id": "sleepy", "input": {"seconds": 60}}) as opened:
        run = opened.header("content-location").rsplit("/", 1)[1]
        wire.until_status({"thread_id": thread, "run_id": run}, "running")
        until(lambda: wire.get(f"/threads/{thread}/state").json()["values"] or None, "the first checkpoint")
        wire.post(f"/threads/{thread}/runs/{run}/cancel")
        assert opened.body().strip() == b'{"seconds":60,"steps":[]}'


def test_many_runs_are_cancelled_at_once(both):
    server, echo, sleepy, _ = both
    busy = server.create_run(sleepy, {"seconds": 60})
    thread = busy["thread_id"]
    queued = [server.create_run(echo, {"text": "x"}, thread) for _ in range(3)]
    server.until_status(busy, "running")
    body = {"thread_id": thread, "run_ids": [run["run_id"] for run in queued]}
    assert server.post("/runs/cancel", body).status_code == 204
    assert {server.run(run)["status"] for run in queued} == {"interrupted"}
    assert server.post("/runs/cancel", body).status_code == 404
    assert server.post("/runs/cancel?action=rollback", {"status": "running"}).status_code == 204
    until(lambda: server.get(f"/threads/{thread}/runs/{busy['run_id']}").status_code == 404, "the rollback")
    for bad in ({}, {"status": "xx"}, {"run_ids": body["run_ids"]}, {**body, "status": "all"}, {"thread_id": thread}):
        assert server.post("/runs/cancel", bad).status_code == 422, bad
    assert server.post(f"/threads/{thread}/runs/{busy['run_id']}/cancel?action=explode").status_code == 422


def test_a_run_that_takes_too_long_ends_as_timeout(both):
    server, _, sleepy, _ = both
    thread = server.thread()
    body = {"assistant_id": sleepy, "input": {"seconds": 60}, "config": {"run_timeout": 0.3}}
    answer = server.post(f"/threads/{thread}/runs/wait", body).json()
    assert answer["__error__"]["error"] == "TimeoutError" and "0.3 seconds" in answer["__error__"]["message"]
    assert server.get(f"/threads/{thread}/runs").json()[0]["status"] == "timeout"
    assert server.get(f"/threads/{thread}").json()["status"] == "error"
    body["config"] = {"run_timeout": -1}
    refused = server.post(f"/threads/{thread}/runs/wait", body)
    assert refused.status_code == 422 and "run_timeout" in refused.json()["detail"]


def test_a_deleted_running_run_leaves_a_usable_thread(both):
    server, echo, sleepy, _ = both
    run = server.create_run(sleepy, {"seconds": 60})
    server.until_status(run, "running")
    assert server.http.delete(f"/threads/{run['thread_id']}/runs/{run['run_id']}").status_code == 204
    assert server.get(f"/threads/{run['thread_id']}/runs/{run['run_id']}").status_code == 404
    assert server.wait_run(echo, {"text": "x"}, run["thread_id"])["out"] == "x"
    until(lambda: server.get(f"/threads/{run['thread_id']}").json()["status"] == "idle", "the thread to be idle")


def test_deleting_a_busy_thread_ends_its_streams(both):
    server, _, sleepy, _ = both
    thread = server.thread()
    with stream(server, f"/threads/{thread}/runs/stream", {"assistant_id": sleepy, "input": {"seconds": 60}}) as opened:
        opened.next()
        assert server.http.delete(f"/threads/{thread}").status_code == 204
        opened.rest()
    assert server.get(f"/threads/{thread}").status_code == 404


def test_after_seconds_delays_the_run(both):
    server, echo, *_ = both
    started = time.monotonic()
    run = server.create_run(echo, {"text": "x"}, after_seconds=0.7)
    assert server.run(run)["status"] == "pending" and is_time(run["created_at"])
    assert server.get(f"/threads/{run['thread_id']}").json()["status"] == "busy"
    server.get(f"/threads/{run['thread_id']}/runs/{run['run_id']}/join")
    assert 0.65 < time.monotonic() - started < 2.0 * SLOW


def test_a_negative_delay_is_none(both):
    server, echo, *_ = both
    assert server.wait_run(echo, {"text": "x"}, after_seconds=-5)["out"] == "x"


def test_if_not_exists_creates_the_thread(both):
    server, echo, *_ = both
    thread = str(uuid.uuid4())
    assert server.wait_run(echo, {"text": "x"}, thread, if_not_exists="create")["out"] == "x"
    assert server.get(f"/threads/{thread}").json()["metadata"]["graph_id"] == echo
    other = str(uuid.uuid4())
    body = {"assistant_id": echo, "input": {}, "if_not_exists": "reject"}
    assert server.post(f"/threads/{other}/runs", body).status_code == 404
    assert server.get(f"/threads/{other}").status_code == 404


@pytest.mark.parametrize("kind", ["stream", "wait"])
def test_a_run_goes_on_when_its_client_leaves(both, kind):
    server, _, sleepy, _ = both
    thread = server.thread()
    body = {"assistant_id": sleepy, "input": {"seconds": 0.7}}
    with Exchange(server.url, "POST", f"/threads/{thread}/runs/{kind}", body) as opened:
        run = {"thread_id": thread, "run_id": opened.header("content-location").rsplit("/", 1)[1]}
        server.until_status(run, "running")
        opened.abort()
    assert server.until_status(run, "success", "interrupted", "error")["status"] == "success"


@pytest.mark.parametrize("kind", ["stream", "wait"])
def test_a_run_is_cancelled_when_its_client_leaves_if_asked(both, kind):
    server, _, sleepy, _ = both
    thread = server.thread()
    body = {"assistant_id": sleepy, "input": {"seconds": 60}, "on_disconnect": "cancel"}
    with Exchange(server.url, "POST", f"/threads/{thread}/runs/{kind}", body) as opened:
        run = {"thread_id": thread, "run_id": opened.header("content-location").rsplit("/", 1)[1]}
        server.until_status(run, "running")
    assert server.until_status(run, "interrupted")
    assert server.get(f"/threads/{thread}").json()["error"]["message"].startswith("client disconnected from the run")


def test_a_joining_client_that_leaves_cancels_only_if_asked(both):
    server, _, sleepy, _ = both
    run = server.create_run(sleepy, {"seconds": 60})
    server.until_status(run, "running")
    path = f"/threads/{run['thread_id']}/runs/{run['run_id']}/stream"
    with Exchange(server.url, "GET", path):
        pass
    assert server.run(run)["status"] == "running"
    with Exchange(server.url, "GET", f"{path}?cancel_on_disconnect=true"):
        pass
    server.until_status(run, "interrupted")


def test_runs_on_many_threads_run_side_by_side(both):
    server, _, sleepy, _ = both
    started = time.monotonic()
    runs = [server.create_run(sleepy, {"seconds": 0.5}) for _ in range(30)]
    for run in runs:
        assert server.get(f"/threads/{run['thread_id']}/runs/{run['run_id']}/join").json()["seconds"] == 0.5
    assert time.monotonic() - started < 8 * SLOW  # one after the other they would take 15 s, in the wire project 30 s
