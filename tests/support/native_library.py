# SPDX-License-Identifier: Apache-2.0
"""Shared libraries of graphs, built as people outside build them: against installed headers, with any compiler."""
import pathlib
import shutil
import subprocess

from server import BINARY, ROOT

STORIES = ROOT / "tests" / "projects" / "native" / "stories.cpp"
EXAMPLE = ROOT / "examples" / "native"
COMPILERS = [name for name in ("clang++-16", "clang++", "g++") if shutil.which(name)]
# The same compiler under two names counts once.
COMPILERS = list({pathlib.Path(shutil.which(name)).resolve(): name for name in reversed(COMPILERS)}.values())


def call(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


def installed(prefix):
    """What `cmake --install --component development` puts below `prefix`. Configures a build of its own, which
    compiles nothing, since the program's may be made by another compiler or be somewhere else."""
    build = pathlib.Path(prefix).parent / "configured"
    source = pathlib.Path(BINARY).parent / "release"
    if not (source / "cmake_install.cmake").exists():
        call("cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DHEDDLE_TESTS=OFF")
        source = build
    call("cmake", "--install", source, "--prefix", prefix, "--component", "development")
    return pathlib.Path(prefix)


def built_example(folder, prefix, compiler):
    """examples/native in `folder`, built against `prefix` alone."""
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("*.so", "build"))
    call("cmake", "-S", folder, "-B", folder / "build", "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={shutil.which(compiler)}",
         f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Release")
    call("cmake", "--build", folder / "build")
    return folder / "libarticle.so"


def built_stories(path, prefix, compiler, standard="17"):
    """stories.cpp as the library `path`."""
    call(compiler, f"-std=c++{standard}", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror", "-fPIC",
         "-shared", "-I", prefix / "include", "-o", path, STORIES)
    return path
