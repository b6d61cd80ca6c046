"""The inputs as arguments of commands."""

from typing import Annotated, TypeAlias

from cyclopts import Parameter

from crossmargin.cli.inputs import STDIN


def _no_option(_: object, word: object) -> None:
    """A lone hyphen is standard input; any other word that begins with one is a mistyped option."""
    if isinstance(word, str) and word.startswith("-") and word != STDIN:
        raise ValueError(f"there is no option {word}")


BookWord: TypeAlias = Annotated[str, Parameter(allow_leading_hyphen=True, validator=_no_option)]
"""A path, or - for standard input."""

BookOption: TypeAlias = Annotated[
    str, Parameter(alias="-b", allow_leading_hyphen=True, validator=_no_option)
]
"""The same as an option."""

MarketOption: TypeAlias = Annotated[
    str, Parameter(alias="-m", allow_leading_hyphen=True, validator=_no_option)
]
"""A path, or - for standard input."""

EventsOption: TypeAlias = Annotated[
    str | None, Parameter(alias="-e", allow_leading_hyphen=True, validator=_no_option)
]
"""A path of a file of events, or - for standard input."""

RecipeOption: TypeAlias = Annotated[str | None, Parameter(alias="-r")]
"""The name of a bundled recipe."""

SetOption: TypeAlias = Annotated[tuple[str, ...], Parameter(negative="")]
"""Parameters as name=value."""

Flag: TypeAlias = Annotated[bool, Parameter(negative="")]
"""An option that is there or not."""
