"""The tables that runs write, as the contract names them or beyond it."""

from __future__ import annotations

from .schema_month import (
    CYCLE_LOG,
    LIFECYCLE_TABLE,
    RISK_PLAN,
    RISK_RESULTS,
    SCENARIO_CHANGES,
    SCENARIO_RESULTS,
    SIGNED_TABLE,
    TORNADO_TABLE,
)
from .schema_types import Table
from .schema_types import output_column as _out

PLAN_TABLE = Table(
    "tblPlan", "Plan Data", "The whole plan, long: one row per value, ready for a PivotTable.",
    (
        _out("Scenario", "text", "Scenario; Base is the plan.", True),
        _out("Family", "text", "Family ('' for a resource).", True),
        _out("Source", "text", "Source of production.", True),
        _out("Resource", "text", "Resource.", True),
        _out("Period", "period", "Period.", True),
        _out("Measure", "text", "What the value is.", True),
        _out("Value", "number", "The value."),
        _out("Unit", "text", "Unit of the value."),
    ),
    role="output",
)  # fmt: skip

ITEM_PLAN = Table(
    "tblItemPlan", "Item Plan", "The family plan, spread over its items; items add up to their family.",
    (
        _out("Item", "text", "Item.", True),
        _out("Family", "text", "Its family."),
        _out("Period", "period", "Period.", True),
        _out("Demand", "number", "Demand, item units."),
        _out("Production", "number", "Production, item units."),
        _out("Closing stock", "number", "Closing stock, item units."),
    ),
    role="output",
)  # fmt: skip

FORECAST_TABLE = Table(
    "tblForecast", "Item Forecast", "The statistical forecast by item and region.",
    (
        _out("Item", "text", "Item.", True),
        _out("Region", "text", "Region.", True),
        _out("Period", "period", "Period.", True),
        _out("Forecast", "number", "Statistical forecast, item units."),
        _out("Low", "number", "Lower end of the interval."),
        _out("High", "number", "Upper end of the interval."),
        _out("Method", "text", "How it was made."),
    ),
    role="output",
)  # fmt: skip

EXPLANATION_TABLE = Table(
    "tblExplanation", "Item Forecast", "What each item's forecast rests on, in one line.",
    (
        _out("Item", "text", "Item.", True),
        _out("Region", "text", "Region.", True),
        _out("Method", "text", "How it was made."),
        _out("Peak", "text", "The month or week that stands out most from the average; blank = no season."),
        _out("Seasonal", "fraction", "How far it stands out."),
        _out("Trend", "fraction", "Growth a period, from one season to the next."),
        _out("Error", "fraction", "Error of the forecast when the last periods were forecast from those before: sum of "
             "absolute errors / demand. Blank = history too short to know."),
        _out("Cleaned", "integer", "Periods of the history that were changed before forecasting (tblCleaning)."),
        _out("Explanation", "text", "The same in words."),
    ),
    role="output",
)  # fmt: skip

CLEANING_TABLE = Table(
    "tblCleaning", "Item Forecast", "What was changed in the history before forecasting, and why.",
    (
        _out("Item", "text", "Item.", True),
        _out("Region", "text", "Region.", True),
        _out("Period", "period", "Period.", True),
        _out("Recorded", "number", "Quantity of the history; blank = unknown. The sheet History stays as it is."),
        _out("Used", "number", "What the forecast was made from."),
        _out("Reason", "text", "Why. To keep all outliers and stock-outs, set Outlier cleaning to No in Settings."),
    ),
    role="output",
)  # fmt: skip

EVENT_EFFECTS = Table(
    "tblEventEffects", "Events", "What past events brought, and what coming ones are planned to bring.",
    (
        _out("Event", "text", "Event.", True),
        _out("Family", "text", "The family it concerns.", True),
        _out("Item", "text", "The item it concerns.", True),
        _out("Region", "text", "The region it concerns.", True),
        _out("From", "period", "First period.", True),
        _out("To", "period", "Last period.", True),
        _out("When", "text", "Past: learned from the history and taken out of it before forecasting. Coming: added to "
             "the forecast.", True),
        _out("Planned uplift %", "fraction", "What was typed."),
        _out("Learned uplift %", "fraction", "What the history says: for a past event its own sales, for a coming one "
             "those of its name, or the price elasticity."),
        _out("Low %", "fraction", "Lower end of what was learned (80 % interval)."),
        _out("High %", "fraction", "Upper end of what was learned (80 % interval)."),
        _out("Effect", "number", "Units over all its periods, in family units: taken out of the past, or added to the "
             "plan (weighted with its probability, less what it takes from other items)."),
        _out("Basis", "text", "Where the figure comes from."),
    ),
    role="output",
)  # fmt: skip

RESULT_TABLE = Table(
    "tblResult", "Home", "Headline figures of the last run.",
    (_out("Measure", "text", "Figure.", True), _out("Value", "text", "Its value.")),
    role="output",
)  # fmt: skip

FINDINGS_TABLE = Table(
    "tblFindings", "Checks", "What the last check or run found, worst first.",
    (
        _out("Severity", "text", "Error: nothing is planned before it is mended. Warning: look at it. Info: good to "
             "know."),
        _out("Table", "text", "Where."),
        _out("Row", "integer", "Row on the sheet."),
        _out("Column", "text", "Column."),
        _out("Rule", "text", "Name of the rule."),
        _out("Message", "text", "What, and what to do."),
        _out("Cell link", "text", "Click to go there."),
    ),
    role="output",
)  # fmt: skip

BRIDGE_TABLE = Table(
    "tblBridge", "Finance Summary", "Why the margin moved: budget, approved plan or last plan to plan, base currency.",
    (
        _out("Reference", "text", "What the plan is compared with: Budget, Approved plan or Last plan.", True),
        _out("Family", "text", "Family.", True),
        _out("Period", "period", "Period.", True),
        _out("Margin before", "money", "Margin of the reference."),
        _out("Volume", "money", "More or fewer units, all families alike, at the reference's margin per unit."),
        _out("Mix", "money", "Richer or poorer families within the volume."),
        _out("Price", "money", "Prices against those of the reference."),
        _out("Unit cost", "money", "Unit and regular cost per unit made, against the reference."),
        _out("Capacity cost", "money", "Overtime, hires and layoffs."),
        _out("Stock", "money", "Units made for stock or taken from it, and holding cost."),
        _out("Service and other", "money", "Late and lost units, set-ups, changes, carbon."),
        _out("Currency", "money", "Prices in foreign currency: the plan's exchange rates against the reference's."),
        _out("Margin after", "money", "Margin of the plan: Margin before and all of the above."),
    ),
    role="output",
)  # fmt: skip

KPIS_TABLE = Table(
    "tblKpis", "KPIs", "Key figures against target and against the plan published last.",
    (
        _out("Area", "text", "What it is about."),
        _out("KPI", "text", "Key figure.", True),
        _out("Value", "number", "Its value: of the current plan, or of the months that are over."),
        _out("Target", "number", "What it should be."),
        _out("Previous", "number", "Its value in the plan published last."),
        _out("Unit", "text", "Unit."),
        _out("Better", "text", "Which way is better: Higher, Lower, or Near 0 (target = how far off it may be)."),
        _out("Status", "text", "Value against target."),
        _out("Definition", "text", "How it is computed, and what its sign means."),
    ),
    role="output",
)  # fmt: skip

KPI_TREND_TABLE = Table(
    "tblKpiTrend", "KPIs", "Key figures period by period: the past as it came, then the plan.",
    (
        _out("Period", "period", "Period.", True),
        _out("Kind", "text", "Actual or Plan."),
        _out("Forecast error", "fraction", "WMAPE of what was published as the first period."),
        _out("Forecast bias", "fraction", "Sum of (consensus - actual) / sum of actual. Plus = forecast too much."),
        _out("Plan attainment", "fraction", "Actual production up to the plan / planned production."),
        _out("Service level", "fraction", "Demand delivered in its period / demand."),
        _out("Utilisation", "fraction", "Load / regular capacity, average of machines and crews."),
        _out("Days of cover", "number", "Days that the closing stock lasts.", unit="days"),
        _out("Stock value", "number", "Closing stock x cheapest unit cost.", unit="money"),
        _out("Error at lag 2", "fraction", "WMAPE of what was published two periods ahead.", newer=True),
        _out("Error at lag 3", "fraction", "WMAPE of what was published three periods ahead.", newer=True),
        _out("Value added", "fraction", "WMAPE of the statistical forecast - WMAPE of the consensus, first period of "
             "each plan. Plus = people made it better.", newer=True),
        _out("Plan stability", "fraction", "1 - sum of changes (as positive figures) against the plan published before "
             "/ sum of that plan, same periods.", newer=True),
    ),
    role="output",
)  # fmt: skip

ALL_FAMILIES = "All families"
"""Family of the rows of tblLagAccuracy over all of them."""

LAG_TABLE = Table(
    "tblLagAccuracy", "KPIs", "How far ahead the published plans can be trusted: against what came, by lag.",
    (
        _out("Family", "text", "All families, or one.", True),
        _out("Lag", "integer", "1: the first period of a published plan, 2: the one after it, and so on.", True),
        _out("Points", "integer", "Families and periods compared, of the last 12 periods."),
        _out("Actual", "number", "What was sold, family units."),
        _out("WMAPE", "fraction", "Sum of errors (consensus - actual, as positive figures) / sum of actual."),
        _out("Target", "fraction", "The same of last year as the forecast: what the consensus must beat."),
        _out("MAPE", "fraction", "Mean of errors (as positive figures) / actual."),
        _out("MASE", "number", "Mean of errors (as positive figures) / mean change from year to year before the plan; "
             "below 1 beats last year."),
        _out("Bias", "fraction", "Sum of (consensus - actual) / sum of actual. Plus = forecast too much."),
        _out("Tracking signal", "number", "Sum of errors / mean of errors as positive figures; beyond 4 either way the "
             "forecast is biased. All families: of the one where it is largest."),
        _out("Statistical WMAPE", "fraction", "WMAPE of the statistical forecast alone."),
        _out("Added by events", "fraction", "WMAPE that events, launches and phase-outs took away. Plus = better."),
        _out("Added by overrides", "fraction", "WMAPE that overrides took away. Plus = better."),
        _out("Plan attainment", "fraction", "Sum of the lesser of made and planned / sum of planned production."),
        _out("Plan stability", "fraction", "1 - sum of changes (as positive figures) of what was planned for a period "
             "against a cycle before / sum of that before."),
    ),
    role="output",
)  # fmt: skip

VALUE_ADDED_TABLE = Table(
    "tblValueAdded", "KPIs", "What each step and each override was worth, from the published plans.",
    (
        _out("View", "text", "Step, Lag, Owner or Reason.", True),
        _out("Name", "text", "The step, the lag, the owner of the family, the reason of the override.", True),
        _out("Points", "integer", "Families and periods compared."),
        _out("Actual", "number", "What was sold, family units."),
        _out("WMAPE before", "fraction", "Error before the step (Lag: statistical forecast; Owner, Reason: before the "
             "override)."),
        _out("WMAPE after", "fraction", "Error after it (Lag, Owner, Reason: consensus)."),
        _out("Value added", "fraction", "WMAPE before - WMAPE after. Plus = it made the forecast better."),
        _out("Bias before", "fraction", "Plus = forecast too much."),
        _out("Bias after", "fraction", "Plus = forecast too much."),
    ),
    role="output",
)  # fmt: skip

ACCURACY_TABLE = Table(
    "tblAccuracy", "Accuracy", "How far the forecast would have been off in the past (backtest).",
    (
        _out("Level", "text", "All families, All items, Family or Item.", True),
        _out("Name", "text", "Family or item; blank for all of them.", True),
        _out("Family", "text", "Its family."),
        _out("Lag", "integer", "Periods from the last known one to the one forecast; blank = all lags together.", True),
        _out("Points", "integer", "How many forecasts were held against sales."),
        _out("Actual", "number", "What was sold, added up over origins and lags: items in their own unit, else family "
             "units."),
        _out("WMAPE", "fraction", "Sum of absolute errors / sum of actuals."),
        _out("MAPE", "fraction", "Mean of absolute error / actual, where something was sold."),
        _out("MASE", "number", "Mean absolute error / mean difference to last year in the history then; good < 1."),
        _out("Bias", "fraction", "Sum of (forecast - actual) / sum of actuals. Plus = forecast too much."),
        _out("Naive WMAPE", "fraction", "WMAPE of the last known figure going on."),
        _out("Last year WMAPE", "fraction", "WMAPE of the same period a year before, where that is known."),
        _out("Value added", "fraction", "Naive WMAPE - WMAPE. Plus = the forecast is worth its effort."),
        _out("Verdict", "text", "Better than naive, as good, or loses to naive."),
    ),
    role="output",
)  # fmt: skip

SEGMENTS_TABLE = Table(
    "tblSegments", "Accuracy", "ABC/XYZ: each item by volume and variability, and the way of planning that suits it.",
    (
        _out("Item", "text", "Item.", True),
        _out("Family", "text", "Its family."),
        _out("Volume", "number", "Sales of the last year at price, base currency; family units where a price is "
             "missing."),
        _out("Share", "fraction", "Share of the volume of all items."),
        _out("ABC", "text", "A: the largest items, up to 80 % of the volume. B: up to 95 %. C: the rest."),
        _out("Variation", "number", "Standard deviation / mean of a period's sales, last two years."),
        _out("XYZ", "text", "X: variation up to 0.5. Y: up to 1. Z: above. New: fewer than six known periods."),
        _out("Class", "text", "Both together."),
        _out("WMAPE", "fraction", "Forecast error of the item in the backtest."),
        _out("Recommended planning", "text", "The way of planning that suits the class."),
    ),
    role="output",
)  # fmt: skip

COMPARE_TABLE = Table(
    "tblCompare", "Scenarios", "Scenarios side by side.",
    (
        _out("Scenario", "text", "Scenario.", True),
        _out("Measure", "text", "Figure.", True),
        _out("Value", "number", "Value in the scenario."),
        _out("Base", "number", "Value in the base plan."),
        _out("Difference", "number", "Value - Base."),
    ),
    role="output",
)  # fmt: skip

LIMITS_TABLE = Table(
    "tblLimits", "Explanation", "What limits the plan, what one unit more is worth, and what is idle; dearest first.",
    (
        _out("Limit", "text", "Kind of limit, as its column is called: Capacity, Max stock, Min heads, ...", True),
        _out("Resource", "text", "The resource it limits.", True),
        _out("Family", "text", "The family it limits.", True),
        _out("Source", "text", "The source it limits.", True),
        _out("Period", "period", "Period.", True),
        _out("Used", "number", "What the plan uses."),
        _out("Allowed", "number", "What the limit allows; capacity without overtime."),
        _out("Short", "number", "What is missing to serve all demand."),
        _out("Marginal value", "money", "What the plan gains if the limit gives way by one unit: capacity one unit "
             "more, a minimum one unit less.", unit="money per unit"),
        _out("Unit", "text", "Unit of the limit."),
        _out("Binding for", "text", "Families that meet the limit in this period."),
        _out("Spare", "number", "Regular capacity that is idle."),
        _out("Spare for", "text", "The same in units of the families that use it, each alone."),
    ),
    role="output",
)  # fmt: skip

SPARE_TABLE = Table(
    "tblSpare", "Explanation", "What could be sold in addition: each family alone, on idle regular capacity.",
    (
        _out("Family", "text", "Family.", True),
        _out("Source", "text", "The own source that can make most."),
        _out("Period", "period", "Period in which it is made.", True),
        _out("Could be sold", "number", "Units that idle capacity of all its resources makes and ships."),
        _out("Unit", "text", "Unit of the family."),
        _out("Margin per unit", "money", "Price - unit cost.", unit="money per unit"),
        _out("Limited by", "text", "What is used up first."),
    ),
    role="output",
)  # fmt: skip

DRIVERS_TABLE = Table(
    "tblDrivers", "Explanation", "What the cost of the plan is made of, largest first.",
    (
        _out("Cost", "text", "Term of the cost.", True),
        _out("Family", "text", "Family that causes it.", True),
        _out("Resource", "text", "Resource that causes it.", True),
        _out("Value", "money", "Cost over the horizon.", unit="money"),
        _out("Share", "fraction", "Share of all costs."),
    ),
    role="output",
)  # fmt: skip

CHANGES_TABLE = Table(
    "tblChanges", "Explanation", "Against the last plan, in the periods that both cover: what moved, and why.",
    (
        _out("Measure", "text", "What moved.", True),
        _out("Family", "text", "Family.", True),
        _out("Resource", "text", "Resource.", True),
        _out("Last plan", "number", "Value in the plan before."),
        _out("This plan", "number", "Value now."),
        _out("Change", "number", "This plan - Last plan."),
        _out("Change %", "fraction", "Change / Last plan."),
        _out("Unit", "text", "Unit of the value."),
        _out("Why", "text", "Where the change comes from."),
    ),
    role="output",
)  # fmt: skip

VERSIONS_TABLE = Table(
    "tblVersions", "Versions", "Published plans, compressed.",
    (
        _out("Version", "text", "Name of the published plan.", True),
        _out("Published at", "text", "When."),
        _out("Published by", "text", "By whom."),
        _out("Digest", "text", "Seal: SHA-256 over the content."),
        _out("Part", "integer", "Part number of the content.", True),
        _out("Content", "text", "Compressed content."),
        _out("Signature", "text", "Ed25519 signature, where the plan was published with a key.", newer=True),
    ),
    role="output", hidden=True,
)  # fmt: skip

MERGE_TABLE = Table(
    "tblMerge", "Merge", "Edits of the copies that came back, conflicts first. Choose what to take, then press Collect "
    "copies again.",
    (
        _out("Choice", "choice", "Take, or blank to leave it. Of one conflict at most one value can be taken."),
        _out("What", "text", "Change: nobody else wants another value there. Conflict: choose one. No input cell, or "
             "not a value for this cell: never taken, or only if you say so."),
        _out("Table", "text", "Table or plan sheet."),
        _out("Row", "text", "Row: its key, or family and measure."),
        _out("Column", "text", "Column or period."),
        _out("Who", "text", "Files that hold the edit."),
        _out("Base", "text", "Value when the copy was made."),
        _out("Now", "text", "Value in this workbook."),
        _out("Returned", "text", "Value in the copy."),
        _out("Cell link", "text", "Click to go there."),
        _out("Key", "text", "The row again, for taking."),
    ),
    role="output",
)  # fmt: skip

OUTPUT_TABLES: tuple[Table, ...] = (
    RESULT_TABLE, FINDINGS_TABLE, KPIS_TABLE, BRIDGE_TABLE, KPI_TREND_TABLE, LAG_TABLE, VALUE_ADDED_TABLE,
    ACCURACY_TABLE,
    SEGMENTS_TABLE, SCENARIO_RESULTS, COMPARE_TABLE, SCENARIO_CHANGES, RISK_RESULTS, RISK_PLAN, TORNADO_TABLE,
    ITEM_PLAN, FORECAST_TABLE, EXPLANATION_TABLE, CLEANING_TABLE, EVENT_EFFECTS, PLAN_TABLE, LIMITS_TABLE, SPARE_TABLE,
    DRIVERS_TABLE, CHANGES_TABLE, LIFECYCLE_TABLE, CYCLE_LOG, VERSIONS_TABLE, SIGNED_TABLE, MERGE_TABLE,
)  # fmt: skip
