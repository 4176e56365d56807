"""From decoding steps to the probability of each value, however a value is cut into tokens."""

import pytest

from nesy import schema
from nesy.adapters.transformers.probabilities import Step, distributions

REPORT = {
    "type": "object",
    "properties": {
        "a": {"type": "string", "enum": ["no", "yes"]},
        "b": {"type": "string", "enum": ["anger", "anxiety", "joy"]},
    },
    "required": ["a", "b"],
    "additionalProperties": False,
}
WRITTEN = {"a": "no", "b": "anger"}


def steps(*parts: str | tuple[str, dict[str, float]]) -> list[Step]:
    made = []
    for part in parts:
        text, likely = (part, {part: 1.0}) if isinstance(part, str) else part
        made.append(Step(text, tuple(likely.items())))
    assert "".join(s.written for s in made) == schema.write(WRITTEN)
    return made


def test_one_token_for_each_value() -> None:
    found = distributions(
        REPORT,
        WRITTEN,
        steps(
            '{"a":',
            ('"no"', {'"no"': 0.7, '"yes"': 0.3}),
            ',"b":',
            ('"anger"', {'"anger"': 0.5, '"anxiety"': 0.2, '"joy"': 0.3}),
            "}",
        ),
    )
    assert found["a",] == pytest.approx({"no": 0.7, "yes": 0.3})
    assert found["b",] == pytest.approx({"anger": 0.5, "anxiety": 0.2, "joy": 0.3})


def test_every_way_to_cut_a_value_counts_for_it() -> None:
    first = {'"n': 0.2, '"': 0.1, '"no': 0.3, '"y': 0.3, '"yes"': 0.1}
    found = distributions(
        REPORT,
        WRITTEN,
        steps('{"a":', ('"no', first), '"', ',"b":', '"', "an", ("ger", {"ger": 1.0}), '"}'),
    )
    # A lone quotation mark leaves the values together, so its tenth stays unknown.
    assert found["a",] == pytest.approx({"no": 0.5, "yes": 0.4})


def test_values_with_a_common_start_part_ways_later() -> None:
    found = distributions(
        REPORT,
        WRITTEN,
        steps(
            '{"a":"no","b":',
            ('"', {'"': 0.9, '"j': 0.1}),
            ("an", {"an": 0.4, "a": 0.2, "joy": 0.3, "ang": 0.1}),
            ("ger", {"ger": 0.6, "x": 0.4}),
            '"}',
        ),
    )
    together = 0.9 * 0.6
    assert found["b",] == pytest.approx(
        {
            "joy": 0.1 + 0.9 * 0.3,
            "anger": 0.9 * 0.1 + together * 0.6,
            "anxiety": together * 0.4,
        }
    )
    assert sum(found["b",].values()) == pytest.approx(1.0)


def test_a_token_may_reach_from_one_value_into_the_next() -> None:
    found = distributions(
        REPORT,
        WRITTEN,
        steps(
            '{"a":"',
            ('no","b":"a', {'no","b":"a': 0.3, 'no","b":"j': 0.1, "no": 0.2, "yes": 0.4}),
            ("nger", {"nger": 0.25, "nx": 0.75}),
            '"}',
        ),
    )
    assert found["a",] == pytest.approx({"no": 0.6, "yes": 0.4})
    # Given "no": a tenth of six for joy, three for an-, and two not decided by this token.
    assert found["b",]["joy"] == pytest.approx(0.1 / 0.6)
    assert found["b",]["anger"] == pytest.approx(0.3 / 0.6 * 0.25)
    assert found["b",]["anxiety"] == pytest.approx(0.3 / 0.6 * 0.75)


def test_what_was_too_unlikely_to_keep_stays_unknown() -> None:
    kept = {'"anger"': 0.5, '"joy"': 0.25}
    found = distributions(REPORT, WRITTEN, steps('{"a":"no","b":', ('"anger"', kept), "}"))
    assert found["b",] == pytest.approx({"anger": 0.5, "joy": 0.25})
    assert schema.known(("anger", "anxiety", "joy"), found["b",], "anger")["anxiety"] == 0.25
