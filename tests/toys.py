"""A toy notebook that does on request what notebooks do wrong, and the folder to find it in."""

from pathlib import Path

import nbformat

PARAMETERS = """\
number: int = 1  # a number [0 to 100000]
act: str = "work"  # what to do [work | raise | hang | leave | eat | interrupt]
pause: float = 0.0  # seconds to wait [0 to 100]
note: str = ""  # any text
"""
ACTS = """\
import os, time
if act == "raise": raise ValueError(f"number {number} is not liked")
if act == "hang": time.sleep(1000)
if act == "leave": os._exit(3)
if act == "eat": eaten = bytearray(20 * 2**30)
if act == "interrupt": raise KeyboardInterrupt
time.sleep(pause)
"""
SAY = """\
import pandas as pd
import plotly.graph_objects as go
from b12analysis import page
row = {"estimate": number / 100, "lower": number / 200, "upper": number / 50}
page.answer(f"The number is {number}", f"It is **{number}**. {note}")
page.key_figure("the number", row, unit="", scale=100)
picture = go.Figure(go.Scatter(x=[1, 2], y=[0, number]))
page.figure(picture, pd.DataFrame([row]), title="A line", summary="A line that rises")
"""


def toy_folder(folder: Path) -> Path:
    """Write the toy notebook into a folder and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    cells = [
        nbformat.v4.new_markdown_cell("# What is the number?", id="question"),
        nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}, id="parameters"),
        nbformat.v4.new_code_cell(ACTS, id="acts"),
        nbformat.v4.new_code_cell(SAY, id="say"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "toy.ipynb")
    return folder
