# SPDX-License-Identifier: Apache-2.0
"""The store inside nodes: blocking and async, from threads, the event loop, and other loops."""


def test_store_in_every_way(server):
    run = server.start_run("stores", {"what": "a"}).wait()
    assert run.status == "success", run.error
    values, found, gone, namespaces, awaited, blocking, created_at, elsewhere = run.state["values"]["out"]
    assert values == {"n": 1, "text": "sync"} and found == ["b"] and gone is None
    assert ["s", "sync"] in namespaces
    assert awaited == blocking == elsewhere == {"v": 1}
    assert created_at.endswith("+00:00")


def test_batches_carry_the_fence(server):
    run = server.start_run("memory", {"key": "a", "value": 1}).wait()
    assert run.state["values"]["seen"] == ["a"]
    batches = [h for h, _ in server.frames if h["method"] == "store.batch" and h["run_id"] == run.run_id]
    assert len(batches) == 2 and all(h["attempt"] == 1 for h in batches)


def test_a_refused_batch_is_the_nodes_error(server):
    server.refusals["store.batch"] = lambda header: {"type": "Storage", "message": "no space"}
    run = server.start_run("memory", {"key": "a", "value": 1}).wait()
    assert run.error == {"error": "Storage", "message": "no space"}
