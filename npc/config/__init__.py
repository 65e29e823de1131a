"""The choices of a run: what each may be, how they are composed and checked, and the key that names the run.

Nothing heavy is imported, so that a wrong choice is reported at once.
"""
