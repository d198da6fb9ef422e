"""The words of the Guide sheet."""

from __future__ import annotations

TOUR: tuple[tuple[str, str], ...] = (
    ("1  Look around", "Home shows where the month stands. The sample company is there to be played with: nothing you "
     "do here reaches any other system."),
    ("2  Check the data", "Press Check on the S&OP tab. The Checks sheet lists what is wrong, with a link to the cell "
     "and what to do. Errors must be mended before anything is planned; warnings and notes may wait."),
    ("3  Forecast", "Press Forecast, then Aggregate. Item Forecast holds every item; the Sales Plan shows the families "
     "with events, launches and phase-outs."),
    ("4  Agree on demand", "Type what you know better into the yellow Override row of the Sales Plan, and why into the "
     "row below it. Consensus demand follows at once."),
    ("5  Balance", "Press Balance. Production, stock, capacity and money are planned together; what cannot be met is "
     "shown as Shortage and named on Checks."),
    ("6  Change the plan", "Type a quantity into Fixed production. Stock and cover answer at once; the next Balance "
     "keeps your figure and plans around it."),
    ("7  Decide", "Note decisions on the Cycle sheet, sign each step, and start the next month with new history."),
)  # fmt: skip

COLOURS: tuple[tuple[str, str, str], ...] = (
    ("input", "1,250", "Yours: type here. Everything pale yellow is read by the next run and never overwritten."),
    ("filled", "1,250", "A figure of yours in a plan: an override or a fixed production."),
    ("overridden", "1,250", "Consensus demand that comes from an override."),
    ("formula", "1,250", "A formula. It follows at once when something above it changes."),
    ("output", "1,250", "Written by the run. The next run writes it again."),
    ("bad", "-75", "Needs action: shortage, late or lost, stock below its minimum, load above capacity."),
    ("warn", "96%", "Look at it: below target, above maximum, load of 90 % and more, overtime, unknown name."),
    ("good", "Signed", "Done, or better than budget."),
    ("zero", "0", "Zeros are faint, so that the figures stand out."),
)

MONTH: tuple[tuple[str, str], ...] = (
    ("Data gathering", "Add last month to History (a new column) and to its table of actuals. Update items, opening "
     "stock, receipts, prices. Press Check."),
    ("Demand plan", "Events, then Forecast and Aggregate. Review families where forecast, last year and budget differ; "
     "override with a reason."),
    ("Supply plan", "Capacity exceptions and sources, then Balance. Read Capacity and Inventory Plan; fix production "
     "where you must; try scenarios."),
    ("Pre-S&OP", "Compare scenarios, money and risks. List what must be decided, by whom, until when."),
    ("Executive S&OP", "Decide, sign, publish: one set of numbers until next month."),
)  # fmt: skip

GLOSSARY: tuple[tuple[str, str], ...] = (
    ("Backorder", "Demand that is delivered late. A lost sale is demand that is never delivered."),
    ("Balance check", "0 when opening stock, production, sales and closing stock agree. Anything else is a mistake."),
    ("Bill of resources", "How much of each resource one unit of a family uses."),
    ("Bucket, period", "The step of the plan: a month (2027-03) or a week (2027-W09)."),
    ("Consensus demand", "The demand that all agreed to plan for: the override, else forecast + events + new and "
     "phase-out, never below 0."),
    ("Days of cover", "How long the closing stock lasts at the demand of the coming periods."),
    ("Family", "Items that are planned together, in one planning unit."),
    ("Feasible sales", "The demand that the solved plan delivers. Consensus demand less this is the Shortage."),
    ("Frozen periods", "First periods whose approved production is not changed any more."),
    ("Horizon", "How many periods are planned."),
    ("Marginal value", "What one more unit of a full resource would be worth."),
    ("Override", "Your figure in place of the forecast."),
    ("Target cover", "Stock to aim at, in periods of coming demand. Min stock is a hard limit, the target a wish."),
    ("Utilisation", "Load divided by regular capacity; overtime makes it exceed 100 %."),
)  # fmt: skip
