# SPDX-License-Identifier: Apache-2.0
"""A throw-away machine: a copy of a Debian root in memory, with process ids and mounts of its own, that is gone at the end.

The root is a minimal Debian when there is one (FRESH_BASE, else fresh-base in the user's cache folder), so that what a
package does not depend on is missing; else this machine's own. The network is this machine's.
"""
import os
import pathlib
import queue
import subprocess
import tempfile
import threading

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root",
               "DEBIAN_FRONTEND": "noninteractive"}

# In a root that is no mount of its own (a chroot) the mounts cannot be made private; they are taken down at the end then.
_PRIVATE = 'unshare --mount true 2>/dev/null && how=private || how=unchanged; exec unshare --mount --propagation "$how" "$@"'
_MOUNT = """
set -eu
mount -t tmpfs -o size=3g,mode=0755 machine "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay machine -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
for file in resolv.conf hosts ssl/certs/ca-certificates.crt; do
  if [ -e "/etc/$file" ]; then mkdir -p "$(dirname "$1/root/etc/$file")"; cp "/etc/$file" "$1/root/etc/$file"; fi
done
touch "$1/root/etc/throw-away-machine"
cd /
exec chroot "$1/root" sh -c 'echo ready; exec sleep infinity'
"""


def fresh_base():
    """The minimal root, or this machine's."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    base = pathlib.Path(os.environ.get("FRESH_BASE") or cache / "fresh-base")
    return base if (base / ".ready").exists() else pathlib.Path("/")


class Process:
    """A command on the machine whose output is read line by line."""

    def __init__(self, machine, command):
        self._machine = machine
        self._process = subprocess.Popen(machine.inside("sh", "-c", 'echo $$; exec "$@"', "sh", *command),
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.log = ""
        self._lines = queue.Queue()
        threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True).start()
        threading.Thread(target=self._read_log, daemon=True).start()
        self.pid = self.line()  # as the machine counts

    def _read(self, pipe):
        for line in pipe:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def _read_log(self):
        for line in self._process.stderr:
            self.log += line

    def line(self, timeout_s=30):
        line = self._lines.get(timeout=timeout_s)
        assert line is not None, f"the process ended:\n{self.log}"
        return line

    def wait(self, timeout_s=60):
        """The exit code and the lines that were not read yet."""
        code = self._process.wait(timeout_s)
        return code, list(iter(lambda: self._lines.get(timeout=10), None))

    def terminate(self, timeout_s=30):
        """SIGTERM; the exit code."""
        self._machine.run("sh", "-c", f"kill -TERM {self.pid}")  # minimal machines have only the shell's kill
        return self._process.wait(timeout_s)


class Machine:
    def __init__(self, base=None):
        self.base = base or fresh_base()
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="heddle-machine-"))
        self._as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
        self._holder = None

    def __enter__(self):
        self._holder = subprocess.Popen(
            [*self._as_root, "sh", "-c", _PRIVATE, "sh", "--pid", "--fork", "--kill-child", "sh", "-c", _MOUNT, "sh", str(self._folder),
             str(self.base)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self._holder.stdout.readline() != "ready\n":
            raise AssertionError(f"no machine could be made; this needs root or sudo, and the right to mount: {self._holder.stderr.read()}")
        children = pathlib.Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children").read_text().split()
        self._init = children[0] if not self._as_root else self._youngest(children[0])
        # Nothing is ever run on the real machine by mistake.
        assert self.succeeds("test", "-e", "/etc/throw-away-machine")
        return self

    @staticmethod
    def _youngest(pid):
        while True:
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            if not children:
                return pid
            pid = children[0]

    def __exit__(self, *_):
        # The machine's first process takes everything on it along, its mounts too.
        subprocess.run([*self._as_root, "sh", "-c", f"kill -KILL {self._init}"], check=False)
        self._holder.wait()
        for pipe in (self._holder.stdin, self._holder.stdout, self._holder.stderr):
            pipe.close()
        while subprocess.run([*self._as_root, "umount", "--recursive", "--lazy", str(self._folder)], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            pass
        self._folder.rmdir()  # never more than that: /dev may still be below it

    def inside(self, *command):
        """The command line that runs `command` on the machine."""
        return [*self._as_root, "nsenter", "--target", self._init, "--mount", "--pid", "--root", "--wd", "env", "-i",
                *(f"{name}={value}" for name, value in ENVIRONMENT.items()), *command]

    def run(self, *command, check=True, stdin=None):
        """Runs a command to its end; its output, both streams together."""
        done = subprocess.run(self.inside(*command), input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False, timeout=240)
        assert not check or done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout[-4000:]}"
        return done.stdout

    def succeeds(self, *command):
        return subprocess.run(self.inside(*command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              check=False, timeout=240).returncode == 0

    def start(self, *command):
        return Process(self, command)

    def put(self, source, target):
        """Copies a file of this machine onto that one."""
        with open(source, "rb") as file:
            subprocess.run(self.inside("sh", "-c", f"cat > {target}"), stdin=file, check=True)
