"""A batch makes every report once and whole, whatever happens on the way, and says so."""

import html
import json
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
import yaml
from toys import toy_folder

import b12analysis as b12
from b12analysis import evidence, reports
from b12analysis.arguments import InputError
from b12analysis.reports import batches, files, records, workers

LIMITS = {"engine": "warm", "plotly": "shared", "time_limit": None, "memory_limit": None}


@pytest.fixture
def toys(tmp_path, monkeypatch):
    """The toy notebook in place of the package's own."""
    folder = toy_folder(tmp_path / "notebooks")
    monkeypatch.setenv("B12_NOTEBOOKS", str(folder))
    return folder


def numbers(*values, **fixed):
    """A specification with one toy report per number."""
    return {"reports": [{"report": "toy", "parameters": fixed, "grid": {"number": list(values)}}]}


def done_in(folder: Path) -> list[str]:
    """Stems that the journal says were done, as often as it says so."""
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()]
    return sorted(line["stem"] for line in lines if line["status"] == "done")


def content(folder: Path) -> dict[str, bytes]:
    """What a reader gets: pages and index, without the manifest, which holds times."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".html", ".js")}


def test_every_report_becomes_a_page_a_row_and_a_line(toys, tmp_path):
    table = b12.batch(numbers(2, 3, 4), out=tmp_path / "out", workers=2)
    assert table["status"].tolist() == ["done"] * 3
    assert table["stem"].tolist() == ["toy-number-2", "toy-number-3", "toy-number-4"]
    assert [key["estimate"] for keys in table["key_figures"] for key in keys] == [2, 3, 4]
    assert table["parameters"].map(lambda given: given["number"]).tolist() == [2, 3, 4]
    assert (table["seconds"] > table["cell_seconds"]).all()
    for row in table.itertuples():
        page = (tmp_path / "out" / row.file).read_text(encoding="utf-8")
        assert f"The number is {row.parameters['number']}" in page
        assert files.sha256(page) == row.page_sha256
        assert f'href="{row.file}"' in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    pd.testing.assert_frame_equal(reports.manifest(tmp_path / "out"), table)


def test_a_second_run_makes_nothing_and_changes_nothing(toys, tmp_path):
    out = tmp_path / "out"
    b12.batch(numbers(2, 3), out=out)
    before = {path: path.stat().st_mtime_ns for path in out.glob("toy*.html")}
    told = []
    b12.batch(numbers(2, 3), out=out, tell=lambda *event: told.append(event))
    assert told == []
    assert {path: path.stat().st_mtime_ns for path in out.glob("toy*.html")} == before
    assert done_in(out) == ["toy-number-2", "toy-number-3"]


def made_again(out: Path, *values, **options) -> list[str]:
    """Stems that another run makes."""
    told = []
    b12.batch(numbers(*values), out=out, tell=lambda ended, of, row: told.append(row["stem"]), **options)
    return sorted(told)


def test_a_harmed_or_missing_page_is_made_again(toys, tmp_path):
    out = tmp_path / "out"
    b12.batch(numbers(2, 3, 4), out=out)
    (out / "toy-number-2.html").write_text("half", encoding="utf-8")
    (out / "toy-number-3.html").unlink()
    assert made_again(out, 2, 3, 4) == ["toy-number-2", "toy-number-3"]


def test_a_changed_notebook_is_run_again(toys, tmp_path):
    out = tmp_path / "out"
    b12.batch(numbers(2), out=out)
    text = (toys / "toy.ipynb").read_text(encoding="utf-8")
    (toys / "toy.ipynb").write_text(text.replace("The number is", "The new number is"), encoding="utf-8")
    assert made_again(out, 2) == ["toy-number-2"]
    assert "The new number is 2" in (out / "toy-number-2.html").read_text(encoding="utf-8")


def test_a_changed_table_makes_only_what_used_it(tmp_path, monkeypatch):
    spec = {"reports": [{"report": "recovery"}, {"report": "prevalence"}]}
    out = tmp_path / "out"
    table = b12.batch(spec, out=out).set_index("stem")
    assert "recovery_model" in table.loc["recovery", "tables"]
    assert "surveys" not in table.loc["recovery", "tables"]
    assert "surveys" in table.loc["prevalence", "tables"]
    real = batches.sha256
    monkeypatch.setattr(batches, "sha256", lambda name: "other" if name == "surveys" else real(name))
    told = []
    b12.batch(spec, out=out, tell=lambda ended, of, row: told.append(row["stem"]))
    assert told == ["prevalence"]


def test_what_types_the_tables_is_recorded_with_them(tmp_path):
    table = b12.batch({"reports": [{"report": "recovery"}]}, out=tmp_path / "out")
    recorded = table.loc[0, "tables"]
    assert {"columns", "recovery_model", "recovery_causes", "regimens", "outcomes", "sources"} <= set(recorded)
    assert not {"surveys", "nhanes_cells", "replications"} & set(recorded)  # what it did not read
    assert all(digest == evidence.sha256(name) for name, digest in recorded.items())


def test_a_kernel_of_its_own_may_have_read_any_table(toys, tmp_path):
    table = b12.batch(numbers(2), out=tmp_path / "out", engine="stock")
    assert set(table.loc[0, "tables"]) == set(evidence.table_names())


def test_a_module_beside_the_notebook_is_found_and_watched(toys, tmp_path):
    notebook = (toys / "toy.ipynb").read_text(encoding="utf-8")
    (toys / "helper.py").write_text("word = 'first'\n", encoding="utf-8")
    (toys / "toy.ipynb").write_text(notebook.replace("The number is", "{__import__('helper').word}"), encoding="utf-8")
    out = tmp_path / "out"
    assert b12.batch(numbers(2), out=out).loc[0, "finding"] == "first 2"
    (toys / "helper.py").write_text("word = 'second'\n", encoding="utf-8")
    assert b12.batch(numbers(2), out=out).loc[0, "finding"] == "second 2"


def test_a_worker_with_another_notebook_refuses(toys):
    job = reports.plan(numbers(2))[0]
    row = workers.work(job, "the key of another notebook", workers.Limits(**LIMITS))
    assert row["status"] == "failed"
    assert "another notebook, or another version" in row["error"]


def test_a_retry_leaves_alone_what_was_done_though_the_notebook_has_changed(toys, tmp_path):
    out = tmp_path / "out"
    spec = {"reports": [{"report": "toy", "sets": [{"act": "raise"}, {"number": 2}]}]}
    b12.batch(spec, out=out)
    notebook = (toys / "toy.ipynb").read_text(encoding="utf-8")
    (toys / "toy.ipynb").write_text(notebook.replace("raise ValueError", "ValueError"), encoding="utf-8")
    table = b12.batch(spec, out=out, retry=True)
    assert table["status"].tolist() == ["done", "done"]
    assert 'href="toy-number-2.html"' in (out / "index.html").read_text(encoding="utf-8")
    assert made_in(spec, out) == ["toy-number-2"]  # which was made from the old notebook


def test_while_others_wait_the_page_of_before_stays_in_the_index(toys, tmp_path):
    out = tmp_path / "out"
    spec = {"reports": [{"report": "toy", "sets": [{"number": 2}, {"number": 3}]}]}
    b12.batch(spec, out=out)
    notebook = (toys / "toy.ipynb").read_text(encoding="utf-8")
    (toys / "toy.ipynb").write_text(notebook.replace('act == \\"raise\\"', "number == 2"), encoding="utf-8")
    table = b12.batch(spec, out=out, workers=1, keep_going=False).set_index("stem")
    assert table.loc["toy-number-2", ["status", "file", "finding"]].tolist() == ["failed", None, None]
    assert table.loc["toy-number-3", ["status", "file"]].tolist() == ["waiting", "toy-number-3.html"]
    assert 'href="toy-number-3.html"' in (out / "index.html").read_text(encoding="utf-8")


def made_in(spec, out) -> list[str]:
    told = []
    b12.batch(spec, out=out, tell=lambda ended, of, row: told.append(row["stem"]))
    return sorted(told)


def test_fresh_makes_everything_anew(toys, tmp_path):
    out = tmp_path / "out"
    b12.batch(numbers(2, 3), out=out)
    assert made_again(out, 2, 3, fresh=True) == ["toy-number-2", "toy-number-3"]


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (
            "raise",
            'line 2 `if act == "raise": raise ValueError(f"number {number} is not liked")`: ValueError: number 2',
        ),
        ("leave", "it ended its process with exit code 3"),
        ("eat", "MemoryError"),
        ("hang", "it took longer than the time limit of 4 s"),
        ("interrupt", "KeyboardInterrupt"),
    ],
)
def test_one_that_fails_is_a_row_and_the_others_go_on(toys, tmp_path, act, error):
    out = tmp_path / "out"
    spec = {"reports": [{"report": "toy", "parameters": {"number": 2}, "sets": [{"act": act}, {"note": "fine"}]}]}
    table = b12.batch(spec, out=out, time_limit=4, memory_limit=4000).set_index("stem")
    failed, fine = table.loc[f"toy-number-2-act-{act}"], table.loc["toy-number-2-note-fine"]
    assert error in failed["error"]
    assert failed["status"] == "failed"
    assert failed["attempts"] == 1
    assert fine["status"] == "done"
    assert not (out / f"toy-number-2-act-{act}.html").exists()
    assert list(out.glob("*.part")) == []
    assert error in html.unescape((out / "index.html").read_text(encoding="utf-8"))


def test_retry_makes_only_what_failed(toys, tmp_path):
    out = tmp_path / "out"
    spec = {"reports": [{"report": "toy", "sets": [{"act": "raise"}, {"number": 2}, {"number": 3}]}]}
    b12.batch(spec, out=out)
    (out / "toy-number-2.html").unlink()
    told = []
    b12.batch(spec, out=out, retry=True, tell=lambda ended, of, row: told.append(row["stem"]))
    assert told == ["toy-act-raise"]


def test_stop_leaves_what_comes_after_a_failure_waiting(toys, tmp_path):
    out = tmp_path / "out"
    spec = {"reports": [{"report": "toy", "sets": [{"act": "raise"}, *({"number": n} for n in range(10, 20))]}]}
    table = b12.batch(spec, out=out, workers=1, keep_going=False)
    assert table["status"].value_counts().to_dict() == {"waiting": 10, "failed": 1}
    assert set(b12.batch(spec, out=out)["status"]) == {"failed", "done"}


@pytest.mark.parametrize(
    ("counts", "processes"), [((1, 2), 1), pytest.param((1, 2, 4), 2, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_the_same_bytes_for_any_number_of_workers_any_executor_and_after_a_stop(toys, tmp_path, counts, processes):
    spec = numbers(*range(2, 8))
    made = {}
    for count in counts:
        b12.batch(spec, out=tmp_path / f"w{count}", workers=count)
        made[count] = content(tmp_path / f"w{count}")
    for kind, count in ((ThreadPoolExecutor, 2), (ProcessPoolExecutor, processes)):  # each process warms up its own
        with kind(count) as executor:
            b12.batch(spec, out=tmp_path / kind.__name__, executor=executor)
        made[kind] = content(tmp_path / kind.__name__)

    class Stop(Exception):
        pass

    def stop(ended, of, row):
        if ended == 3:
            raise Stop

    with pytest.raises(Stop):
        b12.batch(spec, out=tmp_path / "stopped", workers=2, tell=stop)
    b12.batch(spec, out=tmp_path / "stopped", workers=2)
    made["stopped"] = content(tmp_path / "stopped")
    assert done_in(tmp_path / "stopped") == sorted(f"toy-number-{number}" for number in range(2, 8))
    for other in made.values():
        assert other == made[1]
    assert len(made[1]) == 8


def test_the_notebooks_themselves_give_the_same_bytes(tmp_path):
    spec = {"reports": [{"report": "recovery"}, {"report": "risk_groups"}, {"report": "prevalence"}]}
    for count in (1, 2):
        b12.batch(spec, out=tmp_path / str(count), workers=count)
    assert content(tmp_path / "1") == content(tmp_path / "2")


def test_the_manifest_can_be_read_while_the_batch_runs(toys, tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "REWRITE", 0)
    out, seen = tmp_path / "out", []
    b12.batch(numbers(2, 3, 4), out=out, workers=1, tell=lambda ended, of, row: seen.append(len(reports.manifest(out))))
    assert seen == [3, 3, 3]


def test_a_line_that_a_kill_cut_short_is_passed_over(toys, tmp_path):
    out = tmp_path / "out"
    b12.batch(numbers(2, 3), out=out)
    lines = (out / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (out / "journal.jsonl").write_bytes(lines[0] + lines[1][: len(lines[1]) // 2])
    cut = json.loads(lines[1])["stem"]
    assert made_again(out, 2, 3) == [cut]
    assert made_again(out, 2, 3) == []


def test_a_text_with_other_ends_of_line_stays_one_line_of_the_journal(tmp_path):
    row = records.COLUMNS | {"stem": "one", "error": "a\u2028b\x85c\x0bd"}
    records.note(tmp_path, row)
    assert records.journal(tmp_path) == {"one": row}


def test_half_a_character_in_an_error_does_not_end_the_batch(toys, tmp_path):
    text = (toys / "toy.ipynb").read_text(encoding="utf-8")
    (toys / "toy.ipynb").write_text(text.replace("is not liked", "is not liked {chr(0xD800)}"), encoding="utf-8")
    spec = {"reports": [{"report": "toy", "parameters": {"act": "raise"}}]}
    table = b12.batch(spec, out=tmp_path / "out")
    assert "is not liked ?" in table.loc[0, "error"]


def test_what_a_killed_batch_left_half_written_is_cleared(toys, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / ".toy-number-2.abc.part").write_text("half", encoding="utf-8")
    b12.batch(numbers(2), out=out)
    assert list(out.glob(".*.part")) == []


@pytest.mark.parametrize("nonsense", [b"", b"\xff\xfe\x00", b"[]\n7\nnull\n", b'{"stem": 1}\n'])
def test_a_journal_of_nonsense_harms_nothing(toys, tmp_path, nonsense):
    out = tmp_path / "out"
    out.mkdir()
    (out / "journal.jsonl").write_bytes(nonsense)
    assert made_again(out, 2) == ["toy-number-2"]
    assert made_again(out, 2) == []


def test_two_batches_do_not_share_a_folder(toys, tmp_path):
    out, refused = tmp_path / "out", []

    def try_another(ended, of, row):
        with pytest.raises(InputError, match=r"out='.*out' is in use by another batch") as caught:
            b12.batch(numbers(5), out=out)
        refused.append(caught)

    b12.batch(numbers(2), out=out, tell=try_another)
    assert len(refused) == 1
    b12.batch(numbers(5), out=out)


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), PermissionError(13, "Permission denied")])
@pytest.mark.parametrize("where", ["toy-number-3.html", "manifest.parquet", "journal"])
def test_a_full_or_read_only_disk_stops_the_batch_and_loses_nothing(toys, tmp_path, monkeypatch, fault, where):
    out = tmp_path / "out"
    write, note, calls = files.write, records.note, []

    def failing_write(path, text):
        if path.name == where and (where != "manifest.parquet" or calls):
            raise fault
        calls.append(path)
        write(path, text)

    def failing_note(place, row):
        if where == "journal" and row["stem"] == "toy-number-3":
            raise fault
        note(place, row)

    with monkeypatch.context() as patch:
        patch.setattr(files, "write", failing_write)
        patch.setattr(records, "write", failing_write)
        patch.setattr(batches, "note", failing_note)
        with pytest.raises(reports.BatchError, match=f"cannot write in .*{fault.strerror}.*run it again"):
            b12.batch(numbers(2, 3, 4), out=out, workers=1)
    assert list(out.glob("*.part")) == []
    assert set(b12.batch(numbers(2, 3, 4), out=out)["status"]) == {"done"}
    assert len(set(done_in(out))) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "hot"}, "engine='hot' is not known"),
        ({"plotly": "cdn"}, "plotly='cdn' is not known"),
        ({"workers": 0}, "workers=0 is out of range"),
        ({"time_limit": 0}, "time_limit=0 is out of range"),
        ({"memory_limit": float("inf")}, "memory_limit=inf is out of range"),
        ({"fresh": True, "retry": True}, "does not go with"),
        ({"executor": "many"}, "executor='many' is no executor"),
        ({"out": None}, "out=None"),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_is_written(toys, tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        b12.batch(numbers(2), **{"out": tmp_path / "out"} | options)
    assert not (tmp_path / "out").exists()


def test_every_fault_of_a_specification_is_told_at_once(toys, tmp_path):
    spec = {
        "reports": [
            {"report": "toy", "parameters": {"number": "many"}},
            {"report": "tyo"},
            {"report": "toy", "grid": {"act": ["sing"]}},
        ]
    }
    with pytest.raises(InputError) as caught:
        b12.batch(spec, out=tmp_path / "out")
    assert len(str(caught.value).splitlines()) == 3
    assert not (tmp_path / "out").exists()


def test_compare_tells_two_batches_apart(toys, tmp_path):
    a, b = tmp_path / "a", tmp_path / "b"
    b12.batch(numbers(2, 3, 4), out=a)
    text = (toys / "toy.ipynb").read_text(encoding="utf-8")
    (toys / "toy.ipynb").write_text(text.replace("number / 100", "(number + (number == 3)) / 100"), encoding="utf-8")
    b12.batch(numbers(3, 4, 5), out=b)
    table = reports.compare(a, b)
    assert table[["stem", "what"]].values.tolist() == [
        ["toy-number-2", "only in a"],
        ["toy-number-3", "key figure"],
        ["toy-number-4", "page"],
        ["toy-number-5", "only in b"],
    ]
    assert reports.compare(a, a).empty


def test_the_command_makes_plans_and_refuses(toys, tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    spec = tmp_path / "spec.yaml"
    entries = {"reports": [{"report": "toy", "sets": [{"number": 2}, {"act": "raise"}]}]}
    spec.write_text(yaml.safe_dump(entries), encoding="utf-8")
    code, out, _ = call("batch", str(spec), "--dry-run")
    assert code == 0
    assert "toy-number-2.html" in out
    assert not (tmp_path / "reports").exists()
    words = ["batch", str(spec), "--workers", "2"]
    made = subprocess.run([sys.executable, "-m", "b12analysis.cli", *words], capture_output=True, text=True)
    assert made.returncode == 1
    assert made.stdout.strip() == str(tmp_path / "reports" / "build" / "spec" / "index.html")
    assert "ValueError: number 1 is not liked" in made.stderr
    assert "2 reports: 1 done, 1 failed; 2 run now" in made.stderr
    assert call("compare", "reports/build/spec", "reports/build/spec") == (0, "no difference\n", "")
    spec.write_text("reports: [{report: toy, parameters: {number: many, act: sing}}]", encoding="utf-8")
    code, _, err = call("batch", str(spec))
    assert code == 2
    assert len(err.splitlines()) == 2


def test_a_dask_client_makes_the_same_pages(toys, tmp_path):
    distributed = pytest.importorskip("distributed", reason="needs the extra `dask`")
    spec = numbers(2, 3)
    b12.batch(spec, out=tmp_path / "own")
    with (
        distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        table = b12.batch(spec, out=tmp_path / "dask", executor=client)
    assert set(table["status"]) == {"done"}
    assert content(tmp_path / "own") == content(tmp_path / "dask")


@pytest.mark.slow
def test_a_dask_cluster_makes_the_same_pages_though_a_worker_is_killed(toys, tmp_path):
    distributed = pytest.importorskip("distributed", reason="needs the extra `dask`")
    spec = numbers(*range(2, 8), pause=0.5)
    b12.batch(spec, out=tmp_path / "own")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        killed = []

        def kill_one(ended, of, row):
            if ended == 1:
                worker = next(iter(cluster.workers.values()))
                worker.process.process.kill() if hasattr(worker.process, "process") else worker.process.kill()
                killed.append(worker)

        table = b12.batch(spec, out=tmp_path / "dask", executor=client, tell=kill_one)
    assert killed
    assert set(table["status"]) == {"done"}
    assert content(tmp_path / "own") == content(tmp_path / "dask")
    assert done_in(tmp_path / "dask") == sorted(table["stem"])
