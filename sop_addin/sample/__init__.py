"""Sample companies: the inputs of a plan, as cells that a reader would find in a workbook.

``appliances`` is Lindhaven Home Appliances, made up: 62 items in six families, three regions (the Nordics since March
2025), sales of 2023 to 2026, plan from January 2027 on. It sold for 174 million EUR in 2026; some items in pounds.
Washing machines and dishwashers are made in Brno, refrigerators and ovens in Porto; Kessler is a contract manufacturer,
small appliances are imported. What to look for:

Demand
- Each family has its own season: refrigerators June and July, washing machines and dishwashers October and November,
  ovens November, small appliances the two months before Christmas (cartons of 1 to 8 pieces).
- RF-3400 had nothing to sell in July and August 2025: zeros (blanks in the Nordics) that are no demand.
- Returns in SA-320, SA-330 and SP-050; months missing in DW-6100, SA-120 and OV-3300; spare parts that sell now and
  then; DW-4100 discontinued; RF-2600 ends in April and RF-2700 follows it; WM-9500 starts in March like WM-9200;
  OV-7400 has three months of history.
- Promotions past and coming (Events). What past ones brought is learned, shown and taken out of the history; the
  Kitchen weeks of 2027 take their uplift from those of 2026, the espresso promotion from its forerunner at another
  price. A tender that is 60 % likely, five overrides of families with reasons and two of single items.

Supply, as the optimal plan shows it
- The only maker of compressors delivers 7,900 a month and summer sells more: refrigerators are built ahead in April and
  May, until the warehouse is full in June.
- Brno closes for two weeks in July, Porto in August. So washing machines are built ahead in June, some 3,000 above
  target, although the warehouse is full: one more pallet place is worth over 100 EUR then.
- In autumn Brno is short of hours. The plan draws on stock, then works overtime, most of it in September and October: a
  washer made in overtime is cheaper than one from Kessler. A dishwasher or an oven is cheaper from Kessler: those are
  bought.
- Porto hires some six people for July to October and lets them go again. Its enamel furnace works overtime before
  Christmas.
- Ocean freight takes two months and carries 9,800 cartons a month, fewer than Christmas needs: small appliances are
  ordered from May on, and the dearer express supply fills the rest in October and November.
- Dispatch is full in November: several hundred refrigerators, which take most room and are out of season, go a
  month late.
- The washer cashback of October and November makes all this worse: would May do? See Decisions, Scenarios and Risks.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from . import demand, meeting, money, products, supply
from .shared import frame

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
        "tblItemOverrides": meeting.item_overrides_table(),
        "tblBudget": money.budget_table(),
        "tblRates": money.rates_table(),
        "tblApproved": frame("tblApproved", []),  # no plan is approved yet
        "tblScenarios": meeting.scenarios_table(),
        "tblRisks": meeting.risks_table(),
        "tblCycle": meeting.cycle_table(),
        "tblDecisions": meeting.decisions_table(),
        "SalesPlan": meeting.sales_plan(),
        "ProductionPlan": meeting.production_plan(),
    }


def solved_folder(name: str) -> Path:
    """Where the plan solved for a sample is kept; `sop-addin build-template --solve` makes it anew."""
    return Path(__file__).parent / "solved" / name
