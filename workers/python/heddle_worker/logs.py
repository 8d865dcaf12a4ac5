# SPDX-License-Identifier: Apache-2.0
"""What graphs print and log goes to the server, with the id of the run that did it.

The run is found through a context variable, which LangGraph carries into its tasks and threads.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
import traceback
from contextvars import ContextVar

from .channel import Channel

current_run: ContextVar[str | None] = ContextVar("heddle_run", default=None)

_TEXT_CHARS_MAX = 32 << 10
# Beyond this many bytes waiting for the server, log lines are counted instead of sent.
_WAITING_BYTES_MAX = 8 << 20


class LogSink:
    """Sends log notices; any thread."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._dropped = 0

    def send(self, level: str, logger: str, text: str, run_id: str | None = None) -> None:
        """``run_id`` names the run when it is not the one that this code runs in."""
        if self._channel.waiting_bytes > _WAITING_BYTES_MAX:
            self._dropped += 1
            return
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            self.send("warning", "heddle.worker", f"{dropped} log lines were dropped: the server did not keep up")
        if len(text) > _TEXT_CHARS_MAX:
            text = f"{text[:_TEXT_CHARS_MAX]}… ({len(text)} characters)"
        header = {"method": "log", "level": level, "run_id": run_id or current_run.get(), "logger": logger}
        self._channel.notify(header, text.encode(errors="replace"), now=True)


class PrintedLines(io.TextIOBase):
    """Stands in for sys.stdout or sys.stderr: each finished line is one log notice."""

    def __init__(self, sink: LogSink, logger: str, level: str) -> None:
        self._sink = sink
        self._logger = logger
        self._level = level
        self._lock = threading.Lock()
        # The unfinished line of each run: runs print side by side.
        self._rest: dict[str | None, str] = {}

    encoding = "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        run = current_run.get()
        with self._lock:
            *lines, rest = (self._rest.pop(run, "") + text).split("\n")
            if len(rest) > _TEXT_CHARS_MAX:
                lines.append(rest)
                rest = ""
            if rest:
                self._rest[run] = rest
        for line in lines:
            if line.strip():
                self._sink.send(self._level, self._logger, line)
        return len(text)

    def finish(self, run: str | None) -> None:
        """Sends what a run printed without a line's end."""
        with self._lock:
            rest = self._rest.pop(run, "")
        if rest.strip():
            self._sink.send(self._level, self._logger, rest)


class ServerHandler(logging.Handler):
    """Forwards logging records."""

    def __init__(self, sink: LogSink) -> None:
        super().__init__()
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
            if record.exc_info and record.exc_info[0] is not None:
                text += "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip()
            self._sink.send(_level(record.levelno), record.name, text)
        except Exception:
            pass  # a log line must never break a graph


def _level(number: int) -> str:
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warning"
    return "info" if number >= logging.INFO else "debug"


class Capture:
    """Redirects printing and logging of this process. ``run_ended`` sends unfinished lines."""

    def __init__(self, channel: Channel) -> None:
        self.sink = sink = LogSink(channel)
        self._streams = [PrintedLines(sink, "stdout", "info"), PrintedLines(sink, "stderr", "warning")]
        sys.stdout, sys.stderr = self._streams
        root = logging.getLogger()
        root.addHandler(ServerHandler(sink))
        root.setLevel(_wanted_level())

    def run_ended(self, run_id: str) -> None:
        for stream in self._streams:
            stream.finish(run_id)


def _wanted_level() -> int:
    level = logging.getLevelName(os.environ.get("LOG_LEVEL", "INFO").upper())
    return level if isinstance(level, int) else logging.INFO
