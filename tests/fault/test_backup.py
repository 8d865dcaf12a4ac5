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

from server import BINARY, SLOW, Server, environment, native_config, run_binary
from waiting import until

ROOT = pathlib.Path(__file__).resolve().parents[2]
NEWEST = max(int(n) for n in re.findall(r'\{(\d+), "', (ROOT / "src" / "store" / "schema.cpp").read_text()))


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


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """(folder, whole backups of a small and of a large database): to copy from."""
    folder = tmp_path_factory.mktemp("archive")
    made = {}
    for name, items in (("small", 1), ("large", 120)):
        data = folder / name
        data.mkdir()
        with served(folder / f"{name}-server") as server:
            for n in range(items):
                body = {"namespace": ["filling"], "key": str(n), "value": {"text": "y" * 500_000}}
                assert server.http.put("/store/items", json=body).status_code == 204
            for n in range(4):
                server.wait_run("native_echo", {"text": name})
            made[name] = folder / f"{name}.backup"
            sole_line(backup(server, made[name]))
    return made


def served(folder):
    return Server(folder, native_config())


def copied(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)
    return target


def start_killable(*args):
    return subprocess.Popen([str(BINARY), *map(str, args)], env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


@contextlib.contextmanager
def stopped_backup(server, file, size=1):
    """A backup that was stopped (SIGSTOP) when it had written so much; it goes on at the end."""
    partial = pathlib.Path(f"{file}.partial")

    def seen():
        """What tells one file from another of that name, and its size; a new backup removes an old one first. While it
        does, the old one may still be found, changed already."""
        try:
            found = partial.stat()
        except FileNotFoundError:
            return None, 0
        return (found.st_ctime_ns, found.st_size) if found.st_nlink == 1 else (None, 0)

    before, _ = seen()
    process = start_killable("backup", file, *place(server))

    def written():
        which, there = seen()
        return which not in (None, before) and there >= size

    while process.poll() is None and not (written() and written()):
        pass
    process.send_signal(signal.SIGSTOP)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGCONT)


def end(process):
    out, err = process.communicate(timeout=30 * SLOW)
    return process.returncode, out.decode(), err.decode()


def test_a_backup_refuses_what_it_would_overwrite(serve, tmp_path):
    server = serve()
    kept = tmp_path / "kept"
    kept.write_text("precious")
    os.chmod(kept, 0o644)
    database = server.data_dir / "heddle.db"
    link = tmp_path / "link"
    link.symlink_to(database)
    for file, more, why in ((kept, (), "kept exists; --force replaces it"), (database, ("--force",), "is the database itself"),
                            (link, ("--force",), "is the database itself"), (tmp_path / "no" / "x", (), "there is no folder"),
                            (tmp_path, ("--force",), "is not a regular file")):
        done = backup(server, file, *more)
        assert done.returncode == 1 and done.stdout == ""
        assert done.stderr.startswith("heddle: no backup was made: ") and why in done.stderr
    assert kept.read_text() == "precious"
    assert server.wait_run("native_echo", {"text": "x"})["out"] == "x"
    assert "1 threads, 1 runs" in sole_line(backup(server, kept, "--force"))
    assert len(threads_in(kept)) == 1 and stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert files(tmp_path) == ["kept", "link", "server0"]


def test_where_the_data_is_may_be_said_as_for_the_server(serve, tmp_path):
    server = serve()
    config, data = server.config, server.data_dir
    for n, (args, env) in enumerate((((), {"HEDDLE_DATA_DIR": str(data)}), ((), {"DATABASE_URI": f"sqlite:{data}/heddle.db"}),
                                     (("--data-dir", data, "--config", config), {}))):
        assert sole_line(run_binary("backup", f"{n}", *args, env=env, cwd=tmp_path)).startswith("backed up 0 threads")
        assert (tmp_path / f"{n}").exists()
    # The folder beside the file has no database: nobody makes an empty one.
    done = run_binary("backup", "x", "--config", config, cwd=tmp_path)
    assert done.returncode == 1 and "there is no database" in done.stderr and not (config.parent / ".heddle").exists()
    done = run_binary("backup", "x", cwd=tmp_path)
    assert done.returncode == 1 and "there is no langgraph.json here" in done.stderr
    done = run_binary("backup", "x", env={"DATABASE_URI": "postgres://u:hidden@h/d"}, cwd=tmp_path)
    assert done.returncode == 1 and "PostgreSQL" in done.stderr and "hidden" not in done.stderr
    # What else the configuration may have wrong is not needed for it.
    config.write_text('{"graphs": {}, "webhooks": {"headers": {"X": "${{ env.LG_WEBHOOK_MISSING }}"}}}')
    assert sole_line(run_binary("backup", "y", *place(server), cwd=tmp_path))
    assert run_binary("backup").returncode == 2


def test_a_backup_after_a_crash_has_what_is_only_in_the_wal(serve, tmp_path):
    server = serve()
    threads = {server.thread() for _ in range(20)}
    server.kill()
    before = {name: (server.data_dir / name).read_bytes() for name in ("heddle.db", "heddle.db-wal")}
    assert before["heddle.db-wal"]
    sole_line(backup(server, tmp_path / "b"))
    assert threads_in(tmp_path / "b") == threads
    assert {name: (server.data_dir / name).read_bytes() for name in before} == before


@pytest.mark.timeout(120 * SLOW)
def test_a_killed_backup_leaves_nothing_under_its_name(serve, archive, tmp_path):
    server = serve.make()
    copied(archive["large"], server.data_dir / "heddle.db")
    server.start()
    file = tmp_path / "b"
    for size in (0, 4 << 20, 16 << 20):
        with stopped_backup(server, file, size) as process:
            process.kill()
        assert end(process)[0] == -signal.SIGKILL
        assert files(tmp_path) == ["b.partial", "server0"]
    # What was left is replaced.
    with stopped_backup(server, file) as process:
        done = backup(server, file)
        assert done.returncode == 1 and "another process is writing" in done.stderr
        process.send_signal(signal.SIGINT)
    assert end(process) == (1, "", "heddle: no backup was made: interrupted\n")
    assert files(tmp_path) == ["server0"]
    sole_line(backup(server, file))
    assert files(tmp_path) == ["b", "server0"] and len(threads_in(file)) == 4
    assert server.stop() == 0


def test_a_full_disk_leaves_no_half_backup(serve, archive, tmp_path, small_disk):
    server = serve.make()
    copied(archive["large"], server.data_dir / "heddle.db")
    server.start()
    done = backup(server, small_disk / "b")
    assert done.returncode == 1 and "full" in done.stderr and files(small_disk) == []
    (small_disk / "b").write_text("the one before")
    assert backup(server, small_disk / "b", "--force").returncode == 1
    assert (small_disk / "b").read_text() == "the one before" and files(small_disk) == ["b"]
    # A limit of the process instead of the disk's end.
    limited = subprocess.run([str(BINARY), "backup", str(tmp_path / "b"), "--data-dir", str(server.data_dir)], env=environment(),
                             capture_output=True, text=True, timeout=30 * SLOW, check=False,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8 << 20, 8 << 20)))
    assert limited.returncode == 1 and limited.stderr.startswith("heddle: no backup was made: ")
    assert files(tmp_path) == ["disk", "server0"]
    # Restoring needs room too.
    small = small_disk / "data"
    copied(archive["small"], small / "heddle.db")
    done = run_binary("restore", archive["large"], "--data-dir", small)
    assert done.returncode == 1 and "nothing was restored" in done.stderr and "full" in done.stderr
    assert len(threads_in(small / "heddle.db")) == 4 and files(small) == ["heddle.db", "heddle.lock"]


def test_a_restore_refuses_what_it_cannot_serve(serve, archive, tmp_path):
    server = serve.make()
    copied(archive["small"], server.data_dir / "heddle.db")
    server.start()
    done = restore(server, archive["large"])
    assert done.returncode == 1 and f"process {server.process.pid}" in done.stderr and "is using the data directory" in done.stderr
    assert server.stop() == 0
    (tmp_path / "text").write_text("not a database, but long enough to be one" * 100)
    (tmp_path / "empty").touch()
    with contextlib.closing(sqlite3.connect(tmp_path / "other")) as db:
        db.execute("CREATE TABLE threads (uuid TEXT)")
    with open(copied(archive["large"], tmp_path / "cut"), "r+b") as file:
        file.truncate(file.seek(0, os.SEEK_END) // 2)
    with open(copied(archive["large"], tmp_path / "overwritten"), "r+b") as file:
        file.seek(4096 * 4)
        file.write(b"\xff" * 4096 * 60)
    with contextlib.closing(sqlite3.connect(copied(archive["small"], tmp_path / "newer"))) as db:
        db.execute("INSERT INTO heddle_schema VALUES (?, 0)", (NEWEST + 3,))
        db.commit()
    before = (server.data_dir / "heddle.db").read_bytes()
    for name, why in (("text", "is not a whole database of Heddle"), ("empty", "is not a database of Heddle"),
                      ("other", "is not a database of Heddle"), ("cut", "is not a whole database of Heddle"),
                      ("overwritten", "is not a whole database of Heddle"), ("missing", "there is no file"),
                      ("newer", f"has schema version {NEWEST + 3}, this heddle knows versions up to {NEWEST}")):
        done = restore(server, tmp_path / name)
        assert done.returncode == 1 and why in done.stderr, (name, done.stderr)
        assert done.stderr.startswith("heddle: nothing was restored: ")
    done = restore(server, server.data_dir / "heddle.db")
    assert done.returncode == 1 and "is the database itself" in done.stderr
    assert (server.data_dir / "heddle.db").read_bytes() == before
    assert not list(server.data_dir.glob("*partial*")) and not list(server.data_dir.glob("*before*"))


def kept_aside(done):
    assert done.returncode == 0, done.stderr
    return pathlib.Path(re.search(r"^the database that was there is kept as (.+)$", done.stdout, re.MULTILINE)[1])


def test_a_restore_keeps_the_database_that_was_there(serve, archive):
    server = serve()
    mine = {server.thread() for _ in range(3)}
    server.kill()  # the last commits are in the WAL alone
    aside = kept_aside(restore(server, archive["small"]))
    assert aside.parent == server.data_dir and threads_in(aside) == mine
    assert threads_in(server.data_dir / "heddle.db") == threads_in(archive["small"])
    server.start()
    assert server.post("/threads/count").json() == 4
    assert server.stop() == 0
    # And back again.
    again = kept_aside(restore(server, aside))
    assert again != aside and len(threads_in(again)) == 4
    server.start()
    assert {each["thread_id"] for each in server.post("/threads/search", {"limit": 10}).json()} == mine
    assert server.stop() == 0
    assert stat.S_IMODE((server.data_dir / "heddle.db").stat().st_mode) == 0o600


# What the migrations from version 6 on made.
UNDONE = [*(f"DROP INDEX {index};" for index in ("assistants_created", "assistants_updated", "assistants_name", "assistants_graph", "items_updated")),
          *(f"DROP TABLE {table};" for table in ("assistant_metadata", "item_vectors", "vector_values", "vector_namespaces", "cron_firings",
                                                 "cron_metadata", "crons", "system_assistants")),
          *(f"ALTER TABLE items DROP COLUMN {column};" for column in ("value_bits", "vector_dims", "ttl_us"))]


def test_an_older_backup_is_migrated(serve, archive, tmp_path):
    older = copied(archive["small"], tmp_path / "older")
    with contextlib.closing(sqlite3.connect(older)) as db:
        db.executescript("".join(UNDONE) + "DELETE FROM heddle_schema WHERE version >= 6")
    os.chmod(older, 0o400)
    server = serve.make()
    done = restore(server, older)
    assert f"schema version {NEWEST} from" in done.stdout and f"the backup had schema version 5\n" in done.stdout
    assert "kept as" not in done.stdout
    assert files(server.data_dir) == ["heddle.db", "heddle.lock"] and files(tmp_path) == ["older", "server0"]
    server.start()
    assert server.post("/threads/count").json() == 4


def test_a_damaged_database_is_kept_with_its_wal(serve, archive):
    server = serve()
    server.thread()
    server.kill()
    wal = (server.data_dir / "heddle.db-wal").read_bytes()
    (server.data_dir / "heddle.db").write_bytes(b"\xff" * 40_000)
    os.truncate(server.data_dir / "heddle.db-wal", 0)
    (server.data_dir / "heddle.db-wal").write_bytes(b"\x00" + wal[1:])
    aside = kept_aside(restore(server, archive["small"]))
    assert aside.read_bytes() == b"\xff" * 40_000
    assert pathlib.Path(f"{aside}-wal").read_bytes() == b"\x00" + wal[1:]
    server.start()
    assert server.post("/threads/count").json() == 4
    assert server.stop() == 0
    assert len(threads_in(server.data_dir / "heddle.db")) == 4


def test_a_restore_waits_for_no_backup_that_is_being_taken(serve, archive, tmp_path):
    server = serve.make()
    copied(archive["large"], server.data_dir / "heddle.db")
    server.start()
    assert server.stop() == 0
    with stopped_backup(server, tmp_path / "b") as process:
        done = restore(server, archive["small"], timeout_s=40 * SLOW)
    code, _, err = end(process)
    assert code == 0, err
    assert done.returncode == 1 and "is in use by another process, perhaps a backup" in done.stderr
    assert len(threads_in(tmp_path / "b")) == 4
    assert restore(server, archive["small"]).returncode == 0


@pytest.mark.timeout(300 * SLOW)
def test_a_killed_restore_leaves_the_old_or_the_new_database(serve, archive, tmp_path):
    server = serve.make()
    data = server.data_dir
    old, new = threads_in(archive["small"]), threads_in(archive["large"])
    database, partial = data / "heddle.db", data / "heddle.db.partial"

    def before_end(process):
        return lambda: process.poll() is not None or list(data.glob("*.before-restore-*"))

    def at_size(size):
        return lambda process: lambda: process.poll() is not None or (partial.exists() and partial.stat().st_size >= size)

    def ended(process):
        return lambda: process.poll() is not None

    moments = [at_size(0), at_size(1), at_size(8 << 20), at_size(50 << 20)] + [before_end] * 6 + [ended]
    moments += [lambda process, n=n: threading.Event().wait(n) or (lambda: True)
                for n in (random.Random(7).uniform(0.0, 0.4) for _ in range(20))]
    seen = {"old": 0, "new": 0}
    for moment in moments:
        shutil.rmtree(data, ignore_errors=True)
        copied(archive["small"], database)
        server.start()  # its WAL and its lock file are as a server leaves them after a crash
        server.kill()
        process = start_killable("restore", archive["large"], *place(server))
        ready = moment(process)
        while not ready():
            pass
        process.kill()
        end(process)
        server.start()
        there = {each["thread_id"] for each in server.post("/threads/search", {"limit": 10}).json()}
        assert there in (old, new)
        seen["new" if there == new else "old"] += 1
        assert server.stop() == 0
        assert threads_in(database) == there
        for aside in data.glob("*.before-restore-*"):
            assert there == new and threads_in(aside) == old or aside.samefile(database)
    assert seen["old"] and seen["new"], seen
    # What the killed ones left is in nobody's way.
    assert restore(server, archive["large"]).returncode == 0
    assert threads_in(database) == new and not partial.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_restore_by_root_leaves_the_database_to_its_owner(serve, archive):
    server = serve.make()
    copied(archive["small"], server.data_dir / "heddle.db")
    os.chown(server.data_dir / "heddle.db", 1234, 1235)
    assert restore(server, archive["large"]).returncode == 0
    info = (server.data_dir / "heddle.db").stat()
    assert (info.st_uid, info.st_gid) == (1234, 1235) and stat.S_IMODE(info.st_mode) == 0o600
