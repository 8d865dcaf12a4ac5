# SPDX-License-Identifier: Apache-2.0
"""Projects get from Heddle what they get from LangGraph's own server. What that one said is recorded; `./dev dropin` asks it again."""
import sys

import pytest

from server import ROOT, SLOW, Server

sys.path.insert(0, str(ROOT / "tests" / "dropin"))

from conversations import CONVERSATIONS  # noqa: E402
from judge import judge  # noqa: E402


@pytest.mark.timeout(120 * SLOW)
@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda each: each.name)
def test_an_unchanged_project_gets_equal_results(conversation, tmp_path):
    server = Server(tmp_path / "server")
    server.config = conversation.project / "langgraph.json"
    with server:
        ours = conversation.tell(server.url)
    verdict = judge(ours, conversation.recorded(), conversation.known)
    assert verdict.unexpected == []
    assert verdict.equal > verdict.documented > 0
