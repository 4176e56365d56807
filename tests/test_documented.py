"""What there is, is documented; what is documented, is there."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import typer

import nesy as package
from nesy import catalogue
from nesy.cli.commands import app
from nesy.predicates import PREDICATES

ROOT = Path(package.__file__).parents[1]
CODE = re.compile(r"\bN[1-9]\d\d\b")
FAMILIES = "12345679"
# Where a fault is made: a code between quotes, in whatever file is part of the program.
RAISED = re.compile(r"""["'](N[1-9]\d\d)["']""")
VERBS = typer.main.get_command(app).commands


def sources(*areas):
    for area in areas:
        for path in sorted((ROOT / area).rglob("*.py")):
            yield path, path.read_text(encoding="utf-8")


USED = {
    code for _, text in sources("nesy", "adapters", "benchmarks") for code in RAISED.findall(text)
}
NAMED = {
    code for _, text in sources("nesy", "adapters", "benchmarks") for code in CODE.findall(text)
}
CARDS = catalogue.cards()


def test_every_code_has_a_card_and_every_card_its_code():
    assert sorted(USED - set(CARDS)) == []
    assert sorted(set(CARDS) - USED) == []


def test_no_docstring_names_a_code_that_is_none():
    assert sorted(NAMED - set(CARDS)) == []


def test_codes_are_of_a_family_and_in_order():
    assert all(code[1] in FAMILIES for code in CARDS)
    assert list(CARDS) == sorted(CARDS)


@pytest.mark.parametrize("code", sorted(CARDS))
def test_every_card_is_whole_and_can_be_shown(nesy, code):
    card = CARDS[code]
    assert list(card) == ["title", "why", "example", "fix"]
    assert all(text.strip() == text and text for text in card.values())
    assert (
        card["title"][0].islower()
        or card["title"].startswith("JSON")
        or code in ("N400", "N405", "N406", "N910", "N300")
    )
    assert card["why"].endswith((".", "?"))
    shown = nesy("help", code.lower())
    assert (shown.code, shown.err) == (0, "")
    assert all(text in shown.out for text in (code, *card.values()))
    assert json.loads(nesy("help", code, "--json").out) == {"code": code, **card}


def test_titles_are_different():
    titles = [card["title"] for card in CARDS.values()]
    assert len(set(titles)) == len(titles)


def test_every_code_is_raised_by_some_test():
    tested = {
        code
        for path, text in sources("tests")
        if path.name != "test_documented.py"
        for code in CODE.findall(text)
    }
    assert sorted(set(CARDS) - tested) == []


def test_the_catalogue_is_one_table_a_code():
    text = (ROOT / "nesy" / "catalogue.toml").read_text(encoding="utf-8")
    assert set(tomllib.loads(text)) == set(
        CODE.findall("".join(re.findall(r"^\[.*\]$", text, re.M)))
    )


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_and_option_has_help(verb):
    command = VERBS[verb]
    assert command.help and command.help[0].isupper()
    for parameter in command.params:
        if parameter.name not in ("help",):
            assert getattr(parameter, "help", None), f"{verb}: {parameter.name}"


@pytest.mark.parametrize("predicate", PREDICATES.values(), ids=str)
def test_every_predicate_has_a_sentence_that_names_its_arguments(predicate):
    assert predicate.meaning
    slots = set(re.findall(r"\{(\w+)\}", predicate.meaning))
    assert slots <= set(predicate.arguments)
    # Numbers are told behind the sentence; how strong a norm is, beside it.
    silent = {"Confidence", "Strength", "Probability", "Intensity", "Force", "Severity"}
    assert set(predicate.arguments) - slots <= silent | {"Kind"}


def test_every_predicate_of_the_design_is_in_the_contract():
    design = """au/4 expression/3 observable/2 claim/3 line_valence/2 line_emotion/2 line_act/2
        cue/2 caption/1
        context/1 purpose/1 notice/1 consent/1 jurisdiction/1 person/1 stated/1 evidence/3
        reading/2 mismatch/2 ambiguous/1 crisis/1 reads/3 reply_act/1 reply_tone/1 reply_claims/3
        forbidden/2 obligatory/2 preferred/2 warned/2 hold/1"""
    assert set(design.split()) <= {f"{name}/{arity}" for name, arity in PREDICATES}
