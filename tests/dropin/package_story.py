# SPDX-License-Identifier: Apache-2.0
"""The same for tests/projects/dropin: a package with a src folder, a graph made by a function, a subgraph, context and the store."""
import asyncio

from langgraph_sdk import get_client

from story import alone, installed, new_thread, streamed


async def tell(url, _):
    client = get_client(url=url, api_key=None)
    told = [await alone(installed, client)]
    told += await asyncio.gather(*(alone(scene, client) for scene in (writing, contexts, notes)))
    return [step for scene in told for step in scene.steps]


async def writing(client, book):
    """Lines are written at the same time, so the order of their events is nobody's promise."""
    thread = await new_thread(client, book)
    parts = await streamed(client, thread, "writer", input={"topic": "tea"}, stream_mode=["updates", "custom"], stream_subgraphs=True)
    book.see("stream", sorted(parts, key=str))
    book.see("thread", await client.threads.get(thread))
    book.see("state with subgraphs", await client.threads.get_state(thread, subgraphs=True))
    book.see("resume", await client.runs.wait(thread, "writer", command={"resume": "yes"}))
    book.see("thread afterwards", await client.threads.get(thread))
    history = await client.threads.get_history(thread, limit=20)
    book.see("history", [[each["metadata"]["source"], each["metadata"]["step"], each["next"], each["values"]] for each in history])


async def contexts(client, book):
    thread = await new_thread(client, book)
    book.see("context", await client.runs.wait(thread, "writer", input={"topic": "rain"}, context={"language": "de", "longest": 1}))
    made = await client.assistants.create("writer", context={"language": "fr", "longest": 2}, name="french")
    mine = book.call("mine", made["assistant_id"])
    book.see("assistant with a context", made)
    book.see("its schemas", await client.assistants.get_schemas(mine))
    book.see("its subgraphs", await client.assistants.get_subgraphs(mine, recurse=True))
    book.see("drawing through subgraphs", await client.assistants.get_graph(mine, xray=True))
    other = await new_thread(client, book, "other")
    book.see("its run", await client.runs.wait(other, mine, input={"topic": "snow"}))
    book.see("delete", await client.assistants.delete(mine))
    book.see("a wrong context", await client.runs.wait(None, "writer", input={"topic": "x"}, context={"longest": "many"}, raise_error=False))


async def notes(client, book):
    for note in ("likes tea", "has a cat"):
        thread = await new_thread(client, book, note)
        book.see(note, await client.runs.wait(thread, "notes", input={"person": "ann", "note": note}, config={"configurable": {"who": "me"}}))
    found = await client.store.search_items(["dropin-notes"])
    book.see("kept", sorted(found["items"], key=lambda each: each["key"]))
    book.see("one", await client.store.get_item(["dropin-notes", "ann"], "likes tea"))
