#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills the server, or its workers, at random moments and looks whether the promises were kept.

A round: 20 jobs with webhooks on native and Python graphs (promises.py: plain, delayed, resumable, cancelled, rolled back,
double texting), `kill -9` at a random moment, a new start on the same data; in every third round it is killed again while it
catches up. One receiver is quick, one is slow, one fails every other time, so that deliveries are in flight and retries wait
when it happens. With `--victim workers` the server lives on, and one or all of its workers are killed, up to twice a round.

Then every acknowledged thread and run must exist, every run must end as it should (rolled back: with nothing left of it), its lost attempts counted, every thread must have the status that
follows, a resumable stream must begin as it was seen, and every run's webhook must have been accepted: once, or again where
the attempt was in flight at a kill (the outbox says which were), always with the same id and the same bytes.

    python tests/fault/crash_rounds.py --rounds 100 [--victim workers] [--seed N]
"""
import argparse
import collections
import contextlib
import pathlib
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import httpx  # noqa: E402

import promises  # noqa: E402
from promises import JOBS, Broken, Load  # noqa: E402
from receiver import Receiver, Reply  # noqa: E402
from server import SLOW, Server, wire_config  # noqa: E402
from waiting import until  # noqa: E402

SECRET = "whsec_" + "QUJD" * 8


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


class Rounds:
    def __init__(self, folder, seed, victim="server"):
        self.seed, self.victim = seed, victim
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
        self.failing.script = [Reply(503) if self.random.random() < 0.5 else Reply() for _ in range(JOBS)]
        # Some time after some number of runs was acknowledged.
        wanted, more_s = self.random.randrange(JOBS + 1), self.random.uniform(0, 0.25)
        load.start()
        until(lambda: len(load.runs) >= wanted or load.ended(), f"{wanted} runs to be acknowledged", 90 * SLOW, pause_s=0.001)
        time.sleep(more_s)  # the random moment itself, no synchronisation
        what = self._kill_workers(number, load) if self.victim == "workers" else self._kill_server(number, load)
        promises.check_existence(self.server, load)
        promises.decide(self.server, load)
        promises.check_ends(self.server, load)
        promises.check_rows(self.server, load, kills=1 + (number % 3 == 0))
        promises.check_streams(self.server, load)
        self._check_webhooks(load)
        self.totals.update(rounds=1, threads=len(load.threads), runs=len(load.runs), unanswered=load.lost, retried=load.retried,
                           events=load.seen_events, cancelled=sum(run.end in ("interrupted", promises.GONE) for run in load.runs))
        tell(f"round {number}: killed {more_s * 1000:.0f} ms after run {wanted}; {len(load.runs)} runs acknowledged, "
             f"{load.lost} without an answer, {what}: kept")

    def _kill_server(self, number, load):
        in_flight, waiting = self._kill(load)
        if number % 3 == 0:
            time.sleep(self.random.uniform(0, 1.2))  # as above, among the retries
            self._kill()
        return f"{in_flight} webhooks in flight, {waiting} waiting"

    def _kill_workers(self, number, load):
        """One or all of them; twice at most, so that no run loses its third attempt."""
        times = 1 + (number % 3 == 0)
        for at in range(times):
            if at > 0:
                time.sleep(self.random.uniform(0, 1.2))
            workers = until(self.server.worker_pids, "workers", 60 * SLOW)
            for pid in workers if self.random.random() < 0.3 else [self.random.choice(workers)]:
                os.kill(pid, signal.SIGKILL)
                self.totals.update(kills=1)
        load.finish()
        if load.lost:
            raise Broken(f"{load.lost} requests got no answer, though only workers were killed")
        return f"{times} kills of workers"

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

    def _check_webhooks(self, load):
        wanted = {promise.run for promise in load.runs}
        until(lambda: wanted <= self.arrivals.accepted(), f"webhooks of {len(wanted)} runs", 90 * SLOW)
        until(lambda: self.server.get("/metrics?format=json").json()["webhooks"]["pending"] == 0, "no webhook to be pending", 90 * SLOW)
        self.arrivals.check()
        for promise in load.runs:
            told = self.arrivals.of[promise.run][0].json()["status"]
            if told != promise.end:
                raise Broken(f"the webhook of run {promise.run} says {told}, not {promise.end}")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--victim", choices=["server", "workers"], default="server")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}, victim {options.victim}", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="heddle-crash-") as folder:
        rounds = Rounds(folder, options.seed, options.victim)
        try:
            rounds.run(options.rounds, lambda text: print(text, flush=True))
        except (AssertionError, httpx.HTTPError) as broken:
            print(f"BROKEN (seed {options.seed}): {broken}\n{rounds.server.log()[-6000:]}", flush=True)
            return 1
        finally:
            rounds.close()
    totals, (webhooks, repeated, retried) = rounds.totals, rounds.arrivals.count()
    print(f"{totals['rounds']} rounds in {time.monotonic() - started:.0f} s, {totals['kills']} kills of {options.victim}: {totals['threads']} threads and "
          f"{totals['runs']} runs acknowledged, none lost, {totals['cancelled']} of them cancelled or rolled back, {totals['retried']} tried "
          f"again; {totals['unanswered']} requests died with the server; {totals['events']} events of resumable streams seen and replayed; at the kills "
          f"{totals['in_flight']} webhooks were in flight and {totals['waiting']} waited; {webhooks} webhooks received, none lost, "
          f"{retried} of them retries, {repeated} repetitions of an accepted one, all in flight at a kill, with the same id and body; "
          f"slowest restart {rounds.slowest_start_s * 1000:.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
