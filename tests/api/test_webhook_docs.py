# SPDX-License-Identifier: Apache-2.0
"""Runs the verification snippets of docs/webhooks.md against a server that signs."""
import os
import re
import signal
import socket
import subprocess
import sys

from server import ROOT, SLOW, environment
from waiting import until

DOCUMENT = (ROOT / "docs" / "webhooks.md").read_text()
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
OTHER = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYY"


def snippet(name):
    found = re.search(rf"<!-- verify-{name} -->\n```\w+\n(.*?)```\n<!-- /verify-{name} -->", DOCUMENT, re.S)
    assert found, name
    return found.group(1)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Snippet:
    """The snippet as a program, on a free port instead of 8000."""

    def __init__(self, folder, name, ending, command, env=None):
        self.port = free_port()
        code = snippet(name)
        assert "8000" in code
        self.file = folder / f"receiver.{ending}"
        self.file.write_text(code.replace("8000", str(self.port)))
        self.log = folder / f"{name}.log"
        self.command = [*command, str(self.file)]
        self.env = {"LG_WEBHOOK_SECRET": SECRET, **(env or {})}

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.command, env=environment(self.env), cwd=self.file.parent, stdout=log,
                                            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        until(lambda: listening(self.port) or self.process.poll() is not None, "the snippet to listen", 15 * SLOW)
        assert self.process.poll() is None, self.log.read_text()
        return self

    def __exit__(self, *_):
        # The whole group: PyPI's `node` is a script that starts the real one.
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def receives(serve, started):
    """The right secret's webhook is printed; a wrong one's is answered 401."""
    config = {"graphs": {"echo": "heddle:echo"}}
    for secrets, expected in [([OTHER, SECRET], True), ([OTHER], False)]:
        server = serve({**config, "webhooks": {"secrets": secrets, "retry": {"schedule": []}}})
        run = server.post("/runs", {"assistant_id": "echo", "input": {"text": "é"},
                                    "webhook": f"http://127.0.0.1:{started.port}/"}).json()
        line = f"{run['run_id']} success"
        if expected:
            until(lambda: line in started.log.read_text(), f"{line} to be printed", 15 * SLOW)
        else:
            until(lambda: "webhook.failed" in server.log() and "401" in server.log(), "a 401", 15 * SLOW)
            assert line not in started.log.read_text()


def test_the_python_snippet_verifies(serve, tmp_path):
    with Snippet(tmp_path, "python", "py", [sys.executable]) as started:
        receives(serve, started)


def test_the_javascript_snippet_verifies(serve, tmp_path):
    (tmp_path / "node_modules").symlink_to(os.environ["HEDDLE_NODE_MODULES"])  # ./dev names them
    with Snippet(tmp_path, "javascript", "mjs", [os.environ["HEDDLE_NODE"]]) as started:
        receives(serve, started)
