"""Audit of a published study: are its figures consistent with each other? (docs/audit.md)."""

from npc.audit import events, intervals, means, p_values, percentages, repeats, rules, sums
from npc.audit.finding import Finding
from npc.published import Published

CHECKS = (p_values, events, intervals, percentages, rules, sums, means, repeats)

__all__ = ["CHECKS", "Finding", "audit"]


def audit(study: Published) -> list[Finding]:
    """The findings of each check, in the order of the checks; notes only where all figures are consistent."""
    return [finding for check in CHECKS for finding in check.check(study)]
