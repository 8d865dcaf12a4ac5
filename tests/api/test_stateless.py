# SPDX-License-Identifier: Apache-2.0
"""Runs without a thread to come back to: the thread goes, the run's row stays, and what the headers name exists."""
from sse import Stream, stream
from waiting import until


def test_the_thread_goes_and_the_run_stays(both):
    server, echo, *_ = both
    answer = server.post("/runs", {"assistant_id": echo, "input": {"text": "x"}})
    run = answer.json()
    assert answer.headers["content-location"] == f"/runs/{run['run_id']}" and run["kwargs"]["temporary"] is True
    assert "graph_id" not in run["metadata"]
    done = until(lambda: (lambda now: now if now["status"] == "success" else None)(server.get(f"/runs/{run['run_id']}").json()),
                 "the run to end")
    assert done["thread_id"] == run["thread_id"]
    until(lambda: server.get(f"/threads/{run['thread_id']}").status_code == 404, "the thread to go")
    assert server.get(f"/threads/{run['thread_id']}/state").status_code == 404
    assert server.get(f"/runs/{run['run_id']}").json() == done


def test_a_kept_thread_has_the_state(both):
    server, echo, *_ = both
    answer = server.post("/runs/wait", {"assistant_id": echo, "input": {"text": "x"}, "on_completion": "keep"})
    assert answer.json() == {"text": "x", "out": "x"}
    run = server.get(answer.headers["content-location"]).json()
    thread = server.get(f"/threads/{run['thread_id']}")
    assert thread.status_code == 200 and thread.json()["values"] == {"text": "x", "out": "x"}


def test_where_the_headers_point_to_exists(both):
    server, echo, *_ = both
    waited = server.post("/runs/wait", {"assistant_id": echo, "input": {"text": "x"}})
    where = waited.headers["content-location"]
    assert where.startswith("/runs/") and waited.headers["location"] == f"{where}/join"
    assert server.get(where).json()["status"] == "success"
    assert server.get(f"{where}/join").status_code == 200
    with stream(server, "/runs/stream", {"assistant_id": echo, "input": {"text": "x"}}) as opened:
        opened.rest()
        where = opened.header("content-location")
        assert opened.header("location") == f"{where}/stream"
    assert server.get(where).status_code == 200
    with Stream(server.url, "GET", f"{where}/stream") as again:
        assert again.status == 200 and again.rest() == []


def test_a_stateless_run_is_joined_and_cancelled_by_its_id(both):
    server, _, sleepy, _ = both
    run = server.post("/runs", {"assistant_id": sleepy, "input": {"seconds": 0.5}}).json()["run_id"]
    assert server.get(f"/runs/{run}/join").json()["seconds"] == 0.5
    run = server.post("/runs", {"assistant_id": sleepy, "input": {"seconds": 60}}).json()["run_id"]
    until(lambda: server.get(f"/runs/{run}").json()["status"] == "running", "the run to start")
    assert server.post(f"/runs/{run}/cancel?wait=true").status_code == 200
    assert server.get(f"/runs/{run}").json()["status"] == "interrupted"


def test_a_live_stateless_run_can_be_joined_as_a_stream(both):
    server, _, sleepy, _ = both
    run = server.post("/runs", {"assistant_id": sleepy, "input": {"seconds": 0.8}}).json()["run_id"]
    with Stream(server.url, "GET", f"/runs/{run}/stream") as opened:
        assert opened.rest()[-1].event == "values"


def test_a_stateless_run_fails_without_leaving_a_thread(both):
    server, _, _, failing = both
    answer = server.post("/runs/wait", {"assistant_id": failing, "input": {"msg": "kaput"}})
    run = server.get(answer.headers["content-location"]).json()
    assert run["status"] == "error"
    until(lambda: server.get(f"/threads/{run['thread_id']}").status_code == 404, "the thread to go")


def test_stateful_only_fields_are_ignored(native):
    body = {"assistant_id": "native_echo", "input": {"text": "k"}, "multitask_strategy": "reject", "if_not_exists": "create"}
    assert native.post("/runs", body).status_code == 200


def test_a_batch_runs_all(both):
    server, echo, *_ = both
    runs = server.post("/runs/batch", [{"assistant_id": echo, "input": {"text": str(n)}, "on_completion": "keep"}
                                       for n in range(5)]).json()
    assert [server.get(f"/runs/{run['run_id']}/join").json()["out"] for run in runs] == ["0", "1", "2", "3", "4"]


def test_threads_of_stateless_runs_do_not_show_in_searches(native):
    before = native.post("/threads/count").json()
    native.post("/runs/wait", {"assistant_id": "native_echo", "input": {"text": "x"}})
    until(lambda: native.post("/threads/count").json() == before, "the count to be as before")
