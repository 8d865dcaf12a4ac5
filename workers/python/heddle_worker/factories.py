# SPDX-License-Identifier: Apache-2.0
"""Factories: exports that make a graph each time one is needed, with what their parameters ask for.

https://docs.langchain.com/langsmith/graph-rebuild
"""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, is_dataclass
from typing import Any, get_args

from langgraph.pregel import Pregel
from langgraph.runtime import Runtime
from langgraph.store.base import BaseStore
from pydantic import BaseModel

from .inputs import context_for

_KEYWORD_ONLY = inspect.Parameter.KEYWORD_ONLY
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Access:
    """Why a graph is opened; factories see it as their runtime's access_context."""

    purpose: str
    config: dict[str, Any]
    context: Any = None

    def config_copy(self) -> dict[str, Any]:
        """The config for a factory, which may change it: always with ``configurable`` and ``metadata``."""
        own = {key: dict(self.config.get(key) or {}) for key in ("configurable", "metadata")}
        return {**self.config, **own}

    def server_runtime(self, schema: type | None, store: BaseStore) -> Any:
        """The SDK's ServerRuntime."""
        from langgraph_sdk import runtime  # a recent SDK has it, and only such factories need it

        # Nobody is authenticated here yet: what a request says of a user proves nothing.
        fields = {"access_context": self.purpose, "store": store, "user": None}
        if self.purpose == "threads.create_run":
            return runtime._ExecutionRuntime(context=_built(schema, self.context), **fields)
        return runtime._ReadRuntime(**fields)

    def node_runtime(self, schema: type | None, store: BaseStore) -> Any:
        """LangGraph's own Runtime, as nodes get it. Without a context outside of runs."""
        context = _built(schema, self.context) if self.purpose == "threads.create_run" else None
        return Runtime(context=context, store=store)


Argument = Callable[[Access, BaseStore], Any]


class Factory:
    """A function (or another callable) that makes a graph. Its signature is read once."""

    def __init__(self, make: Callable[..., Any]) -> None:
        """Raises TypeError for a parameter that nothing is known to fill."""
        self._make = make
        self._positional: list[Argument] = []
        self._named: dict[str, Argument] = {}
        config_given = False
        for parameter in _signature(make).parameters.values():
            argument = _runtime_argument(parameter)
            if argument is None and _takes_config(parameter, config_given):
                argument, config_given = _config, True
            if argument is None:
                if parameter.default is not parameter.empty or parameter.kind in _VARIADIC:
                    continue
                name = getattr(make, "__name__", type(make).__name__)
                raise TypeError(f"{name!r} has a parameter {parameter.name!r} that is neither a config nor a runtime")
            if parameter.kind is parameter.POSITIONAL_ONLY:
                self._positional.append(argument)
            else:
                self._named[parameter.name] = argument

    @asynccontextmanager
    async def open(self, access: Access, store: BaseStore) -> AsyncIterator[Any]:
        """What the factory makes. Its context manager, or what follows its ``yield``, is left when the block ends."""
        named = {name: argument(access, store) for name, argument in self._named.items()}
        made = self._make(*[argument(access, store) for argument in self._positional], **named)
        if inspect.isawaitable(made):
            made = await made
        if inspect.isasyncgen(made):
            made = asynccontextmanager(lambda: made)()
        elif inspect.isgenerator(made):
            made = contextmanager(lambda: made)()
        if isinstance(made, Pregel):
            yield made
        elif isinstance(made, AbstractAsyncContextManager):
            async with made as graph:
                yield graph
        elif isinstance(made, AbstractContextManager):
            with made as graph:
                yield graph
        else:
            yield made


def _signature(make: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(make, eval_str=True)
    except Exception:  # annotations that only a type checker can look up
        return inspect.signature(make)


def _config(access: Access, store: BaseStore) -> dict[str, Any]:
    return access.config_copy()


def _runtime_argument(parameter: inspect.Parameter) -> Argument | None:
    annotation = parameter.annotation
    schema = next((arg for arg in get_args(annotation) if isinstance(arg, type)), None)
    names = _class_names(annotation)
    if "ServerRuntime" in names:
        return lambda access, store: access.server_runtime(schema, store)
    if "Runtime" in names:
        return lambda access, store: access.node_runtime(schema, store)
    if parameter.name == "runtime" and parameter.kind not in _VARIADIC:
        return lambda access, store: access.server_runtime(None, store)
    return None


def _class_names(annotation: Any) -> set[str]:
    """The names in an annotation, evaluated or not, each without the modules before it."""
    text = annotation if isinstance(annotation, str) else str(annotation)
    return {name.rpartition(".")[2] for name in re.findall(r"[\w.]+", text)}


def _takes_config(parameter: inspect.Parameter, given: bool) -> bool:
    if parameter.kind in _VARIADIC or given:
        return False
    if parameter.name == "config" or "RunnableConfig" in str(parameter.annotation):
        return True
    # Whatever its name: before runtimes, a factory's only parameter was the config.
    return parameter.default is parameter.empty and parameter.kind is not _KEYWORD_ONLY


def _built(schema: type | None, context: Any) -> Any:
    """The context as the class that the factory names."""
    given = context_for(schema, context)
    builds = is_dataclass(schema) or (isinstance(schema, type) and issubclass(schema, BaseModel))
    return schema(**given) if builds and isinstance(given, dict) else given
