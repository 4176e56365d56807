"""./run and .ci/run, on a copy with a stand-in for Python, so that nothing is installed."""

import os
import re
import shutil
import subprocess
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

import nesy

ROOT = Path(nesy.__file__).parents[1]
BASH = shutil.which("bash")
pytestmark = pytest.mark.skipif(BASH is None, reason="there is no bash here")

# Answers for the interpreter of .venv: it logs what it is asked, and plays the package index.
STAND_IN = r"""#!/usr/bin/env bash
echo "$*" >>"$LOG"
case "$*" in
  "-m pip --version") ;;
  *--dry-run*) [ "$INDEX" != nothing ] ;;
  *--index-url*) [ "$MIRROR" = yes ] ;;
  *.torch-report.json) cat >/dev/null; echo "$INDEX" ;;
  "- "*) cat >/dev/null; [ "$HAS_TORCH" = yes ] ;;
  *) ;;
esac
"""
TORCH = "torch==" + re.search(
    r"^torch==(\S+)$", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE
).group(1)


class Checkout:
    """A copy of the scripts in a folder with a space in its name."""

    def __init__(self, folder):
        self.root = folder / "my checkout"
        self.log = folder / "log"
        self.log.touch()
        self.tools = folder / "tools"
        self.tools.mkdir()
        for name in ("run", ".ci/run", "requirements.lock", "pyproject.toml"):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, self.root / name)
        self.write(self.root / ".venv" / "bin" / "python", STAND_IN)
        self.tool("swipl", "exit 0")
        for name in ("bash", "cat", "cmp", "dirname", "grep", "id", "sed"):
            (self.tools / name).symlink_to(shutil.which(name))

    def write(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def tool(self, name, body):
        self.write(self.tools / name, f"#!{BASH}\n{body}\n")

    def __call__(self, *arguments, script="run", **settings):
        defaults = {"INDEX": "cpu", "MIRROR": "no", "HAS_TORCH": "no"}
        found = {"PATH": str(self.tools), "LOG": str(self.log), **defaults, **settings}
        command = [BASH, str(self.root / script), *arguments]
        return subprocess.run(command, env=found, cwd="/", capture_output=True, text=True)

    @property
    def asked(self):
        return self.log.read_text(encoding="utf-8").splitlines()

    def installs(self):
        return [line for line in self.asked if " install " in line and "--dry-run" not in line]


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


def test_help_names_the_commands_and_installs_nothing(checkout):
    done = checkout("help")
    assert done.returncode == 0
    for command in ("demo", "nesy", "test", "lint", "help"):
        assert re.search(rf"^  {command}\b", done.stdout, re.MULTILINE)
    assert checkout.asked == []
    assert checkout().stdout == done.stdout


def test_an_unknown_command_is_exit_2(checkout):
    done = checkout("demmo")
    assert done.returncode == 2
    assert "unknown command 'demmo'" in done.stderr
    assert done.stdout == ""


def test_first_start_installs_torch_then_the_lock_then_nesy(checkout):
    done = checkout("setup")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    torch, lock, itself = checkout.installs()
    assert torch.endswith(TORCH)
    assert lock.endswith(f"-r {checkout.root}/requirements.lock")
    assert "--no-deps" in itself
    assert itself.endswith(f"-e {checkout.root}")
    assert "MB" in done.stderr


def test_second_start_does_nothing_again(checkout):
    checkout("setup")
    before = checkout.asked
    assert checkout("setup").stderr == ""
    assert checkout.asked == before


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_changed_lock_or_project_installs_again(checkout, name):
    checkout("setup")
    before = len(checkout.installs())
    with (checkout.root / name).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    checkout("setup", HAS_TORCH="yes")
    assert len(checkout.installs()) == before + 2


def test_an_interrupted_installation_goes_on(checkout):
    python = checkout.root / ".venv" / "bin" / "python"
    checkout.write(python, STAND_IN.replace("  *) ;;", "  *requirements.lock) exit 1 ;;"))
    assert checkout("setup", HAS_TORCH="yes").returncode != 0
    checkout.write(python, STAND_IN)
    assert checkout("setup", HAS_TORCH="yes").returncode == 0
    assert checkout.installs()[-1].endswith(f"-e {checkout.root}")


def test_torch_that_is_there_is_kept(checkout):
    checkout("setup", HAS_TORCH="yes")
    assert not any(line.endswith(TORCH) for line in checkout.asked)


def test_cuda_is_never_downloaded_unasked(checkout):
    done = checkout("setup", INDEX="cuda", MIRROR="no")
    assert done.returncode == 3
    assert "no NVIDIA GPU" in done.stderr
    assert "3 GB" in done.stderr
    assert "NESY_ALLOW_CUDA=1" in done.stderr
    (only,) = checkout.installs()
    assert "--index-url https://download.pytorch.org/whl/cpu" in only


@pytest.mark.parametrize("index", ["cuda", "nothing"])
def test_the_cpu_build_comes_from_elsewhere_when_it_must(checkout, index):
    assert checkout("setup", INDEX=index, MIRROR="yes").returncode == 0
    assert "--index-url https://download.pytorch.org/whl/cpu" in checkout.installs()[0]


def test_cuda_is_downloaded_when_allowed_or_of_use(checkout):
    assert checkout("setup", INDEX="cuda", NESY_ALLOW_CUDA="1").returncode == 0
    (checkout.root / ".venv" / ".nesy-installed").unlink()
    checkout.tool("nvidia-smi", "echo 'GPU 0: NVIDIA'")
    done = checkout("setup", INDEX="cuda")
    assert done.returncode == 0
    assert "with CUDA (about 3 GB)" in done.stderr
    assert not any("--index-url" in line for line in checkout.asked)


def test_no_index_in_reach_says_so(checkout):
    done = checkout("setup", INDEX="nothing")
    assert done.returncode == 3
    assert "it goes on where it stopped" in done.stderr


def test_an_old_python_is_told_what_to_do(checkout):
    shutil.rmtree(checkout.root / ".venv")
    checkout.tool("python3", "exit 1")
    done = checkout("setup")
    assert done.returncode == 3
    assert "Python 3.11 or newer" in done.stderr
    assert "apt-get install" in done.stderr
    assert "brew install" in done.stderr


def test_a_python_without_venv_is_told_what_to_do(checkout):
    shutil.rmtree(checkout.root / ".venv")
    body = 'case "$*" in *ensurepip*) exit 1 ;; *print*) echo python3.12 ;; esac'
    checkout.tool("python3", body)
    done = checkout("setup")
    assert done.returncode == 3
    assert "sudo apt-get install python3.12-venv" in done.stderr


def test_a_missing_prolog_is_told_and_does_not_stop(checkout):
    (checkout.tools / "swipl").unlink()
    done = checkout("setup")
    assert done.returncode == 0
    assert "sudo apt-get install swi-prolog-nox" in done.stderr
    assert "brew install swi-prolog" in done.stderr


def test_prolog_comes_through_apt_where_it_may(checkout):
    (checkout.tools / "swipl").unlink()
    (checkout.tools / "id").unlink()
    checkout.tool("id", "echo 0")
    checkout.tool("env", 'shift; exec "$@"')
    checkout.tool("apt-get", 'echo "apt $*" >>"$LOG"')
    checkout("setup")
    assert any(a.startswith("apt ") and "swi-prolog-nox" in a for a in checkout.asked)


def test_tests_and_demo_get_the_arguments(checkout):
    checkout("setup")
    checkout("test", "-k", "a b")
    checkout("demo", "-o", "out folder")
    assert checkout.asked[-2:] == ["-m pytest -k a b", "-m nesy.benchmarks.demo -o out folder"]


def test_ci_runs_the_tests_and_the_linters_and_fails_with_either(checkout):
    checkout("setup")
    assert checkout(script=".ci/run").returncode == 0
    ran = [line.split()[1] for line in checkout.asked if line.startswith("-m ")]
    assert [name for name in ran if name != "pip"] == ["pytest", "ruff", "ruff", "mypy"]
    failing = STAND_IN.replace('  "-m pip --version") ;;', '  "-m pytest"*) exit 1 ;;')
    checkout.write(checkout.root / ".venv" / "bin" / "python", failing)
    assert checkout(script=".ci/run").returncode != 0
    assert checkout.asked[-1].startswith("-m mypy")


def test_scripts_are_executable_and_wellformed():
    for name in ("run", ".ci/run"):
        assert os.access(ROOT / name, os.X_OK)
        subprocess.run([BASH, "-n", str(ROOT / name)], check=True)


def test_lock_names_every_dependency_of_the_project():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {line.partition("==")[0].lower().replace("_", "-") for line in text.splitlines()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    wanted += [
        name
        for extra in ("test", "lint")
        for name in project["project"]["optional-dependencies"][extra]
    ]
    names = {re.match(r"[A-Za-z0-9._-]+", name)[0].lower().replace("_", "-") for name in wanted}
    assert names <= locked
    assert not re.search(r"https?://|file:|==\S*\+|^-", text, re.MULTILINE)


def test_lock_is_what_the_tests_run_with():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)$", text, re.MULTILINE))
    here = {d.name.lower().replace("_", "-"): d.version.partition("+")[0] for d in distributions()}
    other = {
        name: (version, here[key])
        for name, version in locked.items()
        if (key := name.lower().replace("_", "-")) in here and here[key] != version
    }
    assert other == {}
