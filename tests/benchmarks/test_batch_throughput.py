"""What a batch takes, side by side with the command lines of papermill and nbconvert, and what of it is not the cells'.

Run with `pytest tests/benchmarks --benchmark-only -s`: the figures are printed, and saved with pytest-benchmark's own.
The aims: 25 times the throughput, at most 0.2 s of a worker's time beyond the cells with the page written, and flat
memory. Times are told and not asserted, because machines differ; processor time is told too, as it differs less when
the machine has other work.
"""

import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from toys import toy_folder

from b12analysis import places, reports
from b12analysis.reports import files, records

BIN = Path(sys.executable).parent
WORKERS = 2
#: Sixteen of each notebook.
MANY = {
    "prevalence": {"definition": ["b12_148", "b12_150"], "seed": list(range(8))},
    "recovery": {"age": [20, 30, 40, 50, 60, 70, 80, 90], "severity": ["mild", "severe"]},
    "risk_groups": {"group": ["metformin", "vegans"], "seed": list(range(8))},
}


def processor_time():
    """Seconds of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(function, *arguments):
    """Seconds by the clock and of the processors."""
    clock, processors = time.perf_counter(), processor_time()
    function(*arguments)
    return time.perf_counter() - clock, processor_time() - processors


def one_by_one(name, folder):
    """Make a report as a shell loop does."""
    executed = folder / f"{name}.ipynb"
    given = [places.notebooks() / executed.name, executed, "--cwd", places.notebooks(), "-p", "seed", "7"]
    for command in ["papermill", *given], ["jupyter", "nbconvert", "--to", "html", executed]:
        subprocess.run([BIN / command[0], *command[1:]], check=True, capture_output=True)
    assert executed.with_suffix(".html").stat().st_size > 100_000


def by_batch(spec, out):
    """Make a batch, all of it; return the peak memory of its processes."""
    command = [BIN / "b12", "batch", spec, "--out", out, "--workers", str(WORKERS), "--fresh"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        memory = peaks(process)
        assert process.returncode == 0, process.stderr.read()
    return memory


def peaks(process):
    """Peak resident memory in MiB of a command and of the warm processes that it starts, read until it ends."""
    seen = {}
    while process.poll() is None:
        children = " ".join(content(file) for file in Path(f"/proc/{process.pid}/task").glob("*/children"))
        for pid in [process.pid, *map(int, children.split())]:
            if peak := [line.split()[1] for line in content(f"/proc/{pid}/status").splitlines() if "VmHWM" in line]:
                seen[pid] = int(peak[0]) / 1024
        time.sleep(0.05)
    return {"command": round(seen.pop(process.pid, 0)), "warm": round(max(seen.values(), default=0))}


def content(path):
    """Text of a file of a process that may have ended."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def writing(page, row, folder):
    """Seconds that a page and its line in the journal take to be written."""
    start = time.perf_counter()
    files.write(folder / "again.html", page)
    records.note(folder, row)
    return time.perf_counter() - start


def said(benchmark, figures):
    """Keep figures with the benchmark's own, and print them."""
    benchmark.extra_info |= figures
    print(f"\n{benchmark.name}", *(f"  {name}: {value}" for name, value in figures.items()), sep="\n")  # noqa: T201


@pytest.mark.benchmark(group="48 reports, and 3 by a shell loop")
def test_a_batch_beside_a_shell_loop(benchmark, tmp_path):
    spec, out = tmp_path / "many.yaml", tmp_path / "out"
    spec.write_text(yaml.safe_dump({"reports": [{"report": name, "grid": grid} for name, grid in MANY.items()]}))
    loop, batch = [], []

    def both():  # in turns, so that what else the machine does falls on both
        loop.extend(timed(one_by_one, name, tmp_path) for name in MANY)
        batch.append([seconds / 48 for seconds in timed(by_batch, spec, out)])

    benchmark.pedantic(both, rounds=3)
    table = reports.manifest(out)
    assert table["status"].tolist() == ["done"] * 48
    warm = table.sort_values("ended").iloc[WORKERS:]  # the first of each worker waits for the imports
    beyond = warm["seconds"] - warm["cell_seconds"]
    written = [writing((out / row["file"]).read_text(), row, tmp_path) for row in records.journal(out).values()]
    (slow, slow_processors), (fast, fast_processors) = (
        map(statistics.mean, zip(*both, strict=True)) for both in (loop, batch)
    )
    figures = {
        "times the throughput": slow / fast,
        "times the throughput, by processor time": slow_processors / fast_processors,
        "seconds a report, papermill then nbconvert": slow,
        "seconds a report, b12 batch": fast,
        "seconds in the cells, median": warm["cell_seconds"].median(),
        "seconds beyond the cells, median": beyond.median(),
        "seconds beyond the cells, most": beyond.max(),
        "seconds to write a page, median": statistics.median(written),
        "kilobytes of a page, most": max(path.stat().st_size for path in map(out.joinpath, table["file"])) / 1000,
    }
    said(benchmark, {name: round(value, 3) for name, value in figures.items()})


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
@pytest.mark.benchmark(group="memory")
def test_memory_is_flat_from_ten_to_a_thousand_reports(benchmark, tmp_path, monkeypatch):
    monkeypatch.setenv("B12_NOTEBOOKS", str(toy_folder(tmp_path / "notebooks")))
    spec, memory = tmp_path / "toys.yaml", {}

    def all_sizes():
        for count in (10, 100, 1000):
            one = {"report": "toy", "grid": {"number": list(range(count))}}
            spec.write_text(yaml.safe_dump({"reports": [one]}))
            memory[count] = by_batch(spec, tmp_path / str(count))

    benchmark.pedantic(all_sizes, rounds=1)
    said(benchmark, {f"MiB, {count} reports": str(peak) for count, peak in memory.items()})
    # The command keeps a row of each report for the manifest and the index, some 20 KB in all; were the page kept too,
    # which has 25 KB, it would grow by 50 MiB. A warm process keeps nothing.
    for process, growth in {"command": 40, "warm": 10}.items():
        assert memory[1000][process] - memory[10][process] < growth
