# SPDX-License-Identifier: Apache-2.0
"""Searches by meaning: items that graphs and clients put, found by a query. The wire project's library.py makes the vectors."""
import asyncio
import json
import random
import sys
import uuid

import pytest
from langgraph.store.memory import InMemoryStore
from langgraph_sdk import get_client, get_sync_client

from server import WIRE, Server, wire_config
from waiting import until

GRAPHS = ("librarian", "librarian_sync", "librarian_blocking")


def library(embed="./library.py:embed", **index):
    graphs = {name: f"./library.py:{name}" for name in GRAPHS} | {"native_echo": "heddle:echo"}
    return wire_config(graphs=graphs, store={"index": {"dims": 5, "embed": embed, **index}})


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("library"), library()) as server:
        yield server


@pytest.fixture
def root():
    return uuid.uuid4().hex


def put(server, namespace, key, value, expect=204, **more):
    answer = server.http.put("/store/items", json={"namespace": namespace, "key": key, "value": value, **more})
    assert answer.status_code == expect, answer.text
    return answer


def found(server, prefix, query, **more):
    answer = server.post("/store/items/search", {"namespace_prefix": prefix, "query": query, **more})
    assert answer.status_code == 200, answer.text
    return [(item["key"], item["score"]) for item in answer.json()["items"]]


def keys(server, prefix, query, **more):
    return [key for key, _ in found(server, prefix, query, **more)]


@pytest.mark.parametrize("embed", ["embed", "aembed", "model"])
def test_graphs_and_clients_find_each_others_items(serve, embed, root):
    server = serve(library(f"./library.py:{embed}"), workers=1)
    put(server, [root], "http", {"text": "tea tea coffee"})
    puts = [{"namespace": [root], "key": "graph", "value": {"text": "coffee"}}]
    searches = [{"prefix": [root], "query": "tea"}, {"prefix": [root], "query": "coffee", "limit": 1}]
    for graph in GRAPHS:
        by_tea, by_coffee = server.wait_run(graph, {"puts": puts, "searches": searches})["found"]
        assert [key for key, _ in by_tea] == ["http", "graph"] and by_tea[0][1] > 0.85 > by_tea[1][1]
        assert [key for key, _ in by_coffee] == ["graph"] and by_coffee[0][1] > 0.99
    assert keys(server, [root], "coffee") == ["graph", "http"]


def test_the_score_is_the_cosine_and_what_has_no_vector_comes_last(shelf, root):
    put(shelf, [root, "a"], "tea", {"text": "tea"})
    put(shelf, [root, "b"], "both", {"text": "tea coffee"})
    put(shelf, [root, "b"], "boat", {"text": "boat"})
    put(shelf, [root, "b"], "old", {"text": "tea"}, index=False)
    put(shelf, [root, "a"], "new", {"text": "tea"}, index=["gone"])
    results = found(shelf, [root], "tea")
    assert [key for key, _ in results] == ["tea", "both", "boat", "new", "old"]
    assert [score for _, score in results[3:]] == [None, None]
    tea, both, boat = (score for _, score in results[:3])
    assert tea == pytest.approx(1, abs=1e-6)
    assert both == pytest.approx(1.01 / (1.01 * 2.01) ** 0.5, abs=1e-6)
    assert boat == pytest.approx(0.01 / 1.01, abs=1e-6)
    assert keys(shelf, [root, "b"], "tea") == ["both", "boat", "old"]
    assert keys(shelf, [root], "tea", limit=2) == ["tea", "both"]
    assert keys(shelf, [root], "tea", limit=2, offset=2) == ["boat", "new"]
    assert keys(shelf, [root], "tea", filter={"text": {"$ne": "tea"}}) == ["both", "boat"]
    assert keys(shelf, [root], "tea", filter={"text": "tea"}) == ["tea", "new", "old"]
    # Without a query, or an empty one: by time, without scores.
    assert found(shelf, [root], "") == found(shelf, [root], None) == [(key, None) for key in ("new", "old", "boat", "both", "tea")]


def test_index_and_fields_say_which_texts_count(serve, root):
    server = serve(library(fields=["title", "parts[*]"]), workers=1)
    value = {"title": "tea", "parts": ["coffee", "train"], "other": "boat"}
    put(server, [root], "default", value)
    put(server, [root], "other", value, index=["other"])
    for query, best in (("tea", "default"), ("coffee", "default"), ("train", "default"), ("boat", "other")):
        results = found(server, [root], query)
        assert len(results) == 2 and results[0][0] == best and results[0][1] > 0.99 > results[1][1], query


def test_a_put_replaces_vectors_and_a_delete_takes_them_along(shelf, root):
    put(shelf, [root], "k", {"text": "tea"})
    put(shelf, [root], "k", {"text": "boat"})
    assert found(shelf, [root], "tea")[0][1] < 0.1 and found(shelf, [root], "boat")[0][1] > 0.99
    put(shelf, [root], "k", {"text": "boat"}, index=False)
    assert found(shelf, [root], "boat") == [("k", None)]
    put(shelf, [root], "k", {"text": "boat"})
    shelf.http.request("DELETE", "/store/items", json={"namespace": [root], "key": "k"})
    assert found(shelf, [root], "boat") == []
    put(shelf, [root], "short", {"text": "boat"}, ttl=1e-6)  # 60 µs
    assert found(shelf, [root], "boat") == []


def test_vectors_survive_a_restart_and_a_kill(serve, root):
    server = serve(library(), workers=1)
    put(server, [root], "tea", {"text": "tea"})
    server.wait_run("librarian", {"puts": [{"namespace": [root], "key": "boat", "value": {"text": "boat"}}]})
    before = found(server, [root], "boat")
    assert [key for key, _ in before] == ["boat", "tea"]
    server.kill()
    server.start()
    assert found(server, [root], "boat") == before
    server.stop()
    server.start()
    assert found(server, [root], "boat") == before


def test_another_dims_leaves_older_items_without_a_score(serve, root):
    server = serve(library(), workers=1)
    put(server, [root], "old", {"text": "boat"})
    server.stop()
    config = library(dims=6)  # library.py gives six numbers for texts with "long"
    server.config.write_text(json.dumps(config))
    server.start()
    put(server, [root], "new", {"text": "a long train"})
    results = found(server, [root], "long boat")
    assert [key for key, _ in results] == ["new", "old"] and results[0][1] is not None and results[1][1] is None
    put(server, [root], "old", {"text": "a long boat"})
    assert keys(server, [root], "long boat") == ["old", "new"]


@pytest.mark.parametrize("text, problem", [
    ("explode", "store.index.embed failed: ValueError: boom"),
    ("a long text", "store.index.embed gave a vector of 6 numbers, store.index.dims is 5"),
])
def test_a_function_that_fails_is_told_and_nothing_is_written(shelf, root, text, problem):
    put(shelf, [root], "k", {"text": "tea"})
    answer = put(shelf, [root], "k", {"text": text}, expect=503)
    assert answer.json() == {"detail": problem} and answer.headers["retry-after"]
    answer = shelf.post("/store/items/search", {"namespace_prefix": [root], "query": text})
    assert answer.status_code == 503 and answer.json() == {"detail": problem}
    puts = [{"namespace": [root], "key": key, "value": {"text": value}} for key, value in (("a", "tea"), ("b", text))]
    failed = shelf.wait_run("librarian", {"puts": puts})
    assert failed == {"__error__": {"error": "EmbeddingError", "message": problem}}
    assert found(shelf, [root], "tea") == [("k", pytest.approx(1, abs=1e-6))]
    put(shelf, [root], "k", {"text": text}, index=False)


def test_what_cannot_be_loaded_is_told(serve, root):
    server = serve(library("./library.py:gone"), workers=1)
    problem = put(server, [root], "k", {"text": "tea"}, expect=503).json()["detail"]
    assert problem.startswith("store.index.embed cannot be loaded: AttributeError: ") and "has no 'gone'" in problem
    assert server.post("/store/items/search", {"query": "tea"}).json()["detail"] == problem
    until(lambda: "store.index_load_failed" in server.log(), "the load failure in the log")
    put(server, [root], "k", {"text": "tea"}, index=False)
    assert server.post("/store/items/search", {"namespace_prefix": [root]}).json()["items"][0]["key"] == "k"


def test_without_a_worker_nothing_is_written(serve, root):
    server = serve(library(), workers=1, python="/bin/false")
    put(server, [root], "kept", {"text": "tea"}, index=False)
    answer = put(server, [root], "k", {"text": "tea"}, expect=503)
    assert answer.json() == {"detail": "No worker is ready"} and answer.headers["retry-after"]
    assert server.post("/store/items/search", {"namespace_prefix": [root], "query": "tea"}).status_code == 503
    items = server.post("/store/items/search", {"namespace_prefix": [root]}).json()["items"]
    assert [item["key"] for item in items] == ["kept"]


def test_results_are_those_of_langgraphs_own_store(shelf, root):
    """InMemoryStore with the same function: the same items and scores. What has no vector comes last in both."""
    sys.path.insert(0, str(WIRE))
    try:
        import library as vectors
    finally:
        sys.path.remove(str(WIRE))
    own = InMemoryStore(index={"dims": 5, "embed": vectors.embed, "fields": ["$"]})
    randomly = random.Random(11)
    subjects = (*vectors.SUBJECTS, "nothing")
    for n in range(60):
        namespace = (root, randomly.choice("ab"), randomly.choice("xyz"))
        value = {"n": n, "text": " ".join(randomly.choices(subjects, k=randomly.randint(1, 8)))}
        index = randomly.choice((None, None, False, ["text"], ["n", "text"]))
        put(shelf, list(namespace), str(n), value, index=index)
        own.put(namespace, str(n), value, index=index)
    for prefix, query, given in ((("a",), "tea boat", None), ((), "coffee", {"n": {"$lt": 40}}), (("b", "x"), "train train tea", None)):
        theirs = own.search((root, *prefix), query=query, filter=given, limit=100)
        ours = found(shelf, [root, *prefix], query, limit=100, filter=given)
        assert {key for key, _ in ours} == {item.key for item in theirs} and len(ours) == len(theirs) > 3
        assert [score for _, score in ours] == pytest.approx([item.score for item in theirs], abs=1e-6)
        scores = {item.key: item.score for item in theirs}
        assert [score for _, score in ours] == [pytest.approx(scores[key], abs=1e-6) for key, _ in ours]


def test_native_projects_get_a_worker_for_their_index(serve, root):
    config = library()
    config["graphs"] = {"native_echo": "heddle:echo"}
    server = serve(config, workers=1)
    put(server, [root], "k", {"text": "tea"})
    assert found(server, [root], "tea") == [("k", pytest.approx(1, abs=1e-6))]


def test_the_official_sdk(shelf, root):
    store = get_sync_client(url=shelf.url).store
    store.put_item([root, "a"], key="tea", value={"text": "tea", "title": "boat"}, index=["text"])
    store.put_item([root, "b"], key="boat", value={"text": "boat"})
    store.put_item([root, "b"], key="hidden", value={"text": "boat"}, index=False)
    items = store.search_items([root], query="boat", limit=5)["items"]
    assert [item["key"] for item in items] == ["boat", "tea", "hidden"]
    assert items[0]["score"] == pytest.approx(1, abs=1e-6) and items[1]["score"] < 0.1 and items[2]["score"] is None

    async def again():
        client = get_client(url=shelf.url)
        await client.store.put_item([root, "c"], key="train", value={"text": "train"})
        return await client.store.search_items([root], query="train", filter={"text": {"$ne": "tea"}}, limit=2)

    items = asyncio.run(again())["items"]
    assert [item["key"] for item in items] == ["train", "boat"]
    # The graph finds what the clients put, and they find what it puts.
    puts = [{"namespace": [root, "d"], "key": "graph", "value": {"text": "coffee"}}]
    values = shelf.wait_run("librarian", {"puts": puts, "searches": [{"prefix": [root], "query": "train", "limit": 1}]})
    assert values["found"][0][0][0] == "train"
    assert store.search_items([root], query="coffee", limit=1)["items"][0]["key"] == "graph"
