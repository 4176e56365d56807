"""Draw the statistics of a set: the paper's Figure 4, and what stands beside it."""

from __future__ import annotations

import numpy as np

from nesy.benchmarks.report import plots

from .statistics import Matrix, Statistics


def drawn(of: Statistics) -> dict[str, str]:
    """Return the drawings (SVG) of a set by name; what it has no numbers for is left out."""
    expressions = [name.replace("_", " ") for name in of.expressions]
    counted = np.array(of.together, float)
    found = {
        "together": plots.heat(
            "Expressions shown together, cases", expressions, expressions, counted
        )
    }
    if of.correlated:
        title = f"Expression and emotion, correlation over {of.correlated} cases"
        emotions = [name.replace("_", " ") for name in of.emotions]
        found["correlation"] = plots.heat(title, expressions, emotions, _array(of.correlation))
        counts = of.emotion_counts
        found["emotions"] = _shares(
            "Emotions of the references, share of cases", counts, of.correlated
        )
    if of.words_correlated:
        title = f"Expression and emotion of the words, correlation over {of.words_correlated} cases"
        found["words_correlation"] = plots.heat(
            title, expressions, of.line_emotions, _array(of.words_correlation)
        )
    found["words"] = _shares("Words of a line, share of cases", of.words, of.samples)
    return found


def _array(matrix: Matrix) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array([[np.nan if v is None else v for v in row] for row in matrix], float)


def _shares(title: str, counts: dict[str, int], of: int) -> str:
    shares = [count / of for count in counts.values()]
    names = [name.replace("_", " ") for name in counts]
    drawing: str = plots.bars(
        title, names, {"share": [(s, s, s) for s in shares]}, "share of cases"
    )
    return drawing
