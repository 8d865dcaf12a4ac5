# SPDX-License-Identifier: Apache-2.0
"""Resumable streams whose connection is cut at any byte, and taken up again with the last complete event's id."""
import collections
import concurrent.futures
import random

import pytest

from gate import Cut, Gate, id_of
from server import SLOW
from sse import head, request

MODES = ["values", "updates", "custom"]
RUNS = {"wire": ("story", {"words": 5}), "native": ("native_burst", {"events": 11})}
EVENTS = {"wire": 15, "native": 14}  # besides metadata, of which a run has one for each attempt
KINDS = {"between events", "between lines", "between CR and LF", "within the event line", "within the data line",
         "within the id line", "between chunks", "within a chunk's size", "after a chunk"}


@pytest.fixture(params=["wire", "native"])
def case(request):
    server = request.getfixturevalue(request.param)
    graph, run_input = RUNS[request.param]
    with Gate(server.url) as gate:
        yield server, gate, {"assistant_id": graph, "input": run_input, "stream_mode": MODES, "stream_resumable": True}, request.param


def made(text):
    return text.count(b"event: ") - text.count(b"event: metadata")


def post(server, gate, body, cut):
    """A new run's stream, cut; and where it is found."""
    got = gate.fetch(head(server.url, "POST", f"/threads/{server.thread()}/runs/stream", body), cut)
    assert got.status == 200
    return got, got.headers["content-location"] + "/stream"


def resume(server, gate, path, last, cut):
    got = gate.fetch(head(server.url, "GET", path, headers=[("Last-Event-ID", last)]), cut)
    assert got.status == 200
    return got


def whole(server, path):
    """The run's stream, uncut and straight from the server."""
    answer = request(server.url, "GET", path, headers=[("Last-Event-ID", "-1")])
    assert answer.status == 200
    return answer.raw


NEVER = 1 << 40


def follow(server, gate, body, cuts):
    """As an official client: each connection is cut, the next one goes on after the last complete event. The stream's path,
    what all of them brought, and where they were cut."""
    first, path = post(server, gate, body, next(cuts))
    events, kinds, got = list(first.events), [], first
    while not got.ended:
        kinds.append(got.kind)
        got = resume(server, gate, path, id_of(events[-1]) if events else "-1", next(cuts))
        events += got.events
    return path, b"".join(events), kinds


def test_an_ended_stream_cut_at_every_byte_loses_and_repeats_nothing(case):
    server, gate, body, name = case
    first, path = post(server, gate, body, NEVER)
    assert first.ended and made(first.text) == EVENTS[name]
    stored = whole(server, path)
    assert stored == first.text
    length = len(resume(server, gate, path, "-1", NEVER).body)
    kinds = collections.Counter()
    for cut in range(length):
        got = resume(server, gate, path, "-1", cut)
        kinds[got.kind] += 1
        last = id_of(got.events[-1]) if got.events else "-1"
        rest = request(server.url, "GET", path, headers=[("Last-Event-ID", last)]).raw
        assert b"".join(got.events) + rest == stored, f"cut after {cut} bytes, {got.kind}"
    wanted = KINDS | {"within the last chunk"} | ({"within a character"} if name == "wire" else set())
    assert wanted - set(kinds) == set(), kinds


@pytest.mark.timeout(120 * SLOW)
def test_a_live_stream_cut_anywhere_loses_and_repeats_nothing(case):
    server, gate, body, name = case
    uncut, _ = post(server, gate, body, NEVER)
    at_events = [position for position in range(len(uncut.body)) if Cut(b"HTTP/1.1 200 \r\n\r\n" + uncut.body[:position]).kind
                 in ("between events", "after a chunk")]
    chance = random.Random(20261127)
    anywhere = [chance.randrange(len(uncut.body)) for _ in range(40)]
    # A run is slower than its client: what comes after the cut is made while the client is away, or comes back.
    positions = at_events + anywhere + list(range(0, len(uncut.body), 29))
    kinds = collections.Counter()

    def one(position):
        return position, *follow(server, gate, body, iter([position, NEVER]))

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for position, path, got, cut in pool.map(one, positions):
            kinds.update(cut)
            assert got == whole(server, path), f"cut after {position} bytes, {cut}"
            assert made(got) == EVENTS[name]
    wanted = {"between events", "within the data line", "within the id line", "within the event line"}
    assert wanted - set(kinds) == set(), kinds


@pytest.mark.parametrize("seed", range(4))
def test_a_live_stream_cut_again_and_again_arrives_whole(case, seed):
    server, gate, body, name = case
    chance = random.Random(seed)
    # Longer than any event with its chunk, so that every connection brings at least one.
    cuts = iter(lambda: chance.randrange(250, 400), None)
    path, got, kinds = follow(server, gate, body, cuts)
    assert len(kinds) >= 2 and got == whole(server, path) and made(got) == EVENTS[name]
