# SPDX-License-Identifier: Apache-2.0
"""The savers over a socket pair: the library's conformance suite, the blocking forms, what RunSaver remembers."""

import asyncio
import socket
import uuid
from contextlib import asynccontextmanager

import pytest
from fake_server import Connection
from heddle_worker.channel import CallError, Channel, Fenced
from heddle_worker.run_saver import RunSaver
from heddle_worker.saver import RemoteSaver
from heddle_worker.store import RemoteStore
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.conformance.capabilities import Capability
from memory_storage import MemoryStorage


@asynccontextmanager
async def connected():
    ours, theirs = socket.socketpair()
    server = Connection(theirs, MemoryStorage())
    channel = Channel(ours, asyncio.get_running_loop())
    channel.on_closed = lambda: None
    channel.start()
    try:
        yield server, channel
    finally:
        server.close()


def put_one(thread_id="t", ns="", parent=None, values=None, metadata=None):
    checkpoint = empty_checkpoint()
    values = {"a": 1} if values is None else values
    checkpoint["id"] = str(uuid.uuid1())
    checkpoint["channel_values"] = values
    checkpoint["channel_versions"] = {name: f"{1:032}.{0.5:016}" for name in values}
    config = {"configurable": {"thread_id": thread_id, "checkpoint_ns": ns}}
    if parent:
        config["configurable"]["checkpoint_id"] = parent
    return config, checkpoint, metadata or {"source": "loop", "step": 1}, checkpoint["channel_versions"]


def test_conformance_with_every_capability():
    async def main():
        @checkpointer_test(name="heddle")
        async def saver():
            async with connected() as (_, channel):
                yield RemoteSaver(channel)

        return await validate(saver)

    report = asyncio.run(main())
    assert set(report.results) == {capability.value for capability in Capability}
    for name, result in report.results.items():
        assert result.detected and result.passed, (name, result.failures)


def test_conformance_of_the_saver_of_a_run():
    async def main():
        @checkpointer_test(name="heddle-run")
        async def saver():
            async with connected() as (_, channel):
                yield RunSaver(
                    channel,
                    run_id="r",
                    attempt=1,
                    thread_id=str(uuid.uuid4()),
                    start=None,
                    start_is_latest=True,
                    on_fenced=lambda: None,
                )

        return await validate(saver)

    for name, result in asyncio.run(main()).results.items():
        assert result.passed, (name, result.failures)


def test_blocking_forms_work_on_the_event_loops_thread():
    async def main():
        async with connected() as (_, channel):
            saver = RemoteSaver(channel)
            made = saver.put(*put_one())
            saver.put_writes(made, [("a", 2), ("__error__", "E")], "task", "path")
            found = saver.get_tuple(made)
            assert found.checkpoint["channel_values"] == {"a": 1}
            assert found.pending_writes == [("task", "__error__", "E"), ("task", "a", 2)]
            assert [t.config for t in saver.list({"configurable": {"thread_id": "t"}}, limit=5)] == [made]
            saver.copy_thread("t", "u")
            assert saver.get_tuple({"configurable": {"thread_id": "u"}}).checkpoint == found.checkpoint
            saver.prune(["u"], strategy="delete")
            saver.delete_for_runs(["none"])
            saver.delete_thread("t")
            assert saver.get_tuple(made) is None
            with pytest.raises(ValueError, match="prune"):
                saver.prune(["u"], strategy="some")
            RemoteStore(channel, {}).put(("n",), "k", {"v": 1})
            assert RemoteStore(channel, {}).get(("n",), "k").value == {"v": 1}

    asyncio.run(main())


def test_versions_grow_as_text():
    saver = RemoteSaver(None)
    first = saver.get_next_version(None, None)
    second = saver.get_next_version(first, None)
    assert first < second < saver.get_next_version(99, None) and int(second.split(".")[0]) == 2


def run_saver(channel, thread_id="t", **options):
    given = {"run_id": "r", "attempt": 1, "start": None, "start_is_latest": True, "on_fenced": lambda: None}
    return RunSaver(channel, thread_id=thread_id, **{**given, **options})


def asked(server):
    return [header["method"] for header, _ in server.frames if header["method"] == "checkpoint.get"]


def test_a_run_reads_back_what_it_saved_without_asking():
    async def main():
        async with connected() as (server, channel):
            saver = run_saver(channel)
            latest = {"configurable": {"thread_id": "t"}}
            assert await saver.aget_tuple(latest) is None
            made = await saver.aput(*put_one())
            await saver.aput_writes(made, [("a", [1])], "task")
            mine = await saver.aget_tuple(latest)
            assert mine.config == made and asked(server) == []
            stored = await RemoteSaver(channel).aget_tuple(latest)
            assert mine == stored
            mine.checkpoint["channel_values"]["a"] = "changed"
            assert (await saver.aget_tuple(made)) == stored and len(asked(server)) == 1

    asyncio.run(main())


def test_unchanged_channels_come_from_the_parent():
    async def main():
        async with connected() as (server, channel):
            saver = run_saver(channel)
            config, checkpoint, metadata, versions = put_one(values={"a": 1, "b": 2})
            made = await saver.aput(config, checkpoint, metadata, versions)
            config, second, *_ = put_one(parent=made["configurable"]["checkpoint_id"], values={"a": 1, "b": 3})
            second["channel_versions"] = {**versions, "b": f"{2:032}.{0.5:016}"}
            await saver.aput(config, second, metadata, {"b": second["channel_versions"]["b"]})
            mine = await saver.aget_tuple({"configurable": {"thread_id": "t"}})
            assert mine.checkpoint["channel_values"] == {"a": 1, "b": 3} and asked(server) == []
            assert mine == await RemoteSaver(channel).aget_tuple({"configurable": {"thread_id": "t"}})

    asyncio.run(main())


def test_writes_that_come_before_their_checkpoint_are_kept():
    async def main():
        async with connected() as (server, channel):
            saver = run_saver(channel)
            config, checkpoint, metadata, versions = put_one()
            ahead = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": checkpoint["id"]}}
            await saver.aput_writes(ahead, [("a", 5)], "task")
            await saver.aput(config, checkpoint, metadata, versions)
            mine = await saver.aget_tuple({"configurable": {"thread_id": "t"}})
            assert mine.pending_writes == [("task", "a", 5)] and asked(server) == []

    asyncio.run(main())


def test_other_threads_and_namespaces_are_asked_for():
    async def main():
        async with connected() as (server, channel):
            saver = run_saver(channel)
            await saver.aget_tuple({"configurable": {"thread_id": "other"}})
            await saver.aget_tuple({"configurable": {"thread_id": "t", "checkpoint_ns": "memory"}})
            assert len(asked(server)) == 2
            # below a task's id of this very run nothing can be stored yet
            await saver.aget_tuple({"configurable": {"thread_id": "t", "checkpoint_ns": "child:123"}})
            assert len(asked(server)) == 2
            later = run_saver(channel, attempt=2)
            await later.aget_tuple({"configurable": {"thread_id": "t", "checkpoint_ns": "child:123"}})
            assert len(asked(server)) == 3

    asyncio.run(main())


def test_fencing_is_told_once_and_raised():
    async def main():
        async with connected() as (server, channel):
            server.refusals["checkpoint.put"] = lambda header: {"type": "Fenced", "message": "over"}
            told = []
            saver = run_saver(channel, on_fenced=lambda: told.append(1))
            with pytest.raises(Fenced):
                await saver.aput(*put_one())
            with pytest.raises(CallError):
                saver.put(*put_one())
            assert told == [1, 1]

    asyncio.run(main())
