# SPDX-License-Identifier: Apache-2.0
"""kill -9 around the times of crons: each fires exactly once, or as the documented catch-up says."""
import datetime
import random
import time

import pytest

from server import SLOW, native_config
from waiting import until

ROUNDS = 50


def firings(server, cron):
    return server.get(f"/runs/crons/{cron}/runs", params={"limit": 1000}).json()


def second(firing):
    return int(datetime.datetime.fromisoformat(firing["scheduled_for"]).timestamp())


def wait_around_a_second(chance):
    """Until 80 ms before to 120 ms after a second begins: before, in and after the commits of what fires then."""
    target = int(time.time()) + 1 + chance.uniform(-0.08, 0.12)
    while (left := target - time.time()) > 0:
        time.sleep(left)


@pytest.mark.timeout(240 * SLOW)
def test_fifty_kills_around_the_times_of_crons(serve, receiver):
    server = serve(native_config())
    crons = [server.post("/runs/crons", {"assistant_id": "native_echo", "schedule": "* * * * * *", "input": {"text": str(at)},
                                         "webhook": receiver.url(f"/{at}")}).json()["cron_id"] for at in range(4)]
    chance = random.Random(20261127)
    outages = []
    for _ in range(ROUNDS):
        wait_around_a_second(chance)
        server.kill()
        died = time.time()
        server.start()
        outages.append((died, time.time()))
    for cron in crons:
        server.http.patch(f"/runs/crons/{cron}", json={"enabled": False})
    for at, cron in enumerate(crons):
        fired = firings(server, cron)
        assert all(each["error"] is None for each in fired), fired
        seconds = sorted(second(each) for each in fired)
        assert len(seconds) == len(set(seconds)), "a time fired twice"
        # An outage passes over all but the newest of the times in it; nothing else is left out.
        for missing in set(range(seconds[0], seconds[-1])) - set(seconds):
            assert any(died < missing + 1.5 and missing + 1 <= back + 0.5 for died, back in outages), (missing, outages)
        # One run for each, and its webhook: none without a firing, none twice under another run.
        wanted = {each["run_id"] for each in fired}
        assert len(wanted) == len(fired)
        until(lambda path=f"/{at}", runs=wanted: {request.json()["run_id"] for request in receiver.at(path)} == runs,
              "every run's webhook, and no other", timeout_s=40 * SLOW)
    assert sum(len(firings(server, cron)) for cron in crons) >= ROUNDS * 2


def test_what_is_missed_for_longer_than_the_window_is_skipped(serve):
    """The window is set to 1 s: after an outage of 3 s the newest time fires, an older one does not."""
    server = serve(native_config(), args=["--cron-catch-up", "1"])
    every = server.post("/runs/crons", {"assistant_id": "native_echo", "schedule": "* * * * * *", "input": {"text": "x"}}).json()["cron_id"]
    now = datetime.datetime.now(datetime.UTC)
    soon = now + datetime.timedelta(seconds=3)
    once = server.post("/runs/crons", {"assistant_id": "native_echo", "input": {"text": "x"},
                                       "schedule": f"{soon.minute} {soon.hour} * * * {soon.second}"}).json()
    assert datetime.datetime.fromisoformat(once["next_run_date"]) == soon.replace(microsecond=0)
    until(lambda: firings(server, every), "the first firing")
    server.stop()
    until(lambda: datetime.datetime.now(datetime.UTC) > soon + datetime.timedelta(seconds=2.5), "the outage to pass")
    server.start()
    began = time.time()
    until(lambda: second(firings(server, every)[0]) >= began, "it to go on")
    assert firings(server, once["cron_id"]) == []
    later = datetime.datetime.fromisoformat(server.get(f"/runs/crons/{once['cron_id']}").json()["next_run_date"])
    assert later == soon.replace(microsecond=0) + datetime.timedelta(days=1)
    missed, = (float(line.split()[1]) for line in server.get("/metrics").text.splitlines() if line.startswith("heddle_cron_missed_total"))
    assert missed >= 3  # two or more of every second, and one of the other
