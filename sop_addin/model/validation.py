"""``validate``: every finding on the inputs at once, before anything is planned."""

from __future__ import annotations

from . import validation_demand as demand
from . import validation_generic as generic
from . import validation_supply as supply
from .finding_rows import ROWS_NAMED
from .findings import Finding, Findings
from .signing import sign_off_findings
from .tables import Tables
from .validation_base import Rule

__all__ = ["RULES", "validate"]

RULES: tuple[Rule, ...] = (
    demand.nothing_to_plan,
    demand.plan_start_known,
    demand.history_empty,
    demand.history_meets_plan_start,
    demand.history_long_enough,
    demand.frozen_within_horizon,
    demand.frozen_needs_approved_plan,
    generic.value_missing,
    generic.key_unique,
    demand.names_differ_only_in_case,
    demand.name_reserved,
    generic.item_in_family,
    generic.family_exists,
    generic.item_exists,
    generic.resource_exists,
    supply.source_exists,
    generic.below_minimum,
    generic.above_maximum,
    generic.share_between_0_and_1,
    generic.percentage_plausible,
    generic.unit_factor_positive,
    generic.like_item_exists,
    demand.like_item_is_another,
    demand.like_item_has_history,
    demand.new_item_needs_like_item,
    demand.phase_out_needs_end,
    demand.launch_before_end,
    demand.item_without_history,
    demand.family_without_demand,
    demand.period_in_order,
    demand.event_has_effect,
    demand.event_item_in_its_family,
    demand.item_override_has_effect,
    demand.item_override_said_once,
    demand.risk_values_in_order,
    demand.currency_has_rate,
    demand.rate_covers_plan,
    demand.base_currency_rate_is_one,
    generic.rate_positive,
    demand.price_missing,
    demand.family_without_price,
    supply.family_without_source,
    supply.bill_has_make_source,
    supply.bill_on_buy_source,
    supply.bill_uses_something,
    supply.resource_not_used,
    generic.negative_capacity,
    supply.labour_needs_hours,
    supply.labour_capacity_ignored,
    supply.efficiency_positive,
    supply.efficiency_plausible,
    supply.overtime_cheaper_than_regular,
    supply.min_heads_not_above_max,
    supply.min_stock_not_above_max,
    supply.closing_stock_min_not_above_max,
    supply.opening_stock_within_max,
    generic.cover_negative,
    supply.cover_within_shelf_life,
    supply.min_run_not_above_max,
    supply.lead_within_horizon,
    supply.receipt_in_horizon,
)


def validate(tables: Tables) -> Findings:
    """What reading found, then the findings of every rule, in the order of ``RULES``. Never raises for bad content."""
    wrong_cells, wrong_columns = _already_wrong(tables)
    findings: list[Finding] = []
    for rule in RULES:
        for finding in rule(tables):
            # a cell that could not be read counts as blank: one finding for it is enough
            place = (finding.table, finding.column)
            if finding.row is None or ((*place, finding.row) not in wrong_cells and place not in wrong_columns):
                findings.append(finding)
    return tables.problems + Findings.of(findings) + sign_off_findings(tables)


def _already_wrong(tables: Tables) -> tuple[set[tuple[str, str, int]], set[tuple[str, str]]]:
    """Cells with an error from reading; and columns with so many that the rest of them were not named."""
    cells: set[tuple[str, str, int]] = set()
    counts: dict[tuple[str, str], int] = {}
    for problem in tables.problems.errors:
        if problem.row is not None:
            cells.add((problem.table, problem.column, problem.row))
            counts[problem.table, problem.column] = counts.get((problem.table, problem.column), 0) + 1
    return cells, {place for place, count in counts.items() if count > ROWS_NAMED}
