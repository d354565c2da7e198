"""What the fault tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.gates import Gate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path)
    yield made
    made.close()
