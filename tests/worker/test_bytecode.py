# SPDX-License-Identifier: Apache-2.0
"""Compiled code of a file that was saved just now is not kept: the next save may look the same to Python."""
import os
import subprocess
import sys
import time

PROGRAM = "from heddle_worker.bytecode import keep_settled_only; keep_settled_only(); import some_module; print(some_module.WORD)"


def imported(folder, word, age_s):
    """What a new process finds in a module of this age; whether the compiled code was kept."""
    module = folder / "some_module.py"
    module.write_text(f'WORD = "{word}"\n')
    at = time.time() - age_s
    os.utime(module, (at, at))
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPATH"] = os.pathsep.join([str(folder), *filter(None, sys.path)])
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip(), any(folder.glob("__pycache__/some_module*.pyc"))


def test_code_of_a_file_saved_just_now_is_not_kept(tmp_path):
    assert imported(tmp_path, "first", -1) == ("first", False)  # -1: however slow this machine is
    assert imported(tmp_path, "other", -1) == ("other", False)


def test_code_of_older_files_is_kept(tmp_path):
    assert imported(tmp_path, "first", 60) == ("first", True)
