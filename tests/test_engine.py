"""A notebook gives the same under the warm engine as under papermill's own, cell by cell.

Both run through ``papermill.execute_notebook``. What may differ is levelled out by :func:`plain`: tracebacks (paths,
colours), memory addresses, process numbers, measured times, and how the text of one moment is cut into outputs (a
kernel sends it every 0.2 s, and standard error apart from standard output). Everything else has to be equal.

Known to differ, and left so: a thread's text that comes after its cell has ended (a kernel may drop it, here the next
cell has it); a task in the background runs only while a cell runs or waits; the user's IPython profile is not read and
``%history`` knows this session only; cells after ``exit()`` fail (in a kernel only those after the next 0.1 s); when a
cell ends its process the file keeps the cell as "running" (papermill: "completed"); half a surrogate pair is printed as
"?" (a kernel loses the whole text).
"""

import functools
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import odd
import papermill
import pytest
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError
from saying import ONE_REPORT
from toys import toy_folder

from b12analysis.reports.engine import needs_kernel
from b12analysis.reports.notebooks import notebook

ENGINES = {"stock": None, "warm": "b12"}
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
QUIET = ["--log-level=CRITICAL"]


def book(*cells, tags=(), kernel=KERNEL):
    """A notebook of these cells: sources of code, or cells."""
    code = [
        nbformat.v4.new_code_cell(cell, metadata={"tags": [*tags]}) if isinstance(cell, str) else cell for cell in cells
    ]
    return nbformat.v4.new_notebook(cells=code, metadata={"kernelspec": kernel})


def run(made, engine, folder, **options):
    """Run a notebook in a folder and return what was written, with the error that papermill raised."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.pop("PYTEST_CURRENT_TEST", None)  # a kernel that sees it does not read what processes print
    nbformat.write(made, folder / "in.ipynb")
    settings = {"progress_bar": False, "extra_arguments": list(QUIET), "cwd": folder} | options

    def execute():
        try:
            papermill.execute_notebook(
                folder / "in.ipynb", folder / "out.ipynb", engine_name=ENGINES[engine], **settings
            )
        except Exception as raised:
            return raised
        finally:
            ensure_event_loop().close()  # nbclient keeps one for each thread
        return None

    with ThreadPoolExecutor(1) as thread:  # in the main thread the browser of other tests may run a loop
        error = thread.submit(execute).result()
    return nbformat.read(folder / "out.ipynb", as_version=4), error


def both(made, folder, **options):
    return {engine: run(made, engine, folder / engine, **options) for engine in ENGINES}


def plain(outputs):
    """Outputs without what no two runs share."""
    text = json.dumps([{key: value for key, value in output.items() if key != "traceback"} for output in outputs])
    text = re.sub(r"\b0x[0-9a-f]{8,}", "0x", text)
    text = re.sub(r"ipykernel_\d+", "ipykernel", text)
    # IPython writes 1000 ns as 1e+03 ns
    text = re.sub(r"[\d.]+(?:e\+\d+)? (ns|\\u03bcs|ms|s)\b", "TIME", text)
    return streams_joined(json.loads(text))


def streams_joined(outputs):
    """Neighbouring stream outputs as one for each stream, standard output first."""
    joined, run = [], {}
    for output in [*outputs, None]:
        if output is not None and output["output_type"] == "stream":
            run[output["name"]] = run.get(output["name"], "") + output["text"]
        else:
            joined += [(name, run[name]) for name in ("stdout", "stderr") if name in run] + [output]
            run = {}
    return joined[:-1]


def shape(metadata):
    """Metadata with the names of times but not the times."""
    times = ("start_time", "end_time", "duration")
    mine = {key: value for key, value in metadata.items() if key not in ("papermill", "execution")}
    record = {
        key: type(value).__name__ if key in times else value for key, value in metadata.get("papermill", {}).items()
    }
    paths = {key: record.pop(key, "") for key in ("input_path", "output_path")}
    return mine, record, [Path(path or "").name for path in paths.values()], sorted(metadata.get("execution", {}))


def check_same(stock, warm):
    """Everything of two executed notebooks is the same."""
    assert shape(warm.metadata) == shape(stock.metadata)
    assert len(warm.cells) == len(stock.cells)
    for cell, reference in zip(warm.cells, stock.cells, strict=True):
        check_cell(reference, cell)


def check_cell(stock, warm):
    assert (warm.cell_type, warm.source) == (stock.cell_type, stock.source)
    assert shape(warm.metadata) == shape(stock.metadata)
    assert plain(warm.get("outputs", [])) == plain(stock.get("outputs", []))
    assert warm.get("execution_count") == stock.get("execution_count")


@pytest.fixture(scope="session", autouse=True)
def renderer():
    """Figures as data under both engines: a kernel alone would write plotly.js into the output as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLOTLY_RENDERER", "plotly_mimetype")
        yield


@pytest.fixture(scope="session")
def reports(tmp_path_factory):
    """How a report runs under both engines, when it is asked for."""
    folder = tmp_path_factory.mktemp("reports")
    return functools.cache(lambda name: both(nbformat.read(notebook(name), 4), folder / name))


@pytest.fixture(scope="session")
def odd_cells(tmp_path_factory):
    v4 = nbformat.v4
    others = [v4.new_markdown_cell("*text*"), v4.new_raw_cell("raw"), v4.new_code_cell("", metadata={"tags": ["kept"]})]
    made = book(*odd.CELLS.values(), *others, tags=["raises-exception"])
    runs = both(made, tmp_path_factory.mktemp("odd"))
    for _, error in runs.values():  # papermill raises for the first error it finds, allowed or not
        assert isinstance(error, PapermillExecutionError)
    return {engine: executed for engine, (executed, _) in runs.items()}


@pytest.mark.parametrize("name", ONE_REPORT)  # what a notebook can hold is in the odd cells
def test_every_notebook_gives_the_same_under_both_engines(reports, name):
    (stock, first), (warm, second) = reports(name).values()
    assert first is second is None
    check_same(stock, warm)
    types = {kind for cell in warm.cells for output in cell.get("outputs", []) for kind in output.get("data", {})}
    assert len(types) >= 2  # there was something to compare


def _cells(executed):
    """Cells without the two that papermill puts around the first error."""
    return [cell for cell in executed.cells if "papermill-error-cell-tag" not in cell.metadata.get("tags", [])]


@pytest.mark.parametrize("name", odd.CELLS)
def test_odd_cells_give_the_same_under_both_engines(odd_cells, name):
    number = list(odd.CELLS).index(name)
    stock, warm = (_cells(executed)[number] for executed in odd_cells.values())
    assert stock.source == odd.CELLS[name]
    check_cell(stock, warm)


def test_what_is_not_code_stays_as_it_was(odd_cells):
    for stock, warm in zip(*(_cells(executed)[-3:] for executed in odd_cells.values()), strict=True):
        check_cell(stock, warm)
    assert shape(odd_cells["warm"].metadata) == shape(odd_cells["stock"].metadata)


def test_matplotlib_draws_the_same(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed; the notebooks do not need it")
    drawing = "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])"
    runs = both(book(drawing, "plt.plot([2, 1]); plt.show()"), tmp_path)
    check_same(*(executed for executed, _ in runs.values()))
    assert "image/png" in runs["warm"][0].cells[0].outputs[-1]["data"]


ENDINGS = {
    "raise": ("raise ValueError('ended')", "print('never')"),
    "syntax": ("1 +", "print('never')"),
    "exit 0": ("import sys\nprint('before')\nsys.exit(0)", "print('never')"),
    "exit 3": ("import sys\nsys.exit(3)", "print('never')"),
    "exit()": ("print('before')", "exit()"),
    "exit(), then more": ("exit()", "import time; time.sleep(5)", "print('never')"),
    "display": ("class Bad:\n    def _repr_html_(self): raise ValueError('no html')\nBad()", "print('never')"),
    "allowed": ("1 / 0", "print('goes on')"),
    "dead": ("print(1)", "import os\nos._exit(3)", "print('never')"),
}
#: Options of nbclient that papermill passes on.
OPTIONS = {"allowed": {"allow_errors": True, "record_timing": False}}


@pytest.fixture(scope="session")
def endings(tmp_path_factory):
    """How each notebook ends; the stock runs side by side, as they mostly wait."""
    folder = tmp_path_factory.mktemp("endings")

    def end(engine, name):
        return run(book(*ENDINGS[name]), engine, folder / engine / name, cwd=None, **OPTIONS.get(name, {}))

    with ThreadPoolExecutor(3) as pool:
        stock = dict(zip(ENDINGS, pool.map(lambda name: end("stock", name), ENDINGS), strict=True))
    return {name: (stock[name], end("warm", name)) for name in ENDINGS}


@pytest.mark.parametrize("name", sorted({*ENDINGS} - {"dead", "exit(), then more"}))
def test_a_notebook_ends_the_same_way(endings, name):
    (stock, first), (warm, second) = endings[name]
    check_same(stock, warm)
    assert type(second) is type(first)
    if first is not None:
        assert (second.ename, second.evalue, second.cell_index) == (first.ename, first.evalue, first.cell_index)


@pytest.mark.parametrize("name", ["dead", "exit(), then more"])
def test_a_notebook_that_ends_its_process_is_a_dead_kernel(endings, name):
    (stock, first), (warm, second) = endings[name]
    assert isinstance(first, DeadKernelError)
    assert isinstance(second, DeadKernelError)
    assert plain(warm.cells[0].outputs) == plain(stock.cells[0].outputs)
    assert warm.cells[-1].outputs == stock.cells[-1].outputs == []


def goes_to_stock(made, kernel="python3", **options):
    return needs_kernel(made, kernel, options)


def test_what_a_fork_cannot_do_goes_to_the_stock_engine(tmp_path):
    assert not goes_to_stock(book("1"), config={}, progress_bar=True, log_output=False, execution_timeout=None)
    assert goes_to_stock(book("1"), "ir")
    for code in ("import ipywidgets", "go.FigureWidget()", "from tqdm.auto import tqdm", "import anywidget as a"):
        assert goes_to_stock(book(code))
    assert not goes_to_stock(book(nbformat.v4.new_markdown_cell("We use no ipywidgets."), "figure_widgets = 1"))
    for option in (
        {"log_output": True},
        {"stdout_file": sys.stdout},
        {"execution_timeout": 3},
        {"on_cell_start": print},
    ):
        assert goes_to_stock(book("1"), **option)


def test_a_kernel_of_another_environment_goes_to_the_stock_engine(tmp_path, monkeypatch):
    folder = tmp_path / "kernels" / "other"
    folder.mkdir(parents=True)
    spec = {"argv": ["/elsewhere/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]}
    (folder / "kernel.json").write_text(json.dumps(spec | {"display_name": "Other", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert goes_to_stock(book("1"), "other")


def test_a_cell_that_takes_too_long_is_told_as_the_stock_engine_tells_it(tmp_path):
    slow = book("import time\nprint('begun', flush=True)\ntime.sleep(60)", "print('never')")
    _, error = run(slow, "warm", tmp_path, execution_timeout=1)
    assert isinstance(error, CellTimeoutError)


CHANGE = """\
import builtins, json, math, os, random, sys, warnings
import numpy as np, pandas as pd, plotly.io, b12analysis
left = "a variable"
math.pi, builtins.left, b12analysis.left = 3, True, True
sys.modules["json"] = None
pd.options.display.max_rows, plotly.io.templates.default = 3, "ggplot2"
os.environ["B12_LEFT"] = "1"
os.chdir("/")
sys.path.insert(0, "/left")
np.seterr(all="raise"), random.seed(1), np.random.seed(1)
warnings.simplefilter("error")
get_ipython().register_magic_function(print, "line", "left")
"""
LOOK = """\
import builtins, json, math, os, random, sys, warnings
import numpy as np, pandas as pd, plotly.io, b12analysis
print("left" in globals(), hasattr(builtins, "left"), hasattr(b12analysis, "left"))
print(math.pi, json.dumps(1), pd.options.display.max_rows, plotly.io.templates.default, np.geterr()["divide"])
print(os.environ.get("B12_LEFT"), os.getcwd(), sys.path, len(warnings.filters))
print(get_ipython().find_line_magic("left"), get_ipython().execution_count, len(In))
"""
DRAW = "import random, uuid\nimport numpy as np\nprint(random.random(), np.random.rand(), uuid.uuid4())"


def test_two_notebooks_in_a_row_do_not_see_each_other(tmp_path):
    (before, *_), (_, error), (after, *_) = (run(book(cell), "warm", tmp_path) for cell in (LOOK, CHANGE, LOOK))
    assert error is None
    assert before.cells[0].outputs[0].text == after.cells[0].outputs[0].text
    assert before.cells[0].outputs[0].text.startswith("False False False\n3.14159")


def test_notebooks_without_a_seed_draw_different_numbers(tmp_path):
    first, second = (run(book(DRAW), "warm", tmp_path)[0].cells[0].outputs[0].text.split() for _ in range(2))
    assert all(one != other for one, other in zip(first, second, strict=True))


def test_a_notebook_imports_what_lies_beside_it_and_nothing_takes_the_place_of_a_library(tmp_path):
    (tmp_path / "beside.py").write_text("value = 42", encoding="utf-8")
    (tmp_path / "numpy.py").write_text("raise ImportError('not this one')", encoding="utf-8")
    executed, error = run(book("import beside, numpy\nbeside.value"), "warm", tmp_path)
    assert error is None
    assert executed.cells[0].outputs[0]["data"]["text/plain"] == "42"


def test_several_threads_of_a_program_run_notebooks_at_once(tmp_path):
    def square(number):
        made = book(f"number = {number}", "import time\ntime.sleep(0.2)\nprint(number**2)")
        return run(made, "warm", tmp_path / str(number), cwd=None)

    with ThreadPoolExecutor(3) as pool:
        for number, (executed, error) in enumerate(pool.map(square, range(6))):
            assert error is None
            assert executed.cells[1].outputs[0].text == f"{number**2}\n"


def test_paths_are_the_program_s_and_the_cells_run_in_the_folder_that_was_asked_for(tmp_path, monkeypatch):
    (tmp_path / "inner").mkdir()
    nbformat.write(book("import os\nprint(os.getcwd())\nos.chdir('/')", "1"), tmp_path / "in.ipynb")
    monkeypatch.chdir(tmp_path)
    papermill.execute_notebook("in.ipynb", "out.ipynb", engine_name="b12", cwd="inner", progress_bar=False)
    written = nbformat.read(tmp_path / "out.ipynb", 4)
    assert written.cells[0].outputs[0].text == f"{tmp_path / 'inner'}\n"
    assert written.cells[1].outputs[0]["data"]["text/plain"] == "1"
    assert list((tmp_path / "inner").iterdir()) == []


def command(*arguments, cwd):
    """Papermill from the command line."""
    return subprocess.run(
        [sys.executable, "-m", "papermill", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, sys.path)])},
    )


@pytest.fixture
def asked(tmp_path):
    """A folder with a notebook that has a parameter, prints, and fails on request."""
    cells = nbformat.v4.new_code_cell("number = 1", metadata={"tags": ["parameters"]}), "print('said', number)"
    nbformat.write(book(*cells, "import os\nos.system('echo beneath')", "1 / number"), tmp_path / "in.ipynb")
    return tmp_path


def test_the_command_line_of_papermill_knows_the_engine(asked):
    done = command(
        "--engine", "b12", "in.ipynb", "out.ipynb", "-p", "number", "4", "--autosave-cell-every", "1", cwd=asked
    )
    assert done.returncode == 0, done.stderr
    assert "Executing: 100%" in done.stderr
    assert "beneath" not in done.stderr + done.stdout
    written = nbformat.read(asked / "out.ipynb", 4)
    assert [cell.metadata.papermill.status for cell in written.cells] == ["completed"] * 5
    said = [output.text for cell in written.cells for output in cell.outputs if output.output_type == "stream"]
    assert said == ["said 4\n", "beneath\n"]  # and nothing of the progress bar


@pytest.mark.slow
def test_an_error_on_the_command_line_is_told_as_by_the_stock_engine(asked):
    ways = [("--engine", "b12"), ()]
    runs = [command(*way, "in.ipynb", "out.ipynb", "-p", "number", "0", "--no-progress-bar", cwd=asked) for way in ways]
    assert [done.returncode for done in runs] == [1, 1]
    assert all("ZeroDivisionError: division by zero" in done.stderr for done in runs)
    assert "An Exception was encountered" in (asked / "out.ipynb").read_text(encoding="utf-8")


@pytest.mark.slow
def test_output_is_logged_while_cells_run(asked):
    done = command("--engine", "b12", "in.ipynb", "out.ipynb", "--log-output", "--no-progress-bar", cwd=asked)
    assert done.returncode == 0
    assert "said 1" in done.stderr


@pytest.mark.slow
def test_a_batch_runs_in_the_stock_engine_on_request(tmp_path, monkeypatch):
    import b12analysis as b12

    monkeypatch.setenv("B12_NOTEBOOKS", str(toy_folder(tmp_path / "notebooks")))
    spec = tmp_path / "spec.yaml"
    spec.write_text("reports:\n  - report: toy\n    parameters: {number: 5}\n", encoding="utf-8")
    pages = {}
    for engine in ENGINES:
        b12.batch(spec, out=tmp_path / engine, workers=1, engine=engine)
        pages[engine] = next((tmp_path / engine).glob("toy*.html")).read_bytes()
    assert pages["stock"] == pages["warm"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there nothing has to be taken away")
def test_where_there_is_no_fork_a_process_serves_one_notebook(tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("import os\ndel os.fork\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    program = (
        "import test_engine as t, pathlib; print(t.run(t.book('6 * 7'), 'warm', pathlib.Path('x'))[0].cells[0].outputs)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "42" in done.stdout, done.stderr
