#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Has the same conversation (story.py) with Heddle and with LangGraph's own server, both serving examples/python as it is, and
compares what they gave (`./dev dropin`).

  compare.py [--record] [--show STEP]

--record writes what LangGraph's server gave to tests/api/dropin_transcript.json, with which tests/api/test_dropin.py compares Heddle
in every build. --show prints both sides of the steps whose name contains STEP.
"""
import argparse
import asyncio
import json
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent / "support"), str(ROOT / "bench")]

import servers  # noqa: E402
import story  # noqa: E402
from judge import judge  # noqa: E402
from receiver import Receiver  # noqa: E402
from server import Server  # noqa: E402

EXAMPLE = ROOT / "examples" / "python"
TRANSCRIPT = ROOT / "tests" / "api" / "dropin_transcript.json"

# The receiver is on loopback, which LangGraph's server refuses unless its configuration has this too.
RECEIVING = {"webhooks": {"url": {"disable_loopback": False, "require_https": False}}}


def tell(url):
    with Receiver() as receiver:
        return json.loads(json.dumps(asyncio.run(story.tell(url, receiver))))


def of_heddle(folder):
    server = Server(folder)
    server.config = EXAMPLE / "langgraph.json"
    with server:
        return tell(server.url)


def of_peer(folder):
    if not servers.PEER_TOOL.exists():
        raise SystemExit("dropin: ../shared/tools/peer, which starts LangGraph's own server, is not beside this checkout")
    with servers.Peer(folder, project=EXAMPLE, config=RECEIVING) as peer:
        return tell(f"http://127.0.0.1:{peer.port}")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--record", action="store_true")
    options.add_argument("--show", metavar="STEP")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        try:
            servers.install_peer(folder / "install")
            theirs, ours = of_peer(folder / "peer"), of_heddle(folder / "heddle")
        except servers.Failed as failed:
            raise SystemExit(f"dropin: {failed}") from None
    if given.record:
        lines = ",\n".join(json.dumps(step, ensure_ascii=False) for step in theirs)
        TRANSCRIPT.write_text(f"[\n{lines}\n]\n")
        print(f"recorded {len(theirs)} steps in {TRANSCRIPT.relative_to(ROOT)}")
    for left, right in zip(ours, theirs, strict=False):
        if given.show and given.show in left["step"]:
            print(json.dumps({"step": left["step"], "heddle": left["saw"], "langgraph": right["saw"]}, indent=2, ensure_ascii=False))
    verdict = judge(ours, theirs)
    for line in verdict.unexpected:
        print(line)
    print(verdict.summary())
    return 1 if verdict.unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
