"""Whom to test: the stored cells of the US survey, and what ways of testing find."""

import numpy as np
import pandas as pd
import pytest

from b12analysis import evidence
from b12analysis.arguments import InputError
from b12analysis.nhanes import cells as stored
from b12analysis.nhanes import sums


def share(table: pd.DataFrame, rows: pd.Series) -> float:
    return table.loc[rows, "share"].sum()


def test_the_cells_of_each_population_are_whole():
    table = evidence.load("nhanes_cells")
    whole = table.groupby(["cycles", "population"])["share"].sum()
    assert len(whole) == len(stored.CYCLES) * len(stored.POPULATIONS)
    assert whole.astype(float).to_numpy() == pytest.approx(1, abs=1e-6)  # the shares are stored to eight digits
    assert not table.duplicated(["cycles", "population", "b12_from", "mma_from", "egfr_60"]).any()


def test_cells_add_up_to_the_stored_prevalence():
    """Within the few people in whom one of the markers is missing: 1 % of those with serum B12 in 1999-2004."""
    for cycles in stored.CYCLES:
        table = stored.cells("60+", cycles)
        low, raised = table["b12_to"] <= 148, table["mma_from"] >= 271
        ours = [share(table, low), share(table, raised), share(table, raised & table["egfr_60"])]
        ours[2] /= share(table, table["egfr_60"])
        names = ["b12_148", "mma_271", "mma_271_egfr_60"]
        there = sums.prevalence(cycles, names, age_band="60+")["estimate"]
        assert ours == pytest.approx(there.tolist(), rel=0.02)


def test_no_test_is_the_truth():
    """Of those with B12 below 148 about 40 % have MMA above 271, of those about 13 % have B12 below 148: 1999-2004."""
    for cycles, of_low, of_raised in [("1999-2004", 0.406, 0.135), ("2011-2014", 0.529, 0.108)]:
        table = stored.cells("20+", cycles)
        low, raised = table["b12_to"] <= 148, table["mma_from"] >= 271
        both = share(table, low & raised)
        assert [both / share(table, low), both / share(table, raised)] == pytest.approx([of_low, of_raised], abs=0.0006)


def test_people_are_put_into_the_cell_that_the_definitions_put_them():
    people = pd.DataFrame({"b12_pmol_l": [147.9, 148, 221], "mma_nmol_l": [271, 271.1, 377], "egfr": [60, 59.9, 90]})
    table = stored._tabulate(people.assign(weight=[1.0, 2.0, 1.0]))
    limits = ["b12_from", "b12_to", "mma_from", "mma_to", "egfr_60", "n", "share"]
    assert table[limits].to_numpy().tolist() == [
        [133, 148, 0, 271, True, 1, 0.25],
        [148, 150, 271, 376, False, 1, 0.5],
        [221, 258, 376, pytest.approx(np.nan, nan_ok=True), True, 1, 0.25],
    ]


def test_unknown_cells_are_refused():
    with pytest.raises(InputError, match=r"population='65' is not known .did you mean '65\+'.*; choose one of '20\+'"):
        stored.cells("65")
    with pytest.raises(InputError, match="cycles='2005-2006' is not known; choose one of '1999-2004', '2011-2014'"):
        stored.cells("65+", "2005-2006")


@pytest.mark.slow
def test_the_stored_cells_are_what_the_survey_files_say(shared):
    again = stored.compute_cells(shared / "nhanes")
    table = evidence.load("nhanes_cells").astype(again.dtypes)
    pd.testing.assert_frame_equal(table, again, rtol=1e-6, atol=1e-8)  # stored to eight digits
