"""The budget out of finance's own workbook: months across or long, by family or in total, also in thousands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from ...model import calendar
from ...model.findings import Findings
from ...model.foreign import Sheet
from ...model.suggest import listed, quote
from ...model.tables import Tables
from .figures import Figure, NameIndex, Notes, layout_notes, no_layout, read_figures
from .layout import PERIOD, TIME_NAMES, Layout, find_layout, plain
from .values import When

FAMILY, MEASURE, VALUE = "Family", "Measure", "Value"
VOLUME, REVENUE, MARGIN = "Volume", "Revenue", "Margin"
MEASURES = (VOLUME, REVENUE, MARGIN)
COLUMNS = (FAMILY, PERIOD, *MEASURES)
EVERYONE = ""
"""Family of a total that is to be spread."""

_VOLUME_NAMES = (
    "volume", "volumes", "quantity", "qty", "units", "sales volume", "sales units", "menge", "absatz", "absatzmenge",
    "volumen", "stück", "pieces", "tonnage",
)  # fmt: skip
_REVENUE_NAMES = (
    "revenue", "revenues", "sales", "net sales", "net revenue", "gross sales", "turnover", "sales value", "umsatz",
    "umsatzerlöse", "nettoumsatz", "netto umsatz", "erlöse", "erlös", "chiffre d affaires", "ca", "ventas", "ricavi",
)  # fmt: skip
_MARGIN_NAMES = (
    "margin", "gross margin", "contribution", "contribution margin", "gross profit", "profit", "db", "db1", "db i",
    "db 1", "deckungsbeitrag", "deckungsbeitrag i", "deckungsbeitrag 1", "rohertrag", "rohmarge", "marge", "margen",
)  # fmt: skip
_MEASURE_NAMES = {VOLUME: _VOLUME_NAMES, REVENUE: _REVENUE_NAMES, MARGIN: _MARGIN_NAMES}
NAMES: dict[str, tuple[str, ...]] = {
    FAMILY: (
        "family", "product family", "families", "product group", "product line", "productgroup", "product category",
        "category", "segment", "group", "item group", "material group", "business line", "produktgruppe", "familie",
        "produktfamilie", "warengruppe", "produktlinie", "gruppe", "kategorie", "sortiment", "materialgruppe",
        "famille", "gamme", "familia", "famiglia",
    ),
    MEASURE: (
        "measure", "kpi", "account", "figure", "key figure", "line item", "metric", "position", "p&l line", "type",
        "kennzahl", "konto", "kontobezeichnung", "wertart", "größe", "indicateur", "mesure",
    ),
    **_MEASURE_NAMES,
    VALUE: ("value", "amount", "budget", "plan", "wert", "betrag", "planwert", "budgetwert", "montant", "valeur"),
    **TIME_NAMES,
}  # fmt: skip
_BUDGET_WORD = re.compile(r"\b(budget(ed|iert)?|plan(ned)?|bud)\b", re.I)
_SCALES = (
    (1e6, re.compile(r"\b(?:mio|mn|mill|millions?)\b\.?|\bm(?:eur|usd|€|\$)|\b(?:eur|usd|gbp|chf)\s?m\b", re.I)),
    (1e3, re.compile(r"\bt(?:eur|usd|€|chf|gbp)|\bk(?:eur|usd|€|\$|chf|gbp)|\btsd\b\.?|\bthousands?\b|"
                     r"\b(?:eur|usd|gbp|chf)\s?(?:'000|000s?|k)\b|[€$£]\s?(?:'000|k)\b|\bin k\b|'000", re.I)),
)  # fmt: skip
_EXAMPLE = "Family, Period, Volume, Revenue, Margin, or Family, Measure, 2027-01, 2027-02 ..."


@dataclass(frozen=True)
class BudgetFile:
    """What a file budgets.

    ``figures``: columns of tblBudget (Family, Period, Volume, Revenue, Margin), base currency and family units; NaN
    where the file says nothing. ``unknown``: names of the file that are no family; their figures are left out of
    ``figures``. ``findings``: how the file was understood, and what does not match.
    """

    figures: pd.DataFrame
    unknown: tuple[str, ...] = ()
    findings: Findings = field(default_factory=Findings)


def read_budget(sheets: Sequence[Sheet], file: str, tables: Tables, plan: pd.DataFrame | None = None) -> BudgetFile:
    """The budget in ``sheets`` (of the file named ``file``). Nothing is raised: errors are findings.

    plan: Family, Period and the measures Volume, Revenue, Margin of the current plan: totals, quarters and years are
    spread by its shares.
    """
    notes = Notes(file)
    figures: list[tuple[str, When, str, float]] = []
    found = False
    for sheet in sheets:
        layout = _layout(sheet)
        if layout is None:
            continue
        measure = _measure_of(layout.sheet.name) or _measure_in(layout.above) or _measure_in((file,))
        if layout.across and MEASURE not in layout.columns and measure is None:
            message = f"sheet {sheet.name}: nothing says whether its figures are volume, revenue or margin; {_HOW}"
            notes.add("Error", "measure_missing", message)
            continue
        found = True
        layout_notes(layout, notes, several=len(sheets) > 1)
        scale = _scale(layout, notes)
        figures += _of_sheet(layout, measure, scale, notes)
    if not found and not notes.found:
        notes.add("Error", "header_missing", no_layout(sheets, "families or measures and periods", _EXAMPLE))
    known, unknown = _matched(figures, tables, notes)
    frame = _spread(known, tables, plan, notes)
    if not len(frame) and not notes.findings().errors:
        notes.add("Error", "nothing_to_import", "the file holds no figure that can be read")
    _review(frame, tables, notes)
    return BudgetFile(frame, unknown, notes.findings())


_HOW = "add a column Measure, or name the sheet or its title Volume, Revenue or Margin"


def _layout(sheet: Sheet) -> Layout | None:
    values = (*MEASURES, VALUE)
    by_family = find_layout(sheet, NAMES, FAMILY, values)
    in_total = find_layout(sheet, {role: names for role, names in NAMES.items() if role != FAMILY}, "", values)
    if by_family is None:
        return in_total
    return by_family


def _measure_of(text: str) -> str | None:
    """Volume, Revenue or Margin, where a text names one of them."""
    words = plain(_BUDGET_WORD.sub(" ", text))
    words = " ".join(re.sub(r"[-–,;]", " ", words).split())
    return next((measure for measure, names in _MEASURE_NAMES.items() if words in names), None)


def _measure_in(texts: Sequence[str]) -> str | None:
    """The only measure that the texts above a table name."""
    named = set()
    for text in texts:
        words = f" {plain(text)} "
        named |= {
            measure
            for measure, names in _MEASURE_NAMES.items()
            if any(f" {name} " in words for name in names if len(name) > 2)
        }
    return named.pop() if len(named) == 1 else None


def _scale(layout: Layout, notes: Notes) -> float:
    """1,000 where the file says that its money is in thousands."""
    for factor, pattern in _SCALES:
        for text in (*layout.above, layout.sheet.name):
            if pattern.search(text):
                message = f"{quote(text)}: money is read in units of {factor:,.0f}; volumes are taken as they stand"
                notes.add("Warning", "money_scaled", message)
                return factor
    return 1.0


def _of_sheet(
    layout: Layout, measure: str | None, scale: float, notes: Notes
) -> list[tuple[str, When, str, float]]:  # fmt: skip
    keys = [key for key in (FAMILY, MEASURE) if key in layout.columns] or [FAMILY]
    roles = [] if layout.across else [role for role in (*MEASURES, VALUE) if role in layout.columns]
    months = any(when.span in ("day", "month", "week") for _, when in layout.across)
    strange: dict[str, int] = {}
    result: list[tuple[str, When, str, float]] = []
    for figure in read_figures(layout, keys, roles, notes):
        if months and figure.when.span in ("quarter", "year"):
            continue  # totals beside their months
        name = _measure_name(figure, layout, keys, measure)
        if name is None:
            text = figure.keys[keys.index(MEASURE)] if MEASURE in keys else figure.role
            strange[text] = strange.get(text, 0) + 1
            continue
        family = figure.keys[keys.index(FAMILY)] if FAMILY in layout.columns else EVERYONE
        result.append((family, figure.when, name, figure.value * (1 if name == VOLUME else scale)))
    if strange:
        shown = listed([quote(text) for text in strange])
        notes.add("Info", "measures_left_out", f"not volume, revenue or margin, so not read: {shown}")
    return result


def _measure_name(figure: Figure, layout: Layout, keys: Sequence[str], measure: str | None) -> str | None:
    if MEASURE in keys:
        return _measure_of(figure.keys[keys.index(MEASURE)])
    if figure.role in MEASURES:
        return figure.role
    return measure or (REVENUE if figure.role == VALUE else None)


def _matched(
    figures: Sequence[tuple[str, When, str, float]], tables: Tables, notes: Notes
) -> tuple[list[tuple[str, When, str, float]], tuple[str, ...]]:  # fmt: skip
    """Families as the workbook spells them; the names that are none."""
    frame = tables.families
    descriptions = {
        str(text): str(name) for text, name in zip(frame["Description"], frame["Family"], strict=True) if text
    }
    index = NameIndex(tables.family_names, descriptions)
    spelt: dict[str, str | None] = {EVERYONE: EVERYONE}
    for family, _, _, _ in figures:
        if family not in spelt:
            spelt[family] = EVERYONE if family.casefold() in ("all", "alle", "company", "firma") else index.find(family)
    other = [f"{text} = {name}" for text, name in spelt.items() if name and text != name]
    if other:
        notes.add("Info", "family_spelt_otherwise", f"spelt otherwise in the file: {listed(other)}")
    unknown = tuple(text for text, name in spelt.items() if name is None)
    for text in unknown:
        amounts = dict.fromkeys(MEASURES, 0.0)
        for family, _, measure, value in figures:
            if family == text:
                amounts[measure] += value
        shown = ", ".join(f"{measure} {value:,.0f}" for measure, value in amounts.items() if value)
        notes.add(
            "Error", "family_unknown",
            f"{quote(text)} is not in tblFamilies{index.near(text)}; correct the name, add the family, or leave it out "
            f"({shown} would be missing from the budget)",
        )  # fmt: skip
    return [(name, when, measure, value) for family, when, measure, value in figures
            if (name := spelt[family]) is not None], unknown  # fmt: skip


def _spread(
    figures: Sequence[tuple[str, When, str, float]], tables: Tables, plan: pd.DataFrame | None, notes: Notes
) -> pd.DataFrame:
    """Figures by family and period; what is coarser is spread by the plan's share, to the last cent."""
    bucket = tables.settings.bucket
    exact: dict[tuple[str, pd.Timestamp, str], float] = {}
    coarse: dict[tuple[str, When, str], float] = {}
    families = {family for family, _, _, _ in figures} - {EVERYONE}
    for family, when, measure, value in figures:
        if family == EVERYONE and families:
            continue
        period = _one_period(when, bucket)
        if family and period is not None:
            exact[family, period, measure] = exact.get((family, period, measure), 0.0) + value
        else:
            coarse[family, when, measure] = coarse.get((family, when, measure), 0.0) + value
    spread_over: set[str] = set()
    for (family, when, measure), value in coarse.items():
        for key, part in _parts(family, when, measure, value, tables, plan, notes).items():
            exact[(*key, measure)] = exact.get((*key, measure), 0.0) + part
            spread_over.add("families" if family == EVERYONE else "periods")
    if spread_over:
        message = f"figures of the file were spread over {' and '.join(sorted(spread_over))} by their share of the plan"
        notes.add("Warning", "spread_by_plan", message)
    if not exact:
        return pd.DataFrame({FAMILY: [], PERIOD: pd.Series([], dtype="datetime64[ns]"), **{m: [] for m in MEASURES}})
    long = pd.Series(exact)
    wide = long.unstack().reindex(columns=list(MEASURES)).astype(float)
    wide.index.names = [FAMILY, PERIOD]
    order = {family: number for number, family in enumerate(tables.family_names)}
    frame = wide.reset_index().sort_values(
        [FAMILY, PERIOD], key=lambda column: column.map(order) if column.name == FAMILY else column
    )  # fmt: skip
    return frame.reset_index(drop=True).rename_axis(columns=None)


def _one_period(when: When, bucket: str) -> pd.Timestamp | None:
    if when.span in ("quarter", "year") or (bucket == calendar.WEEK and when.span == "month"):
        return None
    return calendar.first_day(when.day, bucket)


def _parts(
    family: str, when: When, measure: str, value: float, tables: Tables, plan: pd.DataFrame | None, notes: Notes
) -> dict[tuple[str, pd.Timestamp], float]:
    """A coarse figure by family and period, in proportion to the plan."""
    start = calendar.first_day(when.day, tables.settings.bucket)
    months = {"year": 12, "quarter": 3, "month": 1, "week": 0, "day": 0}[when.span]
    end = calendar.add_periods(when.day, months) if months else calendar.add_periods(start, 1, tables.settings.bucket)
    label = f"{when.day:%Y}" if when.span == "year" else calendar.period_label(when.day)
    whose = family or "all families"
    if plan is None or plan.empty:
        message = (
            f"{measure} of {whose} in {label} has to be spread, but there is no plan to spread it by; run "
            "the plan first"
        )
        notes.add("Error", "no_plan_to_spread_by", message)
        return {}
    rows = plan[(plan[PERIOD] >= min(start, when.day)) & (plan[PERIOD] < end)]
    rows = rows[rows[FAMILY] == family] if family else rows
    if family == EVERYONE and measure == VOLUME:
        units = {str(unit) for unit in tables.families["Unit"]}
        if len(units) > 1:
            message = (
                f"a total volume over units {listed(sorted(units))} was spread by units planned; better "
                "give it by family"
            )
            notes.add("Warning", "volume_of_mixed_units", message)
    weights = rows[measure]
    if (weights < 0).any() or weights.sum() <= 0:
        weights = rows[REVENUE] if rows[REVENUE].clip(lower=0).sum() > 0 else rows[VOLUME]
    weights = weights.clip(lower=0).fillna(0.0)
    if weights.sum() <= 0:
        message = (
            f"{measure} of {whose} in {label} cannot be spread: the plan has nothing there; the figure is left out"
        )
        notes.add("Warning", "nothing_planned_there", message)
        return {}
    if months > 1 and rows[PERIOD].nunique() < calendar.periods_between(when.day, end, tables.settings.bucket):
        first, last = (
            calendar.period_label(day, tables.settings.bucket) for day in (rows[PERIOD].min(), rows[PERIOD].max())
        )
        message = f"{measure} of {whose} in {label} was spread over {first} to {last}: the plan has no more of it"
        notes.add("Warning", "span_beyond_plan", message)
    shares = value * weights / weights.sum()
    return dict(zip(zip(rows[FAMILY].astype(str), rows[PERIOD], strict=True), shares.tolist(), strict=True))


def _review(frame: pd.DataFrame, tables: Tables, notes: Notes) -> None:
    """What a planner should know of the figures before they are taken over."""
    if frame.empty:
        return
    bucket = tables.settings.bucket
    first, last = (calendar.period_label(day, bucket) for day in (frame[PERIOD].min(), frame[PERIOD].max()))
    sums = ", ".join(f"{measure} {frame[measure].sum():,.0f}" for measure in MEASURES if frame[measure].notna().any())
    message = f"{frame[FAMILY].nunique()} families, {first} to {last}: {sums} ({tables.settings.base_currency})"
    notes.add("Info", "figures_read", message)
    missing = [family for family in tables.family_names if family not in set(frame[FAMILY])]
    if missing:
        notes.add("Warning", "family_without_budget", f"the file has no budget for {listed(missing)}")
    have = set(frame[PERIOD])
    planned = [day for day in tables.periods if day not in have]
    if planned and len(planned) < len(tables.periods):
        shown = listed([calendar.period_label(day, bucket) for day in planned])
        notes.add("Info", "period_without_budget", f"planned periods without budget: {shown}")
    elif planned:
        notes.add("Warning", "budget_outside_plan", "no period of the file is planned")
    if (frame[[VOLUME, REVENUE]] < 0).any(axis=None):
        notes.add("Warning", "budget_negative", "some volume or revenue is below 0; the plan's check refuses it")
    if frame[REVENUE].notna().any() and frame[MARGIN].notna().any() and (frame[MARGIN] > frame[REVENUE]).any():
        notes.add("Warning", "margin_above_revenue", "some margin is above its revenue; are the columns swapped?")


def plan_measures(plan_table: pd.DataFrame, scenario: str) -> pd.DataFrame:
    """Family, Period, Volume, Revenue, Margin of a scenario of tblPlan, as `read_budget` wants it."""
    costs: Mapping[str, str] = {"Feasible sales": VOLUME, "Revenue": REVENUE}
    rows = plan_table[(plan_table["Scenario"] == scenario) & (plan_table["Family"] != "-")]
    wide = rows.pivot_table(index=[FAMILY, PERIOD], columns="Measure", values="Value", aggfunc="sum")
    result = pd.DataFrame(index=wide.index)
    for source, name in costs.items():
        result[name] = wide.get(source, 0.0)
    spent = [name for name in _COSTS if name in wide]
    result[MARGIN] = result[REVENUE] - wide[spent].fillna(0.0).sum(axis=1)
    return result.fillna(0.0).reset_index()


_COSTS = (
    "Unit costs", "Regular cost", "Overtime cost", "Hire and layoff cost", "Holding cost",
    "Backorder and lost sale cost", "Other cost",
)  # fmt: skip
