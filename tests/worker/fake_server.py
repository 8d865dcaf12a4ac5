# SPDX-License-Identifier: Apache-2.0
"""The server's side of the worker protocol for tests: in memory, one thread a connection, no HTTP.

Every wait takes a deadline and is woken by what it waits for; nothing here sleeps.
"""

from __future__ import annotations

import itertools
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from heddle_worker import frames
from memory_storage import MemoryStorage

REPOSITORY = Path(__file__).resolve().parents[2]
WORKER_PATH = REPOSITORY / "workers" / "python"
DEADLINE_S = 15.0

Frame = tuple[dict[str, Any], bytes]


class Connection:
    """One worker's connection. ``frames`` keeps every notice and call that the worker sent, in order."""

    def __init__(self, sock: socket.socket, storage: MemoryStorage, *, event_window: int = 1 << 20, token: str | None = None) -> None:
        self.storage = storage
        self.event_window = event_window
        self.auto_credit = True
        self.token = token  # known before the first frame is read
        self.frames: list[Frame] = []
        self.runs: dict[str, RunHandle] = {}
        # Answers that tests put in the place of the storage's: method -> function of the frame, or None to go on.
        self.refusals: dict[str, Callable[[dict[str, Any]], dict[str, str] | None]] = {}
        self.closed = False
        self._sock = sock
        self._ids = itertools.count(1)
        self._calls: dict[int, Future[Frame]] = {}
        self.changed = threading.Condition()
        self._send_lock = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    # ---- what tests do

    def call(self, header: dict[str, Any], body: bytes = b"", deadline_s: float = DEADLINE_S) -> Frame:
        """Calls the worker. Raises RuntimeError with the error it answers."""
        return self.begin_call(header, body).result(deadline_s)

    def begin_call(self, header: dict[str, Any], body: bytes = b"") -> Future[Frame]:
        future: Future[Frame] = Future()
        call_id = next(self._ids)
        self._calls[call_id] = future
        self.send({**header, "id": call_id}, body)
        return future

    def send(self, header: dict[str, Any], body: bytes = b"") -> None:
        with self._send_lock:
            self._sock.sendall(frames.encode(header, body))

    def wait_until(self, condition: Callable[[], Any], what: str = "", deadline_s: float = DEADLINE_S) -> Any:
        """Waits until ``condition`` is true; it is tried again whenever a frame has come."""
        end = time.monotonic() + deadline_s
        with self.changed:
            while not (result := condition()):
                rest = end - time.monotonic()
                if rest <= 0 or not self.changed.wait(rest):
                    raise TimeoutError(f"waited {deadline_s} s for {what or condition}")
            return result

    def notices(self, method: str) -> list[Frame]:
        return [frame for frame in self.frames if frame[0].get("method") == method]

    def close(self) -> None:
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._sock.close()

    # ---- runs

    def start_run(self, graph_id: str, input: Any = None, **request: Any) -> RunHandle:
        """Starts a run as the server would; ``request`` overrides fields of the run JSON. thread_id, run_id, attempt
        and config are understood too."""
        thread_id = request.pop("thread_id", None) or str(uuid.uuid4())
        run_id = request.pop("run_id", None) or str(uuid.uuid4())
        attempt = request.pop("attempt", 1)
        config = request.pop("config", {})
        assistant_id = str(uuid.uuid5(uuid.UUID("6ba7b821-9dad-11d1-80b4-00c04fd430c8"), graph_id))
        ids = {"run_id": run_id, "thread_id": thread_id, "graph_id": graph_id, "assistant_id": assistant_id}
        config = {
            **config,
            "configurable": {**config.get("configurable", {}), **ids},
            "metadata": {
                "created_by": "system",
                "graph_id": graph_id,
                "assistant_id": assistant_id,
                **config.get("metadata", {}),
            },
        }
        stream_mode = request.pop("stream_mode", ["values"])
        run = {
            "input": input,
            "command": None,
            "config": config,
            "context": None,
            "stream_mode": [stream_mode] if isinstance(stream_mode, str) else stream_mode,
            "interrupt_before": None,
            "interrupt_after": None,
            "subgraphs": False,
            "durability": "async",
            "feedback_keys": None,
            **request,
        }
        with self.storage.lock:
            key = self.storage.get(thread_id, "", config["configurable"].get("checkpoint_id"))
            part, blobs = self.storage.tuple_of(key) if key else (None, [])
        parts, body = frames.join([json.dumps(run).encode(), *blobs])
        handle = RunHandle(self, run_id, thread_id, attempt)
        self.runs[run_id] = handle
        header = {"method": "run.start", "run_id": run_id, "thread_id": thread_id, "attempt": attempt}
        self.send({**header, "graph_id": graph_id, "checkpoint": part, "parts": parts}, body)
        return handle

    # ---- the protocol

    def _read(self) -> None:
        decoder = frames.Decoder()
        try:
            while data := self._sock.recv(1 << 16):
                for header, body in decoder.feed(data):
                    self._take(header, body)
        except (OSError, frames.FrameError):
            pass
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        for future in self._calls.values():
            if not future.done():
                future.set_exception(ConnectionError("the worker is gone"))

    def _take(self, header: dict[str, Any], body: bytes) -> None:
        if "re" in header:
            future = self._calls.pop(header["re"])
            if "error" in header:
                future.set_exception(RuntimeError(f"{header['error']['type']}: {header['error']['message']}"))
            else:
                future.set_result((header, body))
            return
        with self.changed:
            self.frames.append((header, body))
            if header["method"] == "run.event":
                self.runs[header["run_id"]].events.append((header["event"], body))
            elif header["method"] == "run.end":
                self.runs[header["run_id"]].end = (header, body)
            self.changed.notify_all()
        if header["method"] == "run.event" and self.auto_credit:
            self.send({"method": "credit", "bytes": len(body)})
        if "id" in header:
            self._answer(header, body)

    def _answer(self, header: dict[str, Any], body: bytes) -> None:
        refuse = self.refusals.get(header["method"])
        error = refuse(header) if refuse else None
        reply: dict[str, Any] = {"re": header["id"]}
        out = b""
        if error:
            reply["error"] = error
        else:
            with self.storage.lock:
                fields, out = self._serve(header["method"], header, body)
            reply.update(fields)
        self.send(reply, out)

    def _serve(self, method: str, header: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        storage = self.storage
        if method == "hello":
            if self.token is not None and header["token"] != self.token:
                return {"error": {"type": "BadToken", "message": "wrong token"}}, b""
            return {"event_window": self.event_window}, b""
        if method == "checkpoint.get":
            key = storage.get(header["thread_id"], header["checkpoint_ns"], header["checkpoint_id"])
            if key is None:
                return {"checkpoint": None}, b""
            part, blobs = storage.tuple_of(key)
            parts, out = frames.join(blobs)
            return {"checkpoint": part, "parts": parts}, out
        if method == "checkpoint.list":
            tuples = [storage.tuple_of(key) for key in storage.list(header, body)]
            parts, out = frames.join([blob for _, blobs in tuples for blob in blobs])
            return {"checkpoints": [part for part, _ in tuples], "parts": parts}, out
        if method == "checkpoint.put":
            storage.put(header, frames.split(header, body))
        elif method == "checkpoint.put_writes":
            storage.put_writes(header, frames.split(header, body))
        elif method == "checkpoint.delete":
            storage.delete(header["thread_id"])
        elif method == "checkpoint.delete_for_runs":
            storage.delete_for_runs(header["run_ids"])
        elif method == "checkpoint.copy":
            storage.copy(header["source_thread_id"], header["target_thread_id"])
        elif method == "checkpoint.prune":
            storage.prune(header["thread_ids"], header["strategy"])
        elif method == "store.batch":
            return {}, json.dumps({"results": storage.batch(json.loads(body)["ops"])}).encode()
        else:
            return {"error": {"type": "UnknownMethod", "message": f"unknown method {method}"}}, b""
        return {}, b""


class RunHandle:
    """A run in the worker: its raw events as (name, bytes) and its end."""

    def __init__(self, connection: Connection, run_id: str, thread_id: str, attempt: int) -> None:
        self.connection = connection
        self.run_id = run_id
        self.thread_id = thread_id
        self.attempt = attempt
        self.events: list[tuple[str, bytes]] = []
        self.end: Frame | None = None

    def wait(self, deadline_s: float = DEADLINE_S) -> RunHandle:
        self.connection.wait_until(lambda: self.end or self.connection.closed, f"the end of {self.run_id}", deadline_s)
        if self.end is None:
            raise ConnectionError("the worker is gone")
        return self

    def wait_events(self, count: int) -> RunHandle:
        self.connection.wait_until(lambda: len(self.events) >= count, f"{count} events")
        return self

    def cancel(self) -> None:
        self.connection.send({"method": "run.cancel", "run_id": self.run_id, "attempt": self.attempt})

    @property
    def header(self) -> dict[str, Any]:
        return self.wait().end[0]

    @property
    def status(self) -> str:
        return self.header["status"]

    @property
    def error(self) -> dict[str, str] | None:
        return self.header["error"]

    @property
    def state(self) -> dict[str, Any] | None:
        body = self.wait().end[1]
        return json.loads(body) if body else None

    @property
    def decoded(self) -> list[tuple[str, Any]]:
        return [(event, json.loads(body)) for event, body in self.events]

    def data(self, event: str) -> list[Any]:
        return [json.loads(body) for name, body in self.events if name == event]


class WorkerProcess:
    """A real worker process and its connection."""

    def __init__(self, socket_dir: Path, *, env: dict[str, str] | None = None, token: str | None = None) -> None:
        path = str(socket_dir / f"w{secrets.token_hex(4)}.sock")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(path)
        listener.listen(1)
        listener.settimeout(DEADLINE_S)
        expected = secrets.token_hex(16)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("LANGSMITH_", "LANGCHAIN_"))}
        environment |= {
            "PYTHONPATH": str(WORKER_PATH),
            "HEDDLE_SOCKET": path,
            "HEDDLE_TOKEN": token or expected,
            "HEDDLE_WORKER": "python-0",
            **(env or {}),
        }
        self.process = subprocess.Popen([sys.executable, "-m", "heddle_worker"], env=environment)
        sock, _ = listener.accept()
        listener.close()
        sock.settimeout(None)
        self.storage = MemoryStorage()
        self.index_fault: dict[str, Any] | None = None
        self.connection = Connection(sock, self.storage, token=expected)

    def load(
        self,
        root: Path,
        graphs: dict[str, str],
        dependencies: list[str] | None = None,
        index: dict[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """``graphs`` maps ids to ``file.py:export`` (relative to root) or ``module:export``. ``index`` is the
        project's store_index; what is wrong with it is ``index_fault`` afterwards."""
        entries = []
        for graph_id, target in graphs.items():
            path, export = target.rsplit(":", 1)
            path = str((root / path).resolve()) if path.endswith(".py") else path
            entries.append({"graph_id": graph_id, "path": path, "export": export})
        project = {"root": str(root), "dependencies": dependencies or [], "graphs": entries, "store_index": index}
        _, body = self.connection.call({"method": "load"}, json.dumps(project).encode(), deadline_s=60)
        reply = json.loads(body)
        self.index_fault = reply["store_index"]
        return reply["graphs"]

    def load_config(self, config: Path) -> list[dict[str, Any]]:
        """Loads what a langgraph.json names."""
        return self.load(config.parent, json.loads(config.read_text())["graphs"])

    def wait_exit(self, deadline_s: float = DEADLINE_S) -> int:
        return self.process.wait(deadline_s)

    def stop(self) -> None:
        self.connection.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
