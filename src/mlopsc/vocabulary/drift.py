"""Drift tests: which statistics are compared, how surely and how strongly columns must differ to alert.

A column drifts when at least one of its tests is both *significant* (its p-value, corrected over all columns
and tests of the report, is at most `alpha`) and *strong* (its effect size reaches its threshold).
Significance alone would alarm on any difference once the sample is large; an effect size alone would alarm on
noise when it is small.
"""

from typing import Annotated, Literal

from pydantic import Field

from mlopsc.vocabulary.base import Frozen

ColumnKind = Literal["numeric", "datetime", "categorical", "boolean"]
"""How a column is compared. `numeric` and `datetime` (instants, in microseconds since 1970 UTC) take the
numeric tests; `categorical` and `boolean` take the categorical ones."""

NumericTest = Literal["psi", "ks"]
CategoricalTest = Literal["psi", "chi2"]

PSI_BINS = 10
"""PSI's bins over numbers: deciles of the reference, as in Siddiqi (2006), Credit Risk Scorecards."""

_Share = Annotated[float, Field(ge=0, le=1)]
_OpenShare = Annotated[float, Field(gt=0, lt=1)]


class DriftTests(Frozen):
    """The tests of a monitor, and the thresholds that turn their results into alerts."""

    numeric: tuple[NumericTest, ...] = ("psi", "ks")
    """For numbers and instants: `psi` over deciles of the reference, `ks` the two-sample Kolmogorov-Smirnov
    test."""
    categorical: tuple[CategoricalTest, ...] = ("psi", "chi2")
    """For text and booleans: `psi` over categories, `chi2` Pearson's test of homogeneity."""
    missing: _OpenShare | None = 0.1
    """The rise in the share of missing values that alerts (0.1: from 5 % to 15 %); `null` switches the test
    off. Its p-value is Pearson's chi-squared on the table of missing and present values."""
    alpha: _OpenShare = 0.05
    """The chance that a report without any drift alarms at all (for `benjamini-hochberg`: the expected share
    of false alarms among the alarms)."""
    correction: Literal["holm", "bonferroni", "benjamini-hochberg"] = "holm"
    """How p-values are corrected over all columns and tests of a report. Holm (1979) bounds the chance of any
    false alarm by `alpha` whatever the dependence between tests, and alerts whenever Bonferroni does;
    Benjamini-Hochberg (1995) alerts more readily, and bounds only the share of false alarms."""
    psi_threshold: Annotated[float, Field(ge=0)] = 0.2
    """Effect size of `psi`, in nats: below 0.1 is commonly read as stable, above 0.25 as a major shift
    (Siddiqi 2006); 0.2 is the usual threshold of monitoring tools."""
    ks_threshold: _Share = 0.1
    """Effect size of `ks`: the largest distance between the two distribution functions. A shift of a normal
    by a quarter of its standard deviation is 0.1."""
    cramers_v_threshold: _Share = 0.1
    """Effect size of `chi2`: Cramér's V, corrected for bias (Bergsma 2013); 0.1 is "small" after Cohen
    (1988)."""
    min_rows: Annotated[int, Field(ge=2)] = 100
    """With fewer values on either side a column is `insufficient_data`: it is neither passed nor alarmed."""
