# SPDX-License-Identifier: Apache-2.0
"""HTTP over a bare socket: keeps every byte and when it came. For event streams and for requests no client would send."""
import dataclasses
import json
import socket
import time
import urllib.parse


def connect(url, timeout_s=15.0, receive_buffer=None):
    parts = urllib.parse.urlsplit(url)
    sock = socket.socket(socket.AF_INET6 if ":" in parts.hostname else socket.AF_INET)
    if receive_buffer:  # bytes; before the connection is made, or its window is larger
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(timeout_s)
    sock.connect((parts.hostname, parts.port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def head(url, method, path, body=None, headers=()):
    """The bytes of a request. `body`: bytes, or something to encode as JSON."""
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", f"Host: {urllib.parse.urlsplit(url).netloc}"]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")


@dataclasses.dataclass
class Event:
    event: str
    data: str
    id: str | None
    raw: bytes  # with the empty line
    at: float  # seconds since the request was sent

    def json(self):
        return json.loads(self.data)


class Exchange:
    """One request, and its response as it arrives. `raw` are the body's bytes with the chunking taken off."""

    receive_buffer = None  # bytes; None: the system's

    def __init__(self, url, method, path, body=None, headers=(), timeout_s=20.0):
        self.timeout_s = timeout_s
        self._sock = connect(url, timeout_s, self.receive_buffer)
        self._buffer = b""
        self._sent = time.monotonic()
        self._sock.sendall(head(url, method, path, body, headers))
        self.raw = b""
        self.chunks = []  # (seconds, bytes)
        self.ended = False
        self._read_head()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._sock.close()

    def abort(self):
        """Breaks the connection with a reset."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self._sock.close()

    def drain(self, silence_s=0.3):
        """Takes what has come: closing a socket that has unread bytes would send a reset."""
        self._sock.settimeout(silence_s)
        try:
            while self._more():
                pass
        except TimeoutError:
            pass
        self._sock.settimeout(self.timeout_s)

    def half_close(self):
        """Sends no more, reads on."""
        self._sock.shutdown(socket.SHUT_WR)

    def at_end(self):
        """Whether the server closes the connection after the answer, without another byte."""
        return not self._buffer and self._sock.recv(1) == b""

    def header(self, name):
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return found[0] if found else None

    def _more(self):
        data = self._sock.recv(65536)
        self._buffer += data
        return bool(data)

    def _line(self):
        while b"\r\n" not in self._buffer:
            if not self._more():
                raise EOFError("the connection closed within a line")
        line, self._buffer = self._buffer.split(b"\r\n", 1)
        return line

    def _take(self, size):
        while len(self._buffer) < size:
            if not self._more():
                raise EOFError("the connection closed within the body")
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data

    def _read_head(self):
        self.status_line = self._line().decode("latin-1")
        self.status = int(self.status_line.split(" ")[1])
        self.headers = []
        while line := self._line():
            name, _, value = line.decode("latin-1").partition(":")
            self.headers.append((name, value.strip()))
        self.chunked = (self.header("transfer-encoding") or "").lower() == "chunked"
        if not self.chunked:
            self._left = int(self.header("content-length") or 0)

    def read_chunk(self):
        """The next piece of the body; b"" at its end."""
        if self.ended:
            return b""
        if self.chunked:
            data = self._take(int(self._line().split(b";")[0], 16))
            self._line()
        else:
            data = self._take(self._left)
        if data:
            self.raw += data
            self.chunks.append((time.monotonic() - self._sent, data))
        if not data or not self.chunked:
            self.ended = True
        return data

    def body(self):
        """The whole body."""
        while self.read_chunk():
            pass
        return self.raw


class Stream(Exchange):
    """A server-sent event stream. Checks the line format while it reads: CRLF everywhere, one data line an event."""

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self._text = b""
        self.comments = []  # (seconds, text)
        self.events = []

    def next(self):
        """The next event; None at the end of the stream."""
        while True:
            while b"\r\n\r\n" not in self._text:
                chunk = self.read_chunk()
                if not chunk:
                    assert not self._text, f"the stream ended within an event: {self._text!r}"
                    return None
                self._text += chunk
            raw, self._text = self._text.split(b"\r\n\r\n", 1)
            raw += b"\r\n\r\n"
            at = time.monotonic() - self._sent
            if raw.startswith(b":"):
                self.comments.append((at, raw.decode()))
                continue
            event = self._parse(raw, at)
            self.events.append(event)
            return event

    @staticmethod
    def _parse(raw, at):
        lines = raw.decode().split("\r\n")
        assert lines[-2:] == ["", ""] and lines[0].startswith("event: ") and lines[1].startswith("data: "), raw
        assert "\n" not in raw.decode().replace("\r\n", ""), f"a bare line feed: {raw!r}"
        rest = lines[2:-2]
        assert len(rest) <= 1 and all(line.startswith("id: ") for line in rest), raw
        return Event(lines[0][7:], lines[1][6:], rest[0][4:] if rest else None, raw, at)

    def until(self, name):
        """Reads on to an event of this name."""
        while (event := self.next()) is not None:
            if event.event == name:
                return event
        raise AssertionError(f"no {name} event, only {[each.event for each in self.events]}")

    def rest(self):
        """Everything to the end; all events."""
        while self.next() is not None:
            pass
        return self.events


def request(url, method, path, body=None, headers=(), timeout_s=20.0):
    """One exchange, read to its end."""
    with Exchange(url, method, path, body, headers, timeout_s) as exchange:
        exchange.body()
        return exchange


def stream(server, path, body, **more):
    """POSTs and returns the open Stream; the answer must be one."""
    opened = Stream(server.url, "POST", path, body, **more)
    assert opened.status == 200, (opened.status, opened.body())
    return opened
