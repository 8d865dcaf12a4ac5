# SPDX-License-Identifier: Apache-2.0
"""The real `heddle` binary as a child process: on a free port, with a data directory of its own."""
import json
import os
import pathlib
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time

import httpx

from waiting import until

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("HEDDLE_BIN") or ROOT / "build" / "heddle")
WIRE = ROOT / "tests" / "projects" / "wire"
NATIVE_GRAPHS = {"native_echo": "heddle:echo", "native_sleep": "heddle:sleep", "native_fail": "heddle:fail", "native_burst": "heddle:burst"}
# A sanitized binary is several times slower.
SLOW = 4 if "asan" in str(BINARY) or "tsan" in str(BINARY) else 1
START_S = float(os.environ.get("HEDDLE_TEST_START_S") or 20.0) * SLOW
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS",
             "TSAN_OPTIONS", "LSAN_OPTIONS")


def native_config(**more):
    """A langgraph.json of native graphs only: starts in milliseconds, no worker."""
    return {"graphs": dict(NATIVE_GRAPHS), **more}


def wire_config(**more):
    """The wire project's graphs (as files of the folder that `project` fills) and the native ones."""
    config = json.loads((WIRE / "langgraph.json").read_text())
    config["graphs"].update(NATIVE_GRAPHS)
    config.update(more)
    return config


def project(folder, config):
    """Makes `folder` a project: the config, and the wire graphs' Python files. Returns the config's path."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for source in WIRE.glob("*.py"):
        shutil.copy(source, folder)
    path = folder / "langgraph.json"
    path.write_text(config if isinstance(config, str) else json.dumps(config, indent=2))
    return path


def environment(more=None):
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", **(more or {})}


def run_binary(*args, env=None, cwd=None, timeout_s=START_S):
    """Runs heddle to its end: exit code, stdout and stderr."""
    return subprocess.run([str(BINARY), *map(str, args)], env=environment(env), cwd=cwd, capture_output=True, text=True,
                          timeout=timeout_s, stdin=subprocess.DEVNULL)


CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)


class Server:
    """`with Server(folder, config) as server:`, or start(), stop(), kill(), start() again on the same data."""

    def __init__(self, folder, config=None, *, env=None, args=(), workers=2, port=0, python=sys.executable, mount=""):
        self.folder = pathlib.Path(folder)
        self.config = project(self.folder, config if config is not None else wire_config())
        self.data_dir = self.folder / "data"
        self.env = env or {}
        self.args = [str(arg) for arg in args]
        self.workers = workers
        self.mount = mount  # the configured http.mount_prefix: requests go below it
        self.python = python
        self.wanted_port = port
        self.process = None
        self.port = 0
        self._log = self.folder / "server.log"
        self._lines = queue.Queue()
        self._http = None

    # ------------------------------------------------------------------ life

    def launch(self):
        """Starts the process without waiting for the ready line."""
        command = [str(BINARY), "serve", "--config", str(self.config), "--port", str(self.wanted_port), "--data-dir",
                   str(self.data_dir), "--python", self.python, "--python-workers", str(self.workers), *self.args]
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(command, env=environment(self.env), cwd=self.folder, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        self._lines = queue.Queue()
        threading.Thread(target=self._read, args=(self.process.stdout, self._lines), daemon=True).start()
        return self

    def start(self, timeout_s=START_S):
        self.launch()
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                line = ""
            if line is None or not line:
                self.kill()
                raise AssertionError(f"heddle did not get ready:\n{self.log()[-4000:]}")
            if line.startswith("heddle ready http://"):
                self.port = int(line.rsplit(":", 1)[1])
                return self

    @staticmethod
    def _read(pipe, lines):
        for line in iter(pipe.readline, b""):
            lines.put(line.decode(errors="replace").rstrip("\n"))
        lines.put(None)

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self, timeout_s=20.0):
        """The exit code."""
        code = self.process.wait(timeout_s * SLOW)
        self._forget()
        return code

    def stop(self, timeout_s=20.0):
        """SIGTERM; the exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.terminate()
        try:
            code = self.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"heddle did not stop:\n{self.log()[-4000:]}") from None
        if code is not None and -code in CRASHES:
            raise AssertionError(f"heddle crashed with {signal.Signals(-code).name}:\n{self.log()[-4000:]}")
        return code

    def kill(self):
        """kill -9 of the server alone: the workers have to notice by themselves."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self._forget()

    def sweep(self):
        """Ends what is left of the process group. For clean-up only."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def _forget(self):
        if self._http is not None:
            self._http.close()
            self._http = None

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        try:
            self.stop()
        finally:
            self.sweep()

    # ------------------------------------------------------------------ use

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}{self.mount}"

    @property
    def http(self):
        """An httpx client of this process. Not for streams that are looked at byte by byte (sse.py)."""
        if self._http is None:
            self._http = httpx.Client(base_url=self.url, timeout=30 * SLOW, trust_env=False)
        return self._http

    def log(self):
        """What the process wrote to stderr, all starts together."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def get(self, path, **more):
        return self.http.get(path, **more)

    def post(self, path, body=None, **more):
        return self.http.post(path, json={} if body is None else body, **more)

    def thread(self, **body):
        """A new thread's id."""
        answer = self.post("/threads", body)
        assert answer.status_code == 200, answer.text
        return answer.json()["thread_id"]

    def wait_run(self, graph, run_input, thread=None, **more):
        """Runs to the end on a new thread (or `thread`); the values."""
        thread = thread or self.thread()
        answer = self.post(f"/threads/{thread}/runs/wait", {"assistant_id": graph, "input": run_input, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def create_run(self, graph, run_input, thread=None, **more):
        """Starts a run in the background; the run."""
        thread = thread or self.thread()
        answer = self.post(f"/threads/{thread}/runs", {"assistant_id": graph, "input": run_input, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def run(self, run):
        """A run (object or pair of ids) as it is now."""
        return self.get(f"/threads/{run['thread_id']}/runs/{run['run_id']}").json()

    def until_status(self, run, *statuses, timeout_s=20.0):
        return until(lambda: (lambda now: now if now.get("status") in statuses else None)(self.run(run)),
                     f"run {run['run_id']} to be {' or '.join(statuses)}", timeout_s * SLOW)

    def sockets(self):
        """Inodes of the sockets that the process has open."""
        links = []
        for entry in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir():
            try:
                links.append(os.readlink(entry))
            except OSError:
                pass  # closed meanwhile
        return {link for link in links if link.startswith("socket:")}

    def rss(self):
        """Bytes of memory that the process has resident."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def worker_pids(self):
        """Processes that are children of the server."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                except (OSError, IndexError):
                    continue
                if int(fields[1]) == self.process.pid and fields[0] != "Z":
                    found.append(int(entry.name))
        return found
