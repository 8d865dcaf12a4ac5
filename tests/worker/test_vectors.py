# SPDX-License-Identifier: Apache-2.0
"""The store's index: what the worker turns into vectors, and what happens when it cannot."""

import base64
import json
import struct

import pytest
from conftest import WIRE
from heddle_worker.vectors import ITEM_VECTORS_MAX

LIBRARY = str(WIRE / "library.py")
GRAPHS = ("librarian", "librarian_sync", "librarian_blocking")
TEA, COFFEE, BOTH = [1, 0, 0, 0, 0.1], [0, 1, 0, 0, 0.1], [1, 1, 0, 0, 0.1]


def index(export="embed", **more):
    return {"dims": 5, "path": LIBRARY, "export": export, "fields": ["$"], **more}


@pytest.fixture
def library(start_worker):
    def start(**more):
        return start_worker({name: f"{LIBRARY}:{name}" for name in GRAPHS}, index=index(**more))

    return start


def numbers(text):
    raw = base64.b64decode(text, validate=True)
    return [round(number, 6) for number in struct.unpack(f"<{len(raw) // 4}f", raw)]


def batches(server):
    return [json.loads(body)["ops"] for header, body in server.frames if header.get("method") == "store.batch"]


def put(key, value, **more):
    return {"namespace": ["s"], "key": key, "value": value, **more}


def ask(server, **request):
    _, body = server.call({"method": "store.embed"}, json.dumps(request).encode())
    return [numbers(vector) for vector in json.loads(body)["vectors"]]


@pytest.mark.parametrize("export", ["embed", "aembed", "model", "model.embed_documents"])
def test_a_batch_carries_the_vectors_of_its_puts_and_queries(library, export):
    server = library(export=export).connection
    puts = [put("a", {"text": "tea"}), put("b", {"text": "coffee and tea"}), put("c", None)]
    searches = [{"prefix": ["s"], "query": "coffee"}, {"prefix": ["s"], "query": ""}, {"prefix": ["s"]}]
    for graph in GRAPHS:
        run = server.start_run(graph, {"puts": puts, "searches": searches}).wait()
        assert run.status == "success", run.error
        ops = batches(server)[-1]
        assert [[numbers(vector) for vector in op.get("vectors", [])] for op in ops[:3]] == [[TEA], [BOTH], []]
        assert numbers(ops[3]["vector"]) == COFFEE
        assert not any("vector" in op for op in ops[4:]) and not any("vectors" in op for op in ops[2:])
    assert len(batches(server)) == len(GRAPHS)


def test_fields_and_index_say_which_texts_count(library):
    server = library(fields=["title", "parts[*].text"]).connection
    value = {"title": "tea", "parts": [{"text": "coffee"}, {"text": "tea"}, {"n": 1}], "other": "boat"}
    more = [put("other", value, index=["other"]), put("all", value, index=["$"]), put("none", value, index=False)]
    server.start_run("librarian", {"puts": [put("default", value), *more]}).wait()
    [ops] = batches(server)
    found = {op["key"]: [numbers(vector) for vector in op.get("vectors", [])] for op in ops}
    boat, everything = [0, 0, 0, 1, 0.1], [2, 1, 0, 1, 0.1]
    assert found == {"default": [TEA, COFFEE], "other": [boat], "all": [everything], "none": []}


def test_the_server_asks_for_a_query_or_the_texts_of_a_value(library):
    server = library(fields=["title"]).connection
    assert ask(server, query="tea") == [TEA]
    assert ask(server, value={"title": "tea", "text": "coffee"}, index=None) == [TEA]
    assert ask(server, value={"title": "tea", "text": "coffee"}, index=["title", "text"]) == [TEA, COFFEE]
    assert ask(server, value={"title": "tea"}, index=["gone"]) == []


BROKEN = """
import math
def raises(texts): raise ValueError("boom")
def exits(texts): raise SystemExit(3)
def short(texts): return [[1.0, 2.0] for _ in texts]
def few(texts): return []
def nothing(texts): return None
def words(texts): return [["a"] * 5 for _ in texts]
def nan(texts): return [[math.nan] * 5 for _ in texts]
def huge(texts): return [[1e300] * 5 for _ in texts]
number = 7
"""
FAULTS = {
    "raises": "store.index.embed failed: ValueError: boom",
    "exits": "store.index.embed failed: SystemExit: 3",
    "short": "store.index.embed gave a vector of 2 numbers, store.index.dims is 5",
    "few": "store.index.embed gave 0 vectors for 1 texts",
    "nothing": "store.index.embed gave no list of vectors",
    "words": "store.index.embed gave a vector that is no list of float32 numbers",
    "nan": "store.index.embed gave a vector with a number that is not finite",
    "huge": "store.index.embed gave a vector that is no list of float32 numbers",
}


@pytest.fixture
def broken(start_worker, tmp_path):
    file = tmp_path / "broken.py"
    file.write_text(BROKEN)

    def start(export):
        graphs = {name: f"{LIBRARY}:{name}" for name in GRAPHS}
        return start_worker(graphs, index=index(export, path=str(file)))

    return start


@pytest.mark.parametrize("export", FAULTS)
def test_a_function_that_fails_is_the_nodes_error_and_nothing_is_sent(broken, export):
    server = broken(export).connection
    for graph in GRAPHS:
        run = server.start_run(graph, {"puts": [put("a", {"text": "tea"})]}).wait()
        assert run.error == {"error": "EmbeddingError", "message": FAULTS[export]}
    with pytest.raises(RuntimeError, match=f"^EmbeddingError: {FAULTS[export]}$"):
        ask(server, value={"text": "tea"}, index=None)
    assert batches(server) == []
    assert server.start_run("librarian", {"puts": [put("a", {"text": "tea"}, index=False)]}).wait().status == "success"
    [[op]] = batches(server)
    assert "vectors" not in op


@pytest.mark.parametrize(
    "settings, fault",
    [
        ({"export": "gone"}, "AttributeError"),
        ({"export": "number"}, "TypeError"),
        ({"path": "no_such_module"}, "ModuleNotFoundError"),
        ({"path": "/no/such/file.py"}, "FileNotFoundError"),
        ({"model": "openai:text-embedding-3-small"}, "ValueError"),  # langchain is not installed here
    ],
)
def test_an_index_that_does_not_load_is_reported_and_only_what_needs_it_fails(start_worker, tmp_path, settings, fault):
    (tmp_path / "broken.py").write_text(BROKEN)
    made = {**index(path=str(tmp_path / "broken.py")), **settings}
    worker = start_worker({"librarian": f"{LIBRARY}:librarian"}, index=made)
    server = worker.connection
    assert worker.index_fault["error"]["error"] == fault
    run = server.start_run("librarian", {"puts": [put("a", {"text": "tea"})]}).wait()
    assert run.error["error"] == "EmbeddingError"
    assert run.error["message"].startswith(f"store.index.embed cannot be loaded: {fault}: ")
    run = server.start_run("librarian", {"searches": [{"prefix": [], "query": "tea"}]}).wait()
    assert run.error["error"] == "EmbeddingError"
    run = server.start_run("librarian", {"puts": [put("a", {"text": "tea"}, index=False)], "searches": [{"prefix": []}]})
    assert run.wait().status == "success"


def test_an_item_has_at_most_so_many_texts(library):
    server = library(fields=["texts[*]"]).connection
    most = [f"text {n}" for n in range(ITEM_VECTORS_MAX)]
    assert len(ask(server, value={"texts": most}, index=None)) == ITEM_VECTORS_MAX
    with pytest.raises(RuntimeError, match="an item has 1001 texts to index, at most 1000 are possible"):
        ask(server, value={"texts": [*most, "one more"]}, index=None)


def test_without_an_index_a_query_is_passed_on_as_it_is(start_worker):
    worker = start_worker({"librarian": f"{LIBRARY}:librarian"})
    server = worker.connection
    searches = [{"prefix": ["s"], "query": "tea"}]
    run = server.start_run("librarian", {"puts": [put("a", {"text": "tea"})], "searches": searches}).wait()
    assert run.status == "success" and worker.index_fault is None
    [ops] = batches(server)
    assert not any("vectors" in op or "vector" in op for op in ops)
    with pytest.raises(RuntimeError, match="store.index is not configured"):
        ask(server, query="tea")
