"""A table of one's own: what its columns become, and where its faults are."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesy.benchmarks import measures, tasks
from nesy.benchmarks.tasks import columns, own, table
from nesy.diagnostics import NesyError
from tests.strategies import WORDS

ANYWHERE = Path("none")
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1
).filter(str.strip)
words = st.from_regex(r"[a-z]{1,8}( [a-z]{1,8})?", fullmatch=True)
emotions = st.sampled_from(sorted(WORDS.emotions))


def load(path):
    return own.load(path, WORDS)


def faults(path):
    with pytest.raises(NesyError) as raised:
        load(path)
    return [(f.code, f.line, f.column, f.what) for f in raised.value.diagnostics]


def made(tmp_path, text, name="mine.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_every_column_of_the_readme_is_there():
    readme = (Path(own.__file__).parent / "README.md").read_text(encoding="utf-8")
    told = readme.partition("| column | holds |")[2].partition("\n\n")[0]
    for name in columns.COLUMNS:
        assert f"`{name}`" in told
    for family in columns.FAMILIES:
        assert f"`{family}" in told


def test_a_row_becomes_a_sample(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    head = (
        "id,image,line,speaker,emotions,votes_joy,votes_fer2013:angry,interpretation,units,"
        "expressions,expected_sarcastic,rating_tone,group_face,slice_gender,declare_context,split"
    )
    row = (
        'm1,a.png,"Oh, great.",Ann,joy|fer2013:happy,3,2.5,glad|pleased,AU12|6,'
        "smile,no,4|5,f1,female,Support,test"
    )
    task, (sample,) = load(made(tmp_path, f"{head}\n{row}\n"))
    assert sample.id == sample.case.id == "m1"
    assert sample.case.image == str((tmp_path / "a.png").resolve())
    assert (sample.case.line, sample.case.speaker) == ("Oh, great.", "Ann")
    assert sample.case.declared == {"context": ("support",)}
    said = sample.reference
    assert said.origin == "people"
    assert said.emotions == ("joy", "happiness")
    assert said.votes == {"joy": 3.0, "anger": 2.5}
    assert said.texts == ("glad", "pleased") and said.texts_origin is None
    assert (said.units, said.expressions) == ((6, 12), ("smile",))
    assert (said.expected, said.ratings) == ({"sarcastic": "no"}, {"tone": (4.0, 5.0)})
    assert (sample.groups, sample.slices) == ({"face": "f1"}, {"gender": "female"})
    assert sample.split == "test"
    assert (task.name, task.cluster) == ("mine", "face")
    assert "sarcasm" in task.measures


def test_a_vote_that_nobody_gave_is_a_zero_where_anybody_voted(tmp_path):
    text = "line,votes_joy,votes_fear,votes_anger\na,3,,\nb,,1,0\nc,,,\n"
    samples = load(made(tmp_path, text))[1]
    votes = [s.reference and s.reference.votes for s in samples]
    assert votes == [
        {"joy": 3.0, "fear": 0.0, "anger": 0.0},
        {"joy": 0.0, "fear": 1.0, "anger": 0.0},
        None,
    ]


def test_every_measure_a_table_can_ask_for_is_there():
    asked = {name for names in own.MEASURES.values() for name in names}
    assert asked | set(own.ANSWERS.values()) <= set(measures.MEASURES)


def test_a_table_without_a_reference_is_read_all_the_same(tmp_path):
    task, samples = load(made(tmp_path, "line\nHello.\n\n  \nBye.\n", "2 mine.csv"))
    assert [s.id for s in samples] == ["r2", "r5"]
    assert all(s.reference is None for s in samples)
    assert (task.name, task.measures, task.cluster) == ("own_2_mine", (), "row")


@given(
    st.lists(
        st.fixed_dictionaries(
            {"line": texts.map(str.strip), "interpretation": words},
            optional={
                "votes": st.dictionaries(emotions, st.integers(0, 9), min_size=1, max_size=3),
                "emotions": st.lists(emotions, min_size=1, max_size=3, unique=True),
                "slices": st.dictionaries(st.sampled_from(["age", "sex"]), words, min_size=1),
            },
        ),
        min_size=1,
        max_size=4,
    )
)
def test_csv_and_json_say_the_same(tmp_path_factory, given_rows):
    folder = tmp_path_factory.mktemp("own")
    flat = []
    for row in given_rows:
        fields = {"line": row["line"], "interpretation": row["interpretation"]}
        fields |= {f"votes_{e}": n for e, n in row.get("votes", {}).items()}
        fields |= {f"slice_{n}": v for n, v in row.get("slices", {}).items()}
        if "emotions" in row:
            fields["emotions"] = "|".join(row["emotions"])
        flat.append(fields)
    names = sorted({name for fields in flat for name in fields})
    stream = io.StringIO()
    writer = csv.DictWriter(stream, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    by_comma = load(made(folder, stream.getvalue()))[1]
    lines = "\n" + "".join(json.dumps(row) + "\n" for row in given_rows)
    by_line = load(made(folder, lines, "mine.jsonl"))[1]
    assert by_comma == by_line


cells = st.text(st.sampled_from('ab",\n é'), max_size=6)


@given(st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=4))
def test_every_field_is_found_where_it_stands(values):
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(values)
    text = stream.getvalue()
    lines = text.split("\n")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    after = 0
    for row in reader:
        start, after = after + 1, reader.line_num
        for index, value in enumerate(row):
            line, column = table._nth(lines, start, index)
            rest = "\n".join(lines[line - 1 :])[column - 1 :]
            quoted = value.replace('"', '""')
            assert rest.startswith(f'"{quoted}"')


WRONG = """id,image,line,emotons,votes_joy,votes_happy,units
a,nope.png,"Hello, you",joy,x,3,12|99
a,,"two
lines",joy,2,1,AU6|12
b,,,joy,,,
c,,hi
"""


def test_all_faults_are_told_at_once_with_their_places(tmp_path, nesy):
    path = made(tmp_path, WRONG)
    found = faults(path)
    assert {code for code, *_ in found} == {"N734"}
    assert [(line, column) for _, line, column, _ in found] == [
        (1, 15),
        (1, 33),
        (2, 3),
        (2, 29),
        (2, 33),
        (3, 1),
        (5, 4),
        (6, 4),
    ]
    said = nesy("bench", "check", path)
    assert (said.code, said.out) == (2, "")
    assert f"{path}:1:15: N734" in said.err and "did you mean emotions?" in said.err
    assert "write happiness, or name the scheme of the label: affectnet8:happy" in said.err


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ('{"line":"hi","votes":{"joy":3,"fear":-1}}', (1, 31), "no count of votes"),
        ('{"line":"hi","votes":{"joi":3}}', (1, 23), "cannot be used"),
        ('{"line":"hi","emotions":["happy"]}', (1, 14), "unknown emotion 'happy'"),
        ('{"line":"hi"}\n[1]', (2, 1), "no object"),
        ('{"line":["a","b"]}', (1, 2), "a list where one value is due"),
        ('{"line":"hi","split":"tset"}', (1, 14), "no split"),
        ('{"line":"hi","expressions":"smirk"}', (1, 14), "unknown expression"),
        ('{"line":"hi","what":{"ever":1}}', (1, 22), "cannot be used"),
        ('{"id":"%s","line":"hi"}' % ("x" * 200), (1, 1), "id"),
        ("", (1, None), "it holds no row"),
    ],
)
def test_a_fault_of_a_line_of_json_is_found(tmp_path, text, place, what):
    ((code, line, column, said), *_) = faults(made(tmp_path, text, "mine.jsonl"))
    assert (code, line, column) == ("N734", *place)
    assert what in said


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("id;line\na;hi\n", (1, 1), "'id;line' cannot be used"),
        ("line,line\na,b\n", (1, 6), "'line' cannot be used"),
        ("line\n", (1, None), "it holds no row"),
        ('line\n"a\n', (3, 1), "not CSV"),
        ("line,slice_\nhi,x\n", (1, 6), "cannot be used"),
        ("line,rating_tone\nhi,good|5\n", (2, 4), "'good' is no rating"),
        ("line,units\nhi,12|smile\n", (2, 4), "no FACS unit"),
    ],
)
def test_a_fault_of_a_table_is_found(tmp_path, text, place, what):
    ((code, line, column, said), *_) = faults(made(tmp_path, text))
    assert code == "N734" and what in said
    assert (line, column) in (place, (2, 1) if "not CSV" in said else place)


def test_a_line_that_is_no_json_is_told_with_the_others(tmp_path):
    path = made(tmp_path, '{"line": \n{"emotions": ["joy"]}\n', "mine.jsonl")
    assert [code for code, *_ in faults(path)] == ["N110", "N734"]


@given(st.binary(max_size=60), st.sampled_from(["csv", "jsonl"]))
def test_whatever_a_file_holds_it_is_samples_or_faults(tmp_path_factory, data, kind):
    path = tmp_path_factory.mktemp("own") / f"mine.{kind}"
    path.write_bytes(b"line,emotions\n" * (kind == "csv") + data)
    try:
        assert tasks.load(path, words=WORDS)[1]
    except NesyError as error:
        assert error.diagnostics


def test_an_answer_that_is_scored_is_one_of_those_there_are(tmp_path):
    text = "line,expected_sarcastic,expected_boundary,expected_mood\na,Yes,Set,Fair\nb,NA,set,\n"
    assert faults(made(tmp_path, text)) == [("N734", 3, 3, "'na' is no answer")]
    _, (sample,) = load(made(tmp_path, text.partition("b,")[0]))
    assert sample.reference.expected == {"sarcastic": "yes", "boundary": "set", "mood": "Fair"}


def test_what_is_declared_is_a_word_of_the_ontology(tmp_path):
    text = "line,declare_context,declare_contxt\nhi,suport,support\n"
    found = faults(made(tmp_path, text))
    assert [what for *_, what in found] == [
        "unknown context 'suport'",
        "'contxt' cannot be declared",
    ]


def test_rows_are_drawn_by_the_first_group_of_the_heading_though_the_first_row_has_none(tmp_path):
    text = "line,group_face,group_film\na,,x\nb,f1,x\nc,f1,\n"
    task, _ = load(made(tmp_path, text))
    assert task.cluster == "face"
    task, _ = load(made(tmp_path, "line,group_face\na,\nb,\n"))
    assert task.cluster == "row"
    rows = '{"line": "a"}\n{"line": "b", "groups": {"film": "x"}}\n'
    task, _ = load(made(tmp_path, rows, "mine.jsonl"))
    assert task.cluster == "film"


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_table_with_another_separator_is_one_fault(tmp_path, separator):
    text = "id,line,emotions\na,hi,joy\nb,well\\, hi,joy\n".replace(",", separator)
    ((code, line, column, _),) = faults(made(tmp_path, text.replace("\\" + separator, ",")))
    assert (code, line, column) == ("N734", 1, 1)
