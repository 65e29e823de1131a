"""What was noticed while a file was read, for `npc cohort check`: sentences that an image carries in its metadata."""

import SimpleITK as sitk

_KEY = "npc_notes"


def add_note(image: sitk.Image, sentence: str) -> None:
    """Adds a sentence that names the file, what was noticed and how it was read."""
    image.SetMetaData(_KEY, "\n".join([*notes_of(image), sentence]))


def notes_of(image: sitk.Image) -> list[str]:
    """The sentences of an image, in the order in which they were added."""
    return image.GetMetaData(_KEY).split("\n") if image.HasMetaDataKey(_KEY) else []
