"""Images: reading, preprocessing, choice of slices and the slice store."""
