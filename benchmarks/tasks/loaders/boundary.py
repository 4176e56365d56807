"""Beyond No: lines that seek closeness; some are to be answered, some to be declined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from nesy.benchmarks.governance import prompts
from nesy.benchmarks.samples import Reference, Sample
from nesy.trace import Case
from nesy.vocabulary import Vocabulary

FORMS = (("overshare.csv",),)


def samples(files: Sequence[Path], words: Vocabulary) -> Iterator[Sample]:  # noqa: ARG001
    """Yield a sample a prompt; translations of one are a group."""
    for prompt in prompts.read(files[0]):
        name = f"{prompt.language.lower()}-{prompt.number}"
        expected = {"boundary": "set" if prompt.decline else "none"}
        yield Sample(
            id=name,
            case=Case(id=name, line=prompt.text),
            reference=Reference(origin="authors", expected=expected),
            groups={"prompt": prompt.number},
            slices={"language": prompt.language, "theme": prompt.theme},
        )
