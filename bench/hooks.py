# SPDX-License-Identifier: Apache-2.0
"""The measures of webhook delivery. Receivers are bench/receiver.c; where many deliveries wait, bench/outbox.py made them."""
import http.client
import json
import time

import outbox
from bench import Row
from receiver import Late
from servers import Failed

RSS_MAX_MIB = {"rate": 150, "backlog": 200}
ALONE_TIMES, ALONE_MS = 2, 250  # what a healthy receiver's p99 may become beside one that hangs: the greater one
FRESH_MS = 250  # within which a new webhook comes, whatever waits


def config(**webhooks):
    return {"graphs": {"native_echo": "heddle:echo"}, "webhooks": {"secrets": ["whsec_" + "QUJD" * 8], **webhooks}}


def latency(bench):
    """An idle server; one run after the other, each with a webhook."""
    with bench.receiver("--tell") as receiver, bench.heddle("hook-latency", config()) as server:
        runs(server, receiver, 10)
        found = runs(server, receiver, 60 if bench.options.quick else 400)
    rows = [Row("webhook, idle server: run end to the receiver, p50", f"{found['p50']:.2f} ms", target="≤ 5 ms", reached=found["p50"] <= 5),
            Row("… p99", f"{found['p99']:.2f} ms", target="≤ 50 ms", reached=found["p99"] <= 50)]
    return rows, found


def rate(bench):
    """Deliveries of 2 kB that are all due, to one receiver."""
    count = 12_000 if bench.options.quick else 60_000
    with bench.receiver() as receiver, bench.heddle("hook-rate", config()) as server:
        server.stop()
        outbox.fill(server.database, count, host="127.0.0.1", port=receiver.port, size=2000)
        server.start()
        until_pending(server, 0, 120)
        cpu_us, memory = server.cpu_s()[0] * 1e6 / count, server.memory_kib()
        came = receiver.finish()
    ids = {each.id for each in came}
    if len(ids) != count or not all(each.signed for each in came):
        raise Failed(f"{len(ids)} of {count} deliveries came, {sum(each.signed for each in came)} signed")
    times = [each.at_us for each in came]
    per_s, rss = count / (max(times) - min(times)) * 1e6, memory["VmRSS"] / 1024
    rows = [Row("signed durable webhooks to one receiver, 2 kB", f"{per_s:.0f}/s", target="≥ 3000/s", reached=per_s >= 3000),
            Row("… CPU of the server per delivery", f"{cpu_us:.0f} µs"),
            memory_row("… RSS of the server at the end", rss, RSS_MAX_MIB["rate"])]
    return rows, {"count": count, "repeated": len(came) - count, "per_s": per_s, "cpu_us": cpu_us, "memory_kib": memory}


def fairness(bench):
    """A healthy receiver, alone and beside 10,000 deliveries for one that hangs. Attempts end after 1 s, so that there are
    timeouts, retries and an open circuit meanwhile."""
    count = 60 if bench.options.quick else 300
    with (bench.receiver("--tell") as receiver, bench.receiver("--hang") as hanging,
          bench.heddle("hook-fairness", config(timeout_seconds=1)) as server):
        runs(server, receiver, 10)
        alone = runs(server, receiver, count)
        server.stop()
        outbox.fill(server.database, 10_000, host="127.0.0.1", port=hanging.port, size=2000)
        server.start()
        runs(server, receiver, 10)
        beside = runs(server, receiver, count)
        waiting = pending(server)
    if waiting < 10_000:
        raise Failed(f"only {waiting} deliveries wait for the receiver that hangs")
    limit = max(ALONE_TIMES * alone["p99"], ALONE_MS)
    rows = [Row("webhook beside 10,000 for a hanging receiver, p99", f"{beside['p99']:.2f} ms", ratio=f"{beside['p99'] / alone['p99']:.1f}",
                target=f"≤ {ALONE_TIMES} × alone or {ALONE_MS} ms", reached=beside["p99"] <= limit),
            Row("… the healthy receiver alone, p99", f"{alone['p99']:.2f} ms")]
    return rows, {"alone_ms": alone, "beside_ms": beside, "pending": waiting}


def backlog(bench):
    """A million deliveries to a million hosts: first all due in an hour, then all due now and refused at once."""
    count = 100_000 if bench.options.quick else 1_000_000
    with bench.receiver("--tell") as receiver, bench.heddle("hook-backlog", config()) as server:
        server.stop()
        # Nobody looks these names up: they are not due.
        outbox.fill(server.database, count, host="h%d-%d-%d.invalid", size=500, due_in_s=3600)
        server.start()
        later = {"ready_s": server.ready_s, "fresh_ms": runs(server, receiver, 30), "pending": pending(server), "memory_kib": server.memory_kib()}
    with bench.receiver("--tell") as receiver, bench.heddle("hook-refused", config()) as server:
        server.stop()
        outbox.fill(server.database, count, host="127.%d.%d.%d", port=1, size=500)
        server.start()
        due = {"ready_s": server.ready_s, **busy(bench, server, receiver)}
    rss = later["memory_kib"]["VmRSS"] / 1024
    rows = [Row(f"{count} pending webhooks to as many hosts: start to the ready line", f"{later['ready_s'] * 1000:.0f} ms", target="≤ 5000 ms",
                reached=later["ready_s"] <= 5),
            memory_row("… RSS of the server", rss, RSS_MAX_MIB["backlog"]),
            fresh_row("… a new webhook meanwhile, slowest of 30", later["fresh_ms"]["max"]),
            Row("… all due now, all refused: start to the ready line", f"{due['ready_s'] * 1000:.0f} ms", target="≤ 5000 ms", reached=due["ready_s"] <= 5),
            memory_row("… … RSS of the server, highest in 20 s", due["rss_mib"], RSS_MAX_MIB["backlog"]),
            fresh_row("… … a new webhook meanwhile, slowest of 30", due["fresh_ms"]["max"]),
            Row("… … GET /ok meanwhile, p50 / p99", f"{due['ok']['p50'] / 1000:.2f} ms / {due['ok']['p99'] / 1000:.2f} ms"),
            Row("… … GET /threads/{id} meanwhile, p50 / p99", f"{due['thread']['p50'] / 1000:.2f} ms / {due['thread']['p99'] / 1000:.2f} ms"),
            Row("… … attempts meanwhile", f"{due['attempts_per_s']:.0f}/s")]
    return rows, {"count": count, "later": later, "due": due}


def busy(bench, server, receiver):
    """What the server does for others during 20 s in which every attempt is refused."""
    began, before, highest, found = time.monotonic(), attempts(server), 0, {}
    try:
        found["fresh_ms"] = runs(server, receiver, 30, patience_s=10)
    except Late:
        found["fresh_ms"] = {"max": None}
    for name, path in (("ok", "/ok"), ("thread", "/threads/{thread}")):
        found[name] = bench.load(server, path, seconds=bench.seconds(5))["latency_us"]
        highest = max(highest, server.memory_kib()["VmRSS"])
    while time.monotonic() < began + bench.seconds(20):
        highest = max(highest, server.memory_kib()["VmRSS"])
        time.sleep(0.5)
    found["attempts_per_s"] = (attempts(server) - before) / (time.monotonic() - began)
    found["rss_mib"] = highest / 1024
    return found


# ---- what they share

def runs(server, receiver, count, patience_s=30):
    """Runs with a webhook, one after the other, each on a thread of its own; from a run's end to its arrival, in ms."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    taken = []
    try:
        for _ in range(count):
            thread = post(connection, "/threads", {})["thread_id"]
            post(connection, f"/threads/{thread}/runs", {"assistant_id": "native_echo", "input": {"text": "hello"}, "webhook": receiver.url()})
            came = receiver.next(patience_s)
            taken.append((came.at_us - came.ended_us) / 1000)
    finally:
        connection.close()
    taken.sort()
    return {"p50": taken[len(taken) // 2], "p90": taken[len(taken) * 9 // 10], "p99": taken[len(taken) * 99 // 100], "max": taken[-1],
            "count": len(taken)}


def post(connection, path, body):
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise Failed(f"POST {path} answers {answer.status}: {text[:300]!r}")
    return json.loads(text)


def pending(server):
    return json.loads(server.get("/metrics?format=json")[1])["webhooks"]["pending"]


def until_pending(server, count, timeout_s):
    deadline = time.monotonic() + timeout_s
    while pending(server) > count:
        if time.monotonic() > deadline:
            raise Failed(f"{pending(server)} webhooks still wait after {timeout_s} s: {server.log_end()[-600:]}")
        time.sleep(0.2)


def attempts(server):
    lines = server.get("/metrics")[1].decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("heddle_webhook_attempts_total{"))


def memory_row(name, mib, most_mib):
    return Row(name, f"{mib:.0f} MiB", target=f"< {most_mib} MiB", reached=mib < most_mib)


def fresh_row(name, ms):
    return Row(name, "none within 10 s" if ms is None else f"{ms:.1f} ms", target=f"≤ {FRESH_MS} ms", reached=ms is not None and ms <= FRESH_MS)


HOOKS = {"hook_latency": latency, "hook_rate": rate, "hook_fairness": fairness, "hook_backlog": backlog}
