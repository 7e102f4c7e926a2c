"""Words for results: labels of rows, and the sentences that answer a report's question.

A sentence is computed from the table that it speaks of, so that it stays true under every set of parameters, and it
has an honest form for the case that there is nothing to say. Nothing is estimated here. There is one module for each
report, which holds what ``answer`` gives the head of the page and ``CAVEATS`` its foot; ``effects`` for the figures of
ratios, times and shares; ``us``, ``measured``, ``prevention``, ``odds``, ``looks`` and ``feet`` for what the US survey
adds; and ``words`` for what they share. A function that returns title, summary and caption goes with a figure:
``page.figure(picture, table, **say.fans(table))``.
"""

from b12analysis.findings import (
    effects,
    feet,
    folate,
    high_folate,
    looks,
    neuropathy,
    odds,
    prevalence,
    recovery,
    replications,
    risk_groups,
    testing,
    validation,
    words,
)

__all__ = [
    "effects",
    "feet",
    "folate",
    "high_folate",
    "looks",
    "neuropathy",
    "odds",
    "prevalence",
    "recovery",
    "replications",
    "risk_groups",
    "testing",
    "validation",
    "words",
]
