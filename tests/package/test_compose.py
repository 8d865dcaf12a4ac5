# SPDX-License-Identifier: Apache-2.0
"""The compose files against the compose specification's schema, and against what the image and the program really have."""
import json
import os
import pathlib
import re
import subprocess

import jsonschema
import pytest
import yaml

from server import ROOT, run_binary

FILES = sorted((ROOT / "docker").glob("compose*.yaml"))
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def schema():
    """compose_spec.json, as docker-compose 1.29.2 carries it; ./dev fetches that."""
    return json.loads(pathlib.Path(os.environ["HEDDLE_COMPOSE_SCHEMA"]).read_text())


def services(path):
    return yaml.safe_load(path.read_text())["services"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_compose_file_is_valid(path, schema):
    jsonschema.validate(yaml.safe_load(path.read_text()), schema, cls=jsonschema.Draft7Validator)


def test_the_schema_refuses_what_is_misspelt(schema):
    broken = yaml.safe_load(FILES[0].read_text())
    broken["services"]["heddle"]["read_onyl"] = True
    with pytest.raises(jsonschema.ValidationError, match="read_onyl"):
        jsonschema.validate(broken, schema, cls=jsonschema.Draft7Validator)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_service_is_locked_down_and_published_on_loopback_only(path):
    for name, service in services(path).items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), (name, port)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_commands_and_mounts_are_what_program_and_image_have(path):
    for name, service in services(path).items():
        for command in (service.get("command"), service.get("healthcheck", {}).get("test", [])[2:]):
            if command:
                verb, *arguments = command
                said = run_binary(verb, "--help")
                assert said.returncode == 0, (name, verb)
                for flag in (argument for argument in arguments if argument.startswith("--")):
                    assert re.search(rf"{flag}\b", said.stdout), (name, flag)
        for volume in service.get("volumes", []):
            target = re.sub(r":ro$", "", volume).rsplit(":", 1)[1]
            assert re.search(rf"\b(?:VOLUME|WORKDIR) {target}\b", DOCKERFILE), (name, volume)
        for port in service.get("ports", []):
            assert re.search(rf"\bEXPOSE {port.rsplit(':', 1)[1]}\b", DOCKERFILE), (name, port)
        # Longer than a drain, which ends after 10 s.
        if "stop_grace_period" in service:
            assert int(service["stop_grace_period"].removesuffix("s")) > 10


def test_what_the_files_build_and_mount_is_there():
    loop = services(ROOT / "docker" / "compose.yaml")
    build = loop["heddle"]["build"]
    context = (ROOT / "docker" / build["context"]).resolve()
    assert (context / build["dockerfile"]).is_file()
    [project] = [volume for volume in loop["heddle"]["volumes"] if "/app" in volume]
    default = re.match(r"\$\{PROJECT:-([^}]+)\}:", project).group(1)
    assert (ROOT / "docker" / default / "langgraph.json").is_file()
    for source in re.findall(r"^COPY (?!--)(\S+) ", DOCKERFILE, re.MULTILINE):
        assert (ROOT / source).exists(), source


def test_what_the_image_build_needs_is_not_left_out_of_its_context():
    """Everything that git tracks and that CMake or the Dockerfile name passes .dockerignore."""
    patterns = (ROOT / ".dockerignore").read_text().split()
    tracked = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=True).stdout.split()
    roots = {pattern.strip("/").split("/")[0] for pattern in patterns if not pattern.startswith(("**", "!"))}
    left_out = {path for path in tracked if path.split("/")[0] in roots} - {pattern[2:] for pattern in patterns if pattern.startswith("!/")}
    assert all(path.startswith("tests/") for path in left_out)
    assert "!/tests/CMakeLists.txt" in patterns
