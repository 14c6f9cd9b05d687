"""What the first table costs scikit-learn, paid on import, for a process that forks steps: it looks for plugins of
narwhals, and imports what reads pandas' frames."""

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_array

for _table in (pd.DataFrame({"number": [0.0]}), np.zeros((1, 1))):
    check_array(_table)
