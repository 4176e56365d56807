"""The lexical reader: what it finds, what it cannot be fooled by, what it refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesy import line, vocabulary
from nesy.diagnostics import NesyError

WORDS = vocabulary.load()


def read(text):
    return line.read(text, WORDS)


def cues(text):
    return {cue.cue for cue in read(text).cues}


def emotions(text):
    return {found.emotion for found in read(text).emotions}


def acts(text):
    return {found.act for found in read(text).acts}


def valence(text):
    return [found.valence for found in read(text).valence]


def code_of(text):
    with pytest.raises(NesyError) as caught:
        read(text)
    return caught.value.diagnostics[0].code


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u3000"])
def test_an_empty_line_says_nothing(text):
    assert read(text) == line.LineReading()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What a wonderful day, I love it!", ["positive"]),
        ("This is terrible, I hate it.", ["negative"]),
        ("The meeting is at noon.", ["neutral"]),
        ("I'm not happy at all.", ["negative"]),
        ("I’m not happy at all.", ["negative"]),
    ],
)
def test_valence(text, expected):
    assert valence(text) == expected


@pytest.mark.parametrize("apostrophe", ["'", "’", "‘", "ʼ", ""])
def test_apostrophes_of_every_form_and_none_are_alike(apostrophe):
    assert "minimiser" in cues(f"I{apostrophe}m fine")
    assert line.plain(f"don{apostrophe}t") == line.plain("do not") == "dont"


def test_contractions_and_long_forms_are_alike():
    pairs = [("I am", "I'm"), ("cannot", "can't"), ("will not", "won't"), ("it is", "it's")]
    for long, short in pairs:
        assert line.plain(long) == line.plain(short)


@pytest.mark.parametrize(
    "text", ["I am not sad", "I do not feel sad", "I dont feel sad", "never sad"]
)
def test_a_negated_emotion_is_not_expressed(text):
    assert "sadness" not in emotions(text)


def test_negation_reaches_three_words_and_no_further():
    assert "sadness" in emotions("I am so sad")
    assert "sadness" in emotions("No. I am so sad")
    assert "sadness" in emotions("that was not what I had hoped and I am so sad")


def test_a_quoted_emotion_is_not_the_speakers():
    assert "sadness" in emotions("I am so sad")
    assert "sadness" not in emotions('She said "I am so sad" and left')
    assert "sadness" not in emotions("She said “I am so sad” and left")


CRISIS = "I want to die"


@pytest.mark.parametrize(
    "text",
    [
        CRISIS,
        "i WANT   to\ndie",
        "I don't want to die",
        'He said "I want to die"',
        "I w\u0430nt to di\u0435",  # Cyrillic a and e
        "I want t\u03bf die",  # Greek omicron
        "Ｉ ｗａｎｔ ｔｏ ｄｉｅ",
        "I w\u00adant to die",  # soft hyphen
        "I wánt to díe",
        "𝐈 𝐰𝐚𝐧𝐭 𝐭𝐨 𝐝𝐢𝐞",
    ],
)
def test_a_sign_of_crisis_is_read_negated_quoted_and_disguised(text):
    assert any(WORDS.cues[cue].all("crisis") for cue in cues(text))


def test_a_word_inside_a_word_is_not_read():
    assert not any(WORDS.cues[cue].all("crisis") for cue in cues("I want to diet"))


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Are you all right?", True),
        ("Really?!", True),
        ('Did you say "no?"', True),
        ("You came? 😀", True),
        ("You came.", False),
        ("Why? I know why.", False),
    ],
)
def test_a_question_ends_with_its_mark(text, asked):
    assert ("question" in acts(text)) == asked


@pytest.mark.parametrize("emoji", ["❤️", "👨‍👩‍👧", "🙂"])
def test_emoji_are_read(emoji):
    assert read(f"hello {emoji}").valence


@pytest.mark.parametrize(
    "hidden",
    [
        "\u200b",  # zero width space
        "\u202e",  # right-to-left override
        "\u2066",
        "\ufeff",
        "\U000e0041",  # a tag letter
        "\x00",
        "\x1b",
        "\ud800",
        "\u3164",  # Hangul filler
        "\u2800",  # empty Braille cell
    ],
)
def test_what_nobody_can_see_is_refused(hidden):
    assert code_of(f"I am fine{hidden}") == "N131"


@pytest.mark.parametrize("text", ["x" * 4001, "word " * 20_000, "ﷺ" * 3999])
def test_a_book_is_no_line(text):
    assert code_of(text) == "N130"
    assert read("x" * 4000).valence


@given(st.text(max_size=200))
def test_whatever_is_read_is_in_the_vocabulary(text):
    try:
        found = read(text)
    except NesyError as error:
        assert {d.code for d in error.diagnostics} <= {"N130", "N131"}
        return
    assert all(v.valence in WORDS.valences for v in found.valence)
    assert all(c.cue in WORDS.cues for c in found.cues)
    assert all(a.act in WORDS.acts for a in found.acts)
    assert all(e.emotion in WORDS.emotions for e in found.emotions)


@given(st.text(max_size=200))
def test_folding_twice_is_folding_once(text):
    assert line.plain(line.plain(text)) == line.plain(text)


def test_every_lexeme_is_found_in_a_line_of_its_own():
    for term in (*WORDS.cues.values(), *WORDS.emotions.values()):
        for lexeme in term.all("lexeme"):
            found = cues(f"well, {lexeme}") | emotions(f"well, {lexeme}")
            assert term.id in found, (term.id, lexeme)
