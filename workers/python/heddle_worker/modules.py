# SPDX-License-Identifier: Apache-2.0
"""Imports the user's modules so that each file is one module, however many graphs name it.

A file inside a package, or found on sys.path under its own name, is imported by that name: relative imports work and
``from my_agent.state import State`` elsewhere gives the same classes. Any other file gets a stable made-up name, kept
in sys.modules, so that checkpoints can find its classes again after a restart.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType


def extend_path(root: str, dependencies: list[str]) -> None:
    """Puts the project and its dependencies in front of sys.path, in their order."""
    wanted = list(dict.fromkeys([*dependencies, root]))
    sys.path[:] = wanted + [entry for entry in sys.path if entry not in wanted]


def import_target(path: str, root: str) -> ModuleType:
    """Imports a .py file (absolute path) or a dotted module name. Raises whatever the module raises."""
    if not path.endswith(".py") and "/" not in path:
        return importlib.import_module(path)
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    for module in list(sys.modules.values()):
        if _is_file(getattr(module, "__file__", None), file) and module.__name__ != "__main__":
            return module
    name = _importable_name(file)
    return importlib.import_module(name) if name else _import_alone(file, Path(root))


def _importable_name(file: Path) -> str | None:
    """The dotted name under which sys.path leads to this very file, or None."""
    parts = [file.stem] if file.stem != "__init__" else []
    folder = file.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    if not parts or not all(part.isidentifier() for part in parts):
        return None
    in_package = len(parts) > 1 or file.stem == "__init__"
    if in_package and str(folder) not in sys.path:
        sys.path.append(str(folder))
    name = ".".join(parts)
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    return name if spec and _is_file(spec.origin, file) else None


def _import_alone(file: Path, root: Path) -> ModuleType:
    inside = file.relative_to(root) if file.is_relative_to(root) else file
    name = "graph_" + re.sub(r"\W", "_", str(inside.with_suffix("")))
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot import {file}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _is_file(candidate: str | None, file: Path) -> bool:
    if not candidate or not candidate.endswith(file.name):
        return False
    try:
        return Path(candidate).samefile(file)
    except OSError:
        return False
