# SPDX-License-Identifier: Apache-2.0
"""``python -m heddle_worker.check packages|graphs``: what an interpreter has, for ``heddle install`` and ``heddle doctor``.

Standard input is the project as a worker gets it (``load``); the answer is one JSON object on standard output. Whatever
the project's own modules print goes to standard error. ``packages`` imports nothing of the project.
"""

import importlib.util
import json
import os
import platform
import sys

from . import interpreter


def main():
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    project = json.load(sys.stdin)
    facts = {
        "python": platform.python_version(),
        "executable": sys.executable,
        "old": interpreter.is_old(),
        "own_environment": sys.prefix != sys.base_prefix,
        "pip": importlib.util.find_spec("pip") is not None,
    }
    if not facts["old"]:
        from . import project_check

        facts.update(project_check.packages(project))
        if sys.argv[1] == "graphs" and facts["versions"].get("langgraph"):
            facts.update(project_check.graphs(project))
    json.dump(facts, answer)
    answer.close()
    sys.stdout.flush()
    os._exit(0)  # threads that a module of the project has started would keep the process


if __name__ == "__main__":
    main()
