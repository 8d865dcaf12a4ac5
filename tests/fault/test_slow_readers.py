# SPDX-License-Identifier: Apache-2.0
"""Readers that stop reading: what they cost, when they are dropped (limits::kSubscriberLag, kSubscriberStall and
kSubscriberLagMost), and that nobody else notices. And a disk that does not take the events of a resumable run."""
import contextlib
import re
import sqlite3
import threading
import time

import pytest

from server import SLOW, wire_config
from sse import Exchange
from waiting import until

MIB = 1024 * 1024
LAG_MOST, STALL_S, EVENT_ROOM = 128 * MIB, 30, 16 * MIB
# What a server needs besides for such a run: the worker's window, socket buffers, what the allocator keeps.
SLACK = 64 * MIB
SIZE = 10_000


class Rss:
    """The most memory that a server had resident beyond what it had at the beginning."""

    def __init__(self, server):
        self._server, self._stop = server, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.base = self.most = server.rss()

    def _watch(self):
        while not self._stop.wait(0.05):
            self.most = max(self.most, self._server.rss())

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def grew_less_than(self, most):
        """Says nothing of a sanitized binary, whose memory is the sanitizer's."""
        return SLOW > 1 or self.most - self.base < most

    def __repr__(self):
        return f"{(self.most - self.base) / MIB:.0f} MiB more"


class Stalled(Exchange):
    """Reads the head and no more, with as small a receive buffer as there is."""

    receive_buffer = 2048

    def rest(self, count=None):
        """Reads on, to the end or until at least `count` events have come: their numbers. Fails when the stream is broken off."""
        numbers, tail = [], self._buffer
        while count is None or len(numbers) < count:
            data = self._sock.recv(MIB)
            if not data:
                assert count is None and whole.endswith(b"0\r\n\r"), "the stream was broken off"
                break
            whole, _, tail = (tail + data).rpartition(b"\n")  # no event is split between chunks
            numbers += map(int, re.findall(rb'"n":(\d+)', whole))
        self._buffer = tail
        return numbers


class Quick(Stalled):
    receive_buffer = None


CLOSE = [("Connection", "close")]


def flood(megabytes, **more):
    # At most 50 MB/s, so that a reader that does read keeps up on a busy machine too.
    run_input = {"events": megabytes * MIB // SIZE, "size": SIZE, "pause_s": 0.02}
    return {"assistant_id": "flood", "input": run_input, "stream_mode": ["custom"], **more}


def all_of(megabytes):
    return list(range(megabytes * MIB // SIZE))


def open_run(reader, server, body, thread=None):
    """A new run and a reader of its stream."""
    opened = reader(server.url, "POST", f"/threads/{thread or server.thread()}/runs/stream", body, CLOSE, timeout_s=90 * SLOW)
    thread, run = opened.header("content-location").split("/")[2::2]
    return opened, {"thread_id": thread, "run_id": run}


def streams(server):
    return server.get("/metrics?format=json").json()["streams"]


@pytest.fixture
def server(serve):
    """One that has done its work once."""
    server = serve(wire_config())
    timed_flood(server, 4)
    return server


def timed_flood(server, megabytes):
    """A flood with one reader: its time in seconds."""
    began = time.monotonic()
    opened, _ = open_run(Quick, server, flood(megabytes))
    with opened:
        assert opened.rest() == all_of(megabytes)
    return time.monotonic() - began


@pytest.mark.parametrize("stalled", ["run", "thread"])
def test_a_stalled_reader_of_a_flood_is_dropped_before_it_costs_more_than_its_bound(server, stalled):
    size = 200
    alone_s = timed_flood(server, size)
    thread = server.thread()
    of_run, of_thread = (Stalled, Quick) if stalled == "run" else (Quick, Stalled)
    with of_thread(server.url, "GET", f"/threads/{thread}/stream", timeout_s=90 * SLOW) as feed, Rss(server) as rss:
        began = time.monotonic()
        opened, run = open_run(of_run, server, flood(size), thread)
        with opened:
            quick = feed if stalled == "run" else opened
            assert quick.rest(len(all_of(size))) == all_of(size)
            server.until_status(run, "success", timeout_s=5 * SLOW)
            took_s = time.monotonic() - began
    assert rss.grew_less_than(LAG_MOST + SLACK), rss
    assert took_s < 3 * alone_s + 2 * SLOW, (took_s, alone_s)
    assert streams(server)["dropped"] == 1


@pytest.mark.timeout(120 * SLOW)
def test_a_stalled_reader_is_dropped_when_it_is_far_behind_for_thirty_seconds(server):
    far, near = 24, 12  # MiB; LAG lies between
    thread = server.thread()
    with Rss(server) as rss:
        began = time.monotonic()
        feed = Stalled(server.url, "GET", f"/threads/{thread}/stream")
        stalled, run = open_run(Stalled, server, flood(far), thread)
        patient, other = open_run(Stalled, server, flood(near))
        for each in (run, other):
            server.until_status(each, "success")
        assert time.monotonic() - began < STALL_S / 2, "the runs did not end in their own time"
        until(lambda: streams(server)["dropped"], "the first to be dropped", 2 * STALL_S)
        assert STALL_S - 1 < time.monotonic() - began
        until(lambda: streams(server) == {"open": 1, "dropped": 2}, "both to be dropped, the third to stay", 10 * SLOW)
        assert patient.rest() == all_of(near), "it was not far behind, and reads on"
    assert rss.grew_less_than((far + near) * MIB + SLACK), rss
    for each in (feed, stalled, patient):
        each.close()
    assert server.log().count("stream.dropped") == 2


@pytest.mark.timeout(120 * SLOW)
def test_stalled_readers_of_a_stored_stream_cost_a_page_each_and_read_on_when_they_like(server):
    size, count = 40, 10
    opened, run = open_run(Quick, server, flood(size, stream_resumable=True))
    with opened:
        assert opened.rest() == all_of(size)
    path = f"/threads/{run['thread_id']}/runs/{run['run_id']}/stream"
    replay = [("Last-Event-ID", "-1"), *CLOSE]
    big = {"assistant_id": "flood", "input": {"events": 1, "size": 20 * MIB}, "stream_mode": ["custom"], "stream_resumable": True}
    opened, huge = open_run(Quick, server, big)
    with opened:
        assert opened.rest() == [0]
    with Rss(server) as rss:
        stalled = [Stalled(server.url, "GET", path, headers=replay) for _ in range(count)]
        with Quick(server.url, "GET", path, headers=replay) as quick:
            began = time.monotonic()
            assert quick.rest() == all_of(size)
            assert time.monotonic() - began < 5 * SLOW
    assert rss.grew_less_than(2 * count * MIB), rss
    # One event that is more than a reader may be behind: it is given up.
    whole = Stalled(server.url, "GET", path.replace(run["thread_id"], huge["thread_id"]).replace(run["run_id"], huge["run_id"]),
                    headers=replay)
    until(lambda: streams(server)["dropped"], "the reader of the large event to be dropped", 2 * STALL_S)
    assert streams(server) == {"open": count, "dropped": 1}
    for each in stalled:
        assert each.rest() == all_of(size)
        each.close()
    whole.close()


@pytest.mark.timeout(120 * SLOW)
def test_a_graph_waits_for_the_disk_when_its_events_cannot_be_stored(server):
    """Somebody else writes to the database for a while. Nothing is lost, and the events do not pile up in the server."""
    size = 200
    opened, run = open_run(Quick, server, flood(size, stream_resumable=True))
    with opened, Rss(server) as rss:
        numbers = opened.rest(100)
        with contextlib.closing(sqlite3.connect(server.data_dir / "heddle.db", isolation_level=None)) as db:
            db.execute("PRAGMA busy_timeout = 10000")
            db.execute("BEGIN IMMEDIATE")
            until(lambda: "events.not_stored" in server.log(), "a write of events to fail", 40 * SLOW)
            db.execute("ROLLBACK")
        numbers += opened.rest()
    assert numbers == all_of(size) and server.run(run)["status"] == "success"
    assert rss.grew_less_than(2 * EVENT_ROOM + SLACK), rss
    assert "run.events_overflow" not in server.log()
