# SPDX-License-Identifier: Apache-2.0
"""What a project needs and whether this interpreter has it."""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
from typing import Any

from .dependencies import LocalPackage, plain_lines, unmet

_SHOWN = ("langgraph", "langgraph-checkpoint", "langchain-core", "langchain")


def packages(project: dict[str, Any]) -> dict[str, Any]:
    """``missing``: a line for each requirement that is not fulfilled. ``unknown``: what cannot be judged without
    installing it (addresses, files). ``not_installed``: local packages that this interpreter does not have in editable
    form from their folder."""
    local = [LocalPackage(folder) for folder in project.get("dependencies") or []]
    linked = _linked_folders()
    return {
        "versions": {name: version for name in _SHOWN if (version := _version(name))},
        "missing": unmet(local, project.get("requirements") or []),
        "unknown": [line for package in local for line in plain_lines(package.folder / "requirements.txt")],
        "installable": [str(package.folder) for package in local if package.installable],
        "not_installed": [str(package.folder) for package in local if package.installable and _uri(package) not in linked],
        "problems": [problem for package in local for problem in package.problems],
    }


def graphs(project: dict[str, Any]) -> dict[str, Any]:
    """Loads the project as a worker does: the reply to ``load``."""
    from .graphs import Graphs

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return {"loaded": Graphs().load(project, loop)}


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _linked_folders() -> set[str]:
    """Of the packages that are installed from a folder (PEP 610)."""
    found = set()
    for distribution in importlib.metadata.distributions():
        try:
            found.add(json.loads(distribution.read_text("direct_url.json") or "{}").get("url"))
        except (OSError, ValueError):
            continue
    return found


def _uri(package: LocalPackage) -> str:
    return package.folder.resolve().as_uri()
