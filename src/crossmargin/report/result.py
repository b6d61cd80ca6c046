"""What the public functions return: frozen answers, with every way of looking at them."""

from dataclasses import dataclass
from typing import Any, final

from crossmargin.report.csv_text import csv_text
from crossmargin.report.exhibit import Exhibit
from crossmargin.report.frames import to_arrow, to_pandas, to_polars
from crossmargin.report.to_json import statement_values
from crossmargin.rulebook.statement_types import Heatmap, Statement


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A statement and its scenario tables. `recipe` is the one recipe asked for, if any."""

    statement: Statement
    heatmaps: tuple[Heatmap, ...] = ()
    recipe: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values as `--json` prints them: amounts are decimal strings."""
        return statement_values(self.statement)

    def to_csv(self) -> str:
        """One line per column, account and level; exact amounts."""
        return csv_text(self.statement)

    def to_polars(self) -> Any:
        """A polars DataFrame, one row per column, account and level; needs polars."""
        return to_polars(self.statement)

    def to_pandas(self) -> Any:
        """A pandas DataFrame, one row per column, account and level; needs pandas."""
        return to_pandas(self.statement)

    def to_arrow(self) -> Any:
        """A pyarrow Table, one row per column, account and level; needs pyarrow."""
        return to_arrow(self.statement)

    def to_page(self) -> str:
        """One self-contained HTML page."""
        # The page's machinery is loaded by those who want a page.
        from crossmargin.report.page import page_html  # noqa: PLC0415

        return page_html(Exhibit(statement=self.statement, heatmaps=self.heatmaps))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def _repr_html_(self) -> str:
        from crossmargin.report.html import notebook_html  # noqa: PLC0415

        return notebook_html(self.statement)
