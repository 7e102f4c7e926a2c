"""A batch as YAML: which reports, with which parameters; all of it is checked before the first one starts.

::

    reports:
      - report: recovery
        parameters: {profile: motor}                 # the same for every report of the entry
        grid: {age: [40, 60], severity: [mild, severe]}   # every combination
      - report: risk_groups
        sets: risk_groups.csv                        # one report a row; an empty cell is a default
      - report: prevalence
        sets: [{country: India}, {country: Kenya, age_band: children}]

Words have the types of the report's parameters: quotes make no difference, ``country: no`` is text and ``age: 060`` is
60. ``none``, ``null``, ``~`` and nothing at all are None where None is allowed. Files are looked for beside the
specification. From Python a mapping of the same form will do, with values or text.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from b12analysis.arguments import InputError, shown
from b12analysis.reports.entries import Entry, Errors, check_keys, content, entry
from b12analysis.reports.naming import stem_of
from b12analysis.reports.plain import read
from b12analysis.reports.schema import lacking

__all__ = ["MOST_REPORTS", "Job", "plan"]

MOST_REPORTS = 100_000
_MOST_BYTES = 1_000_000
_MOST_ENTRIES = 1_000


@dataclass(frozen=True, kw_only=True)
class Job:
    """One report of a batch."""

    report: str
    values: dict[str, Any]  #: every parameter of the report
    stem: str  #: name of the page, without its ending
    files: dict[str, str]  #: SHA-256 of the content, by parameter; of a list of files joined by "+"


def plan(
    spec: str | os.PathLike[str] | Mapping[str, Any], *, folder: str | os.PathLike[str] | None = None
) -> list[Job]:
    """Read a specification and return every report that it asks for.

    Parameters
    ----------
    spec : path or mapping
        A YAML file, or a mapping of the same form.
    folder : path, optional
        Where relative paths begin; the folder of the YAML file, or the current one, by default.

    Returns
    -------
    list of Job
        Sorted by ``stem``.

    Raises
    ------
    InputError
        With every error of the specification, one line each (``InputError.errors``); entries are counted from 1.

    Examples
    --------
    >>> jobs = plan({"reports": [{"report": "recovery", "grid": {"age": ["40", 60], "severity": ["mild"]}}]})
    >>> [job.stem for job in jobs]
    ['recovery-age-40-severity-mild', 'recovery-severity-mild']
    """
    if not isinstance(spec, Mapping):
        if not isinstance(spec, str | os.PathLike):
            raise InputError(f"the batch is {shown(spec)}, neither a file nor a mapping with the key 'reports'")
        path = Path(spec)
        folder = path.parent if folder is None else folder
        spec = read(content("spec", path, _MOST_BYTES), name=path.name)
    errors = Errors()
    entries = [entry(f"reports[{place}]", one, folder, errors) for place, one in enumerate(_listed(spec, errors), 1)]
    count = sum(one.count for one in entries)
    if count > MOST_REPORTS:
        errors.add(f"the batch has {count:,} reports; at most {MOST_REPORTS:,} are made at once")
        errors.stop()
    jobs = _jobs(entries, errors)
    errors.stop()
    return sorted(jobs, key=lambda job: job.stem)


def _listed(spec: Any, errors: Errors) -> list[Any]:
    """Entries under ``reports``."""
    if not isinstance(spec, Mapping):
        raise InputError(f"the batch is {shown(spec)}, not a mapping with the key 'reports'")
    check_keys("the batch", spec, ("reports",), errors)
    entries = spec.get("reports")
    if not isinstance(entries, list | tuple) or not entries:
        errors.add("the batch has no list of reports under the key 'reports'")
        errors.stop()
    if len(entries) > _MOST_ENTRIES:
        raise InputError(
            f"the batch has {len(entries):,} entries under 'reports'; at most {_MOST_ENTRIES:,} are read, "
            "each with a grid or sets"
        )
    return list(entries)


def _jobs(entries: list[Entry], errors: Errors) -> list[Job]:
    """Every report once; two that would be written to one file are refused, also where files know no capitals."""
    jobs: dict[str, tuple[str, Job]] = {}
    hashes: dict[Path, str] = {}
    for one in entries:
        for values in one.combinations():
            for line in lacking(one.known.values(), values):
                errors.add(f"{one.label}: {line}")
            stem = stem_of(one.report, one.known.values(), values)
            if stem.casefold() in jobs:
                first, other = jobs[stem.casefold()]
                what = "the same report" if (other.report, other.values) == (one.report, values) else "another report"
                errors.add(f"{one.label}: {what} is written to {other.stem!r} already, by {first}")
                continue
            files = {name: _hashes(value, hashes) for name, value in values.items() if _is_file(value)}
            jobs[stem.casefold()] = one.label, Job(report=one.report, values=values, stem=stem, files=files)
    return [job for _, job in jobs.values()]


def _is_file(value: Any) -> bool:
    return any(isinstance(item, Path) for item in (value if isinstance(value, list) else [value]))


def _hashes(value: Any, known: dict[Path, str]) -> str:
    """SHA-256 of the content of a file, or of each of a list; every file is read once."""
    paths = [item for item in (value if isinstance(value, list) else [value]) if item is not None]
    for path in paths:
        if path not in known:
            with path.open("rb") as file:
                known[path] = hashlib.file_digest(file, "sha256").hexdigest()
    return "+".join(known[path] for path in paths)
