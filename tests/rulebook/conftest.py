"""Fixtures of the rulebook's tests."""

from collections.abc import Callable

import pytest

from crossmargin.rulebook.context import Context
from tests.rulebook.small_book import small_context


@pytest.fixture
def context_of() -> Callable[..., Context]:
    """Builds the context of a small book; see `small_context` for its words."""
    return small_context
