"""Publish: the agreed plan is frozen as a version, and becomes the approved plan, in units and in money."""

from __future__ import annotations

import datetime as dt
import getpass
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ..model import calendar
from ..model.errors import InputError
from ..model.key_signature import signature_of
from ..model.plan import BASE
from ..model.sealed_inputs import input_digests
from ..model.tables import PRODUCTION_PLAN_COLUMNS, Tables
from ..model.versions import FAMILY_MEASURES, MONEY_MEASURES, RESOURCE_MEASURES, Version, new_name
from .bridge import SIDE, plan_table_side
from .plan_table import NOTHING
from .seal import shown_differences

PLAN_TABLES = ("tblPlan", "tblKpis")
TYPED_IN = ("Override", "Statistical forecast", "Events", "New and phase-out")
"""What the plan was made from, as far as it stands on the Sales Plan."""
RUN_FIRST = "run all steps, then publish."


def publish_now(
    tables: Tables, outputs: Mapping[str, pd.DataFrame], by: str | None = None, shown: pd.DataFrame | None = None
) -> Tables:
    """The tables with the plan of the last run published now, by the user where nobody is named.

    outputs: PLAN_TABLES as read. shown: the figures of the plan sheets, as in `seal_findings`. Errors as `publish`.
    """
    who = by or getpass.getuser()
    now = f"{dt.datetime.now():%Y-%m-%d %H:%M:%S}"
    version = publish(tables, outputs["tblPlan"], outputs["tblKpis"], by=who, at=now)
    if shown is not None:
        _check_shown(version, shown, tables.settings.bucket)
    return with_approved_money(with_version(tables, version), outputs["tblPlan"])


def signed(tables: Tables, key_file: Path) -> Tables:
    """The tables with the plan published last signed by a private key. Raises InputError where the file is none."""
    last = tables.versions[-1]
    return replace(tables, versions=(*tables.versions[:-1], replace(last, signature=signature_of(last, key_file))))


def publish(tables: Tables, plan_table: pd.DataFrame, kpis: pd.DataFrame, *, by: str, at: str) -> Version:
    """The plan of the last run as a version.

    plan_table, kpis: tblPlan and tblKpis as the run wrote them. by, at: who publishes, and when (text). Raises
    InputError where there is no plan for the periods of the settings, or where the demand was changed after the run:
    what is published is what everybody saw.
    """
    base = plan_table[(plan_table["Scenario"] == BASE) & plan_table["Value"].notna()]
    base = base.replace({key: {NOTHING: ""} for key in ("Family", "Source", "Resource")})
    periods, bucket = tables.periods, tables.settings.bucket
    if base.empty or not periods:
        raise InputError(f"Publish: Plan Data holds no plan yet; {RUN_FIRST}")
    planned = sorted(base["Period"].unique())
    if planned != periods:
        first, last = (calendar.period_label(pd.Timestamp(planned[at]), bucket) for at in (0, -1))
        raise InputError(f"Publish: the plan covers {first} to {last}, not the periods of the settings; {RUN_FIRST}")
    families = _figures(base, ["Family"], FAMILY_MEASURES, tables.family_names, periods)
    _check_current(tables, families)
    owner = dict(zip(tables.families["Family"], tables.families["Owner"], strict=True))
    families.insert(1, "Owner", families["Family"].map(owner).astype(object))
    reasons = tables.sales_plan.set_index(["Family", "Period"])["Override reason"]
    wanted = pd.MultiIndex.from_frame(families[["Family", "Period"]])
    families["Override reason"] = reasons.reindex(wanted).fillna("").to_numpy(dtype=object)
    sources = base[base["Source"] != ""]
    resources = list(dict.fromkeys(base.loc[base["Resource"] != "", "Resource"]))
    names = list(dict.fromkeys(zip(sources["Family"], sources["Source"], strict=True)))
    return Version(
        new_name(periods[0], bucket, [one.name for one in tables.versions]),
        at,
        by,
        periods[0],
        bucket,
        families,
        _figures(base, ["Family", "Source"], ("Planned",), names, periods),
        _figures(base, ["Resource"], RESOURCE_MEASURES, resources, periods),
        {str(name): float(value) for name, value in zip(kpis["KPI"], kpis["Value"], strict=True) if value == value},
        money=_figures(base, ["Family"], MONEY_MEASURES, tables.family_names, periods),
        inputs=input_digests(tables),
    )


def with_version(tables: Tables, version: Version) -> Tables:
    """The tables with one more version, whose production is the approved plan of its periods."""
    made = version.production.set_index(["Family", "Period"])["Planned"]
    kept = tables.production_plan.set_index(["Family", "Period"])
    both = kept.reindex(kept.index.union(made.index, sort=False))
    both.loc[made.index, "Approved plan"] = made
    production = both.reset_index()[list(PRODUCTION_PLAN_COLUMNS)]
    return replace(tables, versions=(*tables.versions, version), production_plan=production)


def with_approved_money(tables: Tables, plan_table: pd.DataFrame) -> Tables:
    """The tables with the plan of tblPlan in money as the approved plan, and today's exchange rates as its rates.

    What tblApproved holds of other periods and families stays; a row of the same family and period is replaced.
    """
    now = plan_table_side(tables, plan_table[plan_table["Scenario"] == BASE])
    keys = ["Family", "Period"]
    both = pd.concat([tables.approved, now], ignore_index=True).drop_duplicates(keys, keep="last")
    approved = both.sort_values(keys, kind="stable", ignore_index=True)
    rates = tables.rates.assign(**{"Approved rate": tables.rates["Rate"].fillna(tables.rates["Approved rate"])})
    return replace(tables, approved=approved, rates=rates)


def replaced_note(before: Tables, after: Tables) -> str:
    """What publishing has replaced of the plan approved before, as a sentence; '' where that is nothing."""
    keys = ["Family", "Period"]
    both = before.approved.merge(after.approved, on=keys, suffixes=(" before", ""))
    money = sum(_changed(both[f"{name} before"], both[name]) for name in SIDE)
    rates = _changed(before.rates["Approved rate"], after.rates["Approved rate"])
    if not money and not rates:
        return ""
    return f"Replaced of the plan approved before: {money:,} figures in tblApproved, {rates:,} rates in tblRates."


def _changed(before: pd.Series, after: pd.Series) -> int:
    old, new = before.to_numpy(dtype=np.float64), after.to_numpy(dtype=np.float64)
    return int((~np.isnan(old) & ~np.isclose(old, new, rtol=1e-9, atol=0.005, equal_nan=True)).sum())


def _figures(
    base: pd.DataFrame, keys: list[str], measures: tuple[str, ...], names: list, periods: list[pd.Timestamp]
) -> pd.DataFrame:
    """Keys, Period and one column a measure, every key and period there; NaN where the plan says nothing."""
    others = [key for key in ("Family", "Source", "Resource") if key not in keys]
    rows = base[base["Measure"].isin(measures) & (base[others] == "").all(axis=1)]
    wide = rows.set_index([*keys, "Period", "Measure"])["Value"].unstack("Measure")
    index = pd.MultiIndex.from_tuples(
        [(*((name,) if isinstance(name, str) else name), period) for name in names for period in periods],
        names=[*keys, "Period"],
    )
    return wide.reindex(index=index, columns=list(measures)).astype("float64").reset_index().rename_axis(columns=None)


def _check_shown(version: Version, shown: pd.DataFrame, bucket: str) -> None:
    """Raise InputError at the first figure of the Production Plan that is not what the last run has planned.

    Of figures alone, planned or fixed: what formulas come to may wait to be calculated.
    """
    made = version.production.set_index(["Family", "Period"])["Planned"]
    rows = shown[(shown["Grid"] == "ProductionPlan") & (shown["Measure"] == "Fixed production")]
    fixed = rows.assign(Value=pd.to_numeric(rows["Value"], errors="coerce")).dropna(subset=["Value"])
    changed = [
        (f"{one.measure} of {one.of}, {one.period}", one.published, one.now)
        for one in shown_differences(version, shown, bucket, ("ProductionPlan",)) if one.measure == "Planned"
    ] + [
        (f"Fixed production of {family}, {calendar.period_label(period, bucket)}", float(made[family, period]), value)
        for family, period, value in fixed[["Family", "Period", "Value"]].itertuples(index=False)
        if (family, period) in made.index and not np.isclose(made[family, period], value, rtol=1e-6, atol=1e-3)
    ]  # fmt: skip
    if changed:
        what, before, after = changed[0]
        raise InputError(
            f"Publish: {what} was changed on the Production Plan after the last run (from {before:,.6g} to "
            f"{after:,.6g}), so the plan is not this one; {RUN_FIRST}"
        )


def _check_current(tables: Tables, families: pd.DataFrame) -> None:
    """Raise InputError at the first figure of the Sales Plan that is not what the plan was made from."""
    wanted = pd.MultiIndex.from_frame(families[["Family", "Period"]])
    now = tables.sales_plan.set_index(["Family", "Period"]).reindex(wanted)
    for measure in TYPED_IN:
        sheet = now[measure].to_numpy(dtype=np.float64)
        plan = families[measure].to_numpy(dtype=np.float64)
        if measure != "Override":
            sheet, plan = np.nan_to_num(sheet), np.nan_to_num(plan)
        same = np.isclose(sheet, plan, rtol=1e-6, atol=1e-5, equal_nan=True)
        if not same.all():
            at = int(np.flatnonzero(~same)[0])
            label = calendar.period_label(families["Period"].iloc[at], tables.settings.bucket)
            before, after = ("blank" if np.isnan(value) else f"{value:,.6g}" for value in (plan[at], sheet[at]))
            raise InputError(
                f"Publish: {measure} of {families['Family'].iloc[at]}, {label} was changed after the last run (from "
                f"{before} to {after}), so the plan is not of this demand; {RUN_FIRST}"
            )
