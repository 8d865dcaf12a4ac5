# SPDX-License-Identifier: Apache-2.0
"""Searches by meaning: items that graphs and clients put, found by a query. The wire project's library.py makes the vectors."""
import uuid

import pytest
from langgraph_sdk import get_client, get_sync_client

from server import wire_config

GRAPHS = ("librarian", "librarian_sync", "librarian_blocking")
PROBLEM = "store.index.embed failed: ValueError: boom"


def library(embed="./library.py:embed", **index):
    graphs = {name: f"./library.py:{name}" for name in GRAPHS} | {"native_echo": "heddle:echo"}
    return wire_config(graphs=graphs, store={"index": {"dims": 5, "embed": embed, **index}})


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    from server import Server

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


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("embed", ["embed", "aembed", "model"])
def test_graphs_and_clients_find_each_others_items(serve, embed, graph, root):
    server = serve(library(f"./library.py:{embed}"), workers=1)
    put(server, [root], "http", {"text": "tea tea coffee"})
    puts = [{"namespace": [root], "key": "graph", "value": {"text": "coffee"}}]
    searches = [{"prefix": [root], "query": "tea"}, {"prefix": [root], "query": "coffee", "limit": 1}]
    by_tea, by_coffee = server.wait_run(graph, {"puts": puts, "searches": searches})["found"]
    assert [key for key, _ in by_tea] == ["http", "graph"] and by_tea[0][1] > 0.85 > by_tea[1][1]
    assert [key for key, _ in by_coffee] == ["graph"] and by_coffee[0][1] > 0.99
    assert keys(server, [root], "coffee") == ["graph", "http"]
