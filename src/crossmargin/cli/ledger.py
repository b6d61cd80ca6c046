"""`crossmargin ledger`: trial balance, statements, why equity changed, and books for elsewhere."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from cyclopts import Parameter

from crossmargin.base.exact import decimal_text
from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.base.instant import instant_text
from crossmargin.cli.event_source import Told, stands_at, states, told_by
from crossmargin.cli.exit_status import ExitStatus
from crossmargin.cli.input_words import EventsOption
from crossmargin.cli.printing import write_file, write_json, write_text
from crossmargin.domain.asset import Asset
from crossmargin.engine.valuation import account_valuation
from crossmargin.ledger.ledger import Ledger, trial_balance
from crossmargin.ledger.path import account_path
from crossmargin.ledger.statement import statement_lines
from crossmargin.ledger.why import Valuation, equity_change
from crossmargin.wire.ledger_beancount import ledger_beancount
from crossmargin.wire.ledger_export import ledger_csv, ledger_parquet

SHOWN_PLACES = 8
Form: TypeAlias = Literal["csv", "beancount", "parquet"]


def ledger(
    view: Literal["trial-balance", "statement", "why", "export"],
    /,
    *,
    events: EventsOption = None,
    store: str | None = None,
    account: str | None = None,
    asset: str | None = None,
    recipe: tuple[str, ...] = (),
    form: Annotated[Form, Parameter(name="--format")] = "csv",
    out: Path | None = None,
) -> int:
    """Owned money as JSON, from a file of events or the journal of a store.

    Parameters
    ----------
    view
        trial-balance: the sum per asset, zero in whole books. statement: entries of one account
        and asset. why: what changed an account's equity, cause by cause. export: every entry, for
        books that are kept elsewhere.
    events
        A file of events, or - for standard input.
    store
        A file path or postgresql://...
    account
        The account of a statement or of why.
    asset
        The asset of a statement.
    recipe
        As for engine run.
    form
        Of an export: csv, beancount, or parquet, which needs polars or pyarrow and --out.
    out
        The file of an export; csv and beancount are printed without it.
    """
    if view == "export":
        told = stands_at(events, store, recipe)
        _export(told.state.ledger, told.setup.assets, form, out)
        return ExitStatus.DONE
    if view == "trial-balance":
        sums = trial_balance(stands_at(events, store, recipe).state.ledger)
        write_json({name: str(units) for name, units in sorted(sums.items())})
        return ExitStatus.CHECK_FAILED if any(sums.values()) else ExitStatus.DONE
    if account is None or (view == "statement" and asset is None):
        message = "say --account, and for a statement --asset"
        raise InputRefused([Failure(Reason.MISSING_FIELD, "--account", message)])
    if view == "why":
        write_json(_why(told_by(events, store, recipe), account))
        return ExitStatus.DONE
    own = stands_at(events, store, recipe).state.ledger
    write_json(_statement(own, account, str(asset)))
    return ExitStatus.DONE


def _export(own: Ledger, assets: Mapping[str, Asset], form: Form, out: Path | None) -> None:
    """Every entry in one of the forms, to a file or to standard output."""
    if form == "parquet":
        if out is None:
            message = "a Parquet file is not printed: say --out"
            raise InputRefused([Failure(Reason.MISSING_FIELD, "--out", message)])
        write_file(out, ledger_parquet(own.entries()))
        return
    if form == "csv":
        text = ledger_csv(own.entries())
    else:
        text = ledger_beancount(own.entries(), {code: x.decimals for code, x in assets.items()})
    if out is None:
        write_text(text)
    else:
        write_file(out, text.encode())


def _statement(own: Ledger, account: str, asset: str) -> list[dict[str, Any]]:
    """Entries of one account and asset; amounts are whole units of the asset."""
    return [
        {
            "sequence": line.entry.sequence,
            "time": instant_text(line.entry.event_time_ns),
            "event": line.entry.event_id,
            "code": line.entry.code.value,
            "state": line.entry.state.value,
            "change_units": str(line.change_units),
            "balance_units": str(line.balance_units),
        }
        for line in statement_lines(own, account_path(account, asset))
    ]


def _why(told: Told, account: str) -> dict[str, Any]:
    """Dollars, gain +; a valuation after each event, so that causes are told apart finely."""
    valuations: list[Valuation] = []
    last = Ledger()
    for state in states(told):
        last = state.ledger
        if account not in state.accounts:
            continue
        found = account_valuation(told.setup, state, account)
        if found is not None:
            valuations.append(found)
    if len(valuations) < 2:
        message = f"{account} was never valued twice"
        raise InputRefused([Failure(Reason.MISSING_DATA, "--account", message)])
    change = equity_change(last, account, valuations)
    return {
        "account": account,
        "currency": "USD",
        "equity_before": decimal_text(change.equity_before, SHOWN_PLACES),
        "equity_after": decimal_text(change.equity_after, SHOWN_PLACES),
        "causes": {
            cause.value: decimal_text(amount, SHOWN_PLACES)
            for cause, amount in change.causes.items()
        },
    }
