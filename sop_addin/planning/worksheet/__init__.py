"""What the worksheet functions compute (contract section 6): cells in, cells out, no Excel anywhere.

Every function takes what a range gives: a value, a row of values or rows of values, None for a blank. It returns a
value or rows of values, and raises InputError, in one sentence that begins with the argument's name.
"""
