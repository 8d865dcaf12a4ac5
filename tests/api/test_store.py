# SPDX-License-Identifier: Apache-2.0
"""/store: items over HTTP, and that graphs see the same ones at once."""
import time
import uuid

import pytest
from langgraph_sdk import get_sync_client

from server import wire_config


@pytest.fixture
def root():
    """A label of this test's own."""
    return uuid.uuid4().hex


def put(server, namespace, key, value, **more):
    return server.http.put("/store/items", json={"namespace": namespace, "key": key, "value": value, **more})


def get(server, namespace, key):
    answer = server.get("/store/items", params={"namespace": ".".join(namespace), "key": key})
    assert answer.status_code == 200, answer.text
    return answer.json()


def search(server, prefix, **more):
    answer = server.post("/store/items/search", {"namespace_prefix": prefix, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_an_item_is_put_read_replaced_and_deleted(native, root):
    answer = put(native, [root, "b"], "k", {"x": 18446744073709551616, "y": 1e5, "é": "☃"})
    assert answer.status_code == 204 and answer.content == b""
    item = get(native, [root, "b"], "k")
    assert list(item) == ["namespace", "key", "value", "created_at", "updated_at"]
    assert item["namespace"] == [root, "b"] and item["key"] == "k"
    assert item["value"] == {"x": 18446744073709551616, "y": 1e5, "é": "☃"}
    put(native, [root, "b"], "k", {"x": 2})
    again = get(native, [root, "b"], "k")
    assert again["value"] == {"x": 2} and again["created_at"] == item["created_at"] and again["updated_at"] > item["updated_at"]
    for _ in range(2):  # also when it is not there any more
        gone = native.http.request("DELETE", "/store/items", json={"namespace": [root, "b"], "key": "k"})
        assert gone.status_code == 204 and gone.content == b""
        assert get(native, [root, "b"], "k") is None


def test_labels_may_come_joined_or_each_alone(native, root):
    put(native, [root, "b"], "k", {})
    assert native.get(f"/store/items?namespace={root}&namespace=b&key=k").json()["namespace"] == [root, "b"]


def test_search_filters_pages_and_orders(native, root):
    for n in range(5):
        put(native, [root, "even" if n % 2 == 0 else "odd"], str(n), {"n": n, "text": f"t{n}"})
    keys = lambda *args, **more: [item["key"] for item in search(native, *args, **more)]
    assert keys([root]) == ["4", "3", "2", "1", "0"]
    assert keys([root, "odd"]) == ["3", "1"]
    assert keys([root], limit=2, offset=1) == ["3", "2"]
    assert keys([root], filter={"n": 2}) == ["2"]
    assert keys([root], filter={"n": {"$gte": 1, "$lt": 3}}) == ["2", "1"]
    assert keys([root], filter={"n": {"$gt": 2}, "text": {"$ne": "t4"}}) == ["3"]
    assert keys([root], filter={"n": {"$lte": 0}}) == ["0"] and keys([root], filter={"n": {"$eq": 1}}) == ["1"]
    assert [item["score"] for item in search(native, [root])] == [None] * 5
    everything = native.post("/store/items/search", {"limit": 1000})
    assert everything.status_code == 200 and len(everything.json()["items"]) >= 5


def test_namespaces_are_listed(native, root):
    for labels in ([root, "a", "x"], [root, "a", "y"], [root, "b", "x", "deep"]):
        put(native, labels, "k", {})

    def listed(**more):
        answer = native.post("/store/namespaces", {"prefix": [root], **more})
        assert answer.status_code == 200, answer.text
        return [labels[1:] for labels in answer.json()["namespaces"]]

    assert listed() == [["a", "x"], ["a", "y"], ["b", "x", "deep"]]
    assert listed(max_depth=2) == [["a"], ["b"]]
    assert listed(suffix=["x"]) == [["a", "x"]]
    assert listed(prefix=[root, "*", "x"]) == [["a", "x"], ["b", "x", "deep"]]
    assert listed(limit=1, offset=1) == [["a", "y"]]
    native.http.request("DELETE", "/store/items", json={"namespace": [root, "a", "x"], "key": "k"})
    assert listed(max_depth=3) == [["a", "y"], ["b", "x"]]  # nothing is left of what is gone


@pytest.mark.parametrize("method, path, body, field", [
    ("PUT", "/store/items", {"namespace": [], "key": "k", "value": {}}, "namespace"),
    ("PUT", "/store/items", {"namespace": ["langgraph"], "key": "k", "value": {}}, "namespace"),
    ("PUT", "/store/items", {"namespace": ["a.b"], "key": "k", "value": {}}, "namespace"),
    ("PUT", "/store/items", {"namespace": ["a", ""], "key": "k", "value": {}}, "namespace"),
    ("PUT", "/store/items", {"namespace": "a", "key": "k", "value": {}}, "namespace"),
    ("PUT", "/store/items", {"namespace": ["a"], "key": "k", "value": 1}, "value"),
    ("PUT", "/store/items", {"namespace": ["a"], "key": "k"}, "value"),
    ("PUT", "/store/items", {"namespace": ["a"], "value": {}}, "key"),
    ("PUT", "/store/items", {"namespace": ["a"], "key": "k", "value": {}, "ttl": 0}, "ttl"),
    ("PUT", "/store/items", {"namespace": ["a"], "key": "k", "value": {}, "ttl": "1"}, "ttl"),
    ("DELETE", "/store/items", {"namespace": ["a"]}, "key"),
    ("GET", "/store/items?namespace=a", None, "key"),
    ("GET", "/store/items?namespace=a..b&key=k", None, "namespace"),
    ("POST", "/store/items/search", {"namespace_prefix": ["a.b"]}, "namespace_prefix"),
    ("POST", "/store/items/search", {"filter": {"x": {"$like": 1}}}, "$like"),
    ("POST", "/store/items/search", {"filter": 1}, "filter"),
    ("POST", "/store/items/search", {"limit": 0}, "limit"),
    ("POST", "/store/namespaces", {"max_depth": 0}, "max_depth"),
    ("POST", "/store/namespaces", {"suffix": [""]}, "suffix"),
])
def test_bad_input_is_422_and_names_the_field(native, method, path, body, field):
    answer = native.http.request(method, path, json=body)
    assert answer.status_code == 422 and field in answer.json()["detail"], answer.text


def test_an_item_with_a_time_to_live_is_there_until_then(native, root):
    put(native, [root], "long", {}, ttl=60)
    put(native, [root], "short", {}, ttl=1e-6)  # 60 µs
    assert get(native, [root], "long") and get(native, [root], "short") is None
    assert [item["key"] for item in search(native, [root])] == ["long"]


def test_graphs_and_http_see_each_others_items_at_once(wire, root):
    """The wire project's `memory` puts `value` into ("mem", "notes") and lists what is there."""
    notes = ["mem", "notes"]
    put(wire, notes, f"{root}-http", {"v": "from http"})
    values = wire.wait_run("memory", {"key": f"{root}-graph", "value": "from the graph"})
    assert values["seen"][:2] == [f"{root}-graph", f"{root}-http"]
    assert get(wire, notes, f"{root}-graph")["value"] == {"v": "from the graph"}


def test_the_official_sdk(native, root):
    store = get_sync_client(url=native.url).store
    assert store.put_item([root, "a"], key="k", value={"x": 1}, index=False, ttl=5) is None
    assert store.get_item([root, "a"], key="k")["value"] == {"x": 1}
    found = store.search_items([root], filter={"x": {"$gt": 0}}, limit=5, query="x")
    assert [item["key"] for item in found["items"]] == ["k"]
    assert store.list_namespaces(prefix=[root], max_depth=2)["namespaces"] == [[root, "a"]]
    store.delete_item([root, "a"], key="k")
    assert store.get_item([root, "a"], key="k") is None


def test_reading_prolongs_the_life_of_an_item(serve):
    """`store.ttl`: items get 3 s; what is read lives on, what is not is gone."""
    config = wire_config(store={"ttl": {"default_ttl": 0.05}})
    server = serve(config, workers=1)
    notes = ["mem", "notes"]
    server.wait_run("memory", {"key": "unread", "value": 1})
    put(server, notes, "asked not to", {})
    put(server, notes, "read", {})
    put(server, ["other"], "searched", {})
    put(server, ["other"], "stays", {}, ttl=60)
    began = time.monotonic()
    while time.monotonic() - began < 4:
        assert get(server, notes, "read") is not None
        assert [item["key"] for item in search(server, ["other"])] == ["stays", "searched"]
        server.get("/store/items", params={"namespace": "mem.notes", "key": "asked not to", "refresh_ttl": "false"})
        time.sleep(0.1)
    for key in ("unread", "asked not to"):
        assert get(server, notes, key) is None, key
    assert get(server, notes, "read") is not None
    # A graph's reading counts as well: `memory` lists what is there.
    while time.monotonic() - began < 8:
        assert server.wait_run("memory", {})["seen"] == ["read"]
        time.sleep(0.3)
