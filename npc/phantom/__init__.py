"""Synthetic patients whose true outcome model is known; a run of real patients does not import this package."""
