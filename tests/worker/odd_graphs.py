# SPDX-License-Identifier: Apache-2.0
"""Graphs for what the wire project does not show: odd values, every message type, errors, factories, prints."""

import asyncio
import collections
import contextlib
import dataclasses
import datetime as dt
import decimal
import enum
import functools
import logging
import operator
import sys
import threading
import time
import uuid
from typing import Annotated, Any

from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langgraph.channels.delta import DeltaChannel
from langgraph.config import get_store, get_stream_writer
from langgraph.func import entrypoint, task
from langgraph.graph import MessagesState, StateGraph
from langgraph.runtime import Runtime
from langgraph.store.base import BaseStore
from langgraph.types import Command, Send, interrupt
from langgraph_sdk.runtime import ServerRuntime
from pydantic import BaseModel
from typing_extensions import TypedDict
from graphs import chain  # tests/projects/wire
from graphs import model as chat_node


class State(TypedDict, total=False):
    what: str
    out: Any


class Colour(enum.Enum):
    RED = "red"


class Model(BaseModel):
    a: int = 1
    when: dt.datetime = dt.datetime(2024, 1, 2, 3, 4, 5)
    tags: set = {1}


@dataclasses.dataclass
class Data:
    x: int = 1
    s: frozenset = frozenset([2])


Pair = collections.namedtuple("Pair", "p q")

VALUES = {
    "nan": lambda: float("nan"),
    "inf": lambda: {"a": float("inf")},
    "surrogate": lambda: "a\ud800b",
    "nul": lambda: "a\x00b",
    "lines": lambda: "a\nb\r\u2028",
    "datetime": lambda: dt.datetime(2024, 1, 2, 3, 4, 5, 678, tzinfo=dt.timezone.utc),
    "date": lambda: dt.date(2024, 1, 2),
    "timedelta": lambda: dt.timedelta(seconds=90.5),
    "uuid": lambda: uuid.UUID(int=5),
    "set": lambda: {1},
    "bytes": lambda: b"\xff\x00",
    "enum": lambda: Colour.RED,
    "model": Model,
    "dataclass": Data,
    "namedtuple": lambda: Pair(1, 2),
    "decimal": lambda: decimal.Decimal("1.50"),
    "deque": lambda: collections.deque([1, 2]),
    "keys": lambda: {1: "a", (1, 2): "b"},
    "exception": lambda: ValueError("x"),
    "function": lambda: len,
    "big": lambda: 2**70,
    "send": lambda: Send("n", {"a": 1}),
    "command": lambda: Command(update={"a": 1}),
    "nested": lambda: {"m": Model(), "l": [Data(), {1}]},
}


def write_value(state: State):
    get_stream_writer()(VALUES[state["what"]]())
    return {}


values = chain(State, ("write", write_value)).compile()


def many(state: MessagesState):
    return {
        "messages": [
            HumanMessage("h2", id="h-2"),
            AIMessage("ai", id="a-1"),
            ToolMessage("t", tool_call_id="tc", id="t-1"),
            SystemMessage("s", id="s-1"),
        ]
    }


kinds = chain(MessagesState, ("many", many)).compile()

nested = chain(MessagesState, ("inner", chain(MessagesState, ("model", chat_node)).compile())).compile()


def ask(state: State):
    return {"out": interrupt({"q": 1})}


subint = chain(State, ("inner", chain(State, ("ask", ask)).compile())).compile()


class Errand(Exception):
    pass


def fail(state: State):
    what = state["what"]
    if what == "exit":
        sys.exit(3)
    if what == "cancelled":
        raise asyncio.CancelledError()
    if what == "key":
        raise KeyError("k")
    raise Errand(what)


failing = chain(State, ("fail", fail)).compile()


# ---- two questions in a row


class Steps(TypedDict, total=False):
    text: str
    answers: Annotated[list, operator.add]


def question(name: str):
    return lambda state: {"answers": [interrupt(name)]}


questions = chain(Steps, ("first", question("first")), ("second", question("second"))).compile()


# ---- factories


def _told(told: Any) -> StateGraph:
    return chain(State, ("tell", lambda state: {"out": told}))


def factory(config: RunnableConfig):
    return _told(sorted(config["configurable"]))


async def factory_runtime(config: RunnableConfig, runtime: ServerRuntime):
    execution = runtime.execution_runtime
    return _told([runtime.access_context, execution.context if execution else None]).compile()


opened: list[str] = []


@contextlib.asynccontextmanager
async def factory_managed(config: RunnableConfig):
    opened.append("in")
    yield chain(State, ("tell", lambda state: {"out": list(opened)}))
    opened.append("out")


def factory_broken(config: RunnableConfig):
    raise LookupError("no such model")


def factory_alone(runtime: ServerRuntime):
    return _told(runtime.access_context)


uncompiled = _told("uncompiled")


@dataclasses.dataclass
class Endpoint:
    url: str
    port: int = 80


async def factory_typed(runtime: ServerRuntime[Endpoint], config: RunnableConfig | None = None):
    execution = runtime.execution_runtime
    return _told([repr(execution and execution.context), sorted(config["configurable"])])


def factory_langgraph_runtime(anything: Runtime[Endpoint]):
    assert isinstance(anything.store, BaseStore)
    return _told(repr(anything.context))


def factory_named(*, config, runtime):
    return _told([config["configurable"].get("mine"), runtime.access_context])


def factory_positional(whatever, /, other=5, *rest, **more):
    return _told([whatever["configurable"].get("mine"), other, rest, more])


def factory_nothing():
    return _told("nothing")


class Maker:
    async def __call__(self, config: RunnableConfig):
        return _told(config["metadata"]["run_attempt"] if config["metadata"] else "read")


factory_object = Maker()
factory_partial = functools.partial(lambda text, config: _told([text, config["configurable"].get("mine")]), "bound")


def factory_meddling(config: RunnableConfig):
    config["configurable"].clear()
    config["tags"] = ["meddled"]
    return chain(State, ("tell", lambda state, config: {"out": [config["configurable"]["mine"], config["tags"]]}))


def factory_unclear(config: RunnableConfig, model: str):
    return _told(model)


def factory_no_graph(config: RunnableConfig):
    return 5


async def _act(state: State):
    if state["what"] == "raise":
        raise Errand("in the graph")
    if state["what"] == "wait":
        await asyncio.Event().wait()
    return {"out": "acted"}


def _noted(config: RunnableConfig, what: str) -> None:
    """Into the file that the run's config names, and to the log."""
    with open(config["configurable"]["notes"], "a", encoding="utf-8") as notes:
        notes.write(what + "\n")
    print(what)


@contextlib.asynccontextmanager
async def managed(config: RunnableConfig, runtime: ServerRuntime):
    """Cleans up without a ``finally``, as the SDK's own example does."""
    _noted(config, "in " + runtime.access_context)
    if config["configurable"].get("enter") == "wait":
        try:
            await asyncio.Event().wait()
        finally:
            _noted(config, "left at the door")
    yield chain(State, ("act", _act))
    await asyncio.sleep(0.01)
    _noted(config, "out")
    if config["configurable"].get("leave") == "raise":
        raise OSError("connection lost")
    if config["configurable"].get("leave") == "wait":
        try:
            await asyncio.Event().wait()
        finally:
            _noted(config, "let go")


@contextlib.contextmanager
def managed_sync(config: RunnableConfig):
    try:
        yield chain(State, ("act", _act)).compile()
    finally:
        _noted(config, "out")


async def managed_generator(config: RunnableConfig):
    yield chain(State, ("act", _act))
    _noted(config, "out")


def managed_sync_generator(config: RunnableConfig):
    yield chain(State, ("act", _act))
    _noted(config, "out")


@contextlib.asynccontextmanager
async def managed_swallowing(config: RunnableConfig):
    try:
        yield chain(State, ("act", _act))
    except BaseException:
        pass
    _noted(config, "out")


# ---- context


@dataclasses.dataclass
class Settings:
    a: int = 7


def tell_context(state: State, runtime: Runtime):
    return {"out": repr(runtime.context)}


settings = chain(State, ("tell", tell_context), context=Settings).compile()
free_context = chain(State, ("tell", tell_context)).compile()


# ---- printing and logging


def talk(state: State):
    print("printed", state["what"])
    print("to stderr", file=sys.stderr)
    print("unfinished", end="")
    logging.getLogger("my.graph").info("logged %s", state["what"])
    try:
        raise ValueError("inner")
    except ValueError:
        logging.getLogger("my.graph").exception("caught")
    return {}


async def talk_async(state: State):
    print("async", state["what"])
    await asyncio.sleep(0)
    return {}


talker = chain(State, ("talk", talk), ("talk_async", talk_async)).compile()


# ---- the store in every way


def store_sync(state: State, store: BaseStore):
    store.put(("s", "sync"), "a", {"n": 1, "text": "sync"})
    store.put(("s", "sync"), "b", {"n": 2})
    found = store.search(("s",), filter={"n": {"$gt": 1}})
    item = store.get(("s", "sync"), "a")
    store.delete(("s", "sync"), "a")
    return {"out": [item.value, [i.key for i in found], store.get(("s", "sync"), "a"), store.list_namespaces()]}


async def store_async(state: State, runtime: Runtime):
    await runtime.store.aput(("s", "async"), "k", {"v": 1})
    item = await get_store().aget(("s", "async"), "k")
    blocking = runtime.store.get(("s", "async"), "k")  # blocks the event loop's thread, and must not hang
    return {"out": [*state["out"], item.value, blocking.value, item.created_at.isoformat()]}


def store_other_loop(state: State, store: BaseStore):
    async def elsewhere():
        return (await store.aget(("s", "async"), "k")).value

    return {"out": [*state["out"], asyncio.run(elsewhere())]}


stores = chain(State, ("sync", store_sync), ("async", store_async), ("other", store_other_loop)).compile()


# ---- many threads at once

_meeting = threading.Barrier(40)


def meet(state: State):
    _meeting.wait(10)
    return {}


crowd = chain(State, ("meet", meet)).compile()


# ---- long output


class Counted(TypedDict, total=False):
    count: int
    size: int


async def pour(state: Counted):
    write = get_stream_writer()
    for at in range(state["count"]):
        write({"at": at, "text": "x" * state["size"]})
        await asyncio.sleep(0)
    return {}


pouring = chain(Counted, ("pour", pour)).compile()


class Big(TypedDict, total=False):
    size: int
    text: str


big = chain(Big, ("grow", lambda state: {"text": "y" * state["size"]})).compile()


async def late(state: State):
    """Goes on for a moment in a thread although its run is over."""
    await asyncio.get_running_loop().run_in_executor(None, time.sleep, 0.2)
    return {"out": "late"}


lateness = chain(State, ("late", late)).compile()


async def hang(state: State):
    await asyncio.Event().wait()


hanging = chain(State, ("hang", hang)).compile()


async def stay(state: State):
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            print("not me")


async def work_untidily(state: State):
    try:
        await asyncio.Event().wait()
    finally:
        raise OSError("connection lost")


untidy = chain(State, ("work", work_untidily)).compile()

stubborn = chain(State, ("stay", stay)).compile()


def raise_much(state: State):
    raise ValueError("z" * (2 << 20))


verbose = chain(State, ("raise", raise_much)).compile()


# ---- state that lives elsewhere than in plain channels


def join(current: list, updates: list) -> list:
    return [*(current or []), *(item for update in updates for item in update)]


class DeltaState(TypedDict, total=False):
    text: str
    log: Annotated[list, DeltaChannel(join)]


delta = chain(
    DeltaState, ("one", lambda s: {"log": [f"one {s['text']}"]}), ("two", lambda s: {"log": ["two"]})
).compile()


class CountState(TypedDict, total=False):
    text: str
    seen: Annotated[list, operator.add]


_remembering = chain(CountState, ("see", lambda state: {"seen": [state["text"]]})).compile(checkpointer=True)
remembering = chain(CountState, ("inner", _remembering)).compile()


@task
async def double(number: int) -> int:
    return number * 2


@entrypoint()
async def functional(given: dict, *, previous: Any = None) -> Any:
    doubled = [await double(number) for number in given["numbers"]]
    answer = interrupt({"doubled": doubled}) if given.get("ask") else None
    return entrypoint.final(value={"doubled": doubled, "answer": answer, "previous": previous}, save=doubled)
