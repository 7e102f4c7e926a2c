"""The project holds together: one set of dependencies, exact pins, one-way imports, a small public face."""

import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution, version

import pytest
import yaml
from conftest import REPOSITORY
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import b12analysis as b12

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIRED = [Requirement(line) for line in PROJECT["dependencies"]]
FOR_TESTS = [Requirement(line) for line in PROJECT["optional-dependencies"]["test"]]
#: Names on conda-forge where they differ.
CONDA = {"pandera": "pandera-pandas", "build": "python-build", "playwright": "playwright-python"}


def test_conda_and_pip_name_the_same_dependencies_and_bounds():
    listed = yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    by_pip = [line for line in listed[-1]["pip"] if not line.startswith("-e")]
    requirements = [Requirement(line) for line in [*listed[:-1], *by_pip]]
    conda = {requirement.name: str(requirement.specifier) for requirement in requirements}
    assert conda.pop("python") == PROJECT["requires-python"]
    conda.pop("pip")
    assert conda == {CONDA.get(r.name, r.name): str(r.specifier) for r in [*REQUIRED, *FOR_TESTS]}


def test_constraints_pin_versions_and_nothing_else():
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line) for line in lines)
    names = [canonicalize_name(line.split("==")[0]) for line in lines]
    assert names == sorted(set(names))


def test_constraints_satisfy_the_bounds_and_reach_every_dependency():
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {canonicalize_name(name): number for name, number in (line.split("==") for line in lines)}
    for requirement in [*REQUIRED, *FOR_TESTS]:
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)])
    todo, seen = [*REQUIRED, *FOR_TESTS], set()
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        if name not in seen:
            seen.add(name)
            inner = [Requirement(line) for line in distribution(name).requires or []]
            extras = requirement.extras or {""}
            todo += [r for r in inner if r.marker is None or any(r.marker.evaluate({"extra": e}) for e in extras)]
    assert seen - set(pinned) - {"pip", "setuptools"} == set()


def test_imports_run_one_way():
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=REPOSITORY, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "1 kept, 0 broken" in done.stdout


def test_few_names_meet_the_user():
    assert dir(b12) == sorted([*b12.__all__, "__version__"])
    assert sorted(b12.__all__) == [
        "attributable_fraction", "batch", "compare_regimens", "cost_of_delay", "figures", "fit_recovery", "headcount",
        "latent_class", "load", "page", "pool", "prevalence", "recovery_curve", "recovery_outcomes", "report",
        "risk_groups", "risk_profile", "simulate_recovery", "simulate_regimen", "sources", "standardize", "status",
        "summarize", "survey_attributable_fraction", "survey_geometric_mean", "survey_linear", "survey_logistic",
        "survey_mean", "survey_prevalence", "survey_quantile", "survey_standardize", "testing_yield", "time_to",
        "true_prevalence", "validation",
    ]  # fmt: skip
    for name in b12.__all__:
        assert getattr(b12, name) is not None
    with pytest.raises(AttributeError, match="module 'b12analysis' has no attribute 'prevalance'"):
        b12.prevalance  # noqa: B018


def test_every_module_says_what_it_offers():
    for info in pkgutil.walk_packages(b12.__path__, "b12analysis."):
        module = importlib.import_module(info.name)
        assert module.__doc__
        assert module.__all__, info.name
        assert all(hasattr(module, name) for name in module.__all__), info.name


def test_importing_the_package_imports_no_heavy_library():
    heavy = "{'pandas', 'plotly', 'scipy', 'papermill', 'pandera', 'nbconvert'}"
    code = f"import sys, b12analysis; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_one_version_everywhere():
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    assert b12.__version__ == PROJECT["version"] == citation["version"] == version("b12analysis")
    assert f"## {PROJECT['version']}" in (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_top_level_holds_what_a_reader_expects_and_nothing_else():
    tracked = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    tops = {path.split("/")[0] for path in tracked.stdout.splitlines()}
    files = ".gitignore .pre-commit-config.yaml CHANGELOG.md CITATION.cff LICENSE Makefile README.md constraints.txt"
    folders = ".ci b12analysis data notebooks reports tests"
    assert tops == {*files.split(), *folders.split(), "environment.yml", "pyproject.toml"}


def test_the_examples_of_the_readme_run_in_a_python_of_their_own():
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(blocks) >= 3
    run = [sys.executable, "-c", "\n".join(blocks)]  # nothing that another test has imported helps
    ended = subprocess.run(run, capture_output=True, text=True, cwd=REPOSITORY)
    assert ended.returncode == 0, ended.stderr
