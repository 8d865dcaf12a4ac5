#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills the server at random moments and looks whether it kept its word.

A round: 20 runs with webhooks on native and Python graphs, `kill -9` at a random moment, a new start on the same data; in
every third round it is killed again while it catches up. One receiver is quick, one is slow, one fails every other time, so
that deliveries are in flight and retries wait when it happens.

Then every acknowledged thread and run must exist, every run must end, and every run's webhook must have been accepted: once,
or again where the attempt was in flight at a kill (the outbox says which were), always with the same id and the same bytes.

    python tests/fault/crash_rounds.py --rounds 200 [--seed N]
"""
import argparse
import collections
import contextlib
import pathlib
import random
import shutil
import sqlite3
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
SECRET = "whsec_" + "QUJD" * 8
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


class Arrivals:
    """The webhooks that came to all receivers, and the kills between them."""

    def __init__(self, receivers):
        self.of = collections.defaultdict(list)  # by run
        self.kills = []  # (when, runs whose attempts were in flight)
        self._read = dict.fromkeys(receivers, 0)

    def update(self):
        for receiver, count in self._read.items():
            new = receiver.at("/hook")[count:]
            self._read[receiver] += len(new)
            for each in new:
                self.of[each.json()["run_id"]].append(each)

    def accepted(self):
        self.update()
        return {run for run, came in self.of.items() if any(each.reply.status == 200 for each in came)}

    def check(self):
        """Once accepted, a webhook comes again only where its attempt was in flight at a kill."""
        self.update()
        names = set()
        for run, came in self.of.items():
            came.sort(key=lambda each: each.at)
            if len({each.body for each in came}) != 1:
                raise Broken(f"the webhooks of run {run} differ: {[each.body for each in came]}")
            if len({each.header("webhook-id") for each in came}) != 1:
                raise Broken(f"the webhooks of run {run} have several ids")
            names.add(came[0].header("webhook-id"))
            for before, after in zip(came, came[1:]):
                killed = any(before.at < when < after.at and run in in_flight for when, in_flight in self.kills)
                if before.reply.status == 200 and not killed:
                    raise Broken(f"the webhook of run {run} was accepted and came again, though no kill met its attempt")
        if len(names) != len(self.of):
            raise Broken("two runs share a webhook-id")

    def count(self):
        """All, those that came again though accepted before, and those that came again after a failed attempt."""
        pairs = [before.reply.status == 200 for came in self.of.values() for before, _ in zip(came, came[1:])]
        return sum(map(len, self.of.values())), sum(pairs), len(pairs) - sum(pairs)


class Load:
    """What was asked for in a round, and what the server acknowledged."""

    def __init__(self, server, receivers, clients, seed):
        self.clients = clients
        self.base = server.url
        chosen = random.Random(seed)
        self.jobs = [(*chosen.choice(KINDS), chosen.choice(receivers).url("/hook?token=t")) for _ in range(RUNS)]
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

    def _one(self, client, graph, run_input, how, hook):
        body = {"assistant_id": graph, "input": run_input, "webhook": hook}
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
        self.quick, self.slow, self.failing = (Receiver().start() for _ in range(3))
        self.slow.default = Reply(delay_s=0.3)
        self.receivers = [self.quick, self.slow, self.failing]
        self.arrivals = Arrivals(self.receivers)
        config = wire_config(webhooks={"retry": {"schedule": [1] * 20}, "secrets": [SECRET]})
        self.server = Server(folder, config)
        self.clients = [httpx.Client(timeout=30 * SLOW, trust_env=False) for _ in range(8)]
        self.totals = collections.Counter()
        self.slowest_start_s = 0.0

    def close(self):
        try:
            self.server.stop()
        finally:
            self.server.sweep()
            for receiver in self.receivers:
                receiver.stop()

    def run(self, rounds, tell):
        self.server.start()
        for number in range(1, rounds + 1):
            self._round(number, tell)
        self.arrivals.check()
        if self.server.stop() != 0:
            raise Broken("SIGTERM did not end in exit code 0")

    def _round(self, number, tell):
        load = Load(self.server, self.receivers, self.clients, self.random.random())
        self.failing.script = [Reply(503) if self.random.random() < 0.5 else Reply() for _ in range(RUNS)]
        # Some time after some number of runs was acknowledged.
        wanted, more_s = self.random.randrange(RUNS + 1), self.random.uniform(0, 0.25)
        load.start()
        until(lambda: len(load.runs) >= wanted or load.ended(), f"{wanted} runs to be acknowledged", 90 * SLOW, pause_s=0.001)
        time.sleep(more_s)  # the random moment itself, no synchronisation
        in_flight, waiting = self._kill(load)
        if number % 3 == 0:
            time.sleep(self.random.uniform(0, 1.2))  # as above, among the retries
            self._kill()
        self._check_existence(load)
        self._check_ends(load)
        self._check_webhooks(load)
        self.totals.update(rounds=1, threads=len(load.threads), runs=len(load.runs), unanswered=load.lost)
        tell(f"round {number}: killed {more_s * 1000:.0f} ms after run {wanted}; {len(load.runs)} runs acknowledged, "
             f"{load.lost} without an answer, {in_flight} webhooks in flight, {waiting} waiting: kept")

    def _kill(self, load=None):
        """kill -9 and a new start; how many deliveries were in flight, and how many waited."""
        workers = self.server.worker_pids()
        self.server.kill()
        if load is not None:
            load.finish()
        until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in workers), "the workers to notice", 60 * SLOW)
        pending = self._pending()
        in_flight = {run for run, leased in pending if leased}
        started = time.monotonic()
        self.arrivals.kills.append((started, in_flight))
        self.server.start()
        self.slowest_start_s = max(self.slowest_start_s, time.monotonic() - started)
        self.totals.update(kills=1, in_flight=len(in_flight), waiting=len(pending) - len(in_flight))
        return len(in_flight), len(pending) - len(in_flight)

    def _pending(self):
        """What the killed server's outbox holds: runs, and whether an attempt of theirs was in flight. Reads a copy: opening
        a database repairs it, which is the server's to do."""
        with tempfile.TemporaryDirectory(prefix="heddle-crash-") as copy:
            for file in self.server.data_dir.glob("heddle.db*"):
                shutil.copy(file, copy)
            with contextlib.closing(sqlite3.connect(f"{copy}/heddle.db")) as db:
                return db.execute("SELECT run_uuid, leased FROM deliveries WHERE status = 'pending'").fetchall()

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
                        f"run {run} of {graph} to end", 90 * SLOW)
            if row["status"] != STATUS.get(graph, "success"):
                raise Broken(f"run {run} of {graph} ended as {row['status']}")
        for thread in load.threads:
            until(lambda: self.server.get(f"/threads/{thread}").json()["status"] in ("idle", "error"), f"thread {thread} to rest", 90 * SLOW)

    def _check_webhooks(self, load):
        wanted = {run for _, run, _ in load.runs}
        until(lambda: wanted <= self.arrivals.accepted(), f"webhooks of {len(wanted)} runs", 90 * SLOW)
        until(lambda: self.server.get("/metrics?format=json").json()["webhooks"]["pending"] == 0, "no webhook to be pending", 90 * SLOW)
        self.arrivals.check()
        for thread, run, graph in load.runs:
            if f'"status":"{STATUS.get(graph, "success")}"'.encode() not in self.arrivals.of[run][0].body:
                raise Broken(f"the webhook of run {run} has another status than the run")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
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
    totals, (webhooks, repeated, retried) = rounds.totals, rounds.arrivals.count()
    print(f"{totals['rounds']} rounds in {time.monotonic() - started:.0f} s, {totals['kills']} kills: {totals['threads']} threads and "
          f"{totals['runs']} runs acknowledged, none lost; {totals['unanswered']} requests died with the server; at the kills "
          f"{totals['in_flight']} webhooks were in flight and {totals['waiting']} waited; {webhooks} webhooks received, none lost, "
          f"{retried} of them retries, {repeated} repetitions of an accepted one, all in flight at a kill, with the same id and body; "
          f"slowest restart {rounds.slowest_start_s * 1000:.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
