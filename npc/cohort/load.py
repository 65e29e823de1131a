"""From the config to the checked cohort."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig, OmegaConf

from npc.cohort import clinical, criteria, dates, decimal_commas, paths, schema, suspicious
from npc.cohort.cell import text
from npc.cohort.cohort import Cohort
from npc.cohort.studies import image_column, outline_column, roi_column
from npc.cohort.truth import read_truth
from npc.config.cohort_schema import CohortConfig
from npc.config.sources import check_arguments, source, without_reader
from npc.errors import InputError


def load(
    cohort: DictConfig,
    endpoint: DictConfig,
    sequences: Sequence[str],
    also: Sequence[str] = (),
    *,
    outcomes: bool = True,
    known: str | None = None,
) -> Cohort:
    """Read and check the cohort that the config names.

    Args:
        cohort: `_target_` (a source: `read(root, sequences, **options) -> (table, root)`), `name`, `root`,
            `sequences`, `clinical`, `exclude`, `criteria`, `labelled`, `missing`, and whatever else the source takes.
        endpoint: `event` and `time`, the endpoint's columns.
        sequences: those that this run reads; `cohort.missing` says what becomes of patients who lack one.
        also: those whose files are checked where the table names them, for `npc cohort check`.
        outcomes: whether they are read; a prediction needs none, so those of the table are left alone, with a warning.
        known: `Cohort.checked` of an earlier call; cells of the same table are not checked again.

    Raises:
        InputError: with every fault of the config, or of the table.
    """
    variables = clinical.parse(_plain(cohort)["clinical"])
    offered = list(cohort.sequences)
    _check_sequences(offered, {key: cohort.get(key) or {} for key in ("roi", "labels")})
    unknown = [sequence for sequence in [*sequences, *also] if sequence not in offered]
    if unknown:
        raise InputError(
            f"sequence: cohort {cohort.name} has no {', '.join(unknown)}; cohort.sequences has {', '.join(offered)}"
        )
    table, root = _read(cohort)
    if cohort.get("rois"):
        _check_roi_columns(table, [roi_column(sequence) for sequence in offered])
    if not table.index.is_unique:
        table = table.reset_index(drop=True)
    ignored = [] if outcomes else _outcomes(table, endpoint)
    table, comma_faults = _with_points(table.drop(columns=ignored), cohort, variables)
    table, date_faults = dates.to_months(table, cohort.get("date_order") or dates.YEAR_FIRST)
    left_out, criteria_faults = _leave_out(table, cohort)
    needed = [*sequences, *(offered if cohort.missing == "exclude_any" else [])]
    patients, lacking, exclusions, checked = schema.check(
        table,
        where=table.attrs.get("file", str(root)),
        root=root,
        sequences=list(dict.fromkeys(needed)),
        clinical=variables,
        missing=cohort.missing,
        time=endpoint.time,
        event=endpoint.event,
        also=also,
        date_faults=date_faults,
        comma_faults=comma_faults,
        left_out=left_out,
        criteria_faults=criteria_faults,
        labelled=outcomes and cohort.get("labelled", True),
        known=known,
    )
    patients, lacking = (table.set_index("patient_id").sort_index() for table in (patients, lacking))
    unseen = sequences if cohort.missing == "mask" and outcomes else []  # a prediction can do without one
    if absent := [s for s in unseen if patients[image_column(s)].isna().all()]:
        raise InputError(
            f"sequence: no patient of cohort {cohort.name} has {', '.join(absent)}; choose other sequences"
        )
    times = [endpoint.time, *(time for time in schema.OUTCOMES if time != endpoint.time)]
    warnings = suspicious.unlikely(patients, times, [variable.name for variable in variables if variable.is_age])
    if ignored:
        warnings = [*warnings, f"{', '.join(ignored)}: not read, since a prediction needs no outcome"]
    more = {**_outlines(cohort), "lacking": lacking, "truth": read_truth(root), "warnings": warnings}
    more |= {"read": table.attrs.get("read", ""), "checked": checked}
    return Cohort(cohort.name, root, patients, tuple(offered), exclusions, **more)


def _check_roi_columns(table: pd.DataFrame, columns: Sequence[str]) -> None:
    if named := [name for name in columns if name in table and table[name].map(text).notna().any()]:
        raise InputError(
            f"{' and '.join(named)}: the column names one ROI of each patient, and cohort.rois names those of every "
            "region; remove the column, and give patterns in cohort.rois where names differ, as in "
            "'+cohort.rois.node=GTVn*'"
        )


def _read(cohort: DictConfig) -> tuple[pd.DataFrame, Path]:
    """The raw table of the source, and the folder that its paths are relative to."""
    if OmegaConf.is_missing(cohort, "root") or not cohort.root:
        raise InputError("cohort.root is not set; set it to the cohort's folder")
    read = source(cohort._target_)
    own = {item.name for item in fields(CohortConfig)}
    options = {key: value for key, value in _plain(cohort).items() if key not in own}
    if cohort.get("sheet") is not None:
        if without_reader(cohort._target_, ["sheet"]):
            raise InputError(f"cohort.sheet={cohort.sheet}: {cohort._target_} reads no sheet of a workbook; remove it")
        options["sheet"] = cohort.sheet
    arguments = {"root": Path(cohort.root).expanduser(), "sequences": list(cohort.sequences), **options}
    check_arguments(cohort._target_, read, arguments)
    return read(**arguments)


def _outcomes(table: pd.DataFrame, endpoint: DictConfig) -> list[str]:
    known = {*schema.OUTCOMES, *schema.OUTCOMES.values(), *dates.DATES, endpoint.time, endpoint.event}
    return [column for column in map(str, table) if column in known]


def _check_sequences(offered: Sequence[str], by_sequence: Mapping[str, Mapping[str, str]]) -> None:
    faults = [f"cohort.sequences names {name} twice; name each once" for name, n in Counter(offered).items() if n > 1]
    if not offered:
        faults.append("cohort.sequences names no sequence; name those that the cohort has, such as [cet1, t2]")
    faults += [
        f"cohort.{key}.{name}: the cohort has no such sequence; cohort.sequences has {', '.join(offered)}"
        for key, of in by_sequence.items()
        for name in of
        if name not in offered
    ]
    if faults:
        raise InputError(faults)


def _with_points(
    table: pd.DataFrame, cohort: DictConfig, variables: Sequence[clinical.Variable]
) -> tuple[pd.DataFrame, decimal_commas.Faults]:
    """`decimal_commas.with_points`; identities, dates, paths and levels hold no numbers."""
    others = {"patient_id", "centre", *dates.DATES}
    others |= {variable.name for variable in variables if variable.kind != "continuous"}
    others |= {
        str(name) for name in table if str(name).startswith(tuple(f"{sequence}_" for sequence in cohort.sequences))
    }
    return decimal_commas.with_points(table, others)


def _leave_out(table: pd.DataFrame, cohort: DictConfig) -> tuple[dict, dict]:
    """Rows that do not belong to the study, and what is wrong with what says so (`criteria.leave_out`)."""
    return criteria.leave_out(table, criteria.parse(_plain(cohort).get("criteria")), cohort.get("exclude") or {})


def readable(cohort: DictConfig) -> Cohort:
    """A cohort that did not pass the checks, for what can be read of it: paths that cannot be used are blanked.

    Empty where there is no table; without the patients whom the config leaves out.
    """
    try:
        table, root = _read(cohort)
        table, _ = dates.to_months(table, cohort.get("date_order") or dates.YEAR_FIRST)
        table = table.drop(index=list(_leave_out(table, cohort)[0]))
    except InputError:
        table, root = pd.DataFrame(), Path()
    for sequence in cohort.sequences:
        columns = [image_column(sequence), outline_column(sequence)]
        if set(columns) <= set(table):
            table[columns] = table[columns].map(lambda cell: paths.with_slashes(root.resolve(), text(cell)))
            usable = table[columns].map(lambda cell: paths.is_usable(root.resolve(), cell)).all(axis=1)
            cells = table[columns].to_numpy()
            one_file = [image == outline and (root / str(image)).is_file() for image, outline in cells]
            table[columns] = table[columns].where(usable & ~pd.Series(one_file, table.index, dtype=bool))
        else:
            table = table.drop(columns=columns, errors="ignore")
    read = table.attrs.get("read", "")
    return Cohort(cohort.name, root, table, tuple(cohort.sequences), read=read, **_outlines(cohort))


def _outlines(cohort: DictConfig) -> dict[str, Any]:
    """How the outlines of the cohort are to be read."""
    label, rois = _plain(cohort).get("label"), dict(cohort.get("rois") or {})
    return {
        "rois": rois,
        # of the first region, for commands that know none
        "label": next(iter(rois.values())) if rois else tuple(label) if isinstance(label, list) else label,
        "roi": dict(cohort.get("roi") or {}),
        "by_index": bool(cohort.get("by_index")),
    }


def _plain(config: DictConfig | dict) -> dict:
    return OmegaConf.to_container(config, resolve=True) if OmegaConf.is_config(config) else dict(config)  # type: ignore[return-value]
