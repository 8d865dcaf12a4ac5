# SPDX-License-Identifier: Apache-2.0
"""A network namespace: a loopback interface of its own and nothing else. Needs root and iproute2. Mounts nothing, so that it
works in a chroot too: the name server stands where /etc/resolv.conf says, which is an address of this loopback inside."""
import contextlib
import ctypes
import ipaddress
import os
import pathlib
import subprocess

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def _checked(code):
    if code != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{os.strerror(error)} (network namespaces need root)")


def name_server():
    """The address of the first name server that a resolver of this machine asks."""
    with contextlib.suppress(OSError):
        for line in pathlib.Path("/etc/resolv.conf").read_text(errors="replace").splitlines():
            words = line.split()
            if len(words) > 1 and words[0] == "nameserver":
                with contextlib.suppress(ValueError):
                    return str(ipaddress.IPv4Address(words[1]))
    return "127.0.0.1"


class Namespace:
    """`with Namespace(addresses=["8.8.4.4/32"]):` the calling thread, the threads and the processes that it starts are in it,
    until the end of the block; it goes with the last of them. The address of name_server() is one of its own."""

    def __init__(self, addresses=()):
        self.addresses = list(addresses)
        server = ipaddress.IPv4Address(name_server())
        if not server.is_loopback:
            self.addresses.append(f"{server}/32")
        self._outside = None

    def __enter__(self):
        self._outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _checked(_libc.unshare(CLONE_NEWNET))
            self._ip("link", "set", "lo", "up")
            for address in self.addresses:
                quick = ["nodad"] if ":" in address else []
                self._ip("address", "add", address, "dev", "lo", *quick)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        _checked(_libc.setns(self._outside, CLONE_NEWNET))
        os.close(self._outside)

    @staticmethod
    def _ip(*arguments):
        done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"ip {' '.join(arguments)}: {done.stderr.strip()} (needs iproute2)")
