"""What a batch takes, side by side with the command lines of papermill and nbconvert, and what of it is not the cells'.

Run with `pytest tests/benchmarks --benchmark-only -s`: the figures are printed, and saved with pytest-benchmark's own.
The aims: 25 times the throughput, at most 0.2 s of a worker's time beyond the cells, and flat memory. Times are told and
not asserted, because machines differ; on a machine that does nothing else they are near each other in every run.
"""

import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import yaml
from toys import toy_folder

from b12analysis import places, reports

BIN = Path(sys.executable).parent
LOOPS, WORKERS = 2, 2
#: Sixteen of each notebook.
MANY = {
    "prevalence": {"definition": ["b12_148", "b12_150"], "seed": list(range(8))},
    "recovery": {"age": [20, 30, 40, 50, 60, 70, 80, 90], "severity": ["mild", "severe"]},
    "risk_groups": {"group": ["metformin", "vegans"], "seed": list(range(8))},
}


def one_by_one(name, folder):
    """Seconds of what a shell loop does for a report."""
    start = time.perf_counter()
    executed = folder / f"{name}.ipynb"
    given = [places.notebooks() / executed.name, executed, "--cwd", places.notebooks(), "-p", "seed", "7"]
    for command in ["papermill", *given], ["jupyter", "nbconvert", "--to", "html", executed]:
        subprocess.run([BIN / command[0], *command[1:]], check=True, capture_output=True)
    assert executed.with_suffix(".html").stat().st_size > 100_000
    return time.perf_counter() - start


def by_batch(spec, out, workers=WORKERS):
    """Seconds of the whole command, and the peak memory of its processes, in MiB."""
    command = [BIN / "b12", "batch", spec, "--out", out, "--workers", str(workers), "--fresh"]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        memory = peaks(process)
        assert process.returncode == 0, process.stderr.read().decode()
    return time.perf_counter() - start, memory


def peaks(process):
    """Peak resident memory of a command and of the warm processes that it starts, read until it ends."""
    seen = {}
    while process.poll() is None:
        children = Path(f"/proc/{process.pid}/task").glob("*/children")
        for pid in [process.pid, *(int(pid) for file in children for pid in text(file).split())]:
            if peak := [int(line.split()[1]) for line in text(f"/proc/{pid}/status").splitlines() if "VmHWM" in line]:
                seen[pid] = peak[0] / 1024
        time.sleep(0.05)
    return {"parent": seen.pop(process.pid, 0), "warm": max(seen.values(), default=0)}


def text(path):
    """Content of a file that may be gone."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def said(benchmark, **figures):
    """Keep figures with the benchmark's own, and print them."""
    benchmark.extra_info |= figures
    print(f"\n{benchmark.name}", *(f"  {name}: {value}" for name, value in figures.items()), sep="\n")  # noqa: T201


@pytest.mark.benchmark(group="reports from the command line")
def test_a_batch_beside_a_shell_loop(benchmark, tmp_path):
    spec = tmp_path / "many.yaml"
    spec.write_text(yaml.safe_dump({"reports": [{"report": name, "grid": grid} for name, grid in MANY.items()]}))
    loop, batch = [], []

    def both():  # in turns, so that what else the machine does falls on both
        loop.extend(one_by_one(name, tmp_path) for name in MANY)
        batch.append(by_batch(spec, tmp_path / "out")[0] / 48)

    benchmark.pedantic(both, rounds=LOOPS)
    table = reports.manifest(tmp_path / "out")
    assert table["status"].eq("done").sum() == 48
    warm = table.sort_values("ended").iloc[WORKERS:]  # the first of each worker wait for the imports
    beyond = warm["seconds"] - warm["cell_seconds"]
    said(
        benchmark,
        times_the_throughput=round(statistics.mean(loop) / statistics.mean(batch), 1),
        seconds_a_report_by_papermill_then_nbconvert=round(statistics.mean(loop), 2),
        seconds_a_report_by_b12_batch=round(statistics.mean(batch), 3),
        seconds_in_the_cells_median=round(warm["cell_seconds"].median(), 3),
        seconds_beyond_the_cells_median=round(beyond.median(), 3),
        seconds_beyond_the_cells_most=round(beyond.max(), 3),
        kilobytes_a_page_most=max(path.stat().st_size for path in (tmp_path / "out").glob("*-*.html")) // 1000,
    )
