# SPDX-License-Identifier: Apache-2.0
"""What an assistant's graph looks like: drawing, schemas, subgraphs; by id and by the graph's name."""
import time

import pytest
from langgraph_sdk import get_sync_client

from server import SLOW, wire_config

SCHEMAS = ["input_schema", "output_schema", "state_schema", "config_schema", "context_schema"]


def get(server, path):
    answer = server.get(f"/assistants/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def system_id(server, graph):
    found = server.post("/assistants/search", {"graph_id": graph, "metadata": {"created_by": "system"}}).json()
    return found[0]["assistant_id"]


def test_a_drawing_as_the_reference_gives_it(wire):
    assert get(wire, "parent/graph") == {
        "nodes": [{"id": "__start__", "type": "runnable", "data": {"name": "__start__"}},
                  {"id": "child", "type": "runnable", "data": {"name": "child"}},
                  {"id": "fin", "type": "runnable", "data": {"name": "fin"}}, {"id": "__end__"}],
        "edges": [{"source": "__start__", "target": "child"}, {"source": "child", "target": "fin"}, {"source": "fin", "target": "__end__"}]}
    assert get(wire, f"{system_id(wire, 'parent')}/graph") == get(wire, "parent/graph")


def test_xray_draws_subgraphs(wire):
    def nodes(query):
        return [node["id"] for node in get(wire, f"parent/graph{query}")["nodes"]]

    inside = ["__start__", "fin", "__end__", "child:sub_a", "child:sub_b"]
    assert nodes("?xray=true") == inside and nodes("?xray=1") == inside
    assert nodes("?xray=false") == nodes("?xray=0") == nodes("") == ["__start__", "child", "fin", "__end__"]
    for bad in ("bad", "-1", "1.5"):
        answer = wire.get(f"/assistants/parent/graph?xray={bad}")
        assert answer.status_code == 422 and "xray" in answer.json()["detail"]


def test_schemas(wire):
    found = get(wire, f"{system_id(wire, 'echo')}/schemas")
    assert list(found) == ["graph_id", *SCHEMAS] and found["graph_id"] == "echo"
    assert set(found["state_schema"]["properties"]) == {"text", "out"}
    assert get(wire, "echo/schemas") == found
    # This one has a context, which the reference cannot describe on this Python; what can be described is there.
    custom = get(wire, "custom/schemas")
    assert custom["graph_id"] == "custom" and {"n", "info"} <= set(custom["state_schema"]["properties"])


def test_subgraphs(wire):
    found = get(wire, "parent/subgraphs")
    assert list(found) == ["child"] and list(found["child"]) == SCHEMAS
    assert set(found["child"]["state_schema"]["properties"]) == {"text", "sub_out"}
    assert get(wire, "parent/subgraphs?recurse=true") == found
    assert get(wire, "parent/subgraphs/child") == found
    assert get(wire, "parent/subgraphs/none") == {}
    assert get(wire, "echo/subgraphs") == {}


def test_native_graphs_have_a_drawing_too(native):
    assert [node["id"] for node in get(native, "native_echo/graph")["nodes"]] == ["__start__", "native_echo", "__end__"]
    assert get(native, "native_echo/schemas") == {"graph_id": "native_echo", **dict.fromkeys(SCHEMAS), "config_schema": {}}
    assert get(native, "native_echo/subgraphs") == {}


def test_unknown_assistants_are_404(native):
    for path in ("nope/graph", "nope/schemas", "nope/subgraphs", "nope/subgraphs/x", "6ba7b821-9dad-11d1-80b4-00c04fd430c8/graph"):
        answer = native.get(f"/assistants/{path}")
        assert answer.status_code == 404 and "not found" in answer.json()["detail"], path


def test_the_second_answer_comes_from_memory_and_the_first_from_the_code_that_is_there(serve):
    server = serve(wire_config(), workers=1)
    path = f"/assistants/{system_id(server, 'agent')}/schemas"
    first = server.http.get(path, timeout=30 * SLOW)
    assert first.status_code == 200
    # The only worker is busy with a node that blocks its loop: only memory can answer.
    run = server.create_run("blocker", {"seconds": 3, "loop": True})
    server.until_status(run, "running")
    began = time.monotonic()
    assert server.get(path).json() == first.json()
    assert time.monotonic() - began < 1
    server.until_status(run, "success")


def test_a_graph_that_does_not_load_says_why(serve):
    config = wire_config()
    config["graphs"]["broken"] = "./broken.py:graph"
    server = serve.make(config, workers=1)
    (server.folder / "broken.py").write_text("raise RuntimeError('kaput at import')\n")
    server.start()
    answer = server.http.get("/assistants/broken/schemas", timeout=30 * SLOW)
    assert answer.status_code == 400 and "kaput at import" in answer.json()["detail"], answer.text
    assert get(server, "echo/graph")["nodes"]


@pytest.mark.parametrize("graph", ["parent"])
def test_the_official_sdk(wire, graph):
    assistants = get_sync_client(url=wire.url, api_key=None).assistants
    assistant = system_id(wire, graph)
    assert [node["id"] for node in assistants.get_graph(assistant)["nodes"]] == ["__start__", "child", "fin", "__end__"]
    assert len(assistants.get_graph(assistant, xray=True)["nodes"]) == 5
    assert assistants.get_schemas(assistant)["graph_id"] == graph
    assert list(assistants.get_subgraphs(assistant)) == ["child"]
    assert list(assistants.get_subgraphs(assistant, namespace="child", recurse=True)) == ["child"]
