# SPDX-License-Identifier: Apache-2.0
"""What a graph sees of assistant, thread and run: metadata, config and context, merged."""


def info(wire, thread=None, **body):
    return wire.wait_run("custom", {"n": 0}, thread, **body)["info"]


def without_context(values):
    """Without the keys that the server and LangGraph add."""
    return {key: value for key, value in values.items()
            if not key.startswith(("langgraph_", "__", "checkpoint_", "heddle_", "ls_")) and key not in ("user_id", "run_attempt")}


def test_context_reaches_the_graph_and_is_mirrored_in_configurable(wire):
    thread = wire.thread()
    seen = info(wire, thread, context={"user_name": "u"}, metadata={"m": 1},
                config={"tags": ["tg"], "recursion_limit": 9, "metadata": {"cm": 2}})
    run = wire.get(f"/threads/{thread}/runs").json()[0]
    ids = {"run_id": run["run_id"], "thread_id": thread, "graph_id": "custom", "assistant_id": run["assistant_id"]}
    assert seen["context"] == {"user_name": "u"}
    assert without_context(seen["configurable"]) == {"user_name": "u", **ids}
    assert without_context(seen["metadata"]) == {"created_by": "system", "graph_id": "custom", "cm": "2", "m": "1",
                                                 **{key: ids[key] for key in ("assistant_id", "thread_id", "run_id")}}
    assert seen["tags"] == ["tg"] and seen["recursion_limit"] == 9
    assert run["metadata"] == {"created_by": "system", "graph_id": "custom", "assistant_id": run["assistant_id"], "cm": 2, "m": 1}
    assert run["kwargs"]["context"] == {"user_name": "u"}
    assert run["kwargs"]["config"]["tags"] == ["tg"] and run["kwargs"]["config"]["recursion_limit"] == 9


def test_configurable_is_mirrored_in_context_and_cannot_forge_ids(wire):
    thread = wire.thread()
    seen = info(wire, thread, config={"configurable": {"user_name": "viaconf", "thread_id": "evil", "run_id": "evil"}})
    run = wire.get(f"/threads/{thread}/runs").json()[0]
    assert seen["context"]["user_name"] == "viaconf"
    assert seen["configurable"]["thread_id"] == thread and seen["configurable"]["run_id"] == run["run_id"]


def test_run_metadata_is_thread_metadata_and_the_runs_own(wire):
    thread = wire.thread(metadata={"tm": 1, "m": "T"})
    seen = info(wire, thread, metadata={"rm": 1, "m": "R"})
    run = wire.get(f"/threads/{thread}/runs").json()[0]
    assert {key: run["metadata"][key] for key in ("tm", "rm", "m")} == {"tm": 1, "rm": 1, "m": "R"}
    assert seen["metadata"]["tm"] == "1" and seen["metadata"]["m"] == "R"
    assert wire.get(f"/threads/{thread}").json()["metadata"]["m"] == "T"


def test_the_threads_metadata_follow_the_last_graph(wire):
    thread = wire.thread(metadata={"mine": 1})
    wire.wait_run("echo", {"text": "x"}, thread)
    wire.wait_run("custom", {"n": 0}, thread)
    now = wire.get(f"/threads/{thread}").json()["metadata"]
    assert list(now) == ["mine", "graph_id", "assistant_id"] and now["graph_id"] == "custom"


def test_an_assistant_may_be_named_by_graph_or_by_id(wire):
    by_id = next(each for each in wire.post("/assistants/search", {"graph_id": "echo"}).json())["assistant_id"]
    assert wire.wait_run(by_id, {"text": "x"})["out"] == "x"


def test_extra_config_keys_survive(wire):
    thread = wire.thread()
    wire.wait_run("custom", {"n": 0}, thread, config={"max_concurrency": 3, "configurable": {"x": {"deep": [1]}}})
    config = wire.get(f"/threads/{thread}/runs").json()[0]["kwargs"]["config"]
    assert config["max_concurrency"] == 3 and config["configurable"]["x"] == {"deep": [1]}


def test_a_tenant_header_does_not_reach_the_graph(wire):
    thread = wire.thread()
    answer = wire.post(f"/threads/{thread}/runs/wait", {"assistant_id": "custom", "input": {"n": 0}},
                       headers={"x-tenant-id": "T1", "x-other": "o", "authorization": "Bearer s3cret"})
    assert "T1" not in answer.text and "s3cret" not in answer.text and '"x-other"' not in answer.text
