"""What is shipped: the wheel holds every file, and an installed nesy needs no checkout."""

import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import nesy

ROOT = Path(nesy.__file__).parents[1]
AREAS = ("nesy", "rules", "ontology", "adapters", "benchmarks")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")

pytestmark = pytest.mark.slow


def files():
    """Return every file of the checkout that git tracks, or would."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return sorted(name for name in listed.split("\0") if name and (ROOT / name).is_file())


def run(*command, cwd=None):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Copy what git knows, so that nothing else can slip in and no build folder stays behind."""
    target = tmp_path_factory.mktemp("packaging") / "nesy-copy"
    for name in files():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)
    return target


@pytest.fixture(scope="module")
def wheel(copy):
    out = copy.parent / "wheel"
    run(*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(out), str(copy))
    (found,) = out.glob("nesy-*.whl")
    return found


@pytest.fixture(scope="module")
def sdist(copy):
    out = copy.parent / "sdist"
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(out), cwd=copy)
    (found,) = out.glob("nesy-*.tar.gz")
    return found


@pytest.fixture(scope="module")
def installed(wheel):
    """Install the wheel in an environment of its own that borrows the packages of this one."""
    folder = wheel.parent / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    scheme = {"base": str(folder), "platbase": str(folder)}
    site = Path(sysconfig.get_path("purelib", "venv", vars=scheme))
    # A line in a .pth file puts a folder on the path, but does not read the .pth files in it: the
    # editable nesy of this environment stays out of sight.
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    scripts = Path(sysconfig.get_path("scripts", "venv", vars=scheme))
    python = scripts / "python"
    run(*PIP, "--python", str(python), "install", "--no-deps", "--no-index", str(wheel))
    return scripts


def shipped(names):
    """Return where the files of the checkout lie inside a wheel."""
    found = [name for name in names if name.split("/")[0] in AREAS and "/" in name]
    return {name if name.startswith("nesy/") else f"nesy/{name}" for name in found}


def contents(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_wheel_holds_every_file_and_no_other(wheel):
    assert contents(wheel) == shipped(files())


def test_sdist_holds_every_file(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert set(files()) <= names | {".gitignore"}


def test_wheel_from_the_sdist_is_the_same(sdist, wheel):
    out = sdist.parent / "again"
    run(*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(out), str(sdist))
    (again,) = out.glob("nesy-*.whl")
    assert contents(again) == contents(wheel)


def test_installed_command_runs_outside_the_checkout(installed, tmp_path):
    assert nesy.__version__ in run(str(installed / "nesy"), "--version", cwd=tmp_path)


def test_installed_nesy_reads_its_own_rules(installed, tmp_path):
    code = (
        "import nesy, nesy.resources as r; from nesy.trace import Case;"
        "print(r.folder('rules'));"
        "print(next(nesy.run([Case(id='c', line=\"I'm fine\")])).verdict.status)"
    )
    said = run(str(installed / "python"), "-c", code, cwd=tmp_path).split()
    assert Path(said[0]).is_relative_to(installed.parent)
    assert said[1] == "release"


def test_installed_nesy_tests_its_own_rules(installed, tmp_path):
    said = run(str(installed / "nesy"), "test", cwd=tmp_path)
    assert said.endswith("cases, all as expected\n")
