# SPDX-License-Identifier: Apache-2.0
"""The process: hello, load, heartbeat, credit, logs, and every way it ends."""

import json
import signal

import pytest
from conftest import HERE, WIRE
from fake_server import WorkerProcess

GRAPH = """
from langgraph.graph import StateGraph
{before}
def n(state): return {{"out": {out}}}
b = StateGraph(dict); b.add_node("n", n); b.set_entry_point("n"); b.set_finish_point("n")
graph = b.compile()
"""


def project(folder, **files):
    """Writes graph modules; a value is a pair (before, out) or text, and ``_in_`` in a name parts file and folder."""
    for name, content in files.items():
        path = folder.joinpath(*reversed(name.split("_in_"))).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else GRAPH.format(before=content[0], out=content[1]))
    return folder


# ---- hello and load


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A worker with one project of good and bad modules, and what load said about each."""
    root = project(
        tmp_path_factory.mktemp("project"),
        env=("import os", "{k: v for k, v in os.environ.items() if k.startswith('HEDDLE')}"),
        missing="import nothing_like_this\n",
        syntax="def broken(:\n",
        raises="x = 1\nraise ValueError('at import')\n",
        exits="import sys\nsys.exit('bye')\n",
        plain="graph = 5\n",
        shared="loads = []\n",
        __init___in_agents="",
        state_in_agents="NAME = 'state'\n",
        one_in_agents=(
            "from .state import NAME\nimport shared\nshared.loads.append(1)",
            "[NAME, __name__, shared.loads]",
        ),
        loose=("import shared, asyncio\nasyncio.run(asyncio.sleep(0))", "[__name__, shared.loads]"),
        graph_in_a=("", "['a', __name__]"),
        graph_in_b=("", "['b', __name__]"),
    )
    files = ("env", "missing", "syntax", "raises", "exits", "plain", "absent", "loose")
    graphs = {name: f"{name}.py:graph" for name in files} | {
        "export": "env.py:nope",
        "file": "agents/one.py:graph",
        "again": "agents/one.py:graph",
        "module": "agents.one:graph",
        "a": "a/graph.py:graph",
        "b": "b/graph.py:graph",
    }
    worker = WorkerProcess(root)
    worker.root = root
    worker.answers = {entry["graph_id"]: entry for entry in worker.load(root, graphs, [str(root / "a")])}
    yield worker
    worker.stop()


def out(worker, graph_id):
    return worker.connection.start_run(graph_id, {}).wait().state["values"]["out"]


def test_hello_and_a_clean_environment(loaded):
    header, _ = loaded.connection.notices("hello")[0]
    assert header["token"] == loaded.connection.token and header["protocol"] == 1
    assert header["pid"] == loaded.process.pid and header["runtime"] == "python" and header["library_version"]
    assert "HEDDLE_TOKEN" not in out(loaded, "env") and out(loaded, "env")["HEDDLE_WORKER"] == "python-0"


def test_a_refused_token_ends_the_process(start_worker):
    assert start_worker(token="wrong").wait_exit() != 0


def test_graphs_that_fail_to_load_say_where(loaded):
    errors = {name: entry["error"] for name, entry in loaded.answers.items() if not entry["ok"]}
    assert sorted(errors) == ["absent", "exits", "export", "missing", "plain", "raises", "syntax"]
    assert errors["missing"]["error"] == "ModuleNotFoundError"
    assert f"{loaded.root}/missing.py:1" in errors["missing"]["message"]
    assert errors["syntax"]["error"] == "SyntaxError" and "syntax.py:1" in errors["syntax"]["message"]
    assert errors["raises"]["message"] == f"at import ({loaded.root}/raises.py:2)"
    assert errors["exits"]["error"] == "SystemExit"
    assert errors["plain"]["error"] == "TypeError"
    assert errors["absent"]["error"] == "FileNotFoundError"
    assert "nope" in errors["export"]["message"]


def test_modules_are_loaded_once_and_packages_work(loaded):
    for graph_id in ("file", "again", "module"):
        assert out(loaded, graph_id) == ["state", "agents.one", [1]]
    assert out(loaded, "loose") == ["loose", [1]]


def test_two_files_of_one_name(loaded):
    assert out(loaded, "a") == ["a", "graph"]
    assert out(loaded, "b") == ["b", "b.graph"]


# ---- heartbeat and credit


def test_ping_is_answered_while_a_node_blocks_the_event_loop(server):
    run = server.start_run("blocker", {"seconds": 2, "loop": True}, stream_mode=["values", "tasks"])
    run.wait_events(4)  # both tasks' starts and the first one's end are out: the loop is blocked now
    for _ in range(3):
        server.call({"method": "ping"}, deadline_s=1.5)
    assert run.end is None
    assert run.wait().status == "success"


def test_unknown_methods(server):
    with pytest.raises(RuntimeError, match="UnknownMethod"):
        server.call({"method": "graph.dance"})
    server.send({"method": "graph.dance"})
    server.call({"method": "ping"})


def pour(server):
    """A run whose events of 100 kB have used up the window of 1 MiB: the eleventh overdraws it."""
    server.auto_credit = False
    run = server.start_run("pouring", {"count": 60, "size": 100_000}, stream_mode="custom").wait_events(11)
    server.call({"method": "ping"})
    server.call({"method": "ping"})
    assert len(run.events) == 11 and run.end is None
    return run


def settle(server, run, given=0):
    """Gives the run's bytes back, so that the window is what it was."""
    with server.changed:
        server.auto_credit = True
        server.send({"method": "credit", "bytes": sum(len(body) for _, body in run.events) - given})


def test_no_event_is_sent_beyond_the_credit(server):
    run = pour(server)
    server.send({"method": "credit", "bytes": 10})  # still overdrawn
    server.call({"method": "ping"})
    server.call({"method": "ping"})
    assert len(run.events) == 11
    server.send({"method": "credit", "bytes": 200_000})
    run.wait_events(13)
    settle(server, run, given=200_010)
    assert run.wait().status == "success"
    assert [event["at"] for event in run.data("custom")] == list(range(60))


def test_a_run_that_waits_for_credit_can_be_cancelled(server):
    run = pour(server)
    run.cancel()
    assert run.wait().status == "interrupted"
    settle(server, run)


# ---- logs


def test_prints_and_logs_carry_the_run(server):
    runs = [server.start_run("talker", {"what": name}).wait() for name in ("one", "two")]
    for run, name in zip(runs, ("one", "two"), strict=True):
        lines = [(h["level"], h["logger"], t.decode()) for h, t in server.notices("log") if h["run_id"] == run.run_id]
        assert lines[:3] == [
            ("info", "stdout", f"printed {name}"),
            ("warning", "stderr", "to stderr"),
            ("info", "my.graph", f"logged {name}"),
        ]
        assert lines[3][:2] == ("error", "my.graph") and "ValueError: inner" in lines[3][2]
        assert sorted(line[2] for line in lines[4:]) == [f"unfinishedasync {name}"]


def test_failed_runs_log_their_traceback(server):
    run = server.start_run("boom", {"msg": "kaput"}).wait()
    ((header, text),) = [(h, t.decode()) for h, t in server.notices("log") if h["run_id"] == run.run_id]
    assert header["level"] == "error" and "in explode" in text and "ValueError: kaput" in text


# ---- the end


def flushing(action: str) -> tuple[str, str]:
    before = "import time\nimport langchain_core.tracers.langchain as tracers\n"
    return before + f"def flush(): {action}\ntracers.wait_for_all_tracers = flush", "1"


def test_shutdown_flushes_tracers_and_exits_0(start_worker, tmp_path):
    marker = tmp_path / "flushed"
    project(tmp_path, traced=flushing(f"open({str(marker)!r}, 'w').close()"))
    worker = start_worker()
    worker.load(tmp_path, {"traced": "traced.py:graph"})
    worker.connection.send({"method": "shutdown", "deadline_ms": 5000})
    assert worker.wait_exit() == 0 and marker.exists()


def test_shutdown_does_not_wait_longer_than_told(start_worker, tmp_path):
    project(tmp_path, traced=flushing("time.sleep(60)"))
    worker = start_worker()
    worker.load(tmp_path, {"traced": "traced.py:graph"})
    worker.connection.send({"method": "shutdown", "deadline_ms": 100})
    assert worker.wait_exit(5) == 0


def test_shutdown_works_while_the_event_loop_is_blocked(start_worker):
    worker = start_worker({"blocker": str(WIRE / "graphs.py:blocker")})
    run = worker.connection.start_run("blocker", {"seconds": 30, "loop": True}, stream_mode=["values", "tasks"])
    run.wait_events(4)
    worker.connection.send({"method": "shutdown", "deadline_ms": 1000})
    assert worker.wait_exit(5) == 0


def test_sigterm_is_shutdown_sigint_is_ignored_and_the_terminal_stays_clean(start_worker, capfd):
    worker = start_worker({"talker": str(HERE / "odd_graphs.py:talker")})
    worker.process.send_signal(signal.SIGINT)
    assert worker.connection.start_run("talker", {"what": "x"}).wait().status == "success"
    worker.process.send_signal(signal.SIGTERM)
    assert worker.wait_exit(6) == 0
    assert json.dumps(capfd.readouterr()) == '["", ""]'


def test_the_end_of_the_connection_ends_the_process(start_worker):
    worker = start_worker()
    worker.connection.wait_until(lambda: worker.connection.notices("hello"))
    worker.connection.close()
    worker.wait_exit(5)


def test_the_end_of_the_connection_ends_a_blocked_process(start_worker):
    worker = start_worker({"blocker": str(WIRE / "graphs.py:blocker")})
    worker.connection.start_run("blocker", {"seconds": 30, "loop": True}, stream_mode=["values", "tasks"]).wait_events(
        4
    )
    worker.connection.close()
    worker.wait_exit(5)


@pytest.mark.parametrize(
    "frame", ["ffffffff00000000", "0000000200000000" + b"[]".hex(), "0000001300000000" + b'{"method":"credit"}'.hex()]
)
def test_a_broken_frame_ends_the_process(start_worker, frame):
    worker = start_worker()
    worker.connection.wait_until(lambda: worker.connection.notices("hello"))
    worker.connection._sock.sendall(bytes.fromhex(frame))
    worker.wait_exit(5)
