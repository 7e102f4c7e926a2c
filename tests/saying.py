"""What tests say with `page` outside a notebook: the outputs a cell would have, and notebooks made of them."""

from unittest import mock

import nbformat
import pandas as pd
import pytest

import b12analysis as b12
from b12analysis import page
from b12analysis.reports import names

#: Reports to try in a browser; the longest pages are for `make test-slow`.
_SLOW = ("folate", "kinetics", "neuropathy", "replications", "testing", "validation")
REPORTS = [pytest.param(name, marks=pytest.mark.slow) if name in _SLOW else name for name in names()]
#: The same where the pages differ in their numbers only: one stands for all, the others are for `make test-slow`.
ONE_REPORT = [name if name == "recovery" else pytest.param(name, marks=pytest.mark.slow) for name in names()]


def displayed(call, *arguments, **named) -> list[dict]:
    """Data of the outputs that a call displays, by MIME type."""
    with mock.patch("IPython.display.display") as display:
        call(*arguments, **named)
    assert all(shown.kwargs == {"raw": True} for shown in display.call_args_list)
    return [shown.args[0] for shown in display.call_args_list]


def said(text="Some are low", *, figures=1) -> list[dict]:
    """Outputs of a cell that says everything a report has to say."""

    def say():
        rows = pd.DataFrame({"label": ["a"], "estimate": [0.2], "lower": [0.1], "upper": [0.3]})
        used = b12.load("surveys").head(2)
        page.answer(text, "**20 %** are low.", place="somewhere")
        page.key_figure("low", rows.iloc[0], what="95 % interval")
        for _ in range(figures):
            page.figure(b12.figures.forest(rows), rows, title=text, summary=text, caption=text, evidence=used)
        page.caveat(text)

    return displayed(say)


def notebook(outputs: list[dict]) -> nbformat.NotebookNode:
    """Make an executed notebook of one cell with these outputs."""
    cell = nbformat.v4.new_code_cell("say(everything)")
    cell.outputs = [nbformat.v4.new_output("display_data", data=data) for data in outputs]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Question?"), cell])
