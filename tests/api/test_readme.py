# SPDX-License-Identifier: Apache-2.0
"""Runs the commands of the README, so that it cannot rot.

Between `<!-- walkthrough -->` and `<!-- /walkthrough -->` every ```bash block is run, in order, in one shell, against a
server of examples/python (127.0.0.1:2024 and localhost:2024 stand for it). Each must succeed. A line
`<!-- walkthrough-expects: TEXT -->` there wants TEXT in the output.
"""
import os
import re
import signal
import subprocess

import pytest

from server import ROOT, SLOW, Server, environment

README = ROOT / "README.md"
EXAMPLE = ROOT / "examples" / "python" / "langgraph.json"


def walkthrough():
    text = README.read_text() if README.exists() else ""
    found = re.search(r"<!-- walkthrough -->(.*?)<!-- /walkthrough -->", text, re.S)
    return found.group(1) if found else None


@pytest.mark.skipif(walkthrough() is None or not EXAMPLE.exists(), reason="the README has no walk-through yet")
@pytest.mark.timeout(120 * SLOW)
def test_the_walkthrough(tmp_path):
    part = walkthrough()
    blocks = re.findall(r"^```bash\n(.*?)^```", part, re.S | re.M)
    assert blocks
    here = tmp_path / "checkout"
    here.mkdir()
    (here / "examples").symlink_to(ROOT / "examples")
    server = Server(tmp_path / "server")
    server.config = EXAMPLE
    with server:
        script = "\n".join(["set -euo pipefail", *blocks])
        script = re.sub(r"\b(127\.0\.0\.1|localhost):2024\b", f"127.0.0.1:{server.port}", script)
        shell = subprocess.Popen(["bash", "-c", script], cwd=here, env=environment(), stdin=subprocess.DEVNULL, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            said, _ = shell.communicate(timeout=60 * SLOW)
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGKILL)
            said, _ = shell.communicate()
            pytest.fail(f"the walk-through hangs:\n{said}")
    assert shell.returncode == 0, said
    for wanted in re.findall(r"<!-- walkthrough-expects: (.*?) -->", part):
        assert wanted in said, (wanted, said)
