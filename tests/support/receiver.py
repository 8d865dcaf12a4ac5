# SPDX-License-Identifier: Apache-2.0
"""A webhook receiver on a loopback address: keeps what came, byte for byte, and answers as told."""
import dataclasses
import json
import socket
import threading
import time

from waiting import until


@dataclasses.dataclass
class Received:
    at: float  # monotonic
    method: str
    target: str  # path and query as sent
    headers: list  # (name, value) in order, as sent
    body: bytes
    connection: int  # which connection it came on, counted from 0
    reply: "Reply"  # what it is answered with

    @property
    def path(self):
        return self.target.split("?", 1)[0]

    def json(self):
        return json.loads(self.body)

    def header(self, name):
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return found[0] if found else None

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclasses.dataclass
class Reply:
    status: int = 200
    delay_s: float = 0.0
    when: threading.Event | None = None  # answers once it is set
    hang: bool = False  # reads the request and never answers
    close: bool = False  # closes instead of answering
    headers: tuple = ()
    body: bytes = b""


class Receiver:
    """`script`: replies in order; afterwards `default`. stop() and start() again keep the port."""

    def __init__(self, host="127.0.0.1", default=None, script=()):
        self.host = host
        self.default = default or Reply()
        self.script = list(script)
        self.received = []
        self.port = 0
        self._lock = threading.Lock()
        self._listener = None
        self._connections = set()
        self._count = 0
        self._released = threading.Event()

    def start(self):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.host, self.port))
        listener.listen(128)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._released.clear()
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return self

    def stop(self):
        """Closes the listener and every connection: from now on connections are refused."""
        self._released.set()
        listener, self._listener = self._listener, None
        if listener is not None:
            try:
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            listener.close()
        with self._lock:
            open_now = list(self._connections)
        for connection in open_now:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def release(self):
        """Delayed replies are sent now, hanging ones end."""
        self._released.set()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def url(self, path="/hook"):
        return f"http://{self.host}:{self.port}{path}"

    # ------------------------------------------------------------------ what came

    def at(self, path):
        with self._lock:
            return [each for each in self.received if each.path == path]

    def wait(self, path="/hook", count=1, timeout_s=15.0):
        """The first `count` requests to `path`."""
        return until(lambda: found if len(found := self.at(path)) >= count else None,
                     f"{count} webhook(s) at {path}", timeout_s)[:count]

    def one(self, path="/hook", timeout_s=15.0):
        return self.wait(path, 1, timeout_s)[0]

    # ------------------------------------------------------------------ connections

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections.add(connection)
                number, self._count = self._count, self._count + 1
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection, number):
        try:
            reader = connection.makefile("rb")
            while self._exchange(connection, reader, number):
                pass
        except OSError:
            pass
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()

    def _exchange(self, connection, reader, number):
        first = reader.readline()
        if not first.strip():
            return False
        method, target, _ = first.decode("latin-1").split(" ", 2)
        headers = []
        while (line := reader.readline()) not in (b"\r\n", b"\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers.append((name.strip(), value.strip()))
        length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
        body = reader.read(length)
        if len(body) < length:
            return False
        with self._lock:
            reply = self.script.pop(0) if self.script else self.default
            self.received.append(Received(time.monotonic(), method, target, headers, body, number, reply))
        if reply.hang:
            self._released.wait()
            return False
        if reply.when:
            reply.when.wait(30)
        if reply.delay_s:
            self._released.wait(reply.delay_s)
        if reply.close:
            return False
        lines = [f"HTTP/1.1 {reply.status} Told", f"Content-Length: {len(reply.body)}",
                 *(f"{name}: {value}" for name, value in reply.headers)]
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + reply.body)
        return True
