"""Cohorts on disk: a table and its images, and public collections with layouts of their own."""
