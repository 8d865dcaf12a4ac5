# SPDX-License-Identifier: Apache-2.0
"""Small graphs, one for each behaviour of the API's wire that tests look at."""

import asyncio
import operator
import time
from typing import Annotated, Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langgraph.config import get_config, get_stream_writer
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.runtime import Runtime
from langgraph.store.base import BaseStore
from langgraph.types import Command, Send, interrupt
from typing_extensions import TypedDict


def chain(state: type, *steps: tuple[str, Any], context: type | None = None) -> StateGraph:
    """A graph that runs the steps one after the other."""
    graph = StateGraph(state, context_schema=context)
    previous = START
    for name, node in steps:
        graph.add_node(name, node)
        graph.add_edge(previous, name)
        previous = name
    graph.add_edge(previous, END)
    return graph


# ---- agent: a chat model that needs no key; it repeats what it is told, one word at a time


class FakeChat(BaseChatModel):
    """Streams ``echo: `` and the last message's text."""

    pause_s: float = 0.01

    @property
    def _llm_type(self) -> str:
        return "fake-echo"

    def _answer(self, messages: list) -> str:
        content = messages[-1].content
        if isinstance(content, list):
            content = "".join(block.get("text", "") for block in content if isinstance(block, dict))
        return f"echo: {content}"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=self._answer(messages)))])

    async def _agenerate(self, messages, stop=None, run_manager=None, **kwargs):
        return self._generate(messages)

    async def _astream(self, messages, stop=None, run_manager=None, **kwargs):
        for at, word in enumerate(self._answer(messages).split(" ")):
            token = word if at == 0 else f" {word}"
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=token))
            if run_manager:
                await run_manager.on_llm_new_token(token, chunk=chunk)
            yield chunk
            await asyncio.sleep(self.pause_s)


class AgentContext(TypedDict, total=False):
    system_prompt: str
    temperature: float


async def model(state: MessagesState):
    return {"messages": [await FakeChat().ainvoke(state["messages"])]}


agent = chain(MessagesState, ("model", model), context=AgentContext).compile(name="agent")


# ---- echo: the smallest run there is


class EchoState(TypedDict, total=False):
    text: str
    out: str


def repeat(state: EchoState):
    return {"out": state.get("text", "")}


echo = chain(EchoState, ("echo", repeat)).compile(name="echo")


# ---- human: stops for an answer


class HumanState(TypedDict, total=False):
    text: str
    answer: Any
    steps: Annotated[list, operator.add]


def step(name: str):
    return lambda state: {"steps": [name]}


def ask(state: HumanState):
    answer = interrupt({"question": "approve?", "text": state.get("text")})
    return {"answer": answer, "steps": ["ask"]}


human = chain(HumanState, ("before", step("before")), ("ask", ask), ("after", step("after"))).compile(name="human")


# ---- sleepy: two naps


class SleepyState(TypedDict, total=False):
    seconds: float
    steps: Annotated[list, operator.add]


def nap(name: str):
    async def sleep(state: SleepyState):
        await asyncio.sleep(float(state.get("seconds", 1)))
        return {"steps": [name]}

    return sleep


sleepy = chain(SleepyState, ("nap1", nap("nap1")), ("nap2", nap("nap2"))).compile(name="sleepy")


# ---- boom: the second node raises


class BoomState(TypedDict, total=False):
    msg: str
    steps: Annotated[list, operator.add]


def explode(state: BoomState):
    raise ValueError(state.get("msg") or "boom!")


boom = chain(BoomState, ("ok", step("ok")), ("boom", explode)).compile(name="boom")


# ---- parent: a graph inside a graph


class ChildState(TypedDict, total=False):
    text: str
    sub_out: str


class ParentState(ChildState, total=False):
    final: str


def sub_a(state: ChildState):
    return {"sub_out": "a:" + state.get("text", "")}


def sub_b(state: ChildState):
    return {"sub_out": state["sub_out"] + ":b"}


def finish(state: ParentState):
    return {"final": "done " + state.get("sub_out", "")}


child = chain(ChildState, ("sub_a", sub_a), ("sub_b", sub_b)).compile(name="childgraph")
parent = chain(ParentState, ("child", child), ("fin", finish)).compile(name="parent")


# ---- fan: one task for each item


class FanState(TypedDict, total=False):
    items: list
    results: Annotated[list, operator.add]


def plan(state: FanState):
    return {}


def spread(state: FanState):
    return [Send("work", {"item": item}) for item in state.get("items", [])]


def work(state: dict):
    return {"results": [f"w{state['item']}"]}


_fan = StateGraph(FanState)
_fan.add_node("plan", plan)
_fan.add_node("work", work)
_fan.add_edge(START, "plan")
_fan.add_conditional_edges("plan", spread, ["work"])
_fan.add_edge("work", END)
fan = _fan.compile(name="fan")


# ---- memory: remembers in the store


class MemoryState(TypedDict, total=False):
    key: str
    value: Any
    seen: list


async def remember(state: MemoryState, *, store: BaseStore):
    if "value" in state:
        await store.aput(("mem", "notes"), state.get("key", "k"), {"v": state["value"]})
    items = await store.asearch(("mem", "notes"))
    return {"seen": [item.key for item in items]}


memory = chain(MemoryState, ("mem", remember)).compile(name="memory")


# ---- custom: writes its own events and shows what it was configured with


class CustomState(TypedDict, total=False):
    n: int
    info: dict


class CustomContext(TypedDict, total=False):
    user_name: str
    lang: str


async def report(state: CustomState, runtime: Runtime[CustomContext]):
    write = get_stream_writer()
    for at in range(int(state.get("n", 3))):
        write({"progress": at})
        await asyncio.sleep(0.01)
    config = get_config()
    configurable = config.get("configurable", {})
    return {
        "info": {
            "context": runtime.context,
            "configurable": {k: str(v) for k, v in configurable.items() if not k.startswith("__pregel")},
            "metadata": {k: str(v) for k, v in config.get("metadata", {}).items()},
            "tags": config.get("tags"),
            "recursion_limit": config.get("recursion_limit"),
        }
    }


custom = chain(CustomState, ("custom", report), context=CustomContext).compile(name="custom")


# ---- static: messages that no model streamed


def fixed(state: MessagesState):
    return {"messages": [AIMessage(content="fixed answer", id="fixed-1"), {"role": "user", "content": "second"}]}


static = chain(MessagesState, ("static", fixed)).compile(name="static")


# ---- two: two questions at once


class TwoState(TypedDict, total=False):
    text: str
    got: Annotated[list, operator.add]


def ask_for(name: str):
    return lambda state: {"got": [[name, interrupt(f"q{name}")]]}


_two = StateGraph(TwoState)
for _name in ("a", "b"):
    _two.add_node(f"ask_{_name}", ask_for(_name))
    _two.add_edge(START, f"ask_{_name}")
    _two.add_edge(f"ask_{_name}", END)
two = _two.compile(name="two")


# ---- blocker: holds a thread, or with "loop" the whole event loop


class BlockerState(TypedDict, total=False):
    seconds: float
    loop: bool
    done: bool


def block_thread(state: BlockerState):
    if not state.get("loop"):
        time.sleep(float(state.get("seconds", 1)))
    return {}


async def block_loop(state: BlockerState):
    if state.get("loop"):
        time.sleep(float(state.get("seconds", 1)))
    return {"done": True}


blocker = chain(BlockerState, ("thread", block_thread), ("loop", block_loop)).compile(name="blocker")


# ---- nested: the graph inside asks


class InnerState(TypedDict, total=False):
    text: str
    answer: Any
    notes: Annotated[list, operator.add]


class OuterState(TypedDict, total=False):
    text: str
    answer: Any
    steps: Annotated[list, operator.add]


def ask_inside(state: InnerState):
    return {"answer": interrupt({"question": "inside?", "text": state.get("text")}), "notes": ["asked"]}


inner = chain(
    InnerState, ("first", lambda state: {"notes": ["first"]}), ("ask", ask_inside), ("last", lambda state: {"notes": ["last"]})
).compile(name="inner")
nested = chain(OuterState, ("inner", inner), ("outside", step("outside"))).compile(name="nested")


# ---- crowd: several graphs inside ask at the same time


class CrowdState(TypedDict, total=False):
    people: list
    answers: Annotated[list, operator.add]


class MemberState(TypedDict, total=False):
    text: str
    answers: Annotated[list, operator.add]


def ask_member(state: MemberState):
    return {"answers": [[state["text"], interrupt({"who": state["text"]})]]}


_crowd = StateGraph(CrowdState)
_crowd.add_node("member", chain(MemberState, ("ask", ask_member)).compile(name="member"))
_crowd.add_conditional_edges(START, lambda state: [Send("member", {"text": name}) for name in state["people"]], ["member"])
_crowd.add_edge("member", END)
crowd = _crowd.compile(name="crowd")


# ---- handoff: the graph inside sends the one outside somewhere (Command.PARENT)


class HandoffState(TypedDict, total=False):
    to: Any
    text: str
    steps: Annotated[list, operator.add]


def hand_over(state: HandoffState):
    if "to" not in state:
        return {}
    goto = [Send("bob", {"text": "sent"}), "carol"] if state["to"] == "both" else state["to"]
    return Command(graph=Command.PARENT, goto=goto, update={"steps": ["team"], "text": "from inside"})


_handoff = StateGraph(HandoffState)
_handoff.add_node("team", chain(HandoffState, ("lead", hand_over)).compile(name="team"))
for _name in ("bob", "carol"):
    _handoff.add_node(_name, lambda state, _name=_name: {"steps": [f"{_name}: {state.get('text')}"]})
    _handoff.add_edge(_name, END)
_handoff.add_edge(START, "team")
handoff = _handoff.compile(name="handoff")


# ---- story: two nodes, each tells it word by word, in more than one script


class StoryState(TypedDict, total=False):
    words: int
    pause_s: float  # after each word
    later_s: float  # in the second node
    told: Annotated[list, operator.add]


def tell(name: str):
    async def chapter(state: StoryState):
        write = get_stream_writer()
        pause_s = float(state.get("pause_s", 0.01))
        if name == "two":
            pause_s = float(state.get("later_s", pause_s))
        for at in range(int(state.get("words", 5))):
            write({"chapter": name, "word": at, "text": f"é{at} 日本 \U0001f9f5"})
            await asyncio.sleep(pause_s)
        return {"told": [f"{name} ü"]}

    return chapter


story = chain(StoryState, ("one", tell("one")), ("two", tell("two"))).compile(name="story")


# ---- flood: many custom events, as fast as they go or with pauses


class FloodState(TypedDict, total=False):
    events: int
    size: int
    pause_s: float  # after each hundred
    sent: int


async def pour(state: FloodState):
    write = get_stream_writer()
    padding = "x" * int(state.get("size", 0))
    for at in range(int(state["events"])):
        write({"n": at, "padding": padding})
        if at % 100 == 99:
            await asyncio.sleep(float(state.get("pause_s", 0)))
    return {"sent": int(state["events"])}


flood = chain(FloodState, ("pour", pour)).compile(name="flood")
