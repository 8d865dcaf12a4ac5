# SPDX-License-Identifier: Apache-2.0
"""Lists of runs, and what becomes of runs that are batched, delayed or deleted."""
import uuid

import pytest

from waiting import until


@pytest.fixture(scope="module")
def listed(native):
    """A thread with five runs: their ids, newest first; the second one failed."""
    thread = native.thread()
    runs = []
    for n in range(5):
        graph = "native_fail" if n == 1 else "native_echo"
        run = native.create_run(graph, {"text": str(n)}, thread)
        native.get(f"/threads/{thread}/runs/{run['run_id']}/join")
        runs.insert(0, run["run_id"])
    return thread, runs


def page(server, thread, query=""):
    answer = server.get(f"/threads/{thread}/runs{query}")
    assert answer.status_code == 200, answer.text
    return [each["run_id"] for each in answer.json()], answer.headers


@pytest.mark.parametrize("query, begin, end, following", [("", 0, 5, None), ("?limit=2", 0, 2, "2"), ("?limit=2&offset=2", 2, 4, "4"),
                                                          ("?limit=2&offset=4", 4, 5, None), ("?limit=0", 0, 0, None),
                                                          ("?offset=9", 0, 0, None)])
def test_pages_of_runs(native, listed, query, begin, end, following):
    thread, runs = listed
    found, headers = page(native, thread, query)
    assert found == runs[begin:end] and headers["x-pagination-total"] == "5" and headers.get("x-pagination-next") == following


def test_runs_by_status(native, listed):
    thread, runs = listed
    found, headers = page(native, thread, "?status=error")
    assert found == [runs[3]] and headers["x-pagination-total"] == "1"
    found, headers = page(native, thread, "?status=success&limit=1&offset=1")
    assert found == [runs[1]] and headers["x-pagination-total"] == "4" and headers["x-pagination-next"] == "2"
    assert page(native, thread, "?status=timeout")[0] == []


def test_fields_of_runs(native, listed):
    thread, runs = listed
    answer = native.get(f"/threads/{thread}/runs?limit=1&select=run_id&select=kwargs").json()
    assert list(answer[0]) == ["run_id", "kwargs"] and answer[0]["run_id"] == runs[0]


@pytest.mark.parametrize("query", ["limit=abc", "limit=-1", "limit=1.5", "limit=", "offset=-1", "offset=x", "status=done", "status=",
                                   "select=nope", "limit=99999999999999999999"])
def test_bad_lists_are_refused(native, listed, query):
    answer = native.get(f"/threads/{listed[0]}/runs?{query}")
    assert answer.status_code == 422 and query.split("=")[0] in answer.json()["detail"], answer.text


def test_runs_of_an_unknown_thread(native):
    assert native.get(f"/threads/{uuid.uuid4()}/runs").status_code == 404


@pytest.mark.parametrize("bad", [{"assistant_id": "nope"}, {"assistant_id": str(uuid.uuid4())}, {"assistant_id": "native_echo", "webhook": "ftp://x"},
                                 {"assistant_id": "native_echo", "stream_mode": "bad"}, {"input": {}},
                                 {"assistant_id": "native_echo", "context": {"a": 1}, "config": {"configurable": {"a": 1}}}])
def test_one_bad_run_of_a_batch_leaves_nothing(native, bad):
    label = uuid.uuid4().hex
    good = {"assistant_id": "native_echo", "input": {"text": label}, "on_completion": "keep"}
    before = native.post("/threads/count").json()
    answer = native.post("/runs/batch", [good, good, bad, good])
    assert answer.status_code in (400, 404, 422), answer.text
    assert native.post("/threads/count").json() == before
    assert native.post("/threads/count", {"values": {"text": label}}).json() == 0


def test_a_stateless_run_after_its_end(native):
    run = native.post("/runs", {"assistant_id": "native_fail", "input": {"msg": "no"}}).json()["run_id"]
    until(lambda: native.get(f"/runs/{run}").json()["status"] == "error", "the run to end")
    assert "__error__" in native.get(f"/runs/{run}/join").json()
    streamed = native.get(f"/runs/{run}/stream")
    assert streamed.status_code == 200 and streamed.text.startswith("event: error\r\n")
    assert native.post(f"/runs/{run}/cancel").status_code == 404
    for gone in ("", "/join", "/stream"):
        assert native.get(f"/runs/{uuid.uuid4()}{gone}").status_code == 404
    assert native.post(f"/runs/{uuid.uuid4()}/cancel").status_code == 404


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_delayed_run_survives_a_restart(serve, end):
    server = serve()
    thread = server.thread()
    late = server.create_run("native_echo", {"text": "late"}, thread, after_seconds=3600)
    soon = server.create_run("native_echo", {"text": "soon"}, after_seconds=2)
    getattr(server, end)()
    server.start()
    assert server.run(late)["status"] == "pending" and server.run(late)["created_at"] == late["created_at"]
    assert server.until_status(soon, "success")["created_at"] == soon["created_at"]
    assert server.run(soon)["updated_at"] >= soon["created_at"]
    assert server.run(late)["status"] == "pending" and server.get(f"/threads/{thread}").json()["status"] == "busy"


def test_deleting_a_running_run_leaves_its_thread_free(both):
    server, echo, sleepy, _ = both
    thread = server.thread()
    run = server.create_run(sleepy, {"seconds": 60}, thread)
    server.until_status(run, "running")
    waits = server.create_run(echo, {"text": "next"}, thread)
    assert server.http.delete(f"/threads/{thread}/runs/{run['run_id']}").status_code == 204
    assert server.get(f"/threads/{thread}/runs/{run['run_id']}").status_code == 404
    assert server.get(f"/threads/{thread}/runs/{waits['run_id']}/join").json()["out"] == "next"
    assert server.get(f"/threads/{thread}").json()["status"] == "idle"
    assert server.wait_run(echo, {"text": "more"}, thread)["out"] == "more"


def test_deleting_the_only_run_frees_the_thread_at_once(native):
    thread = native.thread()
    run = native.create_run("native_sleep", {"seconds": 60}, thread)
    native.until_status(run, "running")
    assert native.http.delete(f"/threads/{thread}/runs/{run['run_id']}").status_code == 204
    assert native.get(f"/threads/{thread}").json()["status"] != "busy"
    assert native.wait_run("native_echo", {"text": "x"}, thread)["out"] == "x"


def test_a_bulk_cancel_takes_null_for_what_is_left_out(native):
    thread = native.thread()

    def pending():
        return native.create_run("native_echo", {"text": "x"}, thread, after_seconds=3600)

    run = pending()
    by_ids = {"thread_id": thread, "run_ids": [run["run_id"]], "status": None}
    assert native.post("/runs/cancel", by_ids).status_code == 204
    assert native.run(run)["status"] == "interrupted"
    assert native.post("/runs/cancel", by_ids).status_code == 404
    run = pending()
    for wrong in ({}, {"status": None}, {"thread_id": thread}, {"thread_id": thread, "run_ids": None},
                  {"run_ids": [run["run_id"]]}, {**by_ids, "status": "all"}, {"status": "all", "thread_id": thread},
                  {"status": "all", "thread_id": None, "run_ids": [run["run_id"]]}):
        refused = native.post("/runs/cancel", wrong)
        assert refused.status_code == 422 and "status" in refused.json()["detail"], wrong
    assert native.run(run)["status"] == "pending"
    native.http.delete(f"/threads/{thread}")


def test_a_bulk_cancel_by_status_with_nulls(serve):
    server = serve()
    runs = [server.create_run("native_echo", {"text": "x"}, after_seconds=3600) for _ in range(2)]
    assert server.post("/runs/cancel", {"status": "pending", "thread_id": None, "run_ids": None}).status_code == 204
    assert [server.run(run)["status"] for run in runs] == ["interrupted"] * 2
