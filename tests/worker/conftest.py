# SPDX-License-Identifier: Apache-2.0
"""Fixtures: real worker processes, started with the Python that runs the tests."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
sys.path[:0] = [str(HERE), str(REPOSITORY / "workers" / "python"), str(REPOSITORY / "tests" / "projects" / "wire")]

import json  # noqa: E402

import pytest  # noqa: E402
from fake_server import Connection, WorkerProcess  # noqa: E402

WIRE = REPOSITORY / "tests" / "projects" / "wire"
ODD = HERE / "odd_graphs.py"
ODD_GRAPHS = """
    values kinds nested subint failing questions factory factory_runtime factory_managed factory_broken factory_alone
    uncompiled settings free_context talker stores crowd pouring big lateness hanging stubborn verbose delta remembering
    functional untidy factory_typed factory_langgraph_runtime factory_named factory_positional factory_nothing factory_object
    factory_partial factory_meddling factory_no_graph managed managed_sync managed_generator managed_sync_generator
    managed_swallowing
""".split()


def all_graphs() -> dict[str, str]:
    """The wire project's graphs and those of odd_graphs.py, as load's targets."""
    wire = json.loads((WIRE / "langgraph.json").read_text())["graphs"]
    graphs = {graph_id: str(WIRE / target) for graph_id, target in wire.items()}
    return graphs | {name: f"{ODD}:{name}" for name in ODD_GRAPHS}


@pytest.fixture(scope="session")
def worker(tmp_path_factory):
    """One worker for all tests that leave it as they found it."""
    process = WorkerProcess(tmp_path_factory.mktemp("worker"))
    loaded = process.load(HERE, all_graphs(), [str(WIRE)])
    assert all(entry["ok"] for entry in loaded), loaded
    yield process
    process.stop()


@pytest.fixture
def server(worker) -> Connection:
    """The server's end of the shared worker's connection."""
    connection = worker.connection
    connection.refusals.clear()
    connection.auto_credit = True
    return connection


@pytest.fixture
def start_worker(tmp_path):
    """Starts workers of one's own: start_worker(graphs, env=…) loads what it is given."""
    started = []

    def start(graphs: dict[str, str] | None = None, index: dict | None = None, **options) -> WorkerProcess:
        process = WorkerProcess(tmp_path, **options)
        started.append(process)
        if graphs is not None:
            loaded = process.load(HERE, graphs, [str(WIRE)], index)
            assert all(entry["ok"] for entry in loaded), loaded
        return process

    yield start
    for process in started:
        process.stop()
