# SPDX-License-Identifier: Apache-2.0
"""The attempts of a run's webhook as the server's log tells them. The server is started with LOG."""
import json

from server import SLOW
from waiting import until

LOG = ("--log-format", "json")
ENDS = ("webhook.delivered", "webhook.failed")


def attempts(server, run):
    """One dict for each attempt that has ended: event, attempt, took_ms, and outcome and error of a failed one."""
    found = []
    for line in server.log().splitlines():
        if '"webhook.' in line and run["run_id"] in line:
            found.append(json.loads(line))
    return found


def until_ended(server, run, timeout_s=20.0):
    """Those of a delivery that has been delivered or given up."""
    return until(lambda: (lambda all: all if all and all[-1]["event"] in ENDS else None)(attempts(server, run)),
                 f"the webhook of run {run['run_id']} to be delivered or given up", timeout_s * SLOW)


def outcomes(server, run, timeout_s=20.0):
    """How each attempt ended, in order: "success", "blocked", …"""
    return [each.get("outcome", "success") for each in until_ended(server, run, timeout_s)]
