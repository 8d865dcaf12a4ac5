# SPDX-License-Identifier: Apache-2.0
"""The Debian package on a machine that has never seen Heddle: installed, served from, removed, installed again, purged."""
import subprocess

import httpx
import pytest

import service
from machine import Machine

pytestmark = pytest.mark.timeout(300)


def field(deb, name):
    return subprocess.run(["dpkg-deb", "--field", str(deb), name], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def machine():
    with Machine() as made:
        made.run("apt-get", "update", "-qq")
        yield made


def install(machine, deb):
    machine.put(deb, "/tmp/heddle.deb")
    machine.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "/tmp/heddle.deb")


def serving(machine):
    process = service.start(machine)
    line = process.line()
    assert line.startswith("heddle ready http://127.0.0.1:"), line
    return process, httpx.Client(base_url=line.removeprefix("heddle ready "), timeout=20, trust_env=False)


def test_the_package_installs_serves_drains_keeps_its_data_and_purges(machine, deb):
    install(machine, deb)

    # Secrets are for root and the service, the state is for the service, and it cannot log in.
    assert machine.run("stat", "-c", "%a %U %G", "/etc/heddle/heddle.env") == "640 root heddle\n"
    assert machine.run("getent", "passwd", "heddle").split(":")[5:] == ["/var/lib/heddle", "/usr/sbin/nologin\n"]
    assert machine.run("heddle", "--version").startswith("heddle ")
    assert "effective" in machine.run("heddle", "check-config", "--help")
    machine.run("sh", "-c", "echo PORT=0 >> /etc/heddle/heddle.env")

    code, found = service.start(machine, "doctor").wait()
    assert (code, found[-1]) == (0, "everything is fine"), found

    process, client = serving(machine)
    assert client.get("/ok").json()["ok"] is True
    assert "ready" in machine.run("heddle", "health", "--url", str(client.base_url))
    thread = client.post("/threads", json={}).json()["thread_id"]
    done = client.post(f"/threads/{thread}/runs/wait", json={"assistant_id": "echo", "input": {"a": 1}})
    assert done.status_code == 200, done.text
    assert machine.run("stat", "-c", "%U", f"/proc/{process.pid}") == "heddle\n"
    assert machine.run("stat", "-c", "%a %U", "/var/lib/heddle") == "700 heddle\n"
    assert machine.run("stat", "-c", "%a %U", "/var/lib/heddle/heddle.db") == "600 heddle\n"
    client.close()
    assert process.terminate() == 0, process.log

    # Removed, it leaves data and configuration; installed again, it goes on with them.
    machine.run("apt-get", "remove", "-y", "-qq", "heddle")
    assert not machine.succeeds("test", "-e", "/usr/bin/heddle")
    assert machine.succeeds("test", "-e", "/var/lib/heddle/heddle.db")
    install(machine, deb)
    assert machine.run("tail", "-n", "1", "/etc/heddle/heddle.env") == "PORT=0\n"
    assert machine.run("stat", "-c", "%a %U %G", "/etc/heddle/heddle.env") == "640 root heddle\n"
    process, client = serving(machine)
    assert client.get(f"/threads/{thread}/state").json()["values"] == done.json()
    client.close()
    assert process.terminate() == 0, process.log

    machine.run("apt-get", "purge", "-y", "-qq", "heddle")
    for path in ("/var/lib/heddle", "/etc/heddle", "/usr/share/heddle", "/usr/lib/systemd/system/heddle.service"):
        assert not machine.succeeds("test", "-e", path), path
    assert not machine.succeeds("getent", "passwd", "heddle")
    assert not machine.succeeds("getent", "group", "heddle")


def test_the_package_depends_on_every_library_that_the_program_needs(deb, tmp_path):
    subprocess.run(["dpkg-deb", "-x", str(deb), str(tmp_path)], check=True)
    dynamic = subprocess.run(["readelf", "-d", str(tmp_path / "usr/bin/heddle")], capture_output=True, text=True, check=True).stdout
    needed = [line.split("[")[1].rstrip("]") for line in dynamic.splitlines() if "(NEEDED)" in line]
    assert len(needed) > 5, dynamic
    wanted = {entry.split()[0] for entry in field(deb, "Depends").split(", ")}
    for library in needed:
        if library.startswith("ld-linux"):
            continue
        owners = subprocess.run(["dpkg-query", "-S", f"*/{library}"], capture_output=True, text=True, check=True).stdout
        packages = {line.split(":")[0] for line in owners.splitlines()}
        # A package that only provides another's name is as good: libspdlog1.10-fmt9 is libspdlog1.10's.
        assert any(want == package or want.startswith(package + "-") for want in wanted for package in packages), (library, packages)


def test_the_package_says_what_it_is(deb):
    assert field(deb, "Package") == "heddle"
    assert deb.name == f"heddle_{field(deb, 'Version')}_{field(deb, 'Architecture')}.deb"
    assert {"adduser", "ca-certificates", "python3-venv", "tzdata"} <= {entry.split()[0] for entry in field(deb, "Depends").split(", ")}
    listed = subprocess.run(["dpkg-deb", "-c", str(deb)], capture_output=True, text=True, check=True).stdout
    assert all(line.split()[1] == "root/root" for line in listed.splitlines()), listed
    assert "__pycache__" not in listed
