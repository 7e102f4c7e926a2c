"""Reports are written whole or not at all, under names that say what they are."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from b12analysis import writing
from b12analysis.arguments import InputError
from b12analysis.reports import ReportError, files, names, report, run, validate


@pytest.fixture
def broken(monkeypatch, tmp_path):
    """The recovery notebook with a cell that raises half way."""
    folder = tmp_path / "notebooks"
    shutil.copytree(run.notebook("recovery").parent, folder)
    content = nbformat.read(folder / "recovery.ipynb", 4)
    content.cells.insert(5, nbformat.v4.new_code_cell("1 / 0"))
    nbformat.write(content, folder / "recovery.ipynb")
    monkeypatch.setenv("B12_NOTEBOOKS", str(folder))


def test_a_page_is_written_under_the_name_of_what_differs_from_the_defaults():
    assert run.stem("recovery", validate("recovery", {})) == "recovery"
    assert run.stem("recovery", validate("recovery", {"age": 70, "romberg": True})) == "recovery-age-70-romberg-true"
    named = validate("prevalence", {"country": "United States"})
    assert run.stem("prevalence", named) == "prevalence-country-United_States"


def test_a_name_never_leaves_its_folder():
    evil = validate("prevalence", {}) | {"country": "../../etc/passwd\x00"}
    assert "/" not in run.stem("prevalence", evil)
    assert ".." not in Path(run.stem("prevalence", evil)).parts


@pytest.mark.parametrize("given", [{"age": 200}, {"agee": 60}, {"profile": "sensroy"}])
def test_wrong_input_writes_nothing_and_starts_no_kernel(tmp_path, monkeypatch, given):
    monkeypatch.setattr(run.warm, "run", lambda *_, **__: pytest.fail("the notebook was about to run"))
    with pytest.raises(InputError):
        report("recovery", out=tmp_path / "out", **given)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_refused_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(run.warm, "run", lambda *_, **__: pytest.fail("the notebook was about to run"))
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"is not a folder: .*file' is a file"):
        report("recovery", out=tmp_path / "file" / "pages")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_a_report_that_fails_half_way_leaves_the_old_page_as_it_was(tmp_path, broken):
    out = tmp_path / "out"
    out.mkdir()
    (out / "recovery.html").write_text("the old page", encoding="utf-8")
    with pytest.raises(
        ReportError, match="report 'recovery' failed: cell 6, line 1 `1 / 0`: ZeroDivisionError: division by zero"
    ):
        report("recovery", out=out)
    assert [path.name for path in out.iterdir()] == ["recovery.html"]
    assert (out / "recovery.html").read_text(encoding="utf-8") == "the old page"


def test_a_page_that_cannot_be_written_whole_leaves_no_part(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        files.write(tmp_path / "page.html", "text")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="files of Windows have no such rights")
@pytest.mark.parametrize(("umask", "mode"), [("022", "0o644"), ("077", "0o600"), ("002", "0o664")])
def test_a_file_has_the_rights_that_new_files_have(tmp_path, umask, mode):
    # `files` has its `write` from `writing`, which asks for the umask when it is imported and imports nothing heavy
    assert files.write is writing.write
    code = "import sys, pathlib; from b12analysis import writing; p = pathlib.Path(sys.argv[1])"
    code += "; writing.write(p, 'x'); print(oct(p.stat().st_mode & 0o777))"
    path = tmp_path / "page.html"
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, umask=int(umask, 8))
    assert (done.stdout, done.stderr) == (f"{mode}\n", "")


@pytest.mark.parametrize(
    ("step", "act"),
    [
        ((Path, "mkdir"), lambda folder: files.write(folder / "page.html", "text")),
        ((Path, "mkdir"), lambda folder: files.locked(folder).__enter__()),
        ((files.filelock.FileLock, "acquire"), lambda folder: files.locked(folder).__enter__()),
    ],
)
def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch, step, act):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(*step, refuse)
    with pytest.raises(InputError, match=r"out='.*pages' cannot be written: Permission denied"):
        act(tmp_path / "pages")


def test_the_index_shows_each_report_with_its_key_figures(pages):
    text = (pages / "index.html").read_text(encoding="utf-8")
    assert sorted(path.stem for path in pages.glob("*.html")) == sorted([*names(), "index"])
    for name in names():
        assert f'<a href="{name}.html">' in text
    assert "pooled over 7 surveys" in text
    assert text.count("<li><b>") >= 4
    assert "not medical advice" in text
