# SPDX-License-Identifier: Apache-2.0
"""Workers that die, block or refuse: runs go on, others are not harmed, the server recovers."""
import os
import signal
import time

import pytest

from promises import rows
from server import SLOW, native_config, wire_config
from sse import stream
from waiting import until

POISON = '''
import os
from typing_extensions import TypedDict
from langgraph.graph import StateGraph, START, END

class State(TypedDict, total=False):
    path: str

def dies(state):
    os._exit(3)

def dies_once(state):
    if not os.path.exists(state["path"]):
        open(state["path"], "w").close()
        os._exit(3)
    return {}

def graph(node):
    made = StateGraph(State)
    made.add_node("node", node)
    made.add_edge(START, "node")
    made.add_edge("node", END)
    return made.compile()

always, once = graph(dies), graph(dies_once)
'''


def workers_up(server):
    lines = server.get("/metrics").text.splitlines()
    return sum(line.startswith("heddle_worker_up{") and line.endswith(" 1") for line in lines)


def ready_worker(server):
    """Waits until a Python graph runs; the workers' process ids."""
    assert server.wait_run("echo", {"text": "x"})["out"] == "x"
    return server.worker_pids()


def test_a_run_whose_worker_is_killed_is_tried_again(serve, receiver):
    server = serve(wire_config(), workers=1)
    worker, = ready_worker(server)
    thread = server.thread()
    body = {"assistant_id": "sleepy", "input": {"seconds": 0.8}, "stream_mode": ["updates"], "webhook": receiver.url()}
    with stream(server, f"/threads/{thread}/runs/stream", body, timeout_s=40 * SLOW) as opened:
        assert opened.next().json()["attempt"] == 1
        assert opened.next().json() == {"nap1": {"steps": ["nap1"]}}
        os.kill(worker, signal.SIGKILL)
        events = opened.rest()
    assert [event.event for event in events] == ["metadata", "updates", "metadata", "updates"]
    assert events[2].json() == {"run_id": events[0].json()["run_id"], "attempt": 2}
    # It went on from the checkpoint: nap1 was not run again.
    assert events[3].json() == {"nap2": {"steps": ["nap2"]}}
    assert server.get(f"/threads/{thread}").json()["values"] == {"seconds": 0.8, "steps": ["nap1", "nap2"]}
    assert receiver.one().json()["status"] == "success" and len(receiver.at("/hook")) == 1
    assert server.wait_run("echo", {"text": "again"})["out"] == "again"


def test_the_runs_of_other_workers_do_not_notice(serve):
    server = serve(wire_config(), workers=2)
    pids = until(lambda: len(ready_worker(server)) == 2 and server.worker_pids(), "two workers")
    runs = [server.create_run("sleepy", {"seconds": 0.5}) for _ in range(8)]
    for run in runs:
        server.until_status(run, "running", "success")
    os.kill(pids[0], signal.SIGKILL)
    for run in runs:
        assert server.until_status(run, "success", "error", timeout_s=40)["status"] == "success"
    until(lambda: len(server.worker_pids()) == 2, "the worker to be started again", 20 * SLOW)


def test_a_graph_that_kills_its_worker_ends_in_an_error_and_harms_no_other(serve, receiver):
    config = wire_config()
    config["graphs"].update({"always": "./poison.py:always", "once": "./poison.py:once"})
    server = serve.make(config, workers=2)
    (server.folder / "poison.py").write_text(POISON)
    server.start()
    ready_worker(server)
    poisoned = server.create_run("always", {}, webhook=receiver.url())
    others = [server.create_run("sleepy", {"seconds": 0.3}) for _ in range(6)]
    assert server.until_status(poisoned, "error", timeout_s=60)
    for run in others:
        assert server.until_status(run, "success", "error", timeout_s=60)["status"] == "success"
    body = receiver.one().json()
    assert body["status"] == "error" and body["error"]["error"] and body["error"]["message"]
    assert server.wait_run("once", {"path": str(server.folder / "mark")}) == {"path": str(server.folder / "mark")}
    assert server.wait_run("echo", {"text": "x"})["out"] == "x"


@pytest.mark.timeout(150 * SLOW)
def test_many_runs_that_died_together_go_on_together(serve):
    """One after the other they would take more than a minute."""
    server = serve(wire_config(), workers=1)
    worker, = ready_worker(server)
    runs = [server.create_run("sleepy", {"seconds": 1.5}) for _ in range(40)]
    for run in runs:
        server.until_status(run, "running")
    os.kill(worker, signal.SIGKILL)
    killed = time.monotonic()
    for run in runs:
        assert server.until_status(run, "success", "error", timeout_s=120)["status"] == "success"
    assert time.monotonic() - killed < 40 * SLOW
    assert server.wait_run("echo", {"text": "x"})["out"] == "x"


@pytest.mark.timeout(150 * SLOW)
def test_one_poison_run_among_many_ends_alone(serve):
    config = wire_config()
    config["graphs"]["always"] = "./poison.py:always"
    server = serve.make(config, workers=1)
    (server.folder / "poison.py").write_text(POISON)
    server.start()
    ready_worker(server)
    others = [server.create_run("sleepy", {"seconds": 0.5}) for _ in range(20)]
    for run in others:
        server.until_status(run, "running", "success")
    poisoned = server.create_run("always", {})
    assert server.until_status(poisoned, "error", timeout_s=120)
    for run in others:
        assert server.until_status(run, "success", "error", timeout_s=120)["status"] == "success"


@pytest.mark.timeout(90 * SLOW)
def test_a_node_that_blocks_its_event_loop_for_20_seconds(serve):
    """Acceptance 6: runs elsewhere proceed, its worker is not taken for dead, its run succeeds."""
    server = serve(wire_config(), workers=2)
    # Both have loaded their graphs: a run elsewhere needs an elsewhere.
    until(lambda: workers_up(server) == 2, "two ready workers")
    pids = server.worker_pids()
    blocking = server.create_run("blocker", {"seconds": 20, "loop": True})
    server.until_status(blocking, "running")
    started, done = time.monotonic(), 0
    while time.monotonic() - started < 15:
        began = time.monotonic()
        assert server.wait_run("echo", {"text": str(done)})["out"] == str(done)
        assert time.monotonic() - began < 3 * SLOW
        done += 1
    assert done >= 5 and server.run(blocking)["status"] == "running"
    assert server.until_status(blocking, "success", "error", timeout_s=30)["status"] == "success"
    assert sorted(server.worker_pids()) == sorted(pids)
    run = server.run(blocking)
    assert run["status"] == "success" and server.get(f"/threads/{run['thread_id']}").json()["values"]["done"] is True


def test_a_node_that_blocks_a_thread_does_not_hold_up_its_own_worker(serve):
    server = serve(wire_config(), workers=1)
    ready_worker(server)
    blocking = server.create_run("blocker", {"seconds": 2})
    server.until_status(blocking, "running")
    assert server.wait_run("echo", {"text": "x"})["out"] == "x"
    assert server.run(blocking)["status"] == "running"
    server.until_status(blocking, "success")


def test_a_frozen_worker_is_replaced_and_its_run_succeeds_elsewhere(serve):
    """SIGSTOP: not even the I/O thread answers."""
    server = serve(wire_config(), workers=1)
    worker, = ready_worker(server)
    run = server.create_run("sleepy", {"seconds": 0.5})
    server.until_status(run, "running")
    os.kill(worker, signal.SIGSTOP)
    try:
        assert server.until_status(run, "success", "error", timeout_s=55)["status"] == "success"
        # By another process, while this one still stood.
        assert worker not in server.worker_pids() and len(server.worker_pids()) == 1
        row, = rows(server, "SELECT attempt, failures FROM runs WHERE uuid = ?", run["run_id"])
        assert tuple(row) == (2, 1)
        assert "worker.runs_lost worker=python-0 runs=1" in server.log()
    finally:
        try:
            os.kill(worker, signal.SIGCONT)
        except ProcessLookupError:
            pass


def test_what_an_attempt_still_says_after_its_run_has_ended_changes_nothing(serve, receiver):
    """Its worker is blocked when the cancel comes: the run ends without it, and it speaks when it is free again."""
    server = serve(wire_config(), workers=1)
    pids = ready_worker(server)
    more = {"stream_mode": "updates", "stream_resumable": True, "webhook": receiver.url()}
    run = server.create_run("blocker", {"seconds": 8, "loop": True}, **more)
    path = f"/threads/{run['thread_id']}/runs/{run['run_id']}"
    until(lambda: rows(server, "SELECT 1 FROM run_events WHERE event = 'updates'"), "the first node to end", 15 * SLOW)
    assert server.post(f"{path}/cancel").status_code == 202
    assert server.until_status(run, "interrupted", "success", "error")["status"] == "interrupted"
    assert " run.abandoned " in server.log()

    def traces():
        counts = [len(rows(server, f"SELECT 1 FROM {table} WHERE {column} = ?", run["run_id"])) for table, column in
                  (("checkpoints", "run_id"), ("checkpoint_writes", "run_id"), ("deliveries", "run_uuid"))]
        events = server.get(f"{path}/stream", headers={"Last-Event-ID": "-1"}).content
        return counts, events, server.run(run), server.get(f"/threads/{run['thread_id']}").json()

    before = traces()
    assert before[1].count(b"event: ") == 2 and b"loop" not in before[1]  # metadata, and what the first node did
    # Its worker takes no run before its loop is free, and has said then what it had to say.
    assert server.wait_run("echo", {"text": "x"})["out"] == "x" and server.worker_pids() == pids
    assert traces() == before
    assert receiver.one().json()["status"] == "interrupted" and len(receiver.at("/hook")) == 1


def test_a_stopped_server_goes_on_where_it_was(serve, receiver):
    """SIGTERM with a long run under way: after the start it goes on from its last checkpoint."""
    server = serve(wire_config(), workers=1)
    ready_worker(server)
    run = server.create_run("sleepy", {"seconds": 3}, webhook=receiver.url())
    until(lambda: (server.get(f"/threads/{run['thread_id']}/state").json()["values"] or {}).get("steps") == ["nap1"], "the first nap", 15 * SLOW)
    server.terminate()
    server.wait(40)
    server.start()
    assert server.until_status(run, "success", "error", timeout_s=30)["status"] == "success"
    assert receiver.one(timeout_s=20 * SLOW).json()["values"]["steps"] == ["nap1", "nap2"]


@pytest.mark.parametrize("moment", ["just started", "ready"])
def test_workers_end_with_their_server(serve, moment):
    server = serve(wire_config(), workers=2)
    pids = until(lambda: len(server.worker_pids()) == 2 and server.worker_pids(), "two workers")
    if moment == "ready":
        ready_worker(server)
    server.kill()
    until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), "the workers to end", 10 * SLOW)


def test_workers_inherit_nothing_of_the_server(serve):
    """A worker that holds the listening sockets open would keep the port, and hide the server's death from the others."""
    server = serve(wire_config(), workers=1)

    def sockets(pid):
        found = set()
        for name in os.listdir(f"/proc/{pid}/fd"):
            try:
                found.add(os.readlink(f"/proc/{pid}/fd/{name}"))
            except FileNotFoundError:
                continue
        return {each for each in found if each.startswith("socket:")}

    worker, = ready_worker(server)
    assert not sockets(worker) & sockets(server.process.pid)


def test_a_server_without_a_usable_python_still_serves_native_graphs(serve):
    config = native_config(graphs={"native_echo": "heddle:echo", "echo": "./graphs.py:echo"})
    server = serve(config, python="/nonexistent/python")
    assert server.wait_run("native_echo", {"text": "x"})["out"] == "x"
