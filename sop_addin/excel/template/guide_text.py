"""The words of the Guide sheet."""

from __future__ import annotations

TOUR: tuple[tuple[str, str], ...] = (
    ("1  Look around", "Home shows where the month stands. The sample company is there to be played with: nothing "
     "you do here reaches any other system."),
    ("2  Check the data", "Press Check on the S&OP tab. The Checks sheet lists what is wrong, with a link to the "
     "cell and what to do. Errors must be mended before anything is planned; warnings and notes may wait."),
    ("3  Forecast", "Press Forecast, then Aggregate. Item Forecast holds every item; the Sales Plan shows the "
     "families with events, launches and phase-outs."),
    ("4  Agree on demand", "Type what you know better into the yellow Override row of the Sales Plan, and why into"
     " the row below it. Consensus demand follows at once."),
    ("5  Balance", "Press Balance. Production, stock, capacity and money are planned together; what cannot be met "
     "is shown as Shortage and named on Checks."),
    ("6  Change the plan", "Type a quantity into Fixed production. Stock, load and money answer at once, a banner "
     "says that the plan is edited; the next Balance keeps your figure and plans around it."),
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
    ("1  Close the month", "Add last month to History (a new column) and its sales, production and stock to the "
     "table of actuals. Set Plan start. Step: Data gathering."),
    ("2  Update the tables", "Items, prices, opening stock, receipts on order, capacity exceptions. Press Check "
     "until no error is left. Step: Data gathering."),
    ("3  Forecast", "Enter promotions in Events and launches in Items, then Forecast and Aggregate. Step: Demand "
     "plan."),
    ("4  Review demand", "Sales Plan: compare forecast, last year and budget; override where you know more, and "
     "say why in Override reason. Ask colleagues with Mail copy, Collect copies lists what they changed. Step: Demand "
     "plan."),
    ("5  Balance", "Press Balance. Home says what limits the plan; Capacity and Inventory Plan show where. Step: "
     "Supply plan."),
    ("6  Review supply", "Fix production where you must, and read the effect at once. Try scenarios: more "
     "capacity, less demand, another supplier. Step: Supply plan."),
    ("7  Reconcile", "Finance against budget; gaps, options and what each costs. Step: Pre-S&OP."),
    ("8  Prepare decisions", "List on Cycle what must be decided, by whom and until when, each with its effect. "
     "Step: Pre-S&OP."),
    ("9  Decide and publish", "Decide, sign, publish: one set of numbers until next month. Step: Executive S&OP."),
)  # fmt: skip

EXERCISE: tuple[tuple[str, str], ...] = (
    ("Task 1", "Dishwashers sell 20 % more in the three months from the first planned one: a new customer. Enter "
     "it, and say what happens to stock before anything is planned anew."),
    ("Task 2", "Plan anew. Which resources are full, and what does the extra demand earn after all costs?"),
    ("Task 3", "Ovens and hobs must not be made in the second month (the line is moved). Plan around it."),
    ("Task 4", "Put everything back as it was."),
    ("Solution 1", "Sales Plan, Dishwashers, row Override: for each of the three months 1.2 x Consensus demand "
     "(type =1.2* and the figure); Override reason: new customer. The banner says how many figures differ. On "
     "Inventory Plan closing stock falls and days of cover shrink at once; what stock cannot serve shows as "
     "Backorders and Shortage. Balance check stays 0, because the formulas keep the books."),
    ("Solution 2", "Press Balance. The banner is calm again. The heat map on Home and the findings name the full "
     "resources with the worth of one more unit. The extra earnings are the change of Margin on Home: note it "
     "before."),
    ("Solution 3", "Production Plan, Ovens and hobs, Fixed production: 0 in the second month. The load falls at "
     "once, stock too. Press Balance: the months before build ahead as far as capacity and the warehouse allow."),
    ("Solution 4", "Undo last run takes back the last Balance. Clear the yellow cells you filled and press "
     "Balance, or make a new sample: sop-addin new."),
)  # fmt: skip

GLOSSARY: tuple[tuple[str, str], ...] = (
    ("Backorder", "Demand that is delivered late. A lost sale is demand that is never delivered."),
    ("ABC analysis", "Items sorted by turnover: A few make most of it and deserve most care."),
    ("Actuals", "What was really sold, made and stored; the plan is measured against them."),
    ("Balance check", "0 when opening stock, production, sales and closing stock agree. Anything else is a mistake."),
    ("Bill of resources", "How much of each resource one unit of a family uses."),
    ("Bucket, period", "The step of the plan: a month (2027-03) or a week (2027-W09)."),
    ("Chase", "Strategy: production follows demand, stock stays at its target. Its opposite is Level."),
    ("Consensus demand", "The demand that all agreed to plan for: the override, else forecast + events + new and "
     "phase-out, never below 0."),
    ("Days of cover", "How long the closing stock lasts at the demand of the coming periods."),
    ("Executive S&OP", "The meeting that decides and signs the plan."),
    ("Family", "Items that are planned together, in one planning unit."),
    ("Feasible sales", "The demand that the solved plan delivers. Consensus demand less this is the Shortage."),
    ("Fixed production", "Your figure for what a family makes in a period; the next Balance keeps it."),
    ("Forecast accuracy", "How close the forecast came: WAPE is the sum of misses divided by the sum of sales."),
    ("Forecast bias", "Whether the forecast is too high or too low on the whole."),
    ("Frozen periods", "First periods whose approved production is not changed any more."),
    ("Gap", "How far the solved plan may still be from the best possible one. 0 %: it is the best."),
    ("Horizon", "How many periods are planned."),
    ("Lead periods", "Periods between ordering and arrival."),
    ("Level", "Strategy: one production rate per family over the horizon; stock takes the swings."),
    ("Marginal value", "What one more unit of a full resource would be worth."),
    ("Overtime", "Hours beyond regular capacity, up to a limit and at a price."),
    ("Override", "Your figure in place of the forecast."),
    ("Phase-out", "An item on its way out of the range; its demand fades to its End."),
    ("Pre-S&OP", "The meeting that reconciles demand, supply and money and prepares decisions."),
    ("Rough-cut capacity", "Load of a plan from the bill of resources, without planning anew."),
    ("S&OP", "Sales and operations planning: each month one agreed plan of demand, supply and money, by family."),
    ("Safety stock", "Stock against surprises in demand and supply."),
    ("Scenario", "The plan under other assumptions, beside the Base plan."),
    ("Service level", "Share of demand that is delivered in its period."),
    ("Shelf life", "How many periods stock may wait before it is too old."),
    ("Statistical forecast", "What the history says about the future, before anybody's knowledge is added."),
    ("Target cover", "Stock to aim at, in periods of coming demand. Min stock is a hard limit, the target a wish."),
    ("Utilisation", "Load divided by regular capacity; overtime makes it exceed 100 %."),
)  # fmt: skip
