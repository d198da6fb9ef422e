"""How long the family plan takes to be spread over its items: `item_plan`, findings and the table included.

    python benchmarks/item_plan.py [ITEMS PERIODS FAMILIES]...     (default: 2000 24 20, 20000 24 40)

Made-up companies (seeded) whose plan `solve_balance` made first: a third of the items in whole batches, a third with
safety stock. CPU seconds, the best of three.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
from balance_speed import company

from sop_addin.model.tables import Tables
from sop_addin.planning.balance import solve_balance
from sop_addin.planning.item_plan import item_plan


def with_items(tables: Tables, items: int, seed: int = 1) -> tuple[Tables, pd.DataFrame]:
    """``tables`` with ``items`` items spread over their families, and the weight of each in each period."""
    random = np.random.default_rng(seed)
    families, periods = tables.family_names, tables.periods
    names = [f"Item {number:05d}" for number in range(items)]
    family = [families[number % len(families)] for number in range(items)]
    size = random.lognormal(3.0, 1.0, items)
    third = np.arange(items) % 3
    columns = {
        "Item": names, "Family": family, "Unit": "pcs", "Units per family unit": 1.0, "Status": "Active",
        "Opening stock": size.round(), "Safety stock": np.where(third == 1, (0.3 * size).round(), 0.0),
        "Batch size": np.where(third == 2, 12.0, 0.0), "Method": "Auto", "Like scale": 1.0,
    }  # fmt: skip
    frame = pd.DataFrame(columns).reindex(columns=tables.items.columns).astype(tables.items.dtypes.to_dict())
    weight = (size[:, None] * random.normal(1.0, 0.1, (items, len(periods))).clip(0.5, 1.5)).reshape(-1)
    shares = pd.DataFrame(
        {"Item": np.repeat(names, len(periods)), "Period": list(periods) * items, "Weight": weight}
    )  # fmt: skip
    stock = frame.groupby("Family")["Opening stock"].sum().reindex(tables.families["Family"]).to_numpy()
    return replace(tables, items=frame, families=tables.families.assign(**{"Opening stock": stock})), shares


def measure(items: int, periods: int, families: int) -> None:
    """CPU seconds of the step, and by how much items miss their family."""
    tables, shares = with_items(company(families, periods), items)
    balance = solve_balance(tables)
    seconds = []
    for _ in range(3):
        begin = time.process_time()
        plan, findings = item_plan(tables, balance, shares)
        seconds.append(time.process_time() - begin)
    keys = ["Family", "Period"]
    total = plan.groupby(keys)["Closing stock"].sum()
    miss = (total - balance.families.set_index(keys)["Closing stock"].reindex(total.index)).abs().max()
    print(f"{items:,} items x {periods} periods, {families} families: {min(seconds):.2f} s", flush=True)
    print(f"  {len(plan):,} rows, {len(findings)} findings, items miss their family's stock by {miss:.1e}", flush=True)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    for size in list(zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)) or [(2000, 24, 20), (20000, 24, 40)]:
        measure(*size)
