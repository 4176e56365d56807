"""The vocabulary is whole, well formed, and says what the paper's Table 1 says."""

import re
import time
from collections import Counter
from pathlib import Path

import pyshacl
import pytest
from rdflib import RDF, SH, SKOS, Graph, Literal, Namespace, URIRef

FOLDER = Path(__file__).resolve().parents[1] / "ontology"
NESY = Namespace("https://nesy.dev/ns#")

REPORTED = {1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 18, 20, 23, 24, 25, 26, 27, 28, 32, 43}
REPORTED |= {61, 62, 63, 64}

TABLE_1 = {
    ("eye_roll", "sarcasm"),
    ("eye_roll", "annoyance"),
    ("eye_roll", "disdain"),
    ("eyebrow_furrow", "confusion"),
    ("eyebrow_furrow", "worry"),
    ("eyebrow_furrow", "concentration"),
    ("frown", "sadness"),
    ("frown", "frustration"),
    ("frown", "disapproval"),
    ("inner_brow_raiser", "sympathy"),
    ("inner_brow_raiser", "sadness"),
    ("inner_brow_raiser", "surprise"),
    ("lip_bite", "nervousness"),
    ("lip_bite", "hesitation"),
    ("lip_bite", "anxiety"),
    ("lip_corner_depressor", "disappointment"),
    ("lip_corner_depressor", "grief"),
    ("lip_corner_puller", "happiness"),
    ("lip_corner_puller", "satisfaction"),
    ("lip_corner_roller", "uncertainty"),
    ("lip_corner_roller", "disgust"),
    ("nose_wrinkle", "disgust"),
    ("nose_wrinkle", "contempt"),
    ("pursed_lips", "doubt"),
    ("pursed_lips", "tension"),
    ("pursed_lips", "disapproval"),
    ("raised_eyebrows", "surprise"),
    ("raised_eyebrows", "curiosity"),
    ("raised_eyebrows", "interest"),
    ("smile", "joy"),
    ("smile", "friendliness"),
    ("smile", "politeness"),
    ("upper_lip_raiser", "disgust"),
    ("upper_lip_raiser", "anger"),
}

# One broken individual each: its block, and a part of the message that must name the fault.
BROKEN = {
    "emotion.smugness": (
        'a nesy:Emotion ; nesy:id "smugness" ; nesy:kind "emotion" ; nesy:phrase "smugness"@en ;'
        ' skos:prefLabel "Smugness"@en ; nesy:arousal 0 ; nesy:claimable true ; nesy:valence 2 .',
        "The valence of an emotion is one whole number",
    ),
    "emotion.ennui": (
        'a nesy:Emotion ; nesy:id "ennui" ; nesy:kind "emotion" ; nesy:phrase "ennui"@en ;'
        " nesy:arousal 0 ; nesy:claimable true ; nesy:valence -1 .",
        "needs a skos:prefLabel",
    ),
    "emotion.twice": (
        'a nesy:Emotion ; nesy:id "joy" ; nesy:kind "emotion" ; nesy:phrase "joy"@en ;'
        ' skos:prefLabel "Joy"@en ; nesy:arousal 0 ; nesy:claimable true ; nesy:valence 1 .',
        "must be the term's nesy:id",
    ),
    "emotion.ache": (
        'a nesy:Emotion ; nesy:id "ache" ; nesy:kind "physical_state" ; nesy:phrase "ache"@en ;'
        ' skos:prefLabel "Ache"@en ; nesy:arousal 0 ; nesy:claimable true ; nesy:valence -1 .',
        "may not claim a compound, a physical state",
    ),
    "emotion.Capital": (
        'a nesy:Emotion ; nesy:id "Capital" ; nesy:kind "emotion" ; nesy:phrase "x"@en ;'
        ' skos:prefLabel "X"@en ; nesy:arousal 0 ; nesy:claimable true ; nesy:valence 1 .',
        "One id in small ASCII letters",
    ),
    "pair.smile_bliss": (
        'a nesy:Pair ; nesy:id "smile_bliss" ; nesy:expression nesy:expression.smile ;'
        ' nesy:emotion nesy:emotion.bliss ; nesy:support "weak" ; nesy:evidence "none"@en ;'
        " dcterms:source nesy:source.hossain .",
        "must exist in emotions.ttl",
    ),
    "unit.au98": (
        'a nesy:ActionUnit ; nesy:id "au98" ; nesy:code 98 ; nesy:kind "AU" ;'
        ' skos:prefLabel "X"@en ; nesy:phrase "x"@en ; nesy:laterality "both_sides" ;'
        ' nesy:status "current" ; nesy:reported true .',
        "A reported unit needs a region",
    ),
    "expression.gape": (
        'a nesy:Expression ; nesy:id "gape" ; skos:prefLabel "Gape"@en ; nesy:phrase "a gape"@en ;'
        ' skos:definition "Open."@en ; nesy:formula "26 or 27" .',
        "joins FACS numbers by +",
    ),
    "norm.e999": (
        'a nesy:Norm ; nesy:id "e999" ; nesy:code "E999" ; skos:prefLabel "X"@en ;'
        ' nesy:phrase "x"@en ; nesy:layer "response" ; nesy:force "forbid" ; nesy:severity 3 ;'
        ' nesy:condition "x"@en ; nesy:repair "x"@en ; nesy:source "Some Act" ; nesy:kind "law" ;'
        ' nesy:basis "text" ; nesy:verified "no" ; nesy:jurisdiction nesy:jurisdiction.eu ;'
        " dcterms:source nesy:source.house .",
        "The force of a norm is block, require, warn or prefer",
    ),
    "cue.shout": (
        'a nesy:Cue ; nesy:id "shout" ; skos:prefLabel "Shout"@en ; nesy:phrase "a shout"@en ;'
        ' nesy:lexeme "HEY" ; nesy:colour "red" .',
        "A lexeme is written in small letters",
    ),
}


def load() -> Graph:
    """Parse every file of the vocabulary into one graph."""
    graph = Graph()
    for file in sorted(FOLDER.glob("*.ttl")):
        graph.parse(file)
    return graph


def turtle(text: str) -> Graph:
    """Parse Turtle, with the prefixes the vocabulary uses."""
    head = (
        "@prefix nesy: <https://nesy.dev/ns#> .\n"
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
        "@prefix dcterms: <http://purl.org/dc/terms/> .\n"
    )
    return Graph().parse(data=head + text, format="turtle")


def faults(graph: Graph) -> list[tuple[str, str]]:
    """Return what SHACL finds wrong: the node at fault and the message."""
    shapes = Graph().parse(FOLDER / "shapes.ttl")
    _, report, _ = pyshacl.validate(graph, shacl_graph=shapes, inference="none")
    assert isinstance(report, Graph)
    found = []
    for result in report.subjects(RDF.type, SH.ValidationResult):
        nodes = f"{report.value(result, SH.focusNode)} {report.value(result, SH.value)}"
        found.append((nodes, str(report.value(result, SH.resultMessage))))
    return found


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Share one parsed vocabulary; no test changes it."""
    return load()


@pytest.fixture(scope="module")
def broken() -> list[tuple[str, str]]:
    """Validate the vocabulary with all broken individuals added, once."""
    blocks = "\n".join(f"nesy:{name} {block}" for name, (block, _) in BROKEN.items())
    return faults(load() + turtle(blocks))


def terms(graph: Graph, name: str) -> dict[str, URIRef]:
    """Return the individuals of a class by their id."""
    found = {}
    for term in graph.subjects(RDF.type, NESY[name]):
        assert isinstance(term, URIRef)
        found[str(graph.value(term, NESY.id))] = term
    return found


def texts(graph: Graph, term: URIRef, name: str) -> list[str]:
    """Return the literals a property gives a term."""
    return sorted(str(value) for value in graph.objects(term, NESY[name]))


def test_it_parses_within_a_second() -> None:
    """Every command reads the vocabulary, so reading it must stay cheap."""
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        load()
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 1.0


def test_it_conforms_to_its_shapes(graph: Graph) -> None:
    """SHACL finds nothing, within its time."""
    start = time.perf_counter()
    assert faults(graph) == []
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("ActionUnit", 76),
        ("Expression", 13),
        ("Pair", 34),
        ("Emotion", 77),
        ("Mismatch", 20),
        ("Norm", 45),
    ],
)
def test_counts(graph: Graph, name: str, count: int) -> None:
    """The facts carried over are all there."""
    assert len(terms(graph, name)) == count


def test_every_file_holds_what_the_readme_says() -> None:
    """The README's table names the individuals of each file."""
    rows = re.findall(r"^\| `(\w+\.ttl)` \|([^|]*)\|", (FOLDER / "README.md").read_text(), re.M)
    assert {file for file, _ in rows} == {file.name for file in FOLDER.glob("*.ttl")}
    for file, cell in rows:
        said = {name: int(count) for count, name in re.findall(r"(\d+) (\w+)", cell)}
        if said:
            found = Counter(
                str(kind).removeprefix(str(NESY))
                for kind in Graph().parse(FOLDER / file).objects(None, RDF.type)
            )
            assert found == said, file


def test_the_examples_of_the_readme_conform() -> None:
    """What the README tells people to write is accepted."""
    examples = re.findall(r"```turtle\n(.*?)```", (FOLDER / "README.md").read_text(), re.S)
    assert len(examples) == 3
    assert faults(load() + turtle("\n".join(examples))) == []


def test_the_reported_units(graph: Graph) -> None:
    """A perceiver is asked about exactly these 26 units."""
    reported = set(graph.subjects(NESY.reported, Literal(True)))
    assert {int(str(graph.value(unit, NESY.code))) for unit in reported} == REPORTED
    assert len(REPORTED) == 26


def test_a_code_names_one_unit(graph: Graph) -> None:
    """The id of a unit is au and its code, whatever FACS calls it."""
    units = terms(graph, "ActionUnit")
    assert all(name == f"au{graph.value(unit, NESY.code)}" for name, unit in units.items())


def test_exclusions_are_written_once_at_the_lower_code(graph: Graph) -> None:
    """An exclusion is symmetric; saying it twice would count it twice."""
    pairs = [
        (int(str(graph.value(first, NESY.code))), int(str(graph.value(second, NESY.code))))
        for first, second in graph.subject_objects(NESY.excludesUnit)
    ]
    assert len(pairs) == 42
    assert all(first < second for first, second in pairs)


def test_the_34_pairs_are_the_papers(graph: Graph) -> None:
    """Table 1 is shipped as it is printed, as pairs and as links."""
    pairs = set()
    for name, pair in terms(graph, "Pair").items():
        expression = graph.value(graph.value(pair, NESY.expression), NESY.id)
        emotion = graph.value(graph.value(pair, NESY.emotion), NESY.id)
        assert name == f"{expression}_{emotion}"
        pairs.add((str(expression), str(emotion)))
    links = {
        (str(graph.value(expression, NESY.id)), str(graph.value(emotion, NESY.id)))
        for expression, emotion in graph.subject_objects(NESY.suggests)
    }
    assert len(TABLE_1) == 34
    assert pairs == TABLE_1
    assert links == TABLE_1


def test_the_support_of_the_pairs(graph: Graph) -> None:
    """The grading of the literature: two pairs are contradicted, and which."""
    grades = Counter(str(grade) for grade in graph.objects(None, NESY.support))
    assert grades == {"strong": 9, "moderate": 13, "weak": 8, "none": 2, "contradicted": 2}
    contradicted = {
        name
        for name, pair in terms(graph, "Pair").items()
        if texts(graph, pair, "support") == ["contradicted"]
    }
    assert contradicted == {"inner_brow_raiser_surprise", "nose_wrinkle_contempt"}


def test_emotions_in_table_1_are_marked(graph: Graph) -> None:
    """nesy:inTable1 says the same as the pairs."""
    marked = {str(graph.value(e, NESY.id)) for e in graph.subjects(NESY.inTable1, Literal(True))}
    assert marked == {emotion for _, emotion in TABLE_1}


def test_realised_by_is_what_the_formula_says(graph: Graph) -> None:
    """The links to units repeat the formula, never more and never less."""
    for name, expression in terms(graph, "Expression").items():
        formula = " ".join(texts(graph, expression, "formula"))
        units = {f"au{code}" for code in re.findall(r"\d+", formula)}
        links = graph.objects(expression, NESY.realisedBy)
        assert {str(graph.value(unit, NESY.id)) for unit in links} == units, name


def test_lip_corner_roller_is_never_derived(graph: Graph) -> None:
    """It is no FACS unit: it is kept, said so, and has no formula."""
    roller = terms(graph, "Expression")["lip_corner_roller"]
    assert texts(graph, roller, "formula") == []
    assert "no FACS unit" in str(graph.value(roller, SKOS.note))


def test_a_foreign_label_names_one_emotion(graph: Graph) -> None:
    """An alias, or a synonym, that named two emotions would name none."""
    labels: Counter[str] = Counter()
    names = terms(graph, "Emotion")
    for emotion in names.values():
        labels.update(texts(graph, emotion, "alias") + texts(graph, emotion, "nearAlias"))
        labels.update(str(label) for label in graph.objects(emotion, SKOS.altLabel))
    assert [label for label, count in labels.items() if count > 1] == []
    assert [label for label in labels if label in names] == []


def test_aliases_and_alignments_name_known_schemes(graph: Graph) -> None:
    """The part before the colon is a scheme."""
    schemes = set(terms(graph, "Scheme"))
    for emotion in terms(graph, "Emotion").values():
        for alias in texts(graph, emotion, "alias") + texts(graph, emotion, "nearAlias"):
            assert alias.split(":")[0] in schemes, alias


def test_goemotions_is_covered(graph: Graph) -> None:
    """All 27 labels of GoEmotions, and neutral, are read exactly."""
    aliases = {str(alias) for alias in graph.objects(None, NESY.alias)}
    assert len({alias for alias in aliases if alias.startswith("goemotions:")}) == 28


def test_crisis_lexicons_are_generous_and_apart(graph: Graph) -> None:
    """Words of crisis are many, indirect ones too, and each tells of one crisis."""
    cues = terms(graph, "Cue")
    crises = {
        name: texts(graph, cue, "lexeme")
        for name, cue in cues.items()
        if (cue, NESY.crisis, None) in graph
    }
    assert set(crises) == {"self_harm", "suicide", "suicide_plan", "abuse"}
    assert len(crises["suicide"]) >= 80
    assert sum(map(len, crises.values())) >= 200
    assert {"better off without me", "don't want to be here anymore", "end it all"} <= set(
        crises["suicide"]
    )
    shared = Counter(lexeme for lexemes in crises.values() for lexeme in lexemes)
    assert shared.most_common(1)[0][1] == 1
    assert len(texts(graph, cues["minimiser"], "lexeme")) >= 30


def test_crisis_words_are_no_other_cue(graph: Graph) -> None:
    """No phrase of crisis is also a minimiser or a hyperbole."""
    owners: dict[str, set[str]] = {}
    for name, cue in terms(graph, "Cue").items():
        for lexeme in texts(graph, cue, "lexeme"):
            owners.setdefault(lexeme, set()).add(name)
    crises = {"self_harm", "suicide", "suicide_plan", "abuse"}
    assert [word for word, names in owners.items() if names & crises and len(names) > 1] == []


def test_norms_of_law_name_a_section(graph: Graph) -> None:
    """Only a norm whose text a law gives may be called required, and it says where."""
    without = set()
    for name, norm in terms(graph, "Norm").items():
        section = texts(graph, norm, "section")
        if texts(graph, norm, "basis") == ["text"] and not section:
            without.add(name)
        if "law" in texts(graph, norm, "kind")[0]:
            assert section, name
    assert without == {"e204"}  # a guideline on wording, without numbered sections


def test_the_eight_strategies_are_acts(graph: Graph) -> None:
    """A reply labelled with ESConv's strategies can be read."""
    assert len({str(name) for name in graph.objects(None, NESY.strategy)}) == 8


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_individual_is_reported(broken: list[tuple[str, str]], name: str) -> None:
    """SHACL names the individual and says in words what is wrong."""
    messages = [text for nodes, text in broken if nodes.startswith(str(NESY[name]) + " ")]
    messages += [text for nodes, text in broken if nodes.endswith(" " + str(NESY[name]))]
    assert any(BROKEN[name][1] in text for text in messages), messages


@pytest.mark.parametrize(
    "message",
    [
        "ids are unique within a class",
        "is not declared in nesy.ttl",
        "A norm that rests on law names the nesy:section",
    ],
)
def test_a_broken_vocabulary_is_reported(broken: list[tuple[str, str]], message: str) -> None:
    """Faults of more than one block are found too."""
    assert any(message in text for _, text in broken)
