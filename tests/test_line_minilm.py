"""The head of MiniLM: what it learns from, that it learns it again, that its probabilities hold."""

import csv

import numpy as np
import pytest
import torch

from nesy import vocabulary
from nesy.adapters.minilm import head, sentences, train
from nesy.diagnostics import MissingError, NesyError

WORDS = vocabulary.load()
torch.set_num_threads(1)


def table(path, rows):
    with path.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([("id", "text", "emotions"), *rows])
    return path


def made(source, count, emotions):
    """Return lines whose words say their emotion, and embeddings that say it as well."""
    named = [emotions[i % len(emotions)] for i in range(count)]
    rows = [train.Row(f"{source} line {i}", source, frozenset({e})) for i, e in enumerate(named)]
    chance = np.random.default_rng(0)
    place = {e: i for i, e in enumerate(sorted(WORDS.emotions))}
    points = chance.normal(size=(count, sentences.WIDTH)) / 20
    points[np.arange(count), [place[e] for e in named]] += 1
    return rows, torch.tensor(points).float()


def test_labels_become_terms_of_the_ontology(tmp_path):
    xed = table(
        tmp_path / "xed.csv", [("e1", "Get out!", "anger|disgust"), ("e2", "Hm.", "neutral")]
    )
    found = list(train.rows(xed, "xed", WORDS))
    assert [set(row.emotions) for row in found] == [{"anger", "disgust"}, {"neutral"}]
    assert {row.part for row in found} <= set(range(train.PARTS))


def test_a_label_that_is_not_aligned_is_refused(tmp_path):
    file = table(tmp_path / "xed.csv", [("e1", "Hm.", "angst")])
    with pytest.raises(NesyError) as caught:
        list(train.rows(file, "xed", WORDS))
    assert caught.value.diagnostics[0].code == "N201"


def test_a_file_that_is_no_table_is_refused(tmp_path, capsys):
    (tmp_path / "xed.csv").write_text("a,b\n1,2\n")
    arguments = ["--xed", str(tmp_path / "xed.csv"), "--goemotions", str(tmp_path / "none.csv")]
    assert train.main(arguments) == 2
    assert "N112" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("emotions", "expected"),
    [
        ({"joy", "love"}, "positive"),
        ({"anger"}, "negative"),
        ({"joy", "sadness"}, "mixed"),
        ({"surprise"}, "neutral"),
        ({"surprise", "joy"}, "positive"),
    ],
)
def test_the_valence_of_labels_is_the_ontologys(emotions, expected):
    assert train.valence(frozenset(emotions), WORDS) == expected


def test_a_line_is_in_one_part_however_often_it_stands_there():
    rows = [train.Row(text, "xed", frozenset({"joy"})) for text in ("I am GLAD", "i'm  glad")]
    assert len({row.part for row in rows}) == 1


def test_training_learns_what_is_there_and_gives_the_same_head_again(tmp_path):
    xed, left = made("xed", 400, ["joy", "anger", "neutral"])
    goemotions, right = made("goemotions", 400, ["love", "anger", "neutral"])
    given, embedded = [*xed, *goemotions], torch.cat([left, right])
    first, second = (train.train(given, embedded, WORDS) for _ in range(2))
    assert first.card["held_out"]["xed"]["top"] > 0.9
    assert first.card["held_out"]["goemotions"]["valence"] > 0.9
    for found, name in ((first, "one"), (second, "two")):
        head.save(found, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    again = head.load(tmp_path / "one")
    assert again.outputs == first.outputs and again.card == first.card
    assert torch.equal(again.probabilities(embedded), first.probabilities(embedded))


def test_a_set_says_nothing_of_the_emotions_it_does_not_ask_for():
    rows = [
        train.Row("a", "xed", frozenset({"joy"})),
        train.Row("b", "goemotions", frozenset({"love"})),
    ]
    outputs, true, said = train.targets(rows, WORDS)
    column = outputs.index("emotion:love")
    assert true[:, column].tolist() == [0, 1]
    assert said[:, column].tolist() == [0, 1]
    assert said[:, outputs.index("valence:positive")].tolist() == [1, 1]


def test_calibration_brings_probabilities_to_how_often_they_are_right():
    chance = np.random.default_rng(1)
    truth = chance.normal(size=4000)
    right = chance.random(4000) < 1 / (1 + np.exp(-truth))
    raw = torch.tensor(3 * truth - 1)[:, None]
    ((slope, offset),) = train.calibrated(
        raw, torch.tensor(right)[:, None].float(), torch.ones(4000, 1)
    )
    assert slope == pytest.approx(1 / 3, abs=0.05)
    assert offset == pytest.approx(1 / 3, abs=0.1)


def test_the_shipped_head_is_small_and_of_the_ontology():
    assert head.FILE.stat().st_size < 1_000_000
    found = head.load()
    assert found.card["version"] == train.VERSION
    assert {o.removeprefix("emotion:") for o in found.outputs if o.startswith("emotion:")} <= set(
        WORDS.emotions
    )
    chances = found.probabilities(torch.nn.functional.normalize(torch.randn(5, 384), dim=1))
    assert chances.shape == (5, len(found.outputs))
    assert bool(((chances >= 0) & (chances <= 1)).all())


def test_the_card_tells_the_figures_of_the_shipped_head():
    text = (head.FILE.parent / "README.md").read_text(encoding="utf-8")
    for figures in head.load().card["held_out"].values():
        assert all(f"{value:.3f}" in text for name, value in figures.items() if name != "lines")
        assert f"{figures['lines']}" in text


@pytest.mark.parametrize(
    "content", [b"", b"no tensors", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "]
)
def test_a_file_that_is_no_head_is_refused(tmp_path, content):
    (tmp_path / "head").write_bytes(content)
    with pytest.raises(NesyError) as caught:
        head.load(tmp_path / "head")
    assert caught.value.diagnostics[0].code == "N903"


def test_a_folder_that_holds_another_model_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(NesyError) as caught:
        sentences.Sentences(sentences.folder(str(tmp_path)))
    assert caught.value.diagnostics[0].code == "N903"


def test_a_line_is_embedded_alike_whatever_lies_beside_it():
    try:
        minilm = sentences.Sentences(sentences.folder())
    except MissingError as error:
        pytest.skip(str(error.diagnostics[0]))
    lines = ["I am glad.", "This is a much longer line, about nothing at all, I suppose.", "Hm."]
    together = minilm.embed(lines)
    assert torch.equal(together, torch.cat([minilm.embed([text]) for text in lines]))
    assert torch.allclose(together, minilm.embed(lines, batch=3), atol=1e-5)
    assert torch.allclose(together.norm(dim=1), torch.ones(3), atol=1e-5)
