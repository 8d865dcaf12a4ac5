# SPDX-License-Identifier: Apache-2.0
"""The table, in Markdown, as docs/benchmarks.md has it."""
import sys

MARKS = ("<!-- result -->", "<!-- /result -->")
HEAD = ("", "target", "Heddle", "peer", "ratio", "")


def say(text):
    print(f"== {text}", file=sys.stderr, flush=True)


def verdict(row):
    if row.reached is None:
        return ""
    return "pass" if row.reached else "MISS"


def table(facts, rows):
    """What was measured, on what: the part that docs/benchmarks.md keeps."""
    cells = [(row.name, row.target, row.heddle, row.peer, row.ratio, verdict(row)) for row in rows]
    widths = [max(len(line[at]) for line in [HEAD, *cells]) for at in range(len(HEAD))]
    others = ", ".join(f"{name} {share:.0%}" for name, share in facts.get("others", {}).items())
    lines = [f"- Machine: {facts['machine']}",
             f"- Heddle: {facts['heddle']}, workers: {facts['python']}",
             f"- Peer: {facts.get('peer', 'none')}",
             f"- {facts['date']}, {facts['seconds']} s, load average before {facts['load']:.2f}, after "
             f"{facts['load_after']:.2f}; cores in use by others: {others}", ""]
    for line in (HEAD, ["-" * width for width in widths], *cells):
        lines.append("| " + " | ".join(text.ljust(width) for text, width in zip(line, widths)) + " |")
    return "\n".join(lines) + "\n"


def show(facts, rows, failures, quiet_share):
    print(table(facts, rows))
    print("Ratios are of rounds that alternate between the two servers: median (least–greatest).")
    judged = [row for row in rows if row.reached is not None]
    print(f"{sum(row.reached for row in judged)} of {len(judged)} targets reached.")
    for name, why in failures.items():
        print(f"FAILED: {name}: {why}")
    if facts["quick"]:
        print("This was --quick: too short for figures to keep.")
    if loud := [name for name, share in facts.get("others", {}).items() if share > quiet_share]:
        print(f"The machine was not quiet during {', '.join(loud)}: no figures to keep.")


def keep(document, facts, rows):
    """Puts the table into the document, between its two marks."""
    before, mark, rest = document.read_text().partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not mark or not end:
        raise ValueError(f"{document} has no place for the result")
    document.write_text(f"{before}{mark}\n{table(facts, rows)}{end}{after}")
