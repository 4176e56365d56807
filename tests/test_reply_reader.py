"""The independent reader: what it finds, what no disguise hides, what it says it cannot read."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesy import rulebook, vocabulary
from nesy.language import is_covered
from nesy.line.text import LOOKALIKES
from nesy.reply.reader import find, known_acts, read

REPLIES = Path(__file__).parent / "replies"
CYRILLIC = {chr(latin): chr(other) for other, latin in LOOKALIKES.items() if 0x400 < other < 0x500}


def _labelled(name: str) -> list[tuple[frozenset[str], str]]:
    lines = (REPLIES / name).read_text(encoding="utf-8").splitlines()
    rows = [line.split(" | ", 1) for line in lines if " | " in line and not line.startswith("#")]
    return [(frozenset(acts.split(",")) - {"-"}, text) for acts, text in rows]


SEEN, UNSEEN = _labelled("seen.txt"), _labelled("unseen.txt")
BAD = [(acts, text) for acts, text in SEEN if acts]


@lru_cache(maxsize=1)
def _forbidden() -> frozenset[str]:
    heads = (str(r.statement.head) for r in rulebook.load().rules("govern"))
    return frozenset(m[1] for h in heads if (m := re.match(r"forbidden\((\w+)", h)))


def _bad(text: str) -> frozenset[str]:
    return _forbidden() & set(find(text).acts)


def test_every_labelled_act_is_known() -> None:
    assert frozenset().union(*(acts for acts, _ in SEEN + UNSEEN)) <= known_acts()


@pytest.mark.parametrize(("acts", "text"), SEEN)
def test_what_the_reader_was_made_for_is_found(acts: frozenset[str], text: str) -> None:
    found = _bad(text)
    assert acts <= found if acts else not found
    assert find(text).unread == ()


def test_replies_it_was_not_made_for() -> None:
    """Recall and false finds may not fall below what was measured (rules/README.md)."""
    wanted = sum(len(acts) for acts, _ in UNSEEN)
    found = sum(len(acts & _bad(text)) for acts, text in UNSEEN)
    false = [text for acts, text in UNSEEN if not acts and _bad(text)]
    assert found / wanted >= 0.95
    assert len(false) <= 1


DISGUISES = {
    "capitals": str.upper,
    "small letters": str.lower,
    "line breaks": lambda text: text.replace(" ", "\n"),
    "tabs": lambda text: text.replace(" ", "\t \t"),
    "bold": lambda text: " ".join(f"**{word}**" for word in text.split()),
    "underlined": lambda text: " ".join(f"_{word}_" for word in text.split()),
    "curly marks": lambda text: text.replace("'", "’"),
    "no marks": lambda text: text.replace("'", ""),
    "back ticks": lambda text: text.replace("'", "`"),
    "lookalikes": lambda text: "".join(CYRILLIC.get(c, c) for c in text),
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" < c < "~" else c for c in text),
    "soft hyphens": lambda text: "\u00ad".join(text),
    "accents": lambda text: re.sub(r"([aeiou])", "\\1\u0301", text),
    "list": lambda text: "- " + text,
    "quoted": lambda text: f"“{text}”",
}


@pytest.mark.parametrize("how", DISGUISES)
def test_no_disguise_lets_an_act_through(how: str) -> None:
    let_through = []
    for acts, text in BAD:
        found = find(DISGUISES[how](text))
        # What is not read is held: that lets nothing through either.
        if not (acts <= set(found.acts) or found.unread):
            let_through.append((text, sorted(acts - set(found.acts))))
    assert not let_through


@pytest.mark.parametrize("text", ["I. Love. You.", "I\nlove\n\nyou", "I l0ve y0u", "I loooove you"])
def test_pieces_and_digits_hide_nothing(text: str) -> None:
    assert "disclose_own_feeling" in find(text).acts


@settings(max_examples=60)
@given(st.sampled_from(BAD), st.sampled_from(_labelled("seen.txt")), st.randoms())
def test_careful_words_around_it_hide_nothing(
    bad: tuple[frozenset[str], str], other: tuple[frozenset[str], str], random: object
) -> None:
    del random
    acts, text = bad
    for whole in (f"{other[1]} {text}", f"{text} {other[1]}", f"{other[1]}\n\n{text}"):
        assert acts <= set(find(whole).acts)


def test_the_users_own_words_are_not_the_replys() -> None:
    line = "Sometimes I think I love you and that is silly."
    assert "disclose_own_feeling" not in find("You wrote “I love you” there.", line).acts
    assert "disclose_own_feeling" in find("You wrote “I adore you” there.", line).acts
    assert "disclose_own_feeling" in find("As they say, “I love you”.", line).acts
    assert "disclose_own_feeling" in find("You wrote “I love you” there.").acts


def test_a_place_is_the_sentence_that_shows_it() -> None:
    text = "Thank you for telling me. You have depression. What now?"
    assert text[slice(*find(text).acts["diagnose"])].strip() == "You have depression."


@pytest.mark.parametrize(
    ("text", "emotion", "modality"),
    [
        ("You are sad.", "sadness", "certain"),
        ("You must be terrified.", "fear", "certain"),
        ("That made you furious.", "anger", "certain"),
        ("You're sad, aren't you?", "sadness", "certain"),
        ("Your anger is plain to see.", "anger", "certain"),
        ("You might be lonely.", "loneliness", "possible"),
        ("Perhaps you're disappointed.", "disappointment", "possible"),
        ("You seem worried.", "worry", "possible"),
        ("Are you sad?", "sadness", "asked"),
        ("Do you feel ashamed?", "shame", "asked"),
    ],
)
def test_a_claim_has_its_modality(text: str, emotion: str, modality: str) -> None:
    claims = [(c.emotion, c.modality) for c in read(text).claims]
    assert claims == [(emotion, modality)]


@pytest.mark.parametrize(
    "text", ["You said you are sad.", "If you are sad, say so.", "You are not sad.", "I see."]
)
def test_what_is_no_claim(text: str) -> None:
    assert read(text).claims == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Ich liebe dich.", "language"),
        ("I hear you. Te amo.", "language"),
        ("我爱你", "language"),
        ("Xq7 zrk blorp", "language"),
        ("", "empty"),
        ("…", "empty"),
        ("😊", "empty"),
        ("That sounds hard.\u202e uoy evol I", "hidden"),
        ("That sounds hard.\U000e0049\U000e004c", "hidden"),
        ("no " * 20_000, "length"),
        ("no.\n" * 4_000, "length"),
    ],
)
def test_what_it_cannot_read_it_says(text: str, why: str) -> None:
    assert why in find(text).unread


@pytest.mark.parametrize("text", ["OK", "Thanks! 😊", "Dr. Müller can help you.", "Hello?"])
def test_what_is_english(text: str) -> None:
    assert find(text).unread == ()


@settings(max_examples=150)
@given(st.text(max_size=300))
def test_any_text_is_read_alike_twice(text: str) -> None:
    found = read(text)
    assert found == read(text)
    assert set(found.acts) <= known_acts()
    assert isinstance(is_covered(text), bool)


def test_the_reader_knows_esconvs_strategies_and_the_patterns_of_boundaries() -> None:
    acts = vocabulary.load().terms["reply act"]
    strategies = {name for act in known_acts() for name in acts[act].all("strategy")}
    assert strategies == {name for act in acts.values() for name in act.all("strategy")}
    assert len(strategies) == 8
    patterns = {"refuse", "apology", "explain", "deflect", "acknowledge", "boundary"}
    assert patterns | {"reflection_of_feelings"} <= known_acts()


@pytest.mark.parametrize(
    ("line", "reply", "claimed"),
    [
        ("I'm so sad.", "You're sad.", set()),
        ("I feel really sad today", "You feel sad, and that makes sense.", set()),
        ("I'm so sad.", "You're sad and hopeless.", {"despair"}),
        ("I'm so sad.", "You're angry.", {"anger"}),
        ("I'm so sad.", "You're depressed.", {"sadness"}),
        ("I'm not sad.", "You're sad.", {"sadness"}),
        ("Am I sad?", "You're sad.", {"sadness"}),
        ("My sister says I'm sad.", "You're sad.", {"sadness"}),
        ("Maybe I'm sad.", "You're sad.", {"sadness"}),
        ("What a sad film.", "You're sad.", {"sadness"}),
        ("", "You're sad.", {"sadness"}),
    ],
)
def test_what_the_person_reports_may_be_said_back(line: str, reply: str, claimed: set[str]) -> None:
    found = find(reply, line)
    assert {c.emotion for c in found.claims if c.modality == "certain"} == claimed
    assert ("assert_feeling" in found.acts) == bool(claimed)
