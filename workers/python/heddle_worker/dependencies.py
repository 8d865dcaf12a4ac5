# SPDX-License-Identifier: Apache-2.0
"""``dependencies`` of langgraph.json: where local packages are imported from, and which others are missing.

Nothing is installed and no code of a package is executed: its metadata is read (pyproject.toml, setup.cfg,
requirements.txt). What setup.py computes stays unknown; the usual layouts are found without it.
"""

from __future__ import annotations

import configparser
import importlib.metadata
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_DECLARED = (("project",), ("build-system",), ("tool", "poetry"))
_OPTION = re.compile(r"\s+(--\S+|#.*)")


class LocalPackage:
    """A folder that ``dependencies`` names."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self.problems: list[str] = []
        self._project = self._toml(self.folder / "pyproject.toml")
        self._cfg = self._ini(self.folder / "setup.cfg")
        self.packaged = any((self.folder / name).is_file() for name in ("pyproject.toml", "setup.py", "setup.cfg"))

    @property
    def installable(self) -> bool:
        """Whether pip can install it. A pyproject.toml may be there for other tools only."""
        declared = any(_at(self._project, *keys) is not None for keys in _DECLARED)
        return declared or (self.folder / "setup.py").is_file()

    @property
    def name(self) -> str | None:
        """Its name as a distribution, which others may require."""
        name = _at(self._project, "project", "name") or _at(self._project, "tool", "poetry", "name")
        name = name or self._cfg.get("metadata", "name", fallback=None)
        return _normal(name) if isinstance(name, str) else None

    def roots(self) -> list[str]:
        """Folders for sys.path, the most particular first."""
        found = [self.folder / root for root in self._declared_roots()]
        found += [self.folder / "src", self.folder]
        return [str(root) for root in dict.fromkeys(path.resolve() for path in found) if root.is_dir()]

    def parent(self) -> str | None:
        """Where a folder is imported from that is a package itself and has no packaging: `import FOLDER`."""
        itself = not self.packaged and (self.folder / "__init__.py").is_file() and self.folder.name.isidentifier()
        return str(self.folder.parent) if itself else None

    def aliases(self) -> dict[str, str]:
        """Packages that are in a folder of another name: setuptools' package-dir."""
        found = {}
        for package, folder in self._package_dir().items():
            if package and isinstance(folder, str) and Path(folder).parts != tuple(package.split(".")):
                path = (self.folder / folder).resolve()
                if (path / "__init__.py").is_file():
                    found[package] = str(path)
        return found

    def requirements(self) -> Iterator[tuple[str, str]]:
        """(requirement, file that names it)."""
        for given in _texts(_at(self._project, "project", "dependencies")):
            yield given, "pyproject.toml"
        poetry = _at(self._project, "tool", "poetry", "dependencies")
        for name, what in (poetry if isinstance(poetry, dict) else {}).items():
            if name != "python" and not (isinstance(what, dict) and what.get("optional")):
                yield name, "pyproject.toml"
        for line in self._cfg.get("options", "install_requires", fallback="").splitlines():
            if line.strip():
                yield line.strip(), "setup.cfg"
        yield from _requirement_lines(self.folder / "requirements.txt", self.folder, set())

    def _declared_roots(self) -> Iterator[str]:
        tool = _at(self._project, "tool") or {}
        yield from _texts(_at(tool, "setuptools", "packages", "find", "where"))
        yield from _texts([self._package_dir().get("")])
        yield from _texts([self._cfg.get("options.packages.find", "where", fallback=None)])
        packages = _at(tool, "poetry", "packages")
        yield from _texts([_at(each, "from") for each in packages] if isinstance(packages, list) else [])
        wheel = _at(tool, "hatch", "build", "targets", "wheel", "packages")
        yield from (str(Path(package).parent) for package in _texts(wheel))
        yield from _texts([_at(tool, "pdm", "build", "package-dir"), _at(tool, "maturin", "python-source")])
        yield from _texts([_at(tool, "uv", "build-backend", "module-root")])

    def _package_dir(self) -> dict[str, Any]:
        given = _at(self._project, "tool", "setuptools", "package-dir")
        found = dict(given) if isinstance(given, dict) else {}
        for line in self._cfg.get("options", "package_dir", fallback="").splitlines():
            package, equals, folder = line.partition("=")
            if equals:
                found.setdefault(package.strip(), folder.strip())
        return found

    def _toml(self, file: Path) -> dict[str, Any]:
        if not file.is_file():
            return {}
        try:
            import tomllib
        except ImportError:  # Python 3.10
            try:
                import tomli as tomllib
            except ImportError:
                try:
                    from pip._vendor import tomli as tomllib
                except ImportError:
                    return {}
        try:
            return tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            self.problems.append(f"{file} cannot be read: {error}")
            return {}

    def _ini(self, file: Path) -> configparser.ConfigParser:
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, ValueError) as error:
            self.problems.append(f"{file} cannot be read: {error}")
        return parser


def unmet(packages: list[LocalPackage], names: list[str]) -> list[str]:
    """One line for each requirement that this Python does not fulfil, with the remedy. ``names``: the entries of
    ``dependencies`` that are no folders."""
    local = {package.name for package in packages}
    wanted = [(name, "dependencies") for name in names]
    lines: list[str | None] = []
    for package in packages:
        try:
            wanted += [(text, str(package.folder / file)) for text, file in package.requirements()]
        except Exception as error:  # a file that may not be read, say: graphs are served all the same
            lines.append(f"{package.folder}: its requirements cannot be read: {error}")
    for text, place in wanted:
        try:
            lines.append(_unmet(text, place, local))
        except Exception as error:  # the metadata of installed packages may be anything
            lines.append(f"{place}: {text!r} cannot be compared with what is installed: {error}")
    return list(dict.fromkeys(line for line in lines if line))


def _unmet(text: str, place: str, local: set[str | None]) -> str | None:
    try:
        from packaging.requirements import InvalidRequirement, Requirement  # langchain-core needs it too
    except ImportError:
        from pip._vendor.packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        if "://" in text:
            return None  # an address: what it brings is not known
        return f"{place}: {text!r} is no requirement that can be read"
    if _normal(requirement.name) in local or (requirement.marker and not requirement.marker.evaluate()):
        return None
    remedy = f"heddle install, or {sys.executable} -m pip install {requirement.name + str(requirement.specifier)!r}"
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return f"{requirement.name} is not installed ({place} wants it): {remedy}"
    if requirement.specifier.contains(version, prereleases=True):
        lacking = _lacking(Requirement, requirement.name, requirement.extras)
        if not lacking:
            return None
        whole = f"{requirement.name}[{','.join(sorted(requirement.extras))}]"
        return f"{lacking} is not installed ({whole} of {place} wants it): heddle install, or {sys.executable} -m pip install {whole!r}"
    return f"{requirement.name} {version} is installed, {place} wants {requirement.specifier}: {remedy}"


def _lacking(parse: Any, name: str, extras: set[str]) -> str | None:
    """What the extras of an installed package want and is not there, in the version that they want."""
    for text in importlib.metadata.requires(name) or [] if extras else []:
        wanted = parse(text)
        if not wanted.marker or wanted.marker.evaluate({"extra": ""}):
            continue
        if not any(wanted.marker.evaluate({"extra": extra}) for extra in extras):
            continue
        try:
            if not wanted.specifier.contains(importlib.metadata.version(wanted.name), prereleases=True):
                return f"{wanted.name}{wanted.specifier}"
        except importlib.metadata.PackageNotFoundError:
            return str(wanted.name)
    return None


def plain_lines(file: Path) -> list[str]:
    """What a requirements.txt names that has no name and version to compare: addresses, files, folders."""
    found = []
    for line in _lines(file) if file.is_file() else ():
        anonymous = "://" in line and " @ " not in line
        if line.startswith((".", "/", "-e ", "--editable ")) or anonymous:
            found.append(line)
    return found


def _lines(file: Path) -> Iterator[str]:
    text = file.read_text(encoding="utf-8-sig", errors="replace").replace("\\\n", " ")
    for line in text.splitlines():
        yield _OPTION.split(" " + line.strip(), maxsplit=1)[0].strip()


def _requirement_lines(file: Path, folder: Path, seen: set[Path]) -> Iterator[tuple[str, str]]:
    """Of a requirements.txt and those that it includes."""
    if file in seen or not file.is_file():
        return
    seen.add(file)
    name = str(file.relative_to(folder)) if file.is_relative_to(folder) else str(file)
    for line in _lines(file):
        if line.startswith(("-r ", "--requirement ")):
            yield from _requirement_lines((file.parent / line.split(maxsplit=1)[1]).resolve(), folder, seen)
        elif line and not line.startswith(("-", ".", "/", "#")):
            yield line, name


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str) and each] if isinstance(value, list) else []


def _normal(name: str) -> str:
    """PyPA: name normalization."""
    return re.sub(r"[-_.]+", "-", name).lower()
