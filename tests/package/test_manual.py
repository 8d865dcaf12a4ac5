# SPDX-License-Identifier: Apache-2.0
"""heddle(1) says all that --help says, and is a page that man can show."""
import re
import subprocess

import pytest

from server import run_binary


def verbs():
    said = run_binary("--help").stdout
    return re.findall(r"^  ([a-z][\w-]*)  ", said[said.index("Subcommands:"):], re.MULTILINE)


@pytest.fixture(scope="module")
def page():
    """The page as man shows it, without line breaks inside sections."""
    source = run_binary("manual").stdout
    shown = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-"], input=source, capture_output=True, text=True, check=True,
                           env={"PATH": "/usr/bin:/bin", "MANWIDTH": "200", "LC_ALL": "C.UTF-8", "MANROFFOPT": "-rHY=0"})
    assert shown.stderr == ""
    return shown.stdout


def section(page, verb):
    found = re.search(rf"^   heddle {verb}(?: [^\n]*)?\n(.*?)(?=^   heddle |^[A-Z])", page, re.MULTILINE | re.DOTALL)
    assert found, verb
    return re.sub(r"\s+", " ", found.group(1))


def test_the_page_has_its_sections_and_version(page):
    for name in ("NAME", "SYNOPSIS", "OPTIONS", "COMMANDS", "ENVIRONMENT", "FILES", "EXIT STATUS", "EXAMPLES"):
        assert re.search(rf"^{name}$", page, re.MULTILINE), name
    assert run_binary("--version").stdout.strip() in page
    assert not re.search(r"@[A-Z]+@", page)


def test_every_verb_and_flag_of_the_help_is_in_the_page_with_the_same_words(page):
    names = verbs()
    assert {"serve", "check-config", "listen", "backup", "restore", "health"} <= set(names)
    for verb in names:
        there = section(page, verb)
        said = run_binary(verb, "--help").stdout
        flags = {flag for flag in re.findall(r"^\s+(?:-\w,)?(--[\w-]+)", said, re.MULTILINE) if flag != "--help"}
        for flag in flags:
            assert flag in there, (verb, flag)
        # Nothing that is not there: every flag of the section is one of the help.
        assert set(re.findall(r"(?<!\S)(--[a-z][\w-]*)", there)) <= flags, verb
        summary = said.splitlines()[0]
        assert re.sub(r"\s+", " ", summary) in there, verb
