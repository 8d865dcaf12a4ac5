# SPDX-License-Identifier: Apache-2.0
"""A store with an index: functions and an object that make vectors without a model, and graphs that use the store."""
from typing import Any, TypedDict

from langchain_core.embeddings import Embeddings
from langgraph.graph import START, StateGraph
from langgraph.store.base import BaseStore, PutOp, SearchOp

SUBJECTS = ("tea", "coffee", "train", "boat")


def vector(text: str) -> list[float]:
    """How often each subject is named; the last number keeps the others from being all zero."""
    if "explode" in text:
        raise ValueError("boom")
    return [float(text.count(subject)) for subject in SUBJECTS] + [0.1] + ([0.0] if "long" in text else [])


def embed(texts):
    return [vector(text) for text in texts]


async def aembed(texts):
    return embed(texts)


class Model(Embeddings):
    def embed_documents(self, texts):
        return embed(texts)

    def embed_query(self, text):
        return vector(text)


model = Model()


class Work(TypedDict, total=False):
    puts: list[dict]
    searches: list[dict]
    found: list[Any]


def _ops(state: Work) -> list[Any]:
    puts = [PutOp(tuple(put["namespace"]), put["key"], put["value"], put.get("index")) for put in state.get("puts", ())]
    searches = [
        SearchOp(tuple(search["prefix"]), limit=search.get("limit", 10), query=search.get("query"))
        for search in state.get("searches", ())
    ]
    return puts + searches


def _found(results: list[Any]) -> list[Any]:
    return [[[item.key, item.score] for item in result] for result in results if result is not None]


async def work(state: Work, *, store: BaseStore):
    return {"found": _found(await store.abatch(_ops(state)))}


def work_sync(state: Work, *, store: BaseStore):
    return {"found": _found(store.batch(_ops(state)))}


async def work_blocking(state: Work, *, store: BaseStore):
    return work_sync(state, store=store)


def _graph(node):
    return StateGraph(Work).add_node("work", node).add_edge(START, "work").compile()


librarian = _graph(work)
librarian_sync = _graph(work_sync)
librarian_blocking = _graph(work_blocking)
