# SPDX-License-Identifier: Apache-2.0
"""Threads that expire, pruning, and what a thread takes up."""
import datetime
import uuid

import pytest
from langgraph_sdk import get_sync_client

from server import native_config, wire_config
from waiting import until

SOON = 0.01  # minutes


def ttl_config(**ttl):
    return native_config(checkpointer={"ttl": {"sweep_interval_minutes": 0.005, **ttl}})


def ttl_of(server, thread):
    answer = server.get(f"/threads/{thread}?include=ttl")
    assert answer.status_code == 200, answer.text
    return answer.json()["ttl"]


def when(text):
    return datetime.datetime.fromisoformat(text)


def gone(server, thread):
    return server.get(f"/threads/{thread}").status_code == 404


def test_a_ttl_is_shown_where_it_is_asked_for(native):
    thread = native.thread(ttl={"ttl": 30, "strategy": "keep_latest"})
    row = native.get(f"/threads/{thread}").json()
    assert "ttl" not in row
    shown = ttl_of(native, thread)
    assert shown["strategy"] == "keep_latest" and shown["ttl_minutes"] == 30
    assert when(shown["expires_at"]) == when(row["updated_at"]) + datetime.timedelta(minutes=30)
    assert ttl_of(native, native.thread(ttl=1.5))["ttl_minutes"] == 1.5
    assert ttl_of(native, native.thread()) is None
    found = native.post("/threads/search", {"ids": [thread], "select": ["thread_id", "ttl"]}).json()
    assert found == [{"thread_id": thread, "ttl": shown}]
    wrong = native.get(f"/threads/{thread}?include=values")
    assert wrong.status_code == 422 and wrong.json()["detail"].startswith("include:")


def test_every_change_puts_the_end_off(native):
    thread = native.thread(ttl=30)
    ends = [when(ttl_of(native, thread)["expires_at"])]
    native.http.patch(f"/threads/{thread}", json={"metadata": {"a": 1}})
    ends.append(when(ttl_of(native, thread)["expires_at"]))
    native.wait_run("native_echo", {"text": "x"}, thread)
    ends.append(when(ttl_of(native, thread)["expires_at"]))
    assert ends[0] < ends[1] < ends[2]
    assert ends[2] == when(native.get(f"/threads/{thread}").json()["updated_at"]) + datetime.timedelta(minutes=30)


def test_a_ttl_is_changed_and_taken_away(native):
    thread = native.thread()
    assert native.http.patch(f"/threads/{thread}", json={"ttl": {"ttl": 5}}).status_code == 200
    assert ttl_of(native, thread)["ttl_minutes"] == 5 and ttl_of(native, thread)["strategy"] == "delete"
    native.http.patch(f"/threads/{thread}", json={"metadata": {}})
    assert ttl_of(native, thread)["ttl_minutes"] == 5
    native.http.patch(f"/threads/{thread}", json={"ttl": None})
    assert ttl_of(native, thread) is None


@pytest.mark.parametrize("wrong", [0, -1, "5", {}, {"ttl": 0}, {"ttl": 1, "strategy": "bad"}, {"ttl": 1e12}, True, [1]])
def test_a_bad_ttl_is_refused(native, wrong):
    for answer in (native.post("/threads", {"ttl": wrong}),
                   native.http.patch(f"/threads/{native.thread()}", json={"ttl": wrong})):
        assert answer.status_code == 422 and "ttl" in answer.json()["detail"], answer.text


def test_the_sdk_sets_ttls(native):
    client = get_sync_client(url=native.url, api_key=None)
    thread = client.threads.create(ttl=30)["thread_id"]
    assert client.threads.get(thread, include=["ttl"])["ttl"]["ttl_minutes"] == 30
    client.threads.update(thread, metadata={}, ttl={"ttl": 10, "strategy": "keep_latest"})
    assert client.threads.get(thread, include=["ttl"])["ttl"]["strategy"] == "keep_latest"


def test_threads_go_when_their_time_is_over(serve):
    server = serve(ttl_config())
    stays, goes = server.thread(), server.thread(ttl=SOON)
    server.wait_run("native_echo", {"text": "x"}, goes)
    until(lambda: gone(server, goes), "the thread to go")
    assert server.get(f"/threads/{goes}/state").status_code == 404 and not gone(server, stays)


def test_a_thread_with_an_open_run_waits_for_its_end(serve):
    server = serve(ttl_config())
    thread = server.thread(ttl=SOON / 10)
    other = server.thread(ttl=SOON / 10)
    run = server.create_run("native_sleep", {"seconds": 1.5}, thread)
    until(lambda: gone(server, other), "the idle thread to go")
    assert server.run(run)["status"] in ("pending", "running")
    assert server.get(f"/threads/{thread}/runs/{run['run_id']}/join").json()["seconds"] == 1.5
    until(lambda: gone(server, thread), "the thread to go after its run")


def test_the_default_is_for_every_new_thread(serve):
    server = serve(ttl_config(default_ttl=60, strategy="keep_latest"))
    made = str(uuid.uuid4())
    server.wait_run("native_echo", {"text": "x"}, made, if_not_exists="create")
    kept = server.post("/runs/wait", {"assistant_id": "native_echo", "input": {}, "on_completion": "keep"})
    kept = server.get(kept.headers["content-location"]).json()["thread_id"]
    for thread in (server.thread(), made, kept):
        shown = ttl_of(server, thread)
        assert shown["ttl_minutes"] == 60 and shown["strategy"] == "keep_latest"
    assert ttl_of(server, server.thread(ttl=None)) is None
    assert ttl_of(server, server.thread(ttl=5))["strategy"] == "delete"


def storage(server, thread):
    answer = server.get(f"/threads/{thread}/storage")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_keep_latest_keeps_the_state(serve):
    server = serve(wire_config(checkpointer={"ttl": {"sweep_interval_minutes": 0.005}}))
    thread = server.thread()
    for text in ("a", "b"):
        server.wait_run("echo", {"text": text}, thread)
    assert storage(server, thread)["checkpoints"]["count"] > 2
    state, row = server.get(f"/threads/{thread}/state").json(), server.get(f"/threads/{thread}").json()
    server.http.patch(f"/threads/{thread}", json={"ttl": {"ttl": SOON, "strategy": "keep_latest"}})
    until(lambda: storage(server, thread)["checkpoints"]["count"] == 1, "the checkpoints to go")
    assert server.get(f"/threads/{thread}/state").json() == state
    now = server.get(f"/threads/{thread}").json()
    assert now["values"] == row["values"] == {"text": "b", "out": "b"} and now["status"] == "idle"
    assert server.wait_run("echo", {"text": "c"}, thread)["out"] == "c"


def test_prune_deletes_or_keeps_the_latest(wire):
    client = get_sync_client(url=wire.url, api_key=None)
    threads = [wire.thread() for _ in range(3)]
    for thread in threads:
        wire.wait_run("echo", {"text": "a"}, thread)
        wire.wait_run("echo", {"text": "b"}, thread)
    state = wire.get(f"/threads/{threads[0]}/state").json()
    assert client.threads.prune([threads[0], str(uuid.uuid4()), threads[0]], strategy="keep_latest") == {"pruned_count": 1}
    assert storage(wire, threads[0])["checkpoints"]["count"] == 1
    assert wire.get(f"/threads/{threads[0]}/state").json() == state
    assert wire.wait_run("echo", {"text": "c"}, threads[0])["out"] == "c"
    assert client.threads.prune(threads[1:]) == {"pruned_count": 2}
    assert gone(wire, threads[1]) and gone(wire, threads[2]) and not gone(wire, threads[0])
    assert client.threads.prune(threads[1:]) == {"pruned_count": 0}


def test_prune_leaves_busy_threads_alone(native):
    idle, busy = native.thread(), native.thread()
    run = native.create_run("native_sleep", {"seconds": 0.5}, busy)
    for strategy in ("keep_latest", "delete"):
        answer = native.post("/threads/prune", {"thread_ids": [busy], "strategy": strategy})
        assert answer.json() == {"pruned_count": 0}
    assert native.post("/threads/prune", {"thread_ids": [busy, idle]}).json() == {"pruned_count": 1}
    assert native.get(f"/threads/{busy}/runs/{run['run_id']}/join").json()["seconds"] == 0.5


def test_a_bad_prune_is_refused(native):
    for body, named in (({}, "thread_ids"), ({"thread_ids": ["x"]}, "thread_ids[0]"), ({"thread_ids": [], "strategy": "all"}, "strategy"),
                        ({"thread_ids": [str(uuid.uuid4())] * 1001}, "thread_ids")):
        answer = native.post("/threads/prune", body)
        assert answer.status_code == 422 and named in answer.json()["detail"], answer.text
    assert native.post("/threads/prune", {"thread_ids": []}).json() == {"pruned_count": 0}


def test_the_storage_of_a_thread(wire):
    thread = wire.thread()
    empty = storage(wire, thread)
    assert empty == {"thread_id": thread, "total_bytes": 0, "checkpoints": {"count": 0, "bytes": 0},
                     "channel_values": {"count": 0, "bytes": 0, "by_channel": {}}, "pending_writes": {"count": 0, "bytes": 0}}
    wire.wait_run("echo", {"text": "x" * 10_000}, thread)
    one = storage(wire, thread)
    parts = [one[part] for part in ("checkpoints", "channel_values", "pending_writes")]
    assert one["total_bytes"] == sum(part["bytes"] for part in parts) > 20_000
    assert all(part["count"] > 0 for part in parts)
    channels = one["channel_values"]["by_channel"]
    assert 10_000 < channels["out"]["bytes"] < 10_100 and channels["out"]["versions"] == 1
    assert sum(each["versions"] for each in channels.values()) == one["channel_values"]["count"]
    assert sum(each["bytes"] for each in channels.values()) == one["channel_values"]["bytes"]
    assert wire.get(f"/threads/{uuid.uuid4()}/storage").status_code == 404
    assert wire.get("/threads/x/storage").status_code == 422


def test_deleted_threads_give_their_space_back(serve):
    server = serve(ttl_config())
    threads = []
    for _ in range(5):
        threads.append(server.thread())
        server.wait_run("native_echo", {"text": "x" * 2_000_000}, threads[-1])
    file = server.data_dir / "heddle.db"
    # The WAL comes into the file as it is checkpointed.
    full = until(lambda: (lambda size: size if size > 15_000_000 else None)(file.stat().st_size), "the file to be full")
    for thread in threads:
        assert server.http.delete(f"/threads/{thread}").status_code == 204
    until(lambda: file.stat().st_size < full / 4, "the file to shrink")
