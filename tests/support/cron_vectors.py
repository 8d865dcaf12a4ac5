# SPDX-License-Identifier: Apache-2.0
"""Cron schedules, starts and what croniter answers: writes tests/vectors/cron/croniter.tsv, which the unit tests read.

    build/venv/bin/python tests/support/cron_vectors.py > tests/vectors/cron/croniter.tsv

A line is `schedule TAB zone TAB start TAB answer`: the start in seconds since 1970, the answer in seconds after the start,
`none` (there is no such date within croniter's 50 years) or `refused`. Starts and answers lie at least two days from
changes of the clock, where our rule is another one; so are the schedules that docs/crons.md lists as read differently.
"""
import datetime
import random
import re
import sys
import zoneinfo

from croniter import CroniterBadCronError, CroniterBadDateError, croniter

SEED = 20260101
COUNT = 6000
ZONES = ["Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Casablanca",
         "Asia/Kathmandu", "Pacific/Apia", "Asia/Tokyo", "America/St_Johns"]
RANGES = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7), (0, 59), (1970, 2099)]
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
WEEKDAYS = "sun mon tue wed thu fri sat".split()
NAMES = {3: (MONTHS, 1), 4: (WEEKDAYS, 0)}
ALIASES = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly", "@DAILY"]
# Fields of schedules that people write, and of rare ones.
WRITTEN = ["* * * * *", "*/5 * * * *", "*/15 * * * *", "0 * * * *", "0 */2 * * *", "0 9 * * 1-5", "0 9 * * MON-FRI",
           "30 2 * * *", "0 0 1 * *", "0 0 L * *", "0 0 15,L * *", "0 0 1,15 * 3", "0 0 29 2 *", "0 0 29 2 1", "0 0 31 * *",
           "0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 * * 5#3", "0 0 * * L5", "0 0 * * sat#1,sun#2",
           "0 0 * * 5#5", "0 0 15W * *", "0 0 1W * *", "0 0 31W * *", "0 0 ? * 1", "0 0 1 * ?", "*/10 * * * * */7",
           "0 0 1 1 * 0 2030", "0 0 29 2 * 0 2024-2099/4", "0 0 */1 * 1", "0 0 1-31 * */2", "0 0 */2 * 0-6", "0 0 1 * 0-6",
           "0 0 13 * 5", "59 23 31 12 *", "0 0 * * 7", "0 0 * * 5-7", "0 0 * * sun-sun", "9-9 * * * *", "59/15 * * * *"]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, field):
        low, high = RANGES[field]
        number = self.random.randint(low, high)
        if field in NAMES and self.random.random() < 0.4:
            names, first = NAMES[field]
            name = names[(number - first) % len(names)]
            return self.random.choice([name, name.upper(), name.title()])
        return f"{number:02}" if self.random.random() < 0.1 else str(number)

    def item(self, field):
        low, high = RANGES[field]
        kind = self.random.random()
        step = self.random.randint(1, max(2, (high - low) // 2))
        if kind < 0.4:
            return self.value(field)
        if kind < 0.6:
            return f"*/{step}"
        if kind < 0.7:
            return f"{self.value(field)}/{step}"
        if kind < 0.9:
            return f"{self.value(field)}-{self.value(field)}"
        ends = sorted(self.random.sample(range(low, min(high, 2099) + 1), 2))
        return f"{ends[0]}-{ends[1]}/{step}"

    def field(self, field):
        kind = self.random.random()
        if kind < (0.3 if field < 2 else 0.6):
            return "*"
        if field == 2 and kind > 0.85:
            day = self.random.randint(1, 31)
            return self.random.choice(["L", f"{day},l", f"{day}W", f"W{day}", f"{min(day, 30)}-L", "?"])
        if field == 4 and kind > 0.85:
            day, week = self.value(4), self.random.randint(1, 5)
            return self.random.choice([f"{day}#{week}", f"L{self.random.randint(0, 7)}", f"mon-fri#{week}", "?",
                                       f"{day}#{week},{self.value(4)}#{self.random.randint(1, 5)}"])
        return ",".join(self.item(field) for _ in range(self.random.choice([1, 1, 1, 2, 3])))

    def schedule(self):
        kind = self.random.random()
        if kind < 0.01:
            return self.random.choice(ALIASES)
        if kind < 0.15:
            return self.random.choice(WRITTEN)
        count = self.random.choice([5, 5, 5, 6, 7])
        text = self.random.choice([" ", " ", " ", "  "]).join(self.field(n) for n in range(count))
        if self.random.random() < 0.2:
            text = self.broken(text)
        return text

    def broken(self, text):
        at = self.random.randrange(len(text))
        return text[:at] + self.random.choice(["", " ", "*", "-", "/", ",", "#", "L", "W", "?", "9", "0", "x", "+", "."]) \
            + text[at + self.random.randint(0, 1):]

    def start(self, zone):
        first, last = (1970, 2080) if zone == "UTC" else (1996, 2024)
        at = self.random.randint(epoch(first), epoch(last))
        return at - at % self.random.choice([1, 60, 3600, 86400])


def epoch(year):
    return int(datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc).timestamp())


def local(zone, at):
    return datetime.datetime.fromtimestamp(at, zoneinfo.ZoneInfo(zone))


def is_calm(zone, at):
    """No change of the clock within two days."""
    return len({local(zone, at + hours * 3600).utcoffset() for hours in (-48, -24, 0, 24, 48)}) == 1


def answer(schedule, zone, start):
    """croniter's: seconds after the start, `none` or `refused`."""
    try:
        date = croniter(schedule, local(zone, start)).get_next(datetime.datetime)
    except CroniterBadCronError:
        return "refused"
    except CroniterBadDateError:
        return "none"
    return str(int(date.timestamp()) - start)


def is_read_differently(schedule, said):
    """docs/crons.md, where we differ."""
    fields = schedule.lower().split()
    if len(fields) < 5:
        return False
    if re.search(r"\br\b|r\(", schedule.lower()):
        return True  # random times
    for n, field in enumerate(fields):
        for item in field.split(","):
            span = re.fullmatch(r"(\w+)-(\w+)(?:/(\d+))?", item)
            if span and said != "refused":
                low, high = (number(n, end) for end in span.groups()[:2])
                if min(low, high) < RANGES[n][0]:
                    return True  # `20-0`: day 0, month 0, year 285 as a range's end
                if low > high and int(span[3] or 1) > 1:
                    return True  # a step over the end of the range
    special = "#" in fields[4] or re.search(r"\bl\d", fields[4]) or "w" in fields[2]
    if re.search(r"\d-\w+#|\w-\d+#", fields[4]):
        return True  # 1-5#2
    if special and said == "none" and fields[2] not in ("*", "?") and fields[4] not in ("*", "?"):
        return True  # two day fields that never agree
    if ("#" in fields[4] or re.search(r"\bl\d", fields[4])) and said != "refused":
        plain = [item for item in fields[4].split(",") if "#" not in item and not re.fullmatch(r"l\d+", item)]
        if plain:
            return True  # days of every week among those of one week
    if "l" in fields[2].split(",") and croniter_days_full(schedule, said):
        return True
    return False


def croniter_days_full(schedule, said):
    """30 days and `L` are every day to croniter."""
    return said != "refused" and croniter.expand(schedule)[0][2] == ["*"] and "*" not in schedule.split()[2]


def number(field, text):
    if field in NAMES and text in NAMES[field][0]:
        return NAMES[field][0].index(text) + NAMES[field][1]
    if field == 2 and text == "l":
        return 31
    value = int(text)
    return 0 if field == 4 and value == 7 else value


def vectors(seed, count):
    maker = Maker(seed)
    made = 0
    while made < count:
        schedule = maker.schedule()
        zone = "UTC" if maker.random.random() < 0.5 else maker.random.choice(ZONES)
        start = maker.start(zone)
        if not is_calm(zone, start):
            continue
        said = answer(schedule, zone, start)
        if is_read_differently(schedule, said):
            continue
        if said not in ("none", "refused"):
            found = start + int(said)
            if not is_calm(zone, found) or (zone != "UTC" and found > epoch(2025)):
                continue
        made += 1
        yield schedule, zone, start, said


if __name__ == "__main__":
    for schedule, zone, start, said in vectors(SEED, COUNT):
        sys.stdout.write(f"{schedule}\t{zone}\t{start}\t{said}\n")
