# SPDX-License-Identifier: Apache-2.0
"""The measures. Each takes a Bench and gives rows of the table and what it measured, for the JSON."""
import select
import statistics
import subprocess
import time

import concurrency
import crons
import lookups
import vectors
from bench import Row, figures, median, ratios, spread
from hooks import HOOKS
from processes import fdatasync_us
from rows import cpu_row, latency_row, mib, milliseconds, ms, rate_row
from servers import Failed, Peer

ECHO = {"assistant_id": "echo", "input": {"text": "hello"}}
NATIVE_ECHO = {"assistant_id": "native_echo", "input": {"text": "hello"}}
WAIT, STREAM = "/threads/{thread}/runs/wait", "/threads/{thread}/runs/stream"
CLIENTS = 16


def threads(bench):
    """POST /threads, and beside it what one durable write costs here. Each round has fresh servers: the peer gets slower
    with every thread that it holds."""
    results, single, disk = {"Heddle": [], "peer": []}, [], []
    for _ in range(bench.rounds):
        with bench.both("threads") as servers:
            servers[0].until_workers()
            for server in servers:
                bench.load(server, "/threads", body={}, seconds=0.3, connections=CLIENTS)
            disk.append(fdatasync_us(bench.folder, bench.seconds(1)))
            single.append(bench.load(servers[0], "/threads", body={}, seconds=bench.seconds(1)))
            for server in servers:
                results[server.label].append(
                    bench.load(server, "/threads", body={}, seconds=bench.seconds(3), connections=CLIENTS))
    rows = [rate_row("POST /threads, 16 clients", results, 8), cpu_row("… CPU per request", results),
            latency_row("… p50 / p99 of a request", results),
            Row("… 1 client, p50", milliseconds(figures(single, "latency_us", "p50"))),
            Row("… the disk's own fdatasync of 4 KiB meanwhile, p50", milliseconds(figures(disk, "p50")))]
    return rows, {"rounds": results, "one_client": single, "fdatasync_us": disk}


def get_thread(bench):
    with bench.both("get") as servers:
        def measure(server, seconds):
            return bench.load(server, "/threads/{thread}", seconds=seconds, connections=CLIENTS)
        for server in servers:
            measure(server, 0.3)
        results = bench.alternate(servers, lambda server: measure(server, bench.seconds(3)))
    rows = [rate_row("GET /threads/{id}, 16 clients", results, 12), cpu_row("… CPU per request", results)]
    return rows, {"rounds": results}


def wait(bench):
    """A whole run of the Python graph for each request, every client on a thread of its own."""
    with bench.both("wait") as servers:
        def measure(server, seconds, body):
            return bench.load(server, WAIT, body=body, seconds=seconds, connections=CLIENTS, expect='"out"')
        for server in servers:
            server.until_workers()
            server.until_first_run(ECHO)
            measure(server, 2, ECHO)
        results = bench.alternate(servers, lambda server: measure(server, bench.seconds(5), ECHO))
        native = measure(servers[0], bench.seconds(3), NATIVE_ECHO)
        memory = servers[0].memory_kib()
    rows = [rate_row("runs/wait, 16 clients, Python graph", results, 8), cpu_row("… CPU per run, server + workers", results, 4),
            Row("… … of it the server process", ms(median(results["Heddle"], "own_cpu_us") / 1000)),
            latency_row("… p50 / p99 of a run", results),
            Row("… a built-in graph (no Python): runs/s", f"{native['rps']:.0f}"),
            Row("… … CPU per run", ms(native["cpu_us"] / 1000)),
            Row("… RSS of the C++ process afterwards", mib(memory["VmRSS"]))]
    return rows, {"rounds": results, "native": native, "rss_after_kib": memory}


def stream(bench):
    """One client, one run after the other, each on a fresh thread: the server is idle when the request comes."""
    with bench.both("stream") as servers:
        body = dict(ECHO, stream_mode="values")

        def measure(server, seconds):
            return bench.load(server, STREAM, body=body, seconds=seconds, fresh=True, sse=True, expect="event: values")
        for server in servers:
            server.until_workers()
            server.until_first_run(ECHO)
            measure(server, 2)
        results = bench.alternate(servers, lambda server: measure(server, bench.seconds(6)))
    rows = []
    for name, key, target in (("runs/stream, idle server: first SSE byte, p50", "first_byte_us", 5),
                              ("… `metadata` event, p50", "metadata_us", 5),
                              ("… first `values` event of a Python graph, p50", "values_us", 15),
                              ("… end of the stream, p50", "latency_us", None)):
        ours, theirs = ([us / 1000 for us in figures(results.get(label), key, "p50")] for label in ("Heddle", "peer"))
        reached = None if target is None else statistics.median(ours) <= target
        rows.append(Row(name, spread(ours) + " ms", spread(theirs) + " ms" if theirs else "", spread(ratios(theirs, ours)),
                        f"≤ {target} ms" if target else "", reached))
    return rows, {"rounds": results}


def start(bench):
    """From exec to the first 200 of /ok, and to the end of a first Python run, with an empty data folder."""
    measured = {"Heddle": [], "peer": []}
    for at in range(1 if bench.options.quick else 3):
        with bench.heddle(f"start-{at}") as server:
            server.until_first_run(ECHO)
            ended = time.monotonic() - server.began
            measured["Heddle"].append({"ok_ms": server.start_s * 1000, "first_run_ms": ended * 1000})
        if bench.with_peer:
            with Peer(bench.folder / f"start-{at}-peer") as server:
                measured["peer"].append({"ok_ms": server.start_s * 1000})
    ours, theirs = figures(measured["Heddle"], "ok_ms"), figures(measured["peer"], "ok_ms")
    rows = [Row("start to the first 200 of /ok", spread(ours, "{:.0f}") + " ms", spread(theirs, "{:.0f}") + " ms" if theirs else "",
                spread(ratios(theirs, ours)), "≤ 150 ms", statistics.median(ours) <= 150),
            Row("… to the end of a first Python run", spread(figures(measured["Heddle"], "first_run_ms"), "{:.0f}") + " ms")]
    return rows, measured


def idle(bench):
    """Memory of a server whose workers are ready and which has done nothing yet."""
    memory = {}
    with bench.both("idle") as servers:
        servers[0].until_workers()
        time.sleep(max(3, bench.seconds(6)))
        for server in servers:
            memory[server.label] = server.memory_kib()
    rss = memory["Heddle"]["VmRSS"] / 1024
    peer = mib(memory["peer"]["VmRSS"]) if "peer" in memory else ""
    ratio = f"{memory['peer']['VmRSS'] / 1024 / rss:.1f}" if "peer" in memory else ""
    return [Row("idle RSS of the server process (workers apart)", f"{rss:.1f} MiB", peer, ratio, "≤ 25 MiB", rss <= 25)], memory


def streams(bench):
    """Resident memory for each idle stream: all of one run, so that it is the streams' own; and what a run adds that is
    executed in this process, with its thread, its row in the scheduler and the graph's own coroutines."""
    count = 400 if bench.options.quick else 2000
    data = {"streams": count}
    with bench.heddle("streams") as server:
        data["own_runs"] = hold(bench, server, count, "/runs/stream", sleeping())
    with bench.heddle("streams-joined") as server:
        thread = server.request_json("POST", "/threads", {})
        run = server.request_json("POST", f"/threads/{thread['thread_id']}/runs", sleeping())
        data["joined"] = hold(bench, server, count, f"/threads/{thread['thread_id']}/runs/{run['run_id']}/stream", None)
    own, joined = data["own_runs"]["kib_each"], data["joined"]["kib_each"]
    rows = [Row(f"{count} idle SSE streams (of one run)", f"{joined:.1f} KiB each", "", "", "≤ 10 KiB", joined <= 10),
            Row("… and where each is of its own run: thread, run, native graph", f"+{own - joined:.1f} KiB each")]
    return rows, data


def hold(bench, server, count, path, body):
    """Opens the streams, reads the server's memory while they are idle, closes them. What came before has filled the
    database's caches, which have a bound and do not belong to the streams."""
    bench.load(server, "/runs/stream", body=dict(NATIVE_ECHO, stream_mode="values"), seconds=20, count=count, sse=True, connections=8)
    time.sleep(1)
    before = server.memory_kib()
    command = bench.client_command(server, path, body=body, connections=count, sse=True, hold=True, timeout_ms=50000)
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if not select.select([client.stdout], [], [], 70)[0]:
            raise Failed("the streams do not open")
        line = client.stdout.readline()
        if not line.startswith(f"held {count} "):
            raise Failed(f"not all streams opened: {line} {client.stdout.read()} {server.log_end()[-600:]}")
        time.sleep(2)
        used, at_rest = server.memory_kib(), server.cpu_s()[1]
        time.sleep(bench.seconds(5))
        cpu = (server.cpu_s()[1] - at_rest) / bench.seconds(5)
        result, _ = client.communicate(timeout=60)
        if client.returncode != 0:
            raise Failed(f"streams broke: {line} {result}")
    finally:
        client.kill()
        client.wait()
    each = (used["VmRSS"] - before["VmRSS"]) / count
    return {"before_kib": before, "held_kib": used, "kib_each": each, "cpu_share": cpu, "opened": line.strip()}


def sleeping():
    return {"assistant_id": "native_sleep", "input": {"seconds": 100}, "stream_mode": "values"}


MEASURES = {"threads": threads, "get": get_thread, "wait": wait, "stream": stream, "start": start, "idle": idle, "streams": streams,
            "at_once": concurrency.at_once, "subscribers": concurrency.subscribers,
            "reads": lookups.reads, "among_many": lookups.among_many, "vectors": vectors.vectors, "crons": crons.due_at_once,
            **HOOKS}
