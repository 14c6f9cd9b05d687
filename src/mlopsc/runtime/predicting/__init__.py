"""Predicting for the rows of a file: what the input must hold, the features made of it, and what the model answers."""
