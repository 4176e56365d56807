"""The report as Markdown, for a repository or an appendix; its plots lie beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .section import Example, Section


def markdown(
    title: str,
    lead: str,
    sections: Sequence[Section],
    limits: Sequence[str],
    made: Mapping[str, str],
) -> str:
    """Return the report; plots are named as files in ``plots/``."""
    parts = [f"# {title}", lead, "**What this cannot say**", "\n".join(f"- {x}" for x in limits)]
    for section in sections:
        parts += [f"## {section.heading}", section.intro]
        parts.append("\n".join(f"- {point}" for point in section.points))
        parts += [table.as_markdown().rstrip() for table in section.tables]
        for name, plot in section.named_plots():
            parts.append(f"![{plot.title}](plots/{name}.svg)")
            parts.append(f"*{plot.title}.* {plot.note}".rstrip())
        parts += map(_example, section.examples)
    parts += ["## How it was made", "\n".join(f"- {k}: {v}" for k, v in made.items())]
    return "\n\n".join(part for part in parts if part) + "\n"


def _example(example: Example) -> str:
    rows = "\n".join(f"- {name}: {value}" for name, value in example.rows)
    fence = f"```\n{example.why.rstrip()}\n```" if example.why else ""
    found = [f"### {example.title}", f"> {example.line}", example.said, rows, fence]
    return "\n\n".join(part for part in found if part)
