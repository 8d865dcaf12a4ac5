# SPDX-License-Identifier: Apache-2.0
"""The graphs of a project: loading them and opening one for a run."""

from __future__ import annotations

import asyncio
import inspect
import sys
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.pregel import Pregel
from langgraph.store.base import BaseStore, TTLConfig

from .dependencies import LocalPackage, unmet
from .factories import Access, Factory
from .modules import extend_path, import_target, is_nowhere
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


def load_error(error: BaseException) -> dict[str, str]:
    """The error with the place in the user's code where it arose."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "heddle_worker" not in f.filename]
    frames = [f for f in frames if "importlib" not in f.filename] or frames
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    if isinstance(error, ModuleNotFoundError) and error.name and is_nowhere(error.name):
        place += f"; install what provides it: {sys.executable} -m pip install PACKAGE"
    if isinstance(error, SyntaxError) and error.filename:
        place = f" ({error.filename}:{error.lineno})"
    return {"error": type(error).__name__, "message": f"{error}{place}"}


def _target(entry: dict[str, Any], root: str) -> Pregel | Factory:
    module = import_target(entry["path"], root)
    try:
        value = getattr(module, entry["export"])
    except AttributeError:
        raise AttributeError(f"{entry['path']} has no {entry['export']!r}") from None
    if isinstance(value, Pregel) or (hasattr(value, "compile") and not inspect.isclass(value)):
        return as_graph(value)
    if not callable(value):
        raise TypeError(f"{entry['export']!r} is neither a graph nor a function that makes one")
    return Factory(value)


def _store_ttl(given: dict[str, Any]) -> TTLConfig:
    life_us = given.get("default_ttl_us")
    return {
        "default_ttl": None if life_us is None else life_us / 60e6,
        "refresh_on_read": given.get("refresh_on_read", True),
    }
