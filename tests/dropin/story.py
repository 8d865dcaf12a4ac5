# SPDX-License-Identifier: Apache-2.0
"""One conversation with a server of examples/python, by the official Python SDK. `tell` returns its steps with what they gave."""
import asyncio
import datetime

from langgraph_sdk import get_client

from observed import Scene

SUM = {"messages": [{"role": "user", "content": "what is 6 * 7?"}]}
HELLO = {"messages": [{"role": "user", "content": "Hello there!"}]}
EVERY_TIME = 60  # seconds that something may take


async def tell(url, receiver):
    """All scenes at the same time, but for the two that look at everything there is; `receiver` as in tests/support/receiver.py."""
    client = get_client(url=url, api_key=None)
    together = [assistants, threads, streams, states, questions, failures, cancels, multitask, stateless, store, joins, crons,
                refusals]
    told = [await alone(installed, client)]
    told += await asyncio.gather(*(alone(scene, client) for scene in together), alone(webhooks, client, receiver))
    told.append(await alone(searches, client))
    return [step for scene in told for step in scene.steps]


async def alone(scene, client, *more):
    book = Scene(scene.__name__)
    for each in await client.assistants.search(limit=100, metadata={"created_by": "system"}):
        book.call(f"assistant {each['graph_id']}", each["assistant_id"])
    await scene(client, book, *more)
    return book


async def new_thread(client, book, name="thread", **more):
    thread = await client.threads.create(**more)
    return book.call(name, thread["thread_id"])


async def new_run(client, book, name, thread, graph, **more):
    run = await client.runs.create(thread, graph, **more)
    return book.call(name, run["run_id"])


async def streamed(client, thread, graph, **more):
    """The parts of a stream without the run's id, which comes first; comments are not seen."""
    return [[part.event, part.data] async for part in client.runs.stream(thread, graph, **more)]


async def until(condition, what):
    """Asks until the answer is true, and returns it."""
    async with asyncio.timeout(EVERY_TIME):
        while not (found := await condition()):
            await asyncio.sleep(0.05)
    assert found, what
    return found


async def installed(client, book):
    """The assistants that a project's graphs have by themselves."""
    found = sorted(await client.assistants.search(limit=10, offset=0), key=lambda each: each["graph_id"])
    book.see("search", found)
    book.see("count", await client.assistants.count())
    for each in found:
        book.see(f"get {each['graph_id']}", await client.assistants.get(each["assistant_id"]))
        book.see(f"schemas of {each['graph_id']}", await client.assistants.get_schemas(each["assistant_id"]))
        book.see(f"drawing of {each['graph_id']}", await client.assistants.get_graph(each["assistant_id"]))
        book.see(f"subgraphs of {each['graph_id']}", await client.assistants.get_subgraphs(each["assistant_id"]))


async def assistants(client, book):
    made = await client.assistants.create("echo", {"configurable": {"tone": "dry"}}, name="dry", metadata={"of": "dropin"},
                                          description="says little")
    mine = book.call("mine", made["assistant_id"])
    book.see("create", made)
    book.see("update", await client.assistants.update(mine, config={"configurable": {"tone": "warm"}}, metadata={"more": 1}))
    book.see("versions", await client.assistants.get_versions(mine))
    book.see("go back", await client.assistants.set_latest(mine, 1))
    book.see("search by metadata", await client.assistants.search(metadata={"of": "dropin"}))
    book.see("search by name", await client.assistants.search(name="dry"))
    thread = await new_thread(client, book)
    book.see("run", await client.runs.wait(thread, mine, input={"text": "by mine"}))
    book.see("its thread", await client.threads.get(thread))
    book.see("delete", await client.assistants.delete(mine))
    await book.fail("gone", client.assistants.get(mine))
    await book.fail("unknown graph", client.assistants.create("nobody"))


async def threads(client, book):
    made = await client.threads.create(metadata={"user": "ann", "nested": {"deep": [1, None, 2.5]}})
    thread = book.call("thread", made["thread_id"])
    book.see("create", made)
    book.see("get", await client.threads.get(thread))
    book.see("state of a new one", await client.threads.get_state(thread))
    book.see("history of a new one", await client.threads.get_history(thread))
    book.see("update", await client.threads.update(thread, metadata={"user": "bob", "more": True}))
    book.see("run", await client.runs.wait(thread, "echo", input={"text": "é ✓ 1e5"}, metadata={"why": "test"}))
    book.see("after a run", await client.threads.get(thread))
    copied = await client.threads.copy(thread)
    copy = book.call("copy", copied["thread_id"])
    book.see("values of a copy", (await client.threads.get_state(copy))["values"])
    book.see("again, do nothing", await client.threads.create(thread_id=thread, if_exists="do_nothing"))
    await book.fail("again", client.threads.create(thread_id=thread))
    book.see("delete", await client.threads.delete(thread))
    await book.fail("gone", client.threads.get(thread))
    book.see("the copy stays", (await client.threads.get(copy))["status"])
    ahead = await client.threads.create(graph_id="echo", supersteps=[{"updates": [{"values": {"text": "a", "out": "b"}, "as_node": "echo"}]}])
    book.see("made with supersteps", (await client.threads.get_state(ahead["thread_id"]))["values"])


async def streams(client, book):
    for mode in ("values", "updates", "messages-tuple", "messages", "custom", "tasks", "checkpoints", "debug"):
        thread = await new_thread(client, book)
        book.see(mode, await streamed(client, thread, "agent", input=SUM, stream_mode=mode))
    thread = await new_thread(client, book)
    book.see("several modes", await streamed(client, thread, "agent", input=HELLO, stream_mode=["values", "updates", "custom"]))
    thread = await new_thread(client, book)
    parts = await streamed(client, thread, "echo", input={"text": "x"}, stream_mode="events")
    book.see("events", [[event, data.get("event"), data.get("name")] for event, data in parts])
    thread = await new_thread(client, book)
    book.see("with subgraphs", await streamed(client, thread, "echo", input={"text": "x"}, stream_mode="updates", stream_subgraphs=True))
    book.see("a failing graph", await streamed(client, await new_thread(client, book), "failing", input={"text": "kaput"}))
    book.see("a question", await streamed(client, await new_thread(client, book), "human", input={"request": "r"},
                                          stream_mode=["values", "updates"]))


async def states(client, book):
    thread = await new_thread(client, book)
    book.see("wait", await client.runs.wait(thread, "agent", input=SUM))
    book.see("state", await client.threads.get_state(thread))
    history = book.see("history", await client.threads.get_history(thread, limit=20))
    first = history[-2]["checkpoint"]
    book.see("state at a checkpoint", await client.threads.get_state(thread, checkpoint=first))
    message = {"role": "assistant", "content": "put in"}
    book.see("update", await client.threads.update_state(thread, {"messages": [message]}, as_node="model"))
    after = await client.threads.get_state(thread)
    book.see("after the update", [after["values"]["messages"][-1]["content"], after["next"], after["metadata"]])
    forked = await client.runs.wait(thread, "agent", input=None, checkpoint_id=first["checkpoint_id"])
    book.see("fork", [each["content"] for each in forked["messages"]])
    book.see("second turn", [each["content"] for each in (await client.runs.wait(thread, "agent", input=HELLO))["messages"]])
    await book.fail("update as an unknown node", client.threads.update_state(thread, {"messages": []}, as_node="nobody"))


async def questions(client, book):
    thread = await new_thread(client, book)
    book.see("wait", await client.runs.wait(thread, "human", input={"request": "delete everything"}))
    book.see("thread", await client.threads.get(thread))
    book.see("state", await client.threads.get_state(thread))
    book.see("resume", await client.runs.wait(thread, "human", command={"resume": True}))
    book.see("thread afterwards", await client.threads.get(thread))
    book.see("runs", [each["status"] for each in await client.runs.list(thread)])
    other = await new_thread(client, book, "other")
    await client.runs.wait(other, "human", input={"request": "r"})
    book.see("resume with no, streamed", await streamed(client, other, "human", command={"resume": False}, stream_mode="updates"))
    before = await new_thread(client, book, "before")
    book.see("interrupt_before", await client.runs.wait(before, "human", input={"request": "r"}, interrupt_before=["ask"]))
    book.see("stands before", (await client.threads.get_state(before))["next"])
    goto = await new_thread(client, book, "goto")
    command = {"goto": "model", "update": {"messages": [{"role": "user", "content": "by a command"}]}}
    said = await client.runs.wait(goto, "agent", command=command)
    book.see("command with goto and update", [each["content"] for each in said["messages"]])


async def failures(client, book):
    thread = await new_thread(client, book)
    book.see("wait", await client.runs.wait(thread, "failing", input={"text": "kaput"}, raise_error=False))
    book.see("thread", await client.threads.get(thread))
    state = await client.threads.get_state(thread)
    book.see("state", state)
    book.see("runs", await client.runs.list(thread))
    book.see("another run mends it", await client.runs.wait(thread, "echo", input={"text": "well"}))
    book.see("status", (await client.threads.get(thread))["status"])
    limit = await new_thread(client, book, "limit")
    book.see("recursion limit", await client.runs.wait(limit, "agent", input=SUM, config={"recursion_limit": 1}, raise_error=False))


async def cancels(client, book):
    for action in ("interrupt", "rollback"):
        thread = await new_thread(client, book, f"{action} thread")
        run = await new_run(client, book, f"{action} run", thread, "sleepy", input={"seconds": 60})
        await until(lambda thread=thread, run=run: is_status(client, thread, run, "running"), "the run to be running")
        await until(lambda thread=thread: has_values(client, thread), "its input to be stored")
        book.see(f"{action}", await client.runs.cancel(thread, run, wait=True, action=action))
        await until(lambda thread=thread: is_not_busy(client, thread), "the thread to be free")
        book.see(f"thread after {action}", (await client.threads.get(thread))["status"])
        book.see(f"runs after {action}", [each["status"] for each in await client.runs.list(thread)])
    thread = await new_thread(client, book)
    await book.fail("an unknown run", client.runs.cancel(thread, "00000000-0000-4000-8000-000000000000"))
    done = await client.runs.create(thread, "echo", input={"text": "x"})
    await client.runs.join(thread, done["run_id"])
    await book.fail("a run that has ended", client.runs.cancel(thread, done["run_id"]))


async def is_status(client, thread, run, *statuses):
    return (await client.runs.get(thread, run))["status"] in statuses


async def has_values(client, thread):
    return (await client.threads.get_state(thread))["values"]


async def is_not_busy(client, thread):
    return (await client.threads.get(thread))["status"] != "busy"


async def multitask(client, book):
    for strategy in ("enqueue", "interrupt", "rollback"):
        thread = await new_thread(client, book, f"{strategy} thread")
        first = await new_run(client, book, "first", thread, "sleepy", input={"seconds": 2 if strategy == "enqueue" else 60})
        await until(lambda thread=thread, first=first: is_status(client, thread, first, "running"), "the first run to be running")
        if strategy == "enqueue":
            await book.fail("reject", client.runs.create(thread, "echo", input={"text": "no"}, multitask_strategy="reject"))
        second = await new_run(client, book, "second", thread, "echo", input={"text": strategy}, multitask_strategy=strategy)
        book.see(f"{strategy}", await client.runs.join(thread, second))
        runs = sorted(await client.runs.list(thread), key=lambda each: each["created_at"])
        book.see(f"runs of {strategy}", [[each["status"], each["multitask_strategy"]] for each in runs])
        book.see(f"thread of {strategy}", await client.threads.get(thread))
        history = await client.threads.get_history(thread, limit=20)
        book.see(f"history of {strategy}", [[each["metadata"]["source"], each["metadata"]["step"], each["next"]] for each in history])


async def stateless(client, book):
    book.see("wait", await client.runs.wait(None, "echo", input={"text": "stateless"}))
    book.see("stream", await streamed(client, None, "agent", input=HELLO, stream_mode=["updates", "messages-tuple"]))
    book.see("failing", await client.runs.wait(None, "failing", input={"text": "kaput"}, raise_error=False))
    run = await client.runs.create(None, "echo", input={"text": "background"}, metadata={"mine": 1})
    book.call("run", run["run_id"])
    book.call("its thread", run["thread_id"])
    book.see("background", run)
    batch = [{"assistant_id": "echo", "input": {"text": "a"}}, {"assistant_id": "echo", "input": {"text": "b"}}]
    book.see("batch", [[each["status"], each["kwargs"]["input"]] for each in await client.runs.create_batch(batch)])
    thread = "5b8c3f5e-6a47-4d7c-9a39-6c1d8e0f5a10"
    book.see("made when it is missing", await client.runs.wait(thread, "echo", input={"text": "made"}, if_not_exists="create"))
    book.see("is there", (await client.threads.get_state(thread))["values"])


async def store(client, book):
    for key, value in (("a", {"text": "one", "n": 1}), ("b", {"text": "two", "n": 2, "deep": {"x": [1, 2]}}), ("c", {"n": 3})):
        book.see(f"put {key}", await client.store.put_item(["dropin", "items"], key, value))
    book.see("get", await client.store.get_item(["dropin", "items"], "b"))
    items = await client.store.search_items(["dropin"])
    book.see("search", sorted(items["items"], key=lambda each: each["key"]))
    book.see("filter", await client.store.search_items(["dropin"], filter={"n": 2}))
    book.see("filter by order", sorted(each["key"] for each in
                                       (await client.store.search_items(["dropin"], filter={"n": {"$gt": 1}}))["items"]))
    await client.store.put_item(["dropin", "other", "deep"], "d", {})
    spaces = await client.store.list_namespaces(prefix=["dropin"])
    book.see("namespaces", sorted(spaces["namespaces"]))
    book.see("namespaces to a depth", sorted((await client.store.list_namespaces(prefix=["dropin"], max_depth=2))["namespaces"]))
    book.see("delete", await client.store.delete_item(["dropin", "items"], "a"))
    book.see("get what is gone", await client.store.get_item(["dropin", "items"], "a"))
    await book.fail("an empty namespace", client.store.put_item([], "k", {}))


async def joins(client, book):
    thread = await new_thread(client, book)
    run = await new_run(client, book, "run", thread, "agent", input=SUM, stream_mode=["values"], metadata={"why": "join"})
    book.see("join", await client.runs.join(thread, run))
    book.see("get", await client.runs.get(thread, run))
    book.see("list", await client.runs.list(thread))
    book.see("list by status", len(await client.runs.list(thread, status="success")))
    other = await new_thread(client, book, "other")
    later = await new_run(client, book, "later", other, "sleepy", input={"seconds": 2}, stream_mode=["values"])
    await until(lambda: is_status(client, other, later, "running"), "the run to be running")
    parts = [[part.event, part.data] async for part in client.runs.join_stream(other, later)]
    book.see("join a stream", parts[-1])  # what came before depends on when it was joined
    third = await new_thread(client, book, "third")
    kept = await new_run(client, book, "kept", third, "echo", input={"text": "k"}, stream_mode=["values"], stream_resumable=True)
    await client.runs.join(third, kept)
    book.see("join a kept stream",
             [[part.event, part.data] async for part in client.runs.join_stream(third, kept, last_event_id="-1")])
    book.see("delete", await client.runs.delete(thread, run))
    await book.fail("gone", client.runs.get(thread, run))


async def crons(client, book):
    """Made, changed and looked at; they fire on the first of January only."""
    end = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)
    made = await client.crons.create("echo", schedule="0 0 1 1 *", input={"text": "new year"}, metadata={"of": "dropin"}, end_time=end)
    book.see("create", made)
    mine = book.call("cron", made["cron_id"])
    thread = await new_thread(client, book)
    on_thread = await client.crons.create_for_thread(thread, "echo", schedule="0 0 1 1 *", input={"text": "t"}, timezone="Europe/Berlin")
    book.see("create for a thread", on_thread)
    book.call("thread's cron", on_thread["cron_id"])
    book.see("search", await client.crons.search(assistant_id=made["assistant_id"], thread_id=thread))
    book.see("count", await client.crons.count(thread_id=thread))
    book.see("update", await client.crons.update(mine, schedule="0 0 2 1 *", enabled=False))
    book.see("delete", await client.crons.delete(mine))
    await book.fail("delete again", client.crons.delete(mine))
    await book.fail("a bad schedule", client.crons.create("echo", schedule="bad"))


async def refusals(client, book):
    nobody = "00000000-0000-4000-8000-000000000000"
    thread = await new_thread(client, book)
    await book.fail("unknown graph", client.runs.wait(thread, "nobody", input={}))
    await book.fail("unknown assistant", client.runs.wait(thread, nobody, input={}))
    await book.fail("unknown thread", client.runs.create(nobody, "echo", input={}))
    await book.fail("unknown run", client.runs.get(thread, nobody))
    await book.fail("unknown strategy", client.runs.create(thread, "echo", input={}, multitask_strategy="hope"))
    await book.fail("not a UUID", client.threads.get("nonsense"))
    await book.fail("a webhook that is no URL", client.runs.create(thread, "echo", input={}, webhook="ftp://127.0.0.1/"))
    await book.fail("unknown stream mode", client.runs.create(thread, "echo", input={}, stream_mode="dreams"))
    await book.fail("a limit of 0", client.threads.search(limit=0))


async def webhooks(client, book, receiver):
    asked = {"success": ("agent", {"input": SUM}), "error": ("failing", {"input": {"text": "kaput"}}),
             "question": ("human", {"input": {"request": "r"}})}
    for name, (graph, more) in asked.items():
        thread = await new_thread(client, book, f"{name} thread")
        await client.runs.wait(thread, graph, webhook=receiver.url(f"/{name}?token=MY_SECRET"), raise_error=False, **more)
        book.see(name, await received(receiver, name))
    await client.runs.wait(None, "echo", input={"text": "s"}, webhook=receiver.url("/stateless"))
    book.see("stateless", await received(receiver, "stateless"))
    thread = await new_thread(client, book, "cancelled thread")
    run = await new_run(client, book, "cancelled run", thread, "sleepy", input={"seconds": 60}, webhook=receiver.url("/cancelled"))
    await until(lambda: is_status(client, thread, run, "running"), "the run to be running")
    await client.runs.cancel(thread, run, wait=True)
    book.see("cancelled", await received(receiver, "cancelled"))


async def received(receiver, name):
    request = await asyncio.to_thread(receiver.one, f"/{name}", EVERY_TIME)
    return {"method": request.method, "target": request.target, "content-type": request.header("content-type"), "body": request.json()}


async def searches(client, book):
    made = {}
    for name, graph, given in (("ann", "echo", {"text": "one"}), ("ben", "failing", {"text": "kaput"}), ("cat", "human", {"request": "r"})):
        made[name] = await new_thread(client, book, name, metadata={"searched": "yes", "who": name})
        await client.runs.wait(made[name], graph, input=given, raise_error=False)
    mine = {"searched": "yes"}
    book.see("all", await client.threads.search(metadata=mine, sort_by="created_at", sort_order="asc"))
    for status in ("idle", "error", "interrupted", "busy"):
        book.see(status, [each["metadata"]["who"] for each in await client.threads.search(metadata=mine, status=status)])
    book.see("by values", [each["metadata"]["who"] for each in await client.threads.search(metadata=mine, values={"out": "one"})])
    book.see("selected", await client.threads.search(metadata={**mine, "who": "ann"}, select=["thread_id", "status", "metadata"]))
    book.see("a page", [each["metadata"]["who"] for each in
                        await client.threads.search(metadata=mine, sort_by="created_at", sort_order="desc", limit=2, offset=1)])
    book.see("count", await client.threads.count(metadata=mine))
    book.see("count by status", await client.threads.count(metadata=mine, status="error"))
