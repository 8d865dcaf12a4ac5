# SPDX-License-Identifier: Apache-2.0
"""Receiving frames: the event loop reads the socket while it is well, a watching thread while it is not.

Reading on the event loop costs no thread switch. But a node may block the loop for a minute, and then heartbeats,
credit and the answers that other threads wait for must still get through: when nothing was read for a while although
there is something to read, the watcher reads in the loop's place until the loop does it again.
"""

from __future__ import annotations

import asyncio
import select
import socket
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any

from . import frames

Frame = tuple[dict[str, Any], bytes]

_READ_BYTES = 256 << 10
# How long the loop may leave something unread before the watcher does it.
_PATIENCE_S = 0.1


class Receiver:
    """``take`` gets each frame on whatever thread read it, and says True when that settled it. The others go to
    ``deliver``, in order, on the event loop. ``on_tick`` runs on the watcher now and then, ``on_closed`` once at the
    end of the connection, on the thread that saw it."""

    def __init__(
        self,
        sock: socket.socket,
        loop: asyncio.AbstractEventLoop,
        *,
        take: Callable[[dict[str, Any], bytes], bool],
        deliver: Callable[[dict[str, Any], bytes], None],
        on_tick: Callable[[], None],
        on_closed: Callable[[], None],
    ) -> None:
        self._sock = sock
        self._loop = loop
        self._take = take
        self._deliver = deliver
        self._on_tick = on_tick
        self._on_closed = on_closed
        self._decoder = frames.Decoder()
        self._reading = threading.Lock()
        self._arrived: deque[Frame] = deque()
        self._attached = False
        self._closed = False
        # How often the loop came to read; the watcher compares it with what it saw last.
        self._loop_reads = 0
        self._nudge = threading.Event()
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)

    def start(self) -> None:
        """Reads on the watcher until the event loop runs, then on the loop."""
        threading.Thread(target=self._watch, name="heddle-watcher", daemon=True).start()
        self._loop.call_soon(self._attach)

    def loop_will_block(self) -> None:
        """The event loop's thread is about to wait for an answer: the watcher must read now."""
        self._nudge.set()

    # ---- the event loop

    def _attach(self) -> None:
        if not self._closed:
            self._attached = True
            self._loop.add_reader(self._sock.fileno(), self._on_readable)

    def _on_readable(self) -> None:
        self._loop_reads += 1
        self._read()
        self._deliver_arrived()
        if self._closed:
            self._loop.remove_reader(self._sock.fileno())

    def _deliver_arrived(self) -> None:
        while self._arrived:
            self._deliver(*self._arrived.popleft())

    # ---- the watcher

    def _watch(self) -> None:
        self._read_for_the_loop()  # it does not run yet
        seen = -1
        while not self._closed:
            nudged = self._nudge.wait(_PATIENCE_S)
            self._nudge.clear()
            self._on_tick()
            stuck = self._loop_reads == seen and bool(self._poll.poll(0))
            seen = self._loop_reads
            if nudged or stuck:
                self._read_for_the_loop()

    def _read_for_the_loop(self) -> None:
        """Until the loop reads again by itself."""
        start = self._loop_reads
        while self._loop_reads == start and not self._closed:
            if self._poll.poll(_PATIENCE_S * 1000):
                self._read()
                if self._arrived and not self._closed:
                    self._loop.call_soon_threadsafe(self._deliver_arrived)
            self._on_tick()

    # ---- both

    def _read(self) -> None:
        """Reads what is there, at most once; whoever comes second finds nothing."""
        with self._reading:
            if self._closed:
                return
            try:
                data = self._sock.recv(_READ_BYTES, socket.MSG_DONTWAIT)
                if data:
                    for header, body in self._decoder.feed(data):
                        if not self._take(header, body):
                            self._arrived.append((header, body))
                    return
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                pass
            except Exception:  # a frame that makes no sense: there is nothing to go on with
                traceback.print_exc(file=sys.__stderr__)
            self._closed = True
        self._on_closed()
