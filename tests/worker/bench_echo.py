# SPDX-License-Identifier: Apache-2.0
"""What a trivial run costs: CPU of the worker process per echo run, over the fake server.

    python tests/worker/bench_echo.py [RUNS] [CONCURRENT] [GRAPH]

Not a test: figures depend on the machine. Set HEDDLE_PROFILE=FILE to have the worker's main thread profiled.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).resolve().parents[2] / "workers" / "python")]

from fake_server import REPOSITORY, WorkerProcess  # noqa: E402


def cpu_s(pid: int) -> float:
    """CPU time of all threads, to the nanosecond."""
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    concurrent = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    graph = sys.argv[3] if len(sys.argv) > 3 else "echo"
    given = {"text": "x"} if graph == "echo" else {"messages": [{"role": "user", "content": "hello"}]}
    with tempfile.TemporaryDirectory() as folder:
        worker = WorkerProcess(Path(folder))
        worker.load_config(REPOSITORY / "tests" / "projects" / "wire" / "langgraph.json")
        for run in [worker.connection.start_run(graph, given) for _ in range(20)]:
            run.wait()
        pid = worker.process.pid
        cpu, wall, mine = cpu_s(pid), time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
        open_runs = []
        for _ in range(runs):
            open_runs.append(worker.connection.start_run(graph, given))
            if len(open_runs) >= concurrent:
                open_runs.pop(0).wait()
        for run in open_runs:
            run.wait()
        wall, cpu = time.monotonic() - wall, cpu_s(pid) - cpu
        now = resource.getrusage(resource.RUSAGE_SELF)
        own = now.ru_utime + now.ru_stime - mine.ru_utime - mine.ru_stime
        print(f"{runs} runs, {concurrent} at once: {runs / wall:.0f}/s, worker CPU {cpu / runs * 1e6:.0f} µs a run,")
        print(f"fake server CPU {own / runs * 1e6:.0f} µs a run, frames {len(worker.connection.frames) / runs:.1f}")
        worker.stop()


if __name__ == "__main__":
    main()
