# SPDX-License-Identifier: Apache-2.0
"""What the kernel knows about processes and the machine, from /proc."""
import os
import pathlib
import platform
import re
import time

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
CORES = len(os.sched_getaffinity(0))


def _stat(pid):
    """The fields of /proc/PID/stat after the name, or None when the process has gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def tree(root):
    """A process and all its descendants."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := _stat(name)):
            children.setdefault(int(fields[1]), []).append(int(name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def cpu_s(root):
    """User and system time: of a process alone, and with its descendants, ended children included."""
    own = total = 0
    for pid in tree(root):
        if fields := _stat(pid):
            ticks = [int(field) for field in fields[11:15]]
            total += sum(ticks)
            if pid == root:
                own = sum(ticks[:2])
    return own / TICKS_PER_S, total / TICKS_PER_S


def memory_kib(pid):
    """Resident memory of one process: all of it, its anonymous part (without the files it maps), and the most it ever was."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {name: int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M)[1]) for name in ("VmRSS", "RssAnon", "VmHWM")}


def busy_s():
    """Time that all cores together have not been idle since the machine started."""
    fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    user, nice, system, _idle, _iowait, irq, softirq, steal = (int(ticks) for ticks in fields)
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_S


def load_1min():
    return os.getloadavg()[0]


def machine(directory):
    """The machine in one line."""
    cpu = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    memory = re.search(r"^MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text(), re.M)
    system = re.search(r'^PRETTY_NAME="?([^"\n]*)', pathlib.Path("/etc/os-release").read_text(), re.M)
    return (f"{CORES} × {cpu[1] if cpu else platform.machine()}, {round(int(memory[1]) / 2**20)} GiB, "
            f"{file_system(directory)}, {system[1] if system else 'Linux'}, kernel {platform.release()}")


def file_system(directory):
    """The type and device of the file system that a directory is on."""
    path, best = str(pathlib.Path(directory).resolve()), ("", "?", "?")
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        device, point, kind = line.split()[:3]
        if (path + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best[0]):
            best = (point, kind, device)
    return f"{best[1]} on {best[2]}"


def fdatasync_us(folder, seconds):
    """What writing 4 KiB and having it on the disk takes, in a file that has its blocks, as a write-ahead log has."""
    path, block, blocks, taken = pathlib.Path(folder) / "fdatasync", os.urandom(4096), 256, []
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.pwrite(descriptor, block * blocks, 0)
        os.fsync(descriptor)
        until = time.monotonic() + seconds
        while len(taken) < 5000 and (not taken or time.monotonic() < until):
            began = time.monotonic()
            os.pwrite(descriptor, block, len(taken) % blocks * len(block))
            os.fdatasync(descriptor)
            taken.append((time.monotonic() - began) * 1e6)
    finally:
        os.close(descriptor)
        path.unlink()
    taken.sort()
    return {"p50": taken[len(taken) // 2], "p99": taken[len(taken) * 99 // 100], "count": len(taken)}


def others_share(seconds):
    """The share of the cores in use over some seconds in which the caller does nothing."""
    before = busy_s()
    time.sleep(seconds)
    return (busy_s() - before) / (seconds * CORES)
