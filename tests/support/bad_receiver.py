# SPDX-License-Identifier: Apache-2.0
"""A receiver that does to each connection what it is told to, byte by byte, and remembers what it was sent."""
import dataclasses
import socket
import ssl
import threading

RESET = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # SO_LINGER of zero seconds: closing resets
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclasses.dataclass
class Request:
    target: str
    headers: dict  # names in lower case
    body: bytes


class Exchange:
    """What a behaviour has to work with."""

    def __init__(self, connection, closing):
        self.connection, self._closing = connection, closing

    def send(self, data):
        self.connection.sendall(data)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        raise ConnectionResetError

    def hang(self):
        """Until the other side goes away, or the test is over."""
        self.connection.settimeout(0.1)
        while not self._closing.is_set():
            try:
                if not self.connection.recv(4096):
                    return
            except TimeoutError:
                pass

    def drip(self, data, pause_s=1.0):
        for at in range(len(data)):
            self.send(data[at:at + 1])
            if self._closing.wait(pause_s):
                return


def good(exchange):
    exchange.send(OK)


class BadReceiver:
    """`behaviours`: what is done to each connection in order, the last for ever: functions of an Exchange, called when the
    request has been read (or, with `at_accept`, before). `tls`: server contexts in the same order, for https."""

    def __init__(self, *behaviours, tls=(), at_accept=False):
        self.behaviours, self.tls, self.at_accept = list(behaviours), list(tls), at_accept
        self.requests = []
        self.connections = 0
        self._closing = threading.Event()
        self._open = set()

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def url(self, path="/hook", host="127.0.0.1"):
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{path}"

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            number, self.connections = self.connections, self.connections + 1
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection, number):
        behave = self.behaviours[min(number, len(self.behaviours) - 1)]
        plain = connection
        try:
            if self.tls:
                connection = self.tls[min(number, len(self.tls) - 1)].wrap_socket(plain, server_side=True)
            exchange = Exchange(connection, self._closing)
            if not (self.at_accept and behave is not good):
                self.requests.append(self._read(connection))
            behave(exchange)
        except (OSError, ssl.SSLError, ValueError):
            pass
        finally:
            self._open.discard(plain)
            connection.close()

    @staticmethod
    def _read(connection):
        reader = connection.makefile("rb")
        target = reader.readline().decode("latin-1").split(" ")[1]
        headers = {}
        while (line := reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        return Request(target, headers, reader.read(int(headers["content-length"])))
