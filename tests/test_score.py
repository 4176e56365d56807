"""The score of drawn faces: by hand on three traces."""

from __future__ import annotations

import json
from pathlib import Path

from nesy.benchmarks.score import main, score
from nesy.trace import parse_trace


def _trace(name: str, seen: list[tuple[int, int]], drawn: list[int] | None) -> dict[str, object]:
    units = [{"unit": u, "intensity": 500, "confidence": c} for u, c in seen]
    case: dict[str, object] = {"id": name, "image": "f.png"}
    if drawn is not None:
        case["drawn"] = drawn
    return {
        "case": case,
        "observation": {"perceiver": "hand", "faces": [{"id": "f1", "action_units": units}]},
    }


def test_units_are_pooled_and_failures_stand_beside_the_score(tmp_path: Path, capsys) -> None:
    rows = [
        _trace("a", [(12, 900), (6, 900), (4, 400)], [6, 12, 25]),  # two hits, one missed
        _trace("b", [(1, 700)], [4]),  # one false, one missed
        _trace("c", [(1, 700)], None),
        {"case": {"id": "d", "drawn": [1]}, "error": {"exit_code": 2, "diagnostics": []}},
    ]
    found = score(parse_trace(row) for row in rows)
    assert (found.cases, found.scored, found.failed, found.without_truth) == (4, 2, 1, 1)
    assert (found.unit_precision, found.unit_recall, found.unit_f1) == (0.667, 0.5, 0.571)
    file = tmp_path / "t.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main([str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unit_f1"] == 0.571


def test_a_missing_file_is_said_and_exits_2(tmp_path: Path, capsys) -> None:
    assert main([str(tmp_path / "none.jsonl")]) == 2
    assert "N112" in capsys.readouterr().err
