"""Python and the packages that npc declares."""

import sys
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from npc.doctor.check import Check

OLDEST = (3, 11)
_SET_UP = "run make setup in the checkout, or install the wheel of npc again"


def python(running: tuple[int, int, int] = sys.version_info[:3]) -> Check:
    """The version of Python; the argument is there for tests."""
    found = ".".join(map(str, running))
    if running[:2] < OLDEST:
        return Check("Python", "fault", found, "install Python 3.11, 3.12 or 3.13, and make .venv with it")
    return Check("Python", "ok", found)


def packages(project: str = "npc") -> Check:
    """Whether each package that a project declares is installed, in a version that it allows.

    Args:
        project: the name of an installed distribution.
    """
    faults = []
    try:
        asked = [Requirement(line) for line in requires(project) or []]
    except PackageNotFoundError:
        return Check("packages", "fault", f"{project} is not installed", _SET_UP)
    needed = [one for one in asked if one.marker is None or one.marker.evaluate({"extra": ""})]
    for one in needed:
        try:
            found = version(one.name)
        except PackageNotFoundError:
            faults.append(f"{one.name} is not installed")
            continue
        if not one.specifier.contains(found, prereleases=True):
            faults.append(f"{one.name} is {found}, but npc needs {one.specifier}")
    if faults:
        return Check("packages", "fault", "; ".join(faults), _SET_UP)
    return Check("packages", "ok", f"all {len(needed)} that npc needs")


def radiomics() -> Check:
    """Pyradiomics, without which there is no radiomic signature."""
    try:
        return Check("radiomics", "ok", f"pyradiomics {version('pyradiomics')}")
    except PackageNotFoundError:
        return Check(
            "radiomics",
            "note",
            "pyradiomics is not installed: method=radiomic and npc cohort agreement do not work",
            "run make setup in a checkout of npc, which builds it for Python 3.11 to 3.13",
        )
