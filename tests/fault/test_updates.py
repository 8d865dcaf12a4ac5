# SPDX-License-Identifier: Apache-2.0
"""Changes of a thread's state whose worker dies or takes too long: the client is told, the thread can be used, and nothing is
written behind anybody's back."""
import os
import signal
import threading
import time

import pytest

from server import SLOW, wire_config
from waiting import until

GRAPH = '''
import time
from typing import Annotated
from typing_extensions import TypedDict
from langgraph.graph import StateGraph, START, END

def add(old, new):
    for value in new:
        if isinstance(value, dict) and "mark" in value:
            open(value["mark"], "w").close()
            time.sleep(value["seconds"])
    return old + new

class State(TypedDict, total=False):
    steps: Annotated[list, add]

made = StateGraph(State)
made.add_node("node", lambda state: {"steps": ["run"]})
made.add_edge(START, "node")
made.add_edge("node", END)
graph = made.compile()
'''


@pytest.fixture
def slow(serve):
    config = wire_config()
    config["graphs"] = {"slow": "./slow.py:graph"}
    server = serve.make(config, workers=2)
    (server.folder / "slow.py").write_text(GRAPH)
    server.start()
    thread = server.thread()
    server.wait_run("slow", {"steps": []}, thread)
    return server, thread


class Update(threading.Thread):
    """One that takes some seconds, under way when the constructor returns."""

    def __init__(self, server, thread, folder, seconds):
        super().__init__(daemon=True)
        mark = folder / "mark"
        self._request = f"{server.url}/threads/{thread}/state", {"values": {"steps": [{"mark": str(mark), "seconds": seconds}]}}
        self.answer = None
        self.start()
        until(mark.exists, "the update to be under way")

    def run(self):
        import httpx
        url, body = self._request
        self.answer = httpx.post(url, json=body, timeout=60 * SLOW, trust_env=False)

    def ended(self):
        self.join(60 * SLOW)
        return self.answer


def sources(server, thread):
    return [state["metadata"]["source"] for state in server.get(f"/threads/{thread}/history?limit=100").json()]


def test_an_update_whose_worker_is_killed_is_a_503_and_the_thread_goes_on(slow, tmp_path):
    server, thread = slow
    before = server.get(f"/threads/{thread}/state").json()
    update = Update(server, thread, tmp_path, seconds=30)
    for worker in server.worker_pids():
        os.kill(worker, signal.SIGKILL)
    answer = update.ended()
    assert answer.status_code == 503 and "worker" in answer.json()["detail"], answer.text
    assert server.get(f"/threads/{thread}/state").json() == before
    assert server.wait_run("slow", {"steps": ["in"]}, thread)["steps"] == ["run", "in", "run"]
    assert server.post(f"/threads/{thread}/state", {"values": {"steps": ["by hand"]}}).status_code == 200
    assert sources(server, thread).count("update") == 1


@pytest.mark.timeout(90 * SLOW)
def test_an_update_that_takes_too_long_writes_nothing_any_more_when_runs_go_on(slow, tmp_path):
    server, thread = slow
    update = Update(server, thread, tmp_path, seconds=14)
    began = time.monotonic()
    removed = server.post("/threads/prune", {"thread_ids": [thread], "strategy": "delete"}).json()
    assert removed == {"pruned_count": 0}, "it is being changed"
    waiting = server.create_run("slow", {"steps": ["in"]}, thread)
    assert server.run(waiting)["status"] == "pending"
    answer = update.ended()
    assert answer.status_code == 503 and "in time" in answer.json()["detail"], answer.text
    server.until_status(waiting, "success")
    # Until the worker has woken and tried to write.
    until(lambda: time.monotonic() - began > 14, "the slow reducer to end", 30 * SLOW)
    logged = until(lambda: server.wait_run("slow", {"steps": []}, thread), "a run after it")
    assert logged["steps"] == ["run", "in", "run", "run"]
    assert "update" not in sources(server, thread)


def test_a_thread_that_is_deleted_during_an_update_goes_after_it(slow, tmp_path):
    server, thread = slow
    update = Update(server, thread, tmp_path, seconds=2)
    assert server.http.delete(f"/threads/{thread}").status_code == 204
    assert update.ended().status_code == 200
    assert server.get(f"/threads/{thread}").status_code == 404
    # Its id is free, and nothing of it is left.
    assert server.thread(thread_id=thread) == thread
    assert server.get(f"/threads/{thread}/history").json() == []
