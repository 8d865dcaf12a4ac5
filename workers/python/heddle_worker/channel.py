# SPDX-License-Identifier: Apache-2.0
"""The connection to the server: calls, replies, notices, credit.

Threads
* The Receiver reads, on the event loop while that is well and on its own thread while a node blocks it. ``ping``,
  credit and blocking calls are settled by whoever read them; everything else reaches the event loop in order.
* Any thread may send. What the event loop sends is collected and written once per turn of the loop; other threads
  write at once. The writer thread only works while the kernel's buffer is full.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from . import frames
from .receiver import Frame, Receiver

# A turn's frames beyond this many bytes are written at once instead of at the end of the turn.
_TURN_BYTES_MAX = 128 << 10


class CallError(Exception):
    """The server answered a call with an error. ``type`` is the protocol's error type."""

    def __init__(self, type: str, message: str) -> None:
        super().__init__(message)
        self.type = type


class Fenced(CallError):
    """The attempt is no longer the current one: its run must stop without a word."""


def _failure(error: dict[str, Any]) -> CallError:
    kind = Fenced if error.get("type") == "Fenced" else CallError
    return kind(error.get("type", "Error"), error.get("message", ""))


class Channel:
    """See the module. ``start`` begins reading; ``on_frame`` then gets each call and notice of the server that the
    channel does not answer itself, on the event loop's thread. ``on_closed`` runs on the thread that saw the end."""

    def __init__(self, sock: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        self._sock = sock
        self._loop = loop
        self._loop_thread = threading.get_ident()
        self._ids = itertools.count(1)
        self._open: dict[int, Future[Frame] | asyncio.Future[Frame]] = {}
        self._lock = threading.Lock()
        self._writable = threading.Condition(self._lock)
        self._out: list[bytes] = []
        self._out_bytes = 0
        self._flush_planned = False
        self._backlog = b""
        self._credit = 0
        self._creditors: list[asyncio.Future[None]] = []
        self.on_frame: Callable[[dict[str, Any], bytes], None] = lambda header, body: None
        # What is not for the event loop, by method; called on the thread that read it: (header, body) -> None
        self.direct: dict[str, Callable[[dict[str, Any], bytes], None]] = {}
        self.on_closed: Callable[[], None] = lambda: os._exit(0)
        self._receiver = Receiver(
            sock,
            loop,
            take=self._take,
            deliver=self._deliver,
            on_tick=self._flush_left,
            on_closed=lambda: self.on_closed(),
        )

    def start(self) -> None:
        """Starts receiving and sending. Call on the event loop's thread, before or while the loop runs."""
        self._receiver.start()
        threading.Thread(target=self._write, name="heddle-writer", daemon=True).start()

    # ---- sending, any thread

    def notify(self, header: dict[str, Any], body: bytes = b"", now: bool = False) -> None:
        """Sends a notice; with ``now`` without waiting for the end of the event loop's turn."""
        self._post(frames.encode(header, body), now)

    def reply(self, header: dict[str, Any], body: bytes = b"", now: bool = False) -> None:
        """Answers the server's call."""
        self._post(frames.encode({"re": header["id"]}, body), now)

    def fail(self, header: dict[str, Any], type: str, message: str) -> None:
        """Answers the server's call with an error."""
        self._post(frames.encode({"re": header["id"], "error": {"type": type, "message": message}}))

    def call(self, header: dict[str, Any], body: bytes = b"") -> Frame:
        """Calls the server and blocks until it answers; works on every thread, the event loop's too, because the
        receiver's own thread resolves it. Raises CallError."""
        future: Future[Frame] = Future()
        self._send_call(future, header, body, now=True)
        if threading.get_ident() == self._loop_thread:
            self._receiver.loop_will_block()
        return future.result()

    async def acall(self, header: dict[str, Any], body: bytes = b"") -> Frame:
        """Calls the server from a coroutine of any event loop. Raises CallError."""
        if threading.get_ident() == self._loop_thread:
            future = self._loop.create_future()
            self._send_call(future, header, body)
            return await future
        blocking: Future[Frame] = Future()
        self._send_call(blocking, header, body, now=True)
        return await asyncio.wrap_future(blocking)

    def _send_call(self, future: Any, header: dict[str, Any], body: bytes, now: bool = False) -> None:
        call_id = next(self._ids)
        header["id"] = call_id
        frame = frames.encode(header, body)
        self._open[call_id] = future
        self._post(frame, now)

    async def send_event(self, header: dict[str, Any], body: bytes) -> None:
        """Sends an event on the event loop's thread when there is credit for it; waits otherwise."""
        while True:
            with self._lock:
                if self._credit > 0:
                    self._credit -= len(body)
                    break
                waiter = self._loop.create_future()
                self._creditors.append(waiter)
            await waiter
        self._post(frames.encode(header, body))

    def grant(self, count: int) -> None:
        """Adds credit (bytes) and wakes whoever waits for it."""
        with self._lock:
            self._credit += count
            if self._credit <= 0 or not self._creditors:
                return
            waiters, self._creditors = self._creditors, []
        self._loop.call_soon_threadsafe(_wake, waiters)

    @property
    def waiting_bytes(self) -> int:
        """Bytes that are not yet in the kernel's buffer."""
        return self._out_bytes + len(self._backlog)

    def _post(self, frame: bytes, now: bool = False) -> None:
        with self._lock:
            self._out.append(frame)
            self._out_bytes += len(frame)
            if not now and threading.get_ident() == self._loop_thread and self._out_bytes < _TURN_BYTES_MAX:
                if not self._flush_planned:
                    self._flush_planned = True
                    self._loop.call_soon(self._flush_turn)
                return
            self._flush()

    def _flush_turn(self) -> None:
        with self._lock:
            self._flush_planned = False
            self._flush()

    def _flush(self) -> None:
        """Writes what is waiting, as far as the kernel takes it now. The lock is held."""
        if self._backlog or not self._out:
            return  # the writer thread goes on with what it finds
        data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._out.clear()
        self._out_bytes = 0
        try:
            sent = self._sock.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            sent = 0
        except OSError:
            return  # the reader sees the end of the connection too, and ends the process
        if sent < len(data):
            self._backlog = data[sent:]
            self._writable.notify()

    def _write(self) -> None:
        while True:
            with self._lock:
                while not self._backlog:
                    self._writable.wait()
                data = self._backlog
            try:
                self._sock.sendall(data)
            except OSError:
                return
            with self._lock:
                self._backlog = b"".join(self._out)
                self._out.clear()
                self._out_bytes = 0

    # ---- receiving

    def _take(self, header: dict[str, Any], body: bytes) -> bool:
        """Settles, on any thread, what needs no event loop. (Receiver)"""
        if (call_id := header.get("re")) is not None:
            future = self._open.get(call_id)
            if isinstance(future, asyncio.Future):
                return False
            self._open.pop(call_id, None)
            if future is not None:
                _resolve(future, header, body)
            return True
        method = header.get("method")
        if method == "ping":
            self.reply(header, now=True)
        elif method == "credit":
            self.grant(header["bytes"])
        elif method in self.direct:
            self.direct[method](header, body)
        else:
            return False
        return True

    def _deliver(self, header: dict[str, Any], body: bytes) -> None:
        """Takes the rest on the event loop. (Receiver)"""
        if (call_id := header.get("re")) is None:
            self.on_frame(header, body)
        elif (future := self._open.pop(call_id, None)) is not None and not future.done():
            _resolve(future, header, body)

    def _flush_left(self) -> None:
        """Sends what a blocked event loop left lying. (Receiver)"""
        if self._out:
            with self._lock:
                self._flush()


def _resolve(future: Any, header: dict[str, Any], body: bytes) -> None:
    if (error := header.get("error")) is not None:
        future.set_exception(_failure(error))
    else:
        future.set_result((header, body))


def _wake(waiters: list[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
