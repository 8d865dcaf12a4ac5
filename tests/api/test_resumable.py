# SPDX-License-Identifier: Apache-2.0
"""Streams that can be left and taken up again: resumable runs, and the stream of a thread."""
import asyncio
import uuid

import pytest
from langgraph_sdk import get_client

from server import SLOW, Server, native_config, wire_config
from sse import Stream, stream

MODES = ["values", "updates", "custom"]


def started(server, graph, run_input, thread=None, **more):
    """The whole stream of a resumable run: its ids, its bytes, and where it is found."""
    thread = thread or server.thread()
    body = {"assistant_id": graph, "input": run_input, "stream_mode": MODES, "stream_resumable": True, **more}
    with stream(server, f"/threads/{thread}/runs/stream", body) as opened:
        path = opened.header("content-location") + "/stream"
        events = opened.rest()
    return path, events


def replayed(server, path, last, query=""):
    with Stream(server.url, "GET", path + query, headers=[("Last-Event-ID", last)]) as opened:
        assert opened.status == 200, opened.body()
        return opened.rest()


def raw(events):
    return b"".join(event.raw for event in events)


def test_every_event_has_an_id_and_any_id_resumes_exclusively(both):
    server, echo, _, _ = both
    path, events = started(server, echo, {"text": "x"})
    ids = [event.id for event in events]
    assert all(ids) and len(set(ids)) == len(ids) >= 3
    for everything in ("-1", "0"):
        assert raw(replayed(server, path, everything)) == raw(events)
    for at, event in enumerate(events):
        assert raw(replayed(server, path, event.id)) == raw(events[at + 1:])
    only = replayed(server, path, "-1", "?stream_mode=updates")
    assert {event.event for event in only} == {"updates"}


def test_a_stream_cut_at_every_event_is_byte_equal_when_taken_up_again(wire):
    thread = wire.thread()
    body = {"assistant_id": "sleepy", "input": {"seconds": 0.2}, "stream_mode": MODES, "stream_resumable": True}
    with stream(wire, f"/threads/{thread}/runs/stream", body) as opened:
        count = len(opened.rest())
    assert count > 5
    for cut in range(1, count + 1):
        got, last = b"", None
        with stream(wire, f"/threads/{thread}/runs/stream", body) as opened:
            path = opened.header("content-location") + "/stream"
            for _ in range(cut):
                event = opened.next()
                got, last = got + event.raw, event.id
            opened.abort()
        got += raw(replayed(wire, path, last))
        whole = raw(replayed(wire, path, "-1"))
        assert got == whole and whole.count(b"event: ") == count, f"cut after {cut} events"


def test_a_failed_run_is_replayed_with_its_error_at_the_end(both):
    server, _, _, boom = both
    path, events = started(server, boom, {})
    assert events[-1].event == "error"
    assert raw(replayed(server, path, "-1")) == raw(events)


@pytest.mark.parametrize("bad", ["nonsense", "123-x", "1-1"])
def test_an_id_of_no_event_of_the_run_is_refused_by_name(both, bad):
    server, echo, _, _ = both
    path, _ = started(server, echo, {"text": "x"})
    refused = server.get(path, headers={"Last-Event-ID": bad})
    assert refused.status_code == 422 and "Last-Event-ID" in refused.json()["detail"]


def test_a_run_that_is_not_resumable_has_no_ids(both):
    server, echo, _, _ = both
    with stream(server, f"/threads/{server.thread()}/runs/stream", {"assistant_id": echo, "input": {"text": "x"}}) as opened:
        assert {event.id for event in opened.rest()} == {None}


def test_stateless_streams_can_be_replayed(both):
    server, echo, _, _ = both
    body = {"assistant_id": echo, "input": {"text": "x"}, "stream_resumable": True}
    with stream(server, "/runs/stream", body) as opened:
        path, events = opened.header("content-location") + "/stream", opened.rest()
    assert raw(replayed(server, path, events[0].id)) == raw(events[1:])


@pytest.mark.timeout(90 * SLOW)
def test_replay_after_a_restart_and_ids_that_go_on_after_a_kill(tmp_path):
    with Server(tmp_path, native_config()) as server:
        path, events = started(server, "native_echo", {"text": "x"})
        thread = server.thread()
        body = {"assistant_id": "native_sleep", "input": {"seconds": 3}, "stream_resumable": True}
        running = server.post(f"/threads/{thread}/runs", body).json()
        server.until_status(running, "running")
        cut = f"/threads/{thread}/runs/{running['run_id']}/stream"
        with Stream(server.url, "GET", cut, headers=[("Last-Event-ID", "-1")]) as opened:
            before = [opened.next(), opened.next()]
        server.kill()
        server.start()
        assert raw(replayed(server, path, "-1")) == raw(events)
        whole = replayed(server, cut, "-1")
        assert raw(whole[:2]) == raw(before)
        assert [event.json()["attempt"] for event in whole if event.event == "metadata"] == [1, 2]
        ids = [int(event.id.rsplit("-", 1)[1]) for event in whole]
        assert ids == sorted(set(ids)) and len({event.id.split("-")[0] for event in whole}) == 1
        assert raw(replayed(server, cut, before[1].id)) == raw(whole[2:])


def test_the_stream_of_a_thread_shows_all_its_runs(both):
    server, echo, _, _ = both
    thread = server.thread()
    with Stream(server.url, "GET", f"/threads/{thread}/stream") as every, \
            Stream(server.url, "GET", f"/threads/{thread}/stream?stream_modes=lifecycle") as lives:
        runs = [server.create_run(echo, {"text": str(n)}, thread)["run_id"] for n in range(2)]
        seen = []
        while len([event for event in seen if "run_done" in event.data]) < 2:
            seen.append(every.next())
        assert all(event.id for event in seen)
        assert [event.json()["run_id"] for event in seen if event.event == "metadata"] == [runs[0], runs[0], runs[1], runs[1]]
        assert "values" in {event.event for event in seen}
        ends = [lives.next() for _ in range(4)]
        assert {event.event for event in ends} == {"metadata"}
        assert [event.json().get("status") for event in ends] == [None, "run_done", None, "run_done"]


def test_the_stream_of_a_thread_ends_with_the_thread_and_refuses_what_it_does_not_know(both):
    server, echo, _, _ = both
    assert server.get(f"/threads/{uuid.uuid4()}/stream").status_code == 404
    thread = server.thread()
    bad = server.get(f"/threads/{thread}/stream?stream_modes=lifecycle,bad")
    assert bad.status_code == 422 and "bad" in bad.json()["detail"]
    with Stream(server.url, "GET", f"/threads/{thread}/stream?stream_modes=state_update&stream_modes=lifecycle") as opened:
        server.wait_run(echo, {"text": "x"}, thread)
        assert opened.next().event == "metadata"
        server.until_status(server.get(f"/threads/{thread}/runs").json()[0], "success")
        server.post(f"/threads/{thread}/state", {"values": {"text": "new"}})
        assert opened.until("state_update").json()["state"]["values"]["text"] == "new"
        server.http.delete(f"/threads/{thread}")
        assert opened.next() is None


def test_the_python_sdk_joins_the_stream_of_a_thread_and_resumes_runs(wire):
    async def use():
        client = get_client(url=wire.url)
        thread = (await client.threads.create())["thread_id"]
        run = await client.runs.create(thread, "echo", input={"text": "x"}, stream_resumable=True)
        await client.runs.join(thread, run["run_id"])
        parts = [part async for part in client.runs.join_stream(thread, run["run_id"], last_event_id="-1")]
        assert parts[0].event == "metadata" and parts[-1].data["out"] == "x"
        seen = []
        async for part in await client.threads.join_stream(thread, last_event_id="-1"):
            seen.append(part.event)
            if part.event == "metadata" and (part.data or {}).get("status") == "run_done":
                break
        assert "values" in seen

    asyncio.run(use())


@pytest.mark.timeout(120 * SLOW)
@pytest.mark.parametrize("end", ["sigterm", "kill"])
def test_a_stream_that_is_read_while_the_server_goes_is_taken_up_again_on_the_next(tmp_path, end):
    """A SIGTERM gives the run 7 s, then puts it back; a kill asks nobody. The second node begins before, and again after."""
    body = {"assistant_id": "story", "input": {"words": 2, "later_s": 5 if end == "sigterm" else 1}, "stream_mode": MODES,
            "stream_resumable": True}
    with Server(tmp_path, wire_config()) as server:
        with stream(server, f"/threads/{server.thread()}/runs/stream", body, timeout_s=30 * SLOW) as opened:
            path = opened.header("content-location") + "/stream"
            while "two" not in (event := opened.next()).data or event.event != "custom":
                pass
            if end == "sigterm":
                server.terminate()
            else:
                server.kill()
            try:
                opened.rest()
            except (EOFError, ConnectionResetError):
                pass  # cut, which is no end
            else:
                pytest.fail("the stream of a run that goes on ended as if it were complete")
            seen = list(opened.events)
        if end == "sigterm":
            assert server.wait() == 0
        server.start()
        rest = replayed(server, path, seen[-1].id)
        whole = replayed(server, path, "-1")
    assert raw(seen) + raw(rest) == raw(whole)
    ids = [int(event.id.rsplit("-", 1)[1]) for event in whole]
    assert ids == list(range(len(ids))) and len({event.id.split("-")[0] for event in whole}) == 1
    assert [event.json()["attempt"] for event in whole if event.event == "metadata"] == [1, 2]
    told = [event.json()["chapter"] for event in whole if event.event == "custom"]
    assert told[:2] == ["one"] * 2 and set(told[2:]) == {"two"} and told[-2:] == ["two"] * 2
    assert whole[-1].event == "values" and whole[-1].json()["told"] == ["one ü", "two ü"]


def test_the_stream_of_a_run_that_ends_while_the_server_stops_is_complete(tmp_path):
    body = {"assistant_id": "story", "input": {"words": 4, "pause_s": 0.2}, "stream_mode": MODES, "stream_resumable": True}
    with Server(tmp_path, wire_config()) as server:
        with stream(server, f"/threads/{server.thread()}/runs/stream", body) as opened:
            path = opened.header("content-location") + "/stream"
            opened.until("custom")
            server.terminate()
            events = opened.rest()
        assert server.wait() == 0
        assert events[-1].event == "values" and events[-1].json()["told"] == ["one ü", "two ü"]
        server.start()
        assert raw(replayed(server, path, "-1")) == raw(events)
