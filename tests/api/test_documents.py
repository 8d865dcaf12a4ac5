# SPDX-License-Identifier: Apache-2.0
"""What the documents show is done, so that they cannot rot: tests/support/snippets.py tells how."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys

import pytest

import snippets
from receiver import Receiver
from server import BINARY, ROOT, SLOW, Server, environment, native_config, run_binary
from waiting import until

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "examples" / "python" / "README.md"]
RUN = [each for each in DOCUMENTS if any(block.mark == "run" for block in snippets.blocks(each))]
JSON = [(each, block) for each in DOCUMENTS for block in snippets.blocks(each) if block.language == "json"]


def name(document):
    return str(document.relative_to(ROOT))


@contextlib.contextmanager
def old_server(folder, config):
    """Another server with a thread, an assistant and an item, for a document that moves them from there (port 2025)."""
    server = Server(folder)
    server.config = config
    with server:
        thread = server.post("/threads", {}).json()["thread_id"]
        said = {"assistant_id": "agent", "input": {"messages": [{"role": "user", "content": "from the old one"}]}}
        assert server.post(f"/threads/{thread}/runs/wait", said).status_code == 200
        assert server.post("/assistants", {"graph_id": "agent", "name": "mine", "context": {"tone": "dry"}}).status_code == 200
        assert server.http.put("/store/items", json={"namespace": ["old"], "key": "k", "value": {"n": 1}}).status_code == 204
        yield server, thread


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def programs(folder):
    """A folder for $PATH with heddle, python3 and node, as a reader has them."""
    folder.mkdir()
    (folder / "heddle").symlink_to(BINARY.resolve())
    node = os.environ.get("HEDDLE_NODE") or shutil.which("node")
    for program, path in (("python3", sys.executable), ("node", node)):
        (folder / program).write_text(f'#!/bin/sh\nexec "{path}" "$@"\n')
        (folder / program).chmod(0o755)
    return folder


def checkout(folder):
    """A folder in which commands work as in a checkout and as in a project."""
    shutil.copytree(ROOT / "examples" / "python", folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    (folder / "examples").symlink_to(ROOT / "examples")
    (folder / "node_modules").symlink_to(os.environ.get("HEDDLE_NODE_MODULES") or ROOT / "build" / "node" / "node_modules")
    return folder


class Shell:
    """A script in a session of its own; leaving it ends whatever it left behind."""

    def __init__(self, script, log, **options):
        self.log = log
        with open(log, "wb") as output:
            self.process = subprocess.Popen(["bash", "-c", script], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                            start_new_session=True, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def said(self):
        return self.log.read_text(errors="replace")

    def finish(self):
        try:
            return self.process.wait(90 * SLOW)
        except subprocess.TimeoutExpired:
            pytest.fail(f"hangs:\n{self.said()}")


def test_moving_keeps_threads_and_items(tmp_path):
    """The program of docs/faq.md, from one server to another."""
    config = checkout(tmp_path / "checkout") / "langgraph.json"
    server = Server(tmp_path / "server")
    server.config = config
    (block,) = [each for each in snippets.blocks(ROOT / "docs" / "faq.md") if each.language == "python"]
    with old_server(tmp_path / "old", config) as (old, thread), server:
        code = block.code.replace("127.0.0.1:2025", f"127.0.0.1:{old.port}").replace("127.0.0.1:2024", f"127.0.0.1:{server.port}")
        for _ in range(2):  # again changes nothing
            done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60 * SLOW)
            assert done.returncode == 0, done.stderr
        moved, kept = (each.get(f"/threads/{thread}/state").json()["values"]["messages"] for each in (server, old))
        assert [(each["type"], each["id"], each["content"]) for each in moved] == [(each["type"], each["id"], each["content"]) for each in kept]
        assert server.get(f"/threads/{thread}/state").json()["next"] == []
        (mine,) = server.post("/assistants/search", {"name": "mine"}).json()
        assert mine["context"] == {"tone": "dry"}
        assert server.get("/store/items?namespace=old&key=k").json()["value"] == {"n": 1}
        said = {"assistant_id": "agent", "input": {"messages": [{"role": "user", "content": "on the new one"}]}}
        told = server.post(f"/threads/{thread}/runs/wait", said).json()["messages"]
        assert [each["content"] for each in told] == ["from the old one", "You said: from the old one", "on the new one",
                                                       "You said: on the new one"]


@pytest.mark.timeout(150 * SLOW)
@pytest.mark.parametrize("document", RUN, ids=name)
def test_the_commands_of(document, tmp_path):
    here = checkout(tmp_path / "checkout")
    server = Server(tmp_path / "server")
    server.config = here / "langgraph.json"
    with Receiver() as receiver, server, contextlib.ExitStack() as more:
        script = snippets.script(document)
        if ":2025" in script:
            old, _ = more.enter_context(old_server(tmp_path / "old", server.config))
            script = script.replace(":2025", f":{old.port}")
        for shown, meant in ((r"\b(127\.0\.0\.1|localhost):2024\b", f"127.0.0.1:{server.port}"), (r"\b8000\b", str(free_port())),
                             (r"https://my-server\.example", f"http://127.0.0.1:{receiver.port}"), (r"/backups/", f"{tmp_path}/")):
            script = re.sub(shown, meant, script)
        variables = environment({"HEDDLE_DATA_DIR": str(server.data_dir)})
        variables["PATH"] = f"{programs(tmp_path / 'bin')}:{variables['PATH']}"
        with Shell(script, tmp_path / "said", cwd=here, env=variables) as shell:
            assert shell.finish() == 0, shell.said()
            for wanted in snippets.expected(document):
                until(lambda wanted=wanted: wanted in shell.said(), f"{wanted!r} in\n{shell.said()}", 10 * SLOW)


@pytest.mark.parametrize(("document", "block"), JSON, ids=lambda each: name(each) if isinstance(each, pathlib.Path) else str(each.line))
def test_the_json_of(document, block, tmp_path):
    """It can be read; a part of a langgraph.json is one that Heddle takes without a word."""
    given = snippets.whole(block.code)
    if block.mark != "config":
        return
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "webhook").write_text("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYY\n")
    (tmp_path / ".env").write_text("")
    for file in ("graphs.py", "embed.py"):
        (tmp_path / file).write_text("")
    config = tmp_path / "langgraph.json"
    config.write_text(json.dumps(native_config() | given))
    secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
    needed = {found: secret if "SECRET" in found else "some-token" for found in re.findall(r"env\.(\w+)", block.code)}
    checked = run_binary("check-config", "--config", config, env=needed)
    assert checked.returncode == 0 and checked.stderr == "", checked.stderr
