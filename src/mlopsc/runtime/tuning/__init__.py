"""Hyper-parameter search at run time: parameters drawn, folds made, a trial scored on them."""
