# SPDX-License-Identifier: Apache-2.0
"""What every measure needs: the load client, rounds that alternate between the servers, and the rows of the result."""
import contextlib
import dataclasses
import json
import os
import statistics
import subprocess
import time

import processes
from receiver import Receiver
from servers import HERE, Failed, Heddle, Peer


@dataclasses.dataclass
class Row:
    """One line of the result. Without a target it is for information."""
    name: str
    heddle: str
    peer: str = ""
    ratio: str = ""
    target: str = ""
    reached: bool | None = None


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.binary, self.python = options.heddle, options.python
        self.rounds = 2 if options.quick else 4
        self.with_peer = options.peer
        self.load_client = folder / "load"
        self.client_cpu_s = 0.0
        self.raw = {}

    def seconds(self, full):
        return full / 5 if self.options.quick else full

    # ---- servers

    @contextlib.contextmanager
    def heddle(self, name, config=None):
        with Heddle(self.folder / f"{name}-heddle", self.binary, self.python, config) as server:
            yield server

    def receiver(self, *flags):
        """A receiver of webhooks (bench/receiver.c), with its options."""
        return Receiver(self.folder / "receiver", *flags)

    @contextlib.contextmanager
    def both(self, name):
        """Both servers, started fresh; only Heddle when there is no peer."""
        with contextlib.ExitStack() as stack:
            servers = [stack.enter_context(self.heddle(name))]
            if self.with_peer:
                servers.append(stack.enter_context(Peer(self.folder / f"{name}-peer")))
            yield servers

    def alternate(self, servers, measure):
        """Runs measure(server) in rounds A B A B …; the results of each server, by its label."""
        results = {server.label: [] for server in servers}
        for _ in range(self.rounds):
            for server in servers:
                results[server.label].append(measure(server))
        return results

    # ---- load

    def build_clients(self):
        """The load client, the readers of a stream, and the receiver."""
        compiler = os.environ.get("CC") or next(
            (name for name in ("clang-16", "cc", "gcc", "clang") if _works([name, "--version"])), None)
        if compiler is None:
            raise Failed("there is no C compiler for the load client")
        for program, names in ((self.load_client, ("load.c", "response.c", "samples.c")), (self.folder / "readers", ("readers.c", "response.c")),
                               (self.folder / "receiver", ("receiver.c",))):
            built = subprocess.run([compiler, "-std=c11", "-O2", "-o", program, *(HERE / name for name in names)], capture_output=True,
                                   text=True, timeout=120, check=False)
            if built.returncode != 0:
                raise Failed(f"{names[0]} does not compile: {built.stderr}")

    def client_command(self, server, path, *, body=None, **options):
        command = [self.load_client, "--port", str(server.port), "--path", path]
        if body is not None:
            command += ["--body", json.dumps(body)]
        for name, value in options.items():
            if value is not False:
                command += ["--" + name.replace("_", "-")] + ([] if value is True else [str(value)])
        return command

    def load(self, server, path, *, body=None, seconds=1.0, **options):
        """One run of the load client, with what the server and its workers used meanwhile."""
        command = self.client_command(server, path, body=body, seconds=seconds, **options)
        before = server.cpu_s(), os.times()
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
        after = server.cpu_s(), os.times()
        self.client_cpu_s += _children_s(after[1]) - _children_s(before[1])
        if not done.stdout.strip():
            raise Failed(f"{server.label}, {path}: {done.stderr.strip() or 'the load client said nothing'}")
        result = json.loads(done.stdout)
        if result["requests"] == 0 or result["errors"] > 0:
            raise Failed(f"{server.label}, {path}: {result['errors']} errors, first: {result['first_error']}; "
                         f"{server.log_end()[-600:]}")
        for name, at in (("own_cpu_us", 0), ("cpu_us", 1)):  # the server process alone, and with its workers
            result[name] = (after[0][at] - before[0][at]) * 1e6 / result["requests"]
        return result

    # ---- how quiet it was

    def watched(self, name, measure):
        """Runs a measure, notes the load, the disk, and what others used of the cores meanwhile."""
        disk = [processes.fdatasync_us(self.folder, 0.2)]
        load, busy, began = processes.load_1min(), processes.busy_s(), time.monotonic()
        own, self.client_cpu_s = os.times(), 0.0
        rows, raw = measure(self)
        passed, busy, times = time.monotonic() - began, processes.busy_s() - busy, os.times()
        ours = sum(times[:4]) - sum(own[:4])  # this process, the clients and the servers, all of them ended by now
        others = max(0.0, busy - ours) / (passed * processes.CORES)
        disk.append(processes.fdatasync_us(self.folder, 0.2))
        self.raw[name] = {"seconds": round(passed, 1), "fdatasync_us": disk, "load_before": load, "load_after": processes.load_1min(),
                          "others_share": round(others, 3), "data": raw}
        return rows


def _works(command):
    try:
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0
    except OSError:
        return False


def _children_s(times):
    return times.children_user + times.children_system


# ---- numbers

def median(results, *path):
    """The median over the rounds of one figure, given by its path of keys; None without rounds."""
    values = figures(results, *path)
    return statistics.median(values) if values else None


def figures(results, *path):
    values = []
    for result in results or []:
        for key in path:
            result = result[key]
        values.append(result)
    return values


def ratios(above, below):
    return [a / b for a, b in zip(above, below) if b > 0]


def spread(values, form="{:.1f}"):
    """Median and, for several values, the range."""
    if not values:
        return ""
    middle = form.format(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({form.format(min(values))}–{form.format(max(values))})"
