# SPDX-License-Identifier: Apache-2.0
"""A network namespace: loopback of its own, name servers of its own. Needs root and iproute2."""
import ctypes
import os
import pathlib
import shutil
import subprocess

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def _enter(descriptor):
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


class Namespace:
    """`with Namespace(name_server="127.0.0.1", addresses=["8.8.4.4/32"]) as inside:` the calling thread, the threads and the
    processes that it starts are in it, until the end of the block. A process started with `inside.prefix` before its
    command asks `name_server` as well."""

    _count = 0

    def __init__(self, name_server="127.0.0.1", addresses=()):
        Namespace._count += 1
        self.name = f"heddle-test-{os.getpid()}-{Namespace._count}"
        self.name_server = name_server
        self.addresses = list(addresses)
        self.prefix = ["ip", "netns", "exec", self.name]
        self._folder = pathlib.Path("/etc/netns") / self.name
        self._outside = None

    def __enter__(self):
        self._outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._ip("netns", "add", self.name)
            self._ip("-n", self.name, "link", "set", "lo", "up")
            for address in self.addresses:
                quick = ["nodad"] if ":" in address else []
                self._ip("-n", self.name, "address", "add", address, "dev", "lo", *quick)
            self._folder.mkdir(parents=True)
            (self._folder / "resolv.conf").write_text(f"nameserver {self.name_server}\n")
            inside = os.open(f"/run/netns/{self.name}", os.O_RDONLY | os.O_CLOEXEC)
            try:
                _enter(inside)
            finally:
                os.close(inside)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        _enter(self._outside)
        os.close(self._outside)
        subprocess.run(["ip", "netns", "delete", self.name], capture_output=True, check=False)
        shutil.rmtree(self._folder, ignore_errors=True)
        try:
            self._folder.parent.rmdir()  # only when nobody else has one
        except OSError:
            pass

    @staticmethod
    def _ip(*arguments):
        done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"ip {' '.join(arguments)}: {done.stderr.strip()} (network namespaces need root and iproute2)")
