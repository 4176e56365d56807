"""Every case of rules/cases, and what must hold of the shipped rules as a whole.

The cases are run as ``nesy test`` runs them, and each rule is dropped as ``--mutate`` drops it.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from nesy import resources, rulebook, vocabulary
from nesy.pipeline import engine_for
from nesy.reason.engine import WORDLESS
from nesy.reply.reader import find, known_acts
from nesy.rulebook import Strata
from nesy.stratify import is_stratified
from nesy.testing import report
from nesy.testing.case import RuleCase
from nesy.testing.suites import Suite, suites
from nesy.testing.survey import Survey, mutate, survey

CASES = resources.folder("rules") / "cases"
STRATA: tuple[Strata, ...] = ("interpret", "govern")


@lru_cache(maxsize=1)
def _suites() -> tuple[Suite, ...]:
    return tuple(suites([], lambda packs, files: engine_for(packs, rules=files)))


@lru_cache(maxsize=1)
def cases() -> tuple[RuleCase, ...]:
    """Return every case of the shipped rules, by name."""
    every = (case for suite in _suites() for case in suite.cases)
    return tuple(sorted(every, key=lambda case: case.name))


@lru_cache(maxsize=1)
def _surveys() -> tuple[Survey, ...]:
    """Solve every case, and each rule's cases without it until one fails."""
    found = tuple(survey(suite, ["rule"]) for suite in _suites())
    for each in found:
        mutate(each, lambda tried, total: None)
    return found


@lru_cache(maxsize=1)
def _shipped() -> rulebook.Rulebook:
    """Return every shipped pack, those that are off by default included."""
    off = [pack.name for pack in rulebook.everything().packs if not pack.is_default]
    return rulebook.load([f"+{name}" for name in off])


@lru_cache(maxsize=1)
def _failures() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in _surveys():
        for fault in report.failures(each):
            found.setdefault(str(fault.file), []).append(str(fault))
    return found


def test_every_file_of_a_pack_is_read() -> None:
    assert {case.file for case in cases()} == {
        resources.shown(path) for path in CASES.glob("*/*.txt")
    }


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_case(case: RuleCase) -> None:
    assert not _failures().get(case.file), f"{case.note}\n" + "\n".join(_failures()[case.file])


def test_every_rule_is_fired_by_a_case() -> None:
    assert not [m.rule.id for each in _surveys() for m in each.uncovered("rule")]


def test_dropping_a_rule_breaks_a_case() -> None:
    assert not [m.rule.id for each in _surveys() for m in each.survivors("rule")]
    assert len(_shipped().rules("govern")) + len(_shipped().rules("interpret")) == sum(
        len(each.of("rule")) for each in _surveys()
    )


@pytest.mark.parametrize("stratum", STRATA)
def test_shipped_rules_are_stratified(stratum: Strata) -> None:
    assert is_stratified(_shipped().rules(stratum))


@pytest.mark.parametrize("stratum", STRATA)
def test_every_rule_has_label_and_source(stratum: Strata) -> None:
    rules = _shipped().rules(stratum)
    assert not [r.id for r in rules if r.sentence is None or "source" not in r.notes]
    assert not [r.id for r in rules if r.id.split(".")[0] != Path(r.file).stem]


def test_govern_rules_name_a_norm() -> None:
    norms = vocabulary.load().norms
    assert not [r.id for r in _shipped().rules("govern") if r.notes["norm"].lower() not in norms]


def test_only_a_text_basis_is_called_required() -> None:
    """A sentence says "required by" for what a source says in so many words, else "based on"."""
    norms = vocabulary.load().norms
    wrong = []
    for rule in _shipped().rules("govern"):
        for words, norm in re.findall(r"(required by|based on) (E\d+)", rule.sentence or ""):
            is_text = norms[norm.lower()].one("basis") == "text"
            if is_text != (words == "required by") or norm != rule.notes["norm"]:
                wrong.append(rule.id)
    assert not wrong


def test_a_norm_of_a_head_is_the_norm_of_the_note() -> None:
    wrong = []
    for rule in _shipped().rules("govern"):
        head = re.fullmatch(
            r"(?:forbidden|obligatory|preferred|warned|preferred_tone)\(\w+,(\w+)\)",
            str(rule.statement.head).replace(" ", ""),
        )
        if head and head[1] != rule.notes["norm"].lower():
            wrong.append(rule.id)
    assert not wrong


def test_no_rule_lets_a_face_lower_a_crisis() -> None:
    """A crisis rests on words: no rule that derives one looks at a face or at an absence."""
    image = {("au", 4), ("expression", 3), ("observable", 2), ("claim", 3), ("face", 1)}
    for stratum in STRATA:
        for rule in _shipped().rules(stratum):
            if rule.heads & {("crisis", 1), ("danger", 1)}:
                assert not rule.body_signatures & image, rule.id
                assert "not " not in "; ".join(map(str, rule.statement.body)), rule.id


def test_the_readme_lists_every_pack() -> None:
    readme = (resources.folder("rules") / "README.md").read_text(encoding="utf-8")
    assert not [p.name for p in _shipped().packs if f"`{p.name}`" not in readme]


# ── Replies ─────────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=1)
def _replies() -> dict[str, Any]:
    path = resources.folder("rules") / "replies" / "english.toml"
    loaded: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return loaded


def _feelings() -> dict[str, str]:
    path = resources.folder("rules") / "replies" / "reader.toml"
    feelings: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))["feelings"]
    return feelings


def _texts() -> list[tuple[str, str]]:
    found = []
    for act, entry in _replies()["acts"].items():
        variants = [entry.get("text", []), *entry.get("when", {}).values()]
        found += [(act, text) for texts in variants for text in texts]
    return found


@lru_cache(maxsize=1)
def _forbidden_acts() -> frozenset[str]:
    """Return every act that some govern rule forbids."""
    heads = (str(r.statement.head) for r in _shipped().rules("govern"))
    return frozenset(m[1] for h in heads if (m := re.match(r"forbidden\((\w+)", h)))


@pytest.mark.parametrize(("act", "text"), _texts())
def test_reader_finds_the_act_in_its_own_text(act: str, text: str) -> None:
    assert act in find(text).acts


@pytest.mark.parametrize(("act", "text"), [*_texts(), *_replies()["safe"].items()])
def test_no_text_does_what_a_norm_forbids(act: str, text: str) -> None:
    found = find(text)
    assert _forbidden_acts() & set(found.acts) <= {act}
    assert found.unread == ()


def test_reader_knows_every_forbidden_act_of_a_text() -> None:
    assert _forbidden_acts() <= known_acts()


def test_replies_use_the_words_of_the_ontology() -> None:
    terms = vocabulary.load().terms
    acts = set(terms["reply act"])
    assert set(_replies()["acts"]) <= acts
    assert known_acts() <= acts
    assert set(_feelings()) <= set(terms["emotion"])
    assert set(_replies()["acts"]) <= set(_replies()["order"]) <= acts
    kinds = ("crisis", "mismatch", "cue", "valence", "jurisdiction")
    conditions = {term for kind in kinds for term in terms[kind]} | {WORDLESS, "language"}
    for entry in _replies()["acts"].values():
        assert set(entry.get("when", {})) <= conditions


def test_every_place_in_the_united_states_gets_988() -> None:
    when = _replies()["acts"]["give_crisis_resource"]["when"]
    for place in vocabulary.load().terms["jurisdiction"]:
        if place.startswith("us"):
            assert "988" in when[place][0]


_SAID = (Path(__file__).parent / "replies" / "reader.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("line", [x for x in _SAID.splitlines() if x[:2] in ("+ ", "- ")])
def test_reader(line: str) -> None:
    """``+ act | text``: the act is in the text; ``- act | text``: it is not."""
    act, text = line[2:].split(" | ", 1)
    assert (act in find(text).acts) == (line[0] == "+")
