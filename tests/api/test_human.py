# SPDX-License-Identifier: Apache-2.0
"""People in the loop: questions inside subgraphs, several at once, stops before and after nodes, and commands, also those
that a subgraph gives to its parent. With the official client where it can."""
import asyncio

import pytest
from langgraph_sdk import get_client


@pytest.fixture
def story(wire):
    """Runs a coroutine function of the official client."""

    def tell(told):
        async def main():
            await told(get_client(url=wire.url, api_key=None))

        asyncio.run(main())

    return tell


async def new(client):
    return (await client.threads.create())["thread_id"]


# ---- questions inside a subgraph


def test_a_question_inside_a_subgraph_is_shown_and_answered_by_its_id(story):
    async def told(client):
        thread = await new(client)
        asked = await client.runs.wait(thread, "nested", input={"text": "t"})
        (question,) = asked["__interrupt__"]
        assert question["value"] == {"question": "inside?", "text": "t"}

        plain = await client.threads.get_state(thread)
        (task,) = plain["tasks"]
        assert plain["next"] == ["inner"] and task["name"] == "inner" and task["state"] is None
        assert [each["id"] for each in plain["interrupts"]] == [question["id"]] == [each["id"] for each in task["interrupts"]]
        assert task["checkpoint"]["checkpoint_ns"] == f"inner:{task['id']}" and task["checkpoint"]["thread_id"] == thread

        deep = await client.threads.get_state(thread, subgraphs=True)
        (outer,) = deep["tasks"]
        inner = outer["state"]
        assert inner["values"] == {"text": "t", "notes": ["first"]} and inner["next"] == ["ask"]
        assert [each["value"] for each in inner["tasks"][0]["interrupts"]] == [question["value"]]
        assert inner["checkpoint"]["checkpoint_ns"] == task["checkpoint"]["checkpoint_ns"]
        row = await client.threads.get(thread)
        assert row["status"] == "interrupted" and row["interrupts"] == {task["id"]: [{"id": question["id"], "value": question["value"]}]}

        done = await client.runs.wait(thread, "nested", command={"resume": {question["id"]: "yes"}})
        assert done == {"text": "t", "answer": "yes", "steps": ["outside"]}
        assert (await client.threads.get(thread))["status"] == "idle"
        assert (await client.threads.get_state(thread, subgraphs=True))["tasks"] == []

    story(told)


def test_a_subgraphs_states_are_read_by_its_namespace(story):
    async def told(client):
        thread = await new(client)
        await client.runs.wait(thread, "nested", input={"text": "t"})
        where = (await client.threads.get_state(thread))["tasks"][0]["checkpoint"]
        latest = await client.threads.get_state(thread, checkpoint=where)
        assert latest["values"]["notes"] == ["first"] and latest["checkpoint"]["checkpoint_ns"] == where["checkpoint_ns"]
        history = await client.threads.get_history(thread, checkpoint=where, limit=10)
        assert history[0]["checkpoint_id"] == latest["checkpoint_id"] and len(history) > 1
        assert {state["checkpoint"]["checkpoint_ns"] for state in history} == {where["checkpoint_ns"]}
        for state in history:
            assert (await client.threads.get_state(thread, checkpoint=state["checkpoint"]))["values"] == state["values"]

    story(told)


@pytest.mark.parametrize("flag, shown", [("true", True), ("True", True), ("1", True), ("false", False), ("0", False)])
def test_subgraphs_are_shown_where_the_flag_says_so(wire, flag, shown):
    thread = wire.thread()
    wire.wait_run("nested", {"text": "t"}, thread)
    (task,) = wire.get(f"/threads/{thread}/state?subgraphs={flag}").json()["tasks"]
    assert (task["state"] is not None) == shown


def test_an_unknown_namespace_is_404(wire):
    thread = wire.thread()
    wire.wait_run("nested", {"text": "t"}, thread)
    where = {"checkpoint_ns": "inner:00000000-0000-0000-0000-000000000000"}
    assert wire.post(f"/threads/{thread}/state/checkpoint", {"checkpoint": where}).status_code == 404
    assert wire.post(f"/threads/{thread}/state", {"values": {}, "checkpoint": where}).status_code == 404


@pytest.mark.parametrize("whole", [True, False], ids=["whole checkpoint", "namespace only"])
def test_a_subgraphs_state_is_changed_by_its_checkpoint(story, whole):
    async def told(client):
        thread = await new(client)
        await client.runs.wait(thread, "nested", input={"text": "t"})
        before = await client.threads.get_state(thread, subgraphs=True)
        inner = before["tasks"][0]["state"]["checkpoint"]
        where = inner if whole else {key: inner[key] for key in ("thread_id", "checkpoint_ns")}
        made = await client.threads.update_state(thread, {"text": "changed"}, checkpoint=where)
        assert made["checkpoint"]["checkpoint_ns"] == inner["checkpoint_ns"]
        after = await client.threads.get_state(thread, subgraphs=True)
        assert after["checkpoint_id"] == before["checkpoint_id"] and after["values"] == {"text": "t", "steps": []}
        assert after["tasks"][0]["state"]["values"]["text"] == "changed"
        row = await client.threads.get(thread)
        assert row["status"] == "interrupted" and row["values"] == after["values"]
        again = await client.runs.wait(thread, "nested", input=None)
        assert again["__interrupt__"][0]["value"]["text"] == "changed"
        done = await client.runs.wait(thread, "nested", command={"resume": "yes"})
        assert done["answer"] == "yes" and done["text"] == "changed"

    story(told)


def test_a_node_of_a_subgraph_can_be_spoken_for(story):
    async def told(client):
        thread = await new(client)
        await client.runs.wait(thread, "nested", input={"text": "t"})
        where = (await client.threads.get_state(thread))["tasks"][0]["checkpoint"]
        await client.threads.update_state(thread, {"answer": "mine"}, as_node="ask", checkpoint=where)
        inner = (await client.threads.get_state(thread, subgraphs=True))["tasks"][0]["state"]
        assert inner["next"] == ["last"] and inner["interrupts"] == []
        assert await client.runs.wait(thread, "nested", input=None) == {"text": "t", "answer": "mine", "steps": ["outside"]}

    story(told)


def test_a_question_inside_a_subgraph_is_streamed(story):
    async def told(client):
        thread = await new(client)
        parts = [part async for part in client.runs.stream(thread, "nested", input={"text": "t"}, stream_mode=["updates", "values"], stream_subgraphs=True)]
        task = (await client.threads.get_state(thread))["tasks"][0]["id"]
        asking = [part.event for part in parts if "__interrupt__" in (part.data or {})]
        assert f"updates|inner:{task}" in asking and "updates" in asking
        assert f"values|inner:{task}" in {part.event for part in parts}

    story(told)


def test_a_copy_of_a_thread_that_waits_inside_a_subgraph_goes_its_own_way(story):
    async def told(client):
        thread = await new(client)
        await client.runs.wait(thread, "nested", input={"text": "t"})
        copies = {each["thread_id"] for each in await client.threads.search(limit=1000)}
        await client.threads.copy(thread)
        (copy,) = {each["thread_id"] for each in await client.threads.search(limit=1000)} - copies
        deep = await client.threads.get_state(copy, subgraphs=True)
        assert deep["tasks"][0]["state"]["checkpoint"]["thread_id"] == copy and thread not in str(deep)
        done = await client.runs.wait(copy, "nested", command={"resume": "copy"})
        assert done["answer"] == "copy"
        assert (await client.threads.get_state(thread))["next"] == ["inner"]

    story(told)


# ---- several at once


def test_questions_of_several_subgraphs_are_answered_by_one_map_or_step_by_step(story):
    async def told(client):
        for in_steps in (False, True):
            thread = await new(client)
            asked = await client.runs.wait(thread, "crowd", input={"people": ["ada", "bob", "cyd"]})
            ids = {each["value"]["who"]: each["id"] for each in asked["__interrupt__"]}
            assert set(ids) == {"ada", "bob", "cyd"}
            deep = await client.threads.get_state(thread, subgraphs=True)
            assert sorted(task["state"]["values"]["text"] for task in deep["tasks"]) == ["ada", "bob", "cyd"]
            assert len((await client.threads.get(thread))["interrupts"]) == 3
            answers = {ids[name]: f"from {name}" for name in ids}
            if in_steps:
                left = await client.runs.wait(thread, "crowd", command={"resume": {ids["bob"]: "from bob"}})
                assert sorted(each["value"]["who"] for each in left["__interrupt__"]) == ["ada", "cyd"]
                del answers[ids["bob"]]
            done = await client.runs.wait(thread, "crowd", command={"resume": answers})
            assert sorted(done["answers"]) == [[name, f"from {name}"] for name in ("ada", "bob", "cyd")]
            row = await client.threads.get(thread)
            assert row["status"] == "idle" and row["interrupts"] == {}

    story(told)


# ---- stops before and after nodes


@pytest.mark.parametrize("where, stops", [
    ({"interrupt_before": "*"}, [["before"], ["ask"], ["after"]]),
    ({"interrupt_after": "*"}, [["ask"], ["after"]]),
    ({"interrupt_before": ["before", "after"]}, [["before"], ["after"]]),
    ({"interrupt_after": ["before"], "interrupt_before": ["after"]}, [["ask"], ["after"]]),
], ids=["before all", "after all", "before some", "both"])
def test_a_run_stops_where_it_was_asked_to(story, where, stops):
    async def told(client):
        thread = await new(client)
        await client.runs.wait(thread, "human", input={"text": "t"}, **where)
        for stop in stops:
            state = await client.threads.get_state(thread)
            assert state["next"] == stop
            assert (await client.threads.get(thread))["status"] == "interrupted"
            if stop == ["ask"]:
                await client.runs.wait(thread, "human", command={"resume": "yes"}, **where)
                if "interrupt_before" in where and (await client.threads.get_state(thread))["next"] == ["ask"]:
                    await client.runs.wait(thread, "human", command={"resume": "yes"}, **where)
            else:
                await client.runs.wait(thread, "human", input=None, **where)
                if (await client.threads.get_state(thread))["interrupts"]:
                    await client.runs.wait(thread, "human", command={"resume": "yes"}, **where)
        done = await client.threads.get_state(thread)
        assert done["next"] == [] and done["values"]["answer"] == "yes"
        assert (await client.threads.get(thread))["status"] == "idle"

    story(told)


@pytest.mark.parametrize("field", ["interrupt_before", "interrupt_after"])
@pytest.mark.parametrize("value", ["ask", 5, [5], {"node": "ask"}])
def test_a_bad_stop_is_422_by_name(wire, field, value):
    refused = wire.post(f"/threads/{wire.thread()}/runs/wait", {"assistant_id": "human", "input": {"text": "t"}, field: value})
    assert refused.status_code == 422 and field in refused.json()["detail"], refused.text


# ---- commands


@pytest.mark.parametrize("goto, steps", [
    ("bob", ["bob: None"]),
    ({"node": "bob", "input": {"text": "given"}}, ["bob: given"]),
    (["bob", "carol"], ["bob: None", "carol: None"]),
    ([{"node": "bob", "input": {"text": "1"}}, {"node": "bob", "input": {"text": "2"}}, "carol"], ["bob: 1", "bob: 2", "carol: None"]),
], ids=["name", "send", "names", "sends and a name"])
def test_a_run_begins_where_it_is_sent(story, goto, steps):
    async def told(client):
        for thread in (None, await new(client)):
            values = await client.runs.wait(thread, "handoff", command={"goto": goto})
            assert sorted(values["steps"]) == steps

    story(told)


def test_a_command_changes_the_state_and_goes_on_elsewhere(story):
    async def told(client):
        thread = await new(client)
        await client.runs.wait(thread, "handoff", command={"goto": "bob"})
        for update in ({"text": "new", "steps": ["mine"]}, [["text", "new"], ["steps", ["mine"]]]):
            before = (await client.threads.get_state(thread))["values"]["steps"]
            values = await client.runs.wait(thread, "handoff", command={"update": update, "goto": "carol"})
            assert values["steps"] == [*before, "mine", "carol: new"]

    story(told)


@pytest.mark.parametrize("to, steps", [
    ("bob", ["team", "bob: from inside"]),
    (["bob", "carol"], ["team", "bob: from inside", "carol: from inside"]),
    ("both", ["team", "bob: sent", "carol: from inside"]),
], ids=["one", "several", "send and name"])
def test_a_subgraph_sends_its_parent_somewhere(story, to, steps):
    async def told(client):
        thread = await new(client)
        values = await client.runs.wait(thread, "handoff", input={"to": to})
        assert values["text"] == "from inside" and values["steps"][0] == "team" and sorted(values["steps"]) == sorted(steps)
        state = await client.threads.get_state(thread)
        assert state["values"] == values and state["next"] == []
        history = await client.threads.get_history(thread, limit=10)
        assert sorted(history[1]["next"]) == (["bob"] if to == "bob" else ["bob", "carol"])
        row = await client.threads.get(thread)
        assert row["status"] == "idle" and row["error"] is None

    story(told)


def test_a_subgraphs_command_to_its_parent_is_streamed_as_the_parents_update(story):
    async def told(client):
        parts = [part async for part in client.runs.stream(None, "handoff", input={"to": "bob"}, stream_mode="updates", stream_subgraphs=True)]
        assert not [part for part in parts if part.event == "error"]
        updates = [part.data for part in parts if part.event == "updates"]
        assert updates == [{"team": {"steps": ["team"], "text": "from inside"}}, {"bob": {"steps": ["bob: from inside"]}}]

    story(told)


@pytest.mark.parametrize("command, field", [
    ({"bad": 1}, "command"),
    ({"goto": 5}, "command.goto"),
    ({"goto": ""}, "command.goto"),
    ({"goto": {"input": 1}}, "command.goto.node"),
    ({"goto": [{"node": 3}]}, "command.goto"),
    ({"goto": ["bob", 3]}, "command.goto"),
    ({"update": 5}, "command.update"),
    ({"update": [["text"]]}, "command.update"),
    ({"graph": "__parent__"}, "command"),
    ("x", "command"),
    ([], "command"),
])
def test_a_bad_command_is_422_by_its_field(wire, command, field):
    thread = wire.thread()
    for path in (f"/threads/{thread}/runs", f"/threads/{thread}/runs/wait", f"/threads/{thread}/runs/stream", "/runs", "/runs/wait"):
        refused = wire.post(path, {"assistant_id": "handoff", "command": command})
        assert refused.status_code == 422 and field in refused.json()["detail"], (path, refused.text)
    assert wire.get(f"/threads/{thread}").json()["status"] == "idle"
    steps = [{"updates": [{"command": command, "as_node": "team"}]}]
    refused = wire.post("/threads", {"metadata": {"graph_id": "handoff"}, "supersteps": steps})
    assert refused.status_code == 422 and "command" in refused.json()["detail"], refused.text
