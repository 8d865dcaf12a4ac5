# SPDX-License-Identifier: Apache-2.0
"""Rows of the table that several measures have."""
import statistics

from bench import Row, figures, median, ratios, spread


def rate_row(name, results, target):
    ours, theirs = figures(results["Heddle"], "rps"), figures(results.get("peer"), "rps")
    times = ratios(ours, theirs)
    return Row(name, spread(ours, "{:.0f}") + "/s", spread(theirs, "{:.0f}") + "/s" if theirs else "", spread(times),
               f"≥ {target} ×", statistics.median(times) >= target if times else None)


def cpu_row(name, results, target_ms=None):
    ours = median(results["Heddle"], "cpu_us")
    theirs = median(results.get("peer"), "cpu_us")
    show = ms if ours >= 500 or target_ms else None
    return Row(name, ms(ours / 1000) if show else f"{ours:.0f} µs",
               "" if theirs is None else ms(theirs / 1000) if theirs >= 500 else f"{theirs:.0f} µs",
               "" if theirs is None else f"{theirs / ours:.1f}", f"≤ {target_ms} ms" if target_ms else "",
               ours / 1000 <= target_ms if target_ms else None)


def latency_row(name, results):
    """The median and the 99th percentile of the latency, each the median over the rounds."""
    texts = {"peer": ""}
    for label, rounds in results.items():
        if rounds:
            texts[label] = " / ".join(ms(median(rounds, "latency_us", key) / 1000) for key in ("p50", "p99"))
    return Row(name, texts["Heddle"], texts["peer"])


def milliseconds(figures_us):
    return spread([us / 1000 for us in figures_us], "{:.2f}") + " ms"


def ms(value):
    return f"{value:.2f} ms" if value < 10 else f"{value:.0f} ms"


def mib(kib):
    return f"{kib / 1024:.1f} MiB"
