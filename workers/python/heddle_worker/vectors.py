# SPDX-License-Identifier: Apache-2.0
"""Vectors of the texts in the store (``store.index``), made by the project's own function, object or model."""

from __future__ import annotations

import asyncio
import base64
import math
import struct
import threading
from collections.abc import Coroutine
from typing import Any

from langchain_core.embeddings import Embeddings
from langgraph.store.base import PutOp, SearchOp, get_text_at_path, tokenize_path
from langgraph.store.base.embed import EmbeddingsLambda, ensure_embeddings

from . import jsonout
from .modules import import_target

# Of one item; the server keeps no more.
ITEM_VECTORS_MAX = 1000


class EmbeddingError(Exception):
    """What ``store.index.embed`` names could not be loaded, raised, or gave something else than the vectors it should."""


class StoreIndex:
    """Turns texts into vectors. Any thread; ``loop`` is the worker's event loop."""

    def __init__(self, settings: dict[str, Any], root: str, loop: asyncio.AbstractEventLoop) -> None:
        """Raises what loading raises."""
        self._dims: int = settings["dims"]
        self._fields = [_tokens(path) for path in settings["fields"]]
        self._loop = loop
        self._embeddings = _load(settings, root)
        # langgraph's own wrapper of an async function has no form that blocks
        self._only_async = isinstance(self._embeddings, EmbeddingsLambda) and not hasattr(self._embeddings, "func")

    def texts(self, value: Any, index: Any) -> list[str]:
        """The texts of a value that count, each once. ``index``: that of PutOp. Raises EmbeddingError."""
        if value is None or index is False:
            return []
        paths = [_tokens(path) for path in index] if isinstance(index, (list, tuple)) else self._fields
        value = jsonout.loads(jsonout.dumps(value))  # as it is stored, whoever puts it
        texts = list(dict.fromkeys(text for path in paths for text in get_text_at_path(value, path)))
        if len(texts) > ITEM_VECTORS_MAX:
            raise EmbeddingError(f"an item has {len(texts)} texts to index, at most {ITEM_VECTORS_MAX} are possible")
        return texts

    async def aembed(self, texts: list[str], queries: list[str]) -> tuple[dict[str, str], dict[str, str]]:
        """The Base64 of each text's vector, and of each query's. Raises EmbeddingError."""
        try:
            vectors = await self._embeddings.aembed_documents(texts) if texts else []
            found = await asyncio.gather(*(self._embeddings.aembed_query(query) for query in queries))
        except (Exception, SystemExit) as error:
            raise _raised(error) from error
        return self._packed(texts, vectors), self._packed(queries, found)

    def embed(self, texts: list[str], queries: list[str]) -> tuple[dict[str, str], dict[str, str]]:
        """The same, for a thread that waits."""
        if self._only_async:
            return self._wait(self.aembed(texts, queries))
        try:
            vectors = self._embeddings.embed_documents(texts) if texts else []
            found = [self._embeddings.embed_query(query) for query in queries]
        except (Exception, SystemExit) as error:
            raise _raised(error) from error
        return self._packed(texts, vectors), self._packed(queries, found)

    def _wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        """On the worker's event loop; on one of its own when that is what waits."""
        if _running_loop() is not self._loop:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        results: list[Any] = []

        def run() -> None:
            try:
                results.append((asyncio.run(work), None))
            except BaseException as error:
                results.append((None, error))

        thread = threading.Thread(target=run, name="heddle-embed")
        thread.start()
        thread.join()
        result, error = results[0]
        if error is not None:
            raise error
        return result

    def _packed(self, texts: list[str], vectors: Any) -> dict[str, str]:
        try:
            vectors = list(vectors)
        except TypeError as error:
            raise _wrong("gave no list of vectors") from error
        if len(vectors) != len(texts):
            raise _wrong(f"gave {len(vectors)} vectors for {len(texts)} texts")
        return {text: self._pack(vector) for text, vector in zip(texts, vectors, strict=True)}

    def _pack(self, vector: Any) -> str:
        try:
            numbers = [float(number) for number in vector]
            packed = struct.pack(f"<{len(numbers)}f", *numbers)
        except (TypeError, ValueError, OverflowError) as error:
            raise _wrong("gave a vector that is no list of float32 numbers") from error
        if len(numbers) != self._dims:
            raise _wrong(f"gave a vector of {len(numbers)} numbers, store.index.dims is {self._dims}")
        if not all(map(math.isfinite, numbers)):
            raise _wrong("gave a vector with a number that is not finite")
        return base64.b64encode(packed).decode()


class BrokenIndex(StoreIndex):
    """An index that cannot be: what needs it fails and says why."""

    def __init__(self, why: str) -> None:
        self._why = why

    def texts(self, value: Any, index: Any) -> list[str]:
        if value is None or index is False:
            return []
        raise EmbeddingError(self._why)

    async def aembed(self, texts: list[str], queries: list[str]) -> Any:
        raise EmbeddingError(self._why)

    def embed(self, texts: list[str], queries: list[str]) -> Any:
        raise EmbeddingError(self._why)


class BatchTexts:
    """What a batch of store operations has to be turned into vectors; each text once. Raises EmbeddingError."""

    def __init__(self, index: StoreIndex, ops: list[Any]) -> None:
        self._of_op = [index.texts(op.value, op.index) if isinstance(op, PutOp) else [] for op in ops]
        self._query_of_op = [op.query if isinstance(op, SearchOp) else None for op in ops]
        self.texts = list(dict.fromkeys(text for texts in self._of_op for text in texts))
        self.queries = list(dict.fromkeys(query for query in self._query_of_op if query))

    def __bool__(self) -> bool:
        return bool(self.texts or self.queries)

    def fields(self, vectors: tuple[dict[str, str], dict[str, str]]) -> list[dict[str, Any]]:
        """What each operation gets beside its own fields. ``vectors``: those of the texts and of the queries."""
        of_text, of_query = vectors
        return [
            {"vectors": [of_text[text] for text in texts]} if texts else {"vector": of_query[query]} if query else {}
            for texts, query in zip(self._of_op, self._query_of_op, strict=True)
        ]


def _load(settings: dict[str, Any], root: str) -> Embeddings:
    if model := settings.get("model"):
        return ensure_embeddings(model)
    target = import_target(settings["path"], root)
    for name in settings["export"].split("."):
        try:
            target = getattr(target, name)
        except AttributeError:
            raise AttributeError(f"{settings['path']} has no {settings['export']!r}") from None
    if not isinstance(target, Embeddings) and not callable(target):
        raise TypeError(f"{settings['export']!r} is neither a function nor an Embeddings object")
    return ensure_embeddings(target)


def _tokens(path: str) -> str | list[str]:
    return path if path == "$" else tokenize_path(path)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _raised(error: BaseException) -> EmbeddingError:
    return EmbeddingError(f"store.index.embed failed: {type(error).__name__}: {error}")


def _wrong(what: str) -> EmbeddingError:
    return EmbeddingError(f"store.index.embed {what}")
