# SPDX-License-Identifier: Apache-2.0
"""Every method of the Python SDK's client.threads and client.runs, with the asynchronous and the synchronous client."""
import asyncio
import uuid

import pytest
from langgraph_sdk.errors import APIStatusError, ConflictError, NotFoundError
from sdk_story import KINDS, tell, untold

ELSEWHERE = {"join_stream", "stream"}  # client.threads.stream: protocol v2


@pytest.fixture(params=KINDS)
def story(request, wire):
    """Runs a coroutine function of (threads, runs, assistants)."""
    return lambda coroutine: tell(request.param, wire.url, coroutine, "threads", "runs", "assistants")


async def until(condition, what, timeout_s=20):
    async with asyncio.timeout(timeout_s):
        while not (found := await condition()):
            await asyncio.sleep(0.01)
    return found


async def new(threads, **more):
    return (await threads.create(**more))["thread_id"]


async def start(runs, thread, **more):
    """A run that is running, and would for long."""
    run = await runs.create(thread, "sleepy", input={"seconds": 30}, **more)

    async def running():
        return (await runs.get(thread, run["run_id"]))["status"] == "running"

    await until(running, "the run to run")
    return run["run_id"]


def test_threads_as_objects(story):
    async def told(threads, runs, _):
        mark = str(uuid.uuid4())
        first, second = await new(threads, metadata={"mark": mark, "n": 1}, graph_id="echo"), await new(threads, metadata={"mark": mark, "n": 2})
        assert (await threads.get(first))["metadata"] == {"mark": mark, "n": 1, "graph_id": "echo"}
        assert (await threads.update(first, metadata={"n": 3}))["metadata"]["n"] == 3
        assert await threads.update(first, metadata={"n": 4}, return_minimal=True) is None
        assert await threads.count(metadata={"mark": mark}) == 2
        await runs.wait(second, "echo", input={"text": mark})
        assert await threads.count(values={"out": mark}) == 1
        found = await threads.search(metadata={"mark": mark}, sort_by="created_at", sort_order="asc", limit=5, select=["thread_id", "status"])
        assert found == [{"thread_id": first, "status": "idle"}, {"thread_id": second, "status": "idle"}]
        said = await threads.search(ids=[second], select=["thread_id"], extract={"said": "values.out"})
        assert said == [{"thread_id": second, "extracted": {"said": mark}}]
        with pytest.raises(ConflictError):
            await threads.create(thread_id=first)
        assert (await threads.create(thread_id=first, if_exists="do_nothing"))["metadata"]["n"] == 4
        await threads.delete(first)
        with pytest.raises(NotFoundError):
            await threads.get(first)

    story(told)


def test_states_history_and_forks(story):
    async def told(threads, runs, _):
        thread = await new(threads)
        for text in ("a", "b"):
            await runs.wait(thread, "echo", input={"text": text})
        assert (await threads.get_state(thread))["values"] == {"text": "b", "out": "b"}
        history = await threads.get_history(thread, limit=100)
        assert [each["metadata"]["step"] for each in history] == [4, 3, 2, 1, 0, -1]
        old = next(each for each in history if each["metadata"]["step"] == 1)
        for which in ({"checkpoint_id": old["checkpoint"]["checkpoint_id"]}, {"checkpoint": old["checkpoint"]}):
            assert (await threads.get_state(thread, **which))["values"] == {"text": "a", "out": "a"}
        for before in (old["checkpoint"]["checkpoint_id"], old["checkpoint"]):
            earlier = await threads.get_history(thread, before=before)
            assert [each["metadata"]["step"] for each in earlier] == [0, -1]
        assert len(await threads.get_history(thread, metadata={"source": "input"})) == 2

        made = await threads.update_state(thread, {"out": "by hand"}, as_node="echo")
        assert (await threads.get_state(thread))["values"]["out"] == "by hand"
        assert made["checkpoint"]["checkpoint_id"] == (await threads.get_state(thread))["checkpoint"]["checkpoint_id"]
        forked = await runs.wait(thread, "echo", input={"text": "c"}, checkpoint_id=old["checkpoint"]["checkpoint_id"])
        assert forked == {"text": "c", "out": "c"}
        with pytest.raises(APIStatusError) as refused:
            await threads.update_state(thread, {"out": "x"}, as_node="nobody")
        assert refused.value.status_code == 400
        with pytest.raises(NotFoundError):
            await threads.get_state(thread, checkpoint_id=str(uuid.uuid4()))

    story(told)


def test_supersteps_copies_and_pruning(story):
    async def told(threads, runs, _):
        mark = {"mark": str(uuid.uuid4())}
        thread = await new(threads, graph_id="echo", metadata=mark, supersteps=[
            {"updates": [{"values": {"text": "a"}, "as_node": "__input__"}]}, {"updates": [{"values": {"out": "z"}, "as_node": "echo"}]}])
        assert (await threads.get_state(thread))["values"] == {"out": "z"}
        await runs.wait(thread, "echo", input={"text": "b"})
        await threads.copy(thread)  # gives nothing
        (copy,) = {each["thread_id"] for each in await threads.search(metadata=mark)} - {thread}
        await runs.wait(copy, "echo", input={"text": "c"})
        assert (await threads.get_state(thread))["values"]["out"] == "b"
        assert await threads.prune([copy], strategy="keep_latest") == {"pruned_count": 1}
        assert [each["values"]["out"] for each in await threads.get_history(copy, limit=100)] == ["c"]
        assert await threads.prune([thread, copy]) == {"pruned_count": 2}
        with pytest.raises(NotFoundError):
            await threads.get(copy)

    story(told)


def test_a_time_to_live(story):
    async def told(threads, _, __):
        thread = await new(threads, ttl={"ttl": 60, "strategy": "keep_latest"})
        shown = (await threads.get(thread, include=["ttl"]))["ttl"]
        assert (shown["strategy"], shown["ttl_minutes"]) == ("keep_latest", 60)
        await threads.update(thread, metadata={}, ttl=5)
        assert (await threads.get(thread, include=["ttl"]))["ttl"]["ttl_minutes"] == 5

    story(told)


def test_runs_as_objects(story):
    async def told(threads, runs, _):
        thread = await new(threads)
        run = await runs.create(thread, "echo", input={"text": "a"}, metadata={"m": 1}, durability="exit", after_seconds=0)
        assert (await runs.join(thread, run["run_id"]))["out"] == "a"
        assert (await runs.get(thread, run["run_id"]))["metadata"]["m"] == 1
        assert await runs.list(thread, status="success", select=["run_id"]) == [{"run_id": run["run_id"]}]
        assert await runs.list(thread, status="error") == [] and await runs.list(thread, limit=5, offset=1) == []
        many = await runs.create_batch([{"assistant_id": "echo", "input": {"text": str(n)}} for n in range(3)])
        assert len({each["run_id"] for each in many}) == 3
        await runs.delete(thread, run["run_id"])
        with pytest.raises(NotFoundError):
            await runs.get(thread, run["run_id"])
        anew = str(uuid.uuid4())
        assert (await runs.wait(anew, "echo", input={"text": "x"}, if_not_exists="create"))["out"] == "x"

    story(told)


def test_cancelling(story):
    async def told(threads, runs, _):
        thread = await new(threads)
        await runs.wait(thread, "echo", input={"text": "a"})
        run = await start(runs, thread)
        await runs.cancel(thread, run, wait=True)
        assert (await runs.get(thread, run))["status"] == "interrupted"
        rolled = await start(runs, thread)
        await runs.cancel(thread, rolled, wait=True, action="rollback")
        with pytest.raises(NotFoundError):
            await runs.get(thread, rolled)
        run = await start(runs, thread)
        queued = (await runs.create(thread, "echo", input={"text": "q"}))["run_id"]
        await runs.cancel_many(thread_id=thread, run_ids=[run, queued])

        async def stopped():
            return {(await runs.get(thread, each))["status"] for each in (run, queued)} == {"interrupted"}

        await until(stopped, "both to stop")
        with pytest.raises(NotFoundError):
            await runs.cancel_many(thread_id=thread, run_ids=[run])

    story(told)


def test_double_texting(story):
    async def told(threads, runs, _):
        thread = await new(threads)
        first = await start(runs, thread)
        with pytest.raises(ConflictError):
            await runs.create(thread, "echo", input={"text": "x"}, multitask_strategy="reject")
        assert (await runs.wait(thread, "echo", input={"text": "x"}, multitask_strategy="interrupt"))["out"] == "x"
        assert (await runs.get(thread, first))["status"] == "interrupted"
        second = await start(runs, thread)
        third = await runs.create(thread, "echo", input={"text": "y"}, multitask_strategy="rollback")
        assert (await runs.join(thread, third["run_id"]))["out"] == "y"
        with pytest.raises(NotFoundError):
            await runs.get(thread, second)
        assert (await threads.get(thread))["status"] == "idle"

    story(told)


def test_streams_are_resumed(story):
    async def told(threads, runs, _):
        thread = await new(threads)
        whole = await runs.stream(thread, "custom", input={"n": 4}, stream_mode=["custom", "values"], stream_resumable=True)
        run = whole[0].data["run_id"]
        assert await runs.join_stream(thread, run, last_event_id="-1") == whole
        assert await runs.join_stream(thread, run, last_event_id=whole[2].id) == whole[3:]
        some = await runs.join_stream(thread, run, last_event_id="-1", stream_mode="custom")
        assert some == [part for part in whole if part.event == "custom"]

    story(told)


def test_questions_are_answered(story):
    async def told(threads, runs, _):
        thread = await new(threads)
        asked = await runs.wait(thread, "two", input={"text": "t"})
        ids = [each["id"] for each in asked["__interrupt__"]]
        left = await runs.wait(thread, "two", command={"resume": {ids[0]: "one"}})
        assert [each["id"] for each in left["__interrupt__"]] == ids[1:]
        done = await runs.wait(thread, "two", command={"resume": {ids[1]: "two"}})
        assert sorted(done["got"]) == [["a", "one"], ["b", "two"]]
        other = await new(threads)
        await runs.wait(other, "human", input={"text": "t"}, interrupt_before=["ask"])
        assert (await threads.get(other))["status"] == "interrupted"
        await runs.wait(other, "human", interrupt_after="*")
        fanned = await runs.wait(None, "fan", command={"goto": [{"node": "work", "input": {"item": n}} for n in (1, 2)]})
        assert fanned["results"] == ["w1", "w2"]

    story(told)


def test_assistants(story):
    async def told(threads, runs, assistants):
        made = await assistants.create("custom", name="Ada's", context={"user_name": "Ada"}, metadata={"n": 1})
        name = made["assistant_id"]
        assert (await runs.wait(None, name, input={"n": 0}))["info"]["context"]["user_name"] == "Ada"
        changed = await assistants.update(name, context={"user_name": "Bob"}, metadata={"m": 2})
        assert changed["version"] == 2 and changed["metadata"] == {"n": 1, "m": 2}
        assert (await runs.wait(None, name, input={"n": 0}))["info"]["context"]["user_name"] == "Bob"
        assert name in [each["assistant_id"] for each in await assistants.search(graph_id="custom", limit=1000)]
        await assistants.delete(name)
        with pytest.raises(NotFoundError):
            await assistants.get(name)

    story(told)


@pytest.mark.parametrize("resource", ["threads", "runs"])
def test_no_method_is_left_out(resource):
    assert untold(resource, __file__) == (ELSEWHERE if resource == "threads" else set())
