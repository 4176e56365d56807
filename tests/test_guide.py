"""The guide "Add a rule in five minutes" in rules/README.md is followed line by line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_examples import BLOCK, ROOT, _pattern

README = (ROOT / "rules" / "README.md").read_text(encoding="utf-8")
GUIDE = README.partition("## Add a rule in five minutes")[2].partition("### Cases")[0]


def test_the_guide_does_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "benchmarks").symlink_to(ROOT / "benchmarks")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1", "COLUMNS": "120"}
    ran = 0
    for language, block in BLOCK.findall(GUIDE):
        if language == "prolog":
            assert (tmp_path / "mine.lp").read_text(encoding="utf-8") == block
            continue
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            done = subprocess.run(
                ["bash", "-o", "pipefail", "-c", command],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                timeout=300,
            )
            assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
            if expected.strip() and not _pattern(expected).fullmatch(done.stdout):
                pytest.fail(f"$ {command}\nthe guide shows:\n{expected}\nit prints:\n{done.stdout}")
            ran += 1
    assert ran >= 9
