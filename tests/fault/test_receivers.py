# SPDX-License-Identifier: Apache-2.0
"""Receivers at their worst. Every test ends with a webhook that arrives."""
import socket
import threading

import pytest

from receiver import Receiver, Reply
from server import SLOW, native_config


@pytest.fixture
def server(serve):
    return serve(native_config(webhooks={"retry": {"schedule": [1] * 10}}))


def run(server, url):
    return server.create_run("native_echo", {"text": "x"}, webhook=url)


class RawReceiver:
    """Answers each connection with `replies` in order (bytes, or None for a reset), the last one for ever."""

    def __init__(self, *replies):
        self.replies, self.seen = list(replies), 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/hook"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            reply = self.replies[min(self.seen, len(self.replies) - 1)]
            self.seen += 1
            with connection:
                if reply is None:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
                    continue
                connection.settimeout(5)
                try:
                    connection.recv(65536)
                    connection.sendall(reply)
                except OSError:
                    pass

    def close(self):
        self.listener.close()


GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
BAD = {
    "reset": None, "closed without an answer": b"", "no HTTP": b"hello\r\n\r\n", "half a head": b"HTTP/1.1 200 OK\r\nContent-",
    "a bad status": b"HTTP/1.1 abc OK\r\n\r\n", "a huge head": b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 200_000 + b"\r\n\r\n",
    "an informational answer only": b"HTTP/1.1 100 Continue\r\n\r\n",
}


@pytest.mark.parametrize("name", BAD)
def test_an_answer_that_is_none_is_a_failed_attempt(server, name):
    bad = RawReceiver(BAD[name], GOOD)
    try:
        run(server, bad.url)
        deadline = threading.Event()
        for _ in range(int(150 * SLOW)):
            counts = server.get("/metrics?format=json").json()["webhooks"]
            if bad.seen >= 2 and counts["pending"] == 0:
                break
            deadline.wait(0.1)
        assert bad.seen == 2 and counts["pending"] == 0
    finally:
        bad.close()


def test_a_kept_connection_that_the_receiver_closed_is_not_a_lost_webhook(server, receiver):
    """The receiver answers and closes without saying so; the next webhook finds a dead connection."""
    receiver.default = Reply(200)
    for number in range(5):
        run(server, receiver.url(f"/n{number}"))
        receiver.one(f"/n{number}")
        receiver.stop()
        receiver.start()


def test_a_large_answer_is_an_answer(server, receiver):
    receiver.default = Reply(200, body=b"x" * (1 << 20))
    run(server, receiver.url("/large"))
    receiver.one("/large")
    run(server, receiver.url("/after"))
    receiver.one("/after")
    assert len(receiver.at("/large")) == 1


def test_a_slow_receiver_gets_all_of_its_webhooks(server, receiver):
    receiver.default = Reply(200, delay_s=0.3)
    for _ in range(20):
        run(server, receiver.url("/slow"))
    assert len({each.body for each in receiver.wait("/slow", 20, 30 * SLOW)}) == 20


def test_a_receiver_that_is_away_for_a_while_gets_everything(server):
    away = Receiver().start()
    url = away.url()
    away.stop()
    runs = {run(server, url)["run_id"] for _ in range(30)}
    away.start()
    try:
        away.wait(count=30, timeout_s=40 * SLOW)
        assert {each.json()["run_id"] for each in away.at("/hook")} == runs
    finally:
        away.stop()
