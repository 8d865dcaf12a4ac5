#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills the server at random moments and looks whether it kept its word.

A round: 20 runs with webhooks on native and Python graphs, `kill -9` at a random moment, a new start on the same data.
Then every acknowledged thread and run must exist, every run must end, and every run's webhook must have come at least
once, always with the same bytes.

    python tests/fault/crash_rounds.py --rounds 50 [--seed N]
"""
import argparse
import collections
import pathlib
import random
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import httpx  # noqa: E402

from receiver import Receiver, Reply  # noqa: E402
from server import SLOW, Server, wire_config  # noqa: E402
from waiting import until  # noqa: E402

RUNS = 20
TERMINAL = ("success", "error", "interrupted", "timeout")
# graph, input, how the run is started
KINDS = [
    ("native_echo", {"text": "x"}, "background"), ("native_echo", {"text": "x"}, "stateless"), ("native_echo", {"text": "x"}, "wait"),
    ("native_sleep", {"seconds": 0.2}, "background"), ("native_sleep", {"seconds": 0.3}, "stream"), ("native_fail", {}, "background"),
    ("echo", {"text": "x"}, "background"), ("echo", {"text": "x"}, "wait"), ("echo", {"text": "x"}, "stateless"),
    ("sleepy", {"seconds": 0.1}, "background"), ("sleepy", {"seconds": 0.2}, "stream"), ("boom", {"msg": "kaput"}, "background"),
]
STATUS = {"native_fail": "error", "boom": "error"}


class Broken(AssertionError):
    """A promise was not kept."""


class Load:
    """What was asked for in a round, and what the server acknowledged."""

    def __init__(self, server, receiver, clients, seed):
        self.receiver, self.clients = receiver, clients
        self.base = server.url
        chosen = random.Random(seed)
        self.jobs = [chosen.choice(KINDS) for _ in range(RUNS)]
        self.threads, self.runs = [], []  # acknowledged
        self.lost = 0  # requests that got no answer
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
                job = self.jobs.pop()
            try:
                self._one(client, *job)
            except Broken as broken:
                self.broken.append(str(broken))
            except httpx.TransportError:
                with self._lock:
                    self.lost += 1

    def _one(self, client, graph, run_input, how):
        body = {"assistant_id": graph, "input": run_input, "webhook": self.receiver.url("/hook?token=t")}
        if how == "stateless":
            self._keep(None, client.post(f"{self.base}/runs", json=body), graph)
            return
        made = client.post(f"{self.base}/threads", json={})
        if made.status_code != 200:
            raise Broken(f"POST /threads: {made.status_code} {made.text}")
        thread = made.json()["thread_id"]
        with self._lock:
            self.threads.append(thread)
        rest = {"background": "", "wait": "/wait", "stream": "/stream"}[how]
        with client.stream("POST", f"{self.base}/threads/{thread}/runs{rest}", json=body) as answer:
            # The head is the acknowledgement: the run's row is durable.
            self._keep(thread, answer, graph)
            for _ in answer.iter_raw():
                pass

    def _keep(self, thread, answer, graph):
        if answer.status_code != 200:
            raise Broken(f"a run was answered with {answer.status_code}")
        run = answer.headers["content-location"].rsplit("/", 1)[1]
        with self._lock:
            self.runs.append((thread, run, graph))


class Rounds:
    def __init__(self, folder, seed):
        self.seed = seed
        self.random = random.Random(seed)
        self.receiver = Receiver().start()
        config = wire_config(webhooks={"retry": {"schedule": [1] * 20}})
        self.server = Server(folder, config)
        self.clients = [httpx.Client(timeout=10 * SLOW, trust_env=False) for _ in range(8)]
        self.totals = collections.Counter()
        self.slowest_start_s = 0.0

    def close(self):
        try:
            self.server.stop()
        finally:
            self.server.sweep()
            self.receiver.stop()

    def run(self, rounds, tell):
        self.server.start()
        for number in range(1, rounds + 1):
            self._round(number, tell)
        if self.server.stop() != 0:
            raise Broken("SIGTERM did not end in exit code 0")

    def _round(self, number, tell):
        load = Load(self.server, self.receiver, self.clients, self.random.random())
        # One receiver answer in ten is a failure.
        self.receiver.script = [Reply(503) if self.random.random() < 0.1 else Reply() for _ in range(RUNS * 2)]
        # Some time after some number of runs was acknowledged.
        wanted, more_s = self.random.randrange(RUNS + 1), self.random.uniform(0, 0.25)
        workers = self.server.worker_pids()
        load.start()
        until(lambda: len(load.runs) >= wanted or load.ended(), f"{wanted} runs to be acknowledged", 40 * SLOW, pause_s=0.001)
        time.sleep(more_s)  # the random moment itself, no synchronisation
        self.server.kill()
        load.finish()
        until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in workers), "the workers to notice", 10 * SLOW)
        started = time.monotonic()
        self.server.start()
        self.slowest_start_s = max(self.slowest_start_s, time.monotonic() - started)
        self._check_existence(load)
        self._check_ends(load)
        self._check_webhooks(load)
        self.totals.update(rounds=1, threads=len(load.threads), runs=len(load.runs), unanswered=load.lost)
        tell(f"round {number}: killed {more_s * 1000:.0f} ms after run {wanted}; {len(load.runs)} runs acknowledged, "
             f"{load.lost} without an answer: kept")

    def _check_existence(self, load):
        for thread in load.threads:
            if self.server.get(f"/threads/{thread}").status_code != 200:
                raise Broken(f"thread {thread} was acknowledged and is gone")
        for thread, run, graph in load.runs:
            path = f"/threads/{thread}/runs/{run}" if thread else f"/runs/{run}"
            if self.server.get(path).status_code != 200:
                raise Broken(f"run {run} of {graph} was acknowledged and is gone")

    def _check_ends(self, load):
        for thread, run, graph in load.runs:
            row = until(lambda: (lambda now: now if now["status"] in TERMINAL else None)(self.server.get(f"/runs/{run}").json()),
                        f"run {run} of {graph} to end", 30 * SLOW)
            if row["status"] != STATUS.get(graph, "success"):
                raise Broken(f"run {run} of {graph} ended as {row['status']}")
        for thread in load.threads:
            until(lambda: self.server.get(f"/threads/{thread}").json()["status"] in ("idle", "error"), f"thread {thread} to rest", 30 * SLOW)

    def _check_webhooks(self, load):
        wanted = {run for _, run, _ in load.runs}
        until(lambda: wanted <= set(self._bodies()), f"webhooks of {len(wanted)} runs", 40 * SLOW)
        until(lambda: self.server.get("/metrics?format=json").json()["webhooks"]["pending"] == 0, "no webhook to be pending", 40 * SLOW)
        bodies = self._bodies()
        for run, came in bodies.items():
            if len(set(came)) != 1:
                raise Broken(f"the webhooks of run {run} differ: {set(came)}")
        for thread, run, graph in load.runs:
            if f'"status":"{STATUS.get(graph, "success")}"'.encode() not in bodies[run][0]:
                raise Broken(f"the webhook of run {run} has another status than the run")
        self.totals["webhooks"] = sum(map(len, bodies.values()))
        self.totals["repeated"] = self.totals["webhooks"] - len(bodies)

    def _bodies(self):
        bodies = collections.defaultdict(list)
        for each in self.receiver.at("/hook"):
            bodies[each.json()["run_id"]].append(each.body)
        return bodies


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="heddle-crash-") as folder:
        rounds = Rounds(folder, options.seed)
        try:
            rounds.run(options.rounds, lambda text: print(text, flush=True))
        except (AssertionError, httpx.HTTPError) as broken:
            print(f"BROKEN (seed {options.seed}): {broken}\n{rounds.server.log()[-6000:]}", flush=True)
            return 1
        finally:
            rounds.close()
    totals = rounds.totals
    print(f"{totals['rounds']} rounds in {time.monotonic() - started:.0f} s: {totals['threads']} threads and {totals['runs']} runs "
          f"acknowledged, none lost; {totals['unanswered']} requests died with the server; {totals['webhooks']} webhooks received, "
          f"{totals['repeated']} of them repetitions with the same body; slowest restart {rounds.slowest_start_s * 1000:.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
