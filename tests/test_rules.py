"""Every case of tests/rules, and what must hold of the shipped rules as a whole.

A case is a text of three paragraphs: facts, expectations, note. An expectation is ``+ ATOM``, ``- ATOM``
(``_`` stands for anything), ``top FACE EMOTION``, or ``reads FACE EMOTION >= N`` (or ``<=``).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import clingo
import pytest

from nesy import interpret, resources, rulebook, vocabulary, weights
from nesy.reason import asp
from nesy.rulebook import Rule, Strata
from nesy.stratify import is_stratified

CASES = Path(__file__).parent / "rules"
STRATA: tuple[Strata, ...] = ("interpret", "govern")
FIRED = "_fired"
_READS = re.compile(r"reads (\w+) (\w+) (>=|<=) (\d+)")
_TOP = re.compile(r"top (\w+) (\w+)")


@dataclass(frozen=True)
class RuleCase:
    """A case of a pack: ground facts in, expectations out."""

    name: str
    stratum: Strata
    facts: tuple[clingo.Symbol, ...]
    expected: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class Found:
    """What the rules derived for a case: atoms, marginals in thousandths, rules that fired."""

    atoms: frozenset[clingo.Symbol]
    reads: dict[tuple[str, str], int]
    fired: frozenset[str]


def _ground_facts(text: str) -> tuple[clingo.Symbol, ...]:
    control = clingo.Control()
    control.add("base", [], text)
    control.ground([("base", [])])
    return tuple(sorted(atom.symbol for atom in control.symbolic_atoms))


@lru_cache(maxsize=1)
def cases() -> tuple[RuleCase, ...]:
    """Read every case; a pack's stratum is that of the folder its rules lie in."""
    found = []
    for path in sorted(CASES.glob("*/*.txt")):
        pack = path.parent.name
        stratum: Strata = "govern" if pack in rulebook.shipped("govern") else "interpret"
        parts = re.split(r"\n\s*\n", path.read_text(encoding="utf-8").strip())
        assert len(parts) == 3, f"{path}: facts, expectations, note; found {len(parts)} paragraphs"
        facts, expected, note = parts
        lines = tuple(line.strip() for line in expected.splitlines())
        found.append(RuleCase(f"{pack}/{path.stem}", stratum, _ground_facts(facts), lines, note))
    return tuple(found)


@lru_cache(maxsize=1)
def _shipped() -> rulebook.Rulebook:
    return rulebook.load()


@lru_cache(maxsize=1)
def _static() -> tuple[clingo.Symbol, ...]:
    return tuple(asp.symbols(vocabulary.load().facts))


def _fired_companions(rules: Sequence[Rule]) -> str:
    """Return one rule more per rule, with its body, that says it fired."""
    lines = []
    for number, rule in enumerate(rules):
        for statement in rule.statement.unpool():
            body = "; ".join(map(str, statement.body))
            lines.append(f"{FIRED}({number}) :- {body}." if body else f"{FIRED}({number}).")
    return "\n".join(lines)


@lru_cache(maxsize=2)
def _others(stratum: Strata) -> tuple[Any, ...]:
    return tuple(o for p in _shipped().packs if p.stratum == stratum for o in p.others)


def solve(case: RuleCase, rules: Sequence[Rule], *, tell_fired: bool = False) -> Found:
    """Return what rules derive over the facts of a case."""
    statements = [*(r.statement for r in rules), *_others(case.stratum)]
    given = {f.name for f in case.facts} & {"table1", "suggests", "support"}
    assert not given - {"suggests"}, "a case may add pairs, never replace Table 1"
    extra = interpret.evidence_companions(rules)
    if tell_fired:
        extra += _fired_companions(rules)
    (only,) = asp.solve(statements, [*case.facts, *_static()], extra=extra, models=2)
    fired = frozenset(rules[a.arguments[0].number].id for a in only.named(FIRED, 1))
    return Found(only.atoms, _marginals(case, only, rules), fired)


def _marginals(
    case: RuleCase, only: asp.AnswerSet, rules: Sequence[Rule]
) -> dict[tuple[str, str], int]:
    if case.stratum == "govern":
        return {}
    voices = interpret._voices(only, rules, weights.load())
    faces = sorted(str(a.arguments[0]) for a in only.named("speaker", 1))
    scores = interpret.log_scores(voices, interpret._excluded(only), faces)
    return {
        (face, emotion): round(1000 * probability)
        for face, of in scores.items()
        for emotion, probability in interpret.softmax(of).items()
    }


def unmet(case: RuleCase, found: Found) -> list[str]:
    """Return the expectations that do not hold."""
    texts = [str(atom) for atom in found.atoms]
    return [line for line in case.expected if not _holds(line, texts, found.reads)]


def _holds(line: str, texts: Iterable[str], reads: dict[tuple[str, str], int]) -> bool:
    if line[:2] in ("+ ", "- "):
        term = re.escape(line[2:].replace(" ", "")).replace(r"\_", "_")
        pattern = re.compile(re.sub(r"(?<![A-Za-z0-9_])_(?![A-Za-z0-9_])", "[^,()]+", term))
        return any(map(pattern.fullmatch, texts)) == (line[0] == "+")
    if match := _TOP.fullmatch(line):
        ranked = sorted(((p, e) for (f, e), p in reads.items() if f == match[1]), reverse=True)
        return bool(ranked) and ranked[0][1] == match[2] and ranked[0][0] > ranked[1][0]
    if match := _READS.fullmatch(line):
        value, bound = reads.get((match[1], match[2]), 0), int(match[4])
        return value >= bound if match[3] == ">=" else value <= bound
    raise ValueError(f"cannot read the expectation {line!r}")


@lru_cache(maxsize=1)
def _solved() -> dict[str, Found]:
    """Solve every case once over all shipped rules, with the rules that fire."""
    rules = {stratum: _shipped().rules(stratum) for stratum in STRATA}
    return {case.name: solve(case, rules[case.stratum], tell_fired=True) for case in cases()}


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_case(case: RuleCase) -> None:
    broken = unmet(case, _solved()[case.name])
    derived = sorted(str(a) for a in _solved()[case.name].atoms - set(_static()))
    told = [a for a in derived if not a.startswith(("_", "in_force", "rank(", "lacks(", "excluded("))]
    reads = {k: v for k, v in _solved()[case.name].reads.items() if v >= 10}
    assert not broken, f"{case.note}\nunmet: {broken}\nderived: {' '.join(told)}\nreads: {reads}"


@pytest.mark.parametrize("stratum", STRATA)
def test_every_rule_is_fired_by_a_case(stratum: Strata) -> None:
    fired = frozenset().union(*(found.fired for found in _solved().values()))
    assert not [r.id for r in _shipped().rules(stratum) if r.id not in fired]


@pytest.mark.parametrize("pack", [p.name for p in _shipped().packs])
def test_dropping_a_rule_breaks_a_case(pack: str) -> None:
    (of,) = (p for p in _shipped().packs if p.name == pack)
    assert of.stratum is not None
    rules = _shipped().rules(of.stratum)
    assert not [rule.id for rule in of.rules if not _is_missed(rule, rules, pack)]


def _is_missed(rule: Rule, rules: Sequence[Rule], pack: str) -> bool:
    """Tell whether some case fails without this rule; cases of its own pack are tried first."""
    rest = [r for r in rules if r.id != rule.id]
    able = [case for case in cases() if rule.id in _solved()[case.name].fired]
    able.sort(key=lambda case: not case.name.startswith(f"{pack}/"))
    return any(unmet(case, solve(case, rest)) for case in able)


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
    """A crisis rests on words alone: no rule that derives one looks at a face, nor at any absence."""
    image = {("au", 4), ("expression", 3), ("observable", 2), ("claim", 3), ("face", 1)}
    for stratum in STRATA:
        for rule in _shipped().rules(stratum):
            if rule.heads & {("crisis", 1), ("danger", 1)}:
                assert not rule.body_signatures & image, rule.id
                assert "not " not in "; ".join(map(str, rule.statement.body)), rule.id


# ── Replies ─────────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=1)
def _replies() -> dict[str, Any]:
    path = resources.folder("rules") / "replies" / "english.toml"
    loaded: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return loaded


@lru_cache(maxsize=1)
def _reader() -> dict[str, re.Pattern[str]]:
    return {
        act: re.compile("|".join(f"(?:{p})" for p in patterns), re.IGNORECASE)
        for act, patterns in _replies()["reader"].items()
    }


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
    if act in _reader():
        assert _reader()[act].search(text)


@pytest.mark.parametrize(("act", "text"), [*_texts(), *_replies()["safe"].items()])
def test_no_text_does_what_a_norm_forbids(act: str, text: str) -> None:
    found = {a for a in _forbidden_acts() & set(_reader()) if _reader()[a].search(text)}
    assert found <= {act}


def test_reader_knows_every_forbidden_act_of_a_text() -> None:
    """What is read from a face and never said needs no pattern; all else forbidden has one."""
    assert _forbidden_acts() <= set(_reader())


def test_replies_use_the_words_of_the_ontology() -> None:
    terms = vocabulary.load().terms
    acts = set(terms["reply act"])
    assert set(_replies()["acts"]) <= acts
    assert set(_replies()["reader"]) <= acts
    assert set(_replies()["acts"]) <= set(_replies()["order"]) <= acts
    kinds = ("crisis", "mismatch", "valence", "jurisdiction")
    conditions = {term for kind in kinds for term in terms[kind]}
    for entry in _replies()["acts"].values():
        assert set(entry.get("when", {})) <= conditions


def test_every_place_in_the_united_states_gets_988() -> None:
    when = _replies()["acts"]["give_crisis_resource"]["when"]
    for place in vocabulary.load().terms["jurisdiction"]:
        if place.startswith("us"):
            assert "988" in when[place][0]


_SAID = (CASES / "reader.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("line", [x for x in _SAID.splitlines() if x[:2] in ("+ ", "- ")])
def test_reader(line: str) -> None:
    """``+ act | text``: the act is in the text; ``- act | text``: it is not."""
    act, text = line[2:].split(" | ", 1)
    assert bool(_reader()[act].search(text)) == (line[0] == "+")
