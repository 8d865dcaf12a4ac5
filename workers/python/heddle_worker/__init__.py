# SPDX-License-Identifier: Apache-2.0
"""Heddle's Python worker: runs LangGraph graphs for a Heddle server.

The server starts it as ``python -m heddle_worker``; see docs/worker-protocol.md for what the two say to each other.
"""

import os
import sys

# Started with -m, Python looks into the working directory first: a project's email.py or platform.py would be taken for the
# standard library's. modules.py puts the project in front again when its graphs are loaded.
if sys.argv[:1] == ["-m"] and sys.path[:1] == [os.getcwd()]:
    del sys.path[0]

PROTOCOL_VERSION = 1
