# SPDX-License-Identifier: Apache-2.0
"""tests/vectors/cron holds what the installed croniter answers, and docs/crons.md says where we read a schedule differently."""
import datetime
import pathlib

import cron_vectors
import pytest
from croniter import croniter

ROOT = pathlib.Path(__file__).resolve().parents[2]
JANUARY = int(datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc).timestamp())
DAY = 86400


def test_the_vectors_are_croniters_answers():
    made = ["\t".join(map(str, vector)) for vector in cron_vectors.vectors(cron_vectors.SEED, cron_vectors.COUNT)]
    assert made == (ROOT / "tests/vectors/cron/croniter.tsv").read_text().splitlines()


def test_the_vectors_hold_every_kind_of_answer_and_zone():
    lines = (ROOT / "tests/vectors/cron/croniter.tsv").read_text().splitlines()
    schedules, zones, _, answers = zip(*(line.split("\t") for line in lines))
    assert len(lines) >= 5000 and len(set(schedules)) > 4000
    assert set(zones) == {"UTC", *cron_vectors.ZONES}
    assert 500 < answers.count("refused") < 1500 and answers.count("none") > 100
    for sign in "LW#?/-,":
        assert sum(sign in schedule for schedule in schedules) > 100, sign


# The table of docs/crons.md.
@pytest.mark.parametrize("schedule, said", [
    ("0 0 20-0 * *", str(19 * DAY)),
    ("0 0 15 * fri#2", "none"),
    (" @daily ", "refused"),
    ("0 0 * * 1-3#1", "refused"),
    ("0 0 2-31,L * */2", str(2 * DAY)),
])
def test_croniter_still_answers_as_documented(schedule, said):
    assert cron_vectors.answer(schedule, "UTC", JANUARY) == said


def test_croniter_still_expands_as_documented():
    def expanded(schedule, field):
        return croniter.expand(schedule)[0][field]

    assert expanded("0 23-7/2 * * *", 1) == [2, 4, 6, 23]
    assert expanded("0 0 2-31,L * */2", 2) == ["*"]
    assert len({expanded("R * * * *", 0)[0] for _ in range(200)}) > 1
    assert croniter.expand("0 0 * * 1,1#2") == ([[0], [0], ["*"], ["*"], [1]], {1: {2}})


def test_croniter_runs_a_time_that_comes_twice_twice():
    start = datetime.datetime(2024, 10, 26, 10, tzinfo=datetime.timezone.utc).timestamp()
    times, at = [], int(start)
    for _ in range(2):
        at += int(cron_vectors.answer("30 2 * * *", "Europe/Berlin", at))
        times.append(at)
    assert times[1] - times[0] == 3600
