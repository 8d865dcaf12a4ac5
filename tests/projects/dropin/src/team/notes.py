# SPDX-License-Identifier: Apache-2.0
"""Keeps notes of a person in the store, and tells those of earlier threads."""
from langchain_core.runnables import RunnableConfig
from langgraph.graph import START, StateGraph
from langgraph.store.base import BaseStore
from typing_extensions import TypedDict


class Note(TypedDict, total=False):
    person: str
    note: str
    known: list[str]


async def keep(state: Note, config: RunnableConfig, *, store: BaseStore):
    place = ("dropin-notes", state["person"])
    known = sorted(item.value["note"] for item in await store.asearch(place))
    await store.aput(place, state["note"], {"note": state["note"], "by": config["configurable"].get("who")})
    return {"known": known}


builder = StateGraph(Note)
builder.add_node("keep", keep)
builder.add_edge(START, "keep")
graph = builder.compile()
