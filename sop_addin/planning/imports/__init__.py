"""Files that companies have - ERP exports, budget workbooks - become history and budget.

A file arrives as sheets of untyped cells (`Sheet`). `layout` finds its header and says which column is what, `values`
reads its numbers and dates, `history` and `budget` make of it what the workbook holds. Nothing is guessed in silence:
whatever was decided, left out or not understood is a finding.
"""
