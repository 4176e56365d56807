"""Plots as SVG text: the same numbers give the same bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from nesy.benchmarks.measures.distributions import Array
from nesy.benchmarks.measures.measure import require

# Okabe and Ito's colours, which people with any colour vision can tell apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")
DASHES = ("-", "--", "-.", ":")
_SETTINGS = {
    "svg.hashsalt": "nesy",
    "svg.fonttype": "none",
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "figure.constrained_layout.use": True,
}


def _pyplot() -> Any:
    require("matplotlib", "the report")
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    return pyplot


@contextmanager
def _drawing(columns: int = 1, *, size: tuple[float, float]) -> Iterator[tuple[Any, Any, Any]]:
    """Yield a figure, its axes and a stream that holds the SVG afterwards."""
    pyplot = _pyplot()
    with pyplot.rc_context(_SETTINGS):
        figure, axes = pyplot.subplots(1, columns, figsize=size, squeeze=False)
        out = io.StringIO()
        try:
            yield figure, axes[0], out
            figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
        finally:
            pyplot.close(figure)


def _svg(text: str, label: str) -> str:
    """Keep the drawing of an SVG file, named for those who cannot see it."""
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", text[text.index("<svg") :], flags=re.DOTALL)
    body = re.sub(r' (?:width|height)="[^"]*"', "", body, count=2)
    # Names of groups would stand twice on a page with two plots, and nothing refers to them.
    body = re.sub(r'<g id="[^"]*"', "<g", body)
    named = label.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return body.replace("<svg", f'<svg role="img" aria-label="{named}"', 1).strip()


def curves(title: str, panels: Mapping[str, Mapping[str, Array]], across: str) -> str:
    """Draw densities: a panel each, a curve a system over the same scores.

    A curve needs two different scores; what has fewer is left out, and its legend says so.
    """
    from scipy.stats import gaussian_kde

    with _drawing(len(panels), size=(4.2 * len(panels), 3.2)) as (_, axes, out):
        for axis, (name, systems) in zip(axes, panels.items(), strict=True):
            for number, (system, values) in enumerate(systems.items()):
                style = {"color": COLOURS[number % 8], "linestyle": DASHES[number % 4]}
                if len(np.unique(values)) < 2:
                    axis.plot([], [], label=f"{system}: all alike", **style)
                    continue
                low, high = float(values.min()), float(values.max())
                margin = 0.15 * (high - low)
                at = np.linspace(low - margin, high + margin, 200)
                axis.plot(
                    at, gaussian_kde(values)(at), label=f"{system} (n={len(values)})", **style
                )
            axis.set_title(name)
            axis.set_xlabel(across)
            axis.legend(fontsize=8)
        axes[0].set_ylabel("density")
    return _svg(out.getvalue(), title)


def bars(
    title: str,
    groups: Sequence[str],
    systems: Mapping[str, Sequence[tuple[float, float, float] | None]],
    across: str,
) -> str:
    """Draw horizontal points with their intervals: a line a group, a colour a system.

    A system's entry is (value, low, high), or None where there is no result.
    """
    height = 1.2 + 0.22 * len(groups) * max(1, len(systems))
    with _drawing(size=(7.2, height)) as (_, axes, out):
        axis, step = axes[0], 0.8 / max(1, len(systems))
        for number, (system, values) in enumerate(systems.items()):
            found = [(at, v) for at, v in enumerate(values) if v is not None]
            rows = [at + (number - (len(systems) - 1) / 2) * step for at, _ in found]
            middle = [v[0] for _, v in found]
            sides = [[v[0] - v[1] for _, v in found], [v[2] - v[0] for _, v in found]]
            axis.errorbar(
                middle,
                rows,
                xerr=np.maximum(sides, 0) if found else None,
                fmt="os^Dv"[number % 5],
                color=COLOURS[number % 8],
                capsize=2,
                markersize=4,
                label=system,
            )
        axis.set_yticks(range(len(groups)), groups)
        axis.invert_yaxis()
        axis.set_xlabel(across)
        axis.legend(fontsize=8, loc="best")
    return _svg(out.getvalue(), title)


def reliability(title: str, systems: Mapping[str, Sequence[tuple[float, float, int]]]) -> str:
    """Draw a reliability diagram from bins of (mean confidence, mean outcome, cases)."""
    with _drawing(size=(4.6, 4.2)) as (_, axes, out):
        axis = axes[0]
        axis.plot([0, 1], [0, 1], color="#777777", linewidth=1, label="as sure as right")
        for number, (system, bins) in enumerate(systems.items()):
            axis.plot(
                [one[0] for one in bins],
                [one[1] for one in bins],
                marker="os^Dv"[number % 5],
                markersize=4,
                color=COLOURS[number % 8],
                linestyle=DASHES[number % 4],
                label=system,
            )
        axis.set(xlim=(0, 1), ylim=(0, 1), xlabel="probability given", ylabel="share that was so")
        axis.legend(fontsize=8)
    return _svg(out.getvalue(), title)


def heat(title: str, rows: Sequence[str], columns: Sequence[str], values: Array) -> str:
    """Draw a matrix of numbers from -1 to 1, or from 0 up, with a scale beside it."""
    size = (2.5 + 0.32 * len(columns), 1.6 + 0.28 * len(rows))
    with _drawing(size=size) as (figure, axes, out):
        axis = axes[0]
        least = float(np.nanmin(values)) if np.isfinite(values).any() else 0.0
        most = max(float(np.nanmax(values)), 1e-9) if np.isfinite(values).any() else 1.0
        span = {"vmin": -1, "vmax": 1, "cmap": "RdBu_r"} if least < 0 else {"vmin": 0, "vmax": most}
        axis.grid(visible=False)
        drawn = axis.imshow(values, aspect="auto", **span)
        axis.set_xticks(range(len(columns)), columns, rotation=60, ha="right", fontsize=8)
        axis.set_yticks(range(len(rows)), rows, fontsize=8)
        figure.colorbar(drawn, ax=axis, shrink=0.8)
    return _svg(out.getvalue(), title)
