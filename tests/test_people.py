"""The benchmarks against people, on a few of their rows: who is learned from, what is read."""

import csv
import json
from collections import Counter

import numpy as np
import pytest

from nesy import learn, pipeline
from nesy.benchmarks.measures.distributions import shares
from nesy.benchmarks.measures.intervals import Bootstrap
from nesy.benchmarks.people import ablation, crema_d, ferplus, mdns, rulework, snoek, table1, tables
from nesy.benchmarks.people.__main__ import main
from nesy.benchmarks.people.scoring import scored as scored_table
from nesy.trace import read_traces
from nesy.weights import Weights

DATA = tables.shipped("")
EVERY = 271  # 25 clips of 24 actors


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Some rows of CREMA-D, in a file."""
    lines = tables.shipped("crema_d/votes.csv").read_text().splitlines()
    path = tmp_path_factory.mktemp("people") / "few.csv"
    path.write_text("\n".join([lines[0], *lines[1::EVERY]]) + "\n")
    return path


@pytest.fixture(scope="module")
def conflict():
    return rulework.engine(["conflict"])


def test_a_table_with_one_row_a_modality_reads_alike(few, tmp_path):
    votes = crema_d.read(few)
    path = tmp_path / "long.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["clip", "modality", *crema_d.LETTERS])
        for name, counts in zip(
            crema_d.MODALITIES, (votes.face, votes.voice, votes.both), strict=True
        ):
            for clip, row in zip(votes.clips, counts, strict=True):
                writer.writerow([clip, name, *map(int, row)])
    again = crema_d.read(path)
    assert again.clips == votes.clips
    assert np.array_equal(
        np.stack([again.face, again.voice, again.both]),
        np.stack([votes.face, votes.voice, votes.both]),
    )


def test_a_row_becomes_what_was_seen_and_heard_and_said(few):
    votes = crema_d.read(few)
    found = crema_d.traces(votes)
    for number, trace in enumerate(found):
        face, line = trace.observation.faces[0], trace.observation.line
        claimed = {c.emotion: c.confidence for c in face.claims}
        heard = {e.emotion: e.confidence for e in line.emotions}
        for i, label in enumerate(crema_d.LABELS):
            assert claimed.get(label, 0) == round(1000 * shares(votes.face)[number, i])
            assert heard.get(label, 0) == round(1000 * shares(votes.voice)[number, i])
            assert trace.people.votes.get(label, 0) == votes.both[number, i]
        assert (line.valence, line.acts, line.cues) == ((), (), ())
        assert trace.case.line in crema_d.SENTENCES.values()
        assert trace.people.group == trace.case.id[:4]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("clip,face_A\n1,2\n", "it has no columns"),
        ("name\n1\n", "it has no column clip"),
        ("clip,modality,A,D,F,H,N,S\nc,face,1,2,x,0,0,0\n", "F is 'x' and not a count"),
        ("clip,modality,A,D,F,H,N,S\nc,smell,1,2,0,0,0,0\n", "names no modality"),
        ("clip,modality,A,D,F,H,N,S\nc,face,0,0,0,0,0,0\n", "nobody voted"),
        ("clip,modality,A,D,F,H,N,S\nc,face,1,0,0,0,0,0\n", "no clip with votes on face, voice"),
        ("clip\n", "no clip"),
    ],
)
def test_a_wrong_table_is_said_with_its_line(text, why, tmp_path, capsys):
    path = tmp_path / "votes.csv"
    path.write_text(text)
    assert main(["crema_d", "--votes", str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "N112" in said.err and why in said.err and str(path) in said.err


@pytest.mark.parametrize("command", ["ferplus", "mdns"])
def test_other_tables_are_refused_too(command, tmp_path, capsys):
    path = tmp_path / "votes.csv"
    lines = (DATA / command).glob("*.csv").__next__().read_text().splitlines()
    path.write_text(lines[0] + "\n" + ",".join("?" * len(lines[0].split(","))) + "\n")
    assert main([command, "--votes", str(path)]) == 2
    assert "N112" in capsys.readouterr().err


def test_no_actor_is_in_two_folds():
    actors = [str(a) for a in range(80) for _ in range(7)]
    fold = crema_d.folds(actors, 10, seed=3)
    assert all(len(set(fold[np.array(actors) == a])) == 1 for a in set(actors))
    assert Counter(fold.tolist()) == dict.fromkeys(range(10), 56)
    assert np.array_equal(fold, crema_d.folds(actors, 10, seed=3))
    assert not np.array_equal(fold, crema_d.folds(actors, 10, seed=4))


def test_the_rules_learn_nothing_from_the_actors_they_are_tried_on(few, conflict):
    votes = crema_d.read(few)
    fold = crema_d.folds(votes.actor, 2)
    found = rulework.examples(crema_d.traces(votes), conflict)
    words, prior = conflict.vocabulary, conflict.weights

    def read(examples):
        return rulework.learned(examples, fold, prior, crema_d.LABELS, words, ridge=1.0, folds=2)

    before = read(found)
    turned = [
        e
        if f != 1
        else learn.Example(e.id, e.group, {"fear": 1.0}, e.features, {"fear": ("fear",)})
        for e, f in zip(found, fold, strict=True)
    ]
    after = read(turned)
    assert np.array_equal(before[fold == 1], after[fold == 1])
    assert not np.allclose(before[fold == 0], after[fold == 0])


def test_unlearned_means_unlearned():
    learned = Weights(3.0, {"conflict.face": 2.0, "conflict.face(anger)": 9.0})
    assert learned.house().rules == {"conflict.face": 2.0}


@pytest.mark.slow
def test_the_whole_table_on_a_few_rows(few, capsys):
    pytest.importorskip("sklearn")
    assert main(["crema_d", "--votes", str(few), "--folds", "2", "--json"]) == 0
    whole, against = json.loads(capsys.readouterr().out)
    names = [row[""] for row in whole["rows"]]
    assert names == [
        "face only", "voice only", "product", "log-linear pool", "logistic regression",
        "logistic regression with logs", "gradient boosting", "our rules unlearned",
        "our rules learned", "the votes themselves",
    ]  # fmt: skip
    assert [row["against"] for row in against["rows"]] == names[:-2]
    floor = whole["rows"][-1]
    assert (floor["JSD"]["value"], floor["agreement"]["value"], floor["ECE votes"]["value"]) == (
        0,
        1,
        0,
    )
    for row in whole["rows"]:
        assert row["NLL"]["low"] <= row["NLL"]["value"] <= row["NLL"]["high"]
        assert row["NLL"]["value"] >= floor["NLL"]["value"]


def test_traces_scored_from_the_command_line_are_the_benchmarks_own(
    few, tmp_path, nesy, capfd, conflict
):
    written, read = tmp_path / "traces.jsonl", tmp_path / "read.jsonl"
    assert main(["crema_d", "--votes", str(few), "--traces", str(written)]) == 0
    weights = tmp_path / "w.json"
    weights.write_text(
        json.dumps(
            {"schema": "nesy.weights.v1", "default": 3.0, "rules": dict(conflict.weights.rules)}
        )
    )
    read.write_text(
        nesy("reason", written, "--packs", "conflict", "--weights", weights, "--json").out
    )
    assert main(["crema_d", "--score", str(read), "--json"]) == 0
    (scored,) = json.loads(capfd.readouterr().out)
    votes = crema_d.read(few)
    found = rulework.examples(crema_d.traces(votes), conflict)
    ours = rulework.predicted(found, conflict.weights, crema_d.LABELS, conflict.vocabulary)
    table = scored_table(
        "", shares(votes.both), {"ours": ours}, Bootstrap(votes.actor), votes.conflict
    )
    first = table.as_json()["rows"][0]
    assert {**first, "": "as read"} == scored["rows"][0]


def test_nothing_to_score_is_said(tmp_path, capsys):
    path = tmp_path / "t.jsonl"
    path.write_text('{"case": {"id": "a", "line": "Oh."}}\n')
    assert main(["crema_d", "--score", str(path)]) == 2
    assert "N114" in capsys.readouterr().err


def test_where_traces_cannot_be_written_is_said(few, tmp_path, capsys):
    assert main(["crema_d", "--votes", str(few), "--traces", str(tmp_path / "no" / "t.jsonl")]) == 2
    assert "N151" in capsys.readouterr().err


@pytest.mark.parametrize("folds", ["1", "x", "-2"])
def test_a_fold_count_is_two_or_more(folds, capsys):
    with pytest.raises(SystemExit) as left:
        main(["crema_d", "--folds", folds])
    assert left.value.code == 2
    assert "--folds" in capsys.readouterr().err


def test_readings_count_for_the_label_they_are_a_kind_of(words):
    reading = {"joy": 0.5, "grief": 0.25, "curiosity": 0.25}
    labels = ["happiness", "sadness", rulework.OTHER]
    assert rulework.over_labels([reading], labels, words).tolist() == [[0.5, 0.25, 0.25]]
    assert rulework.over_labels([reading], labels[:2], words) == pytest.approx(
        np.array([[2 / 3, 1 / 3]])
    )
    assert rulework.over_labels([{"joy": 1.0}], ["joy", "happiness"], words).tolist() == [
        [1.0, 0.0]
    ]


def test_one_person_is_drawn_by_the_votes_and_taken_out_of_them():
    counts = np.tile([[7.0, 2, 1, 0, 0, 0, 0, 0]], (4000, 1))
    seen, rest = ferplus.drawn(counts)
    assert np.array_equal(rest + np.eye(8)[seen], counts)
    assert np.bincount(seen, minlength=8)[:4] / 4000 == pytest.approx([0.7, 0.2, 0.1, 0], abs=0.03)
    assert np.array_equal(seen, ferplus.drawn(counts)[0])
    assert not np.array_equal(seen, ferplus.drawn(counts, seed=1)[0])


@pytest.mark.slow
def test_ferplus_learns_from_training_and_matches_the_best_table_of_one_label(tmp_path, capsys):
    rows = tables.shipped("ferplus/votes.csv").read_text().splitlines()
    path = tmp_path / "votes.csv"
    path.write_text("\n".join([rows[0], *rows[1::40]]) + "\n")
    votes = ferplus.read(path)
    seen, rest = ferplus.drawn(votes.counts)
    table = ferplus.confusion(seen, rest, votes.tested)
    base = np.array([shares(rest[~votes.tested & (seen == s)]).mean(axis=0) for s in range(8)])
    assert np.allclose(table, base[seen[votes.tested]], atol=0.12)
    assert main(["ferplus", "--votes", str(path), "--json"]) == 0
    whole, against = json.loads(capsys.readouterr().out)
    nll = {row[""]: row["NLL"]["value"] for row in whole["rows"]}
    assert nll["our rules learned"] < min(
        nll["our rules unlearned"], nll["the label itself"], nll["base rates"]
    )
    assert nll["our rules learned"] == pytest.approx(nll["confusion counts"], abs=0.02)
    assert len(against["rows"]) == 4


def test_answers_without_an_emotion_are_counted_and_left_out(tmp_path):
    path = tmp_path / "votes.csv"
    head = "Usage,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n"
    path.write_text(
        head
        + "Training,9,0,0,0,0,0,0,0,1,0\nPublicTest,2,0,0,0,0,0,0,0,0,8\n"
        + "PrivateTest,5,5,0,0,0,0,0,0,0,0\n"
    )
    votes = ferplus.read(path)
    assert (votes.without_emotion, votes.too_few, len(votes.counts)) == (9, 1, 2)
    assert votes.tested.tolist() == [False, True]


@pytest.mark.slow
def test_mdns_on_a_few_faces(tmp_path, capsys):
    pytest.importorskip("sklearn")
    rows = tables.shipped("mdns/ratings.csv").read_text().splitlines()
    path = tmp_path / "ratings.csv"
    path.write_text("\n".join([rows[0], *rows[1::40]]) + "\n")
    given = mdns.read(path)
    assert (given.ratings.shape[1:], given.softmax.shape[1]) == ((6, 9), 7)
    assert given.softmax.min() >= mdns.LEAST
    assert main(["mdns", "--votes", str(path), "--folds", "2", "--markdown"]) == 0
    said = capsys.readouterr().out
    assert "| our rules learned |" in said and "nine raters, ordinal α" in said


def test_table_1_says_of_all_pairs_what_people_bear_out(capsys):
    assert main(["table1", "--json"]) == 0
    whole, summary, emoji = json.loads(capsys.readouterr().out)
    said = {(r["expression"], r["emotion"]): r["people"] for r in whole["rows"]}
    assert len(said) == 34
    assert said["smile", "joy"] == "borne out"
    assert said["frown", "sadness"] == "in part"
    assert said["inner_brow_raiser", "sadness"] == "not borne out"
    assert said["inner_brow_raiser", "surprise"] == "not borne out alone: with unit 2"
    assert said["lip_bite", "anxiety"] == "no data: unit not shown"
    assert said["lip_corner_roller", "disgust"] == "no data: no FACS unit"
    assert said["smile", "politeness"] == "no data: emotion not asked"
    assert sum(sum(n for n in r.values() if isinstance(n, int)) for r in summary["rows"]) == 34
    assert emoji["rows"][0]["difference"]["low"] > 0


def test_the_readme_holds_what_table_1_prints():
    readme = (DATA.parent / "README.md").read_text(encoding="utf-8")
    for table in table1.measure():
        rows = table.as_text().partition("\n\n")[2].partition("\n\n")[0].rstrip()
        assert f"{table.title}\n\n{rows}\n" in readme


def test_table_1_follows_the_figures(tmp_path):
    lines = tables.shipped("snoek/models.csv").read_text().splitlines()
    names = lines[0].split(",")
    none = [
        ",".join(
            "0" if n.startswith("AU12") else c for n, c in zip(names, line.split(","), strict=True)
        )
        for line in lines[1:]
    ]
    path = tmp_path / "models.csv"
    path.write_text("\n".join([lines[0], *none]) + "\n")
    whole, *_ = table1.measure(path)
    said = {row[:2]: row[-1] for row in whole.rows}
    assert said["smile", "joy"] == said["lip_corner_puller", "happiness"] == "not borne out"
    assert said["nose_wrinkle", "disgust"] == "borne out"


def test_models_of_units_hold_every_emotion_and_both_places():
    models = snoek.read()
    assert len(models.shares) == 3 * len(snoek.EMOTIONS)
    assert models.shares[snoek.ALL, "happiness"][12] == 1 and 32 not in models.units


def test_a_pack_off_is_set_against_all_packs():
    faces = [ablation._face("joy", {6: 1.0, 12: 1.0}), ablation._face("anger", {9: 1.0, 10: 1.0})]
    labels = ["happiness", "anger", "disgust", rulework.OTHER]
    said = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0]])
    data = ablation.Data("two", 2, said, ["a", "b"], ablation._reasoned(faces, labels))
    engines = {
        off: rulework.engine(["+conflict", *([f"-{off}"] if off != "none" else [])])
        for off in ("none", "words", "table1")
    }
    rows, silent = ablation._ablated(data, engines)
    off = {row[2]: row for row in rows}
    assert (silent, set(off)) == (["words"], {"none", "table1"})
    assert off["table1"][4].value == pytest.approx(off["table1"][3].value - off["none"][3].value)
    engine = engines["table1"]
    read = [pipeline.reason(face, engine=engine).reading["f1"].distribution for face in faces]
    mixed = 0.99 * rulework.over_labels(read, labels, engine.vocabulary) + 0.01 / 4
    assert off["table1"][3].value == pytest.approx(-np.log(mixed[[0, 1], [0, 1]]).mean())


@pytest.mark.parametrize(
    "folder", sorted(p for p in DATA.iterdir() if p.is_dir()), ids=lambda p: p.name
)
def test_shipped_rows_name_their_source_and_licence(folder):
    source = (folder / "SOURCE.md").read_text(encoding="utf-8")
    assert "Licence" in source and "Commit" in source and "Changed" in source
    assert (folder / "LICENSE").read_text(encoding="utf-8").strip()
    assert sum(file.stat().st_size for file in folder.iterdir()) < 500_000


def test_what_is_shipped_can_be_read():
    assert len(crema_d.read().clips) == 6546
    assert list(read_traces(DATA.parent.parent / "demo" / "observations.jsonl"))
