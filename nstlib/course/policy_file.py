"""The file of deadlines: read, and remembered in a folder of grades. What it may say is in `policy`."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from ..foundation import unknown_name, whole_file
from .policy import Policy, Rule

REMEMBERED = "policy.path"  # of a folder of grades
WITHOUT = Path("none")
MOST_DAYS = 3660  # of an extension, or until the last day: what is longer was typed wrongly
FIRST_YEAR, LAST_YEAR = 2000, 2999  # of a deadline
TOP_KEYS = ("zone", "trust_file_times", "default", "extensions")
DEFAULT_KEYS = ("grace", "per_day", "floor", "last_day")
RULE_KEYS = (*DEFAULT_KEYS, "deadline", "times", "extensions")


class PolicyError(ValueError):
    """A policy that cannot be read; the message names the key."""


def read_policy(path: Path, exercises: Iterable[str] = ()) -> Policy:
    """Read a file of deadlines.

    Args:
        path: of the file.
        exercises: the names there are; a table of another is refused when they are given.

    Raises:
        PolicyError: it is no TOML, or a key or a value makes no sense; the message names it.
        OSError: it cannot be read.
    """
    import tomllib

    try:
        text = path.read_text(encoding="utf-8-sig")
        content = tomllib.loads(text.replace("\r\n", "\n"))
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no policy {path}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PolicyError(f"{path} cannot be read as TOML: {error}.") from None
    try:
        return policy_of(content, path.parent, list(exercises))
    except PolicyError as error:
        raise PolicyError(f"{path}: {error}") from None


def chosen_policy(folder: Path, path: Path | None, exercises: Iterable[str] = ()) -> Policy:
    """The policy of a folder of grades: of a file, or of the file that was named last.

    Args:
        folder: of grades.
        path: of the file; None for that of the last run, and Path("none") to do without.
        exercises: see `read_policy`.

    Raises:
        FileNotFoundError: the file is gone.
        PolicyError: see `read_policy`.
    """
    if path is None and (folder / REMEMBERED).is_file():
        path = folder / (folder / REMEMBERED).read_text(encoding="utf-8").strip()
        if not path.is_file():
            raise FileNotFoundError(
                f"The policy {path}, by which {folder} was graded, is gone; name another with --policy FILE, "
                f"or --policy none to do without."
            )
    return Policy() if path in (None, WITHOUT) else read_policy(path, exercises)


def keep_policy(folder: Path, path: Path | None) -> None:
    """Remember in a folder of grades where its policy is; None leaves what is remembered.

    Its place, not its text: who edits the file and grades again means what it says then.
    """
    if path == WITHOUT:
        (folder / REMEMBERED).unlink(missing_ok=True)
    elif path is not None:
        with whole_file(folder / REMEMBERED) as partial:
            partial.write_text(os.path.relpath(path, folder) + "\n", encoding="utf-8")


def policy_of(content: Mapping[str, Any], folder: Path, exercises: list[str]) -> Policy:
    """A policy of what TOML gave; files are named relative to a folder."""
    zone = read_zone(content.get("zone", ""))
    trust = content.get("trust_file_times", False)
    if not isinstance(trust, bool):
        raise PolicyError(f"trust_file_times is {trust!r}; write true or false.")
    default = read_rule("default", content.get("default", {}), Rule(), zone, folder)
    rules = {}
    for key in tables_of(content, [name.partition("_")[0] for name in exercises]):
        name = key.partition("_")[0]
        if name in rules:
            raise PolicyError(f"{name} has two tables; put them into one.")
        rules[name] = read_rule(key, content[key], default, zone, folder)
    return Policy(rules, default, read_days_granted(content.get("extensions", {})), zone, trust)


def tables_of(content: Mapping[str, Any], known: Collection[str]) -> list[str]:
    """The keys that are tables of exercises; no others are there but those of the top."""
    tables = [key for key in content if key not in TOP_KEYS]
    for key in tables:
        if not re.fullmatch(r"ex\d\d(_\w+)?", key):
            raise PolicyError(str(unknown_name("key", key, [*TOP_KEYS, *(known or ["ex04"])])))
        if known and key.partition("_")[0] not in known:
            raise PolicyError(str(unknown_name("exercise", key, known)))
    return tables


def read_days_granted(value: Any) -> dict[str, int]:
    """The extensions that hold for every exercise: in days, since each has another deadline."""
    if not isinstance(value, dict):
        raise PolicyError(f"extensions is {value!r}; write a table, [extensions].")
    return {student: read_days(f"extensions.{student}", by) for student, by in value.items()}


def read_rule(table: str, content: Any, default: Rule, zone: tzinfo | None, folder: Path) -> Rule:
    """One table; what it does not say is as in another rule."""
    if not isinstance(content, dict):
        raise PolicyError(f"{table} is {content!r}; write a table, [{table}].")
    keys = DEFAULT_KEYS if table == "default" else RULE_KEYS
    given: dict[str, Any] = {}
    for key, value in content.items():
        if key not in keys:
            raise PolicyError(str(unknown_name(f"key in [{table}]", key, keys)))
        given |= read_entry(key, f"{table}.{key}", value, zone, folder)
    rule = replace(default, **given)
    for student, by in rule.extensions.items():
        if rule.deadline and isinstance(by, datetime) and by < rule.deadline:
            raise PolicyError(f"{table}.extensions.{student} is before the deadline; write a later time.")
    return rule


def read_entry(key: str, name: str, value: Any, zone: tzinfo | None, folder: Path) -> dict[str, Any]:
    """One line of a table, as attributes of a `Rule`."""
    match key:
        case "deadline":
            return {key: read_time(name, value, zone)}
        case "grace":
            return {key: timedelta(minutes=read_number(name, value, "minutes"))}
        case "per_day":
            return read_cost(name, value)
        case "floor":
            return {key: read_share(name, value)}
        case "last_day":
            return {key: read_days(name, value)}
        case "times":
            return {key: read_file(name, value, folder)}
    return {key: read_extensions(name, value, zone)}


def read_zone(value: Any) -> tzinfo | None:
    """A time zone by its name."""
    import zoneinfo

    if value == "":
        return None
    try:
        return zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, AttributeError, OSError):
        raise PolicyError(
            f'zone is {value!r}, which this machine does not know; write one such as "Europe/Berlin" '
            f"(where the machine has no list of zones, `pip install tzdata` brings one)."
        ) from None


def read_time(name: str, value: Any, zone: tzinfo | None) -> datetime:
    """A point in time, as TOML's own or as text, in a zone where it has no offset."""
    found = parsed_time(value.strip()) if isinstance(value, str) else value
    if not isinstance(found, datetime) or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise PolicyError(f'{name} is {str(value)!r}; write a date and a time, "2026-05-03 23:59".')
    if found.tzinfo is None and zone is None:
        raise PolicyError(f'{name} has no time zone; add a line zone = "Europe/Berlin" at the top.')
    return found if found.tzinfo else found.replace(tzinfo=zone)


def parsed_time(text: str) -> datetime | None:
    """A date and a time in the form of ISO 8601; None for anything else, a date alone included."""
    try:
        return datetime.fromisoformat(text) if ":" in text else None
    except ValueError:
        return None


def read_number(name: str, value: Any, unit: str) -> float:
    """A number from 0 on."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise PolicyError(f"{name} is {value!r}; write a number of {unit}, 0 or more.")
    if unit == "minutes" and value > MOST_DAYS * 1440:
        raise PolicyError(f"{name} is {value!r} minutes, which is more than ten years.")
    return float(value)


def read_days(name: str, value: Any) -> int:
    """A whole number of days."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_DAYS:
        raise PolicyError(f"{name} is {value!r}; write a whole number of days, 0 to {MOST_DAYS}.")
    return value


def read_share(name: str, value: Any) -> float:
    """A share, written as "50 %"."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", value) if isinstance(value, str) else None
    if not match or not 0 <= float(match[1]) <= 100:
        raise PolicyError(f'{name} is {value!r}; write a share of the points earned, "0 %" to "100 %".')
    return float(match[1]) / 100


def read_cost(name: str, value: Any) -> dict[str, float]:
    """What a day costs: a share, or points."""
    if isinstance(value, str):
        return {"share_per_day": read_share(name, value), "points_per_day": 0.0}
    return {"share_per_day": 0.0, "points_per_day": read_number(name, value, 'points, or a share, "10 %"')}


def read_file(name: str, value: Any, folder: Path) -> Path:
    """A file that is there."""
    if not isinstance(value, str) or not (folder / value).is_file():
        raise PolicyError(f"{name} is {value!r}, and there is no such file beside the policy.")
    return folder / value


def read_extensions(name: str, value: Any, zone: tzinfo | None) -> dict[str, datetime | int]:
    """Students, each with a deadline or a number of days."""
    if not isinstance(value, dict):
        raise PolicyError(f"{name} is {value!r}; write a table, [{name}].")
    found: dict[str, datetime | int] = {}
    for student, by in value.items():
        own = f"{name}.{student}"
        is_days = isinstance(by, int | float)
        found[student] = read_days(own, by) if is_days else read_time(own, by, zone)
    return found
