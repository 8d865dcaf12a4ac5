# SPDX-License-Identifier: Apache-2.0
"""`heddle init` and `heddle install`: from nothing to a project that serves."""
import json
import os
import signal
import subprocess
import sys
import time

import pytest

import wheels
from server import BINARY, SLOW, Server, environment, native_config, run_binary
from waiting import until

FILES = {"langgraph.json", "agent.py", "requirements.txt", ".env", ".env.example", ".gitignore", ".dockerignore", "README.md"}
INSTALL_S = 120 * SLOW
pytestmark = pytest.mark.timeout(180 * SLOW)


def install(folder, *args, env=None):
    return run_binary("install", *args, env=env, cwd=folder, timeout_s=INSTALL_S)


def project(folder, **more):
    """A project whose packages come from an index of its own."""
    config = wheels.index(folder / "wheels")
    (folder / "agent.py").write_text("graph = None\n")
    text = {"graphs": {"agent": "./agent.py:graph"}, "pip_config_file": str(config.relative_to(folder)), **more}
    (folder / "langgraph.json").write_text(json.dumps(text))
    return folder


def installed(folder):
    """Names of the distributions in .venv."""
    out = subprocess.run([str(folder / ".venv/bin/python"), "-m", "pip", "list", "--format", "json"], capture_output=True, text=True,
                         check=True)
    return {each["name"] for each in json.loads(out.stdout)}


def test_init_makes_a_project_that_answers(tmp_path):
    made = run_binary("init", "shop/agent", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    folder = tmp_path / "shop" / "agent"
    assert {each.name for each in folder.iterdir()} == FILES
    assert (folder / ".env").stat().st_mode & 0o004  # a container of another user reads it too
    assert ".env" in (folder / ".dockerignore").read_text().split()
    for line in ("cd shop/agent", "heddle install", "heddle serve"):
        assert line in made.stdout
    with Server(folder, (folder / "langgraph.json").read_text(), workers=1) as server:
        body = {"assistant_id": "agent", "input": {"messages": [{"role": "user", "content": "Hello there!"}]}}
        answer = server.post("/runs/wait", body)
        assert answer.json()["messages"][-1]["content"] == "You said: Hello there!"
        streamed = server.post("/runs/stream", {**body, "stream_mode": "messages-tuple"}).text
        assert streamed.count("event: messages") > 3
        assert "warning" not in server.log() and "error" not in server.log()


@pytest.mark.parametrize("taken", ["agent.py", ".env"])
def test_init_overwrites_nothing(tmp_path, taken):
    (tmp_path / taken).write_text("mine")
    refused = run_binary("init", cwd=tmp_path)
    assert refused.returncode == 1 and taken in refused.stderr and "nothing was written" in refused.stderr
    assert [each.name for each in tmp_path.iterdir()] == [taken] and (tmp_path / taken).read_text() == "mine"


def test_init_names_the_folder_it_may_not_write(tmp_path):
    (tmp_path / "file").write_text("")
    refused = run_binary("init", "file/inside", cwd=tmp_path)
    assert refused.returncode == 1 and "file/inside" in refused.stderr and len(refused.stderr.splitlines()) == 1


def test_install_brings_everything_and_knows_when_it_is_there(tmp_path):
    folder = project(tmp_path, dependencies=["./tool", ".", "alpha"])
    wheels.local_package(folder / "tool")
    (folder / "requirements.txt").write_text("-r more.txt\n")
    (folder / "more.txt").write_text("gamma==1.0  # exactly\n")
    first = install(folder)
    assert first.returncode == 0, first.stderr
    assert {"langgraph", "alpha", "beta", "gamma", "local-tool"} <= installed(folder)
    assert "making " in first.stderr and "installing tool, requirements.txt, alpha, langgraph" in first.stderr
    answer = subprocess.run([str(folder / ".venv/bin/python"), "-c", "import local_tool; print(local_tool.ANSWER)"],
                            capture_output=True, text=True, cwd="/", check=False)
    assert answer.stdout == "42\n", answer.stderr

    (folder / "wheels").rename(folder / "gone")  # pip would fail now
    (folder / "wheels").mkdir()
    (folder / "wheels" / "pip.conf").write_text("[global]\nno-index = true\n")
    again = install(folder)
    assert again.returncode == 0 and again.stderr.startswith("everything is installed in "), again.stderr
    assert len(again.stderr.splitlines()) == 1

    (folder / "more.txt").write_text("gamma==2.0\n")
    failed = install(folder)
    assert failed.returncode == 1 and "gamma==2.0" in failed.stderr and "no such package or version" in failed.stderr.splitlines()[-1]


def test_verbose_shows_what_pip_says(tmp_path):
    loud = install(project(tmp_path), "--verbose")
    assert loud.returncode == 0 and "Successfully installed" in loud.stderr, loud.stderr
    quiet = run_binary("install", "--config", tmp_path, cwd=tmp_path.parent, timeout_s=INSTALL_S)
    assert quiet.returncode == 0 and "Successfully" not in quiet.stderr


def test_install_says_when_python_is_another_one(tmp_path):
    found = install(project(tmp_path, python_version="3.99"))
    assert found.returncode == 0 and "langgraph.json wants Python 3.99 (python_version)" in found.stderr


def test_install_needs_no_environment_variables_of_the_server(tmp_path):
    """An image is built without the secrets that it runs with."""
    folder = project(tmp_path, webhooks={"headers": {"Authorization": "Bearer ${{ env.LG_WEBHOOK_TOKEN }}"}})
    found = install(folder)
    assert found.returncode == 0 and "LG_WEBHOOK_TOKEN" not in found.stderr


def test_install_into_a_named_environment(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "other")], check=True)
    python = tmp_path / "other" / "bin" / "python"
    (tmp_path / "p").mkdir()
    folder = project(tmp_path / "p", dependencies=["alpha"])
    assert install(folder, env={"HEDDLE_PYTHON": str(python)}).returncode == 0
    assert not (folder / ".venv").exists()
    assert subprocess.run([str(python), "-c", "import alpha"], check=False).returncode == 0


PROBLEMS = [
    ({"pip_config_file": "nope.conf"}, {}, ["pip_config_file", "nope.conf"]),
    ({"pip_installer": "conda"}, {}, ["pip_installer", "auto, pip or uv"]),
    ({"dependencies": ["./nope"]}, {}, ["dependencies[0]", "nope"]),
    ({"dependencies": ["-r x.txt"]}, {}, ["dependencies[0]", "not an option of pip"]),
    ({}, {"HEDDLE_PYTHON": "/nowhere/python"}, ["/nowhere/python", "--python"]),
    ({}, {"PATH": "/nowhere"}, ["there is no python3", "apt-get install python3"]),
]


@pytest.mark.parametrize("config, env, names", PROBLEMS, ids=lambda value: json.dumps(value))
def test_a_problem_is_named_with_its_remedy(tmp_path, config, env, names):
    found = install(project(tmp_path, **config), env=env)
    assert found.returncode == 1, found.stderr
    for name in names:
        assert name in found.stderr, found.stderr
    assert not (tmp_path / ".venv").exists()


def fake_python(folder, script):
    """A python3 that comes first in PATH."""
    folder.mkdir()
    program = folder / "python3"
    program.write_text("#!/bin/sh\n" + script)
    program.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def test_uv_installs_when_it_is_asked_for(tmp_path):
    """A stand-in for uv that hands its arguments to pip."""
    folder = project(tmp_path, dependencies=["alpha"], pip_installer="uv")
    without = install(folder, env={"PATH": "/usr/bin:/bin"})
    assert without.returncode == 1 and "pip_installer is uv, which is not installed" in without.stderr
    (tmp_path / "bin").mkdir()
    uv = tmp_path / "bin" / "uv"
    uv.write_text(f'#!/bin/sh\necho "$@" > "{tmp_path}/called"\npython=$4\nshift 4\nexec "$python" -m pip install "$@"\n')
    uv.chmod(0o755)
    found = install(folder, env={"PATH": f"{uv.parent}:{os.environ['PATH']}"})
    assert found.returncode == 0 and "alpha" in installed(folder), found.stderr
    assert (tmp_path / "called").read_text() == f"pip install --python {folder}/.venv/bin/python alpha langgraph>=1.0\n"


def test_debian_without_venv_gives_the_apt_line(tmp_path):
    env = fake_python(tmp_path / "bin", 'mkdir -p "$3/bin"; echo "The virtual environment was not created successfully because '
                                        'ensurepip is not available."; exit 1\n')
    found = install(project(tmp_path), env=env)
    assert found.returncode == 1 and "apt-get install python3-venv" in found.stderr.splitlines()[-1]
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_installation_leaves_nothing_half_made(tmp_path, signal_number):
    env = fake_python(tmp_path / "bin", f'mkdir -p "$3/bin"; echo $$ > "{tmp_path}/pid"; exec sleep 100\n')
    process = subprocess.Popen([str(BINARY), "install"], cwd=project(tmp_path), env=environment(env), stderr=subprocess.PIPE, text=True)
    pid = until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip(), "the environment to be begun")
    process.send_signal(signal_number)
    said = process.communicate(timeout=20)[1]
    assert process.returncode == 1 and "interrupted" in said.splitlines()[-1]
    assert not (tmp_path / ".venv").exists() and not os.path.exists(f"/proc/{pid}")


def test_native_graphs_need_nothing(tmp_path):
    (tmp_path / "langgraph.json").write_text(json.dumps(native_config()))
    found = install(tmp_path)
    assert found.returncode == 0 and "nothing to install" in found.stderr and not (tmp_path / ".venv").exists()


def test_serve_installs_first_when_asked(tmp_path):
    folder = project(tmp_path, dependencies=["alpha"], graphs={"agent": "./agent.py:graph", "echo": "heddle:echo"})
    process = subprocess.Popen([str(BINARY), "serve", "--install", "--port", "0"], cwd=folder, env=environment(), stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout.readline().startswith("heddle ready http://")
        assert "alpha" in installed(folder)
    finally:
        process.terminate()
        assert process.wait(20) == 0
    (folder / "langgraph.json").write_text(json.dumps({"graphs": {"echo": "heddle:echo"}, "dependencies": ["heddle-no-such-package"],
                                                       "pip_config_file": "wheels/pip.conf"}))
    started = time.monotonic()
    refused = run_binary("serve", "--install", "--port", 0, cwd=folder, timeout_s=INSTALL_S)
    assert refused.returncode == 1 and "heddle-no-such-package" in refused.stderr and "heddle ready" not in refused.stdout
    assert time.monotonic() - started < 60 * SLOW
