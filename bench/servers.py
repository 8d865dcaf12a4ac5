# SPDX-License-Identifier: Apache-2.0
"""The two servers under measurement, each started fresh in a folder of its own and stopped afterwards."""
import http.client
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import time

import processes

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE / "project"
PEER_TOOL = HERE.parent.parent / "shared" / "tools" / "peer"


class Failed(Exception):
    """Something could not be run; the message says what."""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    label = ""
    start_limit_s = 60

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.process, self.port = None, 0
        self.began, self.start_s = 0.0, 0.0  # when it was started, and how long until it answered

    def __enter__(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        return self.start()

    def start(self):
        """Starts it on what its folder holds."""
        self.began = time.monotonic()
        try:
            self._start()
            self._until_ok(self.began + self.start_limit_s)
        except BaseException:
            self.stop()
            raise
        self.start_s = time.monotonic() - self.began
        return self

    def __exit__(self, *_):
        self.stop()

    def _spawn(self, command, **more):
        environment = dict(os.environ, LANGSMITH_TRACING="false", LANGCHAIN_TRACING_V2="false")
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log, start_new_session=True,
                                            env=environment, **{"stdout": log, **more})

    def _until_ok(self, deadline):
        while True:
            try:
                if self.get("/ok")[0] == 200:
                    return
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"{self.label} does not start: {self.log_end()}")
            time.sleep(0.002)

    def stop(self):
        """Ends the server, and then whatever is left of the session that it had to itself."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        self.process = None

    def log_end(self):
        return (self.folder / "log").read_text(errors="replace")[-1500:]

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                               {} if body is None else {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except http.client.HTTPException as error:
            raise OSError(f"not HTTP: {error!r}") from error
        finally:
            connection.close()

    def get(self, path):
        return self.request("GET", path)

    def request_json(self, method, path, body=None):
        status, answer = self.request(method, path, body)
        if status != 200:
            raise Failed(f"{self.label}: {method} {path} answers {status}: {answer[:300]!r}")
        return json.loads(answer)

    def until_workers(self):
        """Waits until runs are executed; a server without workers of its own has them when it answers."""

    def until_first_run(self, body):
        """A first run, created at once, until its answer."""
        status, answer = self.request("POST", "/runs/wait", body)
        if status != 200 or b'"out"' not in answer:
            raise Failed(f"{self.label} answers its first run with {status}: {answer[:300]!r}; {self.log_end()}")

    def cpu_s(self):
        return processes.cpu_s(self.process.pid)

    def memory_kib(self):
        return processes.memory_kib(self.process.pid)


class Heddle(Server):
    label = "Heddle"
    start_limit_s = 30

    def __init__(self, folder, binary, python, config=None):
        """`config`: instead of the project's."""
        super().__init__(folder)
        self.binary, self.python, self.config = binary, python, config
        self.ready_s = 0.0  # from its start to its ready line

    @property
    def database(self):
        return self.folder / "data" / "heddle.db"

    def _start(self):
        config = PROJECT / "heddle.json"
        if self.config is not None:
            config = self.folder / "heddle.json"
            config.write_text(json.dumps(self.config))
        self._spawn([self.binary, "serve", "--config", config, "--port", "0", "--data-dir", self.folder / "data", "--python",
                     self.python], stdout=subprocess.PIPE)
        if not select.select([self.process.stdout], [], [], self.start_limit_s)[0]:
            raise Failed(f"Heddle does not say that it is ready: {self.log_end()}")
        line = self.process.stdout.readline().decode().split()
        if line[:2] != ["heddle", "ready"]:
            raise Failed(f"Heddle does not start: {self.log_end()}")
        self.ready_s = time.monotonic() - self.began
        self.port = int(line[2].rpartition(":")[2])

    def until_workers(self):
        deadline = time.monotonic() + 60
        while True:
            up = re.findall(rb"^heddle_worker_up\{[^}]*\} ([01])$", self.get("/metrics")[1], re.M)
            if up and b"0" not in up:
                return
            if time.monotonic() > deadline:
                raise Failed(f"Heddle's workers do not get ready: {self.log_end()}")
            time.sleep(0.1)


class Peer(Server):
    label = "peer"

    def __init__(self, folder, project=PROJECT, config=None):
        """`config`: keys that its copy of the project's langgraph.json gets."""
        super().__init__(folder)
        self.project, self.config = project, config or {}

    def _start(self):
        project = self.folder / "project"  # it writes its state into the project's folder
        shutil.copytree(self.project, project, ignore=shutil.ignore_patterns("__pycache__", ".*", "heddle.json"))
        if self.config:
            file = project / "langgraph.json"
            file.write_text(json.dumps(json.loads(file.read_text()) | self.config))
        self.port = free_port()
        # In place of `pip install -e`, which would stay in the peer's environment.
        self._spawn(["env", f"PYTHONPATH={project / 'src'}", PEER_TOOL, "python", str(self.port), project])


def peer_python():
    """The interpreter of the peer's environment; it exists once the peer has been started."""
    cache = os.environ.get("PEER_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "peers")
    return pathlib.Path(cache) / "python" / "bin" / "python"


def install_peer(folder):
    """The first start installs the peer, which takes its time."""
    if not peer_python().with_name("langgraph").exists():
        peer = Peer(folder)
        peer.start_limit_s = 600
        with peer:
            pass
