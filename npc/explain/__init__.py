"""Where a network looks: maps of single patients, beside the checks of whether a map means anything."""
