# SPDX-License-Identifier: Apache-2.0
"""What to tell of a graph that does not load: what is wrong, where in the user's code, and what to do."""

from __future__ import annotations

import difflib
import sys
import traceback
from types import ModuleType
from typing import Any

from .modules import is_nowhere

# Packages whose modules have another name. Any other's is guessed: langchain_openai is langchain-openai.
_PACKAGES = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "fitz": "pymupdf",
    "git": "gitpython",
    "jwt": "pyjwt",
    "psycopg2": "psycopg2-binary",
    "serpapi": "google-search-results",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
_NAMED = 5  # graphs in a message


def load_error(error: BaseException) -> dict[str, str]:
    """The error with the place in the user's code where it arose."""
    message = str(error)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "heddle_worker" not in f.filename]
    frames = [f for f in frames if "importlib" not in f.filename] or frames
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    if isinstance(error, ModuleNotFoundError) and error.name and is_nowhere(error.name):
        place += "; " + _remedy(error.name)
    if isinstance(error, SyntaxError) and error.filename:
        message, place = error.msg, f" ({error.filename}:{error.lineno})"
    return {"error": type(error).__name__, "message": f"{message}{place}"}


def _remedy(module: str) -> str:
    top = module.partition(".")[0]
    package = _PACKAGES.get(top, top.replace("_", "-"))
    return (
        f"name the package that has it (perhaps {package}) in requirements.txt and call heddle install, or "
        f"{sys.executable} -m pip install {package}; the folder of a module of yours belongs into dependencies"
    )


def absent(module: ModuleType, path: str, name: str, is_graph: Any) -> str:
    """For a name that a module does not have. ``is_graph`` tells of a value whether it could have been meant."""
    names = [each for each in vars(module) if not each.startswith("_")]
    graphs = [each for each in names if is_graph(getattr(module, each, None))]
    near = difflib.get_close_matches(name, graphs, 1, 0.5) or difflib.get_close_matches(name, names, 1)
    said = f"{path} has no {name!r}"
    if near:
        return f"{said}; did you mean {near[0]!r}?"
    return said + _instead(graphs)


def no_graph(module: ModuleType, name: str, value: Any, is_graph: Any) -> str:
    """For a name that stands for something else."""
    graphs = [each for each in vars(module) if not each.startswith("_") and is_graph(getattr(module, each, None))]
    return f"{name!r} is {_article(type(value).__name__)}, neither a graph nor a function that makes one" + _instead(graphs)


def _instead(graphs: list[str]) -> str:
    if not graphs:
        return "; name a compiled graph, or a function that makes one"
    return "; graphs there: " + ", ".join(graphs[:_NAMED]) + (", …" if len(graphs) > _NAMED else "")


def _article(noun: str) -> str:
    return ("an " if noun[:1].lower() in "aeiou" else "a ") + noun
