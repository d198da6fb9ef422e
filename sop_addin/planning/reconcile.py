"""Levels of the demand forecast: item x region -> item -> family -> total, so that each level is the sum of the next.

Bottom-up families keep the forecasts of their items. A Top-down family is forecast as a whole and shared out to its
items by their own forecasts. In a Reconciled family every level is forecast, and all are moved as little as their
accuracy allows until they add up: MinT with diagonal error variances (Wickramasuriya, Athanasopoulos and Hyndman 2019,
"Optimal forecast reconciliation"; non-negative as in Wickramasuriya, Turlach and Hyndman 2020), from
hierarchicalforecast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sop_addin.planning.families import item_positions, units_per_family_unit

Floats = NDArray[np.float64]

BOTTOM_UP, TOP_DOWN, RECONCILED = "Bottom-up", "Top-down", "Reconciled"
TOTAL = "total"
LEAST_SPREAD = 0.01  # of the largest one: a level that was never wrong in the past may still be moved a little
CONVERGED = 1e-4  # largest relative gradient at which the iterative solution is taken


@dataclass(frozen=True)
class Levels:
    """The series above the item x region series, and which of those each one adds up.

    ``nodes``: one row a series: Level ('item', 'family' or 'total'), Family; the item rows of a family follow its own.
    ``members``: of each node the row numbers of the series that it adds up.
    """

    nodes: pd.DataFrame
    members: tuple[NDArray[np.intp], ...]


def levels_above(series: pd.DataFrame, items: pd.DataFrame, families: pd.DataFrame) -> Levels:
    """The family, item and total series that Top-down and Reconciled families need.

    series: Item, Region, one row a series. items: Item, Family, (Status), (Like item), (Method). families: Family,
    (Unit), (Planning). Items whose forecast is replaced anyway are left out: Method Manual, and New items with a Like
    item. An item has a level of its own where it sells in several regions; the total adds up the Reconciled families of
    one unit where there are at least two of them.
    """
    planned = _planning(families)
    positions = item_positions(series["Item"], items)
    family = np.where(_replaced(items), "", items["Family"].to_numpy(dtype=object))[positions]
    names = series["Item"].to_numpy(dtype=object)
    rows: list[tuple[str, str]] = []
    members: list[NDArray[np.intp]] = []
    of_unit: dict[str, list[NDArray[np.intp]]] = {}
    units = dict(zip(families["Family"], families["Unit"], strict=True)) if "Unit" in families.columns else {}
    for name, planning in planned.items():
        inside = np.flatnonzero(family == name)
        if planning == BOTTOM_UP or len(inside) < 2:
            continue
        rows.append(("family", name))
        members.append(inside)
        if planning == RECONCILED:
            of_unit.setdefault(str(units.get(name, "")), []).append(inside)
            code = pd.factorize(names[inside])[0]
            by_item = [inside[code == one] for one in np.flatnonzero(np.bincount(code) > 1)]
            rows += [("item", name)] * len(by_item)
            members += by_item
    for parts in of_unit.values():
        if len(parts) > 1:
            rows.append((TOTAL, ""))
            members.append(np.sort(np.concatenate(parts)))
    nodes = pd.DataFrame(rows, columns=["Level", "Family"])
    return Levels(nodes, tuple(members))


def level_histories(
    levels: Levels,
    series: pd.DataFrame,
    cleaned: pd.DataFrame,
    items: pd.DataFrame,
) -> pd.DataFrame:
    """What each of ``levels.nodes`` sold: item (its row number), period, quantity in family units.

    series, items: as in `levels_above`, with Units per family unit. cleaned: item (row number in `series`), period,
    cleaned in item units (NaN = not sold yet): cleaned item by item, so that a gap or stock-out of one does not dent
    its family.
    """
    if not levels.members:
        return pd.DataFrame({"item": [], "period": [], "quantity": []})
    used = np.zeros(len(series), dtype=bool)
    used[np.concatenate(levels.members)] = True
    concerned = cleaned[used[cleaned["item"].to_numpy(dtype=np.int64)]].dropna(subset=["cleaned"])
    factors = units_per_family_unit(items)[item_positions(series["Item"], items)]
    return _add_up(concerned, factors, levels.members)


def level_forecasts(
    series: pd.DataFrame,
    items: pd.DataFrame,
    families: pd.DataFrame,
    levels: Levels,
    own: Floats,
    spread: Floats,
    node: Floats,
    node_spread: Floats,
) -> Floats:
    """Forecasts of the item x region series that fit the levels above them, item units, never negative.

    own, spread: series x periods and series: forecast and typical error in item units. node, node_spread: the same of
    `levels.nodes`, in family units. Series of Bottom-up families come back as they are.
    """
    factors = units_per_family_unit(items)[item_positions(series["Item"], items)]
    result = own.copy()
    planned = _planning(families)
    level, name = (levels.nodes[column].to_numpy(dtype=object) for column in ("Level", "Family"))
    family_rows = np.flatnonzero(level == "family")
    targets = node.copy()
    for total in np.flatnonzero(level == TOTAL).tolist():
        parts = [row for row in family_rows if np.isin(levels.members[row], levels.members[total]).all()]
        everything = [np.arange(len(parts))]
        targets[parts] = reconciled(node[[total]], node_spread[[total]], everything, node[parts], node_spread[parts])
    for row, last in zip(family_rows.tolist(), [*family_rows[1:].tolist(), len(level)], strict=True):
        inside = levels.members[row]
        before = own[inside] / factors[inside, None]
        if planned[str(name[row])] == TOP_DOWN:
            after = shared_out(targets[row], before)
        else:
            upper = [row, *(n for n in range(row + 1, last) if level[n] == "item")]
            position = {series_row: position for position, series_row in enumerate(inside.tolist())}
            sums = [np.array([position[one] for one in levels.members[n].tolist()]) for n in upper]
            after = reconciled(targets[upper], node_spread[upper], sums, before, spread[inside] / factors[inside])
        result[inside] = after * factors[inside, None]
    return result


def shared_out(total: Floats, own: Floats) -> Floats:
    """`total` (periods) shared out by `own` (series x periods), whose columns then add up to it.

    Where a whole column of `own` is 0 its sums over the periods decide, and where those are 0 the shares are equal.
    """
    weights = np.maximum(own, 0.0)
    horizon = weights.sum(axis=1, keepdims=True)
    if not horizon.any():
        horizon = np.ones_like(horizon)
    weights = np.where(weights.sum(axis=0) > 0, weights, horizon)
    return np.asarray(np.maximum(total, 0.0) * (weights / weights.sum(axis=0)), dtype=np.float64)


def reconciled(
    upper: Floats, upper_spread: Floats, sums: Sequence[NDArray], lower: Floats, lower_spread: Floats
) -> Floats:
    """The `lower` series (lower x periods), moved so that they and the sums they form fit all forecasts best.

    upper: forecasts of the sums (upper x periods); sums: of each the row numbers in `lower` that it adds up.
    Spreads: typical error of each series, same unit. Where one is large its series gives way. Never negative.
    """
    from hierarchicalforecast.methods import MinTraceSparse  # 2 s to import: only for those who reconcile
    from scipy import sparse

    count = len(lower)
    forecasts = np.maximum(np.vstack([upper, lower]), 0.0)
    scale = float(forecasts.max(initial=0.0))
    if scale <= 0:
        return np.zeros_like(lower)
    forecasts = forecasts / scale
    spreads = np.concatenate([upper_spread, lower_spread])
    widest = float(spreads.max(initial=0.0))
    spreads = np.maximum(spreads / widest, LEAST_SPREAD) if widest > 0 else np.ones_like(spreads)
    added = np.concatenate(sums)
    which = np.repeat(np.arange(len(sums)), [len(part) for part in sums])
    top = sparse.csr_matrix((np.ones(len(added)), (which, added)), shape=(len(sums), count))
    summing = sparse.vstack([top, sparse.eye(count, format="csr")]).tocsr()
    # The method takes its variances from residuals: two of them, 0 and s x root 2, have the variance s squared.
    past = np.stack([np.zeros_like(spreads), np.sqrt(2.0) * spreads], axis=1)
    given = {"S": summing, "y_insample": past, "y_hat_insample": np.zeros_like(past)}

    fitted = MinTraceSparse("wls_var").fit_predict(y_hat=forecasts, **given)["mean"][-count:]
    again = (fitted < 0).any(axis=0) | (_gradient(summing, forecasts, fitted, spreads) > CONVERGED)
    if again.any():
        # Where the free solution is negative (or was not found) the bounded problem is solved; it is some 5 x dearer.
        fitted[:, again] = MinTraceSparse("wls_var", nonnegative=True).fit_predict(y_hat=forecasts[:, again], **given)[
            "mean"
        ][-count:]
    return np.asarray(np.maximum(fitted, 0.0) * scale, dtype=np.float64)


def _gradient(summing: object, forecasts: Floats, fitted: Floats, spreads: Floats) -> Floats:
    """How far each column is from the optimum: the gradient of the weighted squares, relative to its parts."""
    weighted = (summing @ fitted - forecasts) / (spreads**2)[:, None]  # type: ignore[operator]
    transposed = summing.T  # type: ignore[attr-defined]
    size = (transposed @ np.abs(forecasts / (spreads**2)[:, None])).max(axis=0)
    return np.asarray(np.abs(transposed @ weighted).max(axis=0) / np.where(size > 0, size, 1.0), dtype=np.float64)


def _planning(families: pd.DataFrame) -> Mapping[str, str]:
    if "Planning" not in families.columns:
        return dict.fromkeys(families["Family"], BOTTOM_UP)
    return dict(zip(families["Family"], families["Planning"].fillna(BOTTOM_UP), strict=True))


def _replaced(items: pd.DataFrame) -> NDArray[np.bool_]:
    """Items whose statistical forecast does not count: typed by hand, or that of a like item."""
    replaced = np.zeros(len(items), dtype=bool)
    if "Method" in items.columns:
        replaced |= (items["Method"] == "Manual").to_numpy(dtype=bool)
    if {"Status", "Like item"} <= set(items.columns):
        replaced |= ((items["Status"] == "New") & (items["Like item"].fillna("") != "")).to_numpy(dtype=bool)
    return replaced


def _add_up(cleaned: pd.DataFrame, factors: Floats, members: Sequence[NDArray[np.intp]]) -> pd.DataFrame:
    """item (position in `members`), period, quantity: cleaned histories added up by node, in family units."""
    rows = cleaned["item"].to_numpy(dtype=np.int64)
    quantity = cleaned["cleaned"].to_numpy(dtype=np.float64) / factors[rows]
    node = np.repeat(np.arange(len(members)), [len(part) for part in members])
    links = pd.DataFrame({"node": node, "item": np.concatenate(members)})
    known = pd.DataFrame({"item": rows, "period": cleaned["period"].to_numpy(), "quantity": quantity})
    joined = links.merge(known, on="item", how="inner")
    added = joined.groupby(["node", "period"], sort=True)["quantity"].sum().reset_index()
    return added.rename(columns={"node": "item"})
