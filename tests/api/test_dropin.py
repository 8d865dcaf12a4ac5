# SPDX-License-Identifier: Apache-2.0
"""examples/python, unchanged, answers as under LangGraph's own server. What that one said is recorded; `./dev dropin` asks it again."""
import asyncio
import json
import pathlib
import sys

import pytest

from receiver import Receiver
from server import ROOT, SLOW, Server

sys.path.insert(0, str(ROOT / "tests" / "dropin"))

import story  # noqa: E402
from judge import judge  # noqa: E402

TRANSCRIPT = pathlib.Path(__file__).with_name("dropin_transcript.json")


@pytest.mark.timeout(120 * SLOW)
def test_a_project_of_langgraphs_own_server_gets_equal_results(tmp_path):
    server = Server(tmp_path / "server")
    server.config = ROOT / "examples" / "python" / "langgraph.json"
    with Receiver() as receiver, server:
        ours = json.loads(json.dumps(asyncio.run(story.tell(server.url, receiver))))
    verdict = judge(ours, json.loads(TRANSCRIPT.read_text()))
    assert verdict.unexpected == []
    assert verdict.equal > 100 and verdict.documented < verdict.equal
