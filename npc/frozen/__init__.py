"""Signatures on the features of an encoder whose weights are fixed: penalised logistic or Cox regression."""
