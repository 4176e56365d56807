"""The conditions of the norms are needed: dropping one makes some case fail, as ``--mutate`` finds.

Left out are conditions that cannot be dropped alone, because they bind a variable of the rest, and
those that hold wherever the rest does: a norm of no place is in force anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nesy import resources
from nesy.pipeline import engine_for
from nesy.testing.suites import suites
from nesy.testing.survey import Survey, mutate, survey

# The share of conditions that some case has to miss, by stratum; those left are printed.
LEAST = {"govern": 0.9, "interpret": 0.95}


def _surveyed(folder: Path) -> Iterator[Survey]:
    for suite in suites([folder], lambda packs, files: engine_for(packs, rules=files)):
        found = survey(suite, ["condition"])
        mutate(found, lambda tried, total: None)
        yield found


@pytest.mark.slow
@pytest.mark.parametrize("stratum", LEAST)
def test_dropping_a_condition_breaks_a_case(
    stratum: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = list(_surveyed(resources.folder("rules") / stratum))
    every = [mutant for of in found for mutant in of.of("condition")]
    left = [mutant for of in found for mutant in of.survivors("condition")]
    with capsys.disabled():
        print(f"\n{len(every) - len(left)} of {len(every)} conditions ({stratum}) are missed")
        print(*(f"{m.rule.place} {m.text} of {m.rule.id}" for m in left), sep="\n")
    assert len(every) - len(left) >= LEAST[stratum] * len(every)
