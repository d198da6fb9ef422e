"""tblSettings -> Settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import calendar
from .finding_rows import row_findings
from .findings import Finding
from .reading_columns import NO, YES, Issue, as_text, cells, choices, describe, is_blank, numbers, periods, texts
from .reading_tables import find_columns
from .schema import NUMERIC, SETTING_BY_NAME, SETTINGS, TABLES, Setting
from .suggest import did_you_mean, quote
from .tables import Place, RawTable, Settings

TABLE = TABLES["tblSettings"]


def read_settings(raw: RawTable | None, *, strict: bool) -> tuple[Settings, Place | None, list[Finding]]:
    """The settings; what is missing or blank has its default, what is wrong too, with a finding at its cell."""
    if raw is None:
        return Settings(), None, []
    found, place, findings = find_columns(TABLE, raw, strict=strict)
    if "Setting" not in found or "Value" not in found:
        return Settings(), place, findings
    names = [as_text(value).strip() for value in cells(raw.frame.iloc[:, found["Setting"]])]
    values = cells(raw.frame.iloc[:, found["Value"]])
    rows = [int(row) for row in raw.frame.index]
    known = {name.casefold(): setting for name, setting in SETTING_BY_NAME.items()}
    given: dict[str, tuple[int, Any]] = {}
    for name, value, row in zip(names, values, rows, strict=True):
        setting = known.get(name.casefold())
        if setting is None:
            findings += _unknown(name, value, row, place)
        elif setting.name in given:
            message = f"{setting.name} is already set in row {given[setting.name][0]}; keep one of the two rows"
            findings += row_findings("Error", "key_unique", TABLE.name, place, [(row, "Setting")], _say(message))
        else:
            given[setting.name] = (row, value)
    bucket = _value(SETTING_BY_NAME["Bucket"], given.get("Bucket", (0, None))[1], calendar.MONTH)[0]
    bucket = bucket or calendar.MONTH
    typed: dict[str, Any] = {}
    for setting in SETTINGS:
        row, value = given.get(setting.name, (0, None))
        result, problem = _value(setting, value, bucket)
        if problem:
            rule, sentence = problem
            findings += row_findings("Error", rule, TABLE.name, place, [(row, "Value")], _say(sentence))
        typed[setting.field] = _default(setting, bucket) if result is None else result
    return Settings(**typed), place, findings


def _default(setting: Setting, bucket: str) -> Any:
    if setting.name == "Season length":
        return calendar.SEASONS_PER_YEAR[bucket]
    if setting.kind == "flag":
        return setting.default == "Yes"
    if setting.kind == "integer" and setting.default is not None:
        return int(setting.default)
    return setting.default


def _value(setting: Setting, value: Any, bucket: str) -> tuple[Any, tuple[str, str] | None]:
    """The typed value, None where blank or wrong; and where wrong the rule and what it says."""
    if is_blank(value):
        return None, None
    issues: Sequence[Issue]
    if setting.kind == "flag":
        text = as_text(value).strip().casefold()
        if text in YES or text in NO:
            return text in YES, None
        return None, ("not_a_choice", f"{setting.name} is {quote(value)}; choose Yes or No")
    if setting.kind in NUMERIC:
        array, issues = numbers([value], whole=setting.kind == "integer")
        number = float(array[0])
        outside = None if issues else _outside(setting, number)
        if outside:
            return None, outside
        result: Any = int(number) if setting.kind == "integer" and not issues else number
    elif setting.kind == "period":
        stamps, issues = periods([value], bucket)
        result = stamps[0]
    elif setting.kind == "choice":
        found, issues = choices([value], setting.choices)
        result = found[0]
    else:
        found, issues = texts([value], strip=True)
        result = found[0]
    if issues:
        return None, (issues[0].rule, f"{setting.name}: {describe(issues[0], setting.choices)}")
    return result, None


def _outside(setting: Setting, number: float) -> tuple[str, str] | None:
    hint = "; type 95 % or 0.95 for ninety-five per cent" if setting.kind == "fraction" else ""
    if setting.minimum is not None and number < setting.minimum:
        return "below_minimum", f"{setting.name} is {number:g}, but must be {setting.minimum:g} or more{hint}"
    if setting.maximum is not None and number > setting.maximum:
        return "above_maximum", f"{setting.name} is {number:g}, but must be {setting.maximum:g} or less{hint}"
    return None


def _unknown(name: str, value: Any, row: int, place: Place) -> list[Finding]:
    if not name:
        if is_blank(value):
            return []
        message = f"the value {quote(value)} has no setting; type the name of its setting, or delete the row"
    else:
        hint = did_you_mean(name, SETTING_BY_NAME)
        message = f"{quote(name)} is not a setting{hint}; correct the name, or delete the row"
    return row_findings("Warning", "setting_unknown", TABLE.name, place, [(row, "Setting")], _say(message))


def _say(message: str) -> Any:
    return lambda _: message
