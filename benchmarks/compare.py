"""All rulebooks over one book, against the sum of each of them alone.

    python benchmarks/compare.py [ROUNDS]

Start-up is left out: recipes are read, the book and the market are loaded and prepared before. Each
rulebook alone begins with a market of which nothing is priced; together they share what they price,
and equal scenario sets are priced once. Ends with 3 when the ratio is above 3.
"""

import statistics
import sys
import time
from dataclasses import replace

import crossmargin
from crossmargin import api

BOOK, MARKET, MUST = "examples/fund.json", "examples/market.json", 3.0


def unpriced(prepared):
    """The same book over a market of which nothing is priced yet."""
    priced = replace(prepared.priced, priced={}, sensitivities={}, discounted={})
    return replace(prepared, priced=priced)


def seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def priced_sets(prepared):
    """Scenario sets that were priced, over all ways to discount."""
    markets = [prepared.priced, *prepared.priced.discounted.values()]
    return sum(len(market.priced) for market in markets)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    market = api.load_market(MARKET)
    prepared = api.prepare(api.load_book(BOOK, market), market)
    names = crossmargin.recipe_names()
    together = unpriced(prepared)
    rows = {name: api.compare_row(together, name) for name in names}
    ran = [name for name in names if rows[name]["status"] != "incomplete"]
    alone_sets = 0
    for name in ran:
        own = unpriced(prepared)
        api.compare_row(own, name)
        alone_sets += priced_sets(own)
    ratios, totals = [], []
    for _ in range(rounds):
        single = sum(seconds(lambda n=n: api.compare_row(unpriced(prepared), n)) for n in ran)
        shared = unpriced(prepared)
        whole = sum(seconds(lambda n=n, s=shared: api.compare_row(s, n)) for n in names)
        ratios.append(whole / single)
        totals.append((whole, single))
    whole, single = (statistics.median(each) for each in zip(*totals, strict=True))
    ratio = statistics.median(ratios)
    print(f"{len(names)} recipes, {len(ran)} of them complete, {rounds} rounds")
    print(f"scenario sets priced: {priced_sets(together)} together, {alone_sets} alone")
    print(f"compare {whole * 1e3:.0f} ms, sum of single evaluations {single * 1e3:.0f} ms")
    print(f"ratio {ratio:.2f} (at most {MUST:g})")
    sys.exit(0 if ratio <= MUST else 3)


if __name__ == "__main__":
    main()
