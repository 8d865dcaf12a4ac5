# SPDX-License-Identifier: Apache-2.0
"""How much memory a process takes, and took at most since it was last asked."""
import pathlib
import re


class Memory:
    """Of a process of ours, in MiB."""

    def __init__(self, pid):
        self._proc = pathlib.Path(f"/proc/{pid}")

    def _status(self, name):
        return int(re.search(rf"^{name}:\s+(\d+) kB", (self._proc / "status").read_text(), re.M)[1]) / 1024

    def now(self):
        return self._status("VmRSS")

    def forget_peak(self):
        (self._proc / "clear_refs").write_text("5")

    def peak(self):
        return self._status("VmHWM")
