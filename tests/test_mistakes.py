"""What beginners write, and what they are told: read `tests/mistakes/*.txt` as one would."""

import os
import shutil
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "mistakes"
MISTAKES = sorted(path.stem for path in FOLDER.glob("*.lp"))


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_what_to_do(nesy, monkeypatch, tmp_path, name):
    shutil.copy(FOLDER / f"{name}.lp", tmp_path)
    monkeypatch.chdir(tmp_path)
    ran = nesy("check", f"{name}.lp")
    golden = FOLDER / f"{name}.txt"
    if os.environ.get("NESY_ACCEPT"):
        golden.write_text(ran.out, encoding="utf-8")
    assert ran.out == golden.read_text(encoding="utf-8")
    assert ran.code in (1, 2)
    lines = ran.out.splitlines()
    assert all(line.startswith(f"{name}.lp:") for line in lines[::3])
    assert all(line.startswith("  why: ") for line in lines[1::3])
    assert all(line.startswith("  fix: ") for line in lines[2::3])


def test_there_are_enough_and_none_without_its_text():
    assert len(MISTAKES) >= 20
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(MISTAKES)
