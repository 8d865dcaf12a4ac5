# SPDX-License-Identifier: Apache-2.0
"""Which conversations there are, with which project, and what LangGraph's server was recorded to say."""
import asyncio
import dataclasses
import json
import pathlib
import types

import known
import package_story
import story
from receiver import Receiver

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# The receiver is on loopback, which LangGraph's server refuses unless its configuration has this too.
RECEIVING = {"webhooks": {"url": {"disable_loopback": False, "require_https": False}}}


@dataclasses.dataclass
class Conversation:
    name: str
    project: pathlib.Path
    story: types.ModuleType
    known: list

    @property
    def transcript(self):
        return HERE / f"recorded_{self.name}.json"

    def tell(self, url):
        with Receiver() as receiver:
            return json.loads(json.dumps(asyncio.run(self.story.tell(url, receiver))))

    def recorded(self):
        return json.loads(self.transcript.read_text())

    def record(self, steps):
        """A step a line, so that a change of one is seen as that."""
        lines = ",\n".join(json.dumps(step, ensure_ascii=False) for step in steps)
        self.transcript.write_text(f"[\n{lines}\n]\n")


CONVERSATIONS = [
    Conversation("example", ROOT / "examples" / "python", story, known.EXAMPLE),
    Conversation("package", ROOT / "tests" / "projects" / "dropin", package_story, known.PACKAGE),
]
