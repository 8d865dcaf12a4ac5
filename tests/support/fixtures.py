# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the API and fault tests; their conftest.py files take them from here."""
import subprocess

import pytest

from receiver import Receiver
from server import SLOW, Server, native_config, wire_config

RETRY_SOON = {"retry": {"schedule": [1, 1, 1]}}


def pytest_configure(config):
    config.addinivalue_line("markers", "timeout: seconds a test may take (pytest-timeout)")


def pytest_collection_modifyitems(items):
    for item in items:
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(60 * SLOW))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        for name, value in getattr(item, "funcargs", {}).items():
            if isinstance(value, Server):
                report.sections.append((f"log of {name}", value.log()[-6000:]))
    return report


@pytest.fixture(scope="session")
def wire(tmp_path_factory):
    """The wire project on two Python workers."""
    with Server(tmp_path_factory.mktemp("wire"), wire_config(webhooks=RETRY_SOON)) as server:
        yield server


@pytest.fixture(scope="session")
def native(tmp_path_factory):
    """Native graphs only."""
    with Server(tmp_path_factory.mktemp("native"), native_config(webhooks=RETRY_SOON)) as server:
        yield server


@pytest.fixture(scope="session")
def mounted(tmp_path_factory):
    """The wire project below a prefix."""
    config = wire_config(webhooks=RETRY_SOON, http={"mount_prefix": "/my/api"})
    with Server(tmp_path_factory.mktemp("mounted"), config, mount="/my/api") as server:
        yield server


@pytest.fixture
def serve(tmp_path):
    """serve(config, **options) starts a server for one test; serve.launch gives it unstarted."""
    started = []

    def make(config=None, **options):
        server = Server(tmp_path / f"server{len(started)}", native_config() if config is None else config, **options)
        started.append(server)
        return server

    def start(config=None, **options):
        return make(config, **options).start()

    start.make = make
    yield start
    for server in started:
        try:
            server.stop()
        finally:
            server.sweep()


@pytest.fixture
def receiver():
    with Receiver() as started:
        yield started


@pytest.fixture(params=["wire", "native"])
def both(request):
    """(server, names of an echoing, a sleeping and a failing graph): for what holds of every executor."""
    server = request.getfixturevalue(request.param)
    names = ("echo", "sleepy", "boom") if request.param == "wire" else ("native_echo", "native_sleep", "native_fail")
    return server, *names


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 8 MiB. Needs the right to mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("may not mount a file system here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)
