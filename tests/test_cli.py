"""The command line: results on standard output, one line for an error, and exit codes that mean something."""

import json
import subprocess
import sys
from importlib.metadata import version

import pytest

from b12analysis import reports
from b12analysis.arguments import InputError
from b12analysis.cli import console
from b12analysis.reports import names, run


def b12(*arguments):
    """Run the command in this process; what it printed and its exit code."""
    return subprocess.run([sys.executable, "-m", "b12analysis.cli", *arguments], capture_output=True, text=True)


def test_list_names_every_report_and_its_question(call):
    code, out, _ = call("list")
    assert code == 0
    assert all(name in out for name in names())
    assert "How common is vitamin B12 deficiency?" in out


@pytest.mark.parametrize("asked", ["version", "--version"])
def test_the_version_is_printed_as_a_command_and_as_an_option(call, asked):
    assert call(asked) == (0, f"{version('b12analysis')}\n", "")


def test_params_shows_type_range_default_and_meaning(call):
    code, out, _ = call("params", "recovery")
    assert code == 0
    line = next(line for line in out.splitlines() if line.startswith("age"))
    assert line.split()[:11] == ["age", "int", "18", "to", "100", "60", "age", "when", "treatment", "starts,", "years;"]


def test_params_for_machines_is_json(call):
    code, out, _ = call("params", "recovery", "--json")
    assert code == 0
    listed = {row["name"]: row for row in json.loads(out)}
    age = {"type": "int", "range": "18 to 100", "default": 60, "minimum": 18.0, "maximum": 100.0, "choices": []}
    assert age.items() <= listed["age"].items()
    assert listed["severity"]["choices"] == ["mild", "moderate", "severe"]
    assert listed["romberg"]["default"] is None


def test_params_prints_types_and_defaults_as_they_are(call, typed):
    lines = {line.split()[0]: line.split()[1:] for line in call("params", "typed")[1].splitlines()}
    assert lines["many"][:2] == ["list[str]", "[]"]
    assert lines["days"][:4] == ["list[date]", "|", "None", "none"]
    assert lines["b"][:2] == ["bool", "false"]
    assert "days (list[date] | None; none by default)" in " ".join(call("report", "--help")[1].split())


@pytest.mark.parametrize("words", ["[/b] [red]x", ":smile: [link=x]"])
def test_a_table_and_an_error_show_brackets_as_they_are(call, capsys, words):
    console.print_rows([{"a": words}])
    assert capsys.readouterr().out.split("\n")[1].strip() == words
    assert words in call("report", words)[2]


def test_data_list_counts_rows_by_status(call):
    code, out, _ = call("data", "list")
    assert code == 0
    assert "surveys" in out
    assert "verified" in out


def test_data_show_prints_csv(call):
    code, out, _ = call("data", "show", "groups")
    assert code == 0
    assert out.splitlines()[0] == "group,label,role,claim"


def test_data_sources_prints_the_bibliography(call):
    code, out, _ = call("data", "sources", "folate")
    assert code == 0
    assert "Morris MS" in out
    assert "[rows: 4]" in out
    assert out.startswith("clarke2008: Clarke R et al.")


def test_data_check_passes_on_what_is_shipped(call):
    assert call("data", "check")[:2] == (0, "all tables are sound\n")


def test_data_check_names_the_broken_row(call, tmp_path):
    import shutil

    from b12analysis.places import DATA

    shutil.copytree(DATA, tmp_path / "data")
    path = tmp_path / "data" / "surveys.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("A10,nhanes_1988_1994,", "A10,,", 1), encoding="utf-8")
    code, out, err = call("data", "check", "--folder", str(tmp_path / "data"))
    assert code == 2
    assert "surveys.csv, line 8 (row A10), column cohort: " in out
    assert "is not a value" in out
    assert err == "b12: 1 faults in the tables\n"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["report", "recovry"], "report='recovry' is not known (did you mean 'recovery'?); choose one of"),
        (["report", "recovery", "-p", "agee=70"], "parameter='agee' is not known (did you mean 'age'?)"),
        (["report", "recovery", "-p", "age=old"], "age='old' is not a whole number; it must be 18 to 100"),
        (["report", "recovery", "-p", "age=700"], "age=700 is out of range; it must be at least 18 and at most 100"),
        (["report", "recovery", "-p", "age"], "parameter='age' is not KEY=VALUE, such as age=70"),
        (["report", "recovery", "-p", "age=70", "-p", "age=71"], "parameter='age=71': 'age' is given twice"),
        (["report", "recovery", "-p", "out=x"], "parameter='out' is not known"),
        (["report", "recovery", "-p", "name=x"], "parameter='name' is not known"),
        (["report", "risk_groups", "-p", "group=vegan"], "group='vegan' is not known (did you mean 'vegans'?)"),
        (["report"], "name: give the name of a report or --all"),
        (["report", "recovery", "--all"], "name: give the name of a report or --all"),
        (["report", "--all", "-p", "age=70"], "parameter='age=70' does not go with --all"),
        (["params", "nothing"], "report='nothing' is not known"),
        (["data", "show", "survey"], "table='survey' is not known (did you mean 'surveys'?)"),
        (["data", "sources", "columns"], "table lacks column 'source'"),
        (["data", "check", "--folder", "nowhere"], "folder='nowhere' holds no columns.csv"),
        (["reports"], "No such command 'reports'"),
        (["report", "recovery", "--outt", "x"], "No such option: --outt"),
        (["data", "shw", "surveys"], "No such command 'shw'"),
    ],
)  # fmt: skip
def test_wrong_input_is_one_line_and_exit_code_2(call, monkeypatch, tmp_path, arguments, text):
    monkeypatch.chdir(tmp_path)
    code, out, err = call(*arguments)
    assert code == 2
    assert out == ""
    assert err.startswith(f"b12: {text}")
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_notebook_that_raises_is_one_line_and_exit_code_1(call, monkeypatch, tmp_path):
    def fail(*_, **__):
        raise run.ReportError("cell 3: KeyError: 'x'")

    monkeypatch.setattr(run.warm, "run", fail)
    code, out, err = call("report", "recovery", "--out", str(tmp_path))
    assert (code, out) == (1, "")
    assert err == "b12: report 'recovery' failed: cell 3: KeyError: 'x'\n"


def test_a_fault_of_ours_is_one_line_and_exit_code_1(call, monkeypatch, tmp_path):
    def fail(*_, **__):
        raise RuntimeError("out of order")

    monkeypatch.setattr(run.warm, "run", fail)
    code, out, err = call("report", "recovery", "--out", str(tmp_path))
    assert (code, out) == (1, "")
    assert err == "b12: out of order (this is our fault; B12_TRACEBACK=1 shows where)\n"


@pytest.mark.parametrize("folder", ["empty", "missing"])
@pytest.mark.parametrize("arguments", [["list"], ["report", "recovery"], ["report", "--all"], ["lab", "--copy-only"]])
def test_a_folder_without_notebooks_is_named(call, monkeypatch, tmp_path, folder, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "._toy.ipynb").write_text("half a copy", encoding="utf-8")
    monkeypatch.setenv("B12_NOTEBOOKS", folder)
    assert call(*arguments) == (2, "", f"b12: B12_NOTEBOOKS={folder!r} is not a folder with notebooks in it\n")
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


SPEC = "reports: [{report: recovery, grid: {age: [60, 70], romberg: [none, true]}}]"


def test_a_dry_run_prints_the_plan_and_makes_nothing(call, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ages.yaml").write_text(SPEC, encoding="utf-8")
    code, out, err = call("batch", "ages.yaml", "--dry-run")
    assert (code, err) == (0, "")
    head, *rows, last = [line.split() for line in out.splitlines()]
    assert head == ["report", "page", "parameters"]
    assert rows == [
        ["recovery", "recovery.html", "make"],
        ["recovery", "recovery-age-70.html", "make", "age=70"],
        ["recovery", "recovery-age-70-romberg-true.html", "make", "age=70,", "romberg=true"],
        ["recovery", "recovery-romberg-true.html", "make", "romberg=true"],
    ]
    assert " ".join(last) == f"4 reports, 4 to make, in {tmp_path / 'reports' / 'build' / 'ages'}"
    assert [path.name for path in tmp_path.iterdir()] == ["ages.yaml"]


@pytest.mark.parametrize("dry", [["--dry-run"], []])
@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--engine", "hot"], "engine='hot' is not known"),
        (["--plotly", "cdn"], "plotly='cdn' is not known"),
        (["--workers", "0"], "workers=0 is out of range"),
        (["--fresh", "--retry"], "fresh=True does not go with retry=True"),
        (["--time-limit", "-1"], "time_limit=-1.0 is out of range"),
        (["--time-limit", "soon"], "time_limit='soon' is not a number or none"),
        (["--memory-limit", "inf"], "memory_limit='inf' is not a finite number"),
        (["--out", "ages.yaml"], "out='ages.yaml' is not a folder"),
    ],
)
def test_a_dry_run_refuses_what_a_batch_would(call, monkeypatch, tmp_path, options, text, dry):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ages.yaml").write_text(SPEC, encoding="utf-8")
    code, out, err = call("batch", "ages.yaml", *options, *dry)
    assert (code, out) == (2, "")
    assert err.startswith(f"b12: {text}")
    assert [path.name for path in tmp_path.iterdir()] == ["ages.yaml"]


def test_no_limit_is_none(call, monkeypatch, tmp_path):
    given = {}

    def batch(spec, **options):
        given.update(options)
        raise InputError("enough")

    monkeypatch.setattr(reports, "batch", batch)
    assert call("batch", "x.yaml", "--time-limit", "none", "--memory-limit", "2e3")[0] == 2
    assert (given["time_limit"], given["memory_limit"]) == (None, 2000.0)


def test_a_report_prints_its_path_last(tmp_path):
    done = b12("report", "recovery", "-p", "age=70", "--out", str(tmp_path))
    assert done.returncode == 0
    assert done.stdout == f"{tmp_path / 'recovery-age-70.html'}\n"
    assert done.stderr == ""
    assert [path.name for path in tmp_path.iterdir()] == ["recovery-age-70.html"]


def test_lab_works_on_the_notebooks_of_the_checkout(call):
    code, out, _ = call("lab", "--copy-only")
    assert code == 0
    assert out.strip().endswith("notebooks")


def test_help_is_quick_to_reach_and_names_the_commands():
    done = b12("--help")
    assert done.returncode == 0
    for command in ("report", "params", "list", "data", "lab"):
        assert command in done.stdout
