# SPDX-License-Identifier: Apache-2.0
"""`wire` and `native` are shared by all tests: these leave nothing behind that others could see, and look only for threads
of their own."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from fixtures import *  # noqa: E402, F403
