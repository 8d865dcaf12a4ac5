# SPDX-License-Identifier: Apache-2.0
"""The files under check, and what every rule reports."""
import dataclasses
import functools
import os
import pathlib
import subprocess

from checks.cpp import strip

SKIPPED_DIRECTORIES = {".git", "build", "node_modules", "__pycache__", ".venv", "venv"}


@dataclasses.dataclass(order=True, frozen=True)
class Finding:
    path: str
    line: int
    rule: str
    message: str
    subject: str = ""  # what an allow-list entry may name, a function for example

    def __str__(self):
        return f"{self.path}:{self.line}: [{self.rule}] {self.message}"


@dataclasses.dataclass
class File:
    path: str  # relative to the root, with '/'
    absolute: pathlib.Path

    @functools.cached_property
    def bytes(self):
        return self.absolute.read_bytes()

    @functools.cached_property
    def text(self):
        return self.bytes.decode("utf-8", errors="replace")

    @functools.cached_property
    def lines(self):
        return self.text.split("\n")

    @functools.cached_property
    def code(self):
        """The C++ text with comments and the contents of literals blanked out, same length and lines."""
        return strip(self.text)

    @property
    def is_cpp(self):
        return self.path.endswith((".hpp", ".cpp"))

    @property
    def is_binary(self):
        return b"\0" in self.bytes[:8192]

    def under(self, *folders):
        return self.path.startswith(tuple(folder + "/" for folder in folders))


class Tree:
    def __init__(self, root, only=()):
        self.root = pathlib.Path(root).resolve()
        self.partial = bool(only)
        names = self._listed()
        if only:
            wanted = {os.path.relpath((self.root / name).resolve(), self.root) for name in only}
            names = [name for name in names if name in wanted]
        self.files = [File(name, self.root / name) for name in sorted(set(names)) if (self.root / name).is_file()]

    def _listed(self):
        """What git tracks or would track; without git, all files."""
        if (self.root / ".git").exists():
            git = subprocess.run(["git", "-C", str(self.root), "ls-files", "-z", "-co", "--exclude-standard"],
                                 capture_output=True, check=False)
            if git.returncode == 0:
                return [name for name in git.stdout.decode().split("\0") if name]
        names = []
        for folder, folders, files in os.walk(self.root):
            folders[:] = [name for name in folders if name not in SKIPPED_DIRECTORIES]
            names += [os.path.relpath(os.path.join(folder, name), self.root) for name in files]
        return names

    def cpp(self, *folders):
        return [file for file in self.files if file.is_cpp and (not folders or file.under(*folders))]

    def changed(self):
        """Names of the files that differ from HEAD, new ones included."""
        names = set()
        for arguments in (["diff", "--name-only", "-z", "HEAD"],
                          ["ls-files", "-z", "-o", "--exclude-standard"]):
            git = subprocess.run(["git", "-C", str(self.root), *arguments], capture_output=True, check=False)
            names.update(name for name in git.stdout.decode().split("\0") if name)
        return names
