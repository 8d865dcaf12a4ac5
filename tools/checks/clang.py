# SPDX-License-Identifier: Apache-2.0
"""clang-format and clang-tidy, when they are installed."""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

from checks.tree import Finding

FORMAT, TIDY = "clang-format-16", "clang-tidy-16"
FOLDERS = ("src", "include", "tests", "bench", "examples")
_WARNING = re.compile(r"^(.*?):(\d+):\d+: (?:warning|error): code should be clang-formatted")


def format_findings(tree):
    """One finding a file: its first line that clang-format would change."""
    files = tree.cpp(*FOLDERS)
    if not files:
        return []
    if not shutil.which(FORMAT):
        print(f"check: {FORMAT} is not installed, formatting is not checked (./dev check installs it)", file=sys.stderr)
        return []

    def first(chunk):
        run = subprocess.run([FORMAT, "--dry-run", *(file.path for file in chunk)], cwd=tree.root,
                             capture_output=True, text=True, check=False)
        lines = {}
        for line in run.stderr.splitlines():
            match = _WARNING.match(line)
            if match:
                lines.setdefault(match.group(1), int(match.group(2)))
        return lines

    workers = os.cpu_count() or 1
    found = []
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for lines in pool.map(first, [files[index::workers] for index in range(workers)]):
            found += [Finding(path, line, "format", "run `./dev format`") for path, line in lines.items()]
    return found


def format_files(tree, everything):
    changed = None if everything else tree.changed()
    files = [file.path for file in tree.cpp(*FOLDERS) if changed is None or file.path in changed]
    if not files:
        return 0
    return subprocess.run([FORMAT, "-i", *files], cwd=tree.root, check=False).returncode


def tidy(tree):
    """clang-tidy on the given or the changed .cpp files, by the release build's compile commands."""
    changed = None if tree.partial else tree.changed()
    files = [file.path for file in tree.cpp("src", "tests")
             if file.path.endswith(".cpp") and (changed is None or file.path in changed)]
    build = tree.root / "build" / "release"
    if not shutil.which(TIDY) or not (build / "compile_commands.json").exists():
        print(f"check: --tidy needs {TIDY} and a configured build/release: ./dev check --tidy", file=sys.stderr)
        return 2

    def run(path):
        return subprocess.run([TIDY, "-p", str(build), "--quiet", path], cwd=tree.root, capture_output=True,
                              text=True, check=False)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for result in pool.map(run, files):
            if result.returncode != 0:
                failed += 1
                print(result.stdout, end="")
    print(f"check: clang-tidy looked at {len(files)} files, {failed} with findings")
    return 1 if failed else 0
