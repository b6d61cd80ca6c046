import pyarrow as pa

from crossmargin.report.result import Result
from tests.report.statements import sample_heatmap, sample_statement


def result() -> Result:
    return Result(statement=sample_statement(), heatmaps=(sample_heatmap(),))


def test_a_result_can_be_had_in_every_form() -> None:
    one = result()
    assert one.to_dict()["accounts"][0]["id"] == "deribit-options"
    assert one.to_csv().splitlines()[0].startswith("as_of,column,account")
    assert len(one.to_polars()) == len(one.to_pandas()) == one.to_arrow().num_rows == 20
    assert one.to_page().startswith("<!doctype html>")
    assert "deribit-options" in one._repr_html_()


def test_arrow_libraries_read_a_result_directly() -> None:
    assert pa.table(result()).num_rows == 20
