"""What scikit-learn and the boosters offer, known without importing them: estimators, parameters, scorers."""

from mlopsc.compiler.catalogue.catalogue import Catalogue
from mlopsc.compiler.catalogue.entries import EstimatorInfo, EstimatorKind, ParamInfo, ScorerInfo
from mlopsc.compiler.catalogue.params import ParamFault

__all__ = ["Catalogue", "EstimatorInfo", "EstimatorKind", "ParamFault", "ParamInfo", "ScorerInfo"]
