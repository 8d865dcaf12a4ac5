# SPDX-License-Identifier: Apache-2.0
"""The saver of one attempt of a run: its writes carry the fence, and it remembers the latest tuple of each namespace,
so that reading it back needs no round trip."""

from __future__ import annotations

from collections.abc import Callable

from langchain_core.runnables import RunnableConfig

from .channel import CallError, Channel, Fenced
from .saver import RemoteSaver, coordinates
from .tuples import StoredTuple, StoredWrite


class RunSaver(RemoteSaver):
    """``start`` is the tuple that came with run.start. ``on_fenced`` is called, on whatever thread saved, when the
    server says that the attempt is over."""

    def __init__(
        self,
        channel: Channel,
        *,
        run_id: str,
        attempt: int,
        thread_id: str,
        start: StoredTuple | None,
        start_is_latest: bool,
        on_fenced: Callable[[], None],
    ) -> None:
        super().__init__(channel, run_id=run_id, attempt=attempt)
        self.thread_id = thread_id
        self._start = start
        self._on_fenced = on_fenced
        # Latest tuple by namespace. A missing key means unknown, None that the namespace is empty.
        self._latest: dict[str, StoredTuple | None] = {"": start} if start_is_latest else {}
        # Writes that came before their checkpoint, by (namespace, checkpoint id).
        self._early: dict[tuple[str, str], list[StoredWrite]] = {}
        # On a new thread's first attempt nothing can exist below task ids that this run makes up.
        self._fresh = start_is_latest and start is None and attempt == 1

    def latest(self, ns: str = "") -> StoredTuple | None:
        """The latest tuple of a namespace as far as this run knows it."""
        return self._latest.get(ns)

    def _known(self, thread_id: str, ns: str, checkpoint_id: str | None) -> StoredTuple | None | bool:
        if thread_id != self.thread_id:
            return False
        latest = self._latest.get(ns, False)
        if checkpoint_id is None:
            if latest is False and self._fresh and all(":" in part for part in ns.split("|")):
                return None
            return latest
        if latest and latest.checkpoint_id == checkpoint_id:
            return latest
        start = self._start
        if start and start.checkpoint_id == checkpoint_id and start.checkpoint_ns == ns:
            return start
        return False

    def _remember(self, stored: StoredTuple) -> None:
        if stored.thread_id != self.thread_id:
            return
        ns = stored.checkpoint_ns
        parent = self._latest.get(ns) or None
        if parent is None or parent.checkpoint_id != stored.parent_checkpoint_id:
            parent = self._start if self._start and self._start.checkpoint_ns == ns else None
        known = {} if parent is None else parent.channels
        versions = {} if parent is None else parent.versions
        for channel, version in stored.versions.items():
            if channel in stored.channels:
                continue
            if versions.get(channel) != version:
                # A value this process has not seen: the next read asks the server.
                self._latest.pop(ns, None)
                return
            stored.channels[channel] = known[channel]
        for key in [key for key in self._early if key[0] == ns and key[1] <= stored.checkpoint_id]:
            writes = self._early.pop(key)
            if key[1] == stored.checkpoint_id:
                stored.add_writes(writes)
        if (same := self._latest.get(ns)) and same.checkpoint_id == stored.checkpoint_id:
            stored.writes = {**same.writes, **stored.writes}
        self._latest[ns] = stored

    def _remember_writes(self, config: RunnableConfig, writes: list[StoredWrite]) -> None:
        thread_id, ns, checkpoint_id = coordinates(config)
        if thread_id != self.thread_id or checkpoint_id is None:
            return
        latest = self._latest.get(ns)
        if latest and latest.checkpoint_id == checkpoint_id:
            latest.add_writes(writes)
        elif not latest or checkpoint_id > latest.checkpoint_id:
            self._early.setdefault((ns, checkpoint_id), []).extend(writes)
        if self._start and self._start is not latest and self._start.checkpoint_id == checkpoint_id:
            self._start.add_writes(writes)

    def _failed(self, error: CallError) -> None:
        if isinstance(error, Fenced):
            self._on_fenced()
