# SPDX-License-Identifier: Apache-2.0
"""The official Python SDK, asynchronous and synchronous, as a user would use it."""
import asyncio

import pytest
from langgraph_sdk import get_client, get_sync_client
from langgraph_sdk.errors import ConflictError, NotFoundError, UnprocessableEntityError

from waiting import until


def test_the_synchronous_client(wire, receiver):
    client = get_sync_client(url=wire.url, api_key=None)
    assistant = next(each for each in client.assistants.search(limit=100) if each["graph_id"] == "agent")
    assert client.assistants.get(assistant["assistant_id"]) == assistant
    assert client.assistants.count(graph_id="agent") == 1

    thread = client.threads.create(metadata={"sdk": "sync"})
    thread_id = thread["thread_id"]
    assert client.threads.get(thread_id)["metadata"] == {"sdk": "sync"}
    assert client.threads.update(thread_id, metadata={"more": 1})["metadata"] == {"sdk": "sync", "more": 1}
    assert thread_id in [each["thread_id"] for each in client.threads.search(metadata={"sdk": "sync"}, limit=100)]
    assert client.threads.count(metadata={"sdk": "sync"}) >= 1
    assert client.threads.get_state(thread_id)["values"] in ({}, None)

    messages = {"messages": [{"role": "user", "content": "hi there"}]}
    parts = list(client.runs.stream(thread_id, assistant["assistant_id"], input=messages,
                                    stream_mode=["values", "messages-tuple", "updates"], webhook=receiver.url("/sdk")))
    assert parts[0].event == "metadata" and parts[0].data["attempt"] == 1
    assert "".join(part.data[0]["content"] for part in parts if part.event == "messages") == "echo: hi there"
    assert parts[-1].event == "values" and parts[-1].data["messages"][-1]["content"] == "echo: hi there"
    assert receiver.one("/sdk").json()["run_id"] == parts[0].data["run_id"]

    created = []
    run = client.runs.create(thread_id, "echo", input={"text": "a"}, metadata={"m": 1}, on_run_created=created.append)
    assert created[0]["run_id"] == run["run_id"] and created[0]["thread_id"] == thread_id
    assert client.runs.join(thread_id, run["run_id"])["out"] == "a"
    assert client.runs.get(thread_id, run["run_id"])["status"] == "success"
    assert client.runs.list(thread_id)[0]["run_id"] == run["run_id"]
    assert client.runs.wait(thread_id, "echo", input={"text": "b"})["out"] == "b"
    assert client.threads.get_state(thread_id)["values"]["out"] == "b"
    client.runs.delete(thread_id, run["run_id"])
    assert run["run_id"] not in [each["run_id"] for each in client.runs.list(thread_id)]

    assert client.runs.wait(None, "echo", input={"text": "c"}) == {"text": "c", "out": "c"}
    assert [part.event for part in client.runs.stream(None, "echo", input={"text": "d"})] == ["metadata", "values", "values"]
    batch = client.runs.create_batch([{"assistant_id": "echo", "input": {"text": "1"}}, {"assistant_id": "echo", "input": {"text": "2"}}])
    assert len(batch) == 2
    client.threads.delete(thread_id)
    with pytest.raises(NotFoundError):
        client.threads.get(thread_id)


def test_errors_reach_the_synchronous_client(wire):
    client = get_sync_client(url=wire.url, api_key=None)
    thread_id = client.threads.create()["thread_id"]
    with pytest.raises(Exception, match="ValueError: z"):
        client.runs.wait(thread_id, "boom", input={"msg": "z"})
    answer = client.runs.wait(thread_id, "boom", input={"msg": "z"}, raise_error=False)
    assert answer == {"__error__": {"error": "ValueError", "message": "z"}}
    last = list(client.runs.stream(thread_id, "boom", input={"msg": "z"}))[-1]
    assert last.event == "error" and last.data == {"error": "ValueError", "message": "z"}
    with pytest.raises(UnprocessableEntityError):
        client.runs.create(thread_id, "nope", input={})
    with pytest.raises(ConflictError):
        client.threads.create(thread_id=thread_id)


def test_the_asynchronous_client(wire):
    async def story():
        client = get_client(url=wire.url, api_key=None)
        thread_id = (await client.threads.create(if_exists="do_nothing", ttl=60))["thread_id"]
        run = await client.runs.create(thread_id, "sleepy", input={"seconds": 0.6}, stream_mode=["values"])
        seen = [(part.event, part.data) async for part in client.runs.join_stream(thread_id, run["run_id"])]
        assert seen[-1] == ("values", {"seconds": 0.6, "steps": ["nap1", "nap2"]})
        assert (await client.runs.join(thread_id, run["run_id"]))["steps"] == ["nap1", "nap2"]

        long = await client.runs.create(thread_id, "sleepy", input={"seconds": 60})
        await client.runs.cancel(thread_id, long["run_id"], wait=True)
        assert (await client.runs.get(thread_id, long["run_id"]))["status"] == "interrupted"

        asked = await client.runs.wait(thread_id, "human", input={"text": "t"})
        assert asked["__interrupt__"][0]["value"]["question"] == "approve?"
        assert (await client.threads.get(thread_id))["status"] == "interrupted"
        state = await client.threads.get_state(thread_id)
        assert state["next"] == ["ask"] and state["tasks"][0]["interrupts"]
        answered = await client.runs.wait(thread_id, "human", command={"resume": "yes"})
        assert answered["answer"] == "yes"

        events = [part.event async for part in client.runs.stream(None, "parent", input={"text": "x"}, stream_mode="updates",
                                                                  stream_subgraphs=True)]
        assert events[0] == "metadata" and any("|" in event for event in events)
        many = await asyncio.gather(*(client.runs.wait(None, "echo", input={"text": str(n)}) for n in range(20)))
        assert [each["out"] for each in many] == [str(n) for n in range(20)]
        await client.threads.delete(thread_id)

    asyncio.run(story())


def test_the_client_cancels_when_it_leaves_a_stream(wire):
    client = get_sync_client(url=wire.url, api_key=None)
    thread_id = client.threads.create()["thread_id"]
    parts = client.runs.stream(thread_id, "sleepy", input={"seconds": 60}, on_disconnect="cancel")
    run_id = next(iter(parts)).data["run_id"]
    parts.close()
    client.http.client.close()
    until(lambda: wire.run({"thread_id": thread_id, "run_id": run_id})["status"] == "interrupted", "the run to be cancelled")


def test_the_missions_call(wire, receiver):
    """client.runs.stream(thread_id=…, assistant_id=…, input=…, stream_mode="events", webhook=…)"""
    client = get_sync_client(url=wire.url, api_key=None)
    found = client.assistants.search()
    assistant = next(each for each in found if not each["config"])
    thread = client.threads.create()
    parts = list(client.runs.stream(thread_id=thread["thread_id"], assistant_id="agent",
                                    input={"messages": [{"role": "user", "content": "Hello!"}]}, stream_mode="events",
                                    webhook=receiver.url("/mission?token=YOUR_SECRET_TOKEN")))
    assert assistant and {part.data["event"] for part in parts if part.event == "events"} >= {"on_chain_start", "on_chat_model_stream"}
    assert receiver.one("/mission").target == "/mission?token=YOUR_SECRET_TOKEN"
