# SPDX-License-Identifier: Apache-2.0
"""`heddle backup` of a server at work, and `heddle restore`: what was acknowledged is in the copy, and a database is complete
whatever stops either of them."""
import contextlib
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import threading

import httpx
import pytest

from server import BINARY, SLOW, environment, native_config, run_binary
from waiting import until

NEWEST = 6


class Load:
    """Clients that make runs and put items until the end; what the server acknowledged."""

    def __init__(self, server, clients=3):
        self.url = server.url
        self.runs, self.items, self.wrong = [], 0, []
        self._stop = threading.Event()
        self._clients = [threading.Thread(target=self._guard, args=(each,)) for each in [self._run] * clients + [self._put]]

    def __enter__(self):
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for client in self._clients:
            client.join()
        assert not self.wrong

    def _guard(self, work):
        try:
            with httpx.Client(base_url=self.url, timeout=30 * SLOW, trust_env=False) as http:
                while not self._stop.is_set():
                    work(http)
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.wrong.append(error)

    def _run(self, http):
        thread = http.post("/threads", json={"metadata": {"by": "load"}}).raise_for_status().json()["thread_id"]
        answer = http.post(f"/threads/{thread}/runs", json={"assistant_id": "native_echo", "input": {"text": "x" * 500}})
        self.runs.append((thread, answer.raise_for_status().json()["run_id"]))

    def _put(self, http):
        n = self.items + 1
        http.put("/store/items", json={"namespace": ["load"], "key": str(n), "value": {"n": n}}).raise_for_status()
        self.items = n


def place(server):
    return "--data-dir", server.data_dir


def backup(server, file, *more, **options):
    return run_binary("backup", file, *place(server), *more, **options)


def restore(server, file, **options):
    return run_binary("restore", file, *place(server), **options)


def sole_line(done):
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    return done.stdout.strip()


def threads_in(file):
    """Of a database that must be whole."""
    with contextlib.closing(sqlite3.connect(file)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        return {row[0] for row in db.execute("SELECT uuid FROM threads")}


def files(folder):
    return sorted(path.name for path in pathlib.Path(folder).iterdir())


@pytest.mark.timeout(120 * SLOW)
def test_a_backup_of_a_server_at_work_holds_all_that_was_acknowledged_before(serve, tmp_path):
    server = serve()
    taken = []
    with Load(server) as load:
        for n in range(3):
            until(lambda n=n: len(load.runs) >= 200 * (n + 1) and load.items >= 50 * (n + 1), "work", 60 * SLOW)
            runs, items = list(load.runs), load.items
            line = sole_line(backup(server, tmp_path / f"{n}.backup"))
            taken.append((tmp_path / f"{n}.backup", runs, items, line))
    assert server.stop() == 0
    for file, runs, items, line in taken:
        shape = rf"backed up (\d+) threads, (\d+) runs, \d+\.\d MiB, schema version {NEWEST} to {re.escape(str(file))} in \d+\.\d s"
        found = re.fullmatch(shape, line)
        assert found and int(found[1]) >= len(runs) and int(found[2]) >= len(runs), line
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        other = serve.make()
        assert restore(other, file).returncode == 0
        other.start()
        assert other.post("/threads/count", {"metadata": {"by": "load"}}).json() >= len(runs)
        for thread, run in runs:
            ended = other.until_status({"thread_id": thread, "run_id": run}, "success")
            assert ended["thread_id"] == thread
            assert other.get(f"/threads/{thread}/state").json()["values"]["out"] == "x" * 500
        found = other.post("/store/items/search", {"namespace_prefix": ["load"], "limit": 1}).json()
        assert found["items"]
        for key in (1, items):
            item = other.get("/store/items", params={"namespace": "load", "key": str(key)})
            assert item.json()["value"] == {"n": key}
        assert other.stop() == 0
        assert len(threads_in(other.data_dir / "heddle.db")) >= len(runs)
    assert files(tmp_path) == ["0.backup", "1.backup", "2.backup", "server0", "server1", "server2", "server3"]
