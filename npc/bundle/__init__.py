"""A model in one file, and the predictions that another hospital makes with it."""
