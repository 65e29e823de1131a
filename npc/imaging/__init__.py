"""What the network sees: reading, preprocessing, choice of slices and the slice store."""
