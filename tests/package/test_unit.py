# SPDX-License-Identifier: Apache-2.0
"""The systemd unit, judged by systemd's own tools."""
import re
import subprocess

import service
from server import ROOT, run_binary


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, check=False)


def test_systemd_understands_the_unit(tmp_path):
    # `verify` also looks whether the commands exist.
    here = tmp_path / "heddle.service"
    here.write_text(service.UNIT.read_text().replace("/usr/bin/heddle", "/bin/true").replace("man:heddle(1) ", ""))
    done = analyze("verify", here)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    here.write_text(here.read_text().replace("ProtectSystem=", "ProtectSytem="))
    assert "Unknown key 'ProtectSytem'" in analyze("verify", here).stderr


def test_the_unit_is_exposed_little():
    done = analyze("security", "--offline=true", "--threshold=20", service.UNIT)
    assert done.returncode == 0, done.stdout[-300:]
    assert re.search(r"Overall exposure level for heddle\.service: [01]\.\d OK", done.stdout), done.stdout[-300:]


def test_stopping_takes_longer_than_a_drain_and_the_command_is_one_that_the_program_has():
    unit = service.settings()
    assert int(unit["TimeoutStopSec"][0]) > 10
    assert unit["Type"] == ["exec"]
    [line] = unit["ExecStart"]
    program, verb, *arguments = line.split()
    assert program == "/usr/bin/heddle"
    flags = run_binary(verb, "--help").stdout
    assert all(flag in flags for flag in arguments if flag.startswith("--"))


def test_the_example_configuration_is_valid(tmp_path):
    done = run_binary("check-config", "--config", ROOT / "packaging" / "langgraph.json", "--data-dir", tmp_path)
    assert done.returncode == 0, done.stderr
