"""How long `solve_balance` takes over the raw HiGHS solve of the same matrix, and a what-if re-solve over a cold one.

    python benchmarks/balance_speed.py [FAMILIES PERIODS]... [--compare]      (default: 6 18, 50 24, 200 36)
    python benchmarks/balance_speed.py --apart                                (companies that share no resource)

--compare: also scipy's linprog and PuLP with CBC, written as one does, on the same matrix.

The companies are made up (seeded): 2 plants and a subcontractor per family, 10 resources, target cover, backorders.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pulp
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from sop_addin.model.calendar import period_range
from sop_addin.model.tables import Settings, Tables
from sop_addin.planning.balance import build_model, clusters, solve_balance
from sop_addin.planning.balance.cbc_engine import cbc
from sop_addin.planning.balance.engine import scaled_matrix
from sop_addin.planning.balance.highs_engine import HighsEngine
from sop_addin.planning.balance.problem import BalanceProblem
from sop_addin.planning.balance.problem_tables import build_problem, with_changes
from sop_addin.planning.balance.solve import penalties
from sop_addin.planning.balance.what_if import LiveBalance

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


def shortage(tables: Tables, share: float = 0.85) -> Tables:
    """The same company with trucks for a share of the demand only."""
    resources = tables.resources.copy()
    mean = float(tables.sales_plan.groupby("Period")["Override"].sum().mean())
    resources.loc[resources["Resource"] == "Trucks", "Capacity"] = share * mean
    return replace(tables, resources=resources)


def side_by_side(count: int, families: int, periods: int) -> Tables:
    """``count`` companies that share no resource, as one."""
    whole = company(families, periods)
    for number in range(1, count):
        other = company(families, periods, seed=number + 1)
        frames = {}
        for name in ("families", "sources", "resources", "bill_of_resources", "sales_plan"):
            frame = getattr(other, name).copy()
            for key in {"Family", "Resource"} & set(frame.columns):
                frame[key] = f"{number} " + frame[key].astype(str)
            frames[name] = pd.concat([getattr(whole, name), frame], ignore_index=True)
        whole = replace(whole, **frames)
    return whole


def apart(count: int, families: int, periods: int) -> None:
    """Clusters solved in one piece, apart one after the other, and apart at the same time."""
    tables = side_by_side(count, families, periods)
    seconds: dict[str, tuple[float, float]] = {}
    for name, least, at_once in (("one piece", 10**9, 10**9), ("apart", 0, 10**9), ("at once", 0, 0)):
        clusters.LEAST_CELLS, clusters.AT_ONCE_FROM = least, at_once
        begin, processor = time.perf_counter(), cpu()
        solve_balance(tables)
        seconds[name] = time.perf_counter() - begin, cpu() - processor
    words = ", ".join(f"{name} {wall:.2f} s ({used:.2f} s CPU)" for name, (wall, used) in seconds.items())
    print(f"{count} x {families} families x {periods} periods: {words}", flush=True)


def cpu() -> float:
    """Processor seconds of this process and of the solvers that it started."""
    return time.process_time() + sum(os.times()[2:4])


def timed(work: Callable[[], object]) -> float:
    begin = cpu()
    work()
    return cpu() - begin


class Raw:
    """The matrix of a company, for the bare solvers: the objective with the penalties of the first stage."""

    def __init__(self, tables: Tables) -> None:
        self.model = build_model(build_problem(tables))
        self.matrix = scaled_matrix(self.model)
        cost = self.model.cost()
        self.cost = cost + penalties(self.model, cost)

    def highs(self) -> None:
        engine = HighsEngine(self.matrix)
        engine.solve(self.cost)

    def pulp_cbc(self) -> None:
        """As a modeller writes it: variables and sums, solved by the CBC that comes with PuLP."""
        problem = self.model.to_pulp()
        names = problem.variablesDict()
        texts = self.model.column_names()
        problem.setObjective(
            pulp.lpSum(price * names[text] for text, price in zip(texts, self.cost, strict=True) if text in names)
        )
        problem.solve(cbc())

    def scipy(self) -> None:
        """scipy.optimize.linprog on the scaled matrix."""
        m = self.matrix
        whole = csr_array((m.value, m.index, m.start), shape=(m.rows, m.columns))
        equal = m.row_lower == m.row_upper
        upper, lower = ~equal & np.isfinite(m.row_upper), ~equal & np.isfinite(m.row_lower)
        linprog(
            self.cost * m.column_scale, A_ub=vstack([whole[upper], -whole[lower]]),
            b_ub=np.concatenate([m.row_upper[upper], -m.row_lower[lower]]), A_eq=whole[equal], b_eq=m.row_upper[equal],
            bounds=np.column_stack([m.lower, m.upper]), method="highs",
        )  # fmt: skip


def questions(problem: BalanceProblem) -> dict[str, dict[str, np.ndarray]]:
    """What a planner asks in the meeting."""
    families, resources, sources = problem.families, problem.resources, problem.sources
    first = (np.arange(len(families.names)) == 0)[:, None]
    machine = (np.arange(len(resources.names)) == resources.names.index("Machine 0"))[:, None]
    return {
        "demand of one family +10 %": {"demand": np.where(first, 1.1, 1.0) * families.demand},
        "all demand +2 %": {"demand": 1.02 * families.demand},
        "one machine -10 %": {"capacity": np.where(machine, 0.9, 1.0) * resources.capacity},
        "every capacity -5 %": {"capacity": 0.95 * resources.capacity},
        "overtime +50 %": {"overtime_limit": 1.5 * resources.overtime_limit},
        "one unit cost +20 %": {
            "unit_cost": np.where((np.arange(len(sources.names)) == 0)[:, None], 1.2, 1.0) * sources.unit_cost
        },
    }


def what_if(tables: Tables) -> dict[str, float]:
    """Seconds of each question to a live balance."""
    live = LiveBalance(tables)
    seconds: dict[str, float] = {}
    for name, change in questions(live.problem).items():
        tries = []
        for _ in range(3):
            live.solve(live.problem)
            tries.append(timed(lambda change=change: live.solve(with_changes(live.problem, **change))))
        seconds[name] = min(tries)
    return seconds


def measure(families: int, periods: int, compare: bool) -> None:
    """CPU seconds and their ratios, which hold on a busy machine too."""
    tables = company(families, periods)
    raw = Raw(tables)
    often = 2 if len(raw.matrix.value) > 60_000 else 8
    bare, whole = np.min([(timed(raw.highs), timed(lambda: solve_balance(tables))) for _ in range(often)], axis=0)
    rows, columns, entries = raw.matrix.rows, raw.matrix.columns, len(raw.matrix.value)
    print(f"{families} families x {periods} periods: {rows:,} rows, {columns:,} columns, {entries:,} non-zeros")
    print(f"  raw HiGHS {bare:.2f} s, solve_balance {whole:.2f} s, ratio {whole / bare:.2f}", flush=True)
    for name, seconds in what_if(tables).items():
        print(f"  what if {name}: {seconds:.3f} s, {whole / seconds:.1f} times as fast", flush=True)
    print(f"  trucks for 85 %: {timed(lambda: solve_balance(shortage(tables))):.2f} s", flush=True)
    if compare:
        print(f"  scipy linprog (HiGHS): {timed(raw.scipy):.2f} s", flush=True)
        print(f"  idiomatic PuLP + CBC: {timed(raw.pulp_cbc):.2f} s", flush=True)


APART = ((2, 10, 24), (8, 10, 24), (4, 25, 24), (4, 50, 24), (4, 50, 36))

if __name__ == "__main__":
    if "--apart" in sys.argv:
        for case in APART:
            apart(*case)
        sys.exit()
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    chosen = list(zip(numbers[::2], numbers[1::2], strict=True)) or [(6, 18), (50, 24), (200, 36)]
    for size in chosen:
        measure(*size, compare="--compare" in sys.argv)
