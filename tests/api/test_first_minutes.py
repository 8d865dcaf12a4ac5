# SPDX-License-Identifier: Apache-2.0
"""Errors that somebody new meets: each is one line that says what to do. And what is shown while graphs load."""
import json
import os
import pathlib
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import venv

from server import BINARY, SLOW, Server, environment, native_config, run_binary
from terminal import Terminal
from waiting import until

GRAPH = """
from langgraph.graph import START, MessagesState, StateGraph

builder = StateGraph(MessagesState)
builder.add_node("node", lambda state: {})
builder.add_edge(START, "node")
graph = builder.compile()
number = 5
"""


def write(folder, config, **files):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "langgraph.json").write_text(config if isinstance(config, str) else json.dumps(config))
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def refusal(*args, env=None, cwd=None):
    """What `heddle serve` says when it does not start: the lines of stderr."""
    port = [] if "--port" in args else ["--port", 0]
    result = run_binary("serve", *port, *args, env=env, cwd=cwd)
    assert result.returncode == 1 and result.stdout == "", (result.returncode, result.stdout, result.stderr)
    assert not re.search(r"Traceback|terminate called|what\(\)|PRAGMA|SELECT", result.stderr)
    return [line for line in result.stderr.splitlines() if not line.startswith("heddle: the configuration has problems")]


def holds(lines, *names):
    assert len(lines) == 1, lines
    for name in names:
        assert str(name) in lines[0], lines


# ---- before anything is started

def test_no_configuration_here(tmp_path):
    holds(refusal(cwd=tmp_path), "no langgraph.json here", tmp_path, "--config FILE", "heddle init")


def test_a_configuration_that_is_no_json(tmp_path):
    write(tmp_path, '{\n  "graphs": {"a": "heddle:echo",}\n}')
    holds(refusal(cwd=tmp_path), "langgraph.json", "not valid JSON", "line 2, column 33")


def test_a_file_that_is_not_there(tmp_path):
    write(tmp_path, {"graphs": {"agent": "./agnet.py:graph"}}, agent=GRAPH)
    holds(refusal(cwd=tmp_path), "graphs.agent", "the file does not exist", tmp_path / "agnet.py")


def test_a_path_without_a_name(tmp_path):
    write(tmp_path, {"graphs": {"agent": "./agent.py"}}, agent=GRAPH)
    holds(refusal(cwd=tmp_path), "graphs.agent", "./graphs.py:agent")


def test_a_variable_that_is_missing(tmp_path):
    write(tmp_path, native_config(webhooks={"headers": {"Authorization": "Bearer ${{ env.LG_WEBHOOK_TOKEN }}"}}))
    holds(refusal(cwd=tmp_path), "webhooks.headers.Authorization", "LG_WEBHOOK_TOKEN is not set", "set it, or name it in env")


def test_an_env_that_cannot_be_read(tmp_path):
    (tmp_path / "secrets").mkdir()
    write(tmp_path, native_config(env="./secrets"))
    holds(refusal(cwd=tmp_path), "env", tmp_path / "secrets", "that this user may read")


def test_a_user_who_may_not():
    """Root may everything, so it becomes nobody; pytest's own folders are closed to that one."""
    become = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)

        def said(*args):
            command = [*become, str(BINARY), "serve", "--config", name, "--port", "0", *map(str, args)]
            result = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=20 * SLOW, check=False)
            assert result.returncode == 1, result.stderr
            return [line for line in result.stderr.splitlines() if not line.startswith("heddle: the configuration")]

        folder.chmod(0o755)
        write(folder, native_config())
        (folder / "data").mkdir(mode=0o555)
        (folder / "secret.env").write_text("A=1\n")
        (folder / "secret.env").chmod(0o000)
        folder.chmod(0o555)
        try:
            holds(said("--data-dir", folder / "data"), folder / "data", "ermission denied", "--data-dir")
            holds(said("--data-dir", folder / "new"), folder / "new", "ermission denied", "--data-dir")
            (folder / "langgraph.json").write_text(json.dumps(native_config(env="secret.env")))
            holds(said(), "env", folder / "secret.env", "that this user may read")
        finally:
            folder.chmod(0o755)


# ---- the machine

def test_a_port_that_is_taken(tmp_path):
    write(tmp_path, native_config())
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        holds(refusal("--port", port, cwd=tmp_path), f"127.0.0.1:{port}", "address already in use", "choose another port with --port (0 takes a free one)")


def test_an_address_of_another_machine(tmp_path):
    write(tmp_path, native_config())
    key = {"HEDDLE_API_KEYS": "k" * 48}  # without one it warns
    holds(refusal("--host", "192.0.2.1", cwd=tmp_path, env=key), "192.0.2.1", "no such address", "0.0.0.0")
    holds(refusal("--host", "www.example.com", cwd=tmp_path, env=key), "www.example.com", "use an address", "--host")


def test_a_data_folder_that_is_a_file(tmp_path):
    write(tmp_path, native_config())
    (tmp_path / "file").write_text("")
    holds(refusal("--data-dir", "file", cwd=tmp_path), tmp_path / "file", "choose another folder with --data-dir")


def test_a_file_that_is_no_database(tmp_path):
    write(tmp_path, native_config())
    (tmp_path / ".heddle").mkdir()
    (tmp_path / ".heddle" / "heddle.db").write_bytes(b"no database at all, but long enough to be looked at" * 100)
    holds(refusal(cwd=tmp_path), tmp_path / ".heddle" / "heddle.db", "file is not a database", "heddle restore", "--data-dir")


def test_a_database_of_something_else(tmp_path):
    write(tmp_path, native_config())
    (tmp_path / ".heddle").mkdir()
    with sqlite3.connect(tmp_path / ".heddle" / "heddle.db") as other:
        other.execute("CREATE TABLE assistants (name TEXT)")
    other.close()
    holds(refusal(cwd=tmp_path), "it is no database of Heddle", "--data-dir")


def test_a_database_of_a_newer_version(tmp_path):
    write(tmp_path, native_config())
    with Server(tmp_path, native_config()):
        pass
    with sqlite3.connect(tmp_path / "data" / "heddle.db") as database:
        database.execute("INSERT INTO heddle_schema VALUES (999, 1)")
    database.close()
    holds(refusal("--data-dir", "data", cwd=tmp_path), "schema version 999", "use a newer heddle or restore a backup")


def test_a_folder_that_another_server_has(native, tmp_path):
    write(tmp_path, native_config())
    holds(refusal("--data-dir", native.data_dir, cwd=tmp_path), f"process {native.process.pid}", native.data_dir, "--data-dir")


# ---- graphs: others are served, so the server starts and tells

def told(server, event):
    """The lines of an event in the log, once there is one."""
    pattern = rf" (?:error|warning|info) {re.escape(event)} (.*)"
    return until(lambda: re.findall(pattern, server.log()), f"{event} in the log", 30 * SLOW)


GRAPHS = {
    "attribute": ("grap", GRAPH, ["has no 'grap'", "did you mean 'graph'?"]),
    "other_name": ("workflow", GRAPH, ["has no 'workflow'", "graphs there: builder, graph"]),
    "no_graph": ("number", GRAPH, ["'number' is an int, neither a graph nor a function that makes one", "graphs there: builder, graph"]),
    "nothing": ("number", "number = 5\n", ["name a compiled graph, or a function that makes one"]),
    "syntax": ("graph", "x = 1\ndef graph(:\n", ["SyntaxError: invalid syntax", "syntax.py:2)"]),
    "raises": ("graph", "def load():\n    raise ValueError('no key')\n\nload()\n", ["ValueError: no key", "raises.py:2)"]),
    "missing": ("graph", "import heddle_nope.inner\n", ["No module named 'heddle_nope'", "missing.py:1)", "(perhaps heddle-nope)", "heddle install"]),
    "known": ("graph", "import serpapi\n", ["(perhaps google-search-results)", f"{sys.executable} -m pip install google-search-results"]),
}


def test_graphs_that_do_not_load_are_told_once_each(serve, tmp_path):
    folder = tmp_path / "server0"
    write(folder, {}, **{name: text for name, (_, text, _) in GRAPHS.items()})
    graphs = {name: f"./{name}.py:{export}" for name, (export, _, _) in GRAPHS.items()}
    server = serve({"graphs": {**graphs, "echo": "heddle:echo"}}, workers=2)
    assert told(server, "graphs.loaded")[0].startswith(f"graphs=0 failed={len(GRAPHS)} ms=")
    lines = told(server, "graph.load_failed")
    assert len(lines) == len(GRAPHS), "each once, though two workers load them"
    for name, (_, _, parts) in GRAPHS.items():
        line = next(each for each in lines if f"graph_id={name} " in each)
        for part in parts:
            assert part in line, line
    assert server.wait_run("echo", {"text": "x"})["out"] == "x"


def test_an_interpreter_that_is_not_there(serve):
    server = serve(native_config(graphs={"agent": "./graphs.py:echo", "native_echo": "heddle:echo"}), python="/nowhere/python3")
    lines = told(server, "worker.spawn_failed")
    assert len(lines) == 1 and "cannot start '/nowhere/python3': No such file or directory" in lines[0]
    assert "--python or HEDDLE_PYTHON" in lines[0] and "heddle install" in lines[0]


def test_an_interpreter_without_langgraph(serve, tmp_path):
    bare = tmp_path / "bare"
    venv.create(bare, with_pip=False)
    python = bare / "bin" / "python"
    server = serve({"graphs": {"agent": "./graphs.py:echo"}}, python=str(python))
    lines = told(server, "worker.unfit")
    assert len(lines) == 1, lines
    assert f"langgraph is not installed for {python}: heddle install, or {python} -m pip install langgraph" in lines[0]
    assert "Traceback" not in server.log()


# ---- progress

def test_loading_is_told_and_does_not_disturb_the_ready_line(tmp_path):
    folder = write(tmp_path, {"graphs": {"agent": "./agent.py:graph"}}, agent=GRAPH)
    command = [str(BINARY), "serve", "--port", "0", "--python", sys.executable]
    started = time.monotonic()
    terminal = Terminal(command, cwd=folder, env=environment())
    try:
        until(lambda: "graphs.loading graphs=1 workers=2" in terminal.said(), "the first word")
        assert time.monotonic() - started < 1.0 * SLOW
        ready = terminal.process.stdout.readline()
        assert re.fullmatch(r"heddle ready http://127\.0\.0\.1:\d+\n", ready)
        until(lambda: f"API document: {ready.split()[2]}/docs" in terminal.said(), "the hint")
        until(lambda: re.search(r"graphs\.loaded graphs=1 failed=0 ms=\d+", terminal.said()), "the graphs", 30 * SLOW)
    finally:
        assert terminal.end() == 0
    assert terminal.process.stdout.read() == ""


def test_no_hint_in_a_log_file(native):
    assert "API document" not in native.log()


def test_a_file_named_like_a_module_of_the_standard_library(tmp_path):
    """Tools are often called email.py: it must not be taken for the standard library's by the worker itself."""
    write(tmp_path, {"graphs": {"agent": "./agent.py:graph"}}, agent=GRAPH, email="raise RuntimeError('not me')\n",
          platform="raise RuntimeError('nor me')\n")
    with Server(tmp_path, (tmp_path / "langgraph.json").read_text(), workers=1) as server:
        assert "messages" in server.wait_run("agent", {"messages": [{"role": "user", "content": "x"}]})
    checked = run_binary("doctor", "--config", tmp_path, "--python", sys.executable, "--port", 0, cwd=tmp_path, timeout_s=60)
    assert "not me" not in checked.stdout + checked.stderr and "nor me" not in checked.stdout + checked.stderr
    assert checked.returncode == 0, checked.stdout
