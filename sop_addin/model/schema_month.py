"""Output tables of the S&OP month: scenarios, risks, sign-off."""

from __future__ import annotations

from .schema_types import Table
from .schema_types import output_column as _out

SCENARIO_RESULTS = Table(
    "tblScenarioResults", "Scenarios", "Every scenario against the base plan, with what it assumes.",
    (
        _out("Scenario", "text", "Scenario; Base is the plan.", True),
        _out("Assumptions", "text", "Its levers in words."),
        _out("Status", "text", "Whether its plan is optimal, and whether limits are broken."),
        _out("Shipments", "number", "Units shipped over the horizon."),
        _out("Service level", "fraction", "Demand delivered in its period / demand."),
        _out("Revenue", "money", "Shipments x price.", unit="money"),
        _out("Total cost", "money", "All costs.", unit="money"),
        _out("Margin", "money", "Revenue - total cost.", unit="money"),
        _out("Stock value", "money", "Average closing stock x cheapest unit cost.", unit="money"),
        _out("Utilisation", "fraction", "Load / regular capacity, average of machines and crews."),
        _out("CO2e", "number", "Emissions of production and resources, t."),
        _out("Backorders at end", "number", "Units late at the end of the horizon."),
        _out("Lost sales", "number", "Units never delivered."),
        _out("Margin against base", "money", "Margin - margin of the base plan.", unit="money"),
        _out("What changes", "text", "What moves most in the plan; all of it is in tblScenarioChanges."),
    ),
    role="output",
)  # fmt: skip

SCENARIO_CHANGES = Table(
    "tblScenarioChanges", "Scenarios", "What each scenario changes in the plan, measure by measure, largest first.",
    (
        _out("Scenario", "text", "Scenario.", True),
        _out("Measure", "text", "What moves.", True),
        _out("Family", "text", "Family.", True),
        _out("Resource", "text", "Resource.", True),
        _out("Base", "number", "Value in the base plan."),
        _out("In the scenario", "number", "Value in the scenario."),
        _out("Change", "number", "In the scenario - Base."),
        _out("Change %", "fraction", "Change / Base."),
        _out("Unit", "text", "Unit of the value."),
        _out("Why", "text", "Where the change comes from."),
    ),
    role="output",
)  # fmt: skip

RISK_RESULTS = Table(
    "tblRiskResults", "Scenarios", "The plan under risk: percentiles over the samples of the last risk analysis.",
    (
        _out("Measure", "text", "Figure.", True),
        _out("Plan", "number", "Its value when nothing happens."),
        _out("P10", "number", "One sample in ten is lower."),
        _out("P50", "number", "The middle."),
        _out("P90", "number", "One sample in ten is higher."),
        _out("Mean", "number", "Average; of a chance: the chance."),
        _out("Unit", "text", "Unit of the values."),
    ),
    role="output",
)  # fmt: skip

_PERCENTILES = tuple(
    _out(f"{name} {part}", kind, f"{text}, {part}.", unit=unit)
    for name, kind, text, unit in (
        ("Stock", "number", "Closing stock", ""),
        ("Service", "fraction", "Share of the demand delivered in its period", ""),
        ("Contribution", "money", "Revenue - unit, holding, backorder and lost-sale cost; resources are not shared out",
         "money"),
    )
    for part in ("P10", "P50", "P90")
)  # fmt: skip

RISK_PLAN = Table(
    "tblRiskPlan", "Scenarios", "Stock, service and contribution under risk, by family and period.",
    (
        _out("Family", "text", "Family.", True),
        _out("Period", "period", "Period.", True),
        *_PERCENTILES,
        _out("Chance of shortage", "fraction", "Share of samples in which demand stays open at the end of the period."),
    ),
    role="output",
)  # fmt: skip

TORNADO_TABLE = Table(
    "tblTornado", "Scenarios", "Which risk matters most: each alone, at its P10 and its P90.",
    (
        _out("Risk", "text", "Risk; Forecast error is demand against the forecast, as in the backtest.", True),
        _out("Probability", "fraction", "How likely it is."),
        _out("Low %", "fraction", "Change of its lever at P10, where it happens."),
        _out("High %", "fraction", "Change of its lever at P90, where it happens."),
        _out("Margin at low", "money", "Margin of the plan then.", unit="money"),
        _out("Margin at high", "money", "Margin of the plan then.", unit="money"),
        _out("Swing", "money", "Difference of the two.", unit="money"),
        _out("Service at low", "fraction", "Service level then."),
        _out("Service at high", "fraction", "Service level then."),
        _out("Share of variance", "fraction", "Its part in what moves the margin over all samples: squared rank "
             "correlations that add up to 100 %."),
    ),
    role="output",
)  # fmt: skip

LIFECYCLE_TABLE = Table(
    "tblLifecycle", "Items", "The portfolio calendar: launches, phase-outs, deletions, short lives, and what is left.",
    (
        _out("Event", "text", "Launch, Phase-out, Deleted (discontinued, in stock), Short life (a family).", True),
        _out("Item", "text", "Item; blank for a family.", True),
        _out("Family", "text", "Its family.", True),
        _out("Period", "period", "When it is launched, or ends."),
        _out("Demand", "number", "Demand over the horizon."),
        _out("Share of family", "fraction", "Its share of the family's demand."),
        _out("Last made", "period", "Last period in which it is made."),
        _out("Stock left", "number", "Stock at its end."),
        _out("Worth", "money", "Stock left x cost, base currency.", unit="money"),
        _out("Unit", "text", "Unit of the quantities."),
        _out("Advice", "text", "What follows from it."),
    ),
    role="output",
)  # fmt: skip

CYCLE_LOG = Table(
    "tblCycleLog", "Cycle", "What was signed, reopened, sent back to Sales, adopted, published and rolled forward, by "
    "whom; newest last.",
    (
        _out("At", "text", "When.", True),
        _out("Cycle", "text", "First period of the plan then."),
        _out("Step", "text", "Step of the cycle.", True),
        _out("Action", "text", "Signed, Reopened, Back to Sales, Adopted, Published or Rolled forward.", True),
        _out("By", "text", "By whom."),
        _out("Comment", "text", "What was remarked."),
        _out("Digest", "text", "SHA-256 of what was signed or published."),
    ),
    role="output",
)  # fmt: skip

SIGNED_TABLE = Table(
    "tblSigned", "Versions", "What was signed, compressed.",
    (
        _out("Step", "text", "Step of the cycle.", True),
        _out("Signed by", "text", "By whom."),
        _out("Signed at", "text", "When."),
        _out("Comment", "text", "What was remarked."),
        _out("Digest", "text", "SHA-256 of the content."),
        _out("Part", "integer", "Part number of the content.", True),
        _out("Content", "text", "Compressed content: every signed cell."),
        _out("Mark", "number", "What Home's formula over the signed cells gave then."),
    ),
    role="output", hidden=True,
)  # fmt: skip
