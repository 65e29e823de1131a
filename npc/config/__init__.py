"""The choices of a run: their allowed values, how they are composed and checked, and the key that names the run.

No slow package is imported, so that a wrong choice is reported at once.
"""
