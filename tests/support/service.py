# SPDX-License-Identifier: Apache-2.0
"""The systemd unit, read, and started on a machine without systemd as nearly as that goes."""
import re
import shlex

from server import ROOT

UNIT = ROOT / "packaging" / "heddle.service"


def settings(text=None):
    """Every key of the unit with its values, in order."""
    found = {}
    for line in (text or UNIT.read_text()).splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def environment(machine, unit):
    """Environment= and EnvironmentFile= (which wins)."""
    found = dict(value.split("=", 1) for value in unit.get("Environment", []))
    for name in unit.get("EnvironmentFile", []):
        for line in machine.run("cat", name.removeprefix("-")).splitlines():
            if "=" in line and not line.startswith("#"):
                key, _, value = line.partition("=")
                found[key] = value
    return found


def start(machine, verb="serve"):
    """ExecStart (or another verb with its arguments) as the unit's user, without capabilities, with StateDirectory writable alone.
    A machine.Process."""
    unit = settings(machine.run("cat", "/usr/lib/systemd/system/heddle.service"))
    [user], [group], [state], [umask] = unit["User"], unit["Group"], unit["StateDirectory"], unit["UMask"]
    folder = f"/var/lib/{state}"
    machine.run("install", "-d", "-o", user, "-g", group, "-m", unit["StateDirectoryMode"][0], folder)
    given = environment(machine, unit)
    [line] = unit["ExecStart"]
    command = [re.sub(r"\$\{(\w+)\}", lambda name: given[name.group(1)], word) for word in shlex.split(line)]
    command[1] = verb
    return machine.start(
        "unshare", "--mount", "sh", "-c",
        f"set -e; mount --bind {folder} {folder}; mount -t tmpfs tmpfs /tmp; mount -o remount,bind,ro /; umask {umask};"
        f' cd {unit["WorkingDirectory"][0]}; exec "$@"', "sh",
        "setpriv", f"--reuid={user}", f"--regid={group}", "--init-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all",
        "env", f"HOME={folder}", *(f"{name}={value}" for name, value in given.items()), *command)
