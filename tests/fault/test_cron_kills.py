# SPDX-License-Identifier: Apache-2.0
"""kill -9 around the times of crons: each fires exactly once, or as the documented catch-up says."""
import contextlib
import datetime
import json
import random
import sqlite3
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
        # An outage passes over all but the newest of the times in it (and what was being fired); nothing else is left out.
        for missing in set(range(seconds[0], seconds[-1])) - set(seconds):
            assert any(died < missing + 0.3 and missing + 1 <= back for died, back in outages), (missing, outages)
        # One run for each, and its webhook: none without a firing, none twice under another run.
        wanted = {each["run_id"] for each in fired}
        assert len(wanted) == len(fired)
        until(lambda path=f"/{at}", runs=wanted: {request.json()["run_id"] for request in receiver.at(path)} == runs,
              "every run's webhook, and no other", timeout_s=40 * SLOW)
    assert sum(len(firings(server, cron)) for cron in crons) >= ROUNDS * 2


def test_what_is_missed_for_longer_than_the_window_is_skipped(serve):
    """No window but the 5 s of being on time: after a longer outage the newest time fires, an older one does not."""
    server = serve(native_config(), args=["--cron-catch-up", "0"])
    every = server.post("/runs/crons", {"assistant_id": "native_echo", "schedule": "* * * * * *", "input": {"text": "x"}}).json()["cron_id"]
    now = datetime.datetime.now(datetime.UTC)
    soon = now + datetime.timedelta(seconds=3)
    once = server.post("/runs/crons", {"assistant_id": "native_echo", "input": {"text": "x"},
                                       "schedule": f"{soon.minute} {soon.hour} * * * {soon.second}"}).json()
    assert datetime.datetime.fromisoformat(once["next_run_date"]) == soon.replace(microsecond=0)
    until(lambda: firings(server, every), "the first firing")
    server.stop()
    until(lambda: datetime.datetime.now(datetime.UTC) > soon + datetime.timedelta(seconds=6), "the outage to pass")
    server.start()
    began = time.time()
    until(lambda: second(firings(server, every)[0]) >= began, "it to go on")
    assert firings(server, once["cron_id"]) == []
    later = datetime.datetime.fromisoformat(server.get(f"/runs/crons/{once['cron_id']}").json()["next_run_date"])
    assert later == soon.replace(microsecond=0) + datetime.timedelta(days=1)
    missed, = (float(line.split()[1]) for line in server.get("/metrics").text.splitlines() if line.startswith("heddle_cron_missed_total"))
    assert missed >= 6  # five or more of every second, and one of the other


def test_dates_that_a_wrong_clock_left_are_corrected(serve):
    """As if crons had fired while the machine's clock was a day ahead."""
    server = serve(native_config())
    cron = server.post("/runs/crons", {"assistant_id": "native_echo", "schedule": "* * * * * *", "input": {"text": "x"}}).json()["cron_id"]
    until(lambda: firings(server, cron), "the first firing")
    server.stop()
    with contextlib.closing(sqlite3.connect(server.data_dir / "heddle.db")) as db, db:
        db.execute("UPDATE crons SET next_run = next_run + 86400000000")
    before = len(firings_on_disk(server))
    server.start()
    until(lambda: len(firings(server, cron)) > before, "it to fire again")
    # And when it goes back to times that have fired: each of them once.
    server.stop()
    with contextlib.closing(sqlite3.connect(server.data_dir / "heddle.db")) as db, db:
        db.execute("UPDATE crons SET next_run = (SELECT max(slot) FROM cron_firings)")
    last = max(firings_on_disk(server))
    server.start()
    until(lambda: second(firings(server, cron)[0]) > last + 1, "it to go on")
    seconds = [second(each) for each in firings(server, cron)]
    assert len(seconds) == len(set(seconds))


def test_with_the_runs_routes_the_crons_are_off(serve):
    server = serve(native_config())
    server.post("/runs/crons", {"assistant_id": "native_echo", "schedule": "* * * * * *", "input": {"text": "x"}})
    server.stop()
    fired = firings_on_disk(server)
    server.config.write_text(json.dumps(native_config(http={"disable_runs": True})))
    server.start()
    began = time.time()
    until(lambda: time.time() > began + 2.5, "two seconds to pass")
    assert server.post("/runs/crons/search").status_code == 404
    server.stop()
    assert firings_on_disk(server) == fired


def firings_on_disk(server):
    with contextlib.closing(sqlite3.connect(server.data_dir / "heddle.db")) as db:
        return [slot // 1_000_000 for slot, in db.execute("SELECT slot FROM cron_firings")]
