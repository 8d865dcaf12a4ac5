# SPDX-License-Identifier: Apache-2.0
"""tools/check_allow.txt: `rule path[:subject]  reason`, one exception a line. One that excuses nothing is a finding."""
from checks.tree import Finding

PATH = "tools/check_allow.txt"


class AllowList:
    def __init__(self, tree):
        self.partial = tree.partial
        self.entries, self.problems = {}, []
        file = tree.root / PATH
        if not file.is_file():
            return
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            rule, _, rest = line.partition(" ")
            target, _, reason = rest.strip().partition(" ")
            if not reason.strip():
                self.problems.append(Finding(PATH, number, "allow-list", "an exception needs a reason: `rule path reason`"))
            self.entries[(rule, target)] = number

    def apply(self, findings):
        used, kept = set(), []
        for finding in findings:
            keys = {(finding.rule, finding.path), (finding.rule, f"{finding.path}:{finding.subject}")}
            excused = keys & self.entries.keys()
            used |= excused
            if not excused:
                kept.append(finding)
        if not self.partial:
            for (rule, target), number in self.entries.items():
                if (rule, target) not in used:
                    self.problems.append(Finding(PATH, number, "allow-list", f"excuses nothing, remove it: {rule} {target}"))
        return kept + self.problems
