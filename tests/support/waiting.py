# SPDX-License-Identifier: Apache-2.0
"""Waiting for conditions, never for time alone."""
import time

TIMEOUT_S = 15.0


def until(condition, what="the condition", timeout_s=TIMEOUT_S, pause_s=0.01):
    """Calls `condition` until it gives something true, and returns that. Fails with `what` after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s:g} s in vain for {what}; last seen: {found!r}")
        time.sleep(pause_s)
