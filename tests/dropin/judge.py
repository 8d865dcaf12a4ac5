# SPDX-License-Identifier: Apache-2.0
"""Compares two tellings of the story: equal, different as known.py documents, or unexpected."""
import dataclasses
import re

from observed import differences


@dataclasses.dataclass
class Verdict:
    equal: int = 0
    documented: int = 0
    unexpected: list = dataclasses.field(default_factory=list)  # one line for each path
    reasons: set = dataclasses.field(default_factory=set)

    def summary(self):
        return f"{self.equal} steps equal, {self.documented} differ as documented, {len(self.unexpected)} unexpected"


def judge(ours, theirs, known):
    """`known`: a table of known.py. Also unexpected is a documented difference that is none any more."""
    verdict, used = Verdict(), set()
    if [each["step"] for each in ours] != [each["step"] for each in theirs]:
        verdict.unexpected.append("the two conversations have different steps; record anew with ./dev dropin --record")
        return verdict
    for left, right in zip(ours, theirs, strict=True):
        unexplained, found = 0, list(differences(left["saw"], right["saw"]))
        for path, mine, other in found:
            reasons = [at for at, (step, where, _) in enumerate(known) if re.fullmatch(step, left["step"]) and re.fullmatch(where, path)]
            used.update(reasons)
            if not reasons:
                unexplained += 1
                verdict.unexpected.append(f"{left['step']}: {path or '(all)'}: Heddle {short(mine)}, LangGraph {short(other)}")
        verdict.equal += not found
        verdict.documented += bool(found) and not unexplained
    verdict.reasons = {known[at][2] for at in used}
    verdict.unexpected += [f"known.py lists a difference that there is not: {known[at][:2]}" for at in range(len(known)) if at not in used]
    return verdict


def short(value):
    text = repr(value)
    return text if len(text) < 160 else text[:157] + "..."
