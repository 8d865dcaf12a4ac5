# SPDX-License-Identifier: Apache-2.0
"""Programs for Node: which Node, where npm's packages are (`./dev test api` installs them), and the verifier of webhooks."""
import base64
import json
import os
import pathlib
import shutil
import subprocess

from server import ROOT, SLOW

NODE = os.environ.get("HEDDLE_NODE") or shutil.which("node")
MODULES = pathlib.Path(os.environ.get("HEDDLE_NODE_MODULES") or ROOT / "build" / "node" / "node_modules")
VERIFY = pathlib.Path(__file__).resolve().parent / "node" / "verify.cjs"


def verify(cases):
    """What npm's standardwebhooks says to each (secret, body, headers): "ok", or why not."""
    lines = "".join(json.dumps({"secret": secret, "body": base64.b64encode(body).decode(), "headers": headers}) + "\n"
                    for secret, body, headers in cases)
    done = subprocess.run([NODE, VERIFY], input=lines, capture_output=True, text=True, timeout=60 * SLOW, check=False,
                          env={"PATH": os.environ["PATH"], "NODE_PATH": str(MODULES)})
    assert done.returncode == 0, done.stderr
    verdicts = done.stdout.splitlines()
    assert len(verdicts) == len(cases), done.stderr
    return verdicts
