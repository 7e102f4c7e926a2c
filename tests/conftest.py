"""What several test modules share: reference material, the default pages, a browser without a network."""

import os
import shutil
import sys
from pathlib import Path

import filelock
import nbformat
import pytest

from b12analysis import cli
from b12analysis.reports import build

REPOSITORY = Path(__file__).parent.parent
SHARED = REPOSITORY.parent / "shared"
CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome", "chrome"])), None)


@pytest.fixture
def shared() -> Path:
    """Folder of reference material that lies beside a developer's checkout."""
    if not SHARED.is_dir():
        pytest.skip(
            "the developers' reference material is not beside this checkout; smaller tests cover the same ground"
        )
    return SHARED


@pytest.fixture
def typed(tmp_path, monkeypatch) -> Path:
    """A folder with one notebook, "typed", that has a parameter of every type; it takes the place of the package's."""
    cell = nbformat.v4.new_code_cell(
        "from datetime import date\nfrom pathlib import Path\n\n"
        "i: int = 1  # a number\nf: float | None = None  # a number\nb: bool = False  # a switch\n"
        "d: date = date(2026, 1, 1)  # a day [0001-01-01 to 9999-12-31]\ns: str = 'a'  # a text\n"
        "many: list[str] = []  # texts\ndays: list[date] | None = None  # days\n"
        "p: Path | None = None  # a file\n"
    )
    cell.metadata["tags"] = ["parameters"]
    cell["id"] = "typed"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "typed.ipynb")
    monkeypatch.setenv("B12_NOTEBOOKS", str(tmp_path))
    return tmp_path


@pytest.fixture
def call(monkeypatch, capsys):
    """Run the command without a new process; its exit code and what it printed."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["b12", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        printed = capsys.readouterr()
        return stop.value.code, printed.out, printed.err

    return run


@pytest.fixture(scope="session")
def pages(tmp_path_factory) -> Path:
    """Folder with the default reports and their index, made once for all tests that only look, whoever runs them."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "pages"
    with filelock.FileLock(f"{folder}.lock"):  # a batch finds done what another process of pytest has made
        return build(out=folder, plotly="embed").parent


@pytest.fixture(scope="session")
def chromium():
    """The system's Chromium, headless; tests that need it skip where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt install chromium)")
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=quiet)
        yield browser
        browser.close()
