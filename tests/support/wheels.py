# SPDX-License-Identifier: Apache-2.0
"""Packages made on the spot and an index of them that needs no network."""
import zipfile

# Of a package in the tree: builds an editable wheel without setuptools, which would have to be fetched (PEP 517, 660).
BACKEND = '''
import pathlib, zipfile

def get_requires_for_build_editable(config_settings=None):
    return []

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "local_tool-1.0-py3-none-any.whl"
    info = "local_tool-1.0.dist-info"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w") as wheel:
        wheel.writestr("local_tool.pth", str(pathlib.Path.cwd() / "src"))
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: local-tool\\nVersion: 1.0\\nRequires-Dist: beta\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return name
'''
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "local-tool"
version = "1.0"
dependencies = ["beta"]
"""


def wheel(folder, name, version="1.0", requires=()):
    """Writes a wheel with one module `name`."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + "".join(f"Requires-Dist: {each}\n" for each in requires)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}.py", f"VERSION = {version!r}\n")
        file.writestr(f"{info}/METADATA", metadata)
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")


def index(folder):
    """A folder of wheels and the pip configuration that knows no other; the configuration's path."""
    wheel(folder, "langgraph", "1.0.5")
    for name in ("alpha", "beta", "gamma"):
        wheel(folder, name)
    config = folder / "pip.conf"
    config.write_text(f"[global]\nno-index = true\nfind-links = {folder}\n")
    return config


def local_package(folder):
    """A package with packaging, which requires beta."""
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "local_tool.py").write_text("ANSWER = 42\n")
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "backend.py").write_text(BACKEND)
