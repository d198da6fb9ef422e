"""ABC/XYZ: items by volume and by variability, and the way of planning that suits each of the nine cells.

ABC (Pareto; Silver, Pyke and Thomas 2017, ch. 2.6): items in falling order of volume; A until 80 % of the volume is
covered, B until 95 %, C the rest. XYZ (Scholz-Reiter et al. 2012): coefficient of variation of demand, X up to 0.5,
Y up to 1, Z above.
"""

from __future__ import annotations

A_SHARE, B_SHARE = 0.80, 0.95
X_VARIATION, Y_VARIATION = 0.5, 1.0
YEARS = 2
"""Demand of so many years tells how variable an item is; its volume is that of the last one."""
LEAST_PERIODS = 6
NEW = "New"

WAYS: dict[str, str] = {
    "AX": "Forecast runs alone; planner looks at exceptions. Make to stock, small safety stock.",
    "AY": "Forecast plus a monthly review of season, events and prices. Make to stock, normal safety stock.",
    "AZ": "Plan with Sales and key customers each month; forecast is a start only. Buffer or make to order.",
    "BX": "Forecast runs alone. Make to stock, small safety stock.",
    "BY": "Forecast runs alone; review when it is off. Make to stock, normal safety stock.",
    "BZ": "Review each quarter with Sales. Finish to order where customers wait, else larger safety stock.",
    "CX": "Forecast runs alone. Large lots, seldom reviewed.",
    "CY": "Forecast runs alone. Reorder point with ample safety stock.",
    "CZ": "Make or buy to order; question the item in the portfolio review.",
    NEW: "Too little history to class: plan by its like item and first sales.",
}
"""Class -> recommended way of planning."""
