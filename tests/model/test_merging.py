"""Edits of returned copies brought together: nothing lost, no order, nothing out of nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sop_addin.model.merging import Cell, Merge, Returned, merge

CELLS = [Cell("SalesPlan", (family, "Override"), month) for family in ("A", "B") for month in ("2027-01", "2027-02")]
values = st.sampled_from([None, 0.0, 5.0, 7.5, "late"])
states = st.fixed_dictionaries(dict.fromkeys(CELLS, values))


@st.composite
def returned(draw, base=states):
    """Copies of one or several states, edited at will, some of them in cells that were closed."""
    count = draw(st.integers(0, 4))
    copies = []
    for number in range(count):
        before = draw(base)
        edits = draw(st.dictionaries(st.sampled_from(CELLS), values))
        inputs = draw(st.sets(st.sampled_from(CELLS)))
        copies.append(Returned(f"copy {number}", before, {**before, **edits}, inputs))
    return copies


def edits_of(copies):
    return {
        (copy.who, cell, copy.state[cell]) for copy in copies for cell in CELLS if copy.state[cell] != copy.base[cell]
    }


@given(states, returned(), st.randoms(use_true_random=False))
def test_the_order_of_copies_does_not_matter(now, copies, random):
    other = list(copies)
    random.shuffle(other)
    assert merge(now, copies) == merge(now, other)


@given(states, returned())
def test_no_edit_is_lost_and_none_is_made_up(now, copies):
    found = merge(now, copies)
    told = {(who, one.cell, one.value) for one in (*found.changes, *found.done) for who in one.who}
    told |= {(who, one.cell, value) for one in found.conflicts for who, value in one.values}
    told |= {(one.who, one.cell, one.value) for one in found.refused}
    assert told == edits_of(copies)
    cells = [one.cell for one in (*found.changes, *found.conflicts, *found.done)]
    assert len(cells) == len(set(cells)), "an input cell is decided in one place"


@given(states, states)
def test_an_unedited_copy_changes_nothing(now, base):
    found = merge(now, [Returned("Ann", base, dict(base), set(CELLS))])
    assert found == Merge((), (), (), ())


@given(states, returned())
def test_only_cells_that_the_workbook_still_has_as_the_copy_saw_them_change(now, copies):
    for change in merge(now, copies).changes:
        assert change.now == now[change.cell]
        for copy in copies:
            if copy.who in change.who:
                assert copy.base[change.cell] == change.now
                assert change.cell in copy.inputs


@given(states, returned())
def test_merging_again_what_was_taken_changes_nothing_more(now, copies):
    taken = {change.cell: change.value for change in merge(now, copies).changes}
    again = merge({**now, **taken}, copies)
    assert not again.changes


def test_equal_edits_are_one_and_different_ones_a_conflict():
    cell, other = CELLS[0], CELLS[1]
    ann = Returned("Ann", {cell: 1.0}, {cell: 2.0, other: 5.0}, {cell, other})
    bob = Returned("Bob", {cell: 1.0}, {cell: 2.0, other: 6.0}, {cell, other})
    found = merge({cell: 1.0}, [bob, ann])
    assert [(change.who, change.value) for change in found.changes] == [(("Ann", "Bob"), 2.0)]
    assert [conflict.values for conflict in found.conflicts] == [(("Ann", 5.0), ("Bob", 6.0))]


def test_an_edit_of_what_the_workbook_has_changed_meanwhile_is_a_conflict():
    cell = CELLS[0]
    ann = Returned("Ann", {cell: 1.0}, {cell: 2.0}, {cell})
    found = merge({cell: 3.0}, [ann])
    assert found.conflicts[0].base == 1.0
    assert found.conflicts[0].now == 3.0
    assert merge({cell: 2.0}, [ann]).done
