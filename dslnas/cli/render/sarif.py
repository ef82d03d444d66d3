"""Mistakes in the Static Analysis Results Interchange Format (SARIF 2.1.0, OASIS, 2020).

Columns count code points, as everywhere in dslnas.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from dslnas.app.check_report import Change, CheckReport, Mistake, Place, Remark
from dslnas.codes import CODES

Json: TypeAlias = dict[str, Any]

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def sarif(report: CheckReport) -> Json:
    """Return the log of one run; its rules are the codes of the mistakes."""
    mistakes = [(spec.spec, mistake) for spec in report.specs for mistake in spec.mistakes]
    remarks = [remark for spec in report.specs for remark in spec.remarks]
    codes = sorted({mistake.code for _, mistake in mistakes})
    driver = {"name": "dslnas", "version": version("dslnas"), "rules": [*map(_rule, codes)]}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [
                    *(_result(spec, found, codes.index(found.code)) for spec, found in mistakes),
                    *map(_remarked, remarks),
                ],
            }
        ],
    }


def _rule(code: str) -> Json:
    known = CODES[code]
    return {
        "id": code,
        "shortDescription": {"text": known.title},
        "fullDescription": {"text": known.explanation},
        "help": {"text": known.explanation, "markdown": known.explanation},
        "defaultConfiguration": {"level": "error"},
    }


def _result(spec: str, mistake: Mistake, rule: int) -> Json:
    advice = f"\n{mistake.help}" if mistake.help else ""
    subject = f"{mistake.where}: " if mistake.where else ""
    place = {"artifactLocation": {"uri": _uri(spec)}}
    if mistake.place is not None:
        place = _location(mistake.place)
    result: Json = {
        "ruleId": mistake.code,
        "ruleIndex": rule,
        "level": "error",
        "message": {"text": f"{subject}{mistake.message}{advice}"},
        "locations": [{"physicalLocation": place}],
    }
    if mistake.notes:
        result["relatedLocations"] = [*map(_related, mistake.notes)]
    if mistake.edits:
        result["fixes"] = [_fix(mistake.edits)]
    return result


def _remarked(remark: Remark) -> Json:
    location = {"physicalLocation": _location(remark.place)}
    return {"level": "note", "message": {"text": remark.message}, "locations": [location]}


def _related(note: Remark) -> Json:
    return {"physicalLocation": _location(note.place), "message": {"text": note.message}}


def _fix(changes: Sequence[Change]) -> Json:
    """Return the fix that makes all changes."""
    files = dict.fromkeys(change.place.file for change in changes)
    return {
        "description": {"text": ", ".join(change.title for change in changes)},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": _uri(file)},
                "replacements": [_replacement(c) for c in changes if c.place.file == file],
            }
            for file in files
        ],
    }


def _replacement(change: Change) -> Json:
    return {"deletedRegion": _region(change.place), "insertedContent": {"text": change.text}}


def _location(place: Place) -> Json:
    return {"artifactLocation": {"uri": _uri(place.file)}, "region": _region(place)}


def _region(place: Place) -> Json:
    return {
        "startLine": place.start.line,
        "startColumn": place.start.column,
        "endLine": place.end.line,
        "endColumn": place.end.column,
    }


def _uri(file: str) -> str:
    """Return a file as a URI: relative ones stay so, and resolve where the command ran."""
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))
