"""README's sessions are run, in order, and print what README shows.

A line that is only `…` stands for any lines; `…` inside a line for anything in it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# The demo reads every shipped face: tests/test_demo.py runs it.
ELSEWHERE = "./run demo"


def _sessions() -> list[tuple[str, str]]:
    """Return (command, expected output) of every console block, in order."""
    found = []
    for language, block in BLOCK.findall(README):
        if language == "console":
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, expected = part.partition("\n")
                found.append((command, expected))
    return found


def _pattern(expected: str) -> re.Pattern[str]:
    lines = []
    for line in expected.rstrip("\n").split("\n"):
        if line.strip() == "…":
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append(".*?".join(re.escape(part) for part in line.rstrip().split("…")) + r" *\n")
    return re.compile("".join(lines))


def test_the_sessions_of_the_readme_print_what_it_shows(tmp_path: Path) -> None:
    rules = [block for language, block in BLOCK.findall(README) if language == "prolog"]
    (tmp_path / "mine.lp").write_text(rules[0], encoding="utf-8")
    (tmp_path / "benchmarks").symlink_to(ROOT / "benchmarks")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1", "COLUMNS": "120"}
    ran = 0
    for command, expected in _sessions():
        if command == ELSEWHERE:
            continue
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert "Traceback" not in done.stderr, done.stderr
        shown = done.stdout + done.stderr if "typo" in command else done.stdout
        if expected.strip() and not _pattern(expected).fullmatch(shown):
            pytest.fail(f"$ {command}\nREADME shows:\n{expected}\nit prints:\n{shown}{done.stderr}")
        ran += 1
    assert ran >= 6


def test_the_pattern_can_fail() -> None:
    assert _pattern("a\n…\nb … d\n").fullmatch("a\nx\ny\nb c d\n")
    assert not _pattern("a\nb\n").fullmatch("a\nc\n")
