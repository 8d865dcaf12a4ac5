# SPDX-License-Identifier: Apache-2.0
"""Whether this interpreter can be a worker at all. Imports nothing that langgraph brings."""

import importlib.metadata
import importlib.util
import sys

OLDEST = (3, 10)


def is_old():
    return sys.version_info < OLDEST


def problem():
    """One line with the remedy, or None."""
    if is_old():
        version = "%d.%d" % sys.version_info[:2]
        return "%s is Python %s; graphs need 3.10 or later: name another with --python" % (sys.executable, version)
    try:
        importlib.metadata.version("langgraph")
        lacking = [name for name in ("langgraph", "orjson") if importlib.util.find_spec(name) is None]
    except importlib.metadata.PackageNotFoundError:
        lacking = ["langgraph"]
    if not lacking:
        return None
    what = ("%s is not installed for %s" % (lacking[0], sys.executable), sys.executable)
    return "%s: heddle install, or %s -m pip install langgraph" % what
