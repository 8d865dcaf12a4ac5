# SPDX-License-Identifier: Apache-2.0
"""GET /ready: 200 when runs can be taken, else 503 and why. A full disk is in tests/fault/test_disk.py."""
import json
import os
import signal
import sqlite3
import time

from server import SLOW, native_config, project
from sse import connect
from waiting import until

READY = {"ready": True, "checks": {"database": "ok", "workers": "ok", "server": "ok"}}
# Loads when a file is there.
HELD = '''
import pathlib, select
while not pathlib.Path("go").exists():
    select.select([], [], [], 0.01)
from graphs import echo as graph
'''


def unready(server, **checks):
    """Waits for an answer that names these as missing."""
    def told():
        answer = server.get("/ready")
        return answer.status_code == 503 and answer.json() == {"ready": False, "checks": {**READY["checks"], **checks}}
    until(told, f"/ready to tell of {checks}", 20 * SLOW)


def test_a_server_is_ready_and_says_what_it_looked_at(native):
    answer = native.get("/ready")
    assert answer.status_code == 200 and answer.json() == READY and answer.headers["cache-control"] == "no-store"
    assert native.http.head("/ready").status_code == 200
    assert native.post("/ready").status_code == 405


def test_asking_often_writes_at_most_once_a_second(serve):
    server = serve()

    def commits():
        return int(next(line for line in server.get("/metrics").text.splitlines() if line.startswith("heddle_sql_commits_total ")).split()[1])

    assert server.get("/ready").status_code == 200
    before, began = commits(), time.monotonic()
    for _ in range(200):
        assert server.get("/ready").status_code == 200
    took = time.monotonic() - began
    assert commits() - before <= took + 1


def test_a_server_is_not_ready_before_a_worker_has_loaded_the_graphs_and_while_none_has(serve):
    server = serve.make({"graphs": {"held": "./held.py:graph"}}, workers=1)
    project(server.folder, json.loads(server.config.read_text()))
    (server.folder / "held.py").write_text(HELD)
    server.start()
    missing = "0 of 1 workers have loaded their graphs"
    unready(server, workers=missing)
    assert server.get("/ok").status_code == 200  # alive all the same
    (server.folder / "go").touch()
    until(lambda: server.get("/ready").status_code == 200, "the graphs to load", 30 * SLOW)
    (server.folder / "go").unlink()
    os.kill(server.worker_pids()[0], signal.SIGKILL)
    unready(server, workers=missing)
    (server.folder / "go").touch()
    until(lambda: server.get("/ready").json() == READY, "the worker to be back", 30 * SLOW)


def test_a_server_whose_database_is_locked_is_not_ready_and_answers_quickly(serve):
    server = serve()
    with sqlite3.connect(next(server.data_dir.glob("*.db")), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        waits = []

        def told():
            began = time.monotonic()
            answer = server.get("/ready")
            waits.append(time.monotonic() - began)
            return answer.status_code == 503 and answer.json()["checks"]["database"] != "ok"

        until(told, "/ready to tell", 20 * SLOW)
        assert max(waits) < 1 * SLOW and server.get("/ok").status_code == 200
        other.execute("ROLLBACK")
    until(lambda: server.get("/ready").json() == READY, "the database to be free", 20 * SLOW)


def test_a_request_that_is_under_way_when_the_server_drains_hears_it(serve):
    server = serve()
    run = server.create_run("native_sleep", {"seconds": 30})
    server.until_status(run, "running")
    with connect(server.url) as sock:
        sock.sendall(b"GET /ready HTTP/1.1\r\n")
        server.get("/ok")  # what was sent has been read by now
        server.terminate()
        until(lambda: "server.draining" in server.log(), "the drain", 20 * SLOW)
        sock.sendall(b"Host: localhost\r\n\r\n")
        answer = b""
        while piece := sock.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 503") and b'"server":"shutting down"' in answer
    server.kill()


def test_no_reason_is_told_where_the_server_tells_nothing_of_itself(serve):
    server = serve(native_config(http={"disable_meta": True}))
    assert server.get("/ready").text == '{"ready":true}' and server.get("/ok").text == '{"ok":true}'
