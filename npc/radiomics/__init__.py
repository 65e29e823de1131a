"""Radiomic features of the outlined tumours, and which of them can be trusted."""
