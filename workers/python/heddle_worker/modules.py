# SPDX-License-Identifier: Apache-2.0
"""Imports the user's modules so that each file is one module, however many graphs name it.

A file inside a package, or found on sys.path under its own name, is imported by that name: relative imports work and
``from my_agent.state import State`` elsewhere gives the same classes. Any other file gets a stable made-up name, kept
in sys.modules, so that checkpoints can find its classes again after a restart.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from .dependencies import LocalPackage


class Aliases(importlib.abc.MetaPathFinder):
    """Finds packages that are in a folder of another name."""

    def __init__(self, folders: dict[str, str]) -> None:
        self._folders = folders

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        folder = self._folders.get(fullname)
        if folder is None:
            return None
        file = Path(folder) / "__init__.py"
        return importlib.util.spec_from_file_location(fullname, file, submodule_search_locations=[folder])

    def name_of(self, file: Path) -> str | None:
        """The name of a module in one of the folders."""
        for package, folder in self._folders.items():
            if file.is_relative_to(folder):
                inside = file.relative_to(folder).with_suffix("").parts
                return ".".join([package, *(part for part in inside if part != "__init__")])
        return None


def extend_path(root: str, packages: list[LocalPackage]) -> None:
    """Puts the project and its local packages in front of sys.path, in their order; behind everything else the folders
    that hold packages without packaging."""
    wanted = list(dict.fromkeys([*(path for package in packages for path in package.roots()), root]))
    parents = [parent for package in packages if (parent := package.parent())]
    rest = [entry for entry in sys.path if entry not in wanted]
    sys.path[:] = wanted + rest + [parent for parent in dict.fromkeys(parents) if parent not in wanted + rest]
    aliases: dict[str, str] = {}
    for package in reversed(packages):
        aliases |= package.aliases()
    if aliases:
        sys.meta_path.insert(0, Aliases(aliases))


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
    for finder in sys.meta_path:
        if isinstance(finder, Aliases) and (name := finder.name_of(file.resolve())):
            return name
    parts = [file.stem] if file.stem != "__init__" else []
    folder = file.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    if not parts or not all(part.isidentifier() for part in parts):
        return None
    if len(parts) == 1 and file.stem != "__init__" and (name := _namespace_name(file)):
        return name
    in_package = len(parts) > 1 or file.stem == "__init__"
    if in_package and str(folder) not in sys.path:
        sys.path.append(str(folder))
    name = ".".join(parts)
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    return name if spec and _is_file(spec.origin, file) else None


def _namespace_name(file: Path) -> str | None:
    """The dotted name of a file below a folder of sys.path, the nearest, when those between have no __init__.py."""
    for entry in sorted(sys.path, key=len, reverse=True):
        if not entry or not file.is_relative_to(entry):
            continue
        if file.parent == Path(entry):
            return None  # its own name leads to it
        parts = file.relative_to(entry).with_suffix("").parts
        if not all(part.isidentifier() for part in parts):
            continue
        # A package of that name elsewhere would win, and looking further would execute it.
        spec = importlib.util.find_spec(parts[0])
        if spec and spec.origin is None and str(Path(entry) / parts[0]) in (spec.submodule_search_locations or ()):
            return ".".join(parts)
    return None


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


def is_nowhere(name: str) -> bool:
    """Whether the package that a module belongs to is not there at all."""
    try:
        return importlib.util.find_spec(name.partition(".")[0]) is None
    except (ImportError, ValueError):
        return False


def _is_file(candidate: str | None, file: Path) -> bool:
    if not candidate or not candidate.endswith(file.name):
        return False
    try:
        return Path(candidate).samefile(file)
    except OSError:
        return False
