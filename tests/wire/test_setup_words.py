import pytest

from crossmargin.base.failure import InputRefused
from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.engine.breaker import BreakerAction, Metric
from crossmargin.market.marks import PerpetualMarkPolicy
from crossmargin.market.option_mark import OptionMarkPolicy
from crossmargin.market.oracle_policy import FallbackKind, SourceTerms
from crossmargin.wire.engine_setup import bundled_setup
from crossmargin.wire.journal import journal_head, read_journal_head
from crossmargin.wire.setup_words import DEFAULT_WORDS, read_setup_words

WORDS = """
trusted = ["oracle"]
interval_frac = 0.25

[price.BTC]
sources = ["aqua", "blue", { name = "cyan", clamp_low = 0.107 }]
quorum = 3
band_low = 100
band_high = 1e7
stale_seconds = 45
averaging_seconds = 90
fallback = { name = "last good price", kind = "last_good", after_seconds = 600 }

[price.wBETH]
sources = ["aqua", "blue", "cyan", "dark"]
band_low = 1
band_high = 100_000
[price.wBETH.backing]
base = "ETH"
ratio = 1.08
gap_frac = 0.05
backed_frac_min = 0.99
proof_stale_seconds = 86_400

[marks.perpetual]
premium_cap_frac = 0.01
averaging_seconds = 300
[marks.option]
sample_cap_frac = 0.2

[[breaker]]
name = "fast-bitcoin"
metric = "price_move"
asset = "BTC"
window_seconds = 600
bound = 0.1
actions = ["no_new_risk", "no_withdrawals"]
calm_seconds = 1800
[[breaker]]
name = "outflow"
metric = "withdrawn"
window_seconds = 3600
bound = 1_000_000
actions = ["no_withdrawals"]
"""


def test_a_setup_file_says_who_prices_what_and_which_breakers_there_are() -> None:
    found = read_setup_words(WORDS)
    assert (found.prices.trusted, found.prices.interval_frac) == (("oracle",), 0.25)
    bitcoin = found.prices.policies["BTC"]
    assert bitcoin.sources[2] == SourceTerms(name="cyan", clamp_low=0.107)
    assert (bitcoin.quorum, bitcoin.band_low, bitcoin.band_high) == (3, 100.0, 1e7)
    assert (bitcoin.stale_ns, bitcoin.averaging_ns) == (45 * NS_PER_SECOND, 90 * NS_PER_SECOND)
    assert bitcoin.fallback is not None
    assert bitcoin.fallback.kind is FallbackKind.LAST_GOOD
    wrapped = found.prices.policies["wBETH"]
    assert wrapped.quorum == 3, "three is what the policy says where a file says nothing"
    assert wrapped.backing is not None
    assert (wrapped.backing.base, wrapped.backing.proof_stale_ns) == ("ETH", 86_400 * NS_PER_SECOND)
    assert found.prices.perpetual == PerpetualMarkPolicy(
        premium_cap_frac=0.01, averaging_ns=300 * NS_PER_SECOND
    )
    assert found.prices.option == OptionMarkPolicy(sample_cap_frac=0.2)
    fast, outflow = found.breakers
    assert (fast.metric, fast.asset, fast.calm_ns) == (
        Metric.PRICE_MOVE,
        "BTC",
        1_800 * NS_PER_SECOND,
    )
    assert (outflow.actions, outflow.calm_ns) == ((BreakerAction.NO_WITHDRAWALS,), None)


@pytest.mark.parametrize(
    ("words", "where"),
    [
        ("trusted = 5", "setup.trusted"),
        ("trust = []", "setup.trust"),
        ("price = 5", "setup.price"),
        ("[price.BTC]", "setup.price.BTC.sources"),
        (WORDS.replace("quorum = 3", "quorum = 1"), "setup.price.BTC.quorum"),
        (WORDS.replace("quorum = 3", "quorum = 9"), "oracle.BTC.quorum"),
        (WORDS.replace("band_low = 100\n", "band_low = -1\n"), "setup.price.BTC.band_low"),
        (WORDS.replace("last_good\"", "guess\""), "setup.price.BTC.fallback.kind"),
        (WORDS.replace("ratio = 1.08", "ratios = 1.08"), "setup.price.wBETH.backing.ratios"),
        (WORDS.replace("bound = 0.1", "bound = -1"), "breakers.fast-bitcoin.bound"),
        (WORDS.replace('"no_new_risk", ', '"no_calls", '), "setup.breaker[0].actions"),
        (WORDS.replace("premium_cap_frac = 0.01", "premium_cap_frac = 2"),
         "perpetual_mark.premium_cap_frac"),
        ("trusted = [", "setup"),
        ("#" * 70_000, "setup"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_setup_file_is_named(words: str, where: str) -> None:
    with pytest.raises(InputRefused) as refused:
        read_setup_words(words)
    assert where in {failure.where for failure in refused.value.failures}


def test_an_asset_that_nobody_knows_is_refused() -> None:
    words = WORDS.replace("[price.BTC]", "[price.NOCOIN]").replace('base = "ETH"', 'base = "NONE"')
    with pytest.raises(InputRefused) as refused:
        bundled_setup(["house"], words=words)
    assert {failure.where for failure in refused.value.failures} == {
        "setup.price.NOCOIN",
        "setup.price.wBETH.backing.base",
    }


def test_a_journal_keeps_the_words_it_was_written_under() -> None:
    assert read_journal_head(journal_head(["house"], "x", WORDS)) == (("house",), "x", WORDS)
    assert read_journal_head(journal_head(["house"], "x"))[2] == DEFAULT_WORDS
    setup = bundled_setup(["house"])
    assert (setup.prices.trusted, setup.prices.policies, setup.breakers) == (("oracle",), {}, ())
