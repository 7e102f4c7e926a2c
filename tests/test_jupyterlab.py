"""The notebooks in a real JupyterLab in a real browser: run all cells, and every figure is alive."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request

import pytest
from saying import ONE_REPORT

from b12analysis.places import notebooks

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Address of a JupyterLab on copies of the notebooks, with settings and files of its own."""
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(notebooks(), home / "notebooks")
    own = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}
    own |= {"JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython"}
    environment = os.environ | {name: str(home / folder) for name, folder in own.items()}
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--IdentityProvider.token="]
    command += ["--ServerApp.port=0", f"--ServerApp.root_dir={home / 'notebooks'}", "--LabApp.news_url="]
    log = home / "log.txt"
    with log.open("w", encoding="utf-8") as sink:
        server = subprocess.Popen(command, env=environment, stdout=sink, stderr=subprocess.STDOUT)
    try:
        yield _address(server, log)
    finally:
        server.terminate()
        server.wait(30)


def _address(server, log):
    until = time.monotonic() + 90
    while time.monotonic() < until and server.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text(encoding="utf-8"))
        if found:
            try:
                urllib.request.urlopen(f"{found[0]}/api", timeout=5).close()
                return found[0]
            except OSError:
                pass
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start: {log.read_text(encoding='utf-8')[-2000:]}")


def _wait_for_kernel(lab, name):
    """JupyterLab drops "run all" while a notebook's kernel is still starting."""
    until = time.monotonic() + 90
    while time.monotonic() < until:
        with urllib.request.urlopen(f"{lab}/api/sessions", timeout=5) as answer:
            states = {session["path"]: session["kernel"]["execution_state"] for session in json.load(answer)}
        if states.get(f"{name}.ipynb") == "idle":
            return
        time.sleep(0.2)
    pytest.fail(f"the kernel of {name} did not become idle: {states}")


@pytest.mark.parametrize("name", ONE_REPORT)
def test_all_cells_run_and_every_figure_is_alive(chromium, lab, pages, name):
    wanted = (pages / f"{name}.html").read_text(encoding="utf-8").count("<figure data-figure=")
    page = chromium.new_page(viewport={"width": 1200, "height": 9000})  # tall: JupyterLab draws only what is in sight
    faults = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    try:
        page.goto(
            f"{lab}/lab/workspaces/{name}/tree/{name}.ipynb"
        )  # of its own: else tabs of the other notebooks come back
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        _wait_for_kernel(lab, name)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()
        page.wait_for_function(
            f"document.querySelectorAll('.jp-OutputArea .js-plotly-plot .scatterlayer .trace').length >= {wanted} && "
            f"document.querySelectorAll('.jp-OutputArea .js-plotly-plot').length === {wanted}",
            timeout=60_000,
        )
        assert page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
        assert page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']").count() == 0
        assert page.locator("summary", has_text="Data and text description").count() == wanted
        assert faults == []
    finally:
        page.close()
