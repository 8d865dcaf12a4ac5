# SPDX-License-Identifier: Apache-2.0
"""The table, in Markdown, as docs/benchmarks.md has it."""
import sys

HEAD = ("", "target", "Heddle", "peer", "ratio", "")


def say(text):
    print(f"== {text}", file=sys.stderr, flush=True)


def verdict(row):
    if row.reached is None:
        return ""
    return "pass" if row.reached else "MISS"


def show(facts, rows, failures, quiet_share):
    lines = [(row.name, row.target, row.heddle, row.peer, row.ratio, verdict(row)) for row in rows]
    widths = [max(len(line[at]) for line in [HEAD, *lines]) for at in range(len(HEAD))]
    print(f"Machine: {facts['machine']}")
    print(f"Heddle: {facts['heddle']}, workers: {facts['python']}")
    print(f"Peer: {facts.get('peer', 'none')}")
    others = facts.get("others", {})
    print(f"{facts['date']}, {facts['seconds']} s; load average before {facts['load']:.2f}, after {facts['load_after']:.2f}")
    print("Cores in use by others: " + ", ".join(f"{name} {share:.0%}" for name, share in others.items()))
    print()
    for line in (HEAD, None, *lines):
        cells = ["-" * width for width in widths] if line is None else [text.ljust(width) for text, width in zip(line, widths)]
        print(f"| {' | '.join(cells)} |")
    print()
    print("Ratios are of rounds that alternate between the two servers: median (least–greatest).")
    judged = [row for row in rows if row.reached is not None]
    print(f"{sum(row.reached for row in judged)} of {len(judged)} targets reached.")
    for name, why in failures.items():
        print(f"FAILED: {name}: {why}")
    if facts["quick"]:
        print("This was --quick: too short for figures to keep.")
    if loud := [name for name, share in others.items() if share > quiet_share]:
        print(f"The machine was not quiet during {', '.join(loud)}: no figures to keep.")
