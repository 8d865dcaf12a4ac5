# SPDX-License-Identifier: Apache-2.0
"""SIGTERM while webhooks are under way."""
import collections
import time

import pytest

from receiver import Receiver, Reply
from server import SLOW, native_config
from waiting import until

DELAY_S = 0.3
COUNT = 40  # more than one destination is sent at once
DRAIN_S = 10


def by_run(receiver):
    found = collections.defaultdict(list)
    for each in receiver.at("/hook"):
        found[each.json()["run_id"]].append(each)
    return found


@pytest.fixture
def server(serve):
    return serve(native_config(webhooks={"retry": {"schedule": [1] * 20}}))


def test_sigterm_lets_attempts_end_and_the_next_start_sends_the_rest_once(server, receiver):
    receiver.default = Reply(delay_s=DELAY_S)
    sent = {server.create_run("native_echo", {"text": "x"}, webhook=receiver.url())["run_id"] for _ in range(COUNT)}
    receiver.wait(count=3)
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < DRAIN_S * SLOW
    before = by_run(receiver)
    assert 0 < len(before) < COUNT  # some came, some wait

    server.start()
    until(lambda: by_run(receiver).keys() >= sent, f"{COUNT} webhooks", 30 * SLOW)
    until(lambda: server.get("/metrics?format=json").json()["webhooks"]["pending"] == 0, "no webhook to be pending", 30 * SLOW)
    after = by_run(receiver)
    assert after.keys() == sent and all(len(came) == 1 for came in after.values())  # also those that were under way


def test_sigterm_does_not_wait_for_a_receiver_that_hangs(server, receiver):
    """Its attempts are given up, and made again by the next start: same id, same bytes."""
    with Receiver(default=Reply(hang=True)) as hanging:
        stuck = {server.create_run("native_echo", {"text": "x"}, webhook=hanging.url())["run_id"] for _ in range(5)}
        done = {server.create_run("native_echo", {"text": "y"}, webhook=receiver.url())["run_id"] for _ in range(5)}
        hanging.wait()
        receiver.wait(count=5)
        until(lambda: server.get("/metrics?format=json").json()["webhooks"]["pending"] == 5, "only those to be pending", 15 * SLOW)
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < DRAIN_S * SLOW
        given_up = by_run(hanging)
        hanging.default = Reply()
        server.start()
        until(lambda: sum(map(len, by_run(hanging).values())) >= len(stuck) + len(given_up), "the rest", 30 * SLOW)
        until(lambda: server.get("/metrics?format=json").json()["webhooks"]["pending"] == 0, "no webhook to be pending", 30 * SLOW)
        for run, came in by_run(hanging).items():
            assert len(came) == (2 if run in given_up else 1)
            assert len({(each.header("webhook-id"), each.body) for each in came}) == 1
        assert by_run(hanging).keys() == stuck
        assert {run: len(came) for run, came in by_run(receiver).items()} == dict.fromkeys(done, 1)
