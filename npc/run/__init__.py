"""One run of a signature: its folder, its metrics, and the steps from a cohort to predictions."""
