"""JSON as strangers send it: what is read, what is refused, and where."""

import io
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesy import strict_json
from nesy.diagnostics import NesyError

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**31) + 1, 2**31 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner)
    ),
    max_leaves=20,
)


def code_of(text, **more):
    with pytest.raises(NesyError) as caught:
        list(strict_json.parse_many(text, **more))
    return caught.value.diagnostics[0]


@given(values)
def test_what_is_written_is_read_again(value):
    text = strict_json.dumps(value)
    assert strict_json.loads(text) == value
    assert strict_json.dumps(strict_json.loads(text)) == text


@given(values, st.sampled_from(["\n", "\r\n"]))
def test_one_object_over_many_lines_is_one_value(value, end):
    text = strict_json.dumps([value, value], indent=2).replace("\n", end)
    assert list(strict_json.parse_many(text)) == [(1, [value, value])]


@given(st.lists(values, min_size=1, max_size=4), st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_a_value_a_line_keeps_its_line_number(many, end):
    text = end.join(map(strict_json.dumps, many))
    read = list(strict_json.parse_many(text))
    assert [value for _, value in read] == many
    assert [number for number, _ in read] == [1 + n * end.count("\n") for n in range(len(many))]


@given(st.text(max_size=60))
def test_no_text_makes_it_fail_otherwise_than_by_a_diagnostic(text):
    try:
        read = list(strict_json.parse_many(text))
    except NesyError as error:
        assert {d.code for d in error.diagnostics} <= {"N110", "N111"}
    else:
        assert all(json.dumps(value) for _, value in read)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ('{"a": NaN}', "N111", "NaN"),
        ('{"a": Infinity}', "N111", "Infinity"),
        ('{"a": -Infinity}', "N111", "-Infinity"),
        ('{"a": 1e999}', "N111", "1e999 is too large"),
        ('{"a": -1e999}', "N111", "too large"),
        ('{"a": 1, "a": 2}', "N111", "'a' is given twice"),
        ('{"a": {"b": 1, "b": 1}}', "N111", "given twice"),
        ('{"a": 2147483648}', "N111", "2147483648 is too large"),
        ("9" * 5000, "N111", "too large"),
        ("9" * 5000 + "\n1", "N111", "too large"),
        ('{"a": "\\ud800"}', "N111", "half a character"),
        ('{"\\udfff": 1}', "N111", "half a character"),
        ("[" * 100_000, "N111", "deeper than 64"),
        ("[" * 100_000 + "\n]", "N111", "deeper than 64"),
        ('{"a":' * 100_000, "N111", "deeper than 64"),
        ("[" * 65 + "]" * 65, "N111", "deeper than 64"),
        ("{'a': 1}", "N110", "not JSON"),
        ('{"a": 1} x', "N110", "not JSON"),
        ('{"a": "x\ny"}', "N110", "not JSON"),
        ('"abc', "N110", "not JSON"),
        ("nul", "N110", "not JSON"),
    ],
)
def test_refused(text, code, said):
    fault = code_of(text)
    assert (fault.code, said in fault.what) == (code, True), fault


def test_brackets_in_strings_are_not_nesting():
    text = json.dumps({"a": "[" * 1000 + '"' + "{" * 1000})
    assert strict_json.loads(text)["a"].count("[") == 1000


def test_the_largest_integers_and_depth_are_read():
    assert strict_json.loads("[-2147483647, 2147483647]") == [-2147483647, 2147483647]
    assert strict_json.loads("[" * 64 + "]" * 64)


def test_the_place_of_a_fault_is_its_line_and_column():
    fault = code_of('{"a": 1}\n{"b": oops}\n', file="many.jsonl")
    assert (fault.file, fault.line, fault.column) == ("many.jsonl", 2, 7)
    fault = code_of('{"a": 1,\n "b": oops}', file="one.json")
    assert (fault.line, fault.column) == (2, 7)


def test_writing_refuses_what_is_no_number():
    with pytest.raises(ValueError, match="not JSON compliant"):
        strict_json.dumps({"a": math.nan})


def test_a_byte_order_mark_is_no_fault_and_other_encodings_are(tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n')
    assert list(strict_json.lines(path)) == [(1, {"a": 1})]
    path.write_bytes(b'{"a": 1}\n{"b": "\xff"}')
    with pytest.raises(NesyError) as caught:
        list(strict_json.lines(path))
    fault = caught.value.diagnostics[0]
    assert (fault.code, fault.file, fault.line) == ("N112", str(path), 2)


def test_what_cannot_be_opened_is_named(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere.json"):
        with pytest.raises(NesyError, match="N112"):
            strict_json.read_text(path)


def test_no_more_is_read_than_allowed(tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("x" * 100)
    assert len(strict_json.read_text(path, most=10)) == 11


@given(st.lists(values, max_size=4), st.sampled_from(["\n", "\r\n", "\n\n"]), st.booleans())
def test_what_is_streamed_is_what_is_read_at_once(many, end, spread_out):
    text = end.join(strict_json.dumps(v, indent=2 if spread_out else None) for v in many)
    try:
        at_once = list(strict_json.parse_many(text))
    except NesyError:
        return
    data = ("\ufeff" + text).encode()
    streamed = strict_json.streamed(io.BytesIO(data), "f")
    assert at_once == [
        (number, strict_json.loads(strict_json.decode(line, "f", number), line=number))
        for number, line in streamed
    ]
