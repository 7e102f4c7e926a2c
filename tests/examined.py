"""Made-up NHANES files: a few people, everything missing but what a test says."""

from pathlib import Path

import pandas as pd
from xpt import xpt

from b12analysis.nhanes.variables import chosen, definitions, files

EARLY, LATER = ["RXD030", "RXD240B", "RXD260"], ["RXDUSE", "RXDDRUG", "RXDDAYS"]
#: Variables of the tables with several rows per person, or none.
LISTS = {
    **{f"RXQ_RX{suffix}": ["SEQN", *EARLY] for suffix in ("", "_B")},
    **{f"RXQ_RX{suffix}": ["SEQN", *LATER] for suffix in ("_C", "_D", "_G", "_H")},
    "DSQFILE2": ["SEQN", "DSDSUPID", "DSD100Q", "DSD100U", "DSD120Q", "DSD120U"],
    **{f"DSQ2{suffix}": ["SEQN", "DSDSUPID", "DSD103", "DSD122Q", "DSD122U"] for suffix in ("_B", "_C")},
    "DSPI": ["DSDPID", "DSDSUPID", "DSDSERVQ", "DSDSERVU"],
    "DSII": ["DSDPID", "DSDIID", "DSDINGR", "DSDQTY", "DSDUNIT"],
    "DSBI": ["DSDIID", "DSDBCNAM"],
}


def tables(cycle: str, values: dict[str, list], people: int) -> dict[str, dict[str, list]]:
    """Every table of a cycle: columns by variable, for people 1, 2, ...; ``values`` says "TABLE.VARIABLE" otherwise."""
    always = {"RIAGENDR": 1, "RIDAGEYR": 50, "RIDRETH1": 3, "SDMVSTRA": 1, "SDMVPSU": 1, "WTMEC2YR": 1, "WTMEC4YR": 1}
    cells = " ".join(cell for cell in definitions()[chosen(cycle)[0]] if not cell.startswith("=")).split()
    made = {}
    for table in files(cycle):
        given = {name.split(".")[1]: column for name, column in values.items() if name.split(".")[0] == table}
        names = LISTS.get(table) or [cell.split(".")[1] for cell in cells if cell.startswith(f"{table}.")]
        rows = max(map(len, given.values()), default=1 if table in LISTS else people)
        number = {"SEQN": [1] * rows if table in LISTS else list(range(1, rows + 1))}  # of no use in the labels
        made[table] = number | {name: [always.get(name)] * rows for name in names if name != "SEQN"} | given
    return made


def survey(folder: Path, cycle: str, values: dict[str, list], people: int, kind: str = "csv") -> Path:
    """Write the tables of a cycle into ``folder`` and return it; ``kind`` is the files' ending."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, columns in tables(cycle, values, people).items():
        if kind.lower() == "xpt":
            (folder / f"{table}.{kind}").write_bytes(xpt(columns))
        else:
            pd.DataFrame(columns).to_csv(folder / f"{table}.{kind}", index=False, encoding="latin-1")
    return folder
