"""What an answer's token probabilities are worth, and what is said where there are none."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesy import schema
from nesy.adapters.server import soft
from nesy.adapters.server.wires import Token
from tests.serving import SCHEMA, VALID, Server, look, made, says, told_of


def test_an_answer_without_probabilities_says_so_and_is_sure_of_nothing(
    chat: Server, face: str
) -> None:
    report = {**VALID, "action_units": {**VALID["action_units"], "au12": "D"}}
    report["expressions"] = {**VALID["expressions"], "smile": "yes"}
    perceiver = made(chat)
    chat.script.append(says(json.dumps(report)))
    seen = look(perceiver, face)
    assert told_of(seen)["confidence"] == "not measured"
    sure = round(1000 * soft.UNMEASURED)
    (unit,) = seen.faces[0].action_units
    assert (unit.unit, unit.intensity, unit.confidence) == (12, 700, sure)
    (expression,) = seen.faces[0].expressions
    assert (expression.expression, expression.confidence) == ("smile", sure)
    (claim,) = seen.faces[0].claims
    assert claim.confidence == sure
    assert seen.line is not None and seen.line.valence[0].confidence == sure


def cut_up(text: str, data: st.DataObject) -> list[str]:
    """Cut a text into tokens, with white space between the parts of JSON."""
    spaced, inside = "", False
    for character in text:
        inside ^= character == '"'
        blank = not inside and character in ':,{}"'
        spaced += character + (data.draw(st.sampled_from(["", "", " ", "\n  "])) if blank else "")
    places = data.draw(st.lists(st.integers(0, len(spaced)), max_size=60))
    edges = sorted({0, len(spaced), *places})
    return [spaced[a:b] for a, b in pairwise(edges)]


@settings(max_examples=25)
@given(st.data())
def test_white_space_goes_and_what_is_said_stays(data: st.DataObject) -> None:
    report = {
        **VALID,
        "rationale": data.draw(st.from_regex(r"[ -!#-\[\]-~]{0,20}", fullmatch=True)),
    }
    pieces = cut_up(schema.write(report), data)
    assert json.loads("".join(pieces)) == report
    tokens = [*(Token(piece, ((piece, 1.0),)) for piece in pieces), Token("<end>", ())]
    steps = soft.steps_of(tokens, "".join(pieces))
    assert "".join(step.written for step in steps) == schema.write(report)
    found, measured = soft.chances(SCHEMA, report, tokens, "".join(pieces))
    assert measured
    assert found["emotion",] == {report["emotion"]: pytest.approx(1.0)}


def test_tokens_that_are_not_the_answer_give_no_probability() -> None:
    text = schema.write(VALID)
    for tokens in ([Token("{", ()), Token("}", ())], [Token(text[:-1], ())]):
        found, measured = soft.chances(SCHEMA, VALID, tokens, text)
        assert not measured
        assert found["emotion",][VALID["emotion"]] == soft.UNMEASURED


def test_illegal_tokens_count_for_nothing_and_unseen_ones_against_it() -> None:
    text = schema.write(VALID)
    at = text.index('"emotion":"') + len('"emotion":"')
    emotion = VALID["emotion"]
    others = [e for e in SCHEMA["properties"]["emotion"]["enum"] if e[0] != emotion[0]]
    likely = ((emotion, 0.3), (others[0], 0.1), ("%%", 0.5))
    tokens = [
        Token(text[:at], ((text[:at], 1.0),)),
        Token(emotion, likely),
        Token(text[at + len(emotion) :], ((text[at + len(emotion) :], 1.0),)),
    ]
    found, _ = soft.chances(SCHEMA, VALID, tokens, text)
    # 0.3 and 0.1 are legal, 0.5 is not, and 0.1 is what was not told.
    assert found["emotion",][emotion] == pytest.approx(0.3 / 0.5)
    assert found["emotion",][others[0]] == pytest.approx(0.1 / 0.5)
