# SPDX-License-Identifier: Apache-2.0
"""A graph made by a function of the run's config, with a subgraph, a custom stream, a context and a human."""
import os

from langchain_core.runnables import RunnableConfig
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, Send, interrupt

from team.state import Draft, Wishes


def write_line(state: dict):
    get_stream_writer()({"writing": state["number"]})
    return {"lines": [f"{state['number']}: {state['topic']}"]}


def plan(state: Draft, runtime: Runtime[Wishes]):
    wishes = runtime.context or Wishes()
    return Command(update={"style": f"{os.environ['TEAM_STYLE']}/{wishes.language}"},
                   goto=[Send("write_line", {"number": n, "topic": state["topic"]}) for n in range(wishes.longest)])


def check(state: Draft):
    answer = interrupt({"lines": len(state["lines"])})
    return {"approved": answer == "yes"}


def review():
    builder = StateGraph(Draft)
    builder.add_node("check", check)
    builder.add_edge(START, "check")
    builder.add_edge("check", END)
    return builder.compile()


async def make_graph(config: RunnableConfig):
    builder = StateGraph(Draft, context_schema=Wishes)
    builder.add_node("plan", plan, destinations=("write_line",))
    builder.add_node("write_line", write_line)
    builder.add_node("review", review())
    builder.add_edge(START, "plan")
    builder.add_edge("write_line", "review")
    builder.add_edge("review", END)
    return builder.compile(name=config.get("configurable", {}).get("name", "writer"))
