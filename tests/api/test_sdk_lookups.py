# SPDX-License-Identifier: Apache-2.0
"""Every method of the Python SDK's client.assistants and client.store, with the asynchronous and the synchronous client."""
import uuid

import pytest
from langgraph_sdk.errors import ConflictError, NotFoundError, UnprocessableEntityError
from sdk_story import KINDS, tell, untold


@pytest.fixture(params=KINDS)
def story(request, wire):
    """Runs a coroutine function of (assistants, store, runs)."""
    return lambda coroutine: tell(request.param, wire.url, coroutine, "assistants", "store", "runs")


@pytest.fixture
def mark():
    return str(uuid.uuid4())


def ids(assistants):
    return [each["assistant_id"] for each in assistants]


def test_assistants_are_made_found_changed_and_deleted(story, mark):
    async def told(assistants, _, runs):
        own_id = str(uuid.uuid4())
        made = await assistants.create("custom", {"configurable": {"model": "small"}}, metadata={"mark": mark, "n": 1}, assistant_id=own_id,
                                       name="Ada's Writer", description="writes")
        assert (made["assistant_id"], made["version"], made["description"]) == (own_id, 1, "writes")
        assert made["context"] == {"model": "small"}  # what config.configurable says, the context says too
        with pytest.raises(ConflictError):
            await assistants.create("custom", assistant_id=own_id)
        assert (await assistants.create("echo", assistant_id=own_id, if_exists="do_nothing"))["graph_id"] == "custom"
        assert await assistants.get(own_id) == made
        with pytest.raises(NotFoundError):
            await assistants.create("no such graph")

        other = await assistants.create("echo", metadata={"mark": mark, "n": 2}, name="bob")
        both = [other["assistant_id"], own_id]
        assert ids(await assistants.search(metadata={"mark": mark})) == both  # the newest first
        assert ids(await assistants.search(metadata={"mark": mark}, sort_by="name", sort_order="asc")) == both[::-1]
        assert ids(await assistants.search(metadata={"mark": mark}, limit=1, offset=1)) == [own_id]
        assert ids(await assistants.search(metadata={"mark": mark}, name="WRITER")) == [own_id]
        assert ids(await assistants.search(metadata={"mark": mark}, graph_id="echo")) == [other["assistant_id"]]
        assert await assistants.search(metadata={"mark": mark, "n": 2}, select=["name", "graph_id"]) == [{"name": "bob", "graph_id": "echo"}]
        page = await assistants.search(metadata={"mark": mark}, limit=1, response_format="object")
        assert (len(page["assistants"]), page["next"]) == (1, "1")
        assert await assistants.count(metadata={"mark": mark}) == 2
        assert await assistants.count(metadata={"mark": mark}, graph_id="custom", name="ada") == 1

        await assistants.delete(other["assistant_id"], delete_threads=True)
        with pytest.raises(NotFoundError):
            await assistants.get(other["assistant_id"])
        await assistants.delete(own_id)
        assert await assistants.count(metadata={"mark": mark}) == 0

    story(told)


def test_versions(story, mark):
    async def told(assistants, _, runs):
        made = await assistants.create("custom", context={"user_name": "Ada"}, metadata={"mark": mark}, name="one")
        name = made["assistant_id"]
        changed = await assistants.update(name, context={"user_name": "Bob"}, metadata={"more": True}, name="two", description="second")
        assert (changed["version"], changed["metadata"], changed["name"]) == (2, {"mark": mark, "more": True}, "two")
        assert [each["version"] for each in await assistants.get_versions(name)] == [2, 1]
        assert [each["version"] for each in await assistants.get_versions(name, limit=1, offset=1)] == [1]
        assert [each["version"] for each in await assistants.get_versions(name, metadata={"more": True})] == [2]
        back = await assistants.set_latest(name, 1)
        assert (back["version"], back["context"], back["config"]["configurable"]) == (1, {"user_name": "Ada"}, {"user_name": "Ada"})
        assert (await runs.wait(None, name, input={"n": 0}))["info"]["context"]["user_name"] == "Ada"
        # Search goes by the version that holds.
        assert await assistants.count(metadata={"mark": mark, "more": True}) == 0
        with pytest.raises(NotFoundError):
            await assistants.set_latest(name, 7)
        assert (await assistants.update(name, graph_id="echo"))["version"] == 3

    story(told)


def test_graphs(story):
    async def told(assistants, _, runs):
        parent = (await assistants.search(graph_id="parent", metadata={"created_by": "system"}))[0]["assistant_id"]
        assert [node["id"] for node in (await assistants.get_graph(parent))["nodes"]] == ["__start__", "child", "fin", "__end__"]
        deep = await assistants.get_graph(parent, xray=1)
        assert deep == await assistants.get_graph("parent", xray=True) and len(deep["nodes"]) == 5
        schemas = await assistants.get_schemas(parent)
        assert schemas["graph_id"] == "parent" and schemas["input_schema"]["type"] == "object"
        assert list(await assistants.get_subgraphs(parent, recurse=True)) == ["child"]
        assert list(await assistants.get_subgraphs(parent, "child")) == ["child"]

    story(told)


def test_the_store(story, mark):
    async def told(_, store, runs):
        for at in range(5):
            await store.put_item([mark, f"user-{at % 2}", "notes"], f"k{at}", {"n": at, "kind": "even" if at % 2 == 0 else "odd"})
        await store.put_item((mark, "user-0", "notes"), "k0", {"n": 10, "kind": "even"}, index=["kind"], ttl=60)
        item = await store.get_item([mark, "user-0", "notes"], "k0", refresh_ttl=True)
        assert (item["value"], item["namespace"]) == ({"n": 10, "kind": "even"}, [mark, "user-0", "notes"])
        assert item["created_at"] < item["updated_at"]

        async def keys(*prefix, **more):
            return [each["key"] for each in (await store.search_items([mark, *prefix], **more))["items"]]

        assert await keys() == ["k0", "k4", "k3", "k2", "k1"]
        assert await keys("user-1") == ["k3", "k1"]
        assert await keys(filter={"kind": "even"}) == ["k0", "k4", "k2"]
        assert await keys(filter={"n": {"$gte": 2, "$lt": 10}}) == ["k4", "k3", "k2"]
        assert await keys(filter={"n": {"$gt": 1}, "kind": {"$ne": "even"}}) == ["k3"]
        assert await keys(filter={"n": {"$lte": 2}, "kind": {"$eq": "even"}}, refresh_ttl=False) == ["k2"]
        assert await keys(limit=2, offset=1, query="k") == ["k4", "k3"]
        with pytest.raises(UnprocessableEntityError, match=r"\$regex"):
            await keys(filter={"n": {"$regex": "x"}})
        with pytest.raises(UnprocessableEntityError, match="namespace"):
            await store.put_item([mark, ""], "k", {})

        async def namespaces(**more):
            return (await store.list_namespaces(**more))["namespaces"]

        both = [[mark, "user-0", "notes"], [mark, "user-1", "notes"]]
        assert await namespaces(prefix=[mark]) == both
        assert await namespaces(prefix=[mark], suffix=["user-1", "*"]) == both[1:]
        assert await namespaces(prefix=[mark, "*"], max_depth=1) == [[mark]]
        assert await namespaces(prefix=[mark], limit=1, offset=1) == both[1:]
        await store.delete_item([mark, "user-0", "notes"], "k0")
        await store.delete_item([mark, "user-0", "notes"], "k0")
        assert await store.get_item([mark, "user-0", "notes"], "k0") is None

    story(told)


@pytest.mark.parametrize("resource", ["assistants", "store"])
def test_no_method_is_left_out(resource):
    assert untold(resource, __file__) == set()
