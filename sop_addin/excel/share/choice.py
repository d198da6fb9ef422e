"""What goes into a mail copy, and who may type where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...model.errors import InputError
from ...model.schema import TABLES
from ...model.suggest import did_you_mean, listed
from ...model.tables import RawTable


@dataclass(frozen=True)
class Choice:
    """``families``: only these (None: all). ``owner``: only this person's input cells can be typed into (None: every
    input cell). ``without_cost``: costs, margins and what they could be worked out from are left out."""

    families: tuple[str, ...] | None = None
    owner: str | None = None
    without_cost: bool = False

    @property
    def leaves_something_out(self) -> bool:
        return self.families is not None or self.without_cost


def checked(choice: Choice, raw: Mapping[str, RawTable], *, only_theirs: bool = False) -> Choice:
    """The same with names spelt as in the tables; raises InputError for a family or owner that is not there.

    ``only_theirs``: without families named, those of the owner.
    """
    families = spellings(raw, "tblFamilies", "Family")
    owners = {name for table in OWNED for name in spellings(raw, table, "Owner")}
    owner = None if choice.owner is None else _found(choice.owner, sorted(owners), "Owner", "tblFamilies, Owner")
    chosen = choice.families
    if chosen is not None:
        chosen = tuple(_found(name, families, "Family", "tblFamilies") for name in chosen)
    elif only_theirs and owner is not None:
        chosen = tuple(name for name in families if name in families_of(raw, owner))
        if not chosen:
            raise InputError(f"Owner '{owner}' has no family in tblFamilies; name the families of the copy.")
    return Choice(None if chosen is None else tuple(dict.fromkeys(chosen)), owner, choice.without_cost)


OWNED = tuple(name for name, table in TABLES.items() if table.role == "input" and "Owner" in table.headers)
"""Tables whose rows name an owner."""


def spellings(raw: Mapping[str, RawTable], table: str, column: str) -> list[str]:
    """The different texts of a column, in order."""
    if table not in raw or column not in raw[table].frame.columns:
        return []
    texts = (as_name(value) for value in raw[table].frame[column])
    return list(dict.fromkeys(text for text in texts if text))


def families_of(raw: Mapping[str, RawTable], owner: str) -> frozenset[str]:
    """Families whose Owner is ``owner``."""
    frame = raw["tblFamilies"].frame
    if "Owner" not in frame.columns:
        return frozenset()
    return frozenset(
        as_name(family)
        for family, name in zip(frame["Family"], frame["Owner"], strict=True)
        if as_name(name).casefold() == owner.casefold()
    )


def as_name(value: object) -> str:
    """A key as text: 7.0 is '7'."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def _found(name: str, known: Iterable[str], what: str, where: str) -> str:
    names = list(known)
    for spelling in names:
        if spelling.casefold() == name.strip().casefold():
            return spelling
    there = f"; there: {listed(names, 10)}" if names else ", which is empty"
    raise InputError(f"{what} '{name}' is not in {where}{did_you_mean(name, names) or there}.")
