# SPDX-License-Identifier: Apache-2.0
"""Compiled code (.pyc) of files that were saved just now is not kept.

A .pyc belongs to its source by size and time of change, and that time has whole seconds. A file that is saved twice within
one, with the same length, would be executed as it was first, here and in every later process.
"""

from __future__ import annotations

import os
import time
from importlib.machinery import SourceFileLoader
from importlib.util import source_from_cache
from typing import Any

# Seconds. Older than this, the next save has another time for certain.
_SETTLED_S = 2


def keep_settled_only() -> None:
    """For this process, from now on."""
    write = SourceFileLoader.set_data

    def set_data(self: SourceFileLoader, path: str, data: Any, **how: Any) -> None:
        if not _belongs_to_fresh(path):
            write(self, path, data, **how)

    SourceFileLoader.set_data = set_data  # type: ignore[method-assign]


def _belongs_to_fresh(path: str) -> bool:
    try:
        return abs(time.time() - os.stat(source_from_cache(path)).st_mtime) < _SETTLED_S
    except (OSError, ValueError, NotImplementedError):
        return False
