# SPDX-License-Identifier: Apache-2.0
"""The graphs of a project: loading them and opening one for a run."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.pregel import Pregel
from langgraph.store.base import BaseStore, TTLConfig

from .dependencies import LocalPackage, unmet
from .factories import Access, Factory
from .load_errors import absent, load_error, no_graph
from .modules import extend_path, import_target
from .vectors import BrokenIndex, StoreIndex

# What langgraph calls a graph whose author gave it no name.
_UNNAMED = "LangGraph"


class GraphNotFound(Exception):
    """No graph of this id was loaded."""


class Graphs:
    """The loaded graphs by id. ``load`` runs before the event loop does; ``open`` on it."""

    def __init__(self) -> None:
        self._targets: dict[str, Pregel | Factory] = {}
        self.store_ttl: TTLConfig = {}
        self.store_index: StoreIndex | None = None

    def load(self, project: dict[str, Any], loop: asyncio.AbstractEventLoop) -> dict[str, Any]:
        """Imports every graph of the project, and what its store's index names; one that fails is reported and the
        others still work. The reply to ``load``."""
        self.store_ttl = _store_ttl(project.get("store_ttl") or {})
        packages = [LocalPackage(folder) for folder in project.get("dependencies") or []]
        extend_path(project["root"], packages)
        warnings = [problem for package in packages for problem in package.problems]
        warnings += unmet(packages, project.get("requirements") or [])
        broken = self._load_index(project, loop) if project.get("store_index") else None
        return {"graphs": self._load_graphs(project), "store_index": broken, "warnings": warnings}

    def _load_index(self, project: dict[str, Any], loop: asyncio.AbstractEventLoop) -> dict[str, Any] | None:
        try:
            self.store_index = StoreIndex(project["store_index"], project["root"], loop)
        except (Exception, SystemExit) as error:
            why = load_error(error)
            self.store_index = BrokenIndex(f"store.index.embed cannot be loaded: {why['error']}: {why['message']}")
            return {"error": why}
        return None

    def _load_graphs(self, project: dict[str, Any]) -> list[dict[str, Any]]:
        results = []
        for entry in project["graphs"]:
            graph_id = entry["graph_id"]
            begun = time.monotonic()
            try:
                self._targets[graph_id] = _target(entry, project["root"])
                seconds = round(time.monotonic() - begun, 3)
                results.append({"graph_id": graph_id, "ok": True, "seconds": seconds})
            except (Exception, SystemExit) as error:
                results.append({"graph_id": graph_id, "ok": False, "error": load_error(error)})
        return results

    @asynccontextmanager
    async def open(
        self, graph_id: str, saver: BaseCheckpointSaver, store: BaseStore, access: Access
    ) -> AsyncIterator[Pregel]:
        """A graph of one's own that saves through ``saver``. A factory is called now, and its context manager left
        when the block ends. Raises GraphNotFound, or what a factory raises."""
        target = self._targets.get(graph_id)
        if target is None:
            raise GraphNotFound(f"graph {graph_id!r} is not loaded")
        if isinstance(target, Pregel):
            yield bind(target, graph_id, saver, store)
            return
        async with target.open(access, store) as made:
            yield bind(as_graph(made), graph_id, saver, store)


def bind(graph: Pregel, graph_id: str, saver: BaseCheckpointSaver, store: BaseStore) -> Pregel:
    """A shallow copy for one run: compiling again would cost more than a small run itself."""
    mine = object.__new__(type(graph))  # what copy.copy does, ten times as fast
    mine.__dict__.update(graph.__dict__)
    mine.checkpointer = saver
    mine.store = store
    if mine.name == _UNNAMED:
        mine.name = graph_id
    return mine


def as_graph(value: Any) -> Pregel:
    """Compiles what is not compiled yet. Raises TypeError for what is no graph."""
    if not isinstance(value, Pregel) and hasattr(value, "compile"):
        value = value.compile()
    if not isinstance(value, Pregel):
        raise TypeError(f"expected a graph, got {type(value).__name__}")
    return value


def _target(entry: dict[str, Any], root: str) -> Pregel | Factory:
    module = import_target(entry["path"], root)
    try:
        value = getattr(module, entry["export"])
    except AttributeError:
        raise AttributeError(absent(module, entry["path"], entry["export"], _is_graph)) from None
    if _is_graph(value):
        return as_graph(value)
    if not callable(value):
        raise TypeError(no_graph(module, entry["export"], value, _is_graph))
    return Factory(value)


def _is_graph(value: Any) -> bool:
    return isinstance(value, Pregel) or (hasattr(value, "compile") and not inspect.isclass(value))


def _store_ttl(given: dict[str, Any]) -> TTLConfig:
    life_us = given.get("default_ttl_us")
    return {
        "default_ttl": None if life_us is None else life_us / 60e6,
        "refresh_on_read": given.get("refresh_on_read", True),
    }
