# SPDX-License-Identifier: Apache-2.0
"""Idempotency-Key: the same request again gives the run it made the first time."""
import concurrent.futures
import uuid

import pytest

from sse import Stream
from waiting import until


def key():
    return {"Idempotency-Key": f"key-{uuid.uuid4()}"}


def runs_of(server, thread):
    return [each["run_id"] for each in server.get(f"/threads/{thread}/runs").json()]


def test_the_same_request_gives_the_first_run(native):
    thread, header = native.thread(), key()
    body = {"assistant_id": "native_echo", "input": {"text": "a"}}
    first = native.post(f"/threads/{thread}/runs", body, headers=header)
    assert first.status_code == 200 and "idempotent-replayed" not in first.headers
    native.until_status(first.json(), "success")
    again = native.post(f"/threads/{thread}/runs", body, headers=header)
    assert again.status_code == 200 and again.headers["idempotent-replayed"] == "true"
    assert again.headers["content-location"] == first.headers["content-location"]
    assert {**again.json(), "status": "", "updated_at": ""} == {**first.json(), "status": "", "updated_at": ""}
    assert native.post(f"/thread/{thread}/runs", body, headers=header).json()["run_id"] == first.json()["run_id"]
    assert runs_of(native, thread) == [first.json()["run_id"]]
    # Without a key every request is a run.
    native.post(f"/threads/{thread}/runs", body)
    assert len(runs_of(native, thread)) == 2


def test_another_request_with_the_key_is_a_conflict(native):
    thread, header = native.thread(), key()
    path, body = f"/threads/{thread}/runs", {"assistant_id": "native_echo", "input": {"text": "a"}}
    assert native.post(path, body, headers=header).status_code == 200
    others = [(path, {**body, "input": {"text": "b"}}), (path + "/wait", body), (path + "/stream", body), ("/runs", body),
              (f"/threads/{native.thread()}/runs", body)]
    for other_path, other_body in others:
        answer = native.post(other_path, other_body, headers=header)
        assert answer.status_code == 409, other_path
        assert answer.json()["detail"].startswith("Idempotency-Key: it was used within the last 24 hours for another")
    assert len(runs_of(native, thread)) == 1


@pytest.mark.parametrize("where", ["thread", "stateless"])
def test_wait_and_stream_join_the_first_run(native, where):
    base = f"/threads/{native.thread()}/runs" if where == "thread" else "/runs"
    body, header = {"assistant_id": "native_echo", "input": {"text": "hi"}}, key()
    first = native.post(f"{base}/wait", body, headers=header)
    again = native.post(f"{base}/wait", body, headers=header)
    assert first.json() == again.json() and first.json()["out"] == "hi"
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["content-location"] == first.headers["content-location"]
    assert again.headers["location"] == first.headers["location"]

    body["stream_resumable"], header = True, key()
    first = native.post(f"{base}/stream", body, headers=header)
    again = native.post(f"{base}/stream", body, headers=header)
    assert first.text.startswith("event: metadata\r\n") and first.headers["location"] == again.headers["location"]
    assert again.status_code == 200 and again.headers["idempotent-replayed"] == "true"


def test_a_stream_that_comes_again_while_the_run_runs(native):
    thread, header = native.thread(), key()
    body = {"assistant_id": "native_sleep", "input": {"seconds": 0.7}}
    path, headers = f"/threads/{thread}/runs/stream", list(header.items())
    with Stream(native.url, "POST", path, body, headers) as first:
        run = first.next().json()["run_id"]
        with Stream(native.url, "POST", path, body, headers) as again:
            assert again.header("content-location") == f"/threads/{thread}/runs/{run}"
            assert again.rest()[-1].event == first.rest()[-1].event == "values"
    assert runs_of(native, thread) == [run]


@pytest.mark.parametrize("where", ["thread", "stateless"])
def test_a_wait_that_comes_again_while_the_run_runs(native, where):
    base = f"/threads/{native.thread()}/runs" if where == "thread" else "/runs"
    body, header = {"assistant_id": "native_sleep", "input": {"seconds": 0.5}}, key()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: native.post(f"{base}/wait", body, headers=header), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["content-location"] for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 7
    assert len({answer.text.strip() for answer in answers}) == 1


def test_requests_at_the_same_time_make_one_run(native):
    thread, header = native.thread(), key()
    body = {"assistant_id": "native_echo", "input": {"text": "a"}}
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: native.post(f"/threads/{thread}/runs", body, headers=header), range(32)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["run_id"] for answer in answers}) == 1
    assert len(runs_of(native, thread)) == 1


def test_a_failed_run_is_not_tried_again(native):
    body, header = {"assistant_id": "native_fail", "input": {"msg": "no"}}, key()
    first = native.post("/runs/wait", body, headers=header).json()
    assert "__error__" in first and native.post("/runs/wait", body, headers=header).json() == first


def test_a_refused_request_leaves_the_key_free(native):
    header = key()
    assert native.post("/runs", {"assistant_id": "nope"}, headers=header).status_code == 422
    assert native.post("/runs", {"assistant_id": "native_echo", "input": {}}, headers=header).status_code == 200


def test_the_run_of_the_key_was_deleted(native):
    thread, header = native.thread(), key()
    body = {"assistant_id": "native_echo", "input": {"text": "a"}}
    run = native.post(f"/threads/{thread}/runs", body, headers=header).json()
    native.until_status(run, "success")
    assert native.http.delete(f"/threads/{thread}/runs/{run['run_id']}").status_code == 204
    answer = native.post(f"/threads/{thread}/runs", body, headers=header)
    assert answer.status_code == 409 and "has been deleted" in answer.json()["detail"]
    assert runs_of(native, thread) == []


def test_keys_have_a_length_and_batches_have_none(native):
    body = {"assistant_id": "native_echo", "input": {}}
    for wrong in ("", "x" * 256):
        answer = native.post("/runs", body, headers={"Idempotency-Key": wrong})
        assert answer.status_code == 422 and answer.json()["detail"].startswith("Idempotency-Key: must have 1 to 255")
    assert native.post("/runs", body, headers={"Idempotency-Key": uuid.uuid4().hex.ljust(255, "x")}).status_code == 200
    answer = native.post("/runs/batch", [body], headers=key())
    assert answer.status_code == 422 and answer.json()["detail"].startswith("Idempotency-Key: not for batches")


def test_a_large_body(native):
    header, text = key(), "x" * 200_000
    body = {"assistant_id": "native_echo", "input": {"text": text}}
    first = native.post("/runs", body, headers=header).json()
    assert native.post("/runs", body, headers=header).json()["run_id"] == first["run_id"]
    body["input"]["text"] = text[:-1] + "y"
    assert native.post("/runs", body, headers=header).status_code == 409


def test_keys_survive_a_restart(serve):
    server, header = serve(), key()
    body = {"assistant_id": "native_sleep", "input": {"seconds": 0.2}}
    thread = server.thread()
    first = server.post(f"/threads/{thread}/runs", body, headers=header).json()
    server.kill()
    server.start()
    again = server.post(f"/threads/{thread}/runs", body, headers=header)
    assert again.json()["run_id"] == first["run_id"] and again.headers["idempotent-replayed"] == "true"
    server.until_status(first, "success")
    assert until(lambda: runs_of(server, thread), "the runs") == [first["run_id"]]
