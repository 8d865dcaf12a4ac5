# SPDX-License-Identifier: Apache-2.0
"""Relative links of the Markdown documents lead somewhere, headings included."""
import os
import re
import urllib.parse

from checks.tree import Finding

_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_REFERENCE = re.compile(r"^\s{0,3}\[[^\]]+\]:\s+(\S+)")
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*\s*$")


def check(tree):
    for file in tree.files:
        if file.path.endswith(".md"):
            yield from check_file(tree, file)


def check_file(tree, file):
    for number, line in prose(file.lines):
        for target in _LINK.findall(line) + _REFERENCE.findall(line):
            if re.match(r"[a-z][a-z0-9+.-]*:|//", target):
                continue
            path, _, anchor = target.partition("#")
            base = tree.root if path.startswith("/") else (tree.root / file.path).parent
            to = os.path.normpath(base / urllib.parse.unquote(path).lstrip("/")) if path else tree.root / file.path
            if not os.path.exists(to):
                yield Finding(file.path, number, "link", f"leads nowhere: {target}")
            elif anchor and str(to).endswith(".md") and anchor.lower() not in anchors(to):
                yield Finding(file.path, number, "link", f"no such heading: {target}")


def prose(lines):
    """Numbered lines outside code fences, without code spans."""
    fenced = False
    for number, line in enumerate(lines, 1):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            yield number, re.sub(r"`[^`]*`", "", line)


def anchors(path):
    """The anchors a renderer gives the headings."""
    found = set()
    fenced = False
    with open(path, encoding="utf-8") as file:
        for line in file:
            if _FENCE.match(line):
                fenced = not fenced
            heading = _HEADING.match(line.rstrip("\n"))
            if heading and not fenced:
                plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(1))
                slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
                count = 0
                while (slug if count == 0 else f"{slug}-{count}") in found:
                    count += 1
                found.add(slug if count == 0 else f"{slug}-{count}")
    return found
