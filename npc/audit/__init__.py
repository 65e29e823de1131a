"""Audit of a published study: do its figures fit each other? (docs/audit.md)."""

from npc.audit import events, intervals, means, p_values, percentages, repeats, rules, sums
from npc.audit.finding import Finding
from npc.published import Published

CHECKS = (p_values, events, intervals, percentages, rules, sums, means, repeats)

__all__ = ["CHECKS", "Finding", "audit"]


def audit(study: Published) -> list[Finding]:
    """What each check says, in the checks' order; empty but for notes where all figures fit."""
    return [finding for check in CHECKS for finding in check.check(study)]
