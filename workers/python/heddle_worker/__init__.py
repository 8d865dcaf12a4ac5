# SPDX-License-Identifier: Apache-2.0
"""Heddle's Python worker: runs LangGraph graphs for a Heddle server.

The server starts it as ``python -m heddle_worker``; see docs/worker-protocol.md for what the two say to each other.
"""

PROTOCOL_VERSION = 1
