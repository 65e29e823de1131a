"""Figures as they are printed: the text, the number, and its rounding error."""

import re
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any

_NUMBER = r"-?(?:\d+(?:\.\d*)?|\.\d+)"
_DASH = r"(?:\s*[-–—−,;]\s*|\s+to\s+)"


@dataclass(frozen=True)
class Number:
    """A rounded number.

    Attributes:
        text: as printed.
        value: exactly what is printed.
        half: half a unit of the last digit; before rounding the number was in `value` +- `half`, both ends included,
            since some programs round halves up and others to even.
    """

    text: str
    value: Fraction
    half: Fraction

    @property
    def digits(self) -> int:
        """Number of printed decimals."""
        return len(self.text.partition(".")[2])

    def fits(self, value: Fraction | float) -> bool:
        """Whether `value` rounds to this number; 1e-12 is allowed for floating-point error."""
        return abs(Fraction(value) - self.value) <= self.half + Fraction(1, 10**12)

    def like(self, value: Fraction | float) -> str:
        """Another value, with as many decimals as this one."""
        return rounded(value, self.digits)


@dataclass(frozen=True)
class Count:
    """Patients at a level, `125` or `125 (73.96%)`."""

    text: str
    count: int
    percent: Number | None


@dataclass(frozen=True)
class Auc:
    """An AUC with its interval, `0.511 (0.208–0.769)`."""

    text: str
    estimate: Number
    low: Number
    high: Number


@dataclass(frozen=True)
class Mean:
    """A mean with its range, `41.94 (18–71)`."""

    text: str
    mean: Number
    low: Number
    high: Number


@dataclass(frozen=True)
class PValue:
    """A P value, `0.020` or `<0.001`."""

    text: str
    sign: str
    number: Number

    def fits(self, p: float) -> bool:
        """Whether a test's P value rounds to the printed one."""
        bound = float(self.number.value)
        return {"<": p < bound, ">": p > bound}[self.sign] if self.sign else self.number.fits(p)

    def like(self, p: float) -> str:
        """Another P value with as many decimals, but at least three; `<0.001` where it is below the last decimal."""
        digits = max(self.number.digits, 3)
        return f"<{10**-digits:.{digits}f}" if p < 10**-digits else rounded(p, digits)


def rounded(value: Fraction | float, digits: int) -> str:
    """With `digits` decimals, halves away from zero; a Fraction is rounded exactly."""
    exact = Fraction(value)
    whole, decimals = divmod(floor(abs(exact) * 10**digits + Fraction(1, 2)), 10**digits)
    return ("-" if exact < 0 else "") + (f"{whole}.{decimals:0{digits}}" if digits else str(whole))


def whole(value: int) -> Number:
    """A number that was counted, not rounded."""
    return Number(str(value), Fraction(value), Fraction(0))


def number(text: Any) -> Number:
    """`0.020`; a percent sign may follow."""
    (digits,) = _match(text, rf"({_NUMBER})\s*%?", "a number as printed, such as 0.020")
    return _number(digits)


def count(text: Any) -> Count:
    """`125` or `125 (73.96%)`."""
    digits, percent = _match(text, rf"(\d{{1,7}})(?:\s*\(\s*({_NUMBER})\s*%?\s*\))?", "a count such as 125 (73.96%)")
    return Count(text, int(digits), None if percent is None else _number(percent))


def auc(text: Any) -> Auc:
    """`0.511 (0.208–0.769)`."""
    return Auc(text, *map(_number, _with_range(text, "an AUC with its interval, such as 0.511 (0.208–0.769)")))


def mean(text: Any) -> Mean:
    """`41.94 (18–71)`."""
    return Mean(text, *map(_number, _with_range(text, "a mean with its range, such as 41.94 (18–71)")))


def p_value(text: Any) -> PValue:
    """`0.020` or `<0.001`."""
    sign, digits = _match(text, rf"([<>]?)\s*({_NUMBER})", "a P value such as 0.020 or <0.001")
    return PValue(text, sign, _number(digits))


def _with_range(text: Any, expected: str) -> tuple[str, ...]:
    return _match(text, rf"({_NUMBER})\s*[(\[]\s*({_NUMBER}){_DASH}({_NUMBER})\s*[)\]]", expected)


def _match(text: Any, pattern: str, expected: str) -> tuple[str, ...]:
    match = re.fullmatch(pattern, text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"is {text!r}; write {expected}")
    return match.groups()


def _number(text: str) -> Number:
    decimals = len(text.partition(".")[2])
    return Number(text, Fraction(text), Fraction(1, 2 * 10**decimals))
