"""Synthetic patients whose truth is known: nothing of a real hospital's run imports it."""
