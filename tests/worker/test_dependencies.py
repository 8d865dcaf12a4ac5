# SPDX-License-Identifier: Apache-2.0
"""Where packaging says that a local package is imported from. tests/api/test_dependencies.py has whole projects."""

import pytest
from heddle_worker import dependencies
from heddle_worker.dependencies import LocalPackage


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", '[tool.setuptools.packages.find]\nwhere = ["code"]'),
        ("pyproject.toml", '[tool.setuptools.package-dir]\n"" = "code"'),
        ("pyproject.toml", '[tool.hatch.build.targets.wheel]\npackages = ["code/agent"]'),
        ("pyproject.toml", '[tool.poetry]\npackages = [{include = "agent", from = "code"}]'),
        ("pyproject.toml", '[tool.pdm.build]\npackage-dir = "code"'),
        ("pyproject.toml", '[tool.maturin]\npython-source = "code"'),
        ("pyproject.toml", '[tool.uv.build-backend]\nmodule-root = "code"'),
        ("setup.cfg", "[options.packages.find]\nwhere = code"),
        ("setup.cfg", "[options]\npackage_dir =\n    = code"),
    ],
)
def test_declared_roots_come_first(tmp_path, file, text):
    (tmp_path / "code" / "agent").mkdir(parents=True)
    (tmp_path / "src").mkdir()
    (tmp_path / file).write_text(text)
    package = LocalPackage(str(tmp_path))
    assert package.roots() == [str(tmp_path / "code"), str(tmp_path / "src"), str(tmp_path)]
    assert package.packaged and package.parent() is None and package.problems == []


def test_poetry_names_its_requirements_as_a_table(tmp_path):
    text = '[tool.poetry]\nname = "x"\n[tool.poetry.dependencies]\npython = "^3.10"\na = "^1"\nb = {version = "2", optional = true}'
    (tmp_path / "pyproject.toml").write_text(text)
    assert list(LocalPackage(str(tmp_path)).requirements()) == [("a", "pyproject.toml")]


def test_what_cannot_be_read_is_a_warning_and_no_end(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "requirements.txt").write_text("odd-metadata>=1\n")
    package = LocalPackage(str(folder))
    monkeypatch.setattr(dependencies.importlib.metadata, "version", lambda name: None)
    warning, = dependencies.unmet([package], [])
    assert "odd-metadata>=1" in warning and "requirements.txt" in warning

    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(dependencies.Path, "read_text", denied)
    warning, = dependencies.unmet([package], [])
    assert str(folder) in warning and "Permission denied" in warning


def test_extras_of_an_installed_package_count(tmp_path, monkeypatch):
    """An extra that is not there is named, one that is there is not; extras nobody asked for do not matter."""
    site = tmp_path / "site"
    for name, lines in {"tool": ["Requires-Dist: part>=2; extra == 'x'", "Requires-Dist: gone; extra == 'y'", "Requires-Dist: nobody; extra == 'z'"],
                        "part": []}.items():
        info = site / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0", *lines, ""]))
    monkeypatch.syspath_prepend(str(site))
    assert dependencies.unmet([], ["tool", "part"]) == []
    lacking, = dependencies.unmet([], ["tool[y]"])
    assert lacking.startswith("gone is not installed (tool[y] of dependencies wants it)") and "'tool[y]'" in lacking
    old, = dependencies.unmet([], ["tool[x]"])
    assert old.startswith("part>=2 is not installed (tool[x] of dependencies wants it)")
