# SPDX-License-Identifier: Apache-2.0
"""Graphs that are made for each run, by the official client: what reaches the factory, and that it cleans up."""
import pytest
from langgraph_sdk import get_sync_client

from server import native_config
from waiting import until

FACTORY = '''
import asyncio
import contextlib
import dataclasses

from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph_sdk.runtime import ServerRuntime
from typing_extensions import TypedDict

class State(TypedDict, total=False):
    what: str
    told: list

@dataclasses.dataclass
class Tenant:
    name: str

@contextlib.asynccontextmanager
async def make(config: RunnableConfig, runtime: ServerRuntime[Tenant]):
    execution = runtime.execution_runtime
    told = [config["configurable"].get("name"), execution and execution.context.name, runtime.user]

    async def act(state):
        if state["what"] == "raise":
            raise ValueError("kaput")
        if state["what"] == "wait":
            await asyncio.Event().wait()
        return {"told": told}

    def note(word):
        with open("notes", "a") as notes:
            notes.write(f"{word} {runtime.access_context}\\n")

    graph = StateGraph(State)
    graph.add_node("act", act)
    graph.add_edge(START, "act")
    graph.add_edge("act", END)
    note("in")
    await asyncio.sleep(0)
    yield graph
    await asyncio.sleep(0)
    note("out")
'''


@pytest.fixture
def made(serve):
    """(server, client, takes the notes since the last time)."""
    server = serve.make(native_config(graphs={"made": "./factory.py:make"}), workers=1)
    (server.folder / "factory.py").write_text(FACTORY)
    server.start()
    notes = server.folder / "notes"

    def noted(purpose, count):
        def found():
            lines = [line for line in notes.read_text().splitlines() if line.endswith(purpose)] if notes.exists() else []
            return lines if len(lines) >= count else None

        lines = until(found, f"the factory's notes of {purpose}")
        notes.write_text("")
        return lines

    return server, get_sync_client(url=server.url, api_key=None), noted


def pairs(purpose, times=1):
    return [f"in {purpose}", f"out {purpose}"] * times


def test_configurable_and_context_reach_the_factory(made):
    _, client, noted = made
    thread = client.threads.create()["thread_id"]
    for settings in ({"config": {"configurable": {"name": "Ada"}}}, {"context": {"name": "Ada"}}):
        values = client.runs.wait(thread, "made", input={"what": "x"}, **settings)
        assert values["told"] == ["Ada", "Ada", None]
        assert noted("threads.create_run", 2) == pairs("threads.create_run")
    assistant = client.assistants.create("made", context={"name": "Bo"})
    assert client.runs.wait(None, assistant["assistant_id"], input={"what": "x"})["told"] == ["Bo", "Bo", None]
    noted("threads.create_run", 2)
    assert client.threads.get_state(thread)["values"]["told"] == ["Ada", "Ada", None]
    assert client.threads.get_history(thread)
    client.threads.update_state(thread, {"what": "y"}, as_node="act")
    assert noted("threads.update", 2) == pairs("threads.update")
    assert [node["id"] for node in client.assistants.get_graph(assistant["assistant_id"])["nodes"]] == ["__start__", "act", "__end__"]
    assert client.assistants.get_schemas(assistant["assistant_id"])["input_schema"]
    assert client.assistants.get_subgraphs(assistant["assistant_id"]) == {}
    assert noted("assistants.read", 6) == pairs("assistants.read", 3)


@pytest.mark.parametrize("how", ["error", "cancel", "rollback", "time limit", "leaving"])
def test_the_factory_cleans_up_behind_every_end(made, how):
    server, client, noted = made
    thread = client.threads.create()["thread_id"]
    context = {"name": "Ada"}
    if how == "error":
        run = client.runs.create(thread, "made", input={"what": "raise"}, context=context)
    elif how == "leaving":
        request = {"assistant_id": "made", "input": {"what": "wait"}, "context": context, "stream_mode": "values"}
        with server.http.stream("POST", f"/threads/{thread}/runs/stream", json={**request, "on_disconnect": "cancel"}) as answer:
            for line in answer.iter_lines():
                if line == "event: values":
                    break
        run = client.runs.list(thread)[0]
    else:
        limit = {"config": {"run_timeout": 1}} if how == "time limit" else {}
        run = client.runs.create(thread, "made", input={"what": "wait"}, context=context, **limit)
        if how != "time limit":
            until(lambda: client.threads.get_state(thread)["next"] == ["act"], "the node to be next")
            client.runs.cancel(thread, run["run_id"], wait=False, action="rollback" if how == "rollback" else "interrupt")
    assert noted("threads.create_run", 2) == pairs("threads.create_run")
    ends = {"error": "error", "cancel": "interrupted", "time limit": "timeout", "leaving": "interrupted"}
    if how in ends:
        server.until_status({"thread_id": thread, "run_id": run["run_id"]}, ends[how])
