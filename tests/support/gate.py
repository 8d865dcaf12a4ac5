# SPDX-License-Identifier: Apache-2.0
"""A TCP gate before a server: lets a given number of the server's bytes through, then cuts the connection; and what a
client has of a stream that was cut anywhere."""
import itertools
import socket
import struct
import threading
import urllib.parse

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close() sends RST


class Cut:
    """What one cut connection brought. `body`: after the head, as it was on the wire (in chunks)."""

    def __init__(self, wire):
        self.wire = wire
        head, _, self.body = wire.partition(b"\r\n\r\n")
        self.headed = b"\r\n\r\n" in wire
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1]) if self.headed else None
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        self.text, self.place, self.ended = _unchunk(self.body)
        self.events = complete_events(self.text)

    @property
    def kind(self):
        """Where the cut fell."""
        if self.place != "chunk":
            return self.place
        rest = self.text[sum(map(len, self.events)):]
        if not rest:
            return "between events"
        if self.text.endswith(b"\r"):
            return "between CR and LF"
        last = rest.rsplit(b"\r\n", 1)[-1]
        if not last:
            return "between lines"
        if self.text[-1] >= 0x80:
            try:
                self.text.decode()
            except UnicodeDecodeError:
                return "within a character"
        return f"within the {last.split(b':')[0].decode()} line"


def _unchunk(body):
    """The chunks' bytes, where in the framing they end, and whether the last chunk came."""
    text, at = b"", 0
    while True:
        end = body.find(b"\r\n", at)
        if end < 0:
            return text, "between chunks" if at == len(body) else "within a chunk's size", False
        size = int(body[at:end], 16)
        if size == 0:
            return text, "within the last chunk", body[end:] == b"\r\n\r\n"
        at = end + 2
        text += body[at:at + size]
        if len(body) <= at + size:
            return text, "chunk", False
        if len(body) < at + size + 2:
            return text, "after a chunk", False
        at += size + 2


def complete_events(text):
    """The events (raw, with their empty line) that are complete; not comments."""
    return [part + b"\r\n\r\n" for part in text.split(b"\r\n\r\n")[:-1] if not part.startswith(b":")]


def id_of(event):
    """The id of a raw event; None without one."""
    found = [line[4:].decode() for line in event.split(b"\r\n") if line.startswith(b"id: ")]
    return found[0] if found else None


def _wake(sock, how=socket.SHUT_RDWR):
    """Ends the calls that wait on it."""
    try:
        sock.shutdown(how)
    except OSError:
        pass


class Gate:
    """fetch() connects through it to `url`'s server. Cuts alternate between FIN and RST, on both sides."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self._target = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._number = itertools.count()
        self._open = set()
        self._lock = threading.Lock()
        self._threads = []
        self._start(self._accept)

    def _start(self, target, *args):
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        _wake(self._listener)
        with self._lock:
            for sock in self._open:
                _wake(sock)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, near)

    def _serve(self, near):
        """A connection begins with a line that says after how many bytes of the body it is to be cut."""
        far = socket.create_connection(self._target)
        with self._lock:
            self._open |= {near, far}
        line = b""
        while not line.endswith(b"\n"):
            line += near.recv(1) or b"\n"
        forward = threading.Thread(target=self._forward, args=(near, far), daemon=True)
        forward.start()
        try:
            self._answer(far, near, int(line))
        except (OSError, ValueError):
            pass  # the client or the server was faster
        reset = next(self._number) % 2
        _wake(near, socket.SHUT_RD)
        forward.join()
        with self._lock:
            self._open -= {near, far}
        for sock in (near, far):
            if reset:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            sock.close()

    @staticmethod
    def _answer(far, near, left):
        head = b""
        while b"\r\n\r\n" not in head:
            data = far.recv(65536)
            if not data:
                return
            head += data
        head, _, data = head.partition(b"\r\n\r\n")
        near.sendall(head + b"\r\n\r\n")
        while left > 0:
            near.sendall(data[:left])
            left -= len(data)
            if left <= 0:
                return
            data = far.recv(65536)
            if not data:
                return

    @staticmethod
    def _forward(near, far):
        try:
            while data := near.recv(65536):
                far.sendall(data)
        except OSError:
            pass

    def fetch(self, request, cut, timeout_s=30.0):
        """Sends the bytes of a request; what came until the cut after `cut` bytes of the body."""
        parts = urllib.parse.urlsplit(self.url)
        with socket.create_connection((parts.hostname, parts.port), timeout=timeout_s) as sock:
            sock.sendall(f"{cut}\n".encode() + request)
            wire = b""
            while True:
                try:
                    data = sock.recv(65536)
                except ConnectionResetError:
                    break
                if not data:
                    break
                wire += data
                if Cut(wire).ended:
                    break
        return Cut(wire)
