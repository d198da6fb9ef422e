"""The input tables of the workbook, as the contract names them."""

from __future__ import annotations

from typing import Any

from .schema_types import Column, Kind, Table

LEVERS = (
    "Demand", "Capacity", "Overtime", "Supplier", "Unit cost", "Price", "Rate", "Opening stock", "Carbon price",
)  # fmt: skip
METHODS = (
    "Auto", "Theta", "CES", "ETS", "ARIMA", "Seasonal naive", "Naive", "Mean", "Croston", "IMAPA", "Manual",
)  # fmt: skip


def _key(name: str, help: str, kind: Kind = "text", **more: Any) -> Column:
    return Column(name, kind, help, key=True, required=more.pop("required", True), **more)


def _text(name: str, help: str, **more: Any) -> Column:
    return Column(name, "text", help, **more)


def _number(name: str, help: str, **more: Any) -> Column:
    return Column(name, "number", help, minimum=more.pop("minimum", 0), **more)


def _money(name: str, help: str, **more: Any) -> Column:
    return Column(name, "money", help, minimum=more.pop("minimum", 0), unit=more.pop("unit", "money"), **more)


def _choice(name: str, help: str, choices: tuple[str, ...], **more: Any) -> Column:
    return Column(name, "choice", help, choices=choices, **more)


def _family(help: str = "The product family.", **more: Any) -> Column:
    return _key("Family", help, refers_to=more.pop("refers_to", "tblFamilies"), **more)


def _period(help: str = "The period: the first day of a month (or the Monday of a week).") -> Column:
    return _key("Period", help, "period")


SETTINGS_TABLE = Table(
    "tblSettings", "Settings", "How the plan is made: horizon, objective, rules.",
    (
        _key("Setting", "Name of the setting. Do not rename."),
        _text("Value", "What applies. A blank takes the default that the note names."),
        _text("Unit", "Unit of the value."),
        _text("Note", "What the setting does, and its default."),
    ),
    field="settings",
)  # fmt: skip

ITEMS = Table(
    "tblItems", "Items", "What is sold: one row per item (SKU).",
    (
        _key("Item", "Item number or code, unique."),
        _text("Description", "What the item is."),
        Column("Family", "text", "The product family it is planned in.", required=True, refers_to="tblFamilies"),
        _text("Unit", "Unit in which the item is counted.", default="pcs"),
        _number("Units per family unit", "How many units of this item make one planning unit of its family: "
                "family quantity = item quantity / this.", default=1.0),
        _money("Price", "Selling price per item unit, in Currency.", default_text="price of its family"),
        _money("Cost", "Standard cost per item unit, in Currency."),
        _text("Currency", "Currency of Price and Cost.", default_text="base currency"),
        _choice("Status", "New: sells from Launch on, like its Like item. Phase-out: sells until End. "
                "Discontinued: no longer planned.", ("Active", "New", "Phase-out", "Discontinued"), default="Active"),
        Column("Launch", "date", "First day of sale of a new item."),
        Column("End", "date", "Last day of sale of a phase-out item."),
        _text("Like item", "The item whose history a new item follows.", refers_to="tblItems"),
        _number("Like scale", "Its sales as a multiple of the like item's.", default=1.0),
        _number("Opening stock", "Stock at plan start, in item units.", default=0.0),
        _number("Safety stock", "Stock to hold against uncertainty, in item units.", default=0.0),
        _choice("Method", "Forecasting method. Auto lets the accuracy of the past decide.", METHODS, default="Auto"),
        _number("Batch size", "Item Plan: production of a period is a whole number of batches of this size, in item "
                "units.", default=0.0, default_text="any quantity", newer=True),
    ),
    field="items",
)  # fmt: skip

FAMILIES = Table(
    "tblFamilies", "Families", "The level at which demand and supply are balanced.",
    (
        _key("Family", "Name of the product family, unique."),
        _text("Description", "What the family is."),
        _text("Unit", "Planning unit of the family.", default="pcs"),
        Column("Priority", "integer", "1 is served first when not all demand can be met.", default=1.0, minimum=1),
        _choice("Planning", "Bottom-up adds item forecasts; Top-down forecasts the family and shares it out to its "
                "items; Reconciled forecasts region, item and family and makes them add up.",
                ("Bottom-up", "Top-down", "Reconciled"), default="Bottom-up"),
        _choice("Fulfilment", "Stock: made ahead and stored. Order: made when ordered, the backlog is managed. "
                "Finish to order: the base of the family is made ahead, its items are finished when ordered.",
                ("Stock", "Order", "Finish to order"), default="Stock"),
        _money("Price", "Selling price per family unit, base currency.", default_text="average price of its items"),
        _money("Holding cost", "Cost of one unit in stock at the end of a period.",
               default_text="2 % of the cheapest unit cost"),
        _money("Backorder cost", "Cost of one unit late at the end of a period.", default_text="5 % of Price"),
        _money("Lost sale cost", "Cost of one unit never delivered.",
               default_text="Price; without Price 10 x the dearest unit cost"),
        _number("Opening stock", "Stock at plan start.", default_text="sum of its items"),
        _number("Opening backorders", "Orders already late at plan start.", default=0.0),
        _number("Min stock", "Closing stock never falls below this.", default=0.0),
        _number("Max stock", "Closing stock never exceeds this.", default_text="none"),
        _number("Target cover", "Closing stock aims at this many periods of coming demand.", unit="periods",
                default_text="no target"),
        _money("Shortfall cost", "Cost of one unit below the target, per period.",
               default_text="1 % of the unit cost"),
        _number("Closing stock min", "Stock at the end of the horizon is at least this.", default=0.0),
        Column("Shelf life", "integer", "Stock is sold within this many periods.", unit="periods", minimum=1,
               default_text="no limit"),
        _text("Owner", "Who answers for the demand of this family."),
    ),
    field="families",
)  # fmt: skip

SOURCES = Table(
    "tblSources", "Sources", "Where a family comes from: own plants (Make) and suppliers (Buy).",
    (
        _family(),
        _key("Source", "Name of the plant or supplier; the same name may serve several families."),
        _choice("Kind", "Make uses machines and labour of the bill of resources; Buy does not.", ("Make", "Buy"),
                default="Make"),
        _money("Unit cost", "Cost per family unit, without the resources' own cost.", default=0.0),
        _number("Max per period", "Most that this source supplies in a period.", default_text="no limit"),
        _number("Min run", "A period's production is 0 or at least this.", default=0.0),
        _number("Batch size", "Production is a whole number of batches of this size.", default=0.0,
                default_text="any quantity"),
        _money("Run cost", "Cost of each period in which the source runs.", default=0.0),
        _money("Start-up cost", "Cost of each period in which it runs after one in which it did not.", default=0.0),
        _number("CO2e per unit", "Emissions per family unit.", unit="kg CO2e", default=0.0),
        Column("Lead periods", "integer", "Ordered now, arrives so many periods later.", unit="periods", default=0.0,
               minimum=0),
    ),
    field="sources",
)  # fmt: skip

RESOURCES = Table(
    "tblResources", "Resources", "What limits the plan: machines, people, storage, suppliers, distribution.",
    (
        _key("Resource", "Name of the resource, unique."),
        _choice("Kind", "What its use is counted on. Machine, Labour: production of Make sources. Supplier: "
                "production of any source. Storage: closing stock. Distribution: shipments.",
                ("Machine", "Labour", "Storage", "Supplier", "Distribution"), required=True),
        _text("Unit", "Unit of capacity, such as h or pallets.", default="h"),
        _number("Capacity", "Regular capacity per period (not for Labour: heads x hours).", default_text="no limit"),
        _number("Efficiency", "Share of the capacity that is really available.", default=1.0),
        _money("Regular cost", "Machine: per unit used. Labour: per head and period, busy or not.", default=0.0),
        _number("Overtime limit", "Machine: units per period. Labour: per head and period.", default=0.0),
        _money("Overtime cost", "Per unit of overtime.", default=0.0),
        _number("Opening heads", "Heads at plan start (Labour).", default=0.0),
        _number("Hours per head", "Hours one head works in a period (Labour)."),
        _number("Min heads", "Never fewer heads (Labour).", default=0.0),
        _number("Max heads", "Never more heads (Labour).", default_text="no limit"),
        _money("Hire cost", "Per head hired.", default=0.0),
        _money("Layoff cost", "Per head laid off.", default=0.0),
        _number("CO2e per unit", "Emissions per unit of use.", unit="kg CO2e", default=0.0),
    ),
    field="resources",
)  # fmt: skip

BILL_OF_RESOURCES = Table(
    "tblBillOfResources", "Resources", "How much of each resource one unit of a family uses.",
    (
        _family(),
        _key("Source", "The source it applies to.", required=False, default_text="every Make source"),
        _key("Resource", "The resource used.", refers_to="tblResources"),
        _number("Use per unit", "Units of the resource per family unit.", default=0.0),
        _number("Use per run", "Set-up use in each period in which the source runs.", default=0.0),
    ),
    field="bill_of_resources",
)  # fmt: skip

CAPACITY = Table(
    "tblCapacity", "Resources", "Exceptions to tblResources, period by period (shutdowns, extra shifts).",
    (
        _key("Resource", "The resource.", refers_to="tblResources"),
        _period(),
        _number("Capacity", "Regular capacity in this period.", default_text="as in tblResources"),
        _number("Hours per head", "Hours per head in this period.", default_text="as in tblResources"),
        _number("Overtime limit", "Overtime limit in this period.", default_text="as in tblResources"),
    ),
    field="capacity",
)  # fmt: skip

FAMILY_PERIODS = Table(
    "tblFamilyPeriods", "Families", "Exceptions to tblFamilies, period by period.",
    (
        _family(),
        _period(),
        _money("Price", "Price in this period.", default_text="as in tblFamilies"),
        _number("Min stock", "Minimum closing stock in this period.", default_text="as in tblFamilies"),
        _number("Max stock", "Maximum closing stock in this period.", default_text="as in tblFamilies"),
        _number("Target stock", "Target closing stock in this period.", default_text="from Target cover"),
    ),
    field="family_periods",
)  # fmt: skip

SOURCE_PERIODS = Table(
    "tblSourcePeriods", "Sources", "Exceptions to tblSources, period by period.",
    (
        _family(),
        _key("Source", "The source."),
        _period(),
        _money("Unit cost", "Unit cost in this period.", default_text="as in tblSources"),
        _number("Max per period", "Maximum in this period.", default_text="as in tblSources"),
        _number("Min run", "Minimum run in this period.", default_text="as in tblSources"),
        _money("Run cost", "Run cost in this period.", default_text="as in tblSources"),
    ),
    field="source_periods",
)  # fmt: skip

RECEIPTS = Table(
    "tblReceipts", "Sources", "Already ordered and on its way: what a lead time has in the pipeline.",
    (
        _family(),
        _key("Source", "The source it comes from."),
        _period("The period in which it arrives."),
        _number("Quantity", "Quantity that arrives.", required=True),
    ),
    field="receipts",
)  # fmt: skip

HISTORY = Table(
    "tblHistory", "History", "What was sold: one row per item (and region), one column per past period. "
    "Blank = not sold yet or unknown; 0 = sold nothing; negative = returns.",
    (
        _key("Item", "The item.", refers_to="tblItems"),
        _key("Region", "Sales region.", required=False),
    ),
    field="history", period_columns=True,
)  # fmt: skip

STOCK = Table(
    "tblStock", "History", "Actual sales, production and stock of past periods: plan against actual.",
    (
        _family(),
        _period("The past period."),
        _number("Sales", "Quantity sold.", minimum=None),
        _number("Production", "Quantity produced or received."),
        _number("Stock", "Stock at the end of the period."),
    ),
    field="stock",
)  # fmt: skip

EVENTS = Table(
    "tblEvents", "Events", "Promotions, price changes, tenders: what changes demand for a while.",
    (
        _key("Event", "Name of the event."),
        _text("Family", "The family it concerns.", refers_to="tblFamilies"),
        _text("Item", "The item it concerns.", default_text="every item of the family", refers_to="tblItems"),
        _text("Region", "The region it concerns.", default_text="every region"),
        _key("From", "First period.", "period"),
        _key("To", "Last period.", "period"),
        Column("Uplift %", "fraction", "Change of demand while it lasts, as a share of the forecast. For a past event: "
               "what was expected; the history corrects it.", minimum=-1,
               default_text="as past events of the same name (years aside) or price; none without such a past"),
        _number("Uplift units", "Change of demand per period, in units.", minimum=None),
        Column("Price change %", "fraction", "Change of price while it lasts.", minimum=-1),
        Column("Cannibalisation %", "fraction", "Share of what the event of an item brings that the other items of its "
               "family lose.", default=0.0, minimum=0, maximum=1, newer=True),
        Column("Probability", "fraction", "How likely it is. For a past event 0: it did not take place.", default=1.0,
               minimum=0, maximum=1),
        _text("Owner", "Who planned it."),
        _text("Note", "Anything worth knowing."),
    ),
    field="events",
)  # fmt: skip

ITEM_OVERRIDES = Table(
    "tblItemOverrides", "Events", "Your figures for single items. Each replaces forecast and events of its item; its "
    "family moves along, unless it has an override of its own in the Sales Plan.",
    (
        _key("Item", "The item.", refers_to="tblItems"),
        _key("Region", "The region it concerns.", required=False, default_text="the item as a whole"),
        _period(),
        _number("Quantity", "Your figure for its demand, in item units; 0 is a figure.", required=True),
        _text("Reason", "Why."),
        _text("Owner", "Whose figure it is."),
    ),
    field="item_overrides",
)  # fmt: skip

BUDGET = Table(
    "tblBudget", "Finance", "The budget, by family and period.",
    (
        _family(),
        _period(),
        _number("Volume", "Budget volume, family units."),
        _money("Revenue", "Budget revenue, base currency."),
        _money("Margin", "Budget margin, base currency.", minimum=None),
    ),
    field="budget",
)  # fmt: skip

RATES = Table(
    "tblRates", "Finance", "Exchange rates.",
    (
        _key("Currency", "Currency code."),
        _key("Period", "The period.", "period", required=False, default_text="all periods"),
        _number("Rate", "One unit of the currency in base currency.", required=True),
        _number("Budget rate", "The same when the budget was made.", default_text="Rate", newer=True),
        _number("Approved rate", "The same when the plan was last approved.", default_text="Rate", newer=True),
    ),
    field="rates",
)  # fmt: skip

APPROVED = Table(
    "tblApproved", "Finance", "The last approved plan in money: what the next one is compared with.",
    (
        _family(),
        _period(),
        _number("Volume", "Shipments, family units."),
        _number("Production", "Made or ordered, family units."),
        *(_money(name, f"{name} of the approved plan, base currency.", minimum=None) for name in (
            "Revenue", "Unit costs", "Regular cost", "Overtime cost", "Hire and layoff cost", "Holding cost",
            "Backorder and lost sale cost", "Other cost")),
    ),
    field="approved",
)  # fmt: skip

_SPAN = (
    _text("Family", "The family it changes.", default_text="all", refers_to="tblFamilies"),
    _text("Resource", "The resource it changes.", default_text="all", refers_to="tblResources"),
    Column("From", "period", "First period.", default_text="plan start"),
    Column("To", "period", "Last period.", default_text="end of the horizon"),
)

SCENARIOS = Table(
    "tblScenarios", "Scenarios", "What-if: each row moves one lever of a scenario.",
    (
        _key("Scenario", "Name of the scenario."),
        _key("Lever", "What changes.", "choice", choices=LEVERS),
        *_SPAN,
        Column("Change %", "fraction", "Relative change of the lever.", default=0.0, minimum=-1),
        _text("Note", "The assumption behind it."),
        Column("Adopted", "date", "Written by the button Adopt: its levers are part of the plan since then. Such a "
               "scenario is not run any more.", newer=True),
    ),
    field="scenarios",
)  # fmt: skip

RISKS = Table(
    "tblRisks", "Scenarios", "What may happen, how likely, and how bad.",
    (
        _key("Risk", "Name of the risk."),
        _key("Lever", "What it moves.", "choice", choices=LEVERS),
        *_SPAN,
        Column("Probability", "fraction", "How likely it is.", default=1.0, minimum=0, maximum=1),
        Column("Low %", "fraction", "Smallest change.", minimum=-1),
        Column("Likely %", "fraction", "Most likely change.", minimum=-1),
        Column("High %", "fraction", "Largest change.", minimum=-1),
    ),
    field="risks",
)  # fmt: skip

STEPS = ("Data gathering", "Demand plan", "Supply plan", "Pre-S&OP", "Executive S&OP")

CYCLE = Table(
    "tblCycle", "Cycle", "The month: five steps from data to decision.",
    (
        _key("Step", "Step of the S&OP cycle.", "choice", choices=STEPS),
        _text("Owner", "Who leads the step."),
        Column("Due", "date", "When it is due."),
        _choice("Status", "Where it stands.", ("Open", "In work", "Signed", "Reopened"), default="Open"),
        _text("Signed by", "Who signed."),
        Column("Signed at", "date", "When it was signed."),
        _text("Digest", "Fingerprint of what was signed."),
        _text("Comment", "Remarks."),
    ),
    field="cycle",
)  # fmt: skip

DECISIONS = Table(
    "tblDecisions", "Cycle", "What must be decided, by whom, until when.",
    (
        _key("Number", "Number of the decision."),
        _choice("Step", "Step in which it came up.", STEPS),
        _text("Decision", "What is to be decided, or was."),
        _text("Owner", "Who decides."),
        Column("Due", "date", "Until when."),
        _choice("Status", "Where it stands.", ("Open", "Decided", "Dropped"), default="Open"),
        _text("Family", "The family concerned.", refers_to="tblFamilies"),
        _text("Effect", "What it changes."),
    ),
    field="decisions",
)  # fmt: skip

INPUT_TABLES: tuple[Table, ...] = (
    SETTINGS_TABLE, ITEMS, FAMILIES, FAMILY_PERIODS, SOURCES, SOURCE_PERIODS, RECEIPTS, RESOURCES, BILL_OF_RESOURCES,
    CAPACITY, HISTORY, STOCK, EVENTS, ITEM_OVERRIDES, BUDGET, RATES, SCENARIOS, RISKS, CYCLE, DECISIONS,
    APPROVED,
)  # fmt: skip
