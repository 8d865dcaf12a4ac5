# SPDX-License-Identifier: Apache-2.0
"""The completions, asked as the shells ask them."""
import os
import shutil
import subprocess

import pytest

from server import BINARY, run_binary

VERBS = {"serve", "init", "install", "doctor", "check-config", "listen", "secret", "backup", "restore", "health", "completion", "manual"}

BASH = r"""
set -euo pipefail
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
compopt() { :; }  # only works while readline completes
_heddle
if ((${#COMPREPLY[@]})); then printf '%s\n' "${COMPREPLY[@]}"; fi
"""

# A shell in a terminal of its own, which is sent a line and a Tab, and asked what there was to choose from.
ZSH = r"""
zmodload zsh/zpty
fpath=($1 $fpath)
zpty shell zsh -f -i
zpty -w shell "PS1= PROMPT= RPROMPT=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D"
zpty -w shell "zstyle ':completion:*' list-grouped false; zstyle ':completion:*' list-packed false; LISTMAX=1000; COLUMNS=200; stty -echo"
zpty -w shell "heddle-done() { compadd -O found \"\$@\" }; print -r -- ready-\$((1+1))"
zpty -r -m shell line '*ready-2*'
zpty -n -w shell "$2"$'\t\t'
integer tries=0
output=
while ((tries++ < 40)); do
  if zpty -r -t shell line; then output+=$line; else zselect -t 5 2>/dev/null || sleep 0.05; fi
done
zpty -d shell
print -r -- "$output"
"""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("completion")
    for shell, name in (("bash", "heddle"), ("zsh", "_heddle"), ("fish", "heddle.fish")):
        done = run_binary("completion", shell)
        assert done.returncode == 0, done.stderr
        (folder / name).write_text(done.stdout)
    return folder


def bash(scripts, *words, cwd=None):
    done = subprocess.run(["bash", "-c", BASH, "bash", str(scripts / "heddle"), *words], capture_output=True, text=True, check=False, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return set(done.stdout.split("\n")) - {""}


def fish(scripts, line, cwd=None):
    home = scripts / "home"
    home.mkdir(exist_ok=True)
    done = subprocess.run(["fish", "--no-config", "-c", f"source {scripts}/heddle.fish; complete -C '{line}'"], capture_output=True, text=True,
                          check=False, cwd=cwd or home, env={"PATH": f"{BINARY.parent}:/usr/bin:/bin", "HOME": str(home), "LC_ALL": "C.UTF-8"})
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return {entry.split("\t")[0] for entry in done.stdout.splitlines()}


def project(folder):
    (folder / "langgraph.json").write_text("{}")
    (folder / "data").mkdir()
    return folder


def test_bash_completes_verbs_flags_values_and_files(scripts, tmp_path):
    here = project(tmp_path)
    assert VERBS <= bash(scripts, "heddle", "")
    assert bash(scripts, "heddle", "ba") == {"backup"}
    assert bash(scripts, "heddle", "serve", "--log-") == {"--log-format", "--log-level"}
    assert bash(scripts, "heddle", "serve", "--dev", "--log-format", "") == {"text", "json"}
    assert bash(scripts, "heddle", "serve", "--port", "") == set()
    assert bash(scripts, "heddle", "serve", "--config", "lang", cwd=here) == {"langgraph.json"}
    assert bash(scripts, "heddle", "serve", "--data-dir", "", cwd=here) == {"data"}
    assert bash(scripts, "heddle", "backup", "lang", cwd=here) == {"langgraph.json"}
    assert bash(scripts, "heddle", "backup", "--fo", cwd=here) == {"--force"}
    assert "reference" not in bash(scripts, "heddle", "")  # hidden from --help too
    assert bash(scripts, "heddle", "init", "", cwd=here) == {"data"}
    assert bash(scripts, "heddle", "completion", "") == {"bash", "zsh", "fish"}


def test_fish_completes_verbs_flags_values_and_files(scripts, tmp_path):
    here = project(tmp_path)
    assert VERBS <= fish(scripts, "heddle ")
    assert fish(scripts, "heddle ba") == {"backup"}
    assert fish(scripts, "heddle serve --log-") == {"--log-format", "--log-level"}
    assert fish(scripts, "heddle serve --log-format ") == {"text", "json"}
    assert fish(scripts, "heddle serve --config lang", cwd=here) == {"langgraph.json"}
    assert fish(scripts, "heddle init ", cwd=here) == {"data/"}
    assert fish(scripts, "heddle backup lang", cwd=here) == {"langgraph.json"}
    assert fish(scripts, "heddle completion ") == {"bash", "zsh", "fish"}


@pytest.mark.parametrize("line, expected", [
    ("heddle ", VERBS),
    ("heddle serve --log-", {"--log-format", "--log-level"}),
    ("heddle serve --log-format ", {"text", "json"}),
    ("heddle completion ", {"bash", "zsh", "fish"}),
])
def test_zsh_completes_verbs_flags_and_values(scripts, line, expected):
    done = subprocess.run([shutil.which("zsh"), "-f", "-c", ZSH, "zsh", str(scripts), line], capture_output=True, text=True, check=False,
                          env={**os.environ, "TERM": "dumb", "HOME": str(scripts), "PATH": f"{BINARY.parent}:{os.environ['PATH']}"})
    words = set(done.stdout.replace("\r", " ").split())
    assert expected <= words, (done.stdout, done.stderr)


def test_another_shell_is_refused_with_the_ones_there_are():
    done = run_binary("completion", "tcsh")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "heddle: SHELL: expected bash, zsh or fish\n")
