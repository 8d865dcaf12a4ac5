# SPDX-License-Identifier: Apache-2.0
"""LangGraph's checkpointer conformance suite as a run: it tests the saver that this very server gave to the run.

Serve conformance.json, run the graph ``conformance``; its output maps each capability to the failures (none: passed).
"""

from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict


class State(TypedDict, total=False):
    only: list
    failures: dict
    passed: dict


async def run_suite(state: State, config: RunnableConfig) -> dict[str, Any]:
    given = config["configurable"]["__pregel_checkpointer"]

    @checkpointer_test(name="heddle")
    async def saver():
        yield type(given).__bases__[0](given.channel)  # a saver for any thread, not this run's own

    report = await validate(saver, capabilities=set(state["only"]) if state.get("only") else None)
    return {
        "failures": {name: [str(f) for f in result.failures or []] for name, result in report.results.items()},
        "passed": {name: result.tests_passed for name, result in report.results.items()},
    }


builder = StateGraph(State)
builder.add_node("suite", run_suite)
builder.add_edge(START, "suite")
builder.add_edge("suite", END)
graph = builder.compile(name="conformance")
