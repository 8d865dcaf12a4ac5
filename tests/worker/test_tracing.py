# SPDX-License-Identifier: Apache-2.0
"""What leaves the process: nothing by default, and the user's own LangSmith traces, flushed at shutdown."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import WIRE
from fake_server import WORKER_PATH

AUDIT = """
import sys
def audit(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        with open({log!r}, "a") as log:
            log.write(f"{{event}} {{arguments}}\\n")
sys.addaudithook(audit)
"""


def test_nothing_is_called_but_the_server(start_worker, tmp_path):
    log = tmp_path / "connections"
    (tmp_path / "sitecustomize.py").write_text(AUDIT.format(log=str(log)))
    graphs = {name: str(WIRE / f"graphs.py:{name}") for name in ("agent", "human", "parent", "memory")}
    worker = start_worker(graphs, env={"PYTHONPATH": f"{tmp_path}:{WORKER_PATH}"})
    for graph_id in graphs:
        given = {"messages": [{"role": "user", "content": "hi"}]} if graph_id == "agent" else {"text": "x"}
        run = worker.connection.start_run(graph_id, given, stream_mode=["values", "messages", "events"]).wait()
        assert run.status == "success"
    worker.connection.send({"method": "shutdown", "deadline_ms": 5000})
    assert worker.wait_exit() == 0
    (line,) = log.read_text().splitlines()
    assert "socket.connect" in line and ".sock" in line


class Collector(BaseHTTPRequestHandler):
    """Takes traces; keeps their bodies."""

    def do_GET(self) -> None:
        self._answer(b"{}")

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(body)
        self._answer(b"{}")

    do_PATCH = do_POST

    def _answer(self, body: bytes) -> None:
        self.send_response(202)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    server.bodies = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_traces_are_sent_before_the_process_ends(start_worker, collector):
    env = {
        "LANGSMITH_TRACING": "true",
        "LANGSMITH_API_KEY": "test",
        "LANGSMITH_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
        "LANGSMITH_TRACING_SAMPLING_RATE": "1",
        "LANGSMITH_DISABLE_RUN_COMPRESSION": "true",
    }
    worker = start_worker({"echo": str(WIRE / "graphs.py:echo")}, env=env)
    run = worker.connection.start_run("echo", {"text": "traced"}).wait()
    worker.connection.send({"method": "shutdown", "deadline_ms": 10_000})
    assert worker.wait_exit() == 0
    sent = b"".join(collector.bodies)
    assert run.run_id.encode() in sent and b"traced" in sent
