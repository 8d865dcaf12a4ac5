# SPDX-License-Identifier: Apache-2.0
"""Code in the documents. A fenced block says by a comment before it what is done with it:

<!-- run -->              in order with the others of its document, in one shell (bash, sh) or started by it (python, js)
<!-- run aside -->        the same in the background, until the document ends
<!-- config -->           (json) a part of a langgraph.json, which has to be right
<!-- not run: REASON -->  nothing; JSON is parsed all the same
<!-- verify-NAME -->      tests/api/test_webhook_docs.py runs it

`<!-- expects: TEXT -->` wants TEXT in what the document's blocks print. tools/checks/docs.py refuses blocks without a comment.
"""
import dataclasses
import json
import re
import textwrap

BLOCK = re.compile(r"^<!-- (?P<mark>[^\n]*?) -->\n(?P<indent> *)```(?P<language>\w+)\n(?P<code>.*?)^ *```$", re.S | re.M)
EXPECTS = re.compile(r"^<!-- expects: (.*?) -->$", re.M)


@dataclasses.dataclass
class Block:
    mark: str
    language: str
    code: str
    line: int


def blocks(path):
    text = path.read_text()
    return [Block(found["mark"], found["language"], textwrap.dedent(found["code"]), text.count("\n", 0, found.start()) + 2)
            for found in BLOCK.finditer(text)]


def expected(path):
    return EXPECTS.findall(path.read_text())


def command(block):
    """What the shell does for a block."""
    if block.language in ("bash", "sh"):
        return block.code
    program = {"python": "python3 -", "js": "node --input-type=module -"}[block.language]
    code = block.code
    if block.language == "python" and re.search(r"^(?:\w+ = )?await |^async for ", code, re.M):
        code = f"import asyncio\n\nasync def main():\n{textwrap.indent(code, '    ')}\nasyncio.run(main())\n"
    return f"{program} <<'END OF BLOCK'\n{code}END OF BLOCK\n"


def script(path):
    """One script of all blocks that are run."""
    parts = ["set -euo pipefail", 'curl() { command curl --fail-with-body --show-error "$@"; }']
    for block in blocks(path):
        told = f"echo '== {path.name}:{block.line}'"
        if block.mark == "run":
            parts += [told, command(block)]
        elif block.mark == "run aside":
            parts += [told, f"(\nexport HEDDLE_DATA_DIR=$(mktemp -d -p .)\n{command(block)}) &"]
            for port in re.findall(r"--port (\d+)", block.code):
                parts.append(f"until (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null; do sleep 0.05; done")
    return "\n".join(parts)


def whole(code):
    """A JSON block as JSON: a member without its braces gets them."""
    code = code.strip()
    return json.loads(code if code[0] in "{[" else f"{{{code}}}")
