"""A Trace on a screen: the reading, the verdict, the reply."""

from __future__ import annotations

from nesy.beside import in_words
from nesy.diagnostics import visible
from nesy.trace import Trace
from nesy.vocabulary import Vocabulary

BAR = 24
LONGEST = 200


def summary(trace: Trace, vocabulary: Vocabulary, *, most: int = 5) -> str:
    """Return a Trace in a few lines of plain text."""
    case = trace.case
    head = [f"case {visible(case.id)}"]
    if case.image:
        head.append(f"picture {visible(case.image)}")
    lines = [" · ".join(head)]
    if case.line:
        said = case.line if len(case.line) <= LONGEST else case.line[: LONGEST - 1] + "…"
        lines.append(f"  line     “{visible(said)}”")
    if trace.failure is not None:
        lines += [f"  error    {f.code} {visible(f.what)}" for f in trace.failure.diagnostics]
        return "\n".join(lines)
    lines += _seen(trace, vocabulary)
    for face, reading in (trace.reading or {}).items():
        notes = [vocabulary.phrase("mismatch", m) for m in reading.mismatches]
        if reading.mixture:
            mixed = [vocabulary.phrase("emotion", emotion) for emotion in reading.mixture]
            notes.append(f"{', '.join(mixed[:-1])} and {mixed[-1]} at once")
        if reading.ambiguous:
            notes.append("can be read in more than one way")
        lines.append(f"  reading  {face}" + (f": {'; '.join(notes)}" if notes else ""))
        for emotion, probability in list(reading.distribution.items())[:most]:
            bar = "█" * round(BAR * probability)
            phrase = vocabulary.phrase("emotion", emotion)
            lines.append(f"    {phrase:<22} {probability:6.1%}  {bar}")
    if trace.verdict:
        norms = sorted({n.norm for n in trace.verdict.norms if n.force != "preferred"})
        lines.append(
            f"  verdict  {trace.verdict.status}" + (f" ({', '.join(norms)})" if norms else "")
        )
    if trace.response:
        lines.append(f"  reply    {trace.response.text}")
    return "\n".join(lines)


def _seen(trace: Trace, vocabulary: Vocabulary) -> list[str]:
    if trace.observation is None:
        return []
    found = []
    for face in trace.observation.faces:
        shown = [
            f"{vocabulary.phrase('expression', e.expression)} {e.confidence / 10:.0f} %"
            for e in face.expressions
            if e.confidence >= 500
        ]
        # A unit is there twice where each side of it was told.
        units = dict.fromkeys(f"AU{u.unit}" for u in face.action_units if u.confidence >= 500)
        what = ", ".join([*shown, " ".join(units)]).strip(", ") or "nothing that moves"
        found.append(f"  seen     {face.id}: {what}")
    if trace.beside is not None:
        found.append(f"  beside   {visible(in_words(trace.beside))}")
    withheld = sorted({f.withheld for f in trace.facts or () if f.withheld})
    if withheld:
        found.append(f"  withheld what the face shows, by {', '.join(withheld)}")
    return found
