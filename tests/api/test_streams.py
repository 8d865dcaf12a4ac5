# SPDX-License-Identifier: Apache-2.0
"""Event streams: bytes, modes and order, against what the reference server sent for the same graphs
(golden_streams.json: ids and times masked, see support/shapes.py)."""
import json
import pathlib
import re

import pytest

from shapes import mask, shape_of_text
from sse import Stream, stream
from server import SLOW

GOLDEN = json.loads((pathlib.Path(__file__).parent / "golden_streams.json").read_text())
# "resume" continues the thread that "interrupt()" left.
STARTS = {"resume": {"assistant_id": "human", "input": {"text": "t"}}}


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["title"])
def test_a_stream_is_what_the_reference_sends(wire, case):
    path = case["path"]
    if "{thread}" in path:
        thread = wire.thread()
        path = path.format(thread=thread)
        if case["title"] in STARTS:
            wire.post(f"/threads/{thread}/runs/wait", STARTS[case["title"]])
    with stream(wire, path, case["body"]) as opened:
        events = [[mask(event.event), shape_of_text(event.data)] for event in opened.rest()]
    wanted = case["events"]
    if case["title"] == "Send fan-out":  # its tasks run side by side
        events, wanted = (sorted(each, key=json.dumps) for each in (events, wanted))
    assert [name for name, _ in events] == [name for name, _ in wanted]
    for got, expected in zip(events, wanted):
        assert got == expected


def test_the_head_of_a_stream(both):
    server, echo, *_ = both
    thread = server.thread()
    with stream(server, f"/threads/{thread}/runs/stream", {"assistant_id": echo, "input": {"text": "x"}}) as opened:
        first = opened.next()
        run = first.json()["run_id"]
        assert first.raw == b'event: metadata\r\ndata: {"run_id":"%s","attempt":1}\r\n\r\n' % run.encode()
        opened.rest()
        assert opened.status_line.startswith("HTTP/1.1 200")
        assert opened.header("content-type") == "text/event-stream; charset=utf-8"
        assert opened.header("cache-control") == "no-store" and opened.header("x-accel-buffering") == "no"
        assert opened.header("transfer-encoding") == "chunked"
        assert opened.header("content-location") == f"/threads/{thread}/runs/{run}"
        assert opened.header("location") == f"/threads/{thread}/runs/{run}/stream"
        assert [event.event for event in opened.events] == ["metadata", "values", "values"]
        assert all(event.id is None for event in opened.events)
        assert opened.raw.endswith(b'event: values\r\ndata: {"text":"x","out":"x"}\r\n\r\n')


def test_the_first_event_comes_before_the_graph_is_done(both):
    server, _, sleepy, _ = both
    with stream(server, "/runs/stream", {"assistant_id": sleepy, "input": {"seconds": 2}}) as opened:
        assert opened.next().at < 1.0 * SLOW
        opened.next()
        assert opened.events[-1].json() == {"seconds": 2, "steps": []} or opened.events[-1].json() == {"seconds": 2}


def test_a_failure_is_the_last_event(both):
    server, _, _, failing = both
    with stream(server, "/runs/stream", {"assistant_id": failing, "input": {"msg": "kaput"}}) as opened:
        last = opened.rest()[-1]
    assert last.raw == b'event: error\r\ndata: {"error":"ValueError","message":"kaput"}\r\n\r\n'


def test_messages_accumulate(wire):
    body = {"assistant_id": "agent", "input": {"messages": [{"role": "user", "content": "one two"}]}, "stream_mode": "messages"}
    with stream(wire, "/runs/stream", body) as opened:
        events = opened.rest()
    texts = [event.json()[0]["content"] for event in events if event.event == "messages/partial"]
    assert texts == ["echo:", "echo: one", "echo: one two", "echo: one two"]
    assert [event.event for event in events][:2] == ["metadata", "messages/metadata"]
    message_id, = events[1].json()
    assert {event.json()[0]["id"] for event in events[2:]} == {message_id}


@pytest.mark.parametrize("mode, names", [("messages", ["metadata", "messages/metadata", "messages/complete"]),
                                         ("messages-tuple", ["metadata", "messages"])])
def test_a_message_that_no_model_made(wire, mode, names):
    body = {"assistant_id": "static", "input": {"messages": [{"role": "user", "content": "q"}]}, "stream_mode": mode}
    with stream(wire, "/runs/stream", body) as opened:
        events = opened.rest()
    assert [event.event for event in events] == names
    assert events[-1].json()[0]["content"] == "fixed answer" and events[-1].json()[0]["id"] == "fixed-1"


def test_the_events_of_a_subgraph_carry_its_namespace(wire):
    body = {"assistant_id": "parent", "input": {"text": "x"}, "stream_mode": ["updates"], "stream_subgraphs": True}
    with stream(wire, "/runs/stream", body) as opened:
        names = [event.event for event in opened.rest()]
    inner = [name for name in names if "|" in name]
    assert len(set(inner)) == 1 and re.fullmatch(r"updates\|child:[0-9a-f-]{36}", inner[0])


def test_no_event_is_lost_or_reordered_in_a_long_stream(wire):
    body = {"assistant_id": "custom", "input": {"n": 100}, "stream_mode": "custom"}
    with stream(wire, "/runs/stream", body) as opened:
        events = opened.rest()
    assert [event.json()["progress"] for event in events if event.event == "custom"] == list(range(100))


def test_a_silent_stream_gets_heartbeats_every_five_seconds(native):
    with stream(native, "/runs/stream", {"assistant_id": "native_sleep", "input": {"seconds": 5.6}}) as opened:
        opened.rest()
    (at, text), = opened.comments
    assert text == ": heartbeat\r\n\r\n" and 4.5 < at < 5.6
    assert opened.events[-1].json()["slept"] == 5.6


def test_twenty_streams_at_once(wire):
    body = {"assistant_id": "agent", "input": {"messages": [{"role": "user", "content": "a b c d e"}]}, "stream_mode": "messages-tuple"}
    streams = [stream(wire, "/runs/stream", body) for _ in range(20)]
    for opened in streams:
        with opened:
            said = "".join(event.json()[0]["content"] for event in opened.rest() if event.event == "messages")
            assert said == "echo: a b c d e"


def test_a_stream_can_be_joined_while_it_runs(both):
    server, _, sleepy, _ = both
    run = server.create_run(sleepy, {"seconds": 1}, stream_mode=["values", "updates"])
    path = f"/threads/{run['thread_id']}/runs/{run['run_id']}/stream"
    with Stream(server.url, "GET", path) as opened:
        assert opened.status == 200 and opened.header("content-location") == path[:-len("/stream")]
        assert opened.header("location") == path
        events = opened.rest()
    assert "metadata" not in [event.event for event in events[1:]] and events[-1].event == "values"
    assert server.run(run)["status"] == "success"


def test_joining_a_stream_that_has_ended_gives_an_empty_one(both):
    server, echo, *_ = both
    run = server.create_run(echo, {"text": "x"})
    server.until_status(run, "success")
    with Stream(server.url, "GET", f"/threads/{run['thread_id']}/runs/{run['run_id']}/stream") as opened:
        assert opened.status == 200 and opened.rest() == []


def test_a_joined_stream_can_be_filtered_by_mode(wire):
    run = wire.create_run("sleepy", {"seconds": 0.6}, stream_mode=["values", "updates"])
    with Stream(wire.url, "GET", f"/threads/{run['thread_id']}/runs/{run['run_id']}/stream?stream_mode=updates") as opened:
        names = {event.event for event in opened.rest()}
    assert names == {"updates"}


def test_two_clients_see_the_same_stream(wire):
    with stream(wire, f"/threads/{wire.thread()}/runs/stream",
                {"assistant_id": "sleepy", "input": {"seconds": 0.5}, "stream_mode": ["values"]}) as first:
        first.next()
        with Stream(wire.url, "GET", first.header("location")) as second:
            tail = [event.raw for event in second.rest()]
        assert tail and tail == [event.raw for event in first.rest()][-len(tail):]
