"""Derive the tables of `crossmargin.kernels.coefficients` with 40 digits and print them.

Three functions are fitted by ratios of polynomials with the least greatest relative error
(Remez exchange), with the value at zero held exact:

* tail ratio N(-z)·exp(z²/2) for 0 <= z <= 40: degrees 9 over 10, all coefficients positive, so
  that no step of its evaluation cancels;
* tanh(f·ln 2 / 2) / f in w = f² for |f| <= 1/2: degrees 2 over 2; 2**f = (1 + f·T) / (1 - f·T);
* (2·atanh(s)/s - 2) / w in w = s² for |s| <= (√2 - 1)/(√2 + 1): degree 7, a plain polynomial.

Run: python benchmarks/derive_coefficients.py (about a second)
"""

from collections.abc import Callable

from mpmath import (
    atanh,
    cos,
    erfc,
    exp,
    floor,
    log,
    lu_solve,
    matrix,
    mp,
    mpf,
    nstr,
    pi,
    sqrt,
    tanh,
)

mp.dps = 40
GRID_POINTS = 600
Target = Callable[[mpf], mpf]


def tail_ratio(z: mpf) -> mpf:
    """Upper tail of the standard normal law over exp(-z²/2)."""
    return erfc(z / sqrt(mpf(2))) * exp(z * z / 2) / 2


def half_tanh(w: mpf) -> mpf:
    """tanh(f·ln 2 / 2) / f at w = f²."""
    f = sqrt(w)
    return tanh(f * log(2) / 2) / f if f else log(2) / 2


def atanh_rest(w: mpf) -> mpf:
    """(2·atanh(s)/s - 2) / w at w = s²; the series below 1e-8, where the quotient cancels."""
    if w < mpf("1e-8"):
        return sum(2 * w**k / (2 * k + 3) for k in range(6))
    s = sqrt(w)
    return (2 * atanh(s) / s - 2) / w


def horner(coefficients: list[mpf], z: mpf) -> mpf:
    """Value of the polynomial whose coefficients rise in degree."""
    total = mpf(0)
    for coefficient in reversed(coefficients):
        total = total * z + coefficient
    return total


def solve(
    points: list[mpf], values: list[mpf], top: int, bottom: int, ratio_at_zero: mpf
) -> tuple[list[mpf], list[mpf], mpf]:
    """Ratio whose relative error is +E, -E, +E, ... at the points; linearised, four sweeps."""
    count = top + bottom + 1
    error, below = mpf(0), [mpf(1)]
    for _ in range(4):
        system, right = matrix(count, count), matrix(count, 1)
        for row, (z, value) in enumerate(zip(points, values, strict=True)):
            sign = (-1) ** row
            level = value * (1 + sign * error)
            lowest = [(ratio_at_zero if k == 0 else 0) - level * z**k for k in range(bottom + 1)]
            for k in range(1, top + 1):
                system[row, k - 1] = z**k
            for k in range(bottom):
                system[row, top + k] = lowest[k]
            system[row, count - 1] = -value * sign * horner(below, z)
            right[row] = -lowest[bottom]
        found = lu_solve(system, right)
        below = [found[top + k] for k in range(bottom)] + [mpf(1)]
        above = [ratio_at_zero * below[0]] + [found[k] for k in range(top)]
        error += found[count - 1]
    return above, below, error


def extrema(errors: list[mpf]) -> list[int]:
    """Index of the greatest error of each run of one sign."""
    found: list[int] = []
    for index in range(1, len(errors)):
        if found and (errors[index] > 0) == (errors[found[-1]] > 0):
            if abs(errors[index]) > abs(errors[found[-1]]):
                found[-1] = index
        else:
            found.append(index)
    return found


def fit(target: Target, last: mpf, knee: mpf, top: int, bottom: int) -> tuple[list, list, mpf]:
    """Exchange on [0, last]; the points are cosine spaced in z / (z + knee)."""
    edge = last / (last + knee)
    spaced = [edge * (1 - cos(pi * i / GRID_POINTS)) / 2 for i in range(GRID_POINTS + 1)]
    points = [knee * u / (1 - u) for u in spaced]
    values = [target(z) for z in points]
    count = top + bottom + 1
    chosen = [round(GRID_POINTS * (k + 1) / count) for k in range(count)]
    while True:
        above, below, level = solve(
            [points[i] for i in chosen], [values[i] for i in chosen], top, bottom, values[0]
        )
        errors = [
            horner(above, z) / horner(below, z) / value - 1
            for z, value in zip(points, values, strict=True)
        ]
        worst = max(abs(error) for error in errors)
        peaks = extrema(errors)
        if len(peaks) < count:
            message = f"the exchange lost an extremum: {len(peaks)} of {count}"
            raise ArithmeticError(message)
        while len(peaks) > count:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        if worst < abs(level) * mpf("1.01"):
            return above, below, worst
        chosen = peaks


def show(name: str, coefficients: list[mpf]) -> None:
    """Print a table, highest degree first, as the shortest decimals that give the same double."""
    print(f"{name} = ({', '.join(repr(float(c)) for c in reversed(coefficients))},)")


def main() -> None:
    """Fit, print the tables and their greatest relative errors."""
    sine = (sqrt(mpf(2)) - 1) / (sqrt(mpf(2)) + 1)
    for name, target, last, knee, top, bottom in (
        ("TAIL", tail_ratio, mpf(40), mpf(3), 9, 10),
        ("HALF_TANH", half_tanh, mpf(1) / 4, mpf(1000), 2, 2),
        ("ATANH_REST", atanh_rest, sine * sine, mpf(1000), 7, 0),
    ):
        above, below, worst = fit(target, last, knee, top, bottom)
        print(f"# greatest relative error {nstr(worst, 3)}")
        show(f"{name}_ABOVE", above)
        show(f"{name}_BELOW", below)
    high = floor(log(2) * 2**32) / 2**32
    print(f"LN2_HIGH, LN2_LOW = {float(high)!r}, {float(log(2) - high)!r}")
    print(f"LOG2_E = {float(1 / log(2))!r}; HALF_LOG2_E = {float(1 / log(2) / 2)!r}")


if __name__ == "__main__":
    main()
