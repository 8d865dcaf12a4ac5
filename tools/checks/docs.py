# SPDX-License-Identifier: Apache-2.0
"""Links of the Markdown documents: relative ones lead somewhere, headings included; others are well-formed https. And each block of
code says what tests do with it (tests/support/snippets.py)."""
import os
import re
import urllib.parse

from checks.tree import Finding

_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_REFERENCE = re.compile(r"^\s{0,3}\[[^\]]+\]:\s+(\S+)")
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_CODE = re.compile(r"^\s*```(bash|sh|python|js|json)$")
_SAYS = re.compile(r"^<!-- (?:run|run aside|config|not run: \S.*|verify-\w+) -->$")
_LOCAL = re.compile(r"https?://(?:127\.0\.0\.1|localhost|\[::1\])(?:[:/]|$)")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*\s*$")


def check(tree):
    for file in tree.files:
        if file.path.endswith(".md"):
            yield from check_file(tree, file)
            if file.path == "README.md" or file.path.startswith(("docs/", "examples/")):
                yield from check_code(file)


def check_code(file):
    fenced = False
    for number, line in enumerate(file.lines, 1):
        if not fenced and _CODE.match(line) and not _SAYS.match(file.lines[number - 2] if number > 1 else ""):
            yield Finding(file.path, number, "snippet", "write `<!-- run -->` before it (tests run it then), `<!-- config -->` "
                          "(a part of a langgraph.json) or `<!-- not run: the reason -->`")
        fenced ^= bool(_FENCE.match(line))


def external(target):
    """What is wrong with a link that leaves the checkout, or nothing."""
    if target.startswith("mailto:") or _LOCAL.match(target):
        return ""
    try:
        parts = urllib.parse.urlsplit(target)
        host = parts.hostname or ""
    except ValueError as error:
        return str(error)
    if parts.scheme != "https":
        return "write https"
    return "" if re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host) else "no host"


def check_file(tree, file):
    for number, line in prose(file.lines):
        for target in _LINK.findall(line) + _REFERENCE.findall(line):
            if re.match(r"[a-z][a-z0-9+.-]*:|//", target):
                if wrong := external(target):
                    yield Finding(file.path, number, "link", f"{wrong}: {target}")
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
