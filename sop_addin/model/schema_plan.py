"""Settings, plan grids, headline figures and sheets of the workbook, as the contract names them."""

from __future__ import annotations

from .schema_types import Grid, Measure, Setting, Sheet

SETTINGS: tuple[Setting, ...] = (
    Setting("Company", "company", "text", "", "", "Name shown on Home and on printed pages."),
    Setting("Plan start", "plan_start", "period", None, "period",
            "First planned period. Blank: the period after the last one with history, or the first with demand."),
    Setting("Horizon", "horizon", "integer", 18.0, "periods", "How many periods are planned.", minimum=1, maximum=520),
    Setting("Bucket", "bucket", "choice", "Month", "", "Length of a period.", ("Month", "Week")),
    Setting("Frozen periods", "frozen_periods", "integer", 0.0, "periods",
            "So many first periods keep the approved production plan.", minimum=0),
    Setting("Objective", "objective", "choice", "Minimise cost", "",
            "Minimise cost serves all demand at least cost. Maximise margin leaves unsold what does not pay.",
            ("Minimise cost", "Maximise margin")),
    Setting("Strategy", "strategy", "choice", "Optimise", "",
            "Optimise is free. Level: one production rate per family. Chase: production follows demand.",
            ("Optimise", "Level", "Chase")),
    Setting("Unmet demand", "unmet_demand", "choice", "Backorder", "",
            "What happens to demand that is not met in its period: delivered late, or lost.",
            ("Backorder", "Lost sale")),
    Setting("Closing backorders allowed", "closing_backorders_allowed", "flag", "No", "",
            "Whether orders may still be late at the end of the horizon."),
    Setting("Whole heads", "whole_heads", "flag", "No", "", "Whether heads, hires and layoffs are whole numbers."),
    Setting("Base currency", "base_currency", "text", "EUR", "", "Currency of all money in the plan."),
    Setting("Carbon price", "carbon_price", "money", 0.0, "per t CO2e", "Internal price of emissions.", minimum=0),
    Setting("Change cost", "change_cost", "money", 0.0, "per unit",
            "Cost per unit by which a family's production changes from one period to the next.", minimum=0),
    Setting("Replan cost", "replan_cost", "money", 0.0, "per unit",
            "Cost per unit by which production differs from the approved plan.", minimum=0),
    Setting("Service level", "service_level", "fraction", 0.95, "", "Target share of demand delivered on time.",
            minimum=0, maximum=1),
    Setting("Interval level", "interval_level", "fraction", 0.8, "",
            "Share of outcomes that Low to High of the forecast should cover.", minimum=0.01, maximum=0.999),
    Setting("Season length", "season_length", "integer", 12.0, "periods", "Periods in a season (12 months, 52 weeks).",
            minimum=1, maximum=366),
    Setting("Forecast effort", "forecast_effort", "choice", "Standard", "", "Quick, Standard or Best (slower).",
            ("Quick", "Standard", "Best")),
    Setting("Outlier cleaning", "outlier_cleaning", "flag", "Yes", "",
            "Whether outliers of the history are damped before forecasting."),
    Setting("Random seed", "random_seed", "integer", 1.0, "", "Same seed, same samples in the risk analysis.",
            minimum=0),
    Setting("Solver time limit", "solver_time_limit", "number", 60.0, "s", "The solver stops after so many seconds.",
            minimum=1, maximum=86400),
)  # fmt: skip

SALES_PLAN = Grid(
    "SalesPlan", "Sales Plan", "From the statistical forecast to the agreed demand, and what supply can serve of it.",
    ("Family",),
    (
        Measure("Statistical forecast", "output", "family", "sum", "Sum of the item forecasts, in family units."),
        Measure("Events", "output", "family", "sum", "What promotions and other events bring, and what the figures for "
                "single items change (tblItemOverrides, sheet Events)."),
        Measure("New and phase-out", "output", "family", "sum", "Launches, ramps and phase-outs."),
        Measure("Override", "input", "family", "sum", "Your figure. It replaces the rows above; 0 is a figure."),
        Measure("Override reason", "input", "text", "none", "Why you overrode.", text=True),
        Measure("Consensus demand", "formula", "family", "sum", "Override where given, else the sum of the three rows "
                "above it, never below 0. This is what the balance plans for."),
        Measure("Last year", "output", "family", "sum", "Sales of the same period a year before."),
        Measure("Budget", "output", "family", "sum", "Budget volume."),
        Measure("Feasible sales", "output", "family", "sum", "Demand that the solved plan delivers.", live=True),
        Measure("Shortage", "formula", "family", "sum", "Consensus demand - Feasible sales."),
    ),
)  # fmt: skip

PRODUCTION_PLAN = Grid(
    "ProductionPlan", "Production Plan", "What is made or bought, by source.",
    ("Family", "Source"),
    (
        Measure("Planned", "output", "family", "sum", "Quantity made or ordered in the period, one row per source."),
        Measure("Fixed production", "input", "family", "sum", "Your figure for the family's total production. "
                "The next run keeps it."),
        Measure("Total production", "formula", "family", "sum", "Fixed production where given, else the sum of the "
                "sources."),
        Measure("Change", "formula", "family", "none", "Against the period before."),
        Measure("Approved plan", "output", "family", "sum", "Total production of the published plan."),
    ),
)  # fmt: skip

INVENTORY_PLAN = Grid(
    "InventoryPlan", "Inventory Plan", "Stock, backorders and cover that follow from demand and production.",
    ("Family",),
    (
        Measure("Opening stock", "formula", "family", "none", "Closing stock of the period before."),
        Measure("Production", "formula", "family", "sum", "What arrives: production and receipts after lead time."),
        Measure("Sales", "formula", "family", "sum", "Shipments: demand of the period and backorders that are served."),
        Measure("Closing stock", "formula", "family", "last", "Opening stock + Production - Sales."),
        Measure("Backorders", "formula", "family", "last", "Demand not yet delivered at the end of the period."),
        Measure("Lost sales", "formula", "family", "sum", "Demand that is never delivered."),
        Measure("Target stock", "output", "family", "last", "What the closing stock aims at.", live=True),
        Measure("Above target", "formula", "family", "last", "Closing stock - Target stock."),
        Measure("Days of cover", "formula", "days", "last", "Closing stock / average demand of the next three periods, "
                "in days (of the period itself at the end of the horizon)."),
        Measure("Balance check", "formula", "family", "sum", "0 when stock, demand and production agree."),
    ),
)  # fmt: skip

CAPACITY_PLAN = Grid(
    "CapacityPlan", "Capacity", "Load of every resource against what it can do.",
    ("Resource",),
    (
        Measure("Load", "output", "resource", "sum", "Use by the plan, set-up included.", live=True),
        Measure("Regular capacity", "output", "resource", "sum", "Available without overtime."),
        Measure("Overtime", "output", "resource", "sum", "Overtime used.", live=True),
        Measure("Utilisation", "formula", "fraction", "ratio", "Load / Regular capacity."),
        Measure("Heads", "output", "heads", "last", "Heads employed (Labour)."),
        Measure("Hires", "output", "heads", "sum", "Heads hired at the start of the period."),
        Measure("Layoffs", "output", "heads", "sum", "Heads laid off at the start of the period."),
        Measure("Marginal value", "output", "money per unit", "none", "What one more unit of capacity is worth."),
    ),
)  # fmt: skip

FINANCE_PLAN = Grid(
    "FinancePlan", "Finance", "The plan in money, by family and in total.",
    ("Family",),
    (
        Measure("Revenue", "output", "money", "sum", "Shipments x price.", live=True),
        Measure("Unit costs", "output", "money", "sum", "Production x unit cost of its source.", live=True),
        Measure("Regular cost", "output", "money", "sum", "Machine hours and heads.", live=True),
        Measure("Overtime cost", "output", "money", "sum", "Overtime units x overtime cost.", live=True),
        Measure("Hire and layoff cost", "output", "money", "sum", "Hires and layoffs.", live=True),
        Measure("Holding cost", "output", "money", "sum", "Closing stock x holding cost.", live=True),
        Measure("Backorder and lost sale cost", "output", "money", "sum", "Late and lost units.", live=True),
        Measure("Other cost", "output", "money", "sum", "Runs, start-ups, changes, shortfall, carbon.", live=True),
        Measure("Margin", "formula", "money", "sum", "Revenue - all costs."),
        Measure("Stock value", "output", "money", "last", "Closing stock x cheapest unit cost.", live=True),
        Measure("Budget revenue", "output", "money", "sum", "Revenue of the budget."),
        Measure("Budget margin", "output", "money", "sum", "Margin of the budget."),
        Measure("CO2e", "output", "kg CO2e", "sum", "Emissions of production and resources.", live=True),
    ),
)  # fmt: skip

WORKINGS = Grid(
    "Workings", "Workings", "What stands between the plan sheets: how an edited plan loads resources and shares costs.",
    ("Resource", "Family", "Source"),
    (
        Measure("Made or ordered", "formula", "family", "sum", "Planned; a fixed production is shared by the sources "
                "as the plan shares it, else it is the first source's."),
        Measure("Changed since the last run", "formula", "", "sum", "How many of consensus demand and total "
                "production differ from what was solved."),
        Measure("Late or lost demand", "formula", "family", "sum", "Demand of the period that is not delivered in it."),
        Measure("Load of the family", "formula", "resource", "sum", "What the family uses of the resource."),
        Measure("Share of the family", "formula", "fraction", "none", "Of the resource's load: its part of the cost."),
        Measure("Regular cost of the resource", "formula", "money", "sum", "Regular use or heads x regular cost."),
        Measure("Overtime cost of the resource", "formula", "money", "sum", "Overtime x overtime cost."),
        Measure("Hires and layoffs of the resource", "formula", "money", "sum", "Hires and layoffs x their cost."),
    ),
)  # fmt: skip

GRIDS: tuple[Grid, ...] = (SALES_PLAN, PRODUCTION_PLAN, INVENTORY_PLAN, CAPACITY_PLAN, FINANCE_PLAN)
SHEET_GRIDS: tuple[Grid, ...] = (*GRIDS, WORKINGS)
"""All grids that stand in a workbook; `GRIDS` are those that a planner reads."""

RESULT_MEASURES: tuple[str, ...] = (
    "Status", "Objective", "Total cost", "Margin", "Revenue", "Service level", "Demand", "Shipments",
    "Backorders at end", "Lost sales", "Findings", "Solve seconds", "Gap", "Bound", "Run at", "Scenario", "Inputs",
    "Summary", "Published", "Changed since sign-off",
)  # fmt: skip

SHEETS: tuple[Sheet, ...] = (
    Sheet("Home", "home", "Where the plan stands, and what to do next."),
    Sheet("Sales Plan", "plan", "Demand: forecast, events, your overrides, consensus."),
    Sheet("Production Plan", "plan", "What is made and bought."),
    Sheet("Inventory Plan", "plan", "Stock, backorders, cover."),
    Sheet("Capacity", "plan", "Load against capacity."),
    Sheet("Finance", "plan", "The plan in money; budget and exchange rates."),
    Sheet("Finance Summary", "plan", "Years, rolling 12 months and currencies; why the margin moved."),
    Sheet("Explanation", "plan", "Why the plan is as it is: limits, idle capacity, costs, and what has changed."),
    Sheet("KPIs", "plan", "Key figures against target."),
    Sheet("Accuracy", "plan", "How good the forecast is, by family, item and lag; items by volume and variability."),
    Sheet("Scenarios", "plan", "What-if and risks."),
    Sheet("Cycle", "plan", "The five steps of the month and its decisions."),
    Sheet("Checks", "output", "Findings of the last check or run."),
    Sheet("Merge", "output", "Edits of the copies that came back; you choose what to take."),
    Sheet("Items", "input", "Items."),
    Sheet("Families", "input", "Families and their exceptions by period."),
    Sheet("Sources", "input", "Plants, suppliers, receipts."),
    Sheet("Resources", "input", "Machines, people, storage; bill of resources; capacity exceptions."),
    Sheet("History", "input", "Sales history and actuals."),
    Sheet("Events", "input", "Promotions and other events; your figures for single items; what events bring."),
    Sheet("Settings", "input", "How the plan is made."),
    Sheet("Item Plan", "output", "The plan by item."),
    Sheet("Item Forecast", "output", "The forecast by item and region, what it rests on, what was cleaned."),
    Sheet("Plan Data", "output", "The plan as a long table."),
    Sheet("Functions", "help", "Worksheet functions with examples; totals of the plan, also without Python."),
    Sheet("Guide", "help", "Tour, the month in nine steps, exercise, colours, words."),
    Sheet("Workings", "system", "The arithmetic between the plan sheets.", hidden=True),
    Sheet("Versions", "system", "Published plans.", hidden=True),
    Sheet("xlwings.conf", "system", "Configuration of xlwings.", hidden=True),
    Sheet("Undo", "system", "What the last run overwrote, compressed.", hidden=True, very_hidden=True),
)  # fmt: skip
