# SPDX-License-Identifier: Apache-2.0
"""The official JavaScript SDK. The cases are in tests/support/node/sdk_*.cjs, one exported function each."""
import os
import re
import subprocess

import pytest

from node_verify import MODULES, NODE, VERIFY
from server import SLOW

FOLDER = VERIFY.parent
CASES = [(file.name, name) for file in sorted(FOLDER.glob("sdk_*.cjs")) for name in re.findall(r"^exports\.(\w+) =", file.read_text(), re.M)]


def run(file, case, url):
    done = subprocess.run([NODE, FOLDER / "sdk.cjs", file, case, url], capture_output=True, text=True, timeout=50 * SLOW, check=False,
                          env={"PATH": os.environ["PATH"], "NODE_PATH": str(MODULES)})
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file, case", CASES)
def test_javascript(wire, file, case):
    run(file, case, wire.url)


@pytest.mark.parametrize("case", [case for file, case in CASES if file == "sdk_streams.cjs"])
def test_javascript_below_a_mount_prefix(mounted, case):
    run("sdk_streams.cjs", case, mounted.url)
