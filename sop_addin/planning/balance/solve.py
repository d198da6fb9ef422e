"""The stages of the objective: broken limits, then cost or margin, then the smoother of equal plans.

1. Cost plus a penalty on every broken limit. If nothing is broken, that is the best plan already (an exact penalty).
2. Else lexicographically: load beyond what exists, demand never served (by Priority), rules of stock and rate; each
   level is kept at its best while the next is minimised; then cost or margin.
3. Among equal optima the smoothest (tie_break.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .engine import Bounds, Engine, NoPlan, Outcome, money_scale
from .marks import Limits, Slack
from .model import CAPACITY, CLOSING, DEMAND, PHYSICAL, POLICY, BalanceModel
from .problem import Bools, Floats, Ints
from .tie_break import Face, dot, tie_broken

HAIR = 1e-4  # of a typical quantity: by how much limits are moved for their marginal values
ONE_BY_ONE = 3_000  # rows up to which marginal values are checked alone
ALONE = 150  # values checked alone at most, capacities first
SMALL, FEW_ALONE = 300, 20  # rows from which on only so many are checked alone where limits are broken
BROKEN = 1e-6  # of a typical quantity: less is rounding
PENALTY = np.zeros(4)  # times the worth of a unit
PENALTY[[CLOSING, POLICY, DEMAND, PHYSICAL]] = 3e0, 1e1, 3e1, 3e3
RANK_FACTOR = 4.0  # of one Priority over the next, in the first stage


class Worth(NamedTuple):
    """Change of cost (or of -margin) per unit by which a limit is raised: rows' right-hand sides, columns' bounds."""

    rows: Floats
    upper: Floats
    lower: Floats

    @classmethod
    def of(cls, found: Outcome, rows: int, at_lower: Bools | None = None, at_upper: Bools | None = None) -> Worth:
        """The duals of a solved LP; its first ``rows`` rows are those of the model.

        at_lower, at_upper: (columns,) which were kept at a bound, whatever sign their duals have.
        """
        duals = found.column_duals
        upper, lower = np.minimum(duals, 0.0), np.maximum(duals, 0.0)
        if at_lower is not None and at_upper is not None:
            upper = np.where(at_upper, duals, np.where(at_lower, 0.0, upper))
            lower = np.where(at_lower, duals, np.where(at_upper, 0.0, lower))
        return cls(found.row_duals[:rows].copy(), upper, lower)

    @classmethod
    def nothing(cls, model: BalanceModel) -> Worth:
        """No limit is worth anything."""
        return cls(np.zeros(model.row_count), np.zeros(model.column_count), np.zeros(model.column_count))

    def of_limits(self, limits: Limits) -> Floats:
        """(limits,) the value of each limit."""
        of_column = np.where(limits.least, self.lower[limits.column], self.upper[limits.column])
        return np.where(limits.row >= 0, self.rows[limits.row], of_column)

    def put(self, limits: Limits, position: int, value: float) -> None:
        """Set the value of one limit."""
        if limits.row[position] >= 0:
            self.rows[limits.row[position]] = value
        else:
            (self.lower if limits.least[position] else self.upper)[limits.column[position]] = value


@dataclass(frozen=True)
class Solution:
    """Values of all columns, and what one more unit of each limit changes in the objective (a minimum)."""

    values: Floats
    worth: Worth
    broken: list[Slack]
    proven: bool
    gap: float
    bound: float


@dataclass(frozen=True)
class _Level:
    columns: Ints
    weights: Floats


def solve_stages(
    model: BalanceModel, engine: Engine, seconds: float, *, values_only: bool = False, whole: int = 0
) -> Solution:
    """The best plan of ``model``; ``seconds`` limits the search for whole numbers, an LP is solved to its end.

    engine: holds the figures of the model, maybe in another scaling. values_only: no marginal values, all are 0.
    whole: rows of the balance of which ``model`` is a part, which says how thoroughly marginal values are checked.
    """
    search = _Search(model, engine, seconds)
    cost = model.cost()
    penalised = cost + penalties(model, cost)
    bounds = engine.bounds()
    outcome = search.without_slack(cost) or search.solve(penalised, last_resort=True)
    engine.remember()
    broken, solved = bool(_broken(model, outcome.values)), True
    worth = Worth.nothing(model) if values_only else None
    if broken:
        searching = len(model.integers) > 0
        outcome, chained = _lexicographic(model, search.solve, engine, cost, outcome, searching=searching)
        solved = chained is not None
        search.proven = search.proven and solved
        if worth is None and max(model.row_count, whole) > ONE_BY_ONE and not len(model.integers):
            worth = chained  # the way to the side would take as long again
    goal = cost if broken else penalised
    face = Face.of(model, engine, goal, outcome, in_basis=solved)
    worth = worth or _limit_values(model, engine, bounds, goal, outcome, broken, max(model.row_count, whole, 1))
    values = tie_broken(model, engine, face, goal, outcome)
    return Solution(
        values,
        worth,
        [slack for slack in _broken(model, values) if slack.level != CLOSING],
        search.proven,
        outcome.gap,
        outcome.bound if outcome.gap else dot(cost, values),
    )


class _Search:
    """Solves with duals, whole numbers included, within one time limit."""

    def __init__(self, model: BalanceModel, engine: Engine, seconds: float) -> None:
        self.engine = engine
        self.integers = model.integers
        self.deadline = time.perf_counter() + seconds
        self.proven = True
        self.last: Floats | None = None
        self.model = model
        bounds = engine.bounds()
        self.lower, self.upper = bounds.lower[self.integers], bounds.upper[self.integers]

    def solve(self, cost: Floats, share: float = 1.0, *, last_resort: bool = False) -> Outcome:
        """Minimise ``cost``. With whole numbers: duals and continuous values are those of the LP with them fixed.

        last_resort: where figures lie so far apart that this LP has no plan within its tolerances, what the search
        found stands, without duals and unproven. Else raises NoPlan then.
        """
        if not len(self.integers):
            return self.engine.solve(cost)
        start = self.last if self.last is not None else self._first_plan(cost)
        if start is not None:
            self.engine.start_from(start)
            share = 1.0
        left = max((self.deadline - time.perf_counter()) * share, 1.0)
        found = self.engine.solve(cost, seconds=left)
        self.proven = self.proven and found.proven
        try:
            outcome = self._with_integers_fixed(cost, found.values)
        except NoPlan:
            if not last_resort:
                raise
            outcome, self.proven = found, False
        self.last = outcome.values
        return Outcome(
            found.proven, outcome.values, outcome.row_duals, outcome.column_duals,
            outcome.objective, found.bound, found.gap,
        )  # fmt: skip

    def without_slack(self, cost: Floats) -> Outcome | None:
        """The best plan that breaks no limit, None where that is not found at once; for searches of whole numbers.

        Penalties would blur the bounds of the search, so they are left out where they are not needed.
        """
        if not len(self.integers):
            return None
        columns = self.model.slacks.column
        upper = self.engine.bounds().upper[columns]
        nothing = np.zeros(len(columns))
        self.engine.bound_columns(columns, nothing, nothing)
        try:
            return self.solve(cost, share=0.5)
        except NoPlan:
            self.engine.bound_columns(columns, nothing, upper)
            return None

    def _first_plan(self, cost: Floats) -> Floats | None:
        """A feasible plan, so that no search ends without one: the relaxation, its whole numbers rounded up.

        None where that breaks a limit that has no slack now. Raises NoPlan where the relaxation has no plan.
        """
        relaxed = self.engine.solve(cost, relax=True)
        rounded = relaxed.values.copy()
        rounded[self.integers] = np.ceil(rounded[self.integers] - 1e-6)
        try:
            return self._with_integers_fixed(cost, rounded).values
        except NoPlan:
            return None

    def _with_integers_fixed(self, cost: Floats, values: Floats) -> Outcome:
        whole = np.clip(np.round(values[self.integers]), np.ceil(self.lower - 1e-9), np.floor(self.upper + 1e-9))
        self.engine.bound_columns(self.integers, whole, whole)
        try:
            return self.engine.solve(cost, relax=True)
        finally:
            self.engine.bound_columns(self.integers, self.lower, self.upper)


def penalties(model: BalanceModel, cost: Floats) -> Floats:
    """(columns,) cost of breaking limits in the first stage: multiples of what a unit is worth, above any real cost."""
    slacks, priority = model.slacks, model.problem.families.priority
    typical = 1.0 / money_scale(cost, model.scales) / model.scales[slacks.column]
    ranks = np.unique(priority)[::-1]
    by_rank = RANK_FACTOR ** np.minimum(np.searchsorted(-ranks, -priority), 3)
    factor = PENALTY[slacks.level]
    demand = slacks.level == DEMAND
    factor[demand] *= by_rank[slacks.family[demand]]
    penalty = np.zeros(model.column_count)
    penalty[slacks.column] = factor * np.clip(slacks.weight, 0.1 * typical, 1e2 * typical)
    return penalty


def _broken(model: BalanceModel, values: Floats) -> list[Slack]:
    column = model.slacks.column
    return [model.slacks.one(int(i)) for i in np.flatnonzero(values[column] > BROKEN * model.scales[column])]


def _levels(model: BalanceModel) -> Iterator[_Level]:
    """Slacks from the gravest level to the least."""
    slacks, priority = model.slacks, model.problem.families.priority
    demand = slacks.level == DEMAND
    rank = np.where(demand, priority[slacks.family] if len(priority) else 0, 0)
    groups = [slacks.level == PHYSICAL, *(demand & (rank == number) for number in np.unique(priority)),
              slacks.level == POLICY, slacks.level == CLOSING]  # fmt: skip
    for members in groups:
        if members.any():
            yield _Level(slacks.column[members], slacks.weight[members])


def _lexicographic(
    model: BalanceModel, solve: Callable[[Floats], Outcome], engine: Engine, cost: Floats, outcome: Outcome,
    *, searching: bool = False,
) -> tuple[Outcome, Worth | None]:  # fmt: skip
    """Minimise level by level, then cost. Returns the outcome and what one more unit of each limit changes in all.

    The best of a level is kept by staying on its optimal face; its last basis is then the best of all levels, so that
    the duals of the cost say what limits change in all. ``searching`` for whole numbers there is no such face: a row
    keeps the level, and the worth means nothing. ``outcome`` is any plan in which a level without slack has reached
    its best. Where figures lie so far apart that what a level allows is lost in the tolerances, the plan of the levels
    before it stands, without a worth.
    """
    scale = model.scales
    at_upper = np.zeros(len(cost), dtype=np.bool_)
    at_lower = np.zeros(len(cost), dtype=np.bool_)
    for level in _levels(model):
        if (outcome.values[level.columns] <= BROKEN * scale[level.columns]).all():
            zero = np.zeros(len(level.columns))
            engine.bound_columns(level.columns, zero, zero)
            continue
        goal = np.zeros(len(cost))
        goal[level.columns] = level.weights
        try:
            outcome = solve(goal)
        except NoPlan:
            return outcome, None
        if searching:
            best = dot(level.weights, outcome.values[level.columns])
            engine.limit(level.columns, level.weights, best * (1.0 + engine.precision))
        else:
            face = Face.of(model, engine, goal, outcome)
            engine.set_bounds(face.bounds(engine))
            at_lower[face.low], at_upper[face.high] = True, True
    try:
        outcome = solve(cost)
    except NoPlan:
        return outcome, None
    return outcome, Worth.of(outcome, model.row_count, at_lower, at_upper)


def _limit_values(
    model: BalanceModel, engine: Engine, bounds: Bounds, cost: Floats, outcome: Outcome, broken: bool, size: int
) -> Worth:
    """Change of the objective per unit by which a limit gives way: the most is raised, the least lowered.

    Duals at a corner where several limits meet say what one unit less costs as well as what one more saves. So they
    are taken a little to the side: every limit moved by a hair, whole numbers fixed; in small models then each one
    alone, which tells ties between limits apart. The bounds come back after.
    """
    state = engine.bounds()
    if broken:
        engine.set_bounds(bounds)
    integers = model.integers
    if len(integers):
        whole = np.round(outcome.values[integers])
        engine.bound_columns(integers, whole, whole)
    here = engine.bounds()
    limits = model.limits
    columns, rows, least = limits.column, limits.row, limits.least
    of_column = columns >= 0
    sizes = np.where(of_column, model.scales[columns], 1.0 / engine.matrix.row_scale[rows])
    spread = np.where(of_column, model.name_weights[columns], np.linspace(0.0, 1.0, len(limits)))
    hair = HAIR * sizes * (1.0 + spread)

    def moved(chosen: Ints) -> None:
        by_column, by_row = chosen[of_column[chosen]], chosen[~of_column[chosen]]
        lower, upper = here.lower.copy(), here.upper.copy()
        upper[columns[by_column]] += np.where(least[by_column], 0.0, hair[by_column])
        lowered = by_column[least[by_column]]
        lower[columns[lowered]] -= hair[lowered]
        c, r = np.unique(columns[by_column]), rows[by_row]
        engine.bound_columns(c, lower[c], upper[c])
        step = hair[by_row]
        engine.bound_rows(
            r,
            here.row_lower[r] - np.where(least[by_row], step, 0.0),
            here.row_upper[r] + np.where(least[by_row], 0.0, step),
        )

    def solve(goal: Floats) -> Outcome:
        return engine.solve(goal, relax=True)

    def total_values() -> Worth:
        if broken:
            return _lexicographic(model, solve, engine, cost, outcome)[1] or Worth.nothing(model)
        return Worth.of(solve(cost), model.row_count)

    moved(np.arange(len(limits)))
    worth = total_values()
    if engine.live and size <= ONE_BY_ONE:
        binding = np.flatnonzero(worth.of_limits(limits)).tolist()
        most = FEW_ALONE if broken and size > SMALL else ALONE  # broken: every value takes some solves
        most = -(-most * model.row_count // size)
        for position in sorted(binding, key=lambda position: limits.kind[position] != CAPACITY)[:most]:
            engine.set_bounds(here)
            moved(np.array([position]))
            worth.put(limits, position, float(total_values().of_limits(limits)[position]))
    engine.set_bounds(state)
    return worth
