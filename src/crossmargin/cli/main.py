"""The commands of `crossmargin`, each in a file of its own that is loaded when it is called."""

import os
import sys

from cyclopts import App, CycloptsError

from crossmargin import __version__
from crossmargin.base.failure import InputRefused
from crossmargin.base.ticks import TickOverflowError
from crossmargin.cli.exit_status import ExitStatus

COMMANDS = {
    "margin": "What every account has and needs, and how far it is from being closed.",
    "compare": "The same book under every recipe, in one table.",
    "modes": "The same book isolated, cross, portfolio and hybrid, side by side.",
    "explain": "Why: the component tree of one account, with drivers and parts.",
    "greeks": "Delta, gamma, vega, theta and rho of every account, by underlying.",
    "conform": "Published figures of other systems through the engine, and what differs.",
    "reconcile": "What venues report beside our figures, and in which component they differ.",
    "recipes": "The rulebooks that come with the package.",
    "schema": "The JSON Schema of a book or a market.",
    "bench": "Our speed on this machine beside its peers and the machine's own limits.",
    "backtest": "Whether margins covered the days that followed them.",
    "engine": "The live engine: events in, effects out, and where everything stands.",
    "replay": "A journal again from its first event, and whether all of it holds.",
    "ledger": "Trial balance, statements, why equity changed, and books for elsewhere.",
    "calls": "Margin calls: what each asks for, and what became of it.",
    "generate": "A book of the whole market's open interest, for tests at size.",
}


def main() -> int:
    """Run the command of `sys.argv`; its exit status is one of `ExitStatus`."""
    try:
        status = _app()(sys.argv[1:], exit_on_error=False, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError:
        return ExitStatus.USAGE
    except InputRefused as refused:
        for failure in refused.failures:
            sys.stderr.write(f"{failure}\n")
        return ExitStatus.INPUT_REFUSED
    except TickOverflowError as overflow:
        sys.stderr.write(f"{overflow} [overflow]\n")
        return ExitStatus.INPUT_REFUSED
    except BrokenPipeError:
        # The reader of our output has seen enough; Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.DONE
    return ExitStatus.DONE if status is None else int(status)


def _app() -> App:
    from rich.console import Console  # noqa: PLC0415 - cyclopts loads it only for help and errors

    app = App(
        name="crossmargin",
        help="Margin of crypto derivatives across instruments, accounts, venues and chains.",
        version=__version__,
        error_console=Console(stderr=True),
    )
    for name, about in COMMANDS.items():
        app.command(f"crossmargin.cli.{name}:{name}", name=name, help=about)
    return app
