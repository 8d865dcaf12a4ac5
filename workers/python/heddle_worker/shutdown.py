# SPDX-License-Identifier: Apache-2.0
"""The end of the process: flush tracers within a deadline, then leave at once.

Runs on threads of its own, so that it also works while a node blocks the event loop.
"""

from __future__ import annotations

import os
import sys
import threading

_begun = threading.Lock()


def begin_shutdown(deadline_ms: int) -> None:
    """Exits the process with 0 when tracers are flushed or the deadline has passed. Returns at once; any thread, also
    from a signal handler. Later calls change nothing."""
    if _begun.acquire(blocking=False):
        threading.Thread(target=_shut_down, args=(deadline_ms / 1000,), name="heddle-shutdown", daemon=True).start()


def _shut_down(deadline_s: float) -> None:
    flusher = threading.Thread(target=_flush_tracers, name="heddle-flush", daemon=True)
    flusher.start()
    flusher.join(deadline_s)
    os._exit(0)


def _flush_tracers() -> None:
    # A tracer that was never imported has nothing to flush.
    tracers = sys.modules.get("langchain_core.tracers.langchain")
    if tracers is not None:
        tracers.wait_for_all_tracers()
