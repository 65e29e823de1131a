"""Who: the patients, their outcome and their files; sources on disk, splits and the phantom."""
