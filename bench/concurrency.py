# SPDX-License-Identifier: Apache-2.0
"""Many runs at once: each on a thread of its own, of a graph that only waits."""
import threading
import time

from bench import Row
from servers import Failed

RUNS, SLEEP_S = 1000, 2
OVER_S, RSS_MAX_MIB = 4, 100


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
