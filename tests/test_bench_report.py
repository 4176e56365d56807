"""The report of a run: every form holds the same figures, and nothing is fetched or made up."""

import csv
import io
import json
import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from nesy.benchmarks.cli import app
from nesy.benchmarks.measures.intervals import Interval
from nesy.benchmarks.report import forms, paper, plots, procedures
from nesy.benchmarks.report.compare import compared
from nesy.benchmarks.report.found import Found
from nesy.benchmarks.report.table import Table
from nesy.benchmarks.report.write import sections, write
from nesy.benchmarks.running.folder import Run
from nesy.diagnostics import NesyError

CONDITIONS = "text,text_rules,constrained,rules,learned,governed"


def bench(*arguments):
    done = CliRunner().invoke(app, [str(each) for each in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench") / "run"
    common = ("--conditions", CONDITIONS, "--explain-every", 2, "--no-cache", "--quiet")
    assert bench("run", "fine", "darwin", "--limit", 6, "-o", folder, *common).exit_code == 0
    return Run(folder)


@pytest.fixture(scope="module")
def page(run):
    return write(run).read_text(encoding="utf-8")


class Page(HTMLParser):
    """What a page refers to, and the rows of its tables."""

    def __init__(self):
        super().__init__()
        self.addresses, self.rows, self.ids, self.open = [], [], [], False

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.addresses += [named[name] for name in ("src", "href") if named.get(name)]
        if "id" in named:
            self.ids.append(named["id"])
        if tag == "tr":
            self.rows.append([])
        self.open = tag in ("th", "td")
        if self.open:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self.open = self.open and tag not in ("th", "td")

    def handle_data(self, data):
        if self.open:
            self.rows[-1][-1] += data


def read(text):
    found = Page()
    found.feed(text)
    return found


def test_a_page_is_whole_in_itself(page):
    found = read(page)
    assert [a for a in found.addresses if not a.startswith(("#", "data:"))] == []
    assert {a[1:] for a in found.addresses if a.startswith("#")} <= set(found.ids)
    assert "<script" not in page


def test_the_same_run_gives_the_same_bytes(run, page, tmp_path):
    again = write(run, tmp_path / "again")
    assert again.read_text(encoding="utf-8") == page
    for path in sorted((run.path / "report").rglob("*")):
        if path.is_file():
            name = path.relative_to(run.path / "report")
            assert (tmp_path / "again" / name).read_bytes() == path.read_bytes(), name


def test_every_figure_of_the_page_is_one_of_the_results(run, page):
    results = json.loads((run.path / "results.json").read_text(encoding="utf-8"))
    values = {
        f"{f['value']:.3f}"
        for f in results["figures"]
        if f["value"] is not None and "slice" not in f
    }
    table = next(t for s in sections(Found(run)) if s.key == "task-fine" for t in s.tables)
    numbers = {
        re.match(r"-?[0-9.]+", cell)[0]
        for row in read(forms.html(table)).rows[1:]
        for cell in row[1:-1]
        if cell and cell != "no result"
    }
    assert numbers and numbers <= values


def test_what_was_not_scored_is_no_result_and_never_0(run):
    found = Found(run)
    nothing = [f for f in found.results["figures"] if f["n"] == 0]
    assert nothing and all(f["value"] is None for f in nothing)
    told = [
        (table, row)
        for section in sections(found)
        for table in section.tables
        for row in table.rows
        if "n" in table.columns and str(row[table.columns.index("n")]) == "0"
    ]
    assert all("no result" in row or None in row for _, row in told)


def test_markdown_csv_and_latex_hold_the_same_table(run, page):
    for section in sections(Found(run)):
        for name, table in section.named_tables():
            rows = list(
                csv.reader(io.StringIO((run.path / f"report/tables/{name}.csv").read_text()))
            )
            assert len(rows) == len(table.rows) + 1
            latex = (run.path / f"report/tables/{name}.tex").read_text()
            assert latex.count(r" \\") == len(table.rows) + 1
            assert table.title in (run.path / "report/report.md").read_text()


def test_published_numbers_are_marked_and_stand_beside_ours(page):
    assert "Published, not reproduced." in page
    assert "35.914 ± 0.952" in page and "Table 3 in our numbers" in page
    assert len(paper.published()["contradictions"]) == 11
    assert "Lip Corner Roller" in page


def test_every_procedure_of_the_paper_is_listed():
    assert [each["name"] for each in procedures.listed()] == [f"P{i}" for i in range(1, 21)]


def test_examples_say_why(run):
    found = next(s for s in sections(Found(run)) if s.key == "examples")
    assert found.examples and any("rule " in each.why for each in found.examples)
    assert all(each.picture is None or each.picture.startswith("data:") for each in found.examples)


def test_a_run_against_itself_differs_nowhere(run):
    table = compared(Found(run), Found(run))
    differences = [row[5] for row in table.rows]
    assert differences
    assert {d.value if isinstance(d, Interval) else d for d in differences} == {0.0}


def test_runs_of_other_rows_are_not_compared(run, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(run.path, other)
    manifest = json.loads((other / "manifest.json").read_text())
    for task in manifest["tasks"]:
        task["version"] += 1
    (other / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(NesyError, match="N751"):
        compared(Found(run), Found(Run(other)))


def test_a_run_that_was_not_scored_has_no_report(run, tmp_path):
    other = tmp_path / "an other"
    shutil.copytree(run.path, other)
    (other / "results.json").unlink()
    with pytest.raises(NesyError, match="N750") as caught:
        write(Run(other))
    assert caught.value.diagnostics[0].fix == f"nesy bench score '{other}'"


@given(st.text(max_size=40))
def test_latex_takes_any_text(text):
    table = Table("t", ("a", "b"), ((text, 1.0),))
    body = forms.latex(table)
    for sign in "&%$#_":
        assert not re.search(rf"(?<!\\){re.escape(sign)}", forms._tex(text)), body


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6))
def test_csv_keeps_six_decimals(values):
    table = Table("t", ("a", *map(str, range(len(values)))), (("x", *values),))
    (_, row) = csv.reader(io.StringIO(forms.comma_separated(table)))
    assert [float(cell) for cell in row[1:]] == [round(value, 6) for value in values]


def test_plots_say_what_they_show_and_repeat():
    drawn = [
        plots.heat('a "title" & <more>', ["x"], ["y"], np.array([[0.5]])),
        plots.curves("t", {"p": {"s": np.array([0.1, 0.2, 0.4])}}, "v"),
        plots.bars("t", ["g"], {"s": [(1.0, 0.5, 1.5)], "none": [None]}, "v"),
        plots.reliability("t", {"s": [(0.2, 0.1, 3)]}),
    ]
    assert all('role="img" aria-label=' in each for each in drawn)
    assert drawn[0] == plots.heat('a "title" & <more>', ["x"], ["y"], np.array([[0.5]]))
