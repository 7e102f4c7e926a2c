"""How long the fit of a follow-up takes: 60 patients seen five times, one group.

python -m pytest tests/benchmarks/test_followup_speed.py --benchmark-only
"""

import numpy as np
from test_followup import simulated

import b12analysis as b12


def test_sixty_patients_five_visits(benchmark):
    followup = simulated(np.random.default_rng(1), n=60)
    fit = benchmark.pedantic(b12.fit_recovery, args=[followup], kwargs={"worst": 10}, rounds=3, warmup_rounds=1)
    assert set(fit["n_patients"]) == {60}
