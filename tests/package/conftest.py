# SPDX-License-Identifier: Apache-2.0
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from fixtures import *  # noqa: E402, F403
from server import ROOT  # noqa: E402


def dev(*arguments, **more):
    """Runs ./dev; what it said."""
    done = subprocess.run([str(ROOT / "dev"), *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, **more)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stderr


@pytest.fixture(scope="session")
def deb():
    """The Debian package of this tree."""
    dev("package")
    [package] = (ROOT / "build" / "package").glob("*.deb")
    return package
