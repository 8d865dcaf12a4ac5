# SPDX-License-Identifier: Apache-2.0
"""Twenty thousand numbered events and several readers at once: each gets all of them, in their order."""
import concurrent.futures
import json

import pytest

from server import SLOW
from sse import Stream, stream

COUNT = 20_000
GRAPHS = {"wire": "flood", "native": "native_burst"}
FROM_START = [("Last-Event-ID", "-1")]


@pytest.fixture(params=["wire", "native"])
def case(request):
    """A server, and a graph of it that counts."""
    return request.getfixturevalue(request.param), GRAPHS[request.param]


def numbered(opened):
    """The custom events, to the last one: (id, number)."""
    found = []
    while len(found) < COUNT:
        event = opened.next()
        assert event is not None, f"the stream ended after {len(found)} events"
        if event.event == "custom":
            found.append((event.id, json.loads(event.data)["n"]))
    return found


def read_all(streams):
    with concurrent.futures.ThreadPoolExecutor(len(streams)) as pool:
        found = list(pool.map(numbered, streams))
    for opened in streams:
        opened.close()
    return found


def growing(ids):
    """Whether "<number>-<seq>" grow as pairs of numbers."""
    pairs = [tuple(map(int, each.split("-"))) for each in ids]
    return all(one < next_one for one, next_one in zip(pairs, pairs[1:]))


def body(graph, **more):
    return {"assistant_id": graph, "input": {"events": COUNT}, "stream_mode": ["custom"], **more}


@pytest.mark.timeout(120 * SLOW)
def test_every_reader_of_a_run_and_of_its_thread_gets_every_event_in_order(case):
    server, graph = case
    thread = server.thread()
    feeds = [Stream(server.url, "GET", f"/threads/{thread}/stream", timeout_s=60) for _ in range(4)]
    first = stream(server, f"/threads/{thread}/runs/stream", body(graph), timeout_s=60)
    found = read_all([first, *feeds])
    for each in found:
        assert [number for _, number in each] == list(range(COUNT))
    assert {each for each, _ in found[0]} == {None}
    ids = [[each for each, _ in reader] for reader in found[1:]]
    assert growing(ids[0]) and all(each == ids[0] for each in ids)


@pytest.mark.timeout(120 * SLOW)
def test_every_reader_of_a_resumable_run_gets_every_event_in_order_wherever_it_begins(case):
    server, graph = case
    thread = server.thread()
    feed = Stream(server.url, "GET", f"/threads/{thread}/stream", timeout_s=60)
    first = stream(server, f"/threads/{thread}/runs/stream", body(graph, stream_resumable=True), timeout_s=60)
    path = first.header("content-location") + "/stream"
    joined = [Stream(server.url, "GET", path, headers=FROM_START, timeout_s=60) for _ in range(2)]
    for opened in joined:  # the run goes on while they have just begun
        opened.next()
    again = Stream(server.url, "GET", path, headers=FROM_START, timeout_s=60)
    found = read_all([first, *joined, again, feed])
    for each in found:
        assert [number for _, number in each] == list(range(COUNT))
    ids = [[each for each, _ in reader] for reader in found]
    assert growing(ids[0]) and all(each == ids[0] for each in ids[:4]) and growing(ids[4])
    # In the middle, after the end.
    with Stream(server.url, "GET", path, headers=[("Last-Event-ID", ids[0][COUNT // 2])], timeout_s=60) as rest:
        assert [event.json()["n"] for event in rest.rest() if event.event == "custom"] == list(range(COUNT // 2 + 1, COUNT))
