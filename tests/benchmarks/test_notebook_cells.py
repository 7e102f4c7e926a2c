"""How long the notebooks' own cells take once imports are warm, beside the import of the libraries they use.

Run with `pytest tests/benchmarks --benchmark-only`. The aim is at most 0.5 s a notebook; the table that
pytest-benchmark prints gives the ratio to a cold import, measured in the same run, because seconds differ.
"""

import subprocess
import sys
from unittest import mock

import nbformat
import pytest

from b12analysis.reports import names
from b12analysis.reports.notebooks import notebook


@pytest.mark.benchmark(group="a notebook's own cells, warm")
@pytest.mark.parametrize("name", names())
def test_cells(benchmark, name):
    cells = nbformat.read(notebook(name), 4).cells
    code = [compile(cell.source, name, "exec") for cell in cells if cell.cell_type == "code"]

    def run():
        space = {}
        with mock.patch("IPython.display.display"):
            for cell in code:
                exec(cell, space)

    run()
    benchmark.pedantic(run, rounds=5)


@pytest.mark.benchmark(group="a notebook's own cells, warm")
def test_import_of_the_libraries_for_comparison(benchmark):
    code = "import pandas, plotly.graph_objects, scipy.stats, IPython"
    benchmark.pedantic(lambda: subprocess.run([sys.executable, "-c", code], check=True), rounds=3)
