# SPDX-License-Identifier: Apache-2.0
"""10,000 crons that are due in the same second, while clients ask for other things."""
import datetime
import re
import threading
import time

from bench import Row
from filling import fill
from servers import Failed

CRONS, FIRED_S = 10_000, 5
LATENCY_MS = 100  # p99 of what else is asked meanwhile


def due_at_once(bench):
    count = CRONS // 10 if bench.options.quick else CRONS
    with bench.heddle("crons") as server:
        due = datetime.datetime.now(datetime.UTC).replace(microsecond=0) + datetime.timedelta(seconds=15)
        body = {"assistant_id": "native_echo", "schedule": f"{due.minute} {due.hour} * * * {due.second}", "input": {"text": "hello"}}
        fill(server, (("POST", "/runs/crons", body) for _ in range(count)))
        made_s = 15 - (due - datetime.datetime.now(datetime.UTC)).total_seconds()
        thread = server.request_json("POST", "/threads", {})["thread_id"]
        until(due - datetime.timedelta(seconds=0.3))
        asked = {}

        def ask():
            asked.update(bench.load(server, f"/threads/{thread}", seconds=6, connections=1))
        asking = threading.Thread(target=ask)
        asking.start()
        fired_s = fired(server, count, due)
        asking.join()
        lateness = server.get("/metrics")[1].decode()
    if not asked:
        raise Failed("what was asked meanwhile was not answered")
    p99 = asked["latency_us"]["p99"] / 1000
    rows = [Row(f"{count} crons due in one second: the last one's run is created after", f"{fired_s:.2f} s", target=f"≤ {FIRED_S} s",
                reached=fired_s <= FIRED_S),
            Row("… GET /threads/{id} meanwhile: p99", f"{p99:.1f} ms", target=f"≤ {LATENCY_MS} ms", reached=p99 <= LATENCY_MS)]
    return rows, {"made_s": made_s, "fired_s": fired_s, "asked": asked, "buckets": re.findall(r"heddle_cron_lateness_seconds\S+ \S+", lateness)}


def until(moment):
    left = (moment - datetime.datetime.now(datetime.UTC)).total_seconds()
    if left < 0:
        raise Failed(f"making the crons took {-left:.1f} s too long")
    time.sleep(left)


def fired(server, count, due):
    """From the second to the last run's commit; read every 50 ms."""
    while (datetime.datetime.now(datetime.UTC) - due).total_seconds() < 60:
        text = server.get("/metrics")[1].decode()
        done = re.search(r"^heddle_cron_firings_total (\d+)", text, re.M)
        passed = (datetime.datetime.now(datetime.UTC) - due).total_seconds()
        if done and int(done[1]) == count:
            return passed
        time.sleep(0.05)
    raise Failed("not all crons fired within a minute")
