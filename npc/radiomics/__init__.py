"""Radiomic features of the outlined tumours, their reproducibility, and the radiomic signature."""
