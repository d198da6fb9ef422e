"""Sample companies: the inputs of a plan, as cells that a reader would find in a workbook."""

from __future__ import annotations

import pandas as pd

from . import demand, meeting, money, products, supply

SAMPLES: tuple[str, ...] = ("appliances",)


def sample_tables(name: str = "appliances") -> dict[str, pd.DataFrame]:
    """Untyped cells (text, float, datetime, None) by table name, plus the inputs of the grids SalesPlan and
    ProductionPlan, long. The same frames on every machine; raises KeyError for an unknown name."""
    if name not in SAMPLES:
        raise KeyError(f"no sample {name!r}; there is {', '.join(SAMPLES)}")
    return {
        "tblSettings": meeting.settings_table(),
        "tblItems": products.items_table(demand.opening_stocks(), demand.safety_stocks()),
        "tblFamilies": supply.families_table(),
        "tblFamilyPeriods": supply.family_periods_table(),
        "tblSources": supply.sources_table(),
        "tblSourcePeriods": supply.source_periods_table(),
        "tblReceipts": supply.receipts_table(),
        "tblResources": supply.resources_table(),
        "tblBillOfResources": supply.bill_of_resources_table(),
        "tblCapacity": supply.capacity_table(),
        "tblHistory": demand.history_table(),
        "tblStock": money.stock_table(),
        "tblEvents": demand.events_table(),
        "tblBudget": money.budget_table(),
        "tblRates": money.rates_table(),
        "tblScenarios": meeting.scenarios_table(),
        "tblRisks": meeting.risks_table(),
        "tblCycle": meeting.cycle_table(),
        "tblDecisions": meeting.decisions_table(),
        "SalesPlan": meeting.sales_plan(),
        "ProductionPlan": meeting.production_plan(),
    }
