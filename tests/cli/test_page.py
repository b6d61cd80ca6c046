import json
from pathlib import Path

from crossmargin.cli.exit_status import ExitStatus
from tests.cli.run import FUND, MARKET, crossmargin


def test_the_page_of_the_fund_draws_everything_that_the_fund_has(tmp_path: Path) -> None:
    out = tmp_path / "fund.html"
    ended = crossmargin("margin", FUND, "-m", MARKET, "--html", str(out))
    assert ended.status == ExitStatus.DONE
    text = out.read_text(encoding="utf-8")
    assert len(text.encode()) < 1_200_000
    begin = '<script type="application/json" id="data">'
    data = json.loads(text.split(begin, 1)[1].split("</script>", 1)[0])
    accounts = data["accounts"]
    assert len(accounts) == 9
    assert all(account["waterfalls"] for account in accounts)
    assert all(account["collateral"] for account in accounts)
    assert sum(bool(account["curves"]) for account in accounts) >= 8
    assert sum(bool(account["moves"]) for account in accounts) >= 8
    assert len(data["columns"]) == 4
    assert len(data["recipes"]) >= 9
