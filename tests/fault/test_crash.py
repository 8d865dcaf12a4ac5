# SPDX-License-Identifier: Apache-2.0
import pytest

import crash_rounds
from server import SLOW


@pytest.mark.timeout(120 * SLOW)
def test_five_rounds_of_kill_9(capsys):
    assert crash_rounds.main(["--rounds", "5"]) == 0, capsys.readouterr().out
