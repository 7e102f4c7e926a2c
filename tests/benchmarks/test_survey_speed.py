"""How fast survey estimates are, against R's survey and the package svy, side by side in one run.

All cycles x 4 cut-offs x 2 sexes x 5 age bands: 240 estimates with logit intervals. The people are made up, as many and
in as many strata and PSUs as the US survey has. R and svy estimate a part of them, one call each, as their users do;
the ratios are per estimate.

    python -m pytest tests/benchmarks/test_survey_speed.py --benchmark-only -s
"""

import shutil
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

import b12analysis as b12

CYCLES, INDICATORS = 6, ["b12_148", "b12_221", "mma_271", "mma_376"]
BY = ["cycle", "woman", "band"]


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    """As many people as were examined in six cycles, 15 strata with two PSUs each."""
    rng = np.random.default_rng(1)
    n = 55_000
    cycle = rng.integers(CYCLES, size=n)
    table = pd.DataFrame(
        {
            "cycle": cycle,
            "woman": rng.random(n) < 0.5,
            "band": rng.integers(5, size=n),
            "weight": rng.lognormal(10, 0.8, n),
            "stratum": 15 * cycle + rng.integers(15, size=n),
            "psu": rng.integers(1, 3, size=n),
        }
    )
    for name, share in zip(INDICATORS, [0.03, 0.12, 0.06, 0.03], strict=True):
        table[name] = pd.array(rng.random(n) < share, dtype="boolean")
        table.loc[rng.random(n) < 0.1, name] = pd.NA
    return table


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def ours(people: pd.DataFrame) -> pd.DataFrame:
    return b12.survey_prevalence(people, INDICATORS, by=BY)


def test_survey_prevalence(benchmark, people):
    table = benchmark(ours, people)
    assert len(table) == CYCLES * 2 * 5 * len(INDICATORS) == 240
    each = benchmark.stats.stats.median / len(table)
    say(f"\nsurvey_prevalence: {1e3 * benchmark.stats.stats.median:.0f} ms for 240 estimates, {1e6 * each:.0f} us each")


R_SCRIPT = """
suppressMessages(library(survey))
people <- read.csv("people.csv")
design <- svydesign(id = ~psu, strata = ~stratum, weights = ~weight, nest = TRUE, data = people)
start <- proc.time()[["elapsed"]]
found <- c()
for (band in 0:4) for (woman in 0:1) {
  inside <- people$cycle == 2 & people$band == band & people$woman == woman & !is.na(people$b12_148)
  part <- design[inside, ]
  estimate <- svyciprop(~b12_148, part, method = "logit")
  found <- c(found, as.numeric(estimate), attr(estimate, "ci")[[1]])
}
cat((proc.time()[["elapsed"]] - start) / 10, found, sep = "\\n")
"""


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_against_r(benchmark, people, tmp_path):
    plain = people[people["cycle"] == 2].assign(woman=lambda t: t["woman"].astype(int))
    plain.assign(b12_148=plain["b12_148"].astype("Int64")).to_csv(tmp_path / "people.csv", index=False)
    (tmp_path / "time.R").write_text(R_SCRIPT)
    run = subprocess.run(["Rscript", "time.R"], cwd=tmp_path, capture_output=True, text=True)
    if run.returncode:
        pytest.skip("R has no package survey")
    seconds, *found = map(float, run.stdout.split())
    table = benchmark(ours, people)
    mine = table[(table["cycle"] == 2) & (table["indicator"] == "b12_148")].sort_values(["band", "woman"])
    assert mine[["estimate", "lower"]].to_numpy().ravel() == pytest.approx(found, rel=1e-6)
    each = benchmark.stats.stats.median / len(table)
    say(f"\nR survey: {1e3 * seconds:.2f} ms an estimate; ours {1e6 * each:.0f} us: {seconds / each:.0f} times as fast")


def test_against_svy(benchmark, people):
    svy = pytest.importorskip("svy", reason="the package svy is not installed")
    polars = pytest.importorskip("polars")
    plain = people[people["cycle"] == 2].assign(cell=lambda t: 10 * t["woman"] + t["band"])
    data = polars.from_pandas(plain.assign(b12_148=plain["b12_148"].astype("Float64")).dropna(subset="b12_148"))
    sample = svy.Sample(data, svy.Design(stratum="stratum", psu="psu", wgt="weight"))
    sample.estimation.prop("b12_148", by="cell")  # the first call pays for imports
    start = time.perf_counter()
    sample.estimation.prop("b12_148", by="cell")
    seconds = (time.perf_counter() - start) / 10
    table = benchmark(ours, people)
    each = benchmark.stats.stats.median / len(table)
    say(f"\nsvy: {1e3 * seconds:.2f} ms an estimate; ours {1e6 * each:.0f} us: {seconds / each:.1f} times as fast")
