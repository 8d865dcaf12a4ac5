# SPDX-License-Identifier: Apache-2.0
"""The webhook receiver (bench/receiver.c) as a process of ours."""
import dataclasses
import select
import subprocess

from servers import Failed


class Late(Failed):
    """A webhook did not come in time."""


@dataclasses.dataclass
class Arrival:
    id: str
    at_us: int  # since 1970, when the request's last byte came
    ended_us: int  # the same, of its run's end; 0: the body does not say
    signed: bool


class Receiver:
    """`with` starts and ends it. With "--tell" next() gives each request as it comes, else finish() all of them."""

    def __init__(self, program, *flags):
        self.command = [program, *flags]
        self.process, self.port = None, 0

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.port = int(self._line(10).split()[1])
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def url(self):
        return f"http://127.0.0.1:{self.port}/hook"

    def next(self, timeout_s):
        return _arrival(self._line(timeout_s))

    def finish(self):
        text, _ = self.process.communicate(timeout=60)
        return [_arrival(line) for line in text.splitlines()]

    def _line(self, timeout_s):
        if not select.select([self.process.stdout], [], [], timeout_s)[0]:
            raise Late(f"no webhook came within {timeout_s} s")
        line = self.process.stdout.readline()
        if not line:
            raise Failed("the receiver has ended")
        return line


def _arrival(line):
    name, at_us, ended_us, signed = line.decode().split()
    return Arrival(name, int(at_us), int(ended_us), signed == "signed")
