# SPDX-License-Identifier: Apache-2.0
"""Many runs at once, each on a thread of its own; and many readers of one run."""
import json
import subprocess
import threading
import time

from bench import Row, median
from servers import Failed

RUNS, SLEEP_S = 1000, 2
OVER_S, RSS_MAX_MIB = 4, 100
READERS, EVENTS, DELIVERED_PER_S = 50, 20_000, 100_000


def at_once(bench):
    """1,000 clients ask for a run each, at the same moment, and wait for its end."""
    rows, data = [], {}
    for graph, name in (("nap", "a Python graph"), ("native_sleep", "a built-in graph")):
        with bench.heddle(f"at-once-{graph}") as server:
            server.until_workers()
            server.until_first_run({"assistant_id": "echo", "input": {"text": "hello"}})
            found = data[graph] = burst(bench, server, graph)
        over_s, rss = found["over_s"], found["rss_kib"] / 1024
        rows += [Row(f"{RUNS} runs at once on as many threads, {name} that waits {SLEEP_S} s: over the graph's time", f"{over_s:.2f} s",
                     target=f"≤ {OVER_S} s", reached=over_s <= OVER_S),
                 Row("… RSS of the server process, the most", f"{rss:.1f} MiB", target=f"< {RSS_MAX_MIB} MiB", reached=rss < RSS_MAX_MIB)]
    return rows, data


def burst(bench, server, graph):
    body = {"assistant_id": graph, "input": {"seconds": SLEEP_S}}
    most, ended = [0], threading.Event()

    def watch():
        while not ended.wait(0.02):
            most[0] = max(most[0], server.memory_kib()["VmRSS"])

    watching = threading.Thread(target=watch)
    watching.start()
    began = time.monotonic()
    try:
        result = bench.load(server, "/threads/{thread}/runs/wait", body=body, seconds=60, count=RUNS, connections=RUNS, fresh=True,
                            expect='"seconds"', timeout_ms=60_000)
    finally:
        ended.set()
        watching.join()
    passed = time.monotonic() - began
    if result["requests"] != RUNS:
        raise Failed(f"{result['requests']} of {RUNS} runs ended: {server.log_end()[-600:]}")
    return {"over_s": passed - SLEEP_S, "rss_kib": most[0], "load": result}


def subscribers(bench):
    """A built-in graph emits events as fast as it can; every reader joined before its run began and must get all of them, in
    order."""
    rounds = []
    with bench.heddle("subscribers") as server:
        for _ in range(max(bench.rounds, 2)):
            rounds.append(read_burst(bench, server))
        memory = server.memory_kib()
    rate = median(rounds, "per_s")
    rows = [Row(f"{EVENTS} events of one run to {READERS} readers: delivered in all", f"{rate:.0f}/s", target=f"≥ {DELIVERED_PER_S}/s",
                reached=rate >= DELIVERED_PER_S),
            Row("… CPU of the server per delivered event", f"{median(rounds, 'cpu_us'):.2f} µs"),
            Row("… RSS of the server process, the most", f"{memory['VmHWM'] / 1024:.1f} MiB")]
    return rows, {"rounds": rounds, "memory_kib": memory}


def read_burst(bench, server):
    thread = server.request_json("POST", "/threads", {})["thread_id"]
    body = {"assistant_id": "native_burst", "input": {"events": EVENTS}, "stream_mode": "custom", "after_seconds": 1}
    run = server.request_json("POST", f"/threads/{thread}/runs", body)["run_id"]
    before = server.cpu_s()[0]
    command = [bench.folder / "readers", "--port", str(server.port), "--path", f"/threads/{thread}/runs/{run}/stream",
               "--connections", str(READERS), "--count", str(EVENTS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    if done.returncode != 0:
        raise Failed(f"{done.stdout} {done.stderr} {server.log_end()[-600:]}")
    result = json.loads(done.stdout)
    result["per_s"] = result["events"] / result["seconds"]
    result["cpu_us"] = (server.cpu_s()[0] - before) * 1e6 / result["events"]
    return result
