# SPDX-License-Identifier: Apache-2.0
"""schemathesis over config/openapi.json: whatever is sent, no 5xx (but for the 503s that the document names), no status, content
type or body that the document does not describe. HEDDLE_TEST_SEED repeats a run, HEDDLE_SCHEMA_S sets its length."""
import os
import pathlib
import random
import re
import subprocess
import sys

import pytest

from server import ROOT, SLOW, environment, wire_config

SEED = int(os.environ.get("HEDDLE_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
SECONDS = int(os.environ.get("HEDDLE_SCHEMA_S", "45"))
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance"
ENDLESS = r"/threads/\{thread_id\}/stream$"  # has no end


@pytest.mark.timeout((SECONDS + 120) * SLOW)
def test_schemathesis_finds_nothing(serve, tmp_path):
    # Generated URLs stay here: no other host is ever resolved.
    server = serve(wire_config(webhooks={"url": {"allowed_domains": ["127.0.0.1"]}, "retry": {"schedule": [1]}}))
    program = pathlib.Path(sys.executable).with_name("st")
    command = [program, "--no-color", "run", f"{server.url}/openapi.json", "--seed", SEED, "--max-time", SECONDS, "--checks", CHECKS,
               "--phases", "examples,coverage,fuzzing", "--exclude-path-regex", ENDLESS, "--generation-database", "none",
               "--request-timeout", 20 * SLOW, "--warnings", "off", "--suppress-health-check", "all", "--no-shrink",
               "--continue-on-failure", "--max-redirects", 0]
    done = subprocess.run([str(each) for each in command], cwd=tmp_path, capture_output=True, text=True, check=False,
                          env=environment({"SCHEMATHESIS_HOOKS": "schema_hooks", "PYTHONPATH": str(ROOT / "tests" / "support")}),
                          timeout=(SECONDS + 100) * SLOW)
    told = f"seed {SEED}\n{done.stdout[-12000:]}\n{done.stderr[-4000:]}"
    print(told[-2000:])
    assert done.returncode == 0, told
    assert int(re.search(r"(\d+) generated", done.stdout)[1]) > 300, told  # some thousands on a machine with nothing else to do
    assert server.alive() and server.get("/ok?check_db=1").status_code == 200
    # By an assistant of our own: the graph's may have been patched, with a recursion limit of 0 or the like.
    ours = server.post("/assistants", {"graph_id": "echo"}).json()["assistant_id"]
    answer = server.wait_run(ours, {"text": "still here"})
    assert answer.get("out") == "still here", (SEED, answer)
