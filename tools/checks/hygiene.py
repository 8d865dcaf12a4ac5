# SPDX-License-Identifier: Apache-2.0
"""What must not be in the repository: registries' host names, paths of one machine, secrets, scripts that do not parse."""
import ast
import re
import subprocess

from checks.tree import Finding

# Written as patterns, so that this file does not contain what it forbids.
FORBIDDEN = [
    ("registry-host", r"\b(?:files\.)?python(?:hosted)\.org\b|\bpypi\.org\b|\bregistry\.npmjs\.org\b|\bregistry\.yarnpkg\.com\b"
     r"|\bdeb\.debian\.org\b|\bsecurity\.debian\.org\b|\bregistry-1\.docker\.io\b|\bdocker\.io\b|\bghcr\.io\b|\bproxy\.golang\.org\b"
     r"|\bcrates\.io\b", "leave registries to the clients' own configuration"),
    ("machine-path", r"(?<![\w.\-/])/(?:root|work)/[\w.]|(?<![\w.\-/])/home/[a-z][\w.-]*/", "a path of one machine; use a relative one"),
    ("secret", r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b"
     r"|\bgithub_pat_[A-Za-z0-9_]{40,}|\bsk-[A-Za-z0-9_-]{32,}|\bxox[abprs]-[A-Za-z0-9-]{10,}|\blsv2_[a-z]{2}_[0-9a-f]{32}"
     r"|\bglpat-[A-Za-z0-9_-]{20}", "looks like a secret; make it at run time"),
]
_SEARCH = [(rule, re.compile(pattern), message) for rule, pattern, message in FORBIDDEN]


def check(tree):
    for file in tree.files:
        if file.is_binary:
            continue
        for rule, pattern, message in _SEARCH:
            for match in pattern.finditer(file.text):
                yield Finding(file.path, file.text.count("\n", 0, match.start()) + 1, rule, message)
        first = file.lines[0]
        if file.path.endswith(".py") or re.match(r"#!.*\bpython3?\b", first):
            yield from python(file)
        elif file.path.endswith(".sh") or re.match(r"#!.*\b(?:bash|sh)\b", first):
            yield from shell(file, first)


def python(file):
    try:
        ast.parse(file.bytes, file.path)
    except (SyntaxError, ValueError) as error:
        yield Finding(file.path, getattr(error, "lineno", None) or 1, "python", f"does not compile: {error}")


def shell(file, first):
    interpreter = "bash" if "bash" in first or not first.startswith("#!") else "sh"
    parsed = subprocess.run([interpreter, "-n", str(file.absolute)], capture_output=True, text=True, check=False)
    if parsed.returncode != 0:
        yield Finding(file.path, 1, "shell", f"does not parse: {parsed.stderr.strip()}")
    if interpreter == "bash" and "set -euo pipefail" not in file.text:
        yield Finding(file.path, 1, "shell", "begin with `set -euo pipefail`")
