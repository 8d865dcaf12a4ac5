# SPDX-License-Identifier: Apache-2.0
"""--dev: an edit renews the workers, and nothing else; runs in flight finish on the code they began with."""
import json
import os
import shutil
import threading
import time

import pytest

from server import SLOW
from sse import stream
from waiting import until

APP = '''
import asyncio
import os

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict

from helper import WORD

VERSION = "{version}"


class State(TypedDict, total=False):
    gate: str
    ask: bool
    version: str
    word: str
    env: str


async def answer(state):
    while state.get("gate") and not os.path.exists(state["gate"]):
        await asyncio.sleep(0.01)
    if state.get("ask"):
        interrupt("?")
    return {{"version": VERSION, "word": WORD, "env": os.environ.get("FROM_ENV", "")}}


def graph():
    return StateGraph(State).add_node("answer", answer).add_edge(START, "answer").add_edge("answer", END).compile()


agent = graph()
'''
CONFIG = {"graphs": {"app": "./app.py:agent"}, "dependencies": ["."], "env": "./.env"}


class Project:
    """A project with one graph on a server with --dev."""

    def __init__(self, server):
        self.server = server
        self.folder = server.folder
        self.saves = 0

    def write(self, name, text, how="in place"):
        path = self.folder / name
        if how == "in place":
            path.write_text(text)
        else:  # as editors do that keep the old file until the new one is whole
            aside = path.with_name(f".{path.name}.swp")
            aside.write_text(text)
            os.replace(aside, path)

    def save(self, version, how="in place"):
        self.write("app.py", APP.format(version=version), how)

    def count(self, event):
        return self.server.log().count(f" {event} ")

    def until(self, event, times):
        until(lambda: self.count(event) >= times, f"{times} x {event}", 20 * SLOW)

    def renewed(self, times):
        """Until the workers have been renewed so often, and those before have gone."""
        self.until("workers.renewed", times)

    def answer(self, **state):
        return self.server.wait_run("app", state)


@pytest.fixture
def project(serve):
    def start(config=None, workers=1, options=(), env=None):
        server = serve.make(config or CONFIG, workers=workers, args=["--dev", *options], env=env)
        made = Project(server)
        made.save("one")
        made.write("helper.py", 'WORD = "hello"\n')
        made.write(".env", "FROM_ENV=first\n")
        server.start()
        made.until("watch.started", 1)
        until(lambda: server.get("/ready").status_code == 200, "the workers", 20 * SLOW)
        return made

    return start


@pytest.mark.parametrize("how", ["in place", "by renaming"])
def test_an_edited_graph_is_served_without_a_restart(project, how):
    made = project()
    assert made.answer()["version"] == "one"
    pid = made.server.process.pid
    began = time.monotonic()
    made.save("two", how)
    until(lambda: made.answer()["version"] == "two", "the new code", 20 * SLOW)
    print(f"from the save to the end of the first run on new code: {time.monotonic() - began:.2f} s")
    assert made.server.process.pid == pid and made.server.alive()
    assert 'project.changed files=app.py more=0' in made.server.log()
    assert made.server.get("/ready").status_code == 200
    until(lambda: len(made.server.worker_pids()) == 1, "the old worker to leave")


def test_no_request_fails_while_workers_are_renewed(project):
    made = project(workers=2)
    stop = threading.Event()
    answers, unready = [], []

    def ask():
        while not stop.is_set():
            answers.append(made.answer()["version"])
            unready.append(made.server.get("/ready").status_code)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        made.save("two")
        until(lambda: answers and answers[-1] == "two", "the new code", 20 * SLOW)
    finally:
        stop.set()
        asking.join()
    assert answers == sorted(answers, key=["one", "two"].index), "never the old code after the new one"
    assert set(unready) == {200}


def test_a_run_in_flight_finishes_on_the_code_it_began_with(project, tmp_path):
    made = project()
    gate = tmp_path / "gate"
    thread = made.server.thread()
    body = {"assistant_id": "app", "input": {"gate": str(gate)}, "stream_mode": "values"}
    with stream(made.server, f"/threads/{thread}/runs/stream", body) as events:
        events.until("values")
        made.save("two")
        made.renewed(1)
        assert made.answer()["version"] == "two"
        assert len(made.server.worker_pids()) == 2
        gate.touch()
        last = [event for event in events.rest() if event.event == "values"][-1]
    assert last.json()["version"] == "one"
    until(lambda: len(made.server.worker_pids()) == 1, "the old worker to leave")


def test_a_thread_that_waits_for_a_person_goes_on_with_the_new_code(project):
    made = project()
    thread = made.server.thread()
    assert "__interrupt__" in made.server.wait_run("app", {"ask": True}, thread)
    made.save("two")
    made.renewed(1)
    assert made.server.wait_run("app", None, thread, command={"resume": "yes"})["version"] == "two"


def test_a_mistake_is_told_and_mended_by_the_next_save(project):
    made = project()
    made.write("app.py", APP.format(version="two") + "\nif True\n")
    made.renewed(1)
    line = APP.format(version="two").count("\n") + 2
    assert f"app.py:{line}" in made.server.get("/info").json()["graph_errors"]["app"]["message"]
    assert f"app.py:{line}" in made.server.log()
    assert made.server.get("/ready").status_code == 200
    thread = made.server.thread()
    run = made.server.create_run("app", {}, thread)
    made.server.until_status(run, "error")
    made.save("three")
    made.renewed(2)
    assert made.server.get("/info").json()["graph_errors"] == {}
    assert made.answer()["version"] == "three"


def test_a_module_that_the_graph_imports_counts_too(project):
    made = project()
    made.write("helper.py", 'WORD = "salut"\n')
    made.renewed(1)
    assert made.answer()["word"] == "salut"


def test_a_burst_is_one_reload_and_other_files_are_none(project):
    made = project()
    cache = made.folder / "__pycache__"
    cache.mkdir(exist_ok=True)
    venv = made.folder / "env"
    venv.mkdir()
    (venv / "pyvenv.cfg").touch()
    for ignored in ["app.py~", ".#app.py", "4913", "notes.log", "picture.png", "__pycache__/app.py", "env/app.py", "data/x.py"]:
        made.write(ignored, "x = 1\n")
    made.write("helper.py", 'WORD = "hello"\n')  # the same again
    for number in range(50):
        made.write(f"module{number}.py", "x = 1\n")
    made.save("two")
    made.renewed(1)
    assert made.answer()["version"] == "two"
    made.save("three")
    made.renewed(2)
    changes = [line for line in made.server.log().splitlines() if " project.changed " in line]
    assert len(changes) == 2, changes
    assert 'files="app.py, module0.py, module1.py" more=48' in changes[0]
    assert "files=app.py more=0" in changes[1]


def test_folders_that_are_made_later_are_watched(project):
    made = project()
    (made.folder / "lib" / "deep").mkdir(parents=True)
    made.write("lib/deep/text.md", "one\n")
    made.renewed(1)
    made.write("lib/deep/text.md", "two\n")
    made.renewed(2)
    assert "files=lib/deep/text.md" in made.server.log()


def test_a_dependency_that_is_deleted_and_made_again_is_watched(project, tmp_path):
    lib = tmp_path / "a-library"
    lib.mkdir()
    (lib / "shared.py").write_text("x = 1\n")
    made = project({**CONFIG, "dependencies": [".", str(lib)]})
    shutil.rmtree(lib)
    made.until("project.not_reloaded", 1)
    lib.mkdir()
    (lib / "shared.py").write_text("x = 2\n")
    made.renewed(1)
    (lib / "shared.py").write_text("x = 3\n")
    made.renewed(2)


def test_too_many_folders_are_a_warning_and_the_rest_is_watched(serve):
    made = Project(serve.make(CONFIG, workers=1, args=["--dev"]))
    made.save("one")
    made.write("helper.py", 'WORD = "hello"\n')
    made.write(".env", "")
    for number in range(8200):
        (made.folder / "many" / str(number)).mkdir(parents=True)
    made.server.start()
    made.until("watch.started", 1)
    assert made.count("watch.incomplete") == 1
    made.save("two")
    made.until("project.changed", 1)


def test_graphs_and_variables_of_the_configuration_are_taken_over(project):
    made = project()
    made.write(".env", "FROM_ENV=second\n")
    made.renewed(1)
    assert made.answer()["env"] == "second"
    made.write("langgraph.json", json.dumps({**CONFIG, "graphs": {"app": "./app.py:agent", "other": "./app.py:agent"},
                                             "http": {"disable_store": True}}))
    made.renewed(2)
    assert made.server.wait_run("other", {})["version"] == "one"
    names = {each["graph_id"] for each in made.server.post("/assistants/search", {"limit": 10}).json()}
    assert names == {"app", "other"}
    assert "project.needs_restart keys=http.disable_store" in made.server.log()
    made.write("langgraph.json", json.dumps({**CONFIG, "graphs": {"other": "./app.py:agent", "echo": "heddle:echo"}}))
    made.renewed(3)
    gone = made.server.post(f"/threads/{made.server.thread()}/runs/wait", {"assistant_id": "app", "input": {}})
    assert gone.status_code in (404, 422), gone.text
    assert made.server.wait_run("other", {})["version"] == "one"
    assert "project.needs_restart keys=graphs.echo" in made.server.log()


def test_runs_that_wait_for_a_graph_that_goes_end_too(project, tmp_path):
    both = {**CONFIG, "graphs": {"app": "./app.py:agent", "other": "./app.py:agent"}}
    made = project(both, options=["--runs-per-worker", "1"])
    gate = tmp_path / "gate"
    runs = [made.server.create_run("app", {"gate": str(gate)}) for _ in range(3)]
    made.server.until_status(runs[0], "running")
    made.write("langgraph.json", json.dumps({**CONFIG, "graphs": {"other": "./app.py:agent"}}))
    made.renewed(1)
    for run in runs[1:]:
        made.server.until_status(run, "error")
    gate.touch()
    made.server.until_status(runs[0], "success")


def test_the_first_python_graph_and_the_last(project):
    native = {"graphs": {"echo": "heddle:echo"}}
    made = project(native)
    assert made.server.worker_pids() == []
    made.write("langgraph.json", json.dumps({**CONFIG, "graphs": {"echo": "heddle:echo", "app": "./app.py:agent"}}))
    made.renewed(1)
    assert made.answer()["version"] == "one"
    made.write("langgraph.json", json.dumps(native))
    until(lambda: made.server.worker_pids() == [], "the workers to leave", 20 * SLOW)
    assert made.server.wait_run("echo", {"text": "x"}) is not None
    assert made.server.get("/ready").status_code == 200


def test_a_configuration_with_problems_changes_nothing(project):
    made = project()
    made.write("langgraph.json", '{"graphs": {')
    made.until("project.not_reloaded", 1)
    assert "langgraph.json is not valid JSON" in made.server.log()
    assert made.answer()["version"] == "one"
    made.write("langgraph.json", json.dumps(CONFIG))
    made.save("two")
    made.renewed(1)
    assert made.answer()["version"] == "two"


def test_many_saves_during_a_long_run_do_not_pile_up_processes(project, tmp_path):
    made = project()
    gate = tmp_path / "gate"
    run = made.server.create_run("app", {"gate": str(gate)})
    made.server.until_status(run, "running")
    for times in range(1, 5):
        made.save(f"v{times}")
        made.renewed(times)
    until(lambda: len(made.server.worker_pids()) == 2, "the worker with the run and the newest one", 20 * SLOW)
    gate.touch()
    made.server.until_status(run, "success")
    state = made.server.get(f"/threads/{run['thread_id']}/state").json()
    assert state["values"]["version"] == "one"
    until(lambda: len(made.server.worker_pids()) == 1, "the newest one alone", 20 * SLOW)


def test_polling_sees_the_same(project):
    made = project(env={"HEDDLE_WATCH": "poll"})
    assert "watch.started by=polling" in made.server.log()
    made.save("two")
    made.renewed(1)
    assert made.answer()["version"] == "two"


def test_without_dev_nothing_is_watched(serve):
    server = serve.make(CONFIG, workers=1)
    made = Project(server)
    made.save("one")
    made.write("helper.py", 'WORD = "hello"\n')
    server.start()
    made.save("two")
    until(lambda: server.get("/ready").status_code == 200, "the workers", 20 * SLOW)
    server.stop()
    assert "watch.started" not in server.log() and "project.changed" not in server.log()


def test_the_server_stops_with_workers_of_two_generations(project, tmp_path):
    made = project()
    run = made.server.create_run("app", {"gate": str(tmp_path / "never")})
    made.server.until_status(run, "running")
    made.save("two")
    made.renewed(1)
    pids = made.server.worker_pids()
    assert len(pids) == 2
    assert made.server.stop() == 0
    until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), "their processes to end")
