# SPDX-License-Identifier: Apache-2.0
"""A program on a terminal of its own."""
import os
import pty
import subprocess
import threading


class Terminal:
    """Runs a command whose standard error is a terminal; `said()` is what it has written there."""

    def __init__(self, command, **options):
        ours, theirs = pty.openpty()
        self.process = subprocess.Popen(command, stderr=theirs, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, **options)
        os.close(theirs)
        self._bytes = b""
        self._reader = threading.Thread(target=self._read, args=(ours,), daemon=True)
        self._reader.start()

    def _read(self, descriptor):
        while True:
            try:
                piece = os.read(descriptor, 4096)
            except OSError:  # the other end is closed
                piece = b""
            if not piece:
                os.close(descriptor)
                return
            self._bytes += piece

    def said(self):
        return self._bytes.decode(errors="replace")

    def end(self, timeout_s=20):
        """SIGTERM unless it has ended; the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(timeout_s)
        self._reader.join(timeout_s)
        return code
