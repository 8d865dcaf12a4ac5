# SPDX-License-Identifier: Apache-2.0
"""A load of every kind of run, and what the server promised by acknowledging it: what must be true afterwards, whoever was
killed meanwhile."""
import contextlib
import dataclasses
import random
import re
import sqlite3
import threading
import time

import httpx

from server import SLOW
from waiting import until

JOBS = 20
LONG_S = 60  # what is to be cancelled runs so long
TERMINAL = ("success", "error", "interrupted", "timeout")
GONE = "rollback"  # a run's end that removes its row; its webhook says so
# (job, graph, input, how or strategy)
PLAIN = [
    ("plain", "native_echo", {"text": "x"}, "background"), ("plain", "native_echo", {"text": "x"}, "stateless"),
    ("plain", "native_echo", {"text": "x"}, "wait"), ("plain", "native_sleep", {"seconds": 0.2}, "background"),
    ("plain", "native_sleep", {"seconds": 0.3}, "stream"), ("plain", "native_fail", {}, "background"),
    ("plain", "echo", {"text": "x"}, "background"), ("plain", "echo", {"text": "x"}, "wait"), ("plain", "echo", {"text": "x"}, "stateless"),
    ("plain", "sleepy", {"seconds": 0.1}, "background"), ("plain", "sleepy", {"seconds": 0.2}, "stream"),
    ("plain", "boom", {"msg": "kaput"}, "background"),
]
KINDS = PLAIN + [
    ("plain", "echo", {"text": "x"}, "delayed"), ("plain", "native_echo", {"text": "x"}, "delayed"),
    ("plain", "custom", {"n": 12}, "resumable"), ("plain", "sleepy", {"seconds": 0.15}, "resumable"),
    ("plain", "native_sleep", {"seconds": 0.3}, "resumable"), ("plain", "native_burst", {"events": 30}, "resumable"),
    ("cancel", "sleepy", {"seconds": LONG_S}, "interrupt"), ("cancel", "native_sleep", {"seconds": LONG_S}, "interrupt"),
    ("cancel", "sleepy", {"seconds": LONG_S}, "rollback"), ("cancel", "native_sleep", {"seconds": LONG_S}, "rollback"),
    ("double", "sleepy", {"seconds": LONG_S}, "interrupt"), ("double", "native_sleep", {"seconds": LONG_S}, "interrupt"),
    ("double", "sleepy", {"seconds": LONG_S}, "rollback"), ("double", "native_sleep", {"seconds": LONG_S}, "rollback"),
    ("double", "sleepy", {"seconds": 0.2}, "enqueue"), ("double", "native_sleep", {"seconds": 0.2}, "enqueue"),
]
MORE = {"delayed": {"after_seconds": 0.4}, "resumable": {"stream_resumable": True, "stream_mode": ["values", "custom"]}}
REST = {"wait": "/wait", "stream": "/stream", "resumable": "/stream"}
STATUS = {"native_fail": "error", "boom": "error"}
# The next run of a thread needs the same runtime.
SECOND = {"sleepy": "echo", "native_sleep": "native_echo"}


class Broken(AssertionError):
    """A promise was not kept."""


@dataclasses.dataclass
class Promise:
    """An acknowledged run."""
    thread: str | None
    run: str
    graph: str
    end: str  # its status at last; GONE: it has no row any more
    undecided: str = ""  # nobody acknowledged what was to end it: this action does, when it is asked for again
    seen: bytes = b""  # of its resumable stream


class Load:
    """Asks for the jobs of a round, with several clients at once, and keeps what was acknowledged."""

    def __init__(self, server, receivers, clients, seed, kinds=KINDS):
        self.base = server.url
        chosen = random.Random(seed)
        self.jobs = [(*chosen.choice(kinds), chosen.choice(receivers).url("/hook?token=t"), chosen.random()) for _ in range(JOBS)]
        self.threads = {}  # acknowledged: what their status may be at last
        self.runs = []  # promises
        self.lost = 0  # requests that got no answer
        self.retried = self.seen_events = 0  # runs that lost attempts; events of resumable streams that were compared
        self.broken = []
        self._lock = threading.Lock()
        self._workers = [threading.Thread(target=self._work, args=(client,)) for client in clients]

    def start(self):
        for worker in self._workers:
            worker.start()

    def ended(self):
        return not any(worker.is_alive() for worker in self._workers)

    def finish(self):
        for worker in self._workers:
            worker.join()
        if self.broken:
            raise Broken(self.broken[0])

    def _work(self, client):
        while True:
            with self._lock:
                if not self.jobs:
                    return
                job, *what = self.jobs.pop()
            try:
                getattr(self, f"_{job}")(client, *what)
            except Broken as broken:
                self.broken.append(str(broken))
            except httpx.TransportError:
                with self._lock:
                    self.lost += 1

    # ------------------------------------------------------------------ jobs

    def _plain(self, client, graph, run_input, how, hook, _):
        thread = None
        if how != "stateless":
            thread = self._thread(client, "error" if graph in STATUS else "idle")
        self._run(client, thread, graph, run_input, hook, how)

    def _cancel(self, client, graph, run_input, action, hook, chance):
        thread = self._thread(client, "idle" if action == "rollback" else "interrupted")
        promise = self._run(client, thread, graph, run_input, hook, end=GONE if action == "rollback" else "interrupted", undecided=action)
        time.sleep(chance * 0.3)  # pending, or running
        answer = client.post(f"{self.base}/threads/{thread}/runs/{promise.run}/cancel?action={action}&wait={int(chance < 0.5)}")
        if answer.status_code not in (200, 202):
            raise Broken(f"cancelling run {promise.run}: {answer.status_code} {answer.text}")
        promise.undecided = ""

    def _double(self, client, graph, run_input, strategy, hook, chance):
        """A second run on the same thread, which ends the first or waits for it."""
        thread = self._thread(client, "idle")
        first = self._run(client, thread, graph, run_input, hook, end={"rollback": GONE, "interrupt": "interrupted"}.get(strategy, "success"),
                          undecided="" if strategy == "enqueue" else strategy)
        time.sleep(chance * 0.3)
        if strategy == "interrupt":
            self.threads[thread] |= {"interrupted"}  # unless the second is acknowledged
        self._run(client, thread, SECOND[graph], {"text": "second"}, hook, multitask_strategy=strategy)
        first.undecided = ""
        self.threads[thread] = {"idle"}

    # ------------------------------------------------------------------ requests

    def _thread(self, client, status):
        made = client.post(f"{self.base}/threads", json={})
        if made.status_code != 200:
            raise Broken(f"POST /threads: {made.status_code} {made.text}")
        with self._lock:
            self.threads[made.json()["thread_id"]] = {status}
        return made.json()["thread_id"]

    def _run(self, client, thread, graph, run_input, hook, how="background", end=None, undecided="", **more):
        body = {"assistant_id": graph, "input": run_input, "webhook": hook, **MORE.get(how, {}), **more}
        where = f"/threads/{thread}/runs" if thread else "/runs"
        with client.stream("POST", f"{self.base}{where}{REST.get(how, '')}", json=body) as answer:
            # The head is the acknowledgement: the run's row is durable.
            if answer.status_code != 200:
                raise Broken(f"a run of {graph} was answered with {answer.status_code} {answer.read()!r}")
            run = answer.headers["content-location"].rsplit("/", 1)[1]
            promise = Promise(thread, run, graph, end or STATUS.get(graph, "success"), undecided)
            with self._lock:
                self.runs.append(promise)
            for piece in answer.iter_raw():
                if how == "resumable":
                    promise.seen += piece
        return promise


# ---------------------------------------------------------------------- afterwards


def decide(server, load):
    """Ends what nobody acknowledged to have ended."""
    for promise in load.runs:
        if promise.undecided:
            answer = server.post(f"/threads/{promise.thread}/runs/{promise.run}/cancel?action={promise.undecided}")
            if answer.status_code not in (202, 404):
                raise Broken(f"cancelling run {promise.run}: {answer.status_code} {answer.text}")


def check_existence(server, load):
    for thread in load.threads:
        if server.get(f"/threads/{thread}").status_code != 200:
            raise Broken(f"thread {thread} was acknowledged and is gone")
    for promise in load.runs:
        path = f"/threads/{promise.thread}/runs/{promise.run}" if promise.thread else f"/runs/{promise.run}"
        if server.get(path).status_code != 200 and promise.end != GONE:
            raise Broken(f"run {promise.run} of {promise.graph} was acknowledged and is gone")


def check_ends(server, load):
    for promise in load.runs:
        def end(promise=promise):
            answer = server.get(f"/runs/{promise.run}")
            status = GONE if answer.status_code == 404 else answer.json()["status"]
            return status if status in (*TERMINAL, GONE) else None

        found = until(end, f"run {promise.run} of {promise.graph} to end", 90 * SLOW)
        if found != promise.end:
            raise Broken(f"run {promise.run} of {promise.graph} ended as {found}, not {promise.end}")
    never_started = {row["run"] for row in rows(server, "SELECT uuid AS run FROM runs WHERE attempt = 0")}
    for promise in load.runs:
        if promise.run in never_started and load.threads.get(promise.thread) == {"interrupted"}:
            load.threads[promise.thread] = {"idle"}  # it left no trace
    for thread, statuses in load.threads.items():
        # A thread whose run was never acknowledged may be without one.
        allowed = statuses | ({"idle"} if load.lost else set())
        until(lambda: server.get(f"/threads/{thread}").json()["status"] in allowed, f"thread {thread} to be {allowed}", 90 * SLOW)


def rows(server, query, *values):
    """What the live server's database holds."""
    with contextlib.closing(sqlite3.connect(f"file:{server.data_dir}/heddle.db?mode=ro", uri=True)) as db:
        db.row_factory = sqlite3.Row
        return db.execute(query, values).fetchall()


def check_rows(server, load, kills):
    """After the ends: what was rolled back has left nothing, nothing is open, and attempts were counted."""
    left = rows(server, "SELECT uuid, status FROM runs WHERE status IN ('pending', 'running')")
    if left:
        raise Broken(f"{len(left)} runs are open though all have ended, the first one {left[0]['status']}")
    for promise in load.runs:
        if promise.end == GONE:
            for table, column in (("checkpoints", "run_id"), ("checkpoint_writes", "run_id")):
                if rows(server, f"SELECT 1 FROM {table} WHERE {column} = ?", promise.run):
                    raise Broken(f"run {promise.run} was rolled back and has left {table}")
            continue
        row, = rows(server, "SELECT status, attempt, failures FROM runs WHERE uuid = ?", promise.run)
        if row["failures"] > kills:
            raise Broken(f"run {promise.run} counts {row['failures']} lost attempts after {kills} kills")
        if row["status"] in ("success", "error") and row["attempt"] <= row["failures"]:
            raise Broken(f"run {promise.run} lost {row['failures']} attempts and began only {row['attempt']}")
        load.retried += row["failures"] > 0


def check_streams(server, load):
    """What a client has seen of a resumable stream is how the replay begins, byte for byte; no event is missing in between."""
    for promise in load.runs:
        if not promise.seen:
            continue
        seen = without_comments(promise.seen)
        replay = without_comments(server.get(f"/threads/{promise.thread}/runs/{promise.run}/stream", headers={"Last-Event-ID": "-1"}).content)
        if not replay.startswith(seen):
            raise Broken(f"the replay of run {promise.run} begins with {replay[:2000]!r}, not with {seen!r}")
        numbers = [int(number) for number in re.findall(rb"(?m)^id: \d+-(\d+)\r$", replay)]
        if numbers != list(range(len(numbers))) or len(numbers) < 2:
            raise Broken(f"the events of run {promise.run} have the numbers {numbers}")
        load.seen_events += seen.count(b"\r\n\r\n")


def without_comments(stream):
    """Whole events only."""
    whole = stream[:stream.rfind(b"\r\n\r\n") + 4] if b"\r\n\r\n" in stream else b""
    return re.sub(rb"(?m)^:[^\r\n]*\r\n\r\n", b"", whole)
