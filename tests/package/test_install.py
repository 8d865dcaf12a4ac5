# SPDX-License-Identifier: Apache-2.0
"""`./dev install` below a DESTDIR, and the program that it installed, away from the source tree's folder."""
import gzip
import os
import pathlib
import subprocess

import pytest

import server
from conftest import dev
from receiver import Receiver
from waiting import until

pytestmark = pytest.mark.timeout(120)


def workers_folders(running):
    """PYTHONPATH of each worker; of one that is just being started there is none."""
    environs = [pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0") for pid in running.worker_pids()]
    return [entry.removeprefix("PYTHONPATH=") for environ in environs for entry in environ if entry.startswith("PYTHONPATH=")]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """(root, what ./dev install said), installed with the prefix /opt/heddle."""
    root = tmp_path_factory.mktemp("root")
    said = dev("install", "--prefix", "/opt/heddle", env={**os.environ, "DESTDIR": str(root)})
    return root / "opt" / "heddle", said


def test_it_says_what_it_installed_and_what_comes_next(installed):
    place, said = installed
    count = sum(path.is_file() for path in place.rglob("*"))
    assert f"installed {count} files below {place}" in said
    assert f"next: {place}/bin/heddle serve" in said


def test_the_installed_program_runs_python_graphs_and_delivers_a_webhook(installed, tmp_path, monkeypatch):
    place, _ = installed
    monkeypatch.setattr(server, "BINARY", place / "bin" / "heddle")
    with Receiver() as receiver, server.Server(tmp_path / "project", args=["--dev"]) as running:
        until(lambda: workers_folders(running) == [str(place / "share/heddle/workers/python")] * running.workers,
              "the workers to run the installed code", 20)
        run = running.create_run("echo", {"text": "hello"}, webhook=receiver.url("/hook"))
        assert running.until_status(run, "success", "error")["status"] == "success"
        assert receiver.one("/hook").json()["run_id"] == run["run_id"]
        assert running.stop() == 0


def test_manual_completions_documents_and_headers_are_installed(installed):
    place, _ = installed
    share = place / "share"
    assert b"HEDDLE 1" in gzip.decompress((share / "man/man1/heddle.1.gz").read_bytes())
    for file in ("bash-completion/completions/heddle", "zsh/site-functions/_heddle", "fish/vendor_completions.d/heddle.fish",
                 "doc/heddle/LICENSE", "doc/heddle/docs/configuration.md", "doc/heddle/examples/langgraph.json.example"):
        assert (share / file).stat().st_size > 0, file
    assert (place / "include/heddle/graph.hpp").is_file()
    assert (place / "lib/cmake/heddle/heddle-config.cmake").is_file()


def test_nothing_of_the_tests_or_the_service_is_installed_and_the_program_is_stripped(installed):
    place, _ = installed
    names = [str(path.relative_to(place)) for path in place.rglob("*")]
    assert not [name for name in names if "test" in name or "__pycache__" in name or name.endswith(".service")]
    kind = subprocess.run(["file", "-b", str(place / "bin" / "heddle")], capture_output=True, text=True, check=True).stdout
    assert ", stripped" in kind
    assert not list(place.parent.parent.glob("etc")), "only the package configures a service"


def test_a_prefix_that_is_no_absolute_path_is_refused():
    done = subprocess.run([str(server.ROOT / "dev"), "install", "--prefix", "here"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "dev: install: the prefix must begin with /, not 'here'\n")
