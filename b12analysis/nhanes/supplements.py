"""B12 from supplements: CDC's totals in 2011-14; before, product by product from what the label says.

In 1999-2004 the questionnaire names products (``DSQFILE2``, ``DSQ2``); what they contain stands in CDC's product
database: serving size in ``DSPI``, ingredients in ``DSII``, parts of blends in ``DSBI``. For 2 to 3 % of the products
that people named there is no label: who took one, and none known to contain B12, has a missing answer.
"""

from __future__ import annotations

import pandas as pd

from b12analysis.nhanes.variables import Read, definitions

__all__ = ["add"]

_B12 = r"VITAMIN B-?12|COBALAMIN|COENZYME B-?12"
_UG_PER_UNIT = {1: 1000.0, 4: 1.0}  # DSDUNIT: mg, ug
#: Amounts that can be compared: pieces with pieces, millilitres with millilitres, and so on. CDC codes the form in
#: which a person took a product (DSD120U, DSD122U) in one way and the serving on its label (DSDSERVU) in another.
_TAKEN = {
    **dict.fromkeys((1, 6, 13, 20, 30), ("piece", 1)),
    **dict.fromkeys((7, 22), ("mL", 1)),
    **dict.fromkeys((8, 9, 28), ("packet", 1)),
    **{2: ("dropper", 1), 3: ("drop", 1), 4: ("mL", 30), 11: ("mL", 15), 12: ("mL", 5)},
    **{16: ("g", 1), 18: ("mL", 240), 19: ("spray", 1), 21: ("scoop", 1), 23: ("capful", 1)},
}
_LABEL = {
    **dict.fromkeys((1, 2, 6, 9, 13, 16, 18, 20, 27, 29, 32, 39), ("piece", 1)),
    **dict.fromkeys((14, 17), ("mL", 15)),
    **dict.fromkeys((19, 34), ("mL", 5)),
    **dict.fromkeys((25, 37), ("mL", 240)),
    **dict.fromkeys((33, 38), ("g", 1)),
    **{3: ("dropper", 1), 4: ("drop", 1), 5: ("mL", 30), 10: ("mL", 1), 12: ("packet", 1)},
    **{22: ("spray", 1), 24: ("scoop", 1), 31: ("capful", 1)},
}
_DAYS_PER_UNIT = {1: 30.0, 2: 30 / 7, 3: 1.0}  # DSD100U: times a day, a week, a month


def add(people: pd.DataFrame, cycle: str, read: Read) -> pd.DataFrame:
    """Return the people of a cycle with ``b12_supplement`` and ``b12_supplement_ug``."""
    cell = definitions().loc["b12_supplement_ug", cycle]
    if not cell:
        return people
    if "." in cell:  # CDC's totals: no total is no B12, where the number of supplements is known
        amount = people["b12_supplement_ug"].fillna(0).where(people["_supplements"].notna())
        return people.assign(b12_supplement_ug=amount, b12_supplement=_yes_no(amount > 0, amount.notna()))
    return _by_product(people, _taken(cell.split()[0], read).join(_products(read), on="product"))


def _yes_no(answer: pd.Series, known: pd.Series) -> pd.Series:
    return answer.astype("boolean").where(known, pd.NA)


def _by_product(people: pd.DataFrame, taken: pd.DataFrame) -> pd.DataFrame:
    """Sum over a person's products; ``contains`` is missing where a product has no label."""
    has, unlabelled = taken["contains"].fillna(False), taken["contains"].isna()
    ug = (_servings(taken) * taken["ug"]).where(has | unlabelled, 0.0)
    each = pd.DataFrame({"has": has, "unlabelled": unlabelled, "ug": ug}).groupby(taken["seqn"])
    sums = each[["has", "unlabelled"]].max().assign(ug=each["ug"].sum(skipna=False))

    of = people[["seqn", "_supplements"]].join(sums, on="seqn")
    none, reported = of["_supplements"] == 0, (of["_supplements"] > 0) & of["has"].notna()
    contains = reported & of["has"].eq(True)
    known = none | contains | (reported & of["unlabelled"].eq(False))
    amount = of["ug"].where(reported).mask(none, 0.0)
    return people.assign(b12_supplement=_yes_no(contains, known), b12_supplement_ug=amount.astype("float64"))


def _servings(taken: pd.DataFrame) -> pd.Series:
    """Return servings a day; missing where what was taken and the label are not of a kind, as scoops and grams."""
    (kind, size), (label_kind, label_size) = _sizes(taken["form"], _TAKEN), _sizes(taken["serving_unit"], _LABEL)
    servings = taken["amount"] * size / (taken["serving"] * label_size)
    return servings.where(kind == label_kind)


def _sizes(codes: pd.Series, sizes: dict[int, tuple[str, int]]) -> tuple[pd.Series, pd.Series]:
    kinds = codes.map({code: kind for code, (kind, _) in sizes.items()})
    return kinds, codes.map({code: float(size) for code, (_, size) in sizes.items()})


def _taken(table: str, read: Read) -> pd.DataFrame:
    """Person and product, with the amount taken on average a day, in the form's units."""
    if table == "DSQFILE2":
        frame = read(table, ("SEQN", "DSDSUPID", "DSD100Q", "DSD100U", "DSD120Q", "DSD120U"))
        frame = frame.set_axis(["seqn", "product", "times", "unit", "quantity", "form"], axis="columns")
        times = frame["times"].where(frame["times"] < 77777) * frame["unit"].map(_DAYS_PER_UNIT)
        quantity = frame["quantity"].where(frame["quantity"] < 7777)
    else:
        frame = read(table, ("SEQN", "DSDSUPID", "DSD103", "DSD122Q", "DSD122U"))
        frame = frame.set_axis(["seqn", "product", "times", "quantity", "form"], axis="columns")
        times = frame["times"].where(frame["times"] <= 31)
        quantity = frame["quantity"].where(frame["quantity"] < 777777)
    return frame[["seqn", "product", "form"]].assign(amount=times / 30 * quantity)


def _products(read: Read) -> pd.DataFrame:
    """Label of each product: whether it contains B12, ug per serving, and the serving's size."""
    labels = read("DSPI", ("DSDPID", "DSDSUPID", "DSDSERVQ", "DSDSERVU"))
    ingredients = read("DSII", ("DSDPID", "DSDIID", "DSDINGR", "DSDQTY", "DSDUNIT"))
    blends = read("DSBI", ("DSDIID", "DSDBCNAM"))
    b12 = ingredients[_names_b12(ingredients["DSDINGR"])]
    in_blend = blends.loc[_names_b12(blends["DSDBCNAM"]), "DSDIID"]
    contains = {*b12["DSDPID"], *ingredients.loc[ingredients["DSDIID"].isin(in_blend), "DSDPID"]}
    plain = b12["DSDINGR"] == "VITAMIN B-12"  # of other preparations the quantity is not that of B12
    ug = (b12["DSDQTY"] * b12["DSDUNIT"].map(_UG_PER_UNIT)).where(plain).groupby(b12["DSDPID"]).sum(skipna=False)
    known = labels[labels["DSDSUPID"].notna()].assign(contains=labels["DSDPID"].isin(contains).astype("boolean"))
    known["ug"] = known["DSDPID"].map(ug).where(known["contains"], 0.0)
    known = known.rename(columns={"DSDSERVQ": "serving", "DSDSERVU": "serving_unit"})
    return known.set_index("DSDSUPID")[["contains", "ug", "serving", "serving_unit"]]


def _names_b12(names: pd.Series) -> pd.Series:
    different = pd.Series(names.unique())  # the database has 190,000 rows and a few thousand names
    return names.isin(different[different.str.contains(_B12, na=False)])
