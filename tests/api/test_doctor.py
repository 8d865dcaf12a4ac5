# SPDX-License-Identifier: Apache-2.0
"""`heddle doctor`: a line a check, a remedy for what is wrong, and a status that scripts can use."""
import json
import shutil
import socket
import sqlite3
import sys

import pytest

from server import SLOW, Server, native_config, project, run_binary, wire_config
from test_first_minutes import GRAPH, write

pytestmark = pytest.mark.timeout(120 * SLOW)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def examine(folder, *args, python=sys.executable, port=None, env=None):
    """The status and the checks: (name, level) → (text, remedy)."""
    result = run_binary("doctor", "--json", "--config", folder, "--python", python, "--port", port or free_port(), *args, env=env,
                        timeout_s=60 * SLOW)
    assert result.stderr == "", result.stderr
    report = json.loads(result.stdout)
    assert report["ok"] is (result.returncode == 0)
    found = {}
    for check in report["checks"]:
        assert set(check) == {"check", "level", "text", "remedy"}
        found.setdefault((check["check"], check["level"]), []).append((check["text"], check["remedy"]))
    return result.returncode, found


def problems(found):
    return {name for name, level in found if level == "problem"}


def test_a_project_that_is_fine(tmp_path):
    write(tmp_path, {"graphs": {"agent": "./agent.py:graph", "echo": "heddle:echo"}, "dependencies": ["."]}, agent=GRAPH)
    status, found = examine(tmp_path)
    assert status == 0 and not problems(found), found
    for name in ("configuration", "python", "langgraph", "packages", "graph agent", "port", "data folder", "disk", "database", "time zones"):
        assert (name, "ok") in found, found
    assert sorted(each.name for each in tmp_path.iterdir() if each.name != "__pycache__") == ["agent.py", "langgraph.json"], "it changes nothing"

    told = run_binary("doctor", "--config", tmp_path, "--python", sys.executable, "--port", free_port(), timeout_s=60 * SLOW)
    assert told.returncode == 0 and "ok       graph agent    loads in " in told.stdout
    assert told.stdout.splitlines()[-1] in ("everything is fine", "0 problems, 1 warning")


def test_native_graphs_need_no_python(tmp_path):
    write(tmp_path, native_config())
    status, found = examine(tmp_path, python="/nowhere/python")
    assert status == 0 and found["python", "ok"] == [("not needed: there are no Python graphs", None)]


def test_graphs_that_do_not_load_and_packages_that_are_missing(tmp_path):
    config = {"graphs": {"good": "./agent.py:graph", "bad": "./agent.py:grap", "loud": "./loud.py:graph"}, "dependencies": [".", "heddle-nope>=2"],
              "python_version": "3.99"}
    write(tmp_path, config, agent=GRAPH, loud="import os\nprint('{')\nos.write(1, b'{{')\n" + GRAPH)
    status, found = examine(tmp_path)
    assert status == 1 and problems(found) == {"graph bad"}
    assert "did you mean 'graph'?" in found["graph bad", "problem"][0][0]
    assert ("graph good", "ok") in found and ("graph loud", "ok") in found
    assert "heddle-nope is not installed" in found["packages", "warning"][0][0] and "heddle install" in found["packages", "warning"][0][0]
    assert "wants Python 3.99" in found["python", "warning"][0][0]


def test_a_library_that_cannot_be_loaded(tmp_path):
    write(tmp_path, native_config(graphs={"echo": "heddle:echo", "lib": "./lib.so:graph"}))
    (tmp_path / "lib.so").write_text("no library")
    status, found = examine(tmp_path)
    assert status == 1 and problems(found) == {"graph lib"} and "lib.so" in found["graph lib", "problem"][0][0]


def test_a_graph_that_ends_or_waits_is_a_problem_of_its_own(tmp_path):
    write(tmp_path, {"graphs": {"agent": "./agent.py:graph"}}, agent="import os\nos._exit(7)\n")
    status, found = examine(tmp_path)
    assert status == 1 and problems(found) == {"graphs"} and ("langgraph", "ok") in found
    write(tmp_path, {"graphs": {"agent": "./agent.py:graph"}}, agent="import os\nos.kill(os.getpid(), 9)\n")
    assert "signal 9" in examine(tmp_path)[1]["graphs", "problem"][0][0]


def test_interpreters_that_will_not_do(tmp_path):
    write(tmp_path, {"graphs": {"agent": "./agent.py:graph"}}, agent=GRAPH)
    status, found = examine(tmp_path, python="/nowhere/python")
    assert status == 1 and found["python", "problem"][0][0] == "there is no program /nowhere/python" and "--python" in found["python", "problem"][0][1]
    assert "exit status" in examine(tmp_path, python=shutil.which("false"))[1]["python", "problem"][0][0]
    old = tmp_path / "old"  # says what python 3.8 would
    old.write_text('#!/bin/sh\ncat > /dev/null\necho \'{"python": "3.8.1", "executable": "/usr/bin/python3.8", "old": true}\'\n')
    old.chmod(0o755)
    assert examine(tmp_path, python=old)[1]["python", "problem"] == [
        ("/usr/bin/python3.8 is Python 3.8.1", "graphs need 3.10 or later: name another with --python")]


def test_a_configuration_with_problems_is_told_with_everything_else(tmp_path):
    write(tmp_path, {"graphs": {"agent": "./nope.py:graph"}, "webhooks": {"headers": {"X": "${{ env.LG_WEBHOOK_NOPE }}"}}})
    status, found = examine(tmp_path)
    assert status == 1 and problems(found) == {"configuration"} and len(found["configuration", "problem"]) == 2
    assert any("LG_WEBHOOK_NOPE is not set" in text for text, _ in found["configuration", "problem"])
    assert ("langgraph", "ok") in found and ("port", "ok") in found


def test_ports(tmp_path):
    write(tmp_path, native_config())
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        status, found = examine(tmp_path, port=other.getsockname()[1])
    assert status == 1 and problems(found) == {"port"} and "choose another port with --port" in found["port", "problem"][0][1]
    _, found = examine(tmp_path, "--host", "192.0.2.1")
    assert problems(found) == {"port"} and "no such address" in found["port", "problem"][0][1]


def test_a_server_that_is_running_is_fine(native, tmp_path):
    for _ in range(3):
        native.wait_run("native_echo", {"text": "x"})
    status, found = examine(native.config, "--data-dir", native.data_dir, port=native.port)
    assert status == 0, found
    assert found["port", "ok"] == [(f"127.0.0.1:{native.port}: a server is running", None)]
    assert "schema version" in found["database", "ok"][0][0]
    assert native.wait_run("native_echo", {"text": "x"})["out"] == "x"
    # With another data folder it is somebody else's.
    assert problems(examine(native.config, "--data-dir", tmp_path, port=native.port)[1]) == {"port"}


def test_databases(tmp_path):
    with Server(tmp_path, native_config()) as server:
        server.thread()
    args = ("--data-dir", tmp_path / "data")
    assert examine(tmp_path, *args)[0] == 0
    database = tmp_path / "data" / "heddle.db"
    whole = database.read_bytes()
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO heddle_schema VALUES (999, 1)")
    connection.close()
    _, found = examine(tmp_path, *args)
    assert problems(found) == {"database"} and "schema version 999" in found["database", "problem"][0][0]
    for damaged in (b"text, not a database " * 400, whole[:8192] + b"\xff" * (len(whole) - 8192)):
        database.write_bytes(damaged)
        before = database.read_bytes()
        status, found = examine(tmp_path, *args)
        assert status == 1 and problems(found) == {"database"} and "heddle restore" in found["database", "problem"][0][1]
        assert "PRAGMA" not in found["database", "problem"][0][0] and database.read_bytes() == before


def test_a_data_folder_that_cannot_be(tmp_path):
    write(tmp_path, native_config())
    (tmp_path / "file").write_text("")
    _, found = examine(tmp_path, "--data-dir", tmp_path / "file" / "inside")
    assert problems(found) == {"data folder"} and "--data-dir" in found["data folder", "problem"][0][1]


def test_the_wire_project_is_fine(tmp_path):
    status, found = examine(project(tmp_path, wire_config()))
    assert status == 0, problems(found)
