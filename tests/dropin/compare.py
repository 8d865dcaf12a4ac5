#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Has the same conversations with Heddle and with LangGraph's own server, both serving the same project as it is, and compares what
they gave (`./dev dropin`): story.py with examples/python, package_story.py with tests/projects/dropin.

--record writes what LangGraph's server gave to tests/dropin/recorded_*.json, with which tests/api/test_dropin.py compares Heddle
in every build. --show prints both sides of the steps whose name contains STEP.
"""
import argparse
import json
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent / "support"), str(ROOT / "bench")]

import servers  # noqa: E402
from conversations import CONVERSATIONS, RECEIVING  # noqa: E402
from judge import judge  # noqa: E402
from server import Server  # noqa: E402


def of_heddle(conversation, folder):
    server = Server(folder)
    server.config = conversation.project / "langgraph.json"
    with server:
        return conversation.tell(server.url)


def of_peer(conversation, folder):
    with servers.Peer(folder, project=conversation.project, config=RECEIVING) as peer:
        return conversation.tell(f"http://127.0.0.1:{peer.port}")


def compare(conversation, folder, given):
    """One conversation with both. Returns whether nothing was unexpected."""
    theirs, ours = of_peer(conversation, folder / "peer"), of_heddle(conversation, folder / "heddle")
    if given.record:
        conversation.record(theirs)
    for left, right in zip(ours, theirs, strict=False):
        if given.show and given.show in left["step"]:
            print(json.dumps({"step": left["step"], "heddle": left["saw"], "langgraph": right["saw"]}, indent=2, ensure_ascii=False))
    verdict = judge(ours, theirs, conversation.known)
    for line in verdict.unexpected:
        print(line)
    print(f"{conversation.project.relative_to(ROOT)}: {verdict.summary()}")
    return not verdict.unexpected


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--record", action="store_true")
    options.add_argument("--show", metavar="STEP")
    given = options.parse_args()
    if not servers.PEER_TOOL.exists():
        raise SystemExit("dropin: ../shared/tools/peer, which starts LangGraph's own server, is not beside this checkout")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        try:
            servers.install_peer(folder / "install")
            fine = [compare(each, folder / each.name, given) for each in CONVERSATIONS]
        except servers.Failed as failed:
            raise SystemExit(f"dropin: {failed}") from None
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
