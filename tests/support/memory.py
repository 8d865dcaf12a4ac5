# SPDX-License-Identifier: Apache-2.0
"""How much memory a process of ours takes."""
import pathlib


class Memory:
    """The most that it has used since reset(), which gives what it uses then."""

    def __init__(self, pid):
        self.folder = pathlib.Path("/proc") / str(pid)

    def reset(self):
        (self.folder / "clear_refs").write_text("5")
        return self.peak_kb()

    def peak_kb(self):
        lines = (self.folder / "status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
