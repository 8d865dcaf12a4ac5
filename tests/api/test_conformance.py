# SPDX-License-Identifier: Apache-2.0
"""LangGraph's own checkpointer conformance suite, run inside a run: it tests what this server stores."""
import json

import pytest

from server import SLOW, WIRE

CAPABILITIES = {"put", "put_writes", "get_tuple", "list", "delete_thread", "delete_for_runs", "copy_thread", "prune"}


@pytest.mark.timeout(120 * SLOW)
def test_the_checkpointer_passes_with_every_capability(serve):
    server = serve(json.loads((WIRE / "conformance.json").read_text()), workers=1)
    report = server.wait_run("conformance", {})
    assert set(report["failures"]) == CAPABILITIES
    assert {name: failures for name, failures in report["failures"].items() if failures} == {}
    assert all(report["passed"][name] > 0 for name in CAPABILITIES)
