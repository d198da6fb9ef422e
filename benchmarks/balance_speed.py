"""How long `solve_balance` takes over the raw HiGHS solve of the same matrix, and a what-if re-solve over a cold one.

    python benchmarks/balance_speed.py [FAMILIES PERIODS]...      (default: 6 18, 50 24, 200 36)

The companies are made up (seeded): 2 plants and a subcontractor per family, 10 resources, target cover, backorders.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

from sop_addin.model.calendar import period_range
from sop_addin.model.tables import Settings, Tables
from sop_addin.planning.balance import build_model, solve_balance
from sop_addin.planning.balance.engine import scaled_matrix
from sop_addin.planning.balance.highs_engine import HighsEngine
from sop_addin.planning.balance.problem_tables import build_problem
from sop_addin.planning.balance.solve import penalties

RESOURCES = 10


def company(families: int, periods: int, seed: int = 1, tightness: float = 0.92) -> Tables:
    """A made-up company: seasonal demand, machines and labour that bind in the peak."""
    random = np.random.default_rng(seed)
    names = [f"Family {number:03d}" for number in range(families)]
    months = period_range(pd.Timestamp(2027, 1, 1), periods)
    level = random.uniform(50, 2000, families)
    season = 1 + 0.35 * np.sin(
        2 * np.pi * (np.arange(periods)[None, :] / 12 + random.uniform(0, 0.3, families)[:, None])
    )
    demand = np.round(level[:, None] * season * random.normal(1, 0.05, (families, periods)).clip(0.7, 1.3))
    cost = random.uniform(5, 80, families).round(2)
    tables = Tables(settings=Settings(plan_start=months[0], horizon=periods))

    def frame(base: pd.DataFrame, **columns: object) -> pd.DataFrame:
        made = pd.DataFrame(columns)
        return made.reindex(columns=base.columns).astype(base.dtypes.to_dict())

    family_frame = frame(
        tables.families, Family=names, Unit="pcs", Priority=random.integers(1, 4, families).astype(float),
        Fulfilment="Stock", Price=(cost * 1.8).round(2), **{
            "Holding cost": (cost * 0.02).round(3), "Backorder cost": (cost * 0.1).round(3),
            "Lost sale cost": (cost * 1.8).round(2), "Opening stock": (level * 0.8).round(), "Target cover": 0.5,
            "Shortfall cost": (cost * 0.015).round(3), "Min stock": (level * 0.1).round(),
            "Closing stock min": (level * 0.3).round(),
        },
    ).fillna({"Opening backorders": 0.0})  # fmt: skip
    sources = pd.concat(
        [
            frame(tables.sources, Family=names, Source=source, Kind=kind, **{"Unit cost": (cost * factor).round(2)})
            for source, kind, factor in (("North", "Make", 1.0), ("South", "Make", 1.04), ("Partner", "Buy", 1.5))
        ],
        ignore_index=True,
    ).fillna(
        dict.fromkeys(("Min run", "Batch size", "Run cost", "Start-up cost", "CO2e per unit", "Lead periods"), 0.0)
    )
    machines = [f"Machine {number}" for number in range(RESOURCES - 4)]
    use = random.uniform(0.05, 0.4, families).round(3)
    bill_rows: list[tuple[str, str, str, float]] = []
    load: dict[str, np.ndarray] = {}
    for family, name in enumerate(names):
        for source, half in (("North", 0), ("South", 1)):
            machine = machines[half * 3 + family % 3]
            bill_rows.append((name, source, machine, use[family]))
            bill_rows.append((name, source, f"Labour {source}", round(use[family] * 0.7, 3)))
            for resource, factor in ((machine, 1.0), (f"Labour {source}", 0.7)):
                load[resource] = load.get(resource, 0) + demand[family] * use[family] * factor / 2
        bill_rows.append((name, "", "Warehouse", 1.0))
        bill_rows.append((name, "", "Trucks", 1.0))
    bill = frame(
        tables.bill_of_resources,
        **{k: [row[i] for row in bill_rows] for i, k in enumerate(("Family", "Source", "Resource", "Use per unit"))},
    ).fillna({"Use per run": 0.0})
    total = demand.sum(axis=0)
    rows = []
    for machine in machines:
        size = float(load.get(machine, np.zeros(1)).mean()) / tightness
        rows.append((machine, "Machine", round(size), 3.0, round(0.15 * size), 9.0, np.nan, np.nan))
    for source in ("North", "South"):
        heads = float(load[f"Labour {source}"].mean()) / 150
        rows.append((f"Labour {source}", "Labour", np.nan, 3200.0, 12.0, 32.0, round(heads, 1), 150.0))
    rows.append(("Warehouse", "Storage", round(float(total.mean()) * 1.2), 0.0, 0.0, 0.0, np.nan, np.nan))
    rows.append(("Trucks", "Distribution", round(float(total.max()) * 1.1), 0.0, 0.0, 0.0, np.nan, np.nan))
    keys = ("Resource", "Kind", "Capacity", "Regular cost", "Overtime limit", "Overtime cost", "Opening heads",
            "Hours per head")  # fmt: skip
    resources = frame(tables.resources, **{key: [row[i] for row in rows] for i, key in enumerate(keys)}).fillna(
        {"Efficiency": 1.0, "Opening heads": 0.0, "Min heads": 0.0, "Hire cost": 900.0, "Layoff cost": 1400.0,
         "CO2e per unit": 0.0, "Unit": "h"}
    )  # fmt: skip
    sales = pd.DataFrame(
        {
            "Family": np.repeat(names, periods), "Period": list(months) * families, "Statistical forecast": np.nan,
            "Events": np.nan, "New and phase-out": np.nan, "Override": demand.reshape(-1), "Override reason": "",
        }
    )  # fmt: skip
    return Tables(
        settings=tables.settings, families=family_frame, sources=sources, resources=resources,
        bill_of_resources=bill, sales_plan=sales,
    )  # fmt: skip


def raw_seconds(tables: Tables) -> tuple[float, int, int, int]:
    """Seconds of the bare HiGHS run on the same matrix, and its rows, columns, non-zeros."""
    model = build_model(build_problem(tables))
    matrix = scaled_matrix(model)
    engine = HighsEngine(matrix)
    cost = model.cost()
    cost = cost + penalties(model, cost)
    begin = time.perf_counter()
    engine.solve(cost)
    return time.perf_counter() - begin, matrix.rows, matrix.columns, len(matrix.value)


def main(sizes: list[tuple[int, int]]) -> None:
    for families, periods in sizes:
        tables = company(families, periods)
        raw, rows, columns, entries = raw_seconds(tables)
        begin = time.perf_counter()
        plan = solve_balance(tables)
        total = time.perf_counter() - begin
        print(
            f"{families} families x {periods} periods: {rows:,} rows, {columns:,} columns, {entries:,} non-zeros; "
            f"raw HiGHS {raw:.2f} s, solve_balance {total:.2f} s, ratio {total / raw:.2f}; {plan.status}, "
            f"{plan.objective:,.2f}"
        )


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    main(list(zip(numbers[::2], numbers[1::2], strict=True)) or [(6, 18), (50, 24), (200, 36)])
