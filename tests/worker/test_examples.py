# SPDX-License-Identifier: Apache-2.0
"""The example project does what its README says."""

import json

import pytest
from conftest import REPOSITORY
from fake_server import WorkerProcess

EXAMPLES = REPOSITORY / "examples" / "python"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    process = WorkerProcess(tmp_path_factory.mktemp("examples"))
    loaded = process.load_config(EXAMPLES / "langgraph.json")
    assert [entry["graph_id"] for entry in loaded if entry["ok"]] == list(
        json.loads((EXAMPLES / "langgraph.json").read_text())["graphs"]
    )
    yield process.connection
    process.stop()


def test_the_agent_streams_and_calls_its_tool(server):
    question = {"messages": [{"role": "user", "content": "what is 6 * 7?"}]}
    run = server.start_run("agent", question, stream_mode="messages-tuple").wait()
    messages = run.state["values"]["messages"]
    assert [m["type"] for m in messages] == ["human", "ai", "tool", "ai"]
    assert messages[2]["content"] == "42" and messages[3]["content"] == "The answer is 42."
    text = "".join(chunk["content"] for chunk, _ in run.data("messages") if chunk["type"] == "AIMessageChunk")
    assert text == "Let me calculate that.The answer is 42." and len(run.events) > 8


def test_the_human_is_asked(server):
    asked = server.start_run("human", {"request": "clean up"}).wait()
    assert asked.state["interrupts"][0]["value"]["request"] == "clean up"
    done = server.start_run("human", command={"resume": True}, thread_id=asked.thread_id).wait()
    assert done.state["values"]["result"] == "done: clean up"


@pytest.mark.parametrize(
    ("graph", "given", "out"),
    [("echo", {"text": "hello"}, "hello"), ("sleepy", {"seconds": 0}, "slept"), ("blocker", {"seconds": 0}, "blocked")],
)
def test_the_small_ones(server, graph, given, out):
    assert server.start_run(graph, given).wait().state["values"]["out"] == out


def test_failing_fails(server):
    run = server.start_run("failing", {"text": "kaput"}).wait()
    assert run.error == {"error": "ValueError", "message": "kaput"}
