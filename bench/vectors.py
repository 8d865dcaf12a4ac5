# SPDX-License-Identifier: Apache-2.0
"""Searches by meaning among many items, and what other reads notice of them."""
import json
import subprocess

from bench import Row
from servers import PROJECT, Failed

DIMS, AT_ONCE, MOST_MS = 384, 500, 100
SEARCH, GET = "/store/items/search", "/store/items?namespace=docs.group-3&key=doc-3"
BODY = {"namespace_prefix": ["docs"], "query": "what an item of the store says"}


def vectors(bench):
    """A graph puts the items; a client searches over HTTP, which asks a worker for the query's vector; then others read meanwhile."""
    sizes = (5_000,) if bench.options.quick else (50_000, 200_000)
    config = {"dependencies": [str(PROJECT)], "graphs": {"shelf": f"{PROJECT}/shelf.py:shelf"},
              "store": {"index": {"dims": DIMS, "embed": f"{PROJECT}/shelf.py:embed"}}}
    rows, data = [], {}
    with bench.heddle("vectors", config) as server:
        server.until_workers()
        held = 0
        for size in sizes:
            found = data[size] = measure(bench, server, held, size)
            held = size
            p99 = found["search"]["latency_us"]["p99"] / 1000
            rows += [Row(f"search by meaning among {size} items of {DIMS} numbers, 1 client: p50 / p99", both(found["search"]),
                         **({"target": f"p99 ≤ {MOST_MS} ms", "reached": p99 <= MOST_MS} if size == 50_000 else {})),
                     Row("… CPU of the server / of its workers", f"{found['search']['own_cpu_us'] / 1000:.1f} ms / "
                         f"{(found['search']['cpu_us'] - found['search']['own_cpu_us']) / 1000:.1f} ms"),
                     Row("… GET of an item meanwhile, 4 clients: p50 / p99", both(found["meanwhile"])),
                     Row("… … without searches", both(found["alone"])),
                     Row("… database / RSS of the server process, the most", f"{found['database_mib']:.0f} MiB / {found['rss_mib']:.0f} MiB")]
    return rows, data


def measure(bench, server, held, size):
    for first in range(held, size, AT_ONCE):
        values = server.request_json("POST", "/runs/wait", {"assistant_id": "shelf", "input": {"first": first, "count": AT_ONCE}})
        if values.get("out") != AT_ONCE:
            raise Failed(f"the items are not put: {values}; {server.log_end()}")
    search = bench.load(server, SEARCH, body=BODY, seconds=bench.seconds(10), expect='"score":')
    alone = bench.load(server, GET, seconds=bench.seconds(3), connections=4)
    meanwhile = beside(bench, server)
    return {"search": search, "alone": alone, "meanwhile": meanwhile, "rss_mib": server.memory_kib()["VmHWM"] / 1024,
            "database_mib": server.database.stat().st_size / 2**20}


def beside(bench, server):
    """The reads of others while 4 clients search without a pause."""
    seconds = bench.seconds(3)
    command = bench.client_command(server, SEARCH, body=BODY, seconds=seconds + 1, connections=4)
    searching = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        result = bench.load(server, GET, seconds=seconds, connections=4)
    finally:
        output, _ = searching.communicate(timeout=60)
    if json.loads(output)["errors"]:
        raise Failed(f"searches fail: {output[:300]}")
    return result


def both(result):
    latency = result["latency_us"]
    return f"{latency['p50'] / 1000:.1f} ms / {latency['p99'] / 1000:.1f} ms"
