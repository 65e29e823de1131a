"""Work on the images of many patients, in parallel; the faults of all of them are collected."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from npc.cohort.studies import Study
from npc.errors import Fault, InputError
from npc.terminal import track

Found = TypeVar("Found")


def read_all(
    studies: Sequence[Study], work: Callable[[Study], Found], title: str, faults: list[str], *, ordered: bool = True
) -> Iterator[tuple[Study, Found]]:
    """Each study with what `work` makes of it, in processes, with a progress bar.

    Args:
        studies: those to work on.
        work: run in other processes; it and what it returns are pickled.
        title: of the progress bar.
        faults: receives what the `InputError`s of the work say, each with the file or patient named.
        ordered: whether the results come in the order of the studies, or each as soon as it is there.

    Yields:
        study and result, without the studies that cannot be used.
    """
    from joblib import Parallel, delayed  # takes a fifth of a second, also where every study is known already

    results = Parallel(n_jobs=-1, return_as="generator" if ordered else "generator_unordered", mmap_mode=None)(
        delayed(_attempt)(work, study) for study in studies
    )
    for study, found in track(results, title, len(studies), disable=not studies):
        if isinstance(found, InputError):
            faults += [located(study, sentence) for sentence in found.faults]
        else:
            yield study, found


def located(study: Study, sentence: str) -> Fault:
    """What a sentence says of a study, with its place."""
    return Fault(study.located(sentence), f"patient {study.patient}", [str(file) for file in study.files])


def _attempt(work: Callable[[Study], Found], study: Study) -> tuple[Study, Found | InputError]:
    """An error returned as a value does not stop the work on the other studies."""
    try:
        return study, work(study)
    except InputError as error:
        return study, error
