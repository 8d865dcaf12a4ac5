# SPDX-License-Identifier: Apache-2.0
"""The arrows of ARCHITECTURE.md: which folder of src/ may include which. CMakeLists.txt links the same ones."""
import re

from checks.cpp import line_of
from checks.tree import Finding

# Everyone may include base and metrics (metrics itself: base only).
EVERYWHERE = {"base", "metrics"}
ARROWS = {
    "base": set(),
    "metrics": {"base"},
    "domain": {"base"},
    "sql": {"domain"},
    "store": {"sql", "domain"},
    "config": {"domain"},
    "http": set(),
    "graph": {"store", "domain"},
    "webhook": {"http", "store", "domain"},
    "run": {"graph", "webhook", "store", "domain"},
    "cron": {"run", "store", "domain"},
    "api": {"http", "run", "cron", "webhook", "store", "config", "domain"},
    "app": {"api", "config", "cron", "domain", "graph", "http", "run", "sql", "store", "webhook"},
    "cli": {"app"},
    "main": {"cli"},
}
# Every repository function has a sql::Connection& in its signature, so whoever may include store may name the
# database's interface, and nothing else of sql/.
SQL_INTERFACE = {"sql/connection.hpp", "sql/database.hpp"}
SQL_USERS = {"graph", "webhook", "run", "cron", "api"}
# What people outside compile against; these headers include only each other.
PUBLIC, PUBLIC_USERS = "heddle", {"graph", "app", "cli", "main"}

_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]+[\"<]([^\">]+)[\">]", re.MULTILINE)


def includes(file):
    for match in _INCLUDE.finditer(file.code):
        yield line_of(file.code, match.start()), match.group(1)


def folder_of(path):
    parts = path.split("/")
    if path.startswith("include/"):
        return PUBLIC
    if path == "src/main.cpp":
        return "main"
    return parts[1] if len(parts) > 2 else ""


def allowed(folder):
    if folder in ("base", PUBLIC):
        return {folder}
    if folder == "metrics":
        return {"metrics", "base"}
    public = {PUBLIC} if folder in PUBLIC_USERS else set()
    return ARROWS[folder] | EVERYWHERE | public | {folder}


def check(tree):
    for file in tree.cpp("src", "include"):
        folder = folder_of(file.path)
        if folder not in ARROWS and folder != PUBLIC:
            yield Finding(file.path, 1, "layering", f"src/ has no folder '{folder}' in the architecture: {', '.join(ARROWS)}")
            continue
        for line, target in includes(file):
            into = target.split("/")[0]
            if "/" not in target or (into not in ARROWS and into != PUBLIC):
                continue
            if into in allowed(folder) or (folder in SQL_USERS and target in SQL_INTERFACE):
                continue
            permitted = ", ".join(sorted(allowed(folder) - {folder})) or "nothing"
            yield Finding(file.path, line, "layering",
                          f"forbidden arrow {folder} -> {into} ({target}); {folder} may include: {permitted}. Declare "
                          f"an interface here and let app/ wire it")
