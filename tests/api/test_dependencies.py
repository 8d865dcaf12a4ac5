# SPDX-License-Identifier: Apache-2.0
"""Projects of several local packages (tests/projects/packages): every layout is imported as its author would, and what is not
installed is named with the remedy."""
import json
import re
import shutil
import sys

import pytest

from server import ROOT, Server
from waiting import until

PROJECT = ROOT / "tests" / "projects" / "packages"


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages") / "project"
    shutil.copytree(PROJECT, folder)
    with Server(folder, (PROJECT / "langgraph.json").read_text(), workers=1) as server:
        yield server


@pytest.mark.parametrize("graph,told", [
    ("flat", ["flat", "flat_core.graph"]),
    ("src", ["src", "laid_out.graph"]),
    ("src_module", ["src", "laid_out.graph"]),
    ("mapped", ["mapped", "mapped_agent.graph", True]),
    ("mapped_module", ["mapped", "mapped_agent.graph", True]),
    ("old", ["old", "old_agent.graph"]),
    ("plain", ["plain"]),
    ("whole", ["whole", "whole.graph", "whole"]),
    ("spaces", ["spaces", "inner.graph"]),
])
def test_every_layout_is_imported(packages, graph, told):
    assert packages.wait_run(graph, {})["told"] == told


def test_what_is_missing_is_named_with_the_remedy(packages):
    packages.wait_run("plain", {})
    found = re.findall(r"worker\.dependencies .*problem=\"?(.+?)\"?$", packages.log(), re.MULTILINE)
    here = packages.folder
    pip = f"heddle install, or {sys.executable} -m pip install"
    assert sorted(line.replace('\\"', '"') for line in found) == sorted([
        f"heddle-missing is not installed (dependencies wants it): {pip} 'heddle-missing~=1.0'",
        f"heddle-no-such-package is not installed ({here}/src-layout/pyproject.toml wants it): {pip} 'heddle-no-such-package>=2'",
        f"heddle-absent-two is not installed ({here}/plain/more.txt wants it): {pip} 'heddle-absent-two>=3'",
        f"heddle_absent_one is not installed ({here}/plain/requirements.txt wants it): {pip} 'heddle_absent_one==1.0'",
        next(line for line in found if "wants <0.1" in line),
    ])
    assert any(line.startswith("langgraph ") and f"is installed, {here}/src-layout/pyproject.toml wants <0.1" in line for line in found)


def test_a_graph_that_lacks_a_module_says_so(packages):
    error = until(lambda: packages.get("/info").json().get("graph_errors", {}).get("lacking"), "the graph's error")
    text = json.dumps(error)
    assert "No module named 'heddle_no_such_module'" in text and "lacking.py:2" in text
    assert "(perhaps heddle-no-such-module) in requirements.txt and call heddle install" in text
    assert f"or {sys.executable} -m pip install heddle-no-such-module; " in text
    run = packages.create_run("lacking", {})
    assert packages.until_status(run, "error")


def test_broken_metadata_stops_nothing(serve, tmp_path):
    folder = tmp_path / "server0"
    shutil.copytree(PROJECT, folder)
    (folder / "flat" / "pyproject.toml").write_text("[project\nname")
    (folder / "old" / "setup.cfg").write_text("not an ini")
    (folder / "plain" / "requirements.txt").write_bytes(b"\xff\xfe%%% == 1\n???\n")
    server = serve(json.loads((PROJECT / "langgraph.json").read_text()), workers=1)
    for graph in ("flat", "src", "plain"):
        assert server.wait_run(graph, {})["told"][0] == graph
    assert "flat/pyproject.toml cannot be read" in server.log() and "old/setup.cfg cannot be read" in server.log()
    assert "is no requirement that can be read" in server.log()
