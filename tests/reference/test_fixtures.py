from __future__ import annotations

import hashlib

from tests.reference.load import FIXTURES


def test_files_are_the_originals() -> None:
    lines = (FIXTURES / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split() for line in lines)}
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in FIXTURES.iterdir()
        if path.name in sums
    }
    assert found == sums
