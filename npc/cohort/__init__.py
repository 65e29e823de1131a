"""Patients, their outcome and their files: sources on disk, checks, splits and labels."""
