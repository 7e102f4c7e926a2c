"""The warm engine of papermill: cells run in a process that has everything imported, instead of in a new kernel.

Starting a kernel and importing the libraries takes ten times as long as a report's own work. Here a notebook runs in a
fork of a :mod:`warm <b12analysis.reports.warm>` process, so it starts at once and still has a namespace, and a process,
of its own. Only the kernel's place is taken (:mod:`kernel <b12analysis.reports.kernel>`); everything else stays stock.

Registered with papermill as ``b12``: ``papermill --engine b12 in.ipynb out.ipynb``. What the fork cannot do goes to the
stock engine: other languages and environments, widgets, output logged while cells run, time limits for cells, and
functions to be called. Papermill loads this module while it is itself being imported, so nothing of papermill is
imported before it is used.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from b12analysis.reports import warm

__all__ = ["WarmEngine"]


class WarmEngine:
    """Runs a notebook in a fork of a warm process; papermill finds it under the name ``b12``."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **options: Any) -> Any:
        """Run all cells of ``nb`` and return it with outputs, as papermill's own engine does."""
        from nbclient.exceptions import DeadKernelError
        from papermill.engines import NBClientEngine

        if needs_kernel(nb, kernel_name, options):
            return NBClientEngine.execute_notebook(nb, kernel_name, **options)
        if warm.inside():
            return _here(nb, kernel_name, None, options)
        try:
            return warm.run(_here, nb, kernel_name, _folder(), options)
        except warm.Died as error:
            raise DeadKernelError(str(error)) from None

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """Name of the kernel that the notebook asks for."""
        from papermill.utils import nb_kernel_name

        return nb_kernel_name(nb, name)

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """Language that the notebook is written in."""
        from papermill.utils import nb_language

        return nb_language(nb, language)


def _here(nb: Any, kernel_name: str, folder: str | None, options: dict[str, Any]) -> Any:
    """Run all cells in this process; paths of papermill's are relative to ``folder``, wherever the cells go."""
    from papermill.iorw import local_file_io_cwd

    from b12analysis.reports.kernel import HereEngine

    with local_file_io_cwd(folder) if folder else nullcontext():
        return HereEngine.execute_notebook(nb, kernel_name, **options)


def _folder() -> str:
    """Folder that papermill reads and writes in; with ``cwd=`` it is not the one that the notebook runs in."""
    from papermill.iorw import papermill_io

    return getattr(papermill_io.get_handler("local"), "_cwd", None) or os.getcwd()  # noqa: PTH109 - as papermill does


def needs_kernel(nb: Any, kernel_name: str, options: dict[str, Any]) -> bool:
    """Whether a notebook asks for what only a kernel of its own gives."""
    code = "\n".join(cell.source for cell in nb.cells if cell.cell_type == "code")
    return (
        _WIDGETS.search(code) is not None
        or any(options.get(name) for name in _KERNEL_ONLY)
        or any(map(callable, options.values()))  # hooks, which stay in the program that runs papermill
        or not _is_this_python(kernel_name)
    )


#: Words of notebooks that talk to a page while they run; in notebooks tqdm's bars are widgets.
_WIDGETS = re.compile(r"\b(ipywidgets|FigureWidget|anywidget|ipympl|tqdm\.notebook|tqdm\.auto|tqdm_notebook)\b")
#: Options that show or limit cells while they run, or bring a kernel along.
_KERNEL_ONLY = ("log_output", "stdout_file", "stderr_file", "execution_timeout", "timeout", "km")


def _is_this_python(kernel_name: str) -> bool:
    """Whether a kernel of that name is ipykernel in this very environment."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec(kernel_name)
    except NoSuchKernel:
        return False  # the stock engine says what is wrong
    command = spec.argv[0] if spec.argv else ""
    same = command in ("python", "python3") or Path(command).parent == Path(sys.executable).parent
    return spec.language == "python" and "ipykernel_launcher" in spec.argv and same
