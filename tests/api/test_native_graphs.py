# SPDX-License-Identifier: Apache-2.0
"""Graphs of shared libraries, from outside: installed headers, examples/native and stories.cpp built with every
compiler there is, served, and talked to over HTTP."""
import json
import os
import pathlib
import shutil
import signal
import threading

import httpx
import pytest

import sse
from native_library import COMPILERS, built_example, built_stories, call, installed
from server import ROOT, SLOW, Server, project, run_binary
from waiting import until

STORIES = ("steps", "questions", "swallowing", "failing", "sleeping", "blocking", "reading", "flooding", "telling", "loop", "ways")
ALL_MODES = ["values", "updates", "custom"]


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    return installed(tmp_path_factory.mktemp("installed") / "prefix")


@pytest.fixture(scope="module", params=COMPILERS)
def article(request, prefix, tmp_path_factory):
    """examples/native, served."""
    folder = tmp_path_factory.mktemp("article") / "project"
    built_example(folder, prefix, request.param)
    config = json.loads((folder / "langgraph.json").read_text())
    with Server(folder, config) as server:
        yield server


@pytest.fixture(scope="module", params=list(zip(COMPILERS, ("17", "20"))), ids=lambda param: f"{param[0]}, C++{param[1]}")
def library(request, prefix, tmp_path_factory):
    return built_stories(tmp_path_factory.mktemp("stories") / "libstories.so", prefix, *request.param)


def stories(folder, library, env=None, **more):
    """A server for the graphs of stories.cpp."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(library, folder / "libstories.so")
    graphs = {name: f"./libstories.so:make_{name}" for name in STORIES}
    given = {"STORY_VARIABLE": "of the file", "STORY_GIVEN": "of the file"}
    return Server(folder, {"graphs": graphs, "env": given},
                  env={"STORY_FOLDER": str(folder), "STORY_GIVEN": "before", **(env or {})}, **more)


@pytest.fixture
def server(library, tmp_path):
    with stories(tmp_path / "project", library) as started:
        yield started


@pytest.fixture(scope="module")
def shared(library, tmp_path_factory):
    """For tests that leave nothing behind."""
    with stories(tmp_path_factory.mktemp("shared"), library) as started:
        yield started


def stream(server, thread, graph, modes=ALL_MODES, **body):
    """[(event, data)…] of a run, without `metadata`."""
    body = {"assistant_id": graph, "stream_mode": modes, **body}
    with sse.stream(server, f"/threads/{thread}/runs/stream", body) as events:
        return [(event.event, event.json()) for event in events.rest() if event.event not in ("metadata", "end")]


def of(events, kind):
    return [data for event, data in events if event == kind]


def state(server, thread):
    return server.get(f"/threads/{thread}/state").json()


def wait(server, graph, run_input, thread=None, **more):
    return server.wait_run(graph, run_input, thread, **more)


# ---- the example


def test_the_example_streams_asks_and_goes_on(article):
    thread = article.thread()
    events = stream(article, thread, "article", input={"topic": "Looms"})
    planned = ["Looms: What it is", "Looms: Why it matters", "Looms: How to begin"]
    assert of(events, "custom") == [{"planned": part} for part in planned]
    message = {"role": "assistant", "content": "I have a plan."}
    update = {"plan": planned, "round": 1, "messages": [message]}
    first, second = of(events, "updates")
    assert first == {"plan": update}
    question, = second["__interrupt__"]
    assert question["value"] == {"question": "Shall I write this?", "plan": planned} and question["response_schema"] is None
    values = of(events, "values")
    assert values == [{"topic": "Looms"}, {"topic": "Looms", **update}, {"topic": "Looms", **update, "__interrupt__": [question]}]
    assert [event for event, _ in events] == ["values", "custom", "custom", "custom", "updates", "values", "updates", "values"]

    now = state(article, thread)
    assert now["next"] == ["review"] and now["metadata"]["source"] == "loop"
    shown = {"id": question["id"], "value": question["value"]}
    task, = now["tasks"]
    assert now["interrupts"] == task["interrupts"] == [shown] and task["name"] == "review"
    row = article.get(f"/threads/{thread}").json()
    assert row["status"] == "interrupted" and row["interrupts"] == {task["id"]: [shown]}

    events = stream(article, thread, "article", command={"resume": "yes"})
    assert of(events, "custom") == [{"writing": part} for part in planned]
    review, write = of(events, "updates")
    assert review == {"review": {"verdict": "yes"}}
    assert write["write"]["text"] == "".join(part + ".\n" for part in planned)
    done = state(article, thread)
    assert done["next"] == [] and done["interrupts"] == [] and done["tasks"] == []
    assert [each["content"] for each in done["values"]["messages"]] == ["I have a plan.", "It is written."]
    assert article.get(f"/threads/{thread}").json()["status"] == "idle"

    history = article.get(f"/threads/{thread}/history").json()
    assert [each["next"] for each in history] == [[], ["write"], ["review"], ["plan"]]
    assert [each["metadata"]["source"] for each in history] == ["loop", "loop", "loop", "input"]
    assert history[2]["interrupts"] == [shown] and history[3]["values"] == {"topic": "Looms"}
    for newer, older in zip(history, history[1:]):
        assert newer["parent_checkpoint"]["checkpoint_id"] == older["checkpoint_id"]


@pytest.mark.parametrize("verdict, follows, status", [("again", ["review"], "interrupted"), ("no", [], "idle")])
def test_the_route_decides_what_follows(article, verdict, follows, status):
    thread = article.thread()
    asked = article.wait_run("article", {"topic": "Looms"}, thread)
    assert len(asked["__interrupt__"]) == 1
    answered = article.wait_run("article", None, thread, command={"resume": verdict})
    assert answered["round"] == (2 if follows else 1) and ("__interrupt__" in answered) == bool(follows)
    assert state(article, thread)["next"] == follows and "text" not in answered
    assert article.get(f"/threads/{thread}").json()["status"] == status


def test_a_question_is_answered_by_its_id(article):
    thread = article.thread()
    question, = article.wait_run("article", {"topic": "Looms"}, thread)["__interrupt__"]
    other = "0" * 32
    again = article.wait_run("article", None, thread, command={"resume": {other: "yes"}})
    assert again["__interrupt__"] == [question]
    assert "text" in article.wait_run("article", None, thread, command={"resume": {question["id"]: "yes"}})


def test_the_example_is_drawn_and_described(article):
    assistant, = article.post("/assistants/search", {}).json()
    assert assistant["description"].startswith("Plans a text")
    drawn = article.get(f"/assistants/{assistant['assistant_id']}/graph").json()
    assert [node["id"] for node in drawn["nodes"]] == ["__start__", "plan", "review", "write", "__end__"]
    edges = {(edge["source"], edge["target"], edge.get("conditional", False)) for edge in drawn["edges"]}
    assert edges == {("__start__", "plan", False), ("plan", "review", False), ("review", "write", True), ("review", "plan", True),
                     ("review", "__end__", True), ("write", "__end__", False)}
    schemas = article.get(f"/assistants/{assistant['assistant_id']}/schemas").json()
    assert schemas["input_schema"] == schemas["output_schema"] == schemas["state_schema"] == {"type": "object"}


def test_an_error_of_a_node_is_the_runs(article):
    thread = article.thread()
    assert wait(article, "article", {"topic": ""}, thread)["__error__"] == {"error": "ValueError", "message": "the input needs a topic"}
    stopped = state(article, thread)
    assert stopped["next"] == ["plan"] and stopped["tasks"][0]["error"] == "ValueError('the input needs a topic')"
    assert article.get(f"/threads/{thread}").json()["status"] == "error"


def test_a_state_is_changed_in_the_name_of_a_node(article):
    thread = article.thread()
    article.wait_run("article", {"topic": "Looms"}, thread)
    change = lambda **body: article.post(f"/threads/{thread}/state", body)
    assert change(values={"topic": "Shuttles"}).status_code == 200  # as `plan`, which wrote last
    assert state(article, thread)["next"] == ["review"] and state(article, thread)["values"]["topic"] == "Shuttles"
    assert change(values={"verdict": "again"}, as_node="review").status_code == 200
    assert state(article, thread)["next"] == ["plan"]
    assert change(values={"verdict": "yes", "messages": "noted"}, as_node="review").status_code == 200
    assert state(article, thread)["next"] == ["write"] and state(article, thread)["values"]["messages"][-1] == "noted"
    refused = change(values={}, as_node="nobody")
    assert refused.status_code == 400 and "nobody" in refused.text
    done = article.wait_run("article", None, thread)
    assert done["text"].startswith("Looms") and state(article, thread)["next"] == []


def test_a_run_starts_from_an_older_checkpoint(article):
    thread = article.thread()
    article.wait_run("article", {"topic": "Looms"}, thread)
    article.wait_run("article", None, thread, command={"resume": "no"})
    asked = next(each for each in article.get(f"/threads/{thread}/history").json() if each["next"] == ["review"])
    config = {"configurable": {"checkpoint_id": asked["checkpoint_id"]}}
    done = article.wait_run("article", None, thread, command={"resume": "yes"}, config=config)
    assert done["verdict"] == "yes" and done["text"]


def test_a_run_stops_before_and_after_nodes(article):
    thread = article.thread()
    events = stream(article, thread, "article", ["updates"], input={"topic": "Looms"}, interrupt_before=["review"])
    assert [list(data) for data in of(events, "updates")] == [["plan"], ["__interrupt__"]]
    assert of(events, "updates")[1] == {"__interrupt__": []} and state(article, thread)["next"] == ["review"]
    question, = article.wait_run("article", None, thread)["__interrupt__"]
    assert question["value"]["question"] == "Shall I write this?"
    after = article.wait_run("article", None, thread, command={"resume": "yes"}, interrupt_after=["review"])
    assert "text" not in after and state(article, thread)["next"] == ["write"]
    assert "text" in article.wait_run("article", None, thread)


def test_commands_update_and_go_elsewhere(article):
    thread = article.thread()
    article.wait_run("article", {"topic": "Looms"}, thread)
    done = article.wait_run("article", None, thread, command={"resume": "yes", "update": {"plan": ["Mine"]}})
    assert done["text"] == "Mine.\n" and done["verdict"] == "yes"
    again = article.wait_run("article", None, thread, command={"goto": "review"})
    assert again["__interrupt__"][0]["value"]["plan"] == ["Mine"]
    refused = wait(article, "article", None, thread, command={"goto": "nobody"})
    assert refused["__error__"]["error"] == "InvalidUpdateError" and "command.goto" in refused["__error__"]["message"]


def test_the_graph_of_the_documentation_works(prefix, serve, tmp_path):
    page = (ROOT / "docs" / "native-graphs.md").read_text()
    (tmp_path / "mine.cpp").write_text(page.split("```cpp\n")[1].split("```")[0])
    command = next(line for line in page.splitlines() if line.startswith("`g++ -std")).strip("`.").split()
    assert command[0] == "g++" and command[command.index("-I") + 1] == "include"
    replaced = {"g++": COMPILERS[0], "include": prefix / "include", "mine.cpp": tmp_path / "mine.cpp",
                "libmine.so": tmp_path / "libmine.so"}
    call(*[replaced.get(part, part) for part in command], "-Wall", "-Wextra", "-Werror")
    server = serve({"graphs": {"mine": str(tmp_path / "libmine.so") + ":make_graph"}})
    for answer, messages in ((True, [{"role": "assistant", "content": "Done."}]), (False, None)):
        thread = server.thread()
        assert server.wait_run("mine", {}, thread)["__interrupt__"][0]["value"] == {"question": "Good?"}
        assert server.wait_run("mine", None, thread, command={"resume": answer}).get("messages") == messages


# ---- nodes that ask, fail, wait


def test_several_questions_of_one_node_are_answered_in_order(shared):
    thread = shared.thread()
    one, = shared.wait_run("questions", {}, thread)["__interrupt__"]
    two, = shared.wait_run("questions", None, thread, command={"resume": {"text": "a\u00e4"}})["__interrupt__"]
    assert one["value"] == {"ask": 1} and two["value"] == {"ask": 2} and one["id"] != two["id"]
    assert [each["value"] for each in state(shared, thread)["interrupts"]] == [{"ask": 2}]
    # Without an answer it asks the same again.
    assert shared.wait_run("questions", None, thread)["__interrupt__"] == [two]
    assert shared.wait_run("questions", None, thread, command={"resume": 2}) == {"answers": [{"text": "a\u00e4"}, 2]}


@pytest.mark.parametrize("durability", ["sync", "async", "exit"])
def test_all_checkpoints_are_kept(shared, durability):
    thread = shared.thread()
    shared.wait_run("telling", {"x": 1}, thread, durability=durability)
    history = shared.get(f"/threads/{thread}/history").json()
    assert [each["metadata"]["source"] for each in history] == ["loop", "input"]


@pytest.mark.parametrize("durability", ["sync", "async"])
def test_a_rollback_takes_its_own_answer_only(shared, durability):
    thread = shared.thread()
    waits = shared.folder / "waits"

    def roll_back():
        waits.unlink(missing_ok=True)
        run = shared.create_run("questions", None, thread, command={"resume": "wait"}, durability=durability)
        until(waits.exists, "the node to wait")
        shared.post(f"/threads/{thread}/runs/{run['run_id']}/cancel?action=rollback&wait=true")
        assert shared.get(f"/threads/{thread}/runs/{run['run_id']}").status_code == 404
        return [each["value"] for each in state(shared, thread)["interrupts"]]

    shared.wait_run("questions", {}, thread)
    assert roll_back() == [{"ask": 1}]
    shared.wait_run("questions", None, thread, command={"resume": "A"})
    assert roll_back() == [{"ask": 2}]
    assert shared.wait_run("questions", None, thread, command={"resume": "B"}) == {"answers": ["A", "B"]}


def test_a_question_stands_although_the_node_swallows_what_ends_it(shared):
    thread = shared.thread()
    assert shared.wait_run("swallowing", {}, thread)["__interrupt__"][0]["value"] == "?"
    assert shared.wait_run("swallowing", None, thread, command={"resume": "true"}) == {"answer": "true"}


@pytest.mark.parametrize("how, kind, message", [
    ("graph", "OddError", 'no "luck"'),
    ("standard", "RuntimeError", "broken"),
    ("number", "RuntimeError", "the node threw something that is no std::exception"),
    ("emit", "ValueError", "emit() needs one JSON value"),
    ("text", "InvalidUpdateError", 'The node "node" must return a JSON object or null'),
    ("list", "InvalidUpdateError", 'The node "node" must return a JSON object or null'),
])
def test_what_a_node_throws_is_the_runs_error(shared, how, kind, message):
    assert wait(shared, "failing", {"how": how})["__error__"] == {"error": kind, "message": message}


def test_null_changes_nothing(shared):
    thread = shared.thread()
    events = stream(shared, thread, "failing", input={"how": "not"})
    assert events == [("values", {"how": "not"}), ("updates", {"node": None}), ("values", {"how": "not"})]


def test_a_node_sees_its_run(shared):
    told = shared.wait_run("telling", {"a": 1e5}, config={"configurable": {"who": "me"}, "tags": ["x"]}, metadata={"m": 1})
    assert told["input"] == {"a": 1e5} and told["node"] == "node"
    assert told["config"]["configurable"]["who"] == "me" and told["config"]["configurable"]["thread_id"]
    assert told["config"]["metadata"]["m"] == 1 and told["config"]["tags"] == ["x"]
    assert told["variable"] == "of the file" and told["given"] == "before"
    assert shared.wait_run("telling", {}, context={"who": "you"})["context"]["who"] == "you"


def test_a_node_does_not_see_the_api_keys(library, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("a-key-that-is-in-a-file\n")
    env = {"HEDDLE_API_KEYS": "a-key-of-some-length", "HEDDLE_API_KEYS_FILE": str(keys)}
    with stories(tmp_path / "project", library, env=env) as server:
        for key in ("a-key-of-some-length", "a-key-that-is-in-a-file"):
            answer = httpx.post(server.url + "/runs/wait", json={"assistant_id": "telling", "input": {}}, headers={"x-api-key": key}, timeout=60)
            assert answer.status_code == 200 and answer.json()["keys"] is False, answer.text


@pytest.mark.parametrize("run_input, end", [
    ({"way": "left"}, {"way": "left", "went": "left"}),
    ({"way": "other"}, {"way": "other", "went": "right"}),
    ({"way": "nowhere"}, {"way": "nowhere"}),
])
def test_a_route_may_be_the_first_thing(shared, run_input, end):
    assert shared.wait_run("ways", run_input) == end


def test_a_route_that_fails_ends_the_run(shared):
    error = wait(shared, "ways", {"way": "lost"})["__error__"]
    assert error == {"error": "ValueError", "message": 'the route of "__start__" chose "lost", which is no node'}
    assert wait(shared, "ways", {"way": "broken"})["__error__"] == {"error": "RouteError", "message": "no way"}


@pytest.mark.parametrize("config, limit", [({}, 25), ({"recursion_limit": 4}, 4)])
def test_a_graph_that_does_not_end_meets_the_recursion_limit(shared, config, limit):
    thread = shared.thread()
    error = wait(shared, "loop", {}, thread, config=config)["__error__"]
    assert error["error"] == "GraphRecursionError" and error["message"].startswith(f"Recursion limit of {limit} reached")
    assert state(shared, thread)["values"] == {"turns": [1] * limit} and state(shared, thread)["next"] == ["again"]


def test_a_sleeping_node_is_cancelled_at_once(shared):
    thread = shared.thread()
    body = {"assistant_id": "sleeping", "input": {}, "stream_mode": ["custom"]}
    with sse.stream(shared, f"/threads/{thread}/runs/stream", body) as events:
        assert events.until("custom").json() == "asleep"
        run, = shared.get(f"/threads/{thread}/runs").json()
        assert shared.post(f"/threads/{thread}/runs/{run['run_id']}/cancel?wait=1").status_code in (200, 202, 204)
    assert shared.until_status(run, "interrupted", timeout_s=4)
    assert shared.get(f"/threads/{thread}").json()["status"] == "interrupted"
    assert state(shared, thread)["next"] == ["node"]


def test_events_come_all_and_in_order(shared):
    thread = shared.thread()
    events = stream(shared, thread, "flooding", ["custom"], input={})
    assert [data["n"] for data in of(events, "custom")] == list(range(100000))


def test_events_of_a_resumable_run_come_all_too(shared):
    thread = shared.thread()
    events = stream(shared, thread, "flooding", ["custom"], input={}, stream_resumable=True)
    assert [data["n"] for data in of(events, "custom")] == list(range(100000))


# ---- nodes that block, and servers that die


def pipe(server):
    path = server.folder / "pipe"
    os.mkfifo(path)
    return path


def test_a_blocked_node_holds_up_no_other_run_and_is_left_behind_by_a_cancel(server):
    path = pipe(server)
    run = server.create_run("blocking", {})
    server.until_status(run, "running")
    assert server.wait_run("ways", {"way": "left"})["went"] == "left"
    server.post(f"/threads/{run['thread_id']}/runs/{run['run_id']}/cancel")
    assert server.until_status(run, "interrupted", timeout_s=9)
    # Its thread takes other runs, and what the node still returns is no part of it.
    assert server.wait_run("telling", {"after": 1}, run["thread_id"])["node"] == "node"
    path.write_text("late\n")
    assert server.wait_run("telling", {"after": 2}, run["thread_id"])["after"] == 2
    assert "pipe" not in state(server, run["thread_id"])["values"]


def test_runs_beyond_the_threads_wait_for_one(server):
    path = pipe(server)
    threads = 64
    runs = [server.create_run("blocking", {}) for _ in range(threads)]
    for run in runs:
        server.until_status(run, "running")
    late = server.create_run("ways", {"way": "left"})
    assert server.get("/ok").status_code == 200 and server.run(late)["status"] == "pending"
    # Whoever opens the pipe serves the readers that wait; each reads to the end of it.
    release = threading.Event()

    def write():
        while not release.is_set():
            with open(path, "w") as out:
                out.write("on\n")

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    assert server.until_status(late, "success")
    for run in runs:
        assert server.until_status(run, "success")
    release.set()
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writer.join(10)
    os.close(handle)


def test_a_route_that_blocks_is_given_up_by_a_state_update(server):
    path = pipe(server)
    thread = server.thread()
    server.wait_run("ways", {"way": "left"}, thread)
    refused = server.post(f"/threads/{thread}/state", {"values": {"way": "stuck"}, "as_node": "__start__"})
    assert refused.status_code == 503 and "route" in refused.text
    assert state(server, thread)["values"] == {"way": "left", "went": "left"}
    path.write_text("left\n")
    assert server.post(f"/threads/{thread}/state", {"values": {"way": "left"}, "as_node": "__start__"}).status_code == 200
    assert state(server, thread)["next"] == ["left"]


@pytest.mark.timeout(60 * SLOW)
def test_sigterm_leaves_a_blocked_node_behind(server):
    pipe(server)
    run = server.create_run("blocking", {})
    server.until_status(run, "running")
    assert server.stop(timeout_s=15) == 0
    assert "native.nodes_blocked" in server.log()
    server.start()
    assert server.until_status(run, "running")["status"] == "running"


@pytest.mark.timeout(60 * SLOW)
def test_sigterm_leaves_a_node_behind_that_reads_from_a_child(server):
    """It holds the lock of a FILE, which flushing all of them would wait for."""
    child = server.folder / "child"
    server.create_run("reading", {})
    until(child.exists, "the child")
    try:
        assert server.stop(timeout_s=10 * SLOW) == 0
        assert "native.nodes_blocked" in server.log()
    finally:
        os.kill(int(child.read_text()), signal.SIGKILL)


def test_a_run_goes_on_with_its_second_node_after_kill_9(server):
    notes = server.folder / "notes"
    run = server.create_run("steps", {"log": ["input"]})
    until(lambda: notes.exists() and "second" in notes.read_text(), "the second node")
    until(lambda: state(server, run["thread_id"])["next"] == ["second"], "the checkpoint between the nodes")
    server.kill()
    (server.folder / "go").touch()
    server.start()
    assert server.until_status(run, "success")
    assert notes.read_text().split() == ["first", "second", "second"]
    done = state(server, run["thread_id"])
    assert done["values"] == {"log": ["input", "first", "second"], "done": True}
    assert [each["next"] for each in server.get(f"/threads/{run['thread_id']}/history").json()] == [[], ["second"], ["first"]]


def test_an_answer_is_taken_once_although_the_server_dies(server):
    thread = server.thread()
    server.wait_run("questions", {}, thread)
    server.wait_run("questions", None, thread, command={"resume": 1})
    server.kill()
    server.start()
    assert [each["value"] for each in state(server, thread)["interrupts"]] == [{"ask": 2}]
    assert server.wait_run("questions", None, thread, command={"resume": 2}) == {"answers": [1, 2]}


# ---- libraries that cannot be loaded


@pytest.fixture
def refused(library, tmp_path):
    """refused(path): the one line with which the server and check-config refuse such a graph."""
    shutil.copy(library, tmp_path / "libstories.so")

    def lines(path):
        config = project(tmp_path, {"graphs": {"mine": path}})
        served = run_binary("serve", "--config", config, "--port", "0", "--data-dir", tmp_path / "data")
        assert served.returncode == 1 and served.stdout == "", served.stdout
        checked = run_binary("check-config", "--config", config)
        assert checked.returncode == 1 and checked.stdout == ""
        line, = checked.stderr.splitlines()
        assert line.startswith("problem: graphs.mine: ")
        said = line.removeprefix("problem: ")
        assert said in served.stderr
        return said.replace(str(tmp_path), ".")

    return lines


@pytest.mark.parametrize("name, why", [
    ("make_missing", './libstories.so has no graph "make_missing": define it with HEDDLE_GRAPH(make_missing)'),
    ("make_number", './libstories.so has no graph "make_number": define it with HEDDLE_GRAPH(make_number)'),
    ("make_later", "./libstories.so was built for version 2 of Heddle's graph ABI, this server has version 1: build it with the "
                   "headers of this server's version"),
    ("make_nothing", '"make_nothing" of ./libstories.so: it has no node: add one with graph.node(NAME, FUNCTION)'),
    ("make_unknown", '"make_unknown" of ./libstories.so: an edge names the node "other", which does not exist: add it with '
                     "graph.node()"),
    ("make_twice", '"make_twice" of ./libstories.so: there are two nodes "node": names are unique'),
    ("make_parallel", '"make_parallel" of ./libstories.so: node "node" has two edges, but nodes run one after the other: keep '
                      "one, or choose between them with graph.conditional_edges()"),
    ("make_unentered", '"make_unentered" of ./libstories.so: it has no entry: add graph.edge(heddle::START, "node")'),
    ("make_throwing", '"make_throwing" of ./libstories.so: it could not be made: the model file is missing'),
    ("not-a-name", 'the name after ":" must be that of HEDDLE_GRAPH(name) in the library'),
])
def test_a_graph_that_cannot_be_made_stops_the_start(refused, name, why):
    assert refused(f"./libstories.so:{name}") == f"graphs.mine: {why}"


def test_the_doctor_loads_libraries_too(library, tmp_path):
    shutil.copy(library, tmp_path / "libstories.so")
    config = project(tmp_path, {"graphs": {"good": "./libstories.so:make_steps", "bad": "./libstories.so:make_nothing"}})
    told = run_binary("doctor", "--json", "--config", config, "--port", "0", "--data-dir", tmp_path / "data")
    found = {check["check"]: (check["level"], check["text"]) for check in json.loads(told.stdout)["checks"]}
    assert told.returncode == 1 and found["graph good"] == ("ok", f"loads from {tmp_path}/libstories.so")
    assert found["graph bad"][0] == "problem" and "it has no node" in found["graph bad"][1]


def test_a_library_that_cannot_be_loaded_stops_the_start(refused, tmp_path):
    said = lambda file: refused(f"./{file}:make_steps").removeprefix("graphs.mine: ")
    assert said("libnone.so") == "the library does not exist: ./libnone.so; build it first"

    (tmp_path / "libtext.so").write_text("no library")
    assert said("libtext.so") == "./libtext.so is not a shared library"
    (tmp_path / "libempty.so").write_text("")
    assert said("libempty.so") == "./libempty.so is not a shared library"
    (tmp_path / "folder.so").mkdir()
    assert said("folder.so") == "./folder.so is not a file"

    head = bytearray((tmp_path / "libstories.so").read_bytes())
    head[18:20] = (183 if head[18] != 183 else 62).to_bytes(2, "little")
    (tmp_path / "libother.so").write_bytes(head)
    there, here = ("x86_64", "aarch64") if head[18] == 62 else ("aarch64", "x86_64")
    assert said("libother.so") == f"./libother.so was built for {there}, this server runs on {here}: build it on this machine"

    (tmp_path / "part.cpp").write_text("int elsewhere();\nint here() { return elsewhere(); }\n")
    call(COMPILERS[0], "-fPIC", "-shared", "-o", tmp_path / "libpart.so", tmp_path / "part.cpp")
    line = said("libpart.so")
    assert line.startswith("./libpart.so cannot be loaded: undefined symbol: ") and "ldd" in line

    (tmp_path / "program.cpp").write_text("int x = 1;\n")
    call(COMPILERS[0], "-c", "-o", tmp_path / "libobject.so", tmp_path / "program.cpp")
    assert said("libobject.so") == "./libobject.so is not a shared library: link it with -shared"
