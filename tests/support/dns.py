# SPDX-License-Identifier: Apache-2.0
"""A name server that answers by script, over UDP and TCP."""
import dataclasses
import ipaddress
import socket
import struct
import threading

A, CNAME, AAAA = 1, 5, 28
NXDOMAIN, SERVFAIL = 3, 2


@dataclasses.dataclass
class Answer:
    """What one query gets: those of `addresses` that are of the family asked for, with a time to live of 0."""
    addresses: tuple = ()
    code: int = 0
    alias: str = ""  # the addresses are this name's, and the name is an alias of it
    delay_s: float = 0.0
    silent: bool = False
    truncated: bool = False  # over UDP nothing but "ask again over TCP"


def addresses(*texts, **more):
    return Answer(tuple(map(ipaddress.ip_address, texts)), **more)


class NameServer:
    """`script[name]`: the answers to its queries in order, counted for each type; the last one for ever. Other names do not
    exist. `asked`: (name, type) of each query in order, `asked_by_tcp` those of them that came over TCP."""

    def __init__(self, host="127.0.0.1", port=53):
        self.host, self.port = host, port
        self.script = {}
        self.asked = []
        self.asked_by_tcp = []
        self._lock = threading.Lock()
        self._released = threading.Event()

    def __enter__(self):
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((self.host, self.port))
        self._tcp = socket.create_server((self.host, self.port))
        threading.Thread(target=self._serve_udp, daemon=True).start()
        threading.Thread(target=self._serve_tcp, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._released.set()
        self._tcp.shutdown(socket.SHUT_RDWR)
        self._tcp.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", (self.host, self.port))

    def count(self, name, kind=A):
        with self._lock:
            return self.asked.count((name, kind))

    # ------------------------------------------------------------------ transport

    def _serve_udp(self):
        with self._udp:
            while not self._released.is_set():
                query, peer = self._udp.recvfrom(4096)
                if query:
                    threading.Thread(target=self._answer_udp, args=(query, peer), daemon=True).start()

    def _answer_udp(self, query, peer):
        packet = self._answer(query, tcp=False)
        if packet:
            try:
                self._udp.sendto(packet, peer)
            except OSError:
                pass

    def _serve_tcp(self):
        while True:
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._answer_tcp, args=(connection,), daemon=True).start()

    def _answer_tcp(self, connection):
        with connection:
            try:
                reader = connection.makefile("rb")
                while len(head := reader.read(2)) == 2:
                    packet = self._answer(reader.read(struct.unpack("!H", head)[0]), tcp=True)
                    if packet:
                        connection.sendall(struct.pack("!H", len(packet)) + packet)
            except OSError:
                pass

    # ------------------------------------------------------------------ messages

    def _answer(self, query, tcp):
        name, kind, question = self._question(query)
        answer = self._next(name, kind, tcp)
        if answer.delay_s:
            self._released.wait(answer.delay_s)
        if answer.silent:
            return None
        identity = query[:2]
        if answer.truncated and not tcp:
            return identity + struct.pack("!HHHHH", 0x8380, 1, 0, 0, 0) + question
        family = 4 if kind == A else 6
        chosen = [each for each in answer.addresses if kind in (A, AAAA) and each.version == family]
        records, owner = b"", b"\xc0\x0c"
        if answer.alias:
            target = b"".join(bytes([len(label)]) + label.encode() for label in answer.alias.split(".")) + b"\0"
            records += owner + struct.pack("!HHIH", CNAME, 1, 0, len(target)) + target
            owner = target
        for each in chosen:
            records += owner + struct.pack("!HHIH", kind, 1, 0, len(each.packed)) + each.packed
        count = len(chosen) + bool(answer.alias)
        return identity + struct.pack("!HHHHH", 0x8180 | answer.code, 1, count, 0, 0) + question + records

    @staticmethod
    def _question(query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1").lower())
            at += 1 + query[at]
        return ".".join(labels), struct.unpack("!H", query[at + 1:at + 3])[0], query[12:at + 5]

    def _next(self, name, kind, tcp):
        with self._lock:
            seen = self.asked.count((name, kind))
            if tcp:
                # The same lookup again: it gets the answer that was too long for UDP.
                seen -= 1
                self.asked_by_tcp.append((name, kind))
            else:
                self.asked.append((name, kind))
            answers = self.script.get(name)
        return answers[min(seen, len(answers) - 1)] if answers else Answer(code=NXDOMAIN)
