"""Who may import what: read from the source with ast, and from what `import nesy` loads."""

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import nesy

ROOT = Path(nesy.__file__).parents[1]
MODULES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for area in ("nesy", "adapters", "benchmarks")
    for path in sorted((ROOT / area).rglob("*.py"))
}
ENGINE = sorted(name for name in MODULES if name.startswith("nesy/"))

# package: the modules, or the folders, that may import it; what is not named, all may.
MAY_IMPORT = {
    "rdflib": ("nesy/turtle.py", "nesy/shapes.py", "nesy/export/", "benchmarks/"),
    "pyshacl": ("nesy/shapes.py",),
    "pyswip": ("nesy/reason/prolog.py",),
    "torch": ("adapters/", "benchmarks/"),
    "torchvision": (),
    "transformers": ("adapters/", "benchmarks/"),
    "outlines": ("adapters/", "benchmarks/"),
    "outlines_core": ("adapters/", "benchmarks/"),
    "tokenizers": ("adapters/", "benchmarks/"),
    "safetensors": ("adapters/", "benchmarks/"),
    "nesy.adapters": ("adapters/", "benchmarks/"),
    "nesy.benchmarks": ("benchmarks/",),
    "adapters": (),
    "benchmarks": (),
}
# foreign.py runs in the Python of other tools, without this package.
MAY_CREATE_CONTROL = ("benchmarks/explain/foreign.py", "nesy/reason/asp.py")


def imports(tree):
    """Yield every absolute module named by an import statement or a constant import_module()."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) in ("importlib.import_module", "import_module")
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield node.args[0].value


def allowed(module, places):
    return any(
        module == place or (place[-1] == "/" and module.startswith(place)) for place in places
    )


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_is_imported_only_where_it_may_be(package):
    found = {
        module
        for module, tree in MODULES.items()
        for name in imports(tree)
        if name == package or name.startswith(f"{package}.")
    }
    assert [module for module in sorted(found) if not allowed(module, MAY_IMPORT[package])] == []


def test_one_module_creates_the_solver():
    creators = [
        module
        for module, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Control"
    ]
    assert sorted(set(creators)) == sorted(MAY_CREATE_CONTROL)


@pytest.mark.parametrize("module", ["nesy/trace.py", "nesy/observation.py", "nesy/diagnostics.py"])
def test_the_values_import_nothing_above_them(module):
    lower = {"nesy.strict_json", "nesy.diagnostics", "nesy.observation"}
    found = {name for name in imports(MODULES[module]) if name.startswith("nesy.")}
    assert {".".join(name.split(".")[:2]) for name in found} <= lower


def test_no_adapter_imports_another_but_embedded_the_one_it_is_made_of():
    for module, tree in MODULES.items():
        area, _, rest = module.partition("/")
        if area != "adapters" or not rest:
            continue
        own = rest.partition("/")[0].removesuffix(".py")
        others = {
            name.split(".")[2] for name in imports(tree) if name.startswith("nesy.adapters.")
        } - {own}
        assert others <= ({"transformers"} if own == "embedded" else set()), module


@pytest.mark.parametrize("module", ENGINE)
def test_no_module_is_named_as_a_data_folder(module):
    assert Path(module).parts[1].removesuffix(".py") not in (
        "rules",
        "ontology",
        "adapters",
        "benchmarks",
    )


def test_importing_nesy_is_silent_and_loads_nothing_heavy():
    code = "import sys, json, nesy; json.dump(sorted(sys.modules), sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    heavy = {"clingo", "numpy", "outlines", "pydantic", "pyswip", "rdflib", "torch", "transformers"}
    assert heavy & set(json.loads(done.stderr)) == set()


def test_public_names_are_sorted_and_there():
    assert nesy.__all__ == sorted(nesy.__all__)
    for name in nesy.__all__:
        assert getattr(nesy, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = nesy.no_such_name


@pytest.mark.parametrize("area", ["adapters", "benchmarks"])
def test_a_folder_refuses_to_be_imported_by_its_bare_name(area, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    with pytest.raises(ImportError, match=f"import nesy.{area}, not {area}"):
        importlib.import_module(area)
