# SPDX-License-Identifier: Apache-2.0
"""The worker process: connects, says hello, loads the graphs, runs them until told to stop."""

from __future__ import annotations

import asyncio
import ctypes
import os
import platform
import queue
import signal
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Any

from . import PROTOCOL_VERSION, interpreter

if problem := interpreter.problem():
    # Before anything is imported that would fail without langgraph, and say less.
    sys.exit(f"heddle_worker: {problem}")

from .bytecode import keep_settled_only  # noqa: E402
from .channel import CallError, Channel  # noqa: E402
from .shutdown import begin_shutdown  # noqa: E402

# Sync nodes block a thread each; asyncio's own default would be a handful on a small machine.
NODE_THREADS = 96
_SIGTERM_DEADLINE_MS = 5000
_PR_SET_PDEATHSIG = 1


def main() -> None:
    die_with_parent()
    keep_settled_only()
    address, token = os.environ["HEDDLE_SOCKET"], os.environ.pop("HEDDLE_TOKEN")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: begin_shutdown(_SIGTERM_DEADLINE_MS))
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.connect(address)

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(NODE_THREADS, thread_name_prefix="node"))
    channel = Channel(sock, loop)
    loads: queue.SimpleQueue[tuple[dict[str, Any], bytes]] = queue.SimpleQueue()
    channel.direct["load"] = lambda header, body: loads.put((header, body))
    channel.direct["shutdown"] = lambda header, body: begin_shutdown(header.get("deadline_ms", 0))
    channel.start()
    work(channel, loop, loads, token)


def work(channel: Channel, loop: asyncio.AbstractEventLoop, loads: Any, token: str) -> None:
    """From hello to the end of the process."""
    answer = say_hello(channel, token)
    # Imported only now: langgraph takes a second, and the server should know at once that the worker lives.
    from .graphs import Graphs
    from .logs import Capture
    from .runs import Runs

    channel.grant(answer["event_window"])
    capture = Capture(channel)
    graphs = Graphs()
    runs = Runs(channel, graphs, loop, capture)
    channel.on_frame = runs.on_frame

    # Graphs are imported on the main thread before the loop runs, so that a module may call asyncio.run itself.
    header, body = loads.get()
    channel.reply(header, load_reply(graphs, body, loop), now=True)
    asyncio.set_event_loop(loop)
    run_forever(loop)


def say_hello(channel: Channel, token: str) -> dict[str, Any]:
    """Answers the server's reply. Ends the process when the server refuses."""
    hello = {
        "method": "hello",
        "token": token,
        "protocol": PROTOCOL_VERSION,
        "pid": os.getpid(),
        "runtime": "python",
        "runtime_version": platform.python_version(),
        "library_version": version("langgraph"),
    }
    try:
        return channel.call(hello)[0]
    except CallError as error:
        sys.exit(f"heddle_worker: the server refused: {error}")


def load_reply(graphs: Any, body: bytes, loop: asyncio.AbstractEventLoop) -> bytes:
    from . import jsonout

    return jsonout.dumps(graphs.load(jsonout.loads(body), loop))


def run_forever(loop: asyncio.AbstractEventLoop) -> None:
    """Runs the loop through a node's sys.exit(): asyncio lets SystemExit out, but it is only that run's error."""
    while True:
        try:
            loop.run_forever()
        except (SystemExit, KeyboardInterrupt):
            continue


def die_with_parent() -> None:
    """Linux sends us SIGKILL when the server's spawning thread ends; elsewhere the socket's end does it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    threading.current_thread().name = "heddle-loop"
    main()
