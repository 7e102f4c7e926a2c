"""The wheel works alone: installed into an empty environment, in an empty folder, it makes a report."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import REPOSITORY

from b12analysis.reports import names


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True)
    return next(out.glob("*.whl"))


def test_the_wheel_carries_tables_notebooks_and_templates(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, inside, ending in [("data", "_data", "csv"), ("notebooks", "_notebooks", "ipynb")]:
        for path in (REPOSITORY / folder).glob(f"*.{ending}"):
            assert f"b12analysis/{inside}/{path.name}" in names
    for path in (REPOSITORY / "b12analysis/reports/templates").iterdir():
        assert f"b12analysis/reports/templates/{path.name}" in names
    assert not [name for name in names if name.startswith(("tests", "data/"))]


def test_an_installed_wheel_reports_from_an_empty_folder(wheel, tmp_path):
    # The dependencies come from this environment: what is tested is that the package needs nothing of the repository.
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(site),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    environment = os.environ | {"PYTHONPATH": str(site)}

    def b12(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "b12analysis.cli", *arguments],
            cwd=empty,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    where = [sys.executable, "-c", "import b12analysis; print(b12analysis.__file__)"]
    found = subprocess.run(where, cwd=empty, env=environment, capture_output=True, text=True, check=True).stdout
    assert found.strip().startswith(str(site))
    assert b12("report", "recovery") == f"{empty / 'reports/build/recovery.html'}\n"
    assert "not medical advice" in (empty / "reports/build/recovery.html").read_text(encoding="utf-8")
    assert b12("data", "check") == "all tables are sound\n"
    b12("lab", "--copy-only")
    assert sorted(path.name for path in (empty / "notebooks").iterdir()) == [f"{name}.ipynb" for name in names()]
    (empty / "notebooks/recovery.ipynb").write_text("my work", encoding="utf-8")
    b12("lab", "--copy-only")
    assert (empty / "notebooks/recovery.ipynb").read_text(encoding="utf-8") == "my work"
