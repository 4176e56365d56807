"""The vocabulary that is shipped as JSON is the one that the Turtle files hold."""

import os

import pytest

from nesy import resources, turtle, vocabulary, written


def test_the_json_says_what_turtle_says():
    """``NESY_ACCEPT=1`` writes it anew."""
    path, known = resources.folder("ontology") / written.FILE, turtle.load(())
    if os.environ.get("NESY_ACCEPT"):
        path.write_text(written.text(known), encoding="utf-8")
        written.load.cache_clear()
    found = written.load()
    fix = "the ontology changed: NESY_ACCEPT=1 pytest tests/test_written.py"
    assert path.read_text(encoding="utf-8") == written.text(known), fix
    assert found is not None and vocabulary.load() is found
    assert (found.terms, found.pairs, found.digest) == (known.terms, known.pairs, known.digest)
    assert (found.facts, found.units) == (known.facts, known.units)
    assert [list(of) for of in found.terms.values()] == [list(of) for of in known.terms.values()]


@pytest.fixture
def copied(tmp_path, monkeypatch):
    for path in resources.folder("ontology").iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(resources, "folder", lambda _: tmp_path)
    written.load.cache_clear()
    yield tmp_path
    written.load.cache_clear()


@pytest.mark.parametrize("change", ["a line more", "a file more", "a file less", "a name"])
def test_other_turtle_files_are_read_as_turtle(copied, change):
    assert written.load() is not None
    written.load.cache_clear()
    file = copied / "mismatch.ttl"
    if change == "a line more":
        file.write_text(file.read_text(encoding="utf-8") + "# More\n", encoding="utf-8")
    elif change == "a file more":
        (copied / "more.ttl").write_text("# Nothing\n", encoding="utf-8")
    elif change == "a file less":
        file.unlink()
    else:
        file.rename(copied / "other.ttl")
    assert written.load() is None


def test_without_the_json_turtle_is_read(copied):
    (copied / written.FILE).unlink()
    assert written.load() is None
