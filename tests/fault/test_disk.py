# SPDX-License-Identifier: Apache-2.0
"""A full disk: refusals instead of a crash, nothing acknowledged is lost, and writing goes on when there is room again."""
import contextlib
import os
import sqlite3
import threading

import pytest

from receiver import Receiver, Reply
from server import SLOW, wire_config
from waiting import until

TERMINAL = ("success", "error")
STORAGE_ERROR = {"error": "StorageError", "message": "The server's disk is full"}
BIG = '''
from typing_extensions import TypedDict
from langgraph.graph import StateGraph, START, END

class State(TypedDict, total=False):
    megabytes: int
    blob: str

def grow(state):
    return {"blob": "x" * (state["megabytes"] << 20)}

made = StateGraph(State)
made.add_node("grow", grow)
made.add_edge(START, "grow")
made.add_edge("grow", END)
big = made.compile()
'''


def fill(folder):
    with open(folder / "ballast", "wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(b"\0" * 4096)
        except OSError:
            pass


def test_a_full_disk(serve, small_disk):
    server = serve.make()
    server.data_dir = small_disk / "data"
    server.start()
    kept = [server.thread(metadata={"n": n}) for n in range(5)]
    fill(small_disk)

    def refused():
        answer = server.post("/threads", {"metadata": {"x": "y" * 10_000}})
        if answer.status_code == 200:
            kept.append(answer.json()["thread_id"])
            return None
        return answer

    answer = until(refused, "a refusal", 20 * SLOW)
    unready = until(lambda: (lambda now: now if now.status_code == 503 else None)(server.get("/ready")), "/ready to tell", 5 * SLOW)
    assert unready.json()["ready"] is False and "disk is full" in unready.json()["checks"]["database"]
    assert answer.status_code in (503, 507) and answer.json()["detail"]
    assert server.alive() and server.get("/ok").status_code == 200
    assert server.get(f"/threads/{kept[0]}").status_code == 200
    os.unlink(small_disk / "ballast")
    until(lambda: server.post("/threads").status_code == 200, "writing to go on", 20 * SLOW)
    until(lambda: server.get("/ready").status_code == 200, "/ready to tell", 10 * SLOW)
    assert server.wait_run("native_echo", {"text": "x"})["out"] == "x"
    server.kill()
    server.start()
    assert all(server.get(f"/threads/{thread}").status_code == 200 for thread in kept)


def watch(server, run, into):
    """Reads a run's stream to its end, in a thread of its own."""
    def read():
        with server.http.stream("GET", f"/threads/{run['thread_id']}/runs/{run['run_id']}/stream", headers={"Last-Event-ID": "-1"}) as answer:
            for piece in answer.iter_raw():
                into.append(piece)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    return reader


@pytest.mark.timeout(120 * SLOW)
def test_a_disk_that_fills_while_runs_go_on(serve, small_disk, receiver):
    server = serve.make(wire_config(webhooks={"retry": {"schedule": [1] * 30}}))
    server.data_dir = small_disk / "data"
    server.start()
    hook = {"webhook": receiver.url("/hook")}
    # A webhook that waits for its next attempt when the disk is full.
    late = Receiver(script=[Reply(503)]).start()
    waiting = server.create_run("echo", {"text": "x"}, webhook=late.url("/late"))
    late.wait("/late")
    rested = server.thread()
    server.wait_run("echo", {"text": "kept"}, thread=rested)
    # Their checkpoints and their ends come while the disk is full.
    runs = [server.create_run(graph, {"seconds": seconds}, **hook) for graph in ("sleepy", "native_sleep") for seconds in (0.5, 1.5)]
    resumable = server.create_run("custom", {"n": 200}, stream_mode="custom", stream_resumable=True, **hook)
    queued = server.create_run("echo", {"text": "x"}, thread=runs[0]["thread_id"], **hook)
    seen = []
    reader = watch(server, resumable, seen)
    until(lambda: seen, "the stream to begin", 20 * SLOW)
    fill(small_disk)

    def refused():
        answer = server.post("/threads", {"metadata": {"x": "y" * 10_000}})
        return answer if answer.status_code != 200 else None

    answer = until(refused, "a refusal", 20 * SLOW)
    assert answer.status_code == 503 and "disk" in answer.json()["detail"] and answer.headers["retry-after"]
    for method, path, body in (("POST", f"/threads/{rested}/runs", {"assistant_id": "echo", "input": {"text": "z" * 20_000}}),
                               ("POST", f"/threads/{rested}/state", {"values": {"text": "z" * 20_000}, "as_node": "echo"})):
        answer = server.http.request(method, path, json=body)
        assert answer.status_code == 503 and answer.json()["detail"], f"{path}: {answer.status_code} {answer.text}"
    assert server.get(f"/threads/{rested}/state").json()["values"]["out"] == "kept"
    # Until everything that writes has met it: ends of runs, events, checkpoints and webhooks. What small room is left is used up.
    loud = ("run.end_failed", "events.not_stored", "worker.storage_failed", "webhook.attempt")
    until(lambda: refused() and all(f" error {event} " in server.log() for event in loud), f"the log to tell of {loud}", 40 * SLOW, pause_s=0.05)
    assert "database or disk is full" in server.log() and server.alive() and server.get("/ok").status_code == 200
    assert not receiver.at("/hook") and len(late.at("/late")) == 1

    os.unlink(small_disk / "ballast")
    every = [*runs, resumable, queued]
    ended = [server.until_status(run, *TERMINAL, timeout_s=60) for run in every]
    # A native run is tried again; a worker's run whose checkpoint could not be stored ends, and says why.
    assert [run["status"] for run in ended[2:4]] == ["success", "success"]
    told = {each.json()["run_id"]: each.json() for each in receiver.wait("/hook", len(every), timeout_s=60 * SLOW)}
    assert told.keys() == {run["run_id"] for run in every}
    for run in ended:
        body = told[run["run_id"]]
        assert body["status"] == run["status"] and body.get("error") == (STORAGE_ERROR if run["status"] == "error" else None)
    reader.join(30 * SLOW)
    assert not reader.is_alive()
    replay = server.get(f"/threads/{resumable['thread_id']}/runs/{resumable['run_id']}/stream", headers={"Last-Event-ID": "-1"}).content
    seen = b"".join(seen).replace(b": heartbeat\r\n\r\n", b"")
    assert replay.startswith(seen) and seen.count(b"event: ") > 1
    tries = late.wait("/late", 2, timeout_s=60 * SLOW)
    assert tries[0].body == tries[1].body and tries[0].json()["run_id"] == waiting["run_id"]
    assert tries[0].header("webhook-id") == tries[1].header("webhook-id")
    assert server.wait_run("echo", {"text": "again"})["out"] == "again"
    before = {run["run_id"]: run["status"] for run in ended}
    server.kill()
    server.start()
    assert {run["run_id"]: server.run(run)["status"] for run in every} == before
    assert server.stop() == 0
    with contextlib.closing(sqlite3.connect(server.data_dir / "heddle.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert len(receiver.at("/hook")) == len(every)


@pytest.mark.timeout(120 * SLOW)
def test_a_run_whose_checkpoint_does_not_fit_says_so_and_harms_nobody(serve, small_disk, receiver):
    config = wire_config()
    config["graphs"]["big"] = "./big.py:big"
    server = serve.make(config)
    server.data_dir = small_disk / "data"
    (server.folder / "big.py").write_text(BIG)
    server.start()
    assert server.wait_run("big", {"megabytes": 0}) == {"megabytes": 0, "blob": ""}
    run = server.create_run("big", {"megabytes": 12}, webhook=receiver.url())
    others = [server.create_run(graph, {"seconds": 0.3}) for graph in ("sleepy", "native_sleep")]
    for each in others:
        assert server.until_status(each, *TERMINAL, timeout_s=40)["status"] == "success"
    assert server.until_status(run, *TERMINAL, timeout_s=60)["status"] == "error"
    assert receiver.one().json()["error"] == STORAGE_ERROR
    assert server.get(f"/threads/{run['thread_id']}/runs/{run['run_id']}/join").json()["__error__"] == STORAGE_ERROR
    assert server.get(f"/threads/{run['thread_id']}").json()["status"] == "error"
    assert " error worker.storage_failed " in server.log()
    # Its thread goes on from what was stored.
    assert server.wait_run("big", {"megabytes": 0}, thread=run["thread_id"]) == {"megabytes": 0, "blob": ""}
    assert server.wait_run("native_echo", {"text": "x"})["out"] == "x"
