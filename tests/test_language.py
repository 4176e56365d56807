"""Languages: a translation has the same slots; what is not translated is told and marked."""

from __future__ import annotations

import json
from contextvars import copy_context
from pathlib import Path
from string import Formatter

import pytest
from rdflib import Graph

import nesy as package
from nesy import pipeline, resources, rulebook, turtle
from nesy.diagnostics import NesyError
from nesy.explain import language, render, tell
from nesy.explain.english import WORDS
from nesy.pipeline import engine_for
from nesy.predicates import PREDICATES
from nesy.trace import Case, Trace

ENGINE = engine_for()
CODES = [code for code in language.known() if code != "en"]
# What is whole in each language there is.
PACKS = ("table1", "words", "crisis")
KINDS = ("emotion", "expression", "unit", "cue", "crisis", "mismatch", "line act", "reply act")


def slots(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def formats(text: str) -> set[tuple[str, str | None]]:
    return {(name, form) for _, name, form, _ in Formatter().parse(text) if name}


def sentences(*packs: str) -> set[str]:
    book = rulebook.everything()
    return {r.sentence for p in book.packs if p.name in packs for r in p.rules if r.sentence}


@pytest.mark.parametrize("code", CODES)
def test_every_word_is_translated_with_its_slots(code: str) -> None:
    words = language.load(code).words
    assert sorted(words.keys() - set(WORDS)) == ["untranslated"]
    assert sorted(set(WORDS) - words.keys()) == []
    for key, text in WORDS.english.items():
        assert formats(words[key]) == formats(text), key


@pytest.mark.parametrize("code", CODES)
def test_every_predicate_and_the_rules_of_three_packs_are_translated(code: str) -> None:
    translated = language.load(code).sentences
    meanings = {predicate.meaning for predicate in PREDICATES.values()}
    assert sorted((meanings | sentences(*PACKS)) - translated.keys()) == []
    packs = rulebook.everything().packs
    every = sentences(*(pack.name for pack in packs))
    own = {predicate.meaning for pack in packs for predicate in pack.predicates}
    assert sorted(translated.keys() - meanings - own - every) == [], "what no rule says any more"
    assert len(every & translated.keys()) >= 180
    for english, told in translated.items():
        assert slots(told) == slots(english), english


@pytest.mark.parametrize("code", CODES)
def test_the_names_of_terms_are_of_terms_and_change_no_fact(code: str) -> None:
    folder = resources.folder("ontology")
    shipped = Graph()
    for path in folder.glob("*.ttl"):
        shipped.parse(path)
    names = Graph().parse(folder / "languages" / f"{code}.ttl")
    assert set(names.subjects()) <= set(shipped.subjects())
    assert {value.language for value in names.objects()} == {code}
    assert {str(p).rpartition("#")[2] for p in names.predicates()} == {"prefLabel", "phrase"}
    english, told = turtle.load(()), turtle.load((), code)
    assert (english.facts, english.digest) == (told.facts, told.digest)
    named = {str(s).rpartition("#")[2] for s in names.subjects()}
    for kind in KINDS:
        of = "act" if kind.endswith("act") else kind
        assert {f"{of}.{term}" for term in english.terms[kind]} <= named, kind


def told(code: str, atom: str, rules: list[Path]) -> str:
    def tell_it() -> str:
        engine = engine_for(rules=rules)
        trace = pipeline.reason(Trace(case=Case(id="c1", line="I want to die.")), engine=engine)
        engine = language.speak(code, engine)
        node = pipeline.why(trace, atom, engine=engine)
        return render.as_text(tell.tell(node, engine))

    return copy_context().run(tell_it)


def test_what_is_not_translated_is_told_in_english_and_marked(tmp_path: Path) -> None:
    file = tmp_path / "mine.lp"
    file.write_text('%! mine.low "{Cue} weighs on the mood"\nlow(Cue) :- cue(Cue, _).\n')
    text = told("de", "low(suicide)", [file])
    assert text.startswith(
        "[englisch] Worte darüber, sterben zu wollen weighs on the mood\n│    Regel"
    )
    assert "— in der Zeile gesagt" in text
    assert told("en", "low(suicide)", [file]).startswith("words of wanting to die weighs on")
    assert language.current() is language.ENGLISH


def test_a_shipped_rule_told_otherwise_is_not_told_in_stale_words() -> None:
    german = language.load("de")
    (sentence, translated), *_ = german.sentences.items()
    assert german.sentence(sentence) == translated
    assert german.sentence(f"{sentence} indeed") == f"[englisch] {sentence} indeed"


def test_a_third_language_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "xx.toml").write_text(
        'capitals = false\n[words]\nuntranslated = "<{sentence}>"\nline = "zzz"\n[sentences]\n'
        '"the line holds {Cue}" = "qqq {Cue}"\n'
    )
    monkeypatch.setattr(language, "FOLDER", tmp_path)
    language.load.cache_clear()
    try:
        assert language.known() == ("en", "xx")
        text = told("xx", "cue(suicide, _)", [])
    finally:
        language.load.cache_clear()
    assert text == "qqq words of wanting to die (90 %)  — zzz\n"


def test_users_files_may_name_their_terms_in_a_language(tmp_path: Path) -> None:
    file = tmp_path / "mine.ttl"
    file.write_text(
        "@prefix nesy: <https://nesy.dev/ns#> .\n"
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
        'nesy:emotion.nostalgia a nesy:Emotion ; nesy:id "nostalgia" ; nesy:kind "emotion" ;\n'
        '  skos:prefLabel "Nostalgia"@en, "Sehnsucht"@de ; nesy:phrase "longing"@en ;\n'
        "  nesy:valence 0 ; nesy:arousal -1 ; nesy:claimable true .\n"
    )
    assert turtle.load((file,)).emotions["nostalgia"].label == "Nostalgia"
    german = turtle.load((file,), "de").emotions["nostalgia"]
    assert (german.label, german.phrase) == ("Sehnsucht", "longing")


def test_an_unknown_language_names_the_nearest(nesy, tmp_path: Path) -> None:
    trace = pipeline.reason(Trace(case=Case(id="c1", line="Thanks!")), engine=ENGINE)
    file = tmp_path / "trace.json"
    file.write_text(trace.as_json())
    with pytest.raises(NesyError, match="N509"):
        language.load("dee")
    said = nesy("why", str(file), "--language", "dee")
    assert said.code == 2 and "N509" in said.err and "did you mean de?" in said.err


@pytest.mark.parametrize("verb", ["why", "what-if"])
def test_the_command_line_tells_it_in_german(nesy, tmp_path: Path, verb: str) -> None:
    trace = pipeline.reason(Trace(case=Case(id="c1", line="Thanks!")), engine=ENGINE)
    file = tmp_path / "trace.json"
    file.write_text(trace.as_json())
    said = copy_context().run(nesy, verb, str(file), "--language", "de")
    assert "Die Antwort" in said.out and said.err == ""
    if verb == "why":
        page = copy_context().run(nesy, verb, str(file), "--language", "de", "--format", "html")
        assert '<html lang="de">' in page.out and "Die Gründe" in page.out
        data = copy_context().run(nesy, verb, str(file), "--language", "de", "--json")
        assert json.loads(data.out)["sentence"].startswith("Die Antwort wurde freigegeben.")


def test_the_files_of_languages_are_shipped() -> None:
    root = Path(package.__file__).parent
    assert {p.suffix for p in (root / "explain" / "languages").iterdir()} == {".toml"}
    assert all((resources.folder("ontology") / "languages" / f"{c}.ttl").is_file() for c in CODES)
